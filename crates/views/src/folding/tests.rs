//! What follows from a document is written where it changed, and only there.

use super::derived;
use crate::flow::RUNNING;
use crate::row::{Change, Row};

fn waiting(measure: &str, issues: u64) -> Row {
    let row = Row::empty(&RUNNING).with("project", "PAY").and_then(|row| row.with("measure", measure));
    row.and_then(|row| row.with("issues", issues)).expect("each fits")
}

#[test]
fn rows_that_follow_from_a_document_go_change_and_come() {
    let before = [waiting("lead", 1), waiting("cycle", 1), waiting("triage", 1)];
    let after = vec![waiting("cycle", 1), waiting("triage", 2), waiting("accept", 1)];
    let gone = Change::Delete { table: &RUNNING, key: waiting("lead", 1).key() };
    let changes = [gone, Change::Upsert(waiting("triage", 2)), Change::Insert(waiting("accept", 1))];
    assert_eq!(derived(&before, after), changes);
}
