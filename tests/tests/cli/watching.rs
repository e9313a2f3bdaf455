//! `--watch`, piped: what is, then what changes, a JSON object a line.

use std::process::Stdio;
use std::time::Duration;

use serde_json::{Value, json};
use tests::shell::Shell;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::time::timeout;

use super::{FILED, given};

/// Nothing is ever waited for longer.
const PATIENCE: Duration = Duration::from_secs(120);

#[tokio::test]
async fn a_watched_board_tells_what_changed_and_then_how_many_stand_in_each_column() {
    let shell = Shell::start().await.unwrap();
    given(&shell, &[FILED]).await;
    let mut watching = shell.command(["board", "PAY", "--watch"]).stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(watching.stdout.take().unwrap()).lines();
    let mut next = async || {
        let line = timeout(PATIENCE, lines.next_line()).await.expect("it tells something in time").unwrap();
        serde_json::from_str::<Value>(&line.unwrap()).unwrap()
    };
    let [snapshot, changed, counted] = [next().await, next().await, next().await];
    let kinds = [&snapshot, &changed, &counted].map(|line| line["change"].as_str().unwrap());
    assert_eq!(kinds, ["snapshot", "changed", "counted"]);
    assert_eq!((&changed["key"], &changed["counts"]), (&json!("PAY-1"), &Value::Null), "{changed}");
    let counts = counted["counts"].as_array().unwrap();
    let columns: Vec<_> =
        counts.iter().map(|it| (it["state"].as_str().unwrap(), it["count"].as_u64().unwrap())).collect();
    let none = ["New", "Accepted", "Resolved", "Verified", "Closed", "Dismissed"].map(|state| (state, 0));
    assert_eq!(columns, [&[("New", 1)][..], &none].concat(), "columns that are not watched are counted too");
    assert_eq!(counts[0]["severities"], json!([{ "count": 1, "severity": null }]), "{counted}");

    given(&shell, &["issue dismiss PAY-1 --as not-a-defect"]).await;
    let removed = next().await;
    assert_eq!((&removed["change"], &removed["key"]), (&json!("removed"), &json!("PAY-1")), "{removed}");
    let counted = next().await;
    assert_eq!((&counted["counts"][0]["count"], &counted["counts"][6]["count"]), (&json!(0), &json!(1)), "{counted}");
    watching.kill().await.unwrap();
}
