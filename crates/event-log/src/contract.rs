//! The suite that every log must pass.
//!
//! A [`Factory`] makes logs; [`run`] tries each promise of [`EventLog`](crate::EventLog) and [`Maintain`] on one of its own. [`cases`] are the
//! promises by name, for a test that wants one of them. A case answers [`Broken`] instead of panicking, so that this crate's
//! own tests can show that each case catches the log that breaks it (`contract/broken_tests.rs`).
//!
//! **To try a log**: a [`Factory`] in its tests. Only [`Factory::create`] and [`Factory::reopen`] must be there; each of the
//! others lets the suite look closer. What can't be tried without one is said as `not tried: …`, and answered by [`run`].
//!
//! **To add a case**: a function in the file of its subject, a line in [`cases`], and a log that breaks it
//! (`contract/broken_tests/`), without which a test fails.

mod callers;
mod crashes;
mod given;
mod heads;
mod histories;
mod likeness;
mod model;
mod nodes;
mod payloads;
mod phases;
mod readers;
mod requests;
mod restarts;
mod steps;
mod versions;
mod writers;

use std::any::Any;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures::StreamExt;
use futures::future::BoxFuture;
use tokio::time::Instant;

use crate::append::{AppendError, LogError};
use crate::maintain::{FillError, Founding, Maintain, Versions};

/// No case takes longer, or it hangs.
const CASE_TIMEOUT: Duration = Duration::from_secs(120);

/// Makes the logs that the suite tries, and does to them what can't be done through the contract.
///
/// What fails here breaks the case that asked for it, unless the case says otherwise.
#[async_trait]
pub trait Factory: Send + Sync + 'static {
    /// What it makes.
    type Log: Maintain;

    /// A new, empty log, in a storage of its own: two of the same identity have nothing in common.
    async fn create(&self, founding: Founding) -> Result<Arc<Self::Log>, LogError>;

    /// Closes this node and opens its storage again, as a build that knows these versions would: others than
    /// [`Versions::KNOWN`] stand in for an older or a newer build. Other nodes of the log go on.
    ///
    /// Where the log is beyond `known`: [`LogError::UpgradeNeeded`], or a node that has it as its trouble from the start.
    async fn reopen(&self, log: Arc<Self::Log>, known: Versions) -> Result<Arc<Self::Log>, LogError>;

    /// A further node on this log's storage, of a build that knows these versions, as for [`Factory::reopen`]. `None`: at no
    /// time has this kind of log two nodes.
    async fn another_node(&self, _log: &Arc<Self::Log>, _known: Versions) -> Result<Option<Arc<Self::Log>>, LogError> {
        Ok(None)
    }

    /// Ends this node as a crash would, whatever is in flight, and opens its storage again. The nearer to a crash, the better:
    /// nothing closed, nothing flushed, connections cut. By default it is reopened.
    async fn crash(&self, log: Arc<Self::Log>) -> Result<Arc<Self::Log>, LogError> {
        self.reopen(log, Versions::KNOWN).await
    }

    /// Opens a transaction in this log's storage, beside the log, that has read something (and written elsewhere, where that is
    /// possible) and then is left idle until what is returned is dropped: what an operator's forgotten console does. `None`:
    /// there is no such thing here.
    async fn idle_transaction(&self, _log: &Arc<Self::Log>) -> Result<Option<Idle>, LogError> {
        Ok(None)
    }

    /// How many cases may run at the same time, each on a log of its own.
    fn at_once(&self) -> usize {
        1
    }

    /// What the random choices of cases are made from: the same seed, the same choices. Printed with what it has shown.
    fn seed(&self) -> u64 {
        1
    }
}

/// Something that is left open until it is dropped.
pub type Idle = Box<dyn Any + Send + Sync>;

/// A promise that was not kept, or could not be tried.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what}")]
pub struct Broken {
    /// What was seen instead; or why nothing could be.
    pub what: String,
    /// True: this kind of log has not got what the promise is about, as a log in a file never has two nodes.
    pub untried: bool,
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

/// Tries every promise, [`Factory::at_once`] of them at a time, prints how long each took, and panics with those that were broken.
/// Answers those that could not be tried on this kind of log, which are printed as `not tried: …`.
pub async fn run<F: Factory>(factory: F) -> Vec<&'static str> {
    let factory = &factory;
    let tried = cases::<F>().into_iter().map(|case| async move {
        let begun = Instant::now();
        let outcome = case.try_on(factory).await;
        match &outcome {
            Err(broken) if broken.untried => println!("not tried: {}: {broken}", case.name),
            _ => println!("{:>6} ms  {}", begun.elapsed().as_millis(), case.name),
        }
        (case.name, outcome)
    });
    let outcomes: Vec<_> = futures::stream::iter(tried).buffered(factory.at_once().max(1)).collect().await;
    let failed = |untried: bool| {
        let failed = outcomes.iter().filter_map(|(name, outcome)| Some((*name, outcome.as_ref().err()?)));
        failed.filter(move |(_, broken)| broken.untried == untried)
    };
    let broken: Vec<_> = failed(false).map(|(name, broken)| format!("{name}: {broken}")).collect();
    assert!(broken.is_empty(), "{} of {} promises broken:\n{}", broken.len(), outcomes.len(), broken.join("\n"));
    failed(true).map(|(name, _)| name).collect()
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
        case!(readers::an_idle_transaction_hides_nothing),
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
        case!(requests::refused_are_not_remembered),
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
        case!(restarts::closing_finishes_what_was_taken),
        case!(crashes::an_answer_lost_is_settled_by_a_retry),
        case!(crashes::what_is_in_flight_is_in_whole_or_not_at_all),
        case!(nodes::agree_on_every_record),
        case!(nodes::all_get_in_by_trying_again),
        case!(nodes::a_barrier_shows_what_another_acknowledged),
        case!(nodes::know_each_others_requests),
        case!(nodes::heads_reach_every_one),
        case!(versions::activated_are_in_force),
        case!(versions::unknown_are_not_activated),
        case!(versions::an_older_build_does_not_begin),
        case!(versions::an_older_node_stops),
        case!(versions::an_idle_older_node_hears_of_it),
        case!(phases::a_filled_log_is_the_same),
        case!(phases::what_was_erased_stays_so),
        case!(phases::a_filling_log_takes_no_appends),
        case!(phases::what_does_not_follow_is_not_filled),
        case!(phases::only_a_filling_log_is_filled),
        case!(phases::sealed_answers_moved_for_good),
        case!(phases::an_idle_node_hears_of_the_seal),
        case!(phases::what_was_acknowledged_before_a_seal_is_in_it),
        case!(histories::appends_and_reads_behind_a_barrier_are_linearizable),
        case!(histories::plain_reads_are_prefixes),
        case!(likeness::answers_and_records_are_those_of_the_log_in_memory),
    ]
}

impl Broken {
    /// A promise broken in this way.
    pub fn new(what: impl Into<String>) -> Self {
        Self { what: what.into(), untried: false }
    }

    /// A promise that this kind of log can't be tried for, and why.
    pub fn untried(why: impl Into<String>) -> Self {
        Self { what: why.into(), untried: true }
    }
}

impl From<LogError> for Broken {
    fn from(error: LogError) -> Self {
        Self::new(format!("the log failed: {error}"))
    }
}

impl From<AppendError> for Broken {
    fn from(error: AppendError) -> Self {
        let failed = match &error {
            AppendError::Failed(source) | AppendError::Unknown(source) => format!("{error}: {source}"),
            refused => refused.to_string(),
        };
        Self::new(format!("an append failed that should not: {failed}"))
    }
}

impl From<FillError> for Broken {
    fn from(error: FillError) -> Self {
        let failed = match &error {
            FillError::Failed(source) => format!("{error}: {source}"),
            refused => refused.to_string(),
        };
        Self::new(format!("records were not filled in that should be: {failed}"))
    }
}

impl From<tokio::task::JoinError> for Broken {
    fn from(error: tokio::task::JoinError) -> Self {
        Self::new(format!("a task of the case panicked, or the log in it: {error}"))
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
