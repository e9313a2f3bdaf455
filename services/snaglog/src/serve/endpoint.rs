//! `/metrics`, `/healthz` and `/readyz`, over HTTP.
//!
//! - `/healthz`: 200 as long as the process answers. Who restarts what doesn't: ask this one.
//! - `/readyz`: 200 while calls can be served, else 503; its body says why not, and what is amiss beside that: parked streams that are led here do not
//!   make a server unready, since another node would answer alike, and everything else is served.
//! - `/metrics`: figures in Prometheus' text format.

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use serde_json::json;
use telemetry::Telemetry;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::figures::Figures;

/// What is told.
pub(crate) struct Told {
    /// Whose figures.
    pub(crate) telemetry: Arc<Telemetry>,
    /// Those of log and views, once there are any.
    pub(crate) figures: watch::Receiver<Option<Arc<Figures>>>,
    /// Why calls can't be served; `None`: they can.
    pub(crate) why_not: watch::Receiver<Option<Arc<str>>>,
}

/// Answers until `end` is cancelled.
pub(crate) async fn serve(listener: TcpListener, told: Told, end: CancellationToken) {
    let routes = Router::new()
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/readyz", get(ready))
        .route("/metrics", get(metrics))
        .with_state(Arc::new(told));
    let served = axum::serve(listener, routes).with_graceful_shutdown(end.clone().cancelled_owned());
    let served = async { served.await };
    tokio::select! {
        // Who keeps a connection open is not waited for.
        () = end.cancelled() => {}
        ended = served => {
            if let Err(error) = ended {
                tracing::error!(%error, "figures are no longer served");
            }
        }
    }
}

async fn ready(State(told): State<Arc<Told>>) -> Response {
    let why_not = told.why_not.borrow().clone();
    let figures = told.figures.borrow().clone();
    let parked: Vec<_> = figures.iter().flat_map(|figures| figures.parked()).collect();
    let parked: Vec<_> = parked
        .iter()
        .map(|(view, partition, streams)| json!({ "view": view, "partition": partition, "streams": streams }))
        .collect();
    let code = if why_not.is_none() { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let body = json!({ "ready": why_not.is_none(), "why_not": why_not.as_deref(), "parked": parked });
    (code, [(CONTENT_TYPE, "application/json")], format!("{body}\n")).into_response()
}

async fn metrics(State(told): State<Arc<Told>>) -> Response {
    let figures = told.figures.borrow().clone();
    if let Some(figures) = figures {
        figures.look().await;
    }
    match told.telemetry.scrape() {
        Some((text, format)) => ([(CONTENT_TYPE, format)], text).into_response(),
        None => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}
