use std::sync::Arc;
use std::time::Duration;

use event_log::{AppendError, LogError, StreamId};
use event_log_sqlite::replica::Outcome;
use tokio::sync::oneshot;

use super::{Answer, Entry, Ledger};

const NOW: Duration = Duration::ZERO;

fn written(ledger: &Ledger) -> oneshot::Receiver<Answer> {
    let (caller, answer) = oneshot::channel();
    ledger.enter(1, Entry::new(0, Arc::from(&b"entry"[..]), None, caller)).unwrap();
    answer
}

fn tell(answers: impl IntoIterator<Item = (super::Caller, Answer)>) {
    for (caller, answer) in answers {
        caller.send(answer).unwrap();
    }
}

fn conflict(expected: u64, actual: u64) -> Answer {
    let stream = StreamId { project: "PAY".into(), kind: "issue".into(), id: "1".into() };
    Answer::Applied(Outcome::Append(Err(AppendError::Conflict { stream, expected, actual })))
}

#[test]
fn an_entry_is_answered_once_it_was_acknowledged_and_read_back_whichever_comes_first() {
    for acknowledged_first in [true, false] {
        let ledger = Ledger::default();
        let mut answer = written(&ledger);
        if acknowledged_first {
            tell(ledger.acknowledged(1));
        }
        assert!(ledger.take(1, b"entry").is_some());
        tell(ledger.became([(1, Answer::Applied(Outcome::Done))]));
        if !acknowledged_first {
            assert!(answer.try_recv().is_err(), "read back alone is no answer");
            tell(ledger.acknowledged(1));
        }
        assert!(matches!(answer.try_recv(), Ok(Answer::Applied(Outcome::Done))));
    }
}

#[test]
fn what_was_applied_and_not_acknowledged_is_written_again_and_its_copy_is_not_read_as_ours() {
    let ledger = Ledger::default();
    let mut answer = written(&ledger);
    ledger.take(1, b"entry").unwrap();
    tell(ledger.became([(1, Answer::Applied(Outcome::Done))]));
    tell(ledger.not_acknowledged(&[1], Duration::from_millis(1)));
    assert_eq!(ledger.due(Duration::from_millis(1)).len(), 1);
    assert!(ledger.take(1, b"entry").is_none());
    assert!(answer.try_recv().is_err());
    tell(ledger.acknowledged(1));
    assert!(matches!(answer.try_recv(), Ok(Answer::Applied(Outcome::Done))));
}

#[test]
fn what_a_copy_might_undo_is_not_called_refused() {
    let ledger = Ledger::default();
    let mut answer = written(&ledger);
    assert_eq!(ledger.due(NOW).len(), 1);
    ledger.take(1, b"entry").unwrap();
    tell(ledger.became([(1, conflict(5, 4))]));
    assert!(matches!(answer.try_recv(), Ok(Answer::Unknown(LogError::Unavailable { .. }))));
}

#[test]
fn what_is_refused_and_not_acknowledged_is_not_written_again() {
    let ledger = Ledger::default();
    let mut answer = written(&ledger);
    ledger.take(1, b"entry").unwrap();
    tell(ledger.became([(1, conflict(5, 4))]));
    assert!(ledger.due(NOW).is_empty());
    tell(ledger.not_acknowledged(&[1], NOW));
    assert!(matches!(answer.try_recv(), Ok(Answer::Unknown(LogError::Unavailable { .. }))));
}

#[test]
fn a_refusal_that_stays_one_is_answered_at_once() {
    let ledger = Ledger::default();
    let mut answer = written(&ledger);
    assert_eq!(ledger.due(NOW).len(), 1);
    ledger.take(1, b"entry").unwrap();
    tell(ledger.became([(1, conflict(4, 5))]));
    assert!(matches!(answer.try_recv(), Ok(Answer::Applied(Outcome::Append(Err(AppendError::Conflict { .. }))))));
}
