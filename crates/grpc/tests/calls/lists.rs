//! Lists, a page at a time.

use api::boards::v1::{BoardFilter, GetBoardRequest};
use api::issues::v1::{
    Asked, CommentOnIssueRequest, GetIssueRequest, IssueOrder, IssueState, Level, ListIssuesRequest,
    ListIssuesResponse, RequestInformationRequest,
};
use api::search::v1::SearchIssuesRequest;
use tonic::Code;

use super::answers::refused;
use super::freshness::at_least;
use super::given::{Given, filing, fresh};
use super::life::triage;

fn list(page_size: i32, page_token: &str) -> ListIssuesRequest {
    ListIssuesRequest {
        project: "PAY".into(),
        order_by: IssueOrder::FiledOldest.into(),
        page_size,
        page_token: page_token.into(),
        ..Default::default()
    }
}

fn keys(page: &ListIssuesResponse) -> Vec<&str> {
    page.issues.iter().map(|issue| issue.key.as_str()).collect()
}

#[tokio::test]
async fn pages_join_without_gap_or_repetition() {
    let given = Given::project().await;
    let mut cora = given.issues("cora");
    let mut token = String::new();
    for _ in 0..7 {
        token = cora.file_issue(filing()).await.unwrap().into_inner().consistency_token;
    }
    let mut first = list(3, "");
    first.consistency = at_least([&token]);
    let first = cora.list_issues(first).await.unwrap().into_inner();
    assert_eq!(keys(&first), ["PAY-1", "PAY-2", "PAY-3"]);
    let second = cora.list_issues(list(3, &first.next_page_token)).await.unwrap().into_inner();
    assert_eq!(keys(&second), ["PAY-4", "PAY-5", "PAY-6"]);
    let third = cora.list_issues(list(2, &second.next_page_token)).await.unwrap().into_inner();
    assert_eq!((keys(&third), third.next_page_token.as_str()), (vec!["PAY-7"], ""), "its size may change");

    let mut other = list(3, &first.next_page_token);
    other.states = vec![IssueState::New.into()];
    refused(cora.list_issues(other).await, Code::InvalidArgument, "PAGE_TOKEN_INVALID");
    refused(cora.list_issues(list(3, "nonsense")).await, Code::InvalidArgument, "PAGE_TOKEN_INVALID");
    let mut malformed = list(-1, "");
    malformed.order_by = 99;
    malformed.states = vec![0, 1, 42];
    malformed.teams = vec!["core".into(); 101];
    let refusal = refused(cora.list_issues(malformed).await, Code::InvalidArgument, "INVALID_FIELDS");
    assert_eq!(refusal.fields(), ["page_size", "states[0]", "states[2]", "teams", "order_by"]);
}

#[tokio::test]
async fn what_finds_nothing_because_it_is_misspelt_says_so() {
    let given = Given::project().await;
    let mut cora = given.issues("cora");
    let token = cora.file_issue(filing()).await.unwrap().into_inner().consistency_token;
    let list = ListIssuesRequest { consistency: at_least([&token]), ..list(3, "") };
    let found = ListIssuesRequest { teams: vec!["core".into()], ..list.clone() };
    assert_eq!(keys(&cora.list_issues(found).await.unwrap().into_inner()), Vec::<&str>::new(), "it owns nothing yet");
    let team = ListIssuesRequest { teams: vec!["core".into(), "croe".into()], ..list.clone() };
    refused(cora.list_issues(team).await, Code::FailedPrecondition, "UNKNOWN_TEAM");
    let component = ListIssuesRequest { components: vec!["chekout".into()], ..list.clone() };
    refused(cora.list_issues(component).await, Code::FailedPrecondition, "UNKNOWN_COMPONENT");
    let severity = ListIssuesRequest { severities: vec!["sev9".into()], ..list };
    refused(cora.list_issues(severity).await, Code::FailedPrecondition, "UNKNOWN_SEVERITY");

    let filter = BoardFilter { teams: vec!["croe".into()], ..Default::default() };
    let board = GetBoardRequest { project: "PAY".into(), filter: Some(filter), ..Default::default() };
    refused(given.boards("cora").get_board(board).await, Code::FailedPrecondition, "UNKNOWN_TEAM");
    let (project, query, components) = ("PAY".into(), "paid".into(), vec!["chekout".into()]);
    let sought = SearchIssuesRequest { project, query, components, ..Default::default() };
    refused(given.searches("cora").search_issues(sought).await, Code::FailedPrecondition, "UNKNOWN_COMPONENT");
}

#[tokio::test]
async fn an_issue_does_not_grow_with_what_is_asked() {
    let given = Given::project().await;
    given.file().await;
    let mut ada = given.issues("ada");
    let mut last = None;
    for n in 1..=104 {
        // Characters of two bytes, so that a cut must find their edges.
        let text = format!("{n} {}", "ä".repeat(if n > 5 { 300 } else { 32_000 }));
        let (request_id, key, of) = (fresh(), "PAY-1".to_owned(), Asked::Opener.into());
        let ask = RequestInformationRequest { request_id, key, of, text, ..Default::default() };
        last = ada.request_information(ask).await.unwrap().into_inner().issue;
    }
    let questions = last.unwrap().questions;
    assert_eq!(questions.len(), 100);
    let lengths = [3, 4, 5, 99].map(|n: usize| questions[n].text.chars().count());
    assert_eq!(lengths, [32_002, 202, 202, 202], "four fit as a whole");
}

#[tokio::test]
async fn filters_narrow_together() {
    let given = Given::project().await;
    for _ in 0..3 {
        given.file().await;
    }
    let triaged = given.issues("ada").triage_issue(triage("PAY-2")).await.unwrap().into_inner();
    let mut asked = list(0, "");
    asked.consistency = at_least([&triaged.consistency_token]);
    asked.levels = vec![Level::CodeOrData.into(), Level::NotKnown.into()];
    asked.states = vec![IssueState::New.into()];
    asked.severities = vec!["sev2".into()];
    let mut ada = given.issues("ada");
    assert_eq!(keys(&ada.list_issues(asked.clone()).await.unwrap().into_inner()), ["PAY-2"]);
    asked.severities = vec!["sev1".into()];
    assert!(ada.list_issues(asked).await.unwrap().into_inner().issues.is_empty());
    let by_reference = ListIssuesRequest { source_reference: "mail-17".into(), ..list(0, "") };
    assert_eq!(ada.list_issues(by_reference).await.unwrap().into_inner().issues.len(), 3);
}

#[tokio::test]
async fn long_issues_and_comments_end_a_page_early() {
    let given = Given::project().await;
    let mut cora = given.issues("cora");
    let long = "x".repeat(64 * 1024);
    let mut token = String::new();
    for _ in 0..20 {
        let mut filing = filing();
        filing.report.as_mut().unwrap().details.clone_from(&long);
        token = cora.file_issue(filing).await.unwrap().into_inner().consistency_token;
    }
    let mut asked = list(0, "");
    asked.consistency = at_least([&token]);
    let page = cora.list_issues(asked).await.unwrap().into_inner();
    assert!((10..16).contains(&page.issues.len()), "{}", page.issues.len());
    let rest = cora.list_issues(list(0, &page.next_page_token)).await.unwrap().into_inner();
    assert_eq!(page.issues.len() + rest.issues.len(), 20);
    assert_eq!(rest.next_page_token, "");

    for n in 0..20 {
        let comment = CommentOnIssueRequest {
            request_id: fresh(),
            key: "PAY-1".into(),
            text: format!("{n} {}", &long[10..]),
            ..Default::default()
        };
        token = cora.comment_on_issue(comment).await.unwrap().into_inner().consistency_token;
    }
    let mut seen = Vec::new();
    let mut asked = GetIssueRequest { key: "PAY-1".into(), consistency: at_least([&token]), ..Default::default() };
    loop {
        let page = cora.get_issue(asked.clone()).await.unwrap().into_inner();
        assert!(prost::Message::encoded_len(&page) <= grpc::limits::MESSAGE_BYTES_MAX);
        seen.extend(page.comments.iter().map(|comment| comment.revision));
        asked.comments_page_token = page.next_comments_page_token;
        if asked.comments_page_token.is_empty() {
            break;
        }
    }
    assert_eq!(seen, (2..=21).rev().collect::<Vec<_>>(), "each once, the newest first");
    refused(
        cora.get_issue(GetIssueRequest {
            key: "PAY-2".into(),
            comments_page_token: list_token(&page),
            ..Default::default()
        })
        .await,
        Code::InvalidArgument,
        "PAGE_TOKEN_INVALID",
    );
}

fn list_token(page: &ListIssuesResponse) -> String {
    page.next_page_token.clone()
}
