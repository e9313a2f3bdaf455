//! Where arbitrary lives must lead, or they would show little: every kind of event, every rule.

use domain::issue::IssueEvent;

macro_rules! kinds {
    ($($kind:ident)*) => {
        pub(crate) fn kind_of(event: &IssueEvent) -> &'static str {
            match event {
                $(IssueEvent::$kind { .. } => stringify!($kind),)*
            }
        }
        pub(crate) const KINDS: &[&str] = &[$(stringify!($kind)),*];
    };
}
kinds! {
    IssueFiled ReportAmended InformationRequested InformationProvided RequestWithdrawn IssueTriaged SeverityChanged LevelChanged
    NatureChanged IssueAssigned IssueHandedOver IssueAccepted ReturnedToTriage WorkaroundRecorded WorkaroundWithdrawn
    VerificationDelegated IssueResolved RegressionTestsAdded ResolutionRejected IssueVerified MarkedInProduction IssueClosed
    WithdrawnFromProduction IssueReopened IssueDismissed ComponentChanged CauseNamed IssuesLinked IssueCommented WatchStarted
    ShiftsPlanned ShiftHandedOver ShiftsEnded
    SlaAtRiskRecorded SlaBreachRecorded SlaBreachCorrected ClocksRebased SlaEscalated DeliveryRuleKept DeliveryRuleBroken
}

/// Every rule that an issue knows, but four that need another beginning and have stories of their own: UnknownCustomer, UnknownProject, StreamFull,
/// SwitchedOff.
pub(crate) const RULES: &[&str] = &[
    "NoSuchIssue",
    "UnknownComponent",
    "UnknownTeam",
    "UnknownSeverity",
    "UnknownRelease",
    "UnknownIssue",
    "AlreadyFiled",
    "NotTriaged",
    "AlreadyTriaged",
    "AlreadyAccepted",
    "NotAccepted",
    "AlreadyResolved",
    "NotResolved",
    "AlreadyVerified",
    "NotVerified",
    "NotClosed",
    "IsClosed",
    "IsDismissed",
    "NotInProduction",
    "AlreadyInProduction",
    "NothingWasAsked",
    "NotAMember",
    "NotAssignee",
    "NotOpenerOrCustomer",
    "VerifierIsResolver",
    "WrongTeamForLevel",
    "SameTeam",
    "SameSeverity",
    "SameLevel",
    "SameComponent",
    "NothingAmended",
    "AlreadyAsked",
    "AlreadyAssigned",
    "SameWorkaround",
    "NoWorkaround",
    "AlreadyDelegated",
    "SameTests",
    "AlreadyNamed",
    "AlreadyLinked",
    "LinkToItself",
    "AlreadyWatching",
    "DuplicateOfItself",
    "DuplicateOfDuplicate",
    "DuplicateElsewhere",
    "DefectsAreNotEstimated",
    "LevelHasNoNature",
    "WrongFixForLevel",
    "WrongClosingForFix",
    "NoShiftsNeeded",
    "ShiftsStand",
    "NoShifts",
    "ShiftsNeeded",
    "NoSuchShift",
    "OnShiftAlready",
    "NoSuchCycle",
    "SlaNotAtRisk",
    "SlaNotBreached",
    "SlaAlreadyRecorded",
    "SlaBreachNotRecorded",
    "SlaBreachStands",
    "UnknownPolicy",
    "PolicyNotInForce",
    "NothingToRebase",
    "EscalationNotDue",
    "NoDeliveryRule",
    "DeliveryAlreadyRecorded",
    "DeliveryNotKept",
    "DeliveryNotBroken",
    "Incomplete",
    "OccurredOutOfOrder",
    "OccurredInFuture",
    "AskedInThePast",
];
