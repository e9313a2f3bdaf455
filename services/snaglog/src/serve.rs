//! `snaglog serve`: all services in one process.

mod environment;
mod storage;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, bail};
use clap::{Args, ValueEnum};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

/// Run the server. Prints `listening on HOST:PORT` on standard output once it is ready; SIGTERM and Ctrl-C drain, then exit 0.
#[derive(Debug, Args)]
pub(crate) struct Serve {
    #[command(flatten)]
    options: Options,
    /// How to write log lines, to standard error
    #[arg(long, value_enum, default_value = "pretty", env = "SNAGLOG_LOG_FORMAT")]
    log_format: LogFormat,
    /// What to log: error, warn, info, debug, or a filter such as `info,grpc=debug`
    #[arg(long, default_value = "info", env = "SNAGLOG_LOG_LEVEL", value_name = "FILTER")]
    log_level: String,
}

/// What a server needs to know.
#[derive(Debug, Clone, Args)]
pub(crate) struct Options {
    /// The folder that keeps log.db and views.db; made where it is missing
    #[arg(long, default_value = "data", env = "SNAGLOG_DATA", value_name = "DIR")]
    pub(crate) data: PathBuf,
    /// The event log, sqlite:PATH [default: log.db in the data folder]
    #[arg(long, env = "SNAGLOG_LOG", value_name = "URL")]
    pub(crate) log: Option<String>,
    /// Where to listen; port 0 picks one
    #[arg(
        long,
        default_value = "127.0.0.1:7464",
        env = "SNAGLOG_LISTEN",
        value_name = "HOST:PORT"
    )]
    pub(crate) listen: SocketAddr,
    /// Listen beyond loopback: something in front authenticates callers and sets the metadata `snaglog-actor`
    #[arg(long, env = "SNAGLOG_TRUST_ACTOR_HEADER")]
    pub(crate) trust_actor_header: bool,
    /// How long calls under way may take once the server is told to stop, in seconds
    #[arg(long, default_value_t = 10, env = "SNAGLOG_DRAIN", value_name = "SECONDS")]
    pub(crate) drain: u64,
}

/// How to write log lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum LogFormat {
    Pretty,
    Json,
}
