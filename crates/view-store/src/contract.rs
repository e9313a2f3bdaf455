//! The suite that every view store must pass.
//!
//! A [`Factory`] makes stores; [`run`] tries each promise of [`ViewStore`] on one of its own. [`cases`] are the promises by
//! name, for a test that wants one of them. A case answers [`Broken`] instead of panicking, so that this crate's own tests
//! can show that each case catches the store that breaks it (`contract/broken_tests.rs`).
//!
//! **To add a case**: a function in the file of its subject, a line in [`cases`], and a store that breaks it beside the others.

mod batches;
mod commits;
mod given;
mod leases;
mod model;
mod parking;
mod rebuilds;
mod selects;
mod snapshots;
mod swaps;
mod words;

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use views::row::RowError;

use crate::commit::CommitError;
use crate::store::{StoreError, ViewStore};

/// No case takes longer, or it hangs.
const CASE_TIMEOUT: Duration = Duration::from_secs(120);

/// Makes the stores that the suite tries.
#[async_trait]
pub trait Factory: Send + Sync + 'static {
    /// What it makes.
    type Store: ViewStore;

    /// A new, empty store.
    async fn create(&self) -> Result<Arc<Self::Store>, Broken>;

    /// Closes the store and opens it again; `None` where a store does not outlive its process.
    async fn reopen(&self, store: Arc<Self::Store>) -> Result<Option<Arc<Self::Store>>, Broken>;
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

type Trial<'f> = Pin<Box<dyn Future<Output = Outcome> + Send + 'f>>;

/// One promise, tried on a new store.
pub struct Case<F: Factory> {
    /// What is promised, in a few words: `subject::promise`.
    pub name: &'static str,
    try_on: for<'f> fn(&'f F) -> Trial<'f>,
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
        case!(commits::delivered_twice_applies_once),
        case!(commits::one_wins_each_checkpoint),
        case!(commits::several_views_move_together),
        case!(commits::partitions_move_apart),
        case!(commits::what_cannot_be_stored_stops_all),
        case!(commits::mistakes_are_refused),
        case!(commits::a_caller_that_goes_away_changes_nothing),
        case!(batches::any_sizes_come_to_the_same),
        case!(batches::a_crash_before_the_commit_loses_nothing),
        case!(batches::counters_that_cancel_leave_no_row),
        case!(batches::counters_of_other_rows_stay),
        case!(batches::a_row_written_again_is_that_row),
        case!(batches::changes_apply_in_their_order),
        case!(selects::values_come_back_as_they_were),
        case!(selects::find_what_a_list_would),
        case!(selects::pages_join),
        case!(selects::a_wrong_cursor_is_refused),
        case!(words::find_what_a_list_would),
        case!(words::what_changed_is_found_as_it_is),
        case!(words::scopes_and_versions_stand_apart),
        case!(words::come_back_where_they_are_asked_for),
        case!(words::mistakes_are_refused),
        case!(snapshots::an_answer_is_of_one_moment),
        case!(snapshots::the_watch_never_runs_ahead),
        case!(snapshots::who_waits_is_known),
        case!(parking::parked_streams_come_and_go),
        case!(parking::parked_streams_are_listed_in_pages),
        case!(parking::skipped_they_stay_parked),
        case!(leases::one_holds_at_a_time),
        case!(leases::it_is_known_who_has_what),
        case!(leases::what_ran_out_is_taken_over),
        case!(leases::renewed_it_stays),
        case!(leases::released_they_are_free),
        case!(leases::taken_and_had_again_is_another_hold),
        case!(leases::without_its_lease_a_commit_changes_nothing),
        case!(leases::a_reset_ends_them),
        case!(swaps::old_and_new_never_mix),
        case!(swaps::what_is_behind_is_refused),
        case!(swaps::other_tables_are_another_generation),
        case!(swaps::swapped_again_and_again),
        case!(swaps::what_nobody_uses_goes),
        case!(rebuilds::prepared_again_nothing_is_lost),
        case!(rebuilds::opened_again_everything_is_there),
        case!(rebuilds::a_reset_starts_anew),
        case!(rebuilds::versions_do_not_see_each_other),
        case!(rebuilds::another_shape_is_refused_until_reset),
    ]
}

impl Broken {
    /// A promise broken in this way.
    pub fn new(what: impl Into<String>) -> Self {
        Self { what: what.into() }
    }
}

impl From<StoreError> for Broken {
    fn from(error: StoreError) -> Self {
        Self::new(format!("the store failed: {error}"))
    }
}

impl From<CommitError> for Broken {
    fn from(error: CommitError) -> Self {
        Self::new(format!("a commit failed that should not: {error:?}"))
    }
}

impl From<RowError> for Broken {
    fn from(error: RowError) -> Self {
        Self::new(format!("a row is not of its table: {error}"))
    }
}

impl From<tokio::task::JoinError> for Broken {
    fn from(error: tokio::task::JoinError) -> Self {
        Self::new(format!("the store panicked in its caller's task: {error}"))
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
