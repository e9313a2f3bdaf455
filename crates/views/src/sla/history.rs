//! What a document keeps of its stream: the events that its view picks, as the codec stores them, without texts.
//!
//! The ledger of an issue and the settings of a project are folded from them by the domain alone. So nothing of either has a second stored shape here,
//! and what the codec can still read of old events, a document can.

use std::sync::Arc;

use domain::ids::ProjectId;
use domain::{Actor, Event, EventKind, Origin, Recorded, StreamRef};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::record::Field;
use crate::row::Value;
use crate::table::Kind;

/// Events, in their order; as JSON it is one array.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct History(String);

/// An event as it is kept.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Kept<'a> {
    /// Event type.
    #[serde(rename = "t")]
    event_type: Arc<str>,
    /// Version of its stored shape.
    #[serde(rename = "v")]
    version: u16,
    /// Revision.
    #[serde(rename = "n")]
    revision: u64,
    /// Position.
    #[serde(rename = "p")]
    position: u64,
    /// `occurred_at`, in microseconds.
    #[serde(rename = "o")]
    occurred_at: i64,
    /// `recorded_at`, in microseconds; absent: when it occurred.
    #[serde(rename = "r", default, skip_serializing_if = "Option::is_none")]
    recorded_at: Option<i64>,
    /// Actor.
    #[serde(rename = "a")]
    actor: Arc<str>,
    /// The codec's facts; where it was imported from is among them.
    #[serde(rename = "f", borrow)]
    facts: &'a RawValue,
}

impl History {
    /// One event more. Fails for facts that are no JSON, which the codec writes none of.
    pub(crate) fn push(&mut self, recorded: &Recorded) -> Result<(), serde_json::Error> {
        let stored = codec::encode(&recorded.event, recorded.origin.as_ref());
        let facts = serde_json::from_slice(&stored.facts)?;
        let kept = Kept {
            event_type: stored.event_type,
            version: stored.schema_version,
            revision: recorded.revision,
            position: recorded.position,
            occurred_at: recorded.occurred_at.as_microsecond(),
            recorded_at: Some(recorded.recorded_at)
                .filter(|at| *at != recorded.occurred_at)
                .map(Timestamp::as_microsecond),
            actor: recorded.actor.shared(),
            facts,
        };
        let kept = serde_json::to_string(&kept)?;
        if !self.0.is_empty() {
            self.0.push(',');
        }
        self.0.push_str(&kept);
        Ok(())
    }

    /// Its events, of a stream of this project. The stream's id is left open: no fold of these looks at it.
    pub(crate) fn events<E: EventKind>(
        &self,
        project: &Arc<str>,
        ordinal: u64,
        of: impl Fn(Event) -> Option<E>,
    ) -> Result<Vec<Recorded<E>>, String> {
        let json = format!("[{}]", self.0);
        let kept: Vec<Kept<'_>> = serde_json::from_str(&json).map_err(|error| error.to_string())?;
        let project = ProjectId::parse(project).map_err(|error| format!("project: {error}"))?;
        let stream = StreamRef { project, kind: E::STREAM, id: Arc::default() };
        let events = kept.iter().map(|kept| recalled(kept, &stream, ordinal, &of));
        events.filter_map(Result::transpose).collect()
    }
}

fn recalled<E>(
    kept: &Kept<'_>,
    stream: &StreamRef,
    ordinal: u64,
    of: impl Fn(Event) -> Option<E>,
) -> Result<Option<Recorded<E>>, String> {
    let (event, origin): (Event, Option<Origin>) =
        codec::recall(stream.kind, &kept.event_type, kept.version, kept.facts.get().as_bytes())
            .map_err(|error| format!("{}: {error}", kept.event_type))?;
    let at = |micros| Timestamp::from_microsecond(micros).map_err(|error| error.to_string());
    Ok(Some(Recorded {
        event: match of(event) {
            Some(event) => event,
            None => return Ok(None),
        },
        stream: stream.clone(),
        ordinal,
        revision: kept.revision,
        position: kept.position,
        actor: Actor::parse(&kept.actor).map_err(|error| format!("actor: {error}"))?,
        occurred_at: at(kept.occurred_at)?,
        recorded_at: at(kept.recorded_at.unwrap_or(kept.occurred_at))?,
        origin,
    }))
}

impl Field for History {
    const KIND: Kind = Kind::Json;

    fn write(self) -> Value {
        Value::Json(format!("[{}]", self.0).into())
    }

    fn read(value: &Value) -> Result<Self, String> {
        let Value::Json(text) = value else { return Err("no JSON where a history belongs".to_owned()) };
        let inside = text.strip_prefix('[').and_then(|text| text.strip_suffix(']'));
        // PostgreSQL gives JSON back as it was written: the column is a text's.
        inside.map(|text| Self(text.to_owned())).ok_or_else(|| "no list where a history belongs".to_owned())
    }
}
