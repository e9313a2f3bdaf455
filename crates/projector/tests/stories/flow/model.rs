//! Any histories at all: the view's figures are those that walking each issue gives.

use std::collections::BTreeMap;

use domain::Fact::{Known, NotKnown};
use domain::issue::{Closing, Dismissal, IssueEvent, Level, Nature};
use proptest::prelude::*;
use proptest::sample::select;
use views::flow::{Dimension, GetDurations, GetSteps, Measure, Percentiles, RELATIVE_ERROR, Step};
use views::issue::Standing;

use super::super::events::{
    accepted, at, closed, dismissed, filed, person, project, resolved, severity, text, triaged, verified,
};
use super::super::given::Given;
use super::walked::{Walked, walk};
use super::{day, happened};

const ISSUES: u64 = 4;
/// The window in which all histories begin.
const SINCE: &str = "2026-02-20";
const UNTIL: &str = "2026-05-10";

fn others() -> Vec<IssueEvent> {
    let reason = None;
    vec![
        IssueEvent::IssueTriaged {
            level: Known(Level::System),
            nature: Some(Nature::Incident),
            severity: NotKnown,
            component: None,
            team: NotKnown,
        },
        IssueEvent::SeverityChanged { from: NotKnown, to: severity("sev1"), reason: reason.clone() },
        IssueEvent::LevelChanged {
            from: NotKnown,
            to: Level::UserError,
            nature: None,
            team: Some("help".parse().unwrap()),
            reason: reason.clone(),
        },
        IssueEvent::NatureChanged { from: None, to: Some(Nature::Incident), reason: reason.clone() },
        IssueEvent::ComponentChanged { from: None, to: "attic".parse().unwrap(), reason: reason.clone() },
        IssueEvent::IssueHandedOver { from: NotKnown, to: "core".parse().unwrap(), reason: reason.clone() },
        IssueEvent::ReturnedToTriage { reason: reason.clone() },
        IssueEvent::WorkaroundRecorded { text: text("pay by card") },
        IssueEvent::WorkaroundWithdrawn { reason: reason.clone() },
        IssueEvent::MarkedInProduction { release: "r1".parse().unwrap() },
        IssueEvent::WithdrawnFromProduction { reason },
        IssueEvent::IssueClosed {
            closing: Known(Closing::DataApplied { at: Some(at(30)), by: Some(person("dan")) }),
            deployed_at: None,
        },
        dismissed(Dismissal::WontFix),
    ]
}

/// Issue, event, hours since the event before (some lie before it), and whether an import implied it.
fn histories() -> impl Strategy<Value = Vec<(u64, IssueEvent, i64, bool)>> {
    let rejected = IssueEvent::ResolutionRejected { reason: None, unassigned: false };
    let reopened = IssueEvent::IssueReopened { reason: None, unassigned: false };
    let onwards = vec![triaged("sev2"), accepted("dan"), resolved(), verified(), closed(), rejected, reopened];
    let event = prop_oneof![4 => select(onwards), 1 => select(others())];
    let hours = prop_oneof![Just(0_i64), 0..12_i64, -30..60_i64];
    let implied = prop::bool::weighted(0.15);
    let events = prop::collection::vec((1..=ISSUES, event, hours, implied), 0..90);
    (prop::collection::vec((-100..100_i64, any::<bool>()), 4), events).prop_map(|(filings, events)| {
        let filings = (1..).zip(filings).map(|(ordinal, (hours, implied))| (ordinal, filed("One"), hours, implied));
        filings.chain(events).collect()
    })
}

/// How many stand in each state, and how many came and went.
type Counted = ([i64; 7], [i64; 4]);

async fn check_steps(given: &Given, walked: &[Walked], by: Option<Dimension>, step: Step) {
    let query = GetSteps { project: project("PAY"), by, step, since: day(SINCE), until: day(UNTIL) };
    let found = given.ask_now(&query).await;
    assert!(!found.cut);
    let mut told: BTreeMap<String, Vec<Counted>> = BTreeMap::new();
    for series in &found.series {
        let counts = series.steps.iter().map(|counts| {
            let [closed, dismissed] = [Standing::Closed, Standing::Dismissed].map(|to| counts.entered[to as usize]);
            [counts.filed, closed, dismissed, counts.reopened]
        });
        told.insert(series.value.as_deref().unwrap().to_owned(), series.standing().zip(counts).collect());
    }
    let mut expected: BTreeMap<String, Vec<Counted>> = BTreeMap::new();
    for issue in walked {
        let steps = expected.entry(issue.value(by)).or_insert_with(|| vec![<_>::default(); found.starts.len()]);
        let ends = found.starts[1..].iter().chain([&found.end]);
        for ((stood, moved), (start, end)) in steps.iter_mut().zip(found.starts.iter().zip(ends)) {
            if let Some(standing) = issue.stood_before(*end) {
                stood[standing as usize] += 1;
            }
            let throughput = issue.throughput(*start, *end);
            moved.iter_mut().zip(throughput).for_each(|(all, one)| *all += one);
        }
    }
    assert_eq!(told, expected, "by {by:?}, {step:?}");
}

async fn check_durations(given: &Given, walked: &[Walked], by: Option<Dimension>, since: &str, until: &str) {
    let query = GetDurations { project: project("PAY"), by, since: day(since), until: day(until), now: at(5000) };
    let found = given.ask_now(&query).await;
    let (since, until) = query.window();
    let mut told = BTreeMap::new();
    for of in &found.values {
        for measured in &of.measures {
            if by.is_none() {
                let waits = walked.iter().filter(|issue| issue.waits(measured.measure)).count() as u64;
                assert_eq!(measured.waiting.map(|waiting| waiting.ages.points), Some(waits), "{:?}", measured.measure);
            }
            if measured.ended.points > 0 {
                told.insert((of.value.as_deref().unwrap().to_owned(), measured.measure), measured.ended);
            }
        }
    }
    let mut expected: BTreeMap<(String, Measure), Vec<u64>> = BTreeMap::new();
    for (issue, measure) in walked.iter().flat_map(|issue| Measure::ALL.map(|measure| (issue, measure))) {
        let ended = issue.durations(measure).into_iter().filter(|(day, _)| (since..until).contains(day));
        let ended: Vec<u64> = ended.map(|(_, seconds)| seconds).collect();
        if !ended.is_empty() {
            expected.entry((issue.value(by), measure)).or_default().extend(ended);
        }
    }
    assert_eq!(told.keys().collect::<Vec<_>>(), expected.keys().collect::<Vec<_>>(), "by {by:?}");
    for (of, mut exact) in expected {
        exact.sort_unstable();
        near(&told[&of], &exact);
    }
}

/// The percentiles are those of these durations, in order, within what is promised.
pub(super) fn near(told: &Percentiles, exact: &[u64]) {
    assert_eq!(told.points, exact.len() as u64);
    let rank = |percent: usize| exact[(exact.len() * percent).div_ceil(100) - 1] as f64;
    for (told, exact) in [(told.p50, rank(50)), (told.p85, rank(85))] {
        let told = told.expect("there are points");
        assert!((told - exact).abs() <= exact * RELATIVE_ERROR + 1e-6, "{told} is not {exact}");
    }
    assert_eq!(told.p95.is_some(), exact.len() >= 20);
    let (told, exact) = (told.p95.unwrap_or(rank(95)), rank(95));
    assert!((told - exact).abs() <= exact * RELATIVE_ERROR + 1e-6, "{told} is not {exact}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn flow_is_what_walking_each_issue_day_by_day_gives(history in histories()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        runtime.block_on(async {
            let (mut given, mut hours) = (Given::nothing(), 0);
            for (ordinal, event, later, implied) in history {
                hours += later;
                happened(&mut given, ordinal, hours, event, Some(implied)).await;
            }
            given.settled().await;
            let walked = walk(&given.written().await);
            for by in [None].into_iter().chain(Dimension::ALL.map(Some)) {
                for step in [Step::Day, Step::Week, Step::Month] {
                    check_steps(&given, &walked, by, step).await;
                }
                check_durations(&given, &walked, by, SINCE, UNTIL).await;
                check_durations(&given, &walked, by, "2026-03-02", "2026-03-09").await;
            }
        });
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn percentiles_are_those_of_sorted_durations_within_one_percent(
        seconds in prop::collection::vec(prop_oneof![0..100_u64, 0..100_000_u64, 0..100_000_000_u64], 1..300),
    ) {
        let mut sorted = seconds.clone();
        sorted.sort_unstable();
        near(&views::flow::Sketch::of(seconds).percentiles(), &sorted);
    }
}
