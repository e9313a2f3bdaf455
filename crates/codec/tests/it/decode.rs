//! What can't be decoded, and how that is said.

use codec::{DecodeError, StoredEvent, Unknown};
use domain::StreamKind;
use domain::issue::IssueEvent;
use domain::team::TeamEvent;
use event_log::Recorded;

use crate::golden::stored;
use crate::records::{chain, record};

fn given(golden: &str, change: impl FnOnce(&mut Recorded)) -> Recorded {
    let mut recorded = record(StreamKind::Issue, &stored(golden));
    change(&mut recorded);
    recorded
}

#[track_caller]
fn fails(recorded: &Recorded, message: &str) {
    let error = codec::decode(recorded).unwrap_err();
    assert!(!error.is_upgrade_needed());
    assert_eq!(chain(&error), message);
}

#[track_caller]
fn needs_upgrade(recorded: &Recorded, because: Unknown) {
    match codec::decode(recorded).unwrap_err() {
        DecodeError::UpgradeNeeded { place, source } => {
            assert_eq!(source, because);
            assert_eq!((place.position, place.revision), (recorded.position, recorded.record.header.revision));
        }
        DecodeError::Malformed { .. } => panic!("not an upgrade"),
    }
}

/// Facts of another shape than their type's.
fn facts(golden: &str, facts: &str) -> Recorded {
    given(golden, |recorded| recorded.record.body.facts = facts.into())
}

/// Texts of another shape than their type's.
fn texts(golden: &str, json: &str) -> Recorded {
    given(golden, |recorded| {
        recorded.record.body.texts.as_mut().unwrap().json = json.into();
    })
}

#[test]
fn what_a_newer_build_wrote_needs_an_upgrade() {
    let version = |version| {
        given("IssueAccepted.v2", |recorded| {
            recorded.record.header.schema_version = version;
        })
    };
    needs_upgrade(&version(3), Unknown::SchemaVersion { current: 2 });
    needs_upgrade(&version(0), Unknown::SchemaVersion { current: 2 });
    needs_upgrade(
        &given("IssueAccepted.v2", |recorded| {
            recorded.record.header.event_type = "IssueForgiven".into();
        }),
        Unknown::EventType,
    );
    needs_upgrade(
        &given("IssueAccepted.v2", |recorded| {
            recorded.record.header.stream.kind = "story".into();
        }),
        Unknown::StreamKind,
    );
    // Known, but not of teams: a newer build may have put it there.
    needs_upgrade(
        &given("IssueAccepted.v2", |recorded| {
            recorded.record.header.stream.kind = "team".into();
        }),
        Unknown::EventType,
    );
}

#[test]
fn an_upgrade_is_asked_for_by_name() {
    let newer = given("IssueAccepted.v2", |recorded| recorded.record.header.schema_version = 3);
    assert_eq!(
        chain(&codec::decode(&newer).unwrap_err()),
        "upgrade needed for IssueAccepted v3 at position 41 of partition 2 (issue/PAY/the-stream, revision 3): \
         this build reads versions 1 to 2 of this event"
    );
}

#[test]
fn what_no_build_writes_is_named() {
    const ACCEPTED: &str = "decode IssueAccepted v2 at position 41 of partition 2 (issue/PAY/the-stream, revision 3)";
    const TRIAGED: &str = "decode IssueTriaged v1 at position 41 of partition 2 (issue/PAY/the-stream, revision 3)";
    fails(
        &facts("IssueAccepted.v2", r#"{"data":{"assignee":"not_known","report_owed":true,"mood":1}}"#),
        &format!(
            "{ACCEPTED}: the facts are not of its shape: unknown field `mood`, expected `assignee` or `report_owed` \
             at line 1 column 57"
        ),
    );
    fails(
        &facts("IssueAccepted.v2", r#"{"data":{"assignee":{"known":"a b"},"report_owed":true}}"#),
        &format!("{ACCEPTED}: assignee: may not contain ' '; letters, digits and . _ - : + @ / # are allowed"),
    );
    fails(
        &facts("IssueTriaged.v1", r#"{"data":{"level":{"known":4},"severity":"not_known","team":"not_known"}}"#),
        &format!("{TRIAGED}: level can't be 4"),
    );
    fails(
        &given("IssueAccepted.v2", |recorded| {
            recorded.record.header.metadata.occurred_at = i64::MAX;
        }),
        &format!("{ACCEPTED}: occurred_at can't be 9223372036854775807"),
    );
    fails(
        &given("IssueAccepted.v2", |recorded| {
            recorded.record.header.metadata.actor = "".into();
        }),
        &format!("{ACCEPTED}: actor: must not be blank"),
    );
    fails(
        &given("IssueAccepted.v2", |recorded| {
            recorded.record.header.stream.project = "P".into();
        }),
        "decode IssueAccepted v2 at position 41 of partition 2 (issue/P/the-stream, revision 3): the stream's project: \
         must be 2 to 10 letters and digits, a letter first, such as PAY",
    );
}

#[test]
fn an_error_repeats_no_text() {
    const COMMENT: &str = "decode IssueCommented v1 at position 41 of partition 2 (issue/PAY/the-stream, revision 3)";
    fails(
        &texts("IssueCommented.v1", r#"{"text":"fine","secret":"hunter2"}"#),
        &format!("{COMMENT}: the texts are not of its shape: Data error at column 23"),
    );
    fails(
        &texts("IssueCommented.v1", r#""hunter2""#),
        &format!("{COMMENT}: the texts are not of its shape: Data error at column 9"),
    );
    // Present, but not erased: the text is missing.
    fails(
        &texts("IssueCommented.v1", ""),
        &format!("{COMMENT}: the texts are not of its shape: Data error at column 2"),
    );
}

#[test]
fn a_schemes_texts_belong_to_its_severities() {
    let mut recorded = record(StreamKind::Project, &stored("SeveritySchemeChanged.v1"));
    recorded.record.body.texts.as_mut().unwrap().json = br#"{"severities":[{"name":"a","definition":"b"}]}"#.into();
    fails(
        &recorded,
        "decode SeveritySchemeChanged v1 at position 41 of partition 2 (project/PAY/the-stream, revision 3): \
         severities has 3 entries in the facts, 1 in the texts",
    );
}

#[test]
fn an_event_is_asked_for_as_what_it_is() {
    let accepted = given("IssueAccepted.v2", |_| {});
    assert_eq!(IssueEvent::decode(&accepted).unwrap().map(Into::into), codec::decode(&accepted).unwrap());
    assert_eq!(
        chain(&TeamEvent::decode(&accepted).unwrap_err()),
        "decode IssueAccepted v2 at position 41 of partition 2 (issue/PAY/the-stream, revision 3): \
         not an event of a team stream"
    );
}

#[test]
fn a_record_keeps_its_place_its_times_and_its_actor() {
    let recorded = codec::decode(&given("IssueAccepted.v2", |_| {})).unwrap();
    assert_eq!(recorded.stream.to_string(), "issue/PAY/the-stream");
    assert_eq!(recorded.key().to_string(), "PAY-3");
    assert_eq!((recorded.ordinal, recorded.revision, recorded.position), (3, 3, 41));
    assert_eq!(recorded.actor.as_str(), "ada");
    assert_eq!(recorded.occurred_at.to_string(), "2025-10-09T08:53:20.123456Z");
    assert_eq!(recorded.recorded_at.to_string(), "2025-10-09T08:54:20.123456Z");
    assert_eq!(codec::stream_id(&recorded.stream), given("IssueAccepted.v2", |_| {}).record.header.stream);
}
