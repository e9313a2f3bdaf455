//! One view over one partition.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use event_log::PartitionId;
use view_store::{Checkpoint, Park, ViewCommit, ViewId, ViewStore};
use views::row::Key;
use views::{AnyView, Folding, Recorded, StreamKind, StreamRef};

use crate::Shared;
use crate::feed::{self, Batch, EVENTS_A_TURN, Fed, What};
use crate::trouble::{Trouble, chain};

/// Parked streams are read so many at a time.
const PARKED_PAGE: u32 = 1000;

/// One view over one partition.
pub(crate) struct Lane {
    folding: Box<dyn Folding>,
    partition: PartitionId,
    checkpoint: Option<Checkpoint>,
    /// Streams that are set aside.
    parked: HashSet<Arc<str>>,
    /// To be set aside with the next commit.
    parking: Vec<Park>,
    /// Streams that this batch could not store, from their first event in it.
    rejected: Vec<Park>,
    /// Of the batch that is being committed: for each change the stream that it is of.
    changed: Vec<Option<StreamRef>>,
}

impl Lane {
    pub(crate) fn new(view: &'static dyn AnyView, partition: PartitionId) -> Self {
        Self {
            folding: view.folding(),
            partition,
            checkpoint: None,
            parked: HashSet::new(),
            parking: Vec::new(),
            rejected: Vec::new(),
            changed: Vec::new(),
        }
    }

    pub(crate) fn id(&self) -> ViewId {
        self.folding.schema().id()
    }

    /// The last position that is folded; 0: none.
    pub(crate) fn position(&self) -> u64 {
        self.checkpoint.map_or(0, |checkpoint| checkpoint.position)
    }

    /// True while a query waits for this view to come further.
    pub(crate) fn is_awaited(&self, shared: &Shared) -> bool {
        shared.store.is_awaited(self.id(), self.partition)
    }

    pub(crate) fn wants(&self, kind: StreamKind) -> bool {
        self.folding.wants(kind)
    }

    /// Takes over what is stored, after comparing it with the log.
    pub(crate) async fn reload(&mut self, shared: &Shared) -> Result<(), Trouble> {
        self.forget();
        self.rejected.clear();
        let checkpoint = shared.store.checkpoint(self.id(), self.partition).await?;
        if let Some(checkpoint) = &checkpoint
            && !feed::is_of(&*shared.log, self.partition, checkpoint).await?
        {
            return Err(Trouble::Stranger { view: self.id() });
        }
        let mut parked = HashSet::new();
        let mut after = None;
        loop {
            let page = shared.store.parked(self.id(), after, PARKED_PAGE).await?;
            after = page.last().map(|last| Arc::clone(&last.stream));
            parked.extend(page.into_iter().filter(|it| it.partition == self.partition).map(|it| it.stream));
            if after.is_none() {
                break;
            }
        }
        self.checkpoint = checkpoint;
        self.parked = parked;
        shared.set_parked(self.id(), self.partition, self.parked.len());
        Ok(())
    }

    /// Lets go of what was folded and not committed.
    pub(crate) fn forget(&mut self) {
        self.folding.forget();
        self.parking.clear();
        self.changed.clear();
    }

    /// Folds the batch into what is to be committed with it.
    pub(crate) async fn fold(
        &mut self,
        store: &dyn ViewStore,
        batch: &Batch,
        end: Checkpoint,
    ) -> Result<ViewCommit, Trouble> {
        self.parking.clone_from(&self.rejected);
        self.load(store, batch).await?;
        for (at, fed) in batch.events.iter().enumerate() {
            if at % EVENTS_A_TURN == EVENTS_A_TURN - 1 {
                tokio::task::yield_now().await;
            }
            self.fold_one(fed);
        }
        let folded = self.folding.finish();
        for (stream, error) in folded.misfits {
            let name: Arc<str> = stream.to_string().into();
            let position = first_of(batch, &stream).unwrap_or(end.position);
            self.park(name, position, chain(&error));
        }
        self.changed = folded.streams;
        let mut commit = ViewCommit::new(self.id(), self.checkpoint, end);
        commit.changes = folded.changes;
        commit.park.clone_from(&self.parking);
        Ok(commit)
    }

    /// What was folded is stored.
    pub(crate) fn committed(&mut self, shared: &Shared, end: Checkpoint) {
        self.checkpoint = Some(end);
        self.rejected.clear();
        if self.parking.is_empty() {
            return;
        }
        for Park { stream, position, reason } in self.parking.drain(..) {
            tracing::error!(view = %self.folding.schema().id(), %stream, position, %reason, "a stream is set aside");
            self.parked.insert(stream);
        }
        shared.set_parked(self.id(), self.partition, self.parked.len());
    }

    /// The change can't be stored: its stream is to be set aside. Gives the position of its first event in the batch; `None`:
    /// the change is of no stream.
    pub(crate) fn reject(&mut self, batch: &Batch, change: usize, reason: &str) -> Option<u64> {
        let stream = self.changed.get(change)?.as_ref()?;
        let position = first_of(batch, stream)?;
        self.rejected.push(Park { stream: stream.to_string().into(), position, reason: reason.into() });
        Some(position)
    }

    /// Loads the documents that the batch needs and that are not in hand.
    async fn load(&mut self, store: &dyn ViewStore, batch: &Batch) -> Result<(), Trouble> {
        let mut streams: HashMap<&StreamRef, Option<Key>> = HashMap::new();
        for recorded in batch.events.iter().filter_map(event).filter(|event| self.wants(event.stream.kind)) {
            // A stream that begins in this batch has nothing to be loaded, though later events of it would say so.
            streams.entry(&recorded.stream).or_insert_with(|| self.folding.missing(recorded));
        }
        let (streams, keys): (Vec<_>, Vec<_>) =
            streams.into_iter().filter_map(|(stream, key)| key.map(|key| (stream, key))).unzip();
        if keys.is_empty() {
            return Ok(());
        }
        let rows = store.load(self.id(), self.folding.table(), keys).await?;
        for (stream, row) in streams.into_iter().zip(rows) {
            self.folding.hold(stream, row);
        }
        Ok(())
    }

    fn fold_one(&mut self, fed: &Fed) {
        match &fed.what {
            What::Event(recorded) if !self.wants(recorded.stream.kind) => {}
            What::Event(recorded) => {
                if self.is_parked(|| recorded.stream.to_string().into()) {
                    return;
                }
                if let Err(error) = self.folding.fold(recorded) {
                    self.park(recorded.stream.to_string().into(), fed.position, chain(&error));
                }
            }
            What::Damaged { stream, kind, reason } => {
                let wanted = kind.is_none_or(|kind| self.wants(kind));
                if wanted && !self.is_parked(|| Arc::clone(stream)) {
                    self.park(Arc::clone(stream), fed.position, Arc::clone(reason));
                }
            }
        }
    }

    fn is_parked(&self, name: impl FnOnce() -> Arc<str>) -> bool {
        if self.parked.is_empty() && self.parking.is_empty() {
            return false;
        }
        let name = name();
        self.parked.contains(&name) || self.parking.iter().any(|park| park.stream == name)
    }

    fn park(&mut self, stream: Arc<str>, position: u64, reason: Arc<str>) {
        self.parking.push(Park { stream, position, reason });
    }
}

fn event(fed: &Fed) -> Option<&Recorded> {
    match &fed.what {
        What::Event(recorded) => Some(recorded),
        What::Damaged { .. } => None,
    }
}

fn first_of(batch: &Batch, stream: &StreamRef) -> Option<u64> {
    batch.events.iter().find(|fed| event(fed).is_some_and(|event| event.stream == *stream)).map(|fed| fed.position)
}
