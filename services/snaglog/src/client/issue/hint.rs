//! What would help after a refusal.

use crate::client::failure::Failure;

/// Adds the key to the message, and the command that would succeed.
pub(crate) fn explain(mut failure: Failure, key: &str) -> Failure {
    if failure.reason.is_empty() {
        return failure;
    }
    if !key.is_empty() && !failure.message.starts_with(key) {
        failure.message = format!("{key}: {}", failure.message);
    }
    let fact = |name: &str| failure.facts.get(name).cloned().unwrap_or_default();
    let hint = match failure.reason.as_str() {
        "NotTriaged" => format!("Try: snaglog issue triage {key} --level 3 --severity sev2"),
        "NotAccepted" => format!("Try: snaglog issue accept {key}"),
        "NotResolved" => format!("Try: snaglog issue resolve {key} --change COMMIT --test TEST --environment NAME"),
        "NotVerified" => format!("Try: snaglog issue verify {key}"),
        "NotInProduction" => format!("Try: snaglog release deploy PROJECT RELEASE --issue {key}"),
        "IsClosed" | "IsDismissed" => format!("Try: snaglog issue reopen {key} --reason TEXT"),
        "NotAMember" => format!(
            "Try: snaglog project add-member PROJECT {} {}, or act as a member: --actor PERSON",
            fact("team"),
            fact("person")
        ),
        "NotAssignee" => format!("Try: snaglog issue assign {key} --to @me"),
        "WrongTeamForLevel" => format!("Teams that may: {}", fact("may")),
        "UnknownSeverity" => format!("The project's severities: {}", fact("known")),
        "UnknownProject" => String::from("Try: snaglog project create PROJECT --name NAME"),
        "UnknownComponent" => String::from("Try: snaglog project add-component PROJECT COMPONENT --owner TEAM"),
        "UnknownTeam" => String::from("Try: snaglog project add-team PROJECT TEAM --model combined"),
        "UnknownCustomer" => String::from("Try: snaglog project add-customer PROJECT CUSTOMER"),
        "DuplicateOfDuplicate" => format!("Try: snaglog issue dismiss {key} --as duplicate --of {}", fact("root")),
        "ReasonMissing" => String::from("Give --reason TEXT."),
        "StepsMissing" | "ActualMissing" | "ExpectedMissing" => {
            format!("Try: snaglog issue amend {key} --steps TEXT --actual TEXT --expected TEXT")
        }
        "RegressionTestMissing" => String::from("Give --test REFERENCE: no fix without a regression test."),
        "ChangeMissing" => String::from("Give --change COMMIT."),
        "TestEnvironmentMissing" => String::from("Give --environment NAME."),
        "Conflict" => format!("Somebody was faster: look at `snaglog issue show {key}`, then decide again."),
        "RequestIdReused" => String::from("Give another --request-id, or none."),
        "DefectsAreNotEstimated" => String::from("Rank it instead; a fix budget keeps the capacity for defects."),
        "VerifierIsResolver" => format!("Try: snaglog issue verify {key} --confirmed-by SOMEBODY-ELSE"),
        _ => return failure,
    };
    failure.hint(hint)
}
