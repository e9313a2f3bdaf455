//! The judge.

use std::collections::{BTreeMap, BTreeSet};

use super::{Fault, Noted, Promise, Promises, Told, Truth};

/// So many faults are told at most.
const FAULTS_MAX: usize = 20;

/// What the client holds, and what was said of it. What came without a place is held back until there is one: a connection that is lost
/// before takes it along.
#[derive(Default)]
struct Client<'a> {
    /// As of the place.
    things: BTreeMap<&'a str, u64>,
    place: Option<u64>,
    /// Told since the place, on this connection.
    pending: Vec<(&'a str, Option<u64>)>,
    /// Told with a place on this connection.
    told: BTreeSet<(&'a str, Option<u64>)>,
    may_begin: bool,
    begun: bool,
    faults: Vec<Fault>,
}

/// Names each promise that this client's stream broke; none: it kept all.
pub fn judge(notes: &[Noted], truth: &Truth, promises: Promises) -> Vec<Fault> {
    let mut client = Client::default();
    for (at, note) in notes.iter().enumerate() {
        match note {
            Noted::Opened { resumed } => client.opens(at, *resumed),
            Noted::Told(told) => client.hears(at, told, truth, promises),
            Noted::Ended { anew } => client.ends(*anew),
        }
        if client.faults.len() >= FAULTS_MAX {
            return client.faults;
        }
    }
    let reached = client.place.unwrap_or_default();
    if reached < promises.end {
        let what = format!("it was told up to {reached} of {}", promises.end);
        client.fault(Promise::Bookmarked, notes.len(), what);
    }
    client.faults
}

impl<'a> Client<'a> {
    fn fault(&mut self, promise: Promise, note: usize, what: String) {
        self.faults.push(Fault { promise, note, what });
    }

    fn opens(&mut self, at: usize, resumed: Option<u64>) {
        self.may_begin = resumed.is_none();
        self.begun = false;
        self.pending.clear();
        self.told.clear();
        if resumed.is_some() && resumed != self.place {
            let what = format!("it went on from {resumed:?}, but its last place is {:?}", self.place);
            self.fault(Promise::Resumable, at, what);
        }
    }

    fn ends(&mut self, anew: bool) {
        if anew {
            self.place = None;
        }
    }

    fn hears(&mut self, at: usize, told: &'a Told, truth: &Truth, promises: Promises) {
        if told.is_fresh {
            if !self.may_begin || self.begun {
                self.fault(Promise::Resumable, at, "it began anew, unasked".into());
            }
            (self.things, self.place) = (BTreeMap::new(), None);
            self.pending.clear();
        }
        self.begun = true;
        for (key, revision) in &told.things {
            self.changes(at, key, *revision);
        }
        let Some(place) = told.place else { return };
        if self.place.is_some_and(|before| place < before) {
            self.fault(Promise::Ordered, at, format!("the place went from {:?} back to {place}", self.place));
        }
        if promises.every_event {
            self.every_event(at, place, truth);
        }
        if promises.counts {
            self.counted(at, told, place, truth);
        }
        for (key, revision) in self.pending.drain(..) {
            match revision {
                Some(revision) => self.things.insert(key, revision),
                None => self.things.remove(key),
            };
            self.told.insert((key, revision));
        }
        if !promises.every_event {
            self.exact(at, place, truth);
        }
        self.place = Some(place);
    }

    fn changes(&mut self, at: usize, key: &'a str, revision: Option<u64>) {
        if revision.is_some() && self.told.contains(&(key, revision)) {
            self.fault(Promise::Unique, at, format!("{key} at {revision:?} was told before"));
        }
        let pending = self.pending.iter().rev().find(|(told, _)| *told == key).map(|(_, revision)| *revision);
        let before = pending.unwrap_or_else(|| self.things.get(key).copied());
        if let (Some(before), Some(now)) = (before, revision)
            && now < before
        {
            self.fault(Promise::Ordered, at, format!("{key} went from {before} back to {now}"));
        }
        self.pending.push((key, revision));
    }

    /// At a place, the client holds what the log makes of it there.
    fn exact(&mut self, at: usize, place: u64, truth: &Truth) {
        let right = truth.at(place);
        if self.things == right {
            return;
        }
        let keys: BTreeSet<&str> = self.things.keys().copied().chain(right.keys().copied()).collect();
        let wrong = keys.into_iter().find(|key| self.things.get(key) != right.get(key)).unwrap_or_default();
        let (held, wanted) = (self.things.get(wrong).copied(), right.get(wrong).copied());
        let promise = if held < wanted { Promise::Reliable } else { Promise::Atomic };
        self.fault(promise, at, format!("at {place} it holds {wrong} at {held:?}, where the log has {wanted:?}"));
    }

    /// Counts are those of the place; where anything changed, they are told.
    fn counted(&mut self, at: usize, told: &Told, place: u64, truth: &Truth) {
        let Some(counts) = &told.counts else {
            if told.is_fresh || !self.pending.is_empty() {
                self.fault(Promise::Reliable, at, format!("the counts at {place} were left out"));
            }
            return;
        };
        let right = truth.counts_at(place);
        if *counts != right {
            self.fault(Promise::Atomic, at, format!("at {place} it counts {counts:?}, where the log has {right:?}"));
        }
    }

    /// Between two places, each event was told, in the log's order.
    fn every_event(&mut self, at: usize, place: u64, truth: &Truth) {
        let after = self.place.unwrap_or_default();
        let right: Vec<_> = truth.between(after, place).map(|one| (one.key.as_str(), Some(one.revision))).collect();
        if self.pending == right {
            return;
        }
        let missing = right.iter().find(|one| !self.pending.contains(one)).map(|one| format!("{one:?}"));
        match missing {
            Some(missing) => self.fault(Promise::Reliable, at, format!("{missing} was left out before {place}")),
            None => self.fault(Promise::Ordered, at, format!("after {after}: {:?}, not {right:?}", self.pending)),
        }
    }
}
