//! Streams as the domain names them, and as the log does.

use std::sync::{Arc, LazyLock};

use domain::ids::{Malformed, ProjectId};
use domain::{StreamKind, StreamRef};
use event_log::StreamId;

/// The names of the kinds, shared by all streams of a kind.
static KINDS: LazyLock<[Arc<str>; 4]> = LazyLock::new(|| {
    [StreamKind::Project, StreamKind::Team, StreamKind::Release, StreamKind::Issue].map(|kind| kind.as_str().into())
});

/// The stream's name in the log.
pub fn stream_id(stream: &StreamRef) -> StreamId {
    let kind = match stream.kind {
        StreamKind::Project => 0,
        StreamKind::Team => 1,
        StreamKind::Release => 2,
        StreamKind::Issue => 3,
    };
    StreamId { project: stream.project.as_str().into(), kind: Arc::clone(&KINDS[kind]), id: Arc::clone(&stream.id) }
}

/// The stream that has this name in the log.
///
/// Fails for a kind that this build doesn't know, and for a project that no project could be called.
pub fn stream_ref(stream: &StreamId) -> Result<StreamRef, MalformedStream> {
    let kind = StreamKind::parse(&stream.kind).map_err(|source| MalformedStream { field: "kind", source })?;
    let project = ProjectId::parse(&stream.project).map_err(|source| MalformedStream { field: "project", source })?;
    Ok(StreamRef { project, kind, id: Arc::clone(&stream.id) })
}

/// A name that no stream of the domain has.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the stream's {field}")]
pub struct MalformedStream {
    /// Which part of it.
    pub field: &'static str,
    /// What is wrong with it.
    pub source: Malformed,
}
