//! Deadlines, over every log: nodes that are killed, and nodes that react at once.

use std::path::Path;

use test_servers::{kafka, postgres};
use tests::tools::knows_kafka;

use crate::given::{RECORDED, Subscriber, each_once, filed, start};

/// A server is killed as soon as so many of all that it records are heard, and started again.
async fn killed(data: &Path, flags: &[&str], heard: &[usize]) {
    let mut server = start(data, flags).await;
    filed(&server).await;
    let mut subscriber = Subscriber::of_project("PAY");
    for count in heard {
        subscriber.hears(&server.url, &RECORDED, *count).await;
        server.kill().await.unwrap();
        server = start(data, flags).await;
    }
    each_once(&server, subscriber).await;
    let ended = server.stop().await.unwrap();
    assert_eq!(ended.code, Some(0), "{}", ended.errors);
}

#[tokio::test]
async fn killed_again_and_again_it_records_each_breach_once_at_its_exact_instant() {
    let folder = tempfile::tempdir().unwrap();
    // And once before anything more is recorded.
    killed(folder.path(), &[], &[1, 3, 8, 8, 15, 24]).await;
}

#[tokio::test]
async fn on_postgres_each_breach_is_recorded_once_at_its_exact_instant() {
    let Some(server) = postgres::shared().unwrap() else { return };
    let (folder, log) = (tempfile::tempdir().unwrap(), server.create_database().await.unwrap());
    killed(folder.path(), &["--log", &log], &[1, 10, 10]).await;
}

#[tokio::test]
async fn on_kafka_each_breach_is_recorded_once_at_its_exact_instant() {
    let Some(kafka) = kafka::shared().unwrap() else { return };
    if knows_kafka().await {
        let folder = tempfile::tempdir().unwrap();
        let log = format!("kafka://{}/reactors?single-broker", kafka.bootstrap());
        killed(folder.path(), &["--log", &log], &[1, 10]).await;
    }
}

/// Two nodes react to one log, by views of their own or by the same; one is killed and comes back.
async fn two_nodes(folder: &Path, flags: impl Fn(&str) -> Vec<String>) {
    let data = |name: &str| folder.join(name);
    let node = async |name: &str| {
        let flags = flags(name);
        start(&data(name), &flags.iter().map(String::as_str).collect::<Vec<_>>()).await
    };
    let (one, two) = (node("one").await, node("two").await);
    filed(&one).await;
    let mut subscriber = Subscriber::of_project("PAY");
    subscriber.hears(&two.url, &RECORDED, 5).await;
    one.kill().await.unwrap();
    subscriber.hears(&two.url, &RECORDED, 15).await;
    let one = node("one").await;
    each_once(&one, subscriber).await;
    for server in [one, two] {
        assert_eq!(server.stop().await.unwrap().code, Some(0));
    }
}

#[tokio::test]
async fn two_nodes_that_share_views_on_postgres_record_each_breach_once() {
    let Some(server) = postgres::shared().unwrap() else { return };
    let (folder, log) = (tempfile::tempdir().unwrap(), server.create_database().await.unwrap());
    two_nodes(folder.path(), |_| vec!["--log".into(), log.clone()]).await;
}

/// With views of its own each leads all of them: both react to everything, at the same time.
#[tokio::test]
async fn two_nodes_that_react_at_once_on_postgres_record_each_breach_once() {
    let Some(server) = postgres::shared().unwrap() else { return };
    let (folder, log) = (tempfile::tempdir().unwrap(), server.create_database().await.unwrap());
    let own = |name: &str| format!("sqlite:{}", folder.path().join(format!("{name}.db")).display());
    two_nodes(folder.path(), |name| vec!["--log".into(), log.clone(), "--views".into(), own(name)]).await;
}

/// On Kafka each node has a replica and views of its own anyway.
#[tokio::test]
async fn two_nodes_on_kafka_record_each_breach_once() {
    let Some(kafka) = kafka::shared().unwrap() else { return };
    if knows_kafka().await {
        let folder = tempfile::tempdir().unwrap();
        let log = format!("kafka://{}/two-reactors?single-broker", kafka.bootstrap());
        two_nodes(folder.path(), |_| vec!["--log".into(), log.clone()]).await;
    }
}
