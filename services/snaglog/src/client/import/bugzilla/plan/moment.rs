//! A bug's history as moments in their order: all that was changed at one time.

use jiff::Timestamp;

use super::Tally;
use crate::client::import::bugzilla::record::{Bug, Change, name};
use crate::client::import::bugzilla::vocabulary::{self, Status};

/// All that was changed at one time.
#[derive(Debug)]
pub(super) struct Moment<'a> {
    pub(super) at: Timestamp,
    /// Who changed something last.
    pub(super) by: &'a str,
    changes: Vec<(&'a str, &'a Change)>,
    /// A field that was set at this moment without a change: with the filing.
    set: Option<&'static str>,
}

impl<'a> Moment<'a> {
    /// Nothing was changed.
    pub(super) fn nothing(at: Timestamp, by: &'a str) -> Self {
        Self { at, by, changes: Vec::new(), set: None }
    }

    /// This field was set with the filing.
    pub(super) fn of(at: Timestamp, by: &'a str, field: &'static str) -> Self {
        Self { set: Some(field), ..Self::nothing(at, by) }
    }

    /// Who changed what.
    pub(super) fn changes(&self) -> impl Iterator<Item = (&'a str, &'a Change)> + use<'a, '_> {
        self.changes.iter().copied()
    }

    /// Who changed this field.
    pub(super) fn of_field<'f>(&self, field: &'f str) -> impl Iterator<Item = (&'a str, &'a Change)> + use<'a, 'f, '_> {
        self.changes().filter(move |(_, change)| change.field == field)
    }

    /// Who set this field last at this moment.
    pub(super) fn author(&self, field: &str) -> Option<&'a str> {
        let set = || (self.set == Some(field)).then_some(self.by);
        self.of_field(field).last().map(|(who, _)| who).or_else(set)
    }

    /// Changes of the status, each following the one whose end is its beginning.
    pub(super) fn statuses(&self) -> Vec<(&'a str, &'a Change)> {
        let mut left: Vec<_> = self.of_field("status").collect();
        let mut ordered: Vec<(&str, &Change)> = Vec::new();
        while !left.is_empty() {
            let follows = |change: &Change| match ordered.last() {
                Some((_, last)) => change.removed == last.added,
                None => !left.iter().any(|(_, other)| other.added == change.removed && other.removed != other.added),
            };
            let next = left.iter().position(|(_, change)| follows(change)).unwrap_or_default();
            ordered.push(left.remove(next));
        }
        ordered
    }
}

/// The history in order of time. What has no time happened with what stands before it; nothing happened before the filing.
pub(super) fn moments<'a>(bug: &'a Bug, filed_at: Timestamp, adjusted: &mut Tally) -> Vec<Moment<'a>> {
    let mut adjust = |what: &str| *adjusted.entry(what.to_owned()).or_default() += 1;
    let mut last = filed_at;
    let mut changes: Vec<(Timestamp, &str, &Change)> = Vec::new();
    for entry in bug.history.iter().filter(|entry| !entry.changes.is_empty()) {
        let when = entry.when.unwrap_or_else(|| {
            adjust("history: without a time");
            last
        });
        if when < filed_at {
            adjust("history: before the filing");
        } else if when < last {
            adjust("history: out of order");
        }
        let at = when.max(filed_at);
        last = last.max(at);
        changes.extend(entry.changes.iter().map(|change| (at, entry.who.as_str(), change)));
    }
    changes.sort_by_key(|(at, _, _)| *at);
    let same_time = changes.chunk_by(|one, next| one.0 == next.0);
    same_time
        .map(|changes| Moment {
            at: changes[0].0,
            by: changes[changes.len() - 1].1,
            changes: changes.iter().map(|(_, who, change)| (*who, *change)).collect(),
            set: None,
        })
        .collect()
}

/// What a field was when the bug was filed, as its first change tells; `None`: nothing tells.
pub(super) fn at_filing<'a>(moments: &[Moment<'a>], field: &str) -> Option<&'a str> {
    let changed = moments.iter().find_map(|moment| match field {
        "status" => moment.statuses().first().copied(),
        _ => moment.of_field(field).next(),
    });
    changed.map(|(_, change)| change.removed.as_str())
}

/// The status that it was filed with. Where nothing tells: its own, if that is none of those at the end.
pub(super) fn status_at_filing(moments: &[Moment<'_>], bug: &Bug) -> Status {
    let told = at_filing(moments, "status").map(name).filter(|status| !status.is_empty());
    match vocabulary::status(told.as_ref().unwrap_or(&bug.status)) {
        // Of what was before, nothing is told.
        Some(Status::Reopened) => Status::Confirmed,
        Some(Status::Resolved | Status::Verified | Status::Closed) if told.is_none() => Status::Unconfirmed,
        Some(status) => status,
        None => Status::Unconfirmed,
    }
}
