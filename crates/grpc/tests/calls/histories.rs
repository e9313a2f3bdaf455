//! What happened, as a story; and an issue as it was.

use api::history::v1::list_events_request::AsOf;
use api::history::v1::{GetIssueAsOfRequest, ListEventsRequest, get_issue_as_of_request};
use api::issues::v1::IssueState;
use prost_types::Timestamp;
use tonic::Code;

use super::answers::refused;
use super::given::Given;
use super::life::{accept, resolve, triage, verify};

fn events(page_size: i32, page_token: &str) -> ListEventsRequest {
    ListEventsRequest { key: "pay-1".into(), page_size, page_token: page_token.into(), ..Default::default() }
}

async fn verified() -> Given {
    let given = Given::project().await;
    given.file().await;
    let mut ada = given.issues("ada");
    ada.triage_issue(triage("PAY-1")).await.unwrap();
    ada.accept_issue(accept("PAY-1")).await.unwrap();
    ada.resolve_issue(resolve("PAY-1")).await.unwrap();
    given.issues("cora").verify_issue(verify("PAY-1")).await.unwrap();
    given
}

#[tokio::test]
async fn a_history_reads_as_a_story() {
    let given = verified().await;
    let mut histories = given.histories("zoe");
    let page = histories.list_events(events(0, "")).await.unwrap().into_inner();
    let story: Vec<_> =
        page.events.iter().map(|event| format!("{} {}: {}", event.revision, event.actor, event.summary)).collect();
    let expected = [
        "1 cora: Filed: “Paying twice”, raised by cora",
        "2 ada: Triaged: level 3 (code or data), severity sev2, team core",
        "3 ada: Accepted, and it is ada’s now",
        "4 ada: Resolved by 1 change of code with 1 regression test",
        "5 cora: Verified: confirmed by cora (as opener)",
    ];
    assert_eq!(story, expected);
    let filed = &page.events[0];
    assert_eq!((filed.r#type.as_str(), filed.leaf.len(), filed.position > 0), ("IssueFiled", 32, true));
    let detail =
        |name: &str| filed.details.iter().find(|detail| detail.name == name).map(|detail| detail.value.as_str());
    assert_eq!(
        (detail("source"), detail("channel"), detail("reference")),
        (Some("customer"), Some("email"), Some("mail-17"))
    );
    assert_eq!((detail("steps"), detail("details")), (Some("Press pay twice"), None));

    let first = histories.list_events(events(2, "")).await.unwrap().into_inner();
    let second = histories.list_events(events(3, &first.next_page_token)).await.unwrap().into_inner();
    let joined: Vec<_> = first.events.into_iter().chain(second.events).collect();
    assert_eq!((joined, second.next_page_token.as_str()), (page.events, ""));
    let mut known = events(0, "");
    known.as_of = Some(AsOf::AsOfRevision(2));
    assert_eq!(histories.list_events(known).await.unwrap().into_inner().events.len(), 2);
}

#[tokio::test]
async fn an_issue_is_shown_as_it_was() {
    let given = verified().await;
    let mut histories = given.histories("zoe");
    let all = histories.list_events(events(0, "")).await.unwrap().into_inner().events;
    let ask = |as_of, at| GetIssueAsOfRequest { key: "PAY-1".into(), as_of, at };
    let by_revision = ask(Some(get_issue_as_of_request::AsOf::AsOfRevision(3)), None);
    let then = histories.get_issue_as_of(by_revision).await.unwrap().into_inner().issue.unwrap();
    assert_eq!((then.state(), then.revision), (IssueState::Accepted, 3));
    let at = all[1].occurred_at;
    let then = histories.get_issue_as_of(ask(None, at)).await.unwrap().into_inner().issue.unwrap();
    assert_eq!((then.state(), then.triaged), (IssueState::New, true));
    let now = histories.get_issue_as_of(ask(None, None)).await.unwrap().into_inner().issue.unwrap();
    assert_eq!(now.state(), IssueState::Verified);

    let before = ask(Some(get_issue_as_of_request::AsOf::AsOfTime(Timestamp { seconds: 7, nanos: 0 })), None);
    refused(histories.get_issue_as_of(before).await, Code::NotFound, "NO_SUCH_ISSUE");
    let never = ask(None, Some(Timestamp { seconds: 7, nanos: -7 }));
    let refusal = refused(histories.get_issue_as_of(never).await, Code::InvalidArgument, "INVALID_FIELDS");
    assert_eq!(refusal.fields(), ["at"]);
    let unknown = ListEventsRequest { key: "PAY-9".into(), ..Default::default() };
    refused(histories.list_events(unknown).await, Code::NotFound, "NO_SUCH_ISSUE");
}
