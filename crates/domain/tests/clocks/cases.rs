//! Every row of `docs/sla-cases.md`, tried: worked examples, what users of other systems reported, and the rest.

use super::case::{alarms, counted, lines};

const PAGE: &str = include_str!("../../../../docs/sla-cases.md");

/// A row of the page.
struct Row {
    case: &'static str,
    promised: Vec<&'static str>,
    happened: Vec<&'static str>,
    asked: &'static str,
    then: Vec<&'static str>,
    reported: &'static str,
}

/// The rows of a section.
#[track_caller]
fn rows(section: &str) -> Vec<Row> {
    let heading = format!("\n## {section}\n");
    let (_, below) = PAGE.split_once(&heading).unwrap();
    let tables = below.split("\n## ").next().unwrap().lines().filter(|line| line.starts_with("| "));
    let rows: Vec<Row> = tables.filter(|line| !line.starts_with("| case |")).map(row).collect();
    assert!(!rows.is_empty(), "{section} has no rows");
    rows
}

#[track_caller]
fn row(line: &'static str) -> Row {
    let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
    let ([case, promised, happened, asked, then] | [case, promised, happened, asked, then, _]) = cells[..] else {
        panic!("a row has five or six cells: {line}");
    };
    let list = |cell: &'static str| cell.split("; ").collect();
    let reported = cells.get(5).copied().unwrap_or_default();
    Row { case, promised: list(promised), happened: list(happened), asked, then: list(then), reported }
}

/// Compares what rows say with what the clocks say, of the clocks that they speak of; tells all differences at once.
#[track_caller]
fn check(rows: &[Row]) {
    let differences = rows.iter().filter_map(|row| {
        let said = lines(&counted(&row.promised, &row.happened, row.asked));
        let spoken = said.iter().filter(|line| row.then.iter().any(|then| clock(then) == clock(line)));
        let agrees = spoken.eq(&row.then);
        (!agrees).then(|| format!("{}\n  the page says {:?}\n  the clocks say {said:?}\n", row.case, row.then))
    });
    let differences: String = differences.collect();
    assert!(differences.is_empty(), "{differences}");
}

/// Which clock a line speaks of.
fn clock(line: &str) -> &str {
    line.split([':', ' ']).next().unwrap()
}

#[test]
fn the_worked_examples() {
    let examples = rows("Worked examples");
    let number = |row: &Row| row.case.split(':').next().unwrap().parse::<u32>().unwrap();
    let mut numbers: Vec<u32> = examples.iter().map(number).collect();
    numbers.dedup();
    assert_eq!(numbers, (1..=18).collect::<Vec<_>>());
    check(&examples);
}

#[test]
fn what_users_of_other_systems_reported() {
    let reported = rows("Reported elsewhere");
    assert!(reported.len() >= 30, "{}", reported.len());
    for row in &reported {
        assert!(row.reported.starts_with('[') && row.reported.contains("](https://"), "where is it from? {}", row.case);
    }
    check(&reported);
}

#[test]
fn further_cases() {
    check(&rows("Further cases"));
}

#[test]
fn what_is_told_of_a_clock_and_when() {
    for Row { case, promised, happened, asked, then, .. } in rows("Alarms") {
        let told = alarms(&counted(&promised, &happened, asked));
        let expected = if then == ["nothing"] { Vec::new() } else { then };
        assert_eq!(told, expected, "{case}");
    }
}
