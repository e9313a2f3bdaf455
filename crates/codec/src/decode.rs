//! Between the log's records and the domain's.

use domain::issue::IssueEvent;
use domain::project::ProjectEvent;
use domain::release::ReleaseEvent;
use domain::team::TeamEvent;
use domain::{Event, EventKind, Origin, Recorded, StreamKind, StreamRef};

use crate::envelope::{Encoded, Put, Restored, Stored};
use crate::error::{DecodeError, Fault, Place, RecallError, Unknown};
use crate::registry::EventType;
use crate::stream::stream_ref;
use crate::words::{Word, time};
use crate::{issue, project, release, team};

/// Puts an event into its stored shape, in the version that is written now. An imported one says where it comes from.
pub fn encode(event: &Event, origin: Option<&Origin>) -> Encoded {
    match event {
        Event::Issue(event) => event.encode(origin),
        Event::Project(event) => event.encode(origin),
        Event::Team(event) => event.encode(origin),
        Event::Release(event) => event.encode(origin),
    }
}

/// Makes an event of a record, whatever kind of stream it is of and whatever version it was written in.
pub fn decode(recorded: &event_log::Recorded) -> Result<Recorded, DecodeError> {
    let stream = stream_of(recorded)?;
    match stream.kind {
        StreamKind::Issue => restore(recorded, stream, issue::decode).map(into_any),
        StreamKind::Project => restore(recorded, stream, project::decode).map(into_any),
        StreamKind::Team => restore(recorded, stream, team::decode).map(into_any),
        StreamKind::Release => restore(recorded, stream, release::decode).map(into_any),
    }
}

/// Makes an event of its facts alone, with where it was imported from: as it reads once its texts are erased.
pub fn recall(
    stream: StreamKind,
    event_type: &str,
    schema_version: u16,
    facts: &[u8],
) -> Result<(Event, Option<Origin>), RecallError> {
    fn of<E: Into<Event>>((event, origin): Restored<E>) -> (Event, Option<Origin>) {
        (event.into(), origin)
    }
    let known = EventType::parse(event_type).filter(|event_type| event_type.stream() == stream);
    let event_type = known.ok_or(Unknown::EventType)?;
    let (version, stored) = (schema_version, Stored { facts, texts: None });
    let event = match stream {
        StreamKind::Issue => issue::decode(event_type, version, stored).map(|event| event.map(of)),
        StreamKind::Project => project::decode(event_type, version, stored).map(|event| event.map(of)),
        StreamKind::Team => team::decode(event_type, version, stored).map(|event| event.map(of)),
        StreamKind::Release => release::decode(event_type, version, stored).map(|event| event.map(of)),
    };
    Ok(event.ok_or(Unknown::SchemaVersion { current: event_type.version() })??)
}

fn into_any<E: Into<Event>>(recorded: Recorded<E>) -> Recorded {
    recorded.map(Into::into)
}

/// Events of one kind of stream, stored: [`IssueEvent`], [`ProjectEvent`], [`TeamEvent`], [`ReleaseEvent`].
pub trait StoredEvent: EventKind + sealed::Sealed {
    /// Puts an event into its stored shape, as [`encode`] does.
    fn encode(&self, origin: Option<&Origin>) -> Encoded;

    /// Makes an event of a record of this kind of stream, whatever version it was written in.
    fn decode(recorded: &event_log::Recorded) -> Result<Recorded<Self>, DecodeError>;
}

mod sealed {
    pub trait Sealed {}
}

macro_rules! stored_events {
    ($($event:ty: $shapes:ident)*) => {$(
        impl sealed::Sealed for $event {}

        impl StoredEvent for $event {
            fn encode(&self, origin: Option<&Origin>) -> Encoded {
                $shapes::encode(self, &Put { origin })
            }

            fn decode(recorded: &event_log::Recorded) -> Result<Recorded<Self>, DecodeError> {
                let stream = stream_of(recorded)?;
                if stream.kind != Self::STREAM {
                    return Err(malformed(recorded, Fault::OtherKind { expected: Self::STREAM }));
                }
                restore(recorded, stream, $shapes::decode)
            }
        }
    )*};
}
stored_events! { IssueEvent: issue ProjectEvent: project TeamEvent: team ReleaseEvent: release }

type Decode<E> = fn(EventType, u16, Stored<'_>) -> Option<Result<Restored<E>, Fault>>;

fn restore<E>(
    recorded: &event_log::Recorded,
    stream: StreamRef,
    decode: Decode<E>,
) -> Result<Recorded<E>, DecodeError> {
    let header = &recorded.record.header;
    let event_type = EventType::parse(&header.event_type)
        .filter(|event_type| event_type.stream() == stream.kind)
        .ok_or_else(|| upgrade_needed(recorded, Unknown::EventType))?;
    let body = &recorded.record.body;
    let stored = Stored { facts: &body.facts, texts: body.texts.as_ref().map(|texts| &*texts.json) };
    let current = event_type.version();
    let (event, origin) = decode(event_type, header.schema_version, stored)
        .ok_or_else(|| upgrade_needed(recorded, Unknown::SchemaVersion { current }))?
        .map_err(|fault| malformed(recorded, fault))?;
    let metadata = &header.metadata;
    let timed = |field, micros| time(field, micros).map_err(|fault| malformed(recorded, fault));
    Ok(Recorded {
        event,
        stream,
        ordinal: header.ordinal,
        revision: header.revision,
        position: recorded.position,
        actor: Word::parse_word(&metadata.actor)
            .map_err(|source| malformed(recorded, Fault::Word { field: "actor", source }))?,
        occurred_at: timed("occurred_at", metadata.occurred_at)?,
        recorded_at: timed("recorded_at", metadata.recorded_at)?,
        origin,
    })
}

fn stream_of(recorded: &event_log::Recorded) -> Result<StreamRef, DecodeError> {
    let stream = &recorded.record.header.stream;
    if StreamKind::parse(&stream.kind).is_err() {
        return Err(upgrade_needed(recorded, Unknown::StreamKind));
    }
    stream_ref(stream).map_err(|error| malformed(recorded, Fault::Stream(error)))
}

fn upgrade_needed(recorded: &event_log::Recorded, source: Unknown) -> DecodeError {
    DecodeError::UpgradeNeeded { place: Box::new(place(recorded)), source }
}

fn malformed(recorded: &event_log::Recorded, source: Fault) -> DecodeError {
    DecodeError::Malformed { place: Box::new(place(recorded)), source }
}

fn place(recorded: &event_log::Recorded) -> Place {
    let header = &recorded.record.header;
    Place {
        stream: header.stream.clone(),
        revision: header.revision,
        partition: recorded.partition,
        position: recorded.position,
        event_type: header.event_type.clone(),
        schema_version: header.schema_version,
    }
}
