//! Triage and ownership.

use domain::Fact::{self, Known, NotKnown};
use domain::ids::{PersonId, SeverityId, TeamId};
use domain::issue::{IssueEvent as I, Level, Nature};

use super::super::{Example, example, imported, person, reason};

pub(super) fn examples() -> Vec<Example> {
    let mut examples = triages();
    examples.extend(changes());
    examples.extend(ownership());
    examples
}

fn severity(id: &str) -> SeverityId {
    id.parse().unwrap()
}

fn team(id: &str) -> TeamId {
    id.parse().unwrap()
}

fn triages() -> Vec<Example> {
    let triaged = |level, nature| I::IssueTriaged {
        level: Known(level),
        nature,
        severity: Known(severity("sev2")),
        component: Some("checkout".parse().unwrap()),
        team: Known(team("payments")),
    };
    let untold = I::IssueTriaged { level: NotKnown, nature: None, severity: NotKnown, component: None, team: NotKnown };
    // An id that reads like a fact that is not known.
    let treacherous = I::SeverityChanged { from: Known(severity("not_known")), to: severity("known"), reason: None };
    vec![
        example("IssueTriaged.v1", triaged(Level::CodeOrData, Some(Nature::Bug))),
        example("IssueTriaged.v1.incident", triaged(Level::System, Some(Nature::Incident))),
        example("IssueTriaged.v1.user_error", triaged(Level::UserError, None)),
        imported("IssueTriaged.v1.implied", untold, true),
        example("SeverityChanged.v1.treacherous", treacherous),
    ]
}

fn changes() -> Vec<Example> {
    vec![
        example(
            "SeverityChanged.v1",
            I::SeverityChanged { from: NotKnown, to: severity("sev1"), reason: reason("Nobody can pay") },
        ),
        example(
            "LevelChanged.v1",
            I::LevelChanged {
                from: Known(Level::System),
                to: Level::CodeOrData,
                nature: Some(Nature::Bug),
                team: Some(team("dev")),
                reason: reason("It is in the code"),
            },
        ),
        example(
            "NatureChanged.v1",
            I::NatureChanged {
                from: Some(Nature::Incident),
                to: Some(Nature::Bug),
                reason: reason("It happens every time"),
            },
        ),
        example(
            "ComponentChanged.v1",
            I::ComponentChanged {
                from: None,
                to: "ledger".parse().unwrap(),
                reason: reason("The sum is wrong there already"),
            },
        ),
        example("ReturnedToTriage.v1", I::ReturnedToTriage { reason: reason("Not ours") }),
    ]
}

fn ownership() -> Vec<Example> {
    let accepted = |assignee: Fact<PersonId>, report_owed| I::IssueAccepted { assignee, report_owed };
    vec![
        example("IssueAssigned.v1", I::IssueAssigned { assignee: Some(person("ada")) }),
        imported("IssueAssigned.v1.nobody", I::IssueAssigned { assignee: None }, false),
        example(
            "IssueHandedOver.v1",
            I::IssueHandedOver { from: Known(team("support")), to: team("dev"), reason: reason("Needs a change") },
        ),
        example("IssueAccepted.v2", accepted(Known(person("ada")), true)),
        imported("IssueAccepted.v2.imported", accepted(NotKnown, false), false),
    ]
}
