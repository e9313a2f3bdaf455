//! One cycle, walked from its start to its end: facts in order, and between them what time brings.

use jiff::Timestamp;

use super::alarm::{Alarm, AlarmKind};
use super::cycle::{Breach, Cause, Chosen, Cycle, Pause, Standstill, State};
use super::plan::{Due, ruling};
use super::route::{Route, Step, Until, steps};
use super::story::{Line, Told};
use super::timeline::{Change, Halt, Key};
use crate::ids::PersonId;
use crate::policy::Subject;

/// A walk under way.
pub(super) struct Walk<'a> {
    route: Route<'a>,
    subject: Subject,
    /// By what the deadline was set.
    chosen: Chosen,
    version: u32,
    exempt: bool,
    /// Whether the severity in force lets questions pause this clock.
    pausing: bool,
    due: Option<Due>,
    pauses: Vec<Pause>,
    open_questions: usize,
    paused: Option<(Key, &'a PersonId)>,
    dismissed: Option<(Key, &'a PersonId)>,
    warned: Option<u64>,
    breach: Option<Breach>,
    alarms: Vec<Alarm>,
    story: Vec<Line>,
}

impl<'a> Walk<'a> {
    /// Counts a cycle, and tells its story where it should.
    pub(super) fn take(route: Route<'a>) -> (Cycle, Vec<Line>) {
        let start = route.run.from;
        let steps = steps(&route);
        let mut walk = Self::begin(route);
        for (key, step) in steps.into_iter().skip_while(|(key, _)| *key < start) {
            let over = walk.route.run.to.is_some_and(|end| key >= end) || walk.route.until.is_before(key);
            if over {
                break;
            }
            walk.pass(key.at, false);
            walk.apply(key, step);
        }
        walk.finish()
    }

    fn begin(route: Route<'a>) -> Self {
        let start = route.run.from;
        let mut subject = route.subject.clone();
        let mut version = route.terms.policies.in_force_for(start.at, start.position).version;
        let mut exempt = route.timeline.filing.imported;
        let earlier = |key: Key, change| key < start && route.counts(key, change);
        for (_, change) in route.timeline.changes.iter().filter(|(key, change)| earlier(*key, *change)) {
            match change {
                Change::Severity(to) => subject.severity = (*to).clone(),
                Change::Component(to) => subject.component = Some((*to).clone()),
                Change::Rebase { .. } => exempt = false,
            }
        }
        if let Some(ruling) = ruling(route.terms, version, start.place(), &subject) {
            version = ruling.policy.version;
        }
        let stands = |key: Key, to: Option<Key>| key < start && to.is_none_or(|to| to > start);
        let dismissals = route.timeline.dismissals.iter();
        let dismissed =
            dismissals.rev().find(|halt| stands(halt.stretch.from, halt.stretch.to)).map(|halt| (start, halt.by));
        let mut walk = Self {
            chosen: Chosen { at: start.at, position: start.position, subject: subject.clone() },
            subject,
            version,
            exempt,
            pausing: false,
            due: None,
            pauses: Vec::new(),
            open_questions: 0,
            paused: None,
            dismissed,
            warned: None,
            breach: None,
            alarms: Vec::new(),
            story: Vec::new(),
            route,
        };
        walk.tell(start, None, Told::Started { number: walk.route.number });
        walk.set(start, None);
        walk
    }

    fn apply(&mut self, key: Key, step: Step<'a>) {
        match step {
            Step::Asked(by) => {
                self.open_questions += 1;
                self.pause_or_resume(key, by);
            }
            Step::Answered => {
                self.open_questions = self.open_questions.saturating_sub(1);
                self.resume_if_due(key);
            }
            Step::Dismissed(by) => {
                self.resume(key);
                self.dismissed = Some((key, by));
                self.tell(key, Some(by), Told::Cancelled);
            }
            Step::Reinstated => {
                if let Some((since, by)) = self.dismissed.take() {
                    self.tell(key, None, Told::Continued);
                    self.stood_still(since, key, by, Standstill::Dismissal);
                }
            }
            Step::Changed(change) => self.change(key, change),
        }
    }

    fn change(&mut self, key: Key, change: Change<'a>) {
        match change {
            // Looked at when something else sets a deadline.
            Change::Component(to) => self.subject.component = Some(to.clone()),
            Change::Severity(to) => {
                if self.subject.severity == *to {
                    return;
                }
                let from = std::mem::replace(&mut self.subject.severity, to.clone());
                if self.breach.is_none() {
                    self.tell(key, None, Told::SeverityChanged { from, to: to.clone() });
                }
                self.set(key, Some(Cause::SeverityChange));
            }
            Change::Rebase { version, clocks } => {
                let moves = clocks.contains(&self.route.clock) && self.dismissed.is_none() && self.breach.is_none();
                self.exempt &= !moves;
                if moves {
                    let from = std::mem::replace(&mut self.version, version);
                    self.tell(key, None, Told::Rebased { from, to: version });
                    self.set(key, Some(Cause::Rebase));
                }
            }
        }
    }

    /// Sets the deadline that the terms now give, from the cycle's start, its pauses kept. A breach stands.
    fn set(&mut self, key: Key, cause: Option<Cause>) {
        if self.breach.is_some() {
            return;
        }
        self.chosen = Chosen { at: key.at, position: key.position, subject: self.subject.clone() };
        let start = self.route.run.from.at;
        let ruling = ruling(self.route.terms, self.version, key.place(), &self.subject);
        let pausing = ruling.as_ref().is_some_and(|ruling| ruling.rules.pauses.of(self.route.clock));
        let promised = ruling
            .as_ref()
            .filter(|_| !self.exempt)
            .and_then(|ruling| Due::promised(self.route.terms, ruling, self.route.clock, start, &self.pauses));
        if let Some(ruling) = &ruling {
            let severity = self.subject.severity.clone();
            let why = self.route.telling.then(|| ruling.why(&self.subject));
            self.tell(key, None, Told::Ruled { severity, version: ruling.policy.version, why });
        }
        let same = matches!((&promised, &self.due), (Some(new), Some(old)) if new.same_as(old));
        self.due = match promised {
            Some(new) if same => self.due.take().map(|old| Due { version: new.version, ..old }),
            Some(new) => Some(self.begun(key, cause, new)),
            None => {
                self.tell(key, None, if self.exempt { Told::Exempt } else { Told::NoTarget });
                None
            }
        };
        self.pausing = pausing;
        let was_paused = self.paused.is_some();
        self.resume_if_due(key);
        if self.paused.is_none() && self.open_questions > 0 {
            let by = self.asker(key);
            self.pause_or_resume(key, by);
        }
        if !same && !was_paused && self.paused.is_none() {
            self.tell_due(key);
        }
    }

    /// A deadline set at `key`.
    fn begun(&self, key: Key, cause: Option<Cause>, new: Due) -> Due {
        let told_from = self.route.told_from.filter(|triage| cause.is_none() || key < *triage);
        let lasting =
            self.paused.map_or(jiff::SignedDuration::ZERO, |(since, _)| new.calendar.between(since.at, key.at));
        let deadline = Due { paused: new.paused + lasting, ..new.clone() }.deadline();
        Due {
            set_by: told_from.map_or(key.revision, |triage| triage.revision),
            since: told_from.map_or(key.at, |triage| triage.at.max(key.at)),
            earliest: key.at,
            late: cause.filter(|_| deadline < key.at),
            ..new
        }
    }

    fn pause_or_resume(&mut self, key: Key, by: &'a PersonId) {
        let may = self.pausing && self.open_questions > 0 && self.dismissed.is_none() && self.breach.is_none();
        if may && self.paused.is_none() {
            self.paused = Some((key, by));
            self.tell(key, Some(by), Told::Paused);
        }
    }

    fn resume_if_due(&mut self, key: Key) {
        if self.open_questions == 0 || !self.pausing {
            self.resume(key);
        }
    }

    fn resume(&mut self, key: Key) {
        if let Some((since, by)) = self.paused.take() {
            self.tell(key, None, Told::Resumed { since: since.at });
            self.stood_still(since, key, by, Standstill::Question);
        }
    }

    /// A pause is over: the deadline moves by the working time in it.
    fn stood_still(&mut self, from: Key, to: Key, by: &PersonId, why: Standstill) {
        self.pauses.push(Pause {
            from: from.at,
            until: Some(to.at),
            why,
            begun_by: from.revision,
            by: by.clone(),
            ended_by: Some(to.revision),
        });
        if self.breach.is_some() {
            return;
        }
        let told_from = self.route.told_from;
        let Some(due) = &mut self.due else { return };
        let took = due.calendar.between(from.at, to.at);
        if took.is_positive() {
            due.paused += took;
            due.set_by = told_from.map_or(to.revision, |triage| triage.revision.max(to.revision));
        }
        due.since = told_from.map_or(to.at, |triage| triage.at.max(to.at));
        due.earliest = to.at;
        if due.late.is_none() && due.deadline() < to.at {
            // Nothing is left: it is breached as soon as work goes on.
            due.earliest = due.calendar.next_open(to.at).unwrap_or(Timestamp::MAX);
        }
        if took.is_positive() {
            self.tell_due(to);
        }
    }

    /// What time brings before `until`, or up to it.
    fn pass(&mut self, until: Timestamp, inclusive: bool) {
        let Some(due) = self.due.as_ref().filter(|_| self.dismissed.is_none() && self.breach.is_none()) else { return };
        // What a change puts past its deadline is breached then: no pause begun later than that moves it.
        if self.paused.is_some() && due.late.is_none() {
            return;
        }
        let reached = |at: Timestamp| at < until || (inclusive && at == until);
        let (breach, risk, set_by) = (due.breach(), due.at_risk(), due.set_by);
        let deadline = due.shown();
        let (version, late) = (due.version, due.late);
        if self.warned != Some(set_by) && risk < breach && reached(risk) {
            self.warned = Some(set_by);
            self.alarm(AlarmKind::AtRisk, risk, deadline, version, set_by, Cause::Deadline);
        }
        if reached(breach) {
            let (at, cause) = match self.route.told_from {
                Some(triage) if breach < triage.at => (triage.at, Cause::FirstTriage),
                _ => (breach, late.unwrap_or(Cause::Deadline)),
            };
            self.breach = Some(Breach { at, deadline, version, cause, set_by, recorded: None });
            self.alarm(AlarmKind::Breach, at, deadline, version, set_by, cause);
        }
    }

    fn alarm(&mut self, kind: AlarmKind, at: Timestamp, deadline: Timestamp, version: u32, set_by: u64, cause: Cause) {
        let (clock, cycle) = (self.route.clock, self.route.number);
        self.alarms.push(Alarm { kind, clock, cycle, at, deadline, version, set_by, cause, recorded: false });
        let told = match kind {
            AlarmKind::AtRisk => Told::AtRisk { deadline },
            AlarmKind::Breach => Told::Breached { deadline, cause },
        };
        self.tell(Key { at, revision: 0, position: 0 }, None, told);
    }

    fn finish(mut self) -> (Cycle, Vec<Line>) {
        let until = self.route.until;
        let end = self.route.run.to.filter(|end| !until.is_before(*end));
        let (last, inclusive) = match (end, until) {
            (Some(end), _) | (None, Until::Before(end)) => (end.at, false),
            (None, Until::Now(now)) => (now, true),
        };
        // Verdicts compare instants: stopped in the instant of a change that put the deadline before it, it was not stopped in time.
        let late = self.due.as_ref().is_some_and(|due| due.late.is_some());
        self.pass(last, inclusive || late);
        let lasting = self.paused.map(|(key, _)| key.at).or(self.dismissed.map(|(key, _)| key.at));
        let now = if let Until::Now(now) = until { now } else { last };
        let start = self.route.run.from;
        let plan = self.due.as_ref().map(|due| due.plan(start.at, last, now, lasting));
        if let Some((since, by)) = self.paused {
            self.pauses.push(Pause {
                from: since.at,
                until: end.map(|end| end.at),
                why: Standstill::Question,
                begun_by: since.revision,
                by: by.clone(),
                ended_by: end.map(|end| end.revision),
            });
        }
        let state = match (end, self.dismissed, self.paused) {
            (Some(end), ..) => State::Ended { at: end.at, by: end.revision },
            (None, Some((since, _)), _) => State::Cancelled { at: since.at },
            (None, None, Some((since, _))) => State::Paused { since: since.at },
            (None, None, None) => State::Running,
        };
        if let Some(end) = end {
            self.tell(end, None, Told::Ended { promised: self.due.is_some(), breached: self.breach.is_some() });
        }
        let cycle = Cycle {
            clock: self.route.clock,
            number: self.route.number,
            start: start.at,
            opened_by: start.revision,
            version: self.due.as_ref().map_or(self.version, |due| due.version),
            severity: self.chosen.subject.severity.clone(),
            chosen: self.chosen,
            subject: self.subject,
            plan,
            pauses: self.pauses,
            state,
            breach: self.breach,
            corrected_at: None,
            doubtful: false,
            sent_back: false,
            alarms: self.alarms,
        };
        (cycle, self.story)
    }

    /// Who asked what is open.
    fn asker(&self, key: Key) -> &'a PersonId {
        let timeline = self.route.timeline;
        let open = |halt: &&Halt<'a>| halt.stretch.from <= key && halt.stretch.to.is_none_or(|to| to > key);
        timeline.questions.iter().find(open).map_or(timeline.filing.by, |halt| halt.by)
    }

    fn tell(&mut self, key: Key, by: Option<&PersonId>, told: Told) {
        if self.route.telling {
            let revision = (key.revision > 0).then_some(key.revision);
            self.story.push(Line { at: key.at, revision, by: by.cloned(), told });
        }
    }

    fn tell_due(&mut self, key: Key) {
        if let (true, Some(due)) = (self.route.telling, &self.due) {
            let told = Told::due(due, self.route.run.from.at, &self.pauses);
            self.tell(key, None, told);
        }
    }
}
