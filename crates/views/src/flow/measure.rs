//! What is measured of an issue, and from when to when.

use crate::issue::Standing;

/// A duration that is measured, in wall time. A step that an import implied neither begins nor ends one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Measure {
    /// Filing, or the last reopening from Closed, to each closing.
    Lead,
    /// The first acceptance, or the last reopening from Closed, to each closing.
    Cycle,
    /// Filing to the first triage.
    Triage,
    /// Filing to the first acceptance.
    Accept,
    /// Filing to the first of: a workaround; a resolution at levels 1 and 2; the fix in production.
    Mitigate,
    /// Filing to the first resolution.
    Resolve,
    /// A rejected resolution, or a reopening from Closed, to the next resolution.
    ResolveAgain,
    /// Filing, or the last reopening from Closed, to each dismissal.
    Dismiss,
    /// A stay in New, untriaged.
    InNewUntriaged,
    /// A stay in New, triaged.
    InNewTriaged,
    /// A stay in Accepted.
    InAccepted,
    /// A stay in Resolved.
    InResolved,
    /// A stay in Verified.
    InVerified,
}

impl Measure {
    /// All of them.
    pub const ALL: [Self; 13] = [
        Self::Lead,
        Self::Cycle,
        Self::Triage,
        Self::Accept,
        Self::Mitigate,
        Self::Resolve,
        Self::ResolveAgain,
        Self::Dismiss,
        Self::InNewUntriaged,
        Self::InNewTriaged,
        Self::InAccepted,
        Self::InResolved,
        Self::InVerified,
    ];

    /// The word in the tables.
    pub fn word(self) -> &'static str {
        match self {
            Self::Lead => "lead",
            Self::Cycle => "cycle",
            Self::Triage => "triage",
            Self::Accept => "accept",
            Self::Mitigate => "mitigate",
            Self::Resolve => "resolve",
            Self::ResolveAgain => "resolve_again",
            Self::Dismiss => "dismiss",
            Self::InNewUntriaged => "in_new_untriaged",
            Self::InNewTriaged => "in_new_triaged",
            Self::InAccepted => "in_accepted",
            Self::InResolved => "in_resolved",
            Self::InVerified => "in_verified",
        }
    }

    /// By its word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|measure| measure.word() == word)
    }

    /// A stay in this state. What is over is not waited for: Closed and Dismissed have none.
    pub fn stay(standing: Standing) -> Option<Self> {
        match standing {
            Standing::NewUntriaged => Some(Self::InNewUntriaged),
            Standing::NewTriaged => Some(Self::InNewTriaged),
            Standing::Accepted => Some(Self::InAccepted),
            Standing::Resolved => Some(Self::InResolved),
            Standing::Verified => Some(Self::InVerified),
            Standing::Closed | Standing::Dismissed => None,
        }
    }
}
