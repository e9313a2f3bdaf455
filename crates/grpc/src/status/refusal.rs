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
    let (reasons, wanted): (Vec<_>, Vec<_>) = missing.iter().map(|one| wanted(*one)).unzip();
    Refusal {
        reason: reasons.first().copied().unwrap_or(Reason::Unspecified),
        message: wanted.join("; "),
        facts: vec![("missing", join(reasons.iter().map(|reason| name(*reason))))],
        violations: reasons.into_iter().zip(wanted.into_iter().map(str::to_owned)).collect(),
        fields: Vec::new(),
    }
}

macro_rules! missing {
    ($($name:ident $wanted:literal)*) => {
        /// The reason, and one sentence of what is wanted.
        fn wanted(missing: Missing) -> (Reason, &'static str) {
            match missing {
                $(Missing::$name => (Reason::$name, $wanted),)*
            }
        }
    };
}
missing! {
    ReasonMissing "say why"
    LateReasonMissing "say why it is recorded late: it takes back a recorded breach"
    LevelMissing "give a triage level"
    SeverityMissing "give a severity"
    ComponentMissing "give a component"
    TeamMissing "give a team: the component has no owner"
    StepsMissing "the report lacks the steps to reproduce"
    ActualMissing "the report lacks what actually happens"
    ExpectedMissing "the report lacks what was expected"
    FixMissing "say how it was fixed"
    ChangeMissing "name the changes"
    RegressionTestMissing "name at least one regression test"
    TestEnvironmentMissing "name the test environment"
    CorrectionMissing "name the correction, and where it was tried"
    ActionMissing "say what was done"
    ExplanationMissing "say what the user was told"
    TopicMissing "name what was misunderstood"
    ConfirmerMissing "name who tested it"
    ReleaseMissing "name the release"
    ReverifierMissing "name who verified it in production"
    AppliedMissing "say when the data fix was applied in production, and by whom"
    AssigneeMissing "name an assignee"
    DismissalMissing "say why it is dismissed"
    AdvisoryMissing "name an advisory"
    PackageMissing "name the package affected"
    RangeMissing "name the affected versions"
    FingerprintMissing "give the fingerprint"
    SourceMissing "say where it comes from"
    AnswerMissing "give the answer"
}

macro_rules! reasons {
    (bare: $($bare:ident)*; telling: $($name:ident)*) => {
        /// Those with no facts of their own.
        macro_rules! bare {
            () => { Rejection::Incomplete { .. } $(| Rejection::$bare { .. })* };
        }

        /// A rejection's reason has its name.
        fn reason(rejection: &Rejection) -> Reason {
            match rejection {
                Rejection::Incomplete { missing } => missing.first().map_or(Reason::Unspecified, |one| wanted(*one).0),
                $(Rejection::$bare { .. } => Reason::$bare,)*
                $(Rejection::$name { .. } => Reason::$name,)*
            }
        }
    };
}
reasons! {
    bare:
        NoSuchIssue AlreadyFiled NotTriaged AlreadyTriaged AlreadyAccepted NotAccepted AlreadyResolved
        NotResolved AlreadyVerified NotVerified NotClosed IsClosed IsDismissed NothingWasAsked NothingAmended
        SameWorkaround NoWorkaround SameTests AlreadyLinked LinkToItself DuplicateOfItself
        DefectsAreNotEstimated LevelHasNoNature WrongClosingForFix AskedInThePast NoShifts ShiftsNeeded
        SettingUnchanged CalendarMalformed PolicyMalformed;
    telling:
        UnknownProject UnknownComponent UnknownTeam UnknownSeverity UnknownCustomer UnknownRelease UnknownIssue
        NotInProduction AlreadyInProduction StreamFull NotAMember NotAssignee NotOpenerOrCustomer
        VerifierIsResolver SwitchedOff WrongTeamForLevel SameTeam SameSeverity SameLevel SameComponent
        AlreadyAsked AlreadyAssigned AlreadyDelegated AlreadyNamed AlreadyWatching DuplicateOfDuplicate
        DuplicateElsewhere WrongFixForLevel OccurredOutOfOrder OccurredInFuture ProjectExists ComponentExists
        TeamExists CustomerExists AlreadyProductOwner NotProductOwner AlreadyMember AlreadyOfCustomer
        NotOfCustomer AlreadyAway NotAway AbsenceOver TooManyAbsences NoShiftsNeeded ShiftsStand NoSuchShift
        OnShiftAlready NoSuchCycle SlaNotAtRisk SlaNotBreached SlaAlreadyRecorded SlaBreachNotRecorded
        SlaBreachStands UnknownPolicy PolicyNotInForce NothingToRebase EscalationNotDue NoDeliveryRule
        DeliveryAlreadyRecorded DeliveryNotKept DeliveryNotBroken SeverityRemoved SchemeMalformed CalendarBuiltIn
        TooManyCalendars SamePolicy AlreadyDeployed NotDeployed
}

fn facts(rejection: &Rejection) -> Vec<(&'static str, String)> {
    use Rejection as R;
    match rejection {
        bare!() => Vec::new(),
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
        R::NotAMember { person, team } => two("person", person, "team", team),
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
        R::TooManyAbsences { limit } | R::TooManyCalendars { limit } => fact("limit", limit),
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
        R::OccurredOutOfOrder { occurred_at, bound } => two("occurred_at", occurred_at, "bound", bound),
        R::OccurredInFuture { occurred_at, now } => two("occurred_at", occurred_at, "now", now),
        R::AlreadyOfCustomer { person, customer } | R::NotOfCustomer { person, customer } => {
            two("person", person, "customer", customer)
        }
        R::SchemeMalformed { problem } => fact("problem", problem),
        R::CalendarBuiltIn { calendar } => fact("calendar", calendar),
        R::SamePolicy { version } | R::NothingToRebase { version } => fact("version", version),
        R::UnknownPolicy { version, latest } => two("version", version, "latest", latest),
        R::PolicyNotInForce { version, effective_from } => two("version", version, "effective_from", effective_from),
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
        R::DeliveryNotKept { cycle, due } | R::DeliveryNotBroken { cycle, due } => {
            let mut facts = fact("cycle", cycle);
            facts.extend(due.map(|due| ("due", due.to_string())));
            facts
        }
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

fn two(name: &'static str, value: impl Display, other: &'static str, its: impl Display) -> Vec<(&'static str, String)> {
    vec![(name, value.to_string()), (other, its.to_string())]
}

fn person_or_nobody(name: &'static str, person: Option<&PersonId>) -> Vec<(&'static str, String)> {
    fact(name, person.map_or("", PersonId::as_str))
}

fn join(all: impl IntoIterator<Item: Display>) -> String {
    all.into_iter().map(|one| one.to_string()).collect::<Vec<_>>().join(",")
}
