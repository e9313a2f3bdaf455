//! Flaws of versions.

use async_trait::async_trait;
use tokio::sync::watch;

use super::{Flaw, Flawed};
use crate::append::{Append, AppendError, Appended, LogError};
use crate::contract::given::NEWER;
use crate::log::EventLog;
use crate::maintain::{Founding, Maintain, Versions};
use crate::memory::MemoryLog;

/// Activating is answered, and forgotten.
#[derive(Default)]
pub(super) struct ActivatesNothing;

#[async_trait]
impl Flaw for ActivatesNothing {
    const CAUGHT_BY: &'static str = "versions::activated_are_in_force";

    async fn activate(&self, _: &MemoryLog, _: Versions) -> Result<(), LogError> {
        Ok(())
    }
}

/// Whatever an operator says is activated.
#[derive(Default)]
pub(super) struct ActivatesAnything;

#[async_trait]
impl Flaw for ActivatesAnything {
    const CAUGHT_BY: &'static str = "versions::unknown_are_not_activated";

    async fn activate(&self, log: &MemoryLog, versions: Versions) -> Result<(), LogError> {
        log.another_node(versions).activate(versions).await
    }
}

/// An older build opens what it doesn't know.
#[derive(Default)]
pub(super) struct BeginsAnyway;

#[async_trait]
impl Flaw for BeginsAnyway {
    const CAUGHT_BY: &'static str = "versions::an_older_build_does_not_begin";

    async fn reopen(before: &Flawed<Self>, _: Versions) -> Flawed<Self> {
        Flawed::over(before.log.another_node(NEWER))
    }
}

/// A node goes on with what it doesn't know.
#[derive(Default)]
pub(super) struct GoesOn;

#[async_trait]
impl Flaw for GoesOn {
    const CAUGHT_BY: &'static str = "versions::an_older_node_stops";

    fn found(founding: Founding) -> Flawed<Self> {
        Flawed::over(MemoryLog::founded(founding).another_node(NEWER))
    }
}

/// A node says what troubles it once somebody has asked it for something.
pub(super) struct ToldLate(watch::Sender<Option<LogError>>);

impl Default for ToldLate {
    fn default() -> Self {
        Self(watch::Sender::new(None))
    }
}

impl ToldLate {
    pub(super) async fn append(&self, log: &MemoryLog, append: Append) -> Result<Appended, AppendError> {
        self.0.send_replace(log.trouble().borrow().clone());
        log.append(append).await
    }

    pub(super) fn trouble(&self) -> watch::Receiver<Option<LogError>> {
        self.0.subscribe()
    }
}

/// An older node learns that it is one from the first append it refuses.
#[derive(Default)]
pub(super) struct TellsWhoAsks(ToldLate);

#[async_trait]
impl Flaw for TellsWhoAsks {
    const CAUGHT_BY: &'static str = "versions::an_idle_older_node_hears_of_it";

    async fn append(&self, log: &MemoryLog, append: Append) -> Result<Appended, AppendError> {
        self.0.append(log, append).await
    }

    fn trouble(&self, _: &MemoryLog) -> watch::Receiver<Option<LogError>> {
        self.0.trouble()
    }
}
