//! Boards with filters, inboxes and workloads: what scripts rely on, and what people read.

use insta::assert_snapshot;
use serde_json::Value;
use tests::shell::{Said, Shell, redacted};

use super::{ACCEPTED, FILED, TRIAGED, given};

/// Each line's object, redacted.
fn lines(said: &Said) -> String {
    assert_eq!((said.code, said.err.as_str()), (0, ""), "{said:?}");
    let objects = said.out.lines().map(|line| redacted(serde_json::from_str(line).expect("a line is an object")));
    objects.map(|object: Value| object.to_string()).collect::<Vec<_>>().join("\n")
}

/// PAY-1 is accepted by dev, and carla was asked something; PAY-2 waits for triage, and lacks steps; PAY-3 is a monitor's.
async fn three() -> Shell {
    let shell = Shell::start().await.unwrap();
    given(&shell, &[FILED, TRIAGED, ACCEPTED, "issue ask PAY-1 --of opener --body When?"]).await;
    let lacking = "issue file PAY --title Slow --customer acme --channel phone --raised-by carla --reported-severity sev1 --actual slow \
                   --expected fast";
    given(&shell, &[lacking, "issue file PAY --title Errors --monitor probe --fingerprint 5xx"]).await;
    shell
}

#[tokio::test]
async fn a_board_of_a_team_with_its_counts_told_apart() {
    let shell = three().await;
    assert_snapshot!(shell.run("board PAY --team core --waiting --group-by assignee").await.shown(), @r"
    PAY

    Accepted  1 (1 sev2)
       KEY  SEVERITY  LEVEL  IN STATE  AGE  ASSIGNEE  WAITING ON  TITLE
    ?  PAY-1  sev2  3  ~  ~  dev  carla (opener)  Paid-twice

         Accepted
    dev  1
    exit code 0
    ");
    assert_snapshot!(lines(&shell.run("board PAY --group-by team --json=groups").await), @r#"{"groups":[{"counts":[{"count":2,"count_at_least":false,"state":"New","triaged":false},{"count":0,"count_at_least":false,"state":"New","triaged":true},{"count":0,"count_at_least":false,"state":"Accepted","triaged":null},{"count":0,"count_at_least":false,"state":"Resolved","triaged":null},{"count":0,"count_at_least":false,"state":"Verified","triaged":null},{"count":0,"count_at_least":false,"state":"Closed","triaged":null},{"count":0,"count_at_least":false,"state":"Dismissed","triaged":null}],"value":null},{"counts":[{"count":0,"count_at_least":false,"state":"New","triaged":false},{"count":0,"count_at_least":false,"state":"New","triaged":true},{"count":1,"count_at_least":false,"state":"Accepted","triaged":null},{"count":0,"count_at_least":false,"state":"Resolved","triaged":null},{"count":0,"count_at_least":false,"state":"Verified","triaged":null},{"count":0,"count_at_least":false,"state":"Closed","triaged":null},{"count":0,"count_at_least":false,"state":"Dismissed","triaged":null}],"value":"core"}]}"#);
    assert_snapshot!(lines(&shell.run("board PAY --column accepted --assignee @me --json=key,waiting_on").await), @r#"{"key":"PAY-1","waiting_on":[{"asked":"Opener","person":"carla"}]}"#);
    assert_snapshot!(shell.run("board PAY --column untriaged --source system --order severity").await.shown(), @r"
       KEY  SEVERITY  LEVEL  IN STATE  AGE  ASSIGNEE  TITLE
       PAY-3  -  -  ~  ~  -  Errors
    exit code 0
    ");
    assert_snapshot!(shell.run("board PAY --team none --severity sev1").await.shown(), @r"
    PAY
    No issues.
    exit code 0
    ");
}

#[tokio::test]
async fn values_of_a_filter_stand_beside_each_other_or_in_flags_of_their_own() {
    let shell = three().await;
    for (apart, beside) in [
        (
            "issue list PAY --state new --state accepted --level 3 --level 2",
            "issue list PAY --state new,accepted --level 2,3",
        ),
        ("board PAY --source system --source customer --team none", "board PAY --source system,customer --team none"),
        ("search PAY paid --state closed --state accepted", "search PAY paid --state closed,accepted"),
    ] {
        let [apart, beside] = [shell.run(apart).await, shell.run(beside).await];
        assert_eq!((apart.code, &apart.out), (0, &beside.out), "{apart:?} {beside:?}");
        assert!(apart.out.contains("PAY-"), "{apart:?}");
    }
}

#[tokio::test]
async fn an_inbox() {
    let shell = three().await;
    assert_snapshot!(shell.run("inbox PAY").await.shown(), @r"
    PAY

    To triage  1 (1 without severity)
    KEY  SEVERITY  AGE  RAISED BY  MISSING  WAITING ON  TITLE
    PAY-3  -  ~  -  -  -  Errors

    Incomplete reports  1 (1 sev1)
    KEY  SEVERITY  AGE  RAISED BY  MISSING  WAITING ON  TITLE
    PAY-2  sev1  ~  carla  steps  -  Slow
    exit code 0
    ");
    assert_snapshot!(lines(&shell.run("inbox PAY --json").await), @r#"{"as_of":"[time]","project":"PAY","sections":[{"count":1,"entries":[{"age":"[age]","component":null,"filed_at":"[time]","imported":false,"key":"PAY-3","missing":[],"raised_by":null,"returned":false,"severity":null,"source":"System","state_since":"[time]","title":"Errors","waiting_on":[]}],"next_page_token":null,"section":"Complete","severities":[{"count":1,"severity":null}]},{"count":1,"entries":[{"age":"[age]","component":null,"filed_at":"[time]","imported":false,"key":"PAY-2","missing":["steps"],"raised_by":"carla","returned":false,"severity":"sev1","source":"Customer","state_since":"[time]","title":"Slow","waiting_on":[]}],"next_page_token":null,"section":"Incomplete","severities":[{"count":1,"severity":"sev1"}]},{"count":0,"entries":[],"next_page_token":null,"section":"Waiting","severities":[]}]}"#);
    assert_snapshot!(lines(&shell.run("inbox PAY --section incomplete --json=key,severity,missing").await), @r#"{"key":"PAY-2","missing":["steps"],"severity":"sev1"}"#);
}

#[tokio::test]
async fn workloads_and_duties() {
    let shell = three().await;
    assert_snapshot!(shell.run("people PAY").await.shown(), @r"
    PERSON  ACCEPTED  ASSIGNED  ASKED  TO VERIFY
    carla  -  -  1 (1 sev2), oldest PAY-1, ~  -
    dev  1 (1 sev2), oldest PAY-1, ~  -  -  -

    TEAM  TO ACCEPT  ACCEPTED  RESOLVED
    core  -  1 (1 sev2), oldest PAY-1, ~  -
    exit code 0
    ");
    assert_snapshot!(shell.run("people PAY --team core --accepted-max 1").await.shown(), @r"
    PERSON  ACCEPTED  ASSIGNED  ASKED  TO VERIFY
    dev  1 (1 sev2), oldest PAY-1, ~  -  -  -

    TEAM  TO ACCEPT  ACCEPTED  RESOLVED
    core  -  1 (1 sev2), oldest PAY-1, ~  -  1 member, median 1 accepted
    exit code 0
    ");
    assert_snapshot!(lines(&shell.run("people PAY --json").await), @r#"
    {"duties":[{"age":null,"count":0,"kind":"Accepted","oldest":null,"severities":[],"since":null},{"age":null,"count":0,"kind":"Assigned","oldest":null,"severities":[],"since":null},{"age":"[age]","count":1,"kind":"Asked","oldest":"PAY-1","severities":[{"count":1,"severity":"sev2"}],"since":"[time]"},{"age":null,"count":0,"kind":"Verify","oldest":null,"severities":[],"since":null}],"overloads":[],"person":"carla","product_owner":false}
    {"duties":[{"age":"[age]","count":1,"kind":"Accepted","oldest":"PAY-1","severities":[{"count":1,"severity":"sev2"}],"since":"[time]"},{"age":null,"count":0,"kind":"Assigned","oldest":null,"severities":[],"since":null},{"age":null,"count":0,"kind":"Asked","oldest":null,"severities":[],"since":null},{"age":null,"count":0,"kind":"Verify","oldest":null,"severities":[],"since":null}],"overloads":[],"person":"dev","product_owner":false}
    "#);
    assert_snapshot!(shell.run("people PAY @me").await.shown(), @r"
    TO DO  KEY  SEVERITY  FOR  TITLE
    resolve  PAY-1  sev2  ~  Paid-twice
    exit code 0
    ");
    assert_snapshot!(lines(&shell.run("people PAY carla --json").await), @r#"{"age":"[age]","key":"PAY-1","kind":"Asked","severity":"sev2","since":"[time]","title":"Paid-twice"}"#);
}
