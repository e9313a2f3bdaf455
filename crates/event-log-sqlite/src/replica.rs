//! A replica: what a topic of proposals comes to, folded into a file that can be thrown away and made again from the topic.
//!
//! The topic decides the order, [`event_log::admission`] what enters; here both meet the file. Records and the bookmark (how far
//! each partition of the topic was read, and what was read last) are written in one transaction, so a crash repeats nothing and
//! skips nothing. The file is a log's, with four tables more:
//!
//! | table | row |
//! |---|---|
//! | `replica_partitions` | a partition's bookmark |
//! | `replica_keys` | a key that texts of a stream are sealed with, or that it was erased: what is in no row was never read |
//! | `replica_key_offsets` | how far the keys were read |

mod fold;
mod tables;

use std::collections::VecDeque;
use std::fs::File;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use event_log::admission::{Accepted, Changes};
use event_log::{
    AppendError, Appended, FillError, LogError, PartitionId, Phase, Proposal, Recorded, StreamId, Versions,
};

use crate::connect::{self, Opened};
use crate::error::OpenError;
use crate::lookup::Heads;
use crate::reader::Readers;
use crate::status::Status;
use crate::writer::Writer;
use crate::{Options, SqliteLog, ends, lock, queue};
use fold::{Filled, Folded};
pub(crate) use tables::key_of_stream;

/// Running hashes kept of each partition's last positions: a proposal that names one of these is compared with it.
const WINDOW: usize = 16 * 1024;

/// A key's name.
pub type KeyId = [u8; 16];
/// A key's 32 bytes.
pub type Secret = [u8; 32];

/// What was read of a key.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Key {
    /// It is there.
    Made(Secret),
    /// It was there, and was erased.
    Erased,
}

/// What a partition of the topic says, one record of it.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "nearly all of them are proposals")]
pub enum Entry {
    /// An append, to be admitted or not.
    Propose(Proposal, Seen),
    /// The partition's beginning: the versions in force, and whether it is to be filled first. Repeated, it says nothing.
    Found(Versions, Phase),
    /// Raised versions.
    Activate(Versions),
    /// The end of appends.
    Seal,
    /// The end of filling.
    Open,
    /// Nothing that changes the log.
    Pass,
}

/// What a proposer had applied when it proposed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seen {
    /// The versions in force in the partition there. A proposal of lower ones than are in force where it stands is not admitted:
    /// so a node that doesn't know of an activation, or can't, adds nothing after it.
    pub versions: Versions,
    /// The partition's last position there.
    pub position: u64,
    /// The running hash at that position.
    pub running_hash: [u8; 32],
}

/// Records of one partition of the topic, in order.
#[derive(Debug)]
pub struct Run {
    /// The partition.
    pub partition: PartitionId,
    /// What its records say.
    pub entries: Vec<Entry>,
    /// The offset after the last of them.
    pub next_offset: u64,
    /// SHA-256 of the last of them.
    pub last_digest: [u8; 32],
}

/// What was read of the keys since the last time.
#[derive(Debug, Default)]
pub struct KeyChanges {
    /// Keys that came, or (without a secret) went.
    pub keys: Vec<(KeyId, StreamId, Option<Secret>)>,
    /// The offsets after what was read, by partition.
    pub next_offsets: Vec<(PartitionId, u64)>,
}

/// What became of an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Of a proposal.
    Append(Result<Appended, AppendError>),
    /// Of a proposal of lower versions than those in force: it was not admitted.
    Outdated,
    /// Of a proposal made where the partition was longer than it is: its proposer has read what the topic has lost. It was not
    /// admitted, by any replica, and its proposer's node must stop.
    Ahead(LogError),
    /// Of everything else: it is so now.
    Done,
}

/// How far a partition was applied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bookmark {
    /// The next offset of the topic to read.
    pub next_offset: u64,
    /// SHA-256 of the record before it; zeros where there is none.
    pub last_digest: [u8; 32],
    /// The partition's last position.
    pub position: u64,
    /// SHA-256 over the running hash before it and its leaf; zeros at position 0.
    pub running_hash: [u8; 32],
    /// The versions in force.
    pub versions: Versions,
    /// Where the partition is in its life.
    pub phase: Phase,
}

/// What writes a replica: one, owned by who reads the topic.
#[derive(Debug)]
pub struct Applier {
    writer: Writer,
    partitions: Vec<Partition>,
    key_offsets: Vec<u64>,
    /// Locked as long as this lives.
    _lock: File,
}

/// What was applied, and is to be settled.
#[derive(Debug)]
#[must_use = "the next batch is admitted against what this one has changed"]
pub struct Applied {
    runs: Vec<Run>,
    /// What was accepted, by entry.
    accepted: Vec<Vec<Option<Accepted>>>,
    changes: Changes,
}

#[derive(Debug)]
struct Partition {
    bookmark: Bookmark,
    /// The running hashes of the last positions, the bookmark's last.
    window: VecDeque<[u8; 32]>,
}

impl SqliteLog {
    /// Opens a replica at `path`, or makes one where there is no file: a log that is read like any other and appended to by its
    /// [`Applier`] alone ([`SqliteLog::append`](event_log::EventLog::append) answers that it is closed).
    ///
    /// It is written with `synchronous=NORMAL`: a power loss may take back what was applied last, and the topic still has that.
    pub fn open_replica(path: impl Into<PathBuf>, options: &Options) -> Result<(Self, Applier), OpenError> {
        let path = path.into();
        let of_sqlite = |error: rusqlite::Error| OpenError::of_sqlite(&path, &error);
        let lock = lock::lock(&path)?;
        let Opened { connection, identity, mark } = connect::open_for_writing(&path, options)?;
        connection.execute_batch(tables::TABLES).map_err(of_sqlite)?;
        connection.pragma_update(None, "synchronous", "NORMAL").map_err(of_sqlite)?;
        let heads = Heads::read(&connection, identity.partitions).map_err(of_sqlite)?;
        ends::check(&connection, identity, &heads)
            .map_err(|error| OpenError::Damaged { path: path.clone(), reason: error.to_string() })?;
        let partitions = tables::read_partitions(&connection, &heads)
            .map_err(of_sqlite)?
            .map_err(|reason| OpenError::Damaged { path: path.clone(), reason })?;
        let key_offsets = tables::read_key_offsets(&connection, identity.partitions).map_err(of_sqlite)?;
        let shared = Arc::new(Status::new(&heads, mark, options));
        let readers = Arc::new(Readers::open(&path, options.readers, Arc::clone(&shared))?);
        let (queue, _) = queue::queue(options);
        queue.close();
        let writer = Writer::new(path.clone(), options, connection, heads, Arc::clone(&shared));
        let log = Self { identity, path, beside: false, shared, queue, readers, writer: Mutex::new(None) };
        Ok((log, Applier { writer, partitions, key_offsets, _lock: lock }))
    }

    /// A key of this stream that the replica has, if it has one.
    pub async fn replica_key(&self, stream: &StreamId) -> Result<Option<(KeyId, Secret)>, LogError> {
        self.readers.look_up(|reader| reader.replica_key(stream)).await
    }
}

impl Applier {
    /// Takes from the file how far it is: after a failure that is not known otherwise.
    pub fn refresh(&mut self) -> Result<(), LogError> {
        let (read, key_offsets) = self.writer.transact("reading how far the replica is", |connection, heads| {
            Ok((tables::read_partitions(connection, heads)?, tables::read_key_offsets(connection, heads.partitions())?))
        })?;
        let partitions = read.map_err(|reason| LogError::DataLoss { reason })?;
        for (known, read) in self.partitions.iter_mut().zip(partitions) {
            if known.bookmark != read.bookmark {
                *known = read;
            }
        }
        self.key_offsets = key_offsets;
        Ok(())
    }

    /// How far the partition was applied.
    pub fn bookmark(&self, partition: PartitionId) -> Option<Bookmark> {
        self.partitions.get(partition as usize).map(|partition| partition.bookmark)
    }

    /// The next offset of the keys' partition to read.
    pub fn key_offset(&self, partition: PartitionId) -> u64 {
        self.key_offsets.get(partition as usize).copied().unwrap_or_default()
    }

    /// What the replica has read of the key of this name; `None`: nothing.
    pub fn key(&self, id: &KeyId) -> Result<Option<Key>, LogError> {
        self.writer.look_up("looking up a key", |connection| tables::read_key(connection, id))
    }

    /// Applies what was read of the topic, all or none of it: records, bookmarks and keys in one transaction. Answers what became
    /// of each entry, in the order of `runs`, of which no two are of one partition: who waits can be told, all of it can be read here.
    /// Then it is to be settled, before the next.
    ///
    /// Fails with [`LogError::DataLoss`] where a proposer had another record at a position than this file: then nothing was
    /// applied, and nothing will be, as nobody can tell which of the two is the topic's.
    pub fn apply(&mut self, runs: Vec<Run>, keys: &KeyChanges) -> Result<(Vec<Vec<Outcome>>, Applied), LogError> {
        let partitions = &self.partitions;
        let folded = self.writer.transact("applying what the topic says", |connection, heads| {
            tables::write_keys(connection, keys)?;
            fold::fold(connection, heads, partitions, &runs)
        })?;
        let Folded { outcomes, accepted, turns, changes } = folded;
        for (run, (bookmark, hashes)) in runs.iter().zip(turns) {
            self.advance(run.partition, bookmark, hashes);
        }
        for (partition, next_offset) in &keys.next_offsets {
            if let Some(offset) = self.key_offsets.get_mut(*partition as usize) {
                *offset = *next_offset;
            }
        }
        self.writer.show(&changes);
        Ok((outcomes, Applied { runs, accepted, changes }))
    }

    /// Tells who watches, and keeps what is new in memory.
    pub fn settle(&mut self, Applied { runs, accepted, changes }: Applied) {
        let entries = runs.into_iter().flat_map(|run| run.entries).zip(accepted.into_iter().flatten());
        let entered = entries.filter_map(|(entry, accepted)| match entry {
            Entry::Propose(proposal, _) => Some(accepted?.into_records(proposal)),
            _ => None,
        });
        self.writer.settle(changes, entered.flatten());
    }

    /// Takes over records of another log, as one entry of the topic: the one before `next_offset`, whose SHA-256 is `last_digest`.
    ///
    /// What is refused is read past all the same: every replica refuses it.
    pub fn fill(
        &mut self,
        partition: PartitionId,
        records: Vec<Recorded>,
        next_offset: u64,
        last_digest: [u8; 32],
    ) -> Result<Result<(), FillError>, LogError> {
        let Some(known) = self.partitions.get(partition as usize) else {
            return Err(fold::no_such_partition(partition));
        };
        let before = Bookmark { next_offset, last_digest, ..known.bookmark };
        let taken = self.writer.transact("taking records over", |connection, heads| {
            let taken = fold::take_over(connection, heads, before, &records)?;
            tables::write_bookmark(connection, partition, taken.as_ref().map_or(&before, |taken| &taken.bookmark))?;
            Ok(taken)
        })?;
        match taken {
            Ok(Filled { bookmark, hashes, changes }) => {
                self.advance(partition, bookmark, hashes);
                self.writer.settle(changes, records);
                Ok(Ok(()))
            }
            Err(refused) => {
                self.advance(partition, before, Vec::new());
                Ok(Err(refused))
            }
        }
    }

    fn advance(&mut self, partition: PartitionId, bookmark: Bookmark, hashes: Vec<[u8; 32]>) {
        if let Some(partition) = self.partitions.get_mut(partition as usize) {
            partition.bookmark = bookmark;
            partition.window.extend(hashes);
            let excess = partition.window.len().saturating_sub(WINDOW);
            partition.window.drain(..excess);
        }
    }
}
