//! Clocks, in words.

use domain::clocks::Cause;
use domain::issue::{Correction, IssueEvent as E, Moved};
use domain::policy::{Delivery, Moment, Recipient};

use super::details::Details;

/// What happened to a clock, in a sentence.
pub(super) fn summary(event: &E) -> String {
    match event {
        E::SlaAtRiskRecorded { clock, cycle, deadline, .. } => {
            format!("The {clock} clock{} is at risk: due {deadline}", of_cycle(*cycle))
        }
        E::SlaBreachRecorded { clock, cycle, deadline, cause, .. } => {
            format!("The {clock} clock{} was breached: due {deadline}{}", of_cycle(*cycle), because(*cause))
        }
        E::SlaBreachCorrected { clock, cycle, by, .. } => {
            let why = match by {
                Correction::FirstTriage => "the first triage gave another severity",
                Correction::LateStop => "it had been stopped in time, which was recorded late",
            };
            format!("The breach of the {clock} clock{} was taken back: {why}", of_cycle(*cycle))
        }
        E::ClocksRebased { version, clocks, .. } => {
            let names: Vec<&str> = clocks.iter().map(|moved| moved.clock.as_str()).collect();
            format!("Moved {} to policy {version}", names.join(", "))
        }
        E::SlaEscalated { clock, when, to, people, .. } => {
            let what = match when {
                Moment::AtRisk => "at risk",
                Moment::Breach => "breached",
            };
            let people: Vec<&str> = people.iter().map(domain::ids::PersonId::as_str).collect();
            let to = whom(to);
            let who = if people.is_empty() { to } else { format!("{to} ({})", people.join(", ")) };
            format!("Told {who} that the {clock} clock is {what}")
        }
        E::DeliveryRuleKept { rule, .. } => format!("Delivered as asked: {}", asked(*rule)),
        E::DeliveryRuleBroken { rule, due, .. } => format!("Not delivered as asked: {}, by {due}", asked(*rule)),
        other => unreachable!("story.rs gives only what is recorded of clocks, and not {other:?}"),
    }
}

/// Its data by name.
pub(super) fn details(event: &E, details: &mut Details) {
    match event {
        E::SlaAtRiskRecorded { clock, cycle, set_by, deadline, policy_version } => {
            details.add("clock", clock).add("cycle", cycle).add("deadline", deadline);
            details.add("set_by", set_by).add("policy_version", policy_version);
        }
        E::SlaBreachRecorded { clock, cycle, set_by, deadline, policy_version, cause } => {
            details.add("clock", clock).add("cycle", cycle).add("deadline", deadline).add("cause", cause.as_str());
            details.add("set_by", set_by).add("policy_version", policy_version);
        }
        E::SlaBreachCorrected { clock, cycle, by, reason } => {
            details.add("clock", clock).add("cycle", cycle).add("by", by.as_str()).maybe("reason", reason.as_ref());
        }
        E::ClocksRebased { version, clocks, reason } => {
            details.add("policy_version", version);
            for moved in clocks {
                details.add(moved.clock.as_str(), way(moved));
            }
            details.add("reason", reason);
        }
        E::SlaEscalated { clock, cycle, set_by, step, when: _, to, people } => {
            details.add("clock", clock).add("cycle", cycle).add("set_by", set_by).add("step", step).add("to", whom(to));
            for person in people {
                details.add("person", person);
            }
        }
        E::DeliveryRuleKept { cycle, rule, release } => {
            details.add("cycle", cycle).add("rule", asked(*rule)).maybe("release", release.as_ref());
        }
        E::DeliveryRuleBroken { cycle, rule, due, release } => {
            details.add("cycle", cycle).add("rule", asked(*rule)).add("due", due).maybe("release", release.as_ref());
        }
        _ => {}
    }
}

fn whom(to: &Recipient) -> String {
    match to {
        Recipient::Assignee => "its assignee".into(),
        Recipient::OwnerTeam => "its owner team".into(),
        Recipient::OnShift => "who is on shift".into(),
        Recipient::ProductOwners => "the product owners".into(),
        Recipient::Team(team) => format!("team {team}"),
        Recipient::Person(person) => person.to_string(),
    }
}

fn of_cycle(cycle: u32) -> String {
    if cycle == 1 { String::new() } else { format!(" (cycle {cycle})") }
}

fn because(cause: Cause) -> &'static str {
    match cause {
        Cause::Deadline => "",
        Cause::FirstTriage => ", as the first triage has it",
        Cause::SeverityChange => ", as the new severity has it",
        Cause::Rebase => ", as the new policy has it",
    }
}

fn asked(rule: Delivery) -> &'static str {
    match rule {
        Delivery::PatchNow => "a patch now",
        Delivery::NextPush => "with the next push",
        Delivery::Planned => "as planned",
    }
}

fn way(moved: &Moved) -> String {
    let deadline = |at: Option<jiff::Timestamp>| at.map_or_else(|| "none".to_owned(), |at| at.to_string());
    let Moved { cycle, from_version, from_deadline, to_deadline, .. } = moved;
    let (from, to) = (deadline(*from_deadline), deadline(*to_deadline));
    format!("cycle {cycle}, policy {from_version}: due {from}, now {to}")
}
