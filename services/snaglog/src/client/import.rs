//! `snaglog import …`.

use clap::Subcommand;

use super::failure::Failure;
use super::session::Session;

/// Import histories of other systems.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {}

impl Command {
    pub(crate) async fn run(self, _session: &Session) -> Result<(), Failure> {
        match self {}
    }
}
