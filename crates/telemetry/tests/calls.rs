//! What is counted and traced of calls, and how traces go on through a log.
#![expect(clippy::unwrap_used, reason = "what surprises a test ends it")]

use std::sync::Arc;

use opentelemetry::metrics::MeterProvider as _;
use opentelemetry::trace::TracerProvider as _;
use opentelemetry_sdk::metrics::SdkMeterProvider;
use opentelemetry_sdk::trace::{InMemorySpanExporter, SdkTracerProvider, SpanData};
use prometheus::{Registry, TextEncoder};
use telemetry::calls::Calls;
use telemetry::sampler::Linked;
use telemetry::trace;
use tracing_subscriber::layer::SubscriberExt as _;

const FILE: &str = "/snaglog.issues.v1.IssuesService/FileIssue";
const WATCH: &str = "/snaglog.boards.v1.BoardsService/WatchBoard";
const ONE: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
const OTHER: &str = "00-11111111111111111111111111111111-2222222222222222-01";

fn methods() -> [(String, bool); 2] {
    [(FILE.to_owned(), false), (WATCH.to_owned(), true)]
}

/// What begins no traces of its own.
fn sampler() -> Linked {
    Linked::of(Some("parentbased_always_off"), None).unwrap()
}

/// The spans of some work, by a server that begins no traces of its own.
fn spans_of(work: impl FnOnce()) -> Vec<SpanData> {
    let exporter = InMemorySpanExporter::default();
    let provider = SdkTracerProvider::builder().with_sampler(sampler()).with_simple_exporter(exporter.clone()).build();
    let layer = tracing_opentelemetry::layer().with_tracer(provider.tracer("test"));
    tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), work);
    exporter.get_finished_spans().unwrap()
}

fn fold(traceparents: &[&str], alone: bool) -> Vec<SpanData> {
    spans_of(|| {
        let span = tracing::info_span!(target: "snaglog::trace", parent: None, "fold");
        trace::link(&span, traceparents.iter().copied(), alone);
        span.in_scope(|| ());
    })
}

#[test]
fn a_call_goes_on_with_its_callers_trace_and_hands_its_own_place_on() {
    let mut handed_on = None;
    let spans = spans_of(|| {
        let call = Arc::new(Calls::new(methods(), None, Some(sampler()))).begin(FILE, Some(ONE));
        handed_on = call.traceparent();
        call.end("NOT_FOUND", Some("ISSUE_NOT_FOUND"));
    });
    let [span] = spans.as_slice() else { panic!("one span, not {spans:?}") };
    assert_eq!(span.name, "snaglog.issues.v1.IssuesService/FileIssue");
    assert_eq!(span.parent_span_id.to_string(), "b7ad6b7169203331");
    let own = format!("00-0af7651916cd43dd8448eb211c80319c-{}-01", span.span_context.span_id());
    assert_eq!(handed_on, Some(own));
    let told = |key: &str| span.attributes.iter().find(|one| one.key.as_str() == key).map(|one| one.value.to_string());
    assert_eq!(told("rpc.response.status_code").as_deref(), Some("NOT_FOUND"));
    assert_eq!(told("error.type").as_deref(), Some("ISSUE_NOT_FOUND"));
}

#[test]
fn a_call_that_nobody_traces_hands_nothing_on() {
    let spans = spans_of(|| {
        let call = Arc::new(Calls::new(methods(), None, Some(sampler()))).begin(FILE, None);
        assert_eq!(call.traceparent(), None);
    });
    assert!(spans.is_empty(), "{spans:?}");
    // And without anybody who collects spans there are none.
    let call = Arc::new(Calls::new(methods(), None, Some(sampler()))).begin(FILE, Some(ONE));
    assert_eq!(call.traceparent(), None);
}

#[test]
fn a_batch_links_to_every_trace_once_and_begins_its_own() {
    let spans = fold(&[ONE, OTHER, ONE, "nonsense"], false);
    let [span] = spans.as_slice() else { panic!("one span, not {spans:?}") };
    let linked: Vec<String> = span.links.iter().map(|link| link.span_context.span_id().to_string()).collect();
    assert_eq!(linked, ["b7ad6b7169203331", "2222222222222222"]);
    assert_eq!(span.parent_span_id.to_string(), "0000000000000000", "it begins a trace");
    assert!(![ONE, OTHER].iter().any(|named| named.contains(&span.span_context.trace_id().to_string())));
}

#[test]
fn a_batch_of_one_trace_alone_goes_on_with_it() {
    let spans = fold(&[ONE, ONE], true);
    assert_eq!(spans[0].span_context.trace_id().to_string(), "0af7651916cd43dd8448eb211c80319c");
    assert_eq!(spans[0].parent_span_id.to_string(), "b7ad6b7169203331");
    assert_eq!(spans[0].links.len(), 1);
    let among_others = fold(&[ONE, ONE], false);
    assert_eq!(among_others[0].parent_span_id.to_string(), "0000000000000000", "other events were in it");
}

#[test]
fn calls_are_counted_by_method_code_and_reason() {
    let registry = Registry::new();
    let reader = opentelemetry_prometheus::exporter().with_registry(registry.clone()).build().unwrap();
    let provider = SdkMeterProvider::builder().with_reader(reader).build();
    let calls = Arc::new(Calls::new(methods(), Some(&provider.meter("test")), None));
    calls.begin(FILE, None).end("OK", None);
    calls.begin(FILE, None).end("FAILED_PRECONDITION", Some("NOT_TRIAGED"));
    drop(calls.begin("/made.up/Method", None));
    let watching = calls.begin(WATCH, None);
    assert!(watching.streams());
    let text = || TextEncoder::new().encode_to_string(&registry.gather()).unwrap();
    let value = |text: &str, name: &str, labels: &[&str]| {
        let line = text.lines().find(|line| line.starts_with(name) && labels.iter().all(|label| line.contains(label)));
        line.and_then(|line| line.rsplit(' ').next()).map(str::to_owned)
    };
    let during = text();
    let count = "rpc_server_call_duration_seconds_count";
    assert_eq!(value(&during, count, &["FileIssue", "\"OK\""]).as_deref(), Some("1"));
    assert_eq!(value(&during, count, &["FileIssue", "FAILED_PRECONDITION"]).as_deref(), Some("1"));
    assert_eq!(value(&during, "snaglog_rpc_errors_total", &["NOT_TRIAGED"]).as_deref(), Some("1"));
    assert_eq!(value(&during, count, &["_OTHER", "CANCELLED"]).as_deref(), Some("1"), "no caller makes up a method");
    assert_eq!(value(&during, "snaglog_rpc_streams", &["WatchBoard"]).as_deref(), Some("1"));
    assert_eq!(value(&during, "snaglog_rpc_calls", &[]).as_deref(), Some("1"));
    drop(watching);
    let after = text();
    assert_eq!(value(&after, "snaglog_rpc_streams", &["WatchBoard"]).as_deref(), Some("0"));
    assert_eq!(value(&after, "snaglog_rpc_calls", &[]).as_deref(), Some("0"));
}
