//! The judge, tried: what can be explained, and what can't.

use super::{Call, Operation, judge};
use crate::append::{Append, AppendError, Appended};
use crate::contract::given::{append, founding, issue};
use crate::contract::model::Model;
use crate::record::Recorded;

type Answered = (Append, Result<Appended, AppendError>);

/// What a log answers to appends one after the other: each with its answer, and the records afterwards.
fn answered(appends: &[Append]) -> (Vec<Answered>, Vec<Recorded>) {
    let mut model = Model::new(founding(false).identity.partitions);
    let answers = appends.iter().map(|append| (append.clone(), model.append(append))).collect();
    (answers, model.records.iter().map(|record| Recorded::clone(record)).collect())
}

fn appends((append, answer): &Answered) -> Operation {
    Operation::Append { append: Box::new(append.clone()), answer: Box::new(answer.clone()), settled: false }
}

fn reads(records: &[Recorded]) -> Operation {
    Operation::Read { records: records.to_vec() }
}

/// Calls of (client, from, to), and whether an order of them explains their answers.
#[track_caller]
fn check(calls: &[(u64, u64, u64, Operation)], is_explained: bool) {
    let calls: Vec<_> = calls
        .iter()
        .map(|(client, from, to, operation)| Call {
            client: *client,
            from: *from,
            to: *to,
            operation: operation.clone(),
        })
        .collect();
    assert_eq!(judge(&calls).is_ok(), is_explained, "{:?}", judge(&calls));
}

#[test]
fn calls_at_the_same_time_may_have_happened_in_any_order() {
    let (answers, records) = answered(&[append(&issue("1"), 0, 1), append(&issue("1"), 0, 2)]);
    let (won, lost) = (appends(&answers[0]), appends(&answers[1]));
    check(&[(0, 0, 9, lost.clone()), (1, 1, 8, won.clone()), (2, 2, 3, reads(&[])), (2, 4, 5, reads(&records))], true);
    // The conflict is over before the winner began.
    check(&[(0, 0, 1, lost), (1, 2, 3, won)], false);
}

#[test]
fn what_was_acknowledged_is_read() {
    let (answers, records) = answered(&[append(&issue("1"), 0, 1)]);
    check(&[(0, 0, 1, appends(&answers[0])), (1, 2, 3, reads(&records))], true);
    check(&[(0, 0, 1, appends(&answers[0])), (1, 2, 3, reads(&[]))], false);
    check(&[(0, 0, 5, appends(&answers[0])), (1, 1, 2, reads(&records)), (2, 3, 4, reads(&[]))], false);
    check(&[(1, 2, 3, reads(&records))], false);
}

#[test]
fn nothing_is_admitted_twice() {
    let (answers, _) = answered(&[append(&issue("1"), 0, 1), append(&issue("1"), 0, 1)]);
    check(&[(0, 0, 1, appends(&answers[0])), (1, 2, 3, appends(&answers[1]))], true);
    check(&[(0, 0, 1, appends(&answers[0])), (1, 2, 3, appends(&answers[0]))], false);
    let Operation::Append { append, answer, .. } = appends(&answers[0]) else { unreachable!("an append") };
    // Whoever had to ask again can't know which of the two it was.
    check(&[(0, 0, 3, Operation::Append { append, answer, settled: true }), (1, 1, 2, appends(&answers[0]))], true);
}

#[test]
fn a_conflict_names_a_revision_that_the_stream_had_meanwhile() {
    let all: Vec<_> = (0..3).map(|n| append(&issue("1"), n, u128::from(n))).collect();
    let (answers, _) = answered(&all);
    let refused = |actual| {
        let stale = append(&issue("1"), 9, 9);
        let conflict = AppendError::Conflict { stream: stale.stream.clone(), expected: 9, actual };
        appends(&(stale, Err(conflict)))
    };
    let [first, second, third] = [0, 1, 2].map(|n| appends(&answers[n]));
    let beside =
        |conflict| [(0, 0, 1, first.clone()), (0, 2, 5, second.clone()), (1, 3, 4, conflict), (0, 6, 7, third.clone())];
    for (actual, is_explained) in [(0, false), (1, true), (2, true), (3, false)] {
        check(&beside(refused(actual)), is_explained);
    }
}
