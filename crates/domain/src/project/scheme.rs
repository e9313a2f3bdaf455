//! Severity schemes: ordered lists of severities, given by the project.

use std::sync::Arc;

use crate::ids::SeverityId;

/// A project's severities, the worst first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scheme {
    /// The worst first; ids are unique, at least one is in use.
    pub severities: Vec<Severity>,
    /// What rules the clocks of an issue that nobody has given a severity yet.
    pub default: SeverityId,
}

/// One severity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Severity {
    /// Such as `sev1`.
    pub id: SeverityId,
    /// Such as `Sev 1`. At most 100 characters.
    pub name: Arc<str>,
    /// By what one recognises it. At most 500 characters.
    pub definition: Arc<str>,
    /// True: no issue may be given it any more.
    pub retired: bool,
}
