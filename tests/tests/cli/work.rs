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
    assert_snapshot!(shell.run("board PAY --team core --waiting --group-by assignee").await.shown(), @"");
    assert_snapshot!(lines(&shell.run("board PAY --group-by team --json=groups").await), @"");
    assert_snapshot!(lines(&shell.run("board PAY --column accepted --assignee @me --json=key,waiting_on").await), @"");
    assert_snapshot!(shell.run("board PAY --column untriaged --source system --order severity").await.shown(), @"");
    assert_snapshot!(shell.run("board PAY --team none --severity sev1").await.shown(), @"");
}

#[tokio::test]
async fn an_inbox() {
    let shell = three().await;
    assert_snapshot!(shell.run("inbox PAY").await.shown(), @"");
    assert_snapshot!(lines(&shell.run("inbox PAY --json").await), @"");
    assert_snapshot!(lines(&shell.run("inbox PAY --section incomplete --json=key,severity,missing").await), @"");
}

#[tokio::test]
async fn workloads_and_duties() {
    let shell = three().await;
    assert_snapshot!(shell.run("people PAY").await.shown(), @"");
    assert_snapshot!(shell.run("people PAY --team core --accepted-max 1").await.shown(), @"");
    assert_snapshot!(lines(&shell.run("people PAY --json").await), @"");
    assert_snapshot!(shell.run("people PAY @me").await.shown(), @"");
    assert_snapshot!(lines(&shell.run("people PAY carla --json").await), @"");
}
