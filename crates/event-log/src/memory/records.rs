//! What a log in memory holds.

use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::Arc;

use uuid::Uuid;

use crate::admission::{Known, PartitionHead, StreamHead};
use crate::append::Appended;
use crate::log::{KnownRequest, PAGE_BYTES_MAX, Page, PartitionId};
use crate::record::{Recorded, StreamId};

/// The records, by every way they are asked for.
#[derive(Debug, Default)]
pub(super) struct Records {
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

impl Records {
    /// Enters the records of one append.
    pub(super) fn write(&mut self, records: impl IntoIterator<Item = Recorded>, appended: &Appended) {
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

    pub(super) fn head(&self, partition: PartitionId) -> u64 {
        self.partitions.get(&partition).map_or(0, |records| records.len() as u64)
    }

    pub(super) fn request(&self, stream: &StreamId, request_id: Uuid) -> Option<KnownRequest> {
        self.streams.get(stream).and_then(|stream| stream.requests.get(&request_id).cloned())
    }

    pub(super) fn ordinal(&self, project: &str, kind: &str, ordinal: u64) -> Option<StreamId> {
        let streams = self.ordinals.get(&(project.into(), kind.into()));
        streams.and_then(|streams| nth(streams, ordinal)).cloned()
    }

    pub(super) fn stream_page(&self, stream: &StreamId, after: u64, limit: usize) -> Page {
        let Some(stream) = self.streams.get(stream) else {
            return Page { records: Vec::new(), end: true };
        };
        let records = self.partitions.get(&stream.partition).map_or(&[][..], Vec::as_slice);
        let positions = from(&stream.positions, after);
        page(positions.iter().filter_map(|&position| nth(records, position)), limit)
    }

    pub(super) fn partition_page(&self, partition: PartitionId, after: u64, limit: usize) -> Page {
        let records = self.partitions.get(&partition).map_or(&[][..], Vec::as_slice);
        page(from(records, after).iter(), limit)
    }
}

impl Known for Records {
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
        Ok(Records::request(self, stream, request_id))
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
