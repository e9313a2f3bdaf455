//! The next build folds its views otherwise: it prepares them beside the old build's, and takes over. Nobody is refused.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use api::issues::v1::{IssueOrder, ListIssuesRequest};
use test_servers::postgres;
use tests::client::{Client, as_fresh_as};
use tests::life::{self, CUSTOMER, DEVELOPER, Step};
use tests::server::Server;
use tokio::process::Command;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::given::{Nodes, PROJECT};

/// See [`tests::raised`].
const NEXT_BUILD: &str = env!("CARGO_BIN_EXE_raised");
/// A list is several reads, so a switch of tables could come between two of them.
const LISTED: i32 = 45;
const READERS: usize = 8;

/// By which build an answer was folded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum By {
    Old,
    Next,
}

/// Lists issues; which build has folded them shows in their titles. No list mixes the two.
async fn list(client: &Client, token: Option<String>) -> By {
    let list = ListIssuesRequest {
        project: PROJECT.into(),
        page_size: LISTED,
        order_by: IssueOrder::FiledOldest.into(),
        consistency: as_fresh_as(token),
        ..Default::default()
    };
    let issues = client.issues(DEVELOPER).list_issues(list).await.unwrap().into_inner().issues;
    assert_eq!(issues.len(), usize::try_from(LISTED).unwrap());
    let next = issues.iter().filter(|issue| issue.title == issue.title.to_uppercase()).count();
    assert!(next == 0 || next == issues.len(), "{next} of {LISTED} are the next build's");
    if next == 0 { By::Old } else { By::Next }
}

/// Readers who never stop.
struct Readers {
    node: watch::Sender<(Client, By)>,
    over: Arc<AtomicBool>,
    /// How often each was answered, and the reader.
    reading: Vec<(Arc<AtomicU64>, JoinHandle<()>)>,
}

impl Readers {
    fn start(client: &Client) -> Self {
        let (node, over) = (watch::Sender::new((client.clone(), By::Old)), Arc::new(AtomicBool::new(false)));
        let reading = (0..READERS).map(|_| {
            let answers = Arc::<AtomicU64>::default();
            (Arc::clone(&answers), tokio::spawn(read_on(node.subscribe(), answers, Arc::clone(&over))))
        });
        let reading = reading.collect();
        Self { node, over, reading }
    }

    /// Returns when each of them has asked and was answered since.
    async fn go_on(&self) {
        for (answers, reader) in &self.reading {
            let seen = answers.load(Ordering::SeqCst);
            while answers.load(Ordering::SeqCst) < seen + 2 {
                assert!(!reader.is_finished(), "a reader has failed, and said why");
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        }
    }

    async fn end(self) {
        self.over.store(true, Ordering::SeqCst);
        for (_, reader) in self.reading {
            reader.await.unwrap();
        }
    }
}

/// Asks whichever node is named, again and again, until told that it is over.
async fn read_on(node: watch::Receiver<(Client, By)>, answers: Arc<AtomicU64>, over: Arc<AtomicBool>) {
    while !over.load(Ordering::SeqCst) {
        let (client, by) = node.borrow().clone();
        assert_eq!(list(&client, None).await, by, "each build answers from its own tables");
        answers.fetch_add(1, Ordering::SeqCst);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_next_build_prepares_its_views_and_takes_over_and_no_query_fails() {
    let Some(server) = postgres::shared().unwrap() else { return };
    // Given a node of this build, issues, and readers who never stop.
    let nodes = Nodes::of(server.create_database().await.unwrap());
    let old = nodes.start("old").await;
    let client = Client::connect(&old.url).await.unwrap();
    life::project(&client, PROJECT).await.unwrap();
    let mut filed = String::new();
    for number in 1..=60 {
        let answer = client.issues(CUSTOMER).file_issue(life::filing(PROJECT, number)).await.unwrap();
        filed = answer.into_inner().consistency_token;
    }
    assert_eq!(list(&client, Some(filed)).await, By::Old);
    let readers = Readers::start(&client);
    readers.go_on().await;

    // When the next build prepares its views, then the old node answers on from its own.
    let data = nodes.data("next");
    let mut prepare = Command::new(NEXT_BUILD);
    prepare.arg("prepare").arg("--data").arg(&data).args(["--log", &nodes.log]).kill_on_drop(true);
    assert!(prepare.status().await.unwrap().success());
    readers.go_on().await;

    // What is filed meanwhile both show, each as it folds.
    let filed = life::step(&client, PROJECT, 61, "", Step::File).await.unwrap();
    let next = Server::start_build(Path::new(NEXT_BUILD), &data, &["--log", &nodes.log]).await.unwrap();
    let successor = Client::connect(&next.url).await.unwrap();
    assert_eq!(list(&successor, Some(filed.token.clone())).await, By::Next);
    assert_eq!(list(&client, Some(filed.token)).await, By::Old);

    // The readers go over to it, and the old node stops.
    readers.node.send_replace((successor.clone(), By::Next));
    readers.go_on().await;
    old.stop().await.unwrap();
    let filed = life::step(&successor, PROJECT, 62, "", Step::File).await.unwrap();
    assert_eq!(list(&successor, Some(filed.token)).await, By::Next, "it folds on by itself");
    readers.go_on().await;
    readers.end().await;
}
