//! The issues service.

mod commands;
pub(crate) mod parse;
pub(crate) mod queries;
pub(crate) mod show;
mod sla;
mod timeline;

use std::sync::Arc;

use ::commands::{Commands, Environment};
use domain::Fact;
use domain::ids::{IssueId, IssueKey};
use domain::issue::{Command, Dismissal, IssueRef};
use history::History;
use tonic::{Request, Response, Status};
use uuid::Uuid;

use crate::call::{Call, Mutation, reply};
use crate::fields::Faults;
use crate::freshness::Views;
use crate::status::{self, Subject};

/// Serves `snaglog.issues.v1.IssuesService`.
pub(crate) struct Issues {
    pub(crate) commands: Arc<Commands>,
    pub(crate) views: Arc<Views>,
    pub(crate) history: History,
    /// Tells the time that a timeline is counted to.
    pub(crate) environment: Arc<dyn Environment>,
}

/// A command to an issue that is there.
trait IssueCommand: Mutation<Resource = api::issues::v1::Issue> {
    /// Of which issue.
    fn key(&self) -> &str;

    /// The command. Every field is parsed before the first `?`, so that no fault hides another.
    fn command(self, faults: &mut Faults, actor: &domain::ids::PersonId) -> Option<Command>;
}

impl Issues {
    async fn run<M: IssueCommand>(&self, request: Request<M>) -> Result<Response<M::Reply>, Status> {
        let (message, mut call) = Call::open(request)?;
        let actor = call.actor();
        let key = call.faults.required("key", message.key(), IssueKey::parse);
        let command = message.command(&mut call.faults, &actor);
        let (request, (key, command)) = call.close(key.zip(command))?;
        let subject = subject(&key);
        let command = settle(&self.commands, command, &subject).await?;
        let done = self.commands.issue(&key, command, request).await;
        let done = done.map_err(|error| status::command_error(&error, &subject))?;
        Ok(reply::<M, _>(&done, show::issue(&done.state)))
    }
}

/// How errors name an issue.
pub(crate) fn subject(key: &IssueKey) -> Subject {
    Subject(format!("issues/{key}"))
}

/// An issue of the project, by its key. Its id is found by [`settle`].
pub(crate) fn unsettled(key: IssueKey) -> IssueRef {
    IssueRef::Issue { id: IssueId(Uuid::nil()), key }
}

/// Finds the id of the other issue that a command names by its key.
async fn settle(commands: &Commands, mut command: Command, subject: &Subject) -> Result<Command, Status> {
    let (Command::LinkIssues { other, .. }
    | Command::DismissIssue { dismissal: Fact::Known(Dismissal::DuplicateOf(other)), .. }) = &mut command
    else {
        return Ok(command);
    };
    if let IssueRef::Issue { id, key } = other {
        let found = commands.find_issue_id(key).await.map_err(|error| status::command_error(&error, subject))?;
        let unknown = || status::refused(&domain::Rejection::UnknownIssue { issue: key.clone() }, subject);
        *id = found.ok_or_else(unknown)?;
    }
    Ok(command)
}
