//! All cycles of an issue, counted: what ruled before the first triage, what rules from it on, and what was recorded of either.

use jiff::Timestamp;

use super::Clock;
use super::alarm::{Alarm, AlarmKind};
use super::cycle::{Breach, Cause, Clocks, Cycle};
use super::ledger::{Ledger, Noted};
use super::plan::ruling;
use super::route::{Route, Until};
use super::story::{Line, Story, Told, add_bystanders};
use super::terms::Terms;
use super::timeline::{Key, Run, Timeline};
use super::walk::Walk;
use crate::policy::Subject;

/// The clocks of an issue as they stand at an instant; empty for an issue that was not filed. Facts after `now` count as if it were later: for what was
/// true earlier, ask of [`Ledger::at`].
pub fn clocks(ledger: &Ledger, terms: &Terms<'_>, now: Timestamp) -> Clocks {
    evaluate(ledger, terms, now, false).0
}

/// The same, with the story of each cycle.
pub fn explain(ledger: &Ledger, terms: &Terms<'_>, now: Timestamp) -> (Clocks, Vec<Story>) {
    let (clocks, mut stories) = evaluate(ledger, terms, now, true);
    add_bystanders(&mut stories, &clocks, ledger, terms);
    (clocks, stories)
}

fn evaluate(ledger: &Ledger, terms: &Terms<'_>, now: Timestamp, telling: bool) -> (Clocks, Vec<Story>) {
    let none = || (Clocks { now, exempt: false, cycles: Vec::new() }, Vec::new());
    let Some(timeline) = Timeline::read(ledger) else { return none() };
    let Some(filed) = filed_as(&timeline, terms) else { return none() };
    let now = now.max(timeline.last);
    let rebased = ledger.notes().iter().any(|note| matches!(note.what, Noted::Rebased { .. }));
    let exempt = timeline.filing.imported && !rebased;
    let (mut cycles, mut stories) = (Vec::with_capacity(3), Vec::new());
    let triaged = triaged_as(&timeline, &filed);
    let count = Count { terms, timeline: &timeline, filed, triaged, now, telling };
    for clock in Clock::ALL {
        let runs = timeline.runs(clock);
        for (number, run) in (1..).zip(&runs) {
            let (mut cycle, mut lines) = count.cycle(clock, number, *run);
            cycle.sent_back = (number as usize) < runs.len();
            recorded(&mut cycle, &mut lines, ledger);
            cycles.push(cycle);
            if telling {
                stories.push(Story { clock, number, lines });
            }
        }
    }
    (Clocks { now, exempt, cycles }, stories)
}

/// What counting takes.
struct Count<'a> {
    terms: &'a Terms<'a>,
    timeline: &'a Timeline<'a>,
    /// What rules before anybody has triaged it.
    filed: Subject,
    /// What the first triage made of it.
    triaged: Subject,
    now: Timestamp,
    telling: bool,
}

impl Count<'_> {
    fn cycle(&self, clock: Clock, number: u32, run: Run) -> (Cycle, Vec<Line>) {
        let route = Route {
            terms: self.terms,
            timeline: self.timeline,
            clock,
            number,
            run,
            until: Until::Now(self.now),
            subject: self.filed.clone(),
            changed_after: 0,
            told_from: None,
            telling: self.telling,
        };
        let Some(triage) = self.timeline.triage else { return Walk::take(route) };
        let triaged = Route { subject: self.triaged.clone(), changed_after: triage.key.revision, ..route.clone() };
        if run.from > triage.key || self.same_promise(&route, &triaged) {
            return Walk::take(triaged);
        }
        let (before, mut lines) = Walk::take(Route { until: Until::Before(triage.key), ..route.clone() });
        let told_from = Some(triage.key);
        let (after, later) = Walk::take(Route { told_from, ..triaged.clone() });
        let told = Told::Replaced { from: route.subject.severity, to: triaged.subject.severity };
        lines.push(Line { at: triage.key.at, revision: Some(triage.key.revision), by: None, told });
        lines.extend(later);
        (replaced(before, after, triage.key), lines)
    }

    /// Whether the first triage changed nothing of what is promised: then what was told before it stays told.
    fn same_promise(&self, filed: &Route<'_>, triaged: &Route<'_>) -> bool {
        let (at, position) = filed.run.from.place();
        let version = self.terms.policies.in_force_for(at, position).version;
        let promised = |subject: &Subject| {
            let ruling = ruling(self.terms, version, (at, position), subject)?;
            let rules = ruling.rules;
            let counted = (rules.targets.of(filed.clock), rules.pauses.of(filed.clock), rules.at_risk_percent);
            Some((counted, ruling.calendar()))
        };
        filed.subject == triaged.subject || promised(&filed.subject) == promised(&triaged.subject)
    }
}

/// What rules before anybody has triaged it; `None` where the terms know no default severity, which those of a project always do.
fn filed_as(timeline: &Timeline<'_>, terms: &Terms<'_>) -> Option<Subject> {
    let filing = &timeline.filing;
    Some(Subject {
        severity: filing.severity.or_else(|| terms.default_severity(filing.key.place()))?.clone(),
        component: filing.component.cloned(),
        source: filing.source,
        tier: filing.customer.and_then(|customer| terms.tier(customer)).cloned(),
    })
}

/// What the first triage made of it; what an import didn't tell stays as it was filed.
fn triaged_as(timeline: &Timeline<'_>, filed: &Subject) -> Subject {
    let mut triaged = filed.clone();
    if let Some(triage) = &timeline.triage {
        triaged.severity = triage.severity.cloned().unwrap_or(triaged.severity);
        triaged.component = triage.component.cloned().or(triaged.component);
    }
    triaged
}

/// A cycle under the severity of the first triage, which took the place of another one. What was told before the triage was told; a breach of then that
/// still holds is the cycle's breach.
fn replaced(before: Cycle, mut after: Cycle, triage: Key) -> Cycle {
    // What happened at the triage's own instant and after it in the log is no part of what the triage made.
    let holds = after.breach.as_ref().is_some_and(|breach| {
        breach.at <= triage.at && (breach.cause == Cause::FirstTriage || breach.set_by <= triage.revision)
    });
    let earlier = before.breach.filter(|_| holds);
    let mut alarms: Vec<Alarm> = before.alarms;
    if !holds {
        // A breach that no longer holds is not told by those who had no time to.
        alarms.retain(|alarm| alarm.kind == AlarmKind::AtRisk);
    }
    if let Some(breach) = earlier {
        after.breach = Some(breach);
    } else {
        alarms.append(&mut after.alarms);
    }
    after.alarms = alarms;
    after
}

/// What the log tells of a cycle: which alarms were recorded, and whether a breach stands that was.
fn recorded(cycle: &mut Cycle, lines: &mut Vec<Line>, ledger: &Ledger) {
    let (clock, number) = (cycle.clock, cycle.number);
    let standing = ledger.standing_breach(clock, number);
    for note in ledger.notes() {
        match &note.what {
            Noted::AtRisk { clock: c, cycle: n, set_by } if (*c, *n) == (clock, number) => {
                let told = |alarm: &&mut Alarm| alarm.kind == AlarmKind::AtRisk && alarm.set_by == *set_by;
                cycle.alarms.iter_mut().filter(told).for_each(|alarm| alarm.recorded = true);
            }
            Noted::Corrected { clock: c, cycle: n } if (*c, *n) == (clock, number) => {
                cycle.corrected_at = Some(note.at);
                let revision = Some(note.revision);
                lines.push(Line { at: note.at, revision, by: Some(note.by.clone()), told: Told::Corrected });
            }
            _ => {}
        }
    }
    let Some(note) = standing else { return };
    let Noted::Breached { set_by, deadline, version, cause, .. } = note.what else { return };
    cycle.doubtful = cycle.breach.is_none();
    cycle.breach = Some(Breach { at: note.at, deadline, version, cause, set_by, recorded: Some(note.revision) });
    // A breach stands: what would have come after it does not.
    cycle.alarms.retain(|alarm| alarm.kind == AlarmKind::AtRisk && (alarm.recorded || alarm.at < note.at));
    let kind = AlarmKind::Breach;
    cycle.alarms.push(Alarm {
        kind,
        clock,
        cycle: number,
        at: note.at,
        deadline,
        version,
        set_by,
        cause,
        recorded: true,
    });
}
