//! Workarounds, fixes, their confirmation, and the other way out.

use api::issues::v1::{CodeFix, DataFix, ExplanationFix, OperationFix};
use clap::Args;

use super::{Reason, action, words};

/// The evidence of a fix.
#[derive(Debug, Args)]
pub(crate) struct Evidence {
    /// Level 3: a change (commit, merge request); may be given several times
    #[arg(long, value_name = "COMMIT")]
    change: Vec<String>,
    /// Level 3: a regression test; may be given several times
    #[arg(long, value_name = "TEST")]
    test: Vec<String>,
    /// Level 3: the test environment it was pushed to
    #[arg(long, value_name = "NAME")]
    environment: Option<String>,
    /// Level 3, data: the correction's reference
    #[arg(long, value_name = "REFERENCE")]
    correction: Option<String>,
    /// Level 3, data: where the correction was tried
    #[arg(long, value_name = "NAME")]
    tried_in: Option<String>,
    /// Level 2: what was done
    #[arg(long, value_name = "TEXT")]
    action: Option<String>,
    /// Level 1: what the user was told
    #[arg(long, value_name = "TEXT")]
    explanation: Option<String>,
    /// Level 1: what was misunderstood, in a word or two
    #[arg(long, value_name = "TOPIC")]
    topic: Option<String>,
}

impl Evidence {
    fn code(&self) -> Option<CodeFix> {
        let given = !self.change.is_empty() || !self.test.is_empty() || self.environment.is_some();
        given.then(|| CodeFix {
            changes: self.change.clone(),
            tests: self.test.clone(),
            environment: self.environment.clone().unwrap_or_default(),
        })
    }

    fn data(&self) -> Option<DataFix> {
        let given = self.correction.is_some() || self.tried_in.is_some();
        given.then(|| DataFix {
            correction: self.correction.clone().unwrap_or_default(),
            tried_in: self.tried_in.clone().unwrap_or_default(),
        })
    }

    fn explained(&self) -> Option<ExplanationFix> {
        let given = self.explanation.is_some() || self.topic.is_some();
        given.then(|| ExplanationFix {
            explanation: self.explanation.clone().unwrap_or_default(),
            topic: self.topic.clone().unwrap_or_default(),
        })
    }
}

action! {
    /// Say how it was fixed, with the evidence of its level: a change with a regression test (3), an action (2), an explanation (1).
    Resolve => resolve_issue(ResolveIssueRequest) {
        #[command(flatten)]
        evidence: Evidence,
        /// Why it is recorded late: needed where it takes back a recorded breach
        #[arg(long, value_name = "TEXT")]
        late_reason: Option<String>,
    }
    |this, session| {
        late_reason: this.late_reason.unwrap_or_default(),
        code: this.evidence.code(),
        data: this.evidence.data(),
        operation: this.evidence.action.clone().map(|action| OperationFix { action }),
        explanation: this.evidence.explained(),
    }
}

action! {
    /// Add regression tests after the resolution.
    AddTests => add_regression_tests(AddRegressionTestsRequest) {
        /// A test's reference; may be given several times
        #[arg(long, value_name = "TEST", required = true)]
        test: Vec<String>,
    }
    |this, session| { tests: this.test, }
}

action! {
    /// Confirm the fix: opener, customer, product owner or a delegate has tested it.
    Verify => verify_issue(VerifyIssueRequest) {
        /// Who tested it [default: the actor]
        #[arg(long, value_name = "PERSON")]
        confirmed_by: Option<String>,
    }
    |this, session| { confirmed_by: this.confirmed_by.as_deref().map(|person| session.person(person)).unwrap_or_default(), }
}

action! {
    /// Say that the fix does not hold: it is Accepted again.
    Reject => reject_resolution(RejectResolutionRequest) {
        #[command(flatten)]
        reason: Reason,
    }
    |this, session| { reason: this.reason.text(), }
}

action! {
    /// Reopen it: Accepted after Closed; as it was in New after Dismissed.
    Reopen => reopen_issue(ReopenIssueRequest) {
        #[command(flatten)]
        reason: Reason,
    }
    |this, session| { reason: this.reason.text(), }
}

action! {
    /// Say that no developer will work on it.
    Dismiss => dismiss_issue(DismissIssueRequest) {
        /// Why
        #[arg(long = "as", value_name = "REASON")]
        dismissal: words::Dismissal,
        /// For `duplicate`: the other issue's key
        #[arg(long, value_name = "KEY", required_if_eq("dismissal", "duplicate"))]
        of: Option<String>,
        /// In words
        #[arg(long, value_name = "TEXT")]
        note: Option<String>,
    }
    |this, session| {
        dismissal: this.dismissal.into(),
        duplicate_of: this.of.unwrap_or_default(),
        note: this.note.unwrap_or_default(),
    }
}

action! {
    /// Record a way around it, which ends its mitigate clock.
    Workaround => record_workaround(RecordWorkaroundRequest) {
        /// What to do
        #[arg(long, value_name = "TEXT")]
        text: String,
        /// Why it is recorded late: needed where it takes back a recorded breach
        #[arg(long, value_name = "TEXT")]
        late_reason: Option<String>,
    }
    |this, session| { late_reason: this.late_reason.unwrap_or_default(), text: this.text, }
}

action! {
    /// The workaround no longer holds.
    WithdrawWorkaround => withdraw_workaround(WithdrawWorkaroundRequest) {
        #[command(flatten)]
        reason: Reason,
    }
    |this, session| { reason: this.reason.text(), }
}

action! {
    /// Name somebody else who may confirm the fix.
    Delegate => delegate_verification(DelegateVerificationRequest) {
        /// Whom
        #[arg(long, value_name = "PERSON")]
        to: String,
    }
    |this, session| { to: session.person(&this.to), }
}
