//! Times as people give and read them.

use jiff::tz::TimeZone;
use jiff::{Span, SpanRelativeTo, Timestamp, ToSpan as _, Unit, Zoned};

/// How times are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Style {
    /// `3 h ago`.
    Relative,
    /// In the zone of this machine, to the minute.
    Local,
    /// RFC 3339 in UTC.
    Iso,
}

/// The moment now. The client's own clock: only for reading and showing times.
#[expect(clippy::disallowed_methods, reason = "a service reads the clock")]
pub(crate) fn now() -> Timestamp {
    Timestamp::now()
}

/// Accepts RFC 3339, a date, `today`, `yesterday`, or a span: `2h ago`.
pub(crate) fn parse(text: &str) -> Result<prost_types::Timestamp, String> {
    read(text, &now().to_zoned(TimeZone::system()))
        .map(to_proto)
        .ok_or_else(|| format!("{text:?} is no time; give RFC 3339, a date, `yesterday` or `2h ago`"))
}

/// Accepts what [`parse`] does, or a length of time before now: `90d`, `6 weeks`.
pub(crate) fn since(text: &str) -> Result<prost_types::Timestamp, String> {
    let ahead = text.trim().parse::<Span>().is_ok_and(Span::is_positive);
    if ahead { parse(&format!("{} ago", text.trim())) } else { parse(text) }
}

fn read(text: &str, now: &Zoned) -> Option<Timestamp> {
    match text.trim() {
        "now" => return Some(now.timestamp()),
        "today" => return Some(now.start_of_day().ok()?.timestamp()),
        "yesterday" => return Some(now.checked_sub(1.day()).ok()?.start_of_day().ok()?.timestamp()),
        _ => {}
    }
    if let Ok(time) = text.parse::<Timestamp>() {
        return Some(time);
    }
    if let Ok(span) = text.parse::<Span>() {
        return Some(now.checked_add(span).ok()?.timestamp());
    }
    let local = text.parse::<jiff::civil::DateTime>().ok()?;
    Some(local.to_zoned(now.time_zone().clone()).ok()?.timestamp())
}

/// A time as the contract carries it.
pub(crate) fn to_proto(time: Timestamp) -> prost_types::Timestamp {
    let micros = time.as_microsecond();
    prost_types::Timestamp {
        seconds: micros.div_euclid(1_000_000),
        nanos: i32::try_from(micros.rem_euclid(1_000_000)).unwrap_or_default() * 1000,
    }
}

/// RFC 3339 in UTC.
pub(crate) fn iso(time: &prost_types::Timestamp) -> String {
    Timestamp::new(time.seconds, time.nanos).map_or_else(|_| String::from("?"), |time| time.to_string())
}

/// A time in the style asked for; `-` where there is none.
pub(crate) fn show(time: Option<&prost_types::Timestamp>, style: Style) -> String {
    let Some(time) = time.and_then(|time| Timestamp::new(time.seconds, time.nanos).ok()) else {
        return String::from("-");
    };
    match style {
        Style::Iso => time.to_string(),
        Style::Local => time.to_zoned(TimeZone::system()).strftime("%Y-%m-%d %H:%M %Z").to_string(),
        Style::Relative => relative(time, now()),
    }
}

fn relative(time: Timestamp, now: Timestamp) -> String {
    let seconds = now.duration_since(time).as_secs();
    match seconds {
        0 => String::from("just now"),
        1.. => format!("{} ago", age(seconds)),
        _ => format!("in {}", age(nearest(-seconds))),
    }
}

/// What lies ahead is told by the nearest minute or hour: in 7 h 59 min is in 8 h.
fn nearest(seconds: i64) -> i64 {
    match seconds {
        60..3_570 => seconds + 30,
        3_570..172_800 => seconds + 1_800,
        _ => seconds,
    }
}

/// A length of time in its largest unit: `40 s`, `3 h`, `12 d`.
pub(crate) fn age(seconds: i64) -> String {
    match seconds {
        ..60 => format!("{seconds} s"),
        60..3_600 => format!("{} min", seconds / 60),
        3_600..172_800 => format!("{} h", seconds / 3_600),
        _ => {
            let days = Span::new().seconds(seconds).total((Unit::Day, SpanRelativeTo::days_are_24_hours()));
            days.map_or_else(|_| String::from("?"), |days| format!("{days:.0} d"))
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;

    #[test]
    fn what_lies_ahead_is_told_by_the_nearest_hour() {
        let now = Timestamp::UNIX_EPOCH;
        let told = |seconds| relative(now + SignedDuration::from_secs(seconds), now);
        let ahead = [59, 61, 119, 3_569, 3_599, 28_799, 28_801, 172_799].map(told);
        assert_eq!(ahead, ["in 59 s", "in 1 min", "in 2 min", "in 59 min", "in 1 h", "in 8 h", "in 8 h", "in 2 d"]);
        assert_eq!(told(-28_799), "7 h ago");
    }
}
