//! Sets up what was asked for, and ends it.

use std::time::Duration;

use opentelemetry::metrics::{Meter, MeterProvider as _};
use opentelemetry::trace::TracerProvider as _;
use opentelemetry_appender_tracing::layer::OpenTelemetryTracingBridge;
use opentelemetry_otlp::ExporterBuildError;
use prometheus::TextEncoder;
use tracing::Metadata;
use tracing::subscriber::Interest;
use tracing_subscriber::filter::{FilterExt as _, ParseError, dynamic_filter_fn, filter_fn};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::{SubscriberInitExt as _, TryInitError};
use tracing_subscriber::{Layer, Registry, filter::LevelFilter};

use crate::lines::Lines;
use crate::otlp::Otlp;
use crate::providers::Providers;
use crate::sampler::Linked;
use crate::{PARTS, SPANS, process};

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
    sampler: Option<Linked>,
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
            let wanted =
                dynamic_filter_fn(|of, context| is_ours(of) && (!is_part(of) || context.lookup_current().is_some()));
            let wanted = wanted.with_callsite_filter(interest).with_max_level_hint(LevelFilter::INFO);
            layers.push(spans.with_filter(wanted).boxed());
        }
        if let (Some(records), Some(lines)) = (&providers.records, &self.lines) {
            let events = lines.events().map_err(|source| unfit(&lines.filter, source))?;
            let of_others = filter_fn(|metadata| !is_carriers(metadata.target()));
            // It bounds no level. Without a word of that, the other's bound would be lost.
            let events = events.and(of_others.with_max_level_hint(LevelFilter::TRACE));
            layers.push(OpenTelemetryTracingBridge::new(records).with_filter(events).boxed());
        }
        tracing_subscriber::registry().with(layers).try_init()?;
        let meter = providers.figures.as_ref().map(|figures| figures.meter(SCOPE));
        meter.iter().for_each(process::register);
        let sampler = self.otlp.as_ref().filter(|_| providers.spans.is_some()).map(|otlp| otlp.sampler.clone());
        Ok(Telemetry { providers, meter, sampler })
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

    /// Which calls are traced; `None`: none is.
    pub fn sampler(&self) -> Option<Linked> {
        self.sampler.clone()
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

fn is_ours(metadata: &Metadata<'_>) -> bool {
    metadata.is_span() && [SPANS, PARTS].contains(&metadata.target())
}

fn is_part(metadata: &Metadata<'_>) -> bool {
    metadata.target() == PARTS
}

/// Whether something is asked for each time that it happens.
fn interest(metadata: &'static Metadata<'static>) -> Interest {
    match (is_ours(metadata), is_part(metadata)) {
        (false, _) => Interest::never(),
        (true, false) => Interest::always(),
        (true, true) => Interest::sometimes(),
    }
}

fn is_carriers(target: &str) -> bool {
    CARRIERS
        .iter()
        .any(|carrier| target.strip_prefix(carrier).is_some_and(|rest| rest.is_empty() || rest.starts_with("::")))
}
