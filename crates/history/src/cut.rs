//! Where a history is cut to look back.

use event_log::Recorded;
use jiff::Timestamp;

/// Two kinds of looking back, one or both. With both, `as_of` cuts first. The default cuts nothing: what is known now.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Cut {
    /// What was known: see [`AsOf`].
    pub as_of: Option<AsOf>,
    /// What was true: all that had happened by then (then itself included), by all that is known, in the order in which it
    /// happened. What is recorded later changes the answer.
    pub at: Option<Timestamp>,
}

/// What was known at a point of the log. The records up to it are always the same, and so is what they tell; a time is such a
/// point only once it is past.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AsOf {
    /// What had been recorded by then, then itself included.
    RecordedAt(Timestamp),
    /// The stream's first so many events.
    Revision(u64),
    /// The partition's first so many records.
    Position(u64),
}

impl AsOf {
    /// True for what was known. Along a stream it is true up to a record and false from there on: revisions, positions and
    /// times of recording all rise.
    pub(crate) fn knew(self, record: &Recorded) -> bool {
        let header = &record.record.header;
        match self {
            Self::RecordedAt(time) => i128::from(header.metadata.recorded_at) * 1000 <= time.as_nanosecond(),
            Self::Revision(revision) => header.revision <= revision,
            Self::Position(position) => record.position <= position,
        }
    }
}

impl Cut {
    /// What was known as of a point of the log.
    pub fn as_of(as_of: AsOf) -> Self {
        Self { as_of: Some(as_of), at: None }
    }

    /// What was true at a time, by all that is known now.
    pub fn at(at: Timestamp) -> Self {
        Self { as_of: None, at: Some(at) }
    }
}
