//! Every zone of the database, at changes of its offset.

use domain::calendar::{Calendar, Definition, HORIZON, Hours};
use domain::ids::CalendarId;
use jiff::civil::date;
use jiff::{SignedDuration, Timestamp};

use super::arbitrary::{ZONES, transitions};
use super::model::Model;

/// Intervals whose ends lie where clocks are put forward and back, one of them over midnight.
fn restless(zone: &domain::calendar::Zone) -> Calendar {
    let day: Vec<Hours> = ["22:40-00:20", "00:30-01:10", "01:40-02:20", "02:50-03:30", "23:00-00:00"][..4]
        .iter()
        .map(|text| text.parse().unwrap())
        .collect();
    let week = std::array::from_fn(|_| day.clone());
    let id = CalendarId::parse("restless").unwrap();
    Calendar::new(Definition::new(id, zone.clone(), week, std::collections::BTreeMap::new()).unwrap(), 1)
}

/// The first change, the last, and one between that differs from zone to zone.
fn some(changes: &[Timestamp], number: usize) -> Vec<Timestamp> {
    let mut some = Vec::from_iter(changes.first().copied());
    some.extend(changes.get(number * 7 % changes.len().max(1)));
    some.extend(changes.last());
    some.dedup();
    some
}

#[test]
fn each_zone_s_changes_are_followed_to_the_minute() {
    let mut changes_seen = 0;
    for (number, zone) in ZONES.iter().enumerate() {
        let calendar = restless(zone);
        for change in some(&transitions(zone), number) {
            let (from, to) =
                (change - SignedDuration::from_secs(5 * 3600), change + SignedDuration::from_secs(5 * 3600));
            let step = SignedDuration::from_secs(if change.as_second() < 70_000_000 { 30 } else { 60 });
            let model = Model { calendar: &calendar, step };
            let mut walked = Vec::new();
            let mut at = from;
            while at < to {
                if model.works(at) {
                    walked.push(at);
                }
                at += step;
            }
            let spans: Vec<_> = calendar.spans(from, to).collect();
            let counted: Vec<_> = spans
                .iter()
                .flat_map(|span| {
                    std::iter::successors(Some(span.opens), |at| Some(*at + step)).take_while(|at| *at < span.closes)
                })
                .collect();
            assert_eq!(counted, walked, "{zone:?} at {change}");
            changes_seen += 1;
        }
    }
    assert!(ZONES.len() > 300 && changes_seen > 600, "{} zones, {changes_seen} changes", ZONES.len());
}

/// What the compiled table rests on: no zone shows the old year again once it has shown the new one.
#[test]
fn no_zone_goes_back_into_the_old_year() {
    for zone in ZONES.iter() {
        for year in HORIZON.0..=HORIZON.1 {
            let new_year = date(year, 1, 1).at(0, 0, 0, 0);
            let first = zone.time_zone().to_ambiguous_timestamp(new_year).earlier().unwrap();
            for change in zone.time_zone().following(first).take(1) {
                let shown = zone.time_zone().to_datetime(change.timestamp());
                assert!(shown.year() >= year, "{zone:?} shows {shown} after {new_year}");
            }
        }
    }
}
