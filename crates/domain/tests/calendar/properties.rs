//! Any calendar in any zone: the compiled table answers what a walk by the wall clock finds.

use domain::calendar::Calendar;
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;

use super::arbitrary::calendar_and_instant;
use super::model::Model;
use super::words::minutes;

const HOUR: i64 = 3600;

/// A step that none of the offsets then splits: Liberia's was 44 minutes and 30 seconds until 1972.
fn model(calendar: &Calendar, from: Timestamp, to: Timestamp) -> Model<'_> {
    let whole = |at| calendar.zone().time_zone().to_offset(at).seconds() % 60 == 0;
    Model { calendar, step: SignedDuration::from_secs(if whole(from) && whole(to) { 60 } else { 30 }) }
}

fn later(at: Timestamp, hours: i64) -> Timestamp {
    at + SignedDuration::from_secs(hours * HOUR)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn it_opens_next_when_the_wall_clock_says((calendar, from) in calendar_and_instant(true)) {
        let limit = later(from, 10 * 24);
        let slow = model(&calendar, from, limit).next_open(from, limit);
        let fast = calendar.next_open(from);
        prop_assert_eq!(fast.filter(|opens| *opens < limit), slow);
    }

    #[test]
    fn working_time_is_what_the_wall_clock_counts((calendar, from) in calendar_and_instant(true), length in 0..8_000_i64) {
        let to = from + minutes(length);
        prop_assert_eq!(calendar.between(from, to), model(&calendar, from, to).between(from, to));
        prop_assert_eq!(calendar.between(to, from), -calendar.between(from, to));
        let spans = calendar.spans(from, to).map(|span| span.closes.duration_since(span.opens)).sum::<SignedDuration>();
        prop_assert_eq!(spans, calendar.between(from, to));
    }

    #[test]
    fn a_target_is_used_up_when_the_wall_clock_says((calendar, from) in calendar_and_instant(true), target in 0..3_000_i64) {
        let limit = later(from, 10 * 24);
        let slow = model(&calendar, from, limit).add(from, minutes(target), limit);
        let fast = calendar.add(from, minutes(target));
        match slow {
            Some(slow) => prop_assert_eq!(fast, Ok(slow)),
            None => prop_assert!(fast.is_ok_and(|due| due > limit)),
        }
    }

    #[test]
    fn working_days_end_when_the_wall_clock_says((calendar, from) in calendar_and_instant(false), days in 1..5_u32) {
        let limit = later(from, 9 * 24);
        let slow = model(&calendar, from, limit).add_days(from, days as usize, limit);
        let fast = calendar.add_days(from, days);
        match slow {
            Some(slow) => prop_assert_eq!(fast, Ok(slow)),
            None => prop_assert!(fast.is_ok_and(|due| due > later(limit, -36))),
        }
    }

    #[test]
    fn adding_and_counting_undo_each_other((calendar, from) in calendar_and_instant(true), target in 0..40_000_000_i64) {
        // To the microsecond, and over years.
        let target = SignedDuration::from_millis(target) * 3 + SignedDuration::from_micros(target % 1000);
        let due = calendar.add(from, target).unwrap();
        prop_assert_eq!(calendar.between(from, due), target);
        prop_assert_eq!(calendar.add(calendar.next_open(from).unwrap(), target).unwrap().max(from), due.max(calendar.next_open(from).unwrap()));
        if target.is_positive() {
            prop_assert_eq!(calendar.between(from, due - SignedDuration::from_nanos(1)), target - SignedDuration::from_nanos(1));
        }
        let half = target / 2;
        prop_assert_eq!(calendar.add(calendar.add(from, half).unwrap(), target - half).unwrap(), due);
    }
}
