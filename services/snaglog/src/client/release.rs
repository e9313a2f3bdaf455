//! `snaglog release …`: deployments and rollbacks.

use api::releases::v1::releases_service_client::ReleasesServiceClient;
use api::releases::v1::{GetReleaseRequest, RecordDeploymentRequest, RecordRollbackRequest, Release};
use clap::{Args, Subcommand};

use super::failure::Failure;
use super::issue::explain;
use super::session::Session;
use super::times;

/// Releases and where they are deployed.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Record that a release was deployed
    Deploy(Deploy),
    /// Record that a release was taken back
    Rollback(Rollback),
    /// Show what a release carries, and where it is
    #[command(visible_alias = "get")]
    Show(Show),
}

/// Which release, and where.
#[derive(Debug, Args)]
struct Place {
    /// The project's key
    project: String,
    /// The release's id
    release: String,
    /// Where: production, or another name
    #[arg(long, default_value = "production")]
    environment: String,
    /// When it happened, where it is recorded late: RFC 3339, `yesterday`, `2h ago`
    #[arg(long, value_name = "TIME", value_parser = times::parse)]
    occurred_at: Option<prost_types::Timestamp>,
    /// Refuse (exit code 5) unless it is at this revision
    #[arg(long, value_name = "N")]
    expected_revision: Option<u64>,
}

/// Record that a release was deployed.
#[derive(Debug, Args)]
pub(crate) struct Deploy {
    #[command(flatten)]
    place: Place,
    /// A change it carries; may be given several times
    #[arg(long, value_name = "COMMIT")]
    change: Vec<String>,
    /// An issue whose fix it carries; may be given several times
    #[arg(long, value_name = "KEY")]
    issue: Vec<String>,
}

/// Record that a release was taken back.
#[derive(Debug, Args)]
pub(crate) struct Rollback {
    #[command(flatten)]
    place: Place,
}

/// Show what a release carries, and where it is.
#[derive(Debug, Args)]
pub(crate) struct Show {
    /// The project's key
    project: String,
    /// The release's id
    release: String,
}

impl Command {
    /// Does what was asked.
    pub(crate) async fn run(self, session: &Session) -> Result<(), Failure> {
        session.output.expect_fields_of::<Release>(&[])?;
        let mut client = ReleasesServiceClient::new(session.wire());
        let release = match self {
            Self::Deploy(Deploy { place, change, issue }) => client
                .record_deployment(RecordDeploymentRequest {
                    request_id: session.request_id(),
                    project: place.project,
                    release: place.release,
                    environment: place.environment,
                    changes: change,
                    issues: issue,
                    occurred_at: place.occurred_at,
                    expected_revision: place.expected_revision,
                })
                .await
                .map(|answer| answer.into_inner().release),
            Self::Rollback(Rollback { place }) => client
                .record_rollback(RecordRollbackRequest {
                    request_id: session.request_id(),
                    project: place.project,
                    release: place.release,
                    environment: place.environment,
                    occurred_at: place.occurred_at,
                    expected_revision: place.expected_revision,
                })
                .await
                .map(|answer| answer.into_inner().release),
            Self::Show(Show { project, release }) => client
                .get_release(GetReleaseRequest { project, release })
                .await
                .map(|answer| answer.into_inner().release),
        };
        let release = release.map_err(|status| explain(session.failure(status), ""))?.unwrap_or_default();
        session.output.show(&release, |release| story(release, session));
        Ok(())
    }
}

fn story(release: &Release, session: &Session) -> String {
    let mut lines = vec![format!("{} of {} (revision {})", release.id, release.project, release.revision)];
    for environment in &release.environments {
        let what = if environment.deployed { "deployed" } else { "taken back" };
        lines.push(format!("  {}: {what} {}", environment.name, session.output.time(environment.since.as_ref())));
    }
    if !release.issues.is_empty() {
        lines.push(format!("  issues: {}", release.issues.join(", ")));
    }
    if !release.changes.is_empty() {
        lines.push(format!("  changes: {}", release.changes.join(", ")));
    }
    lines.join("\n")
}
