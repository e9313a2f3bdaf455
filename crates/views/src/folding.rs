//! Folding with documents in hand: what is loaded is decoded once, folded as often as events come, and encoded once a batch.

mod hand;
mod moved;

use domain::{Recorded, StreamKind, StreamRef};

use crate::row::{Change, Key, Row, RowError};
use crate::table::{Schema, Table};
use crate::view::{Ruler, Unappliable, View};
use hand::{Before, Hand, Held};
use moved::Moved;

/// Keeps at most about so many bytes of documents between batches, for each view and partition.
pub const HAND_BYTES_MAX: usize = 4 * 1024 * 1024;

/// The working state of a view over one partition. The runner's order of calls for a batch: [`Folding::missing`], [`Folding::ruler`] and
/// [`Folding::hold`] for all events that it [`Folding::picks`], [`Folding::fold`] for each in order, [`Folding::finish`] once; then, when the batch was
/// not committed, [`Folding::forget`].
pub trait Folding: Send + Sync {
    /// Name, version and tables of the view.
    fn schema(&self) -> &'static Schema;

    /// The table of the documents.
    fn table(&self) -> &'static Table;

    /// Does the view fold events of this kind of stream?
    fn wants(&self, kind: StreamKind) -> bool;

    /// Does it fold this event, of a kind that it wants? What it passes over changes nothing.
    fn picks(&self, recorded: &Recorded) -> bool;

    /// What rules this stream, and is to be in hand when its events are folded.
    fn ruler(&self, stream: &StreamRef) -> Option<Ruler>;

    /// Is the stream's document in hand?
    fn has(&self, stream: &StreamRef) -> bool;

    /// Names the document that must be loaded for this event: `None` where it is in hand, or can't exist yet.
    fn missing(&self, recorded: &Recorded) -> Option<Key>;

    /// Takes a loaded document of a stream in hand; `None`: there is none.
    fn hold(&mut self, stream: &StreamRef, row: Option<Row>);

    /// Folds an event into the document in hand. One that is in the document already changes nothing.
    fn fold(&mut self, recorded: &Recorded) -> Result<(), Unappliable>;

    /// What the batch changed. From now on the documents count as stored.
    fn finish(&mut self) -> Folded;

    /// Lets go of all documents: what is stored is not what was folded.
    fn forget(&mut self);
}

/// What a batch changed.
#[derive(Debug, Default)]
pub struct Folded {
    /// In the order in which they are to be applied.
    pub changes: Vec<Change>,
    /// For each change the stream that it is of; counters are nobody's.
    pub streams: Vec<Option<StreamRef>>,
    /// Documents that do not fit their rows. Nothing of them is in the changes.
    pub misfits: Vec<(StreamRef, Unappliable)>,
}

/// [`Folding`] for any view.
pub(crate) struct Documents<V: View> {
    view: &'static V,
    /// `None`: every event.
    picks: Option<fn(&Recorded) -> bool>,
    hand: Hand<V::Document>,
    /// In the order of their first event in this batch.
    touched: Vec<StreamRef>,
    /// What was folded last, out of the hand: events of one stream come together.
    last: Option<(StreamRef, Box<Held<V::Document>>)>,
}

impl<V: View> Documents<V> {
    pub(crate) fn new(view: &'static V) -> Self {
        Self { view, picks: view.picks(), hand: Hand::new(HAND_BYTES_MAX), touched: Vec::new(), last: None }
    }

    /// Takes the stream's document out of the hand.
    fn take(&mut self, stream: &StreamRef) -> Box<Held<V::Document>> {
        match self.last.take() {
            Some((last, held)) if last == *stream => held,
            last => {
                self.put_back(last);
                self.hand.take(stream)
            }
        }
    }

    fn put_back(&mut self, last: Option<(StreamRef, Box<Held<V::Document>>)>) {
        if let Some((stream, held)) = last {
            self.hand.put(stream, held);
        }
    }

    fn fold_into(&mut self, held: &mut Held<V::Document>, recorded: &Recorded) -> Result<(), Unappliable> {
        let (view, is_dense) = (self.view, self.picks.is_none());
        if let Some(broken) = &held.broken {
            return Err(Unappliable::Document(broken.clone()));
        }
        let revision = held.document.as_ref().map_or(0, |document| view.revision(document));
        if recorded.revision <= revision {
            return Ok(());
        }
        if is_dense && recorded.revision > revision + 1 {
            return Err(Unappliable::Gap { held: revision, found: recorded.revision });
        }
        if held.before.is_none() {
            held.before = Some(follows(view, held.document.as_ref()).map_err(Unappliable::Document)?);
            held.ruler = view.ruler(&recorded.stream).map(|ruler| ruler.stream);
            self.touched.push(recorded.stream.clone());
        }
        let Some(ruler) = &held.ruler else { return view.fold(&mut held.document, recorded, &mut held.beside) };
        let law = self.hand.read(ruler);
        if let Some(source) = law.and_then(|law| law.broken.clone()) {
            return Err(Unappliable::Ruler { ruler: ruler.clone(), source });
        }
        view.fold_ruled(&mut held.document, law.and_then(|law| law.document.as_ref()), recorded, &mut held.beside)
    }
}

impl<V: View> Folding for Documents<V> {
    fn schema(&self) -> &'static Schema {
        self.view.schema()
    }

    fn table(&self) -> &'static Table {
        self.view.table()
    }

    fn wants(&self, kind: StreamKind) -> bool {
        self.view.streams().contains(&kind)
    }

    fn picks(&self, recorded: &Recorded) -> bool {
        self.picks.is_none_or(|picks| picks(recorded))
    }

    fn ruler(&self, stream: &StreamRef) -> Option<Ruler> {
        self.view.ruler(stream)
    }

    fn has(&self, stream: &StreamRef) -> bool {
        self.last.as_ref().is_some_and(|(last, _)| last == stream) || self.hand.has(stream)
    }

    fn missing(&self, recorded: &Recorded) -> Option<Key> {
        // A document is stored together with the checkpoint that lies at or behind its last event, so before a stream's
        // first event there is none.
        let known = recorded.revision == 1 || self.has(&recorded.stream);
        (!known).then(|| self.view.key(recorded))
    }

    fn hold(&mut self, stream: &StreamRef, row: Option<Row>) {
        let bytes = row.as_ref().map_or(0, hand::bytes);
        let held = match row.map(|row| self.view.decode(&row)).transpose() {
            Ok(document) => Held::loaded(document, bytes),
            Err(error) => Held::broken(error),
        };
        self.hand.put(stream.clone(), Box::new(held));
    }

    fn fold(&mut self, recorded: &Recorded) -> Result<(), Unappliable> {
        let mut held = self.take(&recorded.stream);
        let folded = self.fold_into(&mut held, recorded);
        self.last = Some((recorded.stream.clone(), held));
        folded
    }

    fn finish(&mut self) -> Folded {
        let mut folded = Folded::default();
        let mut moved = Moved::default();
        let last = self.last.take();
        self.put_back(last);
        for stream in std::mem::take(&mut self.touched) {
            let mut held = self.hand.take(&stream);
            let (before, beside) = (held.before.take().unwrap_or_default(), std::mem::take(&mut held.beside));
            let encoded = held.document.as_ref().map(|document| self.view.encode(document)).transpose();
            match encoded.and_then(|row| Ok((row, follows(self.view, held.document.as_ref())?))) {
                Ok((row, after)) => {
                    held.bytes = row.as_ref().map_or(0, hand::bytes);
                    let derived = derived(&before.derived, after.derived);
                    let written = if held.stored { Change::Upsert } else { Change::Insert };
                    held.stored |= row.is_some();
                    let changes = row.map(written).into_iter().chain(beside).chain(derived);
                    folded.put(&stream, changes.filter_map(|change| moved.take(change)));
                    moved.put(before.counts, after.counts);
                    self.hand.put(stream, held);
                }
                Err(error) => folded.misfits.push((stream, Unappliable::Document(error))),
            }
        }
        self.hand.age();
        moved.into_changes(self.view, &mut folded);
        folded
    }

    fn forget(&mut self) {
        (self.last, self.touched) = <_>::default();
        self.hand = Hand::new(HAND_BYTES_MAX);
    }
}

fn follows<V: View>(view: &V, document: Option<&V::Document>) -> Result<Before, RowError> {
    let Some(document) = document else { return Ok(Before::default()) };
    Ok(Before { counts: view.counts(document), derived: view.derived(document)? })
}

/// What makes the rows before into the rows after.
fn derived(before: &[Row], after: Vec<Row>) -> Vec<Change> {
    let gone = before.iter().filter(|row| !after.iter().any(|other| other.is_named_as(row)));
    let mut changes: Vec<_> = gone.map(|row| Change::Delete { table: row.table(), key: row.key() }).collect();
    changes.extend(after.into_iter().filter_map(|row| match before.iter().find(|other| other.is_named_as(&row)) {
        Some(same) if *same == row => None,
        Some(_) => Some(Change::Upsert(row)),
        None => Some(Change::Insert(row)),
    }));
    changes
}

impl Folded {
    fn put(&mut self, stream: &StreamRef, changes: impl Iterator<Item = Change>) {
        for change in changes {
            self.changes.push(change);
            self.streams.push(Some(stream.clone()));
        }
    }
}

/// Any view, its documents' type aside.
pub trait AnyView: Send + Sync + 'static {
    /// Name, version and tables.
    fn schema(&self) -> &'static Schema;

    /// A working state with nothing in hand.
    fn folding(&'static self) -> Box<dyn Folding>;
}

impl<V: View> AnyView for V {
    fn schema(&self) -> &'static Schema {
        View::schema(self)
    }

    fn folding(&'static self) -> Box<dyn Folding> {
        Box::new(Documents::new(self))
    }
}

impl std::fmt::Debug for dyn AnyView {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.schema().id())
    }
}

#[cfg(test)]
mod tests;
