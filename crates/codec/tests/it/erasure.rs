//! What is left of an event when its texts were erased.

use domain::issue::{IssueEvent, Report};
use domain::{Event, StreamKind};

use crate::examples::{self, Example};
use crate::golden::stored;
use crate::records::{chain, kind, record};

fn erased(kind: StreamKind, encoded: &codec::Encoded) -> Event {
    let mut record = record(kind, encoded);
    record.record.body.texts = None;
    codec::decode(&record).unwrap_or_else(|error| panic!("{}", chain(&error))).event
}

#[test]
fn facts_outlive_texts() {
    for Example { golden, event, origin } in examples::current() {
        let encoded = stored(golden);
        let left = codec::encode(&erased(kind(&event), &encoded), origin.as_ref());
        // Facts name the optional texts, so this says too that erased ones are where they were, and only there.
        assert_eq!(left.facts, encoded.facts, "{golden}");
        assert_eq!(left.texts.is_empty(), encoded.texts.is_empty(), "{golden}");
    }
}

#[test]
fn facts_alone_are_recalled_as_an_erased_event() {
    for Example { golden, event, origin } in examples::current() {
        let encoded = stored(golden);
        let recalled = codec::recall(kind(&event), &encoded.event_type, encoded.schema_version, &encoded.facts);
        assert_eq!(recalled.unwrap(), (erased(kind(&event), &encoded), origin), "{golden}");
    }
    let unknown = codec::recall(StreamKind::Issue, "IssueSung", 1, b"{}");
    assert!(matches!(unknown, Err(codec::RecallError::Unknown(codec::Unknown::EventType))), "{unknown:?}");
    let newer = codec::recall(StreamKind::Issue, "IssueCommented", 999, b"{}");
    assert!(matches!(newer, Err(codec::RecallError::Unknown(codec::Unknown::SchemaVersion { .. }))), "{newer:?}");
    let damaged = codec::recall(StreamKind::Issue, "IssueCommented", 1, b"{}");
    assert!(matches!(damaged, Err(codec::RecallError::Fault(_))), "{damaged:?}");
}

#[test]
fn nothing_of_a_text_is_left() {
    for Example { golden, event, origin } in examples::current() {
        let encoded = stored(golden);
        let left = codec::encode(&erased(kind(&event), &encoded), origin.as_ref()).texts;
        if !left.is_empty() {
            let texts: serde_json::Value = serde_json::from_slice(&left).unwrap();
            assert_all_erased(golden, &texts);
        }
    }
}

#[track_caller]
fn assert_all_erased(golden: &str, value: &serde_json::Value) {
    match value {
        serde_json::Value::String(text) => assert_eq!(text, codec::ERASED, "{golden}"),
        serde_json::Value::Array(list) => list.iter().for_each(|value| assert_all_erased(golden, value)),
        serde_json::Value::Object(map) => map.values().for_each(|value| assert_all_erased(golden, value)),
        other => panic!("{golden}: {other} among the texts"),
    }
}

#[test]
fn a_report_is_as_complete_as_it_was() {
    let report = |golden| match erased(StreamKind::Issue, &stored(golden)) {
        Event::Issue(IssueEvent::IssueFiled { report, .. }) => report,
        other => panic!("{other:?}"),
    };
    assert!(report("IssueFiled.v1").is_complete());
    let Report { steps, actual, .. } = report("IssueFiled.v1.phone");
    assert!(steps.is_some() && actual.is_none());
}

#[test]
fn facts_hold_nothing_of_the_texts() {
    fn texts_in(value: &serde_json::Value, found: &mut Vec<String>) {
        match value {
            serde_json::Value::String(text) => found.push(text.clone()),
            serde_json::Value::Array(list) => list.iter().for_each(|value| texts_in(value, found)),
            serde_json::Value::Object(map) => map.values().for_each(|value| texts_in(value, found)),
            _ => {}
        }
    }
    for Example { golden, .. } in examples::current() {
        let encoded = stored(golden);
        if encoded.texts.is_empty() {
            continue;
        }
        let mut texts = Vec::new();
        texts_in(&serde_json::from_slice(&encoded.texts).unwrap(), &mut texts);
        let facts = String::from_utf8(encoded.facts).unwrap();
        for text in texts {
            assert!(!facts.contains(&text), "{golden}: {text}");
        }
    }
}
