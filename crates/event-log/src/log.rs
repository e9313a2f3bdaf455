//! The contract of a log.

use std::sync::Arc;

use async_trait::async_trait;
use tokio::sync::watch;
use uuid::Uuid;

use crate::append::{Append, AppendError, Appended, LogError};
use crate::observe::{Observer, Stats};
use crate::partition::partition_of;
use crate::record::{Recorded, StreamId};

/// A partition's number, from 0.
pub type PartitionId = u32;

/// A page of records ends once the payloads in it have this many bytes: 4 MiB.
pub const PAGE_BYTES_MAX: usize = 4 * 1024 * 1024;

/// Which log this is, for ever.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Identity {
    /// Made when the log was.
    pub log_id: Uuid,
    /// How many partitions it has, fixed when it was created.
    pub partitions: u32,
}

impl Identity {
    /// The log of this id, with so many partitions.
    pub fn new(log_id: Uuid, partitions: u32) -> Self {
        Self { log_id, partitions }
    }

    /// The partition that a project belongs to in this log.
    pub fn partition_of(&self, project: &str) -> PartitionId {
        partition_of(project, self.partitions)
    }
}

/// Some of a partition or a stream, in order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Page {
    /// Contiguous records.
    pub records: Vec<Recorded>,
    /// True: nothing followed them when they were read.
    pub end: bool,
}

/// What is known of a request id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownRequest {
    /// The command it named.
    pub fingerprint: [u8; 32],
    /// What it was answered, with `replayed` set.
    pub appended: Appended,
}

/// A log of streams in partitions.
///
/// What it promises, each with cases in `crate::contract`:
/// - an append is atomic, and durable when it answers; a caller that goes away changes nothing;
/// - revisions, positions and ordinals are dense from 1; one winner for each expected revision;
/// - a request id is compared before the revision, and never expires: the same fingerprint is answered as it was, another refused;
/// - a reader that asks from a position sees every record after it, in order, exactly once, whatever writers are in flight;
/// - the head's watch never runs ahead of what can be read;
/// - a log that serves says so: its [`EventLog::trouble`] is `None`.
#[async_trait]
pub trait EventLog: Send + Sync + 'static {
    /// Which log this is.
    fn identity(&self) -> Identity;

    /// Admits the events, all or none; durable when it answers `Ok`.
    async fn append(&self, append: Append) -> Result<Appended, AppendError>;

    /// What this request id was answered in this stream, if it was.
    async fn find_request(&self, stream: &StreamId, request_id: Uuid) -> Result<Option<KnownRequest>, LogError>;

    /// The stream with this ordinal within (project, kind).
    async fn find_ordinal(&self, project: &str, kind: &str, ordinal: u64) -> Result<Option<StreamId>, LogError>;

    /// The stream's records after `after` (a revision; 0: from its start), at most `limit` (0 counts as 1) and
    /// [`PAGE_BYTES_MAX`] of them. A stream that doesn't exist is empty.
    async fn read_stream(&self, stream: &StreamId, after: u64, limit: usize) -> Result<Page, LogError>;

    /// The partition's records after `after` (a position; 0: from its start), at most `limit` (0 counts as 1) and
    /// [`PAGE_BYTES_MAX`] of them. A partition that the log doesn't have is empty.
    async fn read_partition(&self, partition: PartitionId, after: u64, limit: usize) -> Result<Page, LogError>;

    /// The partition's last position that can be read here, watched.
    fn head(&self, partition: PartitionId) -> watch::Receiver<u64>;

    /// Returns the head once all that was acknowledged anywhere before this call is readable here.
    async fn barrier(&self, partition: PartitionId) -> Result<u64, LogError>;

    /// Why this log serves nobody here at present, watched: `None` while it serves. [`LogError::DataLoss`] is told before anybody is
    /// answered so, and never taken back: such a log serves nobody until someone has looked. [`LogError::UpgradeNeeded`] and
    /// [`LogError::Moved`] stay likewise; [`LogError::Unavailable`] (catching up, unreachable) passes.
    fn trouble(&self) -> watch::Receiver<Option<LogError>>;

    /// What it has in hand now, for metrics: a look at counters, and at a file's size. A log without queues or connections has none.
    fn stats(&self) -> Stats {
        Stats::default()
    }

    /// Tells this observer of each batch from now on, unless another one is told already. A log that writes no batches tells nothing.
    fn observe(&self, observer: Arc<dyn Observer>) {
        drop(observer);
    }

    /// Finishes what was taken, then lets go of files and connections; may be called again. What comes later is answered
    /// [`LogError::Unavailable`], except by a log that has nothing to let go of.
    async fn close(&self);
}
