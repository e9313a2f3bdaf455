//! Triage, ownership and severity.

use api::issues::v1::EstimateItemRequest;
use clap::Args;

use super::{Reason, Target, action, send, words};
use crate::client::failure::Failure;
use crate::client::session::Session;

action! {
    /// Say what kind of work it needs, and whose. Repeated in New, differences are recorded as changes, with a reason.
    Triage => triage_issue(TriageIssueRequest) {
        /// 1 user error, 2 system problem, 3 code or data problem
        #[arg(long, value_parser = clap::value_parser!(u8).range(1..=3))]
        level: u8,
        /// Severity, of the project's scheme
        #[arg(long)]
        severity: String,
        /// At levels 2 and 3 [default: incident at level 2, bug at level 3]
        #[arg(long)]
        nature: Option<words::Nature>,
        /// The part of the product concerned [default: the one it has]
        #[arg(long)]
        component: Option<String>,
        /// The owner team [default: the one that owns the component]
        #[arg(long)]
        team: Option<String>,
        #[command(flatten)]
        reason: Reason,
    }
    |this, session| {
        level: words::level(this.level),
        severity: this.severity,
        nature: this.nature.map_or(0, Into::into),
        component: this.component.unwrap_or_default(),
        team: this.team.unwrap_or_default(),
        reason: this.reason.text(),
    }
}

action! {
    /// Take it on: you are a member of its team, and there is enough information to work on it.
    Accept => accept_issue(AcceptIssueRequest) {
        /// Why it is recorded late: needed where it takes back a recorded breach
        #[arg(long, value_name = "TEXT")]
        late_reason: Option<String>,
    }
    |this, session| { late_reason: this.late_reason.unwrap_or_default(), }
}

action! {
    /// Give it to a member of its team.
    Assign => assign_issue(AssignIssueRequest) {
        /// To whom; @me is the actor
        #[arg(long, value_name = "PERSON")]
        to: String,
    }
    |this, session| { assignee: session.person(&this.to), }
}

action! {
    /// Give it to another team: it is New, triaged, and nobody's.
    HandOver => hand_over_issue(HandOverIssueRequest) {
        /// To which team
        #[arg(long)]
        team: String,
        #[command(flatten)]
        reason: Reason,
    }
    |this, session| { team: this.team, reason: this.reason.text(), }
}

action! {
    /// Give it back to triage: it is New, untriaged.
    ReturnToTriage => return_to_triage(ReturnToTriageRequest) {
        #[command(flatten)]
        reason: Reason,
    }
    |this, session| { reason: this.reason.text(), }
}

action! {
    /// Change its severity. Clocks that have ended stay.
    Severity => change_severity(ChangeSeverityRequest) {
        /// The new one, of the project's scheme
        #[arg(long, value_name = "SEVERITY")]
        to: String,
        #[command(flatten)]
        reason: Reason,
    }
    |this, session| { severity: this.to, reason: this.reason.text(), }
}

action! {
    /// Change its triage level. An accepted issue goes back to New, triaged.
    Level => change_level(ChangeLevelRequest) {
        /// 1 user error, 2 system problem, 3 code or data problem
        #[arg(long, value_name = "LEVEL", value_parser = clap::value_parser!(u8).range(1..=3))]
        to: u8,
        /// At levels 2 and 3 [default: incident at level 2, bug at level 3]
        #[arg(long)]
        nature: Option<words::Nature>,
        /// The new owner team, where the present one may not take the level
        #[arg(long)]
        team: Option<String>,
        #[command(flatten)]
        reason: Reason,
    }
    |this, session| {
        level: words::level(this.to),
        nature: this.nature.map_or(0, Into::into),
        team: this.team.unwrap_or_default(),
        reason: this.reason.text(),
    }
}

action! {
    /// Change its component. Who owns it does not change.
    Component => change_component(ChangeComponentRequest) {
        /// Which part of the product
        #[arg(long, value_name = "COMPONENT")]
        to: String,
        #[command(flatten)]
        reason: Reason,
    }
    |this, session| { component: this.to, reason: this.reason.text(), }
}

/// Estimate it in points. Always refused: points are for stories.
#[derive(Debug, Args)]
pub(crate) struct Estimate {
    #[command(flatten)]
    target: Target,
    /// Story points
    #[arg(long)]
    points: u32,
}

impl Estimate {
    /// Sends it.
    pub(crate) async fn run(self, session: &Session) -> Result<(), Failure> {
        let request = EstimateItemRequest {
            request_id: session.request_id(),
            key: self.target.key.clone(),
            points: self.points,
            expected_revision: self.target.expected_revision,
        };
        send!(session, self.target.key, estimate_item(request))
    }
}
