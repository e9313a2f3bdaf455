//! Stores that are broken on purpose: the suite must catch each, by the case made for it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::watch;
use views::row::{Change, Condition, Key, Row, Select, Value};
use views::table::{Schema, Table, ViewId};

use super::given::BOARD_2;
use super::{Broken, Factory, cases};
use crate::advances::Advances;
use crate::commit::{CommitError, ViewCommit};
use crate::lease::{Claim, Holder, Lease, Share, Term};
use crate::memory::MemoryViews;
use crate::store::{Answer, Checkpoint, Parked, PartitionId, Prepared, StoreError, Stored, SwapError, ViewStore};

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
    /// A row that nobody knew of is left as it was.
    KeepsWhatIsThere,
    /// What a row was found by before, it is found by still.
    KeepsOldWords,
    /// A phrase is its words, wherever they are.
    IgnoresPhrases,
    /// Words are sought in every column.
    IgnoresColumns,
    /// Words are sought in every project.
    SeeksEverywhere,
    /// Rows come without words, however they are asked for.
    LosesWords,
    /// Everybody gets what they claim.
    LeasesToAll,
    /// What is leased is leased for ever.
    NeverRunsOut,
    SharesNothing,
    /// Time runs from the first claim on.
    ForgetsRenewals,
    /// Nobody ever lets go.
    KeepsReleased,
    /// A holder has one term for all its holds.
    KnowsHoldersOnly,
    /// Commits whoever holds the lease.
    CommitsWithoutLease,
    /// Who held a view before its reset holds it still.
    ResetsBesideLeases,
    /// A swap is done however far the new tables have come.
    SwapsAnyhow,
    /// A generation is the view's, not its tables'.
    KeepsGenerations,
    /// Generations are those of other tables before them.
    CountsGenerationsAnew,
    /// What was swapped away stays.
    RemovesNothing,
    /// Whatever is not in use at the moment of looking goes, and all else.
    SweepsAll,
    /// Nobody sees what was skipped.
    ForgetsSkips,
}

struct Wrong {
    inner: MemoryViews,
    fault: Fault,
    ahead: Advances,
    /// The leases that were granted last.
    leased: Mutex<BTreeMap<(ViewId, PartitionId), (Holder, Lease)>>,
}

struct Maker(Fault);

#[async_trait]
impl Factory for Maker {
    type Store = Wrong;

    async fn create(&self) -> Result<Arc<Wrong>, Broken> {
        let (inner, ahead, leased) = <_>::default();
        Ok(Arc::new(Wrong { inner, fault: self.0, ahead, leased }))
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
        match self.fault {
            Fault::CommitsWithoutLease => commit.term = None,
            Fault::KnowsHoldersOnly => commit.term = commit.term.and_then(|_| self.last_term(commit.view, partition)),
            Fault::ResetsBesideLeases if commit.expected.is_none() => commit.term = None,
            Fault::ForgetsSkips => commit.skip.clear(),
            _ => {}
        }
        let actual = self.inner.checkpoint(commit.view, partition).await.map_err(CommitError::Failed)?;
        match self.fault {
            Fault::IgnoresCheckpoints => commit.expected = actual,
            Fault::IgnoresLeaves => {
                let positions = actual.zip(commit.expected).filter(|(one, other)| one.position == other.position);
                commit.expected = positions.map_or(commit.expected, |(actual, _)| Some(actual));
            }
            Fault::KeepsOldWords => {
                for change in &mut commit.changes {
                    if let Change::Upsert(row) | Change::Insert(row) = change {
                        self.add_old_words(commit.view, row).await.map_err(CommitError::Failed)?;
                    }
                }
            }
            Fault::KeepsWhatIsThere => {
                for change in std::mem::take(&mut commit.changes) {
                    let is_there = self.is_there(commit.view, &change).await.map_err(CommitError::Failed)?;
                    commit.changes.extend((!is_there).then_some(change));
                }
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

    fn last_term(&self, view: ViewId, partition: PartitionId) -> Option<Term> {
        self.leased.lock().unwrap().get(&(view, partition)).map(|(_, lease)| lease.term)
    }

    /// What the holder was granted when it first asked, if all of it was.
    fn known(&self, claim: &Claim) -> Option<Vec<Lease>> {
        let leased = self.leased.lock().unwrap();
        let known = |share| leased.get(share).filter(|(holder, _)| *holder == claim.holder).map(|(_, lease)| *lease);
        claim.of.iter().map(known).collect()
    }

    async fn add_old_words(&self, view: ViewId, row: &mut Row) -> Result<(), StoreError> {
        let loaded = self.inner.load(view, row.table(), vec![row.key()]).await?;
        for (old, column) in
            loaded.into_iter().flatten().flat_map(|old| old.table().words().map(move |it| (old.clone(), it)))
        {
            let (Value::Words(old), Value::Words(new)) = (old.value(column.name)?, row.value(column.name)?) else {
                continue;
            };
            let both = format!("{new} {old}");
            row.set(column.name, Value::Words(both.into()))?;
        }
        Ok(())
    }

    fn seek_otherwise(&self, select: &mut Select) {
        if let (Fault::SeeksEverywhere, Some(_)) = (self.fault, &select.sought) {
            for condition in &mut select.filter {
                if *condition == Condition::Equal("project", Value::from("PAY")) {
                    *condition = Condition::Equal("project", Value::from("PAYX"));
                }
            }
        }
        for term in select.sought.iter_mut().flat_map(|sought| &mut sought.all) {
            if self.fault == Fault::IgnoresColumns {
                term.column = None;
            }
            if self.fault == Fault::IgnoresPhrases && !term.prefix {
                term.tokens.truncate(1);
            }
        }
    }

    /// Is there a row that this one is said to be new beside?
    async fn is_there(&self, view: ViewId, change: &Change) -> Result<bool, StoreError> {
        let Change::Insert(row) = change else { return Ok(false) };
        let loaded = self.inner.load(view, row.table(), vec![row.key()]).await?;
        Ok(loaded.iter().any(Option::is_some))
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

    async fn swap(&self, view: &'static Schema, with: &'static Schema) -> Result<(), SwapError> {
        match self.inner.swap(view, with).await {
            Err(SwapError::Behind { .. }) if self.fault == Fault::SwapsAnyhow => Ok(()),
            result => result,
        }
    }

    async fn remove(&self, view: ViewId) -> Result<(), StoreError> {
        if self.fault == Fault::RemovesNothing { Ok(()) } else { self.inner.remove(view).await }
    }

    async fn stored(&self) -> Result<Vec<Stored>, StoreError> {
        self.inner.stored().await
    }

    async fn announce(&self, views: &[ViewId], lasting: Duration) -> Result<(), StoreError> {
        self.inner.announce(views, lasting).await
    }

    async fn sweep(&self) -> Result<Vec<Stored>, StoreError> {
        if self.fault == Fault::SweepsAll {
            self.inner.announce(&[BOARD_2.id()], Duration::ZERO).await?;
        }
        self.inner.sweep().await
    }

    async fn join(&self) -> Result<Holder, StoreError> {
        self.inner.join().await
    }

    async fn lease(&self, mut claim: Claim) -> Result<Vec<Lease>, StoreError> {
        match self.fault {
            Fault::LeasesToAll => claim.anyway = true,
            Fault::NeverRunsOut => claim.lasting = Duration::from_secs(3600),
            Fault::ForgetsRenewals => {
                if let Some(known) = self.known(&claim) {
                    return Ok(known);
                }
            }
            _ => {}
        }
        let holder = claim.holder;
        let mut granted = self.inner.lease(claim).await?;
        for lease in &mut granted {
            self.leased.lock().unwrap().insert((lease.view, lease.partition), (holder, *lease));
            if self.fault == Fault::KnowsHoldersOnly {
                lease.term = holder.0;
            }
        }
        Ok(granted)
    }

    async fn held(&self, views: &[ViewId]) -> Result<Vec<Share>, StoreError> {
        let held = self.inner.held(views).await?;
        Ok(if self.fault == Fault::SharesNothing { held.into_iter().take(1).collect() } else { held })
    }

    async fn release(&self, holder: Holder) -> Result<(), StoreError> {
        if self.fault == Fault::KeepsReleased { Ok(()) } else { self.inner.release(holder).await }
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
        let mut asked = selects.clone();
        for select in &mut asked {
            self.seek_otherwise(select);
        }
        let mut answer = self.inner.query(view, asked).await?;
        if self.fault == Fault::LosesWords {
            for row in answer.rows.iter_mut().flatten() {
                *row = row.clone().without_words();
            }
        }
        match self.fault {
            Fault::AnswersInTwoReads => answer.checkpoints = checkpoints,
            Fault::KeepsGenerations => answer.generation = view.name.len() as u64,
            Fault::CountsGenerationsAnew => answer.generation = answer.generation.min(5),
            _ => {}
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

#[tokio::test(start_paused = true)]
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
        (Fault::KeepsWhatIsThere, "batches::a_row_written_again_is_that_row"),
        (Fault::KeepsWhatIsThere, "words::what_changed_is_found_as_it_is"),
        (Fault::KeepsOldWords, "words::what_changed_is_found_as_it_is"),
        (Fault::KeepsOldWords, "words::find_what_a_list_would"),
        (Fault::IgnoresPhrases, "words::find_what_a_list_would"),
        (Fault::IgnoresColumns, "words::find_what_a_list_would"),
        (Fault::SeeksEverywhere, "words::scopes_and_versions_stand_apart"),
        (Fault::LosesWords, "words::come_back_where_they_are_asked_for"),
        (Fault::ResetsInSilence, "rebuilds::a_reset_starts_anew"),
        (Fault::LeasesToAll, "leases::one_holds_at_a_time"),
        (Fault::SharesNothing, "leases::it_is_known_who_has_what"),
        (Fault::NeverRunsOut, "leases::what_ran_out_is_taken_over"),
        (Fault::ForgetsRenewals, "leases::renewed_it_stays"),
        (Fault::KeepsReleased, "leases::released_they_are_free"),
        (Fault::KnowsHoldersOnly, "leases::taken_and_had_again_is_another_hold"),
        (Fault::CommitsWithoutLease, "leases::what_ran_out_is_taken_over"),
        (Fault::CommitsWithoutLease, "leases::without_its_lease_a_commit_changes_nothing"),
        (Fault::ResetsBesideLeases, "leases::a_reset_ends_them"),
        (Fault::AnswersInTwoReads, "swaps::old_and_new_never_mix"),
        (Fault::SwapsAnyhow, "swaps::what_is_behind_is_refused"),
        (Fault::KeepsGenerations, "swaps::other_tables_are_another_generation"),
        (Fault::CountsGenerationsAnew, "swaps::other_tables_are_another_generation"),
        (Fault::RemovesNothing, "swaps::swapped_again_and_again"),
        (Fault::SweepsAll, "swaps::what_nobody_uses_goes"),
        (Fault::ForgetsSkips, "parking::skipped_they_stay_parked"),
    ] {
        let maker = Maker(fault);
        let case = cases::<Maker>().into_iter().find(|case| case.name == name).expect("a case of the suite");
        assert!(case.try_on(&maker).await.is_err(), "{fault:?} was not caught by {name}");
    }
}
