//! Records around encoded events.

use codec::Encoded;
use domain::{Event, EventKind, StreamKind};
use event_log::{Body, Header, Metadata, Record, Recorded, StreamId, Texts};
use std::error::Error;
use uuid::Uuid;

/// The record that an encoded event becomes, as the third of PAY's third stream of its kind.
pub(crate) fn record(kind: StreamKind, encoded: &Encoded) -> Recorded {
    let texts = Texts { salt: vec![7; if encoded.texts.is_empty() { 0 } else { 32 }], json: encoded.texts.clone() };
    Recorded {
        partition: 2,
        position: 41,
        leaf: [0; 32],
        record: Record {
            header: Header {
                stream: StreamId { project: "PAY".into(), kind: kind.as_str().into(), id: "the-stream".into() },
                ordinal: 3,
                revision: 3,
                event_id: Uuid::from_u128(1),
                event_type: encoded.event_type.clone(),
                schema_version: encoded.schema_version,
                metadata: Metadata {
                    actor: "ada".into(),
                    request_id: Uuid::from_u128(2),
                    fingerprint: [0; 32],
                    correlation_id: None,
                    causation_id: None,
                    traceparent: None,
                    occurred_at: 1_760_000_000_123_456,
                    recorded_at: 1_760_000_060_123_456,
                },
            },
            body: Body { facts: encoded.facts.clone(), facts_hash: [0; 32], texts: Some(texts), texts_hash: [0; 32] },
        },
    }
}

/// The kind of stream that an event belongs to.
pub(crate) fn kind(event: &Event) -> StreamKind {
    fn of<E: EventKind>(_: &E) -> StreamKind {
        E::STREAM
    }
    match event {
        Event::Issue(event) => of(event),
        Event::Project(event) => of(event),
        Event::Team(event) => of(event),
        Event::Release(event) => of(event),
    }
}

/// An error with all its sources, as it would be logged.
pub(crate) fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text.push_str(": ");
        text.push_str(&error.to_string());
        source = error.source();
    }
    text
}
