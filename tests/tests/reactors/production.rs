//! Deployments that mark what they carry.

use tests::client::Client;
use tests::life::{self, Step};
use tests::server::Server;

use crate::given::{Subscriber, start};

#[tokio::test]
async fn a_deployment_marks_what_it_carries_also_what_was_deployed_while_nothing_ran() {
    let folder = tempfile::tempdir().unwrap();
    let server = start(folder.path(), &[]).await;
    let client = Client::connect(&server.url).await.unwrap();
    life::project(&client, "PAY").await.unwrap();
    let mut subscriber = Subscriber::of_project("PAY");
    let mut keys = Vec::new();
    for number in [1, 2] {
        let mut key = String::new();
        for step in [Step::File, Step::Triage, Step::Accept, Step::Resolve, Step::Verify] {
            key = life::step(&client, "PAY", number, &key, step).await.unwrap().key;
        }
        keys.push(key);
    }
    life::step(&client, "PAY", 1, &keys[0], Step::Deploy).await.unwrap();
    subscriber.hears(&server.url, &["MarkedInProduction"], 1).await;
    // A node that does nothing by itself records a deployment; the next start finds it.
    server.kill().await.unwrap();
    let server = Server::start_with(folder.path(), &["--no-reactors"]).await.unwrap();
    let client = Client::connect(&server.url).await.unwrap();
    life::step(&client, "PAY", 2, &keys[1], Step::Deploy).await.unwrap();
    server.kill().await.unwrap();
    let server = start(folder.path(), &[]).await;
    subscriber.hears(&server.url, &["MarkedInProduction"], 2).await;
    let deployed: Vec<_> = subscriber.of(&["ReleaseDeployed"]).map(|event| event.occurred_at.unwrap()).collect();
    let marked: Vec<_> = subscriber.of(&["MarkedInProduction"]).map(|event| event.occurred_at.unwrap()).collect();
    assert_eq!(marked, deployed);
    assert!(subscriber.of(&["MarkedInProduction"]).all(|event| event.actor == "system:production"));
}
