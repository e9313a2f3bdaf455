//! What is told of batches that views fold: a span for each that links to the traces its events come of, and their figures.

use std::sync::Arc;
use std::time::Duration;

use projector::Fold;
use telemetry::{Counter, Histogram, KeyValue, Meter, trace};
use tracing::Span;

use super::figures::SECONDS;

/// Traces and counts them.
pub(crate) struct Folds(Option<Instruments>);

struct Instruments {
    duration: Histogram<f64>,
    events: Counter<u64>,
}

impl Folds {
    pub(crate) fn new(meter: Option<&Meter>) -> Self {
        Self(meter.map(|meter| {
            Instruments {
                duration: meter
                    .f64_histogram("messaging.process.duration")
                    .with_unit("s")
                    .with_description("How long views took to fold a batch of a partition and to commit it")
                    .with_boundaries(SECONDS.to_vec())
                    .build(),
                events: meter
                    .u64_counter("messaging.client.consumed.messages")
                    .with_unit("{message}")
                    .with_description("Events in the batches that views have folded")
                    .build(),
            }
        }))
    }
}

impl projector::Observer for Folds {
    fn begins(&self, fold: &Fold<'_>) -> Span {
        let traced = || fold.traceparents.iter().map(Arc::as_ref).filter(|traceparent| trace::is_traced(traceparent));
        if traced().next().is_none() {
            return Span::none();
        }
        let span = tracing::info_span!(
            target: "snaglog::trace",
            parent: None,
            "fold",
            otel.kind = "consumer",
            messaging.system = "snaglog",
            "messaging.operation.type" = "process",
            messaging.operation.name = "fold",
            messaging.destination.name = "log",
            messaging.destination.partition.id = fold.partition,
            messaging.batch.message_count = fold.events,
        );
        if !span.is_disabled() {
            trace::link(&span, traced(), fold.traceparents.len() == fold.events);
        }
        span
    }

    fn ended(&self, fold: &Fold<'_>, took: Duration, committed: bool) {
        let Some(Instruments { duration, events }) = &self.0 else { return };
        let mut of = vec![
            KeyValue::new("messaging.system", "snaglog"),
            KeyValue::new("messaging.operation.name", "fold"),
            KeyValue::new("messaging.destination.name", "log"),
            KeyValue::new("messaging.destination.partition.id", fold.partition.to_string()),
        ];
        if committed {
            events.add(fold.events as u64, &of);
        } else {
            of.push(KeyValue::new("error.type", "not_committed"));
        }
        duration.record(took.as_secs_f64(), &of);
    }
}
