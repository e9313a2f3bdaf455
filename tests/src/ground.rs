//! What a log rests on: a file, or a server that is started for it.

use std::fmt;
use std::path::Path;

use anyhow::{Result, bail};
use clap::ValueEnum;
use test_servers::kafka::Kafka;
use test_servers::postgres::Postgres;

/// A kind of log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Kind {
    /// A SQLite file.
    Sqlite,
    /// A PostgreSQL server, started for it.
    Postgres,
    /// An Apache Kafka broker, started for it.
    Kafka,
}

/// What a log rests on.
#[derive(Debug)]
pub enum Ground {
    /// A file.
    File,
    /// A database server.
    Postgres(Box<Postgres>),
    /// A broker.
    Kafka(Box<Kafka>),
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Sqlite => "sqlite",
            Self::Postgres => "postgres",
            Self::Kafka => "kafka",
        })
    }
}

impl Ground {
    /// Starts what a log of this kind rests on. `None`, said, where it isn't installed.
    pub async fn start(kind: Kind) -> Result<Option<Self>> {
        tokio::task::spawn_blocking(move || match kind {
            Kind::Sqlite => Ok(Some(Self::File)),
            Kind::Postgres => {
                let server = Postgres::start(&test_servers::postgres::Setup::default())?;
                Ok(server.map(Box::new).map(Self::Postgres))
            }
            Kind::Kafka => {
                let broker = Kafka::start(&test_servers::kafka::Setup::default())?;
                Ok(broker.map(Box::new).map(Self::Kafka))
            }
        })
        .await?
    }

    /// The URL of a new log there; a file is put into the folder.
    pub async fn url(&self, folder: &Path) -> Result<String> {
        match self {
            Self::File => Ok(format!("sqlite:{}", folder.join("log.db").display())),
            Self::Postgres(server) => server.create_database().await,
            Self::Kafka(broker) => Ok(format!("kafka://{}/log?single-broker", broker.bootstrap())),
        }
    }

    /// Kills the server and all its processes. Blocks until they are gone.
    pub fn kill(&self) -> Result<()> {
        match self {
            Self::File => bail!("a file has no server"),
            Self::Postgres(server) => server.kill(),
            Self::Kafka(broker) => broker.kill(0),
        }
    }

    /// Starts it again. Blocks until it serves.
    pub fn restart(&self) -> Result<()> {
        match self {
            Self::File => bail!("a file has no server"),
            Self::Postgres(server) => server.restart(),
            Self::Kafka(broker) => broker.restart(0),
        }
    }
}
