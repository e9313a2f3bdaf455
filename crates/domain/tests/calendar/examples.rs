//! The worked examples that are the calendar's alone, and what else people ask of working time. March 2026: the 2nd is a Monday.

use domain::calendar::{Calendar, Draft, Unreachable};
use jiff::{SignedDuration, Timestamp};

use super::words::{at, calendar, draft, hours, london, minutes, shown, with_date};

enum Target {
    Hours(i64),
    Days(u32),
}
use Target::{Days, Hours};

/// A target on a calendar, from and until what the wall clock shows.
struct Example(&'static str, Draft, Target, &'static str, &'static str);

fn round_the_clock() -> Draft {
    draft("Europe/London", 7, "00:00-24:00")
}

fn short_friday() -> Draft {
    let mut draft = london();
    draft.week[4].hours = hours("09:00-12:00");
    draft
}

/// Those of the page on SLAs.
fn examples() -> Vec<Example> {
    vec![
        Example("1: over the weekend", london(), Hours(4), "2026-03-06 15:00", "Mon 2026-03-09 11:00"),
        Example(
            "2: Monday a holiday",
            with_date(london(), "2026-03-09", ""),
            Hours(4),
            "2026-03-06 15:00",
            "Tue 2026-03-10 11:00",
        ),
        Example(
            "3: lunch",
            draft("Europe/London", 5, "09:00-12:30 13:30-17:00"),
            Hours(4),
            "2026-03-02 11:00",
            "Mon 2026-03-02 16:00",
        ),
        Example("4: clocks go forward", round_the_clock(), Hours(4), "2026-03-29 00:30", "Sun 2026-03-29 05:30"),
        Example("12: two working days", london(), Days(2), "2026-03-03 15:00", "Thu 2026-03-05 15:00"),
        Example(
            "13: closing time belongs to its interval",
            london(),
            Hours(8),
            "2026-03-02 09:00",
            "Mon 2026-03-02 17:00",
        ),
        Example("14: before opening", london(), Days(2), "2026-03-03 08:00", "Thu 2026-03-05 09:00"),
        Example("14: from a Saturday", london(), Days(2), "2026-03-07 10:00", "Wed 2026-03-11 09:00"),
        Example("14: a short Friday", short_friday(), Days(2), "2026-03-04 15:00", "Fri 2026-03-06 12:00"),
    ]
}

/// What zones and calendars do besides.
fn oddities() -> Vec<Example> {
    vec![
        Example("clocks go back", round_the_clock(), Hours(4), "2026-10-25 00:30", "Sun 2026-10-25 03:30"),
        Example("business hours don't feel it", london(), Hours(16), "2026-03-27 09:00", "Mon 2026-03-30 17:00"),
        Example(
            "a half day",
            with_date(london(), "2026-12-24", "09:00-12:00"),
            Hours(4),
            "2026-12-24 11:00",
            "Fri 2026-12-25 12:00",
        ),
        Example("a leap day", london(), Hours(8), "2028-02-28 13:00", "Tue 2028-02-29 13:00"),
        Example(
            "a Saturday that is worked",
            with_date(london(), "2026-03-07", "10:00-14:00"),
            Days(1),
            "2026-03-06 16:00",
            "Sat 2026-03-07 14:00",
        ),
        Example(
            "a day that opens later",
            with_date(london(), "2026-03-04", "13:00-17:00"),
            Days(1),
            "2026-03-03 10:00",
            "Wed 2026-03-04 13:00",
        ),
        Example(
            "in lunch: it starts after",
            draft("Europe/London", 5, "09:00-12:00 13:00-17:00"),
            Days(1),
            "2026-03-02 12:30",
            "Tue 2026-03-03 13:00",
        ),
        Example(
            "it ends in that day's lunch: before",
            with_date(london(), "2026-03-03", "09:00-12:00 14:00-17:00"),
            Days(1),
            "2026-03-02 13:30",
            "Tue 2026-03-03 12:00",
        ),
        Example(
            "a night shift",
            draft("Europe/London", 5, "22:00-06:00"),
            Hours(8),
            "2026-03-06 23:00",
            "Mon 2026-03-09 23:00",
        ),
        Example(
            "a night shift runs into a holiday",
            with_date(draft("Europe/London", 5, "22:00-06:00"), "2026-03-03", ""),
            Hours(4),
            "2026-03-02 22:00",
            "Tue 2026-03-03 02:00",
        ),
        Example(
            "and none begins on it",
            with_date(draft("Europe/London", 5, "22:00-06:00"), "2026-03-03", ""),
            Hours(9),
            "2026-03-02 22:00",
            "Wed 2026-03-04 23:00",
        ),
        Example(
            "up to midnight is not over it",
            draft("Europe/London", 5, "16:00-00:00"),
            Days(1),
            "2026-03-02 20:00",
            "Tue 2026-03-03 20:00",
        ),
        Example(
            "the day that Samoa left out",
            draft("Pacific/Apia", 7, "09:00-17:00"),
            Days(1),
            "2011-12-29 10:00",
            "Sat 2011-12-31 10:00",
        ),
    ]
}

#[test]
fn each_target_is_due_when_people_expect_it() {
    for Example(case, draft, target, from, due) in examples().into_iter().chain(oddities()) {
        let calendar = calendar(&draft);
        let from = at(&calendar, from);
        let deadline = match target {
            Hours(hours) => calendar.add(from, minutes(60 * hours)),
            Days(days) => calendar.add_days(from, days),
        };
        assert_eq!(shown(&calendar, deadline.unwrap()), due, "{case}");
        if let Hours(hours) = target {
            assert_eq!(calendar.between(from, deadline.unwrap()), minutes(60 * hours), "{case}");
        }
    }
}

#[test]
fn nothing_is_used_up_where_it_starts() {
    let calendar = calendar(&london());
    for from in ["2026-03-07 12:00", "2026-03-02 10:00"].map(|local| at(&calendar, local)) {
        assert_eq!(calendar.add(from, SignedDuration::ZERO), Ok(from));
        assert_eq!(calendar.add(from, minutes(-5)), Ok(from));
        assert_eq!(calendar.between(from, from), SignedDuration::ZERO);
    }
}

#[test]
fn no_days_end_when_it_opens() {
    let calendar = calendar(&london());
    let due = calendar.add_days(at(&calendar, "2026-03-07 12:00"), 0).unwrap();
    assert_eq!(shown(&calendar, due), "Mon 2026-03-09 09:00");
}

#[test]
fn it_opens_next_at_once_or_later() {
    let calendar = calendar(&london());
    let cases = [
        ("2026-03-02 09:00", "Mon 2026-03-02 09:00"),
        ("2026-03-02 16:59:59.999999", "Mon 2026-03-02 16:59"),
        ("2026-03-02 17:00", "Tue 2026-03-03 09:00"),
        ("2026-12-31 18:00", "Fri 2027-01-01 09:00"),
    ];
    for (from, opens) in cases {
        assert_eq!(shown(&calendar, calendar.next_open(at(&calendar, from)).unwrap()), opens, "from {from}");
    }
}

#[test]
fn a_fraction_of_a_second_counts() {
    let calendar = calendar(&london());
    let from = at(&calendar, "2026-03-02 16:59:59.999999");
    let due = calendar.add(from, SignedDuration::from_micros(2)).unwrap();
    assert_eq!(due, at(&calendar, "2026-03-03 09:00:00.000001"));
    assert_eq!(calendar.between(from, due), SignedDuration::from_micros(2));
    let due = calendar.add_days(at(&calendar, "2026-03-02 10:00:00.25"), 1).unwrap();
    assert_eq!(due, at(&calendar, "2026-03-03 10:00:00.25"));
}

#[test]
fn a_wall_clock_put_back_shows_some_readings_twice() {
    // 01:00 to 01:30 is shown twice on that night, and worked twice.
    let calendar = calendar(&draft("Europe/London", 7, "00:00-01:30"));
    let (from, to) = (at(&calendar, "2026-10-25 00:00"), at(&calendar, "2026-10-25 12:00"));
    assert_eq!(calendar.between(from, to), minutes(120));
    let spans: Vec<_> =
        calendar.spans(from, to).map(|span| (span.opens.to_string(), span.closes.to_string())).collect();
    let expected = [("2026-10-24T23:00:00Z", "2026-10-25T00:30:00Z"), ("2026-10-25T01:00:00Z", "2026-10-25T01:30:00Z")];
    assert_eq!(spans, expected.map(|(opens, closes)| (opens.to_owned(), closes.to_owned())));
}

#[test]
fn the_story_of_a_deadline_adds_up() {
    let calendar = calendar(&with_date(london(), "2026-03-09", ""));
    let from = at(&calendar, "2026-03-06 15:00");
    let due = calendar.add(from, minutes(240)).unwrap();
    let spans: Vec<_> = calendar
        .spans(from, due)
        .map(|span| format!("{} {}", shown(&calendar, span.opens), shown(&calendar, span.closes)))
        .collect();
    assert_eq!(spans, ["Fri 2026-03-06 15:00 Fri 2026-03-06 17:00", "Tue 2026-03-10 09:00 Tue 2026-03-10 11:00"]);
}

#[test]
fn a_target_that_is_never_reached_says_so() {
    let calendar = calendar(&london());
    let from = at(&calendar, "2026-03-02 09:00");
    for target in [SignedDuration::MAX, minutes(60 * 24 * 365 * 100)] {
        assert_eq!(calendar.add(from, target), Err(Unreachable::Exhausted));
    }
    assert_eq!(calendar.add_days(from, u32::MAX), Err(Unreachable::Exhausted));
    let late = "2200-01-02T00:00:00Z".parse::<Timestamp>().unwrap();
    assert_eq!(calendar.next_open(late), None);
    assert_eq!(calendar.add(late, minutes(1)), Err(Unreachable::Exhausted));
    assert_eq!(calendar.add_days(late, 1), Err(Unreachable::Exhausted));
    assert_eq!(calendar.between(late, Timestamp::MAX), SignedDuration::ZERO);
}

#[test]
fn before_the_first_year_nothing_is_worked() {
    let calendar = Calendar::round_the_clock();
    let first = Timestamp::UNIX_EPOCH;
    assert_eq!(calendar.next_open(Timestamp::MIN), Some(first));
    assert_eq!(calendar.add(Timestamp::MIN, minutes(1)), Ok(first + minutes(1)));
    assert_eq!(calendar.between(Timestamp::MIN, first + minutes(1)), minutes(1));
}

#[test]
fn days_over_midnight_are_not_counted() {
    let night = calendar(&draft("Europe/London", 5, "22:00-06:00"));
    assert!(!night.counts_days());
    assert_eq!(night.add_days(at(&night, "2026-03-02 23:00"), 2), Err(Unreachable::OverMidnight));
    let one_night = calendar(&with_date(london(), "2026-03-02", "22:00-06:00"));
    assert!(!one_night.counts_days(), "one date suffices");
}

#[test]
fn the_built_in_calendars_are_what_they_are_called() {
    let (always, business) = (Calendar::round_the_clock(), Calendar::business());
    let saturday = at(&always, "2026-03-07 03:00");
    assert_eq!(always.add(saturday, minutes(15)), Ok(saturday + minutes(15)));
    assert_eq!(shown(&always, always.add_days(saturday, 2).unwrap()), "Mon 2026-03-09 03:00");
    assert_eq!(shown(&business, business.add(saturday, minutes(15)).unwrap()), "Mon 2026-03-09 09:15");
    assert_eq!((always.version(), business.version(), business.zone().name()), (0, 0, "UTC"));
}
