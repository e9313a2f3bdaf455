//! Folds events into a project.

use super::events::ProjectEvent;
use super::state::Project;
use crate::Recorded;

/// The project after one event more.
pub fn evolve(project: Option<Project>, _recorded: &Recorded<ProjectEvent>) -> Option<Project> {
    project
}

/// The project that these events make.
pub fn fold<'a>(events: impl IntoIterator<Item = &'a Recorded<ProjectEvent>>) -> Option<Project> {
    events.into_iter().fold(None, evolve)
}
