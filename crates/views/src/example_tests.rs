//! The worked example of `CONTRIBUTING.md` folds, and is quoted there as it is.

use domain::ids::ProjectId;
use domain::issue::IssueEvent;
use domain::text::Text;
use domain::{Actor, Event, Recorded, StreamKind, StreamRef};
use jiff::Timestamp;

use crate::AnyView;
use crate::example::{CountReopened, REOPENED, REOPENED_COUNT, Reopenings};
use crate::query::Query as _;
use crate::row::{Change, Key, Row, Value};

#[test]
fn it_is_quoted_word_for_word() {
    let guide = include_str!("../../../CONTRIBUTING.md");
    assert!(
        guide.contains(include_str!("example.rs").trim_end()),
        "copy crates/views/src/example.rs to CONTRIBUTING.md"
    );
}

fn recorded(revision: u64, event: IssueEvent) -> Recorded {
    let project = ProjectId::parse("PAY").unwrap();
    Recorded {
        event: Event::Issue(event),
        stream: StreamRef { project, kind: StreamKind::Issue, id: "an issue".into() },
        ordinal: 1,
        revision,
        position: revision,
        actor: Actor::parse("ada").unwrap(),
        occurred_at: Timestamp::UNIX_EPOCH,
        recorded_at: Timestamp::UNIX_EPOCH,
        origin: None,
    }
}

#[test]
fn it_counts_issues_that_were_reopened() {
    let reopened = || IssueEvent::IssueReopened { reason: Some(Text::parse("again").unwrap()), unassigned: false };
    let mut folding = Reopenings.folding();
    for revision in 1..=3 {
        folding.fold(&recorded(revision, reopened())).unwrap();
    }
    let changes = folding.finish().changes;
    let row = Row::new(&REOPENED, vec!["PAY".into(), 1_u64.into(), 3_u64.into(), 3_u64.into()]).unwrap();
    let key = Key::new([Value::from("PAY")]);
    let counted = Change::Add { table: &REOPENED_COUNT, key: key.clone(), deltas: vec![("issues", 1)] };
    assert_eq!(changes, [Change::Insert(row), counted]);

    let query = CountReopened { project: "PAY".into() };
    let row = Row::keyed(&REOPENED_COUNT, &key).unwrap().with("issues", 1_i64).unwrap();
    assert_eq!((query.selects().len(), query.read(vec![vec![row]]), query.read(Vec::new())), (1, Ok(1), Ok(0)));
}
