//! A plan of shifts, in words.

use domain::shifts::Plan;

use super::Details;

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

/// Each shift, and each time in which nobody is on.
pub(super) fn details(plan: &Plan, details: &mut Details) {
    details.maybe("team", plan.team.as_ref()).add("from", plan.from).add("until", plan.until);
    for shift in &plan.shifts {
        details.add("on", format!("{} from {} until {}", shift.person, shift.hours.from, shift.hours.until));
    }
    for hours in &plan.uncovered {
        details.add("uncovered", format!("from {} until {}", hours.from, hours.until));
    }
    details.maybe("obstacle", plan.obstacle);
}
