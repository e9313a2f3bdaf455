//! What callers ask of calendars.

use api::calendars::v1::{CalendarDefinition, Weekday};
use api::policies::v1 as policies;
use domain::calendar::{self, Definition, Draft, DraftDate, DraftDay, WEEK};
use domain::policy::Target;
use jiff::{SignedDuration, Timestamp};

use crate::fields::Faults;

/// A definition; all that is wrong with it is noted, at its place: `definition.week.mon[1]`.
pub(super) fn definition(faults: &mut Faults, definition: Option<&CalendarDefinition>) -> Option<Definition> {
    let Some(definition) = definition else {
        faults.add("definition", "is required");
        return None;
    };
    let read = draft(definition).read();
    read.map_err(|calendar::Faults(wrong)| {
        for fault in wrong {
            faults.add(&format!("definition.{}", fault.place), fault.problem);
        }
    })
    .ok()
}

fn draft(CalendarDefinition { id, zone, week, dates }: &CalendarDefinition) -> Draft {
    let day = |day: &api::calendars::v1::WorkingDay| {
        let index = match day.weekday() {
            Weekday::Unspecified => None,
            weekday => usize::try_from(i32::from(weekday) - 1).ok(),
        };
        let name = index.and_then(|index| WEEK.get(index)).copied().unwrap_or_default();
        DraftDay { day: name.to_owned(), hours: day.hours.clone() }
    };
    let date = |date: &api::calendars::v1::DatedDay| DraftDate {
        date: date.date.clone(),
        name: date.name.clone(),
        hours: date.hours.clone(),
    };
    Draft {
        id: id.clone(),
        zone: zone.clone(),
        week: week.iter().map(day).collect(),
        dates: dates.iter().map(date).collect(),
    }
}

/// A time that must be given.
pub(super) fn time(faults: &mut Faults, field: &str, time: Option<&prost_types::Timestamp>) -> Option<Timestamp> {
    if time.is_none() {
        faults.add(field, "is required");
    }
    faults.time(field, time)
}

/// How much time a clock has: more than none.
pub(super) fn target(faults: &mut Faults, field: &str, target: Option<&policies::Target>) -> Option<Target> {
    use policies::target::Target as Wire;
    match target.and_then(|target| target.target.as_ref()) {
        None => {
            faults.add(field, "is required: working time, or working days");
            None
        }
        Some(Wire::WorkingTime(time)) => {
            let time = length(time).filter(SignedDuration::is_positive);
            if time.is_none() {
                faults.add(&format!("{field}.working_time"), "must be more than none");
            }
            time.map(Target::Working)
        }
        Some(Wire::WorkingDays(0)) => {
            faults.add(&format!("{field}.working_days"), "must be at least 1");
            None
        }
        Some(Wire::WorkingDays(days)) => Some(Target::WorkingDays(*days)),
    }
}

/// How long a clock stood still; absent: not at all.
pub(super) fn paused(
    faults: &mut Faults,
    field: &str,
    paused: Option<&prost_types::Duration>,
) -> Option<SignedDuration> {
    let Some(paused) = paused else {
        return Some(SignedDuration::ZERO);
    };
    let paused = length(paused).filter(|paused| !paused.is_negative());
    if paused.is_none() {
        faults.add(field, "must not be negative");
    }
    paused
}

fn length(length: &prost_types::Duration) -> Option<SignedDuration> {
    let formed = (-999_999_999..=999_999_999).contains(&length.nanos) && length.seconds.unsigned_abs() < 1 << 40;
    formed.then(|| SignedDuration::new(length.seconds, length.nanos))
}
