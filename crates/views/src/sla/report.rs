//! Compliance, out of counters: a pure function that whoever has counted uses, be it out of tables or out of the log itself.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;

use super::class::Dimension;
use super::figure::{Counts, Figures, Measured, Open};
use super::reading::Reading;
use crate::flow::{Day, Step};

/// A report tells so many values of a dimension at most; those with the fewest verdicts are told together.
pub const VALUES_MAX: usize = 100;

/// What is asked of counters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asked {
    /// What figures are told apart by; `None`: all issues together.
    pub by: Option<Dimension>,
    /// From this day …
    pub since: Day,
    /// … to the day before this one.
    pub until: Day,
    /// How long a step of the trend is; `None`: no trend.
    pub step: Option<Step>,
}

/// Counters of one dimension.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counters {
    /// By value, measure, day and version of the policy.
    pub verdicts: BTreeMap<(Arc<str>, Measured, Day, u32), Counts>,
    /// By value and measure.
    pub open: BTreeMap<(Arc<str>, Measured), Open>,
}

/// A clock that ran past its deadline, and that no event tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Late {
    /// When.
    pub at: Timestamp,
    /// Its value in the dimension asked for.
    pub value: Arc<str>,
    /// Which clock.
    pub clock: Measured,
    /// By which version of the policy.
    pub version: u32,
    /// True: it counts as at risk still.
    pub at_risk: bool,
    /// True: the issue is breached by this, and was not before.
    pub breaks_issue: bool,
}

/// How promises were kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Compliance {
    /// What was asked.
    pub asked: Asked,
    /// By value, those with most verdicts first, then by measure.
    pub lines: Vec<Line>,
    /// How many breaches no event tells yet: they are counted all the same.
    pub untold: u64,
    /// True: there are more of these than were looked at, and the rest is not counted.
    pub more_untold: bool,
    /// The versions of the policy that it rests on.
    pub versions: BTreeSet<u32>,
}

/// How promises of a measure were kept to issues of a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Which value; empty: none, or all issues together. `None`: the values that are not told apart.
    pub value: Option<Arc<str>>,
    /// Of what.
    pub of: Measured,
    /// In the window.
    pub figures: Figures,
    /// In each step of it that has any, with its first day.
    pub trend: Vec<(Day, Figures)>,
    /// What is open now.
    pub open: Open,
}

impl Counters {
    /// What an issue adds.
    pub fn add(&mut self, by: Option<Dimension>, reading: &Reading) {
        for figure in reading.figures() {
            let key = (figure.class.value(by), figure.of, figure.day, figure.version);
            *self.verdicts.entry(key).or_default() += figure.counts;
        }
        for (of, class, open) in reading.open() {
            *self.open.entry((class.value(by), of)).or_default() += open;
        }
    }

    /// What a clock adds that ran past its deadline untold.
    pub fn add_late(&mut self, late: &Late) {
        let breached = Counts { breached: 1, ..Counts::default() };
        let day = Day::of(late.at);
        let measures = [Some(late.clock), late.breaks_issue.then_some(Measured::Issue)];
        for of in measures.into_iter().flatten() {
            *self.verdicts.entry((Arc::clone(&late.value), of, day, late.version)).or_default() += breached;
        }
        let before = if late.at_risk {
            Open { at_risk: -1, breached: 1, ..Open::default() }
        } else {
            Open { running: -1, breached: 1, ..Open::default() }
        };
        *self.open.entry((Arc::clone(&late.value), late.clock)).or_default() += before;
    }
}

/// How promises were kept, by these counters.
pub fn report(asked: Asked, mut counters: Counters, late: &[Late]) -> Compliance {
    for late in late {
        counters.add_late(late);
    }
    let mut lines: BTreeMap<(Arc<str>, Measured), Line> = BTreeMap::new();
    for ((value, of, day, version), counts) in counters.verdicts {
        if day < asked.since || day >= asked.until {
            continue;
        }
        let line = lines.entry((value, of)).or_insert_with_key(Line::empty);
        line.figures.add(counts, version);
        if let Some(step) = asked.step {
            line.step(day.floor(step)).add(counts, version);
        }
    }
    for ((value, of), open) in counters.open {
        lines.entry((value, of)).or_insert_with_key(Line::empty).open += open;
    }
    lines.retain(|_, line| line.figures.counts != Counts::default() || line.open != Open::default());
    let lines = most_first(lines.into_values().collect());
    let versions = lines.iter().flat_map(|line| line.figures.versions.iter().copied()).collect();
    Compliance { asked, lines, untold: late.len() as u64, more_untold: false, versions }
}

impl Line {
    fn empty((value, of): &(Arc<str>, Measured)) -> Self {
        let (figures, trend, open) = <_>::default();
        Self { value: Some(Arc::clone(value)), of: *of, figures, trend, open }
    }

    /// The figures of a step. Days come in their order.
    fn step(&mut self, first: Day) -> &mut Figures {
        let at = match self.trend.binary_search_by_key(&first, |(day, _)| *day) {
            Ok(at) => at,
            Err(at) => {
                self.trend.insert(at, (first, Figures::default()));
                at
            }
        };
        &mut self.trend[at].1
    }

    fn merge(&mut self, other: &Self) {
        self.figures.merge(&other.figures);
        for (day, figures) in &other.trend {
            self.step(*day).merge(figures);
        }
        self.open += other.open;
    }
}

/// The values with most verdicts first, those past [`VALUES_MAX`] as one.
fn most_first(lines: Vec<Line>) -> Vec<Line> {
    let mut values: BTreeMap<Option<Arc<str>>, (i64, Vec<Line>)> = BTreeMap::new();
    for line in lines {
        let (verdicts, of_value) = values.entry(line.value.clone()).or_default();
        *verdicts += line.figures.counts.verdicts();
        of_value.push(line);
    }
    let mut values: Vec<_> = values.into_values().collect();
    values.sort_by_key(|(verdicts, _)| std::cmp::Reverse(*verdicts));
    let rest = if values.len() > VALUES_MAX { values.split_off(VALUES_MAX - 1) } else { Vec::new() };
    let mut together: BTreeMap<Measured, Line> = BTreeMap::new();
    for line in rest.into_iter().flat_map(|(_, lines)| lines) {
        match together.get_mut(&line.of) {
            Some(all) => all.merge(&line),
            None => drop(together.insert(line.of, Line { value: None, ..line })),
        }
    }
    values.into_iter().flat_map(|(_, lines)| lines).chain(together.into_values()).collect()
}
