//! What is told of a clock, line by line: for whoever must be able to check it.

use jiff::{SignedDuration, Timestamp};

use super::Clock;
use super::cycle::{Cause, Clocks, Pause};
use super::ledger::{Ledger, Note, Noted};
use super::plan::Due;
use super::terms::Terms;
use super::timeline::{Halt, Timeline};
use crate::calendar::Span;
use crate::ids::{CalendarId, ComponentId, PersonId, SeverityId, TeamId};
use crate::issue::Level;
use crate::policy::{Target, Why};

/// So many stretches of working time are told of one deadline; how many more there are, is.
pub const SPANS_TOLD_MAX: usize = 40;

/// A clock's story.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Story {
    /// Which clock.
    pub clock: Clock,
    /// Its cycle.
    pub number: u32,
    /// In the order of time.
    pub lines: Vec<Line>,
}

/// A line of a clock's story.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// When it happened.
    pub at: Timestamp,
    /// The revision of the event that did it; `None`: time did.
    pub revision: Option<u64>,
    /// Who did it, where that matters.
    pub by: Option<PersonId>,
    /// What.
    pub told: Told,
}

/// What a line tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Told {
    /// The cycle began.
    Started {
        /// Which, from 1.
        number: u32,
    },
    /// Which rules hold for it from here.
    Ruled {
        /// The severity.
        severity: SeverityId,
        /// The policy.
        version: u32,
        /// Why these.
        why: Option<Why>,
    },
    /// The first triage gave another severity, component or both: it rules from filing on.
    Replaced {
        /// What ruled until then.
        from: SeverityId,
        /// What does now.
        to: SeverityId,
    },
    /// The policy gives this clock no target.
    NoTarget,
    /// An imported issue has no targets until its clocks are rebased.
    Exempt,
    /// When it is due, and how that was counted.
    Due {
        /// What was promised.
        target: Target,
        /// The calendar.
        calendar: CalendarId,
        /// Its version.
        calendar_version: u32,
        /// When the target is used up.
        deadline: Timestamp,
        /// From when on it is at risk.
        at_risk_at: Timestamp,
        /// The working time that pauses took so far.
        paused: SignedDuration,
        /// The stretches of working time from the start to the deadline, without the pauses.
        spans: Vec<Span>,
        /// How many more there are.
        more: usize,
    },
    /// Opener or customer were asked: it stands still.
    Paused,
    /// It goes on.
    Resumed {
        /// Since when it stood still.
        since: Timestamp,
    },
    /// The severity was changed.
    SeverityChanged {
        /// From.
        from: SeverityId,
        /// To.
        to: SeverityId,
    },
    /// It was moved to another policy.
    Rebased {
        /// From.
        from: u32,
        /// To.
        to: u32,
    },
    /// It is at risk.
    AtRisk {
        /// The deadline.
        deadline: Timestamp,
    },
    /// It was breached.
    Breached {
        /// The deadline.
        deadline: Timestamp,
        /// How it came to be.
        cause: Cause,
    },
    /// A recorded breach was taken back.
    Corrected,
    /// The issue was dismissed: neither met nor breached.
    Cancelled,
    /// A dismissal was reopened: it goes on with what was left.
    Continued,
    /// It was stopped.
    Ended {
        /// True: it had a target.
        promised: bool,
        /// True: not in time.
        breached: bool,
    },
    /// Something happened that does not move it.
    Unmoved {
        /// What.
        by: Bystander,
    },
}

/// Something that doesn't move a clock, though one might think so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Bystander {
    /// A policy took effect: a cycle keeps that of its start, until it is rebased.
    Policy {
        /// Which.
        version: u32,
    },
    /// A calendar was changed: a policy keeps the versions it was adopted with.
    Calendar {
        /// Which.
        calendar: CalendarId,
        /// Its new version.
        version: u32,
    },
    /// The component was changed: it counts when the next deadline is set.
    Component {
        /// To.
        to: ComponentId,
    },
    /// Another team owns the issue: a handover takes no time off the clock.
    Handover {
        /// To.
        to: TeamId,
    },
    /// The level was changed: levels never move a clock.
    Level {
        /// To.
        to: Level,
    },
    /// The issue went back to triage: the last severity goes on ruling.
    ReturnedToTriage,
    /// A colleague was asked: only questions to the opener or the customer pause.
    AskedInside,
    /// The severity in force doesn't pause this clock.
    NotPausing,
    /// It was asked after the deadline.
    AskedTooLate,
    /// A cycle starts unpaused: what was asked before it does not count.
    AskedBefore,
    /// The severity was changed after the breach, which stands.
    SeverityAfterBreach {
        /// To.
        to: SeverityId,
    },
    /// It was rebased after the breach, which stands.
    RebasedAfterBreach {
        /// To.
        version: u32,
    },
}

impl Told {
    pub(super) fn due(due: &Due, start: Timestamp, pauses: &[Pause]) -> Self {
        let deadline = due.shown();
        let mut all = worked(due, start, deadline, pauses);
        let spans: Vec<Span> = all.by_ref().take(SPANS_TOLD_MAX).collect();
        let more = all.count();
        Self::Due {
            target: due.target,
            calendar: due.calendar.id().clone(),
            calendar_version: due.calendar.version(),
            deadline,
            at_risk_at: due.at_risk(),
            paused: due.paused,
            spans,
            more,
        }
    }
}

/// The working time between two instants, without the pauses.
fn worked(due: &Due, start: Timestamp, deadline: Timestamp, pauses: &[Pause]) -> impl Iterator<Item = Span> {
    let mut running = vec![Span { opens: start, closes: deadline }];
    for pause in pauses {
        let until = pause.until.unwrap_or(deadline);
        running = running
            .into_iter()
            .flat_map(|span| {
                [
                    Span { opens: span.opens, closes: span.closes.min(pause.from) },
                    Span { opens: span.opens.max(until), closes: span.closes },
                ]
            })
            .filter(|span| span.opens < span.closes)
            .collect();
    }
    running.into_iter().flat_map(|span| due.calendar.spans(span.opens, span.closes).collect::<Vec<_>>())
}

/// Adds to each cycle's story what did not move it, and why.
pub(super) fn add_bystanders(stories: &mut [Story], clocks: &Clocks, ledger: &Ledger, terms: &Terms<'_>) {
    for story in stories {
        let Some(cycle) = clocks.cycle(story.clock, story.number) else { continue };
        let until = cycle.ended_at().unwrap_or(clocks.now);
        let breached = |at: Timestamp| cycle.breach.as_ref().is_some_and(|breach| breach.at < at);
        let paused =
            |at: Timestamp| cycle.pauses.iter().any(|pause| pause.from <= at && pause.until.is_none_or(|to| at < to));
        for note in ledger.notes().iter().filter(|note| cycle.start <= note.at && note.at <= until) {
            let by = bystander(&note.what, breached(note.at), paused(note.at));
            story.lines.extend(by.map(|by| line(note, by)));
        }
        asked_before(story, cycle.start, ledger);
        policies(story, cycle.start, until, terms);
        story.lines.sort_by_key(|line| line.at);
    }
}

/// What was open when the cycle began.
fn asked_before(story: &mut Story, start: Timestamp, ledger: &Ledger) {
    let Some(timeline) = Timeline::read(ledger) else { return };
    let open = |halt: &&Halt<'_>| halt.stretch.from.at < start && halt.stretch.to.is_none_or(|to| start < to.at);
    let told = timeline.questions.iter().filter(open).map(|halt| Line {
        at: start,
        revision: Some(halt.stretch.from.revision),
        by: Some(halt.by.clone()),
        told: Told::Unmoved { by: Bystander::AskedBefore },
    });
    story.lines.extend(told);
}

fn bystander(what: &Noted, breached: bool, paused: bool) -> Option<Bystander> {
    Some(match what {
        Noted::ComponentChanged { to } => Bystander::Component { to: to.clone() },
        Noted::HandedOver { to } => Bystander::Handover { to: to.clone() },
        Noted::LevelChanged { to, .. } => Bystander::Level { to: *to },
        Noted::ReturnedToTriage => Bystander::ReturnedToTriage,
        Noted::Asked { outside: false, .. } => Bystander::AskedInside,
        Noted::Asked { outside: true, .. } if breached => Bystander::AskedTooLate,
        Noted::Asked { outside: true, .. } if !paused => Bystander::NotPausing,
        Noted::SeverityChanged { to } if breached => Bystander::SeverityAfterBreach { to: to.clone() },
        Noted::Rebased { version, .. } if breached => Bystander::RebasedAfterBreach { version: *version },
        _ => return None,
    })
}

fn line(note: &Note, by: Bystander) -> Line {
    Line { at: note.at, revision: Some(note.revision), by: Some(note.by.clone()), told: Told::Unmoved { by } }
}

/// Policies and calendars that came while the cycle ran.
fn policies(story: &mut Story, start: Timestamp, until: Timestamp, terms: &Terms<'_>) {
    let during = |at: Timestamp| start < at && at <= until;
    let unmoved = |at, by| Line { at, revision: None, by: None, told: Told::Unmoved { by } };
    for policy in terms.policies.all().iter().filter(|policy| during(policy.effective_from)) {
        story.lines.push(unmoved(policy.effective_from, Bystander::Policy { version: policy.version }));
    }
    for id in terms.calendars.ids() {
        for defined in terms.calendars.versions(&id).iter().filter(|defined| during(defined.since)) {
            let by = Bystander::Calendar { calendar: id.clone(), version: defined.calendar.version() };
            story.lines.push(unmoved(defined.since, by));
        }
    }
}

/// A text that both a story's reader and a report show.
impl Cause {
    /// `deadline`, `first_triage`, `severity_change` or `rebase`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Deadline => "deadline",
            Self::FirstTriage => "first_triage",
            Self::SeverityChange => "severity_change",
            Self::Rebase => "rebase",
        }
    }

    /// The cause by its name.
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Deadline, Self::FirstTriage, Self::SeverityChange, Self::Rebase]
            .into_iter()
            .find(|cause| cause.as_str() == name)
    }
}
