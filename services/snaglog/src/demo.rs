//! demo
use crate::client::{Failure, Global};
#[derive(Debug, clap::Args)]
pub(crate) struct Demo {}
impl Demo {
    pub(crate) async fn run(self, _global: &Global) -> Result<(), Failure> {
        Ok(())
    }
}
