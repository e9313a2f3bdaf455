//! What collects spans, figures and log records, and hands them on.

use std::time::Duration;

use opentelemetry::KeyValue;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::logs::SdkLoggerProvider;
use opentelemetry_sdk::metrics::SdkMeterProvider;
use opentelemetry_sdk::trace::SdkTracerProvider;
use prometheus::Registry;

use crate::otlp::Otlp;
use crate::start::{Settings, StartError};

/// Those that were asked for.
#[derive(Debug, Default)]
pub(crate) struct Providers {
    pub(crate) spans: Option<SdkTracerProvider>,
    pub(crate) figures: Option<SdkMeterProvider>,
    pub(crate) records: Option<SdkLoggerProvider>,
    pub(crate) registry: Option<Registry>,
}

impl Providers {
    /// Makes them. With OTLP: within a Tokio runtime, on which it sends.
    pub(crate) fn new(settings: &Settings) -> Result<Self, StartError> {
        let resource = resource(settings);
        let mut made = Self::default();
        let Otlp { traces, metrics, logs, sampler } = match &settings.otlp {
            Some(otlp) => otlp.clone(),
            None => Otlp::nowhere(),
        };
        if let Some(endpoint) = traces {
            let spans = SdkTracerProvider::builder().with_resource(resource.clone()).with_sampler(sampler);
            made.spans = Some(spans.with_batch_exporter(endpoint.spans()?).build());
        }
        if let Some(endpoint) = logs {
            let records = SdkLoggerProvider::builder().with_resource(resource.clone());
            made.records = Some(records.with_batch_exporter(endpoint.logs()?).build());
        }
        if metrics.is_some() || settings.prometheus {
            let mut figures = SdkMeterProvider::builder().with_resource(resource);
            if let Some(endpoint) = metrics {
                figures = figures.with_periodic_exporter(endpoint.metrics()?);
            }
            if settings.prometheus {
                let registry = Registry::new();
                let reader = opentelemetry_prometheus::exporter().with_registry(registry.clone());
                figures = figures.with_reader(reader.build().map_err(StartError::Prometheus)?);
                made.registry = Some(registry);
            }
            made.figures = Some(figures.build());
        }
        Ok(made)
    }

    /// Sends what is left, for at most so long each. Blocks.
    pub(crate) fn stop(&self, within: Duration) {
        let told = |what: &str, done: Option<OTelSdkResult>| {
            if let Some(Err(error)) = done {
                // A collector that isn't there has been told of before.
                tracing::debug!(%error, "the last {what} were not sent");
            }
        };
        told("spans", self.spans.as_ref().map(|spans| spans.shutdown_with_timeout(within)));
        told("figures", self.figures.as_ref().map(|figures| figures.shutdown_with_timeout(within)));
        told("log records", self.records.as_ref().map(|records| records.shutdown_with_timeout(within)));
    }
}

/// Who tells all this. `OTEL_SERVICE_NAME` and `OTEL_RESOURCE_ATTRIBUTES` go before what is known here.
fn resource(settings: &Settings) -> Resource {
    let own = Resource::builder_empty().with_service_name(settings.service).with_attributes([
        KeyValue::new("service.version", settings.version),
        KeyValue::new("service.instance.id", settings.instance.clone()),
    ]);
    let own = own.build();
    let said = Resource::builder().build();
    let mut all = Resource::builder_empty();
    for (key, value) in own.iter().chain(said.iter().filter(|(key, value)| !is_unknown(key.as_str(), &value.as_str())))
    {
        all = all.with_attribute(KeyValue::new(key.clone(), value.clone()));
    }
    all.build()
}

/// What the SDK says where nobody gives the service a name.
fn is_unknown(key: &str, value: &str) -> bool {
    key == "service.name" && value.starts_with("unknown_service")
}
