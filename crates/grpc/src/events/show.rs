//! A record as subscribers are told it.

use api::events::v1::{Event, SubjectKind, UndecodableEvent};
use domain::{Recorded, StreamKind};
use history::FeedRecord;

use super::payload::payload;
use crate::fields::stamp;
use crate::issues::show::origin;

/// A record with its event.
pub(super) fn event(record: &FeedRecord, recorded: &Recorded) -> Event {
    let (subject_kind, subject) = match recorded.stream.kind {
        StreamKind::Project => (SubjectKind::Project, recorded.stream.id.to_string()),
        StreamKind::Team => (SubjectKind::Team, recorded.stream.id.to_string()),
        StreamKind::Release => (SubjectKind::Release, recorded.stream.id.to_string()),
        StreamKind::Issue => (SubjectKind::Issue, recorded.key().to_string()),
    };
    Event {
        id: record.event_id.to_string(),
        r#type: record.event_type.to_string(),
        project: recorded.stream.project.to_string(),
        subject_kind: subject_kind.into(),
        subject,
        revision: recorded.revision,
        actor: recorded.actor.to_string(),
        occurred_at: Some(stamp(recorded.occurred_at)),
        recorded_at: Some(stamp(recorded.recorded_at)),
        request_id: record.request_id.to_string(),
        origin: recorded.origin.as_ref().map(origin),
        partition: record.partition,
        position: record.position,
        texts_erased: record.texts_erased,
        traceparent: record.traceparent.as_deref().unwrap_or_default().to_owned(),
        payload: Some(payload(&recorded.event, record.texts_erased)),
    }
}

/// A record without one.
pub(super) fn undecodable(record: &FeedRecord) -> UndecodableEvent {
    UndecodableEvent {
        id: record.event_id.to_string(),
        r#type: record.event_type.to_string(),
        project: record.stream.project.to_string(),
        stream_kind: record.stream.kind.to_string(),
        stream_id: record.stream.id.to_string(),
        revision: record.revision,
        partition: record.partition,
        position: record.position,
    }
}
