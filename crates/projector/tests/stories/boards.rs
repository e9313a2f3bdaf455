//! A project's board.

use std::sync::Arc;

use domain::Fact::Known;
use domain::ids::IssueKey;
use domain::issue::{Asked, Dismissal, IssueEvent, Level, Nature};
use views::board::{Board, Filter, GetBoard, ListColumn, Order, Party, Plan, Planned, needs_plan};
use views::issue::{Dimension, Standing};

use super::events::{accepted, at, dismissed, filed, life, person, project, severity, text, triaged};
use super::given::Given;

fn board(cards_per_column: u32) -> GetBoard {
    GetBoard::of(project("PAY"), cards_per_column)
}

/// The columns that have something: how many issues, of which severities, and their cards.
fn told(board: &Board) -> Vec<String> {
    let columns = board.columns.iter().filter(|column| column.count > 0);
    let told = columns.map(|column| {
        let severities =
            column.severities.iter().map(|(severity, count)| format!("{count} {}", severity.as_deref().unwrap_or("-")));
        let cards = column.cards.iter().map(|card| card.key.to_string());
        let (severities, cards) = (severities.collect::<Vec<_>>().join(", "), cards.collect::<Vec<_>>().join(" "));
        format!("{:?} {}: {severities}: {cards}", column.standing, column.count)
    });
    told.collect()
}

#[tokio::test(start_paused = true)]
async fn an_issue_goes_from_column_to_column() {
    let mut given = Given::nothing();
    for (event, expected) in life("Payments fail", "sev1").into_iter().zip([
        "NewUntriaged 1: 1 -: PAY-1",
        "NewTriaged 1: 1 sev1: PAY-1",
        "Accepted 1: 1 sev1: PAY-1",
        "Resolved 1: 1 sev1: PAY-1",
        "Verified 1: 1 sev1: PAY-1",
        "Closed 1: 1 sev1: PAY-1",
    ]) {
        given.issue(1, [event]).await;
        assert_eq!(told(&given.ask(&board(20)).await), [expected]);
    }
}

#[tokio::test(start_paused = true)]
async fn the_longest_come_first_and_of_what_is_over_the_newest() {
    let mut given = Given::nothing();
    for ordinal in 1..=3 {
        given.issue(ordinal, life("Done", "sev2")).await;
    }
    for ordinal in 4..=6 {
        given
            .issue(ordinal, [filed("Waits"), triaged(if ordinal == 5 { "sev1" } else { "sev3" }), accepted("dan")])
            .await;
    }
    given.issue(7, [filed("Never"), dismissed(Dismissal::NotADefect)]).await;
    given
        .issue(4, [IssueEvent::SeverityChanged { from: domain::Fact::NotKnown, to: severity("sev1"), reason: None }])
        .await;

    let found = given.ask(&board(2)).await;
    assert_eq!(
        told(&found),
        ["Accepted 3: 2 sev1, 1 sev3: PAY-4 PAY-5", "Closed 3: 3 sev2: PAY-3 PAY-2", "Dismissed 1: 1 -: PAY-7"]
    );
    let columns: Vec<_> = found.columns.iter().map(|column| column.standing).collect();
    assert_eq!(columns, Standing::ALL);
}

#[tokio::test(start_paused = true)]
async fn a_card_shows_what_it_needs() {
    let mut given = Given::nothing();
    let asked = IssueEvent::InformationRequested { question: 1, of: domain::issue::Asked::Opener, text: text("When?") };
    given.issue(1, [filed("Payments fail"), triaged("sev1"), accepted("dan"), asked]).await;
    let found = given.ask(&board(1)).await;
    let card = &found.columns[2].cards[0];
    assert_eq!(card.key, IssueKey { project: project("PAY"), ordinal: 1 });
    assert_eq!((&*card.title, card.waiting, card.imported), ("Payments fail", true, false));
    assert_eq!((card.severity.as_deref(), card.team.as_deref()), (Some("sev1"), Some("dev")));
    assert_eq!((card.component.as_deref(), card.assignee.as_deref()), (Some("checkout"), Some("dan")));
    assert_eq!((card.filed_at, card.state_since), (at(0), at(2)));
}

#[tokio::test(start_paused = true)]
async fn another_projects_issues_stand_elsewhere() {
    let mut given = Given::nothing();
    given.issue_of("WEB", 1, [filed("Elsewhere")]).await;
    assert_eq!(told(&given.ask(&board(20)).await), Vec::<String>::new());
}

fn only(dimension: Dimension, values: &[&str]) -> Filter {
    and(Filter::default(), dimension, values)
}

fn and(filter: Filter, dimension: Dimension, values: &[&str]) -> Filter {
    filter.only(dimension, values.iter().map(|value| Arc::from(*value)))
}

/// Of a team, a component, a level, as severe as this.
fn triaged_as(team: &str, component: &str, level: Level, as_severe_as: &str) -> IssueEvent {
    IssueEvent::IssueTriaged {
        level: Known(level),
        nature: (level != Level::UserError).then_some(Nature::Incident),
        severity: Known(severity(as_severe_as)),
        component: Some(component.parse().unwrap()),
        team: Known(team.parse().unwrap()),
    }
}

fn asked(question: u32, of: Asked) -> IssueEvent {
    IssueEvent::InformationRequested { question, of, text: text("When?") }
}

async fn plan(given: &Given, filter: &Filter, order: &Order, group_by: Option<Dimension>) -> Planned {
    if !needs_plan(filter, order, group_by) {
        return Planned::default();
    }
    given.ask_now(&Plan { project: project("PAY"), filter: filter.clone() }).await
}

async fn filtered(given: &Given, filter: Filter, order: Order, group_by: Option<Dimension>) -> Board {
    let planned = plan(given, &filter, &order, group_by).await;
    given.ask_now(&GetBoard { filter, order, group_by, planned, ..board(20) }).await
}

/// The numbers of a column's issues, in pages of so many.
async fn paged(given: &Given, standing: Standing, filter: &Filter, order: &Order, cards: u32) -> Vec<u64> {
    let (mut ordinals, mut after) = (Vec::new(), None);
    loop {
        let planned = plan(given, filter, order, None).await;
        let (filter, order) = (filter.clone(), order.clone());
        let query = ListColumn { project: project("PAY"), standing, filter, order, after, cards, planned };
        let page = given.ask_now(&query).await;
        assert!(page.cards.len() <= cards as usize);
        ordinals.extend(page.cards.iter().map(|card| card.key.ordinal));
        let Some(next) = page.next else { return ordinals };
        after = Some(next);
    }
}

/// Accepted: PAY-1 of dev, PAY-2 and PAY-4 of ops, PAY-3 of dev again, which waits; PAY-5 is untriaged, PAY-6 closed.
async fn several() -> Given {
    let mut given = Given::nothing();
    let issues = [
        ("dev", "checkout", Level::CodeOrData, "sev2", "dan"),
        ("ops", "hosts", Level::System, "sev1", "olaf"),
        ("dev", "basket", Level::CodeOrData, "sev1", "dora"),
        ("ops", "hosts", Level::UserError, "sev3", "olaf"),
    ];
    for ((team, component, level, as_severe_as, by), ordinal) in issues.into_iter().zip(1..) {
        given.issue(ordinal, [filed("It fails"), triaged_as(team, component, level, as_severe_as), accepted(by)]).await;
    }
    given.issue(3, [asked(1, Asked::Person(person("zoe"))), asked(2, Asked::Opener), asked(3, Asked::Opener)]).await;
    given.issue(5, [filed("Nobody looked")]).await;
    given.issue(6, life("Done", "sev2")).await;
    given.settled().await;
    given
}

#[tokio::test(start_paused = true)]
async fn filters_narrow_together_and_their_counts_are_exact() {
    let given = several().await;
    let cases: [(Filter, &[&str]); 12] = [
        (only(Dimension::Team, &["ops"]), &["Accepted 2: 1 sev1, 1 sev3: PAY-2 PAY-4"]),
        (only(Dimension::Team, &[""]), &["NewUntriaged 1: 1 -: PAY-5"]),
        (only(Dimension::Component, &["checkout"]), &["Accepted 1: 1 sev2: PAY-1", "Closed 1: 1 sev2: PAY-6"]),
        (only(Dimension::Assignee, &["olaf", "dora"]), &["Accepted 3: 2 sev1, 1 sev3: PAY-2 PAY-3 PAY-4"]),
        (only(Dimension::Severity, &["sev1"]), &["Accepted 2: 2 sev1: PAY-2 PAY-3"]),
        (only(Dimension::Level, &["system", "user_error"]), &["Accepted 2: 1 sev1, 1 sev3: PAY-2 PAY-4"]),
        (only(Dimension::Nature, &["incident"]), &["Accepted 3: 2 sev1, 1 sev2: PAY-1 PAY-2 PAY-3"]),
        (only(Dimension::Waiting, &["yes"]), &["Accepted 1: 1 sev1: PAY-3"]),
        (only(Dimension::WaitingOn, &["opener", "person"]), &["Accepted 1: 1 sev1: PAY-3"]),
        (
            and(only(Dimension::Team, &["dev"]), Dimension::Severity, &["sev2"]),
            &["Accepted 1: 1 sev2: PAY-1", "Closed 1: 1 sev2: PAY-6"],
        ),
        (and(only(Dimension::Team, &["ops"]), Dimension::Level, &["system"]), &["Accepted 1: 1 sev1: PAY-2"]),
        (and(only(Dimension::Team, &["ops"]), Dimension::Assignee, &["dan"]), &[]),
    ];
    for (filter, expected) in cases {
        for order in [Order::StateLongest, Order::FiledOldest] {
            let found = filtered(&given, filter.clone(), order, None).await;
            assert_eq!(told(&found), expected, "{filter:?}");
            assert!(found.columns.iter().all(|column| !column.count_at_least), "{filter:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_card_says_of_whom_something_is_asked() {
    let given = several().await;
    let found = filtered(&given, only(Dimension::Waiting, &["yes"]), Order::StateLongest, None).await;
    let card = &found.columns[2].cards[0];
    assert_eq!(card.waiting_on, [Party::Person("zoe".into()), Party::Opener]);
    assert_eq!((card.opener.as_deref(), card.source.as_deref()), (Some("olga"), Some("product_owner")));
}

#[tokio::test(start_paused = true)]
async fn counts_are_told_apart_by_what_issues_have_in_common() {
    let given = several().await;
    let groups = async |filter, by| {
        let found = filtered(&given, filter, Order::StateLongest, Some(by)).await;
        assert!(!found.groups.more);
        let told = |group: &views::board::Group| {
            let counts = group.counts.iter().map(|count| count.issues.to_string()).collect::<String>();
            format!("{}: {counts}", group.value)
        };
        found.groups.groups.iter().map(told).collect::<Vec<_>>()
    };
    let all = Filter::default;
    assert_eq!(groups(all(), Dimension::Team).await, [": 1000000", "dev: 0020010", "ops: 0020000"]);
    assert_eq!(
        groups(all(), Dimension::Level).await,
        [": 1000000", "code_or_data: 0020010", "system: 0010000", "user_error: 0010000"]
    );
    assert_eq!(
        groups(all(), Dimension::Severity).await,
        [": 1000000", "sev1: 0020000", "sev2: 0010010", "sev3: 0010000"]
    );
    let sev1 = || only(Dimension::Severity, &["sev1"]);
    assert_eq!(groups(sev1(), Dimension::Assignee).await, ["dora: 0010000", "olaf: 0010000"]);
    let ops = || only(Dimension::Team, &["ops"]);
    assert_eq!(groups(ops(), Dimension::Team).await, ["ops: 0020000"]);
    assert_eq!(groups(ops(), Dimension::Severity).await, ["sev1: 0010000", "sev3: 0010000"]);
    assert_eq!(groups(ops(), Dimension::Level).await, ["system: 0010000", "user_error: 0010000"]);
}

#[tokio::test(start_paused = true)]
async fn each_order_of_a_column_joins_from_pages_of_any_length() {
    let given = several().await;
    let worst_first = || Order::Severity(vec![severity("sev1"), severity("sev2"), severity("sev3")]);
    for (order, expected) in [
        (Order::StateLongest, [1, 2, 3, 4]),
        (Order::FiledOldest, [1, 2, 3, 4]),
        (Order::FiledNewest, [4, 3, 2, 1]),
        (Order::ChangedNewest, [3, 4, 2, 1]),
        (worst_first(), [2, 3, 1, 4]),
    ] {
        for filter in [Filter::default(), only(Dimension::Assignee, &["dan", "dora", "olaf"])] {
            for cards in [1, 2, 3, 100] {
                let found = paged(&given, Standing::Accepted, &filter, &order, cards).await;
                assert_eq!(found, expected, "{order:?} {filter:?} {cards}");
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_filter_that_leaves_little_of_much_looks_at_some_and_pages_on() {
    let mut given = Given::nothing();
    for ordinal in 1..=1100 {
        // Seven are of another level, one of them the last; three of those are of another team.
        let level = if ordinal % 157 == 0 || ordinal == 1100 { Level::System } else { Level::CodeOrData };
        let team = if ordinal % 400 == 0 { "ops" } else { "dev" };
        let events = [filed("It fails"), triaged_as(team, "checkout", level, "sev2"), accepted("dan")];
        given.issue(ordinal, events).await;
    }
    given.settled().await;
    let rare = only(Dimension::Level, &["system"]);
    let expected: Vec<u64> = (1..=7).map(|n| n * 157).chain([1100]).collect();
    for order in [Order::StateLongest, Order::FiledOldest, Order::Severity(vec![severity("sev2")])] {
        let found = filtered(&given, rare.clone(), order.clone(), None).await;
        let column = &found.columns[2];
        assert_eq!((column.count, column.count_at_least), (8, false), "one field is counted");
        assert!(column.cards.len() < 8 && column.next.is_some(), "the page ends early: {order:?}");
        assert_eq!(paged(&given, Standing::Accepted, &rare, &order, 20).await, expected, "{order:?}");
    }
    let both = and(rare, Dimension::Nature, &["incident"]);
    let column = &filtered(&given, both, Order::StateLongest, None).await.columns[2];
    assert_eq!((column.count, column.count_at_least), (3, true), "two are counted as far as it looked");
    let few = and(only(Dimension::Team, &["ops"]), Dimension::Nature, &["incident"]);
    let column = &filtered(&given, few.clone(), Order::FiledNewest, None).await.columns[2];
    assert_eq!((column.count, column.count_at_least), (2, false), "few are all looked at");
    assert_eq!(paged(&given, Standing::Accepted, &few, &Order::FiledNewest, 1).await, [800, 400]);
    let nobody = GetBoard { group_by: Some(Dimension::Assignee), groups_after: Some("dan".into()), ..board(1) };
    assert_eq!(given.ask_now(&nobody).await.groups.groups, []);
}
