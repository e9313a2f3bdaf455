//! What a view is.

use std::sync::Arc;

use domain::{Recorded, StreamKind, StreamRef};

use crate::row::{Change, Key, Row, RowError};
use crate::table::{Schema, Table};

/// A view: one document for each stream of some kinds, the counters they add up to, and rows beside them.
///
/// A fold sees its own stream only, and at most one other that rules it ([`View::ruler`]). So the order between streams never matters, and
/// setting one aside and taking it up again later gives what folding it in place would have given.
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

    /// Which of these streams' events it folds; `None`: all. What it passes over is not even loaded for, and so costs nothing. Then an
    /// event that is missing is not noticed by its revision.
    fn picks(&self) -> Option<fn(&Recorded) -> bool> {
        None
    }

    /// Names the document that rules this stream's: of another stream of the same project, folded by this view too, and ruled by none.
    /// Its present state is at hand in [`View::fold_ruled`]. While the ruler is parked, the streams that it rules are parked at their next event.
    ///
    /// A stream that was parked is folded later, and by what its ruler has become meanwhile. So what a fold reads of its ruler must have been
    /// settled when the event was recorded: versions in force at an instant may be read, "the latest" may not.
    fn ruler(&self, _stream: &StreamRef) -> Option<Ruler> {
        None
    }

    /// [`View::fold`] of an event whose stream has a ruler; `None`: the ruler has no document.
    fn fold_ruled(
        &self,
        document: &mut Option<Self::Document>,
        _ruler: Option<&Self::Document>,
        recorded: &Recorded,
        beside: &mut Vec<Change>,
    ) -> Result<(), Unappliable> {
        self.fold(document, recorded, beside)
    }

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

/// The one other document that the folds of a stream may read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ruler {
    /// Its stream, of the same project.
    pub stream: StreamRef,
    /// Names it in the table of the documents.
    pub key: Key,
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
    /// The document that rules the stream can't be read from its row.
    #[error("{ruler}, by which it is folded, does not fit its row")]
    Ruler {
        /// The stream that rules it.
        ruler: StreamRef,
        /// What is wrong with it.
        #[source]
        source: RowError,
    },
    /// The view has no place for it.
    #[error("{reason}")]
    Refused {
        /// Why, for an operator.
        reason: Arc<str>,
    },
}
