//! More calls than a server takes at once: the rest is refused right away, with the time to come again; nothing is lost, and memory stays.

#![expect(clippy::unwrap_used, reason = "what surprises a test ends it")]

use std::collections::BTreeSet;
use std::time::Duration;

use api::issues::v1::FileIssueRequest;
use tests::client::{Client, reason};
use tests::life::{self, CUSTOMER};
use tests::server::Server;
use tokio::task::JoinSet;
use tonic::transport::Endpoint;
use tonic::{Code, Status};
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::{HealthCheckRequest, health_client::HealthClient};
use tonic_types::StatusExt as _;

const PROJECT: &str = "FULL";
/// What a server takes at once (docs/operations.md).
const CALLS_MAX: usize = 4096;
/// A connection has room for 1,024 calls.
const CONNECTIONS: usize = 8;
const CALLS: usize = 6000;
/// After so many waves memory is at rest.
const WAVES_MAX: usize = 6;

/// A call, and what it was answered.
type Answer = (FileIssueRequest, Result<String, Status>);

async fn file(client: Client, request: FileIssueRequest) -> Answer {
    let answer = client.issues(CUSTOMER).file_issue(request.clone()).await;
    (request, answer.map(|answer| answer.into_inner().issue.unwrap().key))
}

/// Whether a refusal says that it is one for their number, and when to come again.
fn is_overload(status: &Status) -> bool {
    let after = status.get_error_details().retry_info().and_then(|info| info.retry_delay);
    (status.code(), reason(status).as_str()) == (Code::ResourceExhausted, "OVERLOADED") && after > Some(Duration::ZERO)
}

/// Whether a call has waited for longer than the log's writer waits for its file, or than calls may take.
fn is_late(status: &Status) -> bool {
    ["LOG_UNAVAILABLE", "DEADLINE_PASSED"].contains(&reason(status).as_str())
}

/// Sends all at once while another connection holds the log's file, so that nothing is answered but what is refused; lets go of it as soon
/// as that is seen. Answers the keys of all: what was refused is sent again, as it was.
async fn wave(server: &Server, clients: &[Client], log: &rusqlite::Connection) -> BTreeSet<String> {
    log.execute_batch("BEGIN IMMEDIATE").unwrap();
    let mut calls = JoinSet::new();
    for number in 0..CALLS {
        calls.spawn(file(clients[number % CONNECTIONS].clone(), life::filing(PROJECT, 0)));
    }
    let (mut keys, mut again, mut late) = (BTreeSet::new(), Vec::new(), 0);
    while again.len() < CALLS - CALLS_MAX {
        let (request, answer) = calls.join_next().await.unwrap().unwrap();
        let refused = answer.unwrap_err();
        // On a slow machine it takes so long until all have come that some have waited too long: they take their place again.
        if is_late(&refused) {
            calls.spawn(file(clients[late % CONNECTIONS].clone(), request));
            late += 1;
            continue;
        }
        assert!(
            is_overload(&refused),
            "while nothing is written, all that is answered is refused for its number: {refused:?}"
        );
        again.push(request);
    }
    let health = health(server).await;
    assert!(health == ServingStatus::Serving || late > 0, "health is told under any load, and it is {health:?}");
    log.execute_batch("ROLLBACK").unwrap();

    while let Some(answered) = calls.join_next().await {
        match answered.unwrap() {
            (_, Ok(key)) => drop(keys.insert(key)),
            (request, Err(refused)) => {
                assert!(is_overload(&refused) || is_late(&refused), "{refused:?}");
                again.push(request);
            }
        }
    }
    for some in again.chunks(CALLS_MAX / 2) {
        let calls = some.iter().enumerate().map(|(n, request)| file(clients[n % CONNECTIONS].clone(), request.clone()));
        for (request, answer) in calls.collect::<JoinSet<_>>().join_all().await {
            keys.insert(until_recorded(&clients[0], request, answer).await);
        }
    }
    keys
}

/// Sends it again as long as it is late: no command is lost, and none is done twice.
async fn until_recorded(client: &Client, request: FileIssueRequest, mut answer: Result<String, Status>) -> String {
    loop {
        match answer {
            Err(refused) if is_late(&refused) => answer = file(client.clone(), request.clone()).await.1,
            answer => return answer.unwrap(),
        }
    }
}

async fn health(server: &Server) -> ServingStatus {
    let channel = Endpoint::from_shared(server.url.clone()).unwrap().connect().await.unwrap();
    HealthClient::new(channel).check(HealthCheckRequest::default()).await.unwrap().into_inner().status()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn over_the_bound_calls_are_refused_at_once_and_nothing_is_lost() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path()).await.unwrap();
    let mut clients = Vec::new();
    for _ in 0..CONNECTIONS {
        clients.push(Client::connect(&server.url).await.unwrap());
    }
    life::project(&clients[0], PROJECT).await.unwrap();
    let log = rusqlite::Connection::open(folder.path().join("log.db")).unwrap();

    let mut keys = wave(&server, &clients, &log).await;
    let mut grown = Vec::new();
    // Memory comes to rest: how soon depends on how many calls are there at once, and so on the machine.
    while grown.last().is_none_or(|grown| *grown >= 32 << 20) {
        assert!(grown.len() < WAVES_MAX, "each wave takes more: {grown:?}");
        let before = server.resident_bytes().unwrap();
        keys.append(&mut wave(&server, &clients, &log).await);
        grown.push(server.resident_bytes().unwrap().saturating_sub(before));
    }

    let filed = (1 + grown.len()) * CALLS;
    let dense: BTreeSet<String> = (1..=filed).map(|ordinal| format!("{PROJECT}-{ordinal}")).collect();
    assert_eq!(keys, dense, "each was filed, and once");
    assert_eq!(server.stop().await.unwrap().code, Some(0));
}
