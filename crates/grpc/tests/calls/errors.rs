//! Every kind of error, with its reason and the facts that would change the answer.

use std::sync::atomic::Ordering;
use std::time::Duration;

use api::boards::v1::GetBoardRequest;
use api::issues::v1::{
    AcceptIssueRequest, ChangeSeverityRequest, CommentOnIssueRequest, EstimateItemRequest, FileIssueRequest,
    FileIssueResponse, GetIssueRequest, Level, LinkIssuesRequest, ListIssuesRequest, ResolveIssueRequest,
    SecuritySource, Source, TriageIssueRequest, source,
};
use api::projects::v1::{CreateProjectRequest, GetProjectRequest};
use api::releases::v1::GetReleaseRequest;
use event_log::{AppendError, LogError};
use grpc::Options;
use tonic::Code;

use super::answers::refused;
use super::given::{Given, filing, fresh};
use super::life::{accept, resolve, triage, verify};
use super::web::post;

#[tokio::test]
async fn a_broken_rule_is_named_with_what_stands_in_the_way() {
    let given = Given::project().await;
    let key = given.file().await.key;
    let mut ada = given.issues("ada");
    let refusal = refused(ada.accept_issue(accept(&key)).await, Code::FailedPrecondition, "NOT_TRIAGED");
    assert_eq!((refusal.message.as_str(), refusal.violations()), ("PAY-1: it has no level yet", vec!["NOT_TRIAGED"]));
    assert_eq!(refusal.details.precondition_failure().unwrap().violations[0].subject, "issues/PAY-1");

    let mut unknown = triage(&key);
    unknown.severity = "sev9".into();
    let refusal = refused(ada.triage_issue(unknown).await, Code::FailedPrecondition, "UNKNOWN_SEVERITY");
    assert_eq!((refusal.fact("severity"), refusal.fact("known")), ("sev9", "sev1,sev2,sev3"));

    ada.triage_issue(triage(&key)).await.unwrap();
    let refusal =
        refused(given.issues("zoe").accept_issue(accept(&key)).await, Code::FailedPrecondition, "NOT_A_MEMBER");
    assert_eq!((refusal.fact("person"), refusal.fact("team")), ("zoe", "core"));

    ada.accept_issue(accept(&key)).await.unwrap();
    let mut bare = resolve(&key);
    bare.code = Some(api::issues::v1::CodeFix::default());
    let refusal = refused(ada.resolve_issue(bare).await, Code::FailedPrecondition, "CHANGE_MISSING");
    let all = vec!["CHANGE_MISSING", "REGRESSION_TEST_MISSING", "TEST_ENVIRONMENT_MISSING"];
    assert_eq!((refusal.violations(), refusal.fact("missing")), (all.clone(), all.join(",").as_str()));
    let message = "PAY-1: name the changes; name at least one regression test; name the test environment";
    assert_eq!(refusal.message, message);

    ada.resolve_issue(resolve(&key)).await.unwrap();
    let refusal = refused(ada.verify_issue(verify(&key)).await, Code::FailedPrecondition, "NOT_OPENER_OR_CUSTOMER");
    assert_eq!((refusal.fact("person"), refusal.fact("opener")), ("ada", "cora"));
    let estimate = EstimateItemRequest { request_id: fresh(), key, points: 3, expected_revision: None };
    refused(ada.estimate_item(estimate).await, Code::FailedPrecondition, "DEFECTS_ARE_NOT_ESTIMATED");
}

#[tokio::test]
async fn what_is_not_there_is_told() {
    let given = Given::project().await;
    let mut ada = given.issues("ada");
    let refusal = refused(ada.accept_issue(accept("PAY-99")).await, Code::NotFound, "NO_SUCH_ISSUE");
    assert_eq!(refusal.details.resource_info().unwrap().resource_name, "issues/PAY-99");
    let asked = GetIssueRequest { key: "PAY-99".into(), ..Default::default() };
    refused(ada.get_issue(asked).await, Code::NotFound, "NO_SUCH_ISSUE");

    let mut elsewhere = filing();
    elsewhere.project = "OPS".into();
    refused(ada.file_issue(elsewhere).await, Code::FailedPrecondition, "UNKNOWN_PROJECT");
    let asked = GetProjectRequest { project: "OPS".into() };
    refused(given.projects("ada").get_project(asked).await, Code::NotFound, "UNKNOWN_PROJECT");
    let asked = GetBoardRequest { project: "OPS".into(), ..Default::default() };
    refused(given.boards("ada").get_board(asked).await, Code::NotFound, "UNKNOWN_PROJECT");
    let asked = ListIssuesRequest { project: "OPS".into(), ..Default::default() };
    refused(ada.list_issues(asked).await, Code::NotFound, "UNKNOWN_PROJECT");
    let asked = GetReleaseRequest { project: "PAY".into(), release: "9".into() };
    refused(given.releases("ada").get_release(asked).await, Code::NotFound, "UNKNOWN_RELEASE");

    let key = given.file().await.key;
    let mut link = LinkIssuesRequest { request_id: fresh(), key, kind: 1, other: "PAY-7".into(), ..Default::default() };
    let refusal = refused(ada.link_issues(link.clone()).await, Code::FailedPrecondition, "UNKNOWN_ISSUE");
    assert_eq!(refusal.fact("issue"), "PAY-7");
    link.other = "bugzilla:446261".into();
    let linked = ada.link_issues(link).await.unwrap().into_inner().issue.unwrap();
    assert_eq!(linked.links[0].other, "bugzilla:446261");
}

#[tokio::test]
async fn all_faults_of_a_request_are_told_at_once() {
    let given = Given::project().await;
    let mut cora = given.issues("cora");
    let refusal = refused(cora.file_issue(FileIssueRequest::default()).await, Code::InvalidArgument, "INVALID_FIELDS");
    assert_eq!(refusal.fields(), ["project", "title", "source", "request_id"]);

    let advisories = vec![String::new(), "x\u{7}".into()];
    let security = SecuritySource { advisories, package: "p".repeat(201), affected: String::new() };
    let source = Source {
        kind: Some(source::Kind::Security(security)),
        raised_by: "not a person".into(),
        raised_by_system: "monitor".into(),
        ..Default::default()
    };
    let malformed = FileIssueRequest {
        request_id: "7".into(),
        project: "p".into(),
        title: "t".repeat(201),
        source: Some(source),
        component: "a b".into(),
        occurred_at: Some(prost_types::Timestamp { seconds: i64::MAX, nanos: -1 }),
        ..Default::default()
    };
    let refusal = refused(cora.file_issue(malformed).await, Code::InvalidArgument, "INVALID_FIELDS");
    let expected = [
        "project",
        "title",
        "source.raised_by",
        "source.security.advisories[0]",
        "source.security.advisories[1]",
        "source.security.package",
        "component",
        "request_id",
        "occurred_at",
    ];
    assert_eq!(refusal.fields(), expected);
    let nil =
        AcceptIssueRequest { request_id: uuid::Uuid::nil().to_string(), key: "PAY-0".into(), ..Default::default() };
    let refusal = refused(cora.accept_issue(nil).await, Code::InvalidArgument, "INVALID_FIELDS");
    assert_eq!(refusal.fields(), ["key", "request_id"]);
}

#[tokio::test]
async fn enums_are_given_and_known() {
    let given = Given::project().await;
    let mut ada = given.issues("ada");
    let level = |level: i32| TriageIssueRequest { level, nature: 77, severity: String::new(), ..triage("PAY-1") };
    let told = |refusal: super::answers::Refusal| {
        let faults = &refusal.details.bad_request().unwrap().field_violations;
        faults.iter().map(|fault| format!("{} {}", fault.field, fault.description)).collect::<Vec<_>>()
    };
    let refusal = refused(ada.triage_issue(level(0)).await, Code::InvalidArgument, "INVALID_FIELDS");
    assert_eq!(told(refusal), ["level is required", "nature has no value with number 77", "severity is required"]);
    let refusal = refused(ada.triage_issue(level(99)).await, Code::InvalidArgument, "INVALID_FIELDS");
    assert_eq!(told(refusal)[0], "level has no value with number 99");
    let refusal =
        refused(ada.triage_issue(level(Level::NotKnown.into())).await, Code::InvalidArgument, "INVALID_FIELDS");
    assert_eq!(told(refusal)[0], "level has a value that stands in answers only");
}

#[tokio::test]
async fn a_reason_left_out_is_refused_by_name_and_a_long_text_by_its_field() {
    let given = Given::project().await;
    let key = given.file().await.key;
    let mut ada = given.issues("ada");
    ada.triage_issue(triage(&key)).await.unwrap();
    let mut change = ChangeSeverityRequest {
        request_id: fresh(),
        key: key.clone(),
        severity: "sev1".into(),
        reason: " \n".into(),
        ..Default::default()
    };
    refused(ada.change_severity(change.clone()).await, Code::FailedPrecondition, "REASON_MISSING");
    change.reason = "x".repeat(64 * 1024 + 1);
    let refusal = refused(ada.change_severity(change.clone()).await, Code::InvalidArgument, "INVALID_FIELDS");
    assert_eq!(refusal.fields(), ["reason"]);
    change.reason = "down\0again".into();
    refused(ada.change_severity(change).await, Code::InvalidArgument, "INVALID_FIELDS");
    let nothing = ResolveIssueRequest { request_id: fresh(), key, ..Default::default() };
    let refusal = refused(ada.resolve_issue(nothing).await, Code::InvalidArgument, "INVALID_FIELDS");
    assert_eq!(refusal.fields(), ["code"]);
}

#[tokio::test]
async fn a_stale_expected_revision_is_a_conflict() {
    let given = Given::project().await;
    let key = given.file().await.key;
    let comment = CommentOnIssueRequest {
        request_id: fresh(),
        key,
        text: "Hm".into(),
        expected_revision: Some(7),
        ..Default::default()
    };
    let refusal = refused(given.issues("ada").comment_on_issue(comment).await, Code::Aborted, "CONFLICT");
    assert_eq!((refusal.fact("expected"), refusal.fact("actual")), ("7", "1"));
}

#[tokio::test]
async fn who_calls_must_be_named() {
    let given = Given::server().await;
    let create =
        CreateProjectRequest { request_id: fresh(), project: "PAY".into(), name: "P".into(), ..Default::default() };
    refused(given.projects("").create_project(create.clone()).await, Code::Unauthenticated, "ACTOR_MISSING");
    refused(given.projects("two words").create_project(create).await, Code::Unauthenticated, "ACTOR_MISSING");
}

#[tokio::test]
async fn a_log_that_cannot_serve_is_told_without_its_words() {
    let given = Given::project().await;
    let mut cora = given.issues("cora");
    let secret = || "/var/lib/snaglog/log.db: disk I/O error".to_owned();
    let cases = [
        (AppendError::Failed(LogError::Overloaded), Code::ResourceExhausted, "OVERLOADED", true),
        (AppendError::Failed(LogError::Unavailable { reason: secret() }), Code::Unavailable, "LOG_UNAVAILABLE", true),
        (AppendError::Unknown(LogError::Unavailable { reason: secret() }), Code::Unavailable, "OUTCOME_UNKNOWN", true),
        (AppendError::Failed(LogError::DataLoss { reason: secret() }), Code::DataLoss, "LOG_DAMAGED", false),
        (
            AppendError::Failed(LogError::UpgradeNeeded { reason: secret() }),
            Code::FailedPrecondition,
            "UPGRADE_NEEDED",
            false,
        ),
        (AppendError::Failed(LogError::Moved), Code::FailedPrecondition, "LOG_MOVED", false),
        (AppendError::Invalid { reason: secret() }, Code::Internal, "INTERNAL", false),
    ];
    for (error, code, reason, may_be_retried) in cases {
        given.log.fail_once(error);
        let refusal = refused(cora.file_issue(filing()).await, code, reason);
        assert_eq!(refusal.may_be_retried(), may_be_retried, "{reason}");
        assert!(!refusal.message.contains("log.db"), "{}", refusal.message);
    }
    given.log.fail_barrier_once(LogError::Unavailable { reason: secret() });
    let asked = GetProjectRequest { project: "PAY".into() };
    refused(given.projects("ada").get_project(asked).await, Code::Unavailable, "LOG_UNAVAILABLE");
}

#[tokio::test]
async fn a_deadline_that_passes_has_its_own_error_and_the_append_goes_on() {
    let given = Given::project().await;
    let filing = filing();
    given.log.hold(true);
    let method = "snaglog.issues.v1.IssuesService/FileIssue";
    let answer = post::<FileIssueResponse>(&given, method, "grpc-timeout: 80m\r\n", &filing).await;
    refused(answer, Code::DeadlineExceeded, "DEADLINE_PASSED");
    given.log.hold(false);
    let settled = given.issues("cora").file_issue(filing).await.unwrap().into_inner();
    assert_eq!(settled.issue.unwrap().key, "PAY-1", "the retry settles it");
}

#[tokio::test]
async fn more_calls_than_allowed_are_shed_and_health_is_told_all_the_same() {
    let given = Given::server_with(Options { calls_max: 2, ..Options::default() }).await;
    given.create_project().await;
    given.log.hold(true);
    let held: Vec<_> = (0..2)
        .map(|_| {
            let mut cora = given.issues("cora");
            tokio::spawn(async move { cora.file_issue(filing()).await })
        })
        .collect();
    given.log.came(2).await;
    let refusal = refused(given.issues("cora").file_issue(filing()).await, Code::ResourceExhausted, "OVERLOADED");
    assert!(refusal.may_be_retried());
    let mut health = tonic_health::pb::health_client::HealthClient::new(given.channel());
    health.check(tonic_health::pb::HealthCheckRequest::default()).await.unwrap();
    given.log.hold(false);
    for call in held {
        call.await.unwrap().expect("who was first is served");
    }
    given.issues("cora").file_issue(filing()).await.expect("there is room again");
}

#[tokio::test]
async fn a_panic_in_one_call_does_not_reach_another() {
    let given = Given::project().await;
    let mut cora = given.issues("cora");
    given.log.hold(true);
    let mut other = cora.clone();
    let held = tokio::spawn(async move { other.file_issue(filing()).await });
    given.log.came(1).await;
    given.environment.panics.store(true, Ordering::Relaxed);
    let refusal = refused(cora.file_issue(filing()).await, Code::Internal, "INTERNAL");
    assert!(!refusal.message.contains("no id today"));
    given.log.hold(false);
    held.await.unwrap().expect("a call on the same connection goes on");
    tokio::time::timeout(Duration::from_secs(60), cora.file_issue(filing()))
        .await
        .unwrap()
        .expect("and so does the next");
}
