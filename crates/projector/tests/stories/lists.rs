//! Issues of a project, filtered and ordered.

use domain::Fact::{Known, NotKnown};
use domain::issue::{Dismissal, Level};
use views::issue::{Filter, ListIssues, Order, Standing};

use super::events::{
    accepted, commented, dismissed, filed, filed_from, life, person, project, severity, triaged, triaged_unknown,
};
use super::given::Given;

/// PAY-1 closed, PAY-2 and PAY-5 untriaged, PAY-3 accepted by dan, PAY-4 by dora at last, PAY-6 dismissed; filed in this order. WEB-1 is another's.
async fn some_issues() -> Given {
    let mut given = Given::nothing();
    given.issue(1, life("One", "sev1")).await;
    given.issue(2, [filed("Two")]).await;
    given.issue(3, [filed_from("Three", Some("bugzilla:3")), triaged("sev2"), accepted("dan")]).await;
    given.issue_of("WEB", 1, [filed_from("Elsewhere", Some("bugzilla:3"))]).await;
    given.issue(4, [filed("Four"), triaged_unknown()]).await;
    given.issue(5, [filed("Five")]).await;
    given.issue(6, [filed("Six"), dismissed(Dismissal::WontFix)]).await;
    given.issue(2, [commented("a late word")]).await;
    given.issue(4, [accepted("dora")]).await;
    given.settled().await;
    given
}

fn list(filter: Filter, order: Order) -> ListIssues {
    ListIssues { project: project("PAY"), filter, order, after: None, limit: 50 }
}

/// The issues' numbers, read in pages of `limit`.
async fn paged(given: &Given, mut query: ListIssues, limit: u32) -> Vec<u64> {
    query.limit = limit;
    let mut ordinals = Vec::new();
    loop {
        let found = given.ask_now(&query).await;
        assert!(found.issues.len() <= limit as usize);
        ordinals.extend(found.issues.iter().map(|issue| issue.key.ordinal));
        match found.issues.last() {
            Some(last) if found.more => query.after = Some(query.cursor(last)),
            _ => return ordinals,
        }
    }
}

#[track_caller]
fn check(query: &ListIssues, found: &[u64], expected: &[u64]) {
    assert_eq!(found, expected, "{query:?}");
}

#[tokio::test(start_paused = true)]
async fn each_order_joins_from_pages_of_any_length() {
    let given = some_issues().await;
    for (order, expected) in [
        (Order::FiledNewest, [6, 5, 4, 3, 2, 1]),
        (Order::FiledOldest, [1, 2, 3, 4, 5, 6]),
        (Order::ChangedNewest, [4, 2, 6, 5, 3, 1]),
        (Order::StateLongest, [1, 2, 3, 5, 6, 4]),
    ] {
        let query = list(Filter::default(), order);
        for limit in [1, 2, 4, 6, 100] {
            check(&query, &paged(&given, query.clone(), limit).await, &expected);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn filters_narrow_together_and_their_values_widen() {
    let given = some_issues().await;
    let none = Filter::default;
    let new = vec![Standing::NewUntriaged, Standing::NewTriaged];
    let cases: [(Filter, &[u64]); 10] = [
        (Filter { standings: new.clone(), ..none() }, &[5, 2]),
        (Filter { standings: vec![Standing::Closed, Standing::Dismissed], ..none() }, &[6, 1]),
        (Filter { severities: vec![severity("sev1"), severity("sev2")], ..none() }, &[3, 1]),
        (Filter { levels: vec![Known(Level::CodeOrData)], ..none() }, &[3, 1]),
        (Filter { levels: vec![NotKnown], ..none() }, &[4]),
        (Filter { teams: vec!["dev".parse().unwrap()], standings: vec![Standing::Accepted], ..none() }, &[3]),
        (Filter { components: vec!["checkout".parse().unwrap()], ..none() }, &[3, 1]),
        (Filter { assignees: vec![person("dan")], standings: new.clone(), ..none() }, &[]),
        (Filter { source_reference: Some("bugzilla:3".into()), ..none() }, &[3]),
        (Filter { source_reference: Some("bugzilla:3".into()), standings: new, ..none() }, &[]),
    ];
    for (filter, expected) in cases {
        let query = list(filter, Order::FiledNewest);
        for limit in [1, 100] {
            check(&query, &paged(&given, query.clone(), limit).await, expected);
        }
    }
}
