//! Who is on, when: planned as the reactor does, asked for, handed over.

use std::sync::Arc;

use api::issues::v1::{FileIssueRequest, RecordWorkaroundRequest, TriageIssueRequest};
use api::shifts::v1::shifts_service_client::ShiftsServiceClient;
use api::shifts::v1::{GetOnShiftRequest, HandOverShiftRequest, ListShiftsRequest, Obstacle, ShiftPlan};
use commands::{Commands, Request};
use domain::ids::IssueKey;
use domain::issue::Command;
use prost_types::Timestamp;
use tonic::Code;
use uuid::Uuid;

use super::answers::refused;
use super::freshness::at_least;
use super::given::{Actor, Client, Given, filing, fresh};
use super::life::triage;

const NOW: i64 = 1_800_000_000;
const HOUR: i64 = 3_600;

fn shifts(given: &Given) -> ShiftsServiceClient<Client> {
    ShiftsServiceClient::with_interceptor(given.channel(), Actor::named("ada"))
}

/// PAY-1 is down for a day, and shifts of ada and ben are planned. Gives a token of that.
async fn down_for_a_day(given: &Given) -> String {
    let filing = FileIssueRequest { reported_severity: "sev1".into(), ..filing() };
    given.issues("cora").file_issue(filing).await.unwrap();
    let triage = TriageIssueRequest { severity: "sev1".into(), ..triage("PAY-1") };
    given.issues("ada").triage_issue(triage).await.unwrap();
    given.environment.passes(24 * HOUR);
    by_itself(given, Command::PlanShifts).await;
    let comment = api::issues::v1::CommentOnIssueRequest {
        request_id: fresh(),
        key: "PAY-1".into(),
        text: "who is on?".into(),
        ..Default::default()
    };
    given.issues("ada").comment_on_issue(comment).await.unwrap().into_inner().consistency_token
}

/// The reactor of shifts does something to PAY-1.
async fn by_itself(given: &Given, command: Command) {
    let commands = Commands::new(given.log.clone(), given.environment.clone(), commands::Options::default());
    let request = Request {
        id: Uuid::parse_str(&fresh()).unwrap(),
        fingerprint: [1; 32],
        actor: "system:shifts".parse().unwrap(),
        expected_revision: None,
        occurred_at: None,
        late_reason: None,
        origin: None,
        traceparent: None,
    };
    let key = IssueKey::parse("PAY-1").unwrap();
    Arc::new(commands).issue(&key, command, request).await.unwrap();
}

fn told(plan: &ShiftPlan) -> Vec<(&str, i64)> {
    let seconds = |time: Option<Timestamp>| (time.unwrap().seconds - NOW) / HOUR;
    plan.shifts.iter().map(|shift| (shift.person.as_str(), seconds(shift.from))).collect()
}

#[tokio::test]
async fn who_is_on_is_told_for_an_issue_a_team_and_a_project() {
    let given = Given::project().await;
    let token = down_for_a_day(&given).await;
    let mut client = shifts(&given);
    let of_issue = GetOnShiftRequest { key: "pay-1".into(), ..Default::default() };
    let on = client.get_on_shift(of_issue).await.unwrap().into_inner();
    assert_eq!((on.on[0].team.as_str(), on.on[0].now.as_ref().unwrap().person.as_str()), ("core", "ada"));
    assert_eq!(on.on[0].next.as_ref().unwrap().person, "ben");
    assert_eq!(on.on[0].obstacle(), Obstacle::Unspecified);
    let project = |team: &str| GetOnShiftRequest {
        project: "PAY".into(),
        team: team.into(),
        consistency: at_least([&token]),
        ..Default::default()
    };
    assert_eq!(client.get_on_shift(project("")).await.unwrap().into_inner().on, on.on);
    assert_eq!(client.get_on_shift(project("core")).await.unwrap().into_inner().on, on.on);
    assert_eq!(client.get_on_shift(project("other")).await.unwrap().into_inner().on, []);
    let list = ListShiftsRequest { project: "PAY".into(), consistency: at_least([&token]), ..Default::default() };
    let plans = client.list_shifts(list).await.unwrap().into_inner().plans;
    assert_eq!((plans.len(), told(&plans[0])), (1, vec![("ada", 24), ("ben", 32), ("ada", 40)]));
}

#[tokio::test]
async fn a_shift_is_handed_over_and_refused_by_name() {
    let given = Given::project().await;
    down_for_a_day(&given).await;
    let mut client = shifts(&given);
    let over = |to: &str| HandOverShiftRequest {
        request_id: fresh(),
        key: "PAY-1".into(),
        to: to.into(),
        ..Default::default()
    };
    refused(client.hand_over_shift(over("zoe")).await, Code::FailedPrecondition, "NOT_A_MEMBER");
    refused(client.hand_over_shift(over("ada")).await, Code::FailedPrecondition, "ON_SHIFT_ALREADY");
    let never = HandOverShiftRequest { shift: Some(Timestamp { seconds: NOW, nanos: 0 }), ..over("ben") };
    refused(client.hand_over_shift(never).await, Code::FailedPrecondition, "NO_SUCH_SHIFT");
    let of_issue = GetOnShiftRequest { key: "PAY-1".into(), ..Default::default() };
    let next = client.get_on_shift(of_issue).await.unwrap().into_inner().on.remove(0).next.unwrap();
    assert_eq!(next.person, "ben");
    let later = HandOverShiftRequest { shift: next.from, ..over("ada") };
    let plan = client.hand_over_shift(later).await.unwrap().into_inner().plan.unwrap();
    assert_eq!(plan.shifts.iter().map(|shift| shift.person.as_str()).collect::<Vec<_>>(), ["ada", "ada", "ada"]);
}

#[tokio::test]
async fn where_no_shifts_are_planned_it_says_so() {
    let given = Given::project().await;
    down_for_a_day(&given).await;
    let workaround = RecordWorkaroundRequest {
        request_id: fresh(),
        key: "PAY-1".into(),
        text: "by invoice".into(),
        ..Default::default()
    };
    given.issues("ben").record_workaround(workaround).await.unwrap();
    by_itself(&given, Command::EndShifts).await;
    let of_issue = GetOnShiftRequest { key: "PAY-1".into(), ..Default::default() };
    refused(shifts(&given).get_on_shift(of_issue).await, Code::FailedPrecondition, "NO_SHIFTS");
    let neither = refused(
        shifts(&given).get_on_shift(GetOnShiftRequest::default()).await,
        Code::InvalidArgument,
        "INVALID_FIELDS",
    );
    assert_eq!(neither.fields(), ["key"]);
    let both = GetOnShiftRequest { key: "PAY-1".into(), project: "PAY".into(), ..Default::default() };
    let both = refused(shifts(&given).get_on_shift(both).await, Code::InvalidArgument, "INVALID_FIELDS");
    assert_eq!(both.fields(), ["project"]);
}
