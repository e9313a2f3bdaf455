//! Any calendar, in any zone, at any time: most often near a change of the zone's offset.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use domain::calendar::{Calendar, DatedDay, Definition, Hours, Zone};
use domain::ids::CalendarId;
use jiff::civil::{Date, date};
use jiff::{Timestamp, ToSpan};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};

/// One name of each set of rules: the others are aliases.
pub(crate) static ZONES: LazyLock<Vec<Zone>> = LazyLock::new(|| {
    let mut names: Vec<_> = Zone::names().collect();
    names.sort_unstable();
    let mut zones: Vec<Zone> = Vec::new();
    for zone in names.into_iter().filter_map(Zone::find) {
        if !zones.iter().any(|known| known.rules() == zone.rules()) {
            zones.push(zone);
        }
    }
    zones
});

/// Instants at which the zone's offset changes, 1970 to 2040.
pub(crate) fn transitions(zone: &Zone) -> Vec<Timestamp> {
    let last = "2040-01-01T00:00:00Z".parse().unwrap();
    let following = zone.time_zone().following(Timestamp::UNIX_EPOCH);
    following.map(|transition| transition.timestamp()).take_while(|at| *at < last).collect()
}

fn hours(nights: bool) -> impl Strategy<Value = Hours> {
    let minute = || prop_oneof![3 => 0..1440_u16, 1 => select(vec![0, 60, 120, 180, 540, 1020, 1380])];
    let closes = prop_oneof![4 => minute(), 1 => Just(1440)];
    (minute(), closes).prop_filter_map("it is empty", move |(opens, closes)| {
        let (opens, closes) = if nights { (opens, closes) } else { (opens.min(closes), closes.max(opens)) };
        Hours::new(opens, closes).ok()
    })
}

/// The first hours that fit beside each other; some day has working time.
fn definition(zone: &Zone, week: Vec<(usize, Hours)>, dates: Vec<(Date, Vec<Hours>)>) -> Definition {
    let nine_to_five = Hours::new(540, 1020).unwrap();
    let id = CalendarId::parse("any").unwrap();
    let (mut fits, mut special): ([Vec<Hours>; 7], BTreeMap<Date, DatedDay>) = Default::default();
    let make = |week: &[Vec<Hours>; 7], dates: &BTreeMap<_, _>| {
        Definition::new(id.clone(), zone.clone(), week.clone(), dates.clone())
    };
    for (day, hours) in week.into_iter().chain([(0, nine_to_five), (1, nine_to_five)]) {
        fits[day].push(hours);
        if make(&fits, &special).is_err() {
            fits[day].pop();
        }
    }
    for (date, hours) in dates {
        if special.contains_key(&date) {
            continue;
        }
        special.insert(date, DatedDay { name: "differs".into(), hours });
        if make(&fits, &special).is_err() {
            special.remove(&date);
        }
    }
    make(&fits, &special).unwrap()
}

/// A calendar and a minute, in any year that a project may see; without `nights` no interval goes over midnight.
pub(crate) fn calendar_and_instant(nights: bool) -> impl Strategy<Value = (Calendar, Timestamp)> {
    let instant = (any::<Index>(), -2_880..2_880_i64, prop::bool::weighted(0.7), 0..36_000_000_i64);
    let week = vec((0..7_usize, hours(nights)), 0..16);
    let dates = vec((-3..14_i32, vec(hours(nights), 0..2)), 0..5);
    (select(ZONES.clone()), instant, week, dates).prop_map(|(zone, (index, minute, near, any_minute), week, dates)| {
        let changes = transitions(&zone);
        let at = if near && !changes.is_empty() {
            let minutes = changes[index.index(changes.len())].as_second().div_euclid(60) + minute;
            Timestamp::from_second(minutes.max(3_000) * 60).unwrap()
        } else {
            Timestamp::from_second((any_minute + 3_000) * 60).unwrap()
        };
        let day = zone.time_zone().to_datetime(at).date();
        let near_by = |(days, hours): (i32, Vec<Hours>)| (day.saturating_add(days.days()), hours);
        // Leap days are rare: each calendar has one that differs.
        let leap_day = (date(2028, 2, 29), Vec::new());
        let dates = dates.into_iter().map(near_by).chain([leap_day]).collect();
        (Calendar::new(definition(&zone, week, dates), 1), at)
    })
}
