//! A gRPC client as any service would write one.

use api::admin::v1::admin_service_client::AdminServiceClient;
use api::boards::v1::boards_service_client::BoardsServiceClient;
use api::consistency::v1::{AtLeastAsFresh, Consistency, consistency::Requirement};
use api::events::v1::events_service_client::EventsServiceClient;
use api::flow::v1::flow_service_client::FlowServiceClient;
use api::history::v1::history_service_client::HistoryServiceClient;
use api::inbox::v1::inbox_service_client::InboxServiceClient;
use api::issues::v1::issues_service_client::IssuesServiceClient;
use api::people::v1::people_service_client::PeopleServiceClient;
use api::policies::v1::policy_service_client::PolicyServiceClient;
use api::projects::v1::projects_service_client::ProjectsServiceClient;
use api::releases::v1::releases_service_client::ReleasesServiceClient;
use api::search::v1::search_service_client::SearchServiceClient;
use api::sla::v1::sla_service_client::SlaServiceClient;
use api::watches::v1::watches_service_client::WatchesServiceClient;
use tonic::metadata::MetadataValue;
use tonic::service::Interceptor;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::{Channel, Endpoint};
use tonic::{Request, Status};
use tonic_types::StatusExt as _;

/// A channel that says who acts.
pub type Wire = InterceptedService<Channel, As>;

/// Puts an actor into each call's metadata.
#[derive(Debug, Clone, Copy)]
pub struct As(&'static str);

impl Interceptor for As {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        request.metadata_mut().insert("snaglog-actor", MetadataValue::from_static(self.0));
        Ok(request)
    }
}

/// Clients of all services over one connection.
#[derive(Debug, Clone)]
pub struct Client(Channel);

impl Client {
    /// Connects.
    pub async fn connect(url: &str) -> anyhow::Result<Self> {
        Ok(Self(Endpoint::from_shared(url.to_owned())?.tcp_nodelay(true).connect().await?))
    }

    /// Over a connection of one's own.
    pub fn over(channel: Channel) -> Self {
        Self(channel)
    }

    /// Issues, as this person.
    pub fn issues(&self, actor: &'static str) -> IssuesServiceClient<Wire> {
        IssuesServiceClient::new(self.wire(actor))
    }

    /// What was promised and how it is kept, as this person.
    pub fn sla(&self, actor: &'static str) -> SlaServiceClient<Wire> {
        SlaServiceClient::new(self.wire(actor))
    }

    /// Projects, as this person.
    pub fn projects(&self, actor: &'static str) -> ProjectsServiceClient<Wire> {
        ProjectsServiceClient::new(self.wire(actor))
    }

    /// SLA policies, as this person.
    pub fn policies(&self, actor: &'static str) -> PolicyServiceClient<Wire> {
        PolicyServiceClient::new(self.wire(actor))
    }

    /// Releases, as this person.
    pub fn releases(&self, actor: &'static str) -> ReleasesServiceClient<Wire> {
        ReleasesServiceClient::new(self.wire(actor))
    }

    /// Boards, as this person.
    pub fn boards(&self, actor: &'static str) -> BoardsServiceClient<Wire> {
        BoardsServiceClient::new(self.wire(actor))
    }

    /// Watches, as this person.
    pub fn watches(&self, actor: &'static str) -> WatchesServiceClient<Wire> {
        WatchesServiceClient::new(self.wire(actor))
    }

    /// Histories, as this person.
    pub fn histories(&self, actor: &'static str) -> HistoryServiceClient<Wire> {
        HistoryServiceClient::new(self.wire(actor))
    }

    /// The event feed, as this person.
    pub fn events(&self, actor: &'static str) -> EventsServiceClient<Wire> {
        EventsServiceClient::new(self.wire(actor))
    }

    /// What waits for triage, as this person.
    pub fn inbox(&self, actor: &'static str) -> InboxServiceClient<Wire> {
        InboxServiceClient::new(self.wire(actor))
    }

    /// Who has how much to do, as this person.
    pub fn people(&self, actor: &'static str) -> PeopleServiceClient<Wire> {
        PeopleServiceClient::new(self.wire(actor))
    }

    /// Search, as this person.
    pub fn search(&self, actor: &'static str) -> SearchServiceClient<Wire> {
        SearchServiceClient::new(self.wire(actor))
    }

    /// How the views are, as this person.
    pub fn admin(&self, actor: &'static str) -> AdminServiceClient<Wire> {
        AdminServiceClient::new(self.wire(actor))
    }

    /// Flow, as this person.
    pub fn flow(&self, actor: &'static str) -> FlowServiceClient<Wire> {
        FlowServiceClient::new(self.wire(actor))
    }

    fn wire(&self, actor: &'static str) -> Wire {
        InterceptedService::new(self.0.clone(), As(actor))
    }
}

/// A fresh request id.
#[expect(clippy::disallowed_methods, reason = "a client makes ids")]
pub fn request_id() -> String {
    uuid::Uuid::new_v4().to_string()
}

/// At least as fresh as this answer's token.
pub fn as_fresh_as(tokens: impl IntoIterator<Item = String>) -> Option<Consistency> {
    let tokens = tokens.into_iter().collect();
    Some(Consistency { requirement: Some(Requirement::AtLeastAsFresh(AtLeastAsFresh { tokens })) })
}

/// The reason that an error names, `NOT_TRIAGED`; empty where it names none.
pub fn reason(status: &Status) -> String {
    status.get_error_details().error_info().map(|info| info.reason.clone()).unwrap_or_default()
}
