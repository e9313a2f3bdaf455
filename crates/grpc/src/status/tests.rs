use domain::Missing;
use domain::clocks::Clock;
use domain::ids::{PersonId, SeverityId, TeamId};
use domain::issue::Level;

use super::*;

/// `NotTriaged { … }` → `NOT_TRIAGED`.
fn wire_name(debug: &str) -> String {
    let variant = debug.split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default();
    let mut name = String::new();
    for c in variant.chars() {
        if c.is_uppercase() && !name.is_empty() {
            name.push('_');
        }
        name.extend(c.to_uppercase());
    }
    name
}

fn subject() -> Subject {
    Subject("issues/PAY-42".into())
}

#[track_caller]
fn reason(status: &Status) -> String {
    status.get_error_details().error_info().unwrap().reason.clone()
}

#[test]
fn a_rejection_has_its_own_name_on_the_wire() {
    let team = || TeamId::parse("core").unwrap();
    let person = || PersonId::parse("ada").unwrap();
    let severity = || SeverityId::parse("sev1").unwrap();
    let all = [
        Rejection::UnknownTeam { team: team() },
        Rejection::UnknownSeverity { severity: severity(), known: vec![severity()] },
        Rejection::AlreadyFiled,
        Rejection::NotTriaged,
        Rejection::AlreadyTriaged,
        Rejection::AlreadyAccepted,
        Rejection::NotAccepted,
        Rejection::AlreadyResolved,
        Rejection::NotResolved,
        Rejection::AlreadyVerified,
        Rejection::NotVerified,
        Rejection::NotClosed,
        Rejection::IsClosed,
        Rejection::IsDismissed,
        Rejection::NotInProduction { release: None },
        Rejection::NothingWasAsked,
        Rejection::StreamFull { events: 10_000 },
        Rejection::NotAMember { person: person(), team: team() },
        Rejection::NotAssignee { assignee: None },
        Rejection::NotOpenerOrCustomer { person: person(), opener: None },
        Rejection::VerifierIsResolver { person: person() },
        Rejection::WrongTeamForLevel { team: team(), level: Level::System, may: vec![team()] },
        Rejection::SwitchedOff { reactor: domain::project::Reactor::Deadlines },
        Rejection::SameTeam { team: team() },
        Rejection::SameSeverity { severity: severity() },
        Rejection::SameLevel { level: Level::System },
        Rejection::NothingAmended,
        Rejection::SameWorkaround,
        Rejection::NoWorkaround,
        Rejection::SameTests,
        Rejection::AlreadyLinked,
        Rejection::LinkToItself,
        Rejection::DuplicateOfItself,
        Rejection::DuplicateElsewhere { reference: "bugzilla:1".into() },
        Rejection::DefectsAreNotEstimated,
        Rejection::LevelHasNoNature,
        Rejection::WrongFixForLevel { level: Level::System },
        Rejection::WrongClosingForFix,
        Rejection::AskedInThePast,
        Rejection::NoSuchCycle { clock: Clock::Accept, cycle: 2 },
        Rejection::SlaNotAtRisk { clock: Clock::Accept, cycle: 1, at_risk_at: None },
        Rejection::SlaNotBreached { clock: Clock::Accept, cycle: 1, deadline: None },
        Rejection::SlaAlreadyRecorded { clock: Clock::Accept, cycle: 1 },
        Rejection::SlaBreachNotRecorded { clock: Clock::Accept, cycle: 1 },
        Rejection::SlaBreachStands { clock: Clock::Accept, cycle: 1 },
        Rejection::UnknownPolicy { version: 9, latest: 2 },
        Rejection::PolicyNotInForce { version: 2, effective_from: jiff::Timestamp::UNIX_EPOCH },
        Rejection::NothingToRebase { version: 1 },
        Rejection::EscalationNotDue { clock: Clock::Accept, cycle: 1, step: 1, due: None },
        Rejection::NoDeliveryRule { cycle: 1, asked: None },
        Rejection::DeliveryAlreadyRecorded { cycle: 1 },
        Rejection::DeliveryNotKept { cycle: 1, due: None },
        Rejection::DeliveryNotBroken { cycle: 1, due: None },
        Rejection::SettingUnchanged,
        Rejection::SeverityRemoved { severity: severity() },
        Rejection::SchemeMalformed { problem: "empty".into() },
    ];
    for rejection in all {
        let status = refused(&rejection, &subject());
        assert_eq!(status.code(), Code::FailedPrecondition);
        assert_eq!(reason(&status), wire_name(&format!("{rejection:?}")));
    }
    let missing = refused(&Rejection::NoSuchIssue, &subject());
    assert_eq!((missing.code(), reason(&missing).as_str()), (Code::NotFound, "NO_SUCH_ISSUE"));
}

#[test]
fn all_that_is_missing_is_told_each_by_its_name() {
    let missing = vec![
        Missing::ReasonMissing,
        Missing::LateReasonMissing,
        Missing::LevelMissing,
        Missing::SeverityMissing,
        Missing::ComponentMissing,
        Missing::TeamMissing,
        Missing::StepsMissing,
        Missing::ActualMissing,
        Missing::ExpectedMissing,
        Missing::FixMissing,
        Missing::ChangeMissing,
        Missing::RegressionTestMissing,
        Missing::TestEnvironmentMissing,
        Missing::CorrectionMissing,
        Missing::ActionMissing,
        Missing::ExplanationMissing,
        Missing::TopicMissing,
        Missing::ConfirmerMissing,
        Missing::ReleaseMissing,
        Missing::ReverifierMissing,
        Missing::AppliedMissing,
        Missing::AssigneeMissing,
        Missing::DismissalMissing,
        Missing::AdvisoryMissing,
        Missing::PackageMissing,
        Missing::RangeMissing,
        Missing::FingerprintMissing,
        Missing::SourceMissing,
        Missing::AnswerMissing,
    ];
    let names: Vec<_> = missing.iter().map(|one| wire_name(&format!("{one:?}"))).collect();
    let status = refused(&Rejection::Incomplete { missing }, &subject());
    let details = status.get_error_details();
    assert_eq!(reason(&status), names[0]);
    let violations = &details.precondition_failure().unwrap().violations;
    assert_eq!(violations.iter().map(|violation| violation.r#type.clone()).collect::<Vec<_>>(), names);
    assert_eq!(details.error_info().unwrap().metadata["missing"], names.join(","));
}

#[test]
fn a_fact_is_never_longer_than_headers_bear() {
    let may = (0..1000).map(|n| TeamId::parse(&format!("team-{n}")).unwrap()).collect();
    let team = TeamId::parse("core").unwrap();
    let status = refused(&Rejection::WrongTeamForLevel { team, level: Level::System, may }, &subject());
    let details = status.get_error_details();
    let may = &details.error_info().unwrap().metadata["may"];
    assert!(may.starts_with("team-0,team-1,") && may.ends_with(" …") && may.len() < FACT_CHARS_MAX + 8);
}
