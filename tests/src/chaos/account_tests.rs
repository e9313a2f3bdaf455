//! The account is itself tested: a log that lost, doubled, cut or moved something is told from a sound one.

use std::sync::Arc;

use event_log::{Append, AppendError, EventLog, Identity, MemoryLog};
use uuid::Uuid;

use super::{Account, Found, PAGE};
use crate::chaos::plan::{Plan, Turn};
use crate::chaos::writers::hex;

const PLAN: Plan = Plan { seed: 7 };

fn turn(number: u64) -> Turn {
    Turn { writer: 1, number }
}

async fn log(appends: impl IntoIterator<Item = Append>) -> Arc<MemoryLog> {
    let log = Arc::new(MemoryLog::new(Identity::new(Uuid::from_u128(1), 1)));
    for append in appends {
        log.append(append).await.unwrap();
    }
    log
}

fn account(ledger: &str) -> Account {
    let mut account = Account::default();
    account.note(ledger.as_bytes()).unwrap();
    account
}

async fn check(ledger: &str, log: &MemoryLog) -> Result<(), String> {
    account(ledger).check(log, PLAN, &mut Found::default()).await.map_err(|error| format!("{error:#}"))
}

#[track_caller]
fn says(outcome: &Result<(), String>, words: &str) {
    let Err(told) = outcome else { panic!("it was not noticed: {words}") };
    assert!(told.contains(words), "{told}\ndoes not say {words:?}");
}

/// Where the plan's first appends of writer 1 end, in a log that has nothing else.
fn position(number: u64) -> u64 {
    (0..=number).map(|number| PLAN.events(turn(number))).sum()
}

#[tokio::test]
async fn a_sound_log_agrees_with_what_was_told_and_may_have_one_append_more() {
    let sound = log((0..3).map(|number| PLAN.append(turn(number)))).await;
    let first = hex(&sound.read_partition(0, 0, 1).await.unwrap().records[0].leaf);
    let ledger = format!("a 1 0 0 {}\nr 0 1 {first}\na 1 1 0 {}\n", position(0), position(1));
    assert_eq!(check(&ledger, &sound).await, Ok(()));
    says(&check(&format!("a 1 0 0 {}\n", position(0)), &sound).await, "and the writer had 1 answers");
}

#[tokio::test]
async fn what_was_answered_and_is_lost_or_elsewhere_is_told() {
    let empty = log([]).await;
    says(&check("a 1 0 0 1\n", &empty).await, "was answered (0, 1), and is at None");
    let one = log([PLAN.append(turn(0))]).await;
    says(&check("a 1 0 0 99\n", &one).await, "was answered (0, 99)");
}

#[tokio::test]
async fn what_is_there_twice_in_parts_or_unsent_is_told() {
    let again = Append {
        stream: event_log::StreamId { id: "other".into(), ..PLAN.append(turn(0)).stream },
        ..PLAN.append(turn(0))
    };
    says(&check("", &*log([again]).await).await, "nobody sent that");

    let whole = (0..9).map(|number| PLAN.append(turn(number))).find(|append| append.events.len() > 1).unwrap();
    let part = Append { events: whole.events[..1].to_vec(), expected: 0, ..whole.clone() };
    says(&check("", &*log([part]).await).await, "ends before event 1");
    let tail = Append { events: whole.events[1..].to_vec(), expected: 0, ..whole };
    says(&check("", &*log([tail]).await).await, "event 1 of");

    let mut account = Account::default();
    let mut found = Found::default();
    let one = log([PLAN.append(turn(0))]).await;
    account.check(&*one, PLAN, &mut found).await.unwrap();
    found.positions.clear();
    let twice = account.check(&*one, PLAN, &mut found).await.map_err(|error| format!("{error:#}"));
    says(&twice, "is there twice");
    account.note(b"a 1 0 0").unwrap();
    assert_eq!(account.answers(), 0, "a line without an end says nothing");
}

/// Writers went on after the head was asked for: the last page has more than that, and ends in the middle of an append.
#[tokio::test]
async fn an_append_that_a_page_cuts_is_read_to_its_end() {
    let page = PAGE as u64;
    let ends = |writer| {
        (0..page).scan(0, move |end, number| {
            *end += PLAN.events(Turn { writer, number });
            Some(*end)
        })
    };
    let writer = (0..1000).find(|writer| ends(*writer).take_while(|end| *end <= page).all(|end| end != page)).unwrap();
    let log = log([]).await;
    let cut = ends(writer).take_while(|end| *end < page).count() as u64;
    for number in 0..=cut {
        let append = PLAN.append(Turn { writer, number });
        let conflict = log.append(append.clone()).await.err();
        if let Some(AppendError::Conflict { actual, .. }) = conflict {
            log.append(Append { expected: actual, ..append }).await.unwrap();
        }
    }
    let mut found = Found::default();
    Account::default().read_to_head(&*log, PLAN, &mut found, (0, 1)).await.unwrap();
    found.check_whole().unwrap();
    assert!(found.position(0) > page, "the page was cut elsewhere: at {}", found.position(0));
}

#[tokio::test]
async fn what_a_reader_saw_and_is_not_there_is_told() {
    let one = log([PLAN.append(turn(0))]).await;
    says(&check("r 0 1 0011223344556677\n", &one).await, "a reader saw 0011223344556677");
    let leaves = " 0011223344556677".repeat(9);
    says(&check(&format!("r 0 1{leaves}\n"), &one).await, "and a reader had seen 9");
}

#[test]
fn a_ledger_with_a_gap_or_a_broken_promise_is_told() {
    let says = |ledger: &str, words: &str| {
        let told = format!("{:#}", Account::default().note(ledger.as_bytes()).unwrap_err());
        assert!(told.contains(words), "{told}");
    };
    says("a 1 1 0 1\n", "writer 1 had 0 answers before");
    says("r 0 2 00\n", "the reader had seen 0 before");
    says("x after 7 a reader was given 9\n", "a promise was broken");
}
