//! Crash runs. `cargo xtask chaos NAME [--json]` builds for release and runs it.

use clap::{Parser, Subcommand};
use tests::chaos;

#[derive(Debug, Parser)]
#[command(
    name = "chaos",
    about = "Crashes logs, and holds them against what they had answered; the seed says which crashes"
)]
struct Chaos {
    /// One JSON object a line instead of sentences
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    name: Name,
}

#[derive(Debug, Subcommand)]
enum Name {
    /// Writers and readers on a log, killed at random moments
    Log(chaos::kills::Kills),
    /// Power lost at any moment: what the disk may hold then, opened and checked
    Powerloss(chaos::powerloss::PowerLoss),
    /// Writers and readers, to be killed (started by the others themselves)
    #[command(hide = true)]
    Writers(chaos::writers::Writers),
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let Chaos { json, name } = Chaos::parse();
    let own = std::env::current_exe()?;
    match name {
        Name::Log(kills) => kills.run_and_tell(&own, json).await,
        Name::Powerloss(loss) => loss.run_and_tell(&own, json).await,
        Name::Writers(writers) => writers.run().await,
    }
}
