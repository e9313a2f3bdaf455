//! Leases: who advances a view in a partition. The trait's words are data here; [`Leases`] is how stores of one process keep them.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::time::Instant;
use views::table::ViewId;

use crate::commit::{CommitError, ViewCommit};
use crate::store::PartitionId;

/// One who folds views, as the store numbers them: a runner, anew each time it starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Holder(pub u64);

/// The number of an unbroken hold on a view in a partition. The store never gives a number twice, so that whoever let go in
/// between, and has it again, has another one.
pub type Term = u64;

/// What a holder asks for, or wants to keep.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// Who.
    pub holder: Holder,
    /// Which views in which partitions.
    pub of: Vec<(ViewId, PartitionId)>,
    /// For so long from now on, by the store's clock.
    pub lasting: Duration,
    /// True: also what somebody else holds, whose commits are refused from now on.
    pub anyway: bool,
}

/// That a holder has a view in a partition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lease {
    /// Which view.
    pub view: ViewId,
    /// In which partition.
    pub partition: PartitionId,
    /// Commits under this lease name it.
    pub term: Term,
}

/// Who has a view in a partition at a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Share {
    /// In which partition.
    pub partition: PartitionId,
    /// Which view.
    pub view: ViewId,
    /// Who.
    pub holder: Holder,
}

/// The leases of a store that one process has to itself: kept in memory, by that process's clock.
#[derive(Debug, Default)]
pub struct Leases {
    holders: u64,
    terms: Term,
    held: BTreeMap<(ViewId, PartitionId), Held>,
}

#[derive(Debug)]
struct Held {
    /// `None`: nobody, any more.
    holder: Option<Holder>,
    term: Term,
    until: Instant,
}

impl Leases {
    /// A holder that never was before.
    pub fn join(&mut self) -> Holder {
        self.holders += 1;
        Holder(self.holders)
    }

    /// See [`ViewStore::lease`](crate::ViewStore::lease).
    pub fn claim(&mut self, claim: &Claim, now: Instant) -> Vec<Lease> {
        let until = now + claim.lasting;
        let mut granted = Vec::with_capacity(claim.of.len());
        for share in &claim.of {
            let known = self.held.get(share);
            let holder = known.and_then(|held| held.holder);
            let term = match known {
                Some(held) if holder == Some(claim.holder) => held.term,
                Some(held) if holder.is_some() && held.until > now && !claim.anyway => continue,
                _ => {
                    self.terms += 1;
                    self.terms
                }
            };
            self.held.insert(*share, Held { holder: Some(claim.holder), term, until });
            granted.push(Lease { view: share.0, partition: share.1, term });
        }
        granted
    }

    /// See [`ViewStore::held`](crate::ViewStore::held).
    pub fn held(&self, views: &[ViewId], now: Instant) -> Vec<Share> {
        let held = self.held.iter().filter(|((view, _), held)| views.contains(view) && held.until > now);
        held.filter_map(|((view, partition), held)| {
            Some(Share { partition: *partition, view: *view, holder: held.holder? })
        })
        .collect()
    }

    /// See [`ViewStore::release`](crate::ViewStore::release).
    pub fn release(&mut self, holder: Holder) {
        self.held.retain(|_, held| held.holder != Some(holder));
    }

    /// Ends all leases of the view: what its holders have in hand is no longer what is stored.
    pub fn end(&mut self, view: ViewId) {
        self.held.retain(|(of, _), _| *of != view);
    }

    /// May this commit be applied, as far as leases go?
    pub fn check(&self, partition: PartitionId, commit: &ViewCommit) -> Result<(), CommitError> {
        let Some(term) = commit.term else { return Ok(()) };
        let held = self.held.get(&(commit.view, partition));
        if held.is_some_and(|held| held.term == term) {
            return Ok(());
        }
        Err(CommitError::NotHeld { view: commit.view, partition })
    }
}
