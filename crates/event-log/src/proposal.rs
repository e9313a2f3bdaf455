//! A proposal: an append that keeps the bounds, with what can be worked out before its turn.

use crate::append::{Append, AppendError, NewEvent};
use crate::leaf::{facts_hash, texts_hash};
use crate::log::PartitionId;
use crate::partition::partition_of;
use crate::record::{Record, StreamId};

/// Most bytes of one event's facts and texts together: 1 MiB.
pub const PAYLOAD_BYTES_MAX: usize = 1024 * 1024;
/// Most events of one append.
pub const APPEND_EVENTS_MAX: usize = 64;
/// Most bytes of one append, as [`Proposal::encoded_bytes`] counts them: 2 MiB.
pub const APPEND_BYTES_MAX: usize = 2 * 1024 * 1024;
/// Most streams that an append relies on beside its own.
pub const UNCHANGED_MAX: usize = 4;
/// Most bytes of a project, a kind and an event type.
pub const NAME_BYTES_MAX: usize = 64;
/// Most bytes of a stream's id, an actor and a trace context.
pub const ID_BYTES_MAX: usize = 128;
/// Bytes of a salt, where there are texts.
pub const SALT_BYTES: usize = 32;

/// What each event counts beside its texts: ids, numbers, hashes and lengths, rounded up.
const EVENT_OVERHEAD_BYTES: usize = 256;
const _: () = assert!(
    PAYLOAD_BYTES_MAX + EVENT_OVERHEAD_BYTES + 1024 < APPEND_BYTES_MAX,
    "one event of any size can be appended"
);

/// An append within the bounds, hashed: made by the caller, before it takes the one writer's time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proposal {
    append: Append,
    partition: PartitionId,
    bodies: Vec<BodyHashes>,
    encoded_bytes: usize,
}

/// The two hashes of an event's body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BodyHashes {
    /// SHA-256 of the facts.
    pub facts: [u8; 32],
    /// SHA-256 of salt and texts.
    pub texts: [u8; 32],
}

impl Proposal {
    /// Checks every bound that does not depend on what the log holds.
    ///
    /// Fails with [`AppendError::Invalid`], naming the first bound broken.
    pub fn check(append: Append, partitions: u32) -> Result<Self, AppendError> {
        let partition = partition_of(&append.stream.project, partitions);
        let encoded_bytes =
            check_bounds(&append, partition, partitions).map_err(|reason| AppendError::Invalid { reason })?;
        let bodies = append
            .events
            .iter()
            .map(|event| BodyHashes { facts: facts_hash(&event.facts), texts: texts_hash(&event.salt, &event.texts) })
            .collect();
        Ok(Self { append, partition, bodies, encoded_bytes })
    }

    /// As [`Proposal::check`], of an append that was kept elsewhere, and of whose texts some were erased there meanwhile: these
    /// are empty, and `erased` has what was their hash; `None` for the others.
    pub fn check_erased(append: Append, partitions: u32, erased: &[Option<[u8; 32]>]) -> Result<Self, AppendError> {
        let mut proposal = Self::check(append, partitions)?;
        for (body, erased) in proposal.bodies.iter_mut().zip(erased) {
            body.texts = erased.unwrap_or(body.texts);
        }
        Ok(proposal)
    }

    /// What was proposed.
    pub fn append(&self) -> &Append {
        &self.append
    }

    /// The partition it goes to.
    pub fn partition(&self) -> PartitionId {
        self.partition
    }

    /// Its events with the hashes of their bodies, in order.
    pub fn events(&self) -> impl ExactSizeIterator<Item = (&NewEvent, &BodyHashes)> {
        self.append.events.iter().zip(&self.bodies)
    }

    /// Its size in bytes: for each event payload, salt, the header's texts, and 256 for all that has a fixed size.
    pub fn encoded_bytes(&self) -> usize {
        self.encoded_bytes
    }

    pub(crate) fn into_parts(self) -> (Append, Vec<BodyHashes>) {
        (self.append, self.bodies)
    }
}

impl BodyHashes {
    /// False: the event's texts were erased, and only their hash is left.
    pub(crate) fn are_of(&self, event: &NewEvent) -> bool {
        !event.texts.is_empty() || self.texts == texts_hash(&[], &[])
    }
}

/// The encoded size, or which bound is broken.
fn check_bounds(append: &Append, partition: PartitionId, partitions: u32) -> Result<usize, String> {
    check_stream(&append.stream)?;
    check_text("actor", &append.actor, ID_BYTES_MAX)?;
    if let Some(traceparent) = &append.traceparent {
        check_text("traceparent", traceparent, ID_BYTES_MAX)?;
    }
    if append.events.is_empty() || append.events.len() > APPEND_EVENTS_MAX {
        return Err(format!("an append has 1 to {APPEND_EVENTS_MAX} events, not {}", append.events.len()));
    }
    if append.unchanged.len() > UNCHANGED_MAX {
        return Err(format!("an append relies on at most {UNCHANGED_MAX} streams, not {}", append.unchanged.len()));
    }
    for guard in &append.unchanged {
        check_stream(&guard.stream)?;
        let same_project = guard.stream.project == append.stream.project;
        if !same_project && partition_of(&guard.stream.project, partitions) != partition {
            let name = crate::StreamName(&guard.stream);
            return Err(format!(
                "{name} is in another partition than {}: nothing guards it",
                crate::StreamName(&append.stream)
            ));
        }
    }
    let header = append.stream.project.len()
        + append.stream.kind.len()
        + append.stream.id.len()
        + append.actor.len()
        + append.traceparent.as_ref().map_or(0, |text| text.len())
        + EVENT_OVERHEAD_BYTES;
    let mut bytes = 0;
    for (n, event) in append.events.iter().enumerate() {
        check_event(event).map_err(|reason| format!("event {}: {reason}", n + 1))?;
        bytes += header + event.event_type.len() + event.facts.len() + event.texts.len() + event.salt.len();
    }
    if bytes > APPEND_BYTES_MAX {
        return Err(format!("an append has at most {APPEND_BYTES_MAX} bytes, not {bytes}"));
    }
    Ok(bytes)
}

/// Which bound a record breaks that another log has admitted.
pub(crate) fn check_record(record: &Record) -> Result<(), String> {
    let (header, body) = (&record.header, &record.body);
    check_stream(&header.stream)?;
    check_text("actor", &header.metadata.actor, ID_BYTES_MAX)?;
    if let Some(traceparent) = &header.metadata.traceparent {
        check_text("traceparent", traceparent, ID_BYTES_MAX)?;
    }
    let (texts, salt) = body.texts.as_ref().map_or((0, 0), |texts| (texts.json.len(), texts.salt.len()));
    check_parts(&header.event_type, header.schema_version, body.facts.len(), texts, salt)
}

fn check_stream(stream: &StreamId) -> Result<(), String> {
    check_text("project", &stream.project, NAME_BYTES_MAX)?;
    check_text("kind", &stream.kind, NAME_BYTES_MAX)?;
    check_text("stream id", &stream.id, ID_BYTES_MAX)
}

fn check_event(event: &NewEvent) -> Result<(), String> {
    let (facts, texts) = (event.facts.len(), event.texts.len());
    check_parts(&event.event_type, event.schema_version, facts, texts, event.salt.len())
}

/// The bounds of one event; facts, texts and salt in bytes.
fn check_parts(event_type: &str, schema_version: u16, facts: usize, texts: usize, salt: usize) -> Result<(), String> {
    check_text("event type", event_type, NAME_BYTES_MAX)?;
    if schema_version == 0 {
        return Err("schema versions start at 1".to_owned());
    }
    let payload = facts.saturating_add(texts);
    if payload > PAYLOAD_BYTES_MAX {
        return Err(format!("facts and texts have at most {PAYLOAD_BYTES_MAX} bytes together, not {payload}"));
    }
    let salt_bytes = if texts == 0 { 0 } else { SALT_BYTES };
    if salt != salt_bytes {
        return Err(format!("{texts} bytes of texts take a salt of {salt_bytes} bytes, not {salt}"));
    }
    Ok(())
}

fn check_text(name: &str, text: &str, bytes_max: usize) -> Result<(), String> {
    if text.is_empty() || text.len() > bytes_max {
        return Err(format!("{name} has 1 to {bytes_max} bytes, not {}", text.len()));
    }
    // Some stores can't hold U+0000, and no name needs any of the others.
    if text.bytes().any(|byte| byte.is_ascii_control()) {
        return Err(format!("{name} has a control character"));
    }
    Ok(())
}

#[cfg(test)]
#[path = "proposal_tests.rs"]
mod tests;
