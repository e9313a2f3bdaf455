//! Clocks, moved on purpose.

use api::issues::v1::RebaseClocksRequest;
use clap::Args;

use super::{Reason, Target, send};
use crate::client::{Failure, Session};

/// Move the clocks that run to another SLA policy, on purpose. A breach stands.
#[derive(Debug, Args)]
pub(crate) struct RebaseClocks {
    #[command(flatten)]
    target: Target,
    /// The policy's version [default: the one in force]
    #[arg(long, value_name = "VERSION")]
    policy: Option<u32>,
    #[command(flatten)]
    reason: Reason,
}

impl RebaseClocks {
    /// Sends it.
    pub(crate) async fn run(self, session: &Session) -> Result<(), Failure> {
        let request = RebaseClocksRequest {
            request_id: session.request_id(),
            key: self.target.key.clone(),
            policy_version: self.policy,
            reason: self.reason.text(),
            expected_revision: self.target.expected_revision,
        };
        send!(session, self.target.key, rebase_clocks(request))
    }
}
