//! What is counted of an issue's clocks: figures, each of a day and under a class.

use std::collections::BTreeSet;
use std::ops::AddAssign;

use serde::{Deserialize, Serialize};

use super::class::Class;
use super::reading::{Reading, Stands};
use crate::flow::Day;

/// What a figure is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Measured {
    /// Cycles of accept.
    Accept,
    /// Cycles of mitigate.
    Mitigate,
    /// Cycles of resolve.
    Resolve,
    /// Issues: met only if every cycle is.
    Issue,
    /// Delivery rules: kept is met, broken is breached.
    Delivery,
}

impl Measured {
    /// All of them, in the order in which they are shown.
    pub const ALL: [Self; 5] = [Self::Accept, Self::Mitigate, Self::Resolve, Self::Issue, Self::Delivery];

    /// The word in the tables.
    pub fn word(self) -> &'static str {
        match self {
            Self::Accept => "accept",
            Self::Mitigate => "mitigate",
            Self::Resolve => "resolve",
            Self::Issue => "issue",
            Self::Delivery => "delivery",
        }
    }

    /// By its word in the tables.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|measured| measured.word() == word)
    }
}

/// What an issue adds to the figures of a day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Figure {
    /// The day (UTC) of the verdict, or of what is told beside.
    pub day: Day,
    /// Of what.
    pub of: Measured,
    /// By which version of the policy.
    pub version: u32,
    /// Under what it counts.
    pub class: Class,
    /// How many.
    pub counts: Counts,
}

/// How many of each, in the order of [`Counts::COLUMNS`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Verdicts: met. Of delivery rules: kept.
    pub met: i64,
    /// Verdicts: breached. Of delivery rules: broken.
    pub breached: i64,
    /// Among the met: a breach was recorded and taken back.
    pub corrected: i64,
    /// Among all: it was sent back, and another cycle began.
    pub sent_back: i64,
    /// No verdict: the issue was dismissed.
    pub cancelled: i64,
    /// No verdict: it ended without a target.
    pub untargeted: i64,
}

impl Counts {
    /// Their columns.
    pub const COLUMNS: [&'static str; 6] = ["met", "breached", "corrected", "sent_back", "cancelled", "untargeted"];

    /// In the order of their columns.
    pub fn array(&self) -> [i64; 6] {
        [self.met, self.breached, self.corrected, self.sent_back, self.cancelled, self.untargeted]
    }

    /// Out of the order of their columns.
    pub fn of(counts: [i64; 6]) -> Self {
        let [met, breached, corrected, sent_back, cancelled, untargeted] = counts;
        Self { met, breached, corrected, sent_back, cancelled, untargeted }
    }

    /// How many verdicts: what compliance rests on.
    pub fn verdicts(&self) -> i64 {
        self.met + self.breached
    }
}

impl AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        let mut counts = self.array();
        counts.iter_mut().zip(other.array()).for_each(|(one, other)| *one += other);
        *self = Self::of(counts);
    }
}

/// Figures of one value and one measure, with the policy's versions that they rest on.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Figures {
    /// How many.
    pub counts: Counts,
    /// By which versions of the policy.
    pub versions: BTreeSet<u32>,
}

impl Figures {
    /// So many more, by that version.
    pub fn add(&mut self, counts: Counts, version: u32) {
        if counts != Counts::default() {
            self.counts += counts;
            self.versions.insert(version);
        }
    }

    /// Those of others, too.
    pub fn merge(&mut self, other: &Self) {
        self.counts += other.counts;
        self.versions.extend(&other.versions);
    }
}

/// What is open of a measure and class: cycles that have a target and have not ended.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Open {
    /// They run, and are neither at risk nor breached as far as is recorded.
    pub running: i64,
    /// They stand still.
    pub paused: i64,
    /// They are at risk, as is recorded.
    pub at_risk: i64,
    /// They are breached, and not ended.
    pub breached: i64,
}

impl Open {
    /// Their columns.
    pub const COLUMNS: [&'static str; 4] = ["running", "paused", "at_risk", "breached"];

    /// In the order of their columns.
    pub fn array(&self) -> [i64; 4] {
        [self.running, self.paused, self.at_risk, self.breached]
    }

    /// Out of the order of their columns.
    pub fn of(counts: [i64; 4]) -> Self {
        let [running, paused, at_risk, breached] = counts;
        Self { running, paused, at_risk, breached }
    }
}

impl AddAssign for Open {
    fn add_assign(&mut self, other: Self) {
        let mut counts = self.array();
        counts.iter_mut().zip(other.array()).for_each(|(one, other)| *one += other);
        *self = Self::of(counts);
    }
}

impl Reading {
    /// What the issue adds to the figures.
    pub fn figures(&self) -> Vec<Figure> {
        let mut figures: Vec<Figure> = Vec::with_capacity(self.cycles.len() + 1);
        for run in &self.cycles {
            let beside = Counts { sent_back: run.sent_back.into(), ..Counts::default() };
            let (at, version, class, counts) = match (&run.verdict, run.state, run.since) {
                (Some(verdict), ..) => {
                    let counts = Counts {
                        met: verdict.met.into(),
                        breached: (!verdict.met).into(),
                        corrected: (verdict.met && run.corrected).into(),
                        ..beside
                    };
                    (verdict.at, verdict.version, &verdict.class, counts)
                }
                (None, Stands::Cancelled, Some(at)) => (at, run.version, &run.class, Counts { cancelled: 1, ..beside }),
                (None, Stands::Ended, Some(at)) => (at, run.version, &run.class, Counts { untargeted: 1, ..beside }),
                (None, ..) => continue,
            };
            figures.push(Figure { day: Day::of_micros(at), of: run.clock, version, class: class.clone(), counts });
        }
        let issue = self.issue.iter().map(|verdict| (Measured::Issue, verdict));
        let deliveries = self.deliveries.iter().map(|verdict| (Measured::Delivery, verdict));
        figures.extend(issue.chain(deliveries).map(|(of, verdict)| {
            let counts = Counts { met: verdict.met.into(), breached: (!verdict.met).into(), ..Counts::default() };
            let (day, class) = (Day::of_micros(verdict.at), verdict.class.clone());
            Figure { day, of, version: verdict.version, class, counts }
        }));
        figures
    }

    /// What of it is open, by measure and class.
    pub fn open(&self) -> impl Iterator<Item = (Measured, &Class, Open)> {
        let open = |state| matches!(state, Stands::Running | Stands::Paused);
        self.cycles.iter().filter(move |run| open(run.state)).map(|run| {
            let mut counts = Open::default();
            match (&run.verdict, run.state) {
                (Some(_), _) => counts.breached = 1,
                (None, Stands::Paused) => counts.paused = 1,
                (None, _) if run.at_risk => counts.at_risk = 1,
                (None, _) => counts.running = 1,
            }
            (run.clock, &run.class, counts)
        })
    }
}
