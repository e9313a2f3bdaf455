//! What defining a calendar would do. The stories' clock stands at Friday, 2027-01-15, 08:00 UTC; the default policy holds.

use api::calendars::v1::calendar_service_client::CalendarServiceClient;
use api::calendars::v1::preview_calendar_response::Step;
use api::calendars::v1::{Calendar, CalendarDefinition, DatedDay, GetCalendarRequest, PreviewCalendarRequest};
use api::issues::v1::FileIssueRequest;
use api::policies::v1::{Clock, ClockMove, PreviewSummary};
use api::projects::v1::GetProjectRequest;
use tonic::Code;

use super::answers::refused;
use super::freshness::at_least;
use super::given::{Actor, Client, Given, filing};

fn client(given: &Given) -> CalendarServiceClient<Client> {
    CalendarServiceClient::with_interceptor(given.channel(), Actor::named("pia"))
}

/// The newest version of `business`, which the default policy counts on.
async fn business(given: &Given) -> CalendarDefinition {
    let asked = GetCalendarRequest { project: "PAY".into(), calendar: "business".into(), version: None };
    client(given).get_calendar(asked).await.unwrap().into_inner().calendar.unwrap().definition.unwrap()
}

/// By the project's default a Sev 3, counted in office hours.
fn unjudged() -> FileIssueRequest {
    FileIssueRequest { reported_severity: String::new(), ..filing() }
}

fn with_holiday(definition: CalendarDefinition, date: &str) -> CalendarDefinition {
    let day = DatedDay { date: date.into(), name: "Holiday".into(), hours: Vec::new() };
    CalendarDefinition { dates: vec![day], ..definition }
}

async fn preview(given: &Given, request: PreviewCalendarRequest) -> (Calendar, Vec<ClockMove>, PreviewSummary) {
    let mut steps = client(given).preview_calendar(request).await.unwrap().into_inner();
    let mut calendar = Calendar::default();
    let mut moves = Vec::new();
    loop {
        match steps.message().await.unwrap().unwrap().step.unwrap() {
            Step::Calendar(first) => calendar = first,
            Step::Move(one) => moves.push(one),
            Step::Summary(summary) => {
                assert_eq!(steps.message().await.unwrap(), None);
                return (calendar, moves, summary);
            }
        }
    }
}

async fn revision(given: &Given) -> u64 {
    let asked = GetProjectRequest { project: "PAY".into() };
    given.projects("pia").get_project(asked).await.unwrap().into_inner().project.unwrap().revision
}

#[tokio::test]
async fn a_holiday_added_late_would_move_what_runs_once_it_is_rebased() {
    let given = Given::project().await;
    let filed = given.issues("cora").file_issue(unjudged()).await.unwrap().into_inner();
    let before = revision(&given).await;
    let definition = with_holiday(business(&given).await, "2027-01-18");
    let request = PreviewCalendarRequest {
        project: "pay".into(),
        definition: Some(definition.clone()),
        without_clocks: false,
        consistency: at_least([&filed.consistency_token]),
    };
    let (calendar, moves, summary) = preview(&given, request.clone()).await;
    assert_eq!(
        (calendar.version, calendar.policies.as_slice(), &calendar.definition),
        (1, &[1][..], &Some(definition))
    );
    let told: Vec<_> =
        moves.iter().map(|one| (one.issue.as_str(), one.clock(), one.from_target == one.to_target)).collect();
    assert_eq!(told, [("PAY-1", Clock::Accept, true), ("PAY-1", Clock::Resolve, true)]);
    let days = moves.iter().map(|one| one.to_deadline.unwrap().seconds - one.from_deadline.unwrap().seconds);
    assert_eq!(days.collect::<Vec<_>>(), [86_400, 3 * 86_400], "by the Monday; the second over a weekend");
    assert_eq!((summary.issues, summary.moved, summary.breached), (1, 2, 0));
    let (_, moves, summary) = preview(&given, PreviewCalendarRequest { without_clocks: true, ..request }).await;
    assert_eq!((moves.len(), summary.issues), (0, 0));
    assert_eq!(revision(&given).await, before, "nothing is recorded");
}

#[tokio::test]
async fn a_calendar_that_no_policy_counts_on_moves_nothing_and_a_bad_one_is_refused() {
    let given = Given::project().await;
    let filed = given.issues("cora").file_issue(unjudged()).await.unwrap().into_inner();
    let asked = |definition| PreviewCalendarRequest {
        project: "PAY".into(),
        definition: Some(definition),
        without_clocks: false,
        consistency: at_least([&filed.consistency_token]),
    };
    let office = CalendarDefinition { id: "office".into(), ..business(&given).await };
    let (calendar, moves, summary) = preview(&given, asked(office.clone())).await;
    assert_eq!((calendar.version, calendar.policies.len(), moves.len(), summary.issues), (1, 0, 0, 0));

    let moon = CalendarDefinition { zone: "Moon/Crater".into(), week: Vec::new(), ..office };
    let refusal = refused(client(&given).preview_calendar(asked(moon)).await, Code::InvalidArgument, "INVALID_FIELDS");
    let mut fields = refusal.fields();
    fields.sort_unstable();
    assert_eq!(fields, ["definition.week", "definition.zone"]);
    let same = refused(
        client(&given).preview_calendar(asked(business(&given).await)).await,
        Code::FailedPrecondition,
        "SETTING_UNCHANGED",
    );
    assert!(!same.message.is_empty());
}
