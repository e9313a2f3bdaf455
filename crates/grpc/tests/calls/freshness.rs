//! Reading back what one wrote.

use api::consistency::v1::consistency::Requirement;
use api::consistency::v1::{AtLeastAsFresh, Consistency};
use api::issues::v1::{GetIssueRequest, GetIssueResponse, ListIssuesRequest};
use tonic::Code;

use super::answers::refused;
use super::given::{Given, filing};
use super::web::post;

/// At least what these tokens stand for, as requests hold it.
pub(crate) fn at_least<const N: usize>(tokens: [&str; N]) -> Option<Consistency> {
    let tokens = tokens.iter().map(ToString::to_string).collect();
    Some(Consistency { requirement: Some(Requirement::AtLeastAsFresh(AtLeastAsFresh { tokens })) })
}

fn issue(token: &str) -> GetIssueRequest {
    GetIssueRequest { key: "PAY-1".into(), consistency: at_least([token]), ..Default::default() }
}

#[tokio::test]
async fn a_query_shows_what_its_token_stands_for() {
    let given = Given::project().await;
    let mut cora = given.issues("cora");
    for n in 1..=20 {
        let filed = cora.file_issue(filing()).await.unwrap().into_inner();
        let asked = ListIssuesRequest {
            project: "PAY".into(),
            consistency: at_least([&filed.consistency_token]),
            ..Default::default()
        };
        let listed = cora.list_issues(asked).await.unwrap().into_inner();
        assert_eq!(listed.issues.len(), n);
        assert_eq!(listed.issues[0].key, format!("PAY-{n}"), "the newest first");
        let read = cora.get_issue(issue(&listed.consistency_token)).await.unwrap().into_inner();
        assert_eq!(read.issue.unwrap().key, "PAY-1", "a query's token is one, too");
    }
}

#[tokio::test]
async fn what_a_view_does_not_show_in_time_is_not_answered_stale() {
    let given = Given::project().await;
    given.views_stop.cancel();
    given.projector.health().wait_for(|health| *health == projector::Health::Stopped).await.unwrap();
    let mut cora = given.issues("cora");
    let token = cora.file_issue(filing()).await.unwrap().into_inner().consistency_token;
    let method = "snaglog.issues.v1.IssuesService/GetIssue";
    let answer = post::<GetIssueResponse>(&given, method, "grpc-timeout: 100m\r\n", &issue(&token)).await;
    refused(answer, Code::DeadlineExceeded, "NOT_FRESH_ENOUGH");
}

#[tokio::test]
async fn a_token_of_another_log_is_none() {
    let (given, other) = (Given::project().await, Given::project().await);
    other.file().await;
    let foreign = other.issues("cora").file_issue(filing()).await.unwrap().into_inner().consistency_token;
    given.file().await;
    given.file().await;
    let mut cora = given.issues("cora");
    for token in [foreign.as_str(), "nonsense", ""] {
        refused(cora.get_issue(issue(token)).await, Code::InvalidArgument, "CONSISTENCY_TOKEN_INVALID");
    }
    let many =
        GetIssueRequest { key: "PAY-1".into(), consistency: at_least([foreign.as_str(); 101]), ..Default::default() };
    let refusal = refused(cora.get_issue(many).await, Code::InvalidArgument, "INVALID_FIELDS");
    assert_eq!(refusal.fields(), ["consistency.at_least_as_fresh.tokens"]);
}
