//! What the reader of the topic tells everybody else here: how far it is, and why nobody is served if nobody is.

use std::sync::{Mutex, MutexGuard, PoisonError};

use event_log::{LogError, Observed, PartitionId, Phase, Versions};
use event_log_sqlite::replica::Bookmark;
use tokio::sync::watch;

use crate::client::Behind;
use crate::error::closed;

/// How things stand.
#[derive(Debug)]
pub(crate) struct State {
    known: Versions,
    held: Mutex<Held>,
    trouble: watch::Sender<Option<LogError>>,
    /// Who is told of batches.
    pub(crate) observed: Observed,
    /// What was not read yet.
    pub(crate) behind: Behind,
}

#[derive(Debug)]
struct Held {
    bookmarks: Vec<Bookmark>,
    /// Why the topic can't be followed at present.
    away: Option<String>,
    /// What never passes.
    fatal: Option<LogError>,
}

impl State {
    /// At these bookmarks, not yet in touch with the topic.
    pub(crate) fn new(known: Versions, bookmarks: Vec<Bookmark>) -> Self {
        let unknown = bookmarks.iter().find_map(|bookmark| bookmark.versions.check_known(known).err());
        let away = Some("connecting to the topic".to_owned());
        let state = Self {
            known,
            held: Mutex::new(Held { bookmarks, away, fatal: unknown }),
            trouble: watch::Sender::new(None),
            observed: Observed::default(),
            behind: Behind::default(),
        };
        state.change(|_| {});
        state
    }

    /// What this build knows.
    pub(crate) fn known(&self) -> Versions {
        self.known
    }

    /// Where the partition is.
    pub(crate) fn bookmark(&self, partition: PartitionId) -> Option<Bookmark> {
        self.held().bookmarks.get(partition as usize).copied()
    }

    pub(crate) fn trouble(&self) -> watch::Receiver<Option<LogError>> {
        self.trouble.subscribe()
    }

    /// The versions in force: in every partition.
    pub(crate) fn versions(&self) -> Versions {
        let held = self.held();
        let rule = held.bookmarks.iter().map(|bookmark| bookmark.versions.rule).min();
        let record = held.bookmarks.iter().map(|bookmark| bookmark.versions.record).min();
        Versions { rule: rule.unwrap_or(self.known.rule), record: record.unwrap_or(self.known.record) }
    }

    /// Where the log is in its life: in every partition.
    pub(crate) fn phase(&self) -> Phase {
        self.held().phase()
    }

    /// Fails where nothing may be read.
    pub(crate) fn readable(&self) -> Result<(), LogError> {
        self.held().fatal.clone().map_or(Ok(()), Err)
    }

    /// Fails where the topic is not followed.
    pub(crate) fn in_touch(&self) -> Result<(), LogError> {
        let held = self.held();
        match (&held.fatal, &held.away) {
            (Some(fatal), _) => Err(fatal.clone()),
            (None, Some(away)) => Err(LogError::Unavailable { reason: away.clone() }),
            (None, None) => Ok(()),
        }
    }

    /// Waits until the topic is not followed any more, and answers why.
    pub(crate) async fn lost_touch(&self) -> LogError {
        let mut trouble = self.trouble();
        loop {
            trouble.mark_unchanged();
            if let Err(error) = self.in_touch() {
                return error;
            }
            if trouble.changed().await.is_err() {
                return closed();
            }
        }
    }

    /// Fails where nothing is appended to the partition.
    pub(crate) fn appendable(&self, partition: PartitionId) -> Result<Bookmark, LogError> {
        self.in_touch()?;
        let unknown = || LogError::Unavailable { reason: format!("there is no partition {partition}") };
        let bookmark = self.bookmark(partition).ok_or_else(unknown)?;
        bookmark.phase.check_open()?;
        Ok(bookmark)
    }

    /// A partition was applied up to here.
    pub(crate) fn advance(&self, bookmarks: &[(PartitionId, Bookmark)]) {
        self.change(|held| {
            for (partition, bookmark) in bookmarks {
                if let Some(known) = held.bookmarks.get_mut(*partition as usize) {
                    *known = *bookmark;
                }
            }
        });
    }

    /// The topic is not followed at present, for this reason; `None`: it is.
    pub(crate) fn set_away(&self, away: Option<String>) {
        let before = std::mem::replace(&mut self.held().away, away.clone());
        match (before.is_some(), away) {
            (false, Some(reason)) => {
                tracing::warn!(reason, "the log serves nobody until its topic can be followed again");
            }
            (true, None) => tracing::info!("the log follows its topic"),
            _ => {}
        }
        self.change(|_| {});
    }

    /// What never passes: nothing more is served here.
    pub(crate) fn set_fatal(&self, error: LogError) {
        tracing::error!(%error, "the log serves nobody here until someone has looked");
        self.change(|held| {
            held.fatal.get_or_insert(error);
        });
    }

    fn change(&self, change: impl FnOnce(&mut Held)) {
        let mut held = self.held();
        change(&mut held);
        let trouble = held.trouble();
        self.trouble.send_if_modified(|told| {
            let other = *told != trouble;
            *told = trouble;
            other
        });
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Held {
    fn phase(&self) -> Phase {
        let is = |phase| self.bookmarks.iter().any(|bookmark| bookmark.phase == phase);
        match (is(Phase::Filling), is(Phase::Open)) {
            (true, _) => Phase::Filling,
            (false, true) => Phase::Open,
            (false, false) => Phase::Sealed,
        }
    }

    fn trouble(&self) -> Option<LogError> {
        let away = self.away.as_ref().map(|away| LogError::Unavailable { reason: away.clone() });
        self.fatal.clone().or(away).or_else(|| self.phase().check_open().err())
    }
}
