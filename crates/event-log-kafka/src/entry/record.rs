//! Records of another log, as they are stored.

use event_log::{Body, Header, Metadata, Record, Recorded, StreamId, Texts};
use uuid::Uuid;

use super::{
    Malformed, StoredEvent, StoredRecord, StoredStream, StoredTexts, hash, id, into_optional_id, optional_id,
    schema_version, stream,
};

impl StoredRecord {
    /// The record with its texts as they are sealed; `None`: it never had any.
    pub(crate) fn of(recorded: &Recorded, texts: Option<StoredTexts>) -> Self {
        let (header, body) = (&recorded.record.header, &recorded.record.body);
        let metadata = &header.metadata;
        Self {
            position: recorded.position,
            leaf: recorded.leaf.to_vec(),
            ordinal: header.ordinal,
            revision: header.revision,
            stream: Some(StoredStream::of(&header.stream)),
            actor: (*metadata.actor).to_owned(),
            request_id: metadata.request_id.as_bytes().to_vec(),
            fingerprint: metadata.fingerprint.to_vec(),
            correlation_id: optional_id(metadata.correlation_id),
            causation_id: optional_id(metadata.causation_id),
            traceparent: metadata.traceparent.as_deref().map(str::to_owned),
            recorded_at: metadata.recorded_at,
            event: Some(StoredEvent {
                event_id: header.event_id.as_bytes().to_vec(),
                event_type: (*header.event_type).to_owned(),
                schema_version: header.schema_version.into(),
                occurred_at: metadata.occurred_at,
                facts: body.facts.clone(),
                texts,
            }),
        }
    }

    /// The record of this partition, with the texts that `open` makes of what is sealed.
    pub(crate) fn into_recorded<E: From<Malformed>>(
        self,
        partition: u32,
        open: impl FnOnce(&StreamId, Uuid, &StoredTexts) -> Result<Option<Texts>, E>,
    ) -> Result<Recorded, E> {
        let event = self.event.ok_or_else(|| Malformed("a record without an event".to_owned()))?;
        let (stream, event_id) = (stream(self.stream)?, id(&event.event_id, "an event id")?);
        let nothing = Texts { salt: Vec::new(), json: Vec::new() };
        let (texts, texts_hash) = match &event.texts {
            None => (Some(nothing), event_log::leaf::texts_hash(&[], &[])),
            Some(sealed) => (open(&stream, event_id, sealed)?, hash(&sealed.hash, "a hash of texts")?),
        };
        let facts_hash = event_log::leaf::facts_hash(&event.facts);
        let metadata = Metadata {
            actor: self.actor.into(),
            request_id: id(&self.request_id, "a request id")?,
            fingerprint: hash(&self.fingerprint, "a fingerprint")?,
            correlation_id: into_optional_id(&self.correlation_id, "a correlation id")?,
            causation_id: into_optional_id(&self.causation_id, "a causation id")?,
            traceparent: self.traceparent.map(Into::into),
            occurred_at: event.occurred_at,
            recorded_at: self.recorded_at,
        };
        let header = Header {
            stream,
            ordinal: self.ordinal,
            revision: self.revision,
            event_id,
            event_type: event.event_type.into(),
            schema_version: schema_version(event.schema_version)?,
            metadata,
        };
        let body = Body { facts: event.facts, facts_hash, texts, texts_hash };
        let leaf = hash(&self.leaf, "a leaf")?;
        Ok(Recorded { partition, position: self.position, leaf, record: Record { header, body } })
    }
}
