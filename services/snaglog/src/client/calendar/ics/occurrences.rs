//! On which dates an event begins that recurs.

use icalendar::rrule::RRuleSet;
use icalendar::{Component as _, Event, Property};
use jiff::ToSpan as _;
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;

use super::timed::named;
use super::{OCCURRENCES_MAX, Wrong, civil};

/// The dates on which its occurrences begin, up to the last that is asked for. `at`: at which time of day, in which zone; `None`: all day.
pub(super) fn occurrences(
    event: &Event,
    first: Date,
    at: Option<(Time, &TimeZone)>,
    until: Date,
) -> Result<Vec<Date>, Wrong> {
    let rules = rules(event);
    if rules.is_empty() {
        return Ok(vec![first]);
    }
    // Dates have no zone: as midnights in UTC they recur alike, and no daylight saving is in their way.
    let mut set = format!("DTSTART:{}", midnight(first));
    if !rules.iter().any(|(name, _)| *name == "RRULE") {
        // With a rule the library counts the start as its first occurrence, else it must be told.
        set.extend(["\nRDATE:", &midnight(first)]);
    }
    for (name, property) in rules {
        let value = if name == "RRULE" { rule(property.value(), at)? } else { dates(property, at)? };
        set.extend(["\n", name, ":", &value]);
    }
    let set: RRuleSet = set.parse().map_err(|error: icalendar::rrule::RRuleError| not_understood(error.to_string()))?;
    let set = set.limit();
    let found = set.into_iter().filter_map(|start| civil(start.date_naive()).ok());
    let found: Vec<_> = found.take_while(|start| *start <= until).take(OCCURRENCES_MAX + 1).collect();
    if found.len() > OCCURRENCES_MAX { Err(Wrong::TooOften) } else { Ok(found) }
}

fn rules(event: &Event) -> Vec<(&'static str, &Property)> {
    let mut rules = Vec::new();
    for name in ["RRULE", "RDATE", "EXDATE"] {
        let single = event.properties().get(name).into_iter();
        let several = event.multi_properties().get(name).into_iter().flatten();
        rules.extend(single.chain(several).map(|property| (name, property)));
    }
    rules
}

/// A rule by which dates recur, its `UNTIL` as the last date on which an occurrence may begin.
fn rule(rule: &str, at: Option<(Time, &TimeZone)>) -> Result<String, Wrong> {
    let parts = rule.split(';').map(|part| {
        let (name, value) = part.split_once('=').unwrap_or((part, ""));
        match name.to_ascii_uppercase().as_str() {
            "UNTIL" => Ok(format!("UNTIL={}", midnight(last(value, at)?))),
            "BYHOUR" | "BYMINUTE" | "BYSECOND" => Err(not_understood(format!("{part}, more than once a day"))),
            "FREQ" if ["HOURLY", "MINUTELY", "SECONDLY"].contains(&value.to_ascii_uppercase().as_str()) => {
                Err(not_understood(format!("{part}, more than once a day")))
            }
            _ => Ok(part.to_owned()),
        }
    });
    Ok(parts.collect::<Result<Vec<_>, _>>()?.join(";"))
}

/// The last date on which it begins no later than that.
fn last(until: &str, at: Option<(Time, &TimeZone)>) -> Result<Date, Wrong> {
    match (shown(until, at.map(|(_, zone)| zone))?, at) {
        ((date, Some(time)), Some((starts, _))) if time < starts => Ok(date.saturating_sub(1.day())),
        ((date, _), _) => Ok(date),
    }
}

/// Dates that are added or left out. Of an event with hours they must name its own.
fn dates(property: &Property, at: Option<(Time, &TimeZone)>) -> Result<String, Wrong> {
    let of = property.params().get("TZID").map(|zone| named(zone.value())).transpose()?;
    let dates =
        property.value().split(',').map(|value| match (shown(value, of.as_ref().or(at.map(|(_, zone)| zone)))?, at) {
            ((date, Some(time)), Some((starts, zone))) => {
                let moved = of.as_ref().filter(|of| *of != zone && !value.ends_with('Z'));
                if time == starts && moved.is_none() {
                    Ok(midnight(date))
                } else {
                    Err(not_understood(format!("{value} is at another time of day, or in another zone")))
                }
            }
            ((date, _), _) => Ok(midnight(date)),
        });
    Ok(dates.collect::<Result<Vec<_>, _>>()?.join(","))
}

/// What a clock of that zone shows: `20261224`, `20261224T120000`, and in UTC `20261224T120000Z`.
fn shown(value: &str, zone: Option<&TimeZone>) -> Result<(Date, Option<Time>), Wrong> {
    let value = value.trim();
    let wrong = |_| not_understood(format!("{value} is no date"));
    if !value.contains('T') {
        return Ok((Date::strptime("%Y%m%d", value).map_err(wrong)?, None));
    }
    let local = DateTime::strptime("%Y%m%dT%H%M%S", value.trim_end_matches('Z')).map_err(wrong)?;
    let shown = match zone.filter(|_| value.ends_with('Z')) {
        Some(zone) => TimeZone::UTC.to_timestamp(local).map_err(wrong)?.to_zoned(zone.clone()).datetime(),
        None => local,
    };
    Ok((shown.date(), Some(shown.time())))
}

fn midnight(date: Date) -> String {
    date.strftime("%Y%m%dT000000Z").to_string()
}

fn not_understood(why: String) -> Wrong {
    Wrong::Recurrence(why)
}
