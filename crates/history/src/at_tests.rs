//! Whatever is recorded late, the issue stands where its changes of state put it.

use std::mem::discriminant;
use std::sync::Arc;

use domain::Fact::{self, Known};
use domain::ids::{IssueId, ProjectId};
use domain::issue::{
    Asked, CodeFix, Dismissal, Fix, Issue, IssueEvent as E, Level, Nature, RaisedBy, Report, Source, State, evolve,
    fold,
};
use domain::text::{Text, Title};
use domain::{Recorded, StreamKind, StreamRef};
use jiff::Timestamp;
use proptest::prelude::*;
use uuid::Uuid;

use super::{happened, issue};

fn text() -> Text {
    Text::parse("text").unwrap()
}

fn filed() -> E {
    E::IssueFiled {
        id: IssueId(Uuid::nil()),
        title: Title::parse("title").unwrap(),
        source: Source { kind: Fact::NotKnown, raised_by: RaisedBy::Nobody, reference: None },
        report: Report::default(),
        reported_severity: None,
        component: None,
    }
}

fn changes_of_state() -> BoxedStrategy<E> {
    let unassigned = any::<bool>();
    let fix = Known(Fix::Code(CodeFix::default()));
    let over = E::IssueHandedOver { from: Fact::NotKnown, to: "ops".parse().unwrap(), reason: None };
    let accepted = E::IssueAccepted { assignee: Known("ada".parse().unwrap()), report_owed: false };
    let triaged = E::IssueTriaged {
        level: Known(Level::CodeOrData),
        nature: Some(Nature::Bug),
        severity: Fact::NotKnown,
        component: None,
        team: Fact::NotKnown,
    };
    let verified = E::IssueVerified { confirmed_by: Fact::NotKnown, capacity: Fact::NotKnown, self_verified: false };
    let dismissed = E::IssueDismissed { dismissal: Known(Dismissal::WontFix), note: None };
    prop_oneof![
        4 => Just(triaged),
        4 => Just(accepted),
        4 => Just(E::IssueResolved { fix }),
        3 => Just(verified),
        3 => Just(E::IssueClosed { closing: Fact::NotKnown, deployed_at: None }),
        1 => Just(over),
        1 => Just(E::ReturnedToTriage { reason: None }),
        1 => Just(E::WithdrawnFromProduction { reason: None }),
        1 => unassigned.prop_map(|unassigned| E::ResolutionRejected { reason: None, unassigned }),
        2 => any::<bool>().prop_map(|unassigned| E::IssueReopened { reason: None, unassigned }),
        1 => Just(dismissed),
    ]
    .boxed()
}

fn other_facts() -> BoxedStrategy<E> {
    let id = || "[a-c]";
    prop_oneof![
        id().prop_map(|to| E::SeverityChanged { from: Fact::NotKnown, to: to.parse().unwrap(), reason: None }),
        id().prop_map(|to| E::IssueAssigned { assignee: Some(to.parse().unwrap()) }),
        id().prop_map(|test| E::RegressionTestsAdded { tests: vec![test.into()] }),
        id().prop_map(|release| E::MarkedInProduction { release: release.parse().unwrap() }),
        (1..4_u32).prop_map(|question| E::InformationRequested { question, of: Asked::Opener, text: text() }),
        (1..4_u32).prop_map(|question| E::InformationProvided { questions: vec![question], text: None }),
        Just(E::WorkaroundRecorded { text: text() }),
        Just(E::IssueCommented { text: text() }),
    ]
    .boxed()
}

/// A history as `decide` would let it be: changes of state in the order of time, other facts not before the cycle's start.
fn histories() -> impl Strategy<Value = Vec<Recorded<E>>> {
    let fact = (prop_oneof![2 => changes_of_state(), 3 => other_facts()], 0..=8_i64);
    proptest::collection::vec(fact, 0..60).prop_map(|facts| {
        let mut known = vec![recorded(filed(), 0, 1)];
        let mut now = 0;
        for (event, early) in facts {
            let Some(issue) = fold(&known) else { continue };
            let bound = if event.changes_state(&issue.state) { issue.state_since } else { issue.cycle_start };
            now += 5;
            // An eighth of the way back to the bound, or more.
            let occurred = now - (now - bound.as_second()) * early / 8;
            let next = recorded(event, occurred, known.len() as u64 + 1);
            if says_something(&issue, &next) {
                known.push(next);
            }
        }
        known
    })
}

fn says_something(issue: &Issue, next: &Recorded<E>) -> bool {
    let after = evolve(Some(issue.clone()), next).unwrap();
    let (revision, changed_at) = (after.revision, after.changed_at);
    after != Issue { revision, changed_at, ..issue.clone() }
}

fn recorded(event: E, occurred: i64, revision: u64) -> Recorded<E> {
    let time = Timestamp::from_second(occurred).unwrap();
    Recorded {
        event,
        stream: StreamRef { project: ProjectId::parse("PAY").unwrap(), kind: StreamKind::Issue, id: Arc::from("1") },
        ordinal: 1,
        revision,
        position: revision,
        actor: "ada".parse().unwrap(),
        occurred_at: time,
        recorded_at: Timestamp::from_second(1_000_000).unwrap(),
        origin: None,
    }
}

fn same_state(left: &State, right: &State) -> bool {
    let new = matches!((left, right), (State::New { .. }, State::New { .. }));
    discriminant(left) == discriminant(right) && (!new || left == right)
}

/// Where the changes of state that had happened by then left the issue.
fn moved_to(known: &[Recorded<E>], at: Timestamp) -> Option<State> {
    let mut issue: Option<Issue> = None;
    let mut then = None;
    for recorded in known {
        let moves = issue.as_ref().is_none_or(|issue| recorded.event.changes_state(&issue.state));
        issue = evolve(issue, recorded);
        if moves && recorded.occurred_at <= at {
            then = issue.as_ref().map(|issue| issue.state.clone());
        }
    }
    then
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(200) })]

    #[test]
    fn an_issue_stands_where_its_changes_of_state_put_it(known in histories()) {
        for time in (0..=300).step_by(5) {
            let time = Timestamp::from_second(time).unwrap();
            let then = issue(&known, time).unwrap();
            let moved_to = moved_to(&known, time).unwrap();
            prop_assert!(same_state(&then.state, &moved_to), "{:?} at {time}: {:?}", then.state, moved_to);
        }
    }

    #[test]
    fn nothing_that_was_said_is_lost_in_the_end(known in histories()) {
        let (now, then) = (fold(&known).unwrap(), issue(&known, Timestamp::MAX).unwrap());
        prop_assert_eq!(now.comments, then.comments);
        prop_assert_eq!(now.revision, then.revision);
        prop_assert_eq!(now.changed_at, then.changed_at);
        prop_assert_eq!(now.state_since, then.state_since);
        prop_assert_eq!(now.triage.is_some(), then.triage.is_some());
    }

    #[test]
    fn told_in_time_it_is_what_was_known(known in histories(), at in 0..300_i64) {
        let in_time: Vec<_> = known.into_iter().scan(Timestamp::MIN, |last, mut recorded| {
            recorded.occurred_at = recorded.occurred_at.max(*last);
            *last = recorded.occurred_at;
            Some(recorded)
        }).collect();
        let at = Timestamp::from_second(at).unwrap();
        prop_assert_eq!(issue(&in_time, at), fold(&happened(in_time, at)));
    }
}
