//! Which days are asked for.

use api::sla::v1::ComplianceWindow;
use jiff::{SignedDuration, Timestamp};
use views::flow::Day;

use crate::fields::Faults;
use crate::limits::{FLOW_DAYS_DEFAULT, FLOW_DAYS_MAX};

/// The first day of a window and the day after its last.
pub(super) fn days(faults: &mut Faults, window: Option<&ComplianceWindow>, now: Timestamp) -> Option<(Day, Day)> {
    let given = window.copied().unwrap_or_default();
    let until = faults.time("until", given.until.as_ref());
    let since = faults.time("since", given.since.as_ref());
    if (given.until.is_some(), given.since.is_some()) != (until.is_some(), since.is_some()) {
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
