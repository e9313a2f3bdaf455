//! Each rejection's reason, and the facts that would change the answer. No `_`: a new rejection doesn't compile until it has both.

use std::fmt::Display;

use api::errors::v1::Reason;
use domain::calendar::Faults;
use domain::clocks::Clock;
use domain::ids::PersonId;
use domain::issue::IssueRef;
use domain::{Missing, Rejection};
use jiff::Timestamp;

use crate::limits::FAULTS_MAX;
use crate::reason::name;

/// A rejection on the wire.
pub(super) struct Refusal {
    pub(super) reason: Reason,
    /// In words, for people.
    pub(super) message: String,
    pub(super) facts: Vec<(&'static str, String)>,
    /// What stands in the way, each with a description.
    pub(super) violations: Vec<(Reason, String)>,
    /// What is wrong with which fields of the request.
    pub(super) fields: Vec<(String, String)>,
}

/// The rejection on the wire.
pub(super) fn of(rejection: &Rejection) -> Refusal {
    if let Rejection::Incomplete { missing } = rejection {
        return incomplete(missing);
    }
    if let Some((field, faults)) = faulty(rejection) {
        return malformed(reason(rejection), field, faults);
    }
    let (reason, message) = (reason(rejection), rejection.to_string());
    let violations = vec![(reason, message.clone())];
    Refusal { reason, facts: facts(rejection), violations, message, fields: Vec::new() }
}

/// Faults of a field of the request, each with its place within.
fn faulty(rejection: &Rejection) -> Option<(&'static str, &Faults)> {
    match rejection {
        Rejection::PolicyMalformed { faults } => Some(("policy", faults)),
        Rejection::CalendarMalformed { faults } => Some(("calendar", faults)),
        _ => None,
    }
}

fn malformed(reason: Reason, field: &'static str, Faults(faults): &Faults) -> Refusal {
    let told: Vec<_> = faults.iter().take(3).map(ToString::to_string).collect();
    let more = faults.len() - told.len();
    let more = if more > 0 { format!("; and {more} more") } else { String::new() };
    let message = format!("the {field} is refused: {}{more}", told.join("; "));
    let field_of = |place: &str| match place {
        "effective_from" => place.to_owned(),
        _ => format!("{field}.{place}"),
    };
    let fields = faults.iter().take(FAULTS_MAX).map(|fault| (field_of(&fault.place), fault.problem.clone()));
    Refusal {
        reason,
        facts: fact("faults", faults.len()),
        violations: vec![(reason, message.clone())],
        fields: fields.collect(),
        message,
    }
}

fn incomplete(missing: &[Missing]) -> Refusal {
    let reasons: Vec<_> = missing.iter().map(|one| missing_reason(*one)).collect();
    let wanted: Vec<_> = missing.iter().map(|one| describe(*one)).collect();
    Refusal {
        reason: reasons.first().copied().unwrap_or(Reason::Unspecified),
        message: wanted.join("; "),
        facts: vec![("missing", join(reasons.iter().map(|reason| name(*reason))))],
        violations: reasons.into_iter().zip(wanted.into_iter().map(str::to_owned)).collect(),
        fields: Vec::new(),
    }
}

/// One sentence of what is wanted.
fn describe(missing: Missing) -> &'static str {
    match missing {
        Missing::ReasonMissing => "say why",
        Missing::LateReasonMissing => "say why it is recorded late: it takes back a recorded breach",
        Missing::LevelMissing => "give a triage level",
        Missing::SeverityMissing => "give a severity",
        Missing::ComponentMissing => "give a component",
        Missing::TeamMissing => "give a team: the component has no owner",
        Missing::StepsMissing => "the report lacks the steps to reproduce",
        Missing::ActualMissing => "the report lacks what actually happens",
        Missing::ExpectedMissing => "the report lacks what was expected",
        Missing::FixMissing => "say how it was fixed",
        Missing::ChangeMissing => "name the changes",
        Missing::RegressionTestMissing => "name at least one regression test",
        Missing::TestEnvironmentMissing => "name the test environment",
        Missing::CorrectionMissing => "name the correction, and where it was tried",
        Missing::ActionMissing => "say what was done",
        Missing::ExplanationMissing => "say what the user was told",
        Missing::TopicMissing => "name what was misunderstood",
        Missing::ConfirmerMissing => "name who tested it",
        Missing::ReleaseMissing => "name the release",
        Missing::ReverifierMissing => "name who verified it in production",
        Missing::AppliedMissing => "say when the data fix was applied in production, and by whom",
        Missing::AssigneeMissing => "name an assignee",
        Missing::DismissalMissing => "say why it is dismissed",
        Missing::AdvisoryMissing => "name an advisory",
        Missing::PackageMissing => "name the package affected",
        Missing::RangeMissing => "name the affected versions",
        Missing::FingerprintMissing => "give the fingerprint",
        Missing::SourceMissing => "say where it comes from",
        Missing::AnswerMissing => "give the answer",
    }
}

fn missing_reason(missing: Missing) -> Reason {
    match missing {
        Missing::ReasonMissing => Reason::ReasonMissing,
        Missing::LateReasonMissing => Reason::LateReasonMissing,
        Missing::LevelMissing => Reason::LevelMissing,
        Missing::SeverityMissing => Reason::SeverityMissing,
        Missing::ComponentMissing => Reason::ComponentMissing,
        Missing::TeamMissing => Reason::TeamMissing,
        Missing::StepsMissing => Reason::StepsMissing,
        Missing::ActualMissing => Reason::ActualMissing,
        Missing::ExpectedMissing => Reason::ExpectedMissing,
        Missing::FixMissing => Reason::FixMissing,
        Missing::ChangeMissing => Reason::ChangeMissing,
        Missing::RegressionTestMissing => Reason::RegressionTestMissing,
        Missing::TestEnvironmentMissing => Reason::TestEnvironmentMissing,
        Missing::CorrectionMissing => Reason::CorrectionMissing,
        Missing::ActionMissing => Reason::ActionMissing,
        Missing::ExplanationMissing => Reason::ExplanationMissing,
        Missing::TopicMissing => Reason::TopicMissing,
        Missing::ConfirmerMissing => Reason::ConfirmerMissing,
        Missing::ReleaseMissing => Reason::ReleaseMissing,
        Missing::ReverifierMissing => Reason::ReverifierMissing,
        Missing::AppliedMissing => Reason::AppliedMissing,
        Missing::AssigneeMissing => Reason::AssigneeMissing,
        Missing::DismissalMissing => Reason::DismissalMissing,
        Missing::AdvisoryMissing => Reason::AdvisoryMissing,
        Missing::PackageMissing => Reason::PackageMissing,
        Missing::RangeMissing => Reason::RangeMissing,
        Missing::FingerprintMissing => Reason::FingerprintMissing,
        Missing::SourceMissing => Reason::SourceMissing,
        Missing::AnswerMissing => Reason::AnswerMissing,
    }
}

fn reason(rejection: &Rejection) -> Reason {
    use Rejection as R;
    match rejection {
        R::NoSuchIssue => Reason::NoSuchIssue,
        R::UnknownProject { .. } => Reason::UnknownProject,
        R::UnknownComponent { .. } => Reason::UnknownComponent,
        R::UnknownTeam { .. } => Reason::UnknownTeam,
        R::UnknownSeverity { .. } => Reason::UnknownSeverity,
        R::UnknownCustomer { .. } => Reason::UnknownCustomer,
        R::UnknownRelease { .. } => Reason::UnknownRelease,
        R::UnknownIssue { .. } => Reason::UnknownIssue,
        R::AlreadyFiled => Reason::AlreadyFiled,
        R::NotTriaged => Reason::NotTriaged,
        R::AlreadyTriaged => Reason::AlreadyTriaged,
        R::AlreadyAccepted => Reason::AlreadyAccepted,
        R::NotAccepted => Reason::NotAccepted,
        R::AlreadyResolved => Reason::AlreadyResolved,
        R::NotResolved => Reason::NotResolved,
        R::AlreadyVerified => Reason::AlreadyVerified,
        R::NotVerified => Reason::NotVerified,
        R::NotClosed => Reason::NotClosed,
        R::IsClosed => Reason::IsClosed,
        R::IsDismissed => Reason::IsDismissed,
        R::NotInProduction { .. } => Reason::NotInProduction,
        R::AlreadyInProduction { .. } => Reason::AlreadyInProduction,
        R::NothingWasAsked => Reason::NothingWasAsked,
        R::StreamFull { .. } => Reason::StreamFull,
        R::NotAMember { .. } => Reason::NotAMember,
        R::NotAssignee { .. } => Reason::NotAssignee,
        R::NotOpenerOrCustomer { .. } => Reason::NotOpenerOrCustomer,
        R::VerifierIsResolver { .. } => Reason::VerifierIsResolver,
        R::SwitchedOff { .. } => Reason::SwitchedOff,
        R::WrongTeamForLevel { .. } => Reason::WrongTeamForLevel,
        R::SameTeam { .. } => Reason::SameTeam,
        R::SameSeverity { .. } => Reason::SameSeverity,
        R::SameLevel { .. } => Reason::SameLevel,
        R::SameComponent { .. } => Reason::SameComponent,
        R::NothingAmended => Reason::NothingAmended,
        R::AlreadyAsked { .. } => Reason::AlreadyAsked,
        R::AlreadyAssigned { .. } => Reason::AlreadyAssigned,
        R::SameWorkaround => Reason::SameWorkaround,
        R::NoWorkaround => Reason::NoWorkaround,
        R::AlreadyDelegated { .. } => Reason::AlreadyDelegated,
        R::SameTests => Reason::SameTests,
        R::AlreadyNamed { .. } => Reason::AlreadyNamed,
        R::AlreadyLinked => Reason::AlreadyLinked,
        R::LinkToItself => Reason::LinkToItself,
        R::AlreadyWatching { .. } => Reason::AlreadyWatching,
        R::DuplicateOfItself => Reason::DuplicateOfItself,
        R::DuplicateOfDuplicate { .. } => Reason::DuplicateOfDuplicate,
        R::DuplicateElsewhere { .. } => Reason::DuplicateElsewhere,
        R::DefectsAreNotEstimated => Reason::DefectsAreNotEstimated,
        R::LevelHasNoNature => Reason::LevelHasNoNature,
        R::WrongFixForLevel { .. } => Reason::WrongFixForLevel,
        R::WrongClosingForFix => Reason::WrongClosingForFix,
        R::Incomplete { missing } => missing.first().map_or(Reason::Unspecified, |one| missing_reason(*one)),
        R::OccurredOutOfOrder { .. } => Reason::OccurredOutOfOrder,
        R::OccurredInFuture { .. } => Reason::OccurredInFuture,
        R::AskedInThePast => Reason::AskedInThePast,
        R::ProjectExists { .. } => Reason::ProjectExists,
        R::ComponentExists { .. } => Reason::ComponentExists,
        R::TeamExists { .. } => Reason::TeamExists,
        R::CustomerExists { .. } => Reason::CustomerExists,
        R::AlreadyProductOwner { .. } => Reason::AlreadyProductOwner,
        R::NotProductOwner { .. } => Reason::NotProductOwner,
        R::AlreadyMember { .. } => Reason::AlreadyMember,
        R::AlreadyOfCustomer { .. } => Reason::AlreadyOfCustomer,
        R::NotOfCustomer { .. } => Reason::NotOfCustomer,
        R::AlreadyAway { .. } => Reason::AlreadyAway,
        R::NotAway { .. } => Reason::NotAway,
        R::AbsenceOver { .. } => Reason::AbsenceOver,
        R::TooManyAbsences { .. } => Reason::TooManyAbsences,
        R::NoShiftsNeeded { .. } => Reason::NoShiftsNeeded,
        R::ShiftsStand { .. } => Reason::ShiftsStand,
        R::NoShifts => Reason::NoShifts,
        R::ShiftsNeeded => Reason::ShiftsNeeded,
        R::NoSuchShift { .. } => Reason::NoSuchShift,
        R::OnShiftAlready { .. } => Reason::OnShiftAlready,
        R::NoSuchCycle { .. } => Reason::NoSuchCycle,
        R::SlaNotAtRisk { .. } => Reason::SlaNotAtRisk,
        R::SlaNotBreached { .. } => Reason::SlaNotBreached,
        R::SlaAlreadyRecorded { .. } => Reason::SlaAlreadyRecorded,
        R::SlaBreachNotRecorded { .. } => Reason::SlaBreachNotRecorded,
        R::SlaBreachStands { .. } => Reason::SlaBreachStands,
        R::UnknownPolicy { .. } => Reason::UnknownPolicy,
        R::PolicyNotInForce { .. } => Reason::PolicyNotInForce,
        R::NothingToRebase { .. } => Reason::NothingToRebase,
        R::EscalationNotDue { .. } => Reason::EscalationNotDue,
        R::NoDeliveryRule { .. } => Reason::NoDeliveryRule,
        R::DeliveryAlreadyRecorded { .. } => Reason::DeliveryAlreadyRecorded,
        R::SettingUnchanged => Reason::SettingUnchanged,
        R::SeverityRemoved { .. } => Reason::SeverityRemoved,
        R::SchemeMalformed { .. } => Reason::SchemeMalformed,
        R::CalendarBuiltIn { .. } => Reason::CalendarBuiltIn,
        R::TooManyCalendars { .. } => Reason::TooManyCalendars,
        R::CalendarMalformed { .. } => Reason::CalendarMalformed,
        R::PolicyMalformed { .. } => Reason::PolicyMalformed,
        R::SamePolicy { .. } => Reason::SamePolicy,
        R::AlreadyDeployed { .. } => Reason::AlreadyDeployed,
        R::NotDeployed { .. } => Reason::NotDeployed,
    }
}

fn facts(rejection: &Rejection) -> Vec<(&'static str, String)> {
    use Rejection as R;
    match rejection {
        R::NoSuchIssue
        | R::AlreadyFiled
        | R::NotTriaged
        | R::AlreadyTriaged
        | R::AlreadyAccepted
        | R::NotAccepted
        | R::AlreadyResolved
        | R::NotResolved
        | R::AlreadyVerified
        | R::NotVerified
        | R::NotClosed
        | R::IsClosed
        | R::IsDismissed
        | R::NothingWasAsked
        | R::NothingAmended
        | R::SameWorkaround
        | R::NoWorkaround
        | R::SameTests
        | R::AlreadyLinked
        | R::LinkToItself
        | R::DuplicateOfItself
        | R::DefectsAreNotEstimated
        | R::LevelHasNoNature
        | R::WrongClosingForFix
        | R::AskedInThePast
        | R::NoShifts
        | R::ShiftsNeeded
        | R::SettingUnchanged
        | R::CalendarMalformed { .. }
        | R::PolicyMalformed { .. }
        | R::Incomplete { .. } => Vec::new(),
        R::UnknownProject { project } | R::ProjectExists { project } => fact("project", project),
        R::UnknownComponent { component } | R::SameComponent { component } | R::ComponentExists { component } => {
            fact("component", component)
        }
        R::UnknownTeam { team } | R::SameTeam { team } | R::TeamExists { team } => fact("team", team),
        R::UnknownSeverity { severity, known } => vec![("severity", severity.to_string()), ("known", join(known))],
        R::SameSeverity { severity } | R::SeverityRemoved { severity } => fact("severity", severity),
        R::UnknownCustomer { customer } | R::CustomerExists { customer } => fact("customer", customer),
        R::UnknownRelease { release }
        | R::AlreadyInProduction { release }
        | R::AlreadyNamed { release }
        | R::AlreadyDeployed { release }
        | R::NotDeployed { release } => fact("release", release),
        R::NotInProduction { release } => release.iter().flat_map(|release| fact("release", release)).collect(),
        R::UnknownIssue { issue } => fact("issue", issue),
        R::StreamFull { events } => fact("events", events),
        R::NotAMember { person, team } => vec![("person", person.to_string()), ("team", team.to_string())],
        R::NotAssignee { assignee } | R::AlreadyAssigned { assignee } => {
            person_or_nobody("assignee", assignee.as_ref())
        }
        R::NotOpenerOrCustomer { person, opener } => {
            let mut facts = person_or_nobody("opener", opener.as_ref());
            facts.extend(fact("person", person));
            facts
        }
        R::VerifierIsResolver { person }
        | R::AlreadyDelegated { person }
        | R::AlreadyWatching { person }
        | R::AlreadyProductOwner { person }
        | R::NotProductOwner { person }
        | R::AlreadyMember { person }
        | R::NotAway { person }
        | R::OnShiftAlready { person } => fact("person", person),
        R::NoShiftsNeeded { from } => from.iter().flat_map(|from| fact("from", from)).collect(),
        R::ShiftsStand { until } => fact("until", until),
        R::NoSuchShift { shift } => fact("shift", shift),
        R::AlreadyAway { person, from, until } => {
            vec![("person", person.to_string()), ("from", from.to_string()), ("until", until.to_string())]
        }
        R::AbsenceOver { from, until, now } => {
            vec![("from", from.to_string()), ("until", until.to_string()), ("now", now.to_string())]
        }
        R::TooManyAbsences { limit } => fact("limit", limit),
        R::SwitchedOff { reactor } => fact("reactor", reactor),
        R::WrongTeamForLevel { team, level, may } => {
            vec![("team", team.to_string()), ("level", level.number().to_string()), ("may", join(may))]
        }
        R::SameLevel { level } | R::WrongFixForLevel { level } => fact("level", level.number()),
        R::AlreadyAsked { question } => fact("question", question),
        R::DuplicateOfDuplicate { root } => match root {
            IssueRef::Issue { key, .. } => fact("root", key),
            IssueRef::External(reference) => fact("root", reference),
        },
        R::DuplicateElsewhere { reference } => fact("reference", reference),
        R::OccurredOutOfOrder { occurred_at, bound } => {
            vec![("occurred_at", occurred_at.to_string()), ("bound", bound.to_string())]
        }
        R::OccurredInFuture { occurred_at, now } => {
            vec![("occurred_at", occurred_at.to_string()), ("now", now.to_string())]
        }
        R::AlreadyOfCustomer { person, customer } | R::NotOfCustomer { person, customer } => {
            vec![("person", person.to_string()), ("customer", customer.to_string())]
        }
        R::SchemeMalformed { problem } => fact("problem", problem),
        R::CalendarBuiltIn { calendar } => fact("calendar", calendar),
        R::TooManyCalendars { limit } => fact("limit", limit),
        R::SamePolicy { version } | R::NothingToRebase { version } => fact("version", version),
        R::UnknownPolicy { version, latest } => vec![("version", version.to_string()), ("latest", latest.to_string())],
        R::PolicyNotInForce { version, effective_from } => {
            vec![("version", version.to_string()), ("effective_from", effective_from.to_string())]
        }
        R::NoSuchCycle { clock, cycle }
        | R::SlaAlreadyRecorded { clock, cycle }
        | R::SlaBreachNotRecorded { clock, cycle }
        | R::SlaBreachStands { clock, cycle } => of_cycle(*clock, *cycle, &[]),
        R::SlaNotAtRisk { clock, cycle, at_risk_at: due } => of_cycle(*clock, *cycle, &[("at_risk_at", *due)]),
        R::SlaNotBreached { clock, cycle, deadline } => of_cycle(*clock, *cycle, &[("deadline", *deadline)]),
        R::EscalationNotDue { clock, cycle, step, due } => {
            let mut facts = of_cycle(*clock, *cycle, &[("due", *due)]);
            facts.extend(fact("step", step));
            facts
        }
        R::NoDeliveryRule { cycle, .. } | R::DeliveryAlreadyRecorded { cycle } => fact("cycle", cycle),
    }
}

/// Which cycle of which clock, and the instants that would change the answer.
fn of_cycle(clock: Clock, cycle: u32, instants: &[(&'static str, Option<Timestamp>)]) -> Vec<(&'static str, String)> {
    let mut facts = vec![("clock", clock.to_string()), ("cycle", cycle.to_string())];
    facts.extend(instants.iter().filter_map(|(name, at)| Some((*name, at.as_ref()?.to_string()))));
    facts
}

fn fact(name: &'static str, value: impl Display) -> Vec<(&'static str, String)> {
    vec![(name, value.to_string())]
}

fn person_or_nobody(name: &'static str, person: Option<&PersonId>) -> Vec<(&'static str, String)> {
    fact(name, person.map_or("", PersonId::as_str))
}

fn join(all: impl IntoIterator<Item: Display>) -> String {
    all.into_iter().map(|one| one.to_string()).collect::<Vec<_>>().join(",")
}
