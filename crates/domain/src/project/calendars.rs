//! Decides a calendar's definition, and what follows from it for the policies that count on it.

use std::sync::Arc;

use jiff::Timestamp;

use super::events::ProjectEvent;
use super::state::Project;
use crate::Rejection;
use crate::calendar::{Calendar, Definition, Fault, Faults, ROUND_THE_CLOCK};
use crate::ids::CalendarId;
use crate::policy::{Draft, Policy};

/// A project defines at most this many calendars.
const CALENDARS_MAX: usize = 100;
/// A calendar is defined at most so often: all versions stay.
const VERSIONS_MAX: usize = 1_000;

/// The calendar's next version.
pub(super) fn define(project: &Project, definition: Definition) -> Result<ProjectEvent, Rejection> {
    let id = definition.id().clone();
    if id.as_str() == ROUND_THE_CLOCK {
        return Err(Rejection::CalendarBuiltIn { calendar: id });
    }
    if project.calendars.latest(&id).is_some_and(|latest| *latest.definition() == definition) {
        return Err(Rejection::SettingUnchanged);
    }
    check_room(project, &id)?;
    Ok(ProjectEvent::CalendarDefined { calendar: Calendar::new(definition, project.calendars.next_version(&id)) })
}

/// What follows of a calendar's new version: each policy that counts on the version before, and is in force or will be, is adopted anew with its pin
/// moved. So cycles that start from now on are counted by the new version, and those that run by the one they started with.
pub(super) fn follow(
    project: Option<&Project>,
    event: &ProjectEvent,
    now: Timestamp,
) -> Result<Vec<ProjectEvent>, Rejection> {
    let (Some(project), ProjectEvent::CalendarDefined { calendar }) = (project, event) else {
        return Ok(Vec::new());
    };
    let Some(before) = project.calendars.latest(calendar.id()) else {
        return Ok(Vec::new());
    };
    let moved = move_pins(project, calendar, before.version(), now)?;
    Ok(moved.into_iter().map(|policy| ProjectEvent::PolicyAdopted { policy }).collect())
}

fn check_room(project: &Project, id: &CalendarId) -> Result<(), Rejection> {
    let versions = project.calendars.versions(id).len();
    if versions == 0 && project.calendars.defined() >= CALENDARS_MAX {
        return Err(Rejection::TooManyCalendars { limit: CALENDARS_MAX });
    }
    if versions >= VERSIONS_MAX {
        return Err(Rejection::TooManyCalendars { limit: VERSIONS_MAX });
    }
    Ok(())
}

/// The policies in force and to come that pin the calendar's version before, with the new one instead.
fn move_pins(project: &Project, calendar: &Calendar, before: u32, now: Timestamp) -> Result<Vec<Policy>, Rejection> {
    let mut after = project.clone();
    after.calendars.define(calendar.clone(), now);
    let present = project.policies.in_force(now).version;
    let to_come = |policy: &Policy| policy.effective_from > now || policy.version == present;
    let pinning = |policy: &&Arc<Policy>| to_come(policy) && policy.calendar_version(calendar.id()) == Some(before);
    let mut moved = Vec::new();
    for policy in project.policies.all().iter().filter(pinning) {
        let mut draft = Draft::of(policy);
        draft.effective_from = Some(policy.effective_from.max(now));
        draft.calendars.insert(calendar.id().clone(), calendar.version());
        let policy = draft.read(&after, now).map_err(|faults| refused(policy.version, faults))?;
        after.policies.adopt(policy.clone());
        moved.push(policy);
    }
    Ok(moved)
}

/// What a policy says against the calendar, as faults of the calendar.
fn refused(policy: u32, Faults(faults): Faults) -> Rejection {
    let fault = |Fault { place, problem }| Fault { place: format!("policies[{policy}].{place}"), problem };
    Rejection::CalendarMalformed { faults: Faults(faults.into_iter().map(fault).collect()) }
}
