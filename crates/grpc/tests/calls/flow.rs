//! A project's flow. The stories' clock stands at 2027-01-15, 08:00 UTC.

use api::flow::v1::{
    Dimension, GetCumulativeFlowRequest, GetThroughputRequest, GetTimesRequest, Measure, Percentiles, Standing, Step,
    StepThroughput, Window,
};
use prost_types::{Duration, Timestamp};
use tonic::Code;

use super::answers::refused;
use super::freshness::at_least;
use super::given::{Given, filing};
use super::life::{accept, triage};

const NOW: i64 = 1_800_000_000;
const DAY: i64 = 86_400;
/// The day of [`NOW`].
const TODAY: i64 = NOW - NOW % DAY;

fn instant(seconds: i64) -> Option<Timestamp> {
    Some(Timestamp { seconds, nanos: 0 })
}

/// The last so many days.
fn last(days: i64) -> Option<Window> {
    Some(Window { since: instant(TODAY - (days - 1) * DAY), until: None })
}

fn flow() -> GetCumulativeFlowRequest {
    GetCumulativeFlowRequest { project: "pay".into(), ..Default::default() }
}

fn throughput() -> GetThroughputRequest {
    GetThroughputRequest { project: "pay".into(), ..Default::default() }
}

/// PAY-1 filed three days ago, triaged a day later, accepted now; PAY-2 filed now. Gives a token of all that.
async fn two_issues(given: &Given) -> String {
    let mut earlier = filing();
    earlier.occurred_at = instant(NOW - 3 * DAY);
    given.issues("cora").file_issue(earlier).await.unwrap();
    let mut triage = triage("PAY-1");
    triage.occurred_at = instant(NOW - 2 * DAY);
    given.issues("ada").triage_issue(triage).await.unwrap();
    given.issues("ada").accept_issue(accept("PAY-1")).await.unwrap();
    given.issues("cora").file_issue(filing()).await.unwrap().into_inner().consistency_token
}

#[tokio::test]
async fn issues_stand_where_they_stood_each_day() {
    let given = Given::project().await;
    let token = two_issues(&given).await;
    let mut ada = given.flow("ada");
    let asked = GetCumulativeFlowRequest { window: last(4), consistency: at_least([&token]), ..flow() };
    let answer = ada.get_cumulative_flow(asked).await.unwrap().into_inner();
    assert!(!answer.consistency_token.is_empty());
    let found = answer.flow.unwrap();
    assert_eq!((found.project.as_str(), found.step(), found.by()), ("PAY", Step::Day, Dimension::Unspecified));
    assert_eq!((found.since, found.until), (instant(TODAY - 3 * DAY), instant(TODAY + DAY)));
    let [all] = found.series.as_slice() else { panic!("one series: {found:?}") };
    let day = |days: i64| Standing { start: instant(TODAY - days * DAY), ..Default::default() };
    let expected = [
        Standing { new_untriaged: 1, ..day(3) },
        Standing { new_triaged: 1, ..day(2) },
        Standing { new_triaged: 1, ..day(1) },
        Standing { new_untriaged: 1, accepted: 1, ..day(0) },
    ];
    assert_eq!(all.steps, expected);

    let by_team = GetCumulativeFlowRequest { by: Dimension::Team.into(), window: last(1), ..flow() };
    let by_team = ada.get_cumulative_flow(by_team).await.unwrap().into_inner().flow.unwrap();
    let told: Vec<_> = by_team.series.iter().map(|one| (one.value.as_str(), one.rest, one.steps.len())).collect();
    assert_eq!(told, [("", false, 1), ("core", false, 1)], "untriaged, nobody owns it");
}

#[tokio::test]
async fn issues_come_and_go_each_week() {
    let given = Given::project().await;
    let token = two_issues(&given).await;
    let asked = GetThroughputRequest {
        window: last(2),
        step: Step::Week.into(),
        consistency: at_least([&token]),
        ..throughput()
    };
    let found = given.flow("ada").get_throughput(asked).await.unwrap().into_inner().throughput.unwrap();
    // A Friday's week is from Monday to the next.
    assert_eq!((found.since, found.until), (instant(TODAY - 4 * DAY), instant(TODAY + 3 * DAY)));
    let expected = StepThroughput { start: found.since, filed: 2, ..Default::default() };
    assert_eq!(found.series[0].steps, [expected]);
}

#[tokio::test]
async fn times_are_told_with_how_many_they_are_of() {
    let given = Given::project().await;
    let token = two_issues(&given).await;
    let asked = |by: Dimension| GetTimesRequest {
        project: "PAY".into(),
        window: last(4),
        by: by.into(),
        consistency: at_least([&token]),
    };
    let mut ada = given.flow("ada");
    let found = ada.get_times(asked(Dimension::Unspecified)).await.unwrap().into_inner().times.unwrap();
    let accepted = found.values[0].measures.iter().find(|one| one.measure() == Measure::Accept).unwrap();
    let ended = accepted.ended.unwrap();
    let near = |told: Option<Duration>, days: i64| (told.unwrap().seconds - days * DAY).abs() <= days * DAY / 100 + 1;
    assert!(near(ended.p50, 3) && near(ended.p85, 3), "{ended:?}");
    assert_eq!((ended.points, ended.p95), (1, None));
    assert_eq!(accepted.waiting.map(|waiting| waiting.points), Some(1), "PAY-2");
    let lead = found.values[0].measures.iter().find(|one| one.measure() == Measure::Lead).unwrap();
    assert_eq!((lead.ended, lead.waiting.map(|waiting| waiting.points)), (Some(Percentiles::default()), Some(2)));

    let by_severity = ada.get_times(asked(Dimension::Severity)).await.unwrap().into_inner().times.unwrap();
    let month = (instant(1_798_761_600), instant(1_801_440_000));
    assert_eq!((by_severity.since, by_severity.until), month, "widened to January");
    let told: Vec<_> = by_severity.values.iter().map(|one| (one.value.as_str(), one.measures.len())).collect();
    assert_eq!(told, [("sev2", 4)]);
    assert!(by_severity.values[0].measures.iter().all(|one| one.waiting.is_none()));
}

#[tokio::test]
async fn windows_are_bounded_and_faults_told_all_at_once() {
    let given = Given::project().await;
    let mut ada = given.flow("ada");
    let faults = |refusal: super::answers::Refusal| refusal.fields().join(" ");
    let none = GetCumulativeFlowRequest { by: 99, step: -1, ..Default::default() };
    let refusal = refused(ada.get_cumulative_flow(none).await, Code::InvalidArgument, "INVALID_FIELDS");
    assert_eq!(faults(refusal), "project by step");
    let cases = [
        (Window { since: instant(NOW + DAY), until: None }, Step::Day, Dimension::Unspecified, "window.since"),
        (Window { since: instant(NOW), until: instant(NOW) }, Step::Day, Dimension::Unspecified, "window.since"),
        (Window { since: instant(NOW - 1830 * DAY), until: None }, Step::Month, Dimension::Team, "window.since"),
        (Window { since: instant(NOW - 366 * DAY), until: None }, Step::Week, Dimension::Team, "window"),
        (
            Window { since: Some(Timestamp { seconds: 0, nanos: -1 }), until: None },
            Step::Day,
            Dimension::Team,
            "window.since",
        ),
    ];
    for (window, step, by, fields) in cases {
        let asked = GetThroughputRequest { window: Some(window), step: step.into(), by: by.into(), ..throughput() };
        let refusal = refused(ada.get_throughput(asked).await, Code::InvalidArgument, "INVALID_FIELDS");
        assert_eq!(faults(refusal), fields, "{window:?}");
    }
    let steps = [
        (last(366), Dimension::Team, Step::Day, 366),
        (last(367), Dimension::Team, Step::Month, 13),
        (last(367), Dimension::Unspecified, Step::Week, 53),
        (last(1830), Dimension::Unspecified, Step::Week, 262),
        (None, Dimension::Unspecified, Step::Day, 90),
    ];
    given.file().await;
    for (window, by, step, count) in steps {
        let asked = GetThroughputRequest { window, by: by.into(), ..throughput() };
        let found = ada.get_throughput(asked).await.unwrap().into_inner().throughput.unwrap();
        assert_eq!(found.step(), step, "{window:?}");
        assert!(found.series.iter().all(|series| series.steps.len() == count), "{window:?}");
    }
}

#[tokio::test]
async fn an_unknown_project_has_no_flow() {
    let given = Given::project().await;
    let mut ada = given.flow("ada");
    let project = || "WEB".to_owned();
    let unknown = |code| (code, "UNKNOWN_PROJECT");
    let (code, reason) = unknown(Code::NotFound);
    refused(ada.get_cumulative_flow(GetCumulativeFlowRequest { project: project(), ..flow() }).await, code, reason);
    refused(ada.get_throughput(GetThroughputRequest { project: project(), ..throughput() }).await, code, reason);
    refused(ada.get_times(GetTimesRequest { project: project(), ..Default::default() }).await, code, reason);
    let empty = ada.get_cumulative_flow(flow()).await.unwrap().into_inner().flow.unwrap();
    assert!(empty.series[0].steps.iter().all(|day| *day == Standing { start: day.start, ..Default::default() }));
}
