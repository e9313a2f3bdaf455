//! What `grpc.health.v1.Health` says: of the whole server (the empty name), of each service, and of the views ([`VIEWS`]).

use std::convert::Infallible;

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tonic_health::ServingStatus;
use tonic_health::pb::health_server::HealthServer;
use tonic_health::server::{HealthReporter, HealthService};

/// The name under which the views' health is told: not serving while a stream is parked that no operator has seen. The server serves all the
/// same: one event that can't be applied takes nobody's answers away.
pub(crate) const VIEWS: &str = "snaglog.views";

/// Health, as it follows from what the services rest on.
pub(crate) struct Health {
    reporter: HealthReporter,
    services: &'static [&'static str],
    ready: watch::Receiver<bool>,
    /// How many streams are parked that nobody has seen.
    parked: watch::Receiver<u64>,
    shutdown: CancellationToken,
    told: CancellationToken,
}

impl Health {
    pub(crate) fn new(
        services: &'static [&'static str],
        ready: watch::Receiver<bool>,
        parked: watch::Receiver<u64>,
        shutdown: CancellationToken,
    ) -> Self {
        Self { reporter: HealthReporter::new(), services, ready, parked, shutdown, told: CancellationToken::new() }
    }

    /// Answers who asks.
    pub(crate) fn service(&self) -> HealthServer<HealthService> {
        HealthServer::new(HealthService::from_health_reporter(self.reporter.clone()))
    }

    /// Cancelled once all who watch have been told that the server ends.
    pub(crate) fn told(&self) -> CancellationToken {
        self.told.clone()
    }

    /// Says what it is now.
    async fn tell(&mut self) {
        let ready = *self.ready.borrow_and_update() && !self.shutdown.is_cancelled();
        let status = |serves| if serves { ServingStatus::Serving } else { ServingStatus::NotServing };
        for service in [""].iter().chain(self.services) {
            self.reporter.set_service_status(service, status(ready)).await;
        }
        let complete = *self.parked.borrow_and_update() == 0;
        self.reporter.set_service_status(VIEWS, status(ready && complete)).await;
    }

    /// Says it anew whenever it changes.
    pub(crate) async fn follow(mut self) -> Infallible {
        loop {
            self.tell().await;
            tokio::select! {
                changed = self.ready.changed() => if changed.is_err() { self.ends().await },
                Ok(()) = self.parked.changed() => {}
                () = self.shutdown.cancelled() => self.ends().await,
            }
        }
    }

    /// Nothing can change any more but that the server ends.
    async fn ends(&mut self) {
        self.shutdown.cancelled().await;
        self.tell().await;
        self.told.cancel();
        std::future::pending::<()>().await;
    }
}
