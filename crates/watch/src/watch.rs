//! One watcher.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::OwnedSemaphorePermit;
use tokio::time::{Instant, timeout_at};
use view_store::{Checkpoint, StoreError};
use views::row::{Cursor, Row, RowError};

use crate::BLIND_MS;
use crate::changes::Changes;
use crate::read::{self, Asked, Read, Since, Source};
use crate::ring::{Batch, Found};
use crate::scope::Scope;
use crate::watches::{LineageError, Shared, Subscription};
use crate::{RESUME_ROWS_MAX, STEP_BYTES, STEP_ROWS_MAX};

/// A place to resume from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// How far the view had come.
    pub checkpoint: Checkpoint,
    /// Which tables it had: see [`Answer::generation`](view_store::Answer::generation).
    pub generation: u64,
    /// Identifies the streams of the partition that were parked then; 0: none.
    pub parked: u64,
}

/// Where a watch begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Start {
    /// With all rows that are there.
    Snapshot,
    /// With what changed since this place of a watch of the same scope. The log has it, and the view has come at least as far.
    After(Place),
}

/// What there is to tell.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Step {
    /// True: a snapshot begins; what was told before is to be forgotten.
    pub fresh: bool,
    /// Rows as they are now. May be empty: then only the place is news.
    pub changes: Changes,
    /// Where this is complete; `None`: it goes on with the next step.
    pub place: Option<Place>,
    /// What [`Scope::beside`] finds at the place; `None`: it was not asked for, or nothing has changed.
    pub beside: Option<Arc<[Row]>>,
}

/// Why a watch ended.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Ended {
    /// Its reader was too slow. It may go on from here; `None`: anew, as it had got no place yet.
    #[error("the reader fell behind")]
    Behind {
        /// The last place that it was told.
        resume: Option<Place>,
    },
    /// What was told is true no longer: the view was rebuilt, or took parked streams up again. It may begin with a snapshot.
    #[error("the view was rebuilt, or took parked streams up again")]
    Anew,
    /// More has changed since the place it resumed from than is told one by one. It may begin with a snapshot.
    #[error("too much has changed since")]
    TooFar,
    /// The view can't be read.
    #[error("the view can't be read")]
    Store(#[from] StoreError),
    /// The log can't be asked whether it is still the one.
    #[error(transparent)]
    Log(#[from] LineageError),
}

impl From<RowError> for Ended {
    fn from(error: RowError) -> Self {
        Self::Store(error.into())
    }
}

/// One watcher. Takes no more than it is asked for: [`Watch::next`] is its pace.
pub struct Watch {
    shared: Arc<Shared>,
    subscription: Subscription,
    scope: Scope,
    phase: Phase,
    /// All that changed up to this position was told.
    position: u64,
    /// Which tables that was read from; 0 before anything was read.
    generation: u64,
    /// The last complete place, and whether it was told.
    place: Option<Place>,
    /// What is told beside, as of the place.
    beside: Option<Arc<[Row]>>,
    told: Option<Place>,
    /// Rows told since it resumed from a place, until it has caught up.
    resumed: Option<usize>,
    bookmark_at: Instant,
    _permit: OwnedSemaphorePermit,
}

enum Phase {
    /// Before anything was read.
    Begin,
    /// In the midst of a snapshot: for each of its parts that is not at its end, where that is.
    Snapshot(Vec<(usize, Cursor)>),
    /// What changed in the meantime is read from the store.
    CatchUp { fresh: bool },
    /// The next batch of the ring is this one.
    Live(u64),
}

impl Watch {
    pub(crate) fn new(
        shared: Arc<Shared>,
        subscription: Subscription,
        permit: OwnedSemaphorePermit,
        scope: Scope,
        start: Start,
    ) -> Self {
        let (phase, place) = match start {
            Start::Snapshot => (Phase::Begin, None),
            Start::After(place) => (Phase::CatchUp { fresh: false }, Some(place)),
        };
        let bookmark_at = Instant::now() + shared.bookmark_every;
        let (position, resumed) = (place.map_or(0, |place| place.checkpoint.position), place.map(|_| 0));
        Self {
            shared,
            subscription,
            scope,
            phase,
            position,
            generation: place.map_or(0, |place| place.generation),
            place,
            beside: None,
            told: place,
            resumed,
            bookmark_at,
            _permit: permit,
        }
    }

    /// The scope it was opened with.
    pub fn scope(&self) -> &Scope {
        &self.scope
    }

    /// Waits for what is to be told next. After an error there is nothing more.
    pub async fn next(&mut self) -> Result<Step, Ended> {
        let step = loop {
            let step = match &self.phase {
                Phase::Begin => Some(self.begin().await?),
                Phase::Snapshot(_) => Some(self.snapshot().await?),
                Phase::CatchUp { fresh } => {
                    let fresh = *fresh;
                    self.catch_up(fresh).await?
                }
                Phase::Live(number) => {
                    let number = *number;
                    self.live(number).await?
                }
            };
            // A page of a snapshot may hold nothing that is wanted.
            if let Some(step) = step.filter(|step| step.fresh || step.place.is_some() || !step.changes.is_empty()) {
                break step;
            }
        };
        self.told = step.place.or(self.told);
        self.bookmark_at = Instant::now() + self.shared.bookmark_every;
        Ok(step)
    }

    /// The first look: all parts of the snapshot at one moment. Where each fits, that is all.
    async fn begin(&mut self) -> Result<Step, Ended> {
        let selects = self.scope.snapshot.iter().chain(&self.scope.beside).cloned();
        let mut answer = self.shared.store.query(self.scope.view, selects.collect()).await?;
        self.beside = answer.rows.split_off(self.scope.snapshot.len()).pop().map(Arc::from);
        let checkpoint = answer.checkpoints.get(&self.scope.partition).copied();
        let parked = read::parked(&answer, self.scope.partition);
        self.position = checkpoint.map_or(0, |checkpoint| checkpoint.position);
        self.generation = answer.generation;
        self.place = checkpoint.map(|checkpoint| Place { checkpoint, generation: answer.generation, parked });
        let mut step = Step { fresh: true, ..Step::default() };
        let mut longer = Vec::new();
        for (part, (select, rows)) in self.scope.snapshot.iter().zip(answer.rows).enumerate() {
            if let Some(last) = rows.last().filter(|_| rows.len() as u64 >= u64::from(select.limit)) {
                longer.push((part, select.cursor(last)?));
            }
            for row in rows {
                step.changes.found(&self.scope, row)?;
            }
        }
        if longer.is_empty() {
            (step.place, step.beside) = (self.place, self.beside.clone());
            self.phase = Phase::CatchUp { fresh: false };
        } else {
            self.phase = Phase::Snapshot(longer);
        }
        Ok(step)
    }

    /// The next page of a snapshot that is longer than one. It is read while the view goes on: what changed since the first page is
    /// told after the last one, and only then is there a place.
    async fn snapshot(&mut self) -> Result<Step, Ended> {
        let mut step = Step::default();
        let Phase::Snapshot(longer) = &mut self.phase else { return Ok(step) };
        if let Some((part, cursor)) = longer.pop() {
            let select = self.scope.snapshot[part].clone().after(Some(cursor));
            let mut answer = self.shared.store.query(self.scope.view, vec![select.clone()]).await?;
            if answer.generation != self.generation {
                return Err(Ended::Anew);
            }
            let rows = answer.rows.pop().unwrap_or_default();
            if let Some(last) = rows.last().filter(|_| rows.len() as u64 >= u64::from(select.limit)) {
                longer.push((part, select.cursor(last)?));
            }
            for row in rows {
                step.changes.found(&self.scope, row)?;
            }
        }
        if longer.is_empty() {
            self.phase = Phase::CatchUp { fresh: true };
        }
        Ok(step)
    }

    /// Reads what changed since from the store, until little enough has that the ring has the rest. `fresh`: after a snapshot of
    /// several pages, which is complete with this.
    async fn catch_up(&mut self, fresh: bool) -> Result<Option<Step>, Ended> {
        let number = self.subscription.ring.next();
        let (view, table, partition) = (self.scope.view, self.scope.table, self.scope.partition);
        let source = Source { view, table: table.name, partition };
        let asked = [Asked { project: Arc::clone(&self.scope.project), beside: self.scope.beside.clone() }];
        let since = Since { position: self.position, generation: self.generation };
        let read = read::changed(&*self.shared.store, source, table, &asked, since, STEP_ROWS_MAX).await?;
        let Read::Batch(batch) = read else { return Err(Ended::Anew) };
        self.still_follows(&batch).await?;
        let mut step = Step::default();
        self.take(&batch, &mut step)?;
        // Where nothing was ever folded, there is no checkpoint either.
        let complete = batch.checkpoint.is_some() || batch.to == 0;
        if complete {
            self.phase = Phase::Live(number);
            self.resumed = None;
            (step.place, step.beside) = (self.place, self.beside.clone());
        }
        if let Some(resumed) = &mut self.resumed {
            *resumed += batch.rows.values().map(Vec::len).sum::<usize>();
            if *resumed > RESUME_ROWS_MAX {
                return Err(Ended::TooFar);
            }
        }
        let news = !step.changes.is_empty() || (fresh && complete);
        Ok(news.then_some(step))
    }

    /// Is what was told still true?
    async fn still_follows(&self, batch: &Batch) -> Result<(), Ended> {
        let Some(place) = &self.place else { return Ok(()) };
        if read::taken_up(place.parked, batch.parked) {
            return Err(Ended::Anew);
        }
        let Some(now) = &batch.checkpoint else { return Ok(()) };
        let grown = now.position > place.checkpoint.position;
        let follows = read::follows(Some(&place.checkpoint), Some(now));
        if !follows || (grown && !self.shared.lineage.has(self.scope.partition, &place.checkpoint).await?) {
            return Err(Ended::Anew);
        }
        Ok(())
    }

    /// Takes what the ring has, until it has enough; waits where there is nothing, until it is time for a bookmark.
    async fn live(&mut self, mut number: u64) -> Result<Option<Step>, Ended> {
        let mut step = Step::default();
        let mut told = self.subscription.ring.told();
        loop {
            told.mark_unchanged();
            match self.subscription.ring.get(number) {
                Found::Ended => return Err(Ended::Anew),
                Found::Overtaken => return Err(Ended::Behind { resume: self.told }),
                Found::Batch(batch) if batch.generation != self.generation => return Err(Ended::Anew),
                Found::Batch(batch) if self.took_up(&batch) => return Err(Ended::Anew),
                Found::Batch(batch) => {
                    if !self.joins(&batch) && batch.to > self.position {
                        // Only at first: the tail looked before it was told of this project, or of what is wanted beside it.
                        self.phase = Phase::CatchUp { fresh: false };
                        return Ok((!step.changes.is_empty()).then_some(step));
                    }
                    self.take(&batch, &mut step)?;
                    number += 1;
                    self.phase = Phase::Live(number);
                    step.place = self.place.filter(|_| batch.checkpoint.is_some());
                    step.beside = self.beside.clone().filter(|_| step.place.is_some());
                    if step.changes.bytes() >= STEP_BYTES {
                        return Ok(Some(step));
                    }
                }
                Found::NotYet if !step.changes.is_empty() => return Ok(Some(step)),
                Found::NotYet => {
                    if timeout_at(self.bookmark_at, told.changed()).await.is_err() {
                        let blind = self.subscription.ring.blind_for();
                        if blind > Duration::from_millis(BLIND_MS) {
                            let reason = format!("what changes could not be looked at for {blind:?}");
                            return Err(StoreError::Unavailable { reason }.into());
                        }
                        self.bookmark_at = Instant::now() + self.shared.bookmark_every;
                        return Ok(Some(Step { place: self.place, ..Step::default() }));
                    }
                }
            }
        }
    }

    /// Was something taken up again since the place, and before the tail began to look?
    fn took_up(&self, batch: &Batch) -> bool {
        let taken_up = self.place.is_some_and(|place| read::taken_up(place.parked, batch.parked));
        taken_up && batch.to >= self.position
    }

    /// Has the batch all that changed since, and what is told beside?
    fn joins(&self, batch: &Batch) -> bool {
        let project = &self.scope.project;
        let beside = self.scope.beside.is_none() || batch.checkpoint.is_none() || batch.beside.contains_key(project);
        batch.after <= self.position && batch.rows.contains_key(project) && beside
    }

    fn take(&mut self, batch: &Batch, step: &mut Step) -> Result<(), Ended> {
        for row in batch.rows.get(&self.scope.project).into_iter().flatten() {
            if row.get::<u64>(crate::POSITION)? > self.position {
                step.changes.put(&self.scope, row)?;
            }
        }
        self.position = self.position.max(batch.to);
        if let Some(checkpoint) = batch.checkpoint.filter(|checkpoint| checkpoint.position >= self.position) {
            self.place = Some(Place { checkpoint, generation: batch.generation, parked: batch.parked });
            let beside = batch.beside.get(&self.scope.project).filter(|_| self.scope.beside.is_some());
            self.beside = beside.cloned().or_else(|| self.beside.take());
        }
        Ok(())
    }
}

impl std::fmt::Debug for Watch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Watch")
            .field("project", &self.scope.project)
            .field("position", &self.position)
            .finish_non_exhaustive()
    }
}
