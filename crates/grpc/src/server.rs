//! All services on one port, from the first connection to the last.

use std::sync::Arc;
use std::time::Duration;

use ::watch::Watches as Watched;
use api::admin::v1::admin_service_server::{self, AdminServiceServer};
use api::boards::v1::boards_service_server::{self, BoardsServiceServer};
use api::calendars::v1::calendar_service_server::{self, CalendarServiceServer};
use api::events::v1::events_service_server::{self, EventsServiceServer};
use api::flow::v1::flow_service_server::{self, FlowServiceServer};
use api::history::v1::history_service_server::{self, HistoryServiceServer};
use api::imports::v1::imports_service_server::{self, ImportsServiceServer};
use api::inbox::v1::inbox_service_server::{self, InboxServiceServer};
use api::issues::v1::issues_service_server::{self, IssuesServiceServer};
use api::people::v1::people_service_server::{self, PeopleServiceServer};
use api::policies::v1::policy_service_server::{self, PolicyServiceServer};
use api::projects::v1::projects_service_server::{self, ProjectsServiceServer};
use api::releases::v1::releases_service_server::{self, ReleasesServiceServer};
use api::search::v1::search_service_server::{self, SearchServiceServer};
use api::shifts::v1::shifts_service_server::{self, ShiftsServiceServer};
use api::sla::v1::sla_service_server::{self, SlaServiceServer};
use api::watches::v1::watches_service_server::{self, WatchesServiceServer};
use commands::{Commands, Environment};
use event_log::EventLog;
use history::History;
use telemetry::calls::Calls;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tonic::codec::CompressionEncoding;
use tonic::service::{Routes, RoutesBuilder};
use tonic::transport::Server;
use tonic_web::GrpcWebLayer;
use view_store::ViewStore;

use crate::admin::Admin;
use crate::boards::Boards;
use crate::calendars::Calendars;
use crate::connection::incoming;
use crate::deadline::Timeouts;
use crate::edge::Edge;
use crate::events::Events;
use crate::flow::Flow;
use crate::freshness::Views;
use crate::health::Health;
use crate::histories::Histories;
use crate::imports::Imports;
use crate::inbox::Inboxes;
use crate::issues::Issues;
use crate::limits::{FRESHNESS_WAIT_MS, MESSAGE_BYTES_MAX};
use crate::people::People;
use crate::policies::Policies;
use crate::projects::Projects;
use crate::releases::Releases;
use crate::search::Searches;
use crate::shifts::Shifts;
use crate::sla::Sla;
use crate::watches::{OfLog, Watches};

/// Connections that were cut have so long to notice.
const CUT_GRACE: Duration = Duration::from_secs(1);

/// What the services rest on.
#[derive(Clone)]
pub struct Deps {
    /// Does commands, on `log`.
    pub commands: Arc<Commands>,
    /// Where histories are read, and by which consistency tokens are checked.
    pub log: Arc<dyn EventLog>,
    /// Where queries are answered from. Its views are prepared.
    pub views: Arc<dyn ViewStore>,
    /// Keeps the views up to date: what operators watch and steer.
    pub projector: projector::Control,
    /// Tells the time that ages on a board are counted to.
    pub environment: Arc<dyn Environment>,
    /// True while log and views can serve: what health says.
    pub ready: watch::Receiver<bool>,
    /// Counts and traces calls; `None`: nobody does. It knows [`methods`](crate::methods).
    pub calls: Option<Arc<Calls>>,
}

/// Bounds, for those who need others than the default.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// A call may take so long where its caller gives no deadline. Default: 30 s.
    pub timeout_default_ms: u64,
    /// A call may take so long at most. Default: 60 s.
    pub timeout_max_ms: u64,
    /// A query waits so long at most for views to show what it must show. Default: 5 s.
    pub freshness_wait_ms: u64,
    /// So many calls may be under way at once; more are RESOURCE_EXHAUSTED. Default: 4096.
    pub calls_max: usize,
    /// So many calls may be under way on one connection; more wait. Default: 1024.
    pub streams_per_connection_max: u32,
    /// After so long without a word, a connection is asked whether it lives. Default: 30 s.
    pub keepalive_interval_ms: u64,
    /// A connection that doesn't answer in this time is closed. Default: 10 s.
    pub keepalive_timeout_ms: u64,
    /// A subscription or a watch that was sent nothing for so long is sent a bookmark. Default: 10 s.
    pub bookmark_ms: u64,
    /// Bounds of those who watch.
    pub watch: ::watch::Bounds,
    /// When it ends, the server waits so long for calls under way, then cuts connections. Default: 10 s.
    pub drain_ms: u64,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            timeout_default_ms: 30_000,
            timeout_max_ms: 60_000,
            freshness_wait_ms: FRESHNESS_WAIT_MS,
            calls_max: 4096,
            streams_per_connection_max: 1024,
            keepalive_interval_ms: 30_000,
            keepalive_timeout_ms: 10_000,
            bookmark_ms: 10_000,
            watch: ::watch::Bounds::default(),
            drain_ms: 10_000,
        }
    }
}

/// Why the server could not serve, or not end well.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The descriptors that reflection serves are broken: a mistake of the build.
    #[error("read the contract's descriptors")]
    Descriptors(#[from] tonic_reflection::server::Error),
    /// The transport failed.
    #[error("serve gRPC")]
    Transport(#[from] tonic::transport::Error),
}

/// Serves until `shutdown` is cancelled, then drains: no new connections, calls under way end, after `drain_ms` the rest is cut.
pub async fn serve(
    listener: TcpListener,
    deps: Deps,
    options: Options,
    shutdown: CancellationToken,
) -> Result<(), ServeError> {
    let health = Health::new(&SERVICES, deps.ready.clone(), deps.projector.parked(), shutdown.clone());
    let calls = deps.calls.clone();
    let routes = routes(deps, &health, &options)?;
    let edge = Edge::new(timeouts(&options), options.calls_max, health.told(), calls);
    let cut = CancellationToken::new();
    let served = Server::builder()
        .accept_http1(true)
        .max_concurrent_streams(options.streams_per_connection_max)
        .http2_keepalive_interval(Some(Duration::from_millis(options.keepalive_interval_ms)))
        .http2_keepalive_timeout(Some(Duration::from_millis(options.keepalive_timeout_ms)))
        .layer(GrpcWebLayer::new())
        .layer(edge)
        .serve_with_incoming_shutdown(routes, incoming(listener, cut.clone()), shutdown.clone().cancelled_owned());
    let health = health.follow();
    tokio::pin!(served, health);
    let hard_end = async {
        shutdown.cancelled().await;
        tokio::time::sleep(Duration::from_millis(options.drain_ms)).await;
    };
    tokio::select! {
        ended = &mut served => ended?,
        never = &mut health => match never {},
        () = hard_end => {
            tracing::warn!(drain_ms = options.drain_ms, "calls under way did not end in time; connections are cut");
            cut.cancel();
            // Whoever doesn't notice now is left to the end of the process.
            let _ = tokio::time::timeout(CUT_GRACE, served).await;
        }
    }
    Ok(())
}

/// The names under which health is told, beside the whole server's.
const SERVICES: [&str; 17] = [
    issues_service_server::SERVICE_NAME,
    projects_service_server::SERVICE_NAME,
    releases_service_server::SERVICE_NAME,
    boards_service_server::SERVICE_NAME,
    watches_service_server::SERVICE_NAME,
    inbox_service_server::SERVICE_NAME,
    people_service_server::SERVICE_NAME,
    flow_service_server::SERVICE_NAME,
    history_service_server::SERVICE_NAME,
    events_service_server::SERVICE_NAME,
    imports_service_server::SERVICE_NAME,
    admin_service_server::SERVICE_NAME,
    search_service_server::SERVICE_NAME,
    calendar_service_server::SERVICE_NAME,
    policy_service_server::SERVICE_NAME,
    shifts_service_server::SERVICE_NAME,
    sla_service_server::SERVICE_NAME,
];

fn timeouts(options: &Options) -> Timeouts {
    Timeouts {
        default: Duration::from_millis(options.timeout_default_ms),
        max: Duration::from_millis(options.timeout_max_ms),
    }
}

/// Messages are bounded after decompression; gzip is understood, and never sent unasked.
macro_rules! bounded {
    ($server:expr) => {
        $server.max_decoding_message_size(MESSAGE_BYTES_MAX).accept_compressed(CompressionEncoding::Gzip)
    };
}

fn routes(deps: Deps, health: &Health, options: &Options) -> Result<Routes, ServeError> {
    let Deps { commands, log, views, projector, environment, ready: _, calls: _ } = deps;
    let bookmark_every = Duration::from_millis(options.bookmark_ms);
    let lineage = Arc::new(OfLog(Arc::clone(&log)));
    let watched = Watched::new(Arc::clone(&views), lineage, bookmark_every, options.watch.clone());
    let admin = Admin::new(projector, Arc::clone(&views), Arc::clone(&log), Arc::clone(&environment), health.told());
    let freshness_wait = Duration::from_millis(options.freshness_wait_ms);
    let views = Arc::new(Views::new(views, Arc::clone(&log), freshness_wait));
    let history = History::new(Arc::clone(&log));
    let mut routes = RoutesBuilder::default();
    let issues = Issues {
        commands: Arc::clone(&commands),
        views: Arc::clone(&views),
        history: history.clone(),
        environment: Arc::clone(&environment),
    };
    let flow =
        Flow { commands: Arc::clone(&commands), views: Arc::clone(&views), environment: Arc::clone(&environment) };
    routes.add_service(bounded!(IssuesServiceServer::new(issues)));
    routes.add_service(bounded!(ProjectsServiceServer::new(Projects { commands: Arc::clone(&commands) })));
    routes.add_service(bounded!(CalendarServiceServer::new(Calendars {
        commands: Arc::clone(&commands),
        views: Arc::clone(&views),
        environment: Arc::clone(&environment)
    })));
    routes.add_service(bounded!(ReleasesServiceServer::new(Releases { commands: Arc::clone(&commands) })));
    routes.add_service(bounded!(SearchServiceServer::new(Searches {
        commands: Arc::clone(&commands),
        views: Arc::clone(&views)
    })));
    routes.add_service(bounded!(InboxServiceServer::new(Inboxes {
        commands: Arc::clone(&commands),
        views: Arc::clone(&views),
        environment: Arc::clone(&environment)
    })));
    routes.add_service(bounded!(ShiftsServiceServer::new(Shifts {
        commands: Arc::clone(&commands),
        views: Arc::clone(&views),
        environment: Arc::clone(&environment)
    })));
    routes.add_service(bounded!(PeopleServiceServer::new(People {
        commands: Arc::clone(&commands),
        views: Arc::clone(&views),
        environment: Arc::clone(&environment)
    })));
    routes.add_service(bounded!(PolicyServiceServer::new(Policies {
        commands: Arc::clone(&commands),
        views: Arc::clone(&views),
        environment: Arc::clone(&environment)
    })));
    routes.add_service(bounded!(WatchesServiceServer::new(Watches {
        commands: Arc::clone(&commands),
        views: Arc::clone(&views),
        log: Arc::clone(&log),
        watched,
        environment: Arc::clone(&environment),
    })));
    let sla = Sla::new(
        (Arc::clone(&commands), Arc::clone(&views), Arc::clone(&log)),
        Arc::clone(&environment),
        bookmark_every,
    );
    routes.add_service(bounded!(SlaServiceServer::new(sla)));
    routes.add_service(bounded!(BoardsServiceServer::new(Boards {
        commands: Arc::clone(&commands),
        views,
        environment
    })));
    let events = Events::new(Arc::clone(&log), health.told(), bookmark_every);
    routes.add_service(bounded!(EventsServiceServer::new(events)));
    routes.add_service(bounded!(FlowServiceServer::new(flow)));
    routes.add_service(bounded!(HistoryServiceServer::new(Histories { history, log })));
    routes.add_service(bounded!(ImportsServiceServer::new(Imports { commands })));
    routes.add_service(bounded!(AdminServiceServer::new(admin)));
    routes.add_service(bounded!(health.service()));
    routes.add_service(reflection().build_v1()?);
    routes.add_service(reflection().build_v1alpha()?);
    Ok(routes.routes())
}

fn reflection<'a>() -> tonic_reflection::server::Builder<'a> {
    tonic_reflection::server::Builder::configure()
        .register_encoded_file_descriptor_set(api::DESCRIPTORS)
        .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
}
