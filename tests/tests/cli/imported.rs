//! What an import left open is called "not known", nowhere "none".

use insta::assert_snapshot;
use serde_json::json;
use tests::shell::Shell;

use super::{FILED, given};

/// PAY-1, which a bug was: fixed and verified, nobody knows how severe, how, or by which team. PAY-2, of our own.
async fn imported_one() -> Shell {
    let shell = Shell::start().await.unwrap();
    let changes = json!([
        { "field": "status", "removed": "NEW", "added": "VERIFIED" },
        { "field": "resolution", "removed": "", "added": "FIXED" },
    ]);
    let bug = json!({
        "id": 9, "summary": "Crash at start", "creator": "ann", "creation_time": "2014-07-01T00:00:00Z",
        "status": "VERIFIED", "resolution": "FIXED", "severity": "--", "component": "Widget",
        "comment_count": 0, "history": [{ "when": "2014-07-02T00:00:00Z", "who": "bob", "changes": changes }],
    });
    let file = shell.folder().join("bugs.jsonl");
    std::fs::write(&file, bug.to_string()).unwrap();
    given(&shell, &[&format!("import bugzilla {} --project PAY", file.display()), FILED]).await;
    shell
}

/// PAY-1, which nobody has taken on, and PAY-2, which somebody has; of neither is known what kind of work it is, or whose.
async fn imported_open() -> Shell {
    let shell = Shell::start().await.unwrap();
    let bugs = [(7, "NEW", ""), (8, "ASSIGNED", "bob")].map(|(id, status, assignee)| {
        let changes = json!([{ "field": "status", "removed": "UNCONFIRMED", "added": status }]);
        let bug = json!({
            "id": id, "summary": "Crash at start", "creator": "ann", "creation_time": "2014-07-01T00:00:00Z",
            "status": status, "resolution": "", "severity": "--", "component": "Widget", "assigned_to": assignee,
            "comment_count": 0, "history": [{ "when": "2014-07-02T00:00:00Z", "who": "bob", "changes": changes }],
        });
        bug.to_string()
    });
    let file = shell.folder().join("bugs.jsonl");
    std::fs::write(&file, bugs.join("\n")).unwrap();
    given(&shell, &[&format!("import bugzilla {} --project PAY", file.display())]).await;
    shell
}

#[tokio::test]
async fn what_an_import_left_open_is_decided_by_the_command_that_can() {
    let shell = imported_open().await;
    assert_snapshot!(shell.run("issue accept PAY-1").await.shown(), @r"
    LevelMissing: PAY-1: 3 things are missing
      LevelMissing: give a triage level
      SeverityMissing: give a severity
      TeamMissing: give a team: the component has no owner
    Try: snaglog issue triage PAY-1 --level 3 --severity sev3 --team core --reason TEXT
    exit code 3
    ");
    assert_snapshot!(shell.run("issue assign PAY-1 --to @me").await.shown(), @r"
    TeamMissing: PAY-1: give a team: the component has no owner
    Try: snaglog issue triage PAY-1 --level 3 --severity sev3 --team core --reason TEXT
    exit code 3
    ");
    assert_snapshot!(shell.run("issue resolve PAY-2 --explanation e --topic t --actor bob").await.shown(), @r"
    LevelMissing: PAY-2: give a triage level
    Try: snaglog issue level PAY-2 --to 3 --team core --reason TEXT
    exit code 3
    ");
    // What the hints say succeeds.
    for refused in [
        "issue assign PAY-2 --to @me",
        "issue resolve PAY-2 --explanation e --topic t --actor bob",
        "issue accept PAY-1",
    ] {
        let said = shell.run(refused).await;
        let hint = said.err.lines().last().unwrap_or_default();
        let command = hint.strip_prefix("Try: snaglog ").unwrap_or_else(|| panic!("{refused}: {said:?}"));
        given(&shell, &[command]).await;
    }
    given(&shell, &["issue accept PAY-1", "issue accept PAY-2"]).await;
}

#[tokio::test]
async fn it_has_no_clocks_and_so_no_verdict() {
    let shell = imported_one().await;
    assert_snapshot!(shell.run("sla show PAY-1").await.shown(), @r"
    PAY-1  imported: no clocks until they are rebased
    exit code 0
    ");
}

#[tokio::test]
async fn it_says_what_is_not_known_of_an_imported_issue() {
    let shell = imported_one().await;
    let story = shell.run("issue show PAY-1").await.shown();
    let (story, _) = story.split_once("\nTimeline\n").unwrap();
    assert_snapshot!(story.trim_end(), @r"
    PAY-1  Crash at start
      state  Verified, ~
      severity  not known
      level  not known
      component  Widget
      team  not known
      source  not known (bugzilla:9), raised by ann, imported from bugzilla by dev
      filed  ~ by ann
      fix  not known
      resolved by  bob
      confirmed by bob
      revision  5
    ");
}

#[tokio::test]
async fn lists_and_boards_mark_what_was_imported() {
    let shell = imported_one().await;
    assert_snapshot!(shell.run("issue list PAY").await.shown(), @r"
    KEY  STATE  SINCE  SEVERITY  LEVEL  ASSIGNEE  TITLE
    PAY-2  New  ~  -  -  -  Paid-twice
    PAY-1  Verified  ~  not known  not known  -  imported  Crash at start
    exit code 0
    ");
    assert_snapshot!(shell.run("board PAY").await.shown(), @r"
    PAY

    New, untriaged  1 (1 without severity)
       KEY  SEVERITY  LEVEL  IN STATE  AGE  ASSIGNEE  TITLE
       PAY-2  -  -  ~  ~  -  Paid-twice

    Verified  1 (1 without severity)
       KEY  SEVERITY  LEVEL  IN STATE  AGE  ASSIGNEE  TITLE
       PAY-1  not known  not known  ~  ~  -  imported  Crash at start
    exit code 0
    ");
}

#[tokio::test]
async fn scripts_get_null_or_the_word_of_the_contract() {
    let shell = imported_one().await;
    let fields = "--json=severity,team,level,fix_kind,triaged,origin.system";
    assert_snapshot!(shell.run(&format!("issue show PAY-1 {fields}")).await.out, @r#"{"fix_kind":"NotKnown","level":"NotKnown","origin.system":"bugzilla","severity":null,"team":null,"triaged":null}"#);
}
