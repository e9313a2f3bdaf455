//! `bench project`: the projections. How fast a log is folded, how far views lag behind a busy server, and what queries cost at two sizes.

mod corpus;
mod fold;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Result;
use clap::Args;
use event_log::{EventLog, Founding, Identity};
use event_log_sqlite::{Options, SqliteLog};
use uuid::Uuid;

use super::report::Report;

/// What to measure.
#[derive(Debug, Args)]
pub struct Project {
    /// Only these cases: fold
    #[arg(long = "case", value_name = "CASE")]
    cases: Vec<String>,
    /// Rounds of each kind
    #[arg(long, default_value_t = 3)]
    rounds: u32,
    /// Events to fold
    #[arg(long, default_value_t = 1_000_000)]
    events: u64,
    /// Where to put the data; what is there already is used again [default: a temporary folder]
    #[arg(long)]
    folder: Option<PathBuf>,
}

impl Project {
    /// Measures and prints.
    pub async fn run(self, report: Report) -> Result<()> {
        let temporary = tempfile::tempdir()?;
        let folder = self.folder.as_deref().unwrap_or(temporary.path());
        std::fs::create_dir_all(folder)?;
        if self.wants("fold") {
            fold::measure(&report, folder, self.events, self.rounds).await?;
        }
        Ok(())
    }

    fn wants(&self, case: &str) -> bool {
        self.cases.is_empty() || self.cases.iter().any(|wanted| wanted == case)
    }
}

/// The log in this file, which is made where it is missing.
fn open_log(path: &Path) -> Result<Arc<dyn EventLog>> {
    let founding = Founding { identity: Identity::new(Uuid::from_u128(0xbe), 8), filling: false };
    Ok(Arc::new(SqliteLog::open(path, &Options::new(founding))?))
}
