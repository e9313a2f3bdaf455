//! A policy in a file: adopted, compared with what holds, tried on what happened.

use std::path::PathBuf;
use std::time::Duration;

use api::policies::v1::policy_service_client::PolicyServiceClient;
use api::policies::v1::preview_policy_response::Step;
use api::policies::v1::try_policy_response::Step as Trying;
use api::policies::v1::{
    AdoptPolicyRequest, PolicyVersion, PreviewPolicyRequest, PreviewPolicyResponse, Trial, TryPolicyRequest,
};
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;
use tonic::Status;

use super::{differences, file, get, reading, story};
use crate::client::failure::Failure;
use crate::client::issue::Fresh;
use crate::client::session::Session;
use crate::client::{json as shown, text, times};

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

impl Proposed {
    /// What the file says.
    fn read(&self) -> Result<reading::Read, Failure> {
        let (name, written) = text::named(&self.file)?;
        reading::read(&name, &written).map_err(|faults| {
            let mut failure = Failure::usage(format!("{name} is no policy"));
            failure.faults = faults.into();
            failure.hint("`snaglog policy apply --help` shows one.")
        })
    }

    /// A refusal, with each fault where it stands in the file.
    fn refused(&self, read: &reading::Read, session: &Session, status: Status) -> Failure {
        let cannot = format!("can't be the policy of {}", self.project.to_uppercase());
        read.places.refused(&cannot, session, status)
    }
}

impl Apply {
    /// Does it.
    pub(super) async fn run(self, session: &Session) -> Result<(), Failure> {
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
    /// Does it.
    pub(super) async fn run(self, session: &Session) -> Result<(), Failure> {
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

impl Try {
    /// Does it.
    pub(super) async fn run(self, session: &Session) -> Result<(), Failure> {
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
