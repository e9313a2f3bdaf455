//! "Why this target?"

use super::{Policy, Subject};
use crate::ids::SelectorId;

/// Why these rules hold for an issue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Why {
    /// The policy's version.
    pub version: u32,
    /// The selector that matched; `None`: the severity's own rules hold.
    pub selector: Option<SelectorId>,
    /// The selectors before it, in their order, each with the first thing that didn't match.
    pub passed_over: Vec<(SelectorId, Mismatch)>,
}

/// Why a selector doesn't speak of an issue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mismatch {
    /// The issue has another component, or none.
    Component,
    /// It comes from elsewhere, or that isn't known.
    Source,
    /// Its customer is of another tier, or it has none.
    Tier,
    /// The selector says nothing of the severity.
    Severity,
}

impl Why {
    /// Goes through the policy's selectors in their order, up to the one that matched.
    pub(super) fn of(policy: &Policy, selector: Option<usize>, subject: &Subject) -> Self {
        let before = &policy.selectors[..selector.unwrap_or(policy.selectors.len())];
        let passed_over = before.iter().map(|one| {
            let mismatch = one.when.mismatch(subject).unwrap_or(Mismatch::Severity);
            (one.name.clone(), mismatch)
        });
        Self {
            version: policy.version,
            selector: selector.map(|index| policy.selectors[index].name.clone()),
            passed_over: passed_over.collect(),
        }
    }
}
