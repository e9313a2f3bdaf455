//! The leaf hash: what proofs commit to.
//!
//! ```text
//! leaf = SHA-256( 0x00 ‖ version ‖ field* ‖ SHA-256(facts) ‖ SHA-256(salt ‖ texts) )
//! ```
//!
//! `version` is one byte, the record version. Each field is its length in bytes (u32, big-endian) and then its bytes, in
//! this order: project, kind, id, ordinal, revision, event id, event type, schema version, actor, request id, fingerprint,
//! correlation id, causation id, traceparent, `occurred_at`, `recorded_at`. Texts are UTF-8, ids their 16 bytes, numbers
//! big-endian in their own width (u64, u16, i64); what is absent has length 0. Place (log, partition, position) is not in it.

use std::sync::LazyLock;

use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::record::{Body, Leaf, Record, StreamId};

/// The record version that this leaf is made for.
pub const RECORD_VERSION: u32 = 1;

const LEAF_PREFIX: u8 = 0x00;
const VERSION_BYTE: u8 = 1;
const _: () = assert!(VERSION_BYTE as u32 == RECORD_VERSION, "a leaf names the version it is made for");

static HASH_OF_NOTHING: LazyLock<[u8; 32]> = LazyLock::new(|| Sha256::digest([]).into());

/// What a leaf is made of, borrowed from wherever it is.
#[derive(Debug, Clone, Copy)]
pub struct LeafFields<'a> {
    /// The stream.
    pub stream: &'a StreamId,
    /// The stream's ordinal.
    pub ordinal: u64,
    /// The record's revision.
    pub revision: u64,
    /// The event's id.
    pub event_id: Uuid,
    /// The event's type.
    pub event_type: &'a str,
    /// Its schema version.
    pub schema_version: u16,
    /// Who acted.
    pub actor: &'a str,
    /// The request.
    pub request_id: Uuid,
    /// The request's fingerprint.
    pub fingerprint: &'a [u8; 32],
    /// The business transaction.
    pub correlation_id: Option<Uuid>,
    /// The event that caused it.
    pub causation_id: Option<Uuid>,
    /// The trace context; never `Some("")`.
    pub traceparent: Option<&'a str>,
    /// Microseconds since 1970.
    pub occurred_at: i64,
    /// Microseconds since 1970.
    pub recorded_at: i64,
    /// SHA-256 of the facts.
    pub facts_hash: &'a [u8; 32],
    /// SHA-256 of salt and texts.
    pub texts_hash: &'a [u8; 32],
}

impl LeafFields<'_> {
    /// The leaf. `scratch` is cleared and filled: hand in the same one again and nothing is allocated.
    pub fn leaf(&self, scratch: &mut Vec<u8>) -> Leaf {
        scratch.clear();
        scratch.extend_from_slice(&[LEAF_PREFIX, VERSION_BYTE]);
        field(scratch, self.stream.project.as_bytes());
        field(scratch, self.stream.kind.as_bytes());
        field(scratch, self.stream.id.as_bytes());
        field(scratch, &self.ordinal.to_be_bytes());
        field(scratch, &self.revision.to_be_bytes());
        field(scratch, self.event_id.as_bytes());
        field(scratch, self.event_type.as_bytes());
        field(scratch, &self.schema_version.to_be_bytes());
        field(scratch, self.actor.as_bytes());
        field(scratch, self.request_id.as_bytes());
        field(scratch, self.fingerprint);
        field(scratch, self.correlation_id.as_ref().map_or(&[], |id| id.as_bytes().as_slice()));
        field(scratch, self.causation_id.as_ref().map_or(&[], |id| id.as_bytes().as_slice()));
        field(scratch, self.traceparent.unwrap_or_default().as_bytes());
        field(scratch, &self.occurred_at.to_be_bytes());
        field(scratch, &self.recorded_at.to_be_bytes());
        scratch.extend_from_slice(self.facts_hash);
        scratch.extend_from_slice(self.texts_hash);
        Sha256::digest(&*scratch).into()
    }
}

impl Record {
    /// The leaf of this record, from its header and its two stored body hashes.
    pub fn leaf(&self) -> Leaf {
        self.leaf_in(&mut Vec::with_capacity(1024))
    }

    /// As [`Record::leaf`], with a buffer for many records: see [`LeafFields::leaf`].
    pub fn leaf_in(&self, scratch: &mut Vec<u8>) -> Leaf {
        let (header, metadata) = (&self.header, &self.header.metadata);
        let fields = LeafFields {
            stream: &header.stream,
            ordinal: header.ordinal,
            revision: header.revision,
            event_id: header.event_id,
            event_type: &header.event_type,
            schema_version: header.schema_version,
            actor: &metadata.actor,
            request_id: metadata.request_id,
            fingerprint: &metadata.fingerprint,
            correlation_id: metadata.correlation_id,
            causation_id: metadata.causation_id,
            traceparent: metadata.traceparent.as_deref(),
            occurred_at: metadata.occurred_at,
            recorded_at: metadata.recorded_at,
            facts_hash: &self.body.facts_hash,
            texts_hash: &self.body.texts_hash,
        };
        fields.leaf(scratch)
    }
}

impl Body {
    /// Whether both hashes are those of what the body says; erased texts can't be compared and pass.
    pub fn matches_its_hashes(&self) -> bool {
        facts_hash(&self.facts) == self.facts_hash
            && self.texts.as_ref().is_none_or(|texts| texts_hash(&texts.salt, &texts.json) == self.texts_hash)
    }
}

/// SHA-256 of the facts.
pub fn facts_hash(facts: &[u8]) -> [u8; 32] {
    Sha256::digest(facts).into()
}

/// SHA-256 of salt and texts; of nothing where the event has no texts.
pub fn texts_hash(salt: &[u8], texts: &[u8]) -> [u8; 32] {
    if salt.is_empty() && texts.is_empty() {
        return *HASH_OF_NOTHING;
    }
    Sha256::new().chain_update(salt).chain_update(texts).finalize().into()
}

/// The running hash after a record: SHA-256 over the running hash before it and its leaf. 32 zero bytes where a partition begins.
/// Two logs with the same one at a position have the same records up to there.
pub fn chained(before: &[u8; 32], leaf: &Leaf) -> [u8; 32] {
    Sha256::new().chain_update(before).chain_update(leaf).finalize().into()
}

fn field(scratch: &mut Vec<u8>, bytes: &[u8]) {
    // Admission bounds every field far below 4 GiB; were it not so, the saturated length still commits to a difference.
    let length = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
    scratch.extend_from_slice(&length.to_be_bytes());
    scratch.extend_from_slice(bytes);
}

#[cfg(test)]
mod tests {
    use super::{LeafFields, facts_hash, texts_hash};
    use crate::record::{Leaf, StreamId};
    use uuid::Uuid;

    fn hex(bytes: &[u8]) -> String {
        use std::fmt::Write;
        bytes.iter().fold(String::new(), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        })
    }

    fn leaf(change: impl FnOnce(&mut LeafFields<'_>)) -> Leaf {
        leaf_in(["PAY", "issue", "a1"], change)
    }

    fn leaf_in([project, kind, id]: [&str; 3], change: impl FnOnce(&mut LeafFields<'_>)) -> Leaf {
        let stream = StreamId { project: project.into(), kind: kind.into(), id: id.into() };
        let (facts, texts) = (facts_hash(br#"{"level":3}"#), texts_hash(&[7; 32], br#"{"title":"Gr\u00f6\u00dfe"}"#));
        let mut fields = LeafFields {
            stream: &stream,
            ordinal: 42,
            revision: 2,
            event_id: Uuid::from_u128(1),
            event_type: "IssueTriaged",
            schema_version: 1,
            actor: "ada",
            request_id: Uuid::from_u128(2),
            fingerprint: &[3; 32],
            correlation_id: None,
            causation_id: Some(Uuid::from_u128(4)),
            traceparent: None,
            occurred_at: -1,
            recorded_at: 1_700_000_000_000_000,
            facts_hash: &facts,
            texts_hash: &texts,
        };
        change(&mut fields);
        fields.leaf(&mut b"left over from before".to_vec())
    }

    #[test]
    fn vectors_made_elsewhere_agree() {
        assert_eq!(hex(&leaf(|_| ())), "ef55dac00ecd2ce084dea98ee7d9797b5215bae348df392facae029e730a53e5");
        let vector = leaf(|fields| {
            fields.correlation_id = Some(Uuid::from_u128(5));
            fields.causation_id = None;
            fields.traceparent = Some("00-abc");
        });
        assert_eq!(hex(&vector), "21d23e1c1d25bc43f24d76574c74ebb7f709e989a952a80971cb074da3ea92d3");
        assert_eq!(hex(&texts_hash(&[], &[])), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    }

    #[test]
    fn every_field_is_committed_to() {
        let changed = [
            leaf(|_| ()),
            leaf_in(["PA", "Yissue", "a1"], |_| ()),
            leaf(|fields| fields.ordinal += 1),
            leaf(|fields| fields.revision += 1),
            leaf(|fields| fields.event_id = Uuid::from_u128(9)),
            leaf(|fields| fields.event_type = "IssueTriagee"),
            leaf(|fields| fields.schema_version += 1),
            leaf(|fields| fields.actor = "adb"),
            leaf(|fields| fields.request_id = Uuid::from_u128(9)),
            leaf(|fields| fields.fingerprint = &[4; 32]),
            leaf(|fields| fields.correlation_id = Some(Uuid::from_u128(9))),
            leaf(|fields| fields.causation_id = None),
            leaf(|fields| fields.traceparent = Some("x")),
            leaf(|fields| fields.occurred_at += 1),
            leaf(|fields| fields.recorded_at += 1),
            leaf(|fields| fields.facts_hash = &[0; 32]),
            leaf(|fields| fields.texts_hash = &[0; 32]),
            // An absent id is not the next field's beginning.
            leaf(|fields| (fields.correlation_id, fields.causation_id) = (fields.causation_id, None)),
        ];
        for (n, leaf) in changed.iter().enumerate() {
            assert!(!changed[..n].contains(leaf), "change {n} left the leaf as it was, or made another's");
        }
    }
}
