//! A server killed at random moments under load: what was answered is there, once, and the board is what the log says.

#![expect(clippy::unwrap_used, reason = "what surprises a test ends it")]

use std::collections::HashSet;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use api::boards::v1::{Board, GetBoardRequest};
use api::history::v1::ListEventsRequest;
use tests::client::{Client, as_fresh_as};
use tests::life::{self, Answered, DEVELOPER, Step};
use tests::server::Server;

const KILLS: u64 = 50;
const WORKERS: u64 = 8;
const PROJECT: &str = "CRASH";

/// Pauses before each kill, in milliseconds: a fixed sequence, so that a run can be repeated.
fn pause(kill: u64) -> Duration {
    let seed = kill.wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(31);
    Duration::from_millis(20 + seed % 150)
}

/// Lives issues until the server is gone; notes each answer.
async fn live(client: Client, first: u64, answers: Arc<Mutex<Vec<Answered>>>) {
    for number in (first..).step_by(usize::try_from(WORKERS).unwrap()) {
        let mut key = String::new();
        for step in life::steps(life::level(number)) {
            let Ok(answered) = life::step(&client, PROJECT, number, &key, *step).await else {
                return;
            };
            key.clone_from(&answered.key);
            if *step != Step::Deploy {
                answers.lock().unwrap().push(answered);
            }
        }
    }
}

/// Starts the server, loads it, kills it; returns what was answered.
async fn crash(data: &Path, kill: u64) -> Vec<Answered> {
    let server = Server::start(data).await.unwrap();
    let client = Client::connect(&server.url).await.unwrap();
    if kill == 0 {
        life::project(&client, PROJECT).await.unwrap();
    }
    let answers = Arc::new(Mutex::new(Vec::new()));
    let load: Vec<_> =
        (0..WORKERS).map(|worker| tokio::spawn(live(client.clone(), worker, Arc::clone(&answers)))).collect();
    tokio::time::sleep(pause(kill)).await;
    server.kill().await.unwrap();
    for worker in load {
        worker.await.unwrap();
    }
    let answers = answers.lock().unwrap();
    answers.clone()
}

/// Every answered revision of an issue is in its history, whose revisions are dense and whose requests differ.
async fn check_histories(client: &Client, answers: &[Answered]) {
    let keys: HashSet<&str> = answers.iter().map(|answered| answered.key.as_str()).collect();
    for key in keys {
        let request = ListEventsRequest { key: key.to_owned(), page_size: 1000, ..Default::default() };
        let events = client.histories(DEVELOPER).list_events(request).await.unwrap().into_inner().events;
        let revisions: Vec<u64> = events.iter().map(|event| event.revision).collect();
        assert_eq!(revisions, (1..=events.len() as u64).collect::<Vec<_>>(), "{key}'s revisions are dense");
        let requests: HashSet<&str> = events.iter().map(|event| event.request_id.as_str()).collect();
        assert_eq!(requests.len(), events.len(), "{key} has no command twice");
        let last = answers.iter().filter(|answered| answered.key == key).map(|answered| answered.revision).max();
        assert!(last.unwrap_or_default() <= events.len() as u64, "{key} lost an answered command");
    }
}

/// The board at least as fresh as these answers; ages left aside, which depend on the moment of asking.
async fn board(client: &Client, fresh: Vec<String>) -> Board {
    let request = GetBoardRequest { project: PROJECT.into(), cards_per_column: 100, consistency: as_fresh_as(fresh) };
    let mut board = client.boards(DEVELOPER).get_board(request).await.unwrap().into_inner().board.unwrap();
    board.as_of = None;
    for card in board.columns.iter_mut().flat_map(|column| &mut column.cards) {
        card.age = None;
        card.age_in_state = None;
    }
    board
}

/// A token of the log's end: a fresh filing's answer.
async fn token(client: &Client, number: u64) -> String {
    life::step(client, PROJECT, number, "", Step::File).await.unwrap().token
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_fifty_times_under_load_it_keeps_every_answer_once() {
    let folder = tempfile::tempdir().unwrap();
    let mut filed = HashSet::new();
    for kill in 0..KILLS {
        let answers = crash(folder.path(), kill).await;
        for answered in answers.iter().filter(|answered| answered.revision == 1) {
            assert!(filed.insert(answered.key.clone()), "{} was given to two issues (kill {kill})", answered.key);
        }
        let server = Server::start(folder.path()).await.unwrap();
        let client = Client::connect(&server.url).await.unwrap();
        check_histories(&client, &answers).await;
        server.kill().await.unwrap();
    }
    assert!(filed.len() as u64 > KILLS, "the load was a load: {} issues were filed", filed.len());

    let server = Server::start(folder.path()).await.unwrap();
    let client = Client::connect(&server.url).await.unwrap();
    let fresh = token(&client, 0).await;
    let folded_through_crashes = board(&client, vec![fresh.clone()]).await;
    assert_eq!(server.stop().await.unwrap().code, Some(0));

    for file in ["views.db", "views.db-wal", "views.db-shm"] {
        _ = std::fs::remove_file(folder.path().join(file));
    }
    let server = Server::start(folder.path()).await.unwrap();
    let client = Client::connect(&server.url).await.unwrap();
    assert_eq!(board(&client, vec![fresh]).await, folded_through_crashes, "the board is what the log says");
}
