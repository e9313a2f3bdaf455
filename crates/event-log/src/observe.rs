//! What a log tells of its own work, for metrics. Nothing that it does depends on who listens.

use std::fmt;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use crate::log::PartitionId;
use crate::proposal::Proposal;

/// A batch that a log wrote in one transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Batch {
    /// How many proposals were in it.
    pub proposals: usize,
    /// How many events they had.
    pub events: usize,
    /// From when it was taken from the queue to its answers.
    pub took: Duration,
    /// False: the storage failed, and all of it was answered so.
    pub written: bool,
}

/// Who is told of a log's batches. It is called by the one that writes: what it does, appends wait for.
pub trait Observer: Send + Sync + 'static {
    /// A batch was answered.
    fn batch(&self, batch: &Batch);
}

/// The one who observes a log, if anybody does. The first who comes stays.
#[derive(Default)]
pub struct Observed(OnceLock<Arc<dyn Observer>>);

/// A batch that is being written, and observed.
#[derive(Debug, Clone, Copy)]
pub struct Begun {
    proposals: usize,
    events: usize,
    at: Instant,
}

/// What a log has in hand at a moment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Stats {
    /// Its queues of proposals: one, or one for each partition.
    pub queues: Vec<QueueStats>,
    /// Its pools of connections.
    pub pools: Vec<PoolStats>,
    /// Bytes of the write-ahead log beside its file; `None`: it has none.
    pub wal_bytes: Option<u64>,
    /// Records of each partition that are elsewhere and were not read here yet; empty: it has no copy that could lag.
    pub behind: Vec<(PartitionId, u64)>,
}

/// Proposals that wait to be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QueueStats {
    /// Of which partition; `None`: of all.
    pub partition: Option<PartitionId>,
    /// How many wait.
    pub proposals: usize,
    /// So many may wait.
    pub proposals_max: usize,
}

/// Connections that are lent for a while.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PoolStats {
    /// What they are for: "read" or "write".
    pub name: &'static str,
    /// So many are lent now.
    pub used: usize,
    /// So many there may be.
    pub max: usize,
}

impl Observed {
    /// Tells this observer from now on, unless another one is told already.
    pub fn by(&self, observer: Arc<dyn Observer>) {
        let _another_is_told = self.0.set(observer);
    }

    /// A batch begins, of these proposals. Where nobody observes, nothing is measured.
    pub fn begin<'p>(&self, proposals: impl IntoIterator<Item = &'p Proposal>) -> Option<Begun> {
        self.0.get()?;
        let (count, events) = proposals
            .into_iter()
            .fold((0, 0), |(count, events), proposal| (count + 1, events + proposal.events().len()));
        Some(Begun { proposals: count, events, at: Instant::now() })
    }

    /// It was answered.
    pub fn end(&self, begun: Option<Begun>, written: bool) {
        if let (Some(observer), Some(Begun { proposals, events, at })) = (self.0.get(), begun) {
            observer.batch(&Batch { proposals, events, took: at.elapsed(), written });
        }
    }
}

impl fmt::Debug for Observed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Observed").field(&self.0.get().is_some()).finish()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use uuid::Uuid;

    use super::*;
    use crate::append::{Append, NewEvent};
    use crate::record::StreamId;

    #[derive(Default)]
    struct Heard(Mutex<Vec<(usize, usize, bool)>>);

    impl Observer for Heard {
        fn batch(&self, batch: &Batch) {
            self.0.lock().unwrap().push((batch.proposals, batch.events, batch.written));
        }
    }

    fn proposal(events: usize) -> Proposal {
        let event = NewEvent {
            event_id: Uuid::from_u128(1),
            event_type: "Happened".into(),
            schema_version: 1,
            occurred_at: 0,
            facts: b"{}".to_vec(),
            texts: Vec::new(),
            salt: Vec::new(),
        };
        let append = Append {
            stream: StreamId { project: "PAY".into(), kind: "issue".into(), id: "1".into() },
            expected: 0,
            unchanged: Vec::new(),
            events: vec![event; events],
            actor: "ada".into(),
            request_id: Uuid::from_u128(2),
            fingerprint: [0; 32],
            correlation_id: None,
            causation_id: None,
            traceparent: None,
            recorded_at: 0,
        };
        Proposal::check(append, 1).unwrap()
    }

    #[test]
    fn the_first_observer_hears_every_batch_that_begins_after_it_came() {
        let (observed, first, second) = (Observed::default(), Arc::new(Heard::default()), Arc::new(Heard::default()));
        let unheard = observed.begin(&[proposal(1)]);
        assert!(unheard.is_none(), "nobody observes, nothing is measured");
        observed.by(first.clone());
        observed.by(second.clone());
        observed.end(unheard, true);
        observed.end(observed.begin(&[proposal(1), proposal(2)]), true);
        observed.end(observed.begin(&[proposal(1)]), false);
        assert_eq!(*first.0.lock().unwrap(), [(2, 3, true), (1, 1, false)]);
        assert_eq!(*second.0.lock().unwrap(), []);
    }
}
