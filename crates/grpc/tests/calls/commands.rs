//! Every command: its fields reach the domain, and its faults are told all at once.

use api::issues::v1::*;
use api::projects::v1::{self as projects, SeverityPreset, SeverityScheme};
use api::releases::v1::{RecordDeploymentRequest, RecordRollbackRequest};
use tonic::Code;

use super::answers::refused;
use super::given::{Given, fresh};
use super::life::{accept, resolve, triage, verify};

/// Calls a command on PAY-1 with these fields, and gives the issue after it.
macro_rules! done {
    ($client:expr, $method:ident, $Request:ident { $($field:ident $(: $value:expr)?),* }) => {{
        let request = $Request { request_id: fresh(), key: "PAY-1".into(), $($field $(: $value)?,)* ..Default::default() };
        $client.$method(request).await.unwrap().into_inner().issue.unwrap()
    }};
}

#[tokio::test]
async fn a_conversation_about_a_report() {
    let given = Given::project().await;
    given.file().await;
    let mut ada = given.issues("ada");
    let report = Report { details: "On mobile".into(), ..Default::default() };
    let issue = done!(ada, amend_report, AmendReportRequest { report: Some(report) });
    let report = issue.report.unwrap();
    assert_eq!((report.steps.as_str(), report.details.as_str()), ("Press pay twice", "On mobile"));

    let (of, person) = (Asked::Person.into(), "cora".into());
    let text = || "Since when?".to_owned();
    let issue = done!(ada, request_information, RequestInformationRequest { of, person, text: text() });
    let question = &issue.questions[0];
    assert_eq!((question.number, question.of(), question.person.as_str()), (1, Asked::Person, "cora"));
    assert_eq!((question.text.as_str(), question.asked_by.as_str()), ("Since when?", "ada"));
    done!(ada, request_information, RequestInformationRequest { of: Asked::Opener.into(), text: text() });
    let issue = done!(ada, withdraw_request, WithdrawRequestRequest { questions: vec![2] });
    assert_eq!(issue.questions.len(), 1);
    let answer = "Since yesterday".to_owned();
    let issue = done!(given.issues("cora"), provide_information, ProvideInformationRequest { text: answer });
    assert!(issue.questions.is_empty());

    let issue = done!(ada, record_workaround, RecordWorkaroundRequest { text: "Pay once".into() });
    assert_eq!((issue.workaround.as_str(), issue.workaround_at.is_some()), ("Pay once", true));
    let issue = done!(ada, withdraw_workaround, WithdrawWorkaroundRequest { reason: "It is slow".into() });
    assert_eq!((issue.workaround.as_str(), issue.workaround_at), ("", None));
    let issue = done!(ada, comment_on_issue, CommentOnIssueRequest { text: "Hm".into() });
    assert_eq!(issue.comment_count, 1);
    assert_eq!(done!(ada, watch_issue, WatchIssueRequest {}).watchers, ["ada"]);
    assert_eq!(done!(ada, watch_issue, WatchIssueRequest { person: "zoe".into() }).watchers, ["ada", "zoe"]);
}

#[tokio::test]
async fn what_it_is_and_whose() {
    let given = Given::project().await;
    given.file().await;
    let mut ada = given.issues("ada");
    let mut pia = given.projects("pia");
    let (project, model) = ("PAY".to_owned(), projects::TeamModel::Operations.into());
    let team = "ops".to_owned();
    let ops = projects::AddTeamRequest { request_id: fresh(), project, team, model, expected_revision: None };
    pia.add_team(ops).await.unwrap();

    let level = Level::System.into();
    let triaged = done!(ada, triage_issue, TriageIssueRequest { level, severity: "sev3".into() });
    assert_eq!((triaged.level(), triaged.nature()), (Level::System, Nature::Incident));
    let why = || "We looked again".to_owned();
    let issue = done!(ada, change_severity, ChangeSeverityRequest { severity: "sev1".into(), reason: why() });
    assert_eq!(issue.severity, "sev1");
    let issue = done!(ada, hand_over_issue, HandOverIssueRequest { team: "ops".into(), reason: why() });
    assert_eq!(issue.team, "ops");
    let (level, team) = (Level::CodeOrData.into(), "core".to_owned());
    let issue = done!(ada, change_level, ChangeLevelRequest { level, team, reason: why() });
    assert_eq!((issue.level(), issue.nature(), issue.team.as_str()), (Level::CodeOrData, Nature::Bug, "core"));
    assert_eq!(done!(ada, assign_issue, AssignIssueRequest { assignee: "ben".into() }).assignee, "ben");
    given.issues("ben").accept_issue(accept("PAY-1")).await.unwrap();
    let issue = done!(ada, return_to_triage, ReturnToTriageRequest { reason: why() });
    assert_eq!((issue.state(), issue.triaged), (IssueState::New, false));

    let component = "api".to_owned();
    let add =
        projects::AddComponentRequest { request_id: fresh(), project: "PAY".into(), component, ..Default::default() };
    pia.add_component(add).await.unwrap();
    let issue = done!(ada, change_component, ChangeComponentRequest { component: "api".into(), reason: why() });
    assert_eq!(issue.component, "api");
    let dismissal = DismissalReason::CannotReproduce.into();
    let issue = done!(ada, dismiss_issue, DismissIssueRequest { dismissal, note: why() });
    assert_eq!((issue.state(), issue.dismissal()), (IssueState::Dismissed, DismissalReason::CannotReproduce));
    let issue = done!(ada, reopen_issue, ReopenIssueRequest { reason: why() });
    assert_eq!((issue.state(), issue.dismissal()), (IssueState::New, DismissalReason::Unspecified));

    given.file().await;
    let (kind, other) = (LinkKind::CausedBy.into(), "pay-2".to_owned());
    let issue = done!(ada, link_issues, LinkIssuesRequest { kind, other });
    assert_eq!((issue.links[0].kind(), issue.links[0].other.as_str()), (LinkKind::CausedBy, "PAY-2"));
    let (dismissal, duplicate_of) = (DismissalReason::Duplicate.into(), "PAY-2".to_owned());
    let issue = done!(ada, dismiss_issue, DismissIssueRequest { dismissal, duplicate_of });
    assert_eq!((issue.dismissal(), issue.duplicate_of.as_str()), (DismissalReason::Duplicate, "PAY-2"));
}

#[tokio::test]
async fn a_fix_and_its_way_to_production_and_back() {
    let given = Given::project().await;
    given.file().await;
    let mut ada = given.issues("ada");
    ada.triage_issue(triage("PAY-1")).await.unwrap();
    ada.accept_issue(accept("PAY-1")).await.unwrap();
    ada.resolve_issue(resolve("PAY-1")).await.unwrap();
    let issue = done!(ada, add_regression_tests, AddRegressionTestsRequest { tests: vec!["pays_twice".into()] });
    assert_eq!(issue.tests, ["pays_once", "pays_twice"]);
    let issue = done!(ada, reject_resolution, RejectResolutionRequest { reason: "Still".into() });
    assert_eq!((issue.state(), issue.fix_kind()), (IssueState::Accepted, FixKind::Unspecified));
    let code = CodeFix { changes: vec!["c0ffee".into()], tests: vec!["t".into()], environment: "test".into() };
    let data = DataFix { correction: "sql-7".into(), tried_in: "test".into() };
    let issue = done!(ada, resolve_issue, ResolveIssueRequest { code: Some(code), data: Some(data) });
    assert_eq!(issue.fix_kind(), FixKind::CodeAndData);
    done!(given.issues("cora"), delegate_verification, DelegateVerificationRequest { to: "zoe".into() });
    let mut by_zoe = verify("PAY-1");
    by_zoe.confirmed_by = "zoe".into();
    let issue = given.issues("ben").verify_issue(by_zoe).await.unwrap().into_inner().issue.unwrap();
    assert_eq!((issue.confirmed_by.as_str(), issue.self_verified), ("zoe", false));

    let mut deploys = given.releases("system:deploy");
    let (project, release, environment) = (|| "PAY".to_owned(), || "2".to_owned(), || "production".to_owned());
    let deployed = RecordDeploymentRequest {
        request_id: fresh(),
        project: project(),
        release: release(),
        environment: environment(),
        issues: vec!["pay-1".into()],
        ..Default::default()
    };
    let deployed = deploys.record_deployment(deployed).await.unwrap().into_inner().release.unwrap();
    assert_eq!((deployed.id.as_str(), deployed.issues), ("2", vec!["PAY-1".to_owned()]));
    let mut system = given.issues("system:releases");
    assert_eq!(done!(system, mark_in_production, MarkInProductionRequest { release: release() }).release, "2");
    let released = Released { release: release(), reverified_by: "ben".into() };
    let issue = done!(ada, close_issue, CloseIssueRequest { released: Some(released) });
    assert_eq!(issue.state(), IssueState::Closed);
    let back = RecordRollbackRequest {
        request_id: fresh(),
        project: project(),
        release: release(),
        environment: environment(),
        ..Default::default()
    };
    let back = deploys.record_rollback(back).await.unwrap().into_inner().release.unwrap();
    assert!(!back.environments[0].deployed);
    let issue = done!(system, withdraw_from_production, WithdrawFromProductionRequest { reason: "Rolled back".into() });
    assert_eq!((issue.state(), issue.release.as_str()), (IssueState::Verified, ""));
    assert_eq!(done!(ada, name_cause, NameCauseRequest { release: release() }).causes, ["2"]);
}

#[tokio::test]
async fn levels_without_code() {
    let given = Given::project().await;
    given.file().await;
    let mut ada = given.issues("ada");
    let level = Level::UserError.into();
    done!(ada, triage_issue, TriageIssueRequest { level, severity: "sev3".into() });
    ada.accept_issue(accept("PAY-1")).await.unwrap();
    let explanation = ExplanationFix { explanation: "Press once".into(), topic: "paying".into() };
    let issue = done!(ada, resolve_issue, ResolveIssueRequest { explanation: Some(explanation) });
    assert_eq!(issue.fix_kind(), FixKind::Explanation);
    given.issues("cora").verify_issue(verify("PAY-1")).await.unwrap();
    assert_eq!(done!(ada, close_issue, CloseIssueRequest {}).state(), IssueState::Closed);
}

#[tokio::test]
async fn a_project_and_its_settings() {
    let given = Given::server().await;
    let mut pia = given.projects("pia");
    macro_rules! project {
        ($method:ident, $Request:ident { $($field:ident $(: $value:expr)?),* }) => {{
            let request = projects::$Request { request_id: fresh(), project: "PAY".into(), $($field $(: $value)?,)* ..Default::default() };
            pia.$method(request).await.unwrap().into_inner().project.unwrap()
        }};
    }
    let (name, preset) = ("Payments".to_owned(), SeverityPreset::Four.into());
    let project = project!(create_project, CreateProjectRequest { name, preset });
    let mut scheme = project.scheme.unwrap();
    assert_eq!((scheme.severities.len(), scheme.default_severity.as_str()), (4, "sev3"));
    scheme.severities[0].name = "Down".into();
    scheme.severities[1].retired = true;
    let project = project!(change_severity_scheme, ChangeSeveritySchemeRequest { scheme: Some(scheme.clone()) });
    assert_eq!(project.scheme.unwrap(), scheme);
    project!(add_team, AddTeamRequest { team: "core".into(), model: projects::TeamModel::Development.into() });
    project!(add_component, AddComponentRequest { component: "api".into() });
    let (component, owner_team) = ("api".to_owned(), "core".to_owned());
    let project = project!(change_component_owner, ChangeComponentOwnerRequest { component, owner_team });
    assert_eq!(project.components[0].owner_team, "core");
    project!(add_product_owner, AddProductOwnerRequest { person: "pia".into() });
    assert!(
        project!(remove_product_owner, RemoveProductOwnerRequest { person: "pia".into() }).product_owners.is_empty()
    );
    project!(add_customer, AddCustomerRequest { customer: "acme".into(), people: vec!["cora".into()] });
    let customer = || "acme".to_owned();
    project!(add_customer_person, AddCustomerPersonRequest { customer: customer(), person: "carl".into() });
    let project =
        project!(remove_customer_person, RemoveCustomerPersonRequest { customer: customer(), person: "cora".into() });
    assert_eq!(project.customers[0].people, ["carl"]);
    assert!(project!(set_self_verification, SetSelfVerificationRequest { on: true }).self_verification);
    let reactor = projects::Reactor::Deadlines.into();
    let project = project!(switch_reactor, SwitchReactorRequest { reactor, on: false });
    assert_eq!(project.switched_off, [reactor]);

    let (team, person) = (|| "core".to_owned(), || "ada".to_owned());
    let project = || "PAY".to_owned();
    let add = projects::AddTeamMemberRequest {
        request_id: fresh(),
        project: project(),
        team: team(),
        person: person(),
        expected_revision: None,
    };
    let joined = pia.add_team_member(add).await.unwrap().into_inner().team.unwrap();
    assert_eq!((joined.members, joined.model), (vec![person()], projects::TeamModel::Development.into()));
    let remove = projects::RemoveTeamMemberRequest {
        request_id: fresh(),
        project: project(),
        team: team(),
        person: person(),
        expected_revision: Some(1),
    };
    assert!(pia.remove_team_member(remove).await.unwrap().into_inner().team.unwrap().members.is_empty());
    let malformed = projects::ChangeSeveritySchemeRequest { project: project(), ..Default::default() };
    let refusal = refused(pia.change_severity_scheme(malformed).await, Code::InvalidArgument, "INVALID_FIELDS");
    assert_eq!(refusal.fields(), ["scheme", "request_id"]);
    let severities = vec![projects::Severity::default(); 21];
    let scheme = Some(SeverityScheme { severities, default_severity: String::new() });
    let malformed =
        projects::ChangeSeveritySchemeRequest { request_id: fresh(), project: project(), scheme, ..Default::default() };
    let refusal = refused(pia.change_severity_scheme(malformed).await, Code::InvalidArgument, "INVALID_FIELDS");
    assert_eq!(refusal.fields()[..3], ["scheme.severities", "scheme.severities[0].id", "scheme.severities[0].name"]);
}

/// An empty request names all the fields that the command needs.
#[tokio::test]
async fn every_command_names_all_that_it_needs() {
    let given = Given::project().await;
    let mut issues = given.issues("ada");
    let mut projects = given.projects("ada");
    let mut releases = given.releases("ada");
    macro_rules! need {
        ($client:ident: $($method:ident($Request:path) $needs:expr;)*) => {$(
            let request = <$Request>::default();
            let refusal = refused($client.$method(request).await, Code::InvalidArgument, "INVALID_FIELDS");
            let needs: &[&str] = &$needs;
            assert_eq!(refusal.fields(), [needs, &["request_id"]].concat(), stringify!($method));
        )*};
    }
    need! { issues:
        amend_report(AmendReportRequest) ["key", "report"];
        request_information(RequestInformationRequest) ["key", "of", "text"];
        provide_information(ProvideInformationRequest) ["key", "text"];
        withdraw_request(WithdrawRequestRequest) ["key"];
        triage_issue(TriageIssueRequest) ["key", "level", "severity"];
        change_severity(ChangeSeverityRequest) ["key", "severity"];
        change_level(ChangeLevelRequest) ["key", "level"];
        assign_issue(AssignIssueRequest) ["key", "assignee"];
        hand_over_issue(HandOverIssueRequest) ["key", "team"];
        accept_issue(AcceptIssueRequest) ["key"];
        return_to_triage(ReturnToTriageRequest) ["key"];
        record_workaround(RecordWorkaroundRequest) ["key", "text"];
        withdraw_workaround(WithdrawWorkaroundRequest) ["key"];
        delegate_verification(DelegateVerificationRequest) ["key", "to"];
        resolve_issue(ResolveIssueRequest) ["key", "code"];
        add_regression_tests(AddRegressionTestsRequest) ["key", "tests"];
        reject_resolution(RejectResolutionRequest) ["key"];
        verify_issue(VerifyIssueRequest) ["key"];
        mark_in_production(MarkInProductionRequest) ["key", "release"];
        close_issue(CloseIssueRequest) ["key"];
        withdraw_from_production(WithdrawFromProductionRequest) ["key"];
        reopen_issue(ReopenIssueRequest) ["key"];
        dismiss_issue(DismissIssueRequest) ["key", "dismissal"];
        change_component(ChangeComponentRequest) ["key", "component"];
        name_cause(NameCauseRequest) ["key", "release"];
        link_issues(LinkIssuesRequest) ["key", "kind", "other"];
        comment_on_issue(CommentOnIssueRequest) ["key", "text"];
        watch_issue(WatchIssueRequest) ["key"];
        estimate_item(EstimateItemRequest) ["key"];
        rebase_clocks(RebaseClocksRequest) ["key"];
        record_sla_at_risk(RecordSlaAtRiskRequest) ["key", "clock", "cycle", "set_by"];
        record_sla_breach(RecordSlaBreachRequest) ["key", "clock", "cycle", "set_by"];
        correct_sla_breach(CorrectSlaBreachRequest) ["key", "clock", "cycle"];
        record_escalation(RecordEscalationRequest) ["key", "clock", "cycle", "set_by", "step"];
        record_delivery(RecordDeliveryRequest) ["key", "cycle", "rule"];
    }
    need! { projects:
        create_project(projects::CreateProjectRequest) ["project", "name"];
        add_component(projects::AddComponentRequest) ["project", "component"];
        change_component_owner(projects::ChangeComponentOwnerRequest) ["project", "component"];
        add_team(projects::AddTeamRequest) ["project", "team", "model"];
        add_product_owner(projects::AddProductOwnerRequest) ["project", "person"];
        remove_product_owner(projects::RemoveProductOwnerRequest) ["project", "person"];
        add_customer(projects::AddCustomerRequest) ["project", "customer"];
        add_customer_person(projects::AddCustomerPersonRequest) ["project", "customer", "person"];
        remove_customer_person(projects::RemoveCustomerPersonRequest) ["project", "customer", "person"];
        set_self_verification(projects::SetSelfVerificationRequest) ["project"];
        switch_reactor(projects::SwitchReactorRequest) ["project", "reactor"];
        add_team_member(projects::AddTeamMemberRequest) ["project", "team", "person"];
        remove_team_member(projects::RemoveTeamMemberRequest) ["project", "team", "person"];
        set_member_away(projects::SetMemberAwayRequest) ["project", "team", "person", "until"];
        set_member_back(projects::SetMemberBackRequest) ["project", "team", "person"];
    }
    need! { releases:
        record_deployment(RecordDeploymentRequest) ["project", "release", "environment"];
        record_rollback(RecordRollbackRequest) ["project", "release", "environment"];
    }
}
