//! Calendars as the contract has them.

use api::calendars::v1 as wire;
use domain::calendar::{Calendar, DatedDay, Definition, Hours, Span};
use domain::project::Project;
use jiff::Timestamp;
use jiff::civil::Date;

use crate::fields::stamp;
use crate::policies::show::duration;

const SPANS_SHOWN_MAX: usize = 100;
const SPANS_COUNTED_MAX: usize = 10_000;
const DATES_SHOWN_MAX: usize = 100;
const POLICIES_SHOWN_MAX: usize = 100;

/// A version with all its days.
pub(super) fn calendar(calendar: &Calendar, project: &Project) -> wire::Calendar {
    let policies = project.policies.all().iter().rev();
    let counting = policies.filter(|policy| policy.calendar_version(calendar.id()) == Some(calendar.version()));
    wire::Calendar {
        definition: Some(definition(calendar.definition())),
        version: calendar.version(),
        defined_at: defined_at(calendar, project).map(stamp),
        zone_database: calendar.zone().database().to_owned(),
        zone_rules_outdated: calendar.zone().outdated(),
        counts_days: calendar.counts_days(),
        versions: u32::try_from(project.calendars.versions(calendar.id()).len()).unwrap_or(u32::MAX),
        policies: counting.map(|policy| policy.version).take(POLICIES_SHOWN_MAX).collect(),
    }
}

/// A calendar without its days.
pub(super) fn summary(calendar: &Calendar, project: &Project) -> wire::CalendarSummary {
    let definition = calendar.definition();
    let weekdays = definition.week().iter().filter(|hours| !hours.is_empty()).count();
    wire::CalendarSummary {
        id: calendar.id().to_string(),
        version: calendar.version(),
        zone: calendar.zone().name().to_owned(),
        weekdays: u32::try_from(weekdays).unwrap_or(u32::MAX),
        dates: u32::try_from(definition.dates().len()).unwrap_or(u32::MAX),
        defined_at: defined_at(calendar, project).map(stamp),
    }
}

/// What a calendar says.
pub(crate) fn definition(definition: &Definition) -> wire::CalendarDefinition {
    let days = (1..).zip(definition.week()).filter(|(_, hours)| !hours.is_empty());
    wire::CalendarDefinition {
        id: definition.id().to_string(),
        zone: definition.zone().name().to_owned(),
        week: days.map(|(weekday, hours)| wire::WorkingDay { weekday, hours: texts(hours) }).collect(),
        dates: definition.dates().iter().map(dated).collect(),
    }
}

/// How a deadline was counted.
pub(super) fn deadline(
    calendar: &Calendar,
    from: Timestamp,
    starts: Timestamp,
    due: Timestamp,
) -> wire::ComputeDeadlineResponse {
    let zone = calendar.zone().time_zone();
    let dates = zone.to_datetime(from).date()..=zone.to_datetime(due).date();
    let span = |Span { opens, closes }| wire::WorkingSpan { opens: Some(stamp(opens)), closes: Some(stamp(closes)) };
    let count = calendar.spans(from, due).take(SPANS_COUNTED_MAX).count();
    wire::ComputeDeadlineResponse {
        deadline: Some(stamp(due)),
        starts: Some(stamp(starts)),
        length: Some(duration(calendar.between(from, due))),
        spans: calendar.spans(from, due).take(SPANS_SHOWN_MAX).map(span).collect(),
        span_count: u32::try_from(count).unwrap_or(u32::MAX),
        dates: calendar.definition().dates().range(dates).take(DATES_SHOWN_MAX).map(dated).collect(),
        version: calendar.version(),
        zone: calendar.zone().name().to_owned(),
    }
}

fn defined_at(calendar: &Calendar, project: &Project) -> Option<Timestamp> {
    let before = calendar.version().checked_sub(1)?;
    project.calendars.versions(calendar.id()).get(before as usize).map(|defined| defined.since)
}

fn dated((date, day): (&Date, &DatedDay)) -> wire::DatedDay {
    wire::DatedDay { date: date.to_string(), name: day.name.to_string(), hours: texts(&day.hours) }
}

fn texts(hours: &[Hours]) -> Vec<String> {
    hours.iter().map(ToString::to_string).collect()
}
