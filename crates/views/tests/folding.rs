//! What every fold does, whatever its view: told with the view `issues`.

#![expect(clippy::unwrap_used, reason = "a story that can't be told fails")]

use domain::issue::{IssueEvent, RaisedBy, Report, Source};
use domain::text::{Text, Title};
use domain::{Fact, Recorded, StreamKind, StreamRef};
use jiff::Timestamp;
use views::folding::{Folded, HAND_BYTES_MAX};
use views::row::{Change, Key, Value};
use views::{ALL, Folding, Unappliable};

fn folding() -> Box<dyn Folding> {
    ALL[0].folding()
}

fn recorded(ordinal: u64, revision: u64, event: IssueEvent) -> Recorded {
    let project = domain::ids::ProjectId::parse("PAY").unwrap();
    Recorded {
        event: event.into(),
        stream: StreamRef { project, kind: StreamKind::Issue, id: ordinal.to_string().into() },
        ordinal,
        revision,
        position: 0,
        actor: "ada".parse().unwrap(),
        occurred_at: Timestamp::UNIX_EPOCH,
        recorded_at: Timestamp::UNIX_EPOCH,
        origin: None,
    }
}

fn filed(ordinal: u64, details: Option<&str>) -> Recorded {
    let filed = IssueEvent::IssueFiled {
        id: domain::ids::IssueId(uuid::Uuid::from_u128(ordinal.into())),
        title: Title::parse("Payments fail").unwrap(),
        source: Source { kind: Fact::NotKnown, raised_by: RaisedBy::Nobody, reference: None },
        report: Report { details: details.map(|text| Text::parse(text).unwrap()), ..Report::default() },
        reported_severity: None,
        component: None,
    };
    recorded(ordinal, 1, filed)
}

fn commented(ordinal: u64, revision: u64) -> Recorded {
    recorded(ordinal, revision, IssueEvent::IssueCommented { text: Text::parse("me too").unwrap() })
}

/// Where the counter of untriaged issues stands after these changes.
fn moved(folded: &Folded) -> Vec<i64> {
    let deltas = folded.changes.iter().filter_map(|change| match change {
        Change::Add { table, deltas, .. } if table.name == "count" => Some(deltas[0].1),
        _ => None,
    });
    deltas.collect()
}

#[test]
fn an_event_folded_twice_is_folded_once() {
    let (mut once, mut twice) = (folding(), folding());
    for event in [filed(1, None), commented(1, 2), commented(1, 3)] {
        once.fold(&event).unwrap();
        twice.fold(&event).unwrap();
        twice.fold(&event).unwrap();
    }
    twice.fold(&filed(1, None)).unwrap();
    let (once, twice) = (once.finish(), twice.finish());
    assert_eq!(once.changes, twice.changes);
    assert_eq!(moved(&twice), [1], "one issue more is untriaged");
}

#[test]
fn counters_move_by_what_is_new_in_a_batch() {
    let mut folding = folding();
    folding.fold(&filed(1, None)).unwrap();
    let first = folding.finish();
    assert_eq!(moved(&first), [1]);
    let Change::Insert(row) = &first.changes[0] else { panic!("{:?} is the new issue's row", first.changes[0]) };
    folding.fold(&commented(1, 2)).unwrap();
    let folded = folding.finish();
    assert_eq!(moved(&folded), <[i64; 0]>::default(), "it stands where it stood");
    let [Change::Upsert(_), Change::Insert(_)] = &folded.changes[..] else {
        panic!("{:?} are the issue's row, which is there, and the comment's, which is not", folded.changes);
    };
    assert_eq!(folding.finish().changes, [], "nothing came since");

    folding.forget();
    folding.hold(&filed(1, None).stream, Some(row.clone()));
    folding.fold(&commented(1, 2)).unwrap();
    assert!(matches!(folding.finish().changes[0], Change::Upsert(_)), "what was loaded is there");
}

#[test]
fn a_gap_is_no_event_that_could_be_folded() {
    let mut folding = folding();
    folding.fold(&filed(1, None)).unwrap();
    assert_eq!(folding.fold(&commented(1, 3)), Err(Unappliable::Gap { held: 1, found: 3 }));
    folding.fold(&commented(1, 2)).unwrap();
    folding.hold(&commented(2, 4).stream, None);
    assert_eq!(folding.fold(&commented(2, 4)), Err(Unappliable::Gap { held: 0, found: 4 }));
}

#[test]
fn a_row_that_can_not_be_read_is_no_document() {
    let mut folding = folding();
    folding.fold(&filed(1, None)).unwrap();
    let Change::Insert(mut row) = folding.finish().changes.remove(0) else { unreachable!("an issue is filed") };
    row.set("state", "nowhere").unwrap();
    folding.forget();
    folding.hold(&filed(1, None).stream, Some(row));
    let refused = folding.fold(&commented(1, 2)).unwrap_err();
    let why = std::error::Error::source(&refused).unwrap().to_string();
    assert_eq!(why, "issue.state: \"nowhere\" is none of its words");
}

#[test]
fn what_is_in_hand_is_bounded_and_what_is_not_is_asked_for() {
    let mut folding = folding();
    let long = "x".repeat(60_000);
    let last = u64::try_from(HAND_BYTES_MAX / long.len()).unwrap() * 2;
    for ordinal in 1..=last {
        assert_eq!(folding.missing(&filed(ordinal, None)), None, "nothing can be stored of it yet");
        folding.fold(&filed(ordinal, Some(&long))).unwrap();
        folding.finish();
    }
    let missing = |ordinal| folding.missing(&commented(ordinal, 2));
    assert_eq!(missing(1), Some(Key::new([Value::from("PAY"), Value::Integer(1)])));
    assert_eq!(missing(last), None, "the newest is in hand");
    let held = (1..=last).filter(|ordinal| missing(*ordinal).is_none()).count();
    assert!((20..=HAND_BYTES_MAX / long.len() + 1).contains(&held), "{held} are in hand");
}

#[test]
fn every_view_describes_itself_rightly() {
    for view in ALL {
        assert_eq!(view.schema().check(), Ok(()));
    }
}
