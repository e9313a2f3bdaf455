//! What is recorded of clocks: deadlines as they pass, what takes a breach back, rebases, escalations, deliveries.
//!
//! Nothing is believed: the clocks are counted anew on what is known of the issue and the project, and what doesn't follow from them is refused.

use jiff::Timestamp;

use super::case::Case;
use super::delivery;
use crate::agenda;
use crate::clocks::{Alarm, AlarmKind, Cause, Clock, Clocks, Cycle, Ledger, Noted, State as Run, clocks};
use crate::ids::{IssueId, PersonId};
use crate::issue::{Command, Correction, EscalateSla, IssueEvent, Moved};
use crate::text::Text;
use crate::{Decision, Missing, Recorded, Rejection, StreamKind, StreamRef};

pub(super) type Decided = Result<Decision<IssueEvent>, Rejection>;

/// Decides the commands about clocks; `None`: it is another one.
pub(super) fn decide(case: &Case<'_>, command: &Command) -> Option<Decided> {
    Some(match command {
        Command::RecordSlaAtRisk { clock, cycle, set_by } => at_risk(case, *clock, *cycle, *set_by),
        Command::RecordSlaBreach { clock, cycle, set_by } => breach(case, *clock, *cycle, *set_by),
        Command::CorrectSlaBreach { clock, cycle, reason } => correct(case, *clock, *cycle, reason.as_ref()),
        Command::RebaseClocks { policy, reason } => rebase(case, *policy, reason.as_ref()),
        Command::RecordEscalation(asked) => escalate(case, asked),
        Command::RecordDelivery { cycle, rule, delivered } => delivery::record(case, *cycle, *rule, delivered),
        _ => return None,
    })
}

fn at_risk(case: &Case<'_>, clock: Clock, cycle: u32, set_by: u64) -> Decided {
    let counted = counted(case);
    let cycle = find(&counted, clock, cycle)?;
    let Some(alarm) = alarm(case, cycle, AlarmKind::AtRisk, set_by) else {
        let at_risk_at = cycle.plan.as_ref().map(|plan| plan.at_risk_at);
        return Err(Rejection::SlaNotAtRisk { clock, cycle: cycle.number, at_risk_at });
    };
    not_recorded(alarm)?;
    let event = IssueEvent::SlaAtRiskRecorded {
        clock,
        cycle: cycle.number,
        set_by,
        deadline: alarm.deadline,
        policy_version: alarm.version,
    };
    Ok(Decision { events: vec![event], occurred_at: alarm.at })
}

fn breach(case: &Case<'_>, clock: Clock, cycle: u32, set_by: u64) -> Decided {
    let counted = counted(case);
    let cycle = find(&counted, clock, cycle)?;
    if cycle.breach.as_ref().is_some_and(|breach| breach.recorded.is_some()) {
        return Err(Rejection::SlaAlreadyRecorded { clock, cycle: cycle.number });
    }
    let Some(alarm) = alarm(case, cycle, AlarmKind::Breach, set_by) else {
        return Err(Rejection::SlaNotBreached { clock, cycle: cycle.number, deadline: cycle.deadline() });
    };
    Ok(Decision { events: vec![breached(alarm)], occurred_at: alarm.at })
}

fn correct(case: &Case<'_>, clock: Clock, number: u32, reason: Option<&Text>) -> Decided {
    let counted = counted(case);
    let cycle = find(&counted, clock, number)?;
    if cycle.breach.as_ref().is_none_or(|breach| breach.recorded.is_none()) {
        return Err(Rejection::SlaBreachNotRecorded { clock, cycle: number });
    }
    let Some(by) = agenda::correction(&case.issue.ledger, cycle) else {
        return Err(Rejection::SlaBreachStands { clock, cycle: number });
    };
    if by == Correction::LateStop {
        late_reason(case, reason)?;
    }
    let event = IssueEvent::SlaBreachCorrected { clock, cycle: number, by, reason: reason.cloned() };
    Ok(Decision { events: vec![event], occurred_at: case.context.now })
}

/// Moves what runs to another policy. It happens now, whatever was so before.
fn rebase(case: &Case<'_>, policy: Option<u32>, reason: Option<&Text>) -> Decided {
    let (policies, now) = (&case.project.policies, case.context.now);
    let version = policy.unwrap_or_else(|| policies.in_force(now).version);
    let Some(found) = policies.version(version) else {
        return Err(Rejection::UnknownPolicy { version, latest: policies.next_version() - 1 });
    };
    if found.effective_from > now {
        return Err(Rejection::PolicyNotInForce { version, effective_from: found.effective_from });
    }
    case.not_over()?;
    let counted = counted(case);
    let running = |cycle: &&Cycle| matches!(cycle.state, Run::Running | Run::Paused { .. }) && cycle.breach.is_none();
    let candidates: Vec<&Cycle> = counted.cycles.iter().filter(running).collect();
    let mut evidence = case.evidence();
    evidence.need(reason.is_some(), Missing::ReasonMissing);
    evidence.complete()?;
    let Some(reason) = reason.cloned() else {
        return Err(Rejection::Incomplete { missing: vec![Missing::ReasonMissing] });
    };
    // Not earlier than anything that is known: it is about what runs now.
    let at = now.max(case.issue.changed_at);
    let named = candidates.iter().map(|cycle| moved(cycle, None)).collect();
    let draft = IssueEvent::ClocksRebased { version, clocks: named, reason: reason.clone() };
    let after = clocks(&supposed(case, &[draft], at), &case.project.terms(), at);
    let moves = |before: &&&Cycle| {
        let there = after.cycle(before.clock, before.number);
        counted.exempt || there.is_none_or(|there| (there.version, &there.plan) != (before.version, &before.plan))
    };
    let clocks: Vec<Moved> =
        candidates.iter().filter(moves).map(|before| moved(before, after.cycle(before.clock, before.number))).collect();
    if clocks.is_empty() {
        return Err(Rejection::NothingToRebase { version });
    }
    Ok(Decision { events: vec![IssueEvent::ClocksRebased { version, clocks, reason }], occurred_at: at })
}

fn moved(before: &Cycle, after: Option<&Cycle>) -> Moved {
    Moved {
        clock: before.clock,
        cycle: before.number,
        from_version: before.version,
        from_deadline: before.deadline(),
        to_deadline: after.and_then(Cycle::deadline),
    }
}

fn escalate(case: &Case<'_>, asked: &EscalateSla) -> Decided {
    let EscalateSla { clock, cycle, set_by, step, people } = asked;
    let counted = counted(case);
    let found = find(&counted, *clock, *cycle)?;
    let not_due = || Rejection::EscalationNotDue { clock: *clock, cycle: *cycle, step: *step, due: None };
    let steps = found.escalations(&case.project.terms());
    let Some(due) = steps.into_iter().find(|due| (due.step, due.set_by) == (*step, *set_by)) else {
        return Err(not_due());
    };
    if due.at > case.context.now {
        return Err(Rejection::EscalationNotDue { clock: *clock, cycle: *cycle, step: *step, due: Some(due.at) });
    }
    let told = |what: &Noted| {
        matches!(what, Noted::Escalated { clock: c, cycle: n, set_by: s, step: t }
            if (c, n, s, t) == (clock, cycle, set_by, step))
    };
    if case.issue.ledger.notes().iter().any(|note| told(&note.what)) {
        return Err(Rejection::SlaAlreadyRecorded { clock: *clock, cycle: *cycle });
    }
    let event = IssueEvent::SlaEscalated {
        clock: *clock,
        cycle: *cycle,
        set_by: *set_by,
        step: *step,
        when: due.when,
        to: due.to,
        people: people.clone(),
    };
    Ok(Decision { events: vec![event], occurred_at: due.at })
}

/// What follows for recorded breaches from events that are about to be recorded: a stop that happened before one takes it back, with a reason; the first
/// triage takes back what no longer holds and records what now does.
pub(super) fn follow(case: &Case<'_>, events: &[IssueEvent], at: Timestamp) -> Result<Vec<IssueEvent>, Rejection> {
    let first_triage = events.iter().any(|event| matches!(event, IssueEvent::IssueTriaged { .. }))
        && !case.issue.ledger.notes().iter().any(|note| matches!(note.what, Noted::Triaged { .. }));
    let stops = events.iter().any(stops);
    let recorded = case.issue.ledger.notes().iter().any(|note| matches!(note.what, Noted::Breached { .. }));
    if !(first_triage || stops && recorded) {
        return Ok(Vec::new());
    }
    let after = clocks(&supposed(case, events, at), &case.project.terms(), case.context.now);
    let mut following = Vec::new();
    for cycle in &after.cycles {
        let (clock, number) = (cycle.clock, cycle.number);
        if cycle.doubtful && first_triage {
            let by = Correction::FirstTriage;
            following.push(IssueEvent::SlaBreachCorrected { clock, cycle: number, by, reason: None });
        } else if cycle.doubtful && ended_after(cycle, case.issue.revision) && stopped_in_time(cycle) {
            let reason = case.context.late_reason;
            late_reason(case, reason)?;
            let by = Correction::LateStop;
            following.push(IssueEvent::SlaBreachCorrected { clock, cycle: number, by, reason: reason.cloned() });
        }
    }
    let by_triage = |alarm: &&&Alarm| first_triage && alarm.cause == Cause::FirstTriage && alarm.at == at;
    following.extend(after.untold().iter().filter(by_triage).map(|alarm| breached(alarm)));
    Ok(following)
}

fn stops(event: &IssueEvent) -> bool {
    matches!(
        event,
        IssueEvent::IssueAccepted { .. }
            | IssueEvent::WorkaroundRecorded { .. }
            | IssueEvent::IssueResolved { .. }
            | IssueEvent::MarkedInProduction { .. }
            | IssueEvent::IssueClosed { .. }
    )
}

fn ended_after(cycle: &Cycle, revision: u64) -> bool {
    matches!(cycle.state, Run::Ended { by, .. } if by > revision)
}

/// Whether it was stopped no later than its recorded breach.
fn stopped_in_time(cycle: &Cycle) -> bool {
    match (&cycle.breach, cycle.ended_at()) {
        (Some(breach), Some(ended)) => ended <= breach.at,
        _ => false,
    }
}

/// What is recorded late, and takes a breach back, needs a reason. Imports are not asked.
fn late_reason(case: &Case<'_>, reason: Option<&Text>) -> Result<(), Rejection> {
    let mut evidence = case.evidence();
    evidence.need(reason.is_some(), Missing::LateReasonMissing);
    evidence.complete()
}

pub(super) fn counted(case: &Case<'_>) -> Clocks {
    clocks(&case.issue.ledger, &case.project.terms(), case.context.now)
}

/// The ledger as it would be with these events.
fn supposed(case: &Case<'_>, events: &[IssueEvent], at: Timestamp) -> Ledger {
    let mut ledger = case.issue.ledger.clone();
    let IssueId(id) = case.issue.id;
    let stream = StreamRef {
        project: case.issue.key.project.clone(),
        kind: StreamKind::Issue,
        id: id.hyphenated().to_string().into(),
    };
    for (revision, event) in (case.issue.revision + 1..).zip(events) {
        let actor: &PersonId = case.context.actor;
        ledger.note(&Recorded {
            event: event.clone(),
            stream: stream.clone(),
            ordinal: case.issue.key.ordinal,
            revision,
            // It is not recorded yet: whatever is known precedes it.
            position: u64::MAX,
            actor: actor.clone(),
            occurred_at: at,
            recorded_at: case.context.now,
            origin: case.context.origin.cloned(),
        });
    }
    ledger
}

pub(super) fn find(clocks: &Clocks, clock: Clock, number: u32) -> Result<&Cycle, Rejection> {
    clocks.cycle(clock, number).ok_or(Rejection::NoSuchCycle { clock, cycle: number })
}

/// What has happened before now: what stops a clock in this very instant stops it in time, and facts may be later, where another clock runs ahead.
fn alarm<'a>(case: &Case<'_>, cycle: &'a Cycle, kind: AlarmKind, set_by: u64) -> Option<&'a Alarm> {
    let is_over = |alarm: &&Alarm| alarm.recorded || alarm.at < case.context.now;
    cycle.alarms.iter().filter(is_over).find(|alarm| alarm.kind == kind && alarm.set_by == set_by)
}

fn not_recorded(alarm: &Alarm) -> Result<(), Rejection> {
    if alarm.recorded {
        return Err(Rejection::SlaAlreadyRecorded { clock: alarm.clock, cycle: alarm.cycle });
    }
    Ok(())
}

fn breached(alarm: &Alarm) -> IssueEvent {
    let Alarm { clock, cycle, set_by, deadline, version: policy_version, cause, .. } = *alarm;
    IssueEvent::SlaBreachRecorded { clock, cycle, set_by, deadline, policy_version, cause }
}
