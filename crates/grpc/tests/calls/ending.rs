//! How the server ends.

use std::time::{Duration, Instant};

use grpc::Options;
use tokio::net::TcpStream;
use tonic::Code;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;

use super::given::{Given, filing};

#[tokio::test]
async fn calls_under_way_are_answered_before_the_server_ends() {
    let given = Given::project().await;
    let mut health = HealthClient::new(given.channel());
    let mut watched = health.watch(HealthCheckRequest::default()).await.unwrap().into_inner();
    assert_eq!(watched.message().await.unwrap().unwrap().status(), ServingStatus::Serving);
    given.log.hold(true);
    let mut cora = given.issues("cora");
    let under_way = tokio::spawn(async move { cora.file_issue(filing()).await });
    given.log.came(1).await;
    given.shutdown.cancel();
    assert_eq!(watched.message().await.unwrap().unwrap().status(), ServingStatus::NotServing, "who asks is told");
    super::answers::refused(watched.message().await.map(tonic::Response::new), Code::Unavailable, "SHUTTING_DOWN");
    given.log.hold(false);
    under_way.await.unwrap().expect("the call is answered");
    given.served.await.unwrap().expect("the server ends well, though a connection is open");
    drop(health);
}

#[tokio::test]
async fn what_does_not_end_is_cut() {
    let given = Given::server_with(Options { drain_ms: 200, ..Options::default() }).await;
    given.create_project().await;
    let silent = TcpStream::connect(given.address).await.unwrap();
    given.log.hold(true);
    let mut cora = given.issues("cora");
    let under_way = tokio::spawn(async move { cora.file_issue(filing()).await });
    given.log.came(1).await;
    let began = Instant::now();
    given.shutdown.cancel();
    given.served.await.unwrap().expect("the server ends");
    assert!(began.elapsed() >= Duration::from_millis(200), "not before its time");
    let cut = under_way.await.unwrap().expect_err("the call was cut");
    assert!(matches!(cut.code(), Code::Unavailable | Code::Unknown | Code::Internal | Code::Cancelled), "{cut:?}");
    let mut byte = [0];
    silent.readable().await.unwrap();
    assert!(!matches!(silent.try_read(&mut byte), Ok(1..)), "a silent connection is closed, too");
}
