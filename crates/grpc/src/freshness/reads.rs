//! An answer of several reads.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use domain::ids::ProjectId;
use tokio::time::Instant;
use tonic::Status;
use view_store::ViewId;
use views::query::Query;

use super::{AtLeast, Views};
use crate::limits::ANSWER_ATTEMPTS_MAX;
use crate::status;

/// The reads of one answer. Between two of them a view may be rebuilt; then their rows don't belong together, and the later one is refused.
pub(crate) struct Reads {
    views: Arc<Views>,
    at_least: AtLeast,
    seen: Mutex<Seen>,
}

/// What this answer's reads have seen so far.
#[derive(Debug, Default)]
struct Seen {
    /// Of each view which tables it had, and what its first read has shown.
    first: BTreeMap<ViewId, (u64, Arc<AtLeast>)>,
    /// True: a later read found others.
    is_mixed: bool,
}

impl Reads {
    /// None yet. The first of each view is as fresh as is asked for; the later ones are no older.
    pub(crate) fn new(views: &Arc<Views>, at_least: AtLeast) -> Self {
        Self { views: Arc::clone(views), at_least, seen: Mutex::default() }
    }

    /// As [`Views::ask`]. Refused where the view was rebuilt since this answer's first read of it.
    pub(crate) async fn ask<Q: Query>(
        &self,
        query: &Q,
        project: &ProjectId,
        deadline: Instant,
    ) -> Result<(Q::Found, String), Status> {
        let view = query.view();
        let before = self.seen().first.get(&view).map(|(_, shown)| Arc::clone(shown));
        let at_least = before.as_deref().unwrap_or(&self.at_least);
        let answer = self.views.answer(view, || query.selects(), project, at_least, deadline).await?;
        let fits = {
            let mut seen = self.seen();
            let first = || (answer.generation, Arc::new(AtLeast::shown(&answer)));
            let fits = seen.first.entry(view).or_insert_with(first).0 == answer.generation;
            seen.is_mixed |= !fits;
            fits
        };
        if fits { self.views.read(query, project, answer) } else { Err(status::view_rebuilt()) }
    }

    /// Makes the answer by these reads. Where a view is rebuilt between two of them, it is made anew, a few times at most.
    pub(crate) async fn whole<T, F>(&self, make: impl Fn() -> F) -> Result<T, Status>
    where
        F: Future<Output = Result<T, Status>> + Send,
    {
        let mut attempts = 1;
        loop {
            let answer = make().await;
            let seen = std::mem::take(&mut *self.seen());
            if !seen.is_mixed || attempts == ANSWER_ATTEMPTS_MAX {
                return answer;
            }
            attempts += 1;
        }
    }

    /// Nothing panics while it holds this lock.
    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
