//! What happens around every call: overload, identity, deadline, panics, and the reasons of tonic's own errors.

use std::convert::Infallible;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures::FutureExt as _;
use futures::future::BoxFuture;
use http::{Request, Response};
use telemetry::calls::{Call, Calls};
use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout_at};
use tokio_util::sync::CancellationToken;
use tonic::body::Body;
use tower::{Layer, Service};
use tracing::{Instrument as _, Span};

use crate::deadline::{self, Timeouts};
use crate::endless::until;
use crate::identity::Caller;
use crate::observed;
use crate::repair::{answer, repair};
use crate::status;

/// Our own services: they know their caller.
const OURS: &str = "/snaglog.";
/// What streams until somebody ends it, or for as long as a large project takes.
const STREAMS: [&str; 4] = [
    "/snaglog.watches.",
    "/snaglog.events.",
    "/snaglog.policies.v1.PolicyService/PreviewPolicy",
    "/snaglog.policies.v1.PolicyService/TryPolicy",
];
/// Health is told under any load: who asks decides whether more load comes.
const HEALTH: &str = "/grpc.health.v1.Health/";

/// A layer around all services.
#[derive(Clone)]
pub(crate) struct Edge(Arc<Gate>);

struct Gate {
    timeouts: Timeouts,
    /// One permit for each call under way.
    calls: Semaphore,
    /// Cancelled: streams that would not end by themselves end now.
    over: CancellationToken,
    /// Counts and traces calls.
    seen: Option<Arc<Calls>>,
}

impl Edge {
    pub(crate) fn new(timeouts: Timeouts, calls_max: usize, over: CancellationToken, seen: Option<Arc<Calls>>) -> Self {
        Self(Arc::new(Gate { timeouts, calls: Semaphore::new(calls_max), over, seen }))
    }
}

impl<S> Layer<S> for Edge {
    type Service = Guarded<S>;

    fn layer(&self, inner: S) -> Guarded<S> {
        Guarded { inner, gate: Arc::clone(&self.0) }
    }
}

/// Services behind the edge.
#[derive(Clone)]
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

    fn call(&mut self, mut request: Request<Body>) -> Self::Future {
        let next = self.inner.clone();
        let ready = std::mem::replace(&mut self.inner, next);
        let gate = Arc::clone(&self.gate);
        let call = gate.seen.as_ref().map(|calls| observed::begin(calls, &mut request));
        let span = call.as_ref().map_or_else(Span::none, Call::span);
        let answering = async move {
            let answered = AssertUnwindSafe(gate.pass(ready, request)).catch_unwind().await;
            let response = answered.unwrap_or_else(|panic| {
                let problem =
                    panic.downcast_ref::<&str>().copied().or(panic.downcast_ref::<String>().map(String::as_str));
                answer(&status::internal(&format!("a call panicked: {}", problem.unwrap_or("without a text"))), None)
            });
            Ok(match call {
                Some(call) => observed::answered(call, response),
                None => response,
            })
        };
        Box::pin(answering.instrument(span))
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
        let endless = !ours || STREAMS.iter().any(|service| path.starts_with(service));
        let permit = if exempt { None } else { self.calls.try_acquire().ok() };
        if !exempt && permit.is_none() {
            return answer(&status::overloaded(), None);
        }
        let now = Instant::now();
        let deadline = self.timeouts.deadline(request.headers(), now);
        let end_of_stream = deadline::end_of_stream(request.headers(), now);
        if ours {
            match Caller::of(request.headers(), deadline) {
                Ok(caller) => request.extensions_mut().insert(caller),
                Err(unnamed) => return answer(&unnamed, None),
            };
        }
        match timeout_at(deadline, service.call(request)).await {
            Ok(Ok(response)) if endless => until(repair(response), &self.over, end_of_stream),
            Ok(Ok(response)) => repair(response),
            Err(_) => answer(&deadline::passed(), None),
        }
    }
}
