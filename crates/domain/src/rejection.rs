//! The rules that a command can break, by name, each with the facts that would change the answer.

use std::sync::Arc;

use jiff::Timestamp;

use crate::calendar::Faults;
use crate::clocks::Clock;
use crate::ids::{CalendarId, ComponentId, CustomerId, IssueKey, PersonId, ProjectId, ReleaseId, SeverityId, TeamId};
use crate::issue::{IssueRef, Level};
use crate::policy::Delivery;
use crate::project::Reactor;

/// A named "no".
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "each message says what the variant and its facts mean")]
pub enum Rejection {
    // Ids.
    #[error("there is no such issue")]
    NoSuchIssue,
    #[error("there is no project {project}")]
    UnknownProject { project: ProjectId },
    #[error("the project has no component {component}")]
    UnknownComponent { component: ComponentId },
    #[error("the project has no team {team}")]
    UnknownTeam { team: TeamId },
    #[error("the project's scheme has no severity {severity} in use")]
    UnknownSeverity { severity: SeverityId, known: Vec<SeverityId> },
    #[error("the project has no customer {customer}")]
    UnknownCustomer { customer: CustomerId },
    #[error("nothing was ever recorded of release {release}")]
    UnknownRelease { release: ReleaseId },
    #[error("there is no issue {issue} in this project")]
    UnknownIssue { issue: IssueKey },

    // States.
    #[error("it was filed before")]
    AlreadyFiled,
    #[error("it has no level yet")]
    NotTriaged,
    #[error("it was triaged so before")]
    AlreadyTriaged,
    #[error("it was accepted before")]
    AlreadyAccepted,
    #[error("it is not accepted")]
    NotAccepted,
    #[error("it was resolved before")]
    AlreadyResolved,
    #[error("it is not resolved")]
    NotResolved,
    #[error("it was verified before")]
    AlreadyVerified,
    #[error("it is not verified")]
    NotVerified,
    #[error("it is not closed")]
    NotClosed,
    #[error("it is closed")]
    IsClosed,
    #[error("it was dismissed")]
    IsDismissed,
    #[error("it is not in production")]
    NotInProduction { release: Option<ReleaseId> },
    #[error("it is in production with release {release} already")]
    AlreadyInProduction { release: ReleaseId },
    #[error("no such question is open")]
    NothingWasAsked,
    #[error("the stream has {events} events and takes no more of this kind")]
    StreamFull { events: u64 },

    // Who.
    #[error("{person} is not a member of team {team}")]
    NotAMember { person: PersonId, team: TeamId },
    #[error("it is assigned to {}", .assignee.as_ref().map_or("nobody", PersonId::as_str))]
    NotAssignee { assignee: Option<PersonId> },
    #[error("{person} is neither the opener, nor of the customer, nor a product owner, nor named by one of them")]
    NotOpenerOrCustomer { person: PersonId, opener: Option<PersonId> },
    #[error("{person} resolved it; somebody else must verify it")]
    VerifierIsResolver { person: PersonId },
    #[error("the project has switched {reactor} off")]
    SwitchedOff { reactor: Reactor },
    #[error("team {team} may not take level {}", .level.number())]
    WrongTeamForLevel { team: TeamId, level: Level, may: Vec<TeamId> },

    // What is asked for is so already, or makes no sense.
    #[error("team {team} owns it already")]
    SameTeam { team: TeamId },
    #[error("its severity is {severity} already")]
    SameSeverity { severity: SeverityId },
    #[error("its level is {} already", .level.number())]
    SameLevel { level: Level },
    #[error("its component is {component} already")]
    SameComponent { component: ComponentId },
    #[error("the report says so already")]
    NothingAmended,
    #[error("this was asked already, and is open")]
    AlreadyAsked { question: u32 },
    #[error("it is assigned so already")]
    AlreadyAssigned { assignee: Option<PersonId> },
    #[error("this workaround is recorded already")]
    SameWorkaround,
    #[error("there is no workaround")]
    NoWorkaround,
    #[error("{person} may verify it already")]
    AlreadyDelegated { person: PersonId },
    #[error("these tests are recorded already")]
    SameTests,
    #[error("release {release} is named as a cause already")]
    AlreadyNamed { release: ReleaseId },
    #[error("they are linked so already")]
    AlreadyLinked,
    #[error("an issue can't be linked to itself")]
    LinkToItself,
    #[error("{person} watches it already")]
    AlreadyWatching { person: PersonId },
    #[error("an issue is no duplicate of itself")]
    DuplicateOfItself,
    #[error("that issue is a duplicate itself")]
    DuplicateOfDuplicate { root: IssueRef },
    #[error("a duplicate names an issue of this project; {reference} is none")]
    DuplicateElsewhere { reference: Arc<str> },
    #[error("defects are not estimated: points are for stories")]
    DefectsAreNotEstimated,
    #[error("an issue of level 1 has no nature")]
    LevelHasNoNature,
    #[error("a fix of this kind does not go with level {}", .level.number())]
    WrongFixForLevel { level: Level },
    #[error("evidence of this kind does not go with its fix")]
    WrongClosingForFix,

    // Shifts.
    #[error("it needs no shifts{}", .from.map(|from| format!(" before {from}")).unwrap_or_default())]
    NoShiftsNeeded { from: Option<Timestamp> },
    #[error("shifts are planned until {until}, and the plan holds")]
    ShiftsStand { until: Timestamp },
    #[error("no shifts are planned")]
    NoShifts,
    #[error("shifts are still needed")]
    ShiftsNeeded,
    #[error("no shift of {shift} is left")]
    NoSuchShift { shift: Timestamp },
    #[error("{person} is on already")]
    OnShiftAlready { person: PersonId },

    // Clocks.
    #[error("the {clock} clock has no cycle {cycle}")]
    NoSuchCycle { clock: Clock, cycle: u32 },
    #[error("cycle {cycle} of the {clock} clock is not at risk of that deadline")]
    SlaNotAtRisk { clock: Clock, cycle: u32, at_risk_at: Option<Timestamp> },
    #[error("cycle {cycle} of the {clock} clock has not passed that deadline")]
    SlaNotBreached { clock: Clock, cycle: u32, deadline: Option<Timestamp> },
    #[error("it is recorded already of cycle {cycle} of the {clock} clock")]
    SlaAlreadyRecorded { clock: Clock, cycle: u32 },
    #[error("no breach is recorded of cycle {cycle} of the {clock} clock")]
    SlaBreachNotRecorded { clock: Clock, cycle: u32 },
    #[error(
        "the breach of cycle {cycle} of the {clock} clock stands: only the first triage, or a stop recorded late, takes one back"
    )]
    SlaBreachStands { clock: Clock, cycle: u32 },
    #[error("the project has no policy {version}; its latest is {latest}")]
    UnknownPolicy { version: u32, latest: u32 },
    #[error("policy {version} is in force from {effective_from} on, not yet")]
    PolicyNotInForce { version: u32, effective_from: Timestamp },
    #[error("no clock runs that policy {version} would move")]
    NothingToRebase { version: u32 },
    #[error("step {step} of cycle {cycle} of the {clock} clock is not due")]
    EscalationNotDue { clock: Clock, cycle: u32, step: u32, due: Option<Timestamp> },
    #[error("no such delivery rule holds for cycle {cycle}")]
    NoDeliveryRule { cycle: u32, asked: Option<Delivery> },
    #[error("whether cycle {cycle} was delivered as asked is recorded already")]
    DeliveryAlreadyRecorded { cycle: u32 },
    #[error("the delivery of cycle {cycle} was not in time, or not by that release")]
    DeliveryNotKept { cycle: u32, due: Option<Timestamp> },
    #[error("the delivery of cycle {cycle} was in time, or it is not too late, or that release missed nothing")]
    DeliveryNotBroken { cycle: u32, due: Option<Timestamp> },

    // Evidence: all that is missing at once.
    #[error("missing: {}", names(.missing))]
    Incomplete { missing: Vec<Missing> },

    // Time.
    #[error("it can't have happened at {occurred_at}: what it follows happened at {bound}")]
    OccurredOutOfOrder { occurred_at: Timestamp, bound: Timestamp },
    #[error("{occurred_at} is in the future")]
    OccurredInFuture { occurred_at: Timestamp, now: Timestamp },
    #[error("a question was not asked before it was sent: leave the time out")]
    AskedInThePast,

    // Projects, teams, releases.
    #[error("project {project} exists")]
    ProjectExists { project: ProjectId },
    #[error("component {component} exists")]
    ComponentExists { component: ComponentId },
    #[error("team {team} exists")]
    TeamExists { team: TeamId },
    #[error("customer {customer} exists")]
    CustomerExists { customer: CustomerId },
    #[error("{person} is a product owner already")]
    AlreadyProductOwner { person: PersonId },
    #[error("{person} is not a product owner")]
    NotProductOwner { person: PersonId },
    #[error("{person} is a member already")]
    AlreadyMember { person: PersonId },
    #[error("{person} is away already, from {from} until {until}")]
    AlreadyAway { person: PersonId, from: Timestamp, until: Timestamp },
    #[error("{person} is not away then")]
    NotAway { person: PersonId },
    #[error("an absence ends after it begins, and not in the past: {from} until {until}")]
    AbsenceOver { from: Timestamp, until: Timestamp, now: Timestamp },
    #[error("the team has {limit} absences that are not over; it keeps no more")]
    TooManyAbsences { limit: usize },
    #[error("{person} belongs to customer {customer} already")]
    AlreadyOfCustomer { person: PersonId, customer: CustomerId },
    #[error("{person} does not belong to customer {customer}")]
    NotOfCustomer { person: PersonId, customer: CustomerId },
    #[error("the setting is so already")]
    SettingUnchanged,
    #[error("severity {severity} is in the scheme now: retire it instead of leaving it out")]
    SeverityRemoved { severity: SeverityId },
    #[error("a scheme needs one severity in use at least, each id once, and its default among them")]
    SchemeMalformed { problem: Arc<str> },
    #[error("calendar {calendar} is built in; give yours another name")]
    CalendarBuiltIn { calendar: CalendarId },
    #[error("there are {limit} already; it takes no more")]
    TooManyCalendars { limit: usize },
    #[error("the calendar is refused: {faults}")]
    CalendarMalformed { faults: Faults },
    #[error("the policy is refused: {faults}")]
    PolicyMalformed { faults: Faults },
    #[error("policy version {version} says the same, and is what would be in force")]
    SamePolicy { version: u32 },
    #[error("this deployment is recorded already")]
    AlreadyDeployed { release: ReleaseId },
    #[error("release {release} is not deployed there")]
    NotDeployed { release: ReleaseId },
}

/// Something a command needs and does not bring.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the names are those on the wire")]
pub enum Missing {
    ReasonMissing,
    LateReasonMissing,
    LevelMissing,
    SeverityMissing,
    ComponentMissing,
    TeamMissing,
    StepsMissing,
    ActualMissing,
    ExpectedMissing,
    FixMissing,
    ChangeMissing,
    RegressionTestMissing,
    TestEnvironmentMissing,
    CorrectionMissing,
    ActionMissing,
    ExplanationMissing,
    TopicMissing,
    ConfirmerMissing,
    ReleaseMissing,
    ReverifierMissing,
    AppliedMissing,
    AssigneeMissing,
    DismissalMissing,
    AdvisoryMissing,
    PackageMissing,
    RangeMissing,
    FingerprintMissing,
    SourceMissing,
    AnswerMissing,
}

fn names(missing: &[Missing]) -> String {
    missing.iter().map(|one| format!("{one:?}")).collect::<Vec<_>>().join(", ")
}
