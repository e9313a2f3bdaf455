//! A byte of the log that is not what was written: the server says so, serves nothing more, and health says that too.

#![expect(clippy::unwrap_used, reason = "what surprises a test ends it")]

use std::path::Path;
use std::time::Duration;

use api::issues::v1::{CommentOnIssueRequest, GetIssueRequest};
use tests::client::{Client, as_fresh_as, reason, request_id};
use tests::life::{self, Answered, CUSTOMER, Step};
use tests::server::Server;
use tonic::transport::Endpoint;
use tonic::{Code, Status};
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;

const PROJECT: &str = "DAMAGE";
const MARKER: &[u8] = b"the kettle whistles at night";

/// Inverts a bit of the one place in the log that holds the marker.
fn flip(log: &Path) {
    let mut bytes = std::fs::read(log).unwrap();
    let places: Vec<_> = (0..bytes.len()).filter(|at| bytes[*at..].starts_with(MARKER)).collect();
    assert_eq!(places.len(), 1, "the report is stored once");
    bytes[places[0]] ^= 1;
    std::fs::write(log, bytes).unwrap();
}

async fn comment(client: &Client, key: &str) -> Result<(), Status> {
    let text = "Same here.".to_owned();
    let request = CommentOnIssueRequest { request_id: request_id(), key: key.to_owned(), text, ..Default::default() };
    client.issues(CUSTOMER).comment_on_issue(request).await.map(drop)
}

#[tokio::test]
async fn a_flipped_byte_of_the_log_is_answered_as_data_loss_and_turns_health_to_not_serving() {
    let folder = tempfile::tempdir().unwrap();

    // Given a stopped server's log with a report in it, folded into the views, of which one bit is wrong.
    let server = Server::start(folder.path()).await.unwrap();
    let client = Client::connect(&server.url).await.unwrap();
    life::project(&client, PROJECT).await.unwrap();
    let mut filing = life::filing(PROJECT, 1);
    filing.report.get_or_insert_default().details = String::from_utf8(MARKER.to_vec()).unwrap();
    let key = client.issues(CUSTOMER).file_issue(filing).await.unwrap().into_inner().issue.unwrap().key;
    let Answered { key: sound, token, .. } = life::step(&client, PROJECT, 2, "", Step::File).await.unwrap();
    let fresh = GetIssueRequest { key: sound.clone(), consistency: as_fresh_as([token]), ..GetIssueRequest::default() };
    client.issues(CUSTOMER).get_issue(fresh).await.unwrap();
    assert_eq!(server.stop().await.unwrap().code, Some(0));
    flip(&folder.path().join("log.db"));

    // When a server starts on it, whose views had folded all of it before, it serves: nobody has looked there.
    let server = Server::start(folder.path()).await.unwrap();
    let client = Client::connect(&server.url).await.unwrap();
    comment(&client, &sound).await.unwrap();
    let mut health = HealthClient::new(Endpoint::new(server.url.clone()).unwrap().connect().await.unwrap());
    let mut told = health.watch(HealthCheckRequest::default()).await.unwrap().into_inner();
    assert_eq!(told.message().await.unwrap().unwrap().status(), ServingStatus::Serving);

    // Then the first command that reads the report is refused by name, and so is everything after it.
    for key in [&key, &sound] {
        let status = comment(&client, key).await.unwrap_err();
        assert_eq!((status.code(), reason(&status).as_str()), (Code::DataLoss, "LOG_DAMAGED"), "{key}: {status:?}");
    }
    let told = tokio::time::timeout(Duration::from_secs(180), told.message()).await.expect("health tells");
    assert_eq!(told.unwrap().unwrap().status(), ServingStatus::NotServing);
    assert_eq!(server.stop().await.unwrap().code, Some(0), "it still stops in order");
}
