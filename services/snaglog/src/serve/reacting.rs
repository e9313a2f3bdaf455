//! What the system does by itself, in this process: started, told of what is folded, counted.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use commands::Commands;
use domain::project::Reactor;
use event_log::EventLog;
use jiff::Timestamp;
use projector::Control;
use reactors::{Deps, Outcome, Reactors, TimeSource};
use telemetry::{Counter, Histogram, KeyValue, Meter};
use tokio_util::sync::CancellationToken;
use view_store::ViewStore;

use crate::environment::Machine;

/// Wall time may be set while somebody waits for it: it is looked at so often.
const LOOK_AT_TIME: Duration = Duration::from_secs(60);
/// Upper bounds of the histogram of lags, in seconds.
const LAGS: [f64; 12] = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 30.0, 300.0, 3600.0, 86400.0];

#[async_trait]
impl TimeSource for Machine {
    fn now(&self) -> Timestamp {
        commands::Environment::now(self)
    }

    async fn reaches(&self, at: Timestamp) {
        let left = Duration::try_from(at.duration_since(commands::Environment::now(self))).unwrap_or_default();
        tokio::time::sleep(left.min(LOOK_AT_TIME)).await;
    }
}

/// Starts the reactors; they hear of what is folded here.
pub(super) fn start(
    commands: &Arc<Commands>,
    log: &Arc<dyn EventLog>,
    views: &Arc<dyn ViewStore>,
    projector: &Control,
    meter: Option<&Meter>,
    stop: CancellationToken,
) -> Reactors {
    let deps = Deps {
        commands: Arc::clone(commands),
        identity: log.identity(),
        time: Arc::new(Machine),
        due: reactors::sla_due(Arc::clone(views)),
        duties: reactors::duties,
        views: Arc::clone(views),
        led: projector.led(),
    };
    let reactors = Reactors::start(deps, stop);
    if let Some(meter) = meter {
        reactors.observe(Arc::new(Acts::new(meter)));
    }
    projector.listen(reactors.listener());
    reactors
}

/// Figures of what reactors do.
struct Acts {
    ended: Counter<u64>,
    lag: Histogram<f64>,
    under_way: Arc<AtomicU64>,
}

impl Acts {
    fn new(meter: &Meter) -> Self {
        let under_way = Arc::<AtomicU64>::default();
        let told = Arc::clone(&under_way);
        let gauge = meter.u64_observable_gauge("snaglog.reactor.under_way").with_unit("{issue}");
        let gauge = gauge.with_description("Issues that the system looks after by itself at this moment");
        gauge.with_callback(move |gauge| gauge.observe(told.load(Ordering::Relaxed), &[])).build();
        Self {
            ended: meter
                .u64_counter("snaglog.reactor.acts")
                .with_unit("{act}")
                .with_description("What the system did by itself, and what became of it")
                .build(),
            lag: meter
                .f64_histogram("snaglog.reactor.lag")
                .with_unit("s")
                .with_description("How long after it was due something was recorded")
                .with_boundaries(LAGS.to_vec())
                .build(),
            under_way,
        }
    }
}

impl reactors::Observer for Acts {
    fn ended(&self, reactor: Reactor, outcome: Outcome, lag: Duration) {
        let reactor = KeyValue::new("snaglog.reactor", reactor.as_str());
        if outcome == Outcome::Recorded {
            self.lag.record(lag.as_secs_f64(), std::slice::from_ref(&reactor));
        }
        self.ended.add(1, &[reactor, KeyValue::new("snaglog.outcome", outcome.as_str())]);
    }

    fn under_way(&self, issues: usize) {
        self.under_way.store(issues as u64, Ordering::Relaxed);
    }
}
