//! A stream's recorded events.

use std::sync::Arc;

use codec::StoredEvent;
use domain::ids::{IssueId, IssueKey, ProjectId};
use domain::issue::{Issue, IssueEvent, fold};
use domain::{Event, Recorded, StreamKind, StreamRef};
use event_log::{EventLog, Leaf, PartitionId, StreamId};
use uuid::Uuid;

use crate::at;
use crate::cut::{AsOf, Cut};
use crate::error::HistoryError;

/// Events that are read from the log at a time.
const PAGE_EVENTS: usize = 512;

/// Recorded events, typed, straight from the log: never from a view. A plain read: it may trail other nodes.
#[derive(Clone)]
pub struct History {
    log: Arc<dyn EventLog>,
}

/// A recorded event with what the log keeps beside it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry<E = Event> {
    /// The event.
    pub recorded: Recorded<E>,
    /// Its own id, a UUIDv7.
    pub event_id: Uuid,
    /// Its type's name, such as `IssueFiled`.
    pub event_type: Arc<str>,
    /// The request that recorded it.
    pub request_id: Uuid,
    /// The partition it is in; its position there is in `recorded`.
    pub partition: PartitionId,
    /// SHA-256 over the record: what proofs are built on.
    pub leaf: Leaf,
}

/// Some of a stream's events, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<E> {
    /// Contiguous events.
    pub entries: Vec<Entry<E>>,
    /// True: nothing follows them, or nothing that was known as of then.
    pub end: bool,
}

/// An issue at an earlier time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IssueThen {
    /// The issue.
    pub issue: Issue,
    /// The partition it is in.
    pub partition: PartitionId,
    /// The position of the last record that was looked at.
    pub position: u64,
    /// The leaf of that record.
    pub leaf: Leaf,
}

impl History {
    /// The history that this log has.
    pub fn new(log: Arc<dyn EventLog>) -> Self {
        Self { log }
    }

    /// All of a stream's events. A stream that does not exist has none.
    pub async fn stream<E: StoredEvent>(&self, stream: &StreamRef) -> Result<Vec<Recorded<E>>, HistoryError> {
        self.since(stream, 0).await
    }

    /// A stream's events after a revision; 0: from its start.
    pub async fn since<E: StoredEvent>(
        &self,
        stream: &StreamRef,
        after: u64,
    ) -> Result<Vec<Recorded<E>>, HistoryError> {
        let entries = self.entries(stream, after, None).await?;
        Ok(entries.into_iter().map(|entry| entry.recorded).collect())
    }

    /// At most `limit` (0 counts as 1) of a stream's events after a revision, of those known `as_of` then. The log may end a
    /// page earlier, by its size.
    pub async fn page<E: StoredEvent>(
        &self,
        stream: &StreamRef,
        after: u64,
        limit: usize,
        as_of: Option<AsOf>,
    ) -> Result<Page<E>, HistoryError> {
        let page = self
            .log
            .read_stream(&codec::stream_id(stream), after, limit)
            .await
            .map_err(|source| HistoryError::Log { what: stream.to_string(), source })?;
        let known = |record: &&event_log::Recorded| as_of.is_none_or(|as_of| as_of.knew(record));
        // What was not known then is not decoded either: it can't change the answer by being damaged, or newer.
        let entries: Vec<_> = page.records.iter().take_while(known).map(entry).collect::<Result<_, _>>()?;
        let end = page.end || entries.len() < page.records.len();
        Ok(Page { entries, end })
    }

    /// A stream's events as a cut leaves them: without `at` in the log's order, with it in the order in which they happened.
    pub async fn cut<E: StoredEvent>(&self, stream: &StreamRef, cut: Cut) -> Result<Vec<Recorded<E>>, HistoryError> {
        let known = self.entries(stream, 0, cut.as_of).await?;
        let known = known.into_iter().map(|entry| entry.recorded).collect();
        Ok(match cut.at {
            Some(at) => at::happened(known, at),
            None => known,
        })
    }

    /// The issue as it was known, or as it was; `None` where there was none yet. Late facts count at their own time
    /// ([`crate`] says how).
    pub async fn issue_as_of(&self, stream: &StreamRef, cut: Cut) -> Result<Option<IssueThen>, HistoryError> {
        let known: Vec<Entry<IssueEvent>> = self.entries(stream, 0, cut.as_of).await?;
        let Some(last) = known.last() else { return Ok(None) };
        let (partition, position, leaf) = (last.partition, last.recorded.position, last.leaf);
        let known: Vec<_> = known.into_iter().map(|entry| entry.recorded).collect();
        let issue = match cut.at {
            Some(at) => at::issue(&known, at),
            None => fold(&known),
        };
        Ok(issue.map(|issue| IssueThen { issue, partition, position, leaf }))
    }

    /// The stream of the issue that has this key.
    pub async fn find_issue(&self, key: &IssueKey) -> Result<StreamRef, HistoryError> {
        let (project, kind) = (key.project.as_str(), StreamKind::Issue);
        let found = self.log.find_ordinal(project, kind.as_str(), key.ordinal).await;
        match found.map_err(|source| HistoryError::Log { what: key.to_string(), source })? {
            Some(StreamId { id, .. }) => Ok(StreamRef { project: key.project.clone(), kind, id }),
            None => Err(HistoryError::NotFound { key: key.clone() }),
        }
    }

    /// The key of the issue whose stream has this id; `None`: there is none.
    pub async fn find_key(&self, project: &ProjectId, id: IssueId) -> Result<Option<IssueKey>, HistoryError> {
        let stream = StreamRef { project: project.clone(), kind: StreamKind::Issue, id: id.to_string().into() };
        let page = self.page::<IssueEvent>(&stream, 0, 1, None).await?;
        Ok(page.entries.first().map(|first| first.recorded.key()))
    }

    /// All of a stream's events up to a revision, with what the log keeps beside them.
    pub async fn up_to<E: StoredEvent>(
        &self,
        stream: &StreamRef,
        revision: u64,
    ) -> Result<Vec<Entry<E>>, HistoryError> {
        self.entries(stream, 0, Some(AsOf::Revision(revision))).await
    }

    async fn entries<E: StoredEvent>(
        &self,
        stream: &StreamRef,
        after: u64,
        as_of: Option<AsOf>,
    ) -> Result<Vec<Entry<E>>, HistoryError> {
        let mut page = self.page(stream, after, PAGE_EVENTS, as_of).await?;
        let mut entries = page.entries;
        while !page.end {
            let Some(last) = entries.last().map(|entry: &Entry<E>| entry.recorded.revision) else {
                break;
            };
            page = self.page(stream, last, PAGE_EVENTS, as_of).await?;
            if page.entries.is_empty() {
                break;
            }
            entries.append(&mut page.entries);
        }
        Ok(entries)
    }
}

fn entry<E: StoredEvent>(record: &event_log::Recorded) -> Result<Entry<E>, HistoryError> {
    let header = &record.record.header;
    Ok(Entry {
        recorded: E::decode(record)?,
        event_id: header.event_id,
        event_type: Arc::clone(&header.event_type),
        request_id: header.metadata.request_id,
        partition: record.partition,
        leaf: record.leaf,
    })
}
