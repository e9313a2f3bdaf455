//! What a client wrote on one node it reads on another.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use test_servers::postgres;
use tests::client::Client;
use tests::life;
use tokio::time::Instant;

use crate::given::{Nodes, PROJECT, live, shown};

const CLIENTS: usize = 32;

/// 32 clients write on one node and read on the other by turns, for `SNAGLOG_FRESH_SECONDS` (3 unless it says more): no answer is older
/// than its token.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_of_one_node_is_good_on_another() {
    let Some(server) = postgres::shared().unwrap() else { return };
    let seconds: u64 = std::env::var("SNAGLOG_FRESH_SECONDS").map_or(3, |seconds| seconds.parse().unwrap());
    let nodes = Nodes::of(server.create_database().await.unwrap());
    let (one, two) = (nodes.start("one").await, nodes.start("two").await);
    let clients = [Client::connect(&one.url).await.unwrap(), Client::connect(&two.url).await.unwrap()];
    life::project(&clients[0], PROJECT).await.unwrap();
    let (until, lived) = (Instant::now() + Duration::from_secs(seconds), Arc::new(AtomicU64::new(0)));
    let callers: Vec<_> = (0..CLIENTS)
        .map(|n| {
            let (mut clients, lived) = (clients.clone(), Arc::clone(&lived));
            clients.rotate_left(n % 2);
            tokio::spawn(async move {
                let mut token = String::new();
                while Instant::now() < until || token.is_empty() {
                    token = live(&clients, lived.fetch_add(1, Ordering::Relaxed)).await.unwrap();
                }
                token
            })
        })
        .collect();
    let mut tokens = Vec::new();
    for caller in callers {
        tokens.push(caller.await.unwrap());
    }
    let refolded = nodes.refolded(&tokens).await;
    for client in &clients {
        assert_eq!(shown(client, &tokens).await, refolded);
    }
    assert_eq!(refolded.issues.len() as u64, lived.load(Ordering::Relaxed));
}
