//! The JSON that scripts rely on: one object, or one a line.

use insta::assert_snapshot;
use serde_json::Value;
use tests::shell::{Said, Shell, redacted};

use super::{ACCEPTED, CLOSED, DEPLOYED, FILED, RESOLVED, TRIAGED, VERIFIED, given};

/// The one object, redacted, a field a line.
fn shown(said: &Said) -> String {
    assert_eq!((said.code, said.err.as_str()), (0, ""), "{said:?}");
    let mut object = redacted(serde_json::from_str(&said.out).expect("it is one object"));
    // A story of its own.
    object.as_object_mut().and_then(|fields| fields.remove("timeline"));
    let fields = object.as_object().expect("it is an object").iter();
    fields.map(|(name, value)| format!("{name}: {value}")).collect::<Vec<_>>().join("\n")
}

/// Each line's object, redacted.
fn lines(said: &Said) -> String {
    assert_eq!((said.code, said.err.as_str()), (0, ""), "{said:?}");
    let objects = said.out.lines().map(|line| redacted(serde_json::from_str(line).expect("a line is an object")));
    objects.map(|object: Value| object.to_string()).collect::<Vec<_>>().join("\n")
}

/// PAY-1, closed, with a comment; PAY-2, filed by a monitor.
async fn closed_one() -> Shell {
    let shell = Shell::start().await.unwrap();
    given(&shell, &[FILED, TRIAGED, ACCEPTED, "issue comment PAY-1 --body looking"]).await;
    given(&shell, &[RESOLVED, VERIFIED, DEPLOYED, CLOSED]).await;
    given(&shell, &["issue file PAY --title Errors --monitor probe --fingerprint 5xx"]).await;
    shell
}

#[tokio::test]
async fn an_issue() {
    let shell = closed_one().await;
    assert_snapshot!(shown(&shell.run("issue show PAY-1 --json").await), @r#"
    accepted_at: "[time]"
    assignee: "dev"
    causes: []
    changed_at: "[time]"
    changes: ["4f2a91c"]
    closed_at: "[time]"
    comment_count: 1
    comments: [{"author":"dev","imported":false,"occurred_at":"[time]","revision":4,"text":"looking"}]
    component: "checkout"
    confirmed_by: "carla"
    dismissal: null
    duplicate_of: null
    filed_at: "[time]"
    filed_by: "dev"
    fix_kind: "Code"
    id: "[id]"
    key: "PAY-1"
    level: 3
    links: []
    nature: "Bug"
    origin: null
    project: "PAY"
    questions: []
    release: "2026.11.1"
    report: {"actual":"twice","details":null,"expected":"once","steps":"pay"}
    report_complete: true
    report_owed: false
    reported_severity: null
    resolved_at: "[time]"
    resolved_by: "dev"
    revision: 7
    self_verified: false
    severity: "sev2"
    source: {"customer":{"channel":"Email","customer":"acme"},"raised_by":"carla","raised_by_system":null,"reference":"mail:77"}
    state: "Closed"
    state_since: "[time]"
    team: "core"
    tests: ["pays_once"]
    title: "Paid-twice"
    triaged: null
    verified_at: "[time]"
    watchers: []
    workaround: null
    workaround_at: null
    "#);
}

#[tokio::test]
async fn a_list_is_an_object_a_line() {
    let shell = closed_one().await;
    let all = shell.run("issue list PAY --json").await;
    let first: Value = serde_json::from_str(all.out.lines().next().unwrap()).unwrap();
    for key in ["key", "state", "severity", "title", "filed_at", "revision"] {
        assert!(first.get(key).is_some(), "{key} is in {first}");
    }
    assert!(first["source"].get("reference").is_some(), "{first}");
    let fields = "--json=key,state,severity,title,source.reference,filed_at,revision";
    assert_snapshot!(lines(&shell.run(&format!("issue list PAY {fields}")).await), @r#"
    {"filed_at":"[time]","key":"PAY-2","revision":1,"severity":null,"source.reference":null,"state":"New","title":"Errors"}
    {"filed_at":"[time]","key":"PAY-1","revision":7,"severity":"sev2","source.reference":"mail:77","state":"Closed","title":"Paid-twice"}
    "#);
    assert_snapshot!(lines(&shell.run("issue list PAY --state closed --json=key,state,source.reference").await), @r#"{"key":"PAY-1","source.reference":"mail:77","state":"Closed"}"#);
}

#[tokio::test]
async fn a_board() {
    let shell = closed_one().await;
    assert_snapshot!(lines(&shell.run("board PAY --json").await), @r#"{"as_of":"[time]","columns":[{"cards":[{"age":"[age]","age_in_state":"[age]","assignee":null,"changed_at":"[time]","component":null,"filed_at":"[time]","imported":false,"key":"PAY-2","level":null,"nature":null,"severity":null,"source":"System","state_since":"[time]","team":null,"title":"Errors","waiting":false,"waiting_on":[]}],"count":1,"count_at_least":false,"next_page_token":null,"severities":[{"count":1,"severity":null}],"state":"New","triaged":false},{"cards":[],"count":0,"count_at_least":false,"next_page_token":null,"severities":[],"state":"New","triaged":true},{"cards":[],"count":0,"count_at_least":false,"next_page_token":null,"severities":[],"state":"Accepted","triaged":null},{"cards":[],"count":0,"count_at_least":false,"next_page_token":null,"severities":[],"state":"Resolved","triaged":null},{"cards":[],"count":0,"count_at_least":false,"next_page_token":null,"severities":[],"state":"Verified","triaged":null},{"cards":[{"age":"[age]","age_in_state":"[age]","assignee":"dev","changed_at":"[time]","component":"checkout","filed_at":"[time]","imported":false,"key":"PAY-1","level":3,"nature":"Bug","severity":"sev2","source":"Customer","state_since":"[time]","team":"core","title":"Paid-twice","waiting":false,"waiting_on":[]}],"count":1,"count_at_least":false,"next_page_token":null,"severities":[{"count":1,"severity":"sev2"}],"state":"Closed","triaged":null},{"cards":[],"count":0,"count_at_least":false,"next_page_token":null,"severities":[],"state":"Dismissed","triaged":null}],"groups":[],"next_groups_page_token":null,"project":"PAY"}"#);
}

#[tokio::test]
async fn a_history_is_an_event_a_line() {
    let shell = closed_one().await;
    assert_snapshot!(lines(&shell.run("history PAY-1 --json").await), @r#"
    {"actor":"dev","details":[{"name":"id","value":"[id]"},{"name":"title","value":"Paid-twice"},{"name":"source","value":"customer"},{"name":"customer","value":"acme"},{"name":"channel","value":"email"},{"name":"raised_by","value":"carla"},{"name":"reference","value":"mail:77"},{"name":"steps","value":"pay"},{"name":"actual","value":"twice"},{"name":"expected","value":"once"},{"name":"component","value":"checkout"}],"id":"[id]","leaf":"[leaf]","occurred_at":"[time]","origin":null,"partition":0,"position":6,"recorded_at":"[time]","request_id":"[request_id]","revision":1,"summary":"Filed: “Paid-twice”, raised by carla","type":"IssueFiled"}
    {"actor":"dev","details":[{"name":"level","value":"3 (code or data)"},{"name":"nature","value":"bug"},{"name":"severity","value":"sev2"},{"name":"component","value":"checkout"},{"name":"team","value":"core"}],"id":"[id]","leaf":"[leaf]","occurred_at":"[time]","origin":null,"partition":0,"position":7,"recorded_at":"[time]","request_id":"[request_id]","revision":2,"summary":"Triaged: level 3 (code or data), severity sev2, team core","type":"IssueTriaged"}
    {"actor":"dev","details":[{"name":"assignee","value":"dev"},{"name":"report_owed","value":"false"}],"id":"[id]","leaf":"[leaf]","occurred_at":"[time]","origin":null,"partition":0,"position":8,"recorded_at":"[time]","request_id":"[request_id]","revision":3,"summary":"Accepted, and it is dev’s now","type":"IssueAccepted"}
    {"actor":"dev","details":[{"name":"text","value":"looking"}],"id":"[id]","leaf":"[leaf]","occurred_at":"[time]","origin":null,"partition":0,"position":9,"recorded_at":"[time]","request_id":"[request_id]","revision":4,"summary":"Commented","type":"IssueCommented"}
    {"actor":"dev","details":[{"name":"fix","value":"1 change of code with 1 regression test"},{"name":"changes","value":"4f2a91c"},{"name":"tests","value":"pays_once"},{"name":"environment","value":"staging"}],"id":"[id]","leaf":"[leaf]","occurred_at":"[time]","origin":null,"partition":0,"position":10,"recorded_at":"[time]","request_id":"[request_id]","revision":5,"summary":"Resolved by 1 change of code with 1 regression test","type":"IssueResolved"}
    {"actor":"carla","details":[{"name":"confirmed_by","value":"carla"},{"name":"capacity","value":"as opener"},{"name":"self_verified","value":"false"}],"id":"[id]","leaf":"[leaf]","occurred_at":"[time]","origin":null,"partition":0,"position":11,"recorded_at":"[time]","request_id":"[request_id]","revision":6,"summary":"Verified: confirmed by carla (as opener)","type":"IssueVerified"}
    {"actor":"dev","details":[{"name":"release","value":"2026.11.1"},{"name":"reverified_by","value":"olga"},{"name":"deployed_at","value":"[time]"}],"id":"[id]","leaf":"[leaf]","occurred_at":"[time]","origin":null,"partition":0,"position":13,"recorded_at":"[time]","request_id":"[request_id]","revision":7,"summary":"Closed: in production with release 2026.11.1, verified there by olga","type":"IssueClosed"}
    "#);
    let fields = "--json=key,state,assignee,revision";
    assert_snapshot!(lines(&shell.run(&format!("history PAY-1 --as-of r3 --state {fields}")).await), @r#"{"assignee":"dev","key":"PAY-1","revision":3,"state":"Accepted"}"#);
}

#[tokio::test]
async fn a_project() {
    let shell = closed_one().await;
    assert_snapshot!(shown(&shell.run("project show PAY --json").await), @r#"
    components: [{"id":"checkout","owner_team":"core"}]
    customers: [{"id":"acme","people":["carla"],"tier":null}]
    id: "PAY"
    name: "PAY"
    product_owners: []
    revision: 4
    scheme: {"default_severity":"sev3","severities":[{"definition":"production is down, or customers can't use key features","id":"sev1","name":"Sev 1","retired":false},{"definition":"serious, many customers, may involve money; usually a workaround","id":"sev2","name":"Sev 2","retired":false},{"definition":"few customers, easy workaround","id":"sev3","name":"Sev 3","retired":false}]}
    self_verification: false
    switched_off: []
    teams: [{"away":[],"id":"core","members":["dev"],"model":"Combined","revision":1}]
    "#);
}

#[tokio::test]
async fn a_release() {
    let shell = closed_one().await;
    assert_snapshot!(lines(&shell.run("release show PAY 2026.11.1 --json").await), @r#"{"changes":["4f2a91c"],"environments":[{"deployed":true,"name":"production","since":"[time]"}],"id":"2026.11.1","issues":["PAY-1"],"project":"PAY","revision":1}"#);
}

#[tokio::test]
async fn what_a_command_did() {
    let shell = Shell::start().await.unwrap();
    assert_snapshot!(lines(&shell.run("project add-member PAY core zoe --json").await), @r#"{"away":[],"id":"core","members":["dev","zoe"],"model":"Combined","revision":2}"#);
    assert_snapshot!(lines(&shell.run("project add-customer PAY emca --person eve --json=id,customers").await), @r#"{"customers":[{"id":"acme","people":["carla"],"tier":null},{"id":"emca","people":["eve"],"tier":null}],"id":"PAY"}"#);
    let filed = shell.run(&format!("{FILED} --json=key,state,triaged,source,revision,consistency_token")).await;
    assert_snapshot!(lines(&filed), @r#"{"consistency_token":"[consistency_token]","key":"PAY-1","revision":1,"source":{"customer":{"channel":"Email","customer":"acme"},"raised_by":"carla","raised_by_system":null,"reference":"mail:77"},"state":"New","triaged":false}"#);
    assert_snapshot!(lines(&shell.run(&format!("{DEPLOYED} --json")).await), @r#"{"changes":["4f2a91c"],"environments":[{"deployed":true,"name":"production","since":"[time]"}],"id":"2026.11.1","issues":["PAY-1"],"project":"PAY","revision":1}"#);
}

#[tokio::test]
async fn lists_boards_and_histories_for_people() {
    let shell = closed_one().await;
    assert_snapshot!(shell.run("issue list PAY").await.shown(), @r"
    KEY  STATE  SINCE  SEVERITY  LEVEL  ASSIGNEE  TITLE
    PAY-2  New  ~  -  -  -  Errors
    PAY-1  Closed  ~  sev2  3  dev  Paid-twice
    exit code 0
    ");
    assert_snapshot!(shell.run("board PAY").await.shown(), @r"
    PAY

    New, untriaged  1 (1 without severity)
       KEY  SEVERITY  LEVEL  IN STATE  AGE  ASSIGNEE  TITLE
       PAY-2  -  -  ~  ~  -  Errors

    Closed  1 (1 sev2)
       KEY  SEVERITY  LEVEL  IN STATE  AGE  ASSIGNEE  TITLE
       PAY-1  sev2  3  ~  ~  dev  Paid-twice
    exit code 0
    ");
    assert_snapshot!(shell.run("history PAY-1").await.shown(), @r"
    r1  ~  dev  Filed: “Paid-twice”, raised by carla
           pay
           twice
           once
    r2  ~  dev  Triaged: level 3 (code or data), severity sev2, team core
    r3  ~  dev  Accepted, and it is dev’s now
    r4  ~  dev  Commented
           looking
    r5  ~  dev  Resolved by 1 change of code with 1 regression test
    r6  ~  carla  Verified: confirmed by carla (as opener)
    r7  ~  dev  Closed: in production with release 2026.11.1, verified there by olga
    exit code 0
    ");
}

#[tokio::test]
async fn an_issues_timeline() {
    let shell = closed_one().await;
    let said = shell.run("issue show PAY-1 --json=timeline").await;
    let timeline: Value = serde_json::from_str(&said.out).unwrap();
    let each = |list: &str, field: &str| -> Vec<Value> {
        timeline["timeline"][list].as_array().unwrap().iter().map(|one| one[field].clone()).collect()
    };
    let ended = each("entries", "ended_state");
    assert_eq!(each("entries", "type").len(), ended.len());
    assert_eq!(each("entries", "type")[..3], ["IssueFiled", "IssueTriaged", "IssueAccepted"]);
    assert_eq!(ended[..3], [Value::Null, "New".into(), "New".into()]);
    assert_eq!(each("stays", "state"), ["New", "New", "Accepted", "Resolved", "Verified", "Closed"]);
    assert_eq!(each("time_in_states", "stays"), [1, 1, 1, 1, 1, 1]);
    let story = shell.run("issue show PAY-1").await.shown();
    let (_, told) = story.split_once("\nTimeline\n").unwrap();
    assert!(told.contains("Time in each state") && told.contains("Triaged: level 3 (code or data)"), "{told}");
}

/// What is told of an issue before its timeline.
async fn without_timeline(shell: &Shell) -> String {
    let story = shell.run("issue show PAY-1").await.shown();
    story.split_once("\nTimeline\n").unwrap().0.trim_end().to_owned()
}

#[tokio::test]
async fn an_issue_and_a_project_for_people() {
    let shell = closed_one().await;
    assert_snapshot!(without_timeline(&shell).await, @r"
    PAY-1  Paid-twice
      state  Closed, ~
      severity  sev2
      level  3
      component  checkout
      team  core
      assignee  dev
      source  customer acme (mail:77), raised by carla
      filed  ~ by dev
      changes  4f2a91c
      tests  pays_once
      resolved by  dev
      confirmed by carla
      release  2026.11.1
      revision  7

    Steps to reproduce
    pay

    What happens
    twice

    What was expected
    once

    dev, ~
    looking
    ");
    assert_snapshot!(shell.run("project show PAY").await.shown(), @r"
    PAY  PAY (revision 4)

    SEVERITY  NAME  DEFINITION
    sev1  Sev 1  production is down, or customers can't use key features
    sev2  Sev 2  serious, many customers, may involve money; usually a workaround
    sev3, the default  Sev 3  few customers, easy workaround

    COMPONENT  OWNER
    checkout  core

    TEAM  MODEL  MEMBERS
    core  combined  dev

    CUSTOMER  TIER  PEOPLE
    acme  -  carla
    exit code 0
    ");
}
