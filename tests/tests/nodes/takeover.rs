//! Whoever folds dies, or stands still: another goes on, and nothing is folded twice.

use test_servers::postgres;
use tests::client::Client;
use tests::life::{self, Step};
use tokio::process::Command;

use crate::given::{Nodes, PROJECT, live, read, shown};

/// The node that folds is killed under load: the other takes its part over.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_is_killed_leaves_its_views_to_the_others() {
    let Some(server) = postgres::shared().unwrap() else { return };
    let nodes = Nodes::of(server.create_database().await.unwrap());
    // The first has all there is to fold.
    let mut folding = nodes.start("first").await;
    let project = Client::connect(&folding.url).await.unwrap();
    life::project(&project, PROJECT).await.unwrap();
    let mut tokens = Vec::new();
    for kill in 1..=3 {
        let other = nodes.start(&format!("node-{kill}")).await;
        let [one, two] = [&folding.url, &other.url].map(|url| Client::connect(url));
        let (one, two) = (one.await.unwrap(), two.await.unwrap());
        tokens.push(live(&[one, two.clone()], kill * 10 + 1).await.unwrap());
        folding.kill().await.unwrap();
        let filed = life::step(&two, PROJECT, kill * 10 + 2, "", Step::File).await.unwrap();
        let found = read(&two, &filed).await.unwrap();
        assert_eq!(found.key, filed.key);
        tokens.push(filed.token);
        folding = other;
    }
    let client = Client::connect(&folding.url).await.unwrap();
    assert_eq!(shown(&client, &tokens).await, nodes.refolded(&tokens).await);
}

/// The node that folds stands still past its lease, and goes on: what it had in hand changes nothing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_stood_still_past_its_lease_folds_nothing_twice() {
    let Some(server) = postgres::shared().unwrap() else { return };
    let nodes = Nodes::of(server.create_database().await.unwrap());
    let stopped = nodes.start("stopped").await;
    let one = Client::connect(&stopped.url).await.unwrap();
    life::project(&one, PROJECT).await.unwrap();
    let other = nodes.start("other").await;
    let two = Client::connect(&other.url).await.unwrap();
    let mut tokens = Vec::new();
    for pause in 1..=3 {
        // In the middle of as much as it can get.
        let busy: Vec<_> = (0..8)
            .map(|n| {
                let one = one.clone();
                tokio::spawn(async move { live(&[one], pause * 100 + n).await })
            })
            .collect();
        tokens.push(live(&[one.clone(), two.clone()], pause * 100 + 50).await.unwrap());
        signal(stopped.id(), "STOP").await;
        for n in 60..63 {
            let filed = life::step(&two, PROJECT, pause * 100 + n, "", Step::File).await.unwrap();
            read(&two, &filed).await.unwrap();
            tokens.push(filed.token);
        }
        signal(stopped.id(), "CONT").await;
        for life in busy {
            // A call that stood still past its timeout may have failed; what was done is in the log either way.
            tokens.extend(life.await.unwrap());
        }
        tokens.push(live(&[one.clone(), two.clone()], pause * 100 + 70).await.unwrap());
    }
    let refolded = nodes.refolded(&tokens).await;
    assert_eq!(shown(&one, &tokens).await, refolded);
    assert_eq!(shown(&two, &tokens).await, refolded);
}

async fn signal(process: u32, signal: &str) {
    let sent = Command::new("kill").args([&format!("-{signal}"), &process.to_string()]).status().await.unwrap();
    assert!(sent.success(), "kill -{signal} {process}");
}
