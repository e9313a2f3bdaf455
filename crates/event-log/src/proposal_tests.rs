//! Every bound, at its edge and one past it.

use uuid::Uuid;

use super::{APPEND_BYTES_MAX, EVENT_OVERHEAD_BYTES, PAYLOAD_BYTES_MAX, Proposal};
use crate::append::{Append, AppendError, Expected, NewEvent};
use crate::record::StreamId;

fn event() -> NewEvent {
    NewEvent {
        event_id: Uuid::from_u128(1),
        event_type: "T".into(),
        schema_version: 1,
        occurred_at: 0,
        facts: b"{}".to_vec(),
        texts: Vec::new(),
        salt: Vec::new(),
    }
}

fn append() -> Append {
    Append {
        stream: StreamId { project: "PAY".into(), kind: "issue".into(), id: "1".into() },
        expected: 0,
        unchanged: Vec::new(),
        events: vec![event()],
        actor: "ada".into(),
        request_id: Uuid::from_u128(2),
        fingerprint: [0; 32],
        correlation_id: None,
        causation_id: None,
        traceparent: None,
        recorded_at: 0,
    }
}

fn with(change: impl FnOnce(&mut Append)) -> Append {
    let mut append = append();
    change(&mut append);
    append
}

fn guard(project: &str) -> Expected {
    Expected { stream: StreamId { project: project.into(), kind: "team".into(), id: "1".into() }, revision: 0 }
}

#[track_caller]
fn refused(append: Append, because: &str) {
    match Proposal::check(append, 8) {
        Err(AppendError::Invalid { reason }) => assert!(reason.contains(because), "{reason}"),
        other => panic!("not refused for {because}: {other:?}"),
    }
}

#[track_caller]
fn fine(append: Append) {
    if let Err(error) = Proposal::check(append, 8) {
        panic!("{error}");
    }
}

#[test]
fn names_and_ids_are_bounded() {
    fine(with(|append| append.stream.project = "p".repeat(64).into()));
    refused(with(|append| append.stream.project = "p".repeat(65).into()), "project has 1 to 64 bytes, not 65");
    refused(with(|append| append.stream.kind = "".into()), "kind has 1 to 64 bytes, not 0");
    fine(with(|append| append.stream.id = "ö".repeat(64).into()));
    refused(with(|append| append.stream.id = "ö".repeat(65).into()), "stream id has 1 to 128 bytes, not 130");
    refused(with(|append| append.actor = "a\0".into()), "actor has a control character");
    refused(with(|append| append.traceparent = Some("".into())), "traceparent has 1 to 128 bytes");
    refused(
        with(|append| append.events[0].event_type = "t".repeat(65).into()),
        "event 1: event type has 1 to 64 bytes",
    );
    refused(with(|append| append.events[0].schema_version = 0), "schema versions start at 1");
}

#[test]
fn an_append_has_1_to_64_events_and_4_guards() {
    refused(with(|append| append.events.clear()), "1 to 64 events, not 0");
    fine(with(|append| append.events = vec![event(); 64]));
    refused(with(|append| append.events = vec![event(); 65]), "1 to 64 events, not 65");
    fine(with(|append| append.unchanged = vec![guard("PAY"); 4]));
    refused(with(|append| append.unchanged = vec![guard("PAY"); 5]), "at most 4 streams, not 5");
}

#[test]
fn a_guard_is_of_the_same_partition() {
    // Of 8 partitions PAY and FAR are in different ones, PAY and NEAR in the same.
    let (near, far) = ("PAY", "WEB");
    assert_ne!(crate::partition_of(near, 8), crate::partition_of(far, 8));
    fine(with(|append| append.unchanged = vec![guard(near)]));
    refused(with(|append| append.unchanged = vec![guard(far)]), "another partition");
    let neighbour = (0..1000)
        .map(|n| format!("N{n}"))
        .find(|name| crate::partition_of(name, 8) == crate::partition_of("PAY", 8))
        .unwrap();
    fine(with(|append| append.unchanged = vec![guard(&neighbour)]));
}

#[test]
fn a_payload_has_at_most_a_mebibyte_and_an_append_two() {
    fine(with(|append| append.events[0].facts = vec![b' '; PAYLOAD_BYTES_MAX]));
    refused(with(|append| append.events[0].facts = vec![b' '; PAYLOAD_BYTES_MAX + 1]), "1048577");
    refused(
        with(|append| {
            append.events[0].facts = vec![b' '; PAYLOAD_BYTES_MAX];
            append.events[0].texts = vec![b' '; 1];
            append.events[0].salt = vec![0; 32];
        }),
        "1048577",
    );
    // Project, kind, id, actor and type: 3 + 5 + 1 + 3 + 1.
    let headers = 2 * (EVENT_OVERHEAD_BYTES + 13);
    let sized = |bytes: usize| {
        with(|append| {
            append.events = vec![event(); 2];
            append.events[0].facts = vec![b' '; PAYLOAD_BYTES_MAX];
            append.events[1].facts = vec![b' '; bytes - PAYLOAD_BYTES_MAX - headers];
        })
    };
    assert_eq!(
        Proposal::check(sized(APPEND_BYTES_MAX), 8).map(|proposal| proposal.encoded_bytes()),
        Ok(APPEND_BYTES_MAX)
    );
    refused(sized(APPEND_BYTES_MAX + 1), "at most 2097152 bytes, not 2097153");
}

#[test]
fn texts_come_with_a_salt_and_nothing_else_does() {
    let salted = |texts: &[u8], salt: usize| {
        with(|append| {
            append.events[0].texts = texts.to_vec();
            append.events[0].salt = vec![1; salt];
        })
    };
    fine(salted(b"{}", 32));
    refused(salted(b"{}", 0), "salt of 32 bytes, not 0");
    refused(salted(b"{}", 31), "salt of 32 bytes, not 31");
    refused(salted(b"", 32), "salt of 0 bytes, not 32");
}
