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
    changes: Vec<Made<'a>>,
    /// A field that was set at this moment without a change: with the filing.
    set: Option<&'static str>,
}

/// A change, who made it, and with which entry of the history.
#[derive(Debug, Clone, Copy)]
struct Made<'a> {
    entry: usize,
    who: &'a str,
    change: &'a Change,
}

/// What an entry says of status and resolution.
#[derive(Debug, Clone, Copy)]
pub(super) struct Turn<'a> {
    entry: usize,
    pub(super) who: &'a str,
    /// `None`: the resolution alone was changed.
    pub(super) status: Option<&'a Change>,
    pub(super) resolution: Option<&'a Change>,
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
        self.changes.iter().map(|made| (made.who, made.change))
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

    /// Changes of status and resolution in their order. A status takes the resolution of its own entry.
    pub(super) fn turns(&self) -> Vec<Turn<'a>> {
        let mut turns: Vec<Turn<'_>> =
            self.statuses().into_iter().map(|made| made.turn(Some(made.change), None)).collect();
        for made in self.changes.iter().filter(|made| made.change.field == "resolution") {
            let mut own = turns.iter_mut().filter(|turn| turn.entry == made.entry && turn.status.is_some()).peekable();
            if own.peek().is_some() {
                own.for_each(|turn| turn.resolution = Some(made.change));
            } else {
                let at = turns.iter().rposition(|turn| turn.entry <= made.entry).map_or(0, |last| last + 1);
                turns.insert(at, made.turn(None, Some(made.change)));
            }
        }
        turns
    }

    /// Changes of the status, each following the one whose end is its beginning.
    fn statuses(&self) -> Vec<Made<'a>> {
        let mut left: Vec<_> = self.changes.iter().copied().filter(|made| made.change.field == "status").collect();
        let mut ordered: Vec<Made<'_>> = Vec::new();
        while !left.is_empty() {
            let leads_to = |from: &Change, to: &Change| from.added == to.removed && from.removed != from.added;
            let follows = |made: &Made<'_>| match ordered.last() {
                Some(last) => made.change.removed == last.change.added,
                None => !left.iter().any(|other| leads_to(other.change, made.change)),
            };
            let next = left.iter().position(follows).unwrap_or_default();
            ordered.push(left.remove(next));
        }
        ordered
    }
}

impl<'a> Made<'a> {
    fn turn(self, status: Option<&'a Change>, resolution: Option<&'a Change>) -> Turn<'a> {
        Turn { entry: self.entry, who: self.who, status, resolution }
    }
}

/// The history in order of time. What has no time happened with what stands before it; nothing happened before the filing.
pub(super) fn moments<'a>(bug: &'a Bug, filed_at: Timestamp, adjusted: &mut Tally) -> Vec<Moment<'a>> {
    let mut adjust = |what: &str| *adjusted.entry(what.to_owned()).or_default() += 1;
    let mut last = filed_at;
    let mut changes: Vec<(Timestamp, Made<'_>)> = Vec::new();
    for (nth, entry) in bug.history.iter().enumerate().filter(|(_, entry)| !entry.changes.is_empty()) {
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
        let made = |change| Made { entry: nth, who: &entry.who, change };
        changes.extend(entry.changes.iter().map(|change| (at, made(change))));
    }
    changes.sort_by_key(|(at, _)| *at);
    let same_time = changes.chunk_by(|one, next| one.0 == next.0);
    same_time
        .map(|changes| Moment {
            at: changes[0].0,
            by: changes[changes.len() - 1].1.who,
            changes: changes.iter().map(|(_, made)| *made).collect(),
            set: None,
        })
        .collect()
}

/// What a field was when the bug was filed, as its first change tells; `None`: nothing tells.
pub(super) fn at_filing<'a>(moments: &[Moment<'a>], field: &str) -> Option<&'a str> {
    let changed = moments.iter().find_map(|moment| match field {
        "status" => moment.statuses().first().map(|made| made.change),
        _ => moment.of_field(field).next().map(|(_, change)| change),
    });
    changed.map(|change| change.removed.as_str())
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
