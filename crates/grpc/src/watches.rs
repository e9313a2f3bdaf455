//! The watches service: streams of what is, then of what changes.

mod board;
mod issue;
mod lineage;
mod stream;
pub(crate) mod token;

use std::sync::Arc;

use api::watches::v1::watches_service_server::WatchesService;
use api::watches::v1::{WatchBoardRequest, WatchBoardResponse, WatchIssueRequest, WatchIssueResponse};
use commands::{Commands, Environment};
use domain::ids::ProjectId;
use event_log::EventLog;
use futures::stream::BoxStream;
use tokio::time::Instant;
use tonic::{Request, Response, Status};
use view_store::ViewId;
use watch::{Lineage as _, Place, Scope, Start, Watches as Watched};

use crate::freshness::{AtLeast, Views};
use crate::page::Binding;
use crate::status;

pub(crate) use lineage::OfLog;

/// What a watcher is told, for as long as it goes on.
type Told<T> = BoxStream<'static, Result<T, Status>>;

/// Serves `snaglog.watches.v1.WatchesService`.
pub(crate) struct Watches {
    pub(crate) commands: Arc<Commands>,
    pub(crate) views: Arc<Views>,
    pub(crate) log: Arc<dyn EventLog>,
    pub(crate) watched: Watched,
    pub(crate) environment: Arc<dyn Environment>,
}

#[tonic::async_trait]
impl WatchesService for Watches {
    type WatchBoardStream = Told<WatchBoardResponse>;
    type WatchIssueStream = Told<WatchIssueResponse>;

    async fn watch_board(
        &self,
        request: Request<WatchBoardRequest>,
    ) -> Result<Response<Self::WatchBoardStream>, Status> {
        self.board(request).await
    }

    async fn watch_issue(
        &self,
        request: Request<WatchIssueRequest>,
    ) -> Result<Response<Self::WatchIssueStream>, Status> {
        self.issue(request).await
    }
}

/// Where a watch is asked to begin.
struct Asked<'a> {
    view: ViewId,
    project: &'a ProjectId,
    at_least: AtLeast,
    resume: Option<Place>,
    deadline: Instant,
}

impl Watches {
    /// Waits until the view is as far as was asked for. Says where to start.
    async fn begin(&self, asked: Asked<'_>) -> Result<Start, Status> {
        let Asked { view, project, mut at_least, resume, deadline } = asked;
        let partition = self.log.identity().partition_of(project.as_str());
        if let Some(place) = &resume {
            let known = OfLog(Arc::clone(&self.log)).has(partition, &place.checkpoint).await;
            if !known.map_err(|error| status::log_unreadable(&error))? {
                return Err(token::invalid());
            }
            at_least.and(partition, &place.checkpoint);
        }
        self.views.reach(view, project, &at_least, deadline).await?;
        Ok(resume.map_or(Start::Snapshot, Start::After))
    }

    fn open<T: stream::Tell>(
        &self,
        scope: Scope,
        start: Start,
        binding: Binding,
        tell: T,
    ) -> Result<Response<Told<T::Message>>, Status> {
        let watch = self.watched.open(scope, start).map_err(|full| status::too_many_watchers(full.max))?;
        Ok(Response::new(stream::stream(watch, binding, tell)))
    }
}
