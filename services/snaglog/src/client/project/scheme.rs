//! Severities, from a file.

use api::projects::v1::projects_service_client::ProjectsServiceClient;
use api::projects::v1::{self as proto, Project};
use clap::Args;

use super::story;
use crate::client::failure::Failure;
use crate::client::issue::explain;
use crate::client::session::Session;
use crate::client::text;

/// A scheme as its file has it.
#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct SchemeFile {
    default: String,
    severities: Vec<SeverityFile>,
}

#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct SeverityFile {
    id: String,
    name: String,
    #[serde(default)]
    definition: String,
    #[serde(default)]
    retired: bool,
}

/// Change its severities. One that is there may be retired, not left out.
#[derive(Debug, Args)]
pub(crate) struct SetSeverities {
    /// The project's key
    project: String,
    /// JSON: {"default": "sev3", "severities": [{"id": "sev1", "name": "Sev 1", "definition": "…", "retired": false}, …]}; the worst first
    file: std::path::PathBuf,
    /// Refuse (exit code 5) unless it is at this revision
    #[arg(long, value_name = "N")]
    expected_revision: Option<u64>,
}

impl SetSeverities {
    /// Changes them.
    pub(super) async fn run(self, session: &Session) -> Result<(), Failure> {
        session.output.expect_fields_of::<Project>(&[])?;
        let text = text::from_file(&self.file)?;
        let file: SchemeFile =
            serde_json::from_str(&text).map_err(|error| Failure::usage(format!("{}: {error}", self.file.display())))?;
        let severities = file.severities.into_iter().map(|one| proto::Severity {
            id: one.id,
            name: one.name,
            definition: one.definition,
            retired: one.retired,
        });
        let request = proto::ChangeSeveritySchemeRequest {
            request_id: session.request_id(),
            project: self.project,
            scheme: Some(proto::SeverityScheme { severities: severities.collect(), default_severity: file.default }),
            expected_revision: self.expected_revision,
        };
        let answer = ProjectsServiceClient::new(session.wire()).change_severity_scheme(request).await;
        let answer = answer.map_err(|status| explain(session.failure(status), ""))?.into_inner();
        session.output.show(&answer.project.unwrap_or_default(), story::project);
        Ok(())
    }
}
