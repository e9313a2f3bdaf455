//! Every event type that is stored, with the version of the shape that this build writes.

use std::sync::{Arc, LazyLock};

use domain::StreamKind;

macro_rules! event_types {
    ($($stream:ident { $($name:ident = $stored:literal v $version:literal,)* })*) => {
        /// A stored event type.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(crate) enum EventType { $($($name,)*)* }

        impl EventType {
            /// All of them.
            pub(crate) const ALL: &[Self] = &[$($(Self::$name,)*)*];

            /// The name in the log.
            pub(crate) const fn name(self) -> &'static str {
                match self { $($(Self::$name => $stored,)*)* }
            }

            /// The version that is written now: the highest that can be read.
            pub(crate) const fn version(self) -> u16 {
                match self { $($(Self::$name => $version,)*)* }
            }

            /// The kind of stream it belongs to.
            pub(crate) const fn stream(self) -> StreamKind {
                match self { $($(Self::$name => StreamKind::$stream,)*)* }
            }

            /// The type by its name in the log.
            pub(crate) fn parse(name: &str) -> Option<Self> {
                match name { $($($stored => Some(Self::$name),)*)* _ => None }
            }
        }
    };
}

event_types! {
    Issue {
        IssueFiled = "IssueFiled" v 1,
        ReportAmended = "ReportAmended" v 1,
        InformationRequested = "InformationRequested" v 1,
        InformationProvided = "InformationProvided" v 1,
        RequestWithdrawn = "RequestWithdrawn" v 1,
        IssueTriaged = "IssueTriaged" v 1,
        SeverityChanged = "SeverityChanged" v 1,
        LevelChanged = "LevelChanged" v 1,
        NatureChanged = "NatureChanged" v 1,
        IssueAssigned = "IssueAssigned" v 1,
        IssueHandedOver = "IssueHandedOver" v 1,
        IssueAccepted = "IssueAccepted" v 2,
        ReturnedToTriage = "ReturnedToTriage" v 1,
        WorkaroundRecorded = "WorkaroundRecorded" v 1,
        WorkaroundWithdrawn = "WorkaroundWithdrawn" v 1,
        VerificationDelegated = "VerificationDelegated" v 1,
        IssueResolved = "IssueResolved" v 1,
        RegressionTestsAdded = "RegressionTestsAdded" v 1,
        ResolutionRejected = "ResolutionRejected" v 1,
        IssueVerified = "IssueVerified" v 1,
        MarkedInProduction = "MarkedInProduction" v 1,
        IssueClosed = "IssueClosed" v 2,
        WithdrawnFromProduction = "WithdrawnFromProduction" v 1,
        IssueReopened = "IssueReopened" v 1,
        IssueDismissed = "IssueDismissed" v 1,
        ComponentChanged = "ComponentChanged" v 1,
        CauseNamed = "CauseNamed" v 1,
        IssuesLinked = "IssuesLinked" v 1,
        IssueCommented = "IssueCommented" v 1,
        WatchStarted = "WatchStarted" v 1,
        ShiftsPlanned = "ShiftsPlanned" v 1,
        ShiftHandedOver = "ShiftHandedOver" v 1,
        ShiftsEnded = "ShiftsEnded" v 1,
        SlaAtRiskRecorded = "SlaAtRiskRecorded" v 1,
        SlaBreachRecorded = "SlaBreachRecorded" v 1,
        SlaBreachCorrected = "SlaBreachCorrected" v 1,
        ClocksRebased = "ClocksRebased" v 1,
        SlaEscalated = "SlaEscalated" v 1,
        DeliveryRuleKept = "DeliveryRuleKept" v 1,
        DeliveryRuleBroken = "DeliveryRuleBroken" v 1,
    }
    Project {
        ProjectCreated = "ProjectCreated" v 1,
        SeveritySchemeChanged = "SeveritySchemeChanged" v 1,
        ComponentAdded = "ComponentAdded" v 1,
        ComponentOwnerChanged = "ComponentOwnerChanged" v 1,
        TeamAdded = "TeamAdded" v 1,
        ProductOwnerAdded = "ProductOwnerAdded" v 1,
        ProductOwnerRemoved = "ProductOwnerRemoved" v 1,
        CustomerAdded = "CustomerAdded" v 1,
        CustomerPersonAdded = "CustomerPersonAdded" v 1,
        CustomerPersonRemoved = "CustomerPersonRemoved" v 1,
        SelfVerificationSet = "SelfVerificationSet" v 1,
        CalendarDefined = "CalendarDefined" v 1,
        PolicyAdopted = "PolicyAdopted" v 1,
        ReactorSwitched = "ReactorSwitched" v 1,
    }
    Team {
        MemberAdded = "MemberAdded" v 1,
        MemberRemoved = "MemberRemoved" v 1,
        MemberAway = "MemberAway" v 1,
        MemberBack = "MemberBack" v 1,
    }
    Release {
        ReleaseDeployed = "ReleaseDeployed" v 1,
        ReleaseRolledBack = "ReleaseRolledBack" v 1,
    }
}

/// Names are shared by all events of a type, not made for each.
static SHARED_NAMES: LazyLock<Vec<Arc<str>>> =
    LazyLock::new(|| EventType::ALL.iter().map(|event_type| event_type.name().into()).collect());

impl EventType {
    /// The name in the log, shared.
    pub(crate) fn shared_name(self) -> Arc<str> {
        Arc::clone(&SHARED_NAMES[self as usize])
    }
}

/// Every stored event type with the version of the shape that this build writes, which is the highest it reads.
pub fn event_types() -> impl Iterator<Item = (StreamKind, &'static str, u16)> {
    EventType::ALL.iter().map(|event_type| (event_type.stream(), event_type.name(), event_type.version()))
}

#[cfg(test)]
mod tests {
    use super::EventType;

    #[test]
    fn names_find_their_types() {
        for &event_type in EventType::ALL {
            assert_eq!(EventType::parse(event_type.name()), Some(event_type));
            assert_eq!(&*event_type.shared_name(), event_type.name());
        }
        assert_eq!(EventType::parse("issueFiled"), None);
    }
}
