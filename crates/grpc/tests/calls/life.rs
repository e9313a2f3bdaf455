//! An issue from New to Closed, and what it looks like on the way.

use api::boards::v1::GetBoardRequest;
use api::issues::v1::{
    AcceptIssueRequest, CloseIssueRequest, CodeFix, CommentOnIssueRequest, FixKind, GetIssueRequest, IssueState, Level,
    Nature, Released, ResolveIssueRequest, TriageIssueRequest, VerifyIssueRequest,
};
use api::projects::v1::GetProjectRequest;
use api::releases::v1::{GetReleaseRequest, RecordDeploymentRequest};

use super::freshness::at_least;
use super::given::{Given, filing, fresh};

pub(crate) fn triage(key: &str) -> TriageIssueRequest {
    TriageIssueRequest {
        request_id: fresh(),
        key: key.into(),
        level: Level::CodeOrData.into(),
        severity: "sev2".into(),
        ..Default::default()
    }
}

pub(crate) fn accept(key: &str) -> AcceptIssueRequest {
    AcceptIssueRequest { request_id: fresh(), key: key.into(), ..Default::default() }
}

pub(crate) fn resolve(key: &str) -> ResolveIssueRequest {
    let code = CodeFix { changes: vec!["c0ffee".into()], tests: vec!["pays_once".into()], environment: "test".into() };
    ResolveIssueRequest { request_id: fresh(), key: key.into(), code: Some(code), ..Default::default() }
}

pub(crate) fn verify(key: &str) -> VerifyIssueRequest {
    VerifyIssueRequest { request_id: fresh(), key: key.into(), ..Default::default() }
}

fn deployment(environment: &str) -> RecordDeploymentRequest {
    RecordDeploymentRequest {
        request_id: fresh(),
        project: "PAY".into(),
        release: "1.4.2".into(),
        environment: environment.into(),
        changes: vec!["c0ffee".into()],
        ..Default::default()
    }
}

#[tokio::test]
async fn an_issue_goes_from_new_to_closed() {
    let given = Given::project().await;
    let filed = given.issues("cora").file_issue(filing()).await.unwrap().into_inner();
    let issue = filed.issue.unwrap();
    assert_eq!((issue.key.as_str(), issue.state(), issue.triaged), ("PAY-1", IssueState::New, false));
    assert_eq!((filed.revision, issue.revision), (1, 1));
    assert!(issue.report_complete);
    assert_eq!(issue.source.as_ref().unwrap().reference, "mail-17");

    let mut ada = given.issues("ada");
    let triaged = ada.triage_issue(triage("pay-1")).await.unwrap().into_inner().issue.unwrap();
    assert_eq!((triaged.level(), triaged.nature()), (Level::CodeOrData, Nature::Bug));
    assert_eq!((triaged.team.as_str(), triaged.severity.as_str()), ("core", "sev2"));
    let accepted = ada.accept_issue(accept("PAY-1")).await.unwrap().into_inner().issue.unwrap();
    assert_eq!((accepted.state(), accepted.assignee.as_str()), (IssueState::Accepted, "ada"));
    let resolved = ada.resolve_issue(resolve("PAY-1")).await.unwrap().into_inner().issue.unwrap();
    assert_eq!((resolved.fix_kind(), resolved.resolved_by.as_str()), (FixKind::Code, "ada"));
    assert_eq!((resolved.changes, resolved.tests), (vec!["c0ffee".to_owned()], vec!["pays_once".to_owned()]));
    let verified = given.issues("cora").verify_issue(verify("PAY-1")).await.unwrap().into_inner().issue.unwrap();
    assert_eq!((verified.state(), verified.confirmed_by.as_str()), (IssueState::Verified, "cora"));

    let mut releases = given.releases("system:deploy");
    releases.record_deployment(deployment("production")).await.unwrap();
    let close = CloseIssueRequest {
        request_id: fresh(),
        key: "PAY-1".into(),
        released: Some(Released { release: "1.4.2".into(), reverified_by: "ben".into() }),
        ..Default::default()
    };
    let closed = given.issues("ben").close_issue(close).await.unwrap().into_inner();
    let issue = closed.issue.unwrap();
    assert_eq!((issue.state(), issue.release.as_str()), (IssueState::Closed, "1.4.2"));
    assert!(issue.closed_at.is_some());

    let asked = GetIssueRequest {
        key: "PAY-1".into(),
        consistency: at_least([&closed.consistency_token]),
        ..Default::default()
    };
    let read = ada.get_issue(asked).await.unwrap().into_inner();
    assert_eq!(read.issue.unwrap(), issue, "the view tells what the command answered");

    let board = GetBoardRequest {
        project: "pay".into(),
        consistency: at_least([&closed.consistency_token]),
        ..Default::default()
    };
    let board = given.boards("pia").get_board(board).await.unwrap().into_inner().board.unwrap();
    let counts: Vec<_> = board.columns.iter().map(|column| (column.state(), column.triaged, column.count)).collect();
    assert_eq!(counts[5], (IssueState::Closed, false, 1));
    assert_eq!(counts.iter().map(|(_, _, count)| count).sum::<u64>(), 1);
    let card = &board.columns[5].cards[0];
    assert_eq!((card.key.as_str(), card.severity.as_str(), card.level()), ("PAY-1", "sev2", Level::CodeOrData));
    assert!(card.age.unwrap().nanos >= card.age_in_state.unwrap().nanos && card.age.unwrap().nanos > 0);
}

#[tokio::test]
async fn a_retry_gets_the_first_answer_and_other_content_is_refused() {
    let given = Given::project().await;
    let mut cora = given.issues("cora");
    let filing = filing();
    let first = cora.file_issue(filing.clone()).await.unwrap().into_inner();
    let comment =
        CommentOnIssueRequest { request_id: fresh(), key: "PAY-1".into(), text: "Still".into(), ..Default::default() };
    cora.comment_on_issue(comment).await.unwrap();
    let again = cora.file_issue(filing.clone()).await.unwrap().into_inner();
    assert_eq!(again, first, "as it was then");

    let mut other = filing.clone();
    other.title = "Paying thrice".into();
    super::answers::refused(cora.file_issue(other).await, tonic::Code::AlreadyExists, "REQUEST_ID_REUSED");
    let by_another = given.issues("ada").file_issue(filing).await;
    super::answers::refused(by_another, tonic::Code::AlreadyExists, "REQUEST_ID_REUSED");
}

#[tokio::test]
async fn projects_and_releases_are_shown_from_the_log() {
    let given = Given::project().await;
    let shown = given.projects("ada").get_project(GetProjectRequest { project: "pay".into() }).await;
    let project = shown.unwrap().into_inner().project.unwrap();
    assert_eq!((project.id.as_str(), project.name.as_str(), project.revision), ("PAY", "Payments", 5));
    assert_eq!(project.scheme.unwrap().severities.len(), 3);
    assert_eq!(project.teams[0].members, ["ada", "ben"]);
    assert_eq!(project.components[0].owner_team, "core");
    assert_eq!(
        (project.product_owners, project.customers[0].people.clone()),
        (vec!["pia".to_owned()], vec!["cora".to_owned()])
    );

    let mut releases = given.releases("system:deploy");
    releases.record_deployment(deployment("staging")).await.unwrap();
    let asked = GetReleaseRequest { project: "PAY".into(), release: "1.4.2".into() };
    let release = releases.get_release(asked).await.unwrap().into_inner().release.unwrap();
    assert_eq!((release.changes, release.environments[0].name.as_str()), (vec!["c0ffee".to_owned()], "staging"));
    assert!(release.environments[0].deployed);
}
