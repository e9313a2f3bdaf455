//! Promises and how they are kept: what scripts rely on, and what people read. All of it of an issue that was filed ten days ago as Sev 1, which has
//! clocks around the clock: so nothing depends on when the test runs.

use insta::assert_snapshot;
use serde_json::Value;
use tests::shell::{Said, Shell, redacted};

use super::given;

/// PAY-1 is down since ten days ago, and nobody has accepted it; PAY-2 is dismissed; PAY-3 is new.
async fn breached() -> Shell {
    let shell = Shell::start().await.unwrap();
    let filed = |title: &str, more: &str| {
        format!(
            "issue file PAY --title {title} --customer acme --channel email --raised-by carla --steps pay --actual a --expected b {more}"
        )
    };
    let down = filed("Down", "--component checkout --reported-severity sev1 --occurred-at 2026-01-05T00:00:00Z");
    let lines = [
        down,
        filed("Wrong", ""),
        "issue dismiss PAY-2 --as not-a-defect".to_owned(),
        filed("New", "--reported-severity sev1"),
    ];
    given(&shell, &lines.each_ref().map(String::as_str)).await;
    shell
}

/// Each line's object, redacted.
fn lines(said: &Said) -> String {
    assert_eq!((said.code, said.err.as_str()), (0, ""), "{said:?}");
    let objects = said.out.lines().map(|line| redacted(serde_json::from_str(line).expect("a line is an object")));
    objects.map(|object: Value| object.to_string()).collect::<Vec<_>>().join("\n")
}

#[tokio::test]
async fn an_issues_clocks() {
    let shell = breached().await;
    assert_snapshot!(shell.run("sla show PAY-1 --iso").await.shown(), @r"
    PAY-1  breached  policy 0
      accept  ████████████████████████  »  breached 2026-01-05T00:15:00Z; it runs on
                policy 0 promises 15m on 24x7 for sev1; the deadline passed
      mitigate  ████████████████████████  »  breached 2026-01-05T04:00:00Z; it runs on
                policy 0 promises 4h on 24x7 for sev1; the deadline passed
      resolve  ████████████████████████  »  breached 2026-01-06T00:00:00Z; it runs on
                policy 0 promises 24h on 24x7 for sev1; the deadline passed
    exit code 0
    ");
    let said = shell.run("sla show pay-1 --json=key,verdict,policy_versions,exempt").await;
    assert_snapshot!(lines(&said), @r#"{"exempt":false,"key":"PAY-1","policy_versions":[0],"verdict":"Breached"}"#);
    assert_snapshot!(shell.run("sla show PAY-99").await.shown(), @r"
    NoSuchIssue: PAY-99: there is no such issue
    exit code 3
    ");
}

#[tokio::test]
async fn compliance() {
    let shell = breached().await;
    let window = "--since 2026-01-01 --until 2026-02-01";
    let said = shell.run(&format!("sla compliance PAY {window} --by severity --step month")).await;
    // Where the log stands depends on what the server has recorded by itself meanwhile.
    let out: Vec<&str> = said.out.lines().filter(|line| !line.starts_with("By policy")).collect();
    let out = out.join("\n");
    assert_snapshot!(Said { out, ..said }.shown(), @r"
    PAY  2026-01-01 to 2026-02-01, days in UTC

    SEVERITY  OF  COMPLIANCE  MET  BREACHED  OPEN BREACHES  AT RISK  BESIDE
    sev1  accept  0 % of 1  0  1  1  0  1 running
    sev1  mitigate  0 % of 1  0  1  1  0  1 running
    sev1  resolve  0 % of 1  0  1  1  0  1 running
    sev1  issue  0 % of 1  0  1  -  -

    SEVERITY  OF  TREND
    sev1  accept  01-01 0 % of 1
    sev1  mitigate  01-01 0 % of 1
    sev1  resolve  01-01 0 % of 1
    sev1  issue  01-01 0 % of 1
    exit code 0
    ");
    let fields = "value,measure,figures,policy_versions,project,by";
    assert_snapshot!(lines(&shell.run(&format!("sla compliance PAY {window} --json={fields}")).await), @r#"
    {"by":null,"figures":{"breached":1,"cancelled":0,"compliance":0.0,"corrected":0,"met":0,"sent_back":0,"verdicts":1,"without_target":0},"measure":"Accept","policy_versions":[0],"project":"PAY","value":null}
    {"by":null,"figures":{"breached":1,"cancelled":0,"compliance":0.0,"corrected":0,"met":0,"sent_back":0,"verdicts":1,"without_target":0},"measure":"Mitigate","policy_versions":[0],"project":"PAY","value":null}
    {"by":null,"figures":{"breached":1,"cancelled":0,"compliance":0.0,"corrected":0,"met":0,"sent_back":0,"verdicts":1,"without_target":0},"measure":"Resolve","policy_versions":[0],"project":"PAY","value":null}
    {"by":null,"figures":{"breached":1,"cancelled":0,"compliance":0.0,"corrected":0,"met":0,"sent_back":0,"verdicts":1,"without_target":0},"measure":"Issue","policy_versions":[0],"project":"PAY","value":null}
    "#);
    let csv = shell.run(&format!("sla compliance PAY {window} --by component --csv")).await;
    let mut rows = csv.out.lines().map(|line| line.split(',').collect::<Vec<_>>());
    let head = rows.next().unwrap();
    let place = |name: &str| head.iter().position(|column| *column == name).unwrap();
    for row in rows {
        assert_eq!(row.len(), head.len());
        let breaches = row[place("breached")];
        assert_eq!(
            (row[place("project")], breaches),
            ("PAY", if row[place("value")] == "checkout" { "1" } else { "0" })
        );
        assert!(row[place("position")].parse::<u64>().unwrap() > 0 && !row[place("as_of")].is_empty());
        assert_eq!(row[place("policy_versions")], if row[place("verdicts")] == "0" { "" } else { "0" });
    }
    let both = shell.run("sla compliance PAY --csv --json").await;
    assert_eq!(both.code, 2, "{both:?}");
}

#[tokio::test]
async fn breaches_and_what_is_at_risk() {
    let shell = breached().await;
    let fields = "key,clock,cycle,breached_at,deadline,cause,policy_version,handovers,pauses,class";
    assert_snapshot!(lines(&shell.run(&format!("sla breaches PAY --json={fields}")).await), @r#"
    {"breached_at":"[time]","cause":"deadline","class":{"component":"checkout","customer":"acme","severity":"sev1","source":"customer","team":null},"clock":"Resolve","cycle":1,"deadline":"2026-01-06T00:00:00Z","handovers":0,"key":"PAY-1","pauses":0,"policy_version":0}
    {"breached_at":"[time]","cause":"deadline","class":{"component":"checkout","customer":"acme","severity":"sev1","source":"customer","team":null},"clock":"Mitigate","cycle":1,"deadline":"2026-01-05T04:00:00Z","handovers":0,"key":"PAY-1","pauses":0,"policy_version":0}
    {"breached_at":"[time]","cause":"deadline","class":{"component":"checkout","customer":"acme","severity":"sev1","source":"customer","team":null},"clock":"Accept","cycle":1,"deadline":"2026-01-05T00:15:00Z","handovers":0,"key":"PAY-1","pauses":0,"policy_version":0}
    "#);
    let of_one = shell.run("sla breaches PAY --clock accept --limit 1 --json=key").await;
    assert_eq!(lines(&of_one), "{\"key\":\"PAY-1\"}");
    assert_snapshot!(shell.run("sla at-risk PAY").await.shown(), @r"
    Nothing is at risk.
    exit code 0
    ");
    assert_snapshot!(shell.run("sla breaches NOPE").await.shown(), @r"
    UnknownProject: NOPE: there is no such project
    Try: snaglog project create NOPE
    exit code 3
    ");
}

#[tokio::test]
async fn pauses_and_what_comes_due() {
    let shell = breached().await;
    assert_snapshot!(shell.run("sla pauses PAY").await.shown(), @r"
    Nobody let a clock stand still.
    exit code 0
    ");
    let late = "issue file PAY --title Slow --customer acme --channel email --raised-by carla --reported-severity sev2";
    given(&shell, &[late, "issue ask PAY-4 --of opener --body When?"]).await;
    assert_snapshot!(shell.run("sla pauses PAY").await.shown(), @r"
    WHO ASKED  PAUSES  SHARE  JUST BEFORE A DEADLINE  LASTING  TOGETHER
    dev  1  100 %  0  1  ~
    exit code 0
    ");
    let head = shell.run("sla due PAY").await;
    assert!(head.out.starts_with("KEY    AT RISK OR BREACHED\n"), "a table says which moments it has: {head:?}");
    let due = shell.json("sla due PAY --json=due").await;
    let keys: Vec<_> = due["due"].as_array().unwrap().iter().map(|due| due["key"].as_str().unwrap()).collect();
    assert!(keys.contains(&"PAY-3") && !keys.contains(&"PAY-2"), "{keys:?}");
}
