//! How SQLite reads what boards, inboxes, lists and workloads ask: by an index, in its order, whatever there is.

use domain::ids::{PersonId, ProjectId, SeverityId};
use view_store::paging::ranges;
use views::board::{Filter, GetBoard, ListColumn, Order, Place, Plan, Planned};
use views::inbox::{GetInbox, Section};
use views::issue::{Dimension, ISSUE, Standing};
use views::people::{CountAccepted, GetLoads, GetTeams, ListDuties, ListPeople, Party};
use views::query::Query;
use views::row::{Condition, Value};

use super::tests::plan;
use super::*;
use crate::select::text;

fn project() -> ProjectId {
    ProjectId::parse("PAY").expect("a key")
}

fn severities() -> Vec<SeverityId> {
    ["sev1", "sev2"].map(|id| SeverityId::parse(id).expect("an id")).into()
}

fn person() -> PersonId {
    PersonId::parse("ada").expect("an id")
}

fn filters() -> Vec<Filter> {
    let only = |dimension, value: &str| Filter::default().only(dimension, [value.into()]);
    vec![
        Filter::default(),
        only(Dimension::Team, "core"),
        only(Dimension::Team, ""),
        only(Dimension::Component, "checkout"),
        only(Dimension::Assignee, "ada"),
        only(Dimension::Severity, "sev1"),
        only(Dimension::Level, "system"),
        only(Dimension::Waiting, "yes"),
        only(Dimension::Team, "core").only(Dimension::Assignee, ["ada".into(), "ben".into()]),
    ]
}

fn orders() -> Vec<Order> {
    vec![
        Order::StateLongest,
        Order::FiledOldest,
        Order::FiledNewest,
        Order::ChangedNewest,
        Order::Severity(severities()),
    ]
}

/// Every select of the query, and of each page after its first.
fn selects<Q: Query>(query: &Q) -> Vec<Select> {
    let paged = |select: Select| {
        let last = select.filter.iter().fold(Row::empty(select.table), |row, condition| match condition {
            Condition::Equal(column, value) => row.with(column, value.clone()).expect("it fits its column"),
            _ => row,
        });
        let cursor = select.cursor(&last).ok().filter(|_| !select.order.is_empty());
        let later = cursor.map(|cursor| select.clone().after(Some(cursor)));
        [select].into_iter().chain(later)
    };
    query.selects().into_iter().flat_map(paged).collect()
}

async fn check(store: &SqliteViews, query: &(impl Query + std::fmt::Debug)) {
    let view = store.view(query.view()).expect("it is prepared");
    for select in selects(query) {
        for range in ranges(&select) {
            let (sql, _) = text(view.table(select.table).expect("its table").1, &range, false, None);
            let plan = plan(store, sql.clone()).await;
            assert!(plan.contains("SEARCH") && !plan.contains("SCAN"), "{query:?}\n{sql}\n{plan}");
            // Counters of several values are sorted: they are few. Issues are not.
            let sorted = plan.contains("TEMP B-TREE");
            assert!(!sorted || select.table.name != ISSUE.name, "{query:?}\n{sql}\n{plan}");
            // The rows of one moment, where a page may have ended, are few by whichever index they are found.
            let at_once = |each: &Condition| matches!(each, Condition::Equal(_, Value::Timestamp(_)));
            for condition in range.filter.iter().filter(|_| !range.filter.iter().any(at_once)) {
                let by = format!("{}=?", condition.column());
                let equal = matches!(condition, Condition::Equal(..) | Condition::IsNull(_));
                assert!(!equal || plan.contains(&by), "it passes over others than {by}: {query:?}\n{sql}\n{plan}");
            }
        }
    }
}

async fn prepared(folder: &tempfile::TempDir) -> SqliteViews {
    let store = SqliteViews::open(folder.path().join("views.db")).expect("a new file");
    let schemas: Vec<_> = views::ALL.iter().map(|view| view.schema()).collect();
    store.prepare(&schemas).await.expect("new tables");
    store
}

#[tokio::test]
async fn a_board_is_read_by_indexes_whatever_its_filter_and_order() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let store = prepared(&folder).await;
    for filter in filters() {
        let plan = Plan { project: project(), filter: filter.clone() };
        check(&store, &plan).await;
        // Few issues, as in empty tables; and many, as where nobody knows.
        let few = plan.read(vec![Vec::new(); plan.selects().len()]).expect("no rows");
        let plans = |order: Order| [(order.clone(), few.clone()), (order, Planned::default())];
        for (order, planned) in orders().into_iter().flat_map(plans) {
            for group_by in [None, Some(Dimension::Team), Some(Dimension::Level)] {
                let (filter, order, planned) = (filter.clone(), order.clone(), planned.clone());
                check(&store, &GetBoard { filter, order, planned, group_by, ..GetBoard::of(project(), 20) }).await;
            }
            let after: Option<Place> = serde_json::from_str(r#"{"severity":"","at_us":7,"ordinal":7}"#).ok();
            assert!(after.is_some(), "a place as page tokens have it");
            let standing = Standing::Closed;
            let filter = filter.clone();
            check(&store, &ListColumn { project: project(), standing, filter, order, after, cards: 20, planned }).await;
        }
    }
}

#[tokio::test]
async fn an_inbox_and_workloads_are_read_by_their_keys() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let store = prepared(&folder).await;
    let sections = Section::ALL.map(|section| (section, None)).to_vec();
    check(&store, &GetInbox { project: project(), worst_first: severities(), sections, entries: 20 }).await;
    check(&store, &ListPeople { project: project(), after: None, limit: 50 }).await;
    check(&store, &ListPeople { project: project(), after: Some(person()), limit: 50 }).await;
    let parties = vec![Party::Person(person()), Party::ProductOwners];
    check(&store, &GetLoads { project: project(), parties }).await;
    check(&store, &CountAccepted { project: project(), people: vec![person(); 3] }).await;
    check(&store, &ListDuties { project: project(), party: Party::Person(person()), after: None, limit: 50 }).await;
    check(&store, &GetTeams { project: project(), teams: vec!["core".parse().expect("an id")] }).await;
}
