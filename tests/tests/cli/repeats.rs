//! Said twice, done once; said too late, not done.

use tests::shell::Shell;

use super::{ACCEPTED, FILED, RESOLVED, TRIAGED, given};

const ID: &str = "7e0dd53b-7a0c-4b6b-9a4e-8a2c1f7f0001";

#[tokio::test]
async fn a_request_id_given_again_changes_nothing_and_gets_the_first_answer() {
    let shell = Shell::start().await.unwrap();
    let file = format!("{FILED} --json --request-id {ID}");

    let first = shell.json(&file).await;
    given(&shell, &[TRIAGED]).await;
    let again = shell.json(&file).await;

    assert_eq!(again["key"], first["key"]);
    assert_eq!(
        (&again["revision"], &again["state"], &again["triaged"]),
        (&first["revision"], &first["state"], &first["triaged"])
    );
    // What comes after it shows that nothing came between.
    given(&shell, &[ACCEPTED]).await;
    assert_eq!(shell.json("issue show PAY-1 --json=revision").await["revision"], 3);
    assert_eq!(shell.run("issue list PAY --json=key").await.out, "{\"key\":\"PAY-1\"}\n");
}

#[tokio::test]
async fn a_request_id_used_for_something_else_is_refused() {
    let shell = Shell::start().await.unwrap();
    given(&shell, &[FILED, &format!("issue comment PAY-1 --body one --request-id {ID}")]).await;

    let other = shell.run(&format!("issue comment PAY-1 --body two --request-id {ID}")).await;

    assert_eq!(other.code, 3, "{other:?}");
    assert!(other.err.starts_with("RequestIdReused: ") && other.err.contains("--request-id"), "{}", other.err);
    assert_eq!(shell.json("issue show PAY-1 --json=comment_count").await["comment_count"], 1);
}

#[tokio::test]
async fn a_stale_revision_is_a_conflict_and_changes_nothing() {
    let shell = Shell::start().await.unwrap();
    given(&shell, &[FILED, TRIAGED, &format!("{ACCEPTED} --expected-revision 2")]).await;

    let stale = shell.run(&format!("{RESOLVED} --expected-revision 2")).await;

    assert_eq!(stale.code, 5, "{stale:?}");
    assert!(stale.err.starts_with("Conflict: PAY-1: it is at revision 3, not 2\n"), "{}", stale.err);
    assert_eq!(shell.json("issue show PAY-1 --json=state").await["state"], "Accepted");
}

#[tokio::test]
async fn keys_are_read_in_any_case_and_me_is_the_actor() {
    let shell = Shell::start().await.unwrap();
    given(&shell, &[FILED, "issue triage pay-1 --level 3 --severity sev2", "issue assign Pay-1 --to @me"]).await;

    assert_eq!(
        shell.json("issue show pAy-1 --json=key,assignee").await,
        serde_json::json!({ "key": "PAY-1", "assignee": "dev" })
    );
    assert_eq!(shell.run("issue list pay --assignee @me --json=key").await.out, "{\"key\":\"PAY-1\"}\n");
    assert_eq!(shell.run("issue list pay --assignee @me --actor zoe --json=key").await.out, "");
    assert_eq!(shell.run("board pay --json=project").await.out, "{\"project\":\"PAY\"}\n");
}

#[tokio::test]
async fn a_token_lets_a_query_wait_for_what_a_command_did() {
    let shell = Shell::start().await.unwrap();
    for n in 1..=5 {
        let filed = shell.json(&format!("{FILED} --json=key,consistency_token")).await;
        let token = filed["consistency_token"].as_str().unwrap();

        let shown = shell.json(&format!("issue show PAY-{n} --json=key --at-least {token}")).await;
        let listed = shell.run(&format!("issue list PAY --json=key --at-least {token}")).await;
        let board = shell.json(&format!("board PAY --json=columns --at-least {token}")).await;

        assert_eq!(shown["key"], filed["key"]);
        assert_eq!(listed.out.lines().count(), n);
        assert_eq!(board["columns"][0]["count"], n);
    }
}
