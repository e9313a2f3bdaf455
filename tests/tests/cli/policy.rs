//! Policies as files: shown, applied, compared, tried and explained; and files that are none, refused at their line before anything is recorded.

use insta::assert_snapshot;
use serde_json::Value;
use tests::shell::{Said, Shell, redacted};

use super::given;

/// A time that lies ahead for as long as these tests are run.
const FROM: &str = "--effective-from 2100-01-01T00:00:00Z";

/// What `policy show` writes, put into a file of that name after some changes.
async fn file(shell: &Shell, name: &str, changes: &[(&str, &str)]) -> String {
    let shown = shell.run("policy show PAY").await;
    assert_eq!((shown.code, shown.err.as_str()), (0, ""), "{shown:?}");
    let text = changes.iter().fold(shown.out, |text, (from, to)| {
        assert!(text.contains(from), "{from} in {text}");
        text.replacen(from, to, 1)
    });
    let path = shell.folder().join(name);
    std::fs::write(&path, text).unwrap();
    path.to_str().unwrap().to_owned()
}

/// What was said, the folder left out.
fn shown(shell: &Shell, said: &Said) -> String {
    said.shown().replace(shell.folder().to_str().unwrap(), "").replace("/policy.yaml", "policy.yaml")
}

/// Each line's object, redacted.
fn lines(said: &Said) -> String {
    assert_eq!((said.code, said.err.as_str()), (0, ""), "{said:?}");
    let objects = said.out.lines().map(|line| redacted(serde_json::from_str(line).expect("a line is an object")));
    objects.map(|object: Value| object.to_string()).collect::<Vec<_>>().join("\n")
}

#[tokio::test]
async fn the_default_policy() {
    let shell = Shell::start().await.unwrap();
    assert_snapshot!(shell.run("policy show PAY --iso").await.shown(), @"");
    assert_snapshot!(shell.run("policy list PAY --iso").await.shown(), @"");
}

#[tokio::test]
async fn what_is_shown_is_applied_unchanged() {
    let shell = Shell::start().await.unwrap();
    let changes = [
        ("mitigate: 2 working days", "mitigate: 1 working day"),
        (
            "calendars:",
            "selectors:\n- name: gold\n  when: { tiers: [gold] }\n  severities:\n    sev2: { mitigate: 4h }\ncalendars:",
        ),
    ];
    let path = file(&shell, "policy.yaml", &changes).await;
    assert_snapshot!(shell.run(&format!("policy diff PAY {path}")).await.shown(), @"");
    assert_snapshot!(lines(&shell.run(&format!("policy diff PAY {path} --json=from_version,to_version")).await), @"");
    assert_snapshot!(shell.run(&format!("policy apply PAY {path} {FROM} --iso")).await.shown(), @"");
    assert_snapshot!(shell.run(&format!("policy apply PAY {path} --json=version")).await.shown(), @"");
    let once_more = file(&shell, "shown.yaml", &[]).await;
    assert_snapshot!(shell.run(&format!("policy apply PAY {once_more}")).await.shown(), @"");
    assert_snapshot!(shell.run(&format!("policy diff PAY {once_more}")).await.shown(), @"");
    assert_snapshot!(shell.run(&format!("policy diff PAY {once_more} --version 0")).await.shown(), @"");
    assert_snapshot!(lines(&shell.run("policy list PAY --json=version").await), @"");
}

#[tokio::test]
async fn a_file_that_is_no_policy_is_refused_at_its_line() {
    let shell = Shell::start().await.unwrap();
    let before = shell.json("project show PAY --json=revision").await;
    let path = file(&shell, "policy.yaml", &[("    mitigate: 4h", "    mitgate: 4h")]).await;
    assert_snapshot!(shown(&shell, &shell.run(&format!("policy apply PAY {path}")).await), @"");
    let path = file(&shell, "policy.yaml", &[("accept: 15m", "accept: soon"), ("entry: bottom", "entry: last")]).await;
    assert_snapshot!(shown(&shell, &shell.run(&format!("policy apply PAY {path}")).await), @"");
    assert_snapshot!(shown(&shell, &shell.run("policy apply PAY nowhere.yaml").await), @"");
    assert_eq!(shell.json("project show PAY --json=revision").await, before, "nothing was recorded");
}

#[tokio::test]
async fn a_policy_that_cannot_hold_is_refused_at_its_line() {
    let shell = Shell::start().await.unwrap();
    let before = shell.json("project show PAY --json=revision").await;
    let changes = [
        ("mitigate: 2 working days", "mitigate: 6 working days"),
        ("resolve: 30 working days", "resolve: 99999999h"),
        ("calendar: 24x7", "calendar: moon"),
        ("at_risk: 75%", "at_risk: 100%"),
        ("  24x7: 0\n", ""),
    ];
    let path = file(&shell, "policy.yaml", &changes).await;
    for more in ["", "--dry-run"] {
        let said = shell.run(&format!("policy apply PAY {path} {more}")).await;
        assert_snapshot!(shown(&shell, &said), @"");
    }
    let gap = file(&shell, "policy.yaml", &[("sev2:\n", "sev9:\n")]).await;
    assert_snapshot!(shown(&shell, &shell.run(&format!("policy diff PAY {gap}")).await), @"");
    let late = file(&shell, "policy.yaml", &[("accept: 15m", "accept: 10m")]).await;
    let said = shell.run(&format!("policy apply PAY {late} --effective-from 2020-01-01T00:00:00Z --json")).await;
    assert_eq!(said.code, 3, "{said:?}");
    assert!(said.err.contains("effective_from lies in the past: 2020-01-01T00:00:00Z is before"), "{said:?}");
    assert_eq!(shell.json("project show PAY --json=revision").await, before, "nothing was recorded");
}

/// PAY-1 is down since long ago, and nobody has accepted it.
const DOWN: &str = "issue file PAY --title Down --customer acme --channel email --raised-by carla --component checkout --steps pay \
     --actual a --expected b --reported-severity sev1 --occurred-at 2026-01-05T00:00:00Z";

#[tokio::test]
async fn which_clocks_would_move() {
    let shell = Shell::start().await.unwrap();
    given(&shell, &[&DOWN.replace(" --occurred-at 2026-01-05T00:00:00Z", "")]).await;
    let path = file(&shell, "policy.yaml", &[("resolve: 24h", "resolve: 48h")]).await;
    let said = shell.run(&format!("policy apply PAY {path} {FROM} --dry-run --iso")).await;
    // When it is due depends on when it was filed.
    let out: Vec<_> = said.out.lines().map(|line| line.split("  2").next().unwrap_or_default()).collect();
    assert_snapshot!(Said { out: out.join("\n"), ..said }.shown(), @"");
    let said = shell.run(&format!("policy apply PAY {path} --dry-run --json=move,summary")).await;
    let last = said.out.lines().last().unwrap();
    assert_snapshot!(last, @"");
    let moved: Value = serde_json::from_str(said.out.lines().nth(1).unwrap()).unwrap();
    assert_eq!((&moved["move"]["clock"], &moved["move"]["issue"]), (&"Resolve".into(), &"PAY-1".into()));
}

#[tokio::test]
async fn why_and_what_if() {
    let shell = Shell::start().await.unwrap();
    given(&shell, &[DOWN]).await;
    assert_snapshot!(shell.run("policy why pay-1 --iso").await.shown(), @"");
    assert_snapshot!(shell.run("policy why PAY-9").await.shown(), @"");
    let fields = "key,in_force,exempt";
    assert_snapshot!(lines(&shell.run(&format!("policy why PAY-1 --json={fields}")).await), @"");
    let path = file(&shell, "policy.yaml", &[("resolve: 24h", "resolve: 90000h")]).await;
    let window = "--since 2026-01-01T00:00:00Z --until 2026-03-01T00:00:00Z";
    assert_snapshot!(shell.run(&format!("policy try PAY {path} {window} --iso")).await.shown(), @"");
    let fields = "issues,differing,totals,until";
    assert_snapshot!(lines(&shell.run(&format!("policy try PAY {path} {window} --json={fields}")).await), @"");
    let never = shell.run(&format!("policy try PAY {path} --since 2026-03-01 --until 2026-02-01")).await;
    assert_snapshot!(shown(&shell, &never), @"");
}
