//! What the system has to do by itself for an issue, and when: all that follows from its clocks.
//!
//! Pure, as the clocks are. A view asks [`next`] when to wake; who has woken asks [`due`] what for; and the decider counts once more.

use jiff::Timestamp;

use crate::clocks::{Alarm, Clock, Clocks, Cycle, EscalationDue, Ledger, Noted, State, Terms};
use crate::ids::ReleaseId;
use crate::issue::{Correction, Delivered, Level, Phase};
use crate::policy::Delivery;
use crate::project::Reactor;
use crate::shifts::{self, Standing};

/// Something to be done, from an instant on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Todo {
    /// An alarm is to be recorded.
    Record(Alarm),
    /// A recorded breach is to be taken back.
    Correct {
        /// Which clock.
        clock: Clock,
        /// Its cycle.
        cycle: u32,
        /// The revision of the event that set the deadline.
        set_by: u64,
    },
    /// Somebody is to be told of a clock.
    Escalate {
        /// Which clock.
        clock: Clock,
        /// Its cycle.
        cycle: u32,
        /// Which step, and whom.
        due: EscalationDue,
    },
    /// A fix that was to be patched into production at once: was it?
    Deliver {
        /// The resolve clock's cycle.
        cycle: u32,
        /// What became of it.
        delivered: Delivered,
    },
    /// Shifts are to be planned, or renewed.
    PlanShifts {
        /// The revision of the event that planned those which stand; where none do, of the last that concerned clocks: shifts that ended may be
        /// needed again.
        after: u64,
    },
    /// Shifts are to be ended.
    EndShifts {
        /// The revision of the event that planned them.
        planned_by: u64,
    },
}

impl Todo {
    /// Whose it is to do.
    pub fn reactor(&self) -> Reactor {
        match self {
            Self::Record(_) | Self::Correct { .. } => Reactor::Deadlines,
            Self::Escalate { .. } => Reactor::Escalations,
            Self::Deliver { .. } => Reactor::Delivery,
            Self::PlanShifts { .. } | Self::EndShifts { .. } => Reactor::Shifts,
        }
    }
}

/// What is to be done by an instant that is over, in the order of time. Where another clock runs ahead and facts are later, so are the clocks: what they
/// tell of a later instant may still turn out otherwise.
pub fn due(
    ledger: &Ledger,
    terms: &Terms<'_>,
    clocks: &Clocks,
    standing: Option<&Standing>,
    over: Timestamp,
) -> Vec<(Timestamp, Todo)> {
    let mut due: Vec<_> = clocks.untold().into_iter().map(|alarm| (alarm.at, Todo::Record(alarm.clone()))).collect();
    due.extend(later(ledger, terms, clocks, standing));
    due.retain(|(at, _)| *at <= over);
    for cycle in &clocks.cycles {
        if let Some(breach) = cycle.breach.as_ref().filter(|_| is_to_be_corrected(ledger, cycle)) {
            let todo = Todo::Correct { clock: cycle.clock, cycle: cycle.number, set_by: breach.set_by };
            due.push((over, todo));
        }
    }
    // Stable: at one instant, what happened is recorded before anybody is told of it.
    due.sort_by_key(|(at, _)| *at);
    due
}

/// When something is to be done next, if nothing happens before; not later than the clocks' instant where something is already. `None`: nothing, ever.
pub fn next(ledger: &Ledger, terms: &Terms<'_>, clocks: &Clocks, standing: Option<&Standing>) -> Option<Timestamp> {
    let doubtful = clocks.cycles.iter().any(|cycle| is_to_be_corrected(ledger, cycle)).then_some(clocks.now);
    let later = later(ledger, terms, clocks, standing).map(|(at, _)| at);
    later.chain(clocks.next_due()).chain(doubtful).min()
}

/// When each part of the system has something to do later, if nothing happens before.
pub fn upcoming(
    ledger: &Ledger,
    terms: &Terms<'_>,
    clocks: &Clocks,
    standing: Option<&Standing>,
    over: Timestamp,
) -> Vec<(Timestamp, Reactor)> {
    // Not `Cycle::next_due`: what is untold now hides what comes after it.
    let running = clocks.cycles.iter().filter(|cycle| cycle.state == State::Running && cycle.breach.is_none());
    let plans = running.filter_map(|cycle| cycle.plan.as_ref());
    let alarms = plans.flat_map(|plan| [plan.at_risk_at, plan.deadline]).map(|at| (at, Reactor::Deadlines));
    let later = later(ledger, terms, clocks, standing).map(|(at, todo)| (at, todo.reactor()));
    let untold = clocks.untold().into_iter().map(|alarm| (alarm.at, Reactor::Deadlines));
    alarms.chain(untold).chain(later).filter(|(at, _)| *at > over).collect()
}

/// A late stop takes a breach back with a reason of its own, when it is told. Of a first triage that did not, it is done afterwards.
fn is_to_be_corrected(ledger: &Ledger, cycle: &Cycle) -> bool {
    correction(ledger, cycle) == Some(Correction::FirstTriage)
}

/// What takes back a recorded breach that no longer follows from the facts; `None`: nothing does, it stands, whatever severity or policy says now.
pub fn correction(ledger: &Ledger, cycle: &Cycle) -> Option<Correction> {
    let breach = cycle.breach.as_ref().filter(|_| cycle.doubtful)?;
    let recorded = breach.recorded?;
    if let State::Ended { at, by } = cycle.state
        && by > recorded
        && at <= breach.at
    {
        return Some(Correction::LateStop);
    }
    let triaged = ledger.notes().iter().find(|note| matches!(note.what, Noted::Triaged { .. }))?;
    (triaged.revision > recorded).then_some(Correction::FirstTriage)
}

/// What is done besides recording alarms, at its instant: now, or some time.
fn later<'a>(
    ledger: &'a Ledger,
    terms: &'a Terms<'_>,
    clocks: &'a Clocks,
    standing: Option<&'a Standing>,
) -> impl Iterator<Item = (Timestamp, Todo)> + 'a {
    let escalations = clocks.cycles.iter().flat_map(move |cycle| {
        let of = (cycle.clock, cycle.number);
        let untold = cycle.escalations(terms).into_iter().filter(move |due| !is_told(ledger, of, due));
        untold.map(move |due| (due.at, Todo::Escalate { clock: of.0, cycle: of.1, due }))
    });
    escalations.chain(deliveries(ledger, terms, clocks)).chain(shifts_due(ledger, terms, clocks, standing))
}

fn is_told(ledger: &Ledger, of: (Clock, u32), due: &EscalationDue) -> bool {
    let told = |what: &Noted| {
        matches!(what, Noted::Escalated { clock, cycle, set_by, step }
            if ((*clock, *cycle), *set_by, *step) == (of, due.set_by, due.step))
    };
    ledger.notes().iter().any(|note| told(&note.what))
}

/// Whether the fix of a cycle that is to be patched into production at once got there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Patched {
    /// By when it was to be there.
    pub due: Timestamp,
    /// When that was settled: it was there, or too late. In the future where it still may come in time.
    pub at: Timestamp,
    /// What became of it, at that moment.
    pub delivered: Delivered,
}

/// Patch now: in production within the resolve target, counted from the cycle's start. `None`: it is not asked of this cycle. What was sent back before
/// it had to be there is asked of the next cycle; what no change of code could mend then, and what nobody worked on then, is not asked at all.
pub fn patched(ledger: &Ledger, terms: &Terms<'_>, clocks: &Clocks, cycle: &Cycle) -> Option<Patched> {
    let due = cycle.plan.as_ref()?.unpaused;
    if cycle.delivery(terms) != Some(Delivery::PatchNow) {
        return None;
    }
    let sent_back = clocks.cycle(Clock::Resolve, cycle.number + 1).map(|next| next.start);
    let (at, delivered) = match in_production(ledger, cycle.start, sent_back).filter(|(at, _)| *at <= due) {
        Some((at, release)) => (at, Delivered::Kept { release: release.cloned() }),
        None if sent_back.is_some_and(|at| at < due) => return None,
        None => (due, Delivered::Broken { due, release: None }),
    };
    needs_delivery(&ledger.at(at)).then_some(Patched { due, at, delivered })
}

fn deliveries<'a>(
    ledger: &'a Ledger,
    terms: &'a Terms<'_>,
    clocks: &'a Clocks,
) -> impl Iterator<Item = (Timestamp, Todo)> + 'a {
    clocks.of(Clock::Resolve).filter(|cycle| !is_delivered(ledger, cycle.number)).filter_map(move |cycle| {
        let Patched { at, delivered, .. } = patched(ledger, terms, clocks, cycle)?;
        Some((at, Todo::Deliver { cycle: cycle.number, delivered }))
    })
}

/// Is there a fix that has to come to production, as far as is known?
pub fn needs_delivery(ledger: &Ledger) -> bool {
    let level = ledger.notes().iter().rev().find_map(|note| match &note.what {
        Noted::Triaged { level, .. } => *level,
        Noted::LevelChanged { to, .. } => Some(*to),
        _ => None,
    });
    !matches!(ledger.phase(), Phase::Dismissed { .. }) && level.is_none_or(|level| level == Level::CodeOrData)
}

/// Is it recorded whether that cycle's fix got to production as its severity asks?
pub fn is_delivered(ledger: &Ledger, number: u32) -> bool {
    ledger.notes().iter().any(|note| matches!(note.what, Noted::Delivered { cycle, .. } if cycle == number))
}

/// Did its fix stand in production then?
pub fn in_production_at(ledger: &Ledger, then: Timestamp) -> bool {
    let moves = ledger.notes().iter().filter(|note| note.at <= then).filter_map(|note| match note.what {
        Noted::InProduction { .. } => Some((note.at, true)),
        Noted::WithdrawnFromProduction | Noted::Rejected | Noted::Reopened => Some((note.at, false)),
        _ => None,
    });
    // Of one instant, the last of the log.
    moves.max_by_key(|(at, _)| *at).is_some_and(|(_, there)| there)
}

/// When a cycle's fix first came to production, and with which release.
fn in_production(
    ledger: &Ledger,
    start: Timestamp,
    sent_back: Option<Timestamp>,
) -> Option<(Timestamp, Option<&ReleaseId>)> {
    let there = ledger.notes().iter().filter_map(|note| match &note.what {
        Noted::InProduction { release } => Some((note.at, Some(release))),
        Noted::Closed { mitigated_at, release } => Some((mitigated_at.unwrap_or(note.at), release.as_ref())),
        _ => None,
    });
    there.filter(|(at, _)| *at >= start && sent_back.is_none_or(|until| *at < until)).min_by_key(|(at, _)| *at)
}

fn shifts_due(
    ledger: &Ledger,
    terms: &Terms<'_>,
    clocks: &Clocks,
    standing: Option<&Standing>,
) -> Option<(Timestamp, Todo)> {
    // Most severities never ask for shifts: their clocks are not counted twice.
    let mitigate = clocks.current(Clock::Mitigate)?;
    let asks =
        || mitigate.ended_at().is_none() && mitigate.ruling(terms).is_some_and(|one| one.rules.shifts_after.is_some());
    if standing.is_none() && !asks() {
        return None;
    }
    let last = ledger.notes().last().map_or(0, |note| note.revision);
    let planned_by = standing.map_or(last, |standing| standing.planned_by);
    match shifts::agenda(ledger, terms, standing, clocks.now) {
        shifts::Agenda::Nothing => None,
        shifts::Agenda::Plan { due } => Some((due, Todo::PlanShifts { after: planned_by })),
        shifts::Agenda::End { due, .. } => Some((due, Todo::EndShifts { planned_by })),
    }
}
