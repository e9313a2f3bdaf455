//! What every story begins with: a server on a port of its own, a project, and people who call.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use api::admin::v1::admin_service_client::AdminServiceClient;
use api::boards::v1::boards_service_client::BoardsServiceClient;
use api::events::v1::events_service_client::EventsServiceClient;
use api::flow::v1::flow_service_client::FlowServiceClient;
use api::history::v1::history_service_client::HistoryServiceClient;
use api::imports::v1::imports_service_client::ImportsServiceClient;
use api::issues::v1::issues_service_client::IssuesServiceClient;
use api::issues::v1::{CustomerChannel, CustomerSource, FileIssueRequest, Issue, Report, Source, source};
use api::projects::v1::projects_service_client::ProjectsServiceClient;
use api::projects::v1::{
    AddComponentRequest, AddCustomerRequest, AddProductOwnerRequest, AddTeamMemberRequest, AddTeamRequest,
    CreateProjectRequest, TeamModel,
};
use api::releases::v1::releases_service_client::ReleasesServiceClient;
use api::search::v1::search_service_client::SearchServiceClient;
use api::watches::v1::watches_service_client::WatchesServiceClient;
use commands::{Commands, Environment};
use event_log::{EventLog, Identity, MemoryLog};
use grpc::{Deps, Options, ServeError, serve};
use jiff::Timestamp;
use projector::Projector;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tonic::metadata::MetadataValue;
use tonic::service::Interceptor;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::{Channel, Endpoint};
use tonic::{Request, Status};
use uuid::Uuid;
use view_store::ViewStore;
use view_store::memory::MemoryViews;

use super::around::GatedLog;

/// A server, and what a story does to it.
pub(crate) struct Given {
    pub(crate) address: SocketAddr,
    pub(crate) log: Arc<GatedLog>,
    pub(crate) store: Arc<dyn ViewStore>,
    pub(crate) environment: Arc<Clockwork>,
    pub(crate) ready: watch::Sender<bool>,
    /// Cancelled, the server ends.
    pub(crate) shutdown: CancellationToken,
    /// Cancelled, the views stand still.
    pub(crate) views_stop: CancellationToken,
    pub(crate) projector: Projector,
    pub(crate) served: JoinHandle<Result<(), ServeError>>,
}

pub(crate) type Client = InterceptedService<Channel, Actor>;

/// Names who calls.
#[derive(Clone)]
pub(crate) struct Actor(&'static str);

impl Actor {
    pub(crate) fn named(actor: &'static str) -> Self {
        Self(actor)
    }
}

impl Interceptor for Actor {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        if !self.0.is_empty() {
            request.metadata_mut().insert(grpc::ACTOR_METADATA, MetadataValue::from_static(self.0));
        }
        Ok(request)
    }
}

/// A clock that moves a millisecond whenever it is looked at, ids that count, and a fault on demand.
pub(crate) struct Clockwork {
    now_ms: AtomicI64,
    ids: AtomicU64,
    /// The next event's id is a panic.
    pub(crate) panics: AtomicBool,
}

impl Environment for Clockwork {
    fn now(&self) -> Timestamp {
        Timestamp::from_millisecond(self.now_ms.fetch_add(1, Ordering::Relaxed)).unwrap()
    }

    fn event_id(&self) -> Uuid {
        assert!(!self.panics.swap(false, Ordering::Relaxed), "no id today");
        Uuid::from_u128((7 << 100) + u128::from(self.ids.fetch_add(1, Ordering::Relaxed)))
    }

    fn salt(&self) -> [u8; 32] {
        [7; 32]
    }
}

impl Clockwork {
    /// So many seconds pass at once.
    pub(crate) fn passes(&self, seconds: i64) {
        self.now_ms.fetch_add(seconds * 1_000, Ordering::Relaxed);
    }
}

impl Given {
    /// A server with nothing in it.
    pub(crate) async fn server() -> Self {
        // On a machine that stands still for a while, views come late, and not wrong.
        Self::server_with(Options { freshness_wait_ms: 60_000, ..Options::default() }).await
    }

    pub(crate) async fn server_with(options: Options) -> Self {
        Self::server_over(Arc::new(MemoryViews::default()), options).await
    }

    pub(crate) async fn server_over(store: Arc<dyn ViewStore>, options: Options) -> Self {
        let log = GatedLog::over(MemoryLog::new(Identity::new(Uuid::from_u128(1), 4)));
        let environment =
            Arc::new(Clockwork { now_ms: 1_800_000_000_000.into(), ids: 1.into(), panics: AtomicBool::new(false) });
        let (shutdown, views_stop) = (CancellationToken::new(), CancellationToken::new());
        let of_log: Arc<dyn EventLog> = log.clone();
        let projector =
            Projector::start(Arc::clone(&of_log), Arc::clone(&store), views::ALL, views_stop.clone()).await.unwrap();
        let (ready, watched) = watch::channel(true);
        let commands = Commands::new(Arc::clone(&of_log), environment.clone(), commands::Options::default());
        let deps = Deps {
            commands: Arc::new(commands),
            log: of_log,
            views: Arc::clone(&store),
            projector: projector.control(),
            environment: environment.clone(),
            ready: watched,
            calls: None,
        };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let served = tokio::spawn(serve(listener, deps, options, shutdown.clone()));
        Self { address, log, store, environment, ready, shutdown, views_stop, projector, served }
    }

    /// A server with the project PAY: the combined team core with ada and ben owns checkout; pia owns the product; cora is a customer.
    pub(crate) async fn project() -> Self {
        let given = Self::server().await;
        given.create_project().await;
        given
    }

    pub(crate) async fn create_project(&self) {
        let mut projects = self.projects("pia");
        let project = || "PAY".to_owned();
        let create = CreateProjectRequest {
            request_id: fresh(),
            project: project(),
            name: "Payments".into(),
            ..Default::default()
        };
        projects.create_project(create).await.unwrap();
        let (team, model) = ("core".to_owned(), TeamModel::Combined.into());
        let add = AddTeamRequest { request_id: fresh(), project: project(), team, model, expected_revision: None };
        projects.add_team(add).await.unwrap();
        for person in ["ada", "ben"] {
            let (team, person) = ("core".into(), person.into());
            let add =
                AddTeamMemberRequest { request_id: fresh(), project: project(), team, person, expected_revision: None };
            projects.add_team_member(add).await.unwrap();
        }
        let component = AddComponentRequest {
            request_id: fresh(),
            project: project(),
            component: "checkout".into(),
            owner_team: "core".into(),
            expected_revision: None,
        };
        projects.add_component(component).await.unwrap();
        let owner = AddProductOwnerRequest {
            request_id: fresh(),
            project: project(),
            person: "pia".into(),
            expected_revision: None,
        };
        projects.add_product_owner(owner).await.unwrap();
        let customer = AddCustomerRequest {
            request_id: fresh(),
            project: project(),
            customer: "acme".into(),
            tier: "gold".into(),
            people: vec!["cora".into()],
            expected_revision: None,
        };
        projects.add_customer(customer).await.unwrap();
    }

    /// Another project, with nothing in it.
    pub(crate) async fn create(&self, project: &str) {
        let create = CreateProjectRequest {
            request_id: fresh(),
            project: project.to_owned(),
            name: project.to_owned(),
            ..Default::default()
        };
        self.projects("pia").create_project(create).await.unwrap();
    }

    /// An issue that cora reported.
    pub(crate) async fn file(&self) -> Issue {
        self.issues("cora").file_issue(filing()).await.unwrap().into_inner().issue.unwrap()
    }

    pub(crate) fn channel(&self) -> Channel {
        Endpoint::new(format!("http://{}", self.address)).unwrap().timeout(Duration::from_secs(120)).connect_lazy()
    }

    pub(crate) fn issues(&self, actor: &'static str) -> IssuesServiceClient<Client> {
        IssuesServiceClient::with_interceptor(self.channel(), Actor(actor))
    }

    pub(crate) fn projects(&self, actor: &'static str) -> ProjectsServiceClient<Client> {
        ProjectsServiceClient::with_interceptor(self.channel(), Actor(actor))
    }

    pub(crate) fn releases(&self, actor: &'static str) -> ReleasesServiceClient<Client> {
        ReleasesServiceClient::with_interceptor(self.channel(), Actor(actor))
    }

    pub(crate) fn boards(&self, actor: &'static str) -> BoardsServiceClient<Client> {
        BoardsServiceClient::with_interceptor(self.channel(), Actor(actor))
    }

    pub(crate) fn searches(&self, actor: &'static str) -> SearchServiceClient<Client> {
        SearchServiceClient::with_interceptor(self.channel(), Actor(actor))
    }

    pub(crate) fn flow(&self, actor: &'static str) -> FlowServiceClient<Client> {
        FlowServiceClient::with_interceptor(self.channel(), Actor(actor))
    }

    pub(crate) fn watches(&self, actor: &'static str) -> WatchesServiceClient<Client> {
        WatchesServiceClient::with_interceptor(self.channel(), Actor(actor))
    }

    pub(crate) fn histories(&self, actor: &'static str) -> HistoryServiceClient<Client> {
        HistoryServiceClient::with_interceptor(self.channel(), Actor(actor))
    }

    pub(crate) fn events(&self, actor: &'static str) -> EventsServiceClient<Client> {
        EventsServiceClient::with_interceptor(self.channel(), Actor(actor))
    }

    pub(crate) fn admin(&self, actor: &'static str) -> AdminServiceClient<Client> {
        AdminServiceClient::with_interceptor(self.channel(), Actor(actor))
    }

    pub(crate) fn imports(&self, actor: &'static str) -> ImportsServiceClient<Client> {
        ImportsServiceClient::with_interceptor(self.channel(), Actor(actor))
    }
}

/// A request id that no request had.
pub(crate) fn fresh() -> String {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    Uuid::from_u128((3 << 100) + u128::from(NEXT.fetch_add(1, Ordering::Relaxed))).to_string()
}

/// A complete report of cora's.
pub(crate) fn filing() -> FileIssueRequest {
    let customer = CustomerSource { customer: "acme".into(), channel: CustomerChannel::Email.into() };
    FileIssueRequest {
        request_id: fresh(),
        project: "pay".into(),
        title: "Paying twice".into(),
        source: Some(Source {
            kind: Some(source::Kind::Customer(customer)),
            raised_by: "cora".into(),
            reference: "mail-17".into(),
            ..Default::default()
        }),
        report: Some(Report {
            steps: "Press pay twice".into(),
            actual: "Two payments".into(),
            expected: "One payment".into(),
            details: String::new(),
        }),
        reported_severity: "sev1".into(),
        component: "checkout".into(),
        occurred_at: None,
    }
}
