//! What happens around every call: overload, identity, deadline, panics, and the reasons of tonic's own errors.

use std::convert::Infallible;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures::FutureExt as _;
use futures::future::BoxFuture;
use http::{Request, Response};
use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout_at};
use tokio_util::sync::CancellationToken;
use tonic::body::Body;
use tower::{Layer, Service};

use crate::deadline::{self, Timeouts};
use crate::endless::until;
use crate::identity::Caller;
use crate::repair::{answer, repair};
use crate::status;

/// Our own services: they know their caller.
const OURS: &str = "/snaglog.";
/// Health is told under any load: who asks decides whether more load comes.
const HEALTH: &str = "/grpc.health.v1.Health/";

/// A layer around all services.
#[derive(Debug, Clone)]
pub(crate) struct Edge(Arc<Gate>);

#[derive(Debug)]
struct Gate {
    timeouts: Timeouts,
    /// One permit for each call under way.
    calls: Semaphore,
    /// Cancelled: streams that would not end by themselves end now.
    over: CancellationToken,
}

impl Edge {
    pub(crate) fn new(timeouts: Timeouts, calls_max: usize, over: CancellationToken) -> Self {
        Self(Arc::new(Gate { timeouts, calls: Semaphore::new(calls_max), over }))
    }
}

impl<S> Layer<S> for Edge {
    type Service = Guarded<S>;

    fn layer(&self, inner: S) -> Guarded<S> {
        Guarded { inner, gate: Arc::clone(&self.0) }
    }
}

/// Services behind the edge.
#[derive(Debug, Clone)]
pub(crate) struct Guarded<S> {
    inner: S,
    gate: Arc<Gate>,
}

impl<S> Service<Request<Body>> for Guarded<S>
where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible> + Clone + Send + 'static,
    S::Future: Send,
{
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Response<Body>, Infallible>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let next = self.inner.clone();
        let ready = std::mem::replace(&mut self.inner, next);
        let gate = Arc::clone(&self.gate);
        Box::pin(async move {
            let answered = AssertUnwindSafe(gate.pass(ready, request)).catch_unwind().await;
            Ok(answered.unwrap_or_else(|panic| {
                let problem =
                    panic.downcast_ref::<&str>().copied().or(panic.downcast_ref::<String>().map(String::as_str));
                answer(&status::internal(&format!("a call panicked: {}", problem.unwrap_or("without a text"))), None)
            }))
        })
    }
}

impl Gate {
    async fn pass<S>(&self, mut service: S, mut request: Request<Body>) -> Response<Body>
    where
        S: Service<Request<Body>, Response = Response<Body>, Error = Infallible>,
    {
        let path = request.uri().path();
        let exempt = path.starts_with(HEALTH);
        let ours = path.starts_with(OURS);
        let permit = if exempt { None } else { self.calls.try_acquire().ok() };
        if !exempt && permit.is_none() {
            return answer(&status::overloaded(), None);
        }
        let deadline = self.timeouts.deadline(request.headers(), Instant::now());
        if ours {
            match Caller::of(request.headers(), deadline) {
                Ok(caller) => request.extensions_mut().insert(caller),
                Err(unnamed) => return answer(&unnamed, None),
            };
        }
        match timeout_at(deadline, service.call(request)).await {
            Ok(Ok(response)) if ours => repair(response),
            Ok(Ok(response)) => until(repair(response), &self.over),
            Err(_) => answer(&deadline::passed(), None),
        }
    }
}
