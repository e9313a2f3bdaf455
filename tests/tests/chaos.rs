//! Writers and readers on a log that is killed again and again, or its server. Many more times by `cargo xtask chaos log`.

#![expect(clippy::unwrap_used, reason = "what surprises a test ends it")]

use std::path::Path;

use indicatif::ProgressBar;
use tests::chaos::kills::{Kills, Victim};
use tests::ground::Kind;

async fn survives(log: Kind, kill: Victim, cycles: u64) {
    let kills = Kills { log, kill, cycles: Some(cycles), seed: 5, writers: 8, pause_ms_max: None, folder: None };
    let outcome = kills.run(Path::new(env!("CARGO_BIN_EXE_chaos")), &ProgressBar::hidden()).await.unwrap();
    // Without its server, the test has said that it is skipped.
    let Some(outcome) = outcome else { return };
    assert!(outcome.answers > 0 && outcome.early < cycles, "the load was a load: {outcome:?}");
    assert!(outcome.appends >= outcome.answers, "{outcome:?}");
}

#[tokio::test]
async fn a_node_on_sqlite_killed_thirty_times_has_lost_nothing_and_doubled_nothing() {
    survives(Kind::Sqlite, Victim::Node, 30).await;
}

#[tokio::test]
async fn a_node_on_postgres_killed_ten_times_has_lost_nothing_and_doubled_nothing() {
    survives(Kind::Postgres, Victim::Node, 10).await;
}

#[tokio::test]
async fn a_postgres_server_killed_three_times_has_lost_nothing_and_doubled_nothing() {
    survives(Kind::Postgres, Victim::Server, 3).await;
}

#[tokio::test]
async fn a_node_on_kafka_killed_three_times_has_lost_nothing_and_doubled_nothing() {
    survives(Kind::Kafka, Victim::Node, 3).await;
}

#[tokio::test]
async fn a_kafka_broker_that_was_killed_has_lost_nothing_and_doubled_nothing() {
    survives(Kind::Kafka, Victim::Server, 1).await;
}
