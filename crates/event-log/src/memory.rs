//! The log that lives in memory: for tests, and the plainest telling of what every log does.

use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use tokio::sync::watch;
use uuid::Uuid;

use crate::admission::{Admission, Decision, Known, PartitionHead, StreamHead};
use crate::append::{Append, AppendError, Appended, LogError};
use crate::log::{EventLog, Identity, KnownRequest, PAGE_BYTES_MAX, Page, PartitionId};
use crate::proposal::Proposal;
use crate::record::{Recorded, StreamId};

/// A log in memory. It is gone when it is dropped.
#[derive(Debug)]
pub struct MemoryLog {
    identity: Identity,
    held: Mutex<Held>,
    heads: Vec<watch::Sender<u64>>,
}

#[derive(Debug, Default)]
struct Held {
    /// The records of each partition; position n is at n − 1.
    partitions: HashMap<PartitionId, Vec<Recorded>>,
    streams: HashMap<StreamId, Stream>,
    /// The streams of each (project, kind); ordinal n is at n − 1.
    ordinals: HashMap<(Arc<str>, Arc<str>), Vec<StreamId>>,
}

#[derive(Debug)]
struct Stream {
    partition: PartitionId,
    ordinal: u64,
    /// Where its records are; revision n is at n − 1.
    positions: Vec<u64>,
    requests: HashMap<Uuid, KnownRequest>,
}

impl MemoryLog {
    /// An empty log.
    pub fn new(identity: Identity) -> Self {
        let heads = (0..identity.partitions).map(|_| watch::Sender::new(0)).collect();
        Self { identity, held: Mutex::default(), heads }
    }

    /// Whoever panicked while holding it had not begun to change it: what can fail comes before.
    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl EventLog for MemoryLog {
    fn identity(&self) -> Identity {
        self.identity
    }

    async fn append(&self, append: Append) -> Result<Appended, AppendError> {
        let proposal = Proposal::check(append, self.identity.partitions)?;
        let mut held = self.held();
        let mut admission = Admission::new(&mut *held);
        let Ok(decision) = admission.admit(&proposal);
        match decision {
            Decision::Refused(error) => Err(error),
            Decision::Replayed(appended) => Ok(appended),
            Decision::Accepted(accepted) => {
                let appended = accepted.appended.clone();
                held.write(accepted.into_records(proposal), &appended);
                if let Some(head) = self.heads.get(appended.partition as usize) {
                    head.send_replace(appended.position);
                }
                Ok(appended)
            }
        }
    }

    async fn find_request(&self, stream: &StreamId, request_id: Uuid) -> Result<Option<KnownRequest>, LogError> {
        Ok(self.held().streams.get(stream).and_then(|stream| stream.requests.get(&request_id).cloned()))
    }

    async fn find_ordinal(&self, project: &str, kind: &str, ordinal: u64) -> Result<Option<StreamId>, LogError> {
        let held = self.held();
        let streams = held.ordinals.get(&(project.into(), kind.into()));
        Ok(streams.and_then(|streams| nth(streams, ordinal)).cloned())
    }

    async fn read_stream(&self, stream: &StreamId, after: u64, limit: usize) -> Result<Page, LogError> {
        let held = self.held();
        let Some(stream) = held.streams.get(stream) else {
            return Ok(Page { records: Vec::new(), end: true });
        };
        let records = held.partitions.get(&stream.partition).map_or(&[][..], Vec::as_slice);
        let positions = from(&stream.positions, after);
        Ok(page(positions.iter().filter_map(|&position| nth(records, position)), limit))
    }

    async fn read_partition(&self, partition: PartitionId, after: u64, limit: usize) -> Result<Page, LogError> {
        let held = self.held();
        let records = held.partitions.get(&partition).map_or(&[][..], Vec::as_slice);
        Ok(page(from(records, after).iter(), limit))
    }

    fn head(&self, partition: PartitionId) -> watch::Receiver<u64> {
        self.heads.get(partition as usize).map_or_else(|| watch::Sender::new(0).subscribe(), watch::Sender::subscribe)
    }

    async fn barrier(&self, partition: PartitionId) -> Result<u64, LogError> {
        Ok(self.held().partitions.get(&partition).map_or(0, |records| records.len() as u64))
    }

    fn trouble(&self) -> watch::Receiver<Option<LogError>> {
        watch::Sender::new(None).subscribe()
    }

    /// There is nothing to let go of.
    async fn close(&self) {}
}

impl Held {
    fn write(&mut self, records: impl Iterator<Item = Recorded>, appended: &Appended) {
        for recorded in records {
            let header = &recorded.record.header;
            let stream = self.streams.entry(header.stream.clone()).or_insert_with(|| {
                let name = (Arc::clone(&header.stream.project), Arc::clone(&header.stream.kind));
                self.ordinals.entry(name).or_default().push(header.stream.clone());
                Stream {
                    partition: recorded.partition,
                    ordinal: header.ordinal,
                    positions: Vec::new(),
                    requests: HashMap::new(),
                }
            });
            stream.positions.push(recorded.position);
            if recorded.position == appended.position {
                let known = KnownRequest {
                    fingerprint: header.metadata.fingerprint,
                    appended: Appended { replayed: true, ..appended.clone() },
                };
                stream.requests.insert(header.metadata.request_id, known);
            }
            self.partitions.entry(recorded.partition).or_default().push(recorded);
        }
    }
}

impl Known for Held {
    type Error = Infallible;

    fn partition(&mut self, partition: PartitionId) -> Result<PartitionHead, Infallible> {
        let last = self.partitions.get(&partition).and_then(|records| records.last());
        Ok(last.map_or_else(PartitionHead::default, |last| PartitionHead {
            position: last.position,
            recorded_at: last.record.header.metadata.recorded_at,
        }))
    }

    fn stream(&mut self, _: PartitionId, stream: &StreamId) -> Result<Option<StreamHead>, Infallible> {
        Ok(self.streams.get(stream).map(|stream| StreamHead {
            number: stream.positions.first().copied().unwrap_or_default(),
            ordinal: stream.ordinal,
            revision: stream.positions.len() as u64,
        }))
    }

    fn request(
        &mut self,
        _: PartitionId,
        stream: &StreamId,
        _: StreamHead,
        request_id: Uuid,
    ) -> Result<Option<KnownRequest>, Infallible> {
        Ok(self.streams.get(stream).and_then(|stream| stream.requests.get(&request_id).cloned()))
    }

    fn number_stream(&mut self, _: PartitionId, position: u64) -> Result<u64, Infallible> {
        Ok(position)
    }

    fn last_ordinal(&mut self, project: &str, kind: &str) -> Result<u64, Infallible> {
        Ok(self.ordinals.get(&(project.into(), kind.into())).map_or(0, |streams| streams.len() as u64))
    }
}

/// The item numbered `number`, from 1.
fn nth<T>(items: &[T], number: u64) -> Option<&T> {
    items.get(usize::try_from(number.checked_sub(1)?).ok()?)
}

/// The items numbered above `after`.
fn from<T>(items: &[T], after: u64) -> &[T] {
    usize::try_from(after).ok().and_then(|after| items.get(after..)).unwrap_or_default()
}

fn page<'a>(mut records: impl Iterator<Item = &'a Recorded>, limit: usize) -> Page {
    let mut page = Page::default();
    let mut bytes = 0;
    for recorded in records.by_ref() {
        let body = &recorded.record.body;
        page.records.push(recorded.clone());
        bytes += body.facts.len() + body.texts.as_ref().map_or(0, |texts| texts.json.len());
        if page.records.len() >= limit || bytes >= PAGE_BYTES_MAX {
            break;
        }
    }
    page.end = records.next().is_none();
    page
}
