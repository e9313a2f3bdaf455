//! A project's calendars in all their versions.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::Calendar;
use crate::ids::CalendarId;

/// All versions of a project's calendars, and since when each is in force. The built-in ones are always there.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Calendars {
    defined: BTreeMap<CalendarId, Vec<Defined>>,
}

/// A version and since when it is in force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Defined {
    /// When it was recorded. Never before its predecessor.
    pub since: Timestamp,
    /// The version.
    pub calendar: Calendar,
}

impl Calendars {
    /// Adds a calendar's next version; one that isn't the next changes nothing.
    pub fn define(&mut self, calendar: Calendar, since: Timestamp) {
        let next = self.next_version(calendar.id());
        if calendar.version() == next {
            let versions = self.defined.entry(calendar.id().clone()).or_default();
            let since = versions.last().map_or(since, |last| last.since.max(since));
            versions.push(Defined { since, calendar });
        }
    }

    /// That version of it; 0 is the built-in one.
    pub fn version(&self, id: &CalendarId, version: u32) -> Option<Calendar> {
        match version.checked_sub(1) {
            None => Calendar::built_in(id),
            Some(before) => self.versions(id).get(before as usize).map(|defined| defined.calendar.clone()),
        }
    }

    /// The newest version of it.
    pub fn latest(&self, id: &CalendarId) -> Option<Calendar> {
        self.versions(id).last().map(|last| last.calendar.clone()).or_else(|| Calendar::built_in(id))
    }

    /// Every calendar that there is, the built-in ones included, by name.
    pub fn ids(&self) -> impl Iterator<Item = CalendarId> {
        let built_in = [Calendar::round_the_clock(), Calendar::business()].map(|calendar| calendar.id().clone());
        let all: std::collections::BTreeSet<_> = self.defined.keys().cloned().chain(built_in).collect();
        all.into_iter()
    }

    /// How many calendars the project defined.
    pub fn defined(&self) -> usize {
        self.defined.len()
    }

    /// The versions that the project defined, from 1.
    pub fn versions(&self, id: &CalendarId) -> &[Defined] {
        self.defined.get(id).map_or(&[], Vec::as_slice)
    }

    /// The number of the next definition.
    pub fn next_version(&self, id: &CalendarId) -> u32 {
        u32::try_from(self.versions(id).len()).unwrap_or(u32::MAX).saturating_add(1)
    }
}
