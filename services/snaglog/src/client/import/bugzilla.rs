//! bugzilla
mod lines;
mod plan;
mod record;
mod vocabulary;
use crate::client::{Failure, Session};
#[derive(Debug, clap::Args)]
pub(crate) struct Import {}
impl Import {
    pub(crate) async fn run(self, _session: &Session) -> Result<(), Failure> { Ok(()) }
}
