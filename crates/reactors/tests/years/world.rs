//! A log, a time, people, and a node that is woken or killed.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use commands::{CommandError, Commands, Done, Environment, Options, Request};
use domain::ids::{IssueKey, PersonId, ProjectId, ReleaseId, TeamId};
use domain::issue::{Command, FileIssue, Issue, IssueEvent};
use domain::project::{self, Project, Scheme, TeamModel};
use domain::release::{self, PRODUCTION};
use domain::text::{Text, Title};
use domain::{Event, Recorded, team};
use event_log::{EventLog, Identity, MemoryLog};
use fastrand::Rng;
use jiff::{SignedDuration, Timestamp};
use projector::Projector;
use reactors::{Deps, Reactors, TimeSource};
use sha2::{Digest, Sha256};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;
use view_store::ViewStore;
use view_store::memory::MemoryViews;

use crate::{checks, people};

/// What waits so often, in steps of [`STEP`], waits in vain.
const STEPS_MAX: u32 = 20_000;
/// Of a clock that stands while anything is under way: what was begun is done when it has gone on.
const STEP: Duration = Duration::from_millis(100);

/// Whether the reactor is killed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kills {
    None,
    AtRandom,
}

/// A time that stands until it is moved on.
pub(crate) struct Clockwork {
    now: watch::Sender<Timestamp>,
    ids: AtomicU64,
}

#[async_trait]
impl TimeSource for Clockwork {
    fn now(&self) -> Timestamp {
        *self.now.borrow()
    }

    async fn reaches(&self, at: Timestamp) {
        drop(self.now.subscribe().wait_for(|now| *now >= at).await);
    }
}

impl Environment for Clockwork {
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

/// A team's year.
pub(crate) struct Year {
    pub(crate) seed: u64,
    pub(crate) rng: Rng,
    pub(crate) commands: Arc<Commands>,
    time: Arc<Clockwork>,
    log: Arc<dyn EventLog>,
    store: Arc<MemoryViews>,
    node: Option<Node>,
    /// Decides of kills only, so that people do the same with and without.
    killer: Option<Rng>,
    kills: u64,
    requests: u64,
    /// The issues that something may still happen to.
    pub(crate) open: Vec<IssueKey>,
    pub(crate) filed: u64,
    pub(crate) releases: u64,
}

/// What runs beside commands.
struct Node {
    projector: Projector,
    reactors: Reactors,
    stop: CancellationToken,
}

impl Year {
    /// Monday 2026-03-02 09:00 UTC, and the project PAY with a team of three, and calendars and policies of its own.
    pub(crate) async fn begin(seed: u64, kills: Kills) -> Self {
        let log: Arc<dyn EventLog> = Arc::new(MemoryLog::new(Identity::new(Uuid::from_u128(1), 2)));
        let begin: Timestamp = "2026-03-02T09:00:00Z".parse().unwrap();
        let time = Arc::new(Clockwork { now: watch::Sender::new(begin), ids: AtomicU64::new(1) });
        let environment = Arc::clone(&time) as Arc<dyn Environment>;
        let commands = Arc::new(Commands::new(Arc::clone(&log), environment, Options::default()));
        let killer = (kills == Kills::AtRandom).then(|| Rng::with_seed(seed ^ 0xdead));
        let mut year = Self {
            seed,
            rng: Rng::with_seed(seed),
            commands,
            time,
            log,
            store: Arc::default(),
            node: None,
            killer,
            kills: 0,
            requests: 0,
            open: Vec::new(),
            filed: 0,
            releases: 0,
        };
        year.found().await;
        year.start().await;
        year
    }

    async fn found(&mut self) {
        let name = Title::parse("Payments").unwrap();
        self.project(project::Command::CreateProject { id: pay(), name, scheme: Scheme::three() }).await;
        self.project(project::Command::AddTeam { team: core(), model: TeamModel::Combined }).await;
        let component = "checkout".parse().unwrap();
        self.project(project::Command::AddComponent { component, owner: Some(core()) }).await;
        self.project(project::Command::AddProductOwner { person: person("olga") }).await;
        for name in ["ann", "bob", "cy"] {
            self.team(team::Command::AddMember { team: core(), person: person(name) }).await;
        }
        let office = people::office();
        self.project(project::Command::DefineCalendar { definition: office }).await;
    }

    /// Lives so many days; then everything that is due then is recorded.
    pub(crate) async fn live(mut self, days: u64) -> Self {
        let end = self.now() + SignedDuration::from_hours(24) * i32::try_from(days).unwrap();
        loop {
            let minutes = i64::from(self.rng.u32(1..240));
            let next = self.now() + SignedDuration::from_mins(minutes);
            if next > end {
                break;
            }
            self.until(next).await;
            people::act(&mut self).await;
            self.settled().await;
        }
        self.until(end).await;
        self.time.now.send_replace(end + SignedDuration::from_micros(1));
        self.settled().await;
        self
    }

    /// Time goes on: from deadline to deadline, or, where the reactor is killed meanwhile, at once.
    async fn until(&mut self, at: Timestamp) {
        match self.killer.as_mut().map(|rng| rng.u32(0..10)) {
            Some(0..3) => {
                self.kill();
                self.time.now.send_replace(at);
                self.start().await;
            }
            Some(3..6) => {
                self.time.now.send_replace(at);
                // Killed while it is at it.
                let steps = self.killer.as_mut().map_or(0, |rng| rng.u32(0..40));
                for _ in 0..steps {
                    tokio::task::yield_now().await;
                }
                self.kill();
                self.start().await;
            }
            _ => {
                while let Some(due) = self.next_due().await.filter(|due| *due < at) {
                    // What is stopped at its deadline is met: that it is not is known an instant later.
                    self.time.now.send_replace((due + SignedDuration::from_micros(1)).max(self.now()));
                    self.settled().await;
                }
                self.time.now.send_replace(at);
            }
        }
        self.settled().await;
    }

    async fn start(&mut self) {
        let stop = CancellationToken::new();
        let views = Arc::clone(&self.store) as Arc<dyn ViewStore>;
        let started = Projector::start(Arc::clone(&self.log), Arc::clone(&views), views::ALL, stop.clone()).await;
        let projector = started.unwrap();
        let deps = Deps {
            commands: Arc::clone(&self.commands),
            identity: self.log.identity(),
            time: Arc::clone(&self.time) as Arc<dyn TimeSource>,
            due: reactors::sla_due(Arc::clone(&views)),
            duties: reactors::duties,
            views,
            led: projector.control().led(),
        };
        let reactors = Reactors::start(deps, stop.clone());
        projector.control().listen(reactors.listener());
        self.node = Some(Node { projector, reactors, stop });
    }

    /// Gone at once, whatever it was at: nothing of it is waited for.
    fn kill(&mut self) {
        if let Some(Node { projector, reactors, stop }) = self.node.take() {
            self.kills += 1;
            drop(reactors);
            stop.cancel();
            drop(projector);
        }
    }

    /// When something is to be recorded next.
    async fn next_due(&self) -> Option<Timestamp> {
        let page = reactors::sla_due(Arc::clone(&self.store) as Arc<dyn ViewStore>).page(None, 1).await.unwrap();
        page.issues.first().map(|due| due.at)
    }

    /// Waits until all is folded and nothing is due.
    async fn settled(&self) {
        let due = reactors::sla_due(Arc::clone(&self.store) as Arc<dyn ViewStore>);
        let partition = self.log.identity().partition_of(pay().as_str());
        let mut calm = 0;
        for _ in 0..STEPS_MAX {
            let head = self.log.barrier(partition).await.unwrap();
            let page = due.page(None, 1).await.unwrap();
            let folded = page.folded.get(&partition).copied().unwrap_or_default();
            let later = page.issues.first().is_none_or(|due| due.at >= self.now());
            calm = if folded == head && later { calm + 1 } else { 0 };
            // What follows from a deployment is due by no clock: it is done by the time that time goes on twice.
            if calm == 3 {
                return;
            }
            tokio::time::sleep(STEP).await;
        }
        let stuck = due.page(None, 1).await.unwrap().issues.remove(0);
        let duties = reactors::duties(&*self.issue(&stuck.issue).await, &*self.settings().await, self.now());
        let ordinal = stuck.issue.ordinal;
        let history = checks::told_of(&self.histories().await[&ordinal]);
        panic!("seed {}: at {} this stays due: {stuck:?}: {duties:#?}\n{history}", self.seed, self.now());
    }

    pub(crate) fn now(&self) -> Timestamp {
        *self.time.now.borrow()
    }

    pub(crate) fn kills(&self) -> u64 {
        self.kills
    }

    // What people do.

    pub(crate) async fn project(&mut self, command: project::Command) {
        let request = self.request("olga", None, &command);
        self.commands.project(&pay(), command, request).await.unwrap();
    }

    pub(crate) async fn team(&mut self, command: team::Command) {
        let request = self.request("olga", None, &command);
        let done = self.commands.team(&pay(), command, request).await;
        self.accepted_or_refused(done);
    }

    pub(crate) async fn deploy(&mut self, issues: Vec<IssueKey>) -> ReleaseId {
        self.releases += 1;
        let release: ReleaseId = format!("r{}", self.releases).parse().unwrap();
        let environment = PRODUCTION.into();
        let command =
            release::Command::RecordDeployment { release: release.clone(), environment, changes: Vec::new(), issues };
        let request = self.request("bob", None, &command);
        self.commands.release(&pay(), command, request).await.unwrap();
        release
    }

    pub(crate) async fn file(&mut self, filing: FileIssue) {
        let request = self.request("olga", None, &filing);
        let done = self.commands.file_issue(&pay(), filing, request).await.unwrap();
        self.filed += 1;
        self.open.push(done.state.key.clone());
    }

    /// Somebody does something to the issue, now or recorded late. A refusal by a rule is an answer, too.
    pub(crate) async fn does(&mut self, who: &str, key: &IssueKey, late: Option<Timestamp>, command: Command) {
        let request = self.request(who, late, &command);
        let done = self.commands.issue(key, command, request).await;
        self.accepted_or_refused(done);
    }

    fn accepted_or_refused<S: Debug>(&self, done: Result<Done<S>, CommandError>) {
        match done {
            Ok(_) | Err(CommandError::Rejected(_)) => {}
            Err(error) => panic!("seed {}: {error:?}", self.seed),
        }
    }

    fn request(&mut self, actor: &str, occurred_at: Option<Timestamp>, content: &impl Debug) -> Request {
        self.requests += 1;
        Request {
            id: Uuid::from_u128(u128::from(self.requests)),
            fingerprint: Sha256::digest(format!("{actor} {content:?}")).into(),
            actor: person(actor),
            expected_revision: None,
            occurred_at,
            late_reason: occurred_at.map(|_| Text::parse("Nobody was at a keyboard.").unwrap()),
            origin: None,
            traceparent: None,
        }
    }

    // What there is.

    pub(crate) async fn issue(&self, key: &IssueKey) -> Arc<Issue> {
        self.commands.find_issue(key).await.unwrap().unwrap().state
    }

    pub(crate) async fn settings(&self) -> Arc<Project> {
        self.commands.find_project(&pay()).await.unwrap().unwrap().state
    }

    /// All that ever happened to each issue.
    pub(crate) async fn histories(&self) -> BTreeMap<u64, Vec<Recorded<IssueEvent>>> {
        let partition = self.log.identity().partition_of(pay().as_str());
        let (mut histories, mut after) = (BTreeMap::<u64, Vec<_>>::new(), 0);
        loop {
            let page = self.log.read_partition(partition, after, 1_000).await.unwrap();
            for record in &page.records {
                after = record.position;
                let recorded = codec::decode(record).unwrap();
                if let Event::Issue(event) = recorded.event.clone() {
                    histories.entry(recorded.ordinal).or_default().push(recorded.map(|_| event));
                }
            }
            if page.end {
                return histories;
            }
        }
    }
}

impl Drop for Year {
    fn drop(&mut self) {
        self.kill();
    }
}

pub(crate) fn pay() -> ProjectId {
    ProjectId::parse("PAY").unwrap()
}

pub(crate) fn core() -> TeamId {
    TeamId::parse("core").unwrap()
}

pub(crate) fn person(id: &str) -> PersonId {
    PersonId::parse(id).unwrap()
}
