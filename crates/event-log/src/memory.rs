//! The log that lives in memory: for tests, and the plainest telling of what every log does.

mod records;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use async_trait::async_trait;
use tokio::sync::watch;
use uuid::Uuid;

use crate::admission::{Admission, Decision, NotTaken};
use crate::append::{Append, AppendError, Appended, LogError};
use crate::log::{EventLog, Identity, KnownRequest, Page, PartitionId};
use crate::maintain::{FillError, Founding, Maintain, Phase, Versions};
use crate::mark::{Change, Mark};
use crate::proposal::Proposal;
use crate::record::{Recorded, StreamId};

use records::Records;

/// A node of a log in memory. The log is gone when the last of its nodes is dropped.
#[derive(Debug)]
pub struct MemoryLog {
    storage: Arc<Storage>,
    node: Arc<Node>,
}

/// What all nodes share.
#[derive(Debug)]
struct Storage {
    identity: Identity,
    held: Mutex<Held>,
    heads: Vec<watch::Sender<u64>>,
}

#[derive(Debug)]
struct Held {
    records: Records,
    mark: Mark,
    nodes: Vec<Weak<Node>>,
}

/// What a node has of its own.
#[derive(Debug)]
struct Node {
    known: Versions,
    trouble: watch::Sender<Option<LogError>>,
}

impl MemoryLog {
    /// An empty log that takes appends.
    pub fn new(identity: Identity) -> Self {
        Self::founded(Founding { identity, filling: false })
    }

    /// An empty log.
    pub fn founded(founding: Founding) -> Self {
        let identity = founding.identity;
        let held =
            Held { records: Records::default(), mark: Mark::founded(founding, Versions::KNOWN), nodes: Vec::new() };
        let heads = (0..identity.partitions).map(|_| watch::Sender::new(0)).collect();
        Self::node_of(Arc::new(Storage { identity, held: Mutex::new(held), heads }), Versions::KNOWN)
    }

    /// Another node of this log, whose build knows these versions: other ones than [`Versions::KNOWN`] stand in for an older or
    /// a newer build. If the log has outgrown them, the node is in trouble from the start.
    #[must_use]
    pub fn another_node(&self, known: Versions) -> Self {
        Self::node_of(Arc::clone(&self.storage), known)
    }

    fn node_of(storage: Arc<Storage>, known: Versions) -> Self {
        let node = Arc::new(Node { known, trouble: watch::Sender::new(None) });
        let log = Self { storage, node };
        let mut held = log.held();
        log.node.trouble.send_replace(held.trouble_of(&log.node));
        held.nodes.retain(|node| node.strong_count() > 0);
        held.nodes.push(Arc::downgrade(&log.node));
        drop(held);
        log
    }

    /// Whoever panicked while holding it had not begun to change it: what can fail comes before.
    fn held(&self) -> MutexGuard<'_, Held> {
        self.storage.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is held, unless this node doesn't know its versions.
    fn known(&self) -> Result<MutexGuard<'_, Held>, LogError> {
        let held = self.held();
        held.mark.versions.check_known(self.node.known)?;
        Ok(held)
    }

    fn publish(&self, appended: &Appended) {
        if let Some(head) = self.storage.heads.get(appended.partition as usize) {
            head.send_replace(appended.position);
        }
    }
}

impl Held {
    fn trouble_of(&self, node: &Node) -> Option<LogError> {
        self.mark.versions.check_known(node.known).and_then(|()| self.mark.phase.check_open()).err()
    }

    /// Changes the mark for a node that knows these versions: every node is told.
    fn change(&mut self, change: Change, known: Versions) -> Result<(), LogError> {
        self.mark = self.mark.changed(change, known)?;
        for node in self.nodes.iter().filter_map(Weak::upgrade) {
            let trouble = self.trouble_of(&node);
            node.trouble.send_if_modified(|told| std::mem::replace(told, trouble.clone()) != trouble);
        }
        Ok(())
    }
}

#[async_trait]
impl EventLog for MemoryLog {
    fn identity(&self) -> Identity {
        self.storage.identity
    }

    async fn append(&self, append: Append) -> Result<Appended, AppendError> {
        let proposal = Proposal::check(append, self.storage.identity.partitions)?;
        let mut held = self.known().map_err(AppendError::Failed)?;
        held.mark.phase.check_open().map_err(AppendError::Failed)?;
        let mut admission = Admission::new(&mut held.records);
        let Ok(decision) = admission.admit(&proposal);
        match decision {
            Decision::Refused(error) => Err(error),
            Decision::Replayed(appended) => Ok(appended),
            Decision::Accepted(accepted) => {
                let appended = accepted.appended.clone();
                held.records.write(accepted.into_records(proposal), &appended);
                self.publish(&appended);
                Ok(appended)
            }
        }
    }

    async fn find_request(&self, stream: &StreamId, request_id: Uuid) -> Result<Option<KnownRequest>, LogError> {
        Ok(self.known()?.records.request(stream, request_id))
    }

    async fn find_ordinal(&self, project: &str, kind: &str, ordinal: u64) -> Result<Option<StreamId>, LogError> {
        Ok(self.known()?.records.ordinal(project, kind, ordinal))
    }

    async fn read_stream(&self, stream: &StreamId, after: u64, limit: usize) -> Result<Page, LogError> {
        Ok(self.known()?.records.stream_page(stream, after, limit))
    }

    async fn read_partition(&self, partition: PartitionId, after: u64, limit: usize) -> Result<Page, LogError> {
        Ok(self.known()?.records.partition_page(partition, after, limit))
    }

    fn head(&self, partition: PartitionId) -> watch::Receiver<u64> {
        let head = self.storage.heads.get(partition as usize);
        head.map_or_else(|| watch::Sender::new(0).subscribe(), watch::Sender::subscribe)
    }

    async fn barrier(&self, partition: PartitionId) -> Result<u64, LogError> {
        Ok(self.known()?.records.head(partition))
    }

    fn trouble(&self) -> watch::Receiver<Option<LogError>> {
        self.node.trouble.subscribe()
    }

    /// There is nothing to let go of.
    async fn close(&self) {}
}

#[async_trait]
impl Maintain for MemoryLog {
    fn versions(&self) -> Versions {
        self.held().mark.versions
    }

    fn phase(&self) -> Phase {
        self.held().mark.phase
    }

    async fn activate(&self, versions: Versions) -> Result<(), LogError> {
        self.held().change(Change::Activate(versions), self.node.known)
    }

    async fn seal(&self) -> Result<(), LogError> {
        self.held().change(Change::Seal, self.node.known)
    }

    async fn fill(&self, records: Vec<Recorded>) -> Result<(), FillError> {
        let mut held = self.known().map_err(FillError::Failed)?;
        if held.mark.phase != Phase::Filling {
            return Err(FillError::NotFilling { phase: held.mark.phase });
        }
        let taken = match Admission::new(&mut held.records).take_over(&records, self.storage.identity.partitions) {
            Ok(taken) => taken,
            Err(NotTaken::Invalid { reason }) => return Err(FillError::Invalid { reason }),
        };
        let mut records = records.into_iter();
        for append in taken {
            let appended = append.accepted.appended;
            held.records.write(records.by_ref().take(append.records.len()), &appended);
            self.publish(&appended);
        }
        Ok(())
    }

    async fn open(&self) -> Result<(), LogError> {
        self.held().change(Change::Open, self.node.known)
    }
}
