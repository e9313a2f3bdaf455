//! `bench sla`: what clocks cost.

mod deadlines;

use anyhow::Result;
use clap::Args;

use super::report::Report;

/// What to measure.
#[derive(Debug, Args)]
pub struct Sla {
    /// Only these cases: deadlines
    #[arg(long = "case", value_name = "CASE")]
    cases: Vec<String>,
    /// Rounds of each kind
    #[arg(long, default_value_t = 3)]
    rounds: u32,
}

impl Sla {
    /// Measures and prints.
    pub async fn run(self, report: Report) -> Result<()> {
        if self.wants("deadlines") {
            deadlines::measure(&report, self.rounds)?;
        }
        Ok(())
    }

    fn wants(&self, case: &str) -> bool {
        self.cases.is_empty() || self.cases.iter().any(|wanted| wanted == case)
    }
}
