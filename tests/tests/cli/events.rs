//! `snaglog events`: the feed as scripts read it.

use std::process::Stdio;

use serde_json::Value;
use tests::shell::{Said, Shell};
use tokio::io::{AsyncBufReadExt as _, BufReader};

use super::{FILED, TRIAGED, given};

#[track_caller]
fn lines(said: &Said) -> Vec<Value> {
    assert_eq!((said.code, said.err.as_str()), (0, ""), "{said:?}");
    said.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn types(lines: &[Value]) -> Vec<&str> {
    lines.iter().filter_map(|line| line["event"]["type"].as_str()).collect()
}

async fn triaged() -> Shell {
    let shell = Shell::start().await.unwrap();
    given(&shell, &[FILED, TRIAGED]).await;
    shell
}

#[tokio::test]
async fn what_happened_is_told_to_the_end_and_a_token_goes_on_from_there() {
    let shell = triaged().await;
    let told = lines(&shell.run("events --json").await);
    let known = types(&told);
    assert_eq!((known.first(), known.last()), (Some(&"ProjectCreated"), Some(&"IssueTriaged")));
    let (triaged, end) = (&told[told.len() - 2], &told[told.len() - 1]);
    assert_eq!(triaged["event"]["issue_triaged"]["severity"], "sev2");
    assert_eq!((&triaged["event"]["subject"], &triaged["event"]["subject_kind"]), (&"PAY-1".into(), &"Issue".into()));
    assert_eq!(end["bookmark"]["at_end"], true);

    given(&shell, &["issue accept PAY-1"]).await;
    let token = end["token"].as_str().unwrap();
    assert_eq!(types(&lines(&shell.run(&format!("events --from {token}")).await)), ["IssueAccepted"]);
    assert_eq!(types(&lines(&shell.run("events --from latest").await)), Vec::<&str>::new());
}

#[tokio::test]
async fn it_is_narrowed_by_project_and_type_and_shown_by_fields() {
    let shell = triaged().await;
    shell.json("project create OPS --name Operations --json=revision").await;
    let told = lines(&shell.run("events --project ops --json").await);
    assert_eq!(types(&told), ["ProjectCreated"]);
    let told = shell.run("events --type IssueFiled --type IssueTriaged --json=event.type,event.actor").await;
    let told: Vec<String> = lines(&told).iter().take(2).map(Value::to_string).collect();
    assert_eq!(
        told,
        [r#"{"event.actor":"dev","event.type":"IssueFiled"}"#, r#"{"event.actor":"dev","event.type":"IssueTriaged"}"#]
    );
}

#[tokio::test]
async fn as_cloud_events_it_has_their_names() {
    let shell = triaged().await;
    let told = lines(&shell.run("events --cloudevents --type IssueFiled").await);
    let [cloud] = told.as_slice() else { panic!("{told:?}") };
    let expected = [
        ("specversion", "1.0"),
        ("type", "snaglog.events.v1.IssueFiled"),
        ("source", "/snaglog/projects/PAY"),
        ("subject", "PAY-1"),
        ("datacontenttype", "application/json"),
        ("dataschema", "type.googleapis.com/snaglog.events.v1.Event"),
        ("partitionkey", "PAY"),
    ];
    for (name, value) in expected {
        assert_eq!(cloud[name], value, "{name}");
    }
    assert_eq!((&cloud["id"], &cloud["time"]), (&cloud["data"]["id"], &cloud["data"]["occurred_at"]));
    assert!(cloud["snaglogtoken"].is_string());
}

#[tokio::test]
async fn what_can_not_be_told_is_refused_before_anything_is() {
    let shell = triaged().await;
    for (line, words) in [
        ("events --type IssueFrobbed", "types[0]"),
        ("events --from nonsense", "EventTokenInvalid"),
        ("events --json=evnt", "no field evnt"),
        ("events --json --cloudevents", "cannot be used with"),
    ] {
        let said = shell.run(line).await;
        assert_eq!((said.code, said.out.as_str()), (2, ""), "{line}: {said:?}");
        assert!(said.err.contains(words), "{line}: {}", said.err);
    }
}

#[tokio::test]
async fn who_follows_hears_of_what_happens_and_may_go_away() {
    let shell = triaged().await;
    let mut child = shell.command(["events", "--follow", "--from", "latest"]).stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let first: Value = serde_json::from_str(&lines.next_line().await.unwrap().unwrap()).unwrap();
    assert_eq!(first["bookmark"]["at_end"], true);
    given(&shell, &["issue accept PAY-1"]).await;
    let next: Value = serde_json::from_str(&lines.next_line().await.unwrap().unwrap()).unwrap();
    assert_eq!(next["event"]["type"], "IssueAccepted");
    drop(lines);
    given(&shell, &["issue comment PAY-1 --body gone"]).await;
    assert_eq!(child.wait().await.unwrap().code(), Some(0), "nobody reads any more");
}
