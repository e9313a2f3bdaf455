//! Bytes that are no message, or too many.

use api::issues::v1::{AcceptIssueResponse, AmendReportRequest, CommentOnIssueRequest, CommentOnIssueResponse, Report};
use http::uri::PathAndQuery;
use prost::Message;
use tonic::codec::CompressionEncoding;
use tonic::{Code, Request, Response, Status};
use tonic_prost::ProstCodec;

use super::answers::refused;
use super::given::{Given, fresh};

/// An issue's command whose key is whatever bytes it is.
#[derive(Clone, PartialEq, Message)]
struct Raw {
    #[prost(string, tag = "1")]
    request_id: String,
    #[prost(bytes = "vec", tag = "2")]
    key: Vec<u8>,
}

async fn call<M, R>(given: &Given, method: &'static str, message: M) -> Result<Response<R>, Status>
where
    M: Message + Send + Sync + 'static,
    R: Message + Default + Send + Sync + 'static,
{
    let mut client = tonic::client::Grpc::new(given.channel());
    client.ready().await.unwrap();
    let mut request = Request::new(message);
    request.metadata_mut().insert(grpc::ACTOR_METADATA, "ada".parse().unwrap());
    client.unary(request, PathAndQuery::from_static(method), ProstCodec::<M, R>::default()).await
}

fn long(text: String) -> AmendReportRequest {
    let report = Report { details: text, ..Default::default() };
    AmendReportRequest { request_id: fresh(), key: "PAY-1".into(), report: Some(report), ..Default::default() }
}

#[tokio::test]
async fn a_message_over_a_mebibyte_is_too_large_plain_and_compressed() {
    let given = Given::project().await;
    let mut plain = given.issues("ada");
    let mut gzip = given.issues("ada").send_compressed(CompressionEncoding::Gzip);
    let ten = 10 * 1024 * 1024;
    // Letters that don't repeat: also compressed they are too many.
    let mut state = 1u32;
    let noise: String = (0..ten)
        .map(|_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            char::from(b' ' + (state >> 24) as u8 % 90)
        })
        .collect();
    for text in ["x".repeat(ten), noise] {
        refused(plain.amend_report(long(text.clone())).await, Code::InvalidArgument, "MESSAGE_TOO_LARGE");
        refused(gzip.amend_report(long(text)).await, Code::InvalidArgument, "MESSAGE_TOO_LARGE");
    }
    let fits = long("x".repeat(1000 * 1000));
    let refusal = refused(gzip.amend_report(fits).await, Code::InvalidArgument, "INVALID_FIELDS");
    assert_eq!(refusal.fields(), ["report.details"], "the message fits, the text is too long");
}

#[tokio::test]
async fn bytes_that_are_no_message_are_told_from_a_mistake_of_the_server() {
    let given = Given::project().await;
    let raw = Raw { request_id: fresh(), key: vec![0xff, 0xfe, b'-', b'1'] };
    let answer = call::<_, AcceptIssueResponse>(&given, "/snaglog.issues.v1.IssuesService/AcceptIssue", raw).await;
    let refusal = refused(answer, Code::InvalidArgument, "MALFORMED_MESSAGE");
    assert!(refusal.message.contains("AcceptIssueRequest.key"), "{}", refusal.message);
}

#[tokio::test]
async fn methods_and_services_that_are_not_there_have_a_reason() {
    let given = Given::server().await;
    for method in ["/snaglog.issues.v1.IssuesService/SolveIssue", "/nobody.v1.Knows/This"] {
        let answer = call::<_, CommentOnIssueResponse>(&given, method, CommentOnIssueRequest::default()).await;
        refused(answer, Code::Unimplemented, "UNKNOWN_METHOD");
    }
    let mut health = tonic_health::pb::health_client::HealthClient::new(given.channel());
    let asked = tonic_health::pb::HealthCheckRequest { service: "nobody.v1.Knows".into() };
    refused(health.check(asked).await, Code::NotFound, "UNKNOWN_SERVICE");
}
