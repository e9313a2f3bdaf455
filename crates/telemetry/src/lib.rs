//! Traces, metrics and log lines: where they go, and what all of them have in common.
//!
//! [`Settings::start`] sets up what was asked for, and nothing else: log lines to standard error ([`Lines`]), OTLP over gRPC to a
//! collector ([`Otlp`]), figures for Prometheus. [`Telemetry`] is what runs then: it gives the meter that figures are made with
//! ([`Telemetry::meter`]), tells them as Prometheus reads them ([`Telemetry::scrape`]), and ends with what is left sent
//! ([`Telemetry::stop`]).
//!
//! - **One set of figures.** All are OpenTelemetry's: both readers, OTLP's and Prometheus's, read the same instruments, so both show
//!   the same. [`calls`] has those of calls, [`process`] the process's; others are made where the thing is that they tell of.
//! - **Spans are `tracing`'s**, with the target [`SPANS`] or [`PARTS`]: they go to the collector and never to log lines. Where nobody collects
//!   them, making one is a look at a flag.
//! - **A trace goes on through the log**: [`trace`] reads and writes the W3C `traceparent` of calls and of events.
//! - **Which calls are traced**: whatever a caller has begun to trace; of the others ten a second ([`sampler`]), unless
//!   `OTEL_TRACES_SAMPLER` says otherwise.
//!
//! What never happens here: a word about issues, logs or views; a tonic type; an exporter that anybody waits for (what a collector
//! doesn't take is dropped, bounded in memory).
//!
//! # Recipes
//!
//! **To add a figure**: an instrument of [`Telemetry::meter`] where the thing is known (`services/snaglog/src/serve/figures.rs` for logs
//! and views), and its line in `docs/operations.md`; a test holds both against a real server.
//!
//! **To add a span**: `tracing::info_span!(target: "snaglog::trace::part", …)` where the work is done ("snaglog::trace" for one that begins
//! a trace where there is none); `otel.name` and `otel.kind` as
//! [tracing-opentelemetry](https://docs.rs/tracing-opentelemetry) reads them. No texts, addresses or tokens in its fields.
//!
//! **To follow a newer version of the conventions**: names are in [`calls`], [`process`] and `figures.rs`; then
//! `docs/operations.md` and `deploy/grafana`, which tests hold against them.

pub mod calls;
mod lines;
mod otlp;
pub mod process;
mod providers;
pub mod sampler;
mod start;
pub mod trace;

pub use lines::{Format, Lines};
pub use opentelemetry::KeyValue;
pub use opentelemetry::metrics::{Counter, Histogram, Meter};
pub use otlp::{Otlp, OtlpError};
pub use start::{Settings, StartError, Telemetry};

/// The target of the spans that can begin a trace.
pub const SPANS: &str = "snaglog::trace";
/// The target of those that are made as parts of another only: where nothing is traced, they cost next to nothing.
pub const PARTS: &str = "snaglog::trace::part";
