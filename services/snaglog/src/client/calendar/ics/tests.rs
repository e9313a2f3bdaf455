//! What of a file is closed.

use domain::calendar::Zone;
use jiff::civil::date;

use super::*;

fn wanted() -> Wanted {
    let zone = Zone::find("Europe/London").unwrap().time_zone().clone();
    Wanted { since: date(2026, 1, 1), until: date(2028, 12, 31), zone, all_day_only: false }
}

fn file(events: &[&str]) -> String {
    let events: Vec<_> = events.iter().map(|event| format!("BEGIN:VEVENT\nUID:x\n{event}\nEND:VEVENT\n")).collect();
    format!("BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//test//EN\n{}END:VCALENDAR\n", events.concat())
        .replace('\n', "\r\n")
}

fn holidays(events: &[&str]) -> Vec<(String, String)> {
    let read = read(&file(events), &wanted()).unwrap();
    read.dates.into_iter().map(|(date, closed)| (date.to_string(), closed.name)).collect()
}

/// Such as `2026-12-24 12:00-17:00`: what is closed; a whole day is its date alone.
#[track_caller]
fn check_closed(event: &str, expected: &[&str]) {
    let read = read(&file(&[event]), &wanted()).unwrap_or_else(|wrong| panic!("{event}: {wrong:?}"));
    let told = |(date, closed): (Date, Closed)| match closed.part {
        Part::Day => date.to_string(),
        Part::Minutes(parts) => {
            let clock = |minutes: u16| format!("{:02}:{:02}", minutes / 60, minutes % 60);
            let parts: Vec<_> =
                parts.iter().map(|(from, until)| format!("{}-{}", clock(*from), clock(*until))).collect();
            format!("{date} {}", parts.join(" "))
        }
    };
    assert_eq!(read.dates.into_iter().map(told).collect::<Vec<_>>(), expected, "{event}");
}

#[track_caller]
fn dates(event: &str, expected: &[&str]) {
    let dates: Vec<_> = holidays(&[event]).into_iter().map(|(date, _)| date).collect();
    assert_eq!(dates, expected, "{event}");
}

#[test]
fn an_all_day_event_is_a_holiday() {
    let read = holidays(&["DTSTART;VALUE=DATE:20261225\nDTEND;VALUE=DATE:20261226\nSUMMARY:Christmas Day\\, a Friday"]);
    assert_eq!(read, [("2026-12-25".to_owned(), "Christmas Day, a Friday".to_owned())]);
    // Without an end, or with one on the same date, it lasts a day.
    dates("DTSTART;VALUE=DATE:20261225", &["2026-12-25"]);
    dates("DTSTART;VALUE=DATE:20261225\nDTEND;VALUE=DATE:20261225", &["2026-12-25"]);
    // The end is not part of it.
    dates("DTSTART;VALUE=DATE:20261231\nDTEND;VALUE=DATE:20270102", &["2026-12-31", "2027-01-01"]);
}

#[test]
fn what_recurs_is_told_for_the_dates_asked_for() {
    dates("DTSTART;VALUE=DATE:20200101\nRRULE:FREQ=YEARLY", &["2026-01-01", "2027-01-01", "2028-01-01"]);
    dates(
        "DTSTART;VALUE=DATE:20260525\nRRULE:FREQ=YEARLY;BYMONTH=5;BYDAY=-1MO",
        &["2026-05-25", "2027-05-31", "2028-05-29"],
    );
    dates("DTSTART;VALUE=DATE:20260101\nRRULE:FREQ=YEARLY;UNTIL=20270101", &["2026-01-01", "2027-01-01"]);
    dates("DTSTART;VALUE=DATE:20260101\nRRULE:FREQ=YEARLY\nEXDATE;VALUE=DATE:20270101", &["2026-01-01", "2028-01-01"]);
    dates(
        "DTSTART;VALUE=DATE:20260101\nRDATE;VALUE=DATE:20260105,20260107",
        &["2026-01-01", "2026-01-05", "2026-01-07"],
    );
    dates("DTSTART;VALUE=DATE:20240229\nRRULE:FREQ=YEARLY", &["2028-02-29"]);
}

#[test]
fn two_holidays_share_a_date_and_a_cancelled_one_is_none() {
    let read = holidays(&[
        "DTSTART;VALUE=DATE:20260106\nSUMMARY:Epiphany",
        "DTSTART;VALUE=DATE:20260106\nSUMMARY:Three Kings",
        "DTSTART;VALUE=DATE:20260106\nSUMMARY:Epiphany",
        "DTSTART;VALUE=DATE:20260107\nSUMMARY:Gone\nSTATUS:CANCELLED",
    ]);
    assert_eq!(read, [("2026-01-06".to_owned(), "Epiphany, Three Kings".to_owned())]);
}

#[test]
fn what_lies_outside_is_counted() {
    let events = ["DTSTART;VALUE=DATE:20251225", "DTSTART;VALUE=DATE:20290101", "DTSTART;VALUE=DATE:20260101"];
    let read = read(&file(&events), &wanted()).unwrap();
    assert_eq!((read.dates.len(), read.outside), (1, 2));
}

#[test]
fn everything_that_is_no_holiday_is_named_at_once() {
    let events = [
        "DTSTART:20261224T090000Z\nSUMMARY:Half day",
        "DTSTART;TZID=GMT Standard Time:20261224T120000\nDTEND;TZID=GMT Standard Time:20261224T170000\nSUMMARY:Outlook",
        "DTSTART:20261224T120030\nDTEND:20261224T170000\nSUMMARY:Seconds",
        "DTSTART:20261025T013000\nDTEND:20261025T170000\nSUMMARY:Twice",
        "DTSTART:20260329T013000\nDTEND:20260329T170000\nSUMMARY:Never",
        "DTSTART;VALUE=DATE:20261224\nDTEND:20261224T170000\nSUMMARY:Mixed",
        "DTSTART:20261224T120000\nDTEND:20261224T170000\nRRULE:FREQ=HOURLY\nSUMMARY:Hourly",
        "DTSTART:20261224T120000\nDTEND:20261224T170000\nRRULE:FREQ=YEARLY\nEXDATE:20271224T130000\nSUMMARY:Moved",
        "SUMMARY:Nowhere",
        "DTSTART;VALUE=DATE:20261224\nDTEND;VALUE=DATE:20261223\nSUMMARY:Backwards",
        "DTSTART;VALUE=DATE:20261224\nDTEND;VALUE=DATE:20281224\nSUMMARY:Sabbatical",
        "DTSTART;VALUE=DATE:20261224\nRRULE:FREQ=SOMETIMES\nSUMMARY:Odd",
        "DTSTART;VALUE=DATE:19000101\nRRULE:FREQ=DAILY\nSUMMARY:Always",
    ];
    let told = read(&file(&events), &wanted()).unwrap_err();
    let starts = [
        "“Half day” has hours and no end",
        "“Outlook” is in the zone “GMT Standard Time”, which is not an IANA time zone",
        "“Seconds” does not begin and end at a full minute",
        "“Twice” begins or ends at 2026-10-25T01:30:00, which the clocks",
        "“Never” begins or ends at 2026-03-29T01:30:00, which the clocks",
        "“Mixed” begins with a date and ends with a time",
        "“Hourly” recurs in a way that is not understood: FREQ=HOURLY, more than once a day",
        "“Moved” recurs in a way that is not understood: 20271224T130000 is at another time of day",
        "“Nowhere” has no date",
        "“Backwards” ends before it begins",
        "“Sabbatical” lasts more than 366 days",
        "“Odd” recurs in a way that is not understood: ",
        "“Always” recurs more than 1000 times",
    ];
    assert_eq!(told.len(), starts.len(), "{told:#?}");
    for (told, start) in told.iter().zip(starts) {
        assert!(told.starts_with(start), "{told}");
    }
}

#[test]
fn what_is_no_calendar_is_refused() {
    for text in ["", "holidays", "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\n"] {
        assert!(read(text, &wanted()).is_err(), "{text:?}");
    }
}

#[test]
fn an_event_of_some_hours_closes_them() {
    let afternoon = "2026-12-24 12:00-17:00";
    // Without a zone, in the calendar's, as Google writes it; in UTC; in another one; with a length instead of an end.
    check_closed("DTSTART:20261224T120000\nDTEND:20261224T170000", &[afternoon]);
    check_closed("DTSTART;TZID=Europe/London:20261224T120000\nDTEND;TZID=Europe/London:20261224T170000", &[afternoon]);
    check_closed("DTSTART:20261224T120000Z\nDTEND:20261224T170000Z", &[afternoon]);
    check_closed("DTSTART;TZID=Europe/Berlin:20261224T130000\nDTEND;TZID=Europe/Berlin:20261224T180000", &[afternoon]);
    check_closed("DTSTART;TZID=/example.org/2026/Europe/Berlin:20261224T130000\nDURATION:PT5H", &[afternoon]);
    // Up to midnight, over it, and over several days.
    check_closed("DTSTART:20261224T120000\nDTEND:20261225T000000", &["2026-12-24 12:00-24:00"]);
    check_closed(
        "DTSTART:20261224T120000\nDTEND:20261226T090000",
        &["2026-12-24 12:00-24:00", "2026-12-25", "2026-12-26 00:00-09:00"],
    );
    // A day whose clocks are put forward is whole all the same.
    check_closed("DTSTART:20260329T000000\nDTEND:20260330T000000", &["2026-03-29"]);
}

#[test]
fn what_is_all_day_where_it_was_written_is_all_day_here() {
    for zone in ["Pacific/Auckland", "W. Europe Standard Time"] {
        let outlook = format!(
            "DTSTART;TZID={zone}:20261224T000000\nDTEND;TZID={zone}:20261225T000000\nX-MICROSOFT-CDO-ALLDAYEVENT:TRUE"
        );
        check_closed(&outlook, &["2026-12-24"]);
    }
}

#[test]
fn hours_recur_by_their_own_zone() {
    // Six in the evening in New York is 23:00 in London, but 22:00 while only New York has put its clocks forward.
    let new_york = "DTSTART;TZID=America/New_York:20260306T180000\nDTEND;TZID=America/New_York:20260306T183000\n\
                    RRULE:FREQ=WEEKLY;UNTIL=20260403T220000Z\nEXDATE;TZID=America/New_York:20260327T180000";
    check_closed(
        new_york,
        &["2026-03-06 23:00-23:30", "2026-03-13 22:00-22:30", "2026-03-20 22:00-22:30", "2026-04-03 23:00-23:30"],
    );
    // A moment before it begins is too early for the last.
    let earlier = new_york.replace("UNTIL=20260403T220000Z", "UNTIL=20260403T215959Z");
    check_closed(&earlier, &["2026-03-06 23:00-23:30", "2026-03-13 22:00-22:30", "2026-03-20 22:00-22:30"]);
}

#[test]
fn all_day_wins_and_hours_add_up() {
    let read = read(
        &file(&[
            "DTSTART:20261224T120000\nDTEND:20261224T130000\nSUMMARY:Lunch",
            "DTSTART:20261224T150000\nDTEND:20261224T170000\nSUMMARY:Early leave",
            "DTSTART:20261231T120000\nDTEND:20261231T170000\nSUMMARY:Party",
            "DTSTART;VALUE=DATE:20261231\nSUMMARY:New Year's Eve",
        ]),
        &wanted(),
    );
    let dates = read.unwrap().dates;
    let eve = &dates[&date(2026, 12, 24)];
    assert_eq!((eve.name.as_str(), &eve.part), ("Lunch, Early leave", &Part::Minutes(vec![(720, 780), (900, 1020)])));
    let hours = |text: &[&str]| text.iter().map(|hours| hours.parse().unwrap()).collect::<Vec<Hours>>();
    assert_eq!(eve.part.leaves(&hours(&["09:00-12:30", "13:30-17:00"])), hours(&["09:00-12:00", "13:30-15:00"]));
    assert_eq!(eve.part.leaves(&hours(&["15:00-17:00"])), []);
    assert_eq!(dates[&date(2026, 12, 31)].part, Part::Day);
}

#[test]
fn hours_are_left_out_where_that_is_asked_for() {
    let wanted = Wanted { all_day_only: true, ..wanted() };
    let timed = file(&["DTSTART:20261224T120000\nDTEND:20261224T170000", "DTSTART;VALUE=DATE:20261225"]);
    assert_eq!(read(&timed, &wanted).unwrap().dates.into_keys().collect::<Vec<_>>(), [date(2026, 12, 25)]);
    let unknown =
        file(&["DTSTART;TZID=GMT Standard Time:20261224T120000\nDTEND;TZID=GMT Standard Time:20261224T170000"]);
    assert_eq!(read(&unknown, &wanted), Ok(Holidays::default()));
}
