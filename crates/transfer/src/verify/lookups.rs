//! All other ways of finding a record, compared with the partition read in order.
//!
//! Each append is looked up by its request; each stream, at its first record, by its ordinal and by its name, and read to its end. What
//! the streams hold and what the partition holds must be the same records at the same positions. That is compared by a sum over both,
//! which needs no memory; where the sums differ, [`super::locate`] finds out where.

use event_log::{Appended, EventLog, KnownRequest, LogError, Recorded, StreamId, StreamName};
use futures::stream::{self, StreamExt as _, TryStreamExt as _};
use sha2::{Digest, Sha256};

use super::{Finding, Pass, Place, Span, Tell, VerifyError, failed, locate};
use crate::TransferError;
use crate::error::Side;
use crate::pages::{Appends, PAGE_RECORDS, same_append};

/// So many lookups are under way at once.
const AT_ONCE: usize = 16;

/// Verifies a partition; answers how many streams begin in it.
pub(super) async fn verify(log: &dyn EventLog, span: Span, tell: Tell<'_>) -> Result<u64, VerifyError> {
    let Span { partition, head, .. } = span;
    let mut appends = Appends::new(log, Side::From, partition, 0, head);
    let (mut in_order, mut by_stream, mut streams) = (Sum::default(), Sum::default(), 0);
    loop {
        let records = appends.next().await.map_err(|error| unread(error, span))?;
        let Some(last) = records.last() else { break };
        let position = last.position;
        for recorded in &records {
            in_order.add(recorded);
        }
        let groups: Vec<&[Recorded]> = records.chunk_by(same_append).collect();
        let checks = stream::iter(groups).map(|append| check(log, append, head));
        let mut checks = checks.buffered(AT_ONCE);
        while let Some(sum) = checks.try_next().await? {
            if let Some(sum) = sum {
                by_stream.add_all(sum);
                streams += 1;
            }
        }
        tell(Place { pass: Pass::Lookups, partition, position: 0 }, records.len() as u64);
        debug_assert!(position <= head, "appends are read up to the head");
    }
    if in_order == by_stream { Ok(streams) } else { Err(locate::first_difference(log, span).await) }
}

/// An append's request, and its stream where it is the stream's first: then the sum over its records.
async fn check(log: &dyn EventLog, append: &[Recorded], head: u64) -> Result<Option<Sum>, VerifyError> {
    let (Some(first), Some(last)) = (append.first(), append.last()) else { return Ok(None) };
    request(log, first, last).await?;
    if first.record.header.revision != 1 {
        return Ok(None);
    }
    ordinal(log, first).await?;
    let (mut sum, mut walk) = (Sum::default(), StreamWalk::new(log, first));
    loop {
        let records = walk.next().await?;
        if records.is_empty() {
            return Ok(Some(sum));
        }
        // What was appended since the pass began is left to the next verification.
        for recorded in records.iter().filter(|recorded| recorded.position <= head) {
            sum.add(recorded);
        }
    }
}

/// The request is known as what the append's records say.
async fn request(log: &dyn EventLog, first: &Recorded, last: &Recorded) -> Result<(), VerifyError> {
    let (header, metadata) = (&last.record.header, &last.record.header.metadata);
    let expected = KnownRequest {
        fingerprint: metadata.fingerprint,
        appended: Appended {
            partition: last.partition,
            position: last.position,
            leaf: last.leaf,
            ordinal: header.ordinal,
            first_revision: first.record.header.revision,
            revision: header.revision,
            recorded_at: metadata.recorded_at,
            replayed: true,
        },
    };
    let name = format_args!("request {} of {}", metadata.request_id, StreamName(&header.stream)).to_string();
    let found = log.find_request(&header.stream, metadata.request_id).await;
    let what = match found.map_err(|error| looked_up(error, last, &name))? {
        Some(found) if found == expected => return Ok(()),
        None => format!("{name} is not found"),
        Some(KnownRequest { appended, .. }) if appended.position != last.position => {
            format!("{name} is found at position {} instead", appended.position)
        }
        Some(_) => format!("{name} is found with another answer"),
    };
    Err(Finding::at(Pass::Lookups, last.partition, last.position, what).into())
}

/// The stream is found by its ordinal, and so is one before it that has the ordinal before.
async fn ordinal(log: &dyn EventLog, first: &Recorded) -> Result<(), VerifyError> {
    let header = &first.record.header;
    let StreamId { project, kind, .. } = &header.stream;
    let found = |what: String| Err(Finding::at(Pass::Lookups, first.partition, first.position, what).into());
    let failed = |error| looked_up(error, first, &format!("ordinals of {kind}/{project}"));
    match log.find_ordinal(project, kind, header.ordinal).await.map_err(failed)? {
        Some(stream) if stream == header.stream => {}
        Some(stream) => return found(format!("ordinal {} leads to {}", header.ordinal, StreamName(&stream))),
        None => return found(format!("ordinal {} leads nowhere", header.ordinal)),
    }
    let before = header.ordinal - 1;
    if before == 0 {
        return Ok(());
    }
    let Some(stream) = log.find_ordinal(project, kind, before).await.map_err(failed)? else {
        return found(format!("ordinal {before}, the one before, leads nowhere"));
    };
    let page = log.read_stream(&stream, 0, 1).await;
    let page = page.map_err(|error| looked_up(error, first, &StreamName(&stream).to_string()))?;
    let comes_before = page
        .records
        .first()
        .is_some_and(|begins| begins.record.header.ordinal == before && begins.position < first.position);
    if comes_before {
        Ok(())
    } else {
        found(format!("ordinal {before} leads to {}, which does not begin before", StreamName(&stream)))
    }
}

/// Reads a stream, which begins with `first`, to its end, and checks that its records go on densely.
pub(super) struct StreamWalk<'l> {
    log: &'l dyn EventLog,
    first: &'l Recorded,
    revision: u64,
    position: u64,
    ended: bool,
}

impl<'l> StreamWalk<'l> {
    pub(super) fn new(log: &'l dyn EventLog, first: &'l Recorded) -> Self {
        Self { log, first, revision: 0, position: first.position - 1, ended: false }
    }

    /// The next records; empty at the end.
    pub(super) async fn next(&mut self) -> Result<Vec<Recorded>, VerifyError> {
        if self.ended {
            return Ok(Vec::new());
        }
        let stream = &self.first.record.header.stream;
        let page = self.log.read_stream(stream, self.revision, PAGE_RECORDS).await;
        let page = page.map_err(|error| looked_up(error, self.first, &StreamName(stream).to_string()))?;
        for recorded in &page.records {
            self.check(recorded).map_err(|what| self.found(&what))?;
            (self.revision, self.position) = (recorded.record.header.revision, recorded.position);
        }
        self.ended = page.end;
        match (page.records.is_empty(), page.end, self.revision) {
            (true, true, 0) => Err(self.found("it is empty when it is read by its name").into()),
            (true, false, revision) => {
                Err(self.found(&format!("nothing comes after revision {revision}, which is not the end")).into())
            }
            _ => Ok(page.records),
        }
    }

    fn check(&self, recorded: &Recorded) -> Result<(), String> {
        let (header, first) = (&recorded.record.header, &self.first.record.header);
        let Self { revision, position, .. } = self;
        if recorded.partition != self.first.partition || header.stream != first.stream {
            return Err(format!("after revision {revision} comes a record of {}", StreamName(&header.stream)));
        }
        if header.revision != revision + 1 {
            return Err(format!("after revision {revision} comes {}", header.revision));
        }
        if header.ordinal != first.ordinal {
            return Err(format!("revision {} has ordinal {}, not {}", header.revision, header.ordinal, first.ordinal));
        }
        if recorded.position <= *position {
            return Err(format!("revision {} is at position {}", header.revision, recorded.position));
        }
        if recorded.record.leaf() != recorded.leaf {
            return Err(format!("revision {} is not what its leaf says", header.revision));
        }
        Ok(())
    }

    fn found(&self, what: &str) -> Finding {
        let what = format!("{}: {what}", StreamName(&self.first.record.header.stream));
        Finding::at(Pass::Lookups, self.first.partition, self.first.position, what)
    }
}

/// An error of the log while something of this record was looked up.
pub(super) fn looked_up(error: LogError, recorded: &Recorded, what: &str) -> VerifyError {
    let at = |reason| Finding::at(Pass::Lookups, recorded.partition, recorded.position, format!("{what}: {reason}"));
    failed(error, at)
}

/// The partition, which was read before, can't be read now.
pub(super) fn unread(error: TransferError, span: Span) -> VerifyError {
    match error {
        TransferError::Damaged { position, what, .. } => {
            Finding::at(Pass::Lookups, span.partition, position, what).into()
        }
        TransferError::Log { source, .. } => {
            let within = span.head - 1;
            failed(source, |reason| Finding { within, ..Finding::at(Pass::Lookups, span.partition, 1, reason) })
        }
        other => VerifyError::Log(LogError::Unavailable { reason: other.to_string() }),
    }
}

/// A sum over records with their positions: the same for the same set of them in whatever order, and, as hashes go, for no other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Sum {
    hashes: u128,
    count: u64,
}

impl Sum {
    fn add(&mut self, recorded: &Recorded) {
        let hash = Sha256::new().chain_update(recorded.position.to_be_bytes()).chain_update(recorded.leaf).finalize();
        let mut half = [0; 16];
        half.copy_from_slice(&hash[..16]);
        self.add_all(Self { hashes: u128::from_be_bytes(half), count: 1 });
    }

    fn add_all(&mut self, other: Self) {
        self.hashes = self.hashes.wrapping_add(other.hashes);
        self.count = self.count.wrapping_add(other.count);
    }
}
