//! Files that are no calendars: refused with line and column, before anything is recorded.

use insta::assert_snapshot;

use super::calendars::{OFFICE, define, defined};

#[tokio::test]
async fn what_is_no_calendar_is_refused_with_its_places() {
    let shell = defined().await;
    let slip = define(&shell, &OFFICE.replace("zone:", "zoen:")).await;
    assert_snapshot!(slip.shown(), @r#"
    error: standard input is no calendar
      standard input:2:1: unknown field `zoen`, expected one of calendar, zone, week, dates
    `snaglog calendar define --help` shows one.
    exit code 2
    "#);
    let wrong =
        OFFICE.replace("London", "Londn").replace("13:30-17:00", "12:00-17:00").replace("2026-12-25", "2026-13-25");
    assert_snapshot!(define(&shell, &wrong).await.shown(), @r#"
    InvalidFields: standard input can't be a calendar of PAY
      standard input:2:7: zone must be a time zone of the IANA database, such as Europe/London; "Europe/Londn" is none
      standard input:8:15: dates[1].date must be a date such as 2026-12-24; it is "2026-13-25"
      standard input:4:28: week.mon[1] 12:00-17:00 overlaps 09:00-12:30
      standard input:4:28: week.tue[1] 12:00-17:00 overlaps 09:00-12:30
      standard input:4:28: week.wed[1] 12:00-17:00 overlaps 09:00-12:30
      standard input:4:28: week.thu[1] 12:00-17:00 overlaps 09:00-12:30
    exit code 2
    "#);
    let nothing = OFFICE.replace("fri: [\"09:00-12:00\"]", "fri: [\"17:00-17:00\", \"24:00-24:00\", \"17:00-24:01\"]");
    assert_snapshot!(define(&shell, &nothing).await.shown(), @r#"
    InvalidFields: standard input can't be a calendar of PAY
      standard input:5:9: week.fri[0] "17:00-17:00" opens and closes at the same time; a whole day is 00:00-24:00
      standard input:5:24: week.fri[1] "24:00-24:00" must be two times of the day such as 09:00-17:00, 22:00-06:00 or 00:00-24:00
      standard input:5:39: week.fri[2] "17:00-24:01" must be two times of the day such as 09:00-17:00, 22:00-06:00 or 00:00-24:00
    exit code 2
    "#);
    let empty = "calendar: never\nzone: UTC\nweek:\n  mon: []\n";
    assert_snapshot!(define(&shell, empty).await.shown(), @r#"
    InvalidFields: standard input can't be a calendar of PAY
      standard input:4:3: week has no working time at all
    exit code 2
    "#);
    let nights = "calendar: business\nzone: UTC\nweek:\n  mon: [\"22:00-06:00\"]\n";
    assert_snapshot!(define(&shell, nights).await.shown(), @r#"
    CalendarMalformed: standard input can't be a calendar of PAY
      calendar.policies[0].severities.sev2.mitigate can't be counted in working days: calendar business has intervals over midnight, which belong to two dates
      calendar.policies[0].severities.sev2.resolve can't be counted in working days: calendar business has intervals over midnight, which belong to two dates
      calendar.policies[0].severities.sev3.accept can't be counted in working days: calendar business has intervals over midnight, which belong to two dates
      calendar.policies[0].severities.sev3.resolve can't be counted in working days: calendar business has intervals over midnight, which belong to two dates
    exit code 3
    "#);
    let built_in = "calendar: 24x7\nzone: UTC\nweek:\n  mon: [\"09:00-17:00\"]\n";
    assert_snapshot!(define(&shell, built_in).await.shown(), @r#"
    CalendarBuiltIn: PAY/24x7: calendar 24x7 is built in; give yours another name
    exit code 3
    "#);
    assert_eq!(shell.json("calendar show PAY office --json=versions").await["versions"], 1);
    let unknown = shell.run("calendar show PAY nights").await;
    assert_snapshot!(unknown.shown(), @r#"
    UnknownCalendar: PAY/nights: there is no such calendar
    exit code 3
    "#);
}

#[tokio::test]
async fn what_is_too_much_is_refused() {
    let shell = defined().await;
    let first = jiff::civil::date(2020, 1, 1);
    let dates = (0..10_000).map(|n| format!("  {}: x\n", first.saturating_add(jiff::ToSpan::days(n))));
    let many = OFFICE.split("  2026-12-24").next().unwrap().to_owned() + &dates.collect::<String>();
    assert_snapshot!(define(&shell, &many).await.shown(), @r#"
    InvalidFields: standard input can't be a calendar of PAY
      standard input:7:15: dates are 10000, at most 2000 are allowed
    exit code 2
    "#);
    let long = format!("{OFFICE}# {}\n", "x".repeat(1024 * 1024));
    assert_snapshot!(define(&shell, &long).await.shown(), @r#"
    error: standard input is no calendar
      standard input: has 1048784 bytes, at most 1048576 are read
    `snaglog calendar define --help` shows one.
    exit code 2
    "#);
    let bomb = (b'b'..=b'k').fold("a: &a [x, x, x, x, x, x, x, x, x]\n".to_owned(), |text, name| {
        let (before, name) = (char::from(name - 1), char::from(name));
        format!("{text}{name}: &{name} [{}]\n", format!("*{before}, ").repeat(9))
    });
    let bomb = format!("{bomb}calendar: office\nzone: UTC\nweek:\n  mon: *k\n");
    let said = define(&shell, &bomb).await;
    assert_eq!((said.code, said.out.as_str()), (2, ""), "{said:?}");
    assert_eq!(shell.json("calendar show PAY office --json=versions").await["versions"], 1, "nothing was recorded");
}
