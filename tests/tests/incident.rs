//! An incident from filing to its explanation, over a real process and the command line: production is down, clocks of seconds run, nobody mitigates it,
//! and the system does what it does by itself. The story waits for what happens, never for a time.

#![expect(clippy::unwrap_used, reason = "what surprises a test ends it")]

use api::events::v1::event::Payload;
use api::sla::v1::WatchDueRequest;
use insta::assert_snapshot;
use tests::life;
use tests::shell::Shell;
use tests::subscriber::Subscriber;

/// Clocks of seconds; resolving takes longer than the story.
const POLICY: &str = "\
severities:
  sev1: &sev1
    calendar: 24x7
    accept: 2s
    mitigate: 6s
    resolve: 4h
    at_risk: 50%
    shifts_after: 3s
    on_top: true
    entry: top
    delivery: planned
    escalations:
      - { clock: mitigate, when: breach, after: 1s, tell: on shift }
  sev2: { <<: *sev1, shifts_after: 24h }
  sev3: { <<: *sev1, shifts_after: 24h }
";

const DOWN: &str = "--customer acme --channel phone --raised-by carla --component checkout --reported-severity sev1 \
                    --steps pay --actual 502 --expected receipt";

/// A project of three, and who hears of it.
async fn begin() -> (Shell, Subscriber) {
    let shell = Shell::reacting().await.unwrap();
    for person in ["ben", "cy"] {
        done(&shell, &format!("project add-member PAY core {person}")).await;
    }
    let said = shell.fed(POLICY, &["policy", "apply", "PAY", "-"]).await;
    assert_eq!(said.code, 0, "{said:?}");
    (shell, Subscriber::of_project("PAY"))
}

async fn done(shell: &Shell, line: &str) {
    let said = shell.run(line).await;
    assert_eq!(said.code, 0, "{line}: {said:?}");
}

/// Does it, and gives what a query must be as fresh as to show it.
async fn token(shell: &Shell, line: &str) -> String {
    let answer = shell.json(&format!("{line} --json=consistency_token")).await;
    answer["consistency_token"].as_str().unwrap().to_owned()
}

/// A command that is refused, by its reason.
async fn refused(shell: &Shell, line: &str, reason: &str) {
    let said = shell.run(line).await;
    assert_eq!((said.code, said.err.split(':').next()), (3, Some(reason)), "{line}: {said:?}");
}

/// Who is on now, and who after.
async fn on(shell: &Shell, key: &str) -> (String, String) {
    let on = shell.json(&format!("shift on {key} --json")).await;
    let person = |shift: &str| on[shift]["person"].as_str().unwrap_or_default().to_owned();
    (person("now"), person("next"))
}

/// What each clock's story is made of, in order: its own words for what happened.
async fn explained(shell: &Shell, key: &str) -> String {
    let said = shell.run(&format!("sla explain {key} --json")).await;
    assert_eq!(said.code, 0, "{said:?}");
    let stories = said.out.lines().map(|line| {
        let story: serde_json::Value = serde_json::from_str(line).unwrap();
        let kinds: Vec<_> =
            story["lines"].as_array().unwrap().iter().map(|line| line["kind"].as_str().unwrap()).collect();
        format!("{}: {}", story["clock"].as_str().unwrap(), kinds.join(", "))
    });
    stories.collect::<Vec<_>>().join("\n")
}

#[tokio::test]
async fn production_is_down() {
    let (shell, mut subscriber) = begin().await;
    let client = shell.client().await.unwrap();
    let watch = WatchDueRequest { project: "PAY".into(), ..Default::default() };
    let mut coming = client.sla("zoe").watch_due(watch).await.unwrap().into_inner();
    assert_eq!(coming.message().await.unwrap().unwrap().due, []);

    // Filed, and its clocks run: that it comes due is told.
    done(&shell, &format!("issue file PAY --title Down {DOWN}")).await;
    while coming.message().await.unwrap().unwrap().due.iter().all(|due| due.key != "PAY-1") {}
    done(&shell, "issue triage PAY-1 --level 3 --severity sev1").await;
    nobody_does_anything(&shell, &mut subscriber).await;
    shifts_around_the_clock(&shell, &mut subscriber).await;
    it_is_mitigated_and_resolved(&shell, &mut subscriber).await;
}

/// It is at risk, breached, and somebody is told.
async fn nobody_does_anything(shell: &Shell, subscriber: &mut Subscriber) {
    for (types, count) in
        [("SlaAtRiskRecorded", 2), ("SlaBreachRecorded", 2), ("SlaEscalated", 1), ("ShiftsPlanned", 1)]
    {
        let event = subscriber.hears(shell.url(), &[types], count).await;
        assert_eq!(event.subject, "PAY-1");
    }
    let escalated = subscriber.of(&["SlaEscalated"]).next().unwrap();
    let Some(Payload::SlaEscalated(told)) = &escalated.payload else { panic!("{escalated:?}") };
    assert!(told.people.iter().any(|person| person == life::DEVELOPER), "who was on shift: {told:?}");
    let noted = token(shell, "issue comment PAY-1 --body noted").await;
    let breaches = shell.run(&format!("sla breaches PAY --json=key,clock,recorded,cause --at-least {noted}")).await;
    assert_snapshot!(breaches.out, @r#"
    {"cause":"deadline","clock":"Mitigate","key":"PAY-1","recorded":true}
    {"cause":"deadline","clock":"Accept","key":"PAY-1","recorded":true}
    "#);
}

/// Who is on hands the shift over, and goes away: the plan is mended.
async fn shifts_around_the_clock(shell: &Shell, subscriber: &mut Subscriber) {
    assert_eq!(on(shell, "PAY-1").await, ("dev".into(), "ben".into()));
    done(shell, "shift hand-over PAY-1 --to ben").await;
    assert_eq!(on(shell, "PAY-1").await, ("ben".into(), "ben".into()));
    let away = "project member-away PAY core ben --from now --until 2100-01-01";
    done(shell, away).await;
    subscriber.hears(shell.url(), &["ShiftsPlanned"], 2).await;
    assert_eq!(on(shell, "PAY-1").await, ("cy".into(), "dev".into()));
    refused(shell, "shift plan PAY-1", "ShiftsStand").await;
    refused(shell, "shift end PAY-1", "ShiftsNeeded").await;
    refused(shell, "shift hand-over PAY-1 --to ben", "AlreadyAway").await;
}

async fn it_is_mitigated_and_resolved(shell: &Shell, subscriber: &mut Subscriber) {
    done(shell, "issue accept PAY-1").await;
    done(shell, "issue workaround PAY-1 --text invoices").await;
    subscriber.hears(shell.url(), &["ShiftsEnded"], 1).await;
    refused(shell, "shift on PAY-1", "NoShifts").await;

    // What still runs is moved to a policy that gives more time; what is breached stays so.
    let said = shell.fed(&POLICY.replace("resolve: 4h", "resolve: 8h"), &["policy", "apply", "PAY", "-"]).await;
    assert_eq!(said.code, 0, "{said:?}");
    done(shell, "issue rebase-clocks PAY-1 --reason agreed").await;
    refused(shell, "issue rebase-clocks PAY-1 --reason agreed", "NothingToRebase").await;
    let resolve = "issue resolve PAY-1 --change 4f2a91c --environment staging --test checkout::pays";
    let resolved = token(shell, resolve).await;
    let sla = shell.json(&format!("sla show PAY-1 --json --at-least {resolved}")).await;
    let cycles = sla["cycles"].as_array().unwrap();
    let told = cycles.iter().map(|it| [&it["clock"], &it["state"], &it["verdict"], &it["policy_version"]]);
    let told: Vec<_> = told.map(|parts| parts.map(ToString::to_string).join(" ")).collect();
    assert_snapshot!(told.join("\n"), @r#"
    "Accept" "Ended" "Breached" 1
    "Mitigate" "Ended" "Breached" 1
    "Resolve" "Ended" "Met" 2
    "#);
    assert_snapshot!(explained(shell, "PAY-1").await, @r"
    Accept: started, ruled, due, at_risk, breached, ended
    Mitigate: started, ruled, due, at_risk, breached, ended
    Resolve: started, ruled, due, unmoved, rebased, ruled, due, ended
    ");
}

#[tokio::test]
async fn what_is_switched_off_is_done_by_hand() {
    let (shell, mut subscriber) = begin().await;
    done(&shell, "project switch-reactor PAY shifts off").await;
    done(&shell, &format!("issue file PAY --title Down {DOWN}")).await;
    done(&shell, "issue triage PAY-1 --level 3 --severity sev1").await;
    // The mitigate clock's deadline comes after shifts were due.
    subscriber.hears(shell.url(), &["SlaBreachRecorded"], 2).await;
    refused(&shell, "shift on PAY-1", "NoShifts").await;
    done(&shell, "shift plan PAY-1").await;
    assert_eq!(on(&shell, "PAY-1").await, ("dev".into(), "ben".into()));
    refused(&shell, "shift end PAY-1", "ShiftsNeeded").await;
    done(&shell, "issue dismiss PAY-1 --as not-a-defect").await;
    done(&shell, "shift end PAY-1").await;
    refused(&shell, "shift end PAY-1", "NoShifts").await;
    assert_eq!(subscriber.of(&["ShiftsPlanned"]).count(), 0, "nobody else did it");
}
