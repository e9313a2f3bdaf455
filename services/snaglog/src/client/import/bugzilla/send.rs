//! Sends facts. What may pass by itself is tried again; what the server refuses is an answer, too.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use api::consistency::v1::consistency::Requirement;
use api::consistency::v1::{AtLeastAsFresh, Consistency};
use api::imports::v1::ImportFactRequest;
use api::imports::v1::imports_service_client::ImportsServiceClient;
use api::issues::v1::issues_service_client::IssuesServiceClient;
use api::issues::v1::{ListIssuesRequest, Origin};
use tonic::{Code, Status};

use super::plan::PlannedFact;
use crate::client::failure::{Exit, Failure};
use crate::client::issue::explain;
use crate::client::session::{Session, Wire};
use crate::client::times;

/// The system that references belong to: `bugzilla:446261`.
pub(super) const SYSTEM: &str = "bugzilla";
/// The rule that there is no such project.
pub(super) const UNKNOWN_PROJECT: &str = "UnknownProject";
/// The rule that nothing is recorded before it happens.
pub(super) const IN_FUTURE: &str = "OccurredInFuture";
/// A call that may pass by itself is sent again so many times, after 100 ms, 200 ms … 12.8 s, which a server that is started again may take;
/// then the import stops.
const PAUSES: u32 = 8;
const FIRST_PAUSE_MS: u64 = 100;
/// So often it waits for views, each time as long as the server lets it.
const WAITS_MAX: u32 = 12;

/// What became of a fact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Sent {
    Recorded,
    AlreadyThere,
    /// By this rule.
    Refused(String),
    /// An earlier import sent something else in its place.
    Differs,
    /// The issue has moved on since an earlier import: left out, for this reason.
    Overtaken(String),
}

/// Sends facts to one project.
#[derive(Debug, Clone)]
pub(super) struct Sender {
    session: Session,
    client: ImportsServiceClient<Wire>,
    project: String,
    at_once: usize,
    /// What the last answers stand for, as many as calls may be under way: the newest fact is among them.
    tokens: Arc<Mutex<VecDeque<String>>>,
}

impl Sender {
    /// At most `at_once` facts are sent at the same time.
    pub(super) fn new(session: &Session, project: &str, at_once: usize) -> Self {
        Self {
            session: session.clone(),
            client: ImportsServiceClient::new(session.wire()),
            project: project.to_owned(),
            at_once,
            tokens: Arc::default(),
        }
    }

    /// Sends a fact. An error ends the import: without a server, or without the right to import, no other would fare better.
    pub(super) async fn send(&self, bug: u64, fact: PlannedFact) -> Result<Sent, Failure> {
        let request = ImportFactRequest {
            request_id: fact.request_id.to_string(),
            project: self.project.clone(),
            origin: Some(Origin {
                system: SYSTEM.to_owned(),
                reference: bug.to_string(),
                implied: fact.implied,
                imported_by: String::new(),
            }),
            actor: fact.actor,
            occurred_at: Some(times::to_proto(fact.occurred_at)),
            fact: Some(fact.fact),
        };
        let mut pauses = (0..PAUSES).map(|nth| Duration::from_millis(FIRST_PAUSE_MS << nth));
        loop {
            let status = match self.client.clone().import_fact(request.clone()).await {
                Ok(answer) => {
                    let answer = answer.into_inner();
                    self.remember(answer.consistency_token);
                    return Ok(if answer.already_there { Sent::AlreadyThere } else { Sent::Recorded });
                }
                Err(status) => status,
            };
            match (status.code(), pauses.next()) {
                (_, Some(pause)) if may_pass(&status) => tokio::time::sleep(pause).await,
                // Something is wrong with this fact, not with the server: the others go on.
                (Code::Internal, _) => return Ok(Sent::Refused(String::from("Internal"))),
                _ => return self.judge(self.session.failure(status)),
            }
        }
    }

    fn remember(&self, token: String) {
        let mut tokens = self.tokens.lock().unwrap_or_else(PoisonError::into_inner);
        tokens.push_back(token);
        if tokens.len() > self.at_once {
            tokens.pop_front();
        }
    }

    /// Waits until lists and boards show all that was sent; where they don't in time, it says so.
    pub(super) async fn wait_for_views(&self) {
        let tokens: Vec<String> = self.tokens.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect();
        let request = ListIssuesRequest {
            project: self.project.clone(),
            page_size: 1,
            consistency: Some(Consistency {
                requirement: Some(Requirement::AtLeastAsFresh(AtLeastAsFresh { tokens })),
            }),
            ..ListIssuesRequest::default()
        };
        let mut client = IssuesServiceClient::new(self.session.wire());
        for _ in 0..WAITS_MAX {
            match client.list_issues(request.clone()).await {
                Ok(_) => return,
                Err(status) if status.code() == Code::DeadlineExceeded => {}
                Err(_) => break,
            }
        }
        anstream::eprintln!("All is recorded; lists and boards still catch up.");
    }

    fn judge(&self, failure: Failure) -> Result<Sent, Failure> {
        match (failure.exit, failure.reason.as_str()) {
            (_, UNKNOWN_PROJECT) | (Exit::NotAllowed | Exit::TryAgain | Exit::Conflict | Exit::Failed, _) => {
                Err(explain_project(failure, &self.project))
            }
            (_, "RequestIdReused") => Ok(Sent::Differs),
            (Exit::Refused | Exit::Usage, "") => Ok(Sent::Refused(failure.message)),
            (Exit::Refused | Exit::Usage, reason) => Ok(Sent::Refused(reason.to_owned())),
        }
    }
}

/// True where the same call may succeed later. A connection that breaks during a call has no code of its own, and no details.
fn may_pass(status: &Status) -> bool {
    match status.code() {
        Code::Unavailable | Code::ResourceExhausted | Code::DeadlineExceeded | Code::Aborted | Code::Cancelled => true,
        Code::Unknown => status.details().is_empty(),
        _ => false,
    }
}

/// A failure with what helps: a project that is missing can be created.
pub(super) fn explain_project(failure: Failure, project: &str) -> Failure {
    if failure.reason == UNKNOWN_PROJECT {
        return failure.hint(format!(
            "Try: snaglog project create {project} --name NAME, then import again; or add --create-project."
        ));
    }
    explain(failure, "")
}
