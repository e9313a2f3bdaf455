//! The reference: a bare tonic unary echo, in a process of its own, called by the same client.

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::pin::Pin;
use std::process::Stdio;
use std::task::{Context, Poll};

use anyhow::Context as _;
use api::issues::v1::FileIssueRequest;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::net::TcpListener;
use tokio::process::{Child, Command};
use tonic::body::Body;
use tonic::codegen::http;
use tonic::server::{NamedService, UnaryService};
use tonic::transport::Channel;
use tonic::transport::server::TcpIncoming;
use tonic::{Request, Response, Status};
use tonic_prost::ProstCodec;

const METHOD: &str = "/bench.Echo/Echo";

#[derive(Debug, Clone, Copy)]
struct Echo;

impl NamedService for Echo {
    const NAME: &'static str = "bench.Echo";
}

impl UnaryService<FileIssueRequest> for Echo {
    type Response = FileIssueRequest;
    type Future = Ready<Result<Response<FileIssueRequest>, Status>>;

    fn call(&mut self, request: Request<FileIssueRequest>) -> Self::Future {
        ready(Ok(Response::new(request.into_inner())))
    }
}

impl tower::Service<http::Request<Body>> for Echo {
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        Box::pin(async move { Ok(tonic::server::Grpc::new(ProstCodec::default()).unary(Echo, request).await) })
    }
}

/// Serves until it is killed.
pub async fn serve() -> anyhow::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("listening on {}", listener.local_addr()?);
    let incoming = TcpIncoming::from(listener).with_nodelay(Some(true));
    tonic::transport::Server::builder().add_service(Echo).serve_with_incoming(incoming).await?;
    Ok(())
}

/// An echo server in a process of its own; killed when dropped.
#[derive(Debug)]
pub struct Process {
    _process: Child,
    /// Where it listens.
    pub url: String,
}

impl Process {
    /// Starts one: this binary again.
    pub async fn start() -> anyhow::Result<Self> {
        let mut process = Command::new(std::env::current_exe()?)
            .args(["--json", "echo"])
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let output = process.stdout.take().context("the echo has a standard output")?;
        let line = BufReader::new(output).lines().next_line().await?.unwrap_or_default();
        let address = line.strip_prefix("listening on ").context("the echo says where it listens")?;
        Ok(Self { url: format!("http://{address}"), _process: process })
    }
}

/// One call.
pub async fn call(channel: &Channel, message: FileIssueRequest) -> Result<FileIssueRequest, Status> {
    let mut client = tonic::client::Grpc::new(channel.clone());
    client.ready().await.map_err(|error| Status::unavailable(error.to_string()))?;
    let codec: ProstCodec<FileIssueRequest, FileIssueRequest> = ProstCodec::default();
    let path = http::uri::PathAndQuery::from_static(METHOD);
    Ok(client.unary(Request::new(message), path, codec).await?.into_inner())
}
