//! Decides commands to an issue.

use super::command::Command;
use super::events::IssueEvent;
use super::state::Issue;
use crate::{Context, Decision, Rejection};

/// What the command leads to, or the rule that it breaks.
pub fn decide(_issue: Option<&Issue>, _command: Command, _context: &Context<'_>) -> Result<Decision<IssueEvent>, Rejection> {
    Err(Rejection::NoSuchIssue)
}
