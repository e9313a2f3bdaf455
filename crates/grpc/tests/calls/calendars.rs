//! Calendars: defined, shown, counted on; and everything that is none, refused before anything is recorded.

use api::calendars::v1::calendar_service_client::CalendarServiceClient;
use api::calendars::v1::{
    Calendar, CalendarDefinition, ComputeDeadlineRequest, DatedDay, DefineCalendarRequest, GetCalendarRequest,
    ListCalendarsRequest, MeasureWorkingTimeRequest, Weekday, WorkingDay,
};
use api::policies::v1::{Target, target};
use api::projects::v1::GetProjectRequest;
use prost_types::{Duration, Timestamp};
use tonic::Code;

use super::answers::refused;
use super::given::{Actor, Client, Given, fresh};

fn client(given: &Given) -> CalendarServiceClient<Client> {
    CalendarServiceClient::with_interceptor(given.channel(), Actor::named("pia"))
}

fn day(weekday: Weekday, hours: &[&str]) -> WorkingDay {
    WorkingDay { weekday: weekday.into(), hours: hours.iter().map(ToString::to_string).collect() }
}

fn dated(date: &str, name: &str, hours: &[&str]) -> DatedDay {
    DatedDay { date: date.into(), name: name.into(), hours: hours.iter().map(ToString::to_string).collect() }
}

/// Monday to Friday 09:00 to 17:00 in London.
fn office(id: &str, dates: &[DatedDay]) -> CalendarDefinition {
    use Weekday::{Friday, Monday, Thursday, Tuesday, Wednesday};
    let week = [Monday, Tuesday, Wednesday, Thursday, Friday].map(|weekday| day(weekday, &["09:00-17:00"]));
    CalendarDefinition { id: id.into(), zone: "Europe/London".into(), week: week.into(), dates: dates.to_vec() }
}

fn define(definition: CalendarDefinition) -> DefineCalendarRequest {
    DefineCalendarRequest {
        request_id: fresh(),
        project: "PAY".into(),
        definition: Some(definition),
        expected_revision: None,
    }
}

fn get(calendar: &str, version: Option<u32>) -> GetCalendarRequest {
    GetCalendarRequest { project: "PAY".into(), calendar: calendar.into(), version }
}

fn time(text: &str) -> Timestamp {
    let time: jiff::Timestamp = text.parse().unwrap();
    Timestamp { seconds: time.as_second(), nanos: 0 }
}

fn hours(hours: i64) -> Target {
    Target { target: Some(target::Target::WorkingTime(Duration { seconds: hours * 3600, nanos: 0 })) }
}

fn compute(from: &str, target: Target) -> ComputeDeadlineRequest {
    ComputeDeadlineRequest {
        project: "PAY".into(),
        calendar: "office".into(),
        from: Some(time(from)),
        target: Some(target),
        ..Default::default()
    }
}

async fn defined(given: &Given, definition: CalendarDefinition) -> Calendar {
    client(given).define_calendar(define(definition)).await.unwrap().into_inner().calendar.unwrap()
}

#[tokio::test]
async fn a_calendar_is_defined_and_defined_anew() {
    let given = Given::project().await;
    let first = defined(&given, office("office", &[])).await;
    assert_eq!((first.version, first.versions, first.definition.clone()), (1, 1, Some(office("office", &[]))));
    assert!(first.counts_days && !first.zone_rules_outdated && !first.zone_database.is_empty());
    let holiday = [dated("2026-12-24", "Christmas Eve", &["09:00-12:00"]), dated("2026-12-25", "Christmas", &[])];
    let second = defined(&given, office("office", &holiday)).await;
    assert_eq!((second.version, second.versions), (2, 2));

    let mut pia = client(&given);
    let newest = pia.get_calendar(get("office", None)).await.unwrap().into_inner().calendar.unwrap();
    assert_eq!(newest, second);
    let oldest = pia.get_calendar(get("office", Some(1))).await.unwrap().into_inner().calendar.unwrap();
    assert_eq!((oldest.version, oldest.versions, oldest.definition), (1, 2, first.definition));
    refused(pia.get_calendar(get("office", Some(3))).await, Code::NotFound, "UNKNOWN_CALENDAR");
    refused(pia.get_calendar(get("nights", None)).await, Code::NotFound, "UNKNOWN_CALENDAR");
    refused(
        pia.define_calendar(define(office("office", &holiday))).await,
        Code::FailedPrecondition,
        "SETTING_UNCHANGED",
    );
    let refusal =
        refused(pia.define_calendar(define(office("24x7", &[]))).await, Code::FailedPrecondition, "CALENDAR_BUILT_IN");
    assert_eq!(refusal.fact("calendar"), "24x7");
    let stale = DefineCalendarRequest { expected_revision: Some(1), ..define(office("other", &[])) };
    refused(pia.define_calendar(stale).await, Code::Aborted, "CONFLICT");
}

#[tokio::test]
async fn a_retry_is_answered_as_it_was() {
    let given = Given::project().await;
    let request = define(office("office", &[]));
    let mut pia = client(&given);
    let first = pia.define_calendar(request.clone()).await.unwrap().into_inner();
    let again = pia.define_calendar(request.clone()).await.unwrap().into_inner();
    assert_eq!((first.calendar, first.revision), (again.calendar, again.revision));
    let other = DefineCalendarRequest { definition: Some(office("other", &[])), ..request };
    refused(pia.define_calendar(other).await, Code::AlreadyExists, "REQUEST_ID_REUSED");
}

#[tokio::test]
async fn a_holiday_added_late_says_which_policy_counts_on_it() {
    let given = Given::project().await;
    let built_in = client(&given).get_calendar(get("business", None)).await.unwrap().into_inner().calendar.unwrap();
    assert_eq!((built_in.version, built_in.defined_at, built_in.policies), (0, None, vec![0]));
    let first = defined(&given, office("business", &[])).await;
    let second = defined(&given, office("business", &[dated("2026-12-25", "", &[])])).await;
    assert_eq!((first.policies, second.policies), (vec![1], vec![2]), "each is adopted anew beside");
}

#[tokio::test]
async fn calendars_are_listed_a_page_at_a_time() {
    let given = Given::project().await;
    for id in ["office", "nights"] {
        defined(&given, office(id, &[dated("2026-12-25", "", &[])])).await;
    }
    let mut pia = client(&given);
    let mut query = ListCalendarsRequest { project: "PAY".into(), page_size: 3, page_token: String::new() };
    let first = pia.list_calendars(query.clone()).await.unwrap().into_inner();
    let told: Vec<_> =
        first.calendars.iter().map(|one| (one.id.as_str(), one.version, one.weekdays, one.dates)).collect();
    assert_eq!(told, [("24x7", 0, 7, 0), ("business", 0, 5, 0), ("nights", 1, 5, 1)]);
    query.page_token = first.next_page_token;
    let last = pia.list_calendars(query.clone()).await.unwrap().into_inner();
    assert_eq!(last.calendars.iter().map(|one| one.id.as_str()).collect::<Vec<_>>(), ["office"]);
    assert_eq!(last.next_page_token, "");
    query.project = "OTHER".into();
    refused(pia.list_calendars(query.clone()).await, Code::InvalidArgument, "PAGE_TOKEN_INVALID");
    query.page_token.clear();
    refused(pia.list_calendars(query).await, Code::NotFound, "UNKNOWN_PROJECT");
}

#[tokio::test]
async fn a_deadline_says_how_it_was_counted() {
    let given = Given::project().await;
    defined(&given, office("office", &[dated("2026-03-09", "Day off", &[])])).await;
    let mut pia = client(&given);
    let due = pia.compute_deadline(compute("2026-03-06T15:00:00Z", hours(4))).await.unwrap().into_inner();
    assert_eq!(due.deadline, Some(time("2026-03-10T11:00:00Z")));
    assert_eq!((due.version, due.zone.as_str(), due.span_count), (1, "Europe/London", 2));
    assert_eq!(due.length.map(|length| length.seconds), Some(4 * 3600));
    let spans: Vec<_> = due.spans.iter().map(|span| (span.opens.unwrap(), span.closes.unwrap())).collect();
    let expected = [("2026-03-06T15:00:00Z", "2026-03-06T17:00:00Z"), ("2026-03-10T09:00:00Z", "2026-03-10T11:00:00Z")];
    assert_eq!(spans, expected.map(|(opens, closes)| (time(opens), time(closes))));
    assert_eq!(due.dates, [dated("2026-03-09", "Day off", &[])]);

    let paused = Some(Duration { seconds: 3600, nanos: 0 });
    let later = ComputeDeadlineRequest { paused, ..compute("2026-03-06T15:00:00Z", hours(4)) };
    let due = pia.compute_deadline(later).await.unwrap().into_inner();
    assert_eq!(due.deadline, Some(time("2026-03-10T12:00:00Z")));
    let days = Target { target: Some(target::Target::WorkingDays(2)) };
    let due = pia.compute_deadline(compute("2026-03-07T10:00:00Z", days)).await.unwrap().into_inner();
    assert_eq!((due.starts, due.deadline), (Some(time("2026-03-10T09:00:00Z")), Some(time("2026-03-12T09:00:00Z"))));

    let between = MeasureWorkingTimeRequest {
        project: "PAY".into(),
        calendar: "office".into(),
        version: None,
        from: Some(time("2026-03-06T15:00:00Z")),
        to: Some(time("2026-03-10T10:30:00Z")),
    };
    let measured = pia.measure_working_time(between.clone()).await.unwrap().into_inner();
    assert_eq!(measured.working_time.map(|time| time.seconds), Some(12_600));
    let backwards = MeasureWorkingTimeRequest { from: between.to, to: between.from, ..between };
    let refusal = refused(pia.measure_working_time(backwards).await, Code::InvalidArgument, "INVALID_FIELDS");
    assert_eq!(refusal.fields(), ["to"]);
}

#[tokio::test]
async fn a_target_that_has_no_deadline_is_refused() {
    let given = Given::project().await;
    defined(&given, office("office", &[])).await;
    let mut nights = office("nights", &[]);
    nights.week = vec![day(Weekday::Monday, &["22:00-06:00"])];
    assert!(!defined(&given, nights).await.counts_days);
    let mut pia = client(&given);
    let days = |days| Target { target: Some(target::Target::WorkingDays(days)) };
    let over_midnight =
        ComputeDeadlineRequest { calendar: "nights".into(), ..compute("2026-03-06T15:00:00Z", days(2)) };
    for request in [
        over_midnight,
        compute("2026-03-06T15:00:00Z", hours(1_000_000)),
        compute("2026-03-06T15:00:00Z", days(u32::MAX)),
        compute("2200-03-06T15:00:00Z", hours(1)),
    ] {
        refused(pia.compute_deadline(request).await, Code::FailedPrecondition, "NO_DEADLINE");
    }
    let nothing = Target { target: None };
    for (target, field) in [
        (hours(0), "target.working_time"),
        (hours(-1), "target.working_time"),
        (days(0), "target.working_days"),
        (nothing, "target"),
    ] {
        let refusal = refused(
            pia.compute_deadline(compute("2026-03-06T15:00:00Z", target)).await,
            Code::InvalidArgument,
            "INVALID_FIELDS",
        );
        assert_eq!(refusal.fields(), [field]);
    }
    let empty =
        refused(pia.compute_deadline(ComputeDeadlineRequest::default()).await, Code::InvalidArgument, "INVALID_FIELDS");
    assert_eq!(empty.fields(), ["project", "calendar", "from", "target"]);
}

#[tokio::test]
async fn what_is_no_calendar_is_refused_whole_and_nothing_is_recorded() {
    let given = Given::project().await;
    let mut pia = client(&given);
    let revision = async || {
        let project = given.projects("pia").get_project(GetProjectRequest { project: "PAY".into() }).await.unwrap();
        project.into_inner().project.unwrap().revision
    };
    let before = revision().await;

    let overlapping = CalendarDefinition {
        week: vec![day(Weekday::Monday, &["09:00-13:00", "12:00-17:00"]), day(Weekday::Monday, &["18:00-19:00"])],
        ..office("office", &[])
    };
    let refusal = refused(pia.define_calendar(define(overlapping)).await, Code::InvalidArgument, "INVALID_FIELDS");
    assert_eq!(refusal.fields(), ["definition.week.mon", "definition.week.mon[1]"]);

    let everything = CalendarDefinition {
        id: "my calendar".into(),
        zone: "Europe/Londn".into(),
        week: vec![day(Weekday::Unspecified, &["09:00-17:00"]), day(Weekday::Tuesday, &["9-5"])],
        dates: vec![dated("2026-02-30", "", &[]), dated("2026-12-24", "Eve", &["09:00-12:00", "11:00-13:00"])],
    };
    let refusal = refused(pia.define_calendar(define(everything)).await, Code::InvalidArgument, "INVALID_FIELDS");
    let expected = ["id", "zone", "week[0].day", "week.tue[0]", "dates[0].date", "dates.2026-12-24[1]"];
    assert_eq!(refusal.fields(), expected.map(|place| format!("definition.{place}")));

    let odd = ["09:00-09:00", "24:00-24:00", "17:00-24:01"];
    let odd = CalendarDefinition { week: vec![day(Weekday::Monday, &odd)], ..office("office", &[]) };
    let refusal = refused(pia.define_calendar(define(odd)).await, Code::InvalidArgument, "INVALID_FIELDS");
    assert_eq!(refusal.fields(), [0, 1, 2].map(|n| format!("definition.week.mon[{n}]")));

    let first = jiff::civil::date(2020, 1, 1);
    let dates: Vec<_> =
        (0..10_000).map(|n| dated(&first.saturating_add(jiff::ToSpan::days(n)).to_string(), "", &[])).collect();
    let refusal =
        refused(pia.define_calendar(define(office("office", &dates))).await, Code::InvalidArgument, "INVALID_FIELDS");
    assert_eq!(refusal.fields(), ["definition.dates"]);

    let empty = CalendarDefinition { week: vec![day(Weekday::Monday, &[])], ..office("office", &[]) };
    let refusal = refused(pia.define_calendar(define(empty)).await, Code::InvalidArgument, "INVALID_FIELDS");
    assert_eq!(refusal.fields(), ["definition.week"]);

    let nothing =
        refused(pia.define_calendar(DefineCalendarRequest::default()).await, Code::InvalidArgument, "INVALID_FIELDS");
    assert_eq!(nothing.fields(), ["project", "definition", "request_id"]);

    // The default policy counts working days on it.
    let mut nights = office("business", &[]);
    nights.week = vec![day(Weekday::Monday, &["22:00-06:00"])];
    let refusal = refused(pia.define_calendar(define(nights)).await, Code::FailedPrecondition, "CALENDAR_MALFORMED");
    assert!(refusal.fields().contains(&"calendar.policies[0].severities.sev2.mitigate"), "{:?}", refusal.fields());

    assert_eq!(revision().await, before, "nothing of all that was recorded");
}
