//! `snaglog issue …`: a subcommand for every command and query of the issues service.

mod clocks;
mod conversation;
mod filing;
mod hint;
mod next;
mod production;
pub(crate) mod query;
mod resolution;
mod timeline;
mod triage;
pub(crate) mod words;

use api::consistency::v1::{AtLeastAsFresh, Consistency, consistency::Requirement};
use api::issues::v1::Issue;
use clap::{Args, Subcommand};

use super::failure::Failure;
use super::json;
use super::session::Session;
use super::times;

pub(crate) use hint::{advise, explain};
pub(crate) use query::story;

/// Issues: from filing to closing.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// File an issue
    File(filing::File),
    /// Show one issue with its newest comments and its timeline
    #[command(visible_alias = "get")]
    Show(query::Show),
    /// List a project's issues
    #[command(visible_alias = "ls")]
    List(query::List),
    /// Say what kind of work it needs, and whose
    Triage(triage::Triage),
    /// Take it on: you are a member of its team, and there is enough information
    Accept(triage::Accept),
    /// Say how it was fixed, with the evidence
    Resolve(resolution::Resolve),
    /// Confirm the fix: you have tested it
    Verify(resolution::Verify),
    /// Close it: it is in production, and was verified there
    Close(production::Close),
    /// Say that no developer will work on it
    Dismiss(resolution::Dismiss),
    /// Reopen a closed or dismissed issue
    Reopen(resolution::Reopen),
    /// Say that the fix does not hold
    Reject(resolution::Reject),
    /// Give it to a member of its team
    Assign(triage::Assign),
    /// Give it to another team
    HandOver(triage::HandOver),
    /// Give it back to triage
    ReturnToTriage(triage::ReturnToTriage),
    /// Change its severity
    Severity(triage::Severity),
    /// Change its triage level
    Level(triage::Level),
    /// Change its component
    Component(triage::Component),
    /// Add missing parts to the report
    Amend(filing::Amend),
    /// Ask for information
    Ask(conversation::Ask),
    /// Answer open questions
    Answer(conversation::Answer),
    /// Take open questions back
    WithdrawQuestion(conversation::WithdrawQuestion),
    /// Say something
    Comment(conversation::Comment),
    /// Hear of it
    Watch(conversation::Watch),
    /// Link it to another issue
    Link(conversation::Link),
    /// Record a way around it
    Workaround(resolution::Workaround),
    /// The workaround no longer holds
    WithdrawWorkaround(resolution::WithdrawWorkaround),
    /// Name somebody else who may confirm the fix
    Delegate(resolution::Delegate),
    /// Add regression tests after the resolution
    AddTests(resolution::AddTests),
    /// Mark its fix as in production
    MarkInProduction(production::MarkInProduction),
    /// Its release was rolled back
    WithdrawFromProduction(production::WithdrawFromProduction),
    /// Name a release that caused it
    Cause(production::Cause),
    /// Move the clocks that run to another SLA policy, on purpose
    RebaseClocks(clocks::RebaseClocks),
    /// Always refused: defects are not estimated
    Estimate(triage::Estimate),
}

/// Which issue, and what the caller relies on.
#[derive(Debug, Args)]
pub(crate) struct Target {
    /// The issue's key, `PAY-42` in either case
    #[arg(value_name = "KEY")]
    key: String,
    /// Refuse (exit code 5) unless the issue is at this revision
    #[arg(long, value_name = "N")]
    expected_revision: Option<u64>,
}

/// When something happened that is recorded late.
#[derive(Debug, Args)]
pub(crate) struct Late {
    /// When it happened, where it is recorded late: RFC 3339, `yesterday`, `2h ago`
    #[arg(long, value_name = "TIME", value_parser = times::parse)]
    occurred_at: Option<prost_types::Timestamp>,
}

/// How fresh an answer must be.
#[derive(Debug, Args)]
pub(crate) struct Fresh {
    /// Wait until the answer shows what this consistency token stands for (commands give one with --json)
    #[arg(long, value_name = "TOKEN")]
    at_least: Option<String>,
}

impl Fresh {
    /// What a query takes.
    pub(crate) fn consistency(&self) -> Option<Consistency> {
        let requirement = |token| Requirement::AtLeastAsFresh(AtLeastAsFresh { tokens: vec![token] });
        self.at_least.clone().map(|token| Consistency { requirement: Some(requirement(token)) })
    }
}

/// Why.
#[derive(Debug, Args)]
pub(crate) struct Reason {
    /// Why
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
}

impl Reason {
    fn text(self) -> String {
        self.reason.unwrap_or_default()
    }
}

/// Sends a request to the issues service; a refusal gets the hint that goes with it, an answer is printed.
macro_rules! send {
    ($session:expr, $key:expr, $method:ident($request:expr)) => {{
        let key: String = $key.to_uppercase();
        $session.output.expect_fields_of::<api::issues::v1::Issue>(&["consistency_token"])?;
        let mut client = api::issues::v1::issues_service_client::IssuesServiceClient::new($session.wire());
        match client.$method($request).await {
            Ok(answer) => {
                let answer = answer.into_inner();
                $crate::client::issue::done($session, &answer.issue.unwrap_or_default(), answer.consistency_token);
                Ok(())
            }
            Err(status) => Err($crate::client::issue::advise($session, $session.failure(status), &key).await),
        }
    }};
}
pub(crate) use send;

/// A subcommand that sends one request about an issue: its arguments, and what of them goes into which field.
macro_rules! action {
    (
        $(#[$doc:meta])* $name:ident => $method:ident($request:ident)
        { $($(#[$attribute:meta])* $field:ident: $kind:ty,)* }
        |$this:ident, $session:ident| { $($part:ident: $value:expr,)* }
    ) => {
        $(#[$doc])*
        #[derive(Debug, clap::Args)]
        pub(crate) struct $name {
            #[command(flatten)]
            target: $crate::client::issue::Target,
            $($(#[$attribute])* $field: $kind,)*
            #[command(flatten)]
            late: $crate::client::issue::Late,
        }

        impl $name {
            /// Sends it.
            pub(crate) async fn run(self, $session: &$crate::client::Session) -> Result<(), $crate::client::Failure> {
                let $this = self;
                let key = $this.target.key.clone();
                let request = api::issues::v1::$request {
                    request_id: $session.request_id(),
                    key: $this.target.key,
                    expected_revision: $this.target.expected_revision,
                    occurred_at: $this.late.occurred_at,
                    $($part: $value,)*
                };
                $crate::client::issue::send!($session, key, $method(request))
            }
        }
    };
}
pub(crate) use action;

/// Prints what a command left; for scripts with the token that lets a query wait for it.
fn done(session: &Session, issue: &Issue, token: String) {
    if session.output.is_json() {
        let mut object = json::to_json(issue);
        object["consistency_token"] = token.into();
        session.output.json(object);
    } else {
        session.output.text(format_args!("{} is {} (revision {})", issue.key, words::state(issue), issue.revision));
    }
}

impl Command {
    /// Does what was asked.
    pub(crate) async fn run(self, session: &Session) -> Result<(), Failure> {
        match self {
            Self::File(file) => file.run(session).await,
            Self::Show(show) => show.run(session).await,
            Self::List(list) => list.run(session).await,
            Self::Triage(triage) => triage.run(session).await,
            Self::Accept(accept) => accept.run(session).await,
            Self::Resolve(resolve) => resolve.run(session).await,
            Self::Verify(verify) => verify.run(session).await,
            Self::Close(close) => close.run(session).await,
            Self::Dismiss(dismiss) => dismiss.run(session).await,
            Self::Reopen(reopen) => reopen.run(session).await,
            Self::Reject(reject) => reject.run(session).await,
            Self::Assign(assign) => assign.run(session).await,
            Self::HandOver(hand_over) => hand_over.run(session).await,
            Self::ReturnToTriage(back) => back.run(session).await,
            Self::Severity(severity) => severity.run(session).await,
            Self::Level(level) => level.run(session).await,
            Self::Component(component) => component.run(session).await,
            Self::Amend(amend) => amend.run(session).await,
            Self::Ask(ask) => ask.run(session).await,
            Self::Answer(answer) => answer.run(session).await,
            Self::WithdrawQuestion(withdraw) => withdraw.run(session).await,
            Self::Comment(comment) => comment.run(session).await,
            Self::Watch(watch) => watch.run(session).await,
            Self::Link(link) => link.run(session).await,
            Self::Workaround(workaround) => workaround.run(session).await,
            Self::WithdrawWorkaround(withdraw) => withdraw.run(session).await,
            Self::Delegate(delegate) => delegate.run(session).await,
            Self::AddTests(tests) => tests.run(session).await,
            Self::MarkInProduction(mark) => mark.run(session).await,
            Self::WithdrawFromProduction(withdraw) => withdraw.run(session).await,
            Self::Cause(cause) => cause.run(session).await,
            Self::RebaseClocks(rebase) => rebase.run(session).await,
            Self::Estimate(estimate) => estimate.run(session).await,
        }
    }
}
