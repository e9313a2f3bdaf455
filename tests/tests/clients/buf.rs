//! `buf curl` over reflection: it knows nothing of Snaglog but what the server tells.

use serde_json::{Value, json};
use tests::client::request_id;

use super::curl::{Curl, Fault};

/// A request with an id of its own.
fn with_id(mut request: Value) -> Value {
    request["requestId"] = request_id().into();
    request
}

impl Curl {
    /// A command that must be accepted.
    async fn done(&self, actor: &str, method: &str, request: Value) -> Value {
        self.call(actor, method, &with_id(request)).await.unwrap_or_else(|fault| panic!("{method}: {fault:?}"))
    }

    /// A command that a rule must refuse by this name, with the details that a client needs.
    async fn refused(&self, actor: &str, method: &str, request: Value, reason: &str) -> Fault {
        let fault = self.fails(actor, method, &with_id(request), "failed_precondition", reason).await;
        assert_eq!(fault.violations, [(reason.to_owned(), String::from("issues/PAY-1"))], "{method}: {fault:?}");
        fault
    }

    /// A call that must fail with this code and reason.
    async fn fails(&self, actor: &str, method: &str, request: &Value, code: &str, reason: &str) -> Fault {
        let fault = self.call(actor, method, request).await.err().unwrap_or_else(|| panic!("{method} is accepted"));
        let said = (fault.code.as_str(), fault.reason.as_str(), fault.domain.as_str());
        assert_eq!(said, (code, reason, "snaglog"), "{method}: {fault:?}");
        assert!(!fault.message.is_empty(), "{method}: {fault:?}");
        fault
    }

    /// PAY with a team, a component and a customer.
    async fn project(&self) {
        self.done("dev", "ProjectsService/CreateProject", json!({ "project": "PAY", "name": "Payments" })).await;
        let team = json!({ "project": "PAY", "team": "core", "model": "TEAM_MODEL_COMBINED" });
        self.done("dev", "ProjectsService/AddTeam", team).await;
        let member = json!({ "project": "PAY", "team": "core", "person": "dev" });
        self.done("dev", "ProjectsService/AddTeamMember", member).await;
        let component = json!({ "project": "PAY", "component": "checkout", "ownerTeam": "core" });
        self.done("dev", "ProjectsService/AddComponent", component).await;
        let customer = json!({ "project": "PAY", "customer": "acme", "people": ["carla"] });
        self.done("dev", "ProjectsService/AddCustomer", customer).await;
    }
}

fn filing() -> Value {
    json!({
        "project": "PAY",
        "title": "Paid twice",
        "source": { "customer": { "customer": "acme", "channel": "CUSTOMER_CHANNEL_EMAIL" }, "raisedBy": "carla" },
        "report": { "steps": "pay, go back, pay again", "actual": "paid twice", "expected": "the second is refused" },
        "component": "checkout",
    })
}

#[tokio::test]
async fn an_issue_goes_from_new_to_closed_and_a_step_out_of_order_is_refused_by_name() {
    let Some(curl) = Curl::start().await else { return };
    curl.project().await;
    let issue = || json!({ "key": "PAY-1" });
    let triage = || json!({ "key": "PAY-1", "level": "LEVEL_CODE_OR_DATA", "severity": "sev2" });
    let code = json!({ "changes": ["4f2a91c"], "tests": ["pays_once"], "environment": "staging" });
    let resolve = || json!({ "key": "PAY-1", "code": code });
    let close = || json!({ "key": "PAY-1", "released": { "release": "r1", "reverifiedBy": "olga" } });

    let filed = curl.done("carla", "IssuesService/FileIssue", filing()).await;
    assert_eq!((&filed["issue"]["key"], &filed["issue"]["state"]), (&json!("PAY-1"), &json!("ISSUE_STATE_NEW")));
    curl.refused("dev", "IssuesService/AcceptIssue", issue(), "NOT_TRIAGED").await;
    curl.done("dev", "IssuesService/TriageIssue", triage()).await;
    curl.refused("dev", "IssuesService/ResolveIssue", resolve(), "NOT_ACCEPTED").await;
    curl.done("dev", "IssuesService/AcceptIssue", issue()).await;
    curl.refused("carla", "IssuesService/VerifyIssue", issue(), "NOT_RESOLVED").await;
    let untested = json!({ "key": "PAY-1", "code": { "changes": ["4f2a91c"], "environment": "staging" } });
    curl.refused("dev", "IssuesService/ResolveIssue", untested, "REGRESSION_TEST_MISSING").await;
    curl.done("dev", "IssuesService/ResolveIssue", resolve()).await;
    curl.refused("dev", "IssuesService/AcceptIssue", issue(), "ALREADY_RESOLVED").await;
    let denied = curl.refused("eve", "IssuesService/VerifyIssue", issue(), "NOT_OPENER_OR_CUSTOMER").await;
    assert_eq!(denied.facts["opener"], "carla");
    curl.done("carla", "IssuesService/VerifyIssue", issue()).await;
    let deployed = json!({ "project": "PAY", "release": "r0", "environment": "production", "changes": ["other"] });
    curl.done("olga", "ReleasesService/RecordDeployment", deployed).await;
    let elsewhere = json!({ "key": "PAY-1", "released": { "release": "r0", "reverifiedBy": "olga" } });
    curl.refused("olga", "IssuesService/CloseIssue", elsewhere, "NOT_IN_PRODUCTION").await;
    let deployed = json!({ "project": "PAY", "release": "r1", "environment": "production", "changes": ["4f2a91c"] });
    curl.done("olga", "ReleasesService/RecordDeployment", deployed).await;
    let closed = curl.done("olga", "IssuesService/CloseIssue", close()).await;
    assert_eq!(closed["issue"]["state"], "ISSUE_STATE_CLOSED");
    curl.refused("olga", "IssuesService/CloseIssue", close(), "IS_CLOSED").await;
    let points = json!({ "key": "PAY-1", "points": 3 });
    curl.refused("dev", "IssuesService/EstimateItem", points, "DEFECTS_ARE_NOT_ESTIMATED").await;

    // And the queries tell it so.
    let fresh = json!({ "atLeastAsFresh": { "tokens": [closed["consistencyToken"]] } });
    let board = json!({ "project": "pay", "consistency": fresh });
    let board = curl.call("dev", "BoardsService/GetBoard", &board).await.unwrap();
    let columns = board["board"]["columns"].as_array().unwrap();
    let standing: Vec<_> =
        columns.iter().filter(|column| column["count"] == "1").map(|column| &column["state"]).collect();
    assert_eq!(standing, ["ISSUE_STATE_CLOSED"]);
    let events = curl.call("dev", "HistoryService/ListEvents", &issue()).await.unwrap();
    let types: Vec<_> =
        events["events"].as_array().unwrap().iter().map(|event| event["type"].as_str().unwrap()).collect();
    let life = ["IssueFiled", "IssueTriaged", "IssueAccepted", "IssueResolved", "IssueVerified", "IssueClosed"];
    assert_eq!(types, life, "refused commands left no event");
}

#[tokio::test]
async fn what_is_missing_malformed_or_too_long_is_told_by_field_and_all_at_once() {
    let Some(curl) = Curl::start().await else { return };
    curl.project().await;
    let fields = |fault: &Fault| {
        let mut fields: Vec<_> = fault.fields.iter().map(|(field, _)| field.clone()).collect();
        fields.sort();
        fields
    };

    let nothing = curl.fails("dev", "IssuesService/FileIssue", &json!({}), "invalid_argument", "INVALID_FIELDS").await;
    assert_eq!(fields(&nothing), ["project", "request_id", "source", "title"], "{nothing:?}");

    let unknown = with_id(json!({ "key": "PAY-1", "level": 77, "severity": "sev2" }));
    let unknown = curl.fails("dev", "IssuesService/TriageIssue", &unknown, "invalid_argument", "INVALID_FIELDS").await;
    assert_eq!(unknown.fields, [(String::from("level"), String::from("has no value with number 77"))]);

    let mut long = with_id(filing());
    long["title"] = "x".repeat(201).into();
    long["report"]["details"] = "x".repeat(64 * 1024 + 1).into();
    long["source"]["raisedBy"] = "carla carlson".into();
    let long = curl.fails("dev", "IssuesService/FileIssue", &long, "invalid_argument", "INVALID_FIELDS").await;
    assert_eq!(fields(&long), ["report.details", "source.raised_by", "title"], "{long:?}");

    let mut huge = with_id(filing());
    huge["report"]["details"] = "x".repeat(2 << 20).into();
    curl.fails("dev", "IssuesService/FileIssue", &huge, "invalid_argument", "MESSAGE_TOO_LARGE").await;

    let filed = curl.done("dev", "IssuesService/FileIssue", filing()).await;
    assert_eq!(filed["issue"]["key"], "PAY-1", "what was refused took no key");
}

#[tokio::test]
async fn a_request_id_settles_what_became_of_a_request() {
    let Some(curl) = Curl::start().await else { return };
    curl.project().await;
    let request = with_id(filing());

    let first = curl.call("carla", "IssuesService/FileIssue", &request).await.unwrap();
    let again = curl.call("carla", "IssuesService/FileIssue", &request).await.unwrap();
    assert_eq!((&again["issue"]["key"], &again["revision"]), (&first["issue"]["key"], &first["revision"]));

    let mut other = request.clone();
    other["title"] = "Paid thrice".into();
    curl.fails("carla", "IssuesService/FileIssue", &other, "already_exists", "REQUEST_ID_REUSED").await;
    curl.fails("eve", "IssuesService/FileIssue", &request, "already_exists", "REQUEST_ID_REUSED").await;
}

#[tokio::test]
async fn conflicts_unknown_things_and_missing_actors_have_codes_of_their_own() {
    let Some(curl) = Curl::start().await else { return };
    curl.project().await;
    curl.done("carla", "IssuesService/FileIssue", filing()).await;

    let stale = with_id(json!({ "key": "PAY-1", "text": "hello", "expectedRevision": "7" }));
    let stale = curl.fails("dev", "IssuesService/CommentOnIssue", &stale, "aborted", "CONFLICT").await;
    assert_eq!((stale.facts["expected"].as_str(), stale.facts["actual"].as_str()), ("7", "1"));

    let nowhere = with_id(json!({ "key": "PAY-99" }));
    curl.fails("dev", "IssuesService/AcceptIssue", &nowhere, "not_found", "NO_SUCH_ISSUE").await;
    curl.fails("dev", "BoardsService/GetBoard", &json!({ "project": "NOPE" }), "not_found", "UNKNOWN_PROJECT").await;
    let nobody = with_id(json!({ "key": "PAY-1", "text": "hello" }));
    curl.fails("", "IssuesService/CommentOnIssue", &nobody, "unauthenticated", "ACTOR_MISSING").await;
    let forged = json!({ "project": "PAY", "pageToken": "forged" });
    curl.fails("dev", "IssuesService/ListIssues", &forged, "invalid_argument", "PAGE_TOKEN_INVALID").await;
}
