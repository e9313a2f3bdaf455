//! Rate, errors and duration of a server's calls, by method, and a span for each.
//!
//! Names are those of OpenTelemetry's conventions for RPC, where they have one: `rpc.server.call.duration` with `rpc.method` and
//! `rpc.response.status_code`.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use opentelemetry::KeyValue;
use opentelemetry::metrics::{Counter, Histogram, Meter, UpDownCounter};
use tracing::Span;
use tracing::field::Empty;

use crate::sampler::Linked;
use crate::trace;

/// Upper bounds of the histogram of durations, in seconds.
pub const DURATION_BOUNDS: [f64; 16] =
    [0.0005, 0.001, 0.002, 0.003, 0.005, 0.0075, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];

/// Methods that the contract doesn't have are all counted as this one: callers must not make up figures.
const OTHER: &str = "_OTHER";
/// The code of a call that its caller gave up.
const CANCELLED: &str = "CANCELLED";
const OK: &str = "OK";

/// What is known of a server's methods, and counted of its calls.
pub struct Calls {
    methods: HashMap<String, Arc<Method>>,
    other: Arc<Method>,
    figures: Option<Figures>,
    sampler: Option<Linked>,
}

struct Figures {
    duration: Histogram<f64>,
    errors: Counter<u64>,
    streams: UpDownCounter<i64>,
    under_way: Arc<AtomicU64>,
}

/// A method.
#[derive(Debug)]
struct Method {
    /// `snaglog.issues.v1.IssuesService/FileIssue`.
    name: String,
    /// Its answers are a stream.
    streams: bool,
    /// The attributes of an answer that is no error.
    ok: [KeyValue; 3],
    named: [KeyValue; 1],
}

/// A call under way. Dropped without an end, its caller has gone away.
pub struct Call {
    calls: Arc<Calls>,
    method: Arc<Method>,
    begun: Instant,
    span: Span,
    ended: bool,
}

impl Calls {
    /// Knows these methods: each its path, `/snaglog.issues.v1.IssuesService/FileIssue`, and whether its answer is a stream. Without a
    /// meter nothing is counted, without a sampler nothing is traced.
    pub fn new(
        methods: impl IntoIterator<Item = (String, bool)>,
        meter: Option<&Meter>,
        sampler: Option<Linked>,
    ) -> Self {
        let methods = methods.into_iter().map(|(path, streams)| {
            let method = Method::new(path.trim_start_matches('/'), streams);
            (path, Arc::new(method))
        });
        Self {
            methods: methods.collect(),
            other: Arc::new(Method::new(OTHER, false)),
            figures: meter.map(Figures::new),
            sampler,
        }
    }

    /// A call of this path begins; it goes on with the trace of its caller.
    pub fn begin(self: &Arc<Self>, path: &str, traceparent: Option<&str>) -> Call {
        let method = Arc::clone(self.methods.get(path).unwrap_or(&self.other));
        if let Some(figures) = &self.figures {
            figures.under_way.fetch_add(1, Ordering::Relaxed);
            if method.streams {
                figures.streams.add(1, &method.named);
            }
        }
        let traced = self.sampler.as_ref().is_some_and(|sampler| sampler.takes_call(traceparent));
        let span = if traced { spanned(&method, traceparent) } else { Span::none() };
        Call { calls: Arc::clone(self), method, begun: Instant::now(), span, ended: false }
    }
}

/// The span of a call that is traced.
fn spanned(method: &Method, traceparent: Option<&str>) -> Span {
    let span = tracing::info_span!(
        target: "snaglog::trace",
        "call",
        otel.name = method.name,
        otel.kind = "server",
        rpc.system.name = "grpc",
        rpc.method = method.name,
        rpc.response.status_code = Empty,
        "error.type" = Empty,
        otel.status_code = Empty,
    );
    if let Some(traceparent) = traceparent.filter(|_| !span.is_disabled()) {
        trace::go_on(&span, traceparent);
    }
    span
}

impl Figures {
    fn new(meter: &Meter) -> Self {
        let under_way = Arc::<AtomicU64>::default();
        let counted = Arc::clone(&under_way);
        meter
            .u64_observable_gauge("snaglog.rpc.calls")
            .with_unit("{call}")
            .with_description("Calls under way")
            .with_callback(move |gauge| gauge.observe(counted.load(Ordering::Relaxed), &[]))
            .build();
        Self {
            duration: meter
                .f64_histogram("rpc.server.call.duration")
                .with_unit("s")
                .with_description("How long calls took, from their first byte to the end of their answer")
                .with_boundaries(DURATION_BOUNDS.to_vec())
                .build(),
            errors: meter
                .u64_counter("snaglog.rpc.errors")
                .with_unit("{call}")
                .with_description("Calls that ended with an error, by its reason")
                .build(),
            streams: meter
                .i64_up_down_counter("snaglog.rpc.streams")
                .with_unit("{stream}")
                .with_description("Answers under way that are streams: those who watch")
                .build(),
            under_way,
        }
    }
}

impl Method {
    fn new(name: &str, streams: bool) -> Self {
        let [system, method] = [KeyValue::new("rpc.system.name", "grpc"), KeyValue::new("rpc.method", name.to_owned())];
        let ok = [method.clone(), KeyValue::new("rpc.response.status_code", OK), system];
        Self { name: name.to_owned(), streams, ok, named: [method] }
    }
}

impl Call {
    /// The span that all of the call happens in.
    pub fn span(&self) -> Span {
        self.span.clone()
    }

    /// What others go on from: the call's own place in its trace. `None`: it isn't traced.
    pub fn traceparent(&self) -> Option<String> {
        trace::of(&self.span)
    }

    /// Its answer is a stream: it ends when that does.
    pub fn streams(&self) -> bool {
        self.method.streams
    }

    /// It ended with this code (`OK`, `NOT_FOUND`, …) and, if it is an error, for this reason.
    pub fn end(mut self, code: &'static str, reason: Option<&str>) {
        self.tell(code, reason);
    }

    fn tell(&mut self, code: &'static str, reason: Option<&str>) {
        self.ended = true;
        let ok = code == OK;
        if let Some(figures) = &self.calls.figures {
            figures.under_way.fetch_sub(1, Ordering::Relaxed);
            if self.method.streams {
                figures.streams.add(-1, &self.method.named);
            }
            let seconds = self.begun.elapsed().as_secs_f64();
            let [method, _, system] = &self.method.ok;
            if ok {
                figures.duration.record(seconds, &self.method.ok);
            } else {
                let reason = KeyValue::new("error.type", reason.unwrap_or(code).to_owned());
                let code = KeyValue::new("rpc.response.status_code", code);
                let failed = KeyValue::new("error.type", code.value.clone());
                figures.duration.record(seconds, &[method.clone(), code.clone(), system.clone(), failed]);
                figures.errors.add(1, &[method.clone(), code, reason]);
            }
        }
        if self.span.is_disabled() {
            return;
        }
        self.span.record("rpc.response.status_code", code);
        if !ok {
            self.span.record("error.type", reason.unwrap_or(code));
        }
        if is_fault(code) {
            self.span.record("otel.status_code", "ERROR");
        }
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        if !self.ended {
            self.tell(CANCELLED, None);
        }
    }
}

/// Whether it was the server's fault: the conventions mark only such spans as errors.
fn is_fault(code: &str) -> bool {
    matches!(code, "UNKNOWN" | "DEADLINE_EXCEEDED" | "UNIMPLEMENTED" | "INTERNAL" | "UNAVAILABLE" | "DATA_LOSS")
}
