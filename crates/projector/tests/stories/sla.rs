//! SLA: what was promised, and how it is kept, as the view tells it.

mod model;

use std::fmt::Write as _;

use domain::Fact::Known;
use domain::ids::ProjectId;
use domain::issue::{Asked, Dismissal, IssueEvent};
use domain::policy::{Policy, Target};
use domain::project::{ProjectEvent, Scheme};
use domain::{StreamKind, StreamRef};
use event_log::NewEvent;
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;
use views::flow::{Day, Step};
use views::sla::{
    Asked as About, Compliance, Dimension, GetClocks, GetCompliance, GetPauses, ListAtRisk, ListBreaches, Measured,
    NextDue, Slice,
};

use super::events::{
    accepted, closed, commented, dismissed, filed, issue_stream, key, life, project, resolved, severity, text, triaged,
    verified,
};
use super::given::Given;

/// Monday, 2 March 2026, midnight.
const MONDAY: i64 = 1_772_409_600;

/// So many hours after midnight of that Monday.
fn hour(hours: i64) -> Timestamp {
    minute(hours * 60)
}

fn minute(minutes: i64) -> Timestamp {
    Timestamp::from_second(MONDAY + minutes * 60).unwrap()
}

/// A project with the default policy, since before all else.
async fn promised() -> Given {
    let mut given = Given::with(SLA);
    create(&mut given).await;
    given
}

static SLA: projector::Views = &[&views::sla::Sla];

async fn create(given: &mut Given) {
    let name = domain::text::Title::parse("Payments").unwrap();
    let created = ProjectEvent::ProjectCreated { id: project("PAY"), name, scheme: Scheme::three() };
    settles(given, hour(-1000), created).await;
}

fn project_stream() -> StreamRef {
    StreamRef { project: project("PAY"), kind: StreamKind::Project, id: "PAY".into() }
}

async fn settles(given: &mut Given, at: Timestamp, event: ProjectEvent) {
    let stored = codec::encode(&event.into(), None);
    given.append_stored(&project_stream(), new_event(stored, at)).await;
}

/// Something happens to PAY-n. Nothing is recorded before it happened, nor before what was recorded already.
async fn happens(given: &mut Given, ordinal: u64, at: Timestamp, event: IssueEvent) {
    let stored = codec::encode(&event.into(), None);
    given.append_stored(&issue_stream("PAY", ordinal), new_event(stored, at)).await;
}

fn new_event(stored: codec::Encoded, at: Timestamp) -> NewEvent {
    NewEvent {
        event_id: Uuid::from_u128(9),
        event_type: stored.event_type,
        schema_version: stored.schema_version,
        occurred_at: at.as_microsecond(),
        facts: stored.facts,
        salt: if stored.texts.is_empty() { Vec::new() } else { vec![7; 32] },
        texts: stored.texts,
    }
}

/// Events of PAY-n at these hours.
async fn all_happen(given: &mut Given, ordinal: u64, events: impl IntoIterator<Item = (i64, IssueEvent)>) {
    for (hours, event) in events {
        happens(given, ordinal, hour(hours), event).await;
    }
}

fn asked(question: u32) -> IssueEvent {
    IssueEvent::InformationRequested { question, of: Asked::Opener, text: text("When was that?") }
}

fn answered(question: u32) -> IssueEvent {
    IssueEvent::InformationProvided { questions: vec![question], text: None }
}

fn pay() -> ProjectId {
    project("PAY")
}

fn about(by: Option<Dimension>, now: Timestamp) -> GetCompliance {
    let asked = About { by, since: Day::of(hour(0)), until: Day::of(hour(24 * 90)), step: None };
    GetCompliance { project: pay(), asked, now }
}

/// A line for each: `sev1 accept 1/2`, met and verdicts, and what is told beside.
fn told(compliance: &Compliance) -> Vec<String> {
    let lines = compliance.lines.iter().map(|line| {
        let counts = line.figures.counts;
        let value = line.value.as_deref().unwrap_or("(rest)");
        let mut told = format!("{value} {} {}/{}", line.of.word(), counts.met, counts.verdicts());
        let beside = [
            ("corrected", counts.corrected),
            ("sent back", counts.sent_back),
            ("cancelled", counts.cancelled),
            ("without target", counts.untargeted),
            ("running", line.open.running),
            ("paused", line.open.paused),
            ("at risk", line.open.at_risk),
            ("open breaches", line.open.breached),
        ];
        for (what, count) in beside.into_iter().filter(|(_, count)| *count != 0) {
            let _written = write!(told, ", {what} {count}");
        }
        told.trim_start().to_owned()
    });
    let mut lines: Vec<_> = lines.collect();
    lines.sort();
    lines
}

#[tokio::test(start_paused = true)]
async fn compliance_is_met_by_verdicts_on_the_day_of_the_verdict() {
    let mut given = promised().await;
    // Sev 1: accept 15 min, mitigate 4 h, resolve 24 h, around the clock.
    for (ordinal, accepted_at, resolved_at) in [(1, 10, 3 * 60), (2, 20, 30 * 60)] {
        happens(&mut given, ordinal, minute(0), filed("Down")).await;
        happens(&mut given, ordinal, minute(5), triaged("sev1")).await;
        happens(&mut given, ordinal, minute(accepted_at), accepted("dan")).await;
        happens(&mut given, ordinal, minute(resolved_at), resolved()).await;
        happens(&mut given, ordinal, minute(resolved_at), verified()).await;
        happens(&mut given, ordinal, minute(resolved_at + 1), closed()).await;
    }
    let found = given.ask(&about(None, hour(100))).await.compliance;
    assert_eq!(told(&found), ["accept 1/2", "issue 1/2", "mitigate 1/2", "resolve 1/2"]);
    let mut query = about(Some(Dimension::Severity), hour(100));
    assert_eq!(
        told(&given.ask(&query).await.compliance),
        ["sev1 accept 1/2", "sev1 issue 1/2", "sev1 mitigate 1/2", "sev1 resolve 1/2"]
    );
    (query.asked.since, query.asked.until) = (Day::of(hour(24)), Day::of(hour(48)));
    assert_eq!(told(&given.ask(&query).await.compliance), ["sev1 resolve 0/1"], "the second's, on Tuesday");
    query.asked = About { step: Some(Step::Week), ..about(None, hour(0)).asked };
    let found = given.ask(&query).await.compliance;
    let steps: Vec<_> =
        found.lines[0].trend.iter().map(|(day, figures)| (day.date().to_string(), figures.counts.verdicts())).collect();
    assert_eq!(steps, [("2026-03-02".to_owned(), 2)]);
    assert_eq!(found.versions, [0].into());
}

#[tokio::test(start_paused = true)]
async fn what_is_not_a_verdict_is_told_beside() {
    let mut given = promised().await;
    // Sev 3 has no target for mitigate; business hours.
    all_happen(&mut given, 1, [(9, filed("Odd")), (10, triaged("sev3")), (11, accepted("dan"))]).await;
    happens(&mut given, 1, hour(12), IssueEvent::WorkaroundRecorded { text: text("pay by card") }).await;
    happens(&mut given, 2, hour(9), filed("Wrong")).await;
    happens(&mut given, 2, hour(10), dismissed(Dismissal::NotADefect)).await;
    let rejected = IssueEvent::ResolutionRejected { reason: None, unassigned: false };
    let back = [(9, filed("Again")), (9, triaged("sev3")), (9, accepted("dan")), (10, resolved()), (11, rejected)];
    all_happen(&mut given, 3, back).await;
    let found = given.ask(&about(None, hour(13))).await.compliance;
    assert_eq!(
        told(&found),
        [
            "accept 2/2, cancelled 1",
            "mitigate 0/0, without target 1",
            "resolve 1/1, sent back 1, cancelled 1, running 2"
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn an_open_breach_that_no_event_tells_is_counted_all_the_same() {
    let mut given = promised().await;
    happens(&mut given, 1, minute(0), filed("Down")).await;
    happens(&mut given, 1, minute(1), triaged("sev1")).await;
    let in_time = given.ask(&about(None, minute(15))).await.compliance;
    assert_eq!(
        told(&in_time),
        ["accept 0/1, open breaches 1", "issue 0/1", "mitigate 0/0, running 1", "resolve 0/0, running 1"]
    );
    assert_eq!(in_time.untold, 1, "at the deadline it is too late");
    assert_eq!(given.ask_now(&about(None, minute(14))).await.compliance.untold, 0);
    let later = given.ask_now(&about(Some(Dimension::Team), hour(5))).await.compliance;
    assert_eq!(
        told(&later),
        [
            "dev accept 0/1, open breaches 1",
            "dev issue 0/1",
            "dev mitigate 0/1, open breaches 1",
            "dev resolve 0/0, running 1"
        ]
    );
    // A fact that comes later tells it, too: the day and the count stay.
    happens(&mut given, 1, hour(5), accepted("dan")).await;
    let told_now = given.ask(&about(Some(Dimension::Team), hour(5))).await.compliance;
    assert_eq!(told_now.untold, 0);
    assert_eq!(told(&told_now)[2], "dev mitigate 0/1, open breaches 1");
}

#[tokio::test(start_paused = true)]
async fn breaches_are_listed_with_their_causes_the_latest_first() {
    let mut given = promised().await;
    happens(&mut given, 1, minute(0), filed("Down")).await;
    happens(&mut given, 1, minute(1), triaged("sev1")).await;
    let handed =
        IssueEvent::IssueHandedOver { from: Known("dev".parse().unwrap()), to: "ops".parse().unwrap(), reason: None };
    happens(&mut given, 1, minute(10), handed).await;
    happens(&mut given, 1, minute(30), accepted("dan")).await;
    happens(&mut given, 2, minute(60), filed("Slow")).await;
    happens(&mut given, 2, minute(60), triaged("sev1")).await;
    let mut query = ListBreaches { project: pay(), clock: None, now: minute(100), limit: 1, after: None };
    let mut found = Vec::new();
    loop {
        let page = given.ask(&query).await;
        found.extend(page.items);
        query.after = page.next;
        if query.after.is_none() {
            break;
        }
    }
    let told: Vec<_> = found
        .iter()
        .map(|it| (it.key.ordinal, it.clock.word(), it.at, it.why.handovers, it.why.waited, it.ended_at.is_some()))
        .collect();
    assert_eq!(
        told,
        [(2, "accept", minute(75), 0, 15 * 60, false), (1, "accept", minute(15), 1, 15 * 60, true)],
        "the second is told by no event"
    );
    assert_eq!(&*found[1].class[1], "ops");
    let none = ListBreaches { clock: Some(Measured::Resolve), after: None, ..query };
    assert_eq!(given.ask_now(&none).await.items, []);
}

#[tokio::test(start_paused = true)]
async fn what_is_at_risk_is_listed_by_what_breaches_next() {
    let mut given = promised().await;
    for (ordinal, at) in [(1, 0), (2, -30), (3, 60)] {
        happens(&mut given, ordinal, minute(at), filed("Down")).await;
        happens(&mut given, ordinal, minute(at), triaged("sev1")).await;
        happens(&mut given, ordinal, minute(at), accepted("dan")).await;
    }
    let mut query = ListAtRisk { project: pay(), of: Slice::default(), now: minute(3 * 60), limit: 1, after: None };
    let first = given.ask(&query).await;
    let told: Vec<_> = first.items.iter().map(|it| (it.key.ordinal, it.clock, it.breaches_at)).collect();
    assert_eq!(told, [(2, Measured::Mitigate, minute(210))]);
    query.after = first.next;
    let second = given.ask(&query).await;
    let told: Vec<_> = second.items.iter().map(|it| (it.key.ordinal, it.breaches_at)).collect();
    assert_eq!((told, second.next), (vec![(1, hour(4))], None), "the third is not at risk yet");
    query = ListAtRisk { now: minute(210), after: None, ..query };
    assert_eq!(given.ask(&query).await.items[0].key.ordinal, 1, "the second is breached");
    assert_eq!(at_risk(&given, ("sev1", "dev", "checkout"), minute(180)).await, 2, "by no event yet");
    assert_eq!(at_risk(&given, ("", "", "cart"), minute(180)).await, 0);
    let due = given.ask(&NextDue { limit: 9, ..NextDue::default() }).await;
    let due: Vec<_> = due.issues.into_iter().map(|(at, key)| (at, key.ordinal)).collect();
    assert_eq!(due, [(minute(150), 2), (minute(180), 1), (minute(240), 3)]);
}

/// How many are at risk at that moment: of this severity, team and component; empty: of any.
async fn at_risk(given: &Given, (severity, team, component): (&str, &str, &str), now: Timestamp) -> usize {
    let [severity, team, component] =
        [severity, team, component].map(|value| Some(value).filter(|value| !value.is_empty()).map(Into::into));
    let of = Slice { severity, team, component };
    let query = ListAtRisk { project: pay(), of, now, limit: 9, after: None };
    given.ask_now(&query).await.items.len()
}

#[tokio::test(start_paused = true)]
async fn who_pauses_just_before_a_deadline_is_named() {
    let mut given = promised().await;
    // Sev 2: accept 4 working hours, 09:00 to 17:00.
    happens(&mut given, 1, hour(9), filed("Slow")).await;
    happens(&mut given, 1, hour(9), triaged("sev2")).await;
    happens(&mut given, 1, hour(10), asked(1)).await;
    happens(&mut given, 1, hour(11), answered(1)).await;
    happens(&mut given, 1, minute(13 * 60 + 50), asked(2)).await;
    let query = GetPauses { project: pay(), since: Day::of(hour(0)), until: Day::of(hour(48)), limit: 9, after: None };
    let found = given.ask(&query).await;
    assert_eq!(found.people.len(), 1);
    let (person, paused) = &found.people[0];
    assert_eq!((&**person, paused.pauses, paused.suspicious, paused.lasting, paused.seconds), ("ada", 2, 1, 1, 3600));
    let told: Vec<_> = found.suspicious.iter().map(|it| (it.revision, it.left_percent, it.ended_at)).collect();
    assert_eq!(told, [(5, 4, None)], "ten of 240 minutes were left");
    happens(&mut given, 1, hour(15), answered(2)).await;
    assert_eq!(given.ask(&query).await.suspicious[0].ended_at, Some(hour(15)));
}

#[tokio::test(start_paused = true)]
async fn an_issues_clocks_are_told_as_they_stand() {
    let mut given = promised().await;
    all_happen(&mut given, 1, [(0, filed("Down")), (0, triaged("sev1")), (1, commented("passed over"))]).await;
    let live = given.ask(&GetClocks { key: key(1) }).await.unwrap();
    let clocks = live.clocks(hour(3));
    let current = clocks.current(domain::clocks::Clock::Mitigate).unwrap();
    let plan = current.plan.as_ref().unwrap();
    assert_eq!((plan.deadline, plan.left()), (hour(4), SignedDuration::from_hours(1)));
    assert!(given.ask_now(&GetClocks { key: key(2) }).await.is_none());
}

#[tokio::test(start_paused = true)]
async fn a_policy_rules_what_begins_after_it() {
    let mut given = promised().await;
    happens(&mut given, 1, minute(0), filed("Down")).await;
    happens(&mut given, 1, minute(0), triaged("sev1")).await;
    settles(&mut given, minute(1), adopted(minute(1), 60)).await;
    happens(&mut given, 2, minute(2), filed("Down")).await;
    happens(&mut given, 2, minute(2), triaged("sev1")).await;
    for ordinal in [1, 2] {
        happens(&mut given, ordinal, minute(20), accepted("dan")).await;
    }
    let found = given.ask(&about(None, minute(21))).await.compliance;
    assert_eq!(told(&found)[..2], ["accept 1/2", "issue 0/1"]);
    assert_eq!(found.versions, [0, 1].into());
}

/// A policy in which Sev 1 has so many minutes to be accepted.
fn adopted(from: Timestamp, minutes: i64) -> ProjectEvent {
    let mut policy = Policy { effective_from: from, ..Policy::default_for(&Scheme::three()) };
    for one in policy.severities.iter_mut().filter(|one| one.severity == severity("sev1")) {
        one.rules.targets.accept = Some(Target::Working(SignedDuration::from_mins(minutes)));
    }
    ProjectEvent::PolicyAdopted { policy }
}

#[tokio::test(start_paused = true)]
async fn an_issue_without_a_project_has_no_clocks() {
    let mut given = Given::with(SLA);
    given.issue(1, life("Payments fail", "sev1")).await;
    assert_eq!(told(&given.ask(&about(None, hour(100))).await.compliance), <[&str; 0]>::default());
}

/// What the log tells of PAY-1's clocks: recorded when it is noticed, of when it was so.
async fn recorded(given: &mut Given, at: Timestamp, event: IssueEvent) {
    happens(given, 1, at, event).await;
}

#[tokio::test(start_paused = true)]
async fn what_events_tell_is_told_once() {
    use domain::clocks::{Cause, Clock};
    use domain::issue::Correction;
    let mut given = promised().await;
    happens(&mut given, 1, minute(0), filed("Down")).await;
    happens(&mut given, 1, minute(0), triaged("sev1")).await;
    let (clock, cycle, policy_version) = (Clock::Accept, 1, 0);
    let (set_by, deadline) = (2, minute(15));
    let told_at_risk = IssueEvent::SlaAtRiskRecorded { clock, cycle, set_by, deadline, policy_version };
    recorded(&mut given, minute(12), told_at_risk).await;
    let found = given.ask(&about(None, minute(13))).await.compliance;
    assert_eq!(told(&found)[0], "accept 0/0, at risk 1");
    let listed = ListAtRisk { project: pay(), of: Slice::default(), now: minute(13), limit: 9, after: None };
    let listed: Vec<_> = given.ask_now(&listed).await.items.iter().map(|it| (it.clock, it.recorded)).collect();
    assert_eq!(listed, [(Measured::Accept, true)]);
    assert_eq!(at_risk(&given, ("sev1", "dev", "checkout"), minute(13)).await, 1);
    assert_eq!(at_risk(&given, ("", "dev", ""), minute(13)).await, 1);
    assert_eq!(at_risk(&given, ("sev1", "", "cart"), minute(13)).await, 0);
    assert_eq!(at_risk(&given, ("sev2", "", ""), minute(13)).await, 0);
    assert_eq!(at_risk(&given, ("", "", ""), minute(15)).await, 0, "what is breached is at risk no longer");
    let untold = given.ask_now(&about(None, minute(20))).await.compliance;
    assert_eq!((told(&untold)[0].as_str(), untold.untold), ("accept 0/1, open breaches 1", 1));

    let cause = Cause::Deadline;
    let breach = IssueEvent::SlaBreachRecorded { clock, cycle, set_by, deadline, policy_version, cause };
    recorded(&mut given, minute(15), breach).await;
    let found = given.ask(&about(None, minute(20))).await.compliance;
    assert_eq!((told(&found)[0].as_str(), found.untold), ("accept 0/1, open breaches 1", 0));
    let breaches = ListBreaches { project: pay(), clock: None, now: minute(20), limit: 9, after: None };
    let listed: Vec<_> = given.ask_now(&breaches).await.items.iter().map(|it| (it.at, it.recorded)).collect();
    assert_eq!(listed, [(minute(15), true)]);

    // It had been accepted in time, as is told an hour later.
    happens(&mut given, 1, minute(10), accepted("dan")).await;
    let corrected = IssueEvent::SlaBreachCorrected { clock, cycle, by: Correction::LateStop, reason: None };
    recorded(&mut given, minute(75), corrected).await;
    let found = given.ask(&about(None, minute(80))).await.compliance;
    assert_eq!(told(&found)[..1], ["accept 1/1, corrected 1"]);
    assert_eq!(given.ask_now(&breaches).await.items, []);
}

#[tokio::test(start_paused = true)]
async fn delivery_rules_stand_beside() {
    use domain::policy::Delivery;
    let mut given = promised().await;
    for ordinal in [1, 2] {
        all_happen(&mut given, ordinal, (0..).zip(life("Done", "sev1"))).await;
    }
    let rule = Delivery::PatchNow;
    let kept = IssueEvent::DeliveryRuleKept { cycle: 1, rule, release: None };
    happens(&mut given, 1, hour(6), kept).await;
    let broken = IssueEvent::DeliveryRuleBroken { cycle: 1, rule, due: hour(24), release: None };
    happens(&mut given, 2, hour(24), broken).await;
    let found = given.ask(&about(Some(Dimension::Severity), hour(30))).await.compliance;
    assert_eq!(told(&found)[1], "sev1 delivery 1/2");
}
