//! What clocks cost a busy server: commands a second of one with everything, beside one without, in turns.

use std::path::Path;
use std::time::Duration;

use anyhow::Result;

use super::super::load::{Lives, Run};
use super::super::report::{Figure, Report};
use super::super::serve::project_once_ready;
use crate::client::Client;
use crate::server::Server;

/// The part that is left is the ratio. `without`: a build that knows no clocks; else the reference is this one, which counts clocks in its views and does
/// nothing by itself.
pub(super) async fn measure(report: &Report, folder: &Path, rounds: u32, without: Option<&Path>) -> Result<()> {
    let (length, in_flight) = (Duration::from_secs(3), 128);
    let reference = match without {
        Some(binary) => Server::start_build(binary, &folder.join("without"), &[]).await?,
        None => Server::start_with(&folder.join("without"), &["--no-reactors"]).await?,
    };
    let server = Server::start_reacting(&folder.join("with"), &[]).await?;
    let mut lives = Vec::new();
    for url in [&reference.url, &server.url] {
        project_once_ready(&Client::connect(url).await?).await?;
        lives.push(Lives::connect(url, "BENCH").await?);
    }
    let [before, after] = lives.as_slice() else { return Ok(()) };
    let (mut bare, mut run) = (Run::default(), Run::default());
    before.run(in_flight, length / 4).await?;
    after.run(in_flight, length / 4).await?;
    for _ in 0..rounds {
        bare.add(before.run(in_flight, length).await?);
        run.add(after.run(in_flight, length).await?);
    }
    report.add(&Figure {
        case: format!("serve/{in_flight}"),
        value: run.rate(),
        unit: "commands/s",
        reference: if without.is_some() { "a build without clocks" } else { "without reactors" },
        reference_value: bare.rate(),
    });
    reference.stop().await?;
    server.stop().await.map(|_| ())
}
