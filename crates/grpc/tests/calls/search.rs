//! Searching issues, and what resembles one.

use api::issues::v1::{FileIssueRequest, IssueState, Level, Report};
use api::search::v1::search_service_client::SearchServiceClient;
use api::search::v1::{SearchIssuesRequest, SearchIssuesResponse, SourceKind, SuggestDuplicatesRequest};
use tonic::Code;

use super::answers::refused;
use super::freshness::at_least;
use super::given::{Client, Given, filing};
use super::life::triage;

fn query(words: &str) -> SearchIssuesRequest {
    SearchIssuesRequest { project: "pay".into(), query: words.into(), ..Default::default() }
}

fn titled(title: &str) -> FileIssueRequest {
    FileIssueRequest { title: title.into(), ..filing() }
}

fn keys(found: &SearchIssuesResponse) -> Vec<&str> {
    found.issues.iter().map(|issue| issue.key.as_str()).collect()
}

/// A project with issues of these titles, PAY-1 onwards, and a token of the last.
async fn filed(titles: &[&str]) -> (Given, SearchServiceClient<Client>, String) {
    let given = Given::project().await;
    let mut token = String::new();
    for title in titles {
        token = given.issues("cora").file_issue(titled(title)).await.unwrap().into_inner().consistency_token;
    }
    let search = given.searches("ada");
    (given, search, token)
}

#[tokio::test]
async fn words_find_issues_the_newest_first() {
    let (given, mut search, token) = filed(&["Paying twice", "Paying never", "Refund"]).await;
    let fresh = SearchIssuesRequest { consistency: at_least([&token]), ..query("paying \"press pay\"") };
    let found = search.search_issues(fresh).await.unwrap().into_inner();
    assert_eq!(keys(&found), ["PAY-2", "PAY-1"]);
    let first = &found.issues[1];
    assert_eq!((first.title.as_str(), first.state(), first.triaged), ("Paying twice", IssueState::New, false));
    assert_eq!(
        (first.source(), first.component.as_str(), first.level()),
        (SourceKind::Customer, "checkout", Level::Unspecified)
    );
    assert!(first.filed_at.is_some() && !found.consistency_token.is_empty() && found.counts.is_none());
    assert_eq!(found.searched_newest, 0);
    assert_eq!(keys(&search.search_issues(query("paying -never")).await.unwrap().into_inner()), ["PAY-1"]);
    assert!(search.search_issues(query("nowhere")).await.unwrap().into_inner().issues.is_empty());

    let triaged = given.issues("ada").triage_issue(triage("PAY-2")).await.unwrap().into_inner();
    let filtered = SearchIssuesRequest {
        severities: vec!["sev2".into()],
        states: vec![IssueState::New.into()],
        sources: vec![SourceKind::Customer.into()],
        with_counts: true,
        consistency: at_least([&triaged.consistency_token]),
        ..query("paying")
    };
    let found = search.search_issues(filtered).await.unwrap().into_inner();
    assert_eq!(keys(&found), ["PAY-2"]);
    let counts = found.counts.unwrap();
    assert_eq!((counts.total, counts.more, counts.states.len(), counts.states[0].triaged), (1, false, 1, true));
    assert_eq!((counts.severities[0].value.as_str(), counts.levels[0].level()), ("sev2", Level::CodeOrData));
    assert_eq!((counts.components[0].value.as_str(), counts.teams[0].value.as_str()), ("checkout", "core"));
}

#[tokio::test]
async fn pages_join_and_are_of_their_query_only() {
    let (_given, mut search, token) = filed(&["Paying"; 7]).await;
    for filtered in [false, true] {
        let asked = |size: i32, page: &str| SearchIssuesRequest {
            states: if filtered { vec![IssueState::New.into()] } else { Vec::new() },
            page_size: size,
            page_token: page.into(),
            consistency: at_least([&token]),
            ..query("paying")
        };
        let first = search.search_issues(asked(3, "")).await.unwrap().into_inner();
        assert_eq!(keys(&first), ["PAY-7", "PAY-6", "PAY-5"]);
        let second = search.search_issues(asked(3, &first.next_page_token)).await.unwrap().into_inner();
        assert_eq!(keys(&second), ["PAY-4", "PAY-3", "PAY-2"]);
        let last = search.search_issues(asked(3, &second.next_page_token)).await.unwrap().into_inner();
        assert_eq!((keys(&last), last.next_page_token.as_str()), (vec!["PAY-1"], ""));
        let other = SearchIssuesRequest { query: "pay*".into(), ..asked(3, &first.next_page_token) };
        refused(search.search_issues(other).await, Code::InvalidArgument, "PAGE_TOKEN_INVALID");
    }
}

#[tokio::test]
async fn what_cannot_be_sought_is_refused_by_field() {
    let (_given, mut search, _) = filed(&[]).await;
    let wrong = SearchIssuesRequest { page_size: -1, states: vec![42], teams: vec!["a b".into()], ..query("-pay") };
    let refusal = refused(search.search_issues(wrong).await, Code::InvalidArgument, "INVALID_FIELDS");
    assert_eq!(refusal.fields(), ["page_size", "query", "states[0]", "teams[0]"]);
    let nothing = SearchIssuesRequest::default();
    let refusal = refused(search.search_issues(nothing).await, Code::InvalidArgument, "INVALID_FIELDS");
    assert_eq!(refusal.fields(), ["project", "query"]);
    let nowhere = SearchIssuesRequest { project: "NONE".into(), ..query("pay") };
    refused(search.search_issues(nowhere).await, Code::NotFound, "UNKNOWN_PROJECT");

    let both = SuggestDuplicatesRequest { key: "PAY-1".into(), title: "Paying".into(), ..Default::default() };
    let refusal = refused(search.suggest_duplicates(both).await, Code::InvalidArgument, "INVALID_FIELDS");
    assert_eq!(refusal.fields(), ["key"]);
    let neither = SuggestDuplicatesRequest { project: "PAY".into(), ..Default::default() };
    let refusal = refused(search.suggest_duplicates(neither).await, Code::InvalidArgument, "INVALID_FIELDS");
    assert_eq!(refusal.fields(), ["title"]);
    let unknown = SuggestDuplicatesRequest { key: "PAY-9".into(), ..Default::default() };
    refused(search.suggest_duplicates(unknown).await, Code::NotFound, "NO_SUCH_ISSUE");
    let nowhere = SuggestDuplicatesRequest { project: "NONE".into(), title: "Paying".into(), ..Default::default() };
    refused(search.suggest_duplicates(nowhere).await, Code::NotFound, "UNKNOWN_PROJECT");
}

#[tokio::test]
async fn what_resembles_is_offered() {
    let titles = ["Checkout charges the card twice", "Logo is blurred", "Card charged twice", "Search finds nothing"];
    let (_given, mut search, token) = filed(&titles).await;
    let about_to_file = SuggestDuplicatesRequest {
        project: "PAY".into(),
        title: "Card was charged twice".into(),
        report: Some(Report { steps: "Press pay".into(), ..Report::default() }),
        consistency: at_least([&token]),
        ..Default::default()
    };
    let offered = search.suggest_duplicates(about_to_file).await.unwrap().into_inner().issues;
    let first = &offered[0];
    assert_eq!(first.issue.as_ref().unwrap().key, "PAY-3");
    assert!(first.likeness > 0.5 && first.likeness <= 1.0, "{}", first.likeness);
    assert!(first.shared_words.contains(&"charged".to_owned()), "{:?}", first.shared_words);

    let there = SuggestDuplicatesRequest { key: "pay-3".into(), page_size: 1, ..Default::default() };
    let offered = search.suggest_duplicates(there).await.unwrap().into_inner().issues;
    let keys: Vec<_> = offered.iter().map(|similar| similar.issue.as_ref().unwrap().key.as_str()).collect();
    assert_eq!(keys, ["PAY-1"], "itself excepted");
}
