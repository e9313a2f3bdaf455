//! OTLP over gRPC, as the standard variables of OpenTelemetry ask for it.

use opentelemetry_otlp::{ExporterBuildError, LogExporter, MetricExporter, SpanExporter, WithExportConfig as _};

use crate::sampler::{self, Linked};

/// Where traces, metrics and logs go. What else the standard variables say (headers, timeouts, compression, certificates, intervals,
/// batches) is read when it is started.
#[derive(Debug, Clone)]
pub struct Otlp {
    pub(crate) traces: Option<Endpoint>,
    pub(crate) metrics: Option<Endpoint>,
    pub(crate) logs: Option<Endpoint>,
    pub(crate) sampler: Linked,
}

/// A collector's address, `http://HOST:4317`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Endpoint(String);

/// The settings don't say where to.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OtlpError {
    /// Another protocol than gRPC.
    #[error("{variable}={protocol}: only grpc is spoken; leave it out, and give the collector's port for gRPC (4317)")]
    Protocol {
        /// The variable.
        variable: String,
        /// What it says.
        protocol: String,
    },
    /// Another exporter than this one.
    #[error("{variable}={exporter}: give otlp or none")]
    Exporter {
        /// The variable.
        variable: String,
        /// What it says.
        exporter: String,
    },
    /// A user or a password in the address: no call would carry them.
    #[error("the collector's address has a user or a password: give them as OTEL_EXPORTER_OTLP_HEADERS")]
    Credentials,
    /// No such sampler.
    #[error(transparent)]
    Sampler(#[from] sampler::Unknown),
}

impl Otlp {
    /// What was asked for, by the endpoint given or by the environment: `OTEL_EXPORTER_OTLP_ENDPOINT`, or one for each signal
    /// (`OTEL_EXPORTER_OTLP_TRACES_ENDPOINT`, …). `None`: nothing was, or `OTEL_SDK_DISABLED` is true.
    pub fn asked_for(
        endpoint: Option<&str>,
        environment: impl Fn(&str) -> Option<String>,
    ) -> Result<Option<Self>, OtlpError> {
        let variable = |name: &str| environment(name).filter(|value| !value.is_empty());
        if variable("OTEL_SDK_DISABLED").is_some_and(|value| value.eq_ignore_ascii_case("true")) {
            return Ok(None);
        }
        let endpoint = endpoint.filter(|endpoint| !endpoint.is_empty());
        let general = endpoint.map(str::to_owned).or_else(|| variable("OTEL_EXPORTER_OTLP_ENDPOINT"));
        let signal = |signal: &str| {
            let exporter = format!("OTEL_{signal}_EXPORTER");
            match variable(&exporter).as_deref() {
                None | Some("otlp") => {}
                Some("none") => return Ok(None),
                Some(other) => return Err(OtlpError::Exporter { variable: exporter, exporter: other.to_owned() }),
            }
            let own = variable(&format!("OTEL_EXPORTER_OTLP_{signal}_ENDPOINT"));
            let Some(endpoint) = own.or_else(|| general.clone()) else { return Ok(None) };
            if endpoint.contains('@') {
                return Err(OtlpError::Credentials);
            }
            for name in [format!("OTEL_EXPORTER_OTLP_{signal}_PROTOCOL"), "OTEL_EXPORTER_OTLP_PROTOCOL".to_owned()] {
                match variable(&name) {
                    Some(protocol) if protocol != "grpc" => {
                        return Err(OtlpError::Protocol { variable: name, protocol });
                    }
                    _ => {}
                }
            }
            Ok(Some(Endpoint(endpoint)))
        };
        let (traces, metrics, logs) = (signal("TRACES")?, signal("METRICS")?, signal("LOGS")?);
        let (name, argument) = (variable("OTEL_TRACES_SAMPLER"), variable("OTEL_TRACES_SAMPLER_ARG"));
        let sampler = Linked::of(name.as_deref(), argument.as_deref())?;
        let asked = traces.is_some() || metrics.is_some() || logs.is_some();
        Ok(asked.then_some(Self { traces, metrics, logs, sampler }))
    }

    /// Nothing is sent.
    pub(crate) fn nowhere() -> Self {
        Self { traces: None, metrics: None, logs: None, sampler: Linked::always() }
    }

    /// Traces only, and every one that begins here: what a command-line client has to tell.
    #[must_use]
    pub fn traces_only(self) -> Self {
        let sampler = Linked::always();
        Self { metrics: None, logs: None, sampler, ..self }
    }
}

impl Endpoint {
    pub(crate) fn spans(&self) -> Result<SpanExporter, ExporterBuildError> {
        SpanExporter::builder().with_tonic().with_endpoint(&self.0).build()
    }

    pub(crate) fn metrics(&self) -> Result<MetricExporter, ExporterBuildError> {
        MetricExporter::builder().with_tonic().with_endpoint(&self.0).build()
    }

    pub(crate) fn logs(&self) -> Result<LogExporter, ExporterBuildError> {
        LogExporter::builder().with_tonic().with_endpoint(&self.0).build()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(endpoint: Option<&str>, set: &[(&str, &str)]) -> Result<Option<[Option<String>; 3]>, OtlpError> {
        let environment = |name: &str| set.iter().find(|(set, _)| *set == name).map(|(_, value)| (*value).to_owned());
        let otlp = Otlp::asked_for(endpoint, environment)?;
        Ok(otlp.map(|Otlp { traces, metrics, logs, .. }| [traces, metrics, logs].map(|one| one.map(|one| one.0))))
    }

    fn all(at: &str) -> [Option<String>; 3] {
        [at, at, at].map(|at| Some(at.to_owned()))
    }

    #[test]
    fn nothing_is_sent_unless_somebody_asks() {
        assert_eq!(asked(None, &[]), Ok(None));
        assert_eq!(asked(None, &[("OTEL_EXPORTER_OTLP_ENDPOINT", "")]), Ok(None));
        assert_eq!(asked(Some("http://c:4317"), &[("OTEL_SDK_DISABLED", "TRUE")]), Ok(None));
    }

    #[test]
    fn a_signals_own_endpoint_goes_before_the_flag_and_the_flag_before_the_general_one() {
        let general = ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://c:4317");
        assert_eq!(asked(None, &[general]), Ok(Some(all("http://c:4317"))));
        assert_eq!(asked(Some("http://d:4317"), &[general]), Ok(Some(all("http://d:4317"))));
        let traces = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://t:4317");
        assert_eq!(asked(None, &[traces]), Ok(Some([Some("http://t:4317".to_owned()), None, None])));
        assert_eq!(asked(Some("http://d:4317"), &[traces]).unwrap().unwrap()[0].as_deref(), Some("http://t:4317"));
        let without = asked(None, &[general, ("OTEL_LOGS_EXPORTER", "none")]).unwrap().unwrap();
        assert_eq!(without[2], None);
    }

    #[test]
    fn what_is_not_spoken_is_named() {
        let general = ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://c:4318");
        let http = asked(None, &[general, ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf")]).unwrap_err();
        assert_eq!(
            http.to_string(),
            "OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf: only grpc is spoken; leave it out, and give the collector's port for gRPC (4317)"
        );
        let jaeger = asked(None, &[general, ("OTEL_TRACES_EXPORTER", "jaeger")]).unwrap_err();
        assert_eq!(jaeger.to_string(), "OTEL_TRACES_EXPORTER=jaeger: give otlp or none");
        assert!(asked(None, &[general, ("OTEL_TRACES_SAMPLER", "sometimes")]).is_err());
    }

    #[test]
    fn a_password_in_an_address_is_refused_and_not_shown() {
        let refused = asked(Some("http://me:hunter2@collector:4317"), &[]).unwrap_err();
        assert!(!format!("{refused} {refused:?}").contains("hunter2"), "{refused:?}");
    }
}
