//! Flow as the contract has it.

use std::sync::Arc;

use api::flow::v1::{self as proto, MeasuredTime, StandingSeries, StepThroughput, ThroughputSeries, TimesOf};
use api::issues::v1::IssueState;
use views::flow::{Duration, DurationsOf, Measure, Percentiles, Step, Steps};
use views::issue::Standing;

use crate::fields::stamp;

pub(super) fn step(step: Step) -> proto::Step {
    match step {
        Step::Day => proto::Step::Day,
        Step::Week => proto::Step::Week,
        Step::Month => proto::Step::Month,
    }
}

/// A value, and whether it stands for all those that are not told apart.
fn value(value: Option<&Arc<str>>) -> (String, bool) {
    (value.map(ToString::to_string).unwrap_or_default(), value.is_none())
}

pub(super) fn standing(found: &Steps) -> Vec<StandingSeries> {
    let series = found.series.iter().map(|series| {
        let (value, rest) = value(series.value.as_ref());
        let steps = found.starts.iter().zip(series.standing()).map(|(start, stood)| {
            let [new_untriaged, new_triaged, accepted, resolved, verified, closed, dismissed] = stood;
            proto::Standing {
                start: Some(stamp(start.start())),
                new_untriaged,
                new_triaged,
                accepted,
                resolved,
                verified,
                closed,
                dismissed,
            }
        });
        StandingSeries { value, rest, steps: steps.collect() }
    });
    series.collect()
}

pub(super) fn throughput(found: &Steps) -> Vec<ThroughputSeries> {
    let series = found.series.iter().map(|series| {
        let (value, rest) = value(series.value.as_ref());
        let steps = found.starts.iter().zip(&series.steps).map(|(start, counts)| StepThroughput {
            start: Some(stamp(start.start())),
            filed: counts.filed,
            closed: counts.entered[Standing::Closed as usize],
            dismissed: counts.entered[Standing::Dismissed as usize],
            reopened: counts.reopened,
        });
        ThroughputSeries { value, rest, steps: steps.collect() }
    });
    series.collect()
}

pub(super) fn times(of: &DurationsOf) -> TimesOf {
    let (value, rest) = value(of.value.as_ref());
    TimesOf { value, rest, measures: of.measures.iter().map(measured).collect() }
}

fn measured(duration: &Duration) -> MeasuredTime {
    use proto::Measure as Told;
    let (measure, state, triaged) = match duration.measure {
        Measure::Lead => (Told::Lead, IssueState::Unspecified, false),
        Measure::Cycle => (Told::Cycle, IssueState::Unspecified, false),
        Measure::Triage => (Told::Triage, IssueState::Unspecified, false),
        Measure::Accept => (Told::Accept, IssueState::Unspecified, false),
        Measure::Mitigate => (Told::Mitigate, IssueState::Unspecified, false),
        Measure::Resolve => (Told::Resolve, IssueState::Unspecified, false),
        Measure::ResolveAgain => (Told::ResolveAgain, IssueState::Unspecified, false),
        Measure::Dismiss => (Told::Dismiss, IssueState::Unspecified, false),
        Measure::InNewUntriaged => (Told::InState, IssueState::New, false),
        Measure::InNewTriaged => (Told::InState, IssueState::New, true),
        Measure::InAccepted => (Told::InState, IssueState::Accepted, false),
        Measure::InResolved => (Told::InState, IssueState::Resolved, false),
        Measure::InVerified => (Told::InState, IssueState::Verified, false),
    };
    MeasuredTime {
        measure: measure.into(),
        state: state.into(),
        triaged,
        ended: Some(percentiles(&duration.ended)),
        waiting: duration.waiting.map(|waiting| percentiles(&waiting.ages)),
    }
}

fn percentiles(told: &Percentiles) -> proto::Percentiles {
    proto::Percentiles {
        points: told.points,
        p50: told.p50.map(length),
        p85: told.p85.map(length),
        p95: told.p95.map(length),
    }
}

/// To the second: what is told is off by 1 % already, and below 50 s exact.
#[expect(clippy::cast_possible_truncation, reason = "at most 136 years, in seconds")]
fn length(seconds: f64) -> prost_types::Duration {
    prost_types::Duration { seconds: seconds.trunc() as i64, nanos: (seconds.fract() * 1e9) as i32 }
}
