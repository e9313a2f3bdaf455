//! Sets up what was asked for, and ends it.

use std::time::Duration;

use opentelemetry::metrics::{Meter, MeterProvider as _};
use opentelemetry::trace::TracerProvider as _;
use opentelemetry_appender_tracing::layer::OpenTelemetryTracingBridge;
use opentelemetry_otlp::ExporterBuildError;
use prometheus::TextEncoder;
use tracing_subscriber::filter::{FilterExt as _, ParseError, Targets, filter_fn};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::{SubscriberInitExt as _, TryInitError};
use tracing_subscriber::{Layer, Registry, filter::LevelFilter};

use crate::lines::Lines;
use crate::otlp::Otlp;
use crate::providers::Providers;
use crate::{SPANS, process};

/// Who tells all the figures.
const SCOPE: &str = "snaglog";
/// Of those that carry what is sent: their own log records are not sent, or there would be no end.
const CARRIERS: [&str; 8] =
    ["opentelemetry", "opentelemetry_sdk", "opentelemetry_otlp", "tonic", "h2", "hyper", "hyper_util", "tower"];
/// So long at most it takes to send what is left of each signal.
const STOP_WITHIN: Duration = Duration::from_secs(2);

/// What is wanted.
#[derive(Debug, Clone)]
pub struct Settings {
    /// `service.name`: `snaglog` for the server.
    pub service: &'static str,
    /// `service.version`.
    pub version: &'static str,
    /// `service.instance.id`: another one for each process.
    pub instance: String,
    /// Log lines; `None`: none.
    pub lines: Option<Lines>,
    /// A collector; `None`: none.
    pub otlp: Option<Otlp>,
    /// Whether [`Telemetry::scrape`] has figures.
    pub prometheus: bool,
}

/// Why nothing was set up.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The filter of log lines is none.
    #[error("{filter} is no filter")]
    Filter {
        /// It.
        filter: String,
        /// Where it breaks.
        #[source]
        source: ParseError,
    },
    /// What was said of the collector makes no exporter.
    #[error("nothing can be sent to the collector")]
    Exporter(#[from] ExporterBuildError),
    /// Prometheus' figures can't be made.
    #[error("no figures for Prometheus")]
    Prometheus(#[source] opentelemetry_sdk::error::OTelSdkError),
    /// It was set up before in this process.
    #[error("log lines are set up already")]
    Twice(#[from] TryInitError),
}

/// What runs.
#[derive(Debug)]
pub struct Telemetry {
    providers: Providers,
    meter: Option<Meter>,
}

impl Settings {
    /// Sets it up, for the whole process, once. With a collector: within a Tokio runtime.
    pub fn start(&self) -> Result<Telemetry, StartError> {
        let providers = Providers::new(self)?;
        let unfit = |filter: &str, source| StartError::Filter { filter: filter.to_owned(), source };
        // Only what there is: a layer that is `None` would want every span, and make it.
        let mut layers: Vec<Box<dyn Layer<Registry> + Send + Sync>> = Vec::new();
        if let Some(lines) = &self.lines {
            layers.push(lines.layer().map_err(|source| unfit(&lines.filter, source))?);
        }
        if let Some(spans) = &providers.spans {
            let spans = tracing_opentelemetry::layer()
                .with_tracer(spans.tracer(SCOPE))
                .with_location(false)
                .with_threads(false)
                .with_tracked_inactivity(false)
                .with_target(false);
            layers.push(spans.with_filter(Targets::new().with_target(SPANS, LevelFilter::INFO)).boxed());
        }
        if let (Some(records), Some(lines)) = (&providers.records, &self.lines) {
            let events = lines.events().map_err(|source| unfit(&lines.filter, source))?;
            let events = events.and(filter_fn(|metadata| !is_carriers(metadata.target())));
            layers.push(OpenTelemetryTracingBridge::new(records).with_filter(events).boxed());
        }
        tracing_subscriber::registry().with(layers).try_init()?;
        let meter = providers.figures.as_ref().map(|figures| figures.meter(SCOPE));
        meter.iter().for_each(process::register);
        Ok(Telemetry { providers, meter })
    }
}

impl Telemetry {
    /// What figures are made with; `None`: nobody reads any.
    pub fn meter(&self) -> Option<&Meter> {
        self.meter.as_ref()
    }

    /// Whether somebody collects spans.
    pub fn is_tracing(&self) -> bool {
        self.providers.spans.is_some()
    }

    /// The figures in Prometheus' text format, and its content type; `None`: they were not asked for, or can't be told.
    pub fn scrape(&self) -> Option<(String, &'static str)> {
        let families = self.providers.registry.as_ref()?.gather();
        match TextEncoder::new().encode_to_string(&families) {
            Ok(text) => Some((text, prometheus::TEXT_FORMAT)),
            Err(error) => {
                tracing::warn!(%error, "figures can't be told");
                None
            }
        }
    }

    /// Sends what is left. Blocks, for a few seconds at most.
    pub fn stop(&self) {
        self.providers.stop(STOP_WITHIN);
    }
}

fn is_carriers(target: &str) -> bool {
    CARRIERS
        .iter()
        .any(|carrier| target.strip_prefix(carrier).is_some_and(|rest| rest.is_empty() || rest.starts_with("::")))
}
