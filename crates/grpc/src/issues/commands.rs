//! Each command: its message's fields, and what they mean. The order is that of the contract.

use api::issues::v1::issues_service_server::IssuesService;
#[cfg_attr(not(test), expect(clippy::wildcard_imports, reason = "every message of the service"))]
use api::issues::v1::*;
use domain::Fact;
use domain::ids::{ComponentId, IssueId, PersonId, ProjectId, ReleaseId, SeverityId, TeamId};
use domain::issue::{Command, FileIssue, TriageIssue};
use domain::text::{Text, Title};
use tonic::{Request, Response, Status};
use uuid::Uuid;

use super::{IssueCommand, Issues, parse, show, sla};
use crate::call::{Call, reply};
use crate::fields::{Faults, short};
use crate::limits::{LIST_ITEMS_MAX, REFERENCE_CHARS_MAX};
use crate::mutations;
use crate::status::{self, Subject};

/// `method(Message -> Reply) [occurred_at] |message, faults, actor| command`, the brackets empty where the message has no time.
macro_rules! issue_commands {
    ($($method:ident($Message:ident -> $Reply:ident) [$($late:ident)*] |$message:pat_param, $faults:pat_param, $actor:pat_param| $parse:expr;)*) => {
        mutations! { issue: Issue; $($Message -> $Reply [expected_revision] [$($late)*];)* }

        $(impl IssueCommand for $Message {
            fn key(&self) -> &str {
                &self.key
            }

            fn command(self, faults: &mut Faults, actor: &PersonId) -> Option<Command> {
                let ($message, $faults, $actor) = (self, faults, actor);
                $parse
            }
        })*

        #[tonic::async_trait]
        impl IssuesService for Issues {
            $(async fn $method(&self, request: Request<$Message>) -> Result<Response<$Reply>, Status> {
                self.run(request).await
            })*

            async fn file_issue(&self, request: Request<FileIssueRequest>) -> Result<Response<FileIssueResponse>, Status> {
                self.file(request).await
            }

            async fn get_issue(&self, request: Request<GetIssueRequest>) -> Result<Response<GetIssueResponse>, Status> {
                self.get(request).await
            }

            async fn list_issues(&self, request: Request<ListIssuesRequest>) -> Result<Response<ListIssuesResponse>, Status> {
                self.list(request).await
            }
        }
    };
}

issue_commands! {
    amend_report(AmendReportRequest -> AmendReportResponse) [occurred_at] |message, faults, _| {
        if message.report.as_ref().is_none_or(|report| *report == Report::default()) {
            faults.add("report", "is required, with one part at least");
        }
        Some(Command::AmendReport { report: parse::report(faults, "report", message.report) })
    };
    request_information(RequestInformationRequest -> RequestInformationResponse) [] |message, faults, _| {
        let of = parse::asked(faults, message.of, &message.person);
        let text = faults.required("text", &message.text, Text::parse);
        Some(Command::RequestInformation { of: of?, text: text? })
    };
    provide_information(ProvideInformationRequest -> ProvideInformationResponse) [occurred_at] |message, faults, _| {
        faults.at_most("questions", message.questions.len(), LIST_ITEMS_MAX);
        let text = faults.required("text", &message.text, Text::parse);
        Some(Command::ProvideInformation { questions: message.questions, text: Some(text?) })
    };
    withdraw_request(WithdrawRequestRequest -> WithdrawRequestResponse) [occurred_at] |message, faults, _| {
        faults.at_most("questions", message.questions.len(), LIST_ITEMS_MAX);
        Some(Command::WithdrawRequest { questions: message.questions })
    };
    triage_issue(TriageIssueRequest -> TriageIssueResponse) [occurred_at] |message, faults, _| {
        let level = faults.choice("level", message.level, parse::level);
        let nature = faults.maybe_choice("nature", message.nature, parse::nature);
        let severity = faults.required("severity", &message.severity, SeverityId::parse);
        let component = faults.optional("component", &message.component, ComponentId::parse);
        let team = faults.optional("team", &message.team, TeamId::parse);
        let reason = faults.optional("reason", &message.reason, Text::parse);
        let (level, severity) = (Fact::Known(level?), Fact::Known(severity?));
        Some(Command::TriageIssue(TriageIssue { level, nature, severity, component, team, reason }))
    };
    change_severity(ChangeSeverityRequest -> ChangeSeverityResponse) [occurred_at] |message, faults, _| {
        let severity = faults.required("severity", &message.severity, SeverityId::parse);
        let reason = faults.optional("reason", &message.reason, Text::parse);
        Some(Command::ChangeSeverity { severity: severity?, reason })
    };
    change_level(ChangeLevelRequest -> ChangeLevelResponse) [occurred_at] |message, faults, _| {
        let level = faults.choice("level", message.level, parse::level);
        let nature = faults.maybe_choice("nature", message.nature, parse::nature);
        let team = faults.optional("team", &message.team, TeamId::parse);
        let reason = faults.optional("reason", &message.reason, Text::parse);
        Some(Command::ChangeLevel { level: level?, nature, team, reason })
    };
    assign_issue(AssignIssueRequest -> AssignIssueResponse) [occurred_at] |message, faults, _| {
        let assignee = faults.required("assignee", &message.assignee, PersonId::parse);
        Some(Command::AssignIssue { assignee: Some(assignee?) })
    };
    hand_over_issue(HandOverIssueRequest -> HandOverIssueResponse) [occurred_at] |message, faults, _| {
        let team = faults.required("team", &message.team, TeamId::parse);
        let reason = faults.optional("reason", &message.reason, Text::parse);
        Some(Command::HandOverIssue { team: team?, reason })
    };
    accept_issue(AcceptIssueRequest -> AcceptIssueResponse) [occurred_at late_reason] |_, _, _| Some(Command::AcceptIssue);
    return_to_triage(ReturnToTriageRequest -> ReturnToTriageResponse) [occurred_at] |message, faults, _| {
        Some(Command::ReturnToTriage { reason: faults.optional("reason", &message.reason, Text::parse) })
    };
    record_workaround(RecordWorkaroundRequest -> RecordWorkaroundResponse) [occurred_at late_reason] |message, faults, _| {
        Some(Command::RecordWorkaround { text: faults.required("text", &message.text, Text::parse)? })
    };
    withdraw_workaround(WithdrawWorkaroundRequest -> WithdrawWorkaroundResponse) [occurred_at] |message, faults, _| {
        Some(Command::WithdrawWorkaround { reason: faults.optional("reason", &message.reason, Text::parse) })
    };
    delegate_verification(DelegateVerificationRequest -> DelegateVerificationResponse) [occurred_at] |message, faults, _| {
        Some(Command::DelegateVerification { to: faults.required("to", &message.to, PersonId::parse)? })
    };
    resolve_issue(ResolveIssueRequest -> ResolveIssueResponse) [occurred_at late_reason] |message, faults, _| {
        Some(Command::ResolveIssue { fix: Fact::Known(parse::fix(faults, &message)?) })
    };
    add_regression_tests(AddRegressionTestsRequest -> AddRegressionTestsResponse) [occurred_at] |message, faults, _| {
        if message.tests.is_empty() {
            faults.add("tests", "must have one element at least");
        }
        Some(Command::AddRegressionTests { tests: faults.list("tests", &message.tests, short(REFERENCE_CHARS_MAX)) })
    };
    reject_resolution(RejectResolutionRequest -> RejectResolutionResponse) [occurred_at] |message, faults, _| {
        Some(Command::RejectResolution { reason: faults.optional("reason", &message.reason, Text::parse) })
    };
    verify_issue(VerifyIssueRequest -> VerifyIssueResponse) [occurred_at] |message, faults, actor| {
        let confirmed_by = faults.optional("confirmed_by", &message.confirmed_by, PersonId::parse);
        Some(Command::VerifyIssue { confirmed_by: Fact::Known(confirmed_by.unwrap_or_else(|| actor.clone())) })
    };
    mark_in_production(MarkInProductionRequest -> MarkInProductionResponse) [occurred_at late_reason] |message, faults, _| {
        Some(Command::MarkInProduction { release: faults.required("release", &message.release, ReleaseId::parse)? })
    };
    close_issue(CloseIssueRequest -> CloseIssueResponse) [occurred_at late_reason] |message, faults, _| {
        Some(Command::CloseIssue { closing: parse::closing(faults, &message)? })
    };
    withdraw_from_production(WithdrawFromProductionRequest -> WithdrawFromProductionResponse) [occurred_at] |message, faults, _| {
        Some(Command::WithdrawFromProduction { reason: faults.optional("reason", &message.reason, Text::parse) })
    };
    reopen_issue(ReopenIssueRequest -> ReopenIssueResponse) [occurred_at] |message, faults, _| {
        Some(Command::ReopenIssue { reason: faults.optional("reason", &message.reason, Text::parse) })
    };
    dismiss_issue(DismissIssueRequest -> DismissIssueResponse) [occurred_at] |message, faults, _| {
        let dismissal = parse::dismissal(faults, &message);
        let note = faults.optional("note", &message.note, Text::parse);
        Some(Command::DismissIssue { dismissal: Fact::Known(dismissal?), note })
    };
    change_component(ChangeComponentRequest -> ChangeComponentResponse) [occurred_at] |message, faults, _| {
        let component = faults.required("component", &message.component, ComponentId::parse);
        let reason = faults.optional("reason", &message.reason, Text::parse);
        Some(Command::ChangeComponent { component: component?, reason })
    };
    name_cause(NameCauseRequest -> NameCauseResponse) [occurred_at] |message, faults, _| {
        Some(Command::NameCause { release: faults.required("release", &message.release, ReleaseId::parse)? })
    };
    link_issues(LinkIssuesRequest -> LinkIssuesResponse) [occurred_at] |message, faults, _| {
        let kind = faults.choice("kind", message.kind, parse::link_kind);
        let other = faults.required("other", &message.other, parse::other);
        Some(Command::LinkIssues { kind: kind?, other: other? })
    };
    comment_on_issue(CommentOnIssueRequest -> CommentOnIssueResponse) [occurred_at] |message, faults, _| {
        Some(Command::CommentOnIssue { text: faults.required("text", &message.text, Text::parse)? })
    };
    watch_issue(WatchIssueRequest -> WatchIssueResponse) [] |message, faults, actor| {
        let person = faults.optional("person", &message.person, PersonId::parse);
        Some(Command::WatchIssue { person: person.unwrap_or_else(|| actor.clone()) })
    };
    estimate_item(EstimateItemRequest -> EstimateItemResponse) [] |message, _, _| {
        Some(Command::EstimateItem { points: message.points })
    };
    rebase_clocks(RebaseClocksRequest -> RebaseClocksResponse) [] |message, faults, _| Some(sla::rebase(&message, faults));
    record_sla_at_risk(RecordSlaAtRiskRequest -> RecordSlaAtRiskResponse) [] |message, faults, _| sla::at_risk(&message, faults);
    record_sla_breach(RecordSlaBreachRequest -> RecordSlaBreachResponse) [] |message, faults, _| sla::breach(&message, faults);
    correct_sla_breach(CorrectSlaBreachRequest -> CorrectSlaBreachResponse) [] |message, faults, _| sla::correct(&message, faults);
    record_escalation(RecordEscalationRequest -> RecordEscalationResponse) [] |message, faults, _| sla::escalate(&message, faults);
    record_delivery(RecordDeliveryRequest -> RecordDeliveryResponse) [occurred_at] |message, faults, _| sla::delivery(&message, faults);
}

mutations! { issue: Issue; FileIssueRequest -> FileIssueResponse [] [occurred_at]; }

impl Issues {
    async fn file(&self, request: Request<FileIssueRequest>) -> Result<Response<FileIssueResponse>, Status> {
        let (message, mut call) = Call::open(request)?;
        let faults = &mut call.faults;
        let project = faults.required("project", &message.project, ProjectId::parse);
        let title = faults.required("title", &message.title, Title::parse);
        let source = parse::source(faults, message.source);
        let report = parse::report(faults, "report", message.report);
        let reported_severity = faults.optional("reported_severity", &message.reported_severity, SeverityId::parse);
        let component = faults.optional("component", &message.component, ComponentId::parse);
        let (request, ((project, title), source)) = call.close(project.zip(title).zip(source))?;
        let id = IssueId(Uuid::nil());
        let filing = FileIssue { id, title, source, report, reported_severity, component };
        let done = self.commands.file_issue(&project, filing, request).await;
        let done = done.map_err(|error| status::command_error(&error, &Subject(format!("projects/{project}"))))?;
        Ok(reply::<FileIssueRequest, _>(&done, show::issue(&done.state)))
    }
}
