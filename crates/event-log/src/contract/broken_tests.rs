//! Logs that are broken on purpose: the suite must catch each, by the case made for it.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use tokio::sync::watch;
use uuid::Uuid;

use super::{Broken, Factory, cases};
use crate::append::{Append, AppendError, Appended, LogError};
use crate::log::{EventLog, Identity, KnownRequest, Page, PartitionId};
use crate::memory::MemoryLog;
use crate::record::StreamId;

/// What is wrong with a log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    /// Nothing: it shows that the suite passes a good log through this wrapper.
    None,
    /// Positions are given when an append begins, and become visible when it ends.
    ShowsInAnotherOrder,
    /// A request repeated at an old revision is a conflict.
    RevisionBeforeRequest,
    /// A request is known by its id alone.
    IgnoresFingerprints,
    /// Request ids are forgotten on restart.
    ForgetsRequests,
    /// What is relied on isn't looked at.
    IgnoresGuards,
    /// The watch shows a position before it can be read.
    HeadRunsAhead,
    /// The barrier answers what was there when somebody last looked.
    StaleBarrier,
    /// It calls what is sound damaged.
    CriesDamage,
    /// An append goes on only while its caller waits, one event after the other.
    StopsWithItsCaller,
    /// One at a time, from when an append begins until its caller has taken the answer.
    HeldUpByItsCaller,
    /// JSON is written anew.
    RewritesJson,
    /// Nothing is refused for its size.
    NoBounds,
    /// The time of a record is whatever the proposer's clock said.
    TrustsClocks,
    /// A full page says that it is the end.
    EndsEarly,
    /// A restart loses the newest record.
    LosesTheNewest,
}

struct Wrong {
    inner: MemoryLog,
    fault: Fault,
    hidden: Mutex<BTreeSet<u64>>,
    announced: watch::Sender<u64>,
    stale: AtomicU64,
    turn: tokio::sync::Mutex<()>,
}

struct Maker(Fault);

#[async_trait]
impl Factory for Maker {
    type Log = Wrong;

    async fn create(&self, partitions: u32) -> Result<Arc<Wrong>, Broken> {
        Ok(Arc::new(Wrong::new(self.0, Identity::new(Uuid::from_u128(1), partitions))))
    }

    async fn reopen(&self, log: Arc<Wrong>) -> Result<Option<Arc<Wrong>>, Broken> {
        let again = Wrong::new(self.0, log.identity());
        for partition in 0..log.identity().partitions {
            let mut records = log.inner.read_partition(partition, 0, usize::MAX).await?.records;
            if self.0 == Fault::LosesTheNewest {
                records.pop();
            }
            for recorded in records {
                let (header, body) = (recorded.record.header, recorded.record.body);
                let texts = body.texts.unwrap();
                let mut append = super::given::append(&header.stream, header.revision - 1, 0);
                append.request_id = header.metadata.request_id;
                append.fingerprint = header.metadata.fingerprint;
                append.recorded_at = header.metadata.recorded_at;
                append.events[0].facts = body.facts;
                (append.events[0].texts, append.events[0].salt) = (texts.json, texts.salt);
                if self.0 == Fault::ForgetsRequests {
                    append.request_id = Uuid::from_u128(append.request_id.as_u128() + (1 << 100));
                }
                again.inner.append(append).await?;
            }
        }
        Ok(Some(Arc::new(again)))
    }
}

impl Wrong {
    fn new(fault: Fault, identity: Identity) -> Self {
        let inner = MemoryLog::new(identity);
        Self {
            inner,
            fault,
            hidden: Mutex::default(),
            announced: watch::Sender::new(0),
            stale: AtomicU64::new(0),
            turn: tokio::sync::Mutex::new(()),
        }
    }

    async fn append_in_flight(&self, append: Append) -> Result<Appended, AppendError> {
        let bytes: usize = append.events.iter().map(|event| event.facts.len()).sum();
        let appended = self.inner.append(append).await?;
        let positions = appended.position + appended.first_revision - appended.revision..=appended.position;
        self.hidden.lock().unwrap().extend(positions.clone());
        // The larger, the longer until it is committed.
        for _ in 0..=bytes.min(20) {
            tokio::task::yield_now().await;
        }
        self.hidden.lock().unwrap().retain(|position| !positions.contains(position));
        Ok(appended)
    }

    async fn append_one_by_one(&self, append: Append) -> Result<Appended, AppendError> {
        let mut first = None;
        for (n, event) in append.events.iter().enumerate() {
            let expected = append.expected + n as u64;
            let request_id = if n + 1 == append.events.len() { append.request_id } else { event.event_id };
            let one = Append { events: vec![event.clone()], expected, request_id, ..append.clone() };
            let appended = self.inner.append(one).await?;
            tokio::task::yield_now().await;
            let first_revision = *first.get_or_insert(appended.first_revision);
            if n + 1 == append.events.len() {
                return Ok(Appended { first_revision, ..appended });
            }
        }
        self.inner.append(append).await
    }
}

#[async_trait]
impl EventLog for Wrong {
    fn identity(&self) -> Identity {
        self.inner.identity()
    }

    async fn append(&self, mut append: Append) -> Result<Appended, AppendError> {
        match self.fault {
            Fault::ShowsInAnotherOrder => return self.append_in_flight(append).await,
            Fault::StopsWithItsCaller => return self.append_one_by_one(append).await,
            Fault::HeldUpByItsCaller => {
                let _turn = self.turn.lock().await;
                tokio::task::yield_now().await;
                return self.inner.append(append).await;
            }
            Fault::RevisionBeforeRequest => {
                let actual =
                    self.inner.read_stream(&append.stream, 0, usize::MAX).await.map_err(AppendError::Failed)?;
                let (actual, expected) = (actual.records.len() as u64, append.expected);
                if actual != expected {
                    return Err(AppendError::Conflict { stream: append.stream, expected, actual });
                }
            }
            Fault::IgnoresFingerprints => append.fingerprint = [7; 32],
            Fault::IgnoresGuards => append.unchanged.clear(),
            Fault::HeadRunsAhead => {
                self.announced.send_modify(|head| *head += append.events.len() as u64);
                tokio::task::yield_now().await;
            }
            Fault::RewritesJson => {
                for event in &mut append.events {
                    event.facts.retain(|byte| *byte != b'\t');
                }
            }
            Fault::NoBounds => {
                append.events.truncate(1);
            }
            _ => {}
        }
        self.inner.append(append).await
    }

    async fn find_request(&self, stream: &StreamId, request_id: Uuid) -> Result<Option<KnownRequest>, LogError> {
        self.inner.find_request(stream, request_id).await
    }

    async fn find_ordinal(&self, project: &str, kind: &str, ordinal: u64) -> Result<Option<StreamId>, LogError> {
        self.inner.find_ordinal(project, kind, ordinal).await
    }

    async fn read_stream(&self, stream: &StreamId, after: u64, limit: usize) -> Result<Page, LogError> {
        self.inner.read_stream(stream, after, limit).await
    }

    async fn read_partition(&self, partition: PartitionId, after: u64, limit: usize) -> Result<Page, LogError> {
        let mut page = self.inner.read_partition(partition, after, limit).await?;
        page.records.retain(|recorded| !self.hidden.lock().unwrap().contains(&recorded.position));
        page.end |= self.fault == Fault::EndsEarly || page.records.is_empty();
        if self.fault == Fault::TrustsClocks {
            for recorded in &mut page.records {
                let metadata = &mut recorded.record.header.metadata;
                metadata.recorded_at -= 1000 * i64::try_from(recorded.position % 2).unwrap();
                recorded.leaf = recorded.record.leaf();
            }
        }
        Ok(page)
    }

    fn head(&self, partition: PartitionId) -> watch::Receiver<u64> {
        match self.fault {
            Fault::HeadRunsAhead => self.announced.subscribe(),
            _ => self.inner.head(partition),
        }
    }

    async fn barrier(&self, partition: PartitionId) -> Result<u64, LogError> {
        let head = self.inner.barrier(partition).await?;
        Ok(if self.fault == Fault::StaleBarrier { self.stale.swap(head, Ordering::SeqCst).min(head) } else { head })
    }

    fn trouble(&self) -> watch::Receiver<Option<LogError>> {
        match self.fault {
            Fault::CriesDamage => {
                watch::Sender::new(Some(LogError::DataLoss { reason: "a full disk".to_owned() })).subscribe()
            }
            _ => self.inner.trouble(),
        }
    }

    async fn close(&self) {
        self.inner.close().await;
    }
}

/// The names of the promises that a log with this fault breaks.
async fn broken_by(fault: Fault) -> Vec<&'static str> {
    let mut broken = Vec::new();
    for case in cases::<Maker>() {
        if case.try_on(&Maker(fault)).await.is_err() {
            broken.push(case.name);
        }
    }
    broken
}

#[track_caller]
fn check(broken: &[&str], expected: &str) {
    assert!(broken.iter().any(|name| name.ends_with(expected)), "{expected} should be among {broken:?}");
}

#[tokio::test]
async fn a_good_log_breaks_none() {
    assert_eq!(broken_by(Fault::None).await, Vec::<&str>::new());
}

#[tokio::test]
async fn a_log_that_shows_commits_in_another_order_is_caught_by_the_first_case() {
    let broken = broken_by(Fault::ShowsInAnotherOrder).await;
    assert_eq!(broken.first(), Some(&"readers::nothing_is_skipped_when_writers_finish_in_another_order"), "{broken:?}");
}

#[tokio::test]
async fn a_log_that_compares_the_revision_first_is_caught() {
    check(&broken_by(Fault::RevisionBeforeRequest).await, "ids_are_compared_before_revisions");
}

#[tokio::test]
async fn a_log_that_ignores_fingerprints_is_caught() {
    check(&broken_by(Fault::IgnoresFingerprints).await, "ids_are_compared_before_revisions");
}

#[tokio::test]
async fn a_log_that_forgets_requests_is_caught() {
    check(&broken_by(Fault::ForgetsRequests).await, "restarts::requests_are_answered_as_before");
}

#[tokio::test]
async fn a_log_that_loses_the_newest_record_is_caught() {
    check(&broken_by(Fault::LosesTheNewest).await, "everything_is_there_again");
}

#[tokio::test]
async fn a_log_that_ignores_guards_is_caught() {
    check(&broken_by(Fault::IgnoresGuards).await, "guards_hold");
}

#[tokio::test]
async fn a_head_that_runs_ahead_is_caught() {
    check(&broken_by(Fault::HeadRunsAhead).await, "the_watch_never_runs_ahead");
}

#[tokio::test]
async fn a_stale_barrier_is_caught() {
    check(&broken_by(Fault::StaleBarrier).await, "a_barrier_shows_what_was_acknowledged");
}

#[tokio::test]
async fn a_log_that_stops_with_its_caller_is_caught() {
    check(&broken_by(Fault::StopsWithItsCaller).await, "who_goes_away_changes_nothing_else");
}

#[tokio::test(start_paused = true)]
async fn a_log_held_up_by_its_caller_is_caught() {
    check(&broken_by(Fault::HeldUpByItsCaller).await, "who_stalls_holds_nobody_up");
}

#[tokio::test]
async fn a_log_that_rewrites_json_is_caught() {
    check(&broken_by(Fault::RewritesJson).await, "bytes_are_kept");
}

#[tokio::test]
async fn a_log_without_bounds_is_caught() {
    check(&broken_by(Fault::NoBounds).await, "bounds_hold");
}

#[tokio::test]
async fn a_log_that_trusts_clocks_is_caught() {
    check(&broken_by(Fault::TrustsClocks).await, "from_anywhere_everything_is_seen_once_beside_writers");
}

#[tokio::test]
async fn a_page_that_ends_early_is_caught() {
    check(&broken_by(Fault::EndsEarly).await, "pages_tell_where_they_end");
}

#[tokio::test]
async fn a_log_that_calls_sound_data_damaged_is_caught() {
    check(&broken_by(Fault::CriesDamage).await, "what_is_sound_is_not_called_damaged");
}
