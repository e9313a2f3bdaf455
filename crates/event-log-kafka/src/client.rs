//! librdkafka's handles, set up for this log: what must not be lost is not left to defaults.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use event_log::PartitionId;

use rdkafka::client::ClientContext;
use rdkafka::config::{FromClientConfigAndContext, RDKafkaLogLevel};
use rdkafka::consumer::ConsumerContext;
use rdkafka::error::{KafkaError, KafkaResult, RDKafkaErrorCode};
use rdkafka::producer::{DeliveryResult, ProducerContext};
use rdkafka::{ClientConfig, Offset, Statistics};

use crate::url::Location;

/// Most bytes of a record of the topic: an append has at most 2 MiB, and its envelope less than as much again.
pub(crate) const RECORD_BYTES_MAX: usize = 4 * 1024 * 1024;
/// A record that was not delivered in this time is given up by librdkafka, and sent again by us.
pub(crate) const DELIVERY_TIMEOUT_MS: u32 = 8_000;

/// librdkafka tells so often how far brokers are ahead.
const STATISTICS_MS: &str = "1000";

/// How many records of each partition brokers have that were not read here.
#[derive(Debug, Clone, Default)]
pub(crate) struct Behind(Arc<Mutex<BTreeMap<PartitionId, u64>>>);

/// What librdkafka tells of its connections.
#[derive(Debug, Clone, Default)]
pub(crate) struct Told {
    lost: Arc<AtomicBool>,
    behind: Behind,
}

impl Behind {
    /// By partition; empty: it was not told yet.
    pub(crate) fn all(&self) -> Vec<(PartitionId, u64)> {
        let behind = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        behind.iter().map(|(partition, records)| (*partition, *records)).collect()
    }

    /// Takes over what is told of the one topic that is read.
    fn note(&self, told: &Statistics) {
        let mut behind = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for of in told.topics.values().flat_map(|topic| topic.partitions.values()) {
            // Negative: not known.
            if let (Ok(partition), true) =
                (PartitionId::try_from(of.partition), of.hi_offset >= 0 && of.app_offset >= 0)
            {
                behind.insert(partition, of.hi_offset.saturating_sub(of.app_offset).max(0).unsigned_abs());
            }
        }
    }
}

impl Told {
    /// How far brokers are ahead is told there.
    pub(crate) fn by(behind: Behind) -> Self {
        Self { behind, ..Self::default() }
    }

    /// Whether all brokers were lost since this was asked last.
    pub(crate) fn take_lost(&self) -> bool {
        self.lost.swap(false, Ordering::Relaxed)
    }
}

impl ClientContext for Told {
    fn stats(&self, told: Statistics) {
        self.behind.note(&told);
    }

    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        match level {
            RDKafkaLogLevel::Emerg | RDKafkaLogLevel::Alert | RDKafkaLogLevel::Critical => {
                tracing::error!(facility, "librdkafka: {message}");
            }
            // What becomes of an outage is told by the log itself, once; librdkafka tells of every connection.
            RDKafkaLogLevel::Error | RDKafkaLogLevel::Warning => tracing::debug!(facility, "librdkafka: {message}"),
            _ => tracing::trace!(facility, "librdkafka: {message}"),
        }
    }

    fn error(&self, error: KafkaError, reason: &str) {
        if error.rdkafka_error_code() == Some(RDKafkaErrorCode::AllBrokersDown) {
            self.lost.store(true, Ordering::Relaxed);
        }
        tracing::debug!(%error, "librdkafka: {reason}");
    }
}

impl ConsumerContext for Told {}

impl ProducerContext for Told {
    type DeliveryOpaque = ();

    fn delivery(&self, _: &DeliveryResult<'_>, (): ()) {}
}

/// What all handles have in common.
pub(crate) fn common(location: &Location) -> ClientConfig {
    let mut config = ClientConfig::new();
    config
        .set("bootstrap.servers", &location.brokers)
        .set("client.id", "snaglog")
        .set("allow.auto.create.topics", "false")
        .set("socket.nagle.disable", "true")
        .set("socket.keepalive.enable", "true")
        .set("socket.timeout.ms", "10000")
        .set("reconnect.backoff.ms", "20")
        .set("reconnect.backoff.max.ms", "1000")
        .set("retry.backoff.ms", "20")
        .set("topic.metadata.refresh.interval.ms", "10000")
        .set("topic.metadata.refresh.fast.interval.ms", "50")
        .set_log_level(RDKafkaLogLevel::Notice);
    for (name, value) in &location.properties {
        config.set(name, value);
    }
    config
}

/// A producer whose records arrive in order, once, on every replica in sync; whether they have is reported.
pub(crate) fn producer<C, P>(location: &Location, context: C) -> KafkaResult<P>
where
    C: ClientContext,
    P: FromClientConfigAndContext<C>,
{
    let mut config = common(location);
    config
        .set("enable.idempotence", "true")
        .set("acks", "all")
        .set("linger.ms", "0")
        .set("message.max.bytes", RECORD_BYTES_MAX.to_string())
        .set("message.timeout.ms", DELIVERY_TIMEOUT_MS.to_string())
        .set("request.timeout.ms", "5000")
        .set("queue.buffering.max.messages", "100000")
        .set("queue.buffering.max.kbytes", "262144");
    config.create_with_context(context)
}

/// A consumer that is told where to read, and never elsewhere by itself, and gets about so many bytes of a partition at once. It tells
/// how far brokers are ahead.
pub(crate) fn consumer<P>(location: &Location, bytes: usize, context: Told) -> KafkaResult<P>
where
    P: FromClientConfigAndContext<Told>,
{
    let mut config = consumer_config(location, bytes);
    config.set("statistics.interval.ms", STATISTICS_MS);
    config.create_with_context(context)
}

/// The same, and it is told when it has reached the end of a partition.
pub(crate) fn eager_consumer<P>(location: &Location, bytes: usize, context: Told) -> KafkaResult<P>
where
    P: FromClientConfigAndContext<Told>,
{
    let mut config = consumer_config(location, bytes);
    config.set("enable.partition.eof", "true");
    config.create_with_context(context)
}

/// The number of a place in a partition; 0, where it is none yet.
pub(crate) fn offset_of(offset: Offset) -> u64 {
    match offset {
        Offset::Offset(offset) => u64::try_from(offset).unwrap_or_default(),
        _ => 0,
    }
}

fn consumer_config(location: &Location, bytes: usize) -> ClientConfig {
    let mut config = common(location);
    config
        // librdkafka wants one. Nobody joins it, and nothing is committed to it: offsets are the replica's.
        .set("group.id", "snaglog")
        .set("enable.auto.commit", "false")
        .set("enable.auto.offset.store", "false")
        .set("auto.offset.reset", "error")
        .set("check.crcs", "true")
        // Nothing of the log is in a transaction, and somebody's that is left open must not hide what comes after it.
        .set("isolation.level", "read_uncommitted")
        .set("fetch.wait.max.ms", "500")
        .set("fetch.min.bytes", "1")
        .set("fetch.queue.backoff.ms", "1")
        .set("fetch.error.backoff.ms", "20")
        .set("fetch.message.max.bytes", bytes.to_string())
        .set("fetch.max.bytes", (8 * bytes.max(RECORD_BYTES_MAX)).to_string())
        .set("queued.max.messages.kbytes", "65536");
    config
}
