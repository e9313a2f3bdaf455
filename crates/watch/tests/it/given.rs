//! What stories begin with: a view of cards, a log that is only a number, and a watcher who keeps what it was told.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use tokio::time::timeout;
use view_store::memory::MemoryViews;
use view_store::{Checkpoint, Park, PartitionId, ViewCommit, ViewStore};
use views::row::{Change, Condition, Row, Select, Value};
use views::table::{Column, Direction::Asc, Index, Schema, Table};
use watch::{Bounds, Ended, Lineage, LineageError, Place, Scope, Start, Step, Watch, Watches};

pub(crate) static CARDS: Table = Table {
    name: "cards",
    comment: "One row an issue.",
    columns: &[
        Column::text("project", ""),
        Column::integer("ordinal", ""),
        Column::text("state", ""),
        Column::text("note", ""),
        Column::integer("position", ""),
    ],
    key: &["project", "ordinal"],
    indexes: &[
        Index { columns: &[("project", Asc), ("position", Asc)] },
        Index { columns: &[("project", Asc), ("state", Asc)] },
    ],
};
pub(crate) static VIEW: Schema = Schema { name: "cards", version: 1, tables: &[&CARDS] };
/// The view, built once more beside itself.
static BESIDE: Schema = Schema { name: "cards__new", ..VIEW };

/// Nothing is ever waited for longer.
pub(crate) const PATIENCE: Duration = Duration::from_secs(120);

/// Cards by (project, number): state and position.
pub(crate) type Board = BTreeMap<u64, (String, u64)>;

/// A store with a view, written as a projector does.
pub(crate) struct Given {
    pub(crate) store: Arc<MemoryViews>,
    pub(crate) log: Arc<Log>,
    pub(crate) watches: Watches,
    at: AtomicU64,
}

/// Says whether it is still the one.
#[derive(Default)]
pub(crate) struct Log {
    pub(crate) is_another: AtomicBool,
    /// It can't be asked.
    pub(crate) is_gone: AtomicBool,
    pub(crate) asked: AtomicU64,
}

#[async_trait]
impl Lineage for Log {
    async fn has(&self, _partition: PartitionId, _checkpoint: &Checkpoint) -> Result<bool, LineageError> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        if self.is_gone.load(Ordering::Relaxed) {
            return Err(LineageError { reason: "for a test".into() });
        }
        Ok(!self.is_another.load(Ordering::Relaxed))
    }
}

fn checkpoint(position: u64) -> Option<Checkpoint> {
    let mut leaf = [0; 32];
    leaf[..8].copy_from_slice(&position.to_be_bytes());
    (position > 0).then_some(Checkpoint { position, leaf })
}

pub(crate) fn card(project: &str, ordinal: u64, state: &str, position: u64) -> Row {
    noted(project, ordinal, state, position, "")
}

fn noted(project: &str, ordinal: u64, state: &str, position: u64, note: &str) -> Row {
    let values = vec![project.into(), ordinal.into(), state.into(), note.into(), position.into()];
    Row::new(&CARDS, values).unwrap()
}

impl Given {
    pub(crate) async fn view() -> Self {
        Self::with(Bounds::default()).await
    }

    pub(crate) async fn with(bounds: Bounds) -> Self {
        let (store, log) = (Arc::new(MemoryViews::default()), Arc::new(Log::default()));
        store.prepare(&[&VIEW]).await.unwrap();
        let watches = Watches::new(store.clone(), log.clone(), Duration::from_millis(5), bounds);
        Self { store, log, watches, at: AtomicU64::new(0) }
    }

    /// Each card changes in an event of its own, all in one commit. Gives the position reached.
    pub(crate) async fn change(&self, cards: &[(&str, u64, &str)]) -> u64 {
        self.change_with(cards, "").await
    }

    pub(crate) async fn change_with(&self, cards: &[(&str, u64, &str)], note: &str) -> u64 {
        let at = self.at.load(Ordering::Relaxed);
        let mut to = at;
        let mut changes = Vec::new();
        for (project, ordinal, state) in cards {
            to += 1;
            changes.push(Change::Upsert(noted(project, *ordinal, state, to, note)));
        }
        self.commit(at, to, |commit| commit.changes = changes).await;
        to
    }

    /// An event that changes nothing here.
    pub(crate) async fn advance(&self) {
        let at = self.at.load(Ordering::Relaxed);
        self.commit(at, at + 1, |_| ()).await;
    }

    pub(crate) async fn park(&self, stream: &str) {
        let at = self.at.load(Ordering::Relaxed);
        let park = Park { stream: stream.into(), position: at + 1, reason: "for a test".into() };
        self.commit(at, at + 1, |commit| commit.park = vec![park]).await;
    }

    /// Takes a parked stream up again: its card changes at a position that was passed before.
    pub(crate) async fn take_up(&self, stream: &str, row: Row) {
        let at = self.at.load(Ordering::Relaxed);
        self.commit(at, at, |commit| {
            commit.unpark = vec![stream.into()];
            commit.changes = vec![Change::Upsert(row)];
        })
        .await;
    }

    async fn commit(&self, at: u64, to: u64, fill: impl FnOnce(&mut ViewCommit)) {
        let mut commit = ViewCommit::new(VIEW.id(), checkpoint(at), checkpoint(to).unwrap());
        fill(&mut commit);
        self.store.commit(0, vec![commit]).await.unwrap();
        self.at.store(to, Ordering::Relaxed);
    }

    pub(crate) async fn rebuild(&self) {
        self.store.reset(&VIEW).await.unwrap();
        self.at.store(0, Ordering::Relaxed);
    }

    /// The view is built once more, from a log that gives these rows up to where the view is, and takes its own place.
    pub(crate) async fn swap_for(&self, cards: Vec<Row>) {
        let at = self.at.load(Ordering::Relaxed);
        self.store.prepare(&[&BESIDE]).await.unwrap();
        let changes = cards.into_iter().map(Change::Upsert).collect();
        let commit = ViewCommit { changes, ..ViewCommit::new(BESIDE.id(), None, checkpoint(at).unwrap()) };
        self.store.commit(0, vec![commit]).await.unwrap();
        self.store.swap(&VIEW, &BESIDE).await.unwrap();
        self.store.remove(BESIDE.id()).await.unwrap();
    }

    /// Watches the cards of a project that are not done.
    pub(crate) fn watch(&self, project: &str, start: Start) -> Watch {
        self.watches.open(scope(project, 3), start).unwrap()
    }

    /// The cards of a project as the store has them: those that are not done, and those that are.
    pub(crate) async fn boards(&self, project: &str) -> (u64, [Board; 2]) {
        let all = Select::from(&CARDS, u32::MAX).filter(Condition::Equal("project", project.into()));
        let answer = self.store.query(VIEW.id(), vec![all]).await.unwrap();
        let (done, undone) = answer.rows[0].iter().map(shown).partition(|(_, (state, _))| state == "done");
        (answer.checkpoints.get(&0).map_or(0, |checkpoint| checkpoint.position), [undone, done])
    }
}

/// The cards of a project that are not done, read so many at a time; beside them those that are.
pub(crate) fn scope(project: &str, page: u32) -> Scope {
    let undone = ["new", "doing"].map(Value::from).to_vec();
    let some = |state: &Value, limit| {
        let select = Select::from(&CARDS, limit).filter(Condition::Equal("project", project.into()));
        select.filter(Condition::Equal("state", state.clone()))
    };
    Scope {
        view: VIEW.id(),
        table: &CARDS,
        partition: 0,
        project: project.into(),
        among: Vec::new(),
        snapshot: undone.iter().map(|state| some(state, page)).collect(),
        beside: Some(some(&"done".into(), u32::MAX)),
        filter: Arc::new(vec![Condition::In("state", undone)]),
    }
}

fn shown(row: &Row) -> (u64, (String, u64)) {
    let get = |column: &str| row.get::<u64>(column).unwrap();
    (get("ordinal"), (row.get::<String>("state").unwrap(), get("position")))
}

/// The next step, within a test's patience.
pub(crate) async fn next(watch: &mut Watch) -> Result<Step, Ended> {
    timeout(PATIENCE, watch.next()).await.unwrap()
}

/// What a watcher makes of its steps.
#[derive(Debug, Default, Clone)]
pub(crate) struct Reader {
    pub(crate) board: Board,
    /// What was told beside it last.
    pub(crate) done: Board,
    pub(crate) place: Option<Place>,
    /// True: all that was told belongs to the place.
    pub(crate) complete: bool,
}

impl Reader {
    pub(crate) fn take(&mut self, step: Step) {
        if step.fresh {
            *self = Self::default();
        }
        for (key, row) in step.changes.into_rows() {
            let Value::Integer(ordinal) = &key.values()[1] else { unreachable!("an ordinal is a number") };
            let ordinal = u64::try_from(*ordinal).unwrap();
            match row {
                Some(row) => self.board.insert(ordinal, shown(&row).1),
                None => self.board.remove(&ordinal),
            };
        }
        if let Some(beside) = step.beside {
            self.done = beside.iter().map(shown).collect();
        }
        self.complete = step.place.is_some();
        self.place = step.place.or(self.place);
    }

    pub(crate) fn position(&self) -> u64 {
        self.place.map_or(0, |place| place.checkpoint.position)
    }

    /// Reads until it knows all up to this position.
    pub(crate) async fn read_to(&mut self, watch: &mut Watch, position: u64) {
        while self.position() < position {
            self.take(next(watch).await.unwrap());
        }
    }

    pub(crate) fn states(&self) -> Vec<(u64, &str)> {
        self.board.iter().map(|(ordinal, (state, _))| (*ordinal, state.as_str())).collect()
    }
}
