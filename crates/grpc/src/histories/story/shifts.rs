//! A plan of shifts, in words.

use domain::issue::IssueEvent;
use domain::shifts::Plan;

use super::details::Details;

/// In a sentence: who is on, whose hours nobody takes, and why.
pub(super) fn planned(plan: &Plan) -> String {
    let mut people: Vec<_> = plan.shifts.iter().map(|shift| shift.person.to_string()).collect();
    people.dedup();
    let on = if people.is_empty() { "nobody is on".to_owned() } else { format!("on are {}", people.join(", then ")) };
    match plan.obstacle {
        None => format!("Planned shifts around the clock: {on}"),
        Some(obstacle) => format!("Planned shifts around the clock: {on}; not all hours are covered: {obstacle}"),
    }
}

/// Of an event of shifts: of a plan each shift, and each time in which nobody is on.
pub(super) fn details(event: &IssueEvent, details: &mut Details) {
    match event {
        IssueEvent::ShiftsPlanned { plan } => of_plan(plan, details),
        IssueEvent::ShiftHandedOver { shift, from, to } => {
            details.add("shift", shift).add("from", from).add("to", to);
        }
        IssueEvent::ShiftsEnded { because } => {
            details.add("because", because.as_str());
        }
        _ => {}
    }
}

fn of_plan(plan: &Plan, details: &mut Details) {
    details.maybe("team", plan.team.as_ref()).add("from", plan.from).add("until", plan.until);
    for shift in &plan.shifts {
        details.add("on", format!("{} from {} until {}", shift.person, shift.hours.from, shift.hours.until));
    }
    for hours in &plan.uncovered {
        details.add("uncovered", format!("from {} until {}", hours.from, hours.until));
    }
    details.maybe("obstacle", plan.obstacle);
}
