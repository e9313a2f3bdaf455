//! `snaglog policy …`: a project's SLA policies, and what they do.

mod differences;
mod file;
mod proposed;
mod reading;
pub(crate) mod story;

use api::policies::v1::policy_service_client::PolicyServiceClient;
use api::policies::v1::{
    ExplainTargetRequest, ExplainTargetResponse, GetPolicyRequest, GetPolicyResponse, ListPoliciesRequest,
    PolicyVersion,
};
use clap::{Args, Subcommand};

use super::failure::Failure;
use super::issue::explain;
use super::session::Session;
use super::{json as shown, times};
use proposed::{Apply, Diff, Try};

/// SLA policies: targets, calendars, escalations, and why they hold.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Show a policy as a file that `policy apply` takes
    #[command(visible_alias = "get")]
    Show(Show),
    /// List a project's policies
    List(List),
    /// Adopt the policy in a file
    Apply(Apply),
    /// Show what a file says otherwise than the policy in force
    Diff(Diff),
    /// Tell why an issue's clocks have their targets
    Why(Why),
    /// Recompute past months under the policy in a file, beside what really happened
    Try(Try),
}

/// Show a policy as a file that `policy apply` takes.
#[derive(Debug, Args)]
pub(crate) struct Show {
    /// The project's key
    project: String,
    /// Its version; 0 is the default policy [default: the one in force]
    #[arg(long, value_name = "N", conflicts_with = "at")]
    version: Option<u32>,
    /// The one in force at that time, past or to come
    #[arg(long, value_name = "TIME", value_parser = times::parse)]
    at: Option<prost_types::Timestamp>,
}

/// List a project's policies.
#[derive(Debug, Args)]
pub(crate) struct List {
    /// The project's key
    project: String,
}

/// Tell why an issue's clocks have their targets.
#[derive(Debug, Args)]
pub(crate) struct Why {
    /// The issue's key
    key: String,
}

impl Command {
    /// Does it.
    pub(crate) async fn run(self, session: &Session) -> Result<(), Failure> {
        match self {
            Self::Show(show) => show.run(session).await,
            Self::List(list) => list.run(session).await,
            Self::Apply(apply) => apply.run(session).await,
            Self::Diff(diff) => diff.run(session).await,
            Self::Why(why) => why.run(session).await,
            Self::Try(trial) => trial.run(session).await,
        }
    }
}

impl Show {
    async fn run(self, session: &Session) -> Result<(), Failure> {
        session.output.expect_fields_of::<PolicyVersion>(&[])?;
        let project = self.project.to_uppercase();
        let GetPolicyResponse { policy, in_force, .. } = get(session, self.project, self.version, self.at).await?;
        let version = policy.unwrap_or_default();
        if session.output.is_json() {
            session.output.json(shown::to_json(&version));
            return Ok(());
        }
        let written = file::write(&version.policy.clone().unwrap_or_default());
        let written = written.map_err(|error| Failure::failed(format!("write the policy: {error}")))?;
        let name =
            if version.version == 0 { String::from("the default") } else { format!("version {}", version.version) };
        let now = if in_force { ", in force now" } else { "" };
        session
            .output
            .text(format!("# SLA policy of {project}: {name}{now}, from: {}", story::since(&version, &session.output)));
        session.output.text(written.trim_end());
        Ok(())
    }
}

async fn get(
    session: &Session,
    project: String,
    version: Option<u32>,
    at: Option<prost_types::Timestamp>,
) -> Result<GetPolicyResponse, Failure> {
    let request = GetPolicyRequest { project, version, at };
    let answer = PolicyServiceClient::new(session.wire()).get_policy(request).await;
    Ok(answer.map_err(|status| explain(session.failure(status), ""))?.into_inner())
}

impl List {
    async fn run(self, session: &Session) -> Result<(), Failure> {
        session.output.expect_fields_of::<PolicyVersion>(&[])?;
        let mut client = PolicyServiceClient::new(session.wire());
        let mut request = ListPoliciesRequest { project: self.project, ..ListPoliciesRequest::default() };
        let mut rows = Vec::new();
        loop {
            let page = client.list_policies(request.clone()).await;
            let page = page.map_err(|status| explain(session.failure(status), ""))?.into_inner();
            for version in &page.policies {
                if session.output.is_json() {
                    session.output.json(shown::to_json(version));
                    continue;
                }
                let policy = version.policy.as_ref();
                let severities = policy.map_or(0, |policy| policy.severities.len()).to_string();
                let selectors = policy.map_or(0, |policy| policy.selectors.len()).to_string();
                let now = if version.version == page.in_force { "in force" } else { "" };
                rows.push(vec![
                    version.version.to_string(),
                    story::since(version, &session.output),
                    severities,
                    selectors,
                    now.into(),
                ]);
            }
            request.page_token = page.next_page_token;
            if request.page_token.is_empty() {
                break;
            }
        }
        if !session.output.is_json() {
            session.output.table(&["VERSION", "FROM", "SEVERITIES", "SELECTORS", ""], rows);
        }
        Ok(())
    }
}

impl Why {
    async fn run(self, session: &Session) -> Result<(), Failure> {
        session.output.expect_fields_of::<ExplainTargetResponse>(&[])?;
        let request = ExplainTargetRequest { key: self.key.clone() };
        let answer = PolicyServiceClient::new(session.wire()).explain_target(request).await;
        let answer = answer.map_err(|status| explain(session.failure(status), &self.key.to_uppercase()))?;
        session.output.show(&answer.into_inner(), |answer| story::why(answer, &session.output));
        Ok(())
    }
}

#[cfg(test)]
mod tests;
