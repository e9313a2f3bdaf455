//! Searching, as people and scripts do.

use insta::assert_snapshot;
use serde_json::Value;
use tests::shell::{Said, Shell, redacted};

use super::{FILED, TRIAGED};

/// PAY-1, triaged; PAY-2 and PAY-3 of a monitor. And a token that shows them all.
async fn filed() -> (Shell, String) {
    let shell = Shell::start().await.unwrap();
    for line in [FILED, TRIAGED, "issue file PAY --title Paid-never --monitor probe --fingerprint 1"] {
        assert_eq!(shell.run(line).await.code, 0, "{line}");
    }
    let last =
        shell.json("issue file PAY --title Disk-full --monitor probe --fingerprint 2 --json=consistency_token").await;
    (shell, last["consistency_token"].as_str().unwrap().to_owned())
}

/// Each line's object, redacted.
fn lines(said: &Said) -> String {
    assert_eq!((said.code, said.err.as_str()), (0, ""), "{said:?}");
    let objects = said.out.lines().map(|line| redacted(serde_json::from_str(line).expect("a line is an object")));
    objects.map(|object: Value| object.to_string()).collect::<Vec<_>>().join("\n")
}

#[tokio::test]
async fn issues_are_found_by_their_words() {
    let (shell, token) = filed().await;
    assert_snapshot!(lines(&shell.run(&format!("search PAY PAID --at-least {token} --json")).await), @r#"
    {"assignee":null,"component":null,"filed_at":"[time]","imported":false,"key":"PAY-2","level":null,"nature":null,"severity":null,"source":"System","state":"New","team":null,"title":"Paid-never","triaged":false}
    {"assignee":null,"component":"checkout","filed_at":"[time]","imported":false,"key":"PAY-1","level":3,"nature":"Bug","severity":"sev2","source":"Customer","state":"New","team":"core","title":"Paid-twice","triaged":true}
    "#);
    assert_snapshot!(lines(&shell.run("search PAY paid --counts --json").await), @r#"{"components":[{"count":1,"value":null},{"count":1,"value":"checkout"}],"levels":[{"count":1,"level":null},{"count":1,"level":3}],"more":false,"severities":[{"count":1,"value":null},{"count":1,"value":"sev2"}],"states":[{"count":1,"state":"New","triaged":false},{"count":1,"state":"New","triaged":true}],"teams":[{"count":1,"value":null},{"count":1,"value":"core"}],"total":2}"#);
    let counts = shell.run("search PAY paid --counts").await;
    assert_snapshot!(counts.shown(), @"
    2 found
      state  New 1; New, triaged 1
      severity  - 1; sev2 1
      level  - 1; 3 1
      component  - 1; checkout 1
      team  - 1; core 1
    exit code 0
    ");
    assert_snapshot!(lines(&shell.run("search PAY paid --severity sev2 --json=key,title,state").await), @r#"{"key":"PAY-1","state":"New","title":"Paid-twice"}"#);

    let table = shell.run("search PAY title:paid --iso").await;
    assert_eq!(table.out.lines().count(), 3, "a head and two issues: {table:?}");
    assert!(table.out.contains("Paid-never") && table.out.contains("New, triaged"), "{table:?}");
    let none = shell.run("search PAY nowhere").await;
    assert_eq!((none.code, none.out.as_str(), none.err.trim()), (0, "", "No issue has these words."));
    let refused = shell.run("search PAY pa*").await;
    assert_eq!(refused.code, 2, "{refused:?}");
    assert!(refused.err.contains("at least 3 characters"), "{refused:?}");
    let wrong = shell.run("search PAY paid --json=nobody").await;
    assert_eq!(wrong.code, 2, "{wrong:?}");
}

#[tokio::test]
async fn what_resembles_is_told() {
    let (shell, token) = filed().await;
    let similar = shell.run(&format!("similar PAY --title Paid-late --limit 1 --at-least {token} --json")).await;
    assert_eq!(lines(&similar), "", "one word is not enough");
    let similar = shell.run("similar PAY --title Paid-late-twice --limit 1 --json=issue.key,shared_words").await;
    assert_snapshot!(lines(&similar), @r#"{"issue.key":"PAY-1","shared_words":["twice","paid"]}"#);
    let none = shell.run("similar PAY-3").await;
    assert_eq!((none.code, none.out.as_str(), none.err.trim()), (0, "", "No issue resembles it."));
    // Filing tells of similar issues on a terminal only.
    let again = shell.run("issue file PAY --title Paid-twice --customer acme --raised-by carla").await;
    assert_eq!((again.code, again.err.as_str()), (0, ""), "{again:?}");
}
