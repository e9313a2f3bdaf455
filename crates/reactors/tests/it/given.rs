//! What the stories begin with: a log in memory, nodes that write to it, a project with a team, and a time that only the story moves on.

use std::fmt::Debug;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use commands::{Commands, Done, Environment, Options, Request};
use domain::ids::{ComponentId, IssueId, IssueKey, PersonId, ProjectId, ReleaseId, SeverityId, TeamId};
use domain::issue::{
    CodeFix, Command, FileIssue, Fix, Issue, IssueEvent, Level, OwnerChannel, RaisedBy, Report, Source, SourceKind,
    TriageIssue,
};
use domain::project::{self, Reactor, Scheme, TeamModel};
use domain::release::{self, PRODUCTION};
use domain::text::{Text, Title};
use domain::{Event, Fact, Recorded, team};
use event_log::{EventLog, Identity, MemoryLog};
use jiff::{SignedDuration, Timestamp};
use projector::Projector;
use reactors::{Deps, Due, Reactors, TimeSource};
use sha2::{Digest, Sha256};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;
use view_store::ViewStore;
use view_store::memory::MemoryViews;

/// A story that waits so long for something waits in vain.
const IN_VAIN: Duration = Duration::from_secs(120);

/// A time that stands until it is moved on.
pub(crate) struct FakeTime {
    now: watch::Sender<Timestamp>,
    ids: AtomicU64,
    /// How often anybody began to wait for a time.
    pub(crate) waits: AtomicUsize,
}

impl FakeTime {
    fn starting_at(now: Timestamp) -> Arc<Self> {
        Arc::new(Self { now: watch::Sender::new(now), ids: AtomicU64::new(1), waits: AtomicUsize::new(0) })
    }

    pub(crate) fn set(&self, now: Timestamp) {
        self.now.send_replace(now);
    }
}

#[async_trait]
impl TimeSource for FakeTime {
    fn now(&self) -> Timestamp {
        *self.now.borrow()
    }

    async fn reaches(&self, at: Timestamp) {
        self.waits.fetch_add(1, Ordering::Relaxed);
        drop(self.now.subscribe().wait_for(|now| *now >= at).await);
    }
}

impl Environment for FakeTime {
    fn now(&self) -> Timestamp {
        *self.now.borrow()
    }

    fn event_id(&self) -> Uuid {
        Uuid::from_u128(u128::from(self.ids.fetch_add(1, Ordering::Relaxed)))
    }

    fn salt(&self) -> [u8; 32] {
        [7; 32]
    }
}

/// A log, a time, and one node at least.
pub(crate) struct World {
    pub(crate) time: Arc<FakeTime>,
    pub(crate) log: Arc<dyn EventLog>,
    pub(crate) commands: Arc<Commands>,
    requests: AtomicU64,
}

/// What a node runs beside commands: views of its own, and reactors.
pub(crate) struct Node {
    pub(crate) store: Arc<MemoryViews>,
    projector: Projector,
    reactors: Reactors,
    stop: CancellationToken,
}

impl World {
    /// Monday 2026-11-02 09:00 UTC, and the project PAY with the team dev (ann, bob) that owns the component checkout.
    pub(crate) async fn begin() -> Self {
        Self::over(Arc::new(MemoryLog::new(Identity::new(Uuid::from_u128(1), 4)))).await
    }

    pub(crate) async fn over(log: Arc<dyn EventLog>) -> Self {
        let time = FakeTime::starting_at(monday());
        let environment = Arc::clone(&time) as Arc<dyn Environment>;
        let commands = Arc::new(Commands::new(Arc::clone(&log), environment, Options::default()));
        let world = Self { time, log, commands, requests: AtomicU64::new(1) };
        world.found().await;
        world
    }

    async fn found(&self) {
        let create = project::Command::CreateProject {
            id: pay(),
            name: Title::parse("Payments").unwrap(),
            scheme: Scheme::three(),
        };
        self.project(create).await;
        self.project(project::Command::AddTeam { team: dev(), model: TeamModel::Combined }).await;
        self.project(project::Command::AddComponent { component: checkout(), owner: Some(dev()) }).await;
        self.project(project::Command::AddProductOwner { person: person("olga") }).await;
        for name in ["ann", "bob"] {
            self.joins(name).await;
        }
    }

    /// Somebody joins dev.
    pub(crate) async fn joins(&self, name: &str) {
        self.team(team::Command::AddMember { team: dev(), person: person(name) }).await;
    }

    pub(crate) async fn team(&self, command: team::Command) {
        let request = self.ask("olga", &command);
        self.commands.team(&pay(), command, request).await.unwrap();
    }

    /// A node of this log, with views of its own, that reacts.
    pub(crate) async fn node(&self) -> Node {
        self.node_with(Arc::default()).await
    }

    /// One with views that another had.
    pub(crate) async fn node_with(&self, store: Arc<MemoryViews>) -> Node {
        let due = reactors::sla_due(Arc::clone(&store) as Arc<dyn ViewStore>);
        self.node_by(store, due).await
    }

    /// One that is told so what is due.
    pub(crate) async fn node_by(&self, store: Arc<MemoryViews>, due: Arc<dyn Due>) -> Node {
        let stop = CancellationToken::new();
        let views = Arc::clone(&store) as Arc<dyn ViewStore>;
        let projector =
            Projector::start(Arc::clone(&self.log), Arc::clone(&views), views::ALL, stop.clone()).await.unwrap();
        let deps = Deps {
            commands: Arc::clone(&self.commands),
            identity: self.log.identity(),
            time: Arc::clone(&self.time) as Arc<dyn TimeSource>,
            due,
            duties: reactors::duties,
            views,
            led: projector.control().led(),
        };
        let reactors = Reactors::start(deps, stop.clone());
        projector.control().listen(reactors.listener());
        Node { store, projector, reactors, stop }
    }

    /// It is so much later than when the story began.
    pub(crate) fn it_is(&self, since_monday: SignedDuration) {
        self.time.set(monday() + since_monday);
    }

    pub(crate) fn now(&self) -> Timestamp {
        TimeSource::now(&*self.time)
    }

    pub(crate) async fn project(&self, command: project::Command) {
        let request = self.ask("olga", &command);
        self.commands.project(&pay(), command, request).await.unwrap();
    }

    pub(crate) async fn switch(&self, reactor: Reactor, on: bool) {
        self.project(project::Command::SwitchReactor { reactor, on }).await;
    }

    /// Files an issue that is reported to be so severe.
    pub(crate) async fn file(&self, severity: &str) -> IssueKey {
        let filing = filing(severity);
        let request = self.ask("olga", &filing);
        self.commands.file_issue(&pay(), filing, request).await.unwrap().state.key.clone()
    }

    /// Somebody does something to the issue.
    pub(crate) async fn does(&self, who: &str, key: &IssueKey, command: Command) -> Done<Issue> {
        let request = self.ask(who, &command);
        self.commands.issue(key, command, request).await.unwrap()
    }

    /// It is triaged so, accepted by ann and resolved by a change.
    pub(crate) async fn fix(&self, key: &IssueKey, severity: &str, change: &str) {
        self.does("ann", key, triage(severity)).await;
        self.does("ann", key, Command::AcceptIssue).await;
        self.does("ann", key, resolve(change)).await;
    }

    /// And verified by who reported it.
    pub(crate) async fn fix_and_verify(&self, key: &IssueKey, severity: &str, change: &str) {
        self.fix(key, severity, change).await;
        self.does("olga", key, Command::VerifyIssue { confirmed_by: Fact::Known(person("olga")) }).await;
    }

    pub(crate) async fn deploy(&self, id: &str, changes: &[&str], issues: &[&IssueKey]) {
        let command = release::Command::RecordDeployment {
            release: release_id(id),
            environment: PRODUCTION.into(),
            changes: changes.iter().map(|change| change.parse().unwrap()).collect(),
            issues: issues.iter().copied().cloned().collect(),
        };
        let request = self.ask("bob", &command);
        self.commands.release(&pay(), command, request).await.unwrap();
    }

    pub(crate) async fn roll_back(&self, id: &str) {
        let command = release::Command::RecordRollback { release: release_id(id), environment: PRODUCTION.into() };
        let request = self.ask("bob", &command);
        self.commands.release(&pay(), command, request).await.unwrap();
    }

    pub(crate) fn ask(&self, actor: &str, content: &impl Debug) -> Request {
        let n = self.requests.fetch_add(1, Ordering::Relaxed);
        Request {
            id: Uuid::from_u128(u128::from(n)),
            fingerprint: Sha256::digest(format!("{actor} {content:?}")).into(),
            actor: person(actor),
            expected_revision: None,
            occurred_at: None,
            late_reason: None,
            origin: None,
            traceparent: None,
        }
    }

    /// All that happened to the issue.
    pub(crate) async fn events(&self, key: &IssueKey) -> Vec<Recorded<IssueEvent>> {
        let stream = self.log.find_ordinal(key.project.as_str(), "issue", key.ordinal).await.unwrap().unwrap();
        let page = self.log.read_stream(&stream, 0, usize::MAX).await.unwrap();
        let events = page.records.iter().map(|record| codec::decode(record).unwrap());
        let issues = events.map(|recorded| {
            let Event::Issue(event) = recorded.event.clone() else { panic!("{recorded:?}") };
            recorded.map(|_| event)
        });
        issues.collect()
    }

    /// What a reactor did to the issue, and when that happened.
    pub(crate) async fn reactions(&self, reactor: Reactor, key: &IssueKey) -> Vec<Reaction> {
        let actor = reactor.actor();
        let events = self.events(key).await.into_iter().filter(|one| one.actor == actor);
        events.map(|one| (told(&one.event), one.occurred_at)).collect()
    }

    /// Waits until the reactor has done so much to the issue, and gives what.
    pub(crate) async fn reacted(&self, reactor: Reactor, key: &IssueKey, times: usize) -> Vec<Reaction> {
        let mut head = self.log.head(self.log.identity().partition_of(key.project.as_str()));
        let reacted = async {
            loop {
                head.mark_unchanged();
                let reactions = self.reactions(reactor, key).await;
                if reactions.len() >= times {
                    return reactions;
                }
                head.changed().await.unwrap();
            }
        };
        match tokio::time::timeout(IN_VAIN, reacted).await {
            Ok(reactions) => reactions,
            Err(in_vain) => panic!("{times} reactions: {in_vain}: {:#?}", self.events(key).await),
        }
    }

    /// Waits until all that was due before now was looked after: an issue filed now is seen to be at risk later. Gives when it is then.
    pub(crate) async fn everything_due_is_done(&self) -> Timestamp {
        let last = self.file("sev1").await;
        self.time.set(self.now() + SignedDuration::from_mins(12));
        self.reacted(Reactor::Deadlines, &last, 1).await;
        self.now()
    }
}

impl Node {
    /// Its views know all that was recorded.
    pub(crate) async fn caught_up(&self) {
        assert!(self.projector.caught_up().await);
    }

    /// It stops, in order.
    pub(crate) async fn stops(self) -> Arc<MemoryViews> {
        self.stop.cancel();
        self.reactors.stopped().await;
        self.projector.stopped().await;
        self.store
    }
}

impl Drop for World {
    fn drop(&mut self) {
        // Whoever waits for a time that never comes waits no longer.
        self.time.set(Timestamp::MAX);
    }
}

/// In a word.
fn told(event: &IssueEvent) -> String {
    match event {
        IssueEvent::SlaAtRiskRecorded { clock, cycle, .. } => format!("{clock} {cycle} at risk"),
        IssueEvent::SlaBreachRecorded { clock, cycle, .. } => format!("{clock} {cycle} breached"),
        IssueEvent::SlaEscalated { clock, cycle, step, people, .. } => {
            let people: Vec<_> = people.iter().map(PersonId::as_str).collect();
            format!("{clock} {cycle} step {step} to {}", people.join(" "))
        }
        IssueEvent::MarkedInProduction { release, .. } => format!("in production with {release}"),
        IssueEvent::WithdrawnFromProduction { reason } => {
            format!("withdrawn: {}", reason.as_ref().map_or("", |reason| reason.as_str()))
        }
        IssueEvent::DeliveryRuleKept { cycle, release, .. } => {
            format!("delivery {cycle} kept by {}", release.as_ref().map_or("nothing", ReleaseId::as_str))
        }
        IssueEvent::DeliveryRuleBroken { cycle, release, .. } => {
            format!("delivery {cycle} broken by {}", release.as_ref().map_or("nothing", ReleaseId::as_str))
        }
        IssueEvent::ShiftsPlanned { plan } => {
            let at = |time: Timestamp| time.duration_since(monday()).as_hours();
            let on = plan.shifts.iter().map(|shift| format!("{} {}", at(shift.hours.from), shift.person));
            format!("planned {}", on.collect::<Vec<_>>().join(", "))
        }
        other => format!("{other:?}").split([' ', '{', '(']).next().unwrap_or_default().to_owned(),
    }
}

/// What was done, and when it happened.
pub(crate) type Reaction = (String, Timestamp);

/// What was done so long after the story began.
pub(crate) fn after(since_monday: SignedDuration, what: &str) -> Reaction {
    (what.to_owned(), monday() + since_monday)
}

/// When the stories begin: a Monday, 09:00 UTC.
pub(crate) fn monday() -> Timestamp {
    "2026-11-02T09:00:00Z".parse().unwrap()
}

pub(crate) fn minutes(minutes: i64) -> SignedDuration {
    SignedDuration::from_mins(minutes)
}

pub(crate) fn hours(hours: i64) -> SignedDuration {
    SignedDuration::from_hours(hours)
}

pub(crate) fn filing(severity: &str) -> FileIssue {
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
        reported_severity: Some(SeverityId::parse(severity).unwrap()),
        component: Some(checkout()),
    }
}

pub(crate) fn triage(severity: &str) -> Command {
    Command::TriageIssue(TriageIssue {
        level: Fact::Known(Level::CodeOrData),
        nature: None,
        severity: Fact::Known(SeverityId::parse(severity).unwrap()),
        component: None,
        team: Some(dev()),
        reason: None,
    })
}

pub(crate) fn resolve(change: &str) -> Command {
    Command::ResolveIssue {
        fix: Fact::Known(Fix::Code(CodeFix {
            changes: vec![change.parse().unwrap()],
            tests: vec!["checkout::pays_once".into()],
            environment: Some("staging".into()),
        })),
    }
}

pub(crate) fn pay() -> ProjectId {
    ProjectId::parse("PAY").unwrap()
}

pub(crate) fn dev() -> TeamId {
    TeamId::parse("dev").unwrap()
}

fn checkout() -> ComponentId {
    ComponentId::parse("checkout").unwrap()
}

pub(crate) fn release_id(id: &str) -> ReleaseId {
    ReleaseId::parse(id).unwrap()
}

pub(crate) fn person(id: &str) -> PersonId {
    PersonId::parse(id).unwrap()
}

pub(crate) fn text(words: &str) -> Text {
    Text::parse(words).unwrap()
}
