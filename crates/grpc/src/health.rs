//! What `grpc.health.v1.Health` says: of the whole server (the empty name) and of each service.

use std::convert::Infallible;

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tonic_health::ServingStatus;
use tonic_health::pb::health_server::HealthServer;
use tonic_health::server::{HealthReporter, HealthService};

/// Health, as it follows from what the services rest on.
pub(crate) struct Health {
    reporter: HealthReporter,
    services: &'static [&'static str],
    ready: watch::Receiver<bool>,
    shutdown: CancellationToken,
    told: CancellationToken,
}

impl Health {
    pub(crate) fn new(
        services: &'static [&'static str],
        ready: watch::Receiver<bool>,
        shutdown: CancellationToken,
    ) -> Self {
        Self { reporter: HealthReporter::new(), services, ready, shutdown, told: CancellationToken::new() }
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
        let status = if ready { ServingStatus::Serving } else { ServingStatus::NotServing };
        for service in [""].iter().chain(self.services) {
            self.reporter.set_service_status(service, status).await;
        }
    }

    /// Says it anew whenever it changes.
    pub(crate) async fn follow(mut self) -> Infallible {
        loop {
            self.tell().await;
            tokio::select! {
                changed = self.ready.changed() => if changed.is_err() { self.ends().await },
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
