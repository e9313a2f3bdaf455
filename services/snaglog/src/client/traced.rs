//! A command as a trace, where a collector is named by `OTEL_EXPORTER_OTLP_ENDPOINT`: each call that it makes goes on with it.

use commands::Environment as _;
use telemetry::{Otlp, Settings};
use tracing::Instrument as _;

use super::failure::Failure;
use crate::environment::Machine;

/// Runs it; traced, where somebody collects traces.
pub(crate) async fn run(name: &str, command: impl Future<Output = Result<(), Failure>>) -> Result<(), Failure> {
    let asked = Otlp::asked_for(None, |name| std::env::var(name).ok());
    let Some(otlp) = asked.map_err(|error| Failure::usage(error.to_string()))? else { return command.await };
    let settings = Settings {
        service: "snaglog-cli",
        version: env!("CARGO_PKG_VERSION"),
        instance: Machine.event_id().to_string(),
        lines: None,
        otlp: Some(otlp.traces_only()),
        prometheus: false,
    };
    let telemetry =
        settings.start().map_err(|error| Failure::usage(format!("OTEL_EXPORTER_OTLP_ENDPOINT: {error}")))?;
    let span = tracing::info_span!(
        target: "snaglog::trace",
        "command",
        otel.name = name,
        otel.kind = "client",
        "error.type" = tracing::field::Empty,
        otel.status_code = tracing::field::Empty,
    );
    let done = command.instrument(span.clone()).await;
    if let Err(failure) = &done {
        span.record("error.type", &failure.reason);
        span.record("otel.status_code", "ERROR");
    }
    drop(span);
    // What can't be sent now is not waited for by whoever sits there.
    let _ = tokio::task::spawn_blocking(move || telemetry.stop()).await;
    done
}
