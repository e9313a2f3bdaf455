//! How promises were kept, as the contract has it.

use api::sla::v1::{self as proto, ComplianceFigures, ComplianceLine, OpenClocks, TrendPoint};
use domain::ids::ProjectId;
use jiff::Timestamp;
use views::flow::Step;
use views::sla::{Compliance, Counts, Dimension, Figures, Line, Measured, Open};

use super::position;
use crate::fields::stamp;

pub(crate) fn compliance(project: &ProjectId, told: &Compliance, now: Timestamp, token: &str) -> proto::Compliance {
    proto::Compliance {
        project: project.to_string(),
        since: Some(stamp(told.asked.since.start())),
        until: Some(stamp(told.asked.until.start())),
        by: told.asked.by.map_or(proto::Dimension::Unspecified, dimension).into(),
        step: told.asked.step.map_or(proto::TrendStep::Unspecified, step).into(),
        lines: told.lines.iter().map(line).collect(),
        as_of: Some(stamp(now)),
        position: position(token),
        policy_versions: told.versions.iter().copied().collect(),
        untold_breaches: told.untold,
        more_untold: told.more_untold,
    }
}

fn line(line: &Line) -> ComplianceLine {
    let trend = line.trend.iter();
    let trend = trend.map(|(day, told)| TrendPoint { start: Some(stamp(day.start())), figures: Some(figures(told)) });
    ComplianceLine {
        value: line.value.as_deref().unwrap_or_default().to_owned(),
        rest: line.value.is_none(),
        measure: measure(line.of).into(),
        figures: Some(figures(&line.figures)),
        open: Some(open(&line.open)),
        trend: trend.collect(),
        policy_versions: line.figures.versions.iter().copied().collect(),
    }
}

fn figures(told: &Figures) -> ComplianceFigures {
    let Counts { met, breached, corrected, sent_back, cancelled, untargeted } = told.counts;
    let verdicts = told.counts.verdicts();
    ComplianceFigures {
        met: count(met),
        breached: count(breached),
        compliance: (verdicts > 0).then(|| met as f64 / verdicts as f64),
        verdicts: count(verdicts),
        corrected: count(corrected),
        sent_back: count(sent_back),
        cancelled: count(cancelled),
        without_target: count(untargeted),
    }
}

fn open(told: &Open) -> OpenClocks {
    OpenClocks {
        running: count(told.running),
        paused: count(told.paused),
        at_risk: count(told.at_risk),
        breached: count(told.breached),
    }
}

/// Counters are never below 0.
fn count(of: i64) -> u64 {
    of.max(0).unsigned_abs()
}

fn measure(of: Measured) -> proto::Measure {
    match of {
        Measured::Accept => proto::Measure::Accept,
        Measured::Mitigate => proto::Measure::Mitigate,
        Measured::Resolve => proto::Measure::Resolve,
        Measured::Issue => proto::Measure::Issue,
        Measured::Delivery => proto::Measure::Delivery,
    }
}

fn dimension(by: Dimension) -> proto::Dimension {
    match by {
        Dimension::Severity => proto::Dimension::Severity,
        Dimension::Team => proto::Dimension::Team,
        Dimension::Component => proto::Dimension::Component,
        Dimension::Source => proto::Dimension::Source,
        Dimension::Customer => proto::Dimension::Customer,
    }
}

fn step(step: Step) -> proto::TrendStep {
    match step {
        Step::Day => proto::TrendStep::Day,
        Step::Week => proto::TrendStep::Week,
        Step::Month => proto::TrendStep::Month,
    }
}
