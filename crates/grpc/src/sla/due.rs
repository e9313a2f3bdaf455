//! What comes due, watched.

use std::sync::Arc;
use std::time::Duration;

use ::commands::Environment;
use api::sla::v1::{DueIssue, WatchDueRequest, WatchDueResponse};
use domain::ids::ProjectId;
use futures::stream::{BoxStream, StreamExt as _, try_unfold};
use tokio::sync::{OwnedSemaphorePermit, watch};
use tokio::time::{Instant, timeout_at};
use tonic::{Request, Response, Status};
use views::query::Query as _;
use views::sla::NextDue;

use super::Sla;
use crate::fields::{Faults, stamp};
use crate::freshness::{AtLeast, Views};
use crate::identity::Caller;
use crate::limits::{SUBSCRIBERS_MAX, WATCH_DUE_DEFAULT, WATCH_DUE_MAX, WATCH_DUE_PACE_MS};
use crate::{projects, status};

/// Whoever watches what comes due.
struct Watcher {
    views: Arc<Views>,
    environment: Arc<dyn Environment>,
    query: NextDue,
    project: ProjectId,
    advanced: watch::Receiver<u64>,
    bookmark_every: Duration,
    /// What was told last.
    told: Option<Vec<DueIssue>>,
    _permit: OwnedSemaphorePermit,
}

impl Sla {
    pub(super) async fn due(
        &self,
        mut request: Request<WatchDueRequest>,
    ) -> Result<Response<BoxStream<'static, Result<WatchDueResponse, Status>>>, Status> {
        let caller = Caller::attached(&mut request)?;
        let WatchDueRequest { project, limit, consistency } = request.into_inner();
        let mut faults = Faults::default();
        let at_least = AtLeast::parse(&mut faults, consistency.as_ref())?;
        let limit = faults.page_size("limit", limit, WATCH_DUE_DEFAULT, WATCH_DUE_MAX);
        let project = faults.required("project", &project, ProjectId::parse);
        let project = faults.finish(project)?;
        projects::must_exist(&self.commands, &project).await?;
        let permit = Arc::clone(&self.watchers).try_acquire_owned();
        let permit = permit.map_err(|_| status::too_many_watchers(SUBSCRIBERS_MAX))?;
        let query = NextDue { project: Some(project.clone()), after: None, limit };
        self.views.reach(query.view(), &project, &at_least, caller.deadline).await?;
        let advanced = self.views.advanced(query.view(), &project);
        let (views, environment) = (Arc::clone(&self.views), Arc::clone(&self.environment));
        let bookmark_every = self.bookmark_every;
        let watcher =
            Watcher { views, environment, query, project, advanced, bookmark_every, told: None, _permit: permit };
        let told = try_unfold(watcher, |mut watcher| async move {
            let message = watcher.next().await?;
            Ok::<_, Status>(Some((message, watcher)))
        });
        Ok(Response::new(told.boxed()))
    }
}

impl Watcher {
    /// Waits until there is something else to tell, or it is time for a bookmark. Each look is a page of an index; the view's advances are waited
    /// for, and taken together.
    async fn next(&mut self) -> Result<WatchDueResponse, Status> {
        let bookmark_at = Instant::now() + self.bookmark_every;
        loop {
            self.advanced.borrow_and_update();
            let deadline = Instant::now() + self.bookmark_every;
            let asked = self.views.ask(&self.query, &self.project, &AtLeast::default(), deadline).await;
            let (page, consistency_token) = asked?;
            let due = page.issues.into_iter();
            let due: Vec<_> = due.map(|(at, key)| DueIssue { key: key.to_string(), due_at: Some(stamp(at)) }).collect();
            if self.told.as_ref() != Some(&due) || Instant::now() >= bookmark_at {
                self.told = Some(due.clone());
                let as_of = Some(stamp(self.environment.now()));
                return Ok(WatchDueResponse { due, as_of, consistency_token });
            }
            match timeout_at(bookmark_at, self.advanced.changed()).await {
                Ok(Ok(())) => tokio::time::sleep(Duration::from_millis(WATCH_DUE_PACE_MS)).await,
                Ok(Err(_)) => return Err(crate::endless::shutting_down()),
                Err(_) => {}
            }
        }
    }
}
