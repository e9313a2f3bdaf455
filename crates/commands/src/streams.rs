//! Streams folded: from what is remembered, and what the log has since.

use std::sync::Arc;

use codec::StoredEvent;
use event_log::{EventLog, LogError, PartitionId, Recorded};

use crate::cache::Remembered;
use crate::decider::Decider;
use crate::error::{CommandError, HistoryError};
use crate::version::{Last, Target, Version, revision};

/// Records read at a time.
const PAGE_RECORDS: usize = 512;

/// How new a state must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Need {
    /// What is remembered will do, if it has this revision at least.
    AtLeast(u64),
    /// All that is readable here: after a barrier, all that was acknowledged before.
    Latest,
}

/// The log's streams, folded.
pub(crate) struct Streams {
    pub(crate) log: Arc<dyn EventLog>,
    pub(crate) remembered: Remembered,
}

impl Streams {
    /// The partition that a stream is in.
    pub(crate) fn partition(&self, target: &Target) -> PartitionId {
        self.log.identity().partition_of(&target.name.project)
    }

    /// Waits until all is readable here that was acknowledged before this call.
    pub(crate) async fn barrier(&self, target: &Target) -> Result<(), CommandError> {
        self.log.barrier(self.partition(target)).await.map_err(CommandError::Log)?;
        Ok(())
    }

    /// The stream's state; `None` where it does not exist, as far as is known here.
    pub(crate) async fn load<D: Decider>(
        &self,
        target: &Target,
        need: Need,
    ) -> Result<Option<Arc<Version<D>>>, CommandError> {
        let held = self.remembered.get::<D>(&target.stream);
        match need {
            Need::Latest => self.read_on(target, held).await,
            Need::AtLeast(floor) => {
                if held.as_ref().is_some_and(|version| version.revision >= floor) {
                    return Ok(held);
                }
                let version = self.read_on(target, held).await?;
                if revision(version.as_deref()) >= floor {
                    return Ok(version);
                }
                self.barrier(target).await?;
                self.read_on(target, version).await
            }
        }
    }

    /// The stream's state as of a revision that it had.
    pub(crate) async fn as_of<D: Decider>(&self, target: &Target, last: u64) -> Result<Arc<Version<D>>, CommandError> {
        if let Some(version) = self.remembered.get::<D>(&target.stream)
            && version.revision == last
        {
            return Ok(version);
        }
        let fold = self.fold(target, Fold::<D>::new(None), last).await?;
        let fold = if fold.revision < last {
            self.barrier(target).await?;
            self.fold(target, fold, last).await?
        } else {
            fold
        };
        if fold.revision == last
            && let Some(version) = fold.finish(target)?
        {
            return Ok(Arc::new(version));
        }
        Err(CommandError::Log(LogError::DataLoss {
            reason: format!("{} has no revision {last}, which a request was answered", target.stream),
        }))
    }

    /// Folds what the log has since, and remembers it.
    async fn read_on<D: Decider>(
        &self,
        target: &Target,
        held: Option<Arc<Version<D>>>,
    ) -> Result<Option<Arc<Version<D>>>, CommandError> {
        let from = revision(held.as_deref());
        let fold = self.fold(target, Fold::new(held.as_deref()), u64::MAX).await?;
        if fold.revision == from {
            return Ok(held);
        }
        let version = fold.finish(target)?.map(Arc::new);
        if let Some(version) = &version {
            self.remembered.put(&target.stream, version);
        }
        Ok(version)
    }

    /// Folds on to a revision, or as far as is readable here.
    async fn fold<'a, D: Decider>(
        &self,
        target: &Target,
        mut fold: Fold<'a, D>,
        last: u64,
    ) -> Result<Fold<'a, D>, CommandError> {
        while fold.revision < last {
            let missing = usize::try_from(last - fold.revision).unwrap_or(usize::MAX);
            let page = self
                .log
                .read_stream(&target.name, fold.revision, missing.min(PAGE_RECORDS))
                .await
                .map_err(CommandError::Log)?;
            for recorded in &page.records {
                fold.push(target, recorded)?;
            }
            if page.end || page.records.is_empty() {
                break;
            }
        }
        Ok(fold)
    }
}

/// A fold under way. What it begins with is not copied before there is something to add.
struct Fold<'a, D> {
    begin: Option<&'a Version<D>>,
    state: Option<D>,
    revision: u64,
    last: Option<Last>,
}

impl<'a, D: Decider> Fold<'a, D> {
    fn new(begin: Option<&'a Version<D>>) -> Self {
        Self { begin, state: None, revision: revision(begin), last: None }
    }

    fn push(&mut self, target: &Target, recorded: &Recorded) -> Result<(), CommandError> {
        let event = D::Event::decode(recorded)
            .map_err(|error| CommandError::History { stream: target.stream.clone(), source: error.into() })?;
        let state = self.begin.take().map(|version| D::clone(&version.state)).or(self.state.take());
        self.state = D::evolve(state, &event);
        self.revision = event.revision;
        self.last = Some(Last { partition: recorded.partition, position: recorded.position, leaf: recorded.leaf });
        Ok(())
    }

    /// What it came to; `None` where nothing was added.
    fn finish(self, target: &Target) -> Result<Option<Version<D>>, CommandError> {
        let Some(last) = self.last else { return Ok(None) };
        let Some(state) = self.state else {
            return Err(CommandError::History {
                stream: target.stream.clone(),
                source: HistoryError::Shapeless { events: self.revision },
            });
        };
        Ok(Some(Version { state: Arc::new(state), revision: self.revision, last }))
    }
}
