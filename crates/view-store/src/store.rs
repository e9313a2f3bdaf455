//! The contract of a view store.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::watch;
use views::row::{Key, Row, Select};
use views::table::{Schema, Table, ViewId};

use crate::commit::{CommitError, ViewCommit};
use crate::lease::{Claim, Holder, Lease, Share};
use crate::stats::Stats;

/// A partition's number, from 0.
pub type PartitionId = u32;

/// At most so many parked streams come with an answer.
pub const PARKED_ANSWER_MAX: usize = 100;

/// A view counts as in use for so long after it was prepared.
pub const PREPARED_LASTS: Duration = Duration::from_secs(600);

/// How far a view has folded a partition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Checkpoint {
    /// Position of the last event folded.
    pub position: u64,
    /// That event's leaf: another one at this position means another log, and a rebuild.
    pub leaf: [u8; 32],
}

/// A view's tables, when a store was asked to prepare them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Prepared {
    /// Of which view.
    pub view: ViewId,
    /// True: they were made now and are empty. False: they were there.
    pub created: bool,
}

/// A stream that a view has set aside, because an event of it could not be applied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parked {
    /// Its partition.
    pub partition: PartitionId,
    /// Its name.
    pub stream: Arc<str>,
    /// Position of the first event that the view lacks.
    pub position: u64,
    /// Why, for an operator.
    pub reason: Arc<str>,
    /// True: an operator has seen it and leaves it as it is.
    pub skipped: bool,
}

/// A view whose tables are in the store, whether or not this build knows it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Stored {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: u32,
    /// Does anybody use it? What nobody uses goes with the next [`ViewStore::sweep`].
    pub in_use: bool,
}

/// What a query found, all of it true at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// For each select, in order, its rows.
    pub rows: Vec<Vec<Row>>,
    /// What the rows are true of: the view's checkpoints by partition. A partition that has none has nothing folded.
    pub checkpoints: BTreeMap<PartitionId, Checkpoint>,
    /// The view's parked streams by name, the first [`PARKED_ANSWER_MAX`]. Their rows stand still.
    pub parked: Vec<Parked>,
    /// Which tables were read. Another number than in an answer before: the view was reset, made anew, or swapped in between, and rows of the
    /// two answers don't belong together. The same one: they are of the same tables. Nothing else can be told from it.
    pub generation: u64,
}

/// A store of views: their rows, checkpoints and parked streams.
///
/// What it promises, each with a case in `contract`:
/// - a commit is all or nothing, over all the views it names, and can be seen by whatever is asked after it answers;
/// - a commit applies only onto the checkpoints it expects: of two commits onto one checkpoint, one is [`CommitError::Moved`]
///   and changes nothing, also when it is the same commit, delivered twice;
/// - counters add up whatever the order and the batches, and rows of zeros are never kept;
/// - an answer's rows, checkpoints and parked streams are those of one moment;
/// - pages of a select join to what it would find without a limit, without gap or repetition, as long as nothing is written;
/// - [`ViewStore::advanced`] never runs ahead of what a query sees;
/// - versions of a view don't see each other;
/// - a view in a partition is leased to one holder at a time, until that one lets go, or its time runs out and another asks. A commit that
///   names a lease which is not held any more changes nothing: the two are compared in one transaction;
/// - a swap is seen by an answer as a whole or not at all, and by its generation;
/// - tables keep their generation for as long as they are there, and no others are given it, in this store or after its file was deleted;
/// - opened again, it holds what was committed (a machine's crash may lose the latest commits, rows and checkpoints together: the
///   log has them).
#[async_trait]
pub trait ViewStore: Send + Sync + 'static {
    /// Makes the tables of these views where they are missing, and says in the same order which were. Costs the same however
    /// much is stored. To be called before anything else names these views; may be called again.
    ///
    /// Tables of another shape than described are [`StoreError::Changed`], and nothing is prepared: raise the view's version,
    /// or [`ViewStore::reset`] it.
    async fn prepare(&self, views: &[&'static Schema]) -> Result<Vec<Prepared>, StoreError>;

    /// Drops the view's rows, checkpoints and parked streams, and makes its tables anew, as described. Prepares the view, too, and ends
    /// all leases of it.
    async fn reset(&self, view: &'static Schema) -> Result<(), StoreError>;

    /// Exchanges what the two views hold, all at once: rows, checkpoints and parked streams. Both are prepared and have the same tables
    /// under different names. `with` must have come as far as `view` in every partition. Ends all leases of both.
    async fn swap(&self, view: &'static Schema, with: &'static Schema) -> Result<(), SwapError>;

    /// Drops the view's tables, checkpoints and parked streams, and ends all leases of it. From now on it is not prepared.
    async fn remove(&self, view: ViewId) -> Result<(), StoreError>;

    /// The views whose tables are here, by name and version: those of other builds too.
    async fn stored(&self) -> Result<Vec<Stored>, StoreError>;

    /// Says that these views are in use, for so long from now on, by the store's clock: not what was said before, which
    /// this takes the place of. [`StoreError::NotPrepared`]: the tables of one are gone; to be prepared again.
    async fn announce(&self, views: &[ViewId], lasting: Duration) -> Result<(), StoreError>;

    /// Drops the views that nobody has announced, or prepared ([`PREPARED_LASTS`]), to be in use now. Says which.
    async fn sweep(&self) -> Result<Vec<Stored>, StoreError>;

    /// A new holder of leases.
    async fn join(&self) -> Result<Holder, StoreError>;

    /// Leases to the holder what it claims, except for what somebody else holds; what it has already lasts for so long from now on
    /// and keeps its term. Gives what it has of what it claimed.
    ///
    /// Time is the store's. A lease that ran out is its holder's still, until another claims it.
    async fn lease(&self, claim: Claim) -> Result<Vec<Lease>, StoreError>;

    /// Who has which of these views in which partition now, by the store's clock: what ran out is nobody's.
    async fn held(&self, views: &[ViewId]) -> Result<Vec<Share>, StoreError>;

    /// The holder lets go of all it has.
    async fn release(&self, holder: Holder) -> Result<(), StoreError>;

    /// How far the view has come in each partition. A partition that has none has nothing folded.
    async fn checkpoints(&self, view: ViewId) -> Result<BTreeMap<PartitionId, Checkpoint>, StoreError>;

    /// How far the view has come in the partition.
    async fn checkpoint(&self, view: ViewId, partition: PartitionId) -> Result<Option<Checkpoint>, StoreError> {
        Ok(self.checkpoints(view).await?.get(&partition).copied())
    }

    /// For each key, in order, its row.
    async fn load(&self, view: ViewId, table: &'static Table, keys: Vec<Key>) -> Result<Vec<Option<Row>>, StoreError>;

    /// Applies what several views made of a batch of the partition, all or nothing. Once begun it goes on without its caller.
    async fn commit(&self, partition: PartitionId, commits: Vec<ViewCommit>) -> Result<(), CommitError>;

    /// Answers the selects, with the checkpoints that the answers are true of.
    async fn query(&self, view: ViewId, selects: Vec<Select>) -> Result<Answer, StoreError>;

    /// The view's parked streams by name, after this one, at most `limit`.
    async fn parked(&self, view: ViewId, after: Option<Arc<str>>, limit: u32) -> Result<Vec<Parked>, StoreError>;

    /// Those of these streams that are parked, by name.
    async fn parked_of(&self, view: ViewId, streams: Vec<Arc<str>>) -> Result<Vec<Parked>, StoreError>;

    /// The position that the view has reached in the partition, watched; 0: none yet. It follows what others commit who share the
    /// store (within a second, and at once while [`ViewStore::is_awaited`]). A reset takes it back to 0.
    fn advanced(&self, view: ViewId, partition: PartitionId) -> watch::Receiver<u64>;

    /// What it has in hand now, for metrics: a look at counters, and at a file's size. A store without queues or connections has none.
    fn stats(&self) -> Stats {
        Stats::default()
    }

    /// True while somebody holds what [`ViewStore::advanced`] gave for the view and partition: a query waits to be fresh enough.
    fn is_awaited(&self, view: ViewId, partition: PartitionId) -> bool;
}

/// Why a store can't serve.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// The view was not prepared here: a mistake of the caller.
    #[error("view {view} is not prepared")]
    NotPrepared {
        /// Which one.
        view: ViewId,
    },
    /// The description, the select or the commit doesn't fit: a mistake of the caller, or a cursor that isn't of this select.
    #[error("{reason}")]
    Invalid {
        /// What, and why.
        reason: String,
    },
    /// The view's tables have another shape than is described under the same version.
    #[error("the tables of view {view} differ from their description; raise its version, or rebuild it")]
    Changed {
        /// Which one.
        view: ViewId,
    },
    /// Its storage can't be reached or written to at present (disk full, read-only, locked, closed). Try again later.
    #[error("the view store is unavailable: {reason}")]
    Unavailable {
        /// What the storage says.
        reason: String,
    },
    /// What is stored is not what was written. Views are disposable: they can be deleted, and are rebuilt from the log.
    #[error("the view store is damaged: {reason}")]
    Damaged {
        /// What, and where.
        reason: String,
    },
}

/// Why nothing was swapped.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SwapError {
    /// The new one has not come as far as the old one.
    #[error("the rebuilt tables are behind in partition {partition}")]
    Behind {
        /// Where.
        partition: PartitionId,
    },
    /// The store can't serve.
    #[error("the tables are not swapped")]
    Failed(#[from] StoreError),
}

impl From<views::row::RowError> for StoreError {
    fn from(error: views::row::RowError) -> Self {
        Self::Invalid { reason: error.to_string() }
    }
}
