//! A session with a server: the channel, who acts, and the ids of requests.

use std::error::Error as _;
use std::io::IsTerminal as _;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use tonic::codegen::http::uri::InvalidUri;
use tonic::metadata::{Ascii, MetadataValue};
use tonic::service::Interceptor;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::{Channel, Endpoint, Uri};
use tonic::{Code, ConnectError, Request, Status};
use uuid::Uuid;

use super::failure::{Exit, Failure};
use super::output::Output;
use super::ran::Ran;

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
    /// The id that a request to change something went out with.
    used_id: Arc<OnceLock<Uuid>>,
    /// True: many requests, each with an id of its own, that may all be sent again.
    repeated_as_is: bool,
    timeout_seconds: u64,
    /// How to print.
    pub(crate) output: Output,
    may_ask: bool,
    ran: Arc<Ran>,
}

/// Puts into each call's metadata who acts, and the trace that it goes on with.
#[derive(Debug, Clone)]
pub(crate) struct Identify(MetadataValue<Ascii>);

impl Interceptor for Identify {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        request.metadata_mut().insert("snaglog-actor", self.0.clone());
        if let Some(traceparent) = telemetry::trace::of(&tracing::Span::current()).and_then(|own| own.parse().ok()) {
            request.metadata_mut().insert(telemetry::trace::TRACEPARENT, traceparent);
        }
        Ok(request)
    }
}

/// The server's URL, of what was typed: `HOST:PORT`, `http://HOST:PORT`.
fn url(server: &str) -> Result<Uri, Failure> {
    let url = match server.split_once("://") {
        Some(("http", _)) => server.to_owned(),
        // Never quietly in the clear where somebody asked for a secured connection.
        Some((scheme, _)) => {
            return Err(Failure::usage(format!("--server {server}: {scheme} is not spoken; give http://HOST:PORT")));
        }
        None if server.trim().is_empty() => {
            return Err(Failure::usage("--server, or SNAGLOG_SERVER, is empty; give HOST:PORT or http://HOST:PORT"));
        }
        None => format!("http://{server}"),
    };
    let wrong = |error| Failure::usage(format!("--server {server}: {error}; give http://HOST:PORT"));
    let url: Uri = url.parse().map_err(|error: InvalidUri| wrong(error.to_string()))?;
    match url.port_u16() {
        Some(_) => Ok(url),
        // HTTP's own is never meant.
        None => Err(wrong(String::from("the port is missing, or is none"))),
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
        let endpoint = Endpoint::from(url(server)?)
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
            used_id: Arc::default(),
            repeated_as_is: false,
            timeout_seconds,
            output,
            may_ask,
            ran: Arc::default(),
        })
    }

    /// The session of that command.
    pub(crate) fn of(self, ran: Arc<Ran>) -> Self {
        Self { ran, ..self }
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

    /// The request id given, or a new one: the same one throughout a session, which is one command's.
    #[expect(clippy::disallowed_methods, reason = "a service makes ids")]
    pub(crate) fn request_id(&self) -> String {
        self.used_id.get_or_init(|| self.request_id.unwrap_or_else(Uuid::now_v7)).to_string()
    }

    /// The session of a command that may be given again as it was: what it recorded is found to be there.
    pub(crate) fn repeated_as_is(&self) -> Self {
        Self { repeated_as_is: true, ..self.clone() }
    }

    /// True where somebody can be asked.
    pub(crate) fn may_ask(&self) -> bool {
        self.may_ask && std::io::stdin().is_terminal() && std::io::stderr().is_terminal()
    }

    /// A call's failure, with what helps where the server can't be reached, or what it did isn't known.
    pub(crate) fn failure(&self, status: Status) -> Failure {
        match what_broke(&status) {
            Some(Broken::Unreachable) => Failure::new(Exit::TryAgain, format!("no server answers at {}", self.server))
                .hint("Start one: snaglog serve --data ./data. Or name another with --server or SNAGLOG_SERVER."),
            Some(Broken::Silent) => {
                let text = format!("{} did not answer within {} s", self.server, self.timeout_seconds);
                self.unsettled(Failure::new(Exit::TryAgain, text))
            }
            Some(Broken::Lost) => {
                let text = format!("the connection to {} was lost: {}", self.server, status.message());
                self.unsettled(Failure::new(Exit::TryAgain, text))
            }
            None => {
                let failure = Failure::from(status).of(Arc::clone(&self.ran));
                let unknown = matches!(failure.reason.as_str(), "OutcomeUnknown" | "DeadlinePassed");
                if unknown { self.unsettled(failure) } else { failure }
            }
        }
    }

    /// Nobody can say whether it was done: a request to change something is settled by its id.
    fn unsettled(&self, failure: Failure) -> Failure {
        match self.used_id.get() {
            _ if self.repeated_as_is => {
                failure.hint("Give the same command again: what was recorded is not recorded twice.")
            }
            Some(id) => failure.hint(format!(
                "It may have been recorded; repeat with --request-id {id}, which settles it: nothing is recorded twice."
            )),
            None => failure.hint("Try again later, or give it longer with --timeout SECONDS."),
        }
    }
}

/// What broke between client and server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Broken {
    /// There was no connection; nothing was sent.
    Unreachable,
    /// The client's patience ended.
    Silent,
    /// The connection broke during the call.
    Lost,
}

/// `None`: the server answered; what it refuses carries a reason, what the client's own side makes up has none.
fn what_broke(status: &Status) -> Option<Broken> {
    if !status.details().is_empty() {
        return None;
    }
    let mut causes = std::iter::successors(status.source(), |&cause| cause.source());
    let never_connected = causes.any(|cause| cause.downcast_ref::<ConnectError>().is_some());
    match status.code() {
        Code::Unavailable if never_connected => Some(Broken::Unreachable),
        Code::Cancelled | Code::DeadlineExceeded => Some(Broken::Silent),
        Code::Unavailable | Code::Unknown => Some(Broken::Lost),
        // A status with a cause was made on this side.
        Code::Internal if status.source().is_some() => Some(Broken::Lost),
        _ => None,
    }
}
