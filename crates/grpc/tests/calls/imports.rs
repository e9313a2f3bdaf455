//! Histories of other systems.

use api::history::v1::ListEventsRequest;
use api::imports::v1::import_fact_request::Fact;
use api::imports::v1::{
    AnsweredFact, AskedFact, DismissedFact, FiledFact, ImportFactRequest, ImportFactResponse, LinkedFact, NoteFact,
    ResolvedFact, TriagedFact,
};
use api::issues::v1::{DismissalReason, FixKind, Issue, IssueState, Level, LinkKind, Origin};
use prost_types::Timestamp;
use tonic::{Code, Response, Status};

use super::answers::refused;
use super::given::{Given, fresh};

fn fact(reference: &str, seconds: i64, fact: Fact) -> ImportFactRequest {
    let origin = Origin { system: "bugzilla".into(), reference: reference.into(), ..Default::default() };
    ImportFactRequest {
        request_id: fresh(),
        project: "PAY".into(),
        origin: Some(origin),
        actor: "p17".into(),
        occurred_at: Some(Timestamp { seconds, nanos: 0 }),
        fact: Some(fact),
    }
}

fn filed() -> Fact {
    Fact::Filed(FiledFact {
        title: "Crash".into(),
        raised_by: "p17".into(),
        component: "layout".into(),
        ..Default::default()
    })
}

impl Given {
    async fn import(&self, request: ImportFactRequest) -> Result<Response<ImportFactResponse>, Status> {
        self.imports("importer").import_fact(request).await
    }

    async fn told(&self, reference: &str, seconds: i64, told: Fact) -> ImportFactResponse {
        self.import(fact(reference, seconds, told)).await.unwrap().into_inner()
    }

    /// The issue as the log has it.
    async fn issue(&self, key: &str) -> Issue {
        let asked = api::history::v1::GetIssueAsOfRequest { key: key.into(), ..Default::default() };
        self.histories("zoe").get_issue_as_of(asked).await.unwrap().into_inner().issue.unwrap()
    }
}

#[tokio::test]
async fn an_imported_history_keeps_its_times_and_says_what_is_not_known() {
    let given = Given::project().await;
    let answer = given.told("446261", 1000, filed()).await;
    assert_eq!((answer.key.as_str(), answer.revision, answer.already_there), ("PAY-1", 1, false));
    let mut implied = fact("446261", 2000, Fact::Triaged(TriagedFact::default()));
    implied.origin.as_mut().unwrap().implied = true;
    given.import(implied).await.unwrap();
    given.told("446261", 3000, Fact::Accepted(api::imports::v1::AcceptedFact {})).await;
    given.told("446261", 4000, Fact::Resolved(ResolvedFact::default())).await;

    let issue = given.issue("PAY-1").await;
    assert_eq!(
        (issue.state(), issue.level(), issue.fix_kind()),
        (IssueState::Resolved, Level::NotKnown, FixKind::NotKnown)
    );
    let (source, origin) = (issue.source.unwrap(), issue.origin.unwrap());
    assert_eq!((source.kind, source.reference.as_str()), (None, "bugzilla:446261"));
    assert_eq!((origin.system.as_str(), origin.imported_by.as_str(), origin.implied), ("bugzilla", "importer", false));
    assert_eq!(issue.filed_at.unwrap().seconds, 1000);
    assert_eq!((issue.component.as_str(), issue.filed_by.as_str()), ("layout", "p17"));

    let asked = ListEventsRequest { key: "PAY-1".into(), ..Default::default() };
    let events = given.histories("zoe").list_events(asked).await.unwrap().into_inner().events;
    assert_eq!(events[1].summary, "Triaged: level not known, severity not known, team not known");
    assert!(events[1].origin.as_ref().unwrap().implied);
    assert_eq!(events[3].summary, "Resolved by a fix that is not known");
}

#[tokio::test]
async fn a_repeated_import_adds_nothing_whoever_repeats_it() {
    let given = Given::project().await;
    let request = fact("1", 1000, filed());
    let first = given.import(request.clone()).await.unwrap().into_inner();
    let again = given.imports("another").import_fact(request.clone()).await.unwrap().into_inner();
    assert_eq!(again, ImportFactResponse { already_there: true, ..first });
    let mut other = request;
    other.occurred_at = Some(Timestamp { seconds: 1001, nanos: 0 });
    refused(given.import(other).await, Code::AlreadyExists, "REQUEST_ID_REUSED");
    let late = fact("1", 999, Fact::Dismissed(DismissedFact::default()));
    let refusal = refused(given.import(late).await, Code::FailedPrecondition, "OCCURRED_OUT_OF_ORDER");
    assert_eq!(refusal.fact("bound"), "1970-01-01T00:16:40Z");
}

#[tokio::test]
async fn another_issue_is_ours_once_it_was_imported() {
    let given = Given::project().await;
    given.told("1", 1000, filed()).await;
    given.told("2", 1000, filed()).await;
    let linked = |other: &str| Fact::Linked(LinkedFact { kind: LinkKind::RelatesTo.into(), other: other.into() });
    given.told("1", 1001, linked("2")).await;
    given.told("1", 1002, linked("3")).await;
    let links: Vec<_> = given.issue("PAY-1").await.links.into_iter().map(|link| link.other).collect();
    assert_eq!(links, ["PAY-2", "bugzilla:3"]);
    let (duplicate_of, dismissal) = ("3".into(), DismissalReason::Duplicate.into());
    given.told("1", 1003, Fact::Dismissed(DismissedFact { dismissal, duplicate_of, note: String::new() })).await;
    let issue = given.issue("PAY-1").await;
    assert_eq!((issue.dismissal(), issue.duplicate_of.as_str()), (DismissalReason::Duplicate, "bugzilla:3"));
}

#[tokio::test]
async fn a_question_is_answered_by_whom_it_was_asked_of() {
    let given = Given::project().await;
    given.told("1", 1000, filed()).await;
    let asked = |of: &str| Fact::InformationRequested(AskedFact { of: of.into(), text: String::new() });
    given.told("1", 1001, asked("p2")).await;
    given.told("1", 1002, asked("p3")).await;
    let answered = |of: &str| Fact::InformationProvided(AnsweredFact { of: of.into(), ..Default::default() });
    let answer = fact("1", 1003, answered("p3"));
    given.import(answer.clone()).await.unwrap();
    let open: Vec<_> = given.issue("PAY-1").await.questions.into_iter().map(|question| question.person).collect();
    assert_eq!(open, ["p2"]);
    assert!(given.import(answer).await.unwrap().into_inner().already_there);
    let nobody = fact("1", 1004, answered("p3"));
    refused(given.import(nobody).await, Code::FailedPrecondition, "NOTHING_WAS_ASKED");
}

#[tokio::test]
async fn what_a_fact_lacks_is_told_all_at_once() {
    let given = Given::project().await;
    let nothing = given.import(ImportFactRequest::default()).await;
    let refusal = refused(nothing, Code::InvalidArgument, "INVALID_FIELDS");
    assert_eq!(refusal.fields(), ["project", "origin", "actor", "occurred_at", "fact", "request_id"]);
    let mut comment = fact("1", 1, Fact::Commented(NoteFact::default()));
    comment.origin.as_mut().unwrap().system = "bug:zilla".into();
    let refusal = refused(given.import(comment).await, Code::InvalidArgument, "INVALID_FIELDS");
    assert_eq!(refusal.fields(), ["origin.system", "commented.text"]);
}
