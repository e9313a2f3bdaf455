//! Calendars for people.

use api::calendars::v1::{Calendar, CalendarSummary, ComputeDeadlineResponse, DatedDay, WorkingDay, WorkingSpan};
use domain::calendar::Zone;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::file::short;
use crate::client::output::table;
use crate::client::session::Session;
use crate::client::target;

/// What a definition left, in a line.
pub(super) fn defined(calendar: &Calendar) -> String {
    let definition = calendar.definition.clone().unwrap_or_default();
    let dates = definition.dates.len();
    let policies = policies(calendar).map(|policies| format!("; {policies}")).unwrap_or_default();
    format!("{} version {}: {}, {dates} dates that differ{policies}", definition.id, calendar.version, definition.zone)
}

/// What a definition would leave, in a line.
pub(super) fn would(calendar: &Calendar) -> String {
    let id = calendar.definition.as_ref().map(|definition| definition.id.clone()).unwrap_or_default();
    let policies = match calendar.policies.first() {
        Some(newest) => format!("policy version {newest} would count on it"),
        None => "no policy would count on it, so no clock would".to_owned(),
    };
    format!("{id} would be version {}; {policies}", calendar.version)
}

/// A calendar's row in a list.
pub(super) fn row(calendar: &CalendarSummary, session: &Session) -> Vec<String> {
    let defined = calendar.defined_at.as_ref();
    vec![
        calendar.id.clone(),
        calendar.version.to_string(),
        calendar.zone.clone(),
        calendar.weekdays.to_string(),
        calendar.dates.to_string(),
        defined.map_or_else(|| String::from("built in"), |at| session.output.time(Some(at))),
    ]
}

/// A calendar with its days.
pub(super) fn calendar(calendar: &Calendar, session: &Session) -> String {
    let definition = calendar.definition.clone().unwrap_or_default();
    let defined = match calendar.defined_at.as_ref() {
        Some(at) => {
            format!("version {} of {}, defined {}", calendar.version, calendar.versions, session.output.time(Some(at)))
        }
        None => "built in".to_owned(),
    };
    let mut lines = vec![
        format!("{}, {defined}", definition.id),
        format!("{}, by the rules of {}", definition.zone, calendar.zone_database),
        String::new(),
        week(&definition.week),
    ];
    if !definition.dates.is_empty() {
        lines.extend([String::new(), dates(calendar)]);
    }
    if !calendar.counts_days {
        lines.extend([
            String::new(),
            "Targets in working days can't be counted on it: an interval goes over midnight.".to_owned(),
        ]);
    }
    if calendar.zone_rules_outdated {
        lines.extend([
            String::new(),
            "The server knows newer rules for this zone; a new definition takes them.".to_owned(),
        ]);
    }
    if let Some(policies) = policies(calendar) {
        lines.extend([String::new(), format!("{policies}.")]);
    }
    lines.join("\n")
}

fn policies(calendar: &Calendar) -> Option<String> {
    let newest = calendar.policies.first()?;
    Some(match calendar.policies.len() {
        1 => format!("policy version {newest} counts on it"),
        more => format!("{more} versions of the policy count on it, the newest is {newest}"),
    })
}

fn week(days: &[WorkingDay]) -> String {
    let hours = |weekday: i32| days.iter().find(|day| day.weekday == weekday).map_or(&[][..], |day| &day.hours);
    let rows = (1..=7).map(|weekday| vec![short(weekday).to_owned(), worked(hours(weekday))]);
    table(&["DAY", "HOURS"], rows)
}

/// The dates that differ.
pub(super) fn dates(calendar: &Calendar) -> String {
    let dates = calendar.definition.as_ref().map_or(&[][..], |definition| &definition.dates);
    if dates.is_empty() {
        String::from("No dates.")
    } else {
        table(&["DATE", "DAY", "HOURS", "NAME"], dates.iter().map(dated))
    }
}

fn dated(day: &DatedDay) -> Vec<String> {
    let weekday = day.date.parse::<Date>().map_or("?", |date| short(i32::from(date.weekday().to_monday_one_offset())));
    vec![day.date.clone(), weekday.to_owned(), worked(&day.hours), day.name.clone()]
}

fn worked(hours: &[String]) -> String {
    if hours.is_empty() { "closed".to_owned() } else { hours.join(" ") }
}

/// When a target is used up, and how that was counted.
pub(super) fn deadline(calendar: &str, deadline: &ComputeDeadlineResponse) -> String {
    let zone = Zone::find(&deadline.zone).map_or(TimeZone::UTC, |zone| zone.time_zone().clone());
    let time = |at: Option<&prost_types::Timestamp>, form: &str| {
        at.and_then(|at| Timestamp::new(at.seconds, at.nanos).ok())
            .map_or_else(|| "?".to_owned(), |at| at.to_zoned(zone.clone()).strftime(form).to_string())
    };
    let length = deadline.length.as_ref().map(target::length).unwrap_or_default();
    let due = time(deadline.deadline.as_ref(), "%a %Y-%m-%d %H:%M:%S %Z");
    let mut lines =
        vec![format!("Due {due}: {length} of working time, counted on {calendar} version {}", deadline.version)];
    let row = |span: &WorkingSpan| {
        let (opens, closes) = (span.opens.as_ref(), span.closes.as_ref());
        vec![time(opens, "%a %Y-%m-%d %H:%M"), time(closes, "%a %Y-%m-%d %H:%M")]
    };
    if !deadline.spans.is_empty() {
        lines.push(table(&["FROM", "UNTIL"], deadline.spans.iter().map(row)));
    }
    let left = (deadline.span_count as usize).saturating_sub(deadline.spans.len());
    if left > 0 {
        lines.push(format!("… and {left} more"));
    }
    if !deadline.dates.is_empty() {
        lines.push("Dates between that differ:".to_owned());
        lines.push(table(&["DATE", "DAY", "HOURS", "NAME"], deadline.dates.iter().map(dated)));
    }
    lines.join("\n")
}
