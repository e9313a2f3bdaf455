//! An OpenTelemetry collector that keeps what it is sent, and hands nothing on: OTLP over gRPC, by the protocol's own services.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::Context as _;
use opentelemetry_proto::tonic::collector::logs::v1::logs_service_server::{LogsService, LogsServiceServer};
use opentelemetry_proto::tonic::collector::logs::v1::{ExportLogsServiceRequest, ExportLogsServiceResponse};
use opentelemetry_proto::tonic::collector::metrics::v1::metrics_service_server::{
    MetricsService, MetricsServiceServer,
};
use opentelemetry_proto::tonic::collector::metrics::v1::{ExportMetricsServiceRequest, ExportMetricsServiceResponse};
use opentelemetry_proto::tonic::collector::trace::v1::trace_service_server::{TraceService, TraceServiceServer};
use opentelemetry_proto::tonic::collector::trace::v1::{ExportTraceServiceRequest, ExportTraceServiceResponse};
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue, any_value};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_stream::wrappers::TcpListenerStream;
use tonic::transport::Server;
use tonic::{Request, Response, Status};

/// A collector of one's own. It ends when it is dropped.
#[derive(Debug)]
pub struct Collector {
    /// Where it is: `http://127.0.0.1:PORT`.
    pub url: String,
    received: watch::Receiver<Received>,
    served: JoinHandle<()>,
}

/// What it was sent.
#[derive(Debug, Clone, Default)]
pub struct Received {
    /// Spans, in the order in which they came: each after those below it.
    pub spans: Vec<Span>,
    /// Metrics, by name.
    pub metrics: BTreeMap<String, usize>,
    /// Log records: who told them, and their text with their attributes.
    pub records: Vec<(String, String)>,
    /// Everything as it was sent, as text: where something that must not be there is looked for.
    pub all: String,
}

/// A span.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Span {
    /// `service.name` of who told it.
    pub service: String,
    /// Its name.
    pub name: String,
    /// Its trace.
    pub trace: Vec<u8>,
    /// Itself.
    pub id: Vec<u8>,
    /// The span that it is below of; empty: none.
    pub parent: Vec<u8>,
    /// The spans that it links to: each its trace and itself.
    pub links: Vec<(Vec<u8>, Vec<u8>)>,
    /// Its attributes, as text.
    pub attributes: BTreeMap<String, String>,
}

/// Whether all that comes is kept, or only counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keep {
    /// It is.
    All,
    /// Nothing is: what comes is thrown away.
    Nothing,
}

impl Collector {
    /// Starts one.
    pub async fn start(keep: Keep) -> anyhow::Result<Self> {
        let listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await.context("listen")?;
        let url = format!("http://{}", listener.local_addr().context("its address")?);
        let (put, received) = watch::channel(Received::default());
        let desk = Desk { put: Arc::new(put), keep };
        let serving = Server::builder()
            .add_service(TraceServiceServer::new(desk.clone()))
            .add_service(MetricsServiceServer::new(desk.clone()))
            .add_service(LogsServiceServer::new(desk))
            .serve_with_incoming(TcpListenerStream::new(listener));
        // It ends with its task.
        let served = tokio::spawn(async move { drop(serving.await) });
        Ok(Self { url, received, served })
    }

    /// What has come so far.
    pub fn received(&self) -> Received {
        self.received.borrow().clone()
    }
}

impl Drop for Collector {
    fn drop(&mut self) {
        self.served.abort();
    }
}

#[derive(Debug, Clone)]
struct Desk {
    put: Arc<watch::Sender<Received>>,
    keep: Keep,
}

impl Desk {
    fn take(&self, sent: &impl std::fmt::Debug, enter: impl FnOnce(&mut Received)) {
        if self.keep == Keep::Nothing {
            return;
        }
        self.put.send_modify(|received| {
            let _never_fails = writeln!(received.all, "{sent:?}");
            enter(received);
        });
    }
}

#[tonic::async_trait]
impl TraceService for Desk {
    async fn export(
        &self,
        request: Request<ExportTraceServiceRequest>,
    ) -> Result<Response<ExportTraceServiceResponse>, Status> {
        let sent = request.into_inner();
        self.take(&sent, |received| {
            for resource in &sent.resource_spans {
                let service = service(resource.resource.as_ref().map_or(&[], |resource| &resource.attributes));
                let spans = resource.scope_spans.iter().flat_map(|scope| &scope.spans);
                received.spans.extend(spans.map(|span| Span {
                    service: service.clone(),
                    name: span.name.clone(),
                    trace: span.trace_id.clone(),
                    id: span.span_id.clone(),
                    parent: span.parent_span_id.clone(),
                    links: span.links.iter().map(|link| (link.trace_id.clone(), link.span_id.clone())).collect(),
                    attributes: texts(&span.attributes),
                }));
            }
        });
        Ok(Response::new(ExportTraceServiceResponse::default()))
    }
}

#[tonic::async_trait]
impl MetricsService for Desk {
    async fn export(
        &self,
        request: Request<ExportMetricsServiceRequest>,
    ) -> Result<Response<ExportMetricsServiceResponse>, Status> {
        let sent = request.into_inner();
        self.take(&sent, |received| {
            let scopes = sent.resource_metrics.iter().flat_map(|resource| &resource.scope_metrics);
            for metric in scopes.flat_map(|scope| &scope.metrics) {
                *received.metrics.entry(metric.name.clone()).or_default() += 1;
            }
        });
        Ok(Response::new(ExportMetricsServiceResponse::default()))
    }
}

#[tonic::async_trait]
impl LogsService for Desk {
    async fn export(
        &self,
        request: Request<ExportLogsServiceRequest>,
    ) -> Result<Response<ExportLogsServiceResponse>, Status> {
        let sent = request.into_inner();
        self.take(&sent, |received| {
            let scopes = sent.resource_logs.iter().flat_map(|resource| &resource.scope_logs);
            for (scope, record) in scopes.flat_map(|scope| scope.log_records.iter().map(move |record| (scope, record)))
            {
                let told_by = scope.scope.as_ref().map(|scope| scope.name.clone()).unwrap_or_default();
                let body = record.body.as_ref().map(text).unwrap_or_default();
                received.records.push((told_by, format!("{body} {:?}", texts(&record.attributes))));
            }
        });
        Ok(Response::new(ExportLogsServiceResponse::default()))
    }
}

fn service(attributes: &[KeyValue]) -> String {
    texts(attributes).remove("service.name").unwrap_or_default()
}

fn texts(attributes: &[KeyValue]) -> BTreeMap<String, String> {
    attributes.iter().map(|one| (one.key.clone(), one.value.as_ref().map(text).unwrap_or_default())).collect()
}

fn text(value: &AnyValue) -> String {
    match &value.value {
        Some(any_value::Value::StringValue(text)) => text.clone(),
        Some(any_value::Value::IntValue(number)) => number.to_string(),
        other => format!("{other:?}"),
    }
}
