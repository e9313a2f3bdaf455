//! The suite that every log must pass.
//!
//! A [`Factory`] makes logs; [`run`] tries each promise of [`EventLog`] on one of its own. [`cases`] are the promises by
//! name, for a test that wants one of them. A case answers [`Broken`] instead of panicking, so that this crate's own tests
//! can show that each case catches the log that breaks it (`contract/broken_tests.rs`).
//!
//! **To add a case**: a function in the file of its subject, a line in [`cases`], and a log that breaks it beside the others.

mod callers;
mod given;
mod heads;
mod payloads;
mod readers;
mod requests;
mod restarts;
mod writers;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures::future::BoxFuture;

use crate::append::{AppendError, LogError};
use crate::log::EventLog;

/// No case takes longer, or it hangs.
const CASE_TIMEOUT: Duration = Duration::from_secs(120);

/// Makes the logs that the suite tries.
#[async_trait]
pub trait Factory: Send + Sync + 'static {
    /// What it makes.
    type Log: EventLog;

    /// A new, empty log.
    async fn create(&self, partitions: u32) -> Result<Arc<Self::Log>, Broken>;

    /// Closes the log and opens it again; `None` where a log does not outlive its process.
    async fn reopen(&self, log: Arc<Self::Log>) -> Result<Option<Arc<Self::Log>>, Broken>;
}

/// A promise that was not kept, or could not be tried.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what}")]
pub struct Broken {
    /// What was seen instead.
    pub what: String,
}

/// What a case answers.
pub type Outcome = Result<(), Broken>;

/// One promise, tried on a new log.
pub struct Case<F: Factory> {
    /// What is promised, in a few words: `subject::promise`.
    pub name: &'static str,
    try_on: for<'f> fn(&'f F) -> BoxFuture<'f, Outcome>,
}

impl<F: Factory> Case<F> {
    /// Tries it.
    pub async fn try_on(&self, factory: &F) -> Outcome {
        match tokio::time::timeout(CASE_TIMEOUT, (self.try_on)(factory)).await {
            Ok(outcome) => outcome,
            Err(_) => Err(Broken::new(format!("not done after {CASE_TIMEOUT:?}: something is never answered"))),
        }
    }
}

/// Tries every promise, one after the other, and panics with those that were broken.
pub async fn run<F: Factory>(factory: F) {
    let mut broken = Vec::new();
    for case in cases::<F>() {
        if let Err(found) = case.try_on(&factory).await {
            broken.push(format!("{}: {found}", case.name));
        }
    }
    assert!(broken.is_empty(), "{} broken promises:\n{}", broken.len(), broken.join("\n"));
}

macro_rules! case {
    ($subject:ident::$promise:ident) => {
        Case {
            name: concat!(stringify!($subject), "::", stringify!($promise)),
            try_on: |factory| Box::pin($subject::$promise(factory)),
        }
    };
}

/// Every promise.
pub fn cases<F: Factory>() -> Vec<Case<F>> {
    vec![
        case!(readers::nothing_is_skipped_when_writers_finish_in_another_order),
        case!(readers::from_anywhere_everything_is_seen_once_beside_writers),
        case!(readers::an_append_is_seen_whole),
        case!(readers::pages_tell_where_they_end),
        case!(readers::what_does_not_exist_is_empty),
        case!(writers::one_wins_each_expected_revision),
        case!(writers::on_one_stream_all_get_in_by_trying_again),
        case!(writers::on_many_streams_numbers_are_dense),
        case!(writers::a_conflict_fails_only_its_own),
        case!(writers::guards_hold),
        case!(writers::recorded_at_never_goes_back),
        case!(writers::ordinals_lead_to_streams),
        case!(requests::repeated_are_answered_as_before),
        case!(requests::repeated_at_once_are_admitted_once),
        case!(requests::ids_are_compared_before_revisions),
        case!(requests::ids_belong_to_their_stream),
        case!(callers::who_goes_away_changes_nothing_else),
        case!(callers::who_stalls_holds_nobody_up),
        case!(heads::the_watch_never_runs_ahead),
        case!(heads::a_barrier_shows_what_was_acknowledged),
        case!(heads::what_is_sound_is_in_no_trouble),
        case!(payloads::bytes_are_kept),
        case!(payloads::bounds_hold),
        case!(payloads::every_field_is_kept_under_its_leaf),
        case!(restarts::everything_is_there_again),
        case!(restarts::requests_are_answered_as_before),
    ]
}

impl Broken {
    /// A promise broken in this way.
    pub fn new(what: impl Into<String>) -> Self {
        Self { what: what.into() }
    }
}

impl From<LogError> for Broken {
    fn from(error: LogError) -> Self {
        Self::new(format!("the log failed: {error}"))
    }
}

impl From<AppendError> for Broken {
    fn from(error: AppendError) -> Self {
        Self::new(format!("an append failed that should not: {error}"))
    }
}

impl From<tokio::task::JoinError> for Broken {
    fn from(error: tokio::task::JoinError) -> Self {
        Self::new(format!("the log panicked in its caller's task: {error}"))
    }
}

/// Ends the case as broken unless the condition holds.
macro_rules! promise {
    ($kept:expr, $($what:tt)+) => {
        if !$kept {
            return Err($crate::contract::Broken::new(format!($($what)+)));
        }
    };
}

/// Ends the case as broken unless both are equal; the left is what was seen, the right what was promised.
macro_rules! promise_eq {
    ($seen:expr, $promised:expr, $($what:tt)+) => {
        match (&$seen, &$promised) {
            (seen, promised) => {
                $crate::contract::promise!(
                    seen == promised,
                    "{}: {seen:?}, not {promised:?}",
                    format_args!($($what)+)
                );
            }
        }
    };
}

use {promise, promise_eq};

#[cfg(test)]
mod broken_tests;
