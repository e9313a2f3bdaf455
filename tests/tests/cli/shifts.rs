//! Shifts, members who are away, and what the system does by itself, switched off: what scripts rely on, and what people read. Of an issue that was filed
//! long ago as Sev 1, so that shifts are due whenever the test runs; the server does nothing by itself.

use insta::assert_snapshot;
use serde_json::Value;
use tests::shell::{Said, Shell, redacted};

use super::given;

/// PAY-1 is down since January, and nobody has mitigated it. The team is dev, ben, cy.
async fn down() -> Shell {
    let shell = Shell::start().await.unwrap();
    let filed = "issue file PAY --title Down --customer acme --channel email --raised-by carla --steps pay --actual a --expected b \
                 --component checkout --reported-severity sev1 --occurred-at 2026-01-05T00:00:00Z";
    let lines = [
        "project add-member PAY core ben",
        "project add-member PAY core cy",
        filed,
        "issue triage PAY-1 --level 3 --severity sev1",
    ];
    given(&shell, &lines).await;
    shell
}

/// Each line's object, without what differs from run to run.
fn lines(said: &Said) -> String {
    assert_eq!((said.code, said.err.as_str()), (0, ""), "{said:?}");
    let objects = said.out.lines().map(|line| {
        let mut object = redacted(serde_json::from_str(line).expect("a line is an object"));
        without_times(&mut object);
        object.to_string()
    });
    objects.collect::<Vec<_>>().join("\n")
}

fn without_times(value: &mut Value) {
    match value {
        Value::Object(fields) => fields.values_mut().for_each(without_times),
        Value::Array(values) => values.iter_mut().for_each(without_times),
        Value::String(text) => *text = undated(text),
        _ => {}
    }
}

/// Times that differ from run to run by name; those of the story stay.
fn undated(text: &str) -> String {
    let word = |word: &str| {
        let time = word.trim_end_matches([',', ':', ')']);
        let is_time = time.parse::<jiff::Timestamp>().is_ok()
            || time.parse::<jiff::civil::Date>().is_ok()
            || (time.len() == 5 && time.parse::<jiff::civil::Time>().is_ok());
        let differs = is_time && !time.starts_with("2026-01") && !time.starts_with("2100");
        if differs { word.replace(time, "[time]") } else { word.to_owned() }
    };
    text.split(' ').map(word).collect::<Vec<_>>().join(" ")
}

/// What people are shown, likewise.
async fn shown(shell: &Shell, line: &str) -> String {
    let said = shell.run(line).await.shown();
    said.lines().map(undated).collect::<Vec<_>>().join("\n")
}

#[tokio::test]
async fn shifts_are_planned_shown_handed_over_and_ended() {
    let shell = down().await;
    assert_snapshot!(shown(&shell, "shift on PAY-1").await, @r"
    NoShifts: PAY-1: no shifts are planned
    Those there are: snaglog shift list PAY
    exit code 3
    ");
    assert_snapshot!(shown(&shell, "shift list PAY").await, @r"
    No shifts.
    exit code 0
    ");
    assert_snapshot!(shown(&shell, "shift end PAY-1").await, @r"
    NoShifts: PAY-1: no shifts are planned
    Those there are: snaglog shift list PAY
    exit code 3
    ");
    assert_snapshot!(shown(&shell, "shift plan PAY-1").await, @r"
    PAY-1  team core
    FROM  UNTIL  ON
    ~  in ~  dev
    in ~  in ~  ben
    in ~  in ~  cy
    exit code 0
    ");
    assert_snapshot!(shown(&shell, "shift plan PAY-1").await, @r"
    ShiftsStand: PAY-1: shifts are planned until [time], and the plan holds
    Who is on: snaglog shift on PAY-1
    exit code 3
    ");
    assert_snapshot!(shown(&shell, "shift on PAY-1").await, @r"
    KEY  TEAM  ON NOW  UNTIL  NEXT
    PAY-1  core  dev  in ~  ben in ~
    exit code 0
    ");
    assert_snapshot!(lines(&shell.run("shift on pay-1 --json").await), @r#"{"key":"PAY-1","next":{"from":"[time]","person":"ben","until":"[time]"},"now":{"from":"[time]","person":"dev","until":"[time]"},"obstacle":null,"team":"core"}"#);
    assert_snapshot!(shown(&shell, "shift hand-over PAY-1 --to zoe").await, @r"
    NotAMember: PAY-1: zoe is not a member of team core
    Try: snaglog project add-member PAY core zoe
    exit code 3
    ");
    assert_snapshot!(shown(&shell, "shift hand-over PAY-1 --to dev").await, @r"
    OnShiftAlready: PAY-1: dev is on already
    exit code 3
    ");
    assert_snapshot!(shown(&shell, "shift hand-over PAY-1 --to cy --shift 2026-01-06").await, @r"
    NoSuchShift: PAY-1: no shift of 2026-01-06T00:00:00Z is left
    exit code 3
    ");
    assert_snapshot!(lines(&shell.run("shift hand-over PAY-1 --to cy --json").await), @r#"{"from":"[time]","key":"PAY-1","obstacle":null,"shifts":[{"from":"[time]","person":"dev","until":"[time]"},{"from":"[time]","person":"cy","until":"[time]"},{"from":"[time]","person":"ben","until":"[time]"},{"from":"[time]","person":"cy","until":"[time]"}],"team":"core","uncovered":[],"until":"[time]"}"#);
    given(&shell, &["issue workaround PAY-1 --text invoices"]).await;
    assert_snapshot!(shown(&shell, "shift end PAY-1").await, @r"
    PAY-1: its shifts are ended
    exit code 0
    ");
    assert_snapshot!(shown(&shell, "shift plan PAY-1").await, @r"
    NoShiftsNeeded: PAY-1: it needs no shifts
    When they are, is its policy's to say: snaglog policy why PAY-1
    exit code 3
    ");
}

#[tokio::test]
async fn a_members_absence_mends_a_plan() {
    let shell = down().await;
    given(&shell, &["shift plan PAY-1"]).await;
    let away = "project member-away PAY core dev --until 2100-01-01";
    assert_snapshot!(lines(&shell.run(&format!("{away} --json")).await), @r#"{"away":[{"from":"[time]","person":"dev","until":"2100-01-01T00:00:00Z"}],"id":"core","members":["dev","ben","cy"],"model":"Combined","revision":4}"#);
    assert_snapshot!(shown(&shell, away).await, @r"
    AlreadyAway: PAY/core: dev is away already, from [time] until 2100-01-01T00:00:00Z
    exit code 3
    ");
    assert_snapshot!(shown(&shell, "shift hand-over PAY-1 --to dev").await, @r"
    OnShiftAlready: PAY-1: dev is on already
    exit code 3
    ");
    assert_snapshot!(lines(&shell.run("shift plan PAY-1 --json").await), @r#"{"from":"[time]","key":"PAY-1","obstacle":null,"shifts":[{"from":"[time]","person":"dev","until":"[time]"},{"from":"[time]","person":"ben","until":"[time]"},{"from":"[time]","person":"cy","until":"[time]"},{"from":"[time]","person":"ben","until":"[time]"}],"team":"core","uncovered":[],"until":"[time]"}"#);
    assert_snapshot!(shown(&shell, "project member-back PAY core dev").await, @r"
    core: dev, ben, cy (revision 5)
    exit code 0
    ");
    assert_snapshot!(shown(&shell, "project member-back PAY core dev").await, @r"
    NotAway: PAY/core: dev is not away then
    Who is away: snaglog project show PAY
    exit code 3
    ");
}

#[tokio::test]
async fn what_the_system_does_by_itself_is_switched_off_and_on() {
    let shell = Shell::start().await.unwrap();
    assert_snapshot!(shown(&shell, "project switch-reactor PAY shifts off").await, @r"
    PAY PAY: 1 component, 1 team, 0 product owners, 1 customer (revision 5); switched off: shifts
    exit code 0
    ");
    assert_snapshot!(shown(&shell, "project switch-reactor PAY shifts off").await, @r"
    SettingUnchanged: PAY: the setting is so already
    exit code 3
    ");
    assert_snapshot!(shown(&shell, "project switch-reactor PAY nothing off").await, @r"
    error: invalid value 'nothing' for '<REACTOR>'
      [possible values: deadlines, escalations, production, delivery, shifts]

    For more information, try '--help'.
    exit code 2
    ");
    let on = shell.run("project switch-reactor PAY shifts on --json=id,switched_off").await;
    assert_snapshot!(lines(&on), @r#"{"id":"PAY","switched_off":[]}"#);
}

#[tokio::test]
async fn clocks_are_rebased_and_explained() {
    let shell = down().await;
    given(&shell, &["issue file PAY --title Slow --monitor probe --fingerprint slow --reported-severity sev3"]).await;
    assert_snapshot!(shown(&shell, "issue rebase-clocks PAY-1 --reason agreed").await, @r"
    NothingToRebase: PAY-1: no clock runs that policy 0 would move
    Its clocks, and which policy rules them: snaglog sla explain PAY-1
    exit code 3
    ");
    let policy = shell.run("policy show PAY").await.out;
    let slower = policy.replace("resolve: 30 working days", "resolve: 9999 working days");
    assert_eq!(shell.fed(&slower, &["policy", "apply", "PAY", "-"]).await.code, 0);
    assert_snapshot!(shown(&shell, "issue rebase-clocks PAY-2").await, @r"
    ReasonMissing: PAY-2: say why
    Add --reason TEXT
    exit code 3
    ");
    let rebased = shell.run("issue rebase-clocks PAY-2 --reason agreed --json=key,revision,state").await;
    assert_snapshot!(lines(&rebased), @r#"{"key":"PAY-2","revision":2,"state":"New"}"#);
    assert_snapshot!(shown(&shell, "sla explain PAY-1").await, @r"
    accept
      2026-01-05T00:00:00Z  started (event 1)
      2026-01-05T00:00:00Z  ruled by policy 0 for sev1 (event 1)
      2026-01-05T00:00:00Z  due 2026-01-05T00:15:00Z, at risk from 2026-01-05T00:11:15Z: 15m on 24x7 (event 1)
          2026-01-05T00:00:00Z to 2026-01-05T00:15:00Z: 15m
      2026-01-05T00:11:15Z  at risk of 2026-01-05T00:15:00Z
      2026-01-05T00:15:00Z  breached: 2026-01-05T00:15:00Z passed
      [time]  not moved by policy 1: a cycle keeps the policy of its start, until it is rebased

    mitigate
      2026-01-05T00:00:00Z  started (event 1)
      2026-01-05T00:00:00Z  ruled by policy 0 for sev1 (event 1)
      2026-01-05T00:00:00Z  due 2026-01-05T04:00:00Z, at risk from 2026-01-05T03:00:00Z: 4h on 24x7 (event 1)
          2026-01-05T00:00:00Z to 2026-01-05T04:00:00Z: 4h
      2026-01-05T03:00:00Z  at risk of 2026-01-05T04:00:00Z
      2026-01-05T04:00:00Z  breached: 2026-01-05T04:00:00Z passed
      [time]  not moved by policy 1: a cycle keeps the policy of its start, until it is rebased

    resolve
      2026-01-05T00:00:00Z  started (event 1)
      2026-01-05T00:00:00Z  ruled by policy 0 for sev1 (event 1)
      2026-01-05T00:00:00Z  due 2026-01-06T00:00:00Z, at risk from 2026-01-05T18:00:00Z: 24h on 24x7 (event 1)
          2026-01-05T00:00:00Z to 2026-01-06T00:00:00Z: 24h
      2026-01-05T18:00:00Z  at risk of 2026-01-06T00:00:00Z
      2026-01-06T00:00:00Z  breached: 2026-01-06T00:00:00Z passed
      [time]  not moved by policy 1: a cycle keeps the policy of its start, until it is rebased

    As of position 12 of partition 0.
    exit code 0
    ");
    let stories = lines(&shell.run("sla explain PAY-1 --json").await);
    let first = stories.lines().next().unwrap_or_default();
    assert_snapshot!(first, @r#"{"clock":"Accept","cycle":1,"lines":[{"at":"2026-01-05T00:00:00Z","by":null,"counted":[],"kind":"started","more_counted":0,"revision":1,"text":"started"},{"at":"2026-01-05T00:00:00Z","by":null,"counted":[],"kind":"ruled","more_counted":0,"revision":1,"text":"ruled by policy 0 for sev1"},{"at":"2026-01-05T00:00:00Z","by":null,"counted":[{"from":"2026-01-05T00:00:00Z","length":900,"until":"2026-01-05T00:15:00Z"}],"kind":"due","more_counted":0,"revision":1,"text":"due 2026-01-05T00:15:00Z, at risk from 2026-01-05T00:11:15Z: 15m on 24x7"},{"at":"2026-01-05T00:11:15Z","by":null,"counted":[],"kind":"at_risk","more_counted":0,"revision":0,"text":"at risk of 2026-01-05T00:15:00Z"},{"at":"2026-01-05T00:15:00Z","by":null,"counted":[],"kind":"breached","more_counted":0,"revision":0,"text":"breached: 2026-01-05T00:15:00Z passed"},{"at":"[time]","by":null,"counted":[],"kind":"unmoved","more_counted":0,"revision":0,"text":"not moved by policy 1: a cycle keeps the policy of its start, until it is rebased"}]}"#);
    assert_snapshot!(shown(&shell, "sla explain PAY-99").await, @r"
    NoSuchIssue: PAY-99: there was no such issue
    exit code 3
    ");
}
