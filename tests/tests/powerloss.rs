//! The power goes at any moment: what was acknowledged, or read, is in the log that is left.
//!
//! `cargo xtask chaos powerloss` does the same on more and longer runs; how it works is in `tests/src/chaos/powerloss.rs`.

#![expect(clippy::unwrap_used, reason = "what surprises a test ends it")]

use std::collections::HashSet;
use std::path::Path;
use std::sync::Arc;

use event_log::{EventLog as _, Founding, Identity};
use event_log_sqlite::{Options, SqliteLog};
use indicatif::ProgressBar;
use tests::chaos::powerloss::disk::{Disk, Names};
use tests::chaos::powerloss::recorder::Recorder;
use tests::chaos::powerloss::trace::Event;
use tests::chaos::powerloss::{Outcome, PowerLoss, recorder, trace, unpacked};
use tests::client::{Client, as_fresh_as};
use tests::ground::Kind;
use tests::life::{self, Step};
use tests::server::Server;
use tokio::task::JoinSet;
use uuid::Uuid;

const PROGRAM: &str = env!("CARGO_BIN_EXE_chaos");

/// `None`, said: what it takes isn't installed.
async fn run(log: Kind, images: u64, drop_syncs: bool) -> Option<Outcome> {
    if !recorder::can_compile() {
        return None;
    }
    let loss = PowerLoss { log, images, seed: 11, writers: 3, appends: 12, drop_syncs, folder: None };
    loss.run(Path::new(PROGRAM), &ProgressBar::hidden()).await.unwrap()
}

async fn outlives_the_power(log: Kind, images: u64) {
    let Some(outcome) = run(log, images, false).await else { return };
    assert_eq!(outcome.broken, [""; 0], "of {} images", outcome.images);
    assert_eq!(outcome.images, images);
    assert!(outcome.answers >= 2 * 3 * 12 && outcome.syncs > 20, "{outcome:?}");
}

/// The same, with every sync dropped, as `synchronous=OFF` does: a test that passes then would not have seen one.
async fn is_lost_without_syncs(log: Kind, images: u64) {
    let Some(outcome) = run(log, images, true).await else { return };
    assert_eq!(outcome.syncs, 0);
    let broken = outcome.broken.len() as u64;
    assert!(broken > images / 4, "only {broken} of {images} images have lost something");
}

#[tokio::test]
async fn what_sqlite_acknowledged_outlives_the_power() {
    outlives_the_power(Kind::Sqlite, 150).await;
}

#[tokio::test]
async fn without_syncs_what_sqlite_acknowledged_is_lost() {
    is_lost_without_syncs(Kind::Sqlite, 40).await;
}

#[tokio::test]
async fn what_postgres_acknowledged_outlives_the_power() {
    outlives_the_power(Kind::Postgres, 8).await;
}

#[tokio::test]
async fn without_syncs_what_postgres_acknowledged_is_lost() {
    is_lost_without_syncs(Kind::Postgres, 8).await;
}

const PROJECT: &str = "POWER";
const FILERS: u64 = 4;
const FILINGS: u64 = 15;

/// A server under the recorder answers filings, and stops.
async fn recorded_server(folder: &Path) -> Recorder {
    let recorder = Arc::new(Recorder::new(folder).unwrap());
    let server = Server::start_recorded(&recorder).await.unwrap();
    let client = Client::connect(&server.url).await.unwrap();
    life::project(&client, PROJECT).await.unwrap();
    let mut filers = JoinSet::new();
    for filer in 0..FILERS {
        let (client, recorder) = (client.clone(), Arc::clone(&recorder));
        filers.spawn(async move {
            for number in 0..FILINGS {
                let answered = life::step(&client, PROJECT, filer * FILINGS + number, "", Step::File).await.unwrap();
                recorder.note(&answered.request_id).unwrap();
            }
        });
    }
    filers.join_all().await;
    assert_eq!(server.stop().await.unwrap().code, Some(0));
    Arc::into_inner(recorder).unwrap()
}

/// The requests in a server's log, read to its end.
async fn requests(data: &Path) -> HashSet<Uuid> {
    let founding = Founding { identity: Identity::new(Uuid::from_u128(1), 8), filling: false };
    let log = SqliteLog::open(data.join("log.db"), &Options::new(founding)).unwrap();
    let mut requests = HashSet::new();
    for partition in 0..log.identity().partitions {
        let mut after = 0;
        loop {
            let page = log.read_partition(partition, after, 1000).await.unwrap();
            after += page.records.len() as u64;
            requests.extend(page.records.iter().map(|recorded| recorded.record.header.metadata.request_id));
            if page.end {
                break;
            }
        }
    }
    log.close().await;
    requests
}

/// It starts on what the power left, whatever became of its views, and takes the next issue.
async fn serves(data: &Path) {
    let server = Server::start(data).await.unwrap();
    let client = Client::connect(&server.url).await.unwrap();
    let _there_or_not = life::project(&client, PROJECT).await;
    let next = life::step(&client, PROJECT, 1, "", Step::File).await.unwrap();
    let consistency = as_fresh_as([next.token]);
    let board = api::boards::v1::GetBoardRequest {
        project: PROJECT.into(),
        cards_per_column: 1,
        consistency,
        ..Default::default()
    };
    client.boards(life::DEVELOPER).get_board(board).await.unwrap();
    assert_eq!(server.stop().await.unwrap().code, Some(0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_has_kept_what_it_answered_when_the_power_is_back() {
    if !recorder::can_compile() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let recorder = recorded_server(folder.path()).await;
    let (mut disk, mut answered, mut luck) =
        (Disk::new(Names::ByFolder, []), HashSet::new(), fastrand::Rng::with_seed(2));
    for record in trace::read(&recorder.trace).unwrap() {
        disk.apply(&record).unwrap();
        let Event::Answered(id) = record.event else { continue };
        answered.insert(Uuid::parse_str(std::str::from_utf8(&id).unwrap()).unwrap());
        if luck.u8(..2) == 0 {
            let image = unpacked(&disk.image(&mut luck)).unwrap();
            let found = requests(image.path()).await;
            assert!(
                found.is_superset(&answered),
                "after {} answers: {:?}",
                answered.len(),
                answered.difference(&found)
            );
            if answered.len() % 10 == 0 {
                serves(image.path()).await;
            }
        }
    }
    assert_eq!(answered.len() as u64, FILERS * FILINGS);
}
