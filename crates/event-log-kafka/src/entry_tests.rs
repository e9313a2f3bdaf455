//! The stored format, byte for byte: what is here was written to topics that are kept for ever.

use std::fmt::Write as _;

use event_log::{Append, Body, Expected, Header, Metadata, NewEvent, Record, Recorded, StreamId, Versions, leaf};
use prost::Message as _;
use uuid::Uuid;

use super::{
    FORMAT, StoredBody, StoredEntry, StoredFilled, StoredFound, StoredMark, StoredProposal, StoredRecord, StoredTexts,
};

fn stream(id: &str) -> StreamId {
    StreamId { project: "PAY".into(), kind: "issue".into(), id: id.into() }
}

fn an_append() -> Append {
    Append {
        stream: stream("1"),
        expected: 3,
        unchanged: vec![Expected { stream: stream("2"), revision: 4 }],
        events: vec![NewEvent {
            event_id: Uuid::from_u128(5),
            event_type: "Filed".into(),
            schema_version: 6,
            occurred_at: -7,
            facts: b"{}".to_vec(),
            texts: Vec::new(),
            salt: Vec::new(),
        }],
        actor: "ada".into(),
        request_id: Uuid::from_u128(8),
        fingerprint: [9; 32],
        correlation_id: Some(Uuid::from_u128(10)),
        causation_id: None,
        traceparent: Some("00-1".into()),
        recorded_at: 11,
    }
}

fn some_texts() -> StoredTexts {
    StoredTexts { hash: vec![12; 32], key_id: vec![13; 16], sealed: b"sealed".to_vec() }
}

fn a_record() -> StoredRecord {
    let texts = leaf::texts_hash(&[], &[]);
    let body = Body { facts: b"{}".to_vec(), facts_hash: leaf::facts_hash(b"{}"), texts: None, texts_hash: texts };
    let metadata = Metadata {
        actor: "ada".into(),
        request_id: Uuid::from_u128(8),
        fingerprint: [9; 32],
        correlation_id: None,
        causation_id: Some(Uuid::from_u128(10)),
        traceparent: None,
        occurred_at: 7,
        recorded_at: 11,
    };
    let header = Header {
        stream: stream("1"),
        ordinal: 19,
        revision: 20,
        event_id: Uuid::from_u128(5),
        event_type: "Filed".into(),
        schema_version: 6,
        metadata,
    };
    let recorded = Recorded { partition: 2, position: 21, leaf: [22; 32], record: Record { header, body } };
    StoredRecord::of(&recorded, Some(some_texts()))
}

/// An entry of each kind, and its bytes in format 1.
fn entries() -> Vec<(&'static str, StoredBody, &'static str)> {
    let proposal = StoredProposal {
        rule_version: 1,
        record_version: 1,
        position: 14,
        running_hash: vec![15; 32],
        ..StoredProposal::of(&an_append(), vec![Some(some_texts())])
    };
    let found = StoredFound {
        log_id: Uuid::from_u128(16).as_bytes().to_vec(),
        partitions: 8,
        versions: Some(Versions { rule: 1, record: 1 }.into()),
        filling: true,
    };
    vec![
        ("a proposal", StoredBody::Proposal(proposal), PROPOSAL),
        ("records of another log", StoredBody::Filled(StoredFilled { records: vec![a_record()] }), FILLED),
        ("a foundation", StoredBody::Found(found), FOUND),
        ("an activation", StoredBody::Activate(Versions { rule: 2, record: 1 }.into()), ACTIVATE),
        ("a seal", StoredBody::Seal(StoredMark {}), SEAL),
        ("an opening", StoredBody::Open(StoredMark {}), OPEN),
        ("nothing", StoredBody::Pass(StoredMark {}), PASS),
    ]
}

const PROPOSAL: &str = concat!(
    "080111110000000000000019120000000000000022920208011001180e22200f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f",
    "0f0f0f0f0f0f0f0f0f0f0f0f0f2a0f0a03504159120569737375651a013130033a130a0f0a03504159120569737375651a01",
    "32100442036164614a1000000000000000000000000000000008522009090909090909090909090909090909090909090909",
    "090909090909090909095a100000000000000000000000000000000a6a0430302d31710b000000000000007a660a10000000",
    "00000000000000000000000005120546696c6564180621f9ffffffffffffff2a027b7d323c0a200c0c0c0c0c0c0c0c0c0c0c",
    "0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c12100d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d1a067365616c6564",
);
const FILLED: &str = concat!(
    "08011111000000000000001912000000000000002af8010af501081512201616161616161616161616161616161616161616",
    "161616161616161616161616181320142a0f0a03504159120569737375651a013132036164613a1000000000000000000000",
    "0000000000084220090909090909090909090909090909090909090909090909090909090909090952100000000000000000",
    "000000000000000a610b000000000000006a660a1000000000000000000000000000000005120546696c6564180621070000",
    "00000000002a027b7d323c0a200c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c12100d0d0d",
    "0d0d0d0d0d0d0d0d0d0d0d0d0d1a067365616c6564",
);
const FOUND: &str =
    "0801111100000000000000191200000000000000321c0a100000000000000000000000000000001010081a04080110012001";
const ACTIVATE: &str = "08011111000000000000001912000000000000003a0408021001";
const SEAL: &str = "08011111000000000000001912000000000000004200";
const OPEN: &str = "08011111000000000000001912000000000000004a00";
const PASS: &str = "08011111000000000000001912000000000000005200";

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut hex, byte| {
        write!(hex, "{byte:02x}").unwrap();
        hex
    })
}

#[test]
fn entries_are_written_as_ever() {
    let mut others = String::new();
    for (what, body, golden) in entries() {
        let entry = StoredEntry { format: FORMAT, node: 17, number: 18, body: Some(body) };
        let bytes = entry.encode_to_vec();
        assert_eq!(StoredEntry::decode(&bytes[..]).unwrap(), entry, "{what}");
        if hex(&bytes) != golden {
            writeln!(others, "{what}: {}", hex(&bytes)).unwrap();
        }
    }
    assert!(others.is_empty(), "topics that are there can't be read any more:\n{others}");
}

#[test]
fn a_proposal_is_the_append_it_was_made_of() {
    let (append, texts) = StoredProposal::of(&an_append(), vec![Some(some_texts())]).into_append().unwrap();
    assert_eq!((append, texts), (an_append(), vec![Some(some_texts())]));
}

#[test]
fn what_is_malformed_is_named() {
    let good = StoredProposal::of(&an_append(), vec![None]);
    for (stored, named) in [
        (StoredProposal { request_id: vec![1; 15], ..good.clone() }, "a request id of 15 bytes"),
        (StoredProposal { fingerprint: Vec::new(), ..good.clone() }, "a fingerprint of 0 bytes"),
        (StoredProposal { causation_id: vec![1], ..good.clone() }, "a causation id of 1 bytes"),
        (StoredProposal { stream: None, ..good }, "no stream"),
    ] {
        let malformed = stored.into_append().unwrap_err().to_string();
        assert!(malformed.contains(named), "{malformed}");
    }
}
