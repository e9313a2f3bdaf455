//! `snaglog policy …`: a project's SLA policies, and what they do.

mod differences;
mod file;
mod reading;
mod story;

use std::path::PathBuf;
use std::time::Duration;

use api::policies::v1::policy_service_client::PolicyServiceClient;
use api::policies::v1::preview_policy_response::Step;
use api::policies::v1::try_policy_response::Step as Trying;
use api::policies::v1::{
    AdoptPolicyRequest, ExplainTargetRequest, ExplainTargetResponse, GetPolicyRequest, GetPolicyResponse,
    ListPoliciesRequest, PolicyVersion, PreviewPolicyRequest, PreviewPolicyResponse, Trial, TryPolicyRequest,
};
use clap::{Args, Subcommand};
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;
use tonic::Status;
use tonic_types::StatusExt as _;

use super::failure::Failure;
use super::issue::{Fresh, explain};
use super::session::Session;
use super::{json as shown, text, times};

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

/// Adopt the policy in a file. Clocks that run keep the version they started with, until they are rebased.
#[derive(Debug, Args)]
#[command(after_help = file::HELP)]
pub(crate) struct Apply {
    #[command(flatten)]
    proposed: Proposed,
    /// From when on it is in force; not in the past [default: now]
    #[arg(long, value_name = "TIME", value_parser = times::parse)]
    effective_from: Option<prost_types::Timestamp>,
    /// Only tell whether it would be adopted, and which open clocks a rebase would then move
    #[arg(long)]
    dry_run: bool,
    /// Refuse (exit code 5) unless the project is at this revision
    #[arg(long, value_name = "N", conflicts_with = "dry_run")]
    expected_revision: Option<u64>,
    #[command(flatten)]
    fresh: Fresh,
}

/// Show what a file says otherwise than the policy in force.
#[derive(Debug, Args)]
#[command(after_help = file::HELP)]
pub(crate) struct Diff {
    #[command(flatten)]
    proposed: Proposed,
    /// Compare with this version [default: the one in force]
    #[arg(long, value_name = "N")]
    version: Option<u32>,
}

/// Tell why an issue's clocks have their targets.
#[derive(Debug, Args)]
pub(crate) struct Why {
    /// The issue's key
    key: String,
}

/// Recompute past months under the policy in a file, beside what really happened. Nothing is recorded.
#[derive(Debug, Args)]
#[command(after_help = file::HELP)]
pub(crate) struct Try {
    #[command(flatten)]
    proposed: Proposed,
    /// From then on: a length of time before now (`90d`, `6 months`), RFC 3339, a date, `yesterday` [default: 90 days]
    #[arg(long, value_name = "TIME", value_parser = times::since)]
    since: Option<prost_types::Timestamp>,
    /// Until then [default: now]
    #[arg(long, value_name = "TIME", value_parser = times::parse)]
    until: Option<prost_types::Timestamp>,
    #[command(flatten)]
    fresh: Fresh,
}

/// A policy in a file.
#[derive(Debug, Args)]
struct Proposed {
    /// The project's key
    project: String,
    /// The file; `-` reads standard input
    file: PathBuf,
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

impl Proposed {
    /// What the file says.
    fn read(&self) -> Result<reading::Read, Failure> {
        let written = if self.file.as_os_str() == "-" { text::standard_input()? } else { text::from_file(&self.file)? };
        reading::read(&self.name(), &written).map_err(|faults| {
            let mut failure = Failure::usage(format!("{} is no policy", self.name()));
            failure.faults = faults;
            failure.hint("`snaglog policy apply --help` shows one.")
        })
    }

    fn name(&self) -> String {
        if self.file.as_os_str() == "-" { String::from("standard input") } else { self.file.display().to_string() }
    }

    /// A refusal, with each fault where it stands in the file.
    fn refused(&self, read: &reading::Read, session: &Session, status: Status) -> Failure {
        let details = status.get_error_details();
        let faults = details.bad_request().map(|bad| bad.field_violations.clone()).unwrap_or_default();
        let mut failure = explain(session.failure(status), "");
        if !faults.is_empty() {
            if failure.reason == "PolicyMalformed" {
                failure.message = format!("{} can't be the policy of {}", self.name(), self.project.to_uppercase());
            }
            let placed = faults.iter().map(|fault| read.placed(&self.name(), &fault.field, &fault.description));
            failure.faults = placed.collect();
        }
        failure
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

impl Apply {
    async fn run(self, session: &Session) -> Result<(), Failure> {
        if self.dry_run {
            return self.preview(session).await;
        }
        session.output.expect_fields_of::<PolicyVersion>(&[])?;
        let read = self.proposed.read()?;
        let request = AdoptPolicyRequest {
            request_id: session.request_id(),
            project: self.proposed.project.clone(),
            policy: Some(read.policy.clone()),
            effective_from: self.effective_from,
            expected_revision: self.expected_revision,
        };
        let answer = PolicyServiceClient::new(session.wire()).adopt_policy(request).await;
        let version = match answer {
            Ok(answer) => answer.into_inner().policy.unwrap_or_default(),
            Err(status) => {
                let failure = self.proposed.refused(&read, session, status);
                // To apply a file twice is no mistake: what it asks for is so.
                let Some(same) =
                    (failure.reason == "SamePolicy").then(|| failure.fact("version").parse().ok()).flatten()
                else {
                    return Err(failure);
                };
                let answer = get(session, self.proposed.project, Some(same), None).await?;
                session.output.show(&answer.policy.unwrap_or_default(), |version| {
                    format!("nothing to do: version {} says the same", version.version)
                });
                return Ok(());
            }
        };
        session.output.show(&version, |version| {
            let project = self.proposed.project.to_uppercase();
            format!(
                "{project} is ruled by policy version {} from {} on",
                version.version,
                story::since(version, &session.output)
            )
        });
        Ok(())
    }

    async fn preview(self, session: &Session) -> Result<(), Failure> {
        session.output.expect_fields_of::<PreviewPolicyResponse>(&[])?;
        let read = self.proposed.read()?;
        let request = PreviewPolicyRequest {
            project: self.proposed.project.clone(),
            policy: Some(read.policy.clone()),
            effective_from: self.effective_from,
            without_clocks: false,
            consistency: self.fresh.consistency(),
        };
        let refused = |status| self.proposed.refused(&read, session, status);
        let answer = PolicyServiceClient::new(session.wire()).preview_policy(request).await;
        let mut steps = answer.map_err(refused)?.into_inner();
        let mut moved = Vec::new();
        while let Some(message) = steps.message().await.map_err(refused)? {
            if session.output.is_json() {
                session.output.json(shown::to_json(&message));
                continue;
            }
            match message.step {
                Some(Step::Policy(version)) => session.output.text(format!(
                    "{} would be ruled by policy version {} from {} on",
                    self.proposed.project.to_uppercase(),
                    version.version,
                    story::since(&version, &session.output)
                )),
                Some(Step::Move(one)) => moved.push(story::moved(&one, &session.output)),
                Some(Step::Summary(summary)) => {
                    if !moved.is_empty() {
                        session.output.table(&story::MOVED, std::mem::take(&mut moved));
                    }
                    session.output.text(story::summary(&summary));
                }
                None => {}
            }
        }
        Ok(())
    }
}

impl Diff {
    async fn run(self, session: &Session) -> Result<(), Failure> {
        session.output.expect_fields(&["from_version", "to_version", "differences"])?;
        let read = self.proposed.read()?;
        let request = PreviewPolicyRequest {
            project: self.proposed.project.clone(),
            policy: Some(read.policy.clone()),
            without_clocks: true,
            ..PreviewPolicyRequest::default()
        };
        let refused = |status| self.proposed.refused(&read, session, status);
        let answer = PolicyServiceClient::new(session.wire()).preview_policy(request).await;
        let first = answer.map_err(refused)?.into_inner().message().await.map_err(refused)?;
        let Some(Step::Policy(to)) = first.and_then(|first| first.step) else {
            return Err(Failure::failed("the server told no policy"));
        };
        let from = get(session, self.proposed.project.clone(), self.version, None).await?.policy.unwrap_or_default();
        let differences =
            differences::differences(&from.policy.clone().unwrap_or_default(), &to.policy.clone().unwrap_or_default());
        let differences = differences.map_err(|error| Failure::failed(format!("compare the policies: {error}")))?;
        if session.output.is_json() {
            let each = |one: &differences::Difference| json!({"place": one.place, "from": one.from, "to": one.to});
            let differences: Vec<_> = differences.iter().map(each).collect();
            session.output.json(json!({
                "from_version": from.version, "to_version": to.version, "differences": differences,
            }));
        } else if differences.is_empty() {
            session.output.text(format!("no difference: version {} says the same", from.version));
        } else {
            let then = format!("VERSION {}", from.version);
            let or_dash = |text: String| if text.is_empty() { String::from("-") } else { text };
            let rows = differences.into_iter().map(|one| vec![one.place, or_dash(one.from), or_dash(one.to)]);
            session.output.table(&["PLACE", &then, "FILE"], rows);
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

impl Try {
    async fn run(self, session: &Session) -> Result<(), Failure> {
        session.output.expect_fields_of::<Trial>(&[])?;
        let read = self.proposed.read()?;
        let request = TryPolicyRequest {
            project: self.proposed.project.clone(),
            policy: Some(read.policy.clone()),
            since: self.since,
            until: self.until,
            consistency: self.fresh.consistency(),
        };
        let refused = |status| self.proposed.refused(&read, session, status);
        let answer = PolicyServiceClient::new(session.wire()).try_policy(request).await;
        let mut steps = answer.map_err(refused)?.into_inner();
        // Hidden where standard error is no terminal.
        let spinner = ProgressBar::new_spinner().with_style(
            ProgressStyle::with_template("{spinner} {pos} issues recomputed")
                .unwrap_or_else(|_| ProgressStyle::default_spinner()),
        );
        spinner.enable_steady_tick(Duration::from_millis(100));
        while let Some(message) = steps.message().await.map_err(refused)? {
            match message.step {
                Some(Trying::Progress(progress)) => spinner.set_position(progress.issues),
                Some(Trying::Trial(trial)) => {
                    spinner.finish_and_clear();
                    session.output.show(&trial, |trial| story::trial(trial, &session.output));
                }
                None => {}
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
