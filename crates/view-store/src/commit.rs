//! What `commit` takes, and why it refuses.

use std::sync::Arc;

use views::row::Change;
use views::table::ViewId;

use crate::lease::Term;
use crate::store::{Checkpoint, PartitionId, StoreError};

/// What one view made of a batch of a partition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ViewCommit {
    /// Which view.
    pub view: ViewId,
    /// The checkpoint it folded from; `None`: the partition's start.
    pub expected: Option<Checkpoint>,
    /// The checkpoint it has come to; not before `expected`, and equal to it where only parked streams are retried or skipped.
    pub new: Checkpoint,
    /// The lease under which it was folded; `None`: none is needed, the checkpoint alone decides. Whoever may not be alone with a
    /// store names one.
    pub term: Option<Term>,
    /// Applied in order.
    pub changes: Vec<Change>,
    /// Streams that it sets aside from now on. One that is parked already stays as it is.
    pub park: Vec<Park>,
    /// Streams that are no longer parked. Applied before `park`.
    pub unpark: Vec<Arc<str>>,
    /// Parked streams that an operator has seen and leaves as they are. One that is not parked is passed over. Applied last.
    pub skip: Vec<Arc<str>>,
}

/// A stream to be set aside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Park {
    /// Its name.
    pub stream: Arc<str>,
    /// Position of the first event that the view lacks.
    pub position: u64,
    /// Why, for an operator.
    pub reason: Arc<str>,
}

impl ViewCommit {
    /// A commit that only advances.
    pub fn new(view: ViewId, expected: Option<Checkpoint>, new: Checkpoint) -> Self {
        let (changes, park, unpark, skip) = <_>::default();
        Self { view, expected, new, term: None, changes, park, unpark, skip }
    }
}

/// Why nothing was committed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CommitError {
    /// Another runner was faster, or this commit was delivered before. Read the checkpoint and fold from there.
    #[error("view {view} has moved in partition {partition}")]
    Moved {
        /// Which view.
        view: ViewId,
        /// In which partition.
        partition: PartitionId,
        /// Where it is now.
        actual: Option<Checkpoint>,
    },
    /// The lease that it names is not held any more: somebody else advances the view now, or its tables were made anew. Whatever was
    /// folded under it is to be forgotten.
    #[error("view {view} in partition {partition} is somebody else's to advance")]
    NotHeld {
        /// Which view.
        view: ViewId,
        /// In which partition.
        partition: PartitionId,
    },
    /// One change can't be stored, ever: the others could. Its stream is to be parked.
    #[error("view {view}: change {change} can't be stored: {reason}")]
    Rejected {
        /// Which view's.
        view: ViewId,
        /// Which of its changes, from 0.
        change: usize,
        /// What the store says.
        reason: String,
    },
    /// The store can't serve.
    #[error("views are not committed")]
    Failed(#[source] StoreError),
}
