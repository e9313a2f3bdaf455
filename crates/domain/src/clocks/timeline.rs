//! The facts of a ledger in the order of time: when each clock was stopped, what was asked, what was changed.

use jiff::Timestamp;

use super::Clock;
use super::ledger::{Ledger, Note, Noted};
use crate::ids::{ComponentId, PersonId, SeverityId};
use crate::issue::Level;
use crate::policy::SourceWord;

/// A place in the order of facts: by time, at one instant by the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key {
    pub(super) at: Timestamp,
    pub(super) revision: u64,
    /// Where in the partition it was recorded.
    pub(super) position: u64,
}

/// From one fact up to another, or for ever.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stretch {
    pub(super) from: Key,
    pub(super) to: Option<Key>,
}

/// From a start to the stop: what becomes a cycle.
pub(super) type Run = Stretch;

/// A question to opener or customer, while it was open; or a dismissal, while it stood.
#[derive(Debug, Clone, Copy)]
pub(super) struct Halt<'a> {
    pub(super) stretch: Stretch,
    pub(super) by: &'a PersonId,
    question: u32,
}

/// Something that may set a deadline anew.
#[derive(Debug, Clone, Copy)]
pub(super) enum Change<'a> {
    Severity(&'a SeverityId),
    Component(&'a ComponentId),
    Rebase { version: u32, clocks: &'a [Clock] },
}

/// What the first triage found.
#[derive(Debug, Clone, Copy)]
pub(super) struct FirstTriage<'a> {
    pub(super) key: Key,
    pub(super) severity: Option<&'a SeverityId>,
    pub(super) component: Option<&'a ComponentId>,
}

/// A filing.
#[derive(Debug, Clone, Copy)]
pub(super) struct Filing<'a> {
    pub(super) key: Key,
    pub(super) severity: Option<&'a SeverityId>,
    pub(super) component: Option<&'a ComponentId>,
    pub(super) source: Option<SourceWord>,
    pub(super) customer: Option<&'a crate::ids::CustomerId>,
    pub(super) imported: bool,
    pub(super) by: &'a PersonId,
}

/// A ledger, read.
#[derive(Debug)]
pub(super) struct Timeline<'a> {
    pub(super) filing: Filing<'a>,
    pub(super) triage: Option<FirstTriage<'a>>,
    pub(super) questions: Vec<Halt<'a>>,
    pub(super) dismissals: Vec<Halt<'a>>,
    pub(super) changes: Vec<(Key, Change<'a>)>,
    /// When the last fact happened.
    pub(super) last: Timestamp,
    /// For each clock, when it was stopped; overlapping, in no order.
    stops: [Vec<Stop>; 3],
}

#[derive(Debug, Clone, Copy)]
struct Stop {
    stretch: Stretch,
    how: How,
}

/// What stops a clock, and so what undoes the stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum How {
    Acceptance,
    Workaround,
    Resolution,
    Production,
}

impl Key {
    fn of(note: &Note) -> Self {
        Self { at: note.at, revision: note.revision, position: note.position }
    }

    /// See [`Note::place`].
    pub(super) fn place(self) -> (Timestamp, u64) {
        (self.at, self.position)
    }
}

impl<'a> Timeline<'a> {
    /// `None` for a ledger without a filing.
    pub(super) fn read(ledger: &'a Ledger) -> Option<Self> {
        let (filed, rest) = ledger.notes().split_first()?;
        let Noted::Filed { severity, component, source, customer, imported } = &filed.what else { return None };
        let key = Key::of(filed);
        let filing = Filing {
            key,
            severity: severity.as_ref(),
            component: component.as_ref(),
            source: *source,
            customer: customer.as_ref(),
            imported: *imported,
            by: &filed.by,
        };
        let mut timeline = Self {
            filing,
            triage: None,
            questions: Vec::new(),
            dismissals: Vec::new(),
            changes: Vec::new(),
            last: filed.at,
            stops: [Vec::new(), Vec::new(), Vec::new()],
        };
        let mut level = None;
        for note in rest {
            timeline.last = timeline.last.max(note.at);
            timeline.classified(note, &mut level);
            timeline.stopped(note, level);
            timeline.asked(note);
        }
        timeline.changes.sort_by_key(|(key, _)| *key);
        Some(timeline)
    }

    /// The runs of a clock: from filing to its first stop, then from where no stop holds any more to the next.
    pub(super) fn runs(&self, clock: Clock) -> Vec<Run> {
        let mut stops: Vec<Stretch> = self.stops[clock as usize].iter().map(|stop| stop.stretch).collect();
        stops.sort_by_key(|stop| stop.from);
        let mut runs = Vec::with_capacity(1);
        let mut start = self.filing.key;
        let mut stops = stops.into_iter().peekable();
        while let Some(stop) = stops.next() {
            runs.push(Run { from: start, to: Some(stop.from.max(start)) });
            let mut until = stop.to;
            while let Some(next) = stops.next_if(|next| until.is_none_or(|until| next.from <= until)) {
                until = until.and_then(|until| next.to.map(|to| to.max(until)));
            }
            let Some(until) = until else { return runs };
            start = until;
        }
        runs.push(Run { from: start, to: None });
        runs
    }

    fn classified(&mut self, note: &'a Note, level: &mut Option<Level>) {
        let key = Key::of(note);
        match &note.what {
            Noted::Triaged { severity, level: told, component, .. } => {
                *level = told.or(*level);
                let (severity, component) = (severity.as_ref(), component.as_ref());
                if self.triage.is_none() {
                    self.triage = Some(FirstTriage { key, severity, component });
                } else {
                    self.changes.extend(component.map(|to| (key, Change::Component(to))));
                    self.changes.extend(severity.map(|to| (key, Change::Severity(to))));
                }
            }
            Noted::LevelChanged { to, .. } => *level = Some(*to),
            Noted::SeverityChanged { to } => self.changes.push((key, Change::Severity(to))),
            Noted::ComponentChanged { to } => self.changes.push((key, Change::Component(to))),
            Noted::Rebased { version, clocks } => {
                self.changes.push((key, Change::Rebase { version: *version, clocks }));
            }
            _ => {}
        }
    }

    fn stopped(&mut self, note: &Note, level: Option<Level>) {
        let key = |at: Timestamp| Key { at: at.max(self.filing.key.at), ..Key::of(note) };
        let here = key(note.at);
        match &note.what {
            Noted::Accepted if self.stops[Clock::Accept as usize].is_empty() => {
                self.stop(Clock::Accept, How::Acceptance, here);
            }
            Noted::WorkaroundRecorded => self.stop(Clock::Mitigate, How::Workaround, here),
            Noted::WorkaroundWithdrawn => self.go_on(Clock::Mitigate, &[How::Workaround], here),
            Noted::Resolved => {
                self.stop(Clock::Resolve, How::Resolution, here);
                if matches!(level, Some(Level::UserError | Level::System)) {
                    self.stop(Clock::Mitigate, How::Resolution, here);
                }
            }
            Noted::InProduction { .. } => self.stop(Clock::Mitigate, How::Production, here),
            Noted::Closed { mitigated_at: at, .. } => {
                // A closing without a time of its own adds nothing to the mark before it.
                let from = key(at.unwrap_or(note.at));
                self.stop(Clock::Mitigate, How::Production, from);
            }
            Noted::WithdrawnFromProduction => self.go_on(Clock::Mitigate, &[How::Production], here),
            Noted::Rejected => {
                self.go_on(Clock::Resolve, &[How::Resolution], here);
                self.go_on(Clock::Mitigate, &[How::Resolution, How::Production], here);
            }
            Noted::Reopened if self.dismissals.last().is_none_or(|last| last.stretch.to.is_some()) => {
                self.go_on(Clock::Resolve, &[How::Resolution], here);
                self.go_on(Clock::Mitigate, &[How::Workaround, How::Resolution, How::Production], here);
            }
            _ => {}
        }
    }

    /// Stops the clock's present cycle: a stop that is told later than it happened reaches back to where that cycle began, and rewrites none before it.
    fn stop(&mut self, clock: Clock, how: How, from: Key) {
        let stops = &mut self.stops[clock as usize];
        let ended = stops.iter().map(|stop| stop.stretch.to).collect::<Option<Vec<_>>>();
        let began = ended.and_then(|ended| ended.into_iter().map(|end| end.at).max());
        let from = Key { at: began.map_or(from.at, |began| began.max(from.at)), ..from };
        stops.push(Stop { stretch: Stretch { from, to: None }, how });
    }

    /// Ends the stops of these kinds that hold. A stop that is ended by a fact recorded late lasts no time at least.
    fn go_on(&mut self, clock: Clock, undone: &[How], key: Key) {
        for stop in &mut self.stops[clock as usize] {
            if undone.contains(&stop.how) {
                end(&mut stop.stretch, key);
            }
        }
    }

    fn asked(&mut self, note: &'a Note) {
        let key = Key::of(note);
        let halt = |question| Halt { stretch: Stretch { from: key, to: None }, by: &note.by, question };
        match &note.what {
            Noted::Asked { question, outside: true } => self.questions.push(halt(*question)),
            Noted::Answered { questions } | Noted::Withdrawn { questions } => {
                let named = self.questions.iter_mut().filter(|open| questions.contains(&open.question));
                named.for_each(|open| end(&mut open.stretch, key));
            }
            Noted::Resolved => self.questions.iter_mut().for_each(|open| end(&mut open.stretch, key)),
            Noted::Dismissed { .. } => {
                self.questions.iter_mut().for_each(|open| end(&mut open.stretch, key));
                self.dismissals.push(halt(0));
            }
            Noted::Reopened => self.dismissals.iter_mut().for_each(|stood| end(&mut stood.stretch, key)),
            _ => {}
        }
    }
}

/// Ends a stretch that lasts, not before it began.
fn end(stretch: &mut Stretch, key: Key) {
    stretch.to.get_or_insert(Key { at: key.at.max(stretch.from.at), ..key });
}
