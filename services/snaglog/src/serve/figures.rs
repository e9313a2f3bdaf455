//! The figures of log and views: what they have in hand, looked at now and then, and what they tell when it happens.

mod batches;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use commands::Environment as _;
use event_log::{EventLog, PartitionId};
use projector::{Control, Progress};
use telemetry::{KeyValue, Meter};
use tokio_util::sync::CancellationToken;
use view_store::ViewStore;

use crate::environment::Machine;
use batches::Batches;

/// Where a collector is told, they are looked at so often; and whenever Prometheus asks.
const LOOK_EVERY: Duration = Duration::from_secs(5);
/// Upper bounds of the histogram of how long a batch took, in seconds.
pub(super) const SECONDS: [f64; 14] =
    [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0];

/// What is looked at.
pub(crate) struct Figures {
    log: Arc<dyn EventLog>,
    views: Arc<dyn ViewStore>,
    projector: Control,
    seen: Mutex<Seen>,
}

/// What was seen last.
#[derive(Default)]
struct Seen {
    progress: Vec<Progress>,
    /// By view and partition, in the order of `progress`: how long the first event that the view lacks has been in the log.
    lag_seconds: Vec<f64>,
    log: event_log::Stats,
    views: view_store::Stats,
}

impl Figures {
    /// Looks at once, and then as long as there is somebody who is told.
    pub(crate) async fn start(
        meter: &Meter,
        log: Arc<dyn EventLog>,
        views: Arc<dyn ViewStore>,
        projector: Control,
        end: CancellationToken,
    ) -> Arc<Self> {
        let figures = Arc::new(Self { log, views, projector, seen: Mutex::default() });
        figures.look().await;
        figures.register(meter);
        figures.log.observe(Arc::new(Batches::new(meter)));
        let looking = Arc::clone(&figures);
        tokio::spawn(async move {
            let mut every = tokio::time::interval(LOOK_EVERY);
            while end.run_until_cancelled(every.tick()).await.is_some() {
                looking.look().await;
            }
        });
        figures
    }

    /// Looks now.
    pub(crate) async fn look(&self) {
        let progress = self.projector.progress();
        let now = Machine.now().as_microsecond();
        let mut next: BTreeMap<(PartitionId, u64), f64> = BTreeMap::new();
        let mut lag_seconds = Vec::with_capacity(progress.len());
        for Progress { partition, checkpoint, head, .. } in &progress {
            if checkpoint >= head {
                lag_seconds.push(0.0);
                continue;
            }
            let place = (*partition, *checkpoint);
            let age = match next.get(&place) {
                Some(age) => *age,
                None => self.age_of_next(place, now).await,
            };
            next.insert(place, age);
            lag_seconds.push(age);
        }
        let (log, views) = (self.log.stats(), self.views.stats());
        *self.seen() = Seen { progress, lag_seconds, log, views };
    }

    /// For how long the event after this place has been in the log, in seconds.
    async fn age_of_next(&self, (partition, after): (PartitionId, u64), now: i64) -> f64 {
        let page = self.log.read_partition(partition, after, 1).await;
        let first = page.ok().and_then(|page| page.records.into_iter().next());
        first.map_or(0.0, |first| seconds(now.saturating_sub(first.record.header.metadata.recorded_at)))
    }

    /// Streams that views have set aside: the view, the partition, and how many.
    pub(crate) fn parked(&self) -> Vec<(String, PartitionId, u64)> {
        let parked = self.projector.progress().into_iter().filter(|progress| progress.parked > 0);
        parked.map(|progress| (progress.view.to_string(), progress.partition, progress.parked)).collect()
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        // Nobody panics while holding it.
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn register(self: &Arc<Self>, meter: &Meter) {
        self.register_views(meter);
        self.register_log(meter);
        self.register_pools(meter);
    }

    fn register_views(self: &Arc<Self>, meter: &Meter) {
        let of_views = |name: &'static str, unit: &'static str, what: &'static str, value: fn(&Progress) -> u64| {
            let figures = Arc::clone(self);
            let gauge = meter.u64_observable_gauge(name).with_unit(unit).with_description(what);
            let seen = gauge.with_callback(move |gauge| {
                for progress in &figures.seen().progress {
                    gauge.observe(value(progress), &of_view(progress));
                }
            });
            seen.build();
        };
        of_views("snaglog.view.position", "{event}", "The last event that a view has folded of a partition", |it| {
            it.checkpoint
        });
        of_views("snaglog.view.lag", "{event}", "Events of a partition that a view has yet to fold", |it| {
            it.head.saturating_sub(it.checkpoint)
        });
        of_views("snaglog.view.parked", "{stream}", "Streams that a view has set aside", |it| it.parked);
        let figures = Arc::clone(self);
        let gauge = meter.f64_observable_gauge("snaglog.view.lag.time").with_unit("s");
        let what = "How long the first event that a view has yet to fold has been in the log; 0: it has folded all";
        let gauge = gauge.with_description(what).with_callback(move |gauge| {
            let seen = figures.seen();
            for (progress, seconds) in seen.progress.iter().zip(&seen.lag_seconds) {
                gauge.observe(*seconds, &of_view(progress));
            }
        });
        gauge.build();
    }

    fn register_log(self: &Arc<Self>, meter: &Meter) {
        self.gauge(
            meter,
            "snaglog.log.head",
            "{event}",
            "The last event of a partition that can be read",
            |figures, tell| {
                for partition in 0..figures.log.identity().partitions {
                    tell(*figures.log.head(partition).borrow(), &[partition_of(partition)]);
                }
            },
        );
        let what =
            "Events of a partition that other nodes have, and this one has yet to read; 0: it has no copy of its own";
        self.gauge(meter, "snaglog.log.behind", "{event}", what, |figures, tell| {
            let behind: BTreeMap<_, _> = figures.seen().log.behind.iter().copied().collect();
            for partition in 0..figures.log.identity().partitions {
                tell(behind.get(&partition).copied().unwrap_or_default(), &[partition_of(partition)]);
            }
        });
        self.gauge(meter, "snaglog.log.queue", "{append}", "Appends that wait to be written", |figures, tell| {
            for queue in &figures.seen().log.queues {
                tell(queue.proposals as u64, &of_queue(queue.partition));
            }
        });
        self.gauge(
            meter,
            "snaglog.log.queue.limit",
            "{append}",
            "Appends that may wait; more are refused",
            |figures, tell| {
                for queue in &figures.seen().log.queues {
                    tell(queue.proposals_max as u64, &of_queue(queue.partition));
                }
            },
        );
        self.gauge(
            meter,
            "snaglog.view.queue",
            "{commit}",
            "Batches of views that wait to be written",
            |figures, tell| {
                if let Some(commits) = figures.seen().views.queue {
                    tell(commits as u64, &[]);
                }
            },
        );
        let what = "Bytes of SQLite's write-ahead log, beside log.db and views.db";
        self.gauge(meter, "snaglog.sqlite.wal", "By", what, |figures, tell| {
            let seen = figures.seen();
            for (store, bytes) in [("log", seen.log.wal_bytes), ("views", seen.views.wal_bytes)] {
                if let Some(bytes) = bytes {
                    tell(bytes, &[KeyValue::new("snaglog.store", store)]);
                }
            }
        });
    }

    /// By OpenTelemetry's conventions what is counted up and down is no gauge.
    fn register_pools(self: &Arc<Self>, meter: &Meter) {
        let (counts, most) = (Arc::clone(self), Arc::clone(self));
        let count = meter.i64_observable_up_down_counter("db.client.connection.count").with_unit("{connection}");
        let count =
            count.with_description("Connections lent, and idle or yet to be made").with_callback(move |counter| {
                for (pool, used, max) in counts.pools() {
                    for (state, count) in [("used", used), ("idle", max.saturating_sub(used))] {
                        let state = KeyValue::new("db.client.connection.state", state);
                        counter.observe(signed(count), &[pool.clone(), state]);
                    }
                }
            });
        count.build();
        let max = meter.i64_observable_up_down_counter("db.client.connection.max").with_unit("{connection}");
        let max = max.with_description("Connections there may be").with_callback(move |counter| {
            for (pool, _, max) in most.pools() {
                counter.observe(signed(max), &[pool]);
            }
        });
        max.build();
    }

    /// Every pool of connections: its name, how many are lent, how many there may be.
    fn pools(&self) -> Vec<(KeyValue, usize, usize)> {
        let seen = self.seen();
        let name = |store: &str, pool: &str| KeyValue::new("db.client.connection.pool.name", format!("{store}/{pool}"));
        let log = seen.log.pools.iter().map(|pool| (name("log", pool.name), pool.used, pool.max));
        let views = seen.views.pools.iter().map(|pool| (name("views", pool.name), pool.used, pool.max));
        log.chain(views).collect()
    }

    fn gauge(
        self: &Arc<Self>,
        meter: &Meter,
        name: &'static str,
        unit: &'static str,
        what: &'static str,
        look: impl Fn(&Self, &dyn Fn(u64, &[KeyValue])) + Send + Sync + 'static,
    ) {
        let figures = Arc::clone(self);
        let gauge = meter.u64_observable_gauge(name).with_unit(unit).with_description(what);
        gauge.with_callback(move |gauge| look(&figures, &|value, of| gauge.observe(value, of))).build();
    }
}

fn of_view(progress: &Progress) -> [KeyValue; 3] {
    [
        KeyValue::new("snaglog.view", progress.view.name),
        KeyValue::new("snaglog.view.version", i64::from(progress.view.version)),
        partition_of(progress.partition),
    ]
}

fn of_queue(partition: Option<PartitionId>) -> Vec<KeyValue> {
    partition.map(partition_of).into_iter().collect()
}

fn partition_of(partition: PartitionId) -> KeyValue {
    KeyValue::new("snaglog.partition", i64::from(partition))
}

fn signed(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

fn seconds(microseconds: i64) -> f64 {
    microseconds.max(0) as f64 / 1e6
}
