//! A year of issues, written straight into a log: what a server would have recorded, without the server.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::{Result, ensure};
use domain::Fact::Known;
use domain::ids::{IssueId, PersonId, ProjectId};
use domain::issue::{
    Capacity, Closing, CodeFix, CustomerChannel, Fix, IssueEvent, Level, Nature, RaisedBy, Report, Source, SourceKind,
};
use domain::text::{Text, Title};
use domain::{Event, StreamKind, StreamRef};
use event_log::{Append, EventLog, Founding, Identity, NewEvent};
use event_log_sqlite::{Options, SqliteLog};
use tokio::task::JoinSet;
use uuid::Uuid;

use crate::life::{self, CUSTOMER, DEVELOPER, OPERATOR};

/// So many issues share a word that no other issue has: [`rare_word`].
pub const ISSUES_A_WORD: u64 = 1000;
/// Issues that are lived at the same time.
const AT_ONCE: u64 = 512;
/// The year begins in 2025, in microseconds since 1970.
pub const BEGIN: i64 = 1_735_689_600_000_000;
const YEAR: i64 = 365 * 24 * 3600 * 1_000_000;
const HOUR: i64 = 3600 * 1_000_000;
/// What reports are about, besides their own words.
const WORDS: [&str; 12] = [
    "payment", "basket", "invoice", "refund", "login", "export", "mobile", "slow", "timeout", "rounding", "address",
    "coupon",
];

/// Issues of some projects, numbered from 0.
#[derive(Debug, Clone)]
pub struct Corpus {
    /// By turns an issue of each.
    pub projects: Vec<String>,
    /// How many issues in all.
    pub issues: u64,
    /// Which of them do not come to their end.
    pub open: Open,
}

/// Which issues do not come to their end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Open {
    /// Of ten three: one each stays untriaged, triaged, accepted.
    ThreeOfTen,
    /// One of so many stays accepted.
    OneOf(u64),
}

/// The log in this file, which is made where it is missing.
pub fn open_log(path: &Path) -> Result<Arc<dyn EventLog>> {
    let founding = Founding { identity: Identity::new(Uuid::from_u128(0xbe), 8), filling: false };
    Ok(Arc::new(SqliteLog::open(path, &Options::new(founding))?))
}

/// A word of the issues around this one, [`ISSUES_A_WORD`] of a project's in all.
pub fn rare_word(number: u64) -> String {
    format!("lot{}", number / ISSUES_A_WORD)
}

impl Corpus {
    /// Writes all of them, and answers how many events that took.
    pub async fn write(&self, log: &Arc<dyn EventLog>) -> Result<u64> {
        let (next, mut writers) = (Arc::new(AtomicU64::new(0)), JoinSet::new());
        for _ in 0..AT_ONCE {
            let (corpus, log, next) = (self.clone(), Arc::clone(log), Arc::clone(&next));
            writers.spawn(async move {
                let mut written = 0;
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= corpus.issues {
                        return anyhow::Ok(written);
                    }
                    written += corpus.write_issue(&*log, number).await?;
                }
            });
        }
        let mut written = 0;
        while let Some(writer) = writers.join_next().await {
            written += writer??;
        }
        Ok(written)
    }

    async fn write_issue(&self, log: &dyn EventLog, number: u64) -> Result<u64> {
        let turn = usize::try_from(number)? % self.projects.len();
        let project = ProjectId::parse(&self.projects[turn])?;
        let id = Uuid::new_v5(&Uuid::NAMESPACE_OID, &number.to_be_bytes());
        let stream = StreamRef { project, kind: StreamKind::Issue, id: id.to_string().into() };
        // 64 bits are too few for a year's microseconds times a number.
        let filed_at = BEGIN + i64::try_from(i128::from(number) * i128::from(YEAR) / i128::from(self.issues.max(1)))?;
        let (mut revision, mut at) = (0, filed_at);
        for (actor, event) in events(number, id, self.open)? {
            let answer = log.append(append(&stream, revision, actor, event, at)).await?;
            revision += 1;
            ensure!(answer.revision == revision, "a stream of one's own moved");
            at += HOUR * i64::try_from(1 + number % 40)?;
        }
        Ok(revision)
    }
}

/// Every fourth has a comment.
fn events(number: u64, id: Uuid, open: Open) -> Result<Vec<(&'static str, IssueEvent)>> {
    let mut events = vec![(CUSTOMER, filed(number, id)?)];
    if number.is_multiple_of(4) {
        let said = Text::parse(&format!("Seen again by order {number}, the {} was wrong.", word(number, 5)))?;
        events.push((DEVELOPER, IssueEvent::IssueCommented { text: said }));
    }
    let rest = [
        (DEVELOPER, triaged(number)?),
        (DEVELOPER, IssueEvent::IssueAccepted { assignee: Known(person(number)?), report_owed: false }),
        (DEVELOPER, resolved(number)?),
        (CUSTOMER, verified()?),
        (OPERATOR, closed(number)?),
    ];
    let steps = match (open, number % 10) {
        (Open::ThreeOfTen, 0) => 0,
        (Open::ThreeOfTen, 4) => 1,
        (Open::ThreeOfTen, 8) => 2,
        (Open::OneOf(many), _) if number.is_multiple_of(many) => 2,
        _ => rest.len(),
    };
    events.extend(rest.into_iter().take(steps));
    Ok(events)
}

fn filed(number: u64, id: Uuid) -> Result<IssueEvent> {
    let title = format!("{} {} fails for order {number}", word(number, 1), word(number, 3));
    let actual =
        format!("Both payments of order {number} are taken, the {} says {}.", word(number, 7), rare_word(number));
    Ok(IssueEvent::IssueFiled {
        id: IssueId(id),
        title: Title::parse(&title)?,
        source: Source {
            kind: Known(SourceKind::Customer { customer: Some("acme".parse()?), channel: CustomerChannel::Email }),
            raised_by: RaisedBy::Person(CUSTOMER.parse()?),
            reference: None,
        },
        report: Report {
            steps: Some(Text::parse("1. put a book into the basket\n2. pay by card\n3. go back and pay again")?),
            actual: Some(Text::parse(&actual)?),
            expected: Some(Text::parse("the second payment is refused")?),
            ..Report::default()
        },
        reported_severity: None,
        component: Some("checkout".parse()?),
    })
}

fn triaged(number: u64) -> Result<IssueEvent> {
    let level = match life::level(number) {
        api::issues::v1::Level::UserError => Level::UserError,
        api::issues::v1::Level::System => Level::System,
        _ => Level::CodeOrData,
    };
    let severity = if number.is_multiple_of(4) { "sev2" } else { "sev3" };
    Ok(IssueEvent::IssueTriaged {
        level: Known(level),
        nature: (level != Level::UserError).then_some(Nature::Bug),
        severity: Known(severity.parse()?),
        component: Some("checkout".parse()?),
        team: Known("core".parse()?),
    })
}

fn resolved(number: u64) -> Result<IssueEvent> {
    let code =
        CodeFix { changes: vec![format!("c-{number}").parse()?], tests: vec!["pays_once".into()], environment: None };
    Ok(IssueEvent::IssueResolved { fix: Known(Fix::Code(code)) })
}

fn verified() -> Result<IssueEvent> {
    let (confirmed_by, capacity) = (Known(CUSTOMER.parse()?), Known(Capacity::Opener));
    Ok(IssueEvent::IssueVerified { confirmed_by, capacity, self_verified: false })
}

fn closed(number: u64) -> Result<IssueEvent> {
    let release = Some(format!("r-{}", number / 100).parse()?);
    Ok(IssueEvent::IssueClosed {
        closing: Known(Closing::Released { release, reverified_by: Some(OPERATOR.parse()?) }),
        deployed_at: None,
    })
}

/// One of forty people.
fn person(number: u64) -> Result<PersonId> {
    Ok(format!("{DEVELOPER}{}", number % 40).parse()?)
}

fn word(number: u64, stride: u64) -> &'static str {
    let many = WORDS.len() as u64;
    WORDS[usize::try_from(number / stride % many).unwrap_or_default()]
}

fn append(stream: &StreamRef, expected: u64, actor: &str, event: IssueEvent, at: i64) -> Append {
    let stored = codec::encode(&Event::from(event), None);
    let id = |what: &str| Uuid::new_v5(&Uuid::NAMESPACE_OID, format!("{what} {} {expected}", stream.id).as_bytes());
    Append {
        stream: codec::stream_id(stream),
        expected,
        unchanged: Vec::new(),
        events: vec![NewEvent {
            event_id: id("event"),
            event_type: stored.event_type,
            schema_version: stored.schema_version,
            occurred_at: at,
            facts: stored.facts,
            salt: if stored.texts.is_empty() { Vec::new() } else { vec![7; 32] },
            texts: stored.texts,
        }],
        actor: actor.into(),
        request_id: id("request"),
        fingerprint: [0; 32],
        correlation_id: None,
        causation_id: None,
        traceparent: None,
        recorded_at: at,
    }
}
