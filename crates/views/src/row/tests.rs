use std::sync::Arc;

use super::*;
use crate::table::{Direction, Index};

static CARDS: Table = Table {
    name: "cards",
    comment: "",
    columns: &[
        Column::text("project", ""),
        Column::integer("ordinal", ""),
        Column::timestamp("filed_at", ""),
        Column::text("assignee", "").nullable(),
        Column::json("tags", ""),
        Column::bool("open", ""),
    ],
    key: &["project", "ordinal"],
    indexes: &[Index { columns: &[("filed_at", Direction::Desc)] }],
};

static COUNTS: Table = Table {
    name: "counts",
    comment: "",
    columns: &[Column::text("project", ""), Column::integer("open", "")],
    key: &["project"],
    indexes: &[],
};

fn card() -> Row {
    let filed_at: jiff::Timestamp = "2024-02-29T12:00:00Z".parse().expect("an instant");
    Row::empty(&CARDS)
        .with("project", "PAY")
        .and_then(|row| row.with("ordinal", 42_u64))
        .and_then(|row| row.with("filed_at", filed_at))
        .and_then(|row| row.with("tags", Value::json(&["slow"]).expect("a list of texts")))
        .expect("each fits")
}

#[test]
fn what_is_set_can_be_read() {
    let row = card();
    assert_eq!(row.get::<&str>("project"), Ok("PAY"));
    assert_eq!(row.get::<u64>("ordinal"), Ok(42));
    assert_eq!(row.get::<jiff::Timestamp>("filed_at").map(|at| at.to_string()), Ok("2024-02-29T12:00:00Z".to_owned()));
    assert_eq!(row.get::<Option<Arc<str>>>("assignee"), Ok(None));
    assert_eq!(row.json::<Vec<String>>("tags"), Ok(vec!["slow".to_owned()]));
    assert_eq!(row.get::<bool>("open"), Ok(false));
    assert_eq!(row.key(), Key::new([Value::from("PAY"), Value::Integer(42)]));
}

#[track_caller]
fn says<T: std::fmt::Debug>(result: Result<T, RowError>, message: &str) {
    assert_eq!(result.expect_err("it does not fit").to_string(), message);
}

#[test]
fn what_does_not_fit_is_said_with_table_and_column() {
    says(card().get::<i64>("project"), "cards.project: text where integer belongs");
    says(card().get::<&str>("assignee"), "cards.assignee: null where text belongs");
    says(card().get::<&str>("nobody"), "table cards has no column nobody");
    says(
        card().with("ordinal", -1_i64).and_then(|row| row.get::<u64>("ordinal")),
        "cards.ordinal: integer -1 where integer from 0 belongs",
    );
    says(card().with("ordinal", "x"), "cards.ordinal: text where integer belongs");
    says(card().with("project", Value::Null), "cards.project: null where text belongs");
    says(card().with("assignee", 1_i64), "cards.assignee: integer 1 where text or null belongs");
    says(card().json::<u32>("tags"), "cards.tags: invalid type: sequence, expected u32 at line 1 column 0");
    says(Row::new(&CARDS, vec![Value::Null]), "table cards takes 6 values here, not 1");
    says(Key::new([Value::from("PAY")]).check(&CARDS), "table cards takes 2 values here, not 1");
}

#[test]
fn an_order_is_completed_by_the_key_in_its_last_direction() {
    use Direction::{Asc, Desc};
    let by_age = Select::from(&CARDS, 10).order("project", Asc).order("filed_at", Desc);
    assert_eq!(by_age.total_order(), [("project", Asc), ("filed_at", Desc), ("ordinal", Desc)]);
    assert_eq!(Select::from(&CARDS, 10).total_order(), [("project", Asc), ("ordinal", Asc)]);
}

#[test]
fn a_cursor_survives_a_page_token() {
    let by_age = Select::from(&CARDS, 10).order("filed_at", Direction::Desc);
    let cursor = by_age.cursor(&card()).expect("columns of the table");
    let token = serde_json::to_string(&cursor).expect("it is plain data");
    let back: Cursor = serde_json::from_str(&token).expect("what was written");
    assert_eq!(by_age.after(Some(back)).check(), Ok(()));
}

#[test]
fn a_cursor_of_another_order_is_refused() {
    let cursor = Select::from(&CARDS, 10).cursor(&card()).expect("columns of the table");
    let by_age = Select::from(&CARDS, 10).order("filed_at", Direction::Desc).after(Some(cursor));
    says(by_age.check(), "table cards takes 3 values here, not 2");
}

#[test]
fn null_is_found_only_by_name() {
    assert!(Condition::IsNull("assignee").holds(&Value::Null));
    assert!(!Condition::Less("assignee", Value::from("x")).holds(&Value::Null));
    says(
        Select::from(&CARDS, 1).filter(Condition::Equal("assignee", Value::Null)).check(),
        "cards.assignee: null where text belongs",
    );
}

#[test]
fn only_tables_of_integers_count() {
    let key = Key::new([Value::from("PAY"), Value::Integer(1)]);
    let add = Change::Add { table: &CARDS, key, deltas: vec![("ordinal", 1)] };
    says(
        Checker::default().check(&add),
        "table cards does not count: outside its key are columns other than integers that are never null",
    );
}

#[test]
fn each_change_is_checked_also_where_its_table_is_known() {
    let mut checker = Checker::default();
    let add = |key: &[Value], column| Change::Add { table: &COUNTS, key: Key::new(key), deltas: vec![(column, 1)] };
    let pay = Value::from("PAY");
    assert_eq!(checker.check(&add(std::slice::from_ref(&pay), "open")), Ok(()));
    says(checker.check(&add(std::slice::from_ref(&pay), "closed")), "table counts has no column closed");
    says(checker.check(&add(&[pay.clone(), pay.clone()], "open")), "table counts takes 1 values here, not 2");
    says(checker.check(&add(&[Value::Integer(1)], "open")), "counts.project: integer 1 where text belongs");
    let delete = Change::Delete { table: &CARDS, key: Key::new([pay]) };
    says(checker.check(&delete), "table cards takes 2 values here, not 1");
}
