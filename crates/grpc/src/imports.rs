//! The imports service: facts of other systems' histories.

mod facts;

use std::sync::Arc;

use ::commands::Commands;
use api::imports::v1::imports_service_server::ImportsService;
use api::imports::v1::{ImportFactRequest, ImportFactResponse};
use domain::ids::{PersonId, ProjectId};
use domain::issue::{Asked, Command, Dismissal, Issue, IssueRef, RaisedBy};
use domain::{Fact, Origin};
use tonic::{Request, Response, Status};

use self::facts::Draft;
use crate::call::{Call, Envelope, Mutation, token_at};
use crate::fields::{Faults, short};
use crate::limits::{NAME_CHARS_MAX, ORIGIN_SYSTEM_CHARS_MAX};
use crate::status::{self, Subject};

/// Serves `snaglog.imports.v1.ImportsService`.
pub(crate) struct Imports {
    pub(crate) commands: Arc<Commands>,
}

impl Mutation for ImportFactRequest {
    type Reply = ImportFactResponse;
    type Resource = (String, bool);

    fn envelope(&mut self) -> Envelope {
        Envelope {
            request_id: std::mem::take(&mut self.request_id),
            expected_revision: None,
            occurred_at: self.occurred_at,
            late_reason: String::new(),
        }
    }

    /// Whoever imports, the fact is the same: who did it there is part of it.
    fn claimant<'a>(&'a self, _: &'a PersonId) -> &'a str {
        ""
    }

    fn reply((key, already_there): (String, bool), revision: u64, consistency_token: String) -> ImportFactResponse {
        ImportFactResponse { key, revision, already_there, consistency_token }
    }
}

#[tonic::async_trait]
impl ImportsService for Imports {
    async fn import_fact(&self, request: Request<ImportFactRequest>) -> Result<Response<ImportFactResponse>, Status> {
        let (mut message, mut call) = Call::open(request)?;
        let imported_by = call.actor();
        let faults = &mut call.faults;
        let project = faults.required("project", &message.project, ProjectId::parse);
        let origin = origin(faults, message.origin.take(), imported_by);
        let actor = faults.required("actor", &message.actor, PersonId::parse);
        if message.occurred_at.is_none() {
            faults.add("occurred_at", "is required");
        }
        let draft = facts::draft(faults, message.fact.take(), origin.as_ref());
        let parsed = project.zip(origin).zip(actor.zip(draft));
        let (mut request, ((project, origin), (actor, draft))) = call.close(parsed)?;
        request.actor = actor;
        let command = self.settle(&project, &origin, draft).await?;
        let subject = Subject(format!("issues/{}:{}", origin.system, origin.reference));
        let done = self.commands.imported_issue(&project, origin, command, request).await;
        let done = done.map_err(|error| status::command_error(&error, &subject))?;
        let resource = (done.state.key.to_string(), done.replayed);
        Ok(Response::new(ImportFactRequest::reply(resource, done.revision, token_at(&done.at))))
    }
}

impl Imports {
    /// Fills in what can only be known here: another issue of the same system is one of this project where it was imported before, else its
    /// reference is kept; a question is named by whom it was asked of.
    async fn settle(&self, project: &ProjectId, origin: &Origin, draft: Draft) -> Result<Command, Status> {
        let Draft { mut command, asked_of } = draft;
        match &mut command {
            Command::LinkIssues { other, .. }
            | Command::DismissIssue { dismissal: Fact::Known(Dismissal::DuplicateOf(other)), .. } => {
                let IssueRef::External(external) = &*other else { return Ok(command) };
                let reference = external.strip_prefix(&*origin.system).and_then(|rest| rest.strip_prefix(':'));
                let Some(reference) = reference else { return Ok(command) };
                if let Some(found) = self.find(project, &origin.system, reference).await? {
                    *other = IssueRef::Issue { id: found.id, key: found.key.clone() };
                }
            }
            Command::ProvideInformation { questions, .. } | Command::WithdrawRequest { questions } => {
                if let Some(person) = asked_of {
                    let issue = self.find(project, &origin.system, &origin.reference).await?;
                    *questions = vec![issue.and_then(|issue| oldest_question(&issue, person)).unwrap_or(NO_QUESTION)];
                }
            }
            _ => {}
        }
        Ok(command)
    }

    async fn find(&self, project: &ProjectId, system: &str, reference: &str) -> Result<Option<Arc<Issue>>, Status> {
        let found = self.commands.find_imported_issue(project, system, reference).await;
        let found =
            found.map_err(|error| status::command_error(&error, &Subject(format!("issues/{system}:{reference}"))))?;
        Ok(found.map(|found| found.state))
    }
}

/// No question has this number: where the issue knows the request already it is answered as before, else it is refused as NOTHING_WAS_ASKED.
const NO_QUESTION: u32 = 0;

/// The oldest open question to this person, by name or as the opener.
fn oldest_question(issue: &Issue, person: PersonId) -> Option<u32> {
    let opener = issue.source.raised_by == RaisedBy::Person(person.clone());
    let asked = Asked::Person(person);
    let to_them = |of: &Asked| *of == asked || (opener && *of == Asked::Opener);
    issue.questions.iter().find(|question| to_them(&question.of)).map(|question| question.number)
}

fn origin(faults: &mut Faults, origin: Option<api::issues::v1::Origin>, imported_by: PersonId) -> Option<Origin> {
    let Some(origin) = origin else {
        faults.add("origin", "is required");
        return None;
    };
    faults.within("origin", |faults| {
        let system = faults.required("system", &origin.system, short(ORIGIN_SYSTEM_CHARS_MAX));
        if origin.system.contains(':') {
            faults.add("system", "may not contain ':'");
        }
        let reference = faults.required("reference", &origin.reference, short(NAME_CHARS_MAX));
        Some(Origin { system: system?, reference: reference?, implied: origin.implied, imported_by })
    })
}
