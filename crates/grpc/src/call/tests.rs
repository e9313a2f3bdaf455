use api::imports::v1::ImportFactRequest;
use api::issues::v1::{AcceptIssueRequest, CommentOnIssueRequest};

use super::*;

fn actor(name: &str) -> PersonId {
    PersonId::parse(name).unwrap()
}

fn comment() -> CommentOnIssueRequest {
    CommentOnIssueRequest { request_id: "7".into(), key: "PAY-1".into(), text: "Hm".into(), ..Default::default() }
}

/// As a call has it: without what names the request.
fn of<M: Mutation>(mut message: M, name: &str) -> [u8; 32] {
    message.envelope();
    fingerprint(&message, &actor(name))
}

#[test]
fn a_fingerprint_is_of_the_command_and_who_gives_it() {
    let same = CommentOnIssueRequest { request_id: "8".into(), expected_revision: Some(3), ..comment() };
    assert_eq!(of(comment(), "ada"), of(same, "ada"), "which request it is, and what it expects, is not the command");
    assert_ne!(of(comment(), "ada"), of(comment(), "ben"));
    let (seconds, nanos) = (7, 0);
    let late = CommentOnIssueRequest { occurred_at: Some(prost_types::Timestamp { seconds, nanos }), ..comment() };
    assert_ne!(of(comment(), "ada"), of(late, "ada"));
    let empty = |key: &str| AcceptIssueRequest { key: key.into(), ..Default::default() };
    assert_ne!(of(empty("PAY-1"), "ada"), of(empty("PAY-2"), "ada"));
    let imported = ImportFactRequest { actor: "p17".into(), ..Default::default() };
    assert_eq!(of(imported.clone(), "ada"), of(imported, "ben"), "whoever imports it");
}

#[test]
fn a_fingerprint_never_changes_as_it_is_stored_for_ever() {
    // Worked out in Python: SHA-256 over each part after its length as 8 bytes, big end first.
    let hex = "3df303b21fab565f65f7298375e8ee0bc52d8e3882bf59958e1093fefc0a79b0";
    let bytes = of(comment(), "ada");
    assert_eq!(bytes.map(|byte| format!("{byte:02x}")).concat(), hex);
}
