//! A parked stream, folded again.
//!
//! What the view lacks of the stream is folded at the checkpoint where the view stands: expected and new checkpoint of the commit are
//! the same. A document hears of its own stream only, and of what its ruler had settled, so that this gives what folding it in its place
//! would have given. A stream whose ruler is parked stays so; when the ruler is up to date again, those that it rules are retried after it.

use std::sync::Arc;

use event_log::{EventLog, StreamId};
use view_store::{Checkpoint, CommitError, Park, Parked, ViewCommit, ViewStore};
use views::Recorded;

use crate::feed::EVENTS_A_TURN;
use crate::lane::Lane;
use crate::orders::{Ask, Order, Unparked};
use crate::trouble::{Trouble, chain};

/// A stream is read in pages of so many events.
const PAGE_EVENTS: usize = 1000;

/// What there is of a stream up to the view's checkpoint.
#[derive(Default)]
struct Story {
    events: Vec<Recorded>,
    /// Where it can't be read on, and why.
    damaged: Option<(u64, Arc<str>)>,
}

impl Lane {
    /// Does what was asked for with a parked stream.
    pub(crate) async fn obey(
        &mut self,
        log: &dyn EventLog,
        store: &dyn ViewStore,
        order: &Order,
    ) -> Result<Unparked, Trouble> {
        let found = store.parked_of(self.id(), vec![Arc::clone(&order.stream)]).await?.into_iter().next();
        let (Some(parked), Some(at)) = (found, self.checkpoint()) else { return Ok(Unparked::NotParked) };
        // What is in hand is as stored; let go of, it need not be told apart from what is folded now.
        self.forget();
        match order.what {
            Ask::Retry => match self.retry(log, store, parked, at).await? {
                Unparked::Applied { events } => {
                    let ruled = self.retry_ruled(log, store, &order.stream, at).await?;
                    Ok(Unparked::Applied { events: events + ruled })
                }
                parked => Ok(parked),
            },
            Ask::Skip => self.skip(store, parked, at).await,
        }
    }

    async fn skip(&mut self, store: &dyn ViewStore, parked: Parked, at: Checkpoint) -> Result<Unparked, Trouble> {
        let skip = vec![Arc::clone(&parked.stream)];
        store.commit(self.partition, vec![ViewCommit { skip, ..self.commit_to(at) }]).await?;
        tracing::warn!(view = %self.id(), stream = %parked.stream, "a parked stream is left as it is");
        self.parked.put(Arc::clone(&parked.stream), true);
        Ok(Unparked::Parked(Parked { skipped: true, ..parked }))
    }

    async fn retry(
        &mut self,
        log: &dyn EventLog,
        store: &dyn ViewStore,
        parked: Parked,
        at: Checkpoint,
    ) -> Result<Unparked, Trouble> {
        let told = read(log, &parked.stream, at.position).await?;
        let stream = told.events.first().map(|event| event.stream.clone());
        if let Some(reason) = stream.and_then(|stream| self.parked_ruler(&stream, parked.position)) {
            return Ok(Unparked::Parked(Parked { reason, ..parked }));
        }
        self.load_for(store, &told).await?;
        let (events, again) = self.fold_again(&told, &parked).await;
        let folded = self.folding.finish();
        let again = match folded.misfits.into_iter().next() {
            Some((_, error)) => Some((parked.position, chain(&error))),
            None => again,
        };
        let park = |(position, reason)| Park { stream: Arc::clone(&parked.stream), position, reason };
        let commit = ViewCommit {
            changes: folded.changes,
            unpark: vec![Arc::clone(&parked.stream)],
            park: again.clone().map(park).into_iter().collect(),
            ..self.commit_to(at)
        };
        let committed = store.commit(self.partition, vec![commit]).await;
        self.forget();
        let again = match committed {
            Ok(()) => again,
            Err(CommitError::Rejected { reason, .. }) => {
                let again = (parked.position, Arc::<str>::from(reason));
                let (unpark, park) = (vec![Arc::clone(&parked.stream)], vec![park(again.clone())]);
                store.commit(self.partition, vec![ViewCommit { unpark, park, ..self.commit_to(at) }]).await?;
                Some(again)
            }
            Err(error) => return Err(error.into()),
        };
        Ok(self.retried(parked, events, again))
    }

    fn retried(&mut self, parked: Parked, events: u64, again: Option<(u64, Arc<str>)>) -> Unparked {
        let (view, stream) = (self.id(), Arc::clone(&parked.stream));
        if let Some((position, reason)) = again {
            tracing::warn!(%view, %stream, position, %reason, "a parked stream can't be applied still");
            self.parked.put(stream, false);
            return Unparked::Parked(Parked { position, reason, skipped: false, ..parked });
        }
        tracing::info!(%view, %stream, events, "a parked stream is up to date");
        self.parked.take(&stream);
        Unparked::Applied { events }
    }

    /// Retries what this stream rules and was set aside with it. Gives how many events that were.
    async fn retry_ruled(
        &mut self,
        log: &dyn EventLog,
        store: &dyn ViewStore,
        ruler: &str,
        at: Checkpoint,
    ) -> Result<u64, Trouble> {
        let mut sum = 0;
        for name in self.parked.unseen_of(ruler.split('/').nth(1).unwrap_or_default()) {
            let named = codec::stream_ref(&stream_id(&name)).ok().and_then(|stream| self.folding.ruler(&stream));
            if named.is_none_or(|named| named.stream.to_string() != ruler) {
                continue;
            }
            let Some(parked) = store.parked_of(self.id(), vec![name]).await?.into_iter().next() else { continue };
            if let Unparked::Applied { events } = self.retry(log, store, parked, at).await? {
                sum += events;
            }
        }
        Ok(sum)
    }

    /// Loads the document, if there can be one, and its ruler's. An event after the first names it: before a stream's first there is none.
    async fn load_for(&mut self, store: &dyn ViewStore, told: &Story) -> Result<(), Trouble> {
        let own = told.events.iter().find_map(|event| Some((event.stream.clone(), self.folding.missing(event)?)));
        let ruler = told.events.first().and_then(|event| self.folding.ruler(&event.stream));
        let ruler = ruler.map(|ruler| (ruler.stream, ruler.key));
        self.load_these(store, own.into_iter().chain(ruler).collect()).await
    }

    /// Folds what is lacking. Gives how much that was, and where it ended early.
    async fn fold_again(&mut self, told: &Story, parked: &Parked) -> (u64, Option<(u64, Arc<str>)>) {
        let mut events = 0;
        for (at, recorded) in told.events.iter().enumerate() {
            if at % EVENTS_A_TURN == EVENTS_A_TURN - 1 {
                tokio::task::yield_now().await;
            }
            // What is stored of it ends before the first event that it lacks.
            if recorded.position < parked.position || !self.folding.picks(recorded) {
                continue;
            }
            if let Err(error) = self.folding.fold(recorded) {
                return (events, Some((recorded.position, chain(&error))));
            }
            events += 1;
        }
        (events, told.damaged.clone())
    }
}

/// The stream's events up to a position.
async fn read(log: &dyn EventLog, stream: &str, end: u64) -> Result<Story, Trouble> {
    let mut told = Story::default();
    let stream = stream_id(stream);
    let mut after = 0;
    loop {
        let page = log.read_stream(&stream, after, PAGE_EVENTS).await?;
        for record in page.records.iter().take_while(|record| record.position <= end) {
            match codec::decode(record) {
                Ok(event) => told.events.push(event),
                Err(error) if error.is_upgrade_needed() => {
                    return Err(Trouble::UpgradeNeeded { reason: chain(&error) });
                }
                Err(error) => {
                    told.damaged = Some((record.position, chain(&error)));
                    return Ok(told);
                }
            }
        }
        match page.records.last() {
            Some(last) if !page.end && last.position <= end => after = last.record.header.revision,
            _ => return Ok(told),
        }
    }
}

/// The stream's name in the log, out of that which operators see.
fn stream_id(name: &str) -> StreamId {
    let mut parts = name.splitn(3, '/');
    let mut part = || parts.next().unwrap_or_default().into();
    let (kind, project, id) = (part(), part(), part());
    StreamId { project, kind, id }
}
