//! Production: what a release brings there, and takes back.

use api::issues::v1::{DataApplied, Released};

use super::{Reason, action};
use crate::client::times;

action! {
    /// Close it: it is in production, and was verified there. Levels 1 and 2 need neither release nor re-verifier.
    Close => close_issue(CloseIssueRequest) {
        /// Level 3: the release that carries the change
        #[arg(long)]
        release: Option<String>,
        /// Level 3: who verified it in production; not its resolver
        #[arg(long, value_name = "PERSON")]
        reverified_by: Option<String>,
        /// Level 3, a data-only fix: when it was applied in production
        #[arg(long, value_name = "TIME", value_parser = times::parse, conflicts_with = "release")]
        applied_at: Option<prost_types::Timestamp>,
        /// Level 3, a data-only fix: who applied it
        #[arg(long, value_name = "PERSON", conflicts_with = "release")]
        applied_by: Option<String>,
        /// Why it is recorded late: needed where it takes back a recorded breach
        #[arg(long, value_name = "TEXT")]
        late_reason: Option<String>,
    }
    |this, session| {
        late_reason: this.late_reason.unwrap_or_default(),
        released: (this.release.is_some() || this.reverified_by.is_some()).then(|| Released {
            release: this.release.clone().unwrap_or_default(),
            reverified_by: this.reverified_by.as_deref().map(|person| session.person(person)).unwrap_or_default(),
        }),
        data_applied: (this.applied_at.is_some() || this.applied_by.is_some()).then(|| DataApplied {
            applied_at: this.applied_at,
            applied_by: this.applied_by.as_deref().map(|person| session.person(person)).unwrap_or_default(),
        }),
    }
}

action! {
    /// Mark its fix as in production.
    MarkInProduction => mark_in_production(MarkInProductionRequest) {
        /// Which release brought it there
        #[arg(long)]
        release: String,
        /// Why it is recorded late: needed where it takes back a recorded breach
        #[arg(long, value_name = "TEXT")]
        late_reason: Option<String>,
    }
    |this, session| { late_reason: this.late_reason.unwrap_or_default(), release: this.release, }
}

action! {
    /// Its release was rolled back: a closed issue is Verified again.
    WithdrawFromProduction => withdraw_from_production(WithdrawFromProductionRequest) {
        #[command(flatten)]
        reason: Reason,
    }
    |this, session| { reason: this.reason.text(), }
}

action! {
    /// Name a release that caused it.
    Cause => name_cause(NameCauseRequest) {
        /// Which release
        #[arg(long)]
        release: String,
    }
    |this, session| { release: this.release, }
}
