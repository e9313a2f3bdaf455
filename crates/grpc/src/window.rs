//! Which days a report is asked for.

use jiff::{SignedDuration, Timestamp};
use views::flow::Day;

use crate::fields::Faults;
use crate::limits::{FLOW_DAYS_DEFAULT, FLOW_DAYS_MAX};

type Wire = prost_types::Timestamp;

/// The first day of a window and the day after its last. Where it doesn't say, it ends now, and has the default's days.
pub(crate) fn days(
    faults: &mut Faults,
    since: Option<&Wire>,
    until: Option<&Wire>,
    now: Timestamp,
) -> Option<(Day, Day)> {
    let given = (until.is_some(), since.is_some());
    let (until, since) = (faults.time("until", until), faults.time("since", since));
    if given != (until.is_some(), since.is_some()) {
        return None;
    }
    let until = until.unwrap_or(now);
    // A window that ends as a day begins does not have that day.
    let end = Day::of(until.saturating_sub(SignedDuration::from_micros(1)).unwrap_or(until)).plus(1);
    let first = since.map_or_else(|| end.plus(-FLOW_DAYS_DEFAULT), Day::of);
    if since.is_some_and(|since| since >= until) {
        faults.add("since", "must lie before `until`, which is now where it is absent");
        return None;
    }
    let days = end.since(first);
    if days > FLOW_DAYS_MAX {
        faults.add("since", format!("must lie at most {FLOW_DAYS_MAX} days before `until`, not {days}"));
        return None;
    }
    Some((first, end))
}
