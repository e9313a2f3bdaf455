//! `bench sla`: what clocks cost.

mod compliance;
mod deadlines;

use std::path::PathBuf;

use anyhow::Result;
use clap::Args;

use super::report::Report;

/// What to measure.
#[derive(Debug, Args)]
pub struct Sla {
    /// Only these cases: deadlines, compliance
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
        Ok(())
    }

    fn wants(&self, case: &str) -> bool {
        self.cases.is_empty() || self.cases.iter().any(|wanted| wanted == case)
    }
}
