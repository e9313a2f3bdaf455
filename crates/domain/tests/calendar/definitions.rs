//! What is no calendar, and how that is said: every fault, with its place.

use domain::calendar::{Calendar, Definition, Draft, DraftDay, Hours, Zone};

use super::words::{calendar, draft, faults, hours, london, with_date};

#[track_caller]
fn refused(draft: &Draft, expected: &[&str]) {
    assert_eq!(faults(&draft.read()), expected);
}

#[test]
fn intervals_may_not_overlap() {
    refused(
        &draft("Europe/London", 2, "09:00-13:00 12:00-17:00"),
        &["week.mon[1] 12:00-17:00 overlaps 09:00-13:00", "week.tue[1] 12:00-17:00 overlaps 09:00-13:00"],
    );
    refused(&draft("Europe/London", 1, "09:00-17:00 09:00-17:00"), &["week.mon[1] 09:00-17:00 overlaps 09:00-17:00"]);
    refused(&draft("Europe/London", 1, "22:00-06:00 23:00-00:00"), &["week.mon[1] 23:00-24:00 overlaps 22:00-06:00"]);
}

#[test]
fn a_night_may_not_reach_into_the_next_day_s_work() {
    let mut night = draft("Europe/London", 7, "05:00-06:00");
    night.week[6].hours = hours("22:00-05:30");
    refused(&night, &["week.mon[0] 05:00-06:00 overlaps 22:00-05:30 of the day before"]);
    let night = draft("Europe/London", 5, "22:00-06:00");
    refused(
        &with_date(night.clone(), "2026-03-03", "05:00-07:00"),
        &["dates.2026-03-03[0] 05:00-07:00 overlaps 22:00-06:00 of the day before"],
    );
    refused(
        &with_date(london(), "2026-03-01", "22:00-10:00"),
        &["dates.2026-03-01 (its next day)[0] 09:00-17:00 overlaps 22:00-10:00 of the day before"],
    );
    assert!(with_date(night, "2026-03-03", "06:00-07:00").read().is_ok(), "touching is not overlapping");
}

#[test]
fn a_week_without_working_time_is_none() {
    refused(&draft("Europe/London", 0, ""), &["week has no working time at all"]);
    refused(
        &with_date(draft("Europe/London", 7, ""), "2026-03-03", "09:00-17:00"),
        &["week has no working time at all"],
    );
}

#[test]
fn a_zone_is_one_of_the_database() {
    for zone in ["Europe/Londn", "", "+01:00", "GMT+1"] {
        let expected =
            format!("zone must be a time zone of the IANA database, such as Europe/London; {zone:?} is none");
        refused(&draft(zone, 5, "09:00-17:00"), &[&expected]);
    }
    assert_eq!(calendar(&draft("europe/london", 5, "09:00-17:00")).zone().name(), "Europe/London");
}

#[test]
fn an_interval_is_two_times_of_the_day() {
    let form = "must be two times of the day such as 09:00-17:00, 22:00-06:00 or 00:00-24:00";
    for text in [
        "9-17",
        "09:00",
        "9:00-17:00",
        "09:00-25:00",
        "09:60-17:00",
        "24:00-09:00",
        "24:00-24:00",
        "09:00-24:01",
        "+9:00-17:00",
    ] {
        refused(&draft("UTC", 1, text), &[&format!("week.mon[0] {text:?} {form}")]);
    }
    for text in ["09:00-09:00", "00:00-00:00"] {
        let empty = format!("week.mon[0] {text:?} opens and closes at the same time; a whole day is 00:00-24:00");
        refused(&draft("UTC", 1, text), &[&empty]);
    }
}

#[test]
fn a_day_stands_there_once() {
    let mut twice = london();
    twice.week.push(DraftDay { day: "Mon".to_owned(), hours: hours("18:00-19:00") });
    refused(&twice, &["week.mon stands there twice"]);
    let holiday = with_date(with_date(london(), "2026-12-25", ""), "2026-12-25", "09:00-12:00");
    refused(&holiday, &["dates.2026-12-25 stands there twice"]);
}

#[test]
fn everything_that_is_wrong_is_told_at_once() {
    let mut draft = with_date(with_date(london(), "2026-02-30", ""), "2026-12-24", "09:00-12:00 11:00-13:00 noon");
    (draft.id, draft.zone) = ("my calendar".to_owned(), "Mars/Olympus".to_owned());
    draft.week[0].day = "monday".to_owned();
    draft.week[1].hours = hours("09:00-12:00 11:00-17:00");
    draft.dates[1].name = "x".repeat(201);
    refused(
        &draft,
        &[
            "id may not contain ' '; letters, digits and . _ - : + @ / # are allowed",
            "zone must be a time zone of the IANA database, such as Europe/London; \"Mars/Olympus\" is none",
            "week[0].day must be one of mon, tue, wed, thu, fri, sat, sun; it is \"monday\"",
            "dates[0].date must be a date such as 2026-12-24; it is \"2026-02-30\"",
            "dates.2026-12-24[2] \"noon\" must be two times of the day such as 09:00-17:00, 22:00-06:00 or 00:00-24:00",
            "week.tue[1] 11:00-17:00 overlaps 09:00-12:00",
            "dates.2026-12-24.name is 201 characters long, at most 200 are allowed",
            "dates.2026-12-24[1] 11:00-13:00 overlaps 09:00-12:00",
        ],
    );
}

#[test]
fn a_week_that_can_t_be_read_is_not_called_empty() {
    refused(
        &draft("UTC", 1, "9-5"),
        &["week.mon[0] \"9-5\" must be two times of the day such as 09:00-17:00, 22:00-06:00 or 00:00-24:00"],
    );
}

#[test]
fn a_calendar_is_bounded() {
    let many: Vec<_> = (0..25).map(|n| format!("{n:02}:00-{n:02}:30")).collect();
    let read = draft("UTC", 1, &many[..24].join(" ")).read();
    assert!(read.is_ok(), "{read:?}");
    let many: Vec<_> =
        (0..25).map(|n| format!("{:02}:{:02}-{:02}:{:02}", n / 2, n % 2 * 30, n / 2, n % 2 * 30 + 15)).collect();
    refused(&draft("UTC", 1, &many.join(" ")), &["week.mon has 25 intervals, at most 24 are allowed"]);
    let mut long = london();
    let first = jiff::civil::date(2020, 1, 1);
    for n in 0..2001 {
        long = with_date(long, &first.saturating_add(jiff::ToSpan::days(n)).to_string(), "");
    }
    refused(&long, &["dates are 2001, at most 2000 are allowed"]);
}

#[test]
fn hours_are_written_as_they_are_read() {
    for text in ["09:00-17:00", "00:00-24:00", "22:00-06:00", "00:01-24:00"] {
        assert_eq!(text.parse::<Hours>().unwrap().to_string(), text);
    }
    assert_eq!("22:00-00:00".parse::<Hours>().unwrap().to_string(), "22:00-24:00", "midnight has one name");
}

#[test]
fn rules_of_another_database_stay_what_they_were() {
    // A zone as a calendar of another build might hold it: it is called Europe/London, and its rules are Tokyo's.
    let tokyo = Zone::find("Asia/Tokyo").unwrap();
    let zone = Zone::stored("Europe/London", "1999z", tokyo.rules()).unwrap();
    let london = calendar(&london());
    let definition = london.definition();
    let other =
        Definition::new(definition.id().clone(), zone, definition.week().clone(), definition.dates().clone()).unwrap();
    let other = Calendar::new(other, 1);
    let from = "2026-03-02T00:00:00Z".parse().unwrap();
    assert_eq!(other.next_open(from).unwrap().to_string(), "2026-03-02T00:00:00Z", "nine in Tokyo");
    assert_eq!((other.zone().name(), other.zone().database()), ("Europe/London", "1999z"));
    assert_ne!(other, london);
    assert_eq!(Zone::stored("Europe/London", "1999z", b"no rules"), None);
}
