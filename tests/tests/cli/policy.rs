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
    assert_snapshot!(shell.run("policy show PAY --iso").await.shown(), @r"
    # SLA policy of PAY: the default, in force now, from: always
    severities:
      sev1:
        calendar: 24x7
        accept: 15m
        mitigate: 4h
        resolve: 24h
        pauses: []
        at_risk: 75%
        on_top: true
        shifts_after: 24h
        entry: top
        delivery: patch now
      sev2:
        calendar: business
        accept: 4h
        mitigate: 2 working days
        resolve: 5 working days
        pauses: [accept, resolve]
        at_risk: 75%
        on_top: false
        entry: below on top
        delivery: next push
      sev3:
        calendar: business
        accept: 2 working days
        mitigate: none
        resolve: 30 working days
        pauses: [accept, resolve]
        at_risk: 75%
        on_top: false
        entry: bottom
        delivery: planned
    calendars:
      24x7: 0
      business: 0
    exit code 0
    ");
    assert_snapshot!(shell.run("policy list PAY --iso").await.shown(), @r"
    VERSION  FROM  SEVERITIES  SELECTORS
    0  always  3  0  in force
    exit code 0
    ");
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
    assert_snapshot!(shell.run(&format!("policy diff PAY {path}")).await.shown(), @r"
    PLACE  VERSION 0  FILE
    severities.sev2.mitigate  2 working days  1 working day
    selectors  -  gold
    selectors.gold.name  -  gold
    selectors.gold.severities.sev2.mitigate  -  4h
    selectors.gold.when.tiers  -  gold
    exit code 0
    ");
    assert_snapshot!(lines(&shell.run(&format!("policy diff PAY {path} --json=from_version,to_version")).await), @r#"{"from_version":0,"to_version":1}"#);
    assert_snapshot!(shell.run(&format!("policy apply PAY {path} {FROM} --iso")).await.shown(), @r"
    PAY is ruled by policy version 1 from 2100-01-01T00:00:00Z on
    exit code 0
    ");
    assert_snapshot!(shell.run(&format!("policy apply PAY {path} --json=version")).await.shown(), @r#"
    {"version":2}
    exit code 0
    "#);
    let once_more = file(&shell, "shown.yaml", &[]).await;
    assert_snapshot!(shell.run(&format!("policy apply PAY {once_more}")).await.shown(), @r"
    nothing to do: version 2 says the same
    exit code 0
    ");
    assert_snapshot!(shell.run(&format!("policy diff PAY {once_more}")).await.shown(), @r"
    no difference: version 2 says the same
    exit code 0
    ");
    assert_snapshot!(shell.run(&format!("policy diff PAY {once_more} --version 0")).await.shown(), @r"
    PLACE  VERSION 0  FILE
    severities.sev2.mitigate  2 working days  1 working day
    selectors  -  gold
    selectors.gold.name  -  gold
    selectors.gold.severities.sev2.mitigate  -  4h
    selectors.gold.when.tiers  -  gold
    exit code 0
    ");
    assert_snapshot!(lines(&shell.run("policy list PAY --json=version").await), @r#"
    {"version":2}
    {"version":1}
    {"version":0}
    "#);
}

#[tokio::test]
async fn a_file_that_is_no_policy_is_refused_at_its_line() {
    let shell = Shell::start().await.unwrap();
    let before = shell.json("project show PAY --json=revision").await;
    let path = file(&shell, "policy.yaml", &[("    mitigate: 4h", "    mitgate: 4h")]).await;
    assert_snapshot!(shown(&shell, &shell.run(&format!("policy apply PAY {path}")).await), @r"
    error: policy.yaml is no policy
      policy.yaml:6:5: unknown field `mitgate`, expected one of calendar, accept, mitigate, resolve, pauses, at_risk, on_top, shifts_after, entry, delivery, escalations
    `snaglog policy apply --help` shows one.
    exit code 2
    ");
    let path = file(&shell, "policy.yaml", &[("accept: 15m", "accept: soon"), ("entry: bottom", "entry: last")]).await;
    assert_snapshot!(shown(&shell, &shell.run(&format!("policy apply PAY {path}")).await), @r#"
    error: policy.yaml is no policy
      policy.yaml:5:13: severities.sev1.accept: "soon" is no target; give `4h`, `1h 30m`, `2 working days` or `2wd`, or `none`
      policy.yaml:32:12: severities.sev3.entry: "last" is none of top, below on top, bottom
    `snaglog policy apply --help` shows one.
    exit code 2
    "#);
    assert_snapshot!(shown(&shell, &shell.run("policy apply PAY nowhere.yaml").await), @r"
    error: nowhere.yaml: No such file or directory (os error 2)
    exit code 1
    ");
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
    let said = shell.run(&format!("policy apply PAY {path}")).await;
    assert_snapshot!(shown(&shell, &said), @r"
    PolicyMalformed: policy.yaml can't be the policy of PAY
      policy.yaml:4:15: severities.sev1.calendar is moon, which the project doesn't have; it has 24x7, business
      policy.yaml:9:14: severities.sev1.at_risk must be 1 to 99 percent; it is 100
      policy.yaml:17:15: severities.sev2.mitigate is later than resolve
      policy.yaml:28:14: severities.sev3.resolve can never be reached: calendar business has not so much working time until 2199
    exit code 3
    ");
    let previewed = shell.run(&format!("policy apply PAY {path} --dry-run")).await;
    assert_eq!(previewed.shown(), said.shown(), "a preview is refused as adopting is");
    let gap = file(&shell, "policy.yaml", &[("sev2:\n", "sev9:\n")]).await;
    assert_snapshot!(shown(&shell, &shell.run(&format!("policy diff PAY {gap}")).await), @r"
    PolicyMalformed: policy.yaml can't be the policy of PAY
      policy.yaml:15:5: severities.sev9 is no severity of the project; those are sev1, sev2, sev3
      severities.sev2 has no rules, and is in use
    exit code 3
    ");
    let late = file(&shell, "policy.yaml", &[("accept: 15m", "accept: 10m")]).await;
    let said = shell.run(&format!("policy apply PAY {late} --effective-from 2020-01-01T00:00:00Z --json")).await;
    assert_eq!(said.code, 3, "{said:?}");
    assert!(said.err.contains("effective_from lies in the past: 2020-01-01T00:00:00Z is before"), "{said:?}");
    assert_eq!(shell.json("project show PAY --json=revision").await, before, "nothing was recorded");
}

#[tokio::test]
async fn shares_targets_and_selectors_that_cannot_be_are_refused_at_their_lines() {
    let shell = Shell::start().await.unwrap();
    let before = shell.json("project show PAY --json=revision").await;
    let selectors = "selectors:\n- name: gold\n  when: { components: [moon] }\n  severities: { sev2: { at_risk: 0% } }\n\
         - name: gold\n  when: { components: [moon] }\n  severities: { sev2: { at_risk: 150% } }\ncalendars:";
    let twice = file(&shell, "twice.yaml", &[("calendars:", selectors)]).await;
    let refused = shell.run(&format!("policy apply PAY {twice}")).await;
    assert_snapshot!(shown(&shell, &refused), @r#"
    PolicyMalformed: /twice.yaml can't be the policy of PAY
      /twice.yaml:36:24: selectors[0].when.components[0] is moon, which the project doesn't have
      /twice.yaml:37:34: selectors[0].severities.sev2.at_risk must be 1 to 99 percent; it is 0
      /twice.yaml:38:9: selectors[1].name is gold a second time
      /twice.yaml:39:24: selectors[1].when.components[0] is moon, which the project doesn't have
      /twice.yaml:38:3: selectors[1] never matches: gold before it matches whatever it does
      /twice.yaml:40:34: selectors[1].severities.sev2.at_risk must be 1 to 99 percent; it is 150
    exit code 3
    "#);
    let share = file(&shell, "share.yaml", &[("at_risk: 75%", "at_risk: 1.5")]).await;
    assert_snapshot!(shown(&shell, &shell.run(&format!("policy apply PAY {share}")).await), @r#"
    error: /share.yaml is no policy
      /share.yaml:9:14: severities.sev1.at_risk: "1.5" is no share; give `75%`
    `snaglog policy apply --help` shows one.
    exit code 2
    "#);
    let zero = file(&shell, "zero.yaml", &[("accept: 15m", "accept: 0h")]).await;
    assert_snapshot!(shown(&shell, &shell.run(&format!("policy apply PAY {zero}")).await), @r#"
    PolicyMalformed: /zero.yaml can't be the policy of PAY
      /zero.yaml:5:13: severities.sev1.accept can never be met: it is no time at all
    exit code 3
    "#);
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
    let out: Vec<_> = said.out.lines().map(|line| line.split("  20").next().unwrap_or_default()).collect();
    assert_snapshot!(Said { out: out.join("\n"), ..said }.shown(), @r"
    PAY would be ruled by policy version 1 from 2100-01-01T00:00:00Z on
    ISSUE  CLOCK  SEVERITY  TARGET  THEN  DUE  THEN DUE
    PAY-1  resolve  sev1  24h  48h
    Of 3 open clocks of 1 issue, none moves by itself; a rebase would move 1.
    exit code 0
    ");
    let said = shell.run(&format!("policy apply PAY {path} --dry-run --json=move,summary")).await;
    let last = said.out.lines().last().unwrap();
    assert_snapshot!(last, @r#"{"move":null,"summary":{"breached":0,"issues":1,"moved":1,"open_clocks":3}}"#);
    let moved: Value = serde_json::from_str(said.out.lines().nth(1).unwrap()).unwrap();
    assert_eq!((&moved["move"]["clock"], &moved["move"]["issue"]), (&"Resolve".into(), &"PAY-1".into()));
}

#[tokio::test]
async fn why_and_what_if() {
    let shell = Shell::start().await.unwrap();
    given(&shell, &[DOWN]).await;
    assert_snapshot!(shell.run("policy why pay-1 --iso").await.shown(), @r"
    PAY-1
    accept: 15m on calendar 24x7
        severity sev1, as its reporter said; nobody has triaged it; checkout
        the default policy; the clock started 2026-01-05T00:00:00Z
        so the severity's own rules hold
    mitigate: 4h on calendar 24x7
        severity sev1, as its reporter said; nobody has triaged it; checkout
        the default policy; the clock started 2026-01-05T00:00:00Z
        so the severity's own rules hold
    resolve: 24h on calendar 24x7
        severity sev1, as its reporter said; nobody has triaged it; checkout
        the default policy; the clock started 2026-01-05T00:00:00Z
        so the severity's own rules hold
    exit code 0
    ");
    assert_snapshot!(shell.run("policy why PAY-9").await.shown(), @r"
    NoSuchIssue: PAY-9: there is no such issue
    exit code 3
    ");
    let fields = "key,in_force,exempt";
    assert_snapshot!(lines(&shell.run(&format!("policy why PAY-1 --json={fields}")).await), @r#"{"exempt":false,"in_force":0,"key":"PAY-1"}"#);
    let path = file(&shell, "policy.yaml", &[("resolve: 24h", "resolve: 90000h")]).await;
    let window = "--since 2026-01-01T00:00:00Z --until 2026-03-01T00:00:00Z";
    assert_snapshot!(shell.run(&format!("policy try PAY {path} {window} --iso")).await.shown(), @r"
    2026-01-01T00:00:00Z to 2026-03-01T00:00:00Z, 1 issue

    MONTH  SEVERITY  CLOCK  REALLY  TRIED
    2026-01  sev1  accept  0.0%  0 of 1  0.0%  0 of 1
    2026-01  sev1  mitigate  0.0%  0 of 1  0.0%  0 of 1
    2026-01  sev1  resolve  0.0%  0 of 1  -  0 of 0
    all  accept  0.0%  0 of 1  0.0%  0 of 1
    all  mitigate  0.0%  0 of 1  0.0%  0 of 1
    all  resolve  0.0%  0 of 1  -  0 of 0

    1 verdict would have been another:
    ISSUE  CLOCK  SEVERITY  REALLY  TRIED  ENDED  THEN DUE  SPARE
    PAY-1  resolve  sev1  breached  none  -  2036-04-12T00:00:00Z  -
    exit code 0
    ");
    let fields = "issues,differing,totals,until";
    assert_snapshot!(lines(&shell.run(&format!("policy try PAY {path} {window} --json={fields}")).await), @r#"{"differing":1,"issues":1,"totals":[{"actual":{"breached":1,"met":0,"without_target":0},"clock":"Accept","month":null,"severity":null,"tried":{"breached":1,"met":0,"without_target":0}},{"actual":{"breached":1,"met":0,"without_target":0},"clock":"Mitigate","month":null,"severity":null,"tried":{"breached":1,"met":0,"without_target":0}},{"actual":{"breached":1,"met":0,"without_target":0},"clock":"Resolve","month":null,"severity":null,"tried":{"breached":0,"met":0,"without_target":0}}],"until":"2026-03-01T00:00:00Z"}"#);
    let never = shell.run(&format!("policy try PAY {path} --since 2026-03-01 --until 2026-02-01")).await;
    assert_snapshot!(shown(&shell, &never), @r"
    InvalidFields: the request is malformed
      since must be before until
    exit code 2
    ");
}
