//! What would help after a refusal: the command that would succeed, as far as this side can know it.

use super::next;
use crate::client::failure::Failure;
use crate::client::session::Session;

/// Adds what would help with a refused command on an issue; asks the server how the issue stands where that decides it.
pub(crate) async fn advise(session: &Session, failure: Failure, key: &str) -> Failure {
    let by_state = matches!(
        failure.reason.as_str(),
        "NotTriaged"
            | "NotAccepted"
            | "NotResolved"
            | "NotVerified"
            | "IsClosed"
            | "IsDismissed"
            | "VerifierIsResolver"
            | "WrongFixForLevel"
            | "WrongClosingForFix"
            | "FixMissing"
    ) || failure.faults.iter().any(|fault| fault.starts_with("code: is required"));
    if by_state && let Some(step) = next::step(session, key).await {
        return prefixed(failure, key).hint(format!("Try: {step}"));
    }
    if failure.reason == "NoSuchIssue" {
        let project = key.split('-').next().unwrap_or_default();
        let there = next::is_project(session, project).await;
        let failure = prefixed(failure, key);
        return failure.hint(if there {
            format!("Those there are: snaglog issue list {project}")
        } else {
            format!("There is no project {project} either. Try: snaglog project create {project}")
        });
    }
    explain(failure, key)
}

/// Adds what would help, by what the refusal says itself. `key`: the issue it is about, or empty.
pub(crate) fn explain(failure: Failure, key: &str) -> Failure {
    let failure = prefixed(failure, key);
    match hint(&failure, key) {
        Some(hint) => failure.hint(hint),
        None => failure,
    }
}

/// Names the issue where the message doesn't.
fn prefixed(mut failure: Failure, key: &str) -> Failure {
    let silent = failure.reason.is_empty() || failure.reason == "InvalidFields" || key.is_empty();
    if !silent && !failure.message.starts_with(key) {
        failure.message = format!("{key}: {}", failure.message);
    }
    failure
}

fn hint(failure: &Failure, key: &str) -> Option<String> {
    let fact = |name: &str| failure.fact(name);
    // A refusal begins with what it is about: `PAY`, `PAY-42`, `PAY/2026.11.1`.
    let subject = failure.message.split(": ").next().unwrap_or_default();
    let project = subject.split(['-', '/']).next().unwrap_or_default();
    if !fact("missing").is_empty() {
        return Some(give(fact("missing"), key));
    }
    Some(match failure.reason.as_str() {
        "NoShifts" => format!("Those there are: snaglog shift list {project}"),
        "NoShiftsNeeded" => format!("When they are, is its policy's to say: snaglog policy why {key}"),
        "ShiftsStand" => format!("Who is on: snaglog shift on {key}"),
        "ShiftsNeeded" => format!("They end once users can work again: snaglog issue workaround {key} --text TEXT"),
        "NotAway" => format!("Who is away: snaglog project show {project}"),
        "UnknownProject" => format!("Try: snaglog project create {project}"),
        "UnknownComponent" => {
            format!("Try: snaglog project add-component {project} {} --owner TEAM", fact("component"))
        }
        "UnknownTeam" => format!("Try: snaglog project add-team {project} {} --model combined", fact("team")),
        "UnknownCustomer" => format!("Try: snaglog project add-customer {project} {}", fact("customer")),
        "UnknownSeverity" => format!("The project's severities: {}", fact("known").replace(',', ", ")),
        "UnknownRelease" if key.is_empty() => {
            format!("Try: snaglog release deploy {}", subject.replacen('/', " ", 1))
        }
        "UnknownRelease" | "NotInProduction" => {
            let release = if fact("release").is_empty() { "RELEASE" } else { fact("release") };
            format!("Try: snaglog release deploy {project} {release} --issue {key}")
        }
        "NotAMember" => format!("Try: snaglog project add-member {project} {} {}", fact("team"), fact("person")),
        "NotAssignee" if fact("assignee").is_empty() => format!("Try: snaglog issue assign {key} --to @me"),
        "NotAssignee" => format!("Give --actor {}, or first: snaglog issue assign {key} --to @me", fact("assignee")),
        "NotOpenerOrCustomer" if fact("opener").is_empty() => {
            String::from("Give --confirmed-by PERSON, one of those: who has tested it.")
        }
        "NotOpenerOrCustomer" => format!("Try: snaglog issue verify {key} --confirmed-by {}", fact("opener")),
        "VerifierIsResolver" => String::from("Name somebody else."),
        "WrongTeamForLevel" if fact("may").is_empty() => {
            format!("No team may. Try: snaglog project add-team {project} TEAM --model combined")
        }
        "WrongTeamForLevel" => format!("Give --team TEAM, one of: {}", fact("may").replace(',', ", ")),
        "DuplicateOfDuplicate" if fact("root").contains(':') => {
            format!("It is a duplicate of {}, of another system.", fact("root"))
        }
        // One step up, not the last: that one may be a duplicate in turn.
        "DuplicateOfDuplicate" => {
            format!("It is a duplicate of {}; look at that one: snaglog issue show {0}", fact("root"))
        }
        "ProjectExists" => format!("See: snaglog project show {project}"),
        "NothingWasAsked" => format!("Questions that are open: snaglog issue show {key}"),
        "Conflict" if key.is_empty() => String::from("Somebody was faster: look again, then decide again."),
        "Conflict" => format!("Somebody was faster: look at `snaglog issue show {key}`, then decide again."),
        "RequestIdReused" => String::from("Give another --request-id, or none."),
        "ActorMissing" => String::from("Give --actor PERSON, or set SNAGLOG_ACTOR."),
        "NothingToRebase" => format!("Its clocks, and which policy rules them: snaglog sla explain {key}"),
        "DefectsAreNotEstimated" => String::from("Rank it instead; a fix budget keeps the capacity for defects."),
        _ => return None,
    })
}

/// The flags that bring what is missing; the report's parts are added by a command of their own.
fn give(missing: &str, key: &str) -> String {
    let missing: Vec<&str> = missing.split(',').collect();
    let flags: Vec<&str> = missing.iter().map(|name| flag(name)).collect();
    if missing.iter().all(|name| matches!(*name, "STEPS_MISSING" | "ACTUAL_MISSING" | "EXPECTED_MISSING")) {
        return format!("Try: snaglog issue amend {key} {}", flags.join(" "));
    }
    format!("Add {}", flags.join(" "))
}

fn flag(missing: &str) -> &'static str {
    match missing {
        "REASON_MISSING" => "--reason TEXT",
        "LATE_REASON_MISSING" => "--late-reason TEXT",
        "LEVEL_MISSING" => "--level LEVEL",
        "SEVERITY_MISSING" => "--severity SEVERITY",
        "COMPONENT_MISSING" => "--component COMPONENT",
        "TEAM_MISSING" => "--team TEAM",
        "STEPS_MISSING" => "--steps TEXT",
        "ACTUAL_MISSING" => "--actual TEXT",
        "EXPECTED_MISSING" => "--expected TEXT",
        "CHANGE_MISSING" => "--change COMMIT",
        "REGRESSION_TEST_MISSING" => "--test TEST",
        "TEST_ENVIRONMENT_MISSING" => "--environment NAME",
        "CORRECTION_MISSING" => "--correction REFERENCE --tried-in NAME",
        "ACTION_MISSING" => "--action TEXT",
        "EXPLANATION_MISSING" => "--explanation TEXT",
        "TOPIC_MISSING" => "--topic TOPIC",
        "CONFIRMER_MISSING" => "--confirmed-by PERSON",
        "RELEASE_MISSING" => "--release RELEASE",
        "REVERIFIER_MISSING" => "--reverified-by PERSON",
        "APPLIED_MISSING" => "--applied-at TIME --applied-by PERSON",
        "ASSIGNEE_MISSING" => "--to PERSON",
        "DISMISSAL_MISSING" => "--as REASON",
        "ADVISORY_MISSING" => "--advisory ID",
        "PACKAGE_MISSING" => "--package PACKAGE",
        "RANGE_MISSING" => "--affected RANGE",
        "FINGERPRINT_MISSING" => "--fingerprint FINGERPRINT",
        "SOURCE_MISSING" => "--customer CUSTOMER",
        "ANSWER_MISSING" => "--body TEXT",
        // Which one, the level decides.
        _ => "--change COMMIT --test TEST --environment NAME",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::failure::Exit;

    #[track_caller]
    fn check(reason: &str, message: &str, facts: &[(&str, &str)], expected: &str) {
        let mut failure = Failure::new(Exit::Refused, message);
        failure.reason = reason.to_owned();
        failure.facts = facts.iter().map(|(name, fact)| ((*name).to_owned(), (*fact).to_owned())).collect();
        assert_eq!(explain(failure, "PAY-42").hint.unwrap_or_default(), expected);
    }

    #[test]
    fn names_are_taken_from_the_refusal() {
        check(
            "UnknownComponent",
            "PAY: the project has no component cart",
            &[("component", "cart")],
            "Try: snaglog project add-component PAY cart --owner TEAM",
        );
        check(
            "NotInProduction",
            "PAY-42: it is not in production",
            &[("release", "2026.11.1")],
            "Try: snaglog release deploy PAY 2026.11.1 --issue PAY-42",
        );
    }

    #[test]
    fn all_that_is_missing_is_asked_for_at_once() {
        check(
            "StepsMissing",
            "PAY-42: 2 things are missing",
            &[("missing", "STEPS_MISSING,EXPECTED_MISSING")],
            "Try: snaglog issue amend PAY-42 --steps TEXT --expected TEXT",
        );
        check(
            "ChangeMissing",
            "PAY-42: 2 things are missing",
            &[("missing", "CHANGE_MISSING,REGRESSION_TEST_MISSING")],
            "Add --change COMMIT --test TEST",
        );
    }
}
