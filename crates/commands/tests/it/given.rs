//! What the stories begin with: a log, nodes that write to it, a project with a team, an issue.

use std::fmt::Debug;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use commands::{CommandError, Commands, Done, Environment, Options, Request};
use domain::ids::{ComponentId, IssueId, IssueKey, PersonId, ProjectId, SeverityId, TeamId};
use domain::issue::{
    CustomerChannel, FileIssue, Issue, Level, OwnerChannel, RaisedBy, Report, Source, SourceKind, TriageIssue,
};
use domain::project::{Project, Scheme, TeamModel};
use domain::team::Team;
use domain::text::{Text, Title};
use domain::{Fact, Rejection, issue, project, team};
use event_log::{EventLog, Identity, MemoryLog};
use jiff::Timestamp;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::faults::Node;

/// A clock that stands, and counts for ids and salts.
#[derive(Default)]
pub(crate) struct Counting(AtomicU64);

impl Environment for Counting {
    fn now(&self) -> Timestamp {
        // Finer than what the log keeps: nothing may depend on it.
        Timestamp::new(1_790_000_000, 123_456_789).unwrap()
    }

    fn event_id(&self) -> Uuid {
        Uuid::from_u128(u128::from(self.0.fetch_add(1, Ordering::Relaxed)))
    }

    fn salt(&self) -> [u8; 32] {
        [7; 32]
    }
}

/// A log with one node, and more if the story needs them.
pub(crate) struct World {
    pub(crate) log: Arc<MemoryLog>,
    pub(crate) node: Arc<Node>,
    pub(crate) commands: Arc<Commands>,
}

impl World {
    /// Nothing was ever recorded.
    pub(crate) fn empty() -> Self {
        Self::with(Options::default())
    }

    pub(crate) fn with(options: Options) -> Self {
        let log = Arc::new(MemoryLog::new(Identity::new(Uuid::from_u128(1), 8)));
        Self::on(log, options)
    }

    fn on(log: Arc<MemoryLog>, options: Options) -> Self {
        let node = Node::new(Arc::clone(&log));
        let environment = Arc::new(Counting::default());
        let commands = Arc::new(Commands::new(Arc::clone(&node) as Arc<dyn EventLog>, environment, options));
        Self { log, node, commands }
    }

    /// Another node of the same log, that has read nothing yet.
    pub(crate) fn another_node(&self) -> Self {
        Self::on(Arc::clone(&self.log), Options::default())
    }

    /// The project PAY with the component checkout, owned by the team dev, of which ann and bob are members.
    pub(crate) async fn with_project(self) -> Self {
        for (n, command) in (9000..).zip(founding()) {
            self.commands.project(&pay(), command.clone(), ask("olga", n, &command)).await.unwrap();
        }
        for (n, person) in (9100..).zip(["ann", "bob"]) {
            self.add_member(person, n).await.unwrap();
        }
        self
    }

    /// As with a project, and PAY-1, filed by request 1.
    pub(crate) async fn with_issue(self) -> Self {
        let world = self.with_project().await;
        world.file(1).await.unwrap();
        world
    }

    /// As with an issue, triaged by request 2.
    pub(crate) async fn with_triaged_issue(self) -> Self {
        let world = self.with_issue().await;
        world.issue("ann", 2, triage()).await.unwrap();
        world
    }

    /// Files an issue.
    pub(crate) async fn file(&self, request: u128) -> Result<Done<Issue>, CommandError> {
        self.commands.file_issue(&pay(), filing(), ask("olga", request, &filing())).await
    }

    /// A command to PAY-1.
    pub(crate) async fn issue(
        &self,
        actor: &str,
        request: u128,
        command: issue::Command,
    ) -> Result<Done<Issue>, CommandError> {
        let request = ask(actor, request, &command);
        self.commands.issue(&first(), command, request).await
    }

    pub(crate) async fn add_component(&self, id: &str, request: u128) -> Result<Done<Project>, CommandError> {
        let command = project::Command::AddComponent { component: component(id), owner: None };
        self.commands.project(&pay(), command.clone(), ask("olga", request, &command)).await
    }

    pub(crate) async fn add_member(&self, who: &str, request: u128) -> Result<Done<Team>, CommandError> {
        let command = team::Command::AddMember { team: dev(), person: person(who) };
        self.commands.team(&pay(), command.clone(), ask("olga", request, &command)).await
    }

    pub(crate) async fn remove_member(&self, who: &str, request: u128) -> Result<Done<Team>, CommandError> {
        let command = team::Command::RemoveMember { team: dev(), person: person(who) };
        self.commands.team(&pay(), command.clone(), ask("olga", request, &command)).await
    }

    /// How many events PAY's partition has.
    pub(crate) async fn events(&self) -> u64 {
        let partition = self.log.identity().partition_of("PAY");
        self.log.barrier(partition).await.unwrap()
    }
}

fn founding() -> [project::Command; 3] {
    [
        project::Command::CreateProject { id: pay(), name: Title::parse("Payments").unwrap(), scheme: Scheme::three() },
        project::Command::AddTeam { team: dev(), model: TeamModel::Combined },
        project::Command::AddComponent { component: component("checkout"), owner: Some(dev()) },
    ]
}

/// A request by this actor, with this id, of this content.
pub(crate) fn ask(actor: &str, id: u128, content: &impl Debug) -> Request {
    Request {
        id: Uuid::from_u128(id),
        fingerprint: Sha256::digest(format!("{actor} {content:?}")).into(),
        actor: person(actor),
        expected_revision: None,
        occurred_at: None,
        late_reason: None,
        origin: None,
        traceparent: None,
    }
}

/// A filing with a complete report.
pub(crate) fn filing() -> FileIssue {
    FileIssue {
        id: IssueId(Uuid::nil()),
        title: Title::parse("Checkout answers 500").unwrap(),
        source: Source {
            kind: Fact::Known(SourceKind::ProductOwner { channel: OwnerChannel::Ticket }),
            raised_by: RaisedBy::Person(person("olga")),
            reference: None,
        },
        report: Report {
            steps: Some(text("Pay twice.")),
            actual: Some(text("500")),
            expected: Some(text("200")),
            details: None,
        },
        reported_severity: None,
        component: Some(component("checkout")),
    }
}

/// A filing whose source is of another kind, and so another content.
pub(crate) fn other_filing() -> FileIssue {
    let kind = SourceKind::Customer { customer: None, channel: CustomerChannel::Phone };
    let source = Source { kind: Fact::Known(kind), ..filing().source };
    FileIssue { source, ..filing() }
}

pub(crate) fn triage() -> issue::Command {
    issue::Command::TriageIssue(TriageIssue {
        level: Fact::Known(Level::CodeOrData),
        nature: None,
        severity: Fact::Known(SeverityId::parse("sev2").unwrap()),
        component: None,
        team: Some(dev()),
        reason: None,
    })
}

pub(crate) fn comment(words: &str) -> issue::Command {
    issue::Command::CommentOnIssue { text: text(words) }
}

pub(crate) fn pay() -> ProjectId {
    ProjectId::parse("PAY").unwrap()
}

pub(crate) fn dev() -> TeamId {
    TeamId::parse("dev").unwrap()
}

/// The key PAY-1.
pub(crate) fn first() -> IssueKey {
    IssueKey { project: pay(), ordinal: 1 }
}

pub(crate) fn component(id: &str) -> ComponentId {
    ComponentId::parse(id).unwrap()
}

pub(crate) fn person(id: &str) -> PersonId {
    PersonId::parse(id).unwrap()
}

pub(crate) fn text(words: &str) -> Text {
    Text::parse(words).unwrap()
}

/// The rule by which it was refused.
#[track_caller]
pub(crate) fn rejection<S: Debug>(answer: Result<Done<S>, CommandError>) -> Rejection {
    match answer {
        Err(CommandError::Rejected(rejection)) => rejection,
        other => panic!("not refused: {other:?}"),
    }
}
