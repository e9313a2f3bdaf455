//! Documents in hand, bounded in bytes.

use std::collections::HashMap;
use std::mem;

use domain::StreamRef;
use foldhash::fast::RandomState;

use crate::row::{Change, Row, RowError, Value};
use crate::view::Count;

/// What a document costs beside its texts.
const DOCUMENT_BYTES: usize = 1024;

/// Documents by stream. Two generations: what a batch touches is young; when the young ones fill half the bound, the old
/// ones are let go and the young grow old. Nothing that this batch touched is let go.
pub(super) struct Hand<D> {
    young: Documents<D>,
    old: Documents<D>,
    young_bytes: usize,
    bytes_max: usize,
}

/// Boxed: documents are large, and the map moves what is in it when it grows.
type Documents<D> = HashMap<StreamRef, Box<Held<D>>, RandomState>;

/// A document in hand.
pub(super) struct Held<D> {
    /// `None`: the stream has none yet.
    pub(super) document: Option<D>,
    /// About how much it takes.
    pub(super) bytes: usize,
    /// Is there a row of it?
    pub(super) stored: bool,
    /// What followed from it before this batch; `None`: not touched by it.
    pub(super) before: Option<Before>,
    /// Rows beside it that this batch leaves.
    pub(super) beside: Vec<Change>,
    /// By whose document it is folded, from the first event of the batch on.
    pub(super) ruler: Option<StreamRef>,
    /// Why it can't be folded into.
    pub(super) broken: Option<RowError>,
}

/// What followed from a document.
#[derive(Default)]
pub(super) struct Before {
    pub(super) counts: Vec<Count>,
    pub(super) derived: Vec<Row>,
}

impl<D> Held<D> {
    pub(super) fn loaded(document: Option<D>, bytes: usize) -> Self {
        let stored = document.is_some();
        Self { document, bytes, stored, before: None, beside: Vec::new(), ruler: None, broken: None }
    }

    pub(super) fn broken(why: RowError) -> Self {
        Self { broken: Some(why), ..Self::loaded(None, 0) }
    }
}

impl<D> Hand<D> {
    pub(super) fn new(bytes_max: usize) -> Self {
        Self { young: HashMap::default(), old: HashMap::default(), young_bytes: 0, bytes_max }
    }

    pub(super) fn has(&self, stream: &StreamRef) -> bool {
        self.young.contains_key(stream) || self.old.contains_key(stream)
    }

    pub(super) fn put(&mut self, stream: StreamRef, held: Box<Held<D>>) {
        self.young_bytes += DOCUMENT_BYTES + held.bytes;
        self.young.insert(stream, held);
    }

    /// The stream's document, out of the hand; an empty one where there is none.
    pub(super) fn take(&mut self, stream: &StreamRef) -> Box<Held<D>> {
        if let Some(held) = self.young.remove(stream) {
            self.young_bytes = self.young_bytes.saturating_sub(DOCUMENT_BYTES + held.bytes);
            return held;
        }
        self.old.remove(stream).unwrap_or_else(|| Box::new(Held::loaded(None, 0)))
    }

    /// The stream's document, young from now on.
    pub(super) fn read(&mut self, stream: &StreamRef) -> Option<&Held<D>> {
        if let Some(held) = self.old.remove(stream) {
            self.put(stream.clone(), held);
        }
        self.young.get(stream).map(Box::as_ref)
    }

    /// To be called between batches.
    pub(super) fn age(&mut self) {
        if self.young_bytes > self.bytes_max / 2 {
            self.old = mem::take(&mut self.young);
            self.young_bytes = 0;
        }
    }
}

/// About how much the row's document takes.
pub(super) fn bytes(row: &Row) -> usize {
    let texts = row.values().iter().map(|value| match value {
        Value::Text(text) | Value::Json(text) | Value::Words(text) => text.len(),
        _ => 0,
    });
    texts.sum()
}
