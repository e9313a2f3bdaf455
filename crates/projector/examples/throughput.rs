//! Events a second: projected while catching up, and what a live batch costs. `cargo run --release -p projector --example throughput [ISSUES]`

#![expect(clippy::unwrap_used, reason = "it measures, and ends where it can't")]

use std::sync::Arc;
use std::time::Instant;

use domain::Fact::Known;
use domain::issue::{
    Capacity, Closing, CodeFix, Fix, IssueEvent, Level, Nature, OwnerChannel, RaisedBy, Report, Source, SourceKind,
};
use domain::text::{Text, Title};
use domain::{StreamKind, StreamRef};
use event_log::{Append, EventLog, Identity, MemoryLog, NewEvent};
use projector::Projector;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;
use view_store_sqlite::SqliteViews;
use views::board::GetBoard;
use views::issue::{Filter, GetIssue, ListIssues, Order};
use views::query::Query;

const START: i64 = 1_772_366_400_000_000;
/// So many issues live at once, written ahead.
const OPEN: usize = 128;
/// So many in a steady load.
const AT_ONCE: usize = 64;

#[tokio::main]
async fn main() {
    let issues: usize = std::env::args().nth(1).map_or(30_000, |text| text.parse().unwrap());
    let log = Arc::new(MemoryLog::new(Identity::new(Uuid::from_u128(1), 8)));
    let mut events = 0;
    for first in (0..issues).step_by(OPEN) {
        for step in 0..7 {
            for issue in first..(first + OPEN).min(issues) {
                append(&log, issue, step).await;
                events += 1;
            }
        }
    }
    let folder = tempfile::tempdir().unwrap();
    let store = Arc::new(SqliteViews::open(folder.path().join("views.db")).unwrap());
    let stop = CancellationToken::new();
    let (clock, cpu) = (Instant::now(), cpu_seconds());
    let projector = Projector::start(log.clone(), store.clone(), views::ALL, stop.clone()).await.unwrap();
    projector.caught_up().await;
    let (took, cpu) = (clock.elapsed().as_secs_f64(), cpu_seconds() - cpu);
    println!(
        "catching up: {events} events in {took:.2} s, {:.0}/s; {:.1} µs CPU an event",
        f64::from(events) / took,
        cpu * 1e6 / f64::from(events)
    );
    queries(&store).await;
    live(&log, &projector, issues).await;
    stop.cancel();
    projector.stopped().await;
    let bytes = std::fs::metadata(folder.path().join("views.db")).unwrap().len();
    println!("{bytes} bytes, {} an issue", bytes / issues as u64);
}

/// A steady load: 64 issues at once, an event of each every 5 ms. Once with nobody following, once with the projector.
async fn live(log: &MemoryLog, projector: &Projector, issues: usize) {
    let (clock, cpu) = (Instant::now(), cpu_seconds());
    let mut events = 0;
    let mut pace = tokio::time::interval(std::time::Duration::from_millis(5));
    for first in (issues..issues + 100 * AT_ONCE).step_by(AT_ONCE) {
        for step in 0..7 {
            pace.tick().await;
            for issue in first..first + AT_ONCE {
                append(log, issue, step).await;
                events += 1;
            }
        }
    }
    projector.caught_up().await;
    let (took, cpu) = (clock.elapsed().as_secs_f64(), cpu_seconds() - cpu);
    println!(
        "live: {:.0} events/s; {:.1} µs CPU an event, writing it included",
        f64::from(events) / took,
        cpu * 1e6 / f64::from(events)
    );
}

async fn queries(store: &SqliteViews) {
    let project: domain::ids::ProjectId = domain::ids::ProjectId::parse("PAY").unwrap();
    let list =
        |order| ListIssues { project: project.clone(), filter: Filter::default(), order, after: None, limit: 50 };
    time(store, "board", &GetBoard { project: project.clone(), cards_per_column: 20 }).await;
    let key = domain::ids::IssueKey { project: project.clone(), ordinal: 17 };
    time(store, "get", &GetIssue { key, comments_after: None }).await;
    time(store, "list filed", &list(Order::FiledNewest)).await;
    time(store, "list longest", &list(Order::StateLongest)).await;
}

async fn time<Q: Query>(store: &SqliteViews, name: &str, query: &Q) {
    use view_store::ViewStore;
    let clock = Instant::now();
    for _ in 0..200 {
        let answer = store.query(query.view(), query.selects()).await.unwrap();
        query.read(answer.rows).unwrap();
    }
    println!("{name}: {:.0} µs", clock.elapsed().as_secs_f64() * 1e6 / 200.0);
}

async fn append(log: &MemoryLog, issue: usize, step: usize) {
    let id = Uuid::from_u128(issue as u128);
    let stream = StreamRef {
        project: domain::ids::ProjectId::parse(if issue.is_multiple_of(3) { "WEB" } else { "PAY" }).unwrap(),
        kind: StreamKind::Issue,
        id: id.to_string().into(),
    };
    let stored = codec::encode(&event(id, step).into(), None);
    let occurred_at = START + i64::try_from(issue * 7 + step).unwrap() * 1_000_000;
    let event = NewEvent {
        event_id: id,
        event_type: stored.event_type,
        schema_version: stored.schema_version,
        occurred_at,
        facts: stored.facts,
        salt: if stored.texts.is_empty() { Vec::new() } else { vec![7; 32] },
        texts: stored.texts,
    };
    let append = Append {
        stream: codec::stream_id(&stream),
        expected: step as u64,
        unchanged: Vec::new(),
        events: vec![event],
        actor: "ada".into(),
        request_id: Uuid::from_u128(1 + step as u128),
        fingerprint: [0; 32],
        correlation_id: None,
        causation_id: None,
        traceparent: None,
        recorded_at: occurred_at,
    };
    log.append(append).await.unwrap();
}

fn event(id: Uuid, step: usize) -> IssueEvent {
    let text = |text: &str| Text::parse(text).unwrap();
    match step {
        0 => IssueEvent::IssueFiled {
            id: domain::ids::IssueId(id),
            title: Title::parse("Payments by card fail at the checkout since this morning").unwrap(),
            source: Source {
                kind: Known(SourceKind::ProductOwner { channel: OwnerChannel::Ticket }),
                raised_by: RaisedBy::Person("olga".parse().unwrap()),
                reference: None,
            },
            report: Report {
                steps: Some(text("Put something into the cart, pay by card.")),
                actual: Some(text("An error: the payment provider does not answer.")),
                expected: Some(text("The payment goes through.")),
                details: None,
            },
            reported_severity: None,
            component: Some("checkout".parse().unwrap()),
        },
        1 => IssueEvent::IssueTriaged {
            level: Known(Level::CodeOrData),
            nature: Some(Nature::Bug),
            severity: Known("sev2".parse().unwrap()),
            component: None,
            team: Known("dev".parse().unwrap()),
        },
        2 => IssueEvent::IssueAccepted { assignee: Known("dan".parse().unwrap()), report_owed: false },
        3 => IssueEvent::IssueCommented { text: text("It is the new certificate of the provider.") },
        4 => {
            let changes = vec!["3f2a9c1".parse().unwrap()];
            let code = CodeFix { changes, tests: vec!["checkout::card".into()], environment: Some("staging".into()) };
            IssueEvent::IssueResolved { fix: Known(Fix::Code(code)) }
        }
        5 => IssueEvent::IssueVerified {
            confirmed_by: Known("olga".parse().unwrap()),
            capacity: Known(Capacity::Opener),
            self_verified: false,
        },
        _ => IssueEvent::IssueClosed {
            closing: Known(Closing::Released {
                release: Some("2026.11".parse().unwrap()),
                reverified_by: Some("dora".parse().unwrap()),
            }),
        },
    }
}

/// What this process has used, user and system.
fn cpu_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
    let ticks = fields[11].parse::<f64>().unwrap() + fields[12].parse::<f64>().unwrap();
    ticks / 100.0
}
