//! Judges what clients of a stream saw against what the log holds: ordered, unique, atomic, reliable, resumable, bookmarked.
//!
//! A client notes whatever its stream did, over all its connections ([`Noted`]); when the run is over, the log tells what happened
//! ([`Happened`]), and [`judge`] names each promise that was broken. A watch tells things as they are at places of the log; a feed that
//! tells each event at its own place is the case in which every place is told ([`Promises::every_event`]).

mod judge;
#[cfg(test)]
mod judge_tests;

use std::collections::BTreeMap;

use anyhow::{Context as _, Result, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

pub use judge::judge;

/// Something that happened, as the log has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Happened {
    /// Its position in its partition.
    pub position: u64,
    /// To what: an issue's key.
    pub key: String,
    /// Its number within that.
    pub revision: u64,
    /// Is the thing, from then on, among those that are watched?
    pub is_wanted: bool,
    /// In which column it stands from then on; `None`: where it stood.
    pub column: Option<String>,
}

/// What a client noted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Noted {
    /// It connected; with a token, the position that it stood for.
    Opened {
        /// Where it goes on; `None`: from what is there.
        resumed: Option<u64>,
    },
    /// It was told something.
    Told(Told),
    /// The stream ended. `anew`: it must begin without a token.
    Ended {
        /// True: the server said so.
        anew: bool,
    },
}

/// A message of a stream.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Told {
    /// True: what was told before is to be forgotten.
    pub is_fresh: bool,
    /// Things by their key: the revision they are at; `None`: they are not wanted.
    pub things: Vec<(String, Option<u64>)>,
    /// The position up to which all is told; `None`: more belongs to it.
    pub place: Option<u64>,
    /// How many things stand in each column at the place, zeros left out; `None`: it was not told.
    pub counts: Option<BTreeMap<String, u64>>,
}

/// What a stream promises beside what all do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Promises {
    /// Each event is told, at least once, with its own revision: nothing is coalesced. Things are never unwanted.
    pub every_event: bool,
    /// Wherever something changed, it is told how many things stand in each column there, wanted or not.
    pub counts: bool,
    /// The position that the client must have been told of in the end.
    pub end: u64,
}

/// A promise that was broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Promise {
    /// Places and revisions never go back.
    Ordered,
    /// What is told with a place is not told again on the same connection.
    Unique,
    /// At a place, all is as it was there, and nothing else.
    Atomic,
    /// Nothing is left out.
    Reliable,
    /// A stream that goes on from a place tells what came after it, and does not begin anew unasked.
    Resumable,
    /// Whoever waits is told how far all is.
    Bookmarked,
}

/// A promise that was broken, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Which.
    pub promise: Promise,
    /// Which of the notes shows it, from 0.
    pub note: usize,
    /// What is wrong.
    pub what: String,
}

/// The log's truth: what a client must hold at each place.
#[derive(Debug, Default)]
pub struct Truth(BTreeMap<u64, Happened>);

impl Truth {
    /// Of all that happened, in any order.
    pub fn of(happened: impl IntoIterator<Item = Happened>) -> Self {
        Self(happened.into_iter().map(|one| (one.position, one)).collect())
    }

    /// The last position.
    pub fn end(&self) -> u64 {
        self.0.keys().next_back().copied().unwrap_or_default()
    }

    /// What is wanted at a place, with its revision there.
    pub fn at(&self, place: u64) -> BTreeMap<&str, u64> {
        let mut board = BTreeMap::new();
        for one in self.0.range(..=place).map(|(_, one)| one) {
            if one.is_wanted {
                board.insert(one.key.as_str(), one.revision);
            } else {
                board.remove(one.key.as_str());
            }
        }
        board
    }

    /// How many things stand in each column at a place, wanted or not; zeros left out.
    pub fn counts_at(&self, place: u64) -> BTreeMap<String, u64> {
        let mut columns = BTreeMap::new();
        for one in self.0.range(..=place).map(|(_, one)| one) {
            if let Some(column) = &one.column {
                columns.insert(one.key.as_str(), column);
            }
        }
        let mut counts = BTreeMap::new();
        for column in columns.into_values() {
            *counts.entry(column.clone()).or_default() += 1;
        }
        counts
    }

    /// What happened after a place, up to another.
    pub fn between(&self, after: u64, to: u64) -> impl Iterator<Item = &Happened> {
        self.0.range(after + 1..=to.max(after)).map(|(_, one)| one)
    }
}

/// The position that a consistency token of one place stands for. Tokens are opaque to callers; who judges them looks inside.
pub fn position(token: &str) -> Result<u64> {
    let bytes = URL_SAFE_NO_PAD.decode(token).context("a token is base64url")?;
    let mut rest = bytes.iter();
    ensure!(rest.next() == Some(&1) && rest.next() == Some(&1), "a token of version 1, with one place");
    let mut number = || {
        let mut value = 0_u64;
        for (at, byte) in rest.by_ref().take(10).enumerate() {
            value |= u64::from(byte & 0x7f) << (7 * at);
            if byte & 0x80 == 0 {
                return Some(value);
            }
        }
        None
    };
    number().context("a partition")?;
    number().context("a position")
}
