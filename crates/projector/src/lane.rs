//! One view over one partition.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use event_log::{EventLog, PartitionId};
use foldhash::fast::RandomState;
use view_store::{Checkpoint, Park, Term, ViewCommit, ViewId, ViewStore};
use views::row::Key;
use views::table::Schema;
use views::{AnyView, Folding, Recorded, StreamKind, StreamRef};

use crate::feed::{self, Batch, EVENTS_A_TURN, Fed, What};
use crate::trouble::{Trouble, chain};

/// Parked streams are read so many at a time.
const PARKED_PAGE: u32 = 1000;

/// One view over one partition.
pub(crate) struct Lane {
    pub(crate) folding: Box<dyn Folding>,
    /// Under which name it is stored.
    id: ViewId,
    pub(crate) partition: PartitionId,
    right: Right,
    checkpoint: Option<Checkpoint>,
    pub(crate) parked: ParkedStreams,
    /// To be set aside with the next commit.
    parking: Vec<Park>,
    /// Streams that this batch could not store, from their first event in it.
    rejected: Vec<Park>,
    /// Of the batch that is being committed: for each change the stream that it is of.
    changed: Vec<Option<StreamRef>>,
}

/// By what right a lane is advanced here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Right {
    /// None: somebody else advances it, or nobody.
    None,
    /// Nobody else has the store.
    Alone,
    /// It is leased.
    Leased(Term),
}

/// Streams that are set aside.
#[derive(Debug, Default)]
pub(crate) struct ParkedStreams {
    names: HashSet<Arc<str>>,
    /// Those of them that an operator leaves as they are.
    skipped: HashSet<Arc<str>>,
}

impl Lane {
    /// The view under its own name.
    pub(crate) fn new(view: &'static dyn AnyView, partition: PartitionId) -> Self {
        Self::stored_as(view, view.schema(), partition)
    }

    /// The view in tables of another name.
    pub(crate) fn stored_as(view: &'static dyn AnyView, schema: &'static Schema, partition: PartitionId) -> Self {
        let (parked, parking, rejected, changed) = <_>::default();
        let (folding, id) = (view.folding(), schema.id());
        Self { folding, id, partition, right: Right::None, checkpoint: None, parked, parking, rejected, changed }
    }

    pub(crate) fn id(&self) -> ViewId {
        self.id
    }

    /// The last position that is folded; 0: none.
    pub(crate) fn position(&self) -> u64 {
        self.checkpoint.map_or(0, |checkpoint| checkpoint.position)
    }

    pub(crate) fn checkpoint(&self) -> Option<Checkpoint> {
        self.checkpoint
    }

    pub(crate) fn right(&self) -> Right {
        self.right
    }

    /// Is it to be advanced here?
    pub(crate) fn is_led(&self) -> bool {
        self.right != Right::None
    }

    pub(crate) fn wants(&self, kind: StreamKind) -> bool {
        self.folding.wants(kind)
    }

    /// Lets go of it, or begins to advance it from what is stored, after comparing that with the log.
    pub(crate) async fn begin(
        &mut self,
        log: &dyn EventLog,
        store: &dyn ViewStore,
        right: Right,
    ) -> Result<(), Trouble> {
        self.forget();
        self.rejected.clear();
        self.right = Right::None;
        self.parked = ParkedStreams::default();
        if right == Right::None {
            return Ok(());
        }
        let checkpoint = store.checkpoint(self.id, self.partition).await?;
        if let Some(checkpoint) = &checkpoint
            && !feed::is_of(log, self.partition, checkpoint).await?
        {
            return Err(Trouble::Stranger { view: self.id });
        }
        let mut after = None;
        loop {
            let page = store.parked(self.id, after, PARKED_PAGE).await?;
            after = page.last().map(|last| Arc::clone(&last.stream));
            for parked in page.into_iter().filter(|it| it.partition == self.partition) {
                self.parked.put(parked.stream, parked.skipped);
            }
            if after.is_none() {
                break;
            }
        }
        self.checkpoint = checkpoint;
        self.right = right;
        Ok(())
    }

    /// Lets go of what was folded and not committed.
    pub(crate) fn forget(&mut self) {
        self.folding.forget();
        self.parking.clear();
        self.changed.clear();
    }

    /// A commit from its checkpoint to another.
    pub(crate) fn commit_to(&self, end: Checkpoint) -> ViewCommit {
        let term = match self.right {
            Right::Leased(term) => Some(term),
            Right::None | Right::Alone => None,
        };
        ViewCommit { term, ..ViewCommit::new(self.id, self.checkpoint, end) }
    }

    /// Folds the batch into what is to be committed with it.
    pub(crate) async fn fold(
        &mut self,
        store: &dyn ViewStore,
        batch: &Batch,
        end: Checkpoint,
    ) -> Result<ViewCommit, Trouble> {
        loop {
            self.parking.clone_from(&self.rejected);
            self.load(store, batch).await?;
            for (at, fed) in batch.by_stream().enumerate() {
                if at % EVENTS_A_TURN == EVENTS_A_TURN - 1 {
                    tokio::task::yield_now().await;
                }
                self.fold_one(fed);
            }
            let folded = self.folding.finish();
            if folded.misfits.is_empty() {
                self.changed = folded.streams;
                let mut commit = self.commit_to(end);
                commit.changes = folded.changes;
                commit.park.clone_from(&self.parking);
                return Ok(commit);
            }
            // Others may have been folded by what can't be stored: once more, without it.
            for (stream, error) in folded.misfits {
                let position = first_of(batch, &stream).unwrap_or(end.position);
                self.rejected.push(Park { stream: stream.to_string().into(), position, reason: chain(&error) });
            }
            self.forget();
        }
    }

    /// What was folded is stored.
    pub(crate) fn committed(&mut self, end: Checkpoint) {
        self.checkpoint = Some(end);
        self.rejected.clear();
        for Park { stream, position, reason } in self.parking.drain(..) {
            tracing::error!(view = %self.id, %stream, position, %reason, "a stream is set aside");
            self.parked.put(stream, false);
        }
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
        let mut streams: HashMap<&StreamRef, Option<Key>, RandomState> = HashMap::default();
        let mut last = None;
        for recorded in batch.by_stream().filter_map(Fed::event).filter(|event| self.picks(event)) {
            // A stream that begins in this batch has nothing to be loaded, though later events of it would say so.
            if last.replace(&recorded.stream) != Some(&recorded.stream) {
                streams.entry(&recorded.stream).or_insert_with(|| self.folding.missing(recorded));
            }
        }
        let rulers = streams.keys().filter_map(|stream| self.folding.ruler(stream));
        let rulers = rulers.filter(|ruler| !streams.contains_key(&ruler.stream) && !self.folding.has(&ruler.stream));
        let rulers: HashMap<StreamRef, Key> = rulers.map(|ruler| (ruler.stream, ruler.key)).collect();
        let own = streams.into_iter().filter_map(|(stream, key)| Some((stream.clone(), key?)));
        self.load_these(store, own.chain(rulers).collect()).await
    }

    /// Takes the documents of these streams, which have these names, in hand.
    pub(crate) async fn load_these(
        &mut self,
        store: &dyn ViewStore,
        named: Vec<(StreamRef, Key)>,
    ) -> Result<(), Trouble> {
        if named.is_empty() {
            return Ok(());
        }
        let (streams, keys): (Vec<_>, Vec<_>) = named.into_iter().unzip();
        let rows = store.load(self.id, self.folding.table(), keys).await?;
        for (stream, row) in streams.iter().zip(rows) {
            self.folding.hold(stream, row);
        }
        Ok(())
    }

    fn fold_one(&mut self, fed: &Fed) {
        match &fed.what {
            What::Event(recorded) if !self.picks(recorded) => {}
            What::Event(recorded) => {
                if self.is_parked(|| recorded.stream.to_string().into()) {
                    return;
                }
                if let Some(reason) = self.parked_ruler(&recorded.stream, fed.position) {
                    self.park(recorded.stream.to_string().into(), fed.position, reason);
                } else if let Err(error) = self.folding.fold(recorded) {
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
        if self.parked.names.is_empty() && self.parking.is_empty() {
            return false;
        }
        let name = name();
        self.parked.names.contains(&name) || self.parking.iter().any(|park| park.stream == name)
    }

    /// Is the stream's ruler set aside at an event before this position? Then so is the stream: for this reason.
    pub(crate) fn parked_ruler(&self, stream: &StreamRef, position: u64) -> Option<Arc<str>> {
        if self.parked.names.is_empty() && self.parking.is_empty() {
            return None;
        }
        let ruler: Arc<str> = self.folding.ruler(stream)?.stream.to_string().into();
        let parking = |park: &Park| park.stream == ruler && park.position < position;
        let is_parked = self.parked.names.contains(&ruler) || self.parking.iter().any(parking);
        is_parked.then(|| format!("{ruler}, by which it is folded, is set aside").into())
    }

    /// Does its view fold the event?
    fn picks(&self, recorded: &Recorded) -> bool {
        self.wants(recorded.stream.kind) && self.folding.picks(recorded)
    }

    fn park(&mut self, stream: Arc<str>, position: u64, reason: Arc<str>) {
        self.parking.push(Park { stream, position, reason });
    }
}

impl ParkedStreams {
    /// How many an operator is yet to see, and how many are left as they are.
    pub(crate) fn counts(&self) -> (u64, u64) {
        let skipped = self.skipped.len();
        ((self.names.len() - skipped) as u64, skipped as u64)
    }

    pub(crate) fn put(&mut self, stream: Arc<str>, skipped: bool) {
        if skipped {
            self.skipped.insert(Arc::clone(&stream));
        } else {
            self.skipped.remove(&stream);
        }
        self.names.insert(stream);
    }

    /// Those of a project that no operator has left as they are, by name.
    pub(crate) fn unseen_of(&self, project: &str) -> Vec<Arc<str>> {
        let of_project = |name: &&Arc<str>| name.split('/').nth(1) == Some(project);
        let unseen = self.names.iter().filter(|name| !self.skipped.contains(*name));
        let mut unseen: Vec<_> = unseen.filter(of_project).map(Arc::clone).collect();
        unseen.sort_unstable();
        unseen
    }

    pub(crate) fn take(&mut self, stream: &str) {
        self.names.remove(stream);
        self.skipped.remove(stream);
    }
}

fn first_of(batch: &Batch, stream: &StreamRef) -> Option<u64> {
    batch.events.iter().find(|fed| fed.event().is_some_and(|event| event.stream == *stream)).map(|fed| fed.position)
}
