//! `bench sla`: what clocks cost.

mod compliance;
mod cost;
mod deadlines;
mod due;

use std::path::PathBuf;

use anyhow::Result;
use clap::Args;

use super::report::Report;

/// What to measure.
#[derive(Debug, Args)]
pub struct Sla {
    /// Only these cases: due, serve, deadlines, compliance
    #[arg(long = "case", value_name = "CASE")]
    cases: Vec<String>,
    /// Rounds of each kind
    #[arg(long, default_value_t = 3)]
    rounds: u32,
    /// The larger number of issues for the compliance case
    #[arg(long, default_value_t = 1_000_000)]
    issues: u64,
    /// Queries a second
    #[arg(long, default_value_t = 100)]
    rate: u32,
    /// Where the compliance case keeps its servers' data, to be used again; else a temporary folder
    #[arg(long, value_name = "FOLDER")]
    folder: Option<PathBuf>,
    /// So many deadlines fall due in one minute
    #[arg(long, default_value_t = 100_000)]
    deadlines: u64,
    /// A build of snaglog without clocks, to compare a busy server with [default: this one, which does nothing by itself]
    #[arg(long, value_name = "PATH")]
    without: Option<PathBuf>,
}

impl Sla {
    /// Measures and prints.
    pub async fn run(self, report: Report) -> Result<()> {
        if self.wants("deadlines") {
            deadlines::measure(&report, self.rounds)?;
        }
        if self.wants("compliance") {
            let temporary = tempfile::tempdir()?;
            let folder = self.folder.as_deref().unwrap_or(temporary.path());
            std::fs::create_dir_all(folder)?;
            compliance::measure(&report, folder, self.issues, self.rate).await?;
        }
        let folder = tempfile::tempdir()?;
        if self.wants("due") {
            due::measure(&report, &folder.path().join("due"), self.deadlines).await?;
        }
        if self.wants("serve") {
            cost::measure(&report, &folder.path().join("serve"), self.rounds, self.without.as_deref()).await?;
        }
        Ok(())
    }

    fn wants(&self, case: &str) -> bool {
        self.cases.is_empty() || self.cases.iter().any(|wanted| wanted == case)
    }
}
