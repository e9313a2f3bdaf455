//! Each record comes back from its line as it was; and what a line looks like.

use std::sync::Arc;

use event_log::leaf::{facts_hash, texts_hash};
use event_log::{Body, Header as RecordHeader, Identity, Metadata, Record, Recorded, StreamId, Texts, Versions};
use proptest::option::of;
use proptest::prelude::*;
use uuid::Uuid;

use super::{After, End, Hash, Header, read, write, write_record};

fn recorded(texts: Option<(&[u8], &[u8])>, facts: &[u8]) -> Recorded {
    let texts = texts.map(|(salt, json)| Texts { salt: salt.to_vec(), json: json.to_vec() });
    let hash = texts.as_ref().map_or([9; 32], |texts| texts_hash(&texts.salt, &texts.json));
    let header = RecordHeader {
        stream: StreamId { project: "PAY".into(), kind: "issue".into(), id: "a1".into() },
        ordinal: 42,
        revision: 2,
        event_id: Uuid::from_u128(1),
        event_type: "IssueTriaged".into(),
        schema_version: 1,
        metadata: Metadata {
            actor: "ada".into(),
            request_id: Uuid::from_u128(2),
            fingerprint: [3; 32],
            correlation_id: None,
            causation_id: Some(Uuid::from_u128(4)),
            traceparent: None,
            occurred_at: -1,
            recorded_at: 1_700_000_000_000_000,
        },
    };
    let body = Body { facts: facts.to_vec(), facts_hash: facts_hash(facts), texts, texts_hash: hash };
    with_leaf(3, 7, Record { header, body })
}

fn with_leaf(partition: u32, position: u64, record: Record) -> Recorded {
    Recorded { partition, position, leaf: record.leaf(), record }
}

fn line(recorded: &Recorded) -> String {
    let mut line = Vec::new();
    write_record(recorded, &mut line);
    String::from_utf8(line).unwrap()
}

#[track_caller]
fn comes_back(recorded: &Recorded) {
    match read(line(recorded).trim_end().as_bytes()).unwrap() {
        After::Record(read) => assert_eq!(*read, *recorded),
        After::End(end) => panic!("{end:?}"),
    }
}

#[test]
fn a_line_looks_like_this() {
    let texts = "{\"title\":\"Größe\"}".as_bytes();
    let expected = concat!(
        r#"{"partition":3,"position":7,"leaf":"LEAF","project":"PAY","kind":"issue","id":"a1","ordinal":42,"revision":2,"#,
        r#""event_id":"00000000-0000-0000-0000-000000000001","event_type":"IssueTriaged","schema_version":1,"actor":"ada","#,
        r#""request_id":"00000000-0000-0000-0000-000000000002","#,
        r#""fingerprint":"0303030303030303030303030303030303030303030303030303030303030303","#,
        r#""causation_id":"00000000-0000-0000-0000-000000000004","occurred_at":-1,"recorded_at":1700000000000000,"#,
        r#""facts":"{\"level\":3}","salt":"0707","texts":"{\"title\":\"Größe\"}"}"#,
        "\n"
    );
    let recorded = recorded(Some((&[7, 7], texts)), br#"{"level":3}"#);
    assert_eq!(line(&recorded), expected.replace("LEAF", &hex::encode(recorded.leaf)));
}

#[test]
fn no_texts_erased_texts_and_odd_bytes_are_told_apart() {
    let odd: &[u8] = &[0xff, 0, b'"'];
    let none = recorded(Some((b"", b"")), b"{}");
    let erased = recorded(None, b"{}");
    let salted = recorded(Some((&[7; 32], odd)), odd);
    let lines = [&none, &erased, &salted].map(line);
    assert!(!lines[0].contains("texts") && !lines[0].contains("salt"), "{}", lines[0]);
    assert!(lines[1].contains(&format!(r#""texts_erased":"{}""#, "09".repeat(32))), "{}", lines[1]);
    assert!(lines[2].contains(r#""facts_base64":"/wAi","salt":"#), "{}", lines[2]);
    assert!(lines[2].contains(r#""texts_base64":"/wAi"}"#), "{}", lines[2]);
    [none, erased, salted].iter().for_each(comes_back);
}

#[test]
fn a_changed_line_is_not_what_its_leaf_says() {
    let line = line(&recorded(None, b"{}")).replace("\"ada\"", "\"eve\"");
    assert_eq!(read(line.as_bytes()).unwrap_err(), "partition 3 position 7 is not what its leaf says");
}

#[test]
fn headers_of_others_are_refused_by_name() {
    let mut written = Vec::new();
    let header = Header::new(Identity::new(Uuid::from_u128(5), 8), Versions { rule: 2, record: 1 }, 77);
    write(&header, &mut written);
    assert_eq!(Header::read(&written), Ok(header));
    let text = String::from_utf8(written).unwrap();
    let newer = Header::read(text.replace("\"version\":1", "\"version\":9").as_bytes()).unwrap_err();
    assert_eq!(newer, "upgrade needed: the file's format is 9, and this version knows up to 1");
    let other = Header::read(text.replace("snaglog-log", "other").as_bytes()).unwrap_err();
    assert_eq!(other, "this is no export of a log: its format is \"other\"");
    assert!(Header::read(b"PK").unwrap_err().starts_with("this is no export of a log"));
}

#[test]
fn an_end_is_an_end() {
    let mut written = Vec::new();
    write(&End { end: true, heads: vec![3, 0], digest: Hash([1; 32]) }, &mut written);
    let text = String::from_utf8(written).unwrap();
    assert_eq!(text, format!("{{\"end\":true,\"heads\":[3,0],\"digest\":\"{}\"}}\n", "01".repeat(32)));
    let After::End(end) = read(text.trim_end().as_bytes()).unwrap() else { panic!("{text}") };
    assert_eq!((end.heads, end.digest), (vec![3, 0], Hash([1; 32])));
}

prop_compose! {
    fn texts()(salt in prop::collection::vec(any::<u8>(), 0..40), json in prop::collection::vec(any::<u8>(), 0..40)) -> Texts {
        Texts { salt, json }
    }
}

proptest! {
    #[test]
    fn whatever_a_record_holds_comes_back(
        (project, kind, id, actor) in ("\\PC{1,8}", "\\PC{1,8}", "\\PC{1,8}", "\\PC{1,8}"),
        (partition, position, ordinal, revision) in any::<(u32, u64, u64, u64)>(),
        (event, request, fingerprint) in any::<(u128, u128, [u8; 32])>(),
        (correlation, causation) in (of(any::<u128>()), of(any::<u128>())),
        (traceparent, schema_version) in (of("[a-z]{1,9}"), any::<u16>()),
        (occurred_at, recorded_at) in any::<(i64, i64)>(),
        facts in prop::collection::vec(any::<u8>(), 0..60),
        texts in of(texts()),
        erased in any::<[u8; 32]>(),
    ) {
        let texts_hash = texts.as_ref().map_or(erased, |texts| texts_hash(&texts.salt, &texts.json));
        let metadata = Metadata {
            actor: actor.into(),
            request_id: Uuid::from_u128(request),
            fingerprint,
            correlation_id: correlation.map(Uuid::from_u128),
            causation_id: causation.map(Uuid::from_u128),
            traceparent: traceparent.map(Arc::from),
            occurred_at,
            recorded_at,
        };
        let header = RecordHeader {
            stream: StreamId { project: project.into(), kind: kind.into(), id: id.into() },
            ordinal,
            revision,
            event_id: Uuid::from_u128(event),
            event_type: "Δ\"\\".into(),
            schema_version,
            metadata,
        };
        let body = Body { facts_hash: facts_hash(&facts), facts, texts, texts_hash };
        comes_back(&with_leaf(partition, position, Record { header, body }));
    }
}
