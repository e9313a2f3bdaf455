//! Looking back: what was known, and what was true, counted anew from the log, by the same functions as what is told of now.
//!
//! Issue by issue, at most [`ISSUES_AT_ONCE`] of them in memory, into counters: what it takes does not grow with the log.

use std::sync::Arc;

use api::errors::v1::Reason;
use api::sla::v1::{self as proto, LookBack, RecomputeComplianceResponse};
use domain::clocks::Ledger;
use domain::ids::{IssueKey, ProjectId};
use domain::issue::IssueEvent;
use domain::project::{self, Project, ProjectEvent};
use domain::{Event, Recorded, StreamKind, StreamRef};
use event_log::{EventLog, PartitionId};
use futures::stream::{self, StreamExt as _};
use history::{AsOf, Cut, History, HistoryError};
use jiff::Timestamp;
use tonic::Status;
use tonic_types::FieldViolation;
use views::View as _;
use views::sla::{Asked, Compliance, Counters, Live, Reading, Sla, report};

use super::show;
use crate::fields::Faults;
use crate::histories::history_problem;
use crate::status::{self, Subject};
use crate::token::{Place, Token};

/// So many issues are read at once.
const ISSUES_AT_ONCE: usize = 16;
/// After so many it tells how far it has come.
const ISSUES_A_STEP: u64 = 256;

/// Reads the log anew.
#[derive(Clone)]
pub(super) struct Auditor {
    log: Arc<dyn EventLog>,
    history: History,
}

/// How one looks back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Back {
    position: u64,
    as_of: Option<Timestamp>,
    at: Option<Timestamp>,
}

/// What is looked at.
#[derive(Clone)]
pub(super) struct Sight {
    /// So many records of the partition.
    records: u64,
    /// Names them.
    pub(super) token: String,
    /// Up to when what runs is counted.
    pub(super) instant: Timestamp,
    /// Only what had happened by then.
    at: Option<Timestamp>,
    /// What was promised.
    project: Arc<Project>,
}

impl Back {
    /// Reads what is asked; `None`: at fault.
    pub(super) fn parse(faults: &mut Faults, asked: &LookBack, now: Timestamp) -> Option<Self> {
        faults.within("look_back", |faults| {
            let mut sound = true;
            let mut time = |name: &str, given: Option<&prost_types::Timestamp>| {
                let parsed = faults.time(name, given);
                if parsed.is_some_and(|parsed| parsed > now) {
                    faults.add(name, "lies in the future");
                }
                sound &= given.is_none() || parsed.is_some_and(|parsed| parsed <= now);
                parsed
            };
            let (as_of, at) = (time("as_of", asked.as_of.as_ref()), time("at", asked.at.as_ref()));
            if asked.position == 0 && asked.as_of.is_none() && asked.at.is_none() {
                faults.add("position", "is required, or `as_of`, or `at`");
                return None;
            }
            sound.then_some(Self { position: asked.position, as_of, at })
        })
    }

    /// The instant that a window ends at, where it is known without the log.
    pub(super) fn instant(&self) -> Option<Timestamp> {
        self.at.or(self.as_of)
    }
}

impl Auditor {
    pub(super) fn new(log: Arc<dyn EventLog>) -> Self {
        Self { history: History::new(Arc::clone(&log)), log }
    }

    /// What is to be looked at; of now, where nobody looks back.
    pub(super) async fn sight(&self, id: &ProjectId, back: Option<Back>, now: Timestamp) -> Result<Sight, Status> {
        let partition = self.log.identity().partition_of(id.as_str());
        let head = self.log.barrier(partition).await.map_err(|error| status::log_error(&error))?;
        let back = back.unwrap_or(Back { position: head, as_of: Some(now), at: None });
        if back.position > head {
            let fault = format!("lies after the log's end, which is {head}");
            return Err(status::invalid_fields(vec![FieldViolation::new("look_back.position", fault)], 0));
        }
        let records = match (back.position, back.as_of) {
            (0, Some(as_of)) => self.known_by(partition, as_of, head).await?,
            (0, None) => head,
            (position, _) => position,
        };
        let last = self.record(partition, records).await?;
        let recorded_at = last.as_ref().map_or(now, |(recorded_at, _)| *recorded_at);
        let places = last.map(|(_, leaf)| Place::new(partition, records, &leaf)).into_iter().collect();
        let token = Token { places, stream: None }.encode();
        let none_else = if back.position == 0 { now } else { recorded_at };
        let instant = back.at.or(back.as_of).unwrap_or(none_else);
        let stream = StreamRef { project: id.clone(), kind: StreamKind::Project, id: id.shared() };
        let settled = self.history.cut::<ProjectEvent>(&stream, Cut::as_of(AsOf::Position(records))).await;
        let settled = settled.map_err(|error| history_problem(&error))?;
        let project = project::fold(&settled).map(Arc::new).ok_or_else(|| {
            let subject = Subject(format!("projects/{id}"));
            status::not_found(Reason::UnknownProject, &subject, "there was no such project")
        })?;
        Ok(Sight { records, token, instant, at: back.at, project })
    }

    /// An issue's clocks as they stood, with the ledger that they were counted from.
    pub(super) async fn live(&self, key: &IssueKey, sight: &Sight) -> Result<Live, Status> {
        let ledger = match self.issue(key, sight).await? {
            Some(events) => ledger(&events, sight),
            None => Ledger::default(),
        };
        if ledger.is_empty() {
            let subject = crate::issues::subject(key);
            return Err(status::not_found(Reason::NoSuchIssue, &subject, "there was no such issue"));
        }
        Ok(Live { ledger, project: Arc::clone(&sight.project) })
    }

    /// Begins to count.
    pub(super) fn count(&self, project: ProjectId, asked: Asked, sight: Sight) -> Counting {
        let (auditor, counters) = (self.clone(), Counters::default());
        Counting { auditor, project, asked, sight, counters, untold: 0, next: 1, filed_at: 0 }
    }

    /// The issue's events that are looked at; `None`: there were none.
    async fn issue(&self, key: &IssueKey, sight: &Sight) -> Result<Option<Vec<Recorded<IssueEvent>>>, Status> {
        let stream = match self.history.find_issue(key).await {
            Ok(stream) => stream,
            Err(HistoryError::NotFound { .. }) => return Ok(None),
            Err(error) => return Err(history_problem(&error)),
        };
        let events = self.history.cut(&stream, Cut::as_of(AsOf::Position(sight.records))).await;
        events.map(|events| Some(events).filter(|events| !events.is_empty())).map_err(|error| history_problem(&error))
    }

    /// How many records the partition had by then. Along it, times of recording rise.
    async fn known_by(&self, partition: PartitionId, as_of: Timestamp, head: u64) -> Result<u64, Status> {
        let (mut known, mut unknown) = (0, head + 1);
        while known + 1 < unknown {
            let middle = known + (unknown - known) / 2;
            match self.record(partition, middle).await? {
                Some((recorded_at, _)) if recorded_at <= as_of => known = middle,
                _ => unknown = middle,
            }
        }
        Ok(known)
    }

    /// When a record was recorded, and its leaf; `None` for position 0.
    async fn record(&self, partition: PartitionId, position: u64) -> Result<Option<(Timestamp, [u8; 32])>, Status> {
        let Some(before) = position.checked_sub(1) else { return Ok(None) };
        let page = self.log.read_partition(partition, before, 1).await.map_err(|error| status::log_error(&error))?;
        Ok(page.records.first().and_then(|record| {
            let recorded_at = Timestamp::from_microsecond(record.record.header.metadata.recorded_at).ok()?;
            Some((recorded_at, record.leaf))
        }))
    }
}

/// A count under way.
pub(super) struct Counting {
    auditor: Auditor,
    project: ProjectId,
    asked: Asked,
    sight: Sight,
    counters: Counters,
    untold: u64,
    /// The issue that is looked at next.
    next: u64,
    /// The position at which the last was filed.
    filed_at: u64,
}

impl Counting {
    /// Counts some more issues. `false`: those were all.
    pub(super) async fn step(&mut self) -> Result<bool, Status> {
        let (auditor, sight, project) = (self.auditor.clone(), self.sight.clone(), self.project.clone());
        let read = |ordinal| {
            let (auditor, sight, key) = (&auditor, &sight, IssueKey { project: project.clone(), ordinal });
            async move { auditor.issue(&key, sight).await }
        };
        let mut issues = stream::iter(self.next..self.next + ISSUES_A_STEP).map(read).buffered(ISSUES_AT_ONCE);
        while let Some(events) = issues.next().await {
            // Ordinals are given in the log's order: after one that was not there yet, none was.
            let Some(events) = events? else { return Ok(false) };
            self.filed_at = events.first().map_or(self.filed_at, |first| first.position);
            self.next += 1;
            let (ledger, terms) = (ledger(&events, &sight), sight.project.terms());
            let reading = Reading::recounted(&events, &ledger, &terms, sight.instant);
            self.counters.add(self.asked.by, &reading);
            let read_at = last_read(&events).min(sight.instant);
            self.untold += Reading::of(&ledger, None, &terms, read_at).late(sight.instant);
        }
        Ok(true)
    }

    /// How far it has come.
    pub(super) fn progress(&self) -> RecomputeComplianceResponse {
        let (issues, of_position) = (self.next - 1, self.sight.records);
        RecomputeComplianceResponse { issues, filed_at_position: self.filed_at, of_position, compliance: None }
    }

    /// Names what was looked at.
    pub(super) fn token(&self) -> String {
        self.sight.token.clone()
    }

    /// The answer, once all are counted.
    pub(super) fn answer(&mut self) -> proto::Compliance {
        let told = report(self.asked, std::mem::take(&mut self.counters), &[]);
        let told = Compliance { untold: self.untold, ..told };
        show::compliance(&self.project, &told, self.sight.instant, &self.sight.token)
    }
}

fn ledger(events: &[Recorded<IssueEvent>], sight: &Sight) -> Ledger {
    let ledger = Ledger::of(events);
    match sight.at {
        Some(at) => ledger.at(at),
        None => ledger,
    }
}

/// When the last of the events was recorded that concern clocks: what came to be since then no event tells.
fn last_read(events: &[Recorded<IssueEvent>]) -> Timestamp {
    let concerns = |recorded: &&Recorded<IssueEvent>| {
        let any = (*recorded).clone().map(Event::Issue);
        Sla.picks().is_none_or(|picks| picks(&any))
    };
    events.iter().rev().find(concerns).map_or(Timestamp::MIN, |last| last.recorded_at)
}
