//! `bench project`: the projections. How fast a log is folded, how far views lag behind a busy server, and what queries cost at two sizes.

mod fold;
mod lag;
mod rebuild;

use std::path::PathBuf;

use anyhow::Result;
use clap::Args;

use super::queries::{self, Query};
use super::report::Report;

/// What to measure.
#[derive(Debug, Args)]
pub struct Project {
    /// Only these cases: fold, postgres, lag, rebuild, query
    #[arg(long = "case", value_name = "CASE")]
    cases: Vec<String>,
    /// Rounds of each kind
    #[arg(long, default_value_t = 3)]
    rounds: u32,
    /// Events to fold
    #[arg(long, default_value_t = 1_000_000)]
    events: u64,
    /// The larger number of issues for the query cases
    #[arg(long, default_value_t = 1_000_000)]
    issues: u64,
    /// Queries a second, at a fixed arrival rate
    #[arg(long, default_value_t = 200)]
    rate: u32,
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
            fold::sqlite(&report, folder, self.events, self.rounds).await?;
        }
        if self.wants("postgres") {
            fold::postgres(&report, folder, self.events, self.rounds).await?;
        }
        if self.wants("lag") {
            lag::measure(&report, folder, self.rounds).await?;
        }
        if self.wants("rebuild") {
            rebuild::measure(&report, folder, self.events).await?;
        }
        if self.wants("query") {
            queries::measure(&report, &folder.join("queries"), self.issues, self.rate, &Query::ALL).await?;
        }
        Ok(())
    }

    fn wants(&self, case: &str) -> bool {
        self.cases.is_empty() || self.cases.iter().any(|wanted| wanted == case)
    }
}
