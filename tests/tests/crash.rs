//! A server killed at random moments under load: what was answered is there, once, and the board is what the log says.

#![expect(clippy::unwrap_used, reason = "what surprises a test ends it")]

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use api::boards::v1::{Board, GetBoardRequest};
use api::history::v1::{Event, ListEventsRequest};
use api::releases::v1::GetReleaseRequest;
use tests::client::{Client, as_fresh_as, reason, request_id};
use tests::life::{self, Answered, DEVELOPER, Step};
use tests::server::Server;
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use tonic::{Code, Status};

const KILLS: u64 = 50;
const WORKERS: u64 = 8;
/// So many steps at least are answered before each kill.
const ANSWERS_MIN: u64 = 12;
/// After so many kills, the board is compared with one that is built anew from the log.
const KILLS_BETWEEN_REBUILDS: u64 = 10;
const PROJECT: &str = "CRASH";

/// When a kill comes: after so many answers, however long they take, and a moment in the middle of the next ones. A fixed sequence, so
/// that a run can be repeated.
fn moment(kill: u64) -> (u64, Duration) {
    let seed = kill.wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(31);
    (ANSWERS_MIN + seed % 60, Duration::from_micros(seed % 5_000))
}

/// A step, and the id of its request.
#[derive(Debug, Clone)]
struct Call {
    number: u64,
    /// Empty: it files the issue.
    key: String,
    step: Step,
    request_id: String,
}

impl Call {
    fn new(number: u64, key: &str, step: Step) -> Self {
        Self { number, key: key.to_owned(), step, request_id: request_id() }
    }

    async fn send(&self, client: &Client) -> Result<Answered, Status> {
        life::step_as(client, PROJECT, self.number, &self.key, self.step, self.request_id.clone()).await
    }
}

/// What a server said, and what it left unsaid.
#[derive(Debug, Default)]
struct Account {
    /// Of issues' histories.
    answered: Vec<Answered>,
    /// Of releases: the issue's key is in each.
    deployed: Vec<Answered>,
    /// Sent, and cut off by the kill: nobody knows whether they are recorded.
    cut_off: Vec<Call>,
}

impl Account {
    fn note(&mut self, step: Step, answered: Answered) {
        if step == Step::Deploy { self.deployed.push(answered) } else { self.answered.push(answered) }
    }

    fn append(&mut self, other: Self) {
        self.answered.extend(other.answered);
        self.deployed.extend(other.deployed);
    }
}

/// Lives issues until the server is gone, and says of each step that it was answered.
async fn live(client: Client, first: u64, account: Arc<Mutex<Account>>, answers: UnboundedSender<()>) {
    for number in (first..).step_by(usize::try_from(WORKERS).unwrap()) {
        let mut key = String::new();
        for step in life::steps(life::level(number)) {
            let call = Call::new(number, &key, *step);
            match call.send(&client).await {
                Ok(answered) => {
                    key.clone_from(&answered.key);
                    account.lock().unwrap().note(*step, answered);
                    answers.send(()).unwrap();
                }
                Err(status) => {
                    assert_eq!(reason(&status), "", "a server under load refuses nothing: {status:?}");
                    account.lock().unwrap().cut_off.push(call);
                    return;
                }
            }
        }
    }
}

/// Starts the server, loads it, kills it.
async fn crash(data: &Path, kill: u64) -> Account {
    let server = Server::start(data).await.unwrap();
    let client = Client::connect(&server.url).await.unwrap();
    if kill == 0 {
        life::project(&client, PROJECT).await.unwrap();
    }
    let account = Arc::new(Mutex::new(Account::default()));
    let (answers, mut answered) = unbounded_channel();
    let load: Vec<_> = (0..WORKERS)
        .map(|worker| tokio::spawn(live(client.clone(), worker, Arc::clone(&account), answers.clone())))
        .collect();
    drop(answers);
    let (enough, moment) = moment(kill);
    for _ in 0..enough {
        answered.recv().await.unwrap();
    }
    tokio::time::sleep(moment).await;
    server.kill().await.unwrap();
    for worker in load {
        worker.await.unwrap();
    }
    std::mem::take(&mut account.lock().unwrap())
}

/// What was cut off is sent again, twice: the same request gets one answer, whether it was recorded before the kill or not.
async fn retry(client: &Client, account: &mut Account) {
    for call in std::mem::take(&mut account.cut_off) {
        let answered = call.send(client).await.unwrap();
        let again = call.send(client).await.unwrap();
        assert_eq!((&again.key, again.revision), (&answered.key, answered.revision), "{call:?}");
        account.note(call.step, answered);
    }
}

/// An issue's whole history, page by page.
async fn history(client: &Client, key: &str) -> Result<Vec<Event>, Status> {
    let (mut events, mut page_token) = (Vec::new(), String::new());
    loop {
        let request = ListEventsRequest { key: key.to_owned(), page_size: 4, page_token, ..Default::default() };
        let page = client.histories(DEVELOPER).list_events(request).await?.into_inner();
        events.extend(page.events);
        page_token = page.next_page_token;
        if page_token.is_empty() {
            return Ok(events);
        }
    }
}

/// Every answered request is in its issue's history once, at the revision that was answered; revisions are dense, and nothing is there
/// that nobody sent. (Each of these commands is one event.)
async fn check_histories(client: &Client, answers: &[Answered]) {
    let mut by_key: BTreeMap<&str, Vec<(u64, &str)>> = BTreeMap::new();
    for answered in answers {
        by_key.entry(&answered.key).or_default().push((answered.revision, &answered.request_id));
    }
    for (key, mut expected) in by_key {
        expected.sort_unstable();
        let events = history(client, key).await.unwrap();
        let recorded: Vec<_> = events.iter().map(|event| (event.revision, event.request_id.as_str())).collect();
        assert_eq!(recorded, expected, "{key}: what was answered is recorded, once and in its place");
        assert_eq!(recorded.first().map(|(revision, _)| *revision), Some(1), "{key} begins with its filing");
        assert!(
            recorded.windows(2).all(|pair| pair[0].0 + 1 == pair[1].0),
            "{key}'s revisions are dense: {recorded:?}"
        );
    }
}

/// Every answered deployment is in its release, once.
async fn check_releases(client: &Client, deployed: &[Answered]) {
    for answered in deployed {
        let request = GetReleaseRequest { project: PROJECT.into(), release: life::release(&answered.key) };
        let release = client.releases(DEVELOPER).get_release(request).await.unwrap().into_inner().release.unwrap();
        assert_eq!((release.revision, release.issues), (answered.revision, vec![answered.key.clone()]));
    }
}

/// No key was given twice, and there is no issue that nobody knows of: every filing was answered, some after a retry.
async fn check_keys(client: &Client, answers: &[Answered]) {
    let mut filed = HashMap::new();
    for answered in answers.iter().filter(|answered| answered.revision == 1) {
        let other = filed.insert(answered.key.clone(), &answered.request_id);
        assert_eq!(other, None, "{} was given to two filings", answered.key);
    }
    let keys: BTreeSet<String> = filed.into_keys().collect();
    let dense: BTreeSet<String> = (1..=keys.len()).map(|ordinal| format!("{PROJECT}-{ordinal}")).collect();
    assert_eq!(keys, dense, "keys are dense");
    let next = history(client, &format!("{PROJECT}-{}", keys.len() + 1)).await;
    assert_eq!(next.unwrap_err().code(), Code::NotFound, "no filing was recorded twice");
}

/// The board at least as fresh as this answer; ages left aside, which depend on the moment of asking.
async fn board(client: &Client, fresh: &str) -> Board {
    let consistency = as_fresh_as([fresh.to_owned()]);
    let request = GetBoardRequest { project: PROJECT.into(), cards_per_column: 100, consistency, ..Default::default() };
    let mut board = client.boards(DEVELOPER).get_board(request).await.unwrap().into_inner().board.unwrap();
    board.as_of = None;
    for card in board.columns.iter_mut().flat_map(|column| &mut column.cards) {
        card.age = None;
        card.age_in_state = None;
    }
    board
}

/// The board folded through all crashes is the one that is built anew from the log. A last filing says how far the log goes.
async fn check_board(data: &Path, server: Server, account: &mut Account) {
    let client = Client::connect(&server.url).await.unwrap();
    let last = Call::new(0, "", Step::File).send(&client).await.unwrap();
    let folded_through_crashes = board(&client, &last.token).await;
    assert_eq!(server.stop().await.unwrap().code, Some(0));

    for file in ["views.db", "views.db-wal", "views.db-shm"] {
        _ = std::fs::remove_file(data.join(file));
    }
    assert!(!data.join("views.db").exists());
    let server = Server::start(data).await.unwrap();
    let client = Client::connect(&server.url).await.unwrap();
    assert_eq!(board(&client, &last.token).await, folded_through_crashes, "the board is what the log says");
    server.kill().await.unwrap();
    account.note(Step::File, last);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_fifty_times_under_load_it_keeps_every_answer_once() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path();
    let mut whole = Account::default();
    let mut cut_off = 0;
    for kill in 0..KILLS {
        let mut account = crash(data, kill).await;
        cut_off += account.cut_off.len();
        let server = Server::start(data).await.unwrap();
        let client = Client::connect(&server.url).await.unwrap();
        retry(&client, &mut account).await;
        check_histories(&client, &account.answered).await;
        check_releases(&client, &account.deployed).await;
        if (kill + 1) % KILLS_BETWEEN_REBUILDS == 0 {
            check_board(data, server, &mut account).await;
        } else {
            server.kill().await.unwrap();
        }
        whole.append(account);
    }
    assert!(
        whole.answered.len() as u64 > ANSWERS_MIN * KILLS,
        "the load was a load: {} were answered",
        whole.answered.len()
    );
    assert!(!whole.deployed.is_empty() && cut_off > 0, "{} deployed, {cut_off} cut off", whole.deployed.len());

    let server = Server::start(data).await.unwrap();
    let client = Client::connect(&server.url).await.unwrap();
    check_keys(&client, &whole.answered).await;
    check_histories(&client, &whole.answered).await;
    check_releases(&client, &whole.deployed).await;
    println!("{} answers, {} deployments, {cut_off} cut off", whole.answered.len(), whole.deployed.len());
}
