//! What one is told of a cycle: alarms, and the steps of the policy's escalation that they set off.

use jiff::Timestamp;

use super::Clock;
use super::cycle::{Cause, Clocks, Cycle, State};
use super::terms::Terms;
use crate::policy::{Moment, Recipient};

/// Something that happened to a cycle of which one is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alarm {
    /// Of what.
    pub kind: AlarmKind,
    /// Which clock.
    pub clock: Clock,
    /// Its cycle.
    pub cycle: u32,
    /// When it happened.
    pub at: Timestamp,
    /// The deadline.
    pub deadline: Timestamp,
    /// The policy it was set by.
    pub version: u32,
    /// The revision of the event that set the deadline: with it an alarm is told once, and again when the deadline is another.
    pub set_by: u64,
    /// Of a breach: how it came to be.
    pub cause: Cause,
    /// True: the log tells it.
    pub recorded: bool,
}

/// A step of a policy's escalation that an alarm set off.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EscalationDue {
    /// Which of the policy's steps, from 1.
    pub step: u32,
    /// The revision of the event that set the deadline.
    pub set_by: u64,
    /// Of what one is told.
    pub when: Moment,
    /// Who.
    pub to: Recipient,
    /// When.
    pub at: Timestamp,
}

/// Of what an alarm tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum AlarmKind {
    /// Most of the target is used up.
    AtRisk,
    /// All of it is.
    Breach,
}

impl Clocks {
    /// What happened and the log doesn't tell yet, in the order of time; at one instant at-risk before breach.
    pub fn untold(&self) -> Vec<&Alarm> {
        let alarms = self.cycles.iter().flat_map(|cycle| &cycle.alarms);
        let mut untold: Vec<&Alarm> = alarms.filter(|alarm| !alarm.recorded).collect();
        untold.sort_by_key(|alarm| (alarm.at, alarm.kind, alarm.clock, alarm.cycle));
        untold
    }

    /// When there will be something to tell: now, where something is untold; else the next at-risk or deadline of a cycle that runs. `None`: never,
    /// unless something else happens first.
    pub fn next_due(&self) -> Option<Timestamp> {
        self.cycles.iter().filter_map(Cycle::next_due).min()
    }
}

impl Cycle {
    /// True: at risk, and not breached: of this deadline so much is used up that one is told.
    pub fn at_risk(&self) -> bool {
        let Some(plan) = &self.plan else { return false };
        let told = |alarm: &Alarm| alarm.kind == AlarmKind::AtRisk && alarm.set_by == plan.set_by;
        self.breach.is_none() && self.ended_at().is_none() && self.alarms.iter().any(told)
    }

    /// See [`Clocks::next_due`].
    pub fn next_due(&self) -> Option<Timestamp> {
        if let Some(alarm) = self.alarms.iter().find(|alarm| !alarm.recorded) {
            return Some(alarm.at);
        }
        let plan = self.plan.as_ref().filter(|_| self.state == State::Running && self.breach.is_none())?;
        let warned = self.at_risk() || plan.at_risk_at >= plan.deadline;
        Some(if warned { plan.deadline } else { plan.at_risk_at })
    }

    /// Who is to be told of what happened to it, and when: the policy's steps, counted from its alarms in the rules' calendar. Of a step that an end, or a
    /// new deadline, came before, nobody is told.
    pub fn escalations(&self, terms: &Terms<'_>) -> Vec<EscalationDue> {
        let Some(ruling) = self.ruling(terms) else { return Vec::new() };
        let (id, version) = ruling.calendar();
        let Some(calendar) = terms.calendars.version(id, version) else { return Vec::new() };
        let mut due = Vec::new();
        for (step, rule) in (1..).zip(&ruling.rules.escalations) {
            if rule.clock.is_some_and(|clock| clock != self.clock) {
                continue;
            }
            let kind = match rule.when {
                Moment::AtRisk => AlarmKind::AtRisk,
                Moment::Breach => AlarmKind::Breach,
            };
            for alarm in self.alarms.iter().filter(|alarm| alarm.kind == kind) {
                let Ok(at) = calendar.add(alarm.at, rule.after) else { continue };
                let moot = self.ended_at().is_some_and(|end| end < at)
                    || (kind == AlarmKind::AtRisk
                        && self.plan.as_ref().is_some_and(|plan| plan.set_by != alarm.set_by));
                if !moot {
                    due.push(EscalationDue { step, set_by: alarm.set_by, when: rule.when, to: rule.to.clone(), at });
                }
            }
        }
        due.sort_by_key(|due| due.at);
        due
    }
}
