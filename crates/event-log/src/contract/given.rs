//! What cases begin with: streams, appends, and a reader that believes nothing.

use std::fmt::Display;
use std::sync::Arc;

use uuid::Uuid;

use super::{Broken, Factory, promise, promise_eq};
use crate::append::{Append, AppendError, Appended, NewEvent};
use crate::log::{EventLog, Identity, Page, PartitionId};
use crate::maintain::{Founding, Versions};
use crate::record::{Recorded, StreamId};

/// The clock of every proposer, in microseconds since 1970.
pub(super) const NOW: i64 = 1_700_000_000_000_000;

/// What a newer build knows: one more admission rule.
pub(super) const NEWER: Versions = Versions { rule: Versions::KNOWN.rule + 1, record: Versions::KNOWN.record };

/// A new log of eight partitions that takes appends.
pub(super) async fn log<F: Factory>(factory: &F) -> Result<Arc<F::Log>, Broken> {
    Ok(factory.create(founding(false)).await?)
}

/// A further node of this log.
pub(super) async fn second<F: Factory>(factory: &F, log: &Arc<F::Log>, known: Versions) -> Result<Arc<F::Log>, Broken> {
    let one_only = || Broken::untried("this kind of log never has two nodes");
    factory.another_node(log, known).await?.ok_or_else(one_only)
}

pub(super) fn founding(filling: bool) -> Founding {
    Founding { identity: Identity::new(Uuid::from_u128(7), 8), filling }
}

/// An issue of the project PAY.
pub(super) fn issue(id: impl Display) -> StreamId {
    stream("PAY", "issue", id)
}

pub(super) fn stream(project: &str, kind: &str, id: impl Display) -> StreamId {
    StreamId { project: project.into(), kind: kind.into(), id: id.to_string().into() }
}

pub(super) fn event(facts: impl Into<Vec<u8>>) -> NewEvent {
    NewEvent {
        event_id: Uuid::from_u128(1),
        event_type: "IssueFiled".into(),
        schema_version: 1,
        occurred_at: NOW,
        facts: facts.into(),
        texts: Vec::new(),
        salt: Vec::new(),
    }
}

/// One event; its facts name the request.
pub(super) fn append(stream: &StreamId, expected: u64, request: u128) -> Append {
    Append {
        stream: stream.clone(),
        expected,
        unchanged: Vec::new(),
        events: vec![event(request.to_string())],
        actor: "ada".into(),
        request_id: Uuid::from_u128(request),
        fingerprint: [7; 32],
        correlation_id: None,
        causation_id: None,
        traceparent: None,
        recorded_at: NOW,
    }
}

/// Appends, deciding anew on every conflict.
pub(super) async fn append_whatever_the_revision<L: EventLog>(log: &L, mut append: Append) -> Result<Appended, Broken> {
    loop {
        match log.append(append.clone()).await {
            Err(AppendError::Conflict { actual, .. }) => append.expected = actual,
            answer => return Ok(answer?),
        }
    }
}

/// Ends the case as broken unless the answer is a conflict of this stream between these revisions.
pub(super) fn expect_conflict(
    answer: &Result<Appended, AppendError>,
    stream: &StreamId,
    expected: u64,
    actual: u64,
) -> Result<(), Broken> {
    let conflict = AppendError::Conflict { stream: stream.clone(), expected, actual };
    promise_eq!(answer.as_ref(), Err(&conflict), "an append at {expected} to a stream at {actual}");
    Ok(())
}

/// A reader of a partition: it asks from where it is, and checks every record that it gets.
#[derive(Debug, Clone)]
pub(super) struct Reader {
    pub(super) partition: PartitionId,
    pub(super) position: u64,
    pub(super) limit: usize,
    recorded_at: i64,
}

impl Reader {
    pub(super) fn new(partition: PartitionId, after: u64) -> Self {
        Self { partition, position: after, limit: 100, recorded_at: i64::MIN }
    }

    pub(super) fn with_limit(self, limit: usize) -> Self {
        Self { limit, ..self }
    }

    /// The next page, checked.
    pub(super) async fn next<L: EventLog>(&mut self, log: &L) -> Result<Page, Broken> {
        let page = log.read_partition(self.partition, self.position, self.limit).await?;
        let count = page.records.len();
        promise!(count <= self.limit, "{count} records on a page of {}", self.limit);
        promise!(count > 0 || page.end, "an empty page that is not the end, after {}", self.position);
        for recorded in &page.records {
            promise_eq!(recorded.position, self.position + 1, "the position after {}", self.position);
            promise_eq!(recorded.partition, self.partition, "the partition of {}", recorded.position);
            let at = recorded.record.header.metadata.recorded_at;
            promise!(at >= self.recorded_at, "recorded_at went back at {}", recorded.position);
            check_leaf(recorded)?;
            (self.position, self.recorded_at) = (recorded.position, at);
        }
        Ok(page)
    }

    /// Everything from here to `position`, waiting for it.
    pub(super) async fn read_to<L: EventLog>(&mut self, log: &L, position: u64) -> Result<Vec<Recorded>, Broken> {
        let mut head = log.head(self.partition);
        let mut records = Vec::new();
        while self.position < position {
            let page = self.next(log).await?;
            let nothing = page.records.is_empty();
            records.extend(page.records);
            if nothing {
                let here = self.position;
                let moved = head.wait_for(|&head| head > here).await;
                promise!(moved.is_ok(), "the head's watch ended at {here} before {position}");
            }
        }
        Ok(records)
    }

    /// Everything from here to the end.
    pub(super) async fn read_all<L: EventLog>(&mut self, log: &L) -> Result<Vec<Recorded>, Broken> {
        let head = log.barrier(self.partition).await?;
        let records = self.read_to(log, head).await?;
        promise_eq!(self.position, head, "the last position read up to a barrier");
        Ok(records)
    }
}

/// All records, partition by partition.
pub(super) async fn read_everything<L: EventLog>(log: &L) -> Result<Vec<Recorded>, Broken> {
    let mut records = Vec::new();
    for partition in 0..log.identity().partitions {
        records.extend(Reader::new(partition, 0).read_all(log).await?);
    }
    Ok(records)
}

/// All records of the stream, read in pages of `limit`.
pub(super) async fn read_stream<L: EventLog>(
    log: &L,
    stream: &StreamId,
    limit: usize,
) -> Result<Vec<Recorded>, Broken> {
    log.barrier(log.identity().partition_of(&stream.project)).await?;
    let mut records: Vec<Recorded> = Vec::new();
    loop {
        let page = log.read_stream(stream, records.len() as u64, limit).await?;
        promise!(page.records.len() <= limit, "{} records on a page of {limit}", page.records.len());
        promise!(!page.records.is_empty() || page.end, "an empty page that is not the end");
        for recorded in page.records {
            promise_eq!(recorded.record.header.revision, records.len() as u64 + 1, "the next revision of a stream");
            promise_eq!(recorded.record.header.stream, *stream, "the stream of a record");
            check_leaf(&recorded)?;
            records.push(recorded);
        }
        if page.end {
            return Ok(records);
        }
    }
}

fn check_leaf(recorded: &Recorded) -> Result<(), Broken> {
    let position = recorded.position;
    promise_eq!(recorded.leaf, recorded.record.leaf(), "the leaf at {position}");
    promise!(recorded.record.body.matches_its_hashes(), "the body at {position} is not what was hashed");
    Ok(())
}
