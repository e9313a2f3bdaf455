//! An issue's timeline, as it comes with the issue.

use api::issues::v1::{
    Asked, GetIssueRequest, IssueState, ProvideInformationRequest, RequestInformationRequest, Timeline, WaitEnd,
};

use super::freshness::at_least;
use super::given::{Given, fresh};
use super::life::{accept, triage};

async fn timeline(given: &Given, key: &str, token: &str, with_timeline: bool) -> Option<Timeline> {
    let get = GetIssueRequest { key: key.into(), consistency: at_least([token]), with_timeline, ..Default::default() };
    given.issues("ben").get_issue(get).await.unwrap().into_inner().timeline
}

#[tokio::test]
async fn who_did_what_when_and_why_and_how_long_it_took() {
    let given = Given::project().await;
    let key = given.file().await.key;
    let (mut ada, mut cora) = (given.issues("ada"), given.issues("cora"));
    let (of, text) = (Asked::Opener.into(), "Which browser?".to_owned());
    let ask = RequestInformationRequest { request_id: fresh(), key: key.clone(), of, text, ..Default::default() };
    ada.request_information(ask).await.unwrap();
    let text = "All of them".to_owned();
    let tell = ProvideInformationRequest { request_id: fresh(), key: key.clone(), text, ..Default::default() };
    cora.provide_information(tell).await.unwrap();
    ada.triage_issue(triage(&key)).await.unwrap();
    let last = ada.accept_issue(accept(&key)).await.unwrap().into_inner();

    let told = timeline(&given, &key, &last.consistency_token, true).await.expect("it was asked for");
    let entries: Vec<_> =
        told.entries.iter().map(|entry| (entry.r#type.as_str(), entry.actor.as_str(), entry.why.as_str())).collect();
    let expected = [
        ("IssueFiled", "cora", ""),
        ("InformationRequested", "ada", "Which browser?"),
        ("InformationProvided", "cora", "All of them"),
        ("IssueTriaged", "ada", ""),
        ("IssueAccepted", "ada", ""),
    ];
    assert_eq!(entries, expected);
    assert!(told.entries.iter().all(|entry| entry.recorded_at.is_some() && !entry.summary.is_empty()));
    let triaged = &told.entries[3];
    assert_eq!((triaged.ended_state(), triaged.ended_triaged), (IssueState::New, false), "what the triage ended");
    assert!(triaged.ended_after.is_some(), "and how long that had lasted");

    let stays: Vec<_> = told.stays.iter().map(|stay| (stay.state(), stay.triaged, stay.to.is_some())).collect();
    let expected =
        [(IssueState::New, false, true), (IssueState::New, true, true), (IssueState::Accepted, false, false)];
    assert_eq!(stays, expected, "one after the other, the last goes on");
    for pair in told.stays.windows(2) {
        assert_eq!(pair[0].to, pair[1].from, "without a gap");
    }
    let [wait] = told.waits.as_slice() else { panic!("one question was asked: {:?}", told.waits) };
    assert_eq!((wait.asked_by.as_str(), wait.end()), ("ada", WaitEnd::Answered));
    assert_eq!(told.time_waiting, wait.length);

    assert_eq!(timeline(&given, &key, &last.consistency_token, false).await, None, "it is read for who asks");
}
