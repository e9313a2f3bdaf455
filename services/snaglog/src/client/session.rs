//! A session with a server: the channel, who acts, and the ids of requests.

use std::io::IsTerminal as _;
use std::time::Duration;

use tonic::metadata::{Ascii, MetadataValue};
use tonic::service::Interceptor;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::{Channel, Endpoint};
use tonic::{Request, Status};
use uuid::Uuid;

use super::failure::{Exit, Failure};
use super::output::Output;

/// Where a server listens unless told otherwise.
const PORT: u16 = 7464;

/// A channel that says who acts.
pub(crate) type Wire = InterceptedService<Channel, Identify>;

/// A session with a server.
#[derive(Debug, Clone)]
pub(crate) struct Session {
    server: String,
    actor: String,
    channel: Channel,
    identify: Identify,
    request_id: Option<Uuid>,
    /// How to print.
    pub(crate) output: Output,
    may_ask: bool,
}

/// Puts the actor into each call's metadata.
#[derive(Debug, Clone)]
pub(crate) struct Identify(MetadataValue<Ascii>);

impl Interceptor for Identify {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        request.metadata_mut().insert("snaglog-actor", self.0.clone());
        Ok(request)
    }
}

/// The server's URL, of what was typed: `HOST`, `HOST:PORT`, `http://HOST:PORT`.
fn url(server: &str) -> Result<String, Failure> {
    match server.split_once("://") {
        Some(("http", _)) => Ok(server.to_owned()),
        // Never quietly in the clear where somebody asked for a secured connection.
        Some((scheme, _)) => {
            Err(Failure::usage(format!("--server {server}: {scheme} is not spoken; give http://HOST:PORT")))
        }
        None if server.contains(':') => Ok(format!("http://{server}")),
        None => Ok(format!("http://{server}:{PORT}")),
    }
}

impl Session {
    /// A session that connects with its first call.
    pub(crate) fn new(
        server: &str,
        actor: &str,
        timeout_seconds: u64,
        request_id: Option<Uuid>,
        output: Output,
        may_ask: bool,
    ) -> Result<Self, Failure> {
        let endpoint = Endpoint::from_shared(url(server)?)
            .map_err(|error| Failure::usage(format!("--server {server}: {error}; give http://HOST:PORT")))?
            .connect_timeout(Duration::from_secs(5))
            .timeout(Duration::from_secs(timeout_seconds))
            .tcp_nodelay(true);
        let identity = actor.parse().map_err(|_| Failure::usage(format!("--actor {actor}: a line break is in it")))?;
        Ok(Self {
            server: server.to_owned(),
            actor: actor.to_owned(),
            channel: endpoint.connect_lazy(),
            identify: Identify(identity),
            request_id,
            output,
            may_ask,
        })
    }

    /// The wire for a generated client.
    pub(crate) fn wire(&self) -> Wire {
        InterceptedService::new(self.channel.clone(), self.identify.clone())
    }

    /// The channel without an identity, for health checks.
    pub(crate) fn channel(&self) -> Channel {
        self.channel.clone()
    }

    /// Who acts.
    pub(crate) fn actor(&self) -> &str {
        &self.actor
    }

    /// A person as typed: `@me` is the actor.
    pub(crate) fn person(&self, typed: &str) -> String {
        if typed == "@me" { self.actor.clone() } else { typed.to_owned() }
    }

    /// The request id given, or a new one.
    #[expect(clippy::disallowed_methods, reason = "a service makes ids")]
    pub(crate) fn request_id(&self) -> String {
        self.request_id.unwrap_or_else(Uuid::now_v7).to_string()
    }

    /// True where somebody can be asked.
    pub(crate) fn may_ask(&self) -> bool {
        self.may_ask && std::io::stdin().is_terminal() && std::io::stderr().is_terminal()
    }

    /// A call's failure, with what helps where the server can't be reached.
    pub(crate) fn failure(&self, status: Status) -> Failure {
        let unreachable = status.code() == tonic::Code::Unavailable && status.details().is_empty();
        if unreachable {
            return Failure::new(Exit::TryAgain, format!("no server answers at {}", self.server))
                .hint("Start one: snaglog serve --data ./data. Or name another with --server or SNAGLOG_SERVER.");
        }
        Failure::from(status)
    }
}
