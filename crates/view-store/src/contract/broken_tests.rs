//! Stores that are broken on purpose: the suite must catch each, by the case made for it.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use tokio::sync::watch;
use views::row::{Change, Key, Row, Select};
use views::table::{Schema, Table, ViewId};

use super::given::BOARD_2;
use super::{Broken, Factory, cases};
use crate::advances::Advances;
use crate::commit::{CommitError, ViewCommit};
use crate::memory::MemoryViews;
use crate::store::{Answer, Checkpoint, Parked, PartitionId, Prepared, StoreError, ViewStore};

/// What is wrong with a store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    /// Nothing: it shows that the suite passes a good store through this wrapper.
    None,
    /// Commits whatever the checkpoint.
    IgnoresCheckpoints,
    /// Checkpoints are compared by position alone.
    IgnoresLeaves,
    /// Each view of a commit on its own.
    CommitsInParts,
    /// Rows, then the rest, while the caller waits.
    StopsWithItsCaller,
    /// Rows of zeros stay.
    KeepsZeros,
    /// Checkpoints first, then rows.
    AnswersInTwoReads,
    /// A page begins after all that is like the last one's end in the first column.
    SkipsTies,
    /// The watch shows a position, then it is committed.
    WatchRunsAhead,
    /// Somebody always waits.
    AlwaysAwaited,
    /// All versions are one.
    IgnoresVersions,
    /// What is parked is forgotten on restart.
    ForgetsParked,
    /// A reset leaves the watch where it was.
    ResetsInSilence,
}

struct Wrong {
    inner: MemoryViews,
    fault: Fault,
    ahead: Advances,
}

struct Maker(Fault);

#[async_trait]
impl Factory for Maker {
    type Store = Wrong;

    async fn create(&self) -> Result<Arc<Wrong>, Broken> {
        Ok(Arc::new(Wrong { inner: MemoryViews::default(), fault: self.0, ahead: Advances::default() }))
    }

    async fn reopen(&self, store: Arc<Wrong>) -> Result<Option<Arc<Wrong>>, Broken> {
        if self.0 == Fault::ForgetsParked {
            let view = super::given::BOARD.id();
            let parked = store.parked(view, None, u32::MAX).await?;
            if let (Some(first), Some(at)) = (parked.first(), store.checkpoint(view, 2).await?) {
                let unpark = vec![Arc::clone(&first.stream)];
                store.inner.commit(2, vec![ViewCommit { unpark, ..ViewCommit::new(view, Some(at), at) }]).await?;
            }
        }
        Ok(Some(store))
    }
}

impl Wrong {
    fn of(&self, mut view: ViewId) -> ViewId {
        if self.fault == Fault::IgnoresVersions && view == BOARD_2.id() {
            view.version = 1;
        }
        view
    }

    async fn twist(&self, partition: PartitionId, commit: &mut ViewCommit) -> Result<(), CommitError> {
        commit.view = self.of(commit.view);
        let actual = self.inner.checkpoint(commit.view, partition).await.map_err(CommitError::Failed)?;
        match self.fault {
            Fault::IgnoresCheckpoints => commit.expected = actual,
            Fault::IgnoresLeaves => {
                let positions = actual.zip(commit.expected).filter(|(one, other)| one.position == other.position);
                commit.expected = positions.map_or(commit.expected, |(actual, _)| Some(actual));
            }
            Fault::KeepsZeros => {
                for change in &mut commit.changes {
                    *change = self.row_instead(commit.view, change).await.map_err(CommitError::Failed)?;
                }
            }
            _ => {}
        }
        Ok(())
    }

    async fn row_instead(&self, view: ViewId, change: &Change) -> Result<Change, StoreError> {
        let Change::Add { table, key, deltas } = change else {
            return Ok(change.clone());
        };
        let loaded = self.inner.load(view, table, vec![key.clone()]).await?;
        let mut row = loaded.into_iter().flatten().next().map_or_else(|| Row::keyed(table, key), Ok)?;
        for (column, delta) in deltas {
            let count: i64 = row.get(column)?;
            row.set(column, count.wrapping_add(*delta))?;
        }
        Ok(Change::Upsert(row))
    }
}

#[async_trait]
impl ViewStore for Wrong {
    async fn prepare(&self, views: &[&'static Schema]) -> Result<Vec<Prepared>, StoreError> {
        self.inner.prepare(views).await
    }

    async fn reset(&self, view: &'static Schema) -> Result<(), StoreError> {
        self.inner.reset(view).await
    }

    async fn checkpoints(&self, view: ViewId) -> Result<BTreeMap<PartitionId, Checkpoint>, StoreError> {
        self.inner.checkpoints(self.of(view)).await
    }

    async fn load(&self, view: ViewId, table: &'static Table, keys: Vec<Key>) -> Result<Vec<Option<Row>>, StoreError> {
        self.inner.load(self.of(view), table, keys).await
    }

    async fn commit(&self, partition: PartitionId, mut commits: Vec<ViewCommit>) -> Result<(), CommitError> {
        for commit in &mut commits {
            self.twist(partition, commit).await?;
        }
        match self.fault {
            Fault::CommitsInParts => {
                for commit in commits {
                    self.inner.commit(partition, vec![commit]).await?;
                }
                Ok(())
            }
            Fault::StopsWithItsCaller => {
                let rows = commits
                    .iter()
                    .cloned()
                    .map(|commit| ViewCommit { new: commit.expected.unwrap_or(commit.new), ..commit });
                self.inner.commit(partition, rows.collect()).await?;
                tokio::task::yield_now().await;
                for commit in &mut commits {
                    commit.changes.clear();
                    commit.expected =
                        self.inner.checkpoint(commit.view, partition).await.map_err(CommitError::Failed)?;
                }
                self.inner.commit(partition, commits).await
            }
            Fault::WatchRunsAhead => {
                for commit in &commits {
                    self.ahead.publish(commit.view, partition, commit.new.position);
                }
                for _ in 0..3 {
                    tokio::task::yield_now().await;
                }
                self.inner.commit(partition, commits).await
            }
            _ => self.inner.commit(partition, commits).await,
        }
    }

    async fn query(&self, view: ViewId, selects: Vec<Select>) -> Result<Answer, StoreError> {
        let view = self.of(view);
        let checkpoints = self.inner.checkpoints(view).await?;
        if self.fault == Fault::AnswersInTwoReads {
            for _ in 0..3 {
                tokio::task::yield_now().await;
            }
        }
        let mut answer = self.inner.query(view, selects.clone()).await?;
        if self.fault == Fault::AnswersInTwoReads {
            answer.checkpoints = checkpoints;
        }
        if self.fault == Fault::SkipsTies {
            for (select, rows) in selects.iter().zip(&mut answer.rows) {
                if let (Some(cursor), Some((column, _))) = (&select.after, select.total_order().first()) {
                    rows.retain(|row| row.value(column) != Ok(&cursor.0[0]));
                }
            }
        }
        Ok(answer)
    }

    async fn parked(&self, view: ViewId, after: Option<Arc<str>>, limit: u32) -> Result<Vec<Parked>, StoreError> {
        self.inner.parked(self.of(view), after, limit).await
    }

    async fn parked_of(&self, view: ViewId, streams: Vec<Arc<str>>) -> Result<Vec<Parked>, StoreError> {
        self.inner.parked_of(self.of(view), streams).await
    }

    fn advanced(&self, view: ViewId, partition: PartitionId) -> watch::Receiver<u64> {
        match self.fault {
            Fault::WatchRunsAhead => self.ahead.watch(view, partition),
            // It keeps showing what it last did.
            Fault::ResetsInSilence => watch::Sender::new(1).subscribe(),
            _ => self.inner.advanced(self.of(view), partition),
        }
    }

    fn is_awaited(&self, view: ViewId, partition: PartitionId) -> bool {
        self.fault == Fault::AlwaysAwaited || self.inner.is_awaited(self.of(view), partition)
    }
}

#[tokio::test]
async fn a_good_store_passes() {
    super::run(Maker(Fault::None)).await;
}

#[tokio::test]
async fn each_broken_store_is_caught_by_its_case() {
    for (fault, name) in [
        (Fault::IgnoresCheckpoints, "commits::delivered_twice_applies_once"),
        (Fault::IgnoresCheckpoints, "commits::one_wins_each_checkpoint"),
        (Fault::IgnoresLeaves, "commits::partitions_move_apart"),
        (Fault::CommitsInParts, "commits::several_views_move_together"),
        (Fault::CommitsInParts, "commits::what_cannot_be_stored_stops_all"),
        (Fault::StopsWithItsCaller, "commits::a_caller_that_goes_away_changes_nothing"),
        (Fault::KeepsZeros, "batches::counters_that_cancel_leave_no_row"),
        (Fault::KeepsZeros, "batches::any_sizes_come_to_the_same"),
        (Fault::AnswersInTwoReads, "snapshots::an_answer_is_of_one_moment"),
        (Fault::SkipsTies, "selects::pages_join"),
        (Fault::SkipsTies, "selects::find_what_a_list_would"),
        (Fault::WatchRunsAhead, "snapshots::the_watch_never_runs_ahead"),
        (Fault::AlwaysAwaited, "snapshots::who_waits_is_known"),
        (Fault::IgnoresVersions, "rebuilds::versions_do_not_see_each_other"),
        (Fault::ForgetsParked, "rebuilds::opened_again_everything_is_there"),
        (Fault::ResetsInSilence, "rebuilds::a_reset_starts_anew"),
    ] {
        let maker = Maker(fault);
        let case = cases::<Maker>().into_iter().find(|case| case.name == name).expect("a case of the suite");
        assert!(case.try_on(&maker).await.is_err(), "{fault:?} was not caught by {name}");
    }
}
