//! The file's lines: a header, a record a line, and an end that tells a whole file from one that was cut off.
//!
//! `docs/log-format.md` tells the format. The same history gives the same bytes, whatever log it is read from.

use std::borrow::Cow;
use std::sync::Arc;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use event_log::leaf::{facts_hash, texts_hash};
use event_log::{Body, Header as RecordHeader, Identity, Metadata, Record, Recorded, StreamId, Texts, Versions};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// The format that is written here.
pub const VERSION: u32 = 1;

const FORMAT: &str = "snaglog-log";
/// How the last line begins; no record's does.
const END: &[u8] = b"{\"end\":";

/// The first line: which log it is, and what to expect.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Header {
    /// Always `snaglog-log`.
    pub format: String,
    /// The format's version.
    pub version: u32,
    /// The log's id.
    pub log_id: Uuid,
    /// Its partitions.
    pub partitions: u32,
    /// The admission rule's version in force.
    pub rule_version: u32,
    /// The records' version in force.
    pub record_version: u32,
    /// How many records follow.
    pub records: u64,
}

/// The last line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct End {
    /// Always true: marks the line.
    pub(crate) end: bool,
    /// The last position of each partition.
    pub(crate) heads: Vec<u64>,
    /// SHA-256 over all bytes before this line.
    pub(crate) digest: Hash,
}

/// 32 bytes, in JSON as 64 hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Hash(#[serde(with = "hex")] pub(crate) [u8; 32]);

/// A record. What is absent has no field.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line<'l> {
    partition: u32,
    position: u64,
    leaf: Hash,
    #[serde(borrow)]
    project: Cow<'l, str>,
    #[serde(borrow)]
    kind: Cow<'l, str>,
    #[serde(borrow)]
    id: Cow<'l, str>,
    ordinal: u64,
    revision: u64,
    event_id: Uuid,
    #[serde(borrow)]
    event_type: Cow<'l, str>,
    schema_version: u16,
    #[serde(borrow)]
    actor: Cow<'l, str>,
    request_id: Uuid,
    fingerprint: Hash,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    correlation_id: Option<Uuid>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    causation_id: Option<Uuid>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    traceparent: Option<Cow<'l, str>>,
    occurred_at: i64,
    recorded_at: i64,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    facts: Option<Cow<'l, str>>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    facts_base64: Option<Cow<'l, str>>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    salt: Option<Cow<'l, str>>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    texts: Option<Cow<'l, str>>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    texts_base64: Option<Cow<'l, str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    texts_erased: Option<Hash>,
}

/// A line after the first.
#[derive(Debug)]
pub(crate) enum After {
    /// A record.
    Record(Box<Recorded>),
    /// The end.
    End(End),
}

impl Header {
    /// The header of a log.
    pub(crate) fn new(identity: Identity, versions: Versions, records: u64) -> Self {
        Self {
            format: FORMAT.to_owned(),
            version: VERSION,
            log_id: identity.log_id,
            partitions: identity.partitions,
            rule_version: versions.rule,
            record_version: versions.record,
            records,
        }
    }

    /// Which log it is.
    pub fn identity(&self) -> Identity {
        Identity::new(self.log_id, self.partitions)
    }

    /// The versions in force in it.
    pub fn versions(&self) -> Versions {
        Versions { rule: self.rule_version, record: self.record_version }
    }

    /// Reads the first line.
    pub(crate) fn read(line: &[u8]) -> Result<Self, String> {
        let header: Self = serde_json::from_slice(line)
            .map_err(|error| format!("this is no export of a log: its first line is no header ({error})"))?;
        match (header.format.as_str(), header.version) {
            (FORMAT, VERSION) => Ok(header),
            (FORMAT, found) => {
                Err(format!("upgrade needed: the file's format is {found}, and this version knows up to {VERSION}"))
            }
            (found, _) => Err(format!("this is no export of a log: its format is {found:?}")),
        }
    }
}

/// Writes a line with its end.
pub(crate) fn write(line: &impl Serialize, into: &mut Vec<u8>) {
    #[expect(clippy::expect_used, reason = "these lines have no maps, and a vector takes all bytes")]
    serde_json::to_writer(&mut *into, line).expect("structs of numbers and strings are JSON, and memory is no disk");
    into.push(b'\n');
}

/// Writes a record as a line.
pub(crate) fn write_record(recorded: &Recorded, into: &mut Vec<u8>) {
    write(&Line::of(recorded), into);
}

/// Reads a line after the first, without its end.
pub(crate) fn read(line: &[u8]) -> Result<After, String> {
    if line.starts_with(END) {
        return serde_json::from_slice(line).map(After::End).map_err(|error| format!("this is no end: {error}"));
    }
    let line: Line<'_> = serde_json::from_slice(line).map_err(|error| format!("this is no record: {error}"))?;
    line.into_recorded().map(|recorded| After::Record(Box::new(recorded)))
}

impl<'l> Line<'l> {
    fn of(recorded: &'l Recorded) -> Self {
        let Record { header, body } = &recorded.record;
        let metadata = &header.metadata;
        let (facts, facts_base64) = text_or_base64(&body.facts);
        let texts = body.texts.as_ref();
        let (texts_text, texts_base64) =
            texts.filter(|texts| !texts.json.is_empty()).map_or((None, None), |texts| text_or_base64(&texts.json));
        let salt = texts.filter(|texts| !texts.salt.is_empty()).map(|texts| hex::encode(&texts.salt).into());
        Self {
            partition: recorded.partition,
            position: recorded.position,
            leaf: Hash(recorded.leaf),
            project: Cow::Borrowed(&header.stream.project),
            kind: Cow::Borrowed(&header.stream.kind),
            id: Cow::Borrowed(&header.stream.id),
            ordinal: header.ordinal,
            revision: header.revision,
            event_id: header.event_id,
            event_type: Cow::Borrowed(&header.event_type),
            schema_version: header.schema_version,
            actor: Cow::Borrowed(&metadata.actor),
            request_id: metadata.request_id,
            fingerprint: Hash(metadata.fingerprint),
            correlation_id: metadata.correlation_id,
            causation_id: metadata.causation_id,
            traceparent: metadata.traceparent.as_deref().map(Cow::Borrowed),
            occurred_at: metadata.occurred_at,
            recorded_at: metadata.recorded_at,
            facts,
            facts_base64,
            salt,
            texts: texts_text,
            texts_base64,
            texts_erased: texts.is_none().then_some(Hash(body.texts_hash)),
        }
    }

    fn into_recorded(self) -> Result<Recorded, String> {
        let facts = bytes("facts", self.facts, self.facts_base64)?.ok_or("this record has no facts")?;
        let salt = self.salt.map(|salt| hex::decode(&*salt).map_err(|error| format!("salt: {error}"))).transpose()?;
        let json = bytes("texts", self.texts, self.texts_base64)?;
        let (texts, hash) = match self.texts_erased {
            Some(Hash(hash)) if salt.is_none() && json.is_none() => (None, hash),
            Some(_) => return Err("texts that are erased are not there".to_owned()),
            None => {
                let texts = Texts { salt: salt.unwrap_or_default(), json: json.unwrap_or_default() };
                let hash = texts_hash(&texts.salt, &texts.json);
                (Some(texts), hash)
            }
        };
        let stream = StreamId { project: arc(&self.project), kind: arc(&self.kind), id: arc(&self.id) };
        let metadata = Metadata {
            actor: arc(&self.actor),
            request_id: self.request_id,
            fingerprint: self.fingerprint.0,
            correlation_id: self.correlation_id,
            causation_id: self.causation_id,
            traceparent: self.traceparent.as_deref().map(Arc::from),
            occurred_at: self.occurred_at,
            recorded_at: self.recorded_at,
        };
        let header = RecordHeader {
            stream,
            ordinal: self.ordinal,
            revision: self.revision,
            event_id: self.event_id,
            event_type: arc(&self.event_type),
            schema_version: self.schema_version,
            metadata,
        };
        let body = Body { facts_hash: facts_hash(&facts), facts, texts, texts_hash: hash };
        let record = Record { header, body };
        if record.leaf() != self.leaf.0 {
            return Err(format!("partition {} position {} is not what its leaf says", self.partition, self.position));
        }
        Ok(Recorded { partition: self.partition, position: self.position, leaf: self.leaf.0, record })
    }
}

fn arc(text: &str) -> Arc<str> {
    text.into()
}

/// Bytes as a JSON string where they are UTF-8, else as base64.
fn text_or_base64(bytes: &[u8]) -> (Option<Cow<'_, str>>, Option<Cow<'_, str>>) {
    match std::str::from_utf8(bytes) {
        Ok(text) => (Some(Cow::Borrowed(text)), None),
        Err(_) => (None, Some(Cow::Owned(BASE64_STANDARD.encode(bytes)))),
    }
}

fn bytes(name: &str, text: Option<Cow<'_, str>>, base64: Option<Cow<'_, str>>) -> Result<Option<Vec<u8>>, String> {
    match (text, base64) {
        (Some(_), Some(_)) => Err(format!("{name} are there twice")),
        (Some(text), None) => Ok(Some(text.into_owned().into_bytes())),
        (None, Some(text)) => {
            BASE64_STANDARD.decode(&*text).map(Some).map_err(|error| format!("{name}_base64: {error}"))
        }
        (None, None) => Ok(None),
    }
}

#[cfg(test)]
#[path = "format_tests.rs"]
mod tests;
