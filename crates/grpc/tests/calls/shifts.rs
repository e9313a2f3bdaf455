//! Who is on, when: planned, asked for, handed over, ended.

use api::issues::v1::{FileIssueRequest, RecordWorkaroundRequest, TriageIssueRequest};
use api::shifts::v1::shifts_service_client::ShiftsServiceClient;
use api::shifts::v1::{
    EndShiftsRequest, GetOnShiftRequest, HandOverShiftRequest, ListShiftsRequest, Obstacle, PlanShiftsRequest,
    ShiftPlan,
};
use prost_types::Timestamp;
use tonic::Code;

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
    refused(shifts(given).plan_shifts(planning()).await, Code::FailedPrecondition, "NO_SHIFTS_NEEDED");
    given.environment.passes(24 * HOUR);
    let planned = shifts(given).plan_shifts(planning()).await.unwrap().into_inner();
    assert_eq!(told(&planned.plan.unwrap()), [("ada", 24), ("ben", 32), ("ada", 40)]);
    refused(shifts(given).plan_shifts(planning()).await, Code::FailedPrecondition, "SHIFTS_STAND");
    planned.consistency_token
}

fn planning() -> PlanShiftsRequest {
    PlanShiftsRequest { request_id: fresh(), key: "PAY-1".into(), ..Default::default() }
}

fn ending() -> EndShiftsRequest {
    EndShiftsRequest { request_id: fresh(), key: "PAY-1".into(), ..Default::default() }
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
    refused(shifts(&given).end_shifts(ending()).await, Code::FailedPrecondition, "SHIFTS_NEEDED");
    let workaround = RecordWorkaroundRequest {
        request_id: fresh(),
        key: "PAY-1".into(),
        text: "by invoice".into(),
        ..Default::default()
    };
    given.issues("ben").record_workaround(workaround).await.unwrap();
    let request = ending();
    let ended = shifts(&given).end_shifts(request.clone()).await.unwrap().into_inner();
    assert_eq!(ended.plan, Some(ShiftPlan { key: "PAY-1".into(), ..Default::default() }));
    assert_eq!(shifts(&given).end_shifts(request).await.unwrap().into_inner(), ended);
    refused(shifts(&given).end_shifts(ending()).await, Code::FailedPrecondition, "NO_SHIFTS");
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
