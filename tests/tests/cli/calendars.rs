//! Calendars from the command line: files, holidays, deadlines.

use insta::assert_snapshot;
use tests::shell::{Said, Shell};

pub(crate) const OFFICE: &str = "\
calendar: office
zone: Europe/London
week:
  mon-thu: [\"09:00-12:30\", \"13:30-17:00\"]
  fri: [\"09:00-12:00\"]
dates:
  2026-12-24: { name: Christmas Eve, hours: [\"09:00-12:00\"] }
  2026-12-25: Christmas Day
";

const HOLIDAYS: &str = "\
BEGIN:VCALENDAR\r
VERSION:2.0\r
PRODID:-//tests//EN\r
BEGIN:VEVENT\r
UID:1\r
DTSTART;VALUE=DATE:20260101\r
RRULE:FREQ=YEARLY\r
SUMMARY:New Year's Day\r
END:VEVENT\r
BEGIN:VEVENT\r
UID:2\r
DTSTART;VALUE=DATE:20261224\r
DTEND;VALUE=DATE:20261227\r
SUMMARY:Christmas\r
END:VEVENT\r
END:VCALENDAR\r
";

const IMPORT: [&str; 10] =
    ["calendar", "holidays", "import", "PAY", "office", "-", "--since", "2026-01-01", "--until", "2027-12-31"];

/// A server that has the calendar.
pub(crate) async fn defined() -> Shell {
    let shell = Shell::start().await.unwrap();
    let said = define(&shell, OFFICE).await;
    assert_eq!(said.code, 0, "{said:?}");
    shell
}

pub(crate) async fn define(shell: &Shell, file: &str) -> Said {
    shell.fed(file, &["calendar", "define", "PAY", "-"]).await
}

#[tokio::test]
async fn a_calendar_is_a_file_and_back() {
    let shell = defined().await;
    let written = shell.run("calendar show PAY office --yaml").await.out;
    assert_snapshot!(written, @r#"
    calendar: office
    zone: Europe/London
    week:
      mon: [09:00-12:30, 13:30-17:00]
      tue: [09:00-12:30, 13:30-17:00]
      wed: [09:00-12:30, 13:30-17:00]
      thu: [09:00-12:30, 13:30-17:00]
      fri: [09:00-12:00]
    dates:
      "2026-12-24":
        name: Christmas Eve
        hours: [09:00-12:00]
      "2026-12-25": Christmas Day
    "#);
    // What was written says what is so already.
    let again = define(&shell, &written).await;
    assert_eq!(again.code, 3, "{again:?}");
    let file = shell.folder().join("office.yaml");
    std::fs::write(&file, written.replace("fri:", "sat:")).unwrap();
    let said = shell.run(&format!("calendar define PAY {} --json=version,counts_days", file.display())).await;
    assert_eq!((said.code, said.out.as_str()), (0, "{\"counts_days\":true,\"version\":2}\n"), "{said:?}");
}

#[tokio::test]
async fn a_calendar_is_shown_with_its_days() {
    let shell = defined().await;
    let said = shell.run("calendar show PAY office").await;
    // First its age, and which time-zone database is bundled: both change.
    let shown: Vec<_> = said.out.lines().skip(2).collect();
    assert_snapshot!(shown.join("\n").trim_start(), @r#"
    DAY  HOURS
    mon  09:00-12:30 13:30-17:00
    tue  09:00-12:30 13:30-17:00
    wed  09:00-12:30 13:30-17:00
    thu  09:00-12:30 13:30-17:00
    fri  09:00-12:00
    sat  closed
    sun  closed

    DATE        DAY  HOURS        NAME
    2026-12-24  thu  09:00-12:00  Christmas Eve
    2026-12-25  fri  closed       Christmas Day
    "#);
    assert_snapshot!(shell.run("calendar list PAY").await.shown(), @r#"
    CALENDAR  VERSION  ZONE  WEEKDAYS  DATES  DEFINED
    24x7  0  UTC  7  0  built in
    business  0  UTC  5  0  built in
    office  1  Europe/London  5  2  ~
    exit code 0
    "#);
    let json = shell.json("calendar show PAY office --version 1 --json=definition,policies,zone_rules_outdated").await;
    assert_snapshot!(json, @r#"{"definition":{"dates":[{"date":"2026-12-24","hours":["09:00-12:00"],"name":"Christmas Eve"},{"date":"2026-12-25","hours":[],"name":"Christmas Day"}],"id":"office","week":[{"hours":["09:00-12:30","13:30-17:00"],"weekday":"Monday"},{"hours":["09:00-12:30","13:30-17:00"],"weekday":"Tuesday"},{"hours":["09:00-12:30","13:30-17:00"],"weekday":"Wednesday"},{"hours":["09:00-12:30","13:30-17:00"],"weekday":"Thursday"},{"hours":["09:00-12:00"],"weekday":"Friday"}],"zone":"Europe/London"},"policies":[],"zone_rules_outdated":false}"#);
}

#[tokio::test]
async fn a_deadline_is_told_with_what_counts() {
    let shell = defined().await;
    let compute = "calendar compute PAY office --from 2026-12-23T15:00:00Z --target";
    assert_snapshot!(shell.run(&format!("{compute} 8h")).await.shown(), @r#"
    Due Mon 2026-12-28 12:00:00 GMT: ~ of working time, counted on office version 1
    FROM  UNTIL
    Wed 2026-12-23 15:00  Wed 2026-12-23 17:00
    Thu 2026-12-24 09:00  Thu 2026-12-24 12:00
    Mon 2026-12-28 09:00  Mon 2026-12-28 12:00
    Dates between that differ:
    DATE  DAY  HOURS  NAME
    2026-12-24  thu  09:00-12:00  Christmas Eve
    2026-12-25  fri  closed  Christmas Day
    exit code 0
    "#);
    let json = shell.json(&format!("{compute} 2wd --json=deadline,length,span_count")).await;
    assert_snapshot!(json, @r#"{"deadline":"2026-12-28T15:00:00Z","length":36000,"span_count":4}"#);
    let between = "calendar between PAY office --from 2026-12-23T15:00:00Z --to 2026-12-28T10:30:00Z";
    assert_eq!(shell.run(between).await.out, "6 h 30 min\n");
    let refused = shell.run(&format!("{compute} 9000000h")).await;
    assert_eq!((refused.code, refused.out.as_str()), (3, ""), "{refused:?}");
    assert_eq!(shell.run(&format!("{compute} soon")).await.code, 2);
}

#[tokio::test]
async fn holidays_come_from_icalendar() {
    let shell = defined().await;
    let dry = shell.fed(HOLIDAYS, &[&IMPORT[..], &["--dry-run"]].concat()).await;
    assert_snapshot!(dry.shown(), @r#"
    DATE  DAY  HOURS  NAME
    2026-01-01  thu  closed  New Year's Day
    2026-12-26  sat  closed  Christmas
    2027-01-01  fri  closed  New Year's Day
    3 dates are new
    exit code 0
    "#);
    assert_eq!(shell.json("calendar show PAY office --json=version").await["version"], 1, "nothing was changed");

    let said = shell.fed(HOLIDAYS, &IMPORT).await;
    assert_snapshot!(said.shown(), @r#"
    office version 2: Europe/London, 5 dates that differ
    3 dates are new
    exit code 0
    "#);
    let dates = shell.json("calendar show PAY office --json=definition.dates").await;
    let dates: Vec<_> = dates["definition.dates"].as_array().unwrap().iter().map(|day| day["date"].clone()).collect();
    assert_eq!(dates, ["2026-01-01", "2026-12-24", "2026-12-25", "2026-12-26", "2027-01-01"]);
    let again = shell.fed(HOLIDAYS, &IMPORT).await;
    assert_snapshot!(again.shown(), @r#"
    No dates.
    0 dates are new
    exit code 0
    "#);

    // Half a day: what is left of it, as the calendar's clocks show it.
    let half_day = "DTSTART;TZID=Europe/Berlin:20261223T150000\r\nDTEND;TZID=Europe/Berlin:20261223T190000\r\n";
    let timed = HOLIDAYS.replace("DTSTART;VALUE=DATE:20261224\r\nDTEND;VALUE=DATE:20261227\r\n", half_day);
    let dry = shell.fed(&timed, &[&IMPORT[..], &["--dry-run"]].concat()).await;
    assert_snapshot!(dry.shown(), @r"
    DATE  DAY  HOURS  NAME
    2026-12-23  wed  09:00-12:30 13:30-14:00  Christmas
    1 date is new
    exit code 0
    ");
    let unknown = timed.replace("Europe/Berlin", "W. Europe Standard Time");
    assert_snapshot!(shell.fed(&unknown, &IMPORT).await.shown(), @r#"
    error: standard input: nothing is imported
      “Christmas” is in the zone “W. Europe Standard Time”, which is not an IANA time zone: export it with one, write its hours in the calendar's file, or leave it out with --all-day-only
    exit code 2
    "#);
}

#[tokio::test]
async fn a_definition_is_tried_before_it_is_recorded() {
    let shell = defined().await;
    let later = OFFICE.replace("13:30-17:00", "13:30-18:00").replace("Christmas Day", "Closed");
    let tried = shell.fed(&later, &["calendar", "define", "PAY", "-", "--dry-run"]).await;
    assert_snapshot!(tried.shown(), @r"
    PLACE  VERSION 1  FILE
    week.mon  09:00-12:30 13:30-17:00  09:00-12:30 13:30-18:00
    week.tue  09:00-12:30 13:30-17:00  09:00-12:30 13:30-18:00
    week.wed  09:00-12:30 13:30-17:00  09:00-12:30 13:30-18:00
    week.thu  09:00-12:30 13:30-17:00  09:00-12:30 13:30-18:00
    dates.2026-12-25  closed Christmas Day  closed Closed

    office would be version 2; no policy would count on it, so no clock would
    exit code 0
    ");
    let wrong = later.replace("London", "Londn");
    assert_eq!(shell.fed(&wrong, &["calendar", "define", "PAY", "-", "--dry-run"]).await.code, 2);

    // One that a policy counts on, with an issue whose clocks a rebase would move.
    let counted = "calendar: business\nzone: UTC\nweek:\n  mon: [\"10:00-12:00\"]\n";
    super::given(&shell, &[super::FILED]).await;
    let tried = shell.fed(counted, &["calendar", "define", "PAY", "-", "--dry-run"]).await;
    assert_eq!(tried.code, 0, "{tried:?}");
    assert!(tried.out.contains("a rebase would move 2"), "{tried:?}");
    assert_eq!(shell.json("calendar show PAY business --json=version").await["version"], 0, "nothing was recorded");
}
