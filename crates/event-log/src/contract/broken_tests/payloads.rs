//! Flaws of what is kept.

use async_trait::async_trait;

use super::Flaw;
use crate::append::{Append, AppendError, Appended};
use crate::log::EventLog;
use crate::memory::MemoryLog;

/// JSON is written anew.
#[derive(Default)]
pub(super) struct RewritesJson;

#[async_trait]
impl Flaw for RewritesJson {
    const CAUGHT_BY: &'static str = "payloads::bytes_are_kept";

    async fn append(&self, log: &MemoryLog, mut append: Append) -> Result<Appended, AppendError> {
        for event in &mut append.events {
            event.facts.retain(|byte| *byte != b'\t');
        }
        log.append(append).await
    }
}

/// Nothing is refused for its size.
#[derive(Default)]
pub(super) struct HasNoBounds;

#[async_trait]
impl Flaw for HasNoBounds {
    const CAUGHT_BY: &'static str = "payloads::bounds_hold";

    async fn append(&self, log: &MemoryLog, mut append: Append) -> Result<Appended, AppendError> {
        append.events.truncate(1);
        log.append(append).await
    }
}

/// What nobody reads is not kept.
#[derive(Default)]
pub(super) struct DropsTraces;

#[async_trait]
impl Flaw for DropsTraces {
    const CAUGHT_BY: &'static str = "payloads::every_field_is_kept_under_its_leaf";

    async fn append(&self, log: &MemoryLog, append: Append) -> Result<Appended, AppendError> {
        log.append(Append { traceparent: None, ..append }).await
    }
}
