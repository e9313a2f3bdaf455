//! What a server tells of itself while it runs: its figures, its calls, whether it is ready.

use std::sync::Arc;

use anyhow::Context as _;
use event_log::EventLog;
use projector::Control;
use telemetry::calls::Calls;
use telemetry::{Meter, Telemetry};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use view_store::ViewStore;

use super::endpoint::{self, Told};
use super::figures::Figures;
use super::folds::Folds;
use super::telling::Telling;

/// It, from before the log is opened until after it is closed.
pub(crate) struct Watched {
    telemetry: Arc<Telemetry>,
    figures: watch::Sender<Option<Arc<Figures>>>,
    why_not: watch::Sender<Option<Arc<str>>>,
    end: CancellationToken,
    endpoint: Option<JoinHandle<()>>,
}

impl Watched {
    /// Sets up what was asked for, and serves it. Prints `metrics on HOST:PORT` where it does.
    pub(crate) async fn start(telling: &Telling) -> anyhow::Result<Self> {
        let telemetry = Arc::new(telling.start()?);
        let (figures, why_not) = (watch::Sender::new(None), watch::Sender::new(Some("it is starting".into())));
        let end = CancellationToken::new();
        let mut endpoint = None;
        if let Some(listener) = telling.listen().await? {
            println!("metrics on {}", listener.local_addr().context("the address of figures")?);
            let (figures, why_not) = (figures.subscribe(), why_not.subscribe());
            let told = Told { telemetry: Arc::clone(&telemetry), figures, why_not };
            endpoint = Some(tokio::spawn(endpoint::serve(listener, told, end.clone())));
        }
        Ok(Self { telemetry, figures, why_not, end, endpoint })
    }

    /// Who counts and traces calls; `None`: nobody wants to know.
    pub(crate) fn calls(&self) -> Option<Arc<Calls>> {
        let meter = self.telemetry.meter();
        let wanted = meter.is_some() || self.telemetry.is_tracing();
        wanted.then(|| Arc::new(Calls::new(grpc::methods(), meter, self.telemetry.sampler())))
    }

    /// By which figures are made; `None`: nobody wants to know.
    pub(crate) fn meter(&self) -> Option<&Meter> {
        self.telemetry.meter()
    }

    /// Watches log and views from now on.
    pub(crate) async fn watch(&self, log: &Arc<dyn EventLog>, views: &Arc<dyn ViewStore>, projector: Control) {
        let meter = self.telemetry.meter();
        if meter.is_some() || self.telemetry.is_tracing() {
            projector.observe(Arc::new(Folds::new(meter)));
        }
        if let Some(meter) = meter {
            let (log, views) = (Arc::clone(log), Arc::clone(views));
            let figures = Figures::start(meter, log, views, projector, self.end.clone()).await;
            self.figures.send_replace(Some(figures));
        }
    }

    /// Whether calls can be served, and why not.
    pub(crate) fn why_not(&self) -> watch::Sender<Option<Arc<str>>> {
        self.why_not.clone()
    }

    /// Ends it, with what is left sent.
    pub(crate) async fn stop(self) {
        self.end.cancel();
        if let Some(endpoint) = self.endpoint {
            // An error means that it panicked, which the panic has told already.
            let _ = endpoint.await;
        }
        let telemetry = self.telemetry;
        let _ = tokio::task::spawn_blocking(move || telemetry.stop()).await;
    }
}
