//! What admission asks of the log, behind a bounded cache.
//!
//! Admission asks at once, the database answers later: so what a batch will be asked for is looked up before it, in few
//! questions for all of it. What was looked up may be newer than the head that the batch is admitted against; then another node
//! has appended, the batch is not written, and all of this begins anew.

use std::collections::HashMap;
use std::sync::Arc;

use event_log::admission::{Changes, Known, PartitionHead, StreamHead};
use event_log::{KnownRequest, LogError, PartitionId, Proposal, Recorded, StreamId};
use foldhash::fast::RandomState;
use postgres_session::Fault;
use quick_cache::UnitWeighter;
use quick_cache::unsync::{Cache, DefaultLifecycle};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::heads::End;
use crate::lookup::{self, Seen};

/// Streams whose heads are kept, for each partition; about 500 bytes each with their requests.
const STREAMS_MAX: usize = 8 * 1024;
/// (project, kind) pairs whose last ordinals are kept, for each partition.
const ORDINALS_MAX: usize = 1024;
/// Streams with more requests than this are asked for in the index, every time.
pub(crate) const REQUESTS_MAX: usize = 64;
/// Bits of a position in a stream's number.
const POSITION_BITS: u32 = 48;

type Kind = (Arc<str>, Arc<str>);
type Recent<K, V> = Cache<K, V, UnitWeighter, RandomState>;

/// The heads of what was used lately in one partition, as of its own head.
#[derive(Debug)]
pub(crate) struct Ledger {
    pub(crate) head: PartitionHead,
    pub(crate) end: End,
    streams: Recent<StreamId, Stream>,
    ordinals: Recent<Kind, u64>,
}

/// A stream that was used lately.
#[derive(Debug, Clone)]
pub(crate) struct Stream {
    pub(crate) head: StreamHead,
    pub(crate) requests: Requests,
}

/// The requests of a stream, each as [`mark`], so that a new one is known to be new without asking.
#[derive(Debug, Clone)]
pub(crate) enum Requests {
    All(Vec<u64>),
    TooMany,
}

/// What a batch will be asked for.
#[derive(Debug, Default)]
pub(crate) struct Asked<'b> {
    /// Streams and request ids, in order.
    appends: Vec<(&'b StreamId, Uuid)>,
    /// Streams that it doesn't append to.
    others: Vec<&'b StreamId>,
    /// Whether a stream needs no look: if it is there after all, writing fails.
    new: HashMap<&'b StreamId, bool, RandomState>,
}

/// [`Known`] for one batch: the ledger, and what was looked up beside it.
#[derive(Debug)]
pub(crate) struct Lookup<'l> {
    ledger: &'l mut Ledger,
    found: Found,
}

/// What was looked up for one batch.
#[derive(Debug, Default)]
pub(crate) struct Found {
    /// `None`: there is no such stream.
    streams: HashMap<StreamId, Option<Stream>, RandomState>,
    requests: HashMap<(u64, Uuid), KnownRequest, RandomState>,
    ordinals: HashMap<Kind, u64, RandomState>,
}

/// A stream or ordinal was asked for that [`Ledger::look_up`] was not told of: a mistake in this crate.
#[derive(Debug)]
pub(crate) struct NotLookedUp;

/// Answered instead of a wrong answer.
impl From<NotLookedUp> for LogError {
    fn from(_: NotLookedUp) -> Self {
        Self::Unavailable { reason: "admission asked for what was not looked up".to_owned() }
    }
}

impl Ledger {
    pub(crate) fn new((head, end): (PartitionHead, End)) -> Self {
        Self { head, end, streams: recent(STREAMS_MAX), ordinals: recent(ORDINALS_MAX) }
    }

    /// Looks up what the batch will be asked for and the ledger doesn't have.
    pub(crate) async fn look_up(
        &mut self,
        connection: &mut PgConnection,
        asked: &Asked<'_>,
    ) -> Result<Lookup<'_>, Fault> {
        let mut found = Found::default();
        self.look_up_streams(connection, asked, &mut found).await?;
        self.look_up_ordinals(connection, asked, &mut found).await?;
        self.look_up_requests(connection, asked, &mut found).await?;
        Ok(Lookup { ledger: self, found })
    }

    async fn look_up_streams(
        &mut self,
        connection: &mut PgConnection,
        asked: &Asked<'_>,
        found: &mut Found,
    ) -> Result<(), Fault> {
        let streams = asked.appends.iter().map(|(stream, _)| *stream).chain(asked.others.iter().copied());
        let mut wanted = Vec::new();
        for stream in streams {
            if self.streams.get(stream).is_none() && !found.streams.contains_key(stream) {
                found.streams.insert(stream.clone(), None);
                if asked.new.get(stream) != Some(&true) {
                    wanted.push(stream);
                }
            }
        }
        if !wanted.is_empty() {
            for (n, stream) in lookup::streams(connection, &wanted).await? {
                let name = wanted.get(n).ok_or_else(|| Fault::Damage("a stream that nobody asked for".to_owned()))?;
                found.streams.insert((*name).clone(), Some(stream));
            }
        }
        Ok(())
    }

    async fn look_up_ordinals(
        &mut self,
        connection: &mut PgConnection,
        asked: &Asked<'_>,
        found: &mut Found,
    ) -> Result<(), Fault> {
        let mut wanted: Vec<Kind> = Vec::new();
        for (stream, _) in &asked.appends {
            let kind = (Arc::clone(&stream.project), Arc::clone(&stream.kind));
            let is_new = matches!(found.streams.get(*stream), Some(None));
            if is_new && self.ordinals.get(&kind).is_none() && !wanted.contains(&kind) {
                wanted.push(kind);
            }
        }
        if !wanted.is_empty() {
            let lasts = lookup::ordinals(connection, &wanted).await?;
            found.ordinals.extend(wanted.into_iter().zip(lasts));
        }
        Ok(())
    }

    /// Only for streams that are there, and of them only for ids that may be known.
    async fn look_up_requests(
        &mut self,
        connection: &mut PgConnection,
        asked: &Asked<'_>,
        found: &mut Found,
    ) -> Result<(), Fault> {
        let mut wanted = Vec::new();
        for (stream, request_id) in &asked.appends {
            let known = self.streams.peek(*stream).or_else(|| found.streams.get(*stream).and_then(Option::as_ref));
            if let Some(known) = known
                && known.requests.may_have(*request_id)
            {
                wanted.push((known.head.number, *request_id));
            }
        }
        if !wanted.is_empty() {
            found.requests.extend(lookup::requests(connection, &wanted).await?);
        }
        Ok(())
    }

    /// Takes over what a batch changed, once it is committed.
    pub(crate) fn advance(&mut self, partition: PartitionId, end: Option<End>, changes: Changes, found: &mut Found) {
        if let Some(head) = changes.partitions.get(&partition) {
            self.head = *head;
        }
        self.end = end.unwrap_or(self.end);
        for (stream, change) in changes.streams {
            let mut known = match found
                .streams
                .remove(&stream)
                .flatten()
                .or_else(|| self.streams.remove(&stream).map(|(_, known)| known))
            {
                Some(known) => known,
                None if change.is_new() => Stream { head: change.head, requests: Requests::All(Vec::new()) },
                None => Stream { head: change.head, requests: Requests::TooMany },
            };
            known.head = change.head;
            for (id, _) in change.requests {
                known.requests.add(id);
            }
            self.streams.insert(stream, known);
        }
        // What was only looked at will be looked at again.
        for (stream, known) in found.streams.drain() {
            if let Some(known) = known {
                self.streams.insert(stream, known);
            }
        }
        for (kind, last) in found.ordinals.drain().chain(changes.ordinals) {
            self.ordinals.insert(kind, last);
        }
    }

    /// Takes over what other nodes have appended after the head.
    pub(crate) fn catch_up(&mut self, seen: Vec<Seen>) {
        for Seen { stream, head, request_id, end, recorded_at } in seen {
            self.head = PartitionHead { position: end.position, recorded_at };
            self.end = end;
            if let Some(mut known) = self.streams.get_mut(&stream) {
                known.head.revision = known.head.revision.max(head.revision);
                if let Some(id) = request_id {
                    known.requests.add(id);
                }
            }
            if head.revision == 1
                && let Some(mut last) = self.ordinals.get_mut(&(stream.project, stream.kind))
            {
                *last = head.ordinal.max(*last);
            }
        }
    }
}

impl Requests {
    pub(crate) fn of(ids: &[Uuid]) -> Self {
        if ids.len() > REQUESTS_MAX { Self::TooMany } else { Self::All(ids.iter().map(|id| mark(*id)).collect()) }
    }

    fn add(&mut self, id: Uuid) {
        if let Self::All(known) = self {
            if known.len() >= REQUESTS_MAX {
                *self = Self::TooMany;
            } else if !known.contains(&mark(id)) {
                known.push(mark(id));
            }
        }
    }

    fn may_have(&self, id: Uuid) -> bool {
        match self {
            Self::All(known) => known.contains(&mark(id)),
            Self::TooMany => true,
        }
    }
}

impl<'b> Asked<'b> {
    /// For admission. With `trusting`, a stream that its first append expects to be new is taken for new.
    pub(crate) fn of_proposals(proposals: &'b [Proposal], trusting: bool) -> Self {
        let mut asked = Self::default();
        for proposal in proposals {
            let append = proposal.append();
            // With nothing else to rely on it is admitted, so written, so found out. The stream's first append decides.
            let found_out = append.expected == 0 && append.unchanged.is_empty();
            asked.new.entry(&append.stream).or_insert(trusting && found_out);
            asked.appends.push((&append.stream, append.request_id));
            asked.others.extend(append.unchanged.iter().map(|guard| &guard.stream));
        }
        asked
    }

    /// For taking records over.
    pub(crate) fn of_records(records: &'b [Recorded]) -> Self {
        let headers = records.iter().map(|recorded| &recorded.record.header);
        Self {
            appends: headers.map(|header| (&header.stream, header.metadata.request_id)).collect(),
            ..Self::default()
        }
    }
}

impl Lookup<'_> {
    /// What was looked up: for [`Ledger::advance`].
    pub(crate) fn into_found(self) -> Found {
        self.found
    }
}

impl Known for Lookup<'_> {
    type Error = NotLookedUp;

    fn partition(&mut self, _: PartitionId) -> Result<PartitionHead, NotLookedUp> {
        Ok(self.ledger.head)
    }

    fn stream(&mut self, _: PartitionId, stream: &StreamId) -> Result<Option<StreamHead>, NotLookedUp> {
        if let Some(found) = self.found.streams.get(stream) {
            return Ok(found.as_ref().map(|found| found.head));
        }
        self.ledger.streams.get(stream).map(|known| Some(known.head)).ok_or(NotLookedUp)
    }

    fn request(
        &mut self,
        _: PartitionId,
        _: &StreamId,
        head: StreamHead,
        request_id: Uuid,
    ) -> Result<Option<KnownRequest>, NotLookedUp> {
        Ok(self.found.requests.get(&(head.number, request_id)).cloned())
    }

    fn number_stream(&mut self, partition: PartitionId, position: u64) -> Result<u64, NotLookedUp> {
        Ok(u64::from(partition) << POSITION_BITS | position)
    }

    fn last_ordinal(&mut self, project: &str, kind: &str) -> Result<u64, NotLookedUp> {
        let kind = (project.into(), kind.into());
        let last = self.found.ordinals.get(&kind).or_else(|| self.ledger.ordinals.get(&kind));
        last.copied().ok_or(NotLookedUp)
    }
}

/// A cache of so many entries: those that were used lately, or often.
fn recent<K: Eq + std::hash::Hash, V>(entries_max: usize) -> Recent<K, V> {
    let entries = entries_max as u64;
    Cache::with(entries_max, entries, UnitWeighter, RandomState::default(), DefaultLifecycle::default())
}

/// 64 bits of an id: two ids seldom share them, and then the database tells them apart.
fn mark(id: Uuid) -> u64 {
    let (high, low) = id.as_u64_pair();
    high ^ low
}
