//! What would help after a refusal: the command that would succeed, as far as this side can know it.

use super::next;
use crate::client::failure::Failure;
use crate::client::ran::Ran;
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
    ) || failure.faults.iter().any(|fault| fault.starts_with("code: is required"))
        || failure.reason == "NotOpenerOrCustomer" && failure.ran.is("issue verify");
    if by_state && let Some(step) = next::step(session, key).await {
        return prefixed(failure, key).hint(format!("Try: {step}"));
    }
    if lacks_triage(&failure)
        && let Some(step) = next::triage(session, key).await
    {
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

/// True: what triage decides is missing, and the command can't say it.
fn lacks_triage(failure: &Failure) -> bool {
    let decided = |name: &&str| matches!(*name, "LEVEL_MISSING" | "SEVERITY_MISSING" | "TEAM_MISSING");
    failure.fact("missing").split(',').filter(decided).any(|name| !can_say(&failure.ran, flag(name)))
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
        return give(fact("missing"), key, &failure.ran);
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
        _ => return who_may(failure, key, project),
    })
}

/// Who else may do it, or how whoever did becomes one of those.
fn who_may(failure: &Failure, key: &str, project: &str) -> Option<String> {
    let (fact, confirms) = (|name: &str| failure.fact(name), failure.ran.is("issue verify"));
    Some(match failure.reason.as_str() {
        "NotAMember" => format!("Try: snaglog project add-member {project} {} {}", fact("team"), fact("person")),
        "NotAssignee" if fact("assignee").is_empty() => format!("Try: snaglog issue assign {key} --to @me"),
        "NotAssignee" => format!("Give --actor {}, or first: snaglog issue assign {key} --to @me", fact("assignee")),
        "NotOpenerOrCustomer" => match fact("opener") {
            "" if confirms => String::from("Give --confirmed-by PERSON, one of those: who has tested it."),
            "" => String::from("Give --actor PERSON, one of those."),
            opener if confirms => format!("Try: snaglog issue verify {key} --confirmed-by {opener}"),
            opener => format!("Give --actor {opener}, its opener."),
        },
        "VerifierIsResolver" => String::from("Name somebody else."),
        "WrongTeamForLevel" if fact("may").is_empty() => {
            format!("No team may. Try: snaglog project add-team {project} TEAM --model combined")
        }
        "WrongTeamForLevel" if !failure.ran.has("--team") => {
            let may = fact("may").split(',').next().unwrap_or_default();
            format!("Try: snaglog issue hand-over {key} --team {may} --reason TEXT")
        }
        "WrongTeamForLevel" => format!("Give --team TEAM, one of: {}", fact("may").replace(',', ", ")),
        _ => return None,
    })
}

/// The flags that bring what is missing; the report's parts are added by a command of their own, where this one has no flags for them.
fn give(missing: &str, key: &str, ran: &Ran) -> Option<String> {
    let (own, others): (Vec<&str>, Vec<&str>) = missing.split(',').partition(|name| can_say(ran, flag(name)));
    let report = |name: &&str| matches!(*name, "STEPS_MISSING" | "ACTUAL_MISSING" | "EXPECTED_MISSING");
    let flags = |names: Vec<&str>| names.into_iter().map(flag).collect::<Vec<_>>().join(" ");
    match (flags(others.into_iter().filter(report).collect()), flags(own)) {
        (parts, own) if parts.is_empty() => (!own.is_empty()).then(|| format!("Add {own}")),
        (parts, _) => Some(format!("Try: snaglog issue amend {key} {parts}")),
    }
}

/// True: the command has these flags, of `--change COMMIT --test TEST`.
fn can_say(ran: &Ran, flags: &str) -> bool {
    flags.split(' ').filter(|word| word.starts_with("--")).all(|flag| ran.has(flag))
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
mod tests;
