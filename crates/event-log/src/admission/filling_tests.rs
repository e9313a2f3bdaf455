//! Taking over, told on logs in memory.

use futures::FutureExt;
use uuid::Uuid;

use crate::append::{Append, NewEvent};
use crate::log::{EventLog, Identity};
use crate::maintain::{FillError, Founding, Maintain};
use crate::memory::MemoryLog;
use crate::record::{Recorded, StreamId};

fn append(id: &str, expected: u64, request: u128, events: usize) -> Append {
    let event = NewEvent {
        event_id: Uuid::from_u128(9),
        event_type: "IssueFiled".into(),
        schema_version: 1,
        occurred_at: 1,
        facts: b"{}".to_vec(),
        texts: Vec::new(),
        salt: Vec::new(),
    };
    Append {
        stream: StreamId { project: "PAY".into(), kind: "issue".into(), id: id.into() },
        expected,
        unchanged: Vec::new(),
        events: vec![event; events],
        actor: "ada".into(),
        request_id: Uuid::from_u128(request),
        fingerprint: [1; 32],
        correlation_id: None,
        causation_id: None,
        traceparent: None,
        recorded_at: 500,
    }
}

/// Two streams: `a` by requests 1 (two events) and 2, `b` by request 1 (three events).
fn records() -> Vec<Recorded> {
    let log = MemoryLog::new(identity());
    for append in [append("a", 0, 1, 2), append("b", 0, 1, 3), append("a", 2, 2, 1)] {
        log.append(append).now_or_never().unwrap().unwrap();
    }
    log.read_partition(0, 0, usize::MAX).now_or_never().unwrap().unwrap().records
}

fn identity() -> Identity {
    Identity::new(Uuid::from_u128(7), 1)
}

#[track_caller]
fn check(pages: &[&[Recorded]], refused: Option<&str>) {
    let log = MemoryLog::founded(Founding { identity: identity(), filling: true });
    let (last, before) = pages.split_last().unwrap();
    for page in before {
        assert_eq!(log.fill(page.to_vec()).now_or_never().unwrap(), Ok(()));
    }
    let head = *log.head(0).borrow();
    let filled = log.fill(last.to_vec()).now_or_never().unwrap();
    let Some(reason) = refused else { return assert_eq!(filled, Ok(())) };
    assert_eq!(filled, Err(FillError::Invalid { reason: reason.to_owned() }));
    assert_eq!(*log.head(0).borrow(), head, "what is refused changes nothing");
}

/// These records with one of them changed, under the leaf that it has so.
fn with(n: usize, change: impl Fn(&mut Recorded)) -> Vec<Recorded> {
    let mut records = records();
    change(&mut records[n]);
    records[n].leaf = records[n].record.leaf();
    records
}

#[test]
fn whole_appends_are_taken_over_in_any_number() {
    let records = records();
    check(&[&records], None);
    check(&[&records[..2], &records[2..5], &records[5..]], None);
    check(&[&records[..2], &[], &records[2..]], None);
}

#[test]
fn what_is_not_the_partitions_next_is_refused() {
    let records = records();
    check(&[&records[2..]], Some("position 3 of partition 0: the next one is 1"));
    check(&[&records[..5], &records[..2]], Some("position 1 of partition 0: the next one is 6"));
    let other = with(5, |recorded| recorded.partition = 1);
    check(&[&other], Some("position 6 of partition 1: issue/PAY/a belongs to another partition"));
}

#[test]
fn an_append_cut_in_two_is_refused() {
    let records = records();
    let reason = "position 4 of partition 0: the log has an append of its request id: they are taken over whole";
    check(&[&records[..3], &records[3..]], Some(reason));
}

#[test]
fn numbers_that_the_rule_would_not_have_given_are_refused() {
    let numbers = |revision, ordinal| {
        format!(
            "position 6 of partition 0, record 1: issue/PAY/a at revision {revision} and ordinal {ordinal}, not 3 and 1"
        )
    };
    check(&[&with(5, |recorded| recorded.record.header.revision = 4)], Some(&numbers(4, 1)));
    check(&[&with(5, |recorded| recorded.record.header.ordinal = 2)], Some(&numbers(3, 2)));
    let earlier = with(5, |recorded| recorded.record.header.metadata.recorded_at = 499);
    check(&[&earlier], Some("position 6 of partition 0: it was recorded before the one before it"));
}

#[test]
fn what_is_not_what_its_leaf_says_is_refused() {
    let mut records = records();
    records[1].leaf[0] ^= 1;
    check(&[&records], Some("position 1 of partition 0, record 2: its leaf is another record's"));
    let body = with(1, |recorded| recorded.record.body.facts.push(b' '));
    check(&[&body], Some("position 1 of partition 0, record 2: its body is not what was hashed"));
    let actor = with(1, |recorded| recorded.record.header.metadata.actor = "eve".into());
    check(&[&actor], Some("position 1 of partition 0, record 2: its metadata are not those of its append"));
    let control = with(1, |recorded| recorded.record.header.event_type = "a\0".into());
    check(&[&control], Some("position 1 of partition 0, record 2: event type has a control character"));
}
