//! `snaglog import …`: histories of other systems.

mod bugzilla;

use clap::Subcommand;

use super::failure::Failure;
use super::session::Session;

/// Import histories of other systems.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Import bugs with their histories from Bugzilla
    Bugzilla(bugzilla::Import),
}

impl Command {
    /// Does what was asked.
    pub(crate) async fn run(self, session: &Session) -> Result<(), Failure> {
        match self {
            Self::Bugzilla(import) => import.run(&session.repeated_as_is()).await,
        }
    }
}
