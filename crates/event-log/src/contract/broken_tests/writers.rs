//! Flaws that writers meet.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use async_trait::async_trait;

use super::Flaw;
use crate::append::{Append, AppendError, Appended, LogError};
use crate::log::EventLog;
use crate::memory::MemoryLog;
use crate::record::StreamId;

/// The expected revision isn't looked at.
#[derive(Default)]
pub(super) struct IgnoresRevisions;

#[async_trait]
impl Flaw for IgnoresRevisions {
    const CAUGHT_BY: &'static str = "writers::one_wins_each_expected_revision";

    async fn append(&self, log: &MemoryLog, append: Append) -> Result<Appended, AppendError> {
        match log.append(append.clone()).await {
            Err(AppendError::Conflict { actual, .. }) => log.append(Append { expected: actual, ..append }).await,
            answer => answer,
        }
    }
}

/// Every fifth append is answered and not written.
#[derive(Default)]
pub(super) struct AcknowledgesNothing {
    appends: AtomicU64,
}

#[async_trait]
impl Flaw for AcknowledgesNothing {
    const CAUGHT_BY: &'static str = "writers::on_one_stream_all_get_in_by_trying_again";

    async fn append(&self, log: &MemoryLog, append: Append) -> Result<Appended, AppendError> {
        if self.appends.fetch_add(1, Ordering::SeqCst) % 5 < 4 {
            return log.append(append).await;
        }
        acknowledge_only(log, append).await
    }
}

/// What the append would be answered, by a log that is thrown away.
pub(super) async fn acknowledge_only(log: &MemoryLog, append: Append) -> Result<Appended, AppendError> {
    let actual =
        log.read_stream(&append.stream, 0, usize::MAX).await.map_err(AppendError::Failed)?.records.len() as u64;
    if actual != append.expected {
        return Err(AppendError::Conflict { stream: append.stream, expected: append.expected, actual });
    }
    let appended = MemoryLog::new(log.identity()).append(Append { expected: 0, ..append }).await?;
    Ok(Appended { first_revision: actual + 1, revision: actual + appended.revision, ..appended })
}

/// Ordinals are answered that aren't the stream's.
#[derive(Default)]
pub(super) struct HasOrdinalsOfItsOwn;

#[async_trait]
impl Flaw for HasOrdinalsOfItsOwn {
    const CAUGHT_BY: &'static str = "writers::on_many_streams_numbers_are_dense";

    async fn append(&self, log: &MemoryLog, append: Append) -> Result<Appended, AppendError> {
        log.append(append).await.map(|appended| Appended { ordinal: appended.position, ..appended })
    }
}

/// What comes after a refused append fails with it.
#[derive(Default)]
pub(super) struct FailsTheNext {
    failing: AtomicBool,
}

#[async_trait]
impl Flaw for FailsTheNext {
    const CAUGHT_BY: &'static str = "writers::a_conflict_fails_only_its_own";

    async fn append(&self, log: &MemoryLog, append: Append) -> Result<Appended, AppendError> {
        if self.failing.swap(false, Ordering::SeqCst) {
            return Err(AppendError::Failed(LogError::Unavailable { reason: "rolled back".to_owned() }));
        }
        let answer = log.append(append).await;
        self.failing.store(answer.is_err(), Ordering::SeqCst);
        answer
    }
}

/// What is relied on isn't looked at.
#[derive(Default)]
pub(super) struct IgnoresGuards;

#[async_trait]
impl Flaw for IgnoresGuards {
    const CAUGHT_BY: &'static str = "writers::guards_hold";

    async fn append(&self, log: &MemoryLog, append: Append) -> Result<Appended, AppendError> {
        log.append(Append { unchanged: Vec::new(), ..append }).await
    }
}

/// The time of a record is whatever the proposer's clock said.
#[derive(Default)]
pub(super) struct TrustsClocks;

#[async_trait]
impl Flaw for TrustsClocks {
    const CAUGHT_BY: &'static str = "writers::recorded_at_never_goes_back";

    async fn append(&self, log: &MemoryLog, append: Append) -> Result<Appended, AppendError> {
        let recorded_at = append.recorded_at;
        log.append(append).await.map(|appended| Appended { recorded_at, ..appended })
    }
}

/// All kinds of a project are counted together.
#[derive(Default)]
pub(super) struct MixesKinds;

#[async_trait]
impl Flaw for MixesKinds {
    const CAUGHT_BY: &'static str = "writers::ordinals_lead_to_streams";

    async fn find_ordinal(
        &self,
        log: &MemoryLog,
        project: &str,
        _: &str,
        ordinal: u64,
    ) -> Result<Option<StreamId>, LogError> {
        log.find_ordinal(project, "issue", ordinal).await
    }
}

/// An append goes on only while its caller waits, one event after the other.
#[derive(Default)]
pub(super) struct StopsWithItsCaller;

#[async_trait]
impl Flaw for StopsWithItsCaller {
    const CAUGHT_BY: &'static str = "callers::who_goes_away_changes_nothing_else";

    async fn append(&self, log: &MemoryLog, append: Append) -> Result<Appended, AppendError> {
        let Some((last, others)) = append.events.split_last() else { return log.append(append).await };
        for (expected, event) in (append.expected..).zip(others) {
            let one = Append { events: vec![event.clone()], expected, request_id: event.event_id, ..append.clone() };
            log.append(one).await?;
            tokio::task::yield_now().await;
        }
        let expected = append.expected + others.len() as u64;
        let appended = log.append(Append { events: vec![last.clone()], expected, ..append.clone() }).await?;
        Ok(Appended { first_revision: append.expected + 1, ..appended })
    }
}

/// One at a time, from when an append begins until its caller has taken the answer.
#[derive(Default)]
pub(super) struct IsHeldUpByItsCaller {
    turn: tokio::sync::Mutex<()>,
}

#[async_trait]
impl Flaw for IsHeldUpByItsCaller {
    const CAUGHT_BY: &'static str = "callers::who_stalls_holds_nobody_up";

    async fn append(&self, log: &MemoryLog, append: Append) -> Result<Appended, AppendError> {
        let _turn = self.turn.lock().await;
        tokio::task::yield_now().await;
        log.append(append).await
    }
}
