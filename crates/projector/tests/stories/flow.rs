//! How issues flow through the states, and how long that takes.

mod cost;
mod model;
mod walked;

use domain::Fact::Known;
use domain::issue::{Closing, Dismissal, IssueEvent, Level, Nature};
use domain::{Event, Origin};
use event_log::NewEvent;
use jiff::civil::Date;
use uuid::Uuid;
use views::flow::{Counts, Day, Dimension, Durations, GetDurations, GetSteps, Measure, Percentiles, Step, Steps};
use views::issue::Standing;

use super::events::{
    accepted, at, closed, commented, dismissed, filed, issue_stream, life, person, project, resolved, severity, text,
    triaged, triaged_unknown, verified,
};
use super::given::Given;

const HOURS_A_DAY: i64 = 24;

/// An event of the issue PAY-n that happened so many hours after noon of 2026-03-01, a Sunday; recorded now.
async fn happened(given: &mut Given, ordinal: u64, hours: i64, event: IssueEvent, implied: Option<bool>) {
    let origin = implied.map(|implied| Origin {
        system: "bugzilla".into(),
        reference: ordinal.to_string().into(),
        implied,
        imported_by: person("bot"),
    });
    let stored = codec::encode(&Event::from(event), origin.as_ref());
    let event = NewEvent {
        event_id: Uuid::from_u128(9),
        event_type: stored.event_type,
        schema_version: stored.schema_version,
        occurred_at: at(hours).as_microsecond(),
        facts: stored.facts,
        salt: if stored.texts.is_empty() { Vec::new() } else { vec![7; 32] },
        texts: stored.texts,
    };
    given.append_stored(&issue_stream("PAY", ordinal), event).await;
}

/// Events of PAY-n at these hours.
async fn happen(given: &mut Given, ordinal: u64, events: impl IntoIterator<Item = (i64, IssueEvent)>) {
    for (hours, event) in events {
        happened(given, ordinal, hours, event, None).await;
    }
}

fn day(date: &str) -> Day {
    let date: Date = date.parse().unwrap();
    Day::of(date.to_zoned(jiff::tz::TimeZone::UTC).unwrap().timestamp())
}

fn steps(step: Step, by: Option<Dimension>, since: &str, until: &str) -> GetSteps {
    GetSteps { project: project("PAY"), by, step, since: day(since), until: day(until) }
}

fn durations(by: Option<Dimension>, since: &str, until: &str) -> GetDurations {
    GetDurations { project: project("PAY"), by, since: day(since), until: day(until), now: at(0) }
}

/// A line for each step of each series: `03-02 NewTriaged 1, Accepted 2`.
fn standing(steps: &Steps) -> Vec<String> {
    let told = steps.series.iter().flat_map(|series| {
        steps.starts.iter().zip(series.standing()).map(|(start, stood)| {
            let stood = Standing::ALL.into_iter().zip(stood).filter(|(_, count)| *count != 0);
            let stood = stood.map(|(standing, count)| format!(" {standing:?} {count}")).collect::<Vec<_>>().join(",");
            let value = series.value.as_deref().map_or("(rest) ".into(), |value| match value {
                "" => String::new(),
                value => format!("{value} "),
            });
            format!("{value}{}{stood}", &start.date().to_string()[5..])
        })
    });
    told.collect()
}

/// What each step counts of all issues, `filed closed dismissed reopened`.
fn throughput(steps: &Steps) -> Vec<String> {
    let told = steps.starts.iter().zip(&steps.series[0].steps).map(|(start, counts)| {
        let Counts { filed, reopened, entered, .. } = counts;
        let (closed, dismissed) = (entered[Standing::Closed as usize], entered[Standing::Dismissed as usize]);
        format!("{} {filed} {closed} {dismissed} {reopened}", &start.date().to_string()[5..])
    });
    told.collect()
}

/// Measure and hours of what ended, where that is one: `Lead 48`.
fn hours(durations: &Durations) -> Vec<String> {
    let measures = durations.values.iter().flat_map(|of| &of.measures).filter(|told| told.ended.points > 0);
    let told = measures.map(|told| {
        let Percentiles { points, p50, .. } = told.ended;
        assert_eq!(points, 1, "{:?} ended once", told.measure);
        format!("{:?} {:.0}", told.measure, p50.unwrap() / 3600.0)
    });
    told.collect()
}

#[tokio::test(start_paused = true)]
async fn an_issue_stands_in_one_state_at_the_end_of_each_day() {
    let mut given = Given::nothing();
    let days = [0, 1, 1, 3, 4, 6].map(|day| day * HOURS_A_DAY);
    happen(&mut given, 1, days.into_iter().zip(life("Payments fail", "sev1"))).await;
    happen(&mut given, 2, [(2 * HOURS_A_DAY, filed("Later"))]).await;
    let found = given.ask(&steps(Step::Day, None, "2026-02-28", "2026-03-08")).await;
    assert_eq!(
        standing(&found),
        [
            "02-28",
            "03-01 NewUntriaged 1",
            "03-02 Accepted 1",
            "03-03 NewUntriaged 1, Accepted 1",
            "03-04 NewUntriaged 1, Resolved 1",
            "03-05 NewUntriaged 1, Verified 1",
            "03-06 NewUntriaged 1, Verified 1",
            "03-07 NewUntriaged 1, Closed 1",
        ]
    );
    let weeks = given.ask_now(&steps(Step::Week, None, "2026-03-01", "2026-03-08")).await;
    assert_eq!(standing(&weeks), ["02-23 NewUntriaged 1", "03-02 NewUntriaged 1, Closed 1"], "from Monday to Sunday");
    let later = given.ask_now(&steps(Step::Day, None, "2027-01-31", "2027-02-01")).await;
    assert_eq!(standing(&later), ["01-31 NewUntriaged 1, Closed 1"], "what stood before is known from months");
}

#[tokio::test(start_paused = true)]
async fn arrivals_and_completions_count_on_their_day_week_and_month() {
    let mut given = Given::nothing();
    happen(&mut given, 1, (0..).zip(life("Done", "sev1"))).await;
    happen(&mut given, 2, [(HOURS_A_DAY, filed("Never")), (2 * HOURS_A_DAY, dismissed(Dismissal::WontFix))]).await;
    let reopened = IssueEvent::IssueReopened { reason: None, unassigned: false };
    happen(&mut given, 1, [(3 * HOURS_A_DAY, reopened.clone())]).await;
    happen(&mut given, 2, [(40 * HOURS_A_DAY, reopened)]).await;
    let days = given.ask(&steps(Step::Day, None, "2026-03-01", "2026-03-05")).await;
    assert_eq!(throughput(&days), ["03-01 1 1 0 0", "03-02 1 0 0 0", "03-03 0 0 1 0", "03-04 0 0 0 1"]);
    let weeks = given.ask_now(&steps(Step::Week, None, "2026-03-01", "2026-03-09")).await;
    assert_eq!(throughput(&weeks), ["02-23 1 1 0 0", "03-02 1 0 1 1"]);
    let months = given.ask_now(&steps(Step::Month, None, "2026-03-31", "2026-04-02")).await;
    assert_eq!(throughput(&months), ["03-01 2 1 1 1", "04-01 0 0 0 1"]);
}

#[tokio::test(start_paused = true)]
async fn what_is_recorded_late_counts_on_the_day_on_which_it_happened() {
    let mut given = Given::nothing();
    happen(&mut given, 1, [(5 * HOURS_A_DAY, filed("On the sixth day"))]).await;
    happen(&mut given, 2, [(0, filed("Told late")), (HOURS_A_DAY, triaged("sev1"))]).await;
    let found = given.ask(&steps(Step::Day, None, "2026-03-01", "2026-03-03")).await;
    assert_eq!(standing(&found), ["03-01 NewUntriaged 1", "03-02 NewTriaged 1"]);
}

#[tokio::test(start_paused = true)]
async fn an_issue_counts_under_what_it_is_now_with_all_its_past() {
    let mut given = Given::nothing();
    happen(&mut given, 1, [(0, filed("Worse than it looks")), (1, triaged("sev3")), (2, accepted("dan"))]).await;
    let by = |dimension| steps(Step::Day, Some(dimension), "2026-03-01", "2026-03-02");
    assert_eq!(standing(&given.ask(&by(Dimension::Severity)).await), ["sev3 03-01 Accepted 1"]);
    let worse = IssueEvent::SeverityChanged { from: Known(severity("sev3")), to: severity("sev1"), reason: None };
    let moved = IssueEvent::ComponentChanged { from: None, to: "attic".parse().unwrap(), reason: None };
    happen(&mut given, 1, [(50, worse), (51, moved)]).await;
    let told = [
        (Dimension::Severity, "sev1"),
        (Dimension::Level, "code_or_data"),
        (Dimension::Nature, "bug"),
        (Dimension::Source, "product_owner"),
        (Dimension::Component, "attic"),
        (Dimension::Team, "dev"),
    ];
    for (dimension, value) in told {
        let found = given.ask(&by(dimension)).await;
        assert_eq!(standing(&found), [format!("{value} 03-01 Accepted 1")], "{dimension:?}");
        assert_eq!(found.series[0].steps[0].filed, 1, "it was filed under it, too");
        let times = given.ask_now(&durations(Some(dimension), "2026-03-01", "2026-03-02")).await;
        assert_eq!(times.values[0].value.as_deref(), Some(value));
        assert_eq!(hours(&times), ["Triage 1", "Accept 2", "InNewUntriaged 1", "InNewTriaged 1"], "{dimension:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn each_time_runs_from_its_beginning_to_its_end() {
    let around = || IssueEvent::WorkaroundRecorded { text: text("pay by card") };
    let level_2 = || IssueEvent::IssueTriaged {
        level: Known(Level::System),
        nature: Some(Nature::Incident),
        severity: Known(severity("sev1")),
        component: None,
        team: Known("ops".parse().unwrap()),
    };
    let applied = || IssueEvent::IssueClosed {
        closing: Known(Closing::DataApplied { at: Some(at(12)), by: Some(person("dan")) }),
        deployed_at: None,
    };
    let cases = [
        ("filed", vec![(0, filed("a")), (7, commented("me too"))], ""),
        ("dismissed", vec![(0, filed("a")), (7, dismissed(Dismissal::WontFix))], "Dismiss 7, InNewUntriaged 7"),
        (
            "accepted, with a workaround told late",
            vec![(0, filed("a")), (1, triaged("sev1")), (4, accepted("dan")), (2, around())],
            "Triage 1, Accept 4, Mitigate 2, InNewUntriaged 1, InNewTriaged 3",
        ),
        (
            "an incident is mitigated when it is resolved",
            vec![(0, filed("a")), (1, level_2()), (2, accepted("dan")), (5, resolved())],
            "Triage 1, Accept 2, Mitigate 5, Resolve 5, InNewUntriaged 1, InNewTriaged 1, InAccepted 3",
        ),
        (
            "a change is not in production before",
            vec![
                (0, filed("a")),
                (1, triaged("sev1")),
                (2, accepted("dan")),
                (5, resolved()),
                (9, verified()),
                (14, closed()),
            ],
            "Lead 14, Cycle 12, Triage 1, Accept 2, Mitigate 14, Resolve 5, InNewUntriaged 1, InNewTriaged 1, InAccepted 3, \
             InResolved 4, InVerified 5",
        ),
        (
            "data may be corrected before its closing",
            vec![
                (0, filed("a")),
                (0, triaged("sev1")),
                (0, accepted("dan")),
                (0, resolved()),
                (0, verified()),
                (14, applied()),
            ],
            "Lead 14, Cycle 14, Triage 0, Accept 0, Mitigate 12, Resolve 0, InNewUntriaged 0, InNewTriaged 0, InAccepted 0, \
             InResolved 0, InVerified 14",
        ),
    ];
    for (what, events, expected) in cases {
        let mut given = Given::nothing();
        happen(&mut given, 1, events).await;
        let found = given.ask(&durations(None, "2026-03-01", "2026-04-01")).await;
        assert_eq!(hours(&found).join(", "), expected, "{what}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_sent_back_or_reopened_runs_again() {
    let rejected = || IssueEvent::ResolutionRejected { reason: None, unassigned: false };
    let reopened = || IssueEvent::IssueReopened { reason: None, unassigned: false };
    let mut given = Given::nothing();
    happen(&mut given, 1, (0..).zip(life("Done", "sev1"))).await;
    let again =
        [(30, reopened()), (40, resolved()), (43, rejected()), (45, resolved()), (46, verified()), (50, closed())];
    happen(&mut given, 1, again).await;
    let found = given.ask(&durations(None, "2026-03-03", "2026-03-04")).await;
    let told = |measure: Measure| {
        let told = found.values[0].measures.iter().find(|told| told.measure == measure).map(|told| told.ended);
        told.map(|told| (told.points, told.p50.map(|seconds| (seconds / 3600.0).round())))
    };
    // Both cycles' later resolutions, and lead and cycle time from the reopening: 30 h after noon of the first is the second day's evening.
    assert_eq!(told(Measure::Lead), Some((1, Some(20.0))));
    assert_eq!(told(Measure::Cycle), Some((1, Some(20.0))));
    assert_eq!(told(Measure::ResolveAgain), Some((2, Some(2.0))));
    assert_eq!(told(Measure::Resolve), None, "that was days before");
}

#[tokio::test(start_paused = true)]
async fn steps_that_an_import_implied_measure_nothing() {
    let mut given = Given::nothing();
    let told = [
        (0, filed("Imported"), false),
        (48, triaged_unknown(), true),
        (48, accepted("dan"), true),
        (48, resolved(), false),
        (72, verified(), false),
    ];
    for (hours, event, implied) in told {
        happened(&mut given, 1, hours, event, Some(implied)).await;
    }
    let found = given.ask(&durations(None, "2026-03-01", "2026-04-01")).await;
    assert_eq!(hours(&found), ["Resolve 48", "InResolved 24"]);
    let stood = given.ask_now(&steps(Step::Day, None, "2026-03-02", "2026-03-04")).await;
    assert_eq!(standing(&stood), ["03-02 NewUntriaged 1", "03-03 Resolved 1"], "it stood where it stood");
}

#[tokio::test(start_paused = true)]
async fn what_waits_is_told_with_its_age() {
    let mut given = Given::nothing();
    // By noon of the 31st they have waited 30, 20 and 10 days.
    for (ordinal, days) in [(1, 0), (2, 10), (3, 20)] {
        happen(&mut given, ordinal, [(days * HOURS_A_DAY, filed("Waits")), (days * HOURS_A_DAY, triaged("sev1"))])
            .await;
    }
    happen(&mut given, 3, [(21 * HOURS_A_DAY, dismissed(Dismissal::WontFix))]).await;
    let mut query = durations(None, "2026-03-31", "2026-04-01");
    query.now = at(30 * HOURS_A_DAY);
    let found = given.ask(&query).await;
    let told = found.values[0].measures.iter().map(|told| {
        let ages = told.waiting.unwrap().ages;
        let days = ages.p50.zip(ages.p85).map(|(p50, p85)| [p50, p85].map(|age| (age / 86_400.0).round()));
        (told.measure, told.ended.points, ages.points, days, ages.p95)
    });
    let waits = |measure| (measure, 0, 2, Some([20.0, 30.0]), None);
    assert_eq!(
        told.collect::<Vec<_>>(),
        [Measure::Lead, Measure::Accept, Measure::Mitigate, Measure::Resolve, Measure::InNewTriaged].map(waits)
    );
}

#[tokio::test(start_paused = true)]
async fn a_project_without_issues_has_a_flow_of_nothing() {
    let mut given = Given::nothing();
    given.issue_of("WEB", 1, [filed("Elsewhere")]).await;
    let found = given.ask(&steps(Step::Day, None, "2026-03-01", "2026-03-03")).await;
    assert_eq!(standing(&found), ["03-01", "03-02"]);
    assert_eq!(given.ask_now(&steps(Step::Day, Some(Dimension::Team), "2026-03-01", "2026-03-03")).await.series, []);
    assert!(given.ask_now(&durations(None, "2026-03-01", "2026-04-01")).await.values[0].measures.is_empty());
}

#[tokio::test(start_paused = true)]
async fn the_values_with_fewest_issues_are_told_together() {
    let mut given = Given::nothing();
    let component = |ordinal: u64| IssueEvent::ComponentChanged {
        from: None,
        to: format!("part-{ordinal:02}").parse().unwrap(),
        reason: None,
    };
    for ordinal in 1..=25 {
        let events = [(0, filed("One")), (1, component(ordinal)), (2, dismissed(Dismissal::WontFix))];
        happen(&mut given, ordinal, events).await;
    }
    happen(&mut given, 26, [(0, filed("Two")), (0, component(7)), (2, dismissed(Dismissal::WontFix))]).await;
    let found = given.ask(&steps(Step::Month, Some(Dimension::Component), "2026-03-01", "2026-03-31")).await;
    let told: Vec<_> = found.series.iter().map(|one| (one.value.as_deref(), one.steps[0].filed)).collect();
    assert_eq!((told.len(), told[0], told[19]), (20, (Some("part-07"), 2), (None, 6)));
    let times = given.ask_now(&durations(Some(Dimension::Component), "2026-03-01", "2026-03-31")).await;
    let rest = times.values.last().unwrap();
    assert_eq!((times.values.len(), &rest.value), (20, &None));
    assert_eq!(
        rest.measures.iter().map(|told| told.ended.points).collect::<Vec<_>>(),
        [6, 6],
        "Dismiss, InNewUntriaged"
    );
}
