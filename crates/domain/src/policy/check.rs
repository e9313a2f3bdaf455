//! What can be wrong with the rules of a severity.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};

use super::draft::Found;
use super::rules::{Clock, Delivery, Escalation, Recipient, Rules, Target};
use super::{ESCALATIONS_MAX, SeverityRules};
use crate::calendar::{Calendar, Unreachable};
use crate::ids::CalendarId;
use crate::project::{Project, SEVERITIES_MAX};

/// What a policy is checked against.
pub(super) struct Surroundings<'a> {
    pub(super) project: &'a Project,
    /// The calendars that its rules name, as far as they are known.
    pub(super) calendars: &'a BTreeMap<CalendarId, Calendar>,
    /// From when on it is to be in force.
    pub(super) from: Timestamp,
}

/// Whether one target is later than another depends on when a clock starts: it is tried every three hours …
const TRIED_EVERY: SignedDuration = SignedDuration::from_hours(3);
/// … for five weeks.
const TRIED_TIMES: i32 = 5 * 7 * 8;

/// Checks the rules of all severities at a place.
pub(super) fn check_rules(place: &str, severities: &[SeverityRules], around: &Surroundings<'_>, found: &mut Found) {
    found.at_most(place, severities.len(), SEVERITIES_MAX);
    let mut seen = BTreeSet::new();
    for SeverityRules { severity, rules } in severities {
        let place = format!("{place}.{severity}");
        if !seen.insert(severity) {
            found.add(&place, "stands there twice");
        }
        if around.project.scheme.find(severity).is_none() {
            found.add(&place, format!("is no severity of the project; those are {}", severities_of(around.project)));
        }
        rules.check(&place, around, found);
    }
}

fn severities_of(project: &Project) -> String {
    project.scheme.severities.iter().map(|severity| severity.id.as_str()).collect::<Vec<_>>().join(", ")
}

impl Rules {
    fn check(&self, place: &str, around: &Surroundings<'_>, found: &mut Found) {
        let calendar = around.calendars.get(&self.calendar);
        if calendar.is_none() && around.project.calendars.latest(&self.calendar).is_none() {
            let known: Vec<_> = around.project.calendars.ids().map(|id| id.to_string()).collect();
            let problem = format!("is {}, which the project doesn't have; it has {}", self.calendar, known.join(", "));
            found.add(format!("{place}.calendar"), problem);
        }
        let mut reachable = true;
        for clock in Clock::ALL {
            let problem = self.targets.of(clock).and_then(|target| unreachable(target, calendar, around.from));
            reachable &= problem.is_none();
            found.extend(format!("{place}.{clock}"), problem);
        }
        if let Some(calendar) = calendar.filter(|_| reachable) {
            self.check_order(place, calendar, around.from, found);
        }
        if !(1..=99).contains(&self.at_risk_percent) {
            let problem = format!("must be 1 to 99 percent; it is {}", self.at_risk_percent);
            found.add(format!("{place}.at_risk"), problem);
        }
        if let Some(after) = self.shifts_after {
            let wrong = if after.is_positive() { in_seconds(after) } else { Some("must be more than nothing") };
            found.extend(format!("{place}.shifts_after"), wrong);
        }
        if self.delivery == Delivery::PatchNow && self.targets.resolve.is_none() {
            found.add(format!("{place}.delivery"), "asks for a patch within the resolve target, and there is none");
        }
        self.check_escalations(place, around.project, found);
    }

    /// An issue is accepted and mitigated before it is resolved, or then: a later target is a mistake.
    fn check_order(&self, place: &str, calendar: &Calendar, from: Timestamp, found: &mut Found) {
        let Some(resolve) = self.targets.resolve else { return };
        for clock in [Clock::Accept, Clock::Mitigate] {
            let Some(target) = self.targets.of(clock) else { continue };
            let starts = (0..TRIED_TIMES).filter_map(|n| from.checked_add(TRIED_EVERY * n).ok());
            let mut dues = starts.map(|start| (target.due(calendar, start), resolve.due(calendar, start)));
            let later = |(this, resolve)| matches!((this, resolve), (Ok(this), Ok(resolve)) if this > resolve);
            if dues.all(later) {
                found.add(format!("{place}.{clock}"), "is later than resolve");
            }
        }
    }

    fn check_escalations(&self, place: &str, project: &Project, found: &mut Found) {
        found.at_most(&format!("{place}.escalations"), self.escalations.len(), ESCALATIONS_MAX);
        for (n, step) in self.escalations.iter().enumerate() {
            let place = format!("{place}.escalations[{n}]");
            let Escalation { clock, when: _, after, to } = step;
            if self.escalations[..n].contains(step) {
                found.add(&place, "stands there twice");
            }
            let wrong = if after.is_negative() { Some("must not be negative") } else { in_seconds(*after) };
            found.extend(format!("{place}.after"), wrong);
            if let Some(clock) = clock.filter(|clock| self.targets.of(*clock).is_none()) {
                found.add(format!("{place}.clock"), format!("is {clock}, which has no target"));
            }
            if let Recipient::Team(team) = to
                && !project.teams.contains_key(team)
            {
                found.add(format!("{place}.to"), format!("is team {team}, which the project doesn't have"));
            }
        }
    }
}

/// Lengths are stored in seconds.
fn in_seconds(length: SignedDuration) -> Option<&'static str> {
    (length.subsec_nanos() != 0).then_some("must be whole seconds")
}

/// Why no clock could ever meet that target; `None`: it can be met, as far as is known.
fn unreachable(target: Target, calendar: Option<&Calendar>, from: Timestamp) -> Option<String> {
    match target {
        Target::Working(time) if !time.is_positive() => return Some("can never be met: it is no time at all".into()),
        Target::WorkingDays(0) => return Some("can never be met: it is no time at all".into()),
        Target::Working(time) if time.subsec_nanos() != 0 => return in_seconds(time).map(Into::into),
        Target::Working(_) | Target::WorkingDays(_) => {}
    }
    let calendar = calendar?;
    match target.due(calendar, from) {
        Ok(_) => None,
        Err(Unreachable::OverMidnight) => Some(format!(
            "can't be counted in working days: calendar {} has intervals over midnight, which belong to two dates",
            calendar.id()
        )),
        Err(Unreachable::Exhausted) => {
            Some(format!("can never be reached: calendar {} has not so much working time until 2199", calendar.id()))
        }
    }
}
