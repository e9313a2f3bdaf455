//! The store that lives in memory: for tests, and to read what the contract means.

mod crash;

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::watch;
use tokio::time::Instant;
use views::row::{Change, Key, Row, Select};
use views::table::{Direction, Schema, Table, ViewId};

use crate::advances::Advances;
use crate::check::{behind, check_commits, check_selects, check_swap, check_table};
use crate::commit::{CommitError, ViewCommit};
use crate::lease::{Claim, Holder, Lease, Leases, Share};
use crate::paging::{Range, ranges};
use crate::store::{
    Answer, Checkpoint, PARKED_ANSWER_MAX, PREPARED_LASTS, Parked, PartitionId, Prepared, StoreError,
    Stored as InStore, SwapError, ViewStore,
};

pub use crash::Saved;

/// Views in memory, gone with the process.
#[derive(Debug, Default)]
pub struct MemoryViews {
    state: Mutex<State>,
    advances: Advances,
}

#[derive(Debug, Default)]
struct State {
    stored: BTreeMap<ViewId, Stored>,
    leases: Leases,
    /// How many times tables were made.
    generations: u64,
}

#[derive(Debug, Clone)]
struct Stored {
    schema: &'static Schema,
    generation: u64,
    rows: BTreeMap<(&'static str, Key), Row>,
    checkpoints: BTreeMap<PartitionId, Checkpoint>,
    parked: BTreeMap<Arc<str>, Parked>,
    in_use_until: Instant,
}

/// Rows to be written; `None`: to be deleted.
type Staged = BTreeMap<(&'static str, Key), Option<Row>>;

#[async_trait]
impl ViewStore for MemoryViews {
    async fn prepare(&self, views: &[&'static Schema]) -> Result<Vec<Prepared>, StoreError> {
        let mut state = self.state();
        for view in views {
            view.check().map_err(|reason| StoreError::Invalid { reason })?;
            if state.of(view.id()).is_ok_and(|stored| stored.schema != *view) {
                return Err(StoreError::Changed { view: view.id() });
            }
        }
        let mut prepared = Vec::with_capacity(views.len());
        for view in views {
            let id = view.id();
            let created = !state.stored.contains_key(&id);
            if created {
                state.make(view);
            } else if let Some(stored) = state.stored.get_mut(&id) {
                stored.in_use_until = stored.in_use_until.max(Instant::now() + PREPARED_LASTS);
            }
            prepared.push(Prepared { view: id, created });
        }
        Ok(prepared)
    }

    async fn reset(&self, view: &'static Schema) -> Result<(), StoreError> {
        view.check().map_err(|reason| StoreError::Invalid { reason })?;
        let mut state = self.state();
        state.make(view);
        state.leases.end(view.id());
        self.advances.reset(view.id());
        Ok(())
    }

    async fn swap(&self, view: &'static Schema, with: &'static Schema) -> Result<(), SwapError> {
        check_swap(view, with)?;
        let mut state = self.state();
        if let Some(partition) = behind(&state.of(view.id())?.checkpoints, &state.of(with.id())?.checkpoints) {
            return Err(SwapError::Behind { partition });
        }
        if let (Some(one), Some(other)) = (state.stored.remove(&view.id()), state.stored.remove(&with.id())) {
            self.publish(view.id(), &other.checkpoints);
            self.publish(with.id(), &one.checkpoints);
            let (here, there) = (one.in_use_until, other.in_use_until);
            state.stored.insert(view.id(), Stored { schema: view, in_use_until: here, ..other });
            state.stored.insert(with.id(), Stored { schema: with, in_use_until: there, ..one });
        }
        state.leases.end(view.id());
        state.leases.end(with.id());
        Ok(())
    }

    async fn remove(&self, view: ViewId) -> Result<(), StoreError> {
        self.state().remove(view);
        self.advances.reset(view);
        Ok(())
    }

    async fn stored(&self) -> Result<Vec<InStore>, StoreError> {
        let (state, now) = (self.state(), Instant::now());
        Ok(state.stored.iter().map(|(id, stored)| stored.told(*id, now)).collect())
    }

    async fn announce(&self, views: &[ViewId], lasting: Duration) -> Result<(), StoreError> {
        let (mut state, now) = (self.state(), Instant::now());
        for view in views {
            state.of(*view)?;
        }
        for view in views {
            if let Some(stored) = state.stored.get_mut(view) {
                stored.in_use_until = now + lasting;
            }
        }
        Ok(())
    }

    async fn sweep(&self) -> Result<Vec<InStore>, StoreError> {
        let (mut state, now) = (self.state(), Instant::now());
        let unused: Vec<_> = state.stored.iter().filter(|(_, it)| it.in_use_until <= now).map(|(id, _)| *id).collect();
        let told = unused.iter().filter_map(|id| state.stored.get(id).map(|stored| stored.told(*id, now))).collect();
        for view in unused {
            state.remove(view);
            self.advances.reset(view);
        }
        Ok(told)
    }

    async fn join(&self) -> Result<Holder, StoreError> {
        Ok(self.state().leases.join())
    }

    async fn lease(&self, claim: Claim) -> Result<Vec<Lease>, StoreError> {
        Ok(self.state().leases.claim(&claim, Instant::now()))
    }

    async fn held(&self, views: &[ViewId]) -> Result<Vec<Share>, StoreError> {
        Ok(self.state().leases.held(views, Instant::now()))
    }

    async fn release(&self, holder: Holder) -> Result<(), StoreError> {
        self.state().leases.release(holder);
        Ok(())
    }

    async fn checkpoints(&self, view: ViewId) -> Result<BTreeMap<PartitionId, Checkpoint>, StoreError> {
        Ok(self.state().of(view)?.checkpoints.clone())
    }

    async fn load(&self, view: ViewId, table: &'static Table, keys: Vec<Key>) -> Result<Vec<Option<Row>>, StoreError> {
        let state = self.state();
        let stored = state.of(view)?;
        check_table(stored.schema, table)?;
        let load = |key: Key| {
            key.check(table)?;
            Ok(stored.rows.get(&(table.name, key)).cloned())
        };
        keys.into_iter().map(load).collect()
    }

    async fn commit(&self, partition: PartitionId, commits: Vec<ViewCommit>) -> Result<(), CommitError> {
        let mut state = self.state();
        check_commits(&commits, |view| Ok(state.of(view)?.schema))?;
        let mut staged = Vec::with_capacity(commits.len());
        for commit in &commits {
            state.leases.check(partition, commit)?;
            let stored = state.of(commit.view).map_err(CommitError::Failed)?;
            let actual = stored.checkpoints.get(&partition).copied();
            if actual != commit.expected {
                return Err(CommitError::Moved { view: commit.view, partition, actual });
            }
            staged.push(stage(stored, commit)?);
        }
        for (commit, staged) in commits.iter().zip(staged) {
            if let Some(stored) = state.stored.get_mut(&commit.view) {
                stored.apply(partition, commit, staged);
            }
        }
        for commit in &commits {
            self.advances.publish(commit.view, partition, commit.new.position);
        }
        Ok(())
    }

    async fn query(&self, view: ViewId, selects: Vec<Select>) -> Result<Answer, StoreError> {
        let state = self.state();
        let stored = state.of(view)?;
        check_selects(stored.schema, &selects)?;
        Ok(Answer {
            rows: selects.iter().map(|select| stored.select(select)).collect::<Result<_, _>>()?,
            checkpoints: stored.checkpoints.clone(),
            parked: stored.parked.values().take(PARKED_ANSWER_MAX).cloned().collect(),
            generation: stored.generation,
        })
    }

    async fn parked(&self, view: ViewId, after: Option<Arc<str>>, limit: u32) -> Result<Vec<Parked>, StoreError> {
        let state = self.state();
        let later = |parked: &&Parked| after.as_ref().is_none_or(|after| parked.stream > *after);
        Ok(state.of(view)?.parked.values().filter(later).take(limit as usize).cloned().collect())
    }

    async fn parked_of(&self, view: ViewId, streams: Vec<Arc<str>>) -> Result<Vec<Parked>, StoreError> {
        let state = self.state();
        Ok(state.of(view)?.parked.values().filter(|parked| streams.contains(&parked.stream)).cloned().collect())
    }

    fn advanced(&self, view: ViewId, partition: PartitionId) -> watch::Receiver<u64> {
        self.advances.watch(view, partition)
    }

    fn is_awaited(&self, view: ViewId, partition: PartitionId) -> bool {
        self.advances.is_watched(view, partition)
    }
}

impl MemoryViews {
    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing panics between a commit's first and last write.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn publish(&self, view: ViewId, reached: &BTreeMap<PartitionId, Checkpoint>) {
        for (partition, checkpoint) in reached {
            self.advances.publish(view, *partition, checkpoint.position);
        }
    }
}

impl State {
    fn make(&mut self, schema: &'static Schema) {
        self.generations += 1;
        self.stored.insert(schema.id(), Stored::new(schema, self.generations));
    }

    fn remove(&mut self, view: ViewId) {
        self.stored.remove(&view);
        self.leases.end(view);
    }

    fn of(&self, view: ViewId) -> Result<&Stored, StoreError> {
        self.stored.get(&view).ok_or(StoreError::NotPrepared { view })
    }
}

impl Stored {
    fn new(schema: &'static Schema, generation: u64) -> Self {
        let (rows, checkpoints, parked) = <_>::default();
        Self { schema, generation, rows, checkpoints, parked, in_use_until: Instant::now() + PREPARED_LASTS }
    }

    fn told(&self, id: ViewId, now: Instant) -> InStore {
        InStore { name: String::from(id.name), version: id.version, in_use: self.in_use_until > now }
    }

    fn apply(&mut self, partition: PartitionId, commit: &ViewCommit, staged: Staged) {
        for (key, row) in staged {
            match row {
                Some(row) => self.rows.insert(key, row),
                None => self.rows.remove(&key),
            };
        }
        self.checkpoints.insert(partition, commit.new);
        for stream in &commit.unpark {
            self.parked.remove(stream);
        }
        for park in &commit.park {
            self.parked.entry(Arc::clone(&park.stream)).or_insert_with(|| Parked {
                partition,
                stream: Arc::clone(&park.stream),
                position: park.position,
                reason: Arc::clone(&park.reason),
                skipped: false,
            });
        }
        for stream in &commit.skip {
            if let Some(parked) = self.parked.get_mut(stream) {
                parked.skipped = true;
            }
        }
    }

    fn select(&self, select: &Select) -> Result<Vec<Row>, StoreError> {
        let mut found = Vec::new();
        for range in ranges(select) {
            let mut rows = self.range(select.table, &range)?;
            rows.retain(|row| select.sought.as_ref().is_none_or(|sought| sought.holds(row)));
            rows.truncate(select.limit as usize - found.len());
            found.extend(rows.into_iter().map(|row| if select.words { row } else { row.without_words() }));
        }
        Ok(found)
    }

    fn range(&self, table: &'static Table, range: &Range) -> Result<Vec<Row>, StoreError> {
        let mut rows = Vec::new();
        for row in self.rows.values().filter(|row| row.table().name == table.name) {
            let mut fits = true;
            for condition in &range.filter {
                fits = fits && condition.holds(row.value(condition.column())?);
            }
            if fits {
                rows.push(row.clone());
            }
        }
        rows.sort_by(|one, other| compare(&range.order, one, other));
        Ok(rows)
    }
}

fn stage(stored: &Stored, commit: &ViewCommit) -> Result<Staged, CommitError> {
    let mut staged = Staged::new();
    for (at, change) in commit.changes.iter().enumerate() {
        let name = (change.table().name, change.key());
        let row = match change {
            Change::Upsert(row) | Change::Insert(row) => Some(row.clone()),
            Change::Delete { .. } => None,
            Change::Add { table, key, deltas } => {
                let before = staged.get(&name).map_or_else(|| stored.rows.get(&name), Option::as_ref);
                let reason = |reason| CommitError::Rejected { view: commit.view, change: at, reason };
                add(table, key, before, deltas).map_err(reason)?
            }
        };
        staged.insert(name, row);
    }
    Ok(staged)
}

/// The row with its counters moved; `None` where all are zero.
fn add(
    table: &'static Table,
    key: &Key,
    before: Option<&Row>,
    deltas: &[(&'static str, i64)],
) -> Result<Option<Row>, String> {
    let mut row = match before {
        Some(row) => row.clone(),
        None => Row::keyed(table, key).map_err(|error| error.to_string())?,
    };
    for (column, delta) in deltas {
        let count: i64 = row.get(column).map_err(|error| error.to_string())?;
        let count = count.checked_add(*delta).ok_or_else(|| format!("{}.{column} overflows", table.name))?;
        row.set(column, count).map_err(|error| error.to_string())?;
    }
    let zero = |column| row.get::<i64>(column) == Ok(0);
    let gone = table.counters().is_some_and(|mut counters| counters.all(|column| zero(column.name)));
    Ok((!gone).then_some(row))
}

fn compare(order: &[(&'static str, Direction)], one: &Row, other: &Row) -> Ordering {
    let by = |(column, direction): &(&'static str, Direction)| {
        let ascending = one.value(column).ok().cmp(&other.value(column).ok());
        if *direction == Direction::Asc { ascending } else { ascending.reverse() }
    };
    order.iter().map(by).find(|found| found.is_ne()).unwrap_or(Ordering::Equal)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::{Broken, Factory, run};

    struct InMemory;

    #[async_trait]
    impl Factory for InMemory {
        type Store = MemoryViews;

        async fn create(&self) -> Result<Arc<MemoryViews>, Broken> {
            Ok(Arc::default())
        }

        async fn reopen(&self, _store: Arc<MemoryViews>) -> Result<Option<Arc<MemoryViews>>, Broken> {
            Ok(None)
        }
    }

    #[tokio::test]
    async fn it_keeps_every_promise() {
        run(InMemory).await;
    }
}
