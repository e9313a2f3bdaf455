//! Proposals, as they are stored.

use event_log::{Append, Expected, NewEvent};

use super::{
    Malformed, StoredEvent, StoredGuard, StoredProposal, StoredStream, StoredTexts, hash, id, into_optional_id,
    optional_id, schema_version, stream,
};

impl StoredProposal {
    /// The append with the texts sealed that `texts` has for each of its events.
    pub(crate) fn of(append: &Append, texts: Vec<Option<StoredTexts>>) -> Self {
        Self {
            stream: Some(StoredStream::of(&append.stream)),
            expected: append.expected,
            unchanged: append.unchanged.iter().map(StoredGuard::of).collect(),
            actor: (*append.actor).to_owned(),
            request_id: append.request_id.as_bytes().to_vec(),
            fingerprint: append.fingerprint.to_vec(),
            correlation_id: optional_id(append.correlation_id),
            causation_id: optional_id(append.causation_id),
            traceparent: append.traceparent.as_deref().map(str::to_owned),
            recorded_at: append.recorded_at,
            events: append.events.iter().zip(texts).map(|(event, texts)| StoredEvent::of(event, texts)).collect(),
            ..Self::default()
        }
    }

    /// The append, its events still without texts, and what is sealed of each.
    pub(crate) fn into_append(self) -> Result<(Append, Vec<Option<StoredTexts>>), Malformed> {
        let mut texts = Vec::with_capacity(self.events.len());
        let mut events = Vec::with_capacity(self.events.len());
        for event in self.events {
            texts.push(event.texts);
            events.push(NewEvent {
                event_id: id(&event.event_id, "an event id")?,
                event_type: event.event_type.into(),
                schema_version: schema_version(event.schema_version)?,
                occurred_at: event.occurred_at,
                facts: event.facts,
                texts: Vec::new(),
                salt: Vec::new(),
            });
        }
        let unchanged: Result<_, Malformed> = self.unchanged.into_iter().map(StoredGuard::into_expected).collect();
        let append = Append {
            stream: stream(self.stream)?,
            expected: self.expected,
            unchanged: unchanged?,
            events,
            actor: self.actor.into(),
            request_id: id(&self.request_id, "a request id")?,
            fingerprint: hash(&self.fingerprint, "a fingerprint")?,
            correlation_id: into_optional_id(&self.correlation_id, "a correlation id")?,
            causation_id: into_optional_id(&self.causation_id, "a causation id")?,
            traceparent: self.traceparent.map(Into::into),
            recorded_at: self.recorded_at,
        };
        Ok((append, texts))
    }
}

impl StoredGuard {
    fn of(guard: &Expected) -> Self {
        Self { stream: Some(StoredStream::of(&guard.stream)), revision: guard.revision }
    }

    fn into_expected(self) -> Result<Expected, Malformed> {
        Ok(Expected { stream: stream(self.stream)?, revision: self.revision })
    }
}
