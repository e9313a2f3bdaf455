//! What was ever written stays as it was written, and can be read.
//!
//! `SNAGLOG_GOLDEN=write` writes the golden files that are missing. None is ever overwritten: what is in them is in logs.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use codec::Encoded;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::examples::{self, Example};
use crate::records::{chain, kind, record};

/// Facts and texts byte for byte; no texts where there are none.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Golden {
    facts: Box<RawValue>,
    texts: Option<Box<RawValue>>,
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("golden")
}

fn path(golden: &str) -> PathBuf {
    folder().join(format!("{golden}.json"))
}

/// What the golden file says was stored.
#[track_caller]
pub(crate) fn stored(golden: &str) -> Encoded {
    let json = fs::read_to_string(path(golden))
        .unwrap_or_else(|error| panic!("{golden}: {error}; SNAGLOG_GOLDEN=write writes missing golden files"));
    let file: Golden = serde_json::from_str(&json).unwrap_or_else(|error| panic!("{golden}: {error}"));
    let (event_type, version) = type_and_version(golden);
    Encoded {
        event_type: event_type.into(),
        schema_version: version,
        facts: file.facts.get().as_bytes().to_vec(),
        texts: file.texts.map_or_else(Vec::new, |texts| texts.get().as_bytes().to_vec()),
    }
}

/// `IssueFiled.v1.phone` is IssueFiled in version 1.
fn type_and_version(golden: &str) -> (&str, u16) {
    let mut parts = golden.split('.');
    let event_type = parts.next().unwrap();
    let version = parts.next().and_then(|version| version.strip_prefix('v')).unwrap();
    (event_type, version.parse().unwrap())
}

fn write_missing(golden: &str, encoded: &Encoded) {
    if std::env::var_os("SNAGLOG_GOLDEN").is_none_or(|mode| mode != "write") {
        return;
    }
    let facts = str::from_utf8(&encoded.facts).unwrap();
    let texts = str::from_utf8(&encoded.texts).unwrap();
    let texts = if texts.is_empty() { "null" } else { texts };
    let json = format!("{{\n\"facts\": {facts},\n\"texts\": {texts}\n}}\n");
    match fs::File::create_new(path(golden)) {
        Ok(mut file) => std::io::Write::write_all(&mut file, json.as_bytes()).unwrap(),
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
        Err(error) => panic!("{golden}: {error}"),
    }
}

#[test]
fn what_is_written_today_is_the_golden_file_byte_for_byte() {
    for Example { golden, event, origin } in examples::current() {
        let encoded = codec::encode(&event, origin.as_ref());
        write_missing(golden, &encoded);
        let stored = stored(golden);
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        assert_eq!(text(&encoded.facts), text(&stored.facts), "{golden}: facts");
        assert_eq!(text(&encoded.texts), text(&stored.texts), "{golden}: texts");
        assert_eq!(encoded, stored, "{golden}");
    }
}

#[test]
fn every_golden_file_reads_as_its_example() {
    for Example { golden, event, origin } in examples::current().into_iter().chain(examples::old()) {
        let read = codec::decode(&record(kind(&event), &stored(golden)))
            .unwrap_or_else(|error| panic!("{golden}: {}", chain(&error)));
        assert_eq!((read.event, read.origin), (event, origin), "{golden}");
    }
}

#[test]
fn every_version_of_every_type_has_a_golden_file() {
    let shown: BTreeSet<_> = examples::current()
        .iter()
        .chain(&examples::old())
        .map(|example| {
            let (event_type, version) = type_and_version(example.golden);
            (event_type.to_owned(), version)
        })
        .collect();
    let known: BTreeSet<_> = codec::event_types()
        .flat_map(|(_, event_type, current)| (1..=current).map(move |version| (event_type.to_owned(), version)))
        .collect();
    assert_eq!(shown, known);
}

#[test]
fn every_golden_file_is_somebodys() {
    let named: BTreeSet<_> =
        examples::current().iter().chain(&examples::old()).map(|example| format!("{}.json", example.golden)).collect();
    let found: BTreeSet<_> =
        fs::read_dir(folder()).unwrap().map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
    assert_eq!(found, named);
}

#[test]
fn an_old_acceptance_owes_no_report() {
    let old = stored("IssueAccepted.v1");
    assert_eq!(old.facts, br#"{"data":{"assignee":{"known":"ada"}}}"#);
    let today = codec::decode(&record(domain::StreamKind::Issue, &old)).unwrap().event;
    let rewritten = codec::encode(&today, None);
    assert_eq!(rewritten.schema_version, 2);
    assert_eq!(rewritten.facts, br#"{"data":{"assignee":{"known":"ada"},"report_owed":false}}"#);
}
