//! Questions, answers, comments, links, watching.

use api::issues::v1::{
    self as proto, CommentOnIssueRequest, ProvideInformationRequest, RequestInformationRequest, WatchIssueRequest,
};
use clap::Args;

use super::{Late, Target, action, send, words};
use crate::client::failure::Failure;
use crate::client::session::Session;
use crate::client::text::Body;

/// Ask for information. A question to opener or customer pauses the clocks that pause.
#[derive(Debug, Args)]
pub(crate) struct Ask {
    #[command(flatten)]
    target: Target,
    /// Of whom: opener, customer, product-owner, or a person's id
    #[arg(long, default_value = "opener")]
    of: String,
    #[command(flatten)]
    body: Body,
}

impl Ask {
    /// Sends it.
    pub(crate) async fn run(self, session: &Session) -> Result<(), Failure> {
        let (of, person) = match self.of.as_str() {
            "opener" => (proto::Asked::Opener, String::new()),
            "customer" => (proto::Asked::Customer, String::new()),
            "product-owner" => (proto::Asked::ProductOwner, String::new()),
            person => (proto::Asked::Person, session.person(person)),
        };
        let request = RequestInformationRequest {
            request_id: session.request_id(),
            key: self.target.key.clone(),
            of: of.into(),
            person,
            text: self.body.read(session, "what do you want to know?")?,
            expected_revision: self.target.expected_revision,
        };
        send!(session, self.target.key, request_information(request))
    }
}

/// Answer open questions.
#[derive(Debug, Args)]
pub(crate) struct Answer {
    #[command(flatten)]
    target: Target,
    /// A question's number; may be given several times [default: all that are open]
    #[arg(long, value_name = "NUMBER")]
    question: Vec<u32>,
    #[command(flatten)]
    body: Body,
    #[command(flatten)]
    late: Late,
}

impl Answer {
    /// Sends it.
    pub(crate) async fn run(self, session: &Session) -> Result<(), Failure> {
        let request = ProvideInformationRequest {
            request_id: session.request_id(),
            key: self.target.key.clone(),
            questions: self.question,
            text: self.body.read(session, "the answer")?,
            occurred_at: self.late.occurred_at,
            expected_revision: self.target.expected_revision,
        };
        send!(session, self.target.key, provide_information(request))
    }
}

action! {
    /// Take open questions back.
    WithdrawQuestion => withdraw_request(WithdrawRequestRequest) {
        /// A question's number; may be given several times [default: all that are open]
        #[arg(long, value_name = "NUMBER")]
        question: Vec<u32>,
    }
    |this, session| { questions: this.question, }
}

/// Say something.
#[derive(Debug, Args)]
pub(crate) struct Comment {
    #[command(flatten)]
    target: Target,
    #[command(flatten)]
    body: Body,
    #[command(flatten)]
    late: Late,
}

impl Comment {
    /// Sends it.
    pub(crate) async fn run(self, session: &Session) -> Result<(), Failure> {
        let request = CommentOnIssueRequest {
            request_id: session.request_id(),
            key: self.target.key.clone(),
            text: self.body.read(session, "the comment")?,
            occurred_at: self.late.occurred_at,
            expected_revision: self.target.expected_revision,
        };
        send!(session, self.target.key, comment_on_issue(request))
    }
}

/// Hear of it.
#[derive(Debug, Args)]
pub(crate) struct Watch {
    #[command(flatten)]
    target: Target,
    /// Who [default: the actor]
    #[arg(long)]
    person: Option<String>,
}

impl Watch {
    /// Sends it.
    pub(crate) async fn run(self, session: &Session) -> Result<(), Failure> {
        let request = WatchIssueRequest {
            request_id: session.request_id(),
            key: self.target.key.clone(),
            person: self.person.as_deref().map(|person| session.person(person)).unwrap_or_default(),
            expected_revision: self.target.expected_revision,
        };
        send!(session, self.target.key, watch_issue(request))
    }
}

action! {
    /// Link it to another issue.
    Link => link_issues(LinkIssuesRequest) {
        /// How they belong together
        #[arg(value_name = "KIND")]
        kind: words::LinkKind,
        /// The other one: a key of the same project, or `system:reference`
        #[arg(value_name = "OTHER")]
        other: String,
    }
    |this, session| { kind: this.kind.into(), other: this.other, }
}
