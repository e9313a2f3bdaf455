//! Who lets clocks stand still, how long, and how shortly before a deadline.

use std::sync::Arc;

use domain::clocks::{Clocks, Cycle, Pause, Standstill, Terms};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::sla::figure::Measured;

/// A pause is suspicious that began when less than so much of its clock's target was left, in percent.
pub const SUSPICIOUS_PERCENT: i64 = 10;

/// Somebody's question, or a dismissal, that let clocks stand still.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stop {
    /// The revision of the event that began it.
    #[serde(rename = "n")]
    pub revision: u64,
    /// Who did that.
    #[serde(rename = "b")]
    pub by: Arc<str>,
    /// True: the issue was dismissed meanwhile; else something was asked.
    #[serde(rename = "d", default, skip_serializing_if = "std::ops::Not::not")]
    pub dismissal: bool,
    /// From.
    #[serde(rename = "f")]
    pub from: i64,
    /// Up to; `None`: it lasts.
    #[serde(rename = "u", default, skip_serializing_if = "Option::is_none")]
    pub until: Option<i64>,
    /// Which clocks stood still.
    #[serde(rename = "k")]
    pub clocks: Vec<Measured>,
    /// Of these the least that was left, in percent of its target.
    #[serde(rename = "l", default, skip_serializing_if = "Option::is_none")]
    pub left_percent: Option<i64>,
}

impl Stop {
    /// It began just before a deadline, and moved it.
    pub fn is_suspicious(&self) -> bool {
        !self.dismissal && self.left_percent.is_some_and(|left| left < SUSPICIOUS_PERCENT)
    }

    /// How long it took, in wall time; of one that lasts, nothing yet.
    pub fn seconds(&self) -> i64 {
        self.until.map_or(0, |until| (until - self.from) / 1_000_000)
    }
}

/// The pauses of all cycles, each told once.
pub(super) fn of(told: &Clocks, terms: &Terms<'_>) -> Vec<Stop> {
    let mut stops: Vec<Stop> = Vec::new();
    for cycle in &told.cycles {
        for pause in &cycle.pauses {
            let left = left_percent(cycle, pause, terms);
            let clock = Measured::from(cycle.clock);
            match stops
                .iter_mut()
                .find(|stop| (stop.revision, stop.from) == (pause.begun_by, pause.from.as_microsecond()))
            {
                Some(stop) => {
                    stop.clocks.push(clock);
                    stop.left_percent = [stop.left_percent, left].into_iter().flatten().min();
                    stop.until =
                        stop.until.max(pause.until.map(Timestamp::as_microsecond)).filter(|_| pause.until.is_some());
                }
                None => stops.push(Stop::of(pause, clock, left)),
            }
        }
    }
    stops.sort_by_key(|stop| (stop.from, stop.revision));
    stops
}

impl Stop {
    fn of(pause: &Pause, clock: Measured, left_percent: Option<i64>) -> Self {
        Self {
            revision: pause.begun_by,
            by: pause.by.shared(),
            dismissal: pause.why == Standstill::Dismissal,
            from: pause.from.as_microsecond(),
            until: pause.until.map(Timestamp::as_microsecond),
            clocks: vec![clock],
            left_percent,
        }
    }
}

/// How much of its target a cycle had left when that pause of it began.
fn left_percent(cycle: &Cycle, pause: &Pause, terms: &Terms<'_>) -> Option<i64> {
    let (length, left) = (cycle.plan.as_ref()?.length.as_micros(), cycle.left_at(pause, terms)?.as_micros());
    (length > 0).then(|| i64::try_from(left * 100 / length).unwrap_or_default())
}
