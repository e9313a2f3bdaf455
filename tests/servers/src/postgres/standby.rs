//! A second server that follows the first, for tests of failover.

use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use sqlx::Row as _;

use super::{Postgres, ROLE, Setup, succeed};

/// How long the standby may take to catch up.
const CATCH_UP_TIMEOUT: Duration = Duration::from_secs(240);

impl Postgres {
    /// Starts a standby that follows this server by streaming, synchronously: from now on a commit here waits for it.
    ///
    /// This server is stopped meanwhile, for a copy of its folder: the fetched PostgreSQL has no `pg_basebackup`.
    pub async fn start_standby(&self) -> Result<Self> {
        let standby = Self::prepare(self.installation.clone(), &Setup::default())?;
        self.stop()?;
        let mut copy = Command::new("cp");
        if let Some(user) = self.user {
            user.runs(&mut copy);
        }
        succeed(copy.arg("-a").arg(self.data()).arg(standby.data()))?;
        let mark = standby.data().join("standby.signal");
        std::fs::write(&mark, "").context("mark the standby")?;
        if let Some(user) = self.user {
            user.owns(&mark)?;
        }
        let from = format!("host=127.0.0.1 port={} user={ROLE} application_name=standby", self.port);
        standby.configure([("primary_conninfo".to_owned(), from)])?;
        self.configure([("synchronous_standby_names".to_owned(), "FIRST 1 (standby)".to_owned())])?;
        self.restart()?;
        standby.restart()?;
        self.wait_for_standby().await?;
        Ok(standby)
    }

    /// Makes this standby a primary. Returns when it takes writes.
    pub fn promote(&self) -> Result<()> {
        succeed(self.command("pg_ctl").args(["promote", "--wait", "--pgdata"]).arg(self.data()))
    }

    async fn wait_for_standby(&self) -> Result<()> {
        let started = Instant::now();
        let mut connection = self.connect("postgres").await?;
        while started.elapsed() < CATCH_UP_TIMEOUT {
            let synchronous = "SELECT count(*) FROM pg_stat_replication WHERE sync_state = 'sync'";
            let row = sqlx::query(synchronous).fetch_one(&mut connection).await.context("ask for the standby")?;
            if row.try_get::<i64, _>(0)? == 1 {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        bail!("the standby has not caught up after {CATCH_UP_TIMEOUT:?}")
    }
}
