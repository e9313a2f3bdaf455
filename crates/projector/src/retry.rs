//! A parked stream, folded again.
//!
//! What the view lacks of the stream is folded at the checkpoint where the view stands: expected and new checkpoint of the commit are
//! the same. A document hears of its own stream only, so that this gives what folding it in its place would have given.

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
            Ask::Retry => self.retry(log, store, parked, at).await,
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
        self.load_first(store, &told).await?;
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

    /// Loads the document, if there can be one. An event after the first names it: before a stream's first there is none.
    async fn load_first(&mut self, store: &dyn ViewStore, told: &Story) -> Result<(), Trouble> {
        let later = told.events.iter().find_map(|event| self.folding.missing(event).map(|key| (event, key)));
        if let Some((event, key)) = later {
            let rows = store.load(self.id(), self.folding.table(), vec![key]).await?;
            self.folding.hold(&event.stream, rows.into_iter().next().flatten());
        }
        Ok(())
    }

    /// Folds what is lacking. Gives how much that was, and where it ended early.
    async fn fold_again(&mut self, told: &Story, parked: &Parked) -> (u64, Option<(u64, Arc<str>)>) {
        let mut events = 0;
        for (at, recorded) in told.events.iter().enumerate() {
            if at % EVENTS_A_TURN == EVENTS_A_TURN - 1 {
                tokio::task::yield_now().await;
            }
            if let Err(error) = self.folding.fold(recorded) {
                return (events, Some((recorded.position, chain(&error))));
            }
            events += u64::from(recorded.position >= parked.position);
        }
        (events, told.damaged.clone())
    }
}

/// The stream's events up to a position.
async fn read(log: &dyn EventLog, stream: &str, end: u64) -> Result<Story, Trouble> {
    let mut told = Story::default();
    let mut parts = stream.splitn(3, '/');
    let (Some(kind), Some(project), Some(id)) = (parts.next(), parts.next(), parts.next()) else {
        return Ok(told);
    };
    let stream = StreamId { project: project.into(), kind: kind.into(), id: id.into() };
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
