//! What comes due, watched.

use std::sync::Arc;
use std::time::Duration;

use ::commands::Environment;
use api::consistency::v1::consistency::Requirement;
use api::consistency::v1::{AtLeastAsFresh, Consistency};
use api::sla::v1::{DueIssue, WatchDueRequest, WatchDueResponse};
use domain::ids::ProjectId;
use futures::stream::{BoxStream, StreamExt as _, try_unfold};
use prost::Message as _;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
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
use crate::page::Binding;
use crate::{projects, status, watches};

/// Whoever watches what comes due.
struct Watcher {
    views: Arc<Views>,
    environment: Arc<dyn Environment>,
    query: NextDue,
    project: ProjectId,
    advanced: watch::Receiver<u64>,
    bookmark_every: Duration,
    binding: Binding,
    /// What was told last, hashed.
    told: Option<String>,
    /// True: nothing was told by this watch. It begins with a message, and be it a bookmark.
    first: bool,
    _permit: OwnedSemaphorePermit,
}

/// Where a watch goes on.
#[derive(Debug, Serialize, Deserialize)]
struct Resume {
    /// What was shown last, as a consistency token.
    #[serde(rename = "s")]
    shown: String,
    /// What was told then, hashed.
    #[serde(rename = "t")]
    told: String,
}

impl Sla {
    pub(super) async fn due(
        &self,
        mut request: Request<WatchDueRequest>,
    ) -> Result<Response<BoxStream<'static, Result<WatchDueResponse, Status>>>, Status> {
        let caller = Caller::attached(&mut request)?;
        let (mut message, mut faults) = (request.into_inner(), Faults::default());
        let (token, consistency) = (std::mem::take(&mut message.resume_token), message.consistency.take());
        let limit = faults.page_size("limit", message.limit, WATCH_DUE_DEFAULT, WATCH_DUE_MAX);
        let project = faults.required("project", &message.project, ProjectId::parse);
        if let Some(project) = &project {
            message.project = project.to_string();
        }
        let binding = Binding::of(&message);
        let resume =
            if token.is_empty() { None } else { Some(binding.read(&token).ok_or_else(watches::token::invalid)?) };
        let (asked, told) = match resume {
            None => (consistency, None),
            Some(Resume { shown, told }) => {
                if consistency.is_some() {
                    faults.add("consistency", "must be left out where resume_token is given");
                }
                (Some(as_fresh_as(shown)), Some(told))
            }
        };
        let at_least = AtLeast::parse(&mut faults, asked.as_ref())?;
        let project = faults.finish(project)?;
        projects::must_exist(&self.commands, &project).await?;
        let permit = Arc::clone(&self.watchers).try_acquire_owned();
        let permit = permit.map_err(|_| status::too_many_watchers(SUBSCRIBERS_MAX))?;
        let query = NextDue { project: Some(project.clone()), after: None, limit };
        self.views.reach(query.view(), &project, &at_least, caller.deadline).await?;
        let advanced = self.views.advanced(query.view(), &project);
        let (views, environment) = (Arc::clone(&self.views), Arc::clone(&self.environment));
        let bookmark_every = self.bookmark_every;
        let watcher = Watcher {
            views,
            environment,
            query,
            project,
            advanced,
            bookmark_every,
            binding,
            told,
            first: true,
            _permit: permit,
        };
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
            let hash = hashed(&due);
            let bookmark = self.told.as_ref() == Some(&hash);
            if !bookmark || self.first || Instant::now() >= bookmark_at {
                let resume = Resume { shown: consistency_token.clone(), told: hash.clone() };
                let resume_token = self.binding.token(&resume)?;
                (self.told, self.first) = (Some(hash), false);
                let as_of = Some(stamp(self.environment.now()));
                return Ok(WatchDueResponse { due, as_of, consistency_token, bookmark, resume_token });
            }
            match timeout_at(bookmark_at, self.advanced.changed()).await {
                Ok(Ok(())) => tokio::time::sleep(Duration::from_millis(WATCH_DUE_PACE_MS)).await,
                Ok(Err(_)) => return Err(crate::endless::shutting_down()),
                Err(_) => {}
            }
        }
    }
}

fn as_fresh_as(token: String) -> Consistency {
    Consistency { requirement: Some(Requirement::AtLeastAsFresh(AtLeastAsFresh { tokens: vec![token] })) }
}

fn hashed(due: &[DueIssue]) -> String {
    let mut hash = Sha256::new();
    for one in due {
        hash.update(one.encode_length_delimited_to_vec());
    }
    hex::encode(&hash.finalize()[..16])
}
