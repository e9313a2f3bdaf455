//! Flaws of what is known of requests.

use std::collections::HashMap;
use std::sync::Mutex;

use async_trait::async_trait;
use uuid::Uuid;

use super::Flaw;
use crate::append::{Append, AppendError, Appended};
use crate::log::EventLog;
use crate::memory::MemoryLog;
use crate::record::StreamId;

async fn revision(log: &MemoryLog, stream: &StreamId) -> u64 {
    log.read_stream(stream, 0, usize::MAX).await.unwrap().records.len() as u64
}

fn conflict(append: Append, actual: u64) -> Result<Appended, AppendError> {
    Err(AppendError::Conflict { stream: append.stream, expected: append.expected, actual })
}

/// Only the last hundred revisions' requests are known.
#[derive(Default)]
pub(super) struct Forgets;

#[async_trait]
impl Flaw for Forgets {
    const CAUGHT_BY: &'static str = "requests::repeated_are_answered_as_before";

    async fn append(&self, log: &MemoryLog, append: Append) -> Result<Appended, AppendError> {
        let (known, actual) =
            (log.find_request(&append.stream, append.request_id).await, revision(log, &append.stream).await);
        match known {
            Ok(Some(known)) if known.appended.revision + 100 < actual => conflict(append, actual),
            _ => log.append(append).await,
        }
    }
}

/// It looks a request up, and writes it a little later.
#[derive(Default)]
pub(super) struct LooksThenWrites {
    answered: Mutex<HashMap<(StreamId, Uuid), Appended>>,
}

#[async_trait]
impl Flaw for LooksThenWrites {
    const CAUGHT_BY: &'static str = "requests::repeated_at_once_are_admitted_once";

    async fn append(&self, log: &MemoryLog, append: Append) -> Result<Appended, AppendError> {
        let request = (append.stream.clone(), append.request_id);
        if let Some(appended) = self.answered.lock().unwrap().get(&request) {
            return Ok(Appended { replayed: true, ..appended.clone() });
        }
        tokio::task::yield_now().await;
        let expected = revision(log, &append.stream).await;
        let request_id = Uuid::from_u128(append.request_id.as_u128() << 32 | u128::from(expected));
        let appended = log.append(Append { expected, request_id, ..append }).await?;
        self.answered.lock().unwrap().insert(request, appended.clone());
        Ok(appended)
    }
}

/// A request repeated at an old revision is a conflict.
#[derive(Default)]
pub(super) struct ComparesRevisionsFirst;

#[async_trait]
impl Flaw for ComparesRevisionsFirst {
    const CAUGHT_BY: &'static str = "requests::ids_are_compared_before_revisions";

    async fn append(&self, log: &MemoryLog, append: Append) -> Result<Appended, AppendError> {
        let actual = revision(log, &append.stream).await;
        if actual == append.expected { log.append(append).await } else { conflict(append, actual) }
    }
}

/// Whatever comes under a known id is taken for a repetition.
#[derive(Default)]
pub(super) struct IgnoresFingerprints;

#[async_trait]
impl Flaw for IgnoresFingerprints {
    const CAUGHT_BY: &'static str = "requests::ids_are_compared_before_revisions";

    async fn append(&self, log: &MemoryLog, append: Append) -> Result<Appended, AppendError> {
        log.append(Append { fingerprint: [7; 32], ..append }).await
    }
}

/// An id is spent by an append that was refused.
#[derive(Default)]
pub(super) struct RemembersRefusals {
    refused: Mutex<HashMap<(StreamId, Uuid), [u8; 32]>>,
}

#[async_trait]
impl Flaw for RemembersRefusals {
    const CAUGHT_BY: &'static str = "requests::refused_are_not_remembered";

    async fn append(&self, log: &MemoryLog, append: Append) -> Result<Appended, AppendError> {
        let (request, fingerprint) = ((append.stream.clone(), append.request_id), append.fingerprint);
        let answer = log.append(append).await;
        let refused = &mut *self.refused.lock().unwrap();
        match answer {
            Ok(_) if refused.get(&request).is_some_and(|before| *before != fingerprint) => {
                Err(AppendError::RequestIdReused { request_id: request.1 })
            }
            Ok(appended) => Ok(appended),
            Err(error) => {
                refused.insert(request, fingerprint);
                Err(error)
            }
        }
    }
}

/// A request is known by its id, whatever its stream.
#[derive(Default)]
pub(super) struct KnowsIdsAlone {
    streams: Mutex<HashMap<Uuid, StreamId>>,
}

#[async_trait]
impl Flaw for KnowsIdsAlone {
    const CAUGHT_BY: &'static str = "requests::ids_belong_to_their_stream";

    async fn append(&self, log: &MemoryLog, append: Append) -> Result<Appended, AppendError> {
        let first = self.streams.lock().unwrap().entry(append.request_id).or_insert(append.stream.clone()).clone();
        if first != append.stream {
            return Err(AppendError::RequestIdReused { request_id: append.request_id });
        }
        log.append(append).await
    }
}
