//! Why a record can't be decoded.

use std::fmt;
use std::sync::Arc;

use domain::StreamKind;
use domain::ids::Malformed;
use event_log::{StreamId, StreamName};

use crate::stream::MalformedStream;

/// A record that can't be decoded. Every variant says where it stands.
#[derive(Debug, thiserror::Error)]
pub enum DecodeError {
    /// A newer build wrote it. Nothing is wrong with it: this build must not decide, fold or park, but be upgraded.
    #[error("upgrade needed for {place}")]
    UpgradeNeeded {
        /// Which record.
        place: Box<Place>,
        /// What this build does not know.
        source: Unknown,
    },
    /// It is not what any build writes.
    #[error("decode {place}")]
    Malformed {
        /// Which record.
        place: Box<Place>,
        /// What is wrong with it.
        source: Fault,
    },
}

impl DecodeError {
    /// Which record it is about.
    pub fn place(&self) -> &Place {
        match self {
            Self::UpgradeNeeded { place, .. } | Self::Malformed { place, .. } => place,
        }
    }

    /// True: a newer build wrote the record, and only an upgrade helps.
    pub fn is_upgrade_needed(&self) -> bool {
        matches!(self, Self::UpgradeNeeded { .. })
    }
}

/// A record, as an error names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Its stream.
    pub stream: StreamId,
    /// Its number within the stream.
    pub revision: u64,
    /// Its partition.
    pub partition: u32,
    /// Its number within the partition.
    pub position: u64,
    /// Its event type.
    pub event_type: Arc<str>,
    /// The version of its stored shape.
    pub schema_version: u16,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { stream, revision, partition, position, event_type, schema_version } = self;
        let stream = StreamName(stream);
        write!(
            f,
            "{event_type} v{schema_version} at position {position} of partition {partition} ({stream}, revision {revision})"
        )
    }
}

/// What this build does not know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unknown {
    /// The kind of stream.
    #[error("this build knows no such kind of stream")]
    StreamKind,
    /// The event type.
    #[error("this build knows no such event of this kind of stream")]
    EventType,
    /// The version of the event's stored shape.
    #[error("this build reads versions 1 to {current} of this event")]
    SchemaVersion {
        /// The newest one it knows.
        current: u16,
    },
}

/// Facts that no event can be made of. Whoever keeps facts knows where.
#[derive(Debug, thiserror::Error)]
pub enum RecallError {
    /// Of an event that this build does not know.
    #[error(transparent)]
    Unknown(#[from] Unknown),
    /// They are not what any build writes.
    #[error(transparent)]
    Fault(#[from] Fault),
}

/// What is wrong with a stored event.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// The stream's name is not one that the domain gives.
    #[error(transparent)]
    Stream(#[from] MalformedStream),
    /// It was asked for as an event of another kind of stream.
    #[error("not an event of a {} stream", expected.as_str())]
    OtherKind {
        /// Which kind was asked for.
        expected: StreamKind,
    },
    /// Facts of another shape.
    #[error("the facts are not of its shape")]
    Facts(#[source] serde_json::Error),
    /// Texts of another shape. What they say is not repeated: texts are never logged.
    #[error("the texts are not of its shape: {category:?} error at column {column}")]
    Texts {
        /// Whether it is the JSON or what it says.
        category: serde_json::error::Category,
        /// Where.
        column: usize,
    },
    /// A word that the domain does not accept.
    #[error("{field}")]
    Word {
        /// Which.
        field: &'static str,
        /// What is wrong with it.
        source: Malformed,
    },
    /// A number that means nothing.
    #[error("{field} can't be {number}")]
    Number {
        /// Which.
        field: &'static str,
        /// What is stored.
        number: i64,
    },
    /// A calendar that is none.
    #[error(transparent)]
    Calendar(#[from] domain::calendar::Faults),
    /// Lists that belong together are of different lengths.
    #[error("{field} has {facts} entries in the facts, {texts} in the texts")]
    Uneven {
        /// Which.
        field: &'static str,
        /// How many entries the facts have.
        facts: usize,
        /// How many the texts have.
        texts: usize,
    },
}
