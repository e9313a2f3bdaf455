use domain::Fact;
use domain::clocks::{Cause, Clock};
use domain::ids::{ChangeId, ComponentId, IssueId, IssueKey, PersonId, ReleaseId, SeverityId, TeamId};
use domain::issue::{
    Asked, Capacity, Closing, CodeFix, Correction, DataFix, Dismissal, Fix, IssueRef, Level, LinkKind, Moved, Nature,
    RaisedBy, Report, Source, SourceKind,
};
use domain::policy::{Delivery, Moment, Recipient};
use domain::text::{Text, Title};
use uuid::Uuid;

use super::*;

#[track_caller]
#[expect(clippy::needless_pass_by_value, reason = "a table's rows read better without references")]
fn check(event: E, sentence: &str, data: &[&str]) {
    assert_eq!(summary(&event), sentence);
    let told: Vec<_> = details(&event).iter().map(|detail| format!("{}: {}", detail.name, detail.value)).collect();
    assert_eq!(told, data);
}

fn person(id: &str) -> PersonId {
    PersonId::parse(id).unwrap()
}

fn team(id: &str) -> TeamId {
    TeamId::parse(id).unwrap()
}

fn severity(id: &str) -> SeverityId {
    SeverityId::parse(id).unwrap()
}

fn text(words: &str) -> Text {
    Text::parse(words).unwrap()
}

fn why() -> Text {
    text("Because")
}

fn release() -> ReleaseId {
    ReleaseId::parse("1.4.2").unwrap()
}

fn other() -> IssueRef {
    IssueRef::Issue { id: IssueId(Uuid::nil()), key: IssueKey::parse("PAY-2").unwrap() }
}

fn filed(kind: Fact<SourceKind>, raised_by: RaisedBy) -> E {
    E::IssueFiled {
        id: IssueId(Uuid::nil()),
        title: Title::parse("Down").unwrap(),
        source: Source { kind, raised_by, reference: Some("mail-17".into()) },
        report: Report::default(),
        reported_severity: Some(severity("sev1")),
        component: None,
    }
}

#[test]
fn filings_name_their_source() {
    let id = "id: 00000000-0000-0000-0000-000000000000";
    let system = SourceKind::System { monitor: "ping".into(), fingerprint: "f7".into() };
    let data = [
        id,
        "title: Down",
        "source: system",
        "monitor: ping",
        "fingerprint: f7",
        "raised_by_system: ping",
        "reference: mail-17",
        "reported_severity: sev1",
    ];
    check(filed(Fact::Known(system), RaisedBy::System("ping".into())), "Filed: “Down”, raised by ping", &data);
    let data = [id, "title: Down", "source: not known", "reference: mail-17", "reported_severity: sev1"];
    check(filed(Fact::NotKnown, RaisedBy::Nobody), "Filed: “Down”", &data);
    let security = SourceKind::Security {
        advisories: vec!["A-1".into(), "A-2".into()],
        package: "p".into(),
        affected: "<2".into(),
    };
    let told = details(&filed(Fact::Known(security), RaisedBy::Person(person("eve"))));
    assert_eq!((told[3].value.as_str(), told[6].value.as_str()), ("A-1, A-2", "eve"));
}

#[test]
fn reports_and_questions() {
    let report = Report { actual: Some(text("Two")), expected: Some(text("One")), ..Report::default() };
    check(E::ReportAmended { report }, "Amended the report: actual, expected", &["actual: Two", "expected: One"]);
    let asked = E::InformationRequested { question: 2, of: Asked::Person(person("cora")), text: text("When?") };
    check(asked, "Asked cora (question 2)", &["question: 2", "of: cora", "text: When?"]);
    let answer = E::InformationProvided { questions: vec![1, 2], text: None };
    check(answer, "Answered questions 1, 2", &["questions: 1, 2"]);
    check(E::RequestWithdrawn { questions: vec![3] }, "Took back question 3", &["questions: 3"]);
    check(E::IssueCommented { text: text("Hm") }, "Commented", &["text: Hm"]);
    check(E::WatchStarted { person: person("zoe") }, "zoe watches it", &["person: zoe"]);
}

#[test]
fn shifts_say_who_is_on_and_what_nobody_covers() {
    use domain::shifts::{Ending, Hours, Obstacle, Plan, Shift};
    let hours = |from: &str, until: &str| Hours { from: from.parse().unwrap(), until: until.parse().unwrap() };
    let (day, morning) =
        (hours("2026-03-02T08:00:00Z", "2026-03-03T08:00:00Z"), hours("2026-03-02T08:00:00Z", "2026-03-02T16:00:00Z"));
    let plan = Plan {
        team: Some(team("core")),
        from: day.from,
        until: day.until,
        shifts: vec![Shift { person: person("zoe"), hours: morning }],
        uncovered: vec![Hours { from: morning.until, until: day.until }],
        obstacle: Some(Obstacle::TeamOfOne),
    };
    check(
        E::ShiftsPlanned { plan },
        "Planned shifts around the clock: on are zoe; not all hours are covered: a team of one can't cover the clock",
        &[
            "team: core",
            "from: 2026-03-02T08:00:00Z",
            "until: 2026-03-03T08:00:00Z",
            "on: zoe from 2026-03-02T08:00:00Z until 2026-03-02T16:00:00Z",
            "uncovered: from 2026-03-02T16:00:00Z until 2026-03-03T08:00:00Z",
            "obstacle: a team of one can't cover the clock",
        ],
    );
    let unowned = domain::shifts::plan(None, day.from, None);
    assert_eq!(
        summary(&E::ShiftsPlanned { plan: unowned }),
        "Planned shifts around the clock: nobody is on; not all hours are covered: no team owns the issue yet"
    );
    check(
        E::ShiftHandedOver { shift: day.from, from: person("zoe"), to: person("ben") },
        "ben takes zoe’s shift of 2026-03-02T08:00:00Z",
        &["shift: 2026-03-02T08:00:00Z", "from: zoe", "to: ben"],
    );
    check(E::ShiftsEnded { because: Ending::Mitigated }, "No more shifts: mitigated", &["because: mitigated"]);
}

#[test]
fn triage_and_its_changes() {
    let triaged = E::IssueTriaged {
        level: Fact::Known(Level::System),
        nature: Some(Nature::Incident),
        severity: Fact::Known(severity("sev2")),
        component: Some(ComponentId::parse("db").unwrap()),
        team: Fact::NotKnown,
    };
    let data = ["level: 2 (system)", "nature: incident", "severity: sev2", "component: db", "team: not known"];
    check(triaged, "Triaged: level 2 (system), severity sev2, team not known", &data);
    let change = E::SeverityChanged { from: Fact::Known(severity("sev2")), to: severity("sev1"), reason: Some(why()) };
    check(change, "Changed the severity from sev2 to sev1", &["from: sev2", "to: sev1", "reason: Because"]);
    let change = E::LevelChanged {
        from: Fact::NotKnown,
        to: Level::CodeOrData,
        nature: Some(Nature::Bug),
        team: Some(team("core")),
        reason: None,
    };
    let data = ["from: not known", "to: 3 (code or data)", "nature: bug", "team: core"];
    check(change, "Changed the level from not known to 3 (code or data), to team core", &data);
    let change = E::NatureChanged { from: None, to: Some(Nature::Bug), reason: None };
    check(change, "Changed the nature from none to bug", &["from: none", "to: bug"]);
    let moved = E::ComponentChanged { from: None, to: ComponentId::parse("db").unwrap(), reason: None };
    check(moved, "Moved from component none to db", &["from: none", "to: db"]);
    check(E::ReturnedToTriage { reason: Some(why()) }, "Returned to triage", &["reason: Because"]);
}

#[test]
fn ownership() {
    check(E::IssueAssigned { assignee: Some(person("ada")) }, "Assigned to ada", &["assignee: ada"]);
    check(E::IssueAssigned { assignee: None }, "Assigned to nobody", &["assignee: nobody"]);
    let over = E::IssueHandedOver { from: Fact::Known(team("core")), to: team("ops"), reason: Some(why()) };
    check(over, "Handed over from team core to team ops", &["from: core", "to: ops", "reason: Because"]);
    let accepted = E::IssueAccepted { assignee: Fact::Known(person("ada")), report_owed: true };
    let sentence = "Accepted, and it is ada’s now; its report is still owed";
    check(accepted, sentence, &["assignee: ada", "report_owed: true"]);
    let to = E::VerificationDelegated { to: person("zoe"), capacity: Fact::Known(Capacity::ProductOwner) };
    check(to, "Let zoe verify it", &["to: zoe", "capacity: as product owner"]);
}

#[test]
fn fixes_and_their_confirmation() {
    let code =
        CodeFix { changes: vec![ChangeId::parse("c0ffee").unwrap()], tests: vec!["t".into()], environment: None };
    let data = DataFix { correction: Some("sql-7".into()), tried_in: Some("test".into()) };
    let resolved = E::IssueResolved { fix: Fact::Known(Fix::CodeAndData(code, data)) };
    let sentence = "Resolved by 1 change of code with 1 regression test and a correction of data";
    let told = [
        "fix: 1 change of code with 1 regression test and a correction of data",
        "changes: c0ffee",
        "tests: t",
        "correction: sql-7",
        "tried_in: test",
    ];
    check(resolved, sentence, &told);
    let action = Some(text("Restarted"));
    let operated = E::IssueResolved { fix: Fact::Known(Fix::Operation { action }) };
    check(operated, "Resolved by an operation", &["fix: an operation", "action: Restarted"]);
    let explained = Fix::Explanation { explanation: Some(text("So")), topic: Some("login".into()) };
    let told = ["fix: an explanation", "explanation: So", "topic: login"];
    check(E::IssueResolved { fix: Fact::Known(explained) }, "Resolved by an explanation", &told);
    let tests = E::RegressionTestsAdded { tests: vec!["a".into(), "b".into()] };
    check(tests, "Added 2 regression tests", &["tests: a, b"]);
    let rejected = E::ResolutionRejected { reason: Some(why()), unassigned: true };
    let told = ["reason: Because", "unassigned: true"];
    check(rejected, "Rejected the resolution; nobody is assigned any more", &told);
    let verified =
        E::IssueVerified { confirmed_by: Fact::Known(person("ada")), capacity: Fact::NotKnown, self_verified: true };
    let sentence = "Verified: confirmed by ada, who resolved it (in a capacity not known)";
    check(verified, sentence, &["confirmed_by: ada", "capacity: in a capacity not known", "self_verified: true"]);
    check(E::WorkaroundRecorded { text: text("Pay by phone") }, "Found a workaround", &["text: Pay by phone"]);
    check(E::WorkaroundWithdrawn { reason: None }, "Withdrew the workaround", &[]);
}

#[test]
fn production_and_the_end() {
    check(
        E::MarkedInProduction { release: release() },
        "In production with release 1.4.2; to be verified there",
        &["release: 1.4.2"],
    );
    check(E::CauseNamed { release: release() }, "Named release 1.4.2 as a cause", &["release: 1.4.2"]);
    let closing = Closing::Released { release: Some(release()), reverified_by: Some(person("ben")) };
    let sentence = "Closed: in production with release 1.4.2, verified there by ben";
    check(
        E::IssueClosed { closing: Fact::Known(closing), deployed_at: None },
        sentence,
        &["release: 1.4.2", "reverified_by: ben"],
    );
    let applied = Closing::DataApplied { at: "2026-05-01T10:00:00Z".parse().ok(), by: Some(person("ben")) };
    let sentence = "Closed: applied in production at 2026-05-01T10:00:00Z by ben";
    let told = ["applied_at: 2026-05-01T10:00:00Z", "applied_by: ben"];
    check(E::IssueClosed { closing: Fact::Known(applied), deployed_at: None }, sentence, &told);
    let nothing = E::IssueClosed { closing: Fact::Known(Closing::Confirmed), deployed_at: None };
    check(nothing, "Closed: nothing had to be released", &[]);
    let unknown = E::IssueClosed { closing: Fact::NotKnown, deployed_at: None };
    check(unknown, "Closed: the evidence is not known", &["closing: not known"]);
    check(E::WithdrawnFromProduction { reason: None }, "Withdrawn from production", &[]);
    check(E::IssueReopened { reason: None, unassigned: false }, "Reopened", &["unassigned: false"]);
    let dismissed = E::IssueDismissed { dismissal: Fact::Known(Dismissal::DuplicateOf(other())), note: None };
    check(dismissed, "Dismissed: a duplicate of PAY-2", &["dismissal: a duplicate of PAY-2"]);
    let unknown = E::IssueDismissed { dismissal: Fact::NotKnown, note: Some(text("Meh")) };
    let told = ["dismissal: the reason is not known", "note: Meh"];
    check(unknown, "Dismissed: the reason is not known", &told);
    let linked = E::IssuesLinked { kind: LinkKind::CausedBy, other: other() };
    check(linked, "Linked: caused by PAY-2", &["kind: caused by", "other: PAY-2"]);
}

#[test]
fn clocks() {
    let at = |hour: i64| jiff::Timestamp::from_second(1_793_000_000 + hour * 3_600).unwrap();
    let (clock, cycle, set_by, deadline, policy_version) = (Clock::Mitigate, 2, 7, at(0), 3);
    let set = ["clock: mitigate", "cycle: 2", "deadline: 2026-10-26T07:33:20Z"];
    let by = ["set_by: 7", "policy_version: 3"];
    check(
        E::SlaAtRiskRecorded { clock, cycle, set_by, deadline, policy_version },
        "The mitigate clock (cycle 2) is at risk: due 2026-10-26T07:33:20Z",
        &[&set[..], &by[..]].concat(),
    );
    let cause = Cause::SeverityChange;
    check(
        E::SlaBreachRecorded { clock, cycle, set_by, deadline, policy_version, cause },
        "The mitigate clock (cycle 2) was breached: due 2026-10-26T07:33:20Z, as the new severity has it",
        &[&set[..], &["cause: severity_change"], &by[..]].concat(),
    );
    let (by, reason) = (Correction::LateStop, Some(text("the train had no network")));
    check(
        E::SlaBreachCorrected { clock: Clock::Accept, cycle: 1, by, reason },
        "The breach of the accept clock was taken back: it had been stopped in time, which was recorded late",
        &["clock: accept", "cycle: 1", "by: late_stop", "reason: the train had no network"],
    );
    let moved = |clock, to| Moved { clock, cycle: 1, from_version: 2, from_deadline: Some(at(0)), to_deadline: to };
    check(
        E::ClocksRebased {
            version: 3,
            clocks: vec![moved(Clock::Mitigate, Some(at(4))), moved(Clock::Resolve, None)],
            reason: text("a new contract"),
        },
        "Moved mitigate, resolve to policy 3",
        &[
            "policy_version: 3",
            "mitigate: cycle 1, policy 2: due 2026-10-26T07:33:20Z, now 2026-10-26T11:33:20Z",
            "resolve: cycle 1, policy 2: due 2026-10-26T07:33:20Z, now none",
            "reason: a new contract",
        ],
    );
}

#[test]
fn escalations_and_deliveries() {
    let due: jiff::Timestamp = "2026-10-26T07:33:20Z".parse().unwrap();
    let (when, to, people) = (Moment::Breach, Recipient::ProductOwners, vec![person("pia")]);
    check(
        E::SlaEscalated { clock: Clock::Resolve, cycle: 1, set_by: 2, step: 1, when, to, people },
        "Told the product owners (pia) that the resolve clock is breached",
        &["clock: resolve", "cycle: 1", "set_by: 2", "step: 1", "to: the product owners", "person: pia"],
    );
    check(
        E::DeliveryRuleKept { cycle: 1, rule: Delivery::NextPush, release: Some(release()) },
        "Delivered as asked: with the next push",
        &["cycle: 1", "rule: with the next push", "release: 1.4.2"],
    );
    check(
        E::DeliveryRuleBroken { cycle: 1, rule: Delivery::PatchNow, due, release: None },
        "Not delivered as asked: a patch now, by 2026-10-26T07:33:20Z",
        &["cycle: 1", "rule: a patch now", "due: 2026-10-26T07:33:20Z"],
    );
}
