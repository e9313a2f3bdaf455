//! Streams that a view sets aside.

use std::sync::Arc;

use super::given::{BOARD, BOARD_2, at, commit, store};
use super::{Factory, Outcome, promise, promise_eq};
use crate::commit::{Park, ViewCommit};
use crate::store::{PARKED_ANSWER_MAX, Parked, ViewStore};

/// A stream parked stays as it was parked first, until it is unparked; a commit that doesn't happen parks nothing.
pub(super) async fn parked_streams_come_and_go<F: Factory>(factory: &F) -> Outcome {
    let store = store(factory).await?;
    let view = BOARD.id();
    store.commit(5, vec![ViewCommit { park: vec![park("PAY/issue/1", 3)], ..commit(view, 0, 4, Vec::new()) }]).await?;
    store.commit(5, vec![ViewCommit { park: vec![park("PAY/issue/1", 9)], ..commit(view, 4, 9, Vec::new()) }]).await?;
    let late = ViewCommit { park: vec![park("PAY/issue/2", 9)], ..commit(view, 4, 9, Vec::new()) };
    promise!(store.commit(5, vec![late]).await.is_err(), "a late commit was accepted");
    let first = Parked { partition: 5, ..parked("PAY/issue/1", 3) };
    promise_eq!(store.parked(view, None, 10).await?, std::slice::from_ref(&first), "what is parked");
    promise_eq!(store.query(view, Vec::new()).await?.parked, std::slice::from_ref(&first), "what comes with an answer");
    let asked: Vec<Arc<str>> = vec!["PAY/issue/2".into(), "PAY/issue/1".into(), "PAY/issue/1".into()];
    promise_eq!(store.parked_of(view, asked).await?, [first], "of these streams");
    promise_eq!(store.parked(BOARD_2.id(), None, 10).await?, [], "of another version");
    let again = ViewCommit { park: vec![park("PAY/issue/1", 9)], ..commit(view, 9, 9, Vec::new()) };
    store.commit(5, vec![ViewCommit { unpark: vec!["PAY/issue/1".into()], ..again }]).await?;
    promise_eq!(store.parked(view, None, 10).await?[0].position, 9, "retried, and parked again");
    let free = ViewCommit { unpark: vec!["PAY/issue/1".into()], ..commit(view, 9, 9, Vec::new()) };
    store.commit(5, vec![free]).await?;
    promise_eq!(store.parked(view, None, 10).await?, [], "after it was unparked");
    promise_eq!(store.checkpoint(view, 5).await?, Some(at(9)), "a retry moves no checkpoint");
    Ok(())
}

/// However many there are, an answer brings a bounded number of them, and all can be listed.
pub(super) async fn parked_streams_are_listed_in_pages<F: Factory>(factory: &F) -> Outcome {
    let store = store(factory).await?;
    let names: Vec<String> = (0..PARKED_ANSWER_MAX + 20).map(|n| format!("PAY/issue/{n:05}")).collect();
    let parked = names.iter().map(|name| park(name, 1)).collect();
    store.commit(0, vec![ViewCommit { park: parked, ..commit(BOARD.id(), 0, 1, Vec::new()) }]).await?;
    let answered = store.query(BOARD.id(), Vec::new()).await?.parked;
    promise_eq!(answered.len(), PARKED_ANSWER_MAX, "what comes with an answer");
    let mut listed: Vec<Parked> = Vec::new();
    loop {
        let page = store.parked(BOARD.id(), listed.last().map(|last| Arc::clone(&last.stream)), 50).await?;
        if page.is_empty() {
            break;
        }
        listed.extend(page);
        promise!(listed.len() <= names.len(), "pages of parked streams repeat");
    }
    let listed: Vec<_> = listed.iter().map(|parked| parked.stream.to_string()).collect();
    promise_eq!(listed, names, "parked streams in pages");
    Ok(())
}

/// A stream that an operator leaves as it is is parked still, until it is retried; parked anew, it is to be seen anew.
pub(super) async fn skipped_they_stay_parked<F: Factory>(factory: &F) -> Outcome {
    let store = store(factory).await?;
    let view = BOARD.id();
    let both = vec![park("PAY/issue/1", 3), park("PAY/issue/2", 4)];
    store.commit(0, vec![ViewCommit { park: both, ..commit(view, 0, 4, Vec::new()) }]).await?;
    let skip = vec!["PAY/issue/2".into(), "PAY/issue/3".into()];
    store.commit(0, vec![ViewCommit { skip, ..commit(view, 4, 4, Vec::new()) }]).await?;
    let listed = [parked("PAY/issue/1", 3), Parked { skipped: true, ..parked("PAY/issue/2", 4) }];
    promise_eq!(store.parked(view, None, 10).await?, listed, "after one was skipped");
    promise_eq!(store.query(view, Vec::new()).await?.parked, listed, "what comes with an answer");
    promise_eq!(store.parked_of(view, vec!["PAY/issue/2".into()]).await?, listed[1..], "of the one skipped");
    let later = ViewCommit { park: vec![park("PAY/issue/2", 9)], ..commit(view, 4, 9, Vec::new()) };
    store.commit(0, vec![later]).await?;
    promise_eq!(store.parked(view, None, 10).await?, listed, "after a later event of it");
    let (unpark, again) = (vec!["PAY/issue/2".into()], vec![park("PAY/issue/2", 4)]);
    store.commit(0, vec![ViewCommit { unpark, park: again, ..commit(view, 9, 9, Vec::new()) }]).await?;
    promise_eq!(store.parked_of(view, vec!["PAY/issue/2".into()]).await?, [parked("PAY/issue/2", 4)], "parked anew");
    Ok(())
}

fn parked(stream: &str, position: u64) -> Parked {
    Parked { partition: 0, stream: stream.into(), position, reason: "no such state".into(), skipped: false }
}

fn park(stream: &str, position: u64) -> Park {
    Park { stream: stream.into(), position, reason: "no such state".into() }
}
