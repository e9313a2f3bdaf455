//! Calendars.

use std::collections::BTreeMap;

use domain::calendar::{Calendar, DatedDay, Definition, Hours, Zone};
use jiff::ToSpan;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use super::words::{id, marked};

/// One interval a day at most, in the day's first or second half.
fn hours() -> impl Strategy<Value = Vec<Hours>> {
    let interval = (0..720_u16, 720..=1440_u16).prop_map(|(opens, closes)| Hours::new(opens, closes).unwrap());
    vec(interval, 0..2)
}

pub(super) fn calendar() -> BoxedStrategy<Calendar> {
    let zone = select(vec!["UTC", "Europe/London", "America/New_York", "Asia/Kathmandu"]);
    let name = marked().prop_map(|name| name.replace(char::is_control, " ").into());
    let day = (name, hours()).prop_map(|(name, hours)| DatedDay { name, hours });
    let date = (0..30_000_i64).prop_map(|days| jiff::civil::date(1990, 1, 1).saturating_add(days.days()));
    let dates = vec((date, day), 0..4).prop_map(|dates| dates.into_iter().collect::<BTreeMap<_, _>>());
    (id(), zone, vec(hours(), 6), dates, any::<u32>())
        .prop_map(|(id, zone, days, dates, version)| {
            let mut week: [Vec<Hours>; 7] = Default::default();
            week[..6].clone_from_slice(&days);
            week[6] = vec![Hours::new(1320, 360).unwrap()];
            week[0].retain(|hours| hours.opens() >= 360);
            let dates =
                dates.into_iter().filter(|(_, day)| day.hours.iter().all(|hours| hours.opens() >= 360)).collect();
            Calendar::new(Definition::new(id, Zone::find(zone).unwrap(), week, dates).unwrap(), version)
        })
        .boxed()
}
