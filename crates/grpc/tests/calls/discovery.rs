//! What a caller finds out about the server: health, reflection, and gRPC-Web on the same port.

use api::projects::v1::{GetProjectRequest, GetProjectResponse};
use prost::Message;
use tonic::Code;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;
use tonic_reflection::pb::v1::server_reflection_client::ServerReflectionClient;
use tonic_reflection::pb::v1::server_reflection_request::MessageRequest;
use tonic_reflection::pb::v1::server_reflection_response::MessageResponse;
use tonic_reflection::pb::v1::{ServerReflectionRequest, ServerReflectionResponse};

use super::answers::refused;
use super::given::Given;
use super::web::post;

#[tokio::test]
async fn health_is_told_of_the_server_and_of_each_service_and_follows_readiness() {
    let given = Given::server().await;
    let mut health = HealthClient::new(given.channel());
    for service in ["", "snaglog.issues.v1.IssuesService", "snaglog.history.v1.HistoryService"] {
        let asked = HealthCheckRequest { service: service.into() };
        let mut watched = health.watch(asked.clone()).await.unwrap().into_inner();
        assert_eq!(watched.message().await.unwrap().unwrap().status(), ServingStatus::Serving, "{service}");
        given.ready.send_replace(false);
        assert_eq!(watched.message().await.unwrap().unwrap().status(), ServingStatus::NotServing, "{service}");
        assert_eq!(health.check(asked).await.unwrap().into_inner().status(), ServingStatus::NotServing);
        given.ready.send_replace(true);
        assert_eq!(watched.message().await.unwrap().unwrap().status(), ServingStatus::Serving, "{service}");
    }
}

async fn reflect(given: &Given, ask: MessageRequest) -> MessageResponse {
    let request = ServerReflectionRequest { host: String::new(), message_request: Some(ask) };
    let mut client = ServerReflectionClient::new(given.channel());
    let mut answers = client.server_reflection_info(tokio_stream::once(request)).await.unwrap().into_inner();
    let ServerReflectionResponse { message_response, .. } = answers.message().await.unwrap().unwrap();
    message_response.unwrap()
}

#[tokio::test]
async fn reflection_lists_every_service_and_describes_it() {
    let given = Given::server().await;
    let MessageResponse::ListServicesResponse(listed) =
        reflect(&given, MessageRequest::ListServices(String::new())).await
    else {
        panic!("services are listed")
    };
    let names: Vec<_> = listed.service.iter().map(|service| service.name.as_str()).collect();
    for area in ["issues.v1.Issues", "projects.v1.Projects", "releases.v1.Releases", "boards.v1.Boards"] {
        assert!(names.contains(&format!("snaglog.{area}Service").as_str()), "{area} in {names:?}");
    }
    for name in ["snaglog.history.v1.HistoryService", "snaglog.imports.v1.ImportsService", "grpc.health.v1.Health"] {
        assert!(names.contains(&name), "{name} in {names:?}");
    }
    let symbol = MessageRequest::FileContainingSymbol("snaglog.issues.v1.IssuesService".into());
    let MessageResponse::FileDescriptorResponse(file) = reflect(&given, symbol).await else {
        panic!("a service is described")
    };
    let file = prost_types::FileDescriptorProto::decode(file.file_descriptor_proto[0].as_slice()).unwrap();
    assert_eq!(file.package(), "snaglog.issues.v1");
    let mut old = tonic_reflection::pb::v1alpha::server_reflection_client::ServerReflectionClient::new(given.channel());
    let ask = tonic_reflection::pb::v1alpha::server_reflection_request::MessageRequest::ListServices(String::new());
    let request =
        tonic_reflection::pb::v1alpha::ServerReflectionRequest { host: String::new(), message_request: Some(ask) };
    let mut answers = old.server_reflection_info(tokio_stream::once(request)).await.unwrap().into_inner();
    assert!(answers.message().await.unwrap().is_some(), "and by older tools");
}

#[tokio::test]
async fn a_browser_calls_over_plain_http() {
    let given = Given::project().await;
    let method = "snaglog.projects.v1.ProjectsService/GetProject";
    let asked = GetProjectRequest { project: "PAY".into() };
    let answer: GetProjectResponse = post(&given, method, "", &asked).await.unwrap().into_inner();
    assert_eq!(answer.project.unwrap().name, "Payments");
    let asked = GetProjectRequest { project: "OPS".into() };
    let answer = post::<GetProjectResponse>(&given, method, "", &asked).await;
    refused(answer, Code::NotFound, "UNKNOWN_PROJECT");
}
