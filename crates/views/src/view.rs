//! What a view is.

use std::sync::Arc;

use domain::{Recorded, StreamKind};

use crate::row::{Change, Key, Row, RowError};
use crate::table::{Schema, Table};

/// A view: one document for each stream of some kinds, the counters they add up to, and rows beside them.
///
/// A fold sees its own stream only. So the order between streams never matters, and setting one aside and taking it up
/// again later gives what folding it in place would have given.
pub trait View: Send + Sync + 'static {
    /// What is kept of a stream.
    type Document: Send + Sync + 'static;

    /// Name, version and tables. The version rises with every change of what is folded.
    fn schema(&self) -> &'static Schema;

    /// The table of the documents, one of the schema's.
    fn table(&self) -> &'static Table;

    /// The kinds of streams that it folds; it never sees events of others.
    fn streams(&self) -> &'static [StreamKind];

    /// Names the document of the event's stream.
    fn key(&self, recorded: &Recorded) -> Key;

    /// The revision of the last event in the document.
    fn revision(&self, document: &Self::Document) -> u64;

    /// The document out of its row.
    fn decode(&self, row: &Row) -> Result<Self::Document, RowError>;

    /// The document as its row.
    fn encode(&self, document: &Self::Document) -> Result<Row, RowError>;

    /// Folds the event after those in the document (`None`: the stream's first). Rows that the event leaves in other tables
    /// go to `beside`, and so may moves of counters, which are summed over the batch. On `Err` the document is as it was, and nothing has gone to `beside`.
    fn fold(
        &self,
        document: &mut Option<Self::Document>,
        recorded: &Recorded,
        beside: &mut Vec<Change>,
    ) -> Result<(), Unappliable>;

    /// Rows of other tables that follow from the document as it stands. Those that no longer follow from it are deleted. They belong to this
    /// document alone: their keys name it.
    fn derived(&self, _document: &Self::Document) -> Result<Vec<Row>, RowError> {
        Ok(Vec::new())
    }

    /// The changes that stand for a row of counters that the folds of a batch have moved by these sums. Empty: the row itself. So a view
    /// whose events each move many rows can fold them into few, and spread only the sums.
    fn spread(&self, _table: &'static Table, _key: &Key, _deltas: &[(&'static str, i64)]) -> Vec<Change> {
        Vec::new()
    }

    /// What the document adds to counters. They are moved by the new document's counts less the old one's.
    fn counts(&self, _document: &Self::Document) -> Vec<Count> {
        Vec::new()
    }
}

/// One of the counters that a document adds to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Count {
    /// A table that counts, see [`Table::counters`].
    pub table: &'static Table,
    /// Names the row.
    pub key: Key,
    /// Which of its counters.
    pub column: &'static str,
    /// By how much.
    pub by: i64,
}

/// An event that a view can't fold. Its stream is parked for this view.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unappliable {
    /// An event before it is missing.
    #[error("revision {found} can't follow revision {held}")]
    Gap {
        /// What the document has.
        held: u64,
        /// What the event is.
        found: u64,
    },
    /// The document can't be read from or written to its row.
    #[error("the stream's document does not fit its row")]
    Document(#[source] RowError),
    /// The view has no place for it.
    #[error("{reason}")]
    Refused {
        /// Why, for an operator.
        reason: Arc<str>,
    },
}
