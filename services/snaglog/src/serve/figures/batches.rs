//! What a log tells of each batch that it writes.

use event_log::{Batch, Observer};
use telemetry::{Counter, Histogram, KeyValue, Meter};

use super::SECONDS;

/// Upper bounds of the histogram of a batch's proposals, and of its events.
const SIZES: [f64; 11] = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 512.0, 1024.0];

/// The batches that a log writes.
pub(super) struct Batches {
    size: Histogram<f64>,
    duration: Histogram<f64>,
    events: Counter<u64>,
    of: [KeyValue; 3],
    failed: [KeyValue; 4],
}

impl Batches {
    pub(super) fn new(meter: &Meter) -> Self {
        let of = [
            KeyValue::new("messaging.system", "snaglog"),
            KeyValue::new("messaging.operation.name", "append"),
            KeyValue::new("messaging.destination.name", "log"),
        ];
        let [system, operation, destination] = of.clone();
        Self {
            size: meter
                .f64_histogram("snaglog.log.batch.size")
                .with_unit("{append}")
                .with_description("Appends that were written in one transaction")
                .with_boundaries(SIZES.to_vec())
                .build(),
            duration: meter
                .f64_histogram("messaging.client.operation.duration")
                .with_unit("s")
                .with_description("How long such a transaction took, from the queue to its answers")
                .with_boundaries(SECONDS.to_vec())
                .build(),
            events: meter
                .u64_counter("messaging.client.sent.messages")
                .with_unit("{message}")
                .with_description("Events in the transactions that were written")
                .build(),
            of,
            failed: [system, operation, destination, KeyValue::new("error.type", "storage")],
        }
    }
}

impl Observer for Batches {
    fn batch(&self, batch: &Batch) {
        self.size.record(batch.proposals as f64, &[]);
        let of: &[KeyValue] = if batch.written { &self.of } else { &self.failed };
        self.duration.record(batch.took.as_secs_f64(), of);
        self.events.add(if batch.written { batch.events as u64 } else { 0 }, &self.of);
    }
}
