//! `snaglog health` and `snaglog doctor`.

use serde_json::json;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;

use super::failure::{Exit, Failure};
use super::session::Session;
use super::settings::Global;

/// The whole server, then each of its services.
const SERVICES: [&str; 9] = [
    "",
    "snaglog.issues.v1.IssuesService",
    "snaglog.projects.v1.ProjectsService",
    "snaglog.releases.v1.ReleasesService",
    "snaglog.boards.v1.BoardsService",
    "snaglog.history.v1.HistoryService",
    "snaglog.events.v1.EventsService",
    "snaglog.imports.v1.ImportsService",
    "snaglog.admin.v1.AdminService",
];

/// Asks the server whether it serves.
pub(crate) async fn health(session: &Session) -> Result<(), Failure> {
    session.output.expect_fields(&["serving", "status"])?;
    let status = status(session, "").await?;
    let serving = status == ServingStatus::Serving;
    if session.output.is_json() {
        session.output.json(json!({ "serving": serving, "status": status.as_str_name() }));
    } else {
        session.output.text(status.as_str_name());
    }
    if serving { Ok(()) } else { Err(Failure::new(Exit::TryAgain, "the server does not serve now")) }
}

async fn status(session: &Session, service: &str) -> Result<ServingStatus, Failure> {
    let request = HealthCheckRequest { service: service.to_owned() };
    let answer = HealthClient::new(session.channel()).check(request).await.map_err(|status| session.failure(status))?;
    Ok(answer.into_inner().status())
}

/// Checks all that a call needs, and says what is wrong.
pub(crate) async fn doctor(global: &Global) -> Result<(), Failure> {
    let output = global.output();
    output.expect_fields(&["check", "ok", "said"])?;
    let mut checks = vec![("client", Ok(env!("CARGO_PKG_VERSION").to_owned()))];
    match global.session() {
        Err(failure) => checks.push(("settings", Err(failure.message))),
        Ok(session) => {
            checks.push(("settings", Ok(format!("acting as {}", session.actor()))));
            for service in SERVICES {
                let name = if service.is_empty() { "server" } else { service };
                let serves = match status(&session, service).await {
                    Ok(ServingStatus::Serving) => Ok(String::from("serves")),
                    Ok(other) => Err(other.as_str_name().to_owned()),
                    Err(failure) => Err(failure.message),
                };
                let reached = serves.is_ok();
                checks.push((name, serves));
                if !reached && service.is_empty() {
                    break;
                }
            }
        }
    }
    let well = checks.iter().all(|(_, found)| found.is_ok());
    let word = |found: &Result<String, String>| if found.is_ok() { "ok" } else { "WRONG" };
    if output.is_json() {
        for (name, found) in &checks {
            let (Ok(said) | Err(said)) = found;
            output.json(json!({ "check": name, "ok": found.is_ok(), "said": said }));
        }
    } else {
        let rows = checks.iter().map(|(name, found)| {
            let (Ok(said) | Err(said)) = found;
            vec![(*name).to_owned(), word(found).to_owned(), said.clone()]
        });
        output.table(&["CHECK", "RESULT", ""], rows);
    }
    if well {
        Ok(())
    } else {
        Err(Failure::failed("something is wrong").hint("See `snaglog config` for the settings in force."))
    }
}
