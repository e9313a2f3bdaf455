//! One command, from request to answer: load, fold, decide, append.
//!
//! 1. What is remembered is decided upon. What leads to events is appended at once: admission compares request id, revision and guards, so an
//!    acceptance is right whatever was remembered.
//! 2. A conflict names the stream that moved: only that one is read again, and the command is decided anew.
//! 3. A refusal is not answered before a barrier, all streams read again, and the same refusal found on them; and then the request id is looked up,
//!    since a command that was done is refused when it comes again.

use std::sync::Arc;

use codec::StoredEvent;
use domain::{Decision, Recorded};
use event_log::{Append, AppendError, Appended, NewEvent};
use jiff::Timestamp;
use tracing::{Instrument as _, Span};

use crate::decider::Decider;
use crate::error::CommandError;
use crate::request::{Done, Environment, Request, as_kept};
use crate::sight::{Freshness, Sight};
use crate::streams::Streams;
use crate::turns::Turns;
use crate::version::{Last, Target, Version, revision};

/// So often a command is decided in vain, because others move what it rests on, before it is given up.
pub(crate) const CONFLICTS_MAX: u32 = 16;

/// What doing a command takes.
pub(crate) struct Runner {
    pub(crate) streams: Streams,
    pub(crate) environment: Arc<dyn Environment>,
    pub(crate) turns: Turns,
}

impl Runner {
    /// Does a command, or says why not.
    pub(crate) async fn run<D: Decider>(
        &self,
        target: &Target,
        command: &D::Command,
        request: &Request,
    ) -> Result<Done<D>, CommandError> {
        let mut freshness = Freshness::default();
        let mut turn = None;
        let mut conflicts = 0;
        loop {
            let deciding =
                tracing::info_span!(target: "snaglog::trace::part", "decide", stream = %target.stream, conflicts);
            let looked = Sight::<D>::look(&self.streams, target, command, &freshness);
            let sight = looked.instrument(deciding.clone()).await?;
            let now = as_kept(self.environment.now());
            let decided = deciding.in_scope(|| sight.decide(&target.stream, command.clone(), request, now));
            drop(deciding);
            let decision = match decided {
                Ok(decision) => decision,
                Err(no) if freshness.latest => return self.refuse(target, request, no).await,
                Err(_) => {
                    self.streams.barrier(target).await?;
                    freshness.latest = true;
                    continue;
                }
            };
            let append = self.propose(target, &sight, &decision, request, now);
            let appending = appending(&append);
            match self.streams.log.append(append).instrument(appending).await {
                Ok(appended) if appended.replayed => return self.answered_before(target, &appended).await,
                Ok(appended) => return self.accepted(target, &sight, decision, request, &appended),
                Err(AppendError::Conflict { stream, actual, .. }) => {
                    conflicts += 1;
                    if conflicts == CONFLICTS_MAX {
                        return Err(CommandError::Contended { stream: target.stream.clone(), conflicts });
                    }
                    if stream == target.name && turn.is_none() {
                        turn = Some(self.turns.take(&target.stream).await);
                    }
                    freshness.latest = false;
                    freshness.raise(stream, actual);
                }
                Err(error) => return Err(failure(error)),
            }
        }
    }

    /// What is to be appended: all events of the decision, or none.
    fn propose<D: Decider>(
        &self,
        target: &Target,
        sight: &Sight<D>,
        decision: &Decision<D::Event>,
        request: &Request,
        now: Timestamp,
    ) -> Append {
        let occurred_at = decision.occurred_at.as_microsecond();
        let event = |event: &D::Event| {
            let stored = event.encode(request.origin.as_ref());
            let salt = if stored.texts.is_empty() { Vec::new() } else { self.environment.salt().to_vec() };
            NewEvent {
                event_id: self.environment.event_id(),
                event_type: stored.event_type,
                schema_version: stored.schema_version,
                occurred_at,
                facts: stored.facts,
                texts: stored.texts,
                salt,
            }
        };
        Append {
            stream: target.name.clone(),
            expected: revision(sight.own.as_deref()),
            unchanged: sight.guards.clone(),
            events: decision.events.iter().map(event).collect(),
            actor: request.actor.as_str().into(),
            request_id: request.id,
            fingerprint: request.fingerprint,
            correlation_id: None,
            causation_id: None,
            traceparent: request.traceparent.clone(),
            recorded_at: now.as_microsecond(),
        }
    }

    /// Folds what was appended into what was seen: nothing needs to be read.
    fn accepted<D: Decider>(
        &self,
        target: &Target,
        sight: &Sight<D>,
        decision: Decision<D::Event>,
        request: &Request,
        appended: &Appended,
    ) -> Result<Done<D>, CommandError> {
        let occurred_at = decision.occurred_at;
        let recorded_at = Timestamp::from_microsecond(appended.recorded_at).unwrap_or(occurred_at);
        let before = sight.own.as_deref().map(|version| D::clone(&version.state));
        let state = (appended.first_revision..).zip(decision.events).fold(before, |state, (revision, event)| {
            let recorded = Recorded {
                event,
                stream: target.stream.clone(),
                ordinal: appended.ordinal,
                revision,
                position: appended.position - (appended.revision - revision),
                actor: request.actor.clone(),
                occurred_at,
                recorded_at,
                origin: request.origin.clone(),
            };
            D::evolve(state, &recorded)
        });
        let Some(state) = state else {
            return Err(CommandError::History {
                stream: target.stream.clone(),
                source: crate::HistoryError::Shapeless { events: appended.revision },
            });
        };
        let version = Arc::new(Version { state: Arc::new(state), revision: appended.revision, last: last(appended) });
        self.streams.remembered.put(&target.stream, &version);
        Ok(version.done(&target.stream, false))
    }

    /// Answers no, unless this very request was done before.
    async fn refuse<D: Decider>(
        &self,
        target: &Target,
        request: &Request,
        no: CommandError,
    ) -> Result<Done<D>, CommandError> {
        let known = self.streams.log.find_request(&target.name, request.id).await.map_err(CommandError::Log)?;
        match known {
            None => Err(no),
            Some(known) if known.fingerprint == request.fingerprint => {
                self.answered_before(target, &known.appended).await
            }
            Some(_) => Err(CommandError::RequestIdReused { request_id: request.id }),
        }
    }

    /// The answer that this request got when it was done: the state of then, whatever has happened since.
    async fn answered_before<D: Decider>(&self, target: &Target, appended: &Appended) -> Result<Done<D>, CommandError> {
        let version = self.streams.as_of::<D>(target, appended.revision).await?;
        Ok(version.done(&target.stream, true))
    }
}

/// What is traced of an append: it sends events to the log.
fn appending(append: &Append) -> Span {
    tracing::info_span!(
        target: "snaglog::trace::part",
        "append",
        otel.kind = "producer",
        messaging.system = "snaglog",
        "messaging.operation.type" = "send",
        messaging.operation.name = "append",
        messaging.destination.name = "log",
        messaging.batch.message_count = append.events.len(),
    )
}

fn last(appended: &Appended) -> Last {
    Last { partition: appended.partition, position: appended.position, leaf: appended.leaf }
}

fn failure(error: AppendError) -> CommandError {
    match error {
        AppendError::RequestIdReused { request_id } => CommandError::RequestIdReused { request_id },
        AppendError::Unknown(source) => CommandError::Unknown(source),
        AppendError::Failed(source) => CommandError::Log(source),
        AppendError::Invalid { reason } => CommandError::Invalid { reason },
        AppendError::Conflict { stream, expected, actual } => CommandError::Invalid {
            reason: format!("{} is at {actual}, not {expected}", event_log::StreamName(&stream)),
        },
    }
}
