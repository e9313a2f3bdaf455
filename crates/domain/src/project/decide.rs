//! Decides commands to a project.

use super::command::Command;
use super::events::ProjectEvent;
use super::state::Project;
use crate::{Context, Decision, Rejection};

/// What the command leads to, or the rule that it breaks.
pub fn decide(_project: Option<&Project>, _command: Command, _context: &Context<'_>) -> Result<Decision<ProjectEvent>, Rejection> {
    Err(Rejection::NoSuchIssue)
}
