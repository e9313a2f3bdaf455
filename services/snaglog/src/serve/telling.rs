//! What the server tells of itself: log lines, figures, traces.

use std::io;
use std::net::SocketAddr;

use anyhow::{Context as _, bail};
use clap::{Args, ValueEnum};
use commands::Environment as _;
use telemetry::{Format, Lines, Otlp, Settings, Telemetry};
use tokio::net::TcpListener;

use crate::environment::Machine;

/// Where the server tells what of itself.
#[derive(Debug, Clone, Args)]
pub(crate) struct Telling {
    /// How to write log lines, to standard error
    #[arg(long, value_enum, default_value = "pretty", env = "SNAGLOG_LOG_FORMAT")]
    log_format: LogFormat,
    /// What to log: error, warn, info, debug, or a filter such as `info,grpc=debug`
    #[arg(long, default_value = "info", env = "SNAGLOG_LOG_LEVEL", value_name = "FILTER")]
    log_level: String,
    /// Where to serve /metrics for Prometheus, /healthz and /readyz, over HTTP; port 0 picks one [default: nowhere]
    #[arg(long, env = "SNAGLOG_METRICS_ADDR", value_name = "HOST:PORT")]
    metrics_addr: Option<SocketAddr>,
    /// Let --metrics-addr be beyond loopback: whoever reaches it reads the server's figures, which tell nothing of what issues say
    #[arg(long, env = "SNAGLOG_METRICS_PUBLIC")]
    metrics_public: bool,
    /// An OpenTelemetry collector to send traces, metrics and log records to, over gRPC: http://HOST:4317 [default: none]
    #[arg(long, env = "OTEL_EXPORTER_OTLP_ENDPOINT", value_name = "URL", hide_env_values = true)]
    otlp_endpoint: Option<String>,
}

/// How to write log lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum LogFormat {
    Pretty,
    Json,
}

impl Telling {
    /// Sets it up. To be called once, within the runtime.
    pub(crate) fn start(&self) -> anyhow::Result<Telemetry> {
        let format = match self.log_format {
            LogFormat::Pretty => Format::Pretty,
            LogFormat::Json => Format::Json,
        };
        let settings = Settings {
            service: "snaglog",
            version: env!("CARGO_PKG_VERSION"),
            instance: Machine.event_id().to_string(),
            lines: Some(Lines { format, filter: self.log_level.clone() }),
            otlp: Otlp::asked_for(self.otlp_endpoint.as_deref(), |name| std::env::var(name).ok())?,
            prometheus: self.metrics_addr.is_some(),
        };
        match settings.start() {
            Err(error @ telemetry::StartError::Filter { .. }) => Err(error).with_context(|| {
                format!("--log-level {}: give info, or a filter such as info,grpc=debug", self.log_level)
            }),
            Err(error) => Err(error).context("--otlp-endpoint"),
            Ok(telemetry) => Ok(telemetry),
        }
    }

    /// Listens where figures are to be served, if anywhere.
    pub(crate) async fn listen(&self) -> anyhow::Result<Option<TcpListener>> {
        let Some(address) = self.metrics_addr else { return Ok(None) };
        if !address.ip().is_loopback() && !self.metrics_public {
            bail!(
                "--metrics-addr {address}: anybody there could read this server's figures. Give --metrics-public if they may, or \
                 if something in front keeps others away"
            );
        }
        let listening: io::Result<TcpListener> = TcpListener::bind(address).await;
        listening.map(Some).with_context(|| format!("--metrics-addr {address}"))
    }
}
