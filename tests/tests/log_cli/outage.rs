//! A server whose log can't be reached for a while: it says so to who calls and who asks for health, loses nothing, and serves again by
//! itself.

use std::time::Duration;

use test_servers::kafka::{self, Kafka};
use test_servers::postgres::{self, Postgres};
use test_servers::process::Signal;
use tests::client::{Client, reason};
use tests::life::{self, Step};
use tests::server::Server;
use tests::tools::knows_kafka;
use tokio::task::spawn_blocking;
use tonic::{Code, Status};
use tonic_types::StatusExt as _;

use crate::given::{Load, PROJECT, board, is_recorded};
use crate::opened::{health, is_ready};

/// How the other side goes away.
#[derive(Debug, Clone, Copy)]
enum Outage {
    /// It hangs, its connections open.
    Hangs,
    /// It is gone, and started again.
    Killed,
}

/// The other side.
enum Storage {
    Postgres(Postgres),
    Kafka(Kafka),
}

impl Storage {
    fn begin(&self, outage: Outage) {
        match (self, outage) {
            (Self::Postgres(server), Outage::Hangs) => server.pause().unwrap(),
            (Self::Postgres(server), Outage::Killed) => server.kill().unwrap(),
            (Self::Kafka(kafka), Outage::Hangs) => kafka.signal(0, Signal::STOP).unwrap(),
            (Self::Kafka(kafka), Outage::Killed) => kafka.kill(0).unwrap(),
        }
    }

    fn end(&self, outage: Outage) {
        match (self, outage) {
            (Self::Postgres(server), Outage::Hangs) => server.resume().unwrap(),
            (Self::Postgres(server), Outage::Killed) => server.restart().unwrap(),
            (Self::Kafka(kafka), Outage::Hangs) => kafka.signal(0, Signal::CONT).unwrap(),
            (Self::Kafka(kafka), Outage::Killed) => kafka.restart(0).unwrap(),
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_on_postgres_outlives_its_outages() {
    let Some(server) = spawn_blocking(|| Postgres::start(&postgres::Setup::default()).unwrap()).await.unwrap() else {
        return;
    };
    let url = server.create_database().await.unwrap();
    outlives(Storage::Postgres(server), &url).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_on_kafka_outlives_its_outages() {
    let Some(kafka) = spawn_blocking(|| Kafka::start(&kafka::Setup::default()).unwrap()).await.unwrap() else { return };
    if knows_kafka().await {
        let url = format!("kafka://{}/outages?single-broker", kafka.bootstrap());
        outlives(Storage::Kafka(kafka), &url).await;
    }
}

/// A server on the log at this URL goes through an outage of each kind under load.
async fn outlives(storage: Storage, url: &str) {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start_with(folder.path(), &["--log", url]).await.unwrap();
    is_ready(&server.url).await;
    let client = Client::connect(&server.url).await.unwrap();
    life::project(&client, PROJECT).await.unwrap();
    for outage in [Outage::Hangs, Outage::Killed] {
        let load = Load::start(&client, 4);
        load.goes_on(40).await;

        storage.begin(outage);

        is_not_ready(&server.url).await;
        let (mut answered, refused) = load.end().await;
        for (_, status) in &refused {
            // Under way when the other side fell silent: a call's own deadline may pass before the log gives up.
            if reason(status) != "DEADLINE_PASSED" {
                is_clear(status);
            }
        }
        // Who comes now is told so too, again and again.
        for _ in 0..3 {
            is_clear(&life::step(&client, PROJECT, 1, "", Step::File).await.unwrap_err());
        }

        storage.end(outage);

        is_ready(&server.url).await;
        for (call, _) in &refused {
            let settled = call.settle(&client).await;
            let again = call.settle(&client).await;
            assert_eq!((&again.key, again.revision), (&settled.key, settled.revision), "{call:?}");
            answered.push(settled);
        }
        is_recorded(&client, &answered).await;
        board(&client).await;
        println!("{outage:?}: {} answered, {} settled afterwards", answered.len(), refused.len());
    }
    assert_eq!(server.stop().await.unwrap().code, Some(0));
}

async fn is_not_ready(server: &str) {
    let told = async {
        while health(server).await != (6, "NOT_SERVING\n".to_owned()) {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(180), told).await.expect("health says so");
}

/// Unavailable, and when to try again.
#[track_caller]
fn is_clear(status: &Status) {
    let named = ["LOG_UNAVAILABLE", "OUTCOME_UNKNOWN"].contains(&reason(status).as_str());
    assert!(status.code() == Code::Unavailable && named, "{status:?}");
    assert!(status.get_details_retry_info().is_some(), "{status:?}");
}
