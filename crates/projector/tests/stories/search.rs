//! Searching: what issues are found by, and what resembles them.

use domain::issue::{Dismissal, IssueEvent, Report};
use views::issue::Standing;
use views::search::{All, Candidates, Filter, Found, Matches, Newest, Search, Wording, WordsOf, parse};

use super::events::{commented, dismissed, filed, key, life, person, project, severity, text, triaged};
use super::given::Given;

/// A search in the project PAY, without a filter.
pub(crate) fn search(query: &str) -> Search {
    Search { project: project("PAY"), sought: parse(query).unwrap(), filter: Filter::default(), after: None, limit: 50 }
}

/// What it finds, by whichever way: both must find the same.
async fn found(given: &Given, search: &Search) -> Found {
    let newest = given.ask_now(&Newest { search, oldest: 0, counted: true }).await;
    let Matches::Few(rows) = given.ask_now(&All(search)).await else {
        panic!("a story has few issues");
    };
    assert_eq!(rows.page(search, true).unwrap(), newest, "read from the newest end, and chosen among all");
    newest
}

async fn keys(given: &Given, query: &str) -> Vec<u64> {
    found(given, &search(query)).await.page.hits.iter().map(|hit| hit.key.ordinal).collect()
}

fn amended(steps: Option<&str>, details: Option<&str>) -> IssueEvent {
    let (steps, details) = (steps.map(text), details.map(text));
    IssueEvent::ReportAmended { report: Report { steps, details, ..Report::default() } }
}

#[tokio::test(start_paused = true)]
async fn an_issue_is_found_by_all_that_was_said_of_it() {
    let mut given = Given::nothing();
    given.issue(1, [filed("Paying twice"), commented("Since Monday"), commented("Müller saw it too")]).await;
    given
        .issue(2, [filed("Refund fails"), amended(Some("press REFUND"), None), amended(None, Some("sometimes"))])
        .await;
    let question = IssueEvent::InformationRequested {
        question: 1,
        of: domain::issue::Asked::Opener,
        text: text("Which browser?"),
    };
    let answer = IssueEvent::InformationProvided { questions: vec![1], text: Some(text("Netscape")) };
    let workaround = IssueEvent::WorkaroundRecorded { text: text("pay by invoice") };
    given.issue(3, [filed("Paying never"), question, answer, workaround]).await;
    given.issue_of("OPS", 1, [filed("Paying elsewhere")]).await;
    given.settled().await;

    for (query, expected) in [
        ("paying", vec![3, 1]),
        ("PAYING twice", vec![1]),
        ("\"paying twice\"", vec![1]),
        ("\"twice paying\"", vec![]),
        ("paying -twice", vec![3]),
        ("pay*", vec![3, 1]),
        ("title:pay*", vec![3, 1]),
        ("workaround:pay*", vec![3]),
        ("muller monday", vec![1]),
        ("\"monday müller\"", vec![]),
        ("press sometimes", vec![2]),
        ("netscape browser", vec![3]),
        ("comments:refund", vec![]),
        ("elsewhere", vec![]),
    ] {
        assert_eq!(keys(&given, query).await, expected, "{query}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_no_longer_stands_finds_nothing() {
    let mut given = Given::nothing();
    given.issue(1, [filed("Paying twice"), amended(Some("press alpha"), Some("seen often"))]).await;
    given.issue(1, [amended(Some("press beta"), None)]).await;
    given.issue(1, [IssueEvent::WorkaroundRecorded { text: text("use gamma") }]).await;
    assert_eq!(found(given.settled().await, &search("gamma beta often")).await.page.hits.len(), 1);
    given.issue(1, [IssueEvent::WorkaroundWithdrawn { reason: None }, commented("[erased]")]).await;
    given.settled().await;
    for (query, expected) in [("beta", 1), ("alpha", 0), ("often", 1), ("gamma", 0), ("erased", 0)] {
        assert_eq!(keys(&given, query).await.len(), expected, "{query}");
    }
}

#[tokio::test(start_paused = true)]
async fn filters_narrow_and_counts_tell_of_what() {
    let mut given = Given::nothing();
    given.issue(1, life("Paying twice", "sev1")).await;
    given.issue(2, [filed("Paying never"), triaged("sev2")]).await;
    given.issue(3, [filed("Paying late"), triaged("sev2")]).await;
    given.issue(4, [filed("Paying early"), dismissed(Dismissal::NotADefect)]).await;
    given.settled().await;

    let all = found(&given, &search("paying")).await.counts.unwrap();
    assert_eq!((all.total, all.more), (4, false));
    let states: Vec<_> = all.states.iter().map(|(standing, count)| (*standing, *count)).collect();
    assert_eq!(states, [(Standing::NewTriaged, 2), (Standing::Closed, 1), (Standing::Dismissed, 1)]);
    let severities: Vec<_> = all.severities.iter().map(|(id, count)| (id.as_deref(), *count)).collect();
    assert_eq!(severities, [(None, 1), (Some("sev1"), 1), (Some("sev2"), 2)]);

    let with = |filter| Search { filter, ..search("paying") };
    let of_sev2 = with(Filter { severities: vec![severity("sev2")], ..Filter::default() });
    let two = found(&given, &of_sev2).await;
    assert_eq!(two.page.hits.iter().map(|hit| hit.key.ordinal).collect::<Vec<_>>(), [3, 2]);
    assert_eq!(two.counts.unwrap().total, 2);
    let closed = Filter { standings: vec![Standing::Closed], assignees: vec![person("dan")], ..Filter::default() };
    assert_eq!(found(&given, &with(closed)).await.page.hits.len(), 1);
    let filed_at = two.page.hits[1].filed_at;
    let since = Filter { filed_from: Some(filed_at), ..Filter::default() };
    assert_eq!(found(&given, &with(since)).await.page.hits.len(), 3);
    let before = Filter { filed_before: Some(filed_at), ..Filter::default() };
    assert_eq!(found(&given, &with(before)).await.page.hits.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn pages_join_and_old_issues_are_left_out_where_it_says_so() {
    let mut given = Given::nothing();
    for ordinal in 1..=7 {
        given.issue(ordinal, [filed(if ordinal == 4 { "Something else" } else { "Paying" })]).await;
    }
    given.settled().await;
    let mut asked = Search { limit: 2, ..search("paying") };
    let mut joined = Vec::new();
    loop {
        let page = found(&given, &asked).await.page;
        joined.extend(page.hits.iter().map(|hit| hit.key.ordinal));
        asked.after = joined.last().copied();
        if !page.more {
            break;
        }
    }
    assert_eq!(joined, [7, 6, 5, 3, 2, 1]);
    let newest = given.ask_now(&Newest { search: &search("paying"), oldest: 3, counted: true }).await;
    assert_eq!(newest.page.hits.len(), 4);
    assert_eq!(newest.counts.unwrap().total, 4);
}

#[tokio::test(start_paused = true)]
async fn what_resembles_is_offered_the_likest_first() {
    let mut given = Given::nothing();
    for ordinal in 1..=20 {
        given.issue(ordinal, [filed(&format!("Unrelated trouble number {ordinal} with the page"))]).await;
    }
    given.issue(21, [filed("Checkout charges the card twice")]).await;
    given.issue(22, [filed("Card is charged"), commented("twice at checkout")]).await;
    given.issue(23, [filed("Twice")]).await;
    given.settled().await;

    let offered = async |wording: Wording, except| {
        let candidates = Candidates { project: project("PAY"), wording, except };
        let likeness = given.ask_now(&candidates).await;
        let offered = given.ask_now(&likeness).await;
        offered.into_iter().map(|it| (it.hit.key.ordinal, it.likeness)).collect::<Vec<_>>()
    };
    let title = "The checkout charges my card twice";
    let found = offered(Wording::of(title, [""]), None).await;
    assert_eq!(found.iter().map(|(ordinal, _)| *ordinal).collect::<Vec<_>>(), [21, 22], "{found:?}");
    assert!(found[0].1 > found[1].1 && found[0].1 <= 1.0, "{found:?}");

    let wording = given.ask_now(&WordsOf(key(21))).await.expect("it is there");
    let found = offered(wording, Some(21)).await;
    assert_eq!(found.first().map(|(ordinal, _)| *ordinal), Some(22), "itself excepted: {found:?}");
    assert_eq!(given.ask_now(&WordsOf(key(99))).await, None);
    assert!(offered(Wording::of("Zebra", []), None).await.is_empty());
}
