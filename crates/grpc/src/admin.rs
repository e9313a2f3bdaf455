//! The admin service: how the views are, and what operators do with them.

mod show;

use std::sync::Arc;

use api::admin::v1::admin_service_server::AdminService;
use api::admin::v1::{
    ListParkedRequest, ListParkedResponse, ListViewsRequest, ListViewsResponse, RebuildViewRequest,
    RebuildViewResponse, RetryParkedRequest, RetryParkedResponse, SkipParkedRequest, SkipParkedResponse,
};
use api::errors::v1::Reason;
use commands::Environment;
use domain::ids::Malformed;
use event_log::EventLog;
use futures::stream::{BoxStream, StreamExt as _};
use projector::{Control, OrderError, Rebuild, RebuildError, RebuildProgress, Unparked};
use tokio_util::sync::CancellationToken;
use tonic::{Code, Request, Response, Status};
use view_store::{Parked, ViewStore};

use crate::endless::shutting_down;
use crate::fields::{Faults, short};
use crate::limits::{PAGE_ROWS_DEFAULT, PAGE_ROWS_MAX, REFERENCE_CHARS_MAX, RETRY_UNAVAILABLE_MS};
use crate::page::Binding;
use crate::status::{self, Subject};

/// Serves `snaglog.admin.v1.AdminService`.
pub(crate) struct Admin {
    control: Control,
    store: Arc<dyn ViewStore>,
    log: Arc<dyn EventLog>,
    environment: Arc<dyn Environment>,
    /// How far the log had come when the server began. A view behind that is being built.
    begun_at: Vec<u64>,
    /// Cancelled: the server ends.
    over: CancellationToken,
}

impl Admin {
    /// `over`: cancelled when the server ends.
    pub(crate) fn new(
        control: Control,
        store: Arc<dyn ViewStore>,
        log: Arc<dyn EventLog>,
        environment: Arc<dyn Environment>,
        over: CancellationToken,
    ) -> Self {
        let begun_at = (0..log.identity().partitions).map(|partition| *log.head(partition).borrow()).collect();
        Self { control, store, log, environment, begun_at, over }
    }
}

#[tonic::async_trait]
impl AdminService for Admin {
    type RebuildViewStream = BoxStream<'static, Result<RebuildViewResponse, Status>>;

    async fn list_views(&self, _: Request<ListViewsRequest>) -> Result<Response<ListViewsResponse>, Status> {
        let views = self.views().await?;
        let others = self.others(&views).await?;
        Ok(Response::new(ListViewsResponse { views, others }))
    }

    async fn list_parked(&self, request: Request<ListParkedRequest>) -> Result<Response<ListParkedResponse>, Status> {
        let mut message = request.into_inner();
        let mut faults = Faults::default();
        let page_token = std::mem::take(&mut message.page_token);
        let size = std::mem::take(&mut message.page_size);
        let size = faults.page_size("page_size", size, PAGE_ROWS_DEFAULT, PAGE_ROWS_MAX);
        let name = faults.required("view", &message.view, short(REFERENCE_CHARS_MAX));
        let name = faults.finish(name)?;
        let view = self.view(&name)?;
        let binding = Binding::of(&message);
        let after: Option<String> = binding.cursor(&page_token)?;
        let parked = self.store.parked(view, after.map(Arc::from), size).await;
        let parked = parked.map_err(|error| status::store_error(&error))?;
        let last = parked.last().filter(|_| parked.len() >= size as usize);
        let next = last.map(|last| binding.token(&last.stream.to_string())).transpose()?;
        let parked = parked.iter().map(show::parked).collect();
        Ok(Response::new(ListParkedResponse { parked, next_page_token: next.unwrap_or_default() }))
    }

    async fn retry_parked(
        &self,
        request: Request<RetryParkedRequest>,
    ) -> Result<Response<RetryParkedResponse>, Status> {
        let message = request.into_inner();
        let (view, stream) = names(&message.view, &message.stream)?;
        let done = self.control.retry(&view, &stream).await.map_err(|error| order_error(&error))?;
        let (applied, parked) = match done {
            Unparked::Applied { events } => (events, None),
            Unparked::Parked(parked) => (0, Some(show::parked(&parked))),
            Unparked::NotParked => (0, None),
        };
        Ok(Response::new(RetryParkedResponse { applied, parked }))
    }

    async fn skip_parked(&self, request: Request<SkipParkedRequest>) -> Result<Response<SkipParkedResponse>, Status> {
        let message = request.into_inner();
        let (view, stream) = names(&message.view, &message.stream)?;
        let done = self.control.skip(&view, &stream).await.map_err(|error| order_error(&error))?;
        let parked = match done {
            Unparked::Parked(parked) => Some(show::parked(&parked)),
            Unparked::Applied { .. } | Unparked::NotParked => None,
        };
        Ok(Response::new(SkipParkedResponse { parked }))
    }

    async fn rebuild_view(
        &self,
        request: Request<RebuildViewRequest>,
    ) -> Result<Response<Self::RebuildViewStream>, Status> {
        let message = request.into_inner();
        let mut faults = Faults::default();
        let view = faults.required("view", &message.view, short(REFERENCE_CHARS_MAX));
        let view = faults.finish(view)?;
        let rebuild = self.control.rebuild(&view).map_err(|error| order_error(&error))?;
        let messages = futures::stream::unfold(Some((rebuild, self.over.clone())), told);
        Ok(Response::new(messages.boxed()))
    }
}

type Told = (Result<RebuildViewResponse, Status>, Option<(Rebuild, CancellationToken)>);

/// The next message: whenever there is progress, and in the end.
async fn told(state: Option<(Rebuild, CancellationToken)>) -> Option<Told> {
    let (mut rebuild, over) = state?;
    let mut progress = rebuild.progress();
    progress.mark_changed();
    tokio::select! {
        biased;
        () = over.cancelled() => Some((Err(shutting_down()), None)),
        done = rebuild.done() => {
            let last = done.map(|()| show::rebuild(*progress.borrow())).map_err(|error| rebuild_error(&error));
            Some((last, None))
        }
        () = next(&mut progress) => {
            let now = *progress.borrow_and_update();
            Some((Ok(show::rebuild(now)), Some((rebuild, over))))
        }
    }
}

/// So often is progress told at most.
const TELL_EVERY: std::time::Duration = std::time::Duration::from_millis(100);

/// Waits a moment, then for progress.
async fn next(progress: &mut tokio::sync::watch::Receiver<RebuildProgress>) {
    tokio::time::sleep(TELL_EVERY).await;
    if progress.changed().await.is_err() {
        // It has ended, which is told elsewhere.
        std::future::pending::<()>().await;
    }
}

fn names(view: &str, stream: &str) -> Result<(Arc<str>, Arc<str>), Status> {
    let mut faults = Faults::default();
    let view = faults.required("view", view, short(REFERENCE_CHARS_MAX));
    let stream = faults.required("stream", stream, stream_name);
    faults.finish(view.zip(stream))
}

fn stream_name(text: &str) -> Result<Arc<str>, Malformed> {
    short(REFERENCE_CHARS_MAX)(text).and_then(|name| match name.split('/').count() {
        3.. => Ok(name),
        _ => Err(Malformed::Form { expected: "must be a stream's name, as ListParked tells it: kind/project/id" }),
    })
}

fn order_error(error: &OrderError) -> Status {
    match error {
        OrderError::NoSuchView { name } => unknown_view(name),
        OrderError::Stopped => shutting_down(),
        OrderError::Failed { reason } => failed(reason),
    }
}

fn rebuild_error(error: &RebuildError) -> Status {
    match error {
        RebuildError::UnderWay { .. } => {
            status::error(Code::FailedPrecondition, Reason::RebuildUnderWay, error.to_string())
        }
        RebuildError::Stopped => shutting_down(),
        RebuildError::Failed { reason } => failed(reason),
    }
}

fn unknown_view(name: &str) -> Status {
    status::not_found(Reason::UnknownView, &Subject(format!("views/{name}")), "there is no such view")
}

fn failed(reason: &str) -> Status {
    tracing::warn!(reason, "an order to the projector failed");
    let message = "log or views can't serve at present: the server's own log says why; try again";
    status::retriable(Code::Unavailable, Reason::ViewUnavailable, message, RETRY_UNAVAILABLE_MS)
}

/// Parked streams are counted so far.
const COUNTED_MAX: u32 = 1000;

/// How many are yet to be seen, and how many left as they are.
fn counts(parked: &[Parked]) -> (u32, u32) {
    let skipped = parked.iter().filter(|parked| parked.skipped).count();
    let count = |count: usize| u32::try_from(count).unwrap_or(COUNTED_MAX);
    (count(parked.len() - skipped), count(skipped))
}
