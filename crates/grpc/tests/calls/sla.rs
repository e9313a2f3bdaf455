//! What was promised, and how it is kept. The stories' clock stands at Friday, 2027-01-15, 08:00 UTC; the default policy holds.

use api::issues::v1::{Asked, FileIssueRequest, RequestInformationRequest};
use api::policies::v1::Clock;
use api::sla::v1::sla_service_client::SlaServiceClient;
use api::sla::v1::{
    ClockCycle, ClockState, ComplianceWindow, Dimension, GetComplianceRequest, GetPausesRequest, GetSlaRequest,
    ListAtRiskRequest, ListBreachesRequest, Measure, TrendStep, Verdict, WatchDueRequest,
};
use prost_types::{Duration, Timestamp};
use tonic::Code;

use super::answers::refused;
use super::freshness::at_least;
use super::given::{Actor, Client, Given, filing, fresh};
use super::life::{accept, triage};

const NOW: i64 = 1_800_000_000;
const DAY: i64 = 86_400;
const HOUR: i64 = 3_600;
/// Tuesday, 09:00: when the office opened after PAY-1 was filed.
const TUESDAY: i64 = NOW - 3 * DAY + HOUR;

fn instant(seconds: i64) -> Option<Timestamp> {
    Some(Timestamp { seconds, nanos: 0 })
}

fn sla(given: &Given, actor: &'static str) -> SlaServiceClient<Client> {
    SlaServiceClient::with_interceptor(given.channel(), Actor::named(actor))
}

/// PAY-1 filed on Tuesday and triaged on Wednesday as Sev 2; PAY-2 filed now. Gives a token of all that.
async fn two_issues(given: &Given) -> String {
    let unjudged = || FileIssueRequest { reported_severity: String::new(), ..filing() };
    let earlier = FileIssueRequest { occurred_at: instant(NOW - 3 * DAY), ..unjudged() };
    given.issues("cora").file_issue(earlier).await.unwrap();
    let mut triage = triage("PAY-1");
    triage.occurred_at = instant(NOW - 2 * DAY);
    given.issues("ada").triage_issue(triage).await.unwrap();
    given.issues("cora").file_issue(unjudged()).await.unwrap().into_inner().consistency_token
}

fn compliance(token: &str, by: Dimension) -> GetComplianceRequest {
    GetComplianceRequest {
        project: "pay".into(),
        window: Some(ComplianceWindow { since: instant(NOW - 4 * DAY), until: None }),
        by: by.into(),
        step: TrendStep::Day.into(),
        consistency: at_least([token]),
        ..Default::default()
    }
}

#[tokio::test]
async fn an_issues_clocks_are_told_as_they_stand_and_why() {
    let given = Given::project().await;
    let token = two_issues(&given).await;
    let asked = GetSlaRequest { key: "pay-1".into(), consistency: at_least([&token]), ..Default::default() };
    let answer = sla(&given, "ada").get_sla(asked).await.unwrap().into_inner();
    let found = answer.sla.unwrap();
    assert!(!answer.consistency_token.is_empty());
    assert_eq!((found.key.as_str(), found.verdict(), found.exempt), ("PAY-1", Verdict::Breached, false));
    assert_eq!((found.policy_versions.as_slice(), found.position.unwrap().position > 0), ([0].as_slice(), true));
    let [accept, mitigate, resolve] = found.cycles.as_slice() else { panic!("three clocks: {found:?}") };
    let told = |cycle: &ClockCycle| (cycle.clock(), cycle.state(), cycle.verdict(), cycle.deadline.unwrap().seconds);
    let (running, breached) = (ClockState::Running, Verdict::Breached);
    assert_eq!(told(accept), (Clock::Accept, running, breached, TUESDAY + 4 * HOUR));
    assert_eq!(told(mitigate), (Clock::Mitigate, running, breached, TUESDAY + 2 * DAY));
    assert_eq!(told(resolve), (Clock::Resolve, running, Verdict::Unspecified, TUESDAY + 7 * DAY));
    let hours = |length: Option<Duration>| length.unwrap().seconds / HOUR;
    assert_eq!((hours(resolve.length), hours(resolve.used), hours(resolve.left)), (40, 24, 16));
    assert!(!resolve.working_time, "it opens at nine");
    assert_eq!(resolve.target, "5 working days");
    assert_eq!(
        resolve.why,
        "policy 0 promises 5 working days on business for sev2; outside of working time, nothing is used up"
    );
    let unknown = GetSlaRequest { key: "PAY-9".into(), ..Default::default() };
    refused(sla(&given, "ada").get_sla(unknown).await, Code::NotFound, "NO_SUCH_ISSUE");
}

#[tokio::test]
async fn compliance_is_told_with_what_it_rests_on() {
    let given = Given::project().await;
    let token = two_issues(&given).await;
    let mut ada = sla(&given, "ada");
    let answer = ada.get_compliance(compliance(&token, Dimension::Severity)).await.unwrap().into_inner();
    let found = answer.compliance.unwrap();
    assert_eq!((found.project.as_str(), found.by(), found.step()), ("PAY", Dimension::Severity, TrendStep::Day));
    assert_eq!((found.policy_versions.as_slice(), found.position.unwrap().position > 0), ([0].as_slice(), true));
    let line = |value: &str, measure: Measure| {
        let line = found.lines.iter().find(|line| (line.value.as_str(), line.measure()) == (value, measure));
        line.unwrap_or_else(|| panic!("{value} {measure:?}: {found:?}"))
    };
    let accepted = line("sev2", Measure::Accept);
    let figures = accepted.figures.unwrap();
    assert_eq!((figures.met, figures.breached, figures.verdicts, figures.compliance), (0, 1, 1, Some(0.0)));
    assert_eq!((accepted.open.unwrap().breached, accepted.trend.len()), (1, 1));
    assert_eq!(accepted.trend[0].start, instant(TUESDAY - 9 * HOUR + DAY), "on Wednesday, by the triage");
    assert_eq!(line("sev2", Measure::Issue).figures.unwrap().breached, 1);
    let waits = line("sev3", Measure::Accept);
    assert_eq!((waits.figures.unwrap().compliance, waits.open.unwrap().running), (None, 1), "PAY-2, as nobody said");

    let by_customer = ada.get_compliance(compliance(&token, Dimension::Customer)).await.unwrap().into_inner();
    let values: Vec<_> = by_customer.compliance.unwrap().lines.into_iter().map(|line| line.value).collect();
    assert!(values.iter().all(|value| value == "acme"), "{values:?}");
}

#[tokio::test]
async fn what_can_not_be_asked_is_refused_with_all_its_faults() {
    let given = Given::project().await;
    let mut ada = sla(&given, "ada");
    let window = Some(ComplianceWindow { since: instant(NOW + DAY), until: None });
    let asked = GetComplianceRequest { project: "no project".into(), window, by: 99, step: 98, ..Default::default() };
    let refusal = refused(ada.get_compliance(asked).await, Code::InvalidArgument, "INVALID_FIELDS");
    let mut fields = refusal.fields();
    fields.sort_unstable();
    assert_eq!(fields, ["by", "project", "step", "window.since"]);
    let window = Some(ComplianceWindow { since: instant(NOW - 731 * DAY), until: None });
    let asked = GetComplianceRequest { window, ..compliance("", Dimension::Team) };
    let asked = GetComplianceRequest { consistency: None, ..asked };
    let refusal = refused(ada.get_compliance(asked).await, Code::InvalidArgument, "INVALID_FIELDS");
    assert_eq!(refusal.fields(), ["window"]);
    let nowhere = GetComplianceRequest { project: "NOPE".into(), ..Default::default() };
    refused(ada.get_compliance(nowhere).await, Code::NotFound, "UNKNOWN_PROJECT");
    let nowhere = ListBreachesRequest { project: "NOPE".into(), page_size: -1, clock: 9, ..Default::default() };
    let refusal = refused(ada.list_breaches(nowhere).await, Code::InvalidArgument, "INVALID_FIELDS");
    assert_eq!(refusal.fields().len(), 2);
    let nowhere = || WatchDueRequest { project: "NOPE".into(), ..Default::default() };
    refused(ada.watch_due(nowhere()).await, Code::NotFound, "UNKNOWN_PROJECT");
}

#[tokio::test]
async fn breaches_are_listed_page_by_page() {
    let given = Given::project().await;
    let token = two_issues(&given).await;
    let mut ada = sla(&given, "ada");
    let mut asked = ListBreachesRequest {
        project: "PAY".into(),
        page_size: 1,
        consistency: at_least([&token]),
        ..Default::default()
    };
    let mut found = Vec::new();
    loop {
        let page = ada.list_breaches(asked.clone()).await.unwrap().into_inner();
        assert!(page.position.is_some() && page.as_of.is_some());
        found.extend(page.breaches);
        asked.page_token = page.next_page_token;
        if asked.page_token.is_empty() {
            break;
        }
    }
    let told: Vec<_> = found.iter().map(|it| (it.clock(), it.breached_at.unwrap().seconds, it.recorded)).collect();
    assert_eq!(
        told,
        [(Clock::Mitigate, TUESDAY + 2 * DAY, false), (Clock::Accept, NOW - 2 * DAY, true)],
        "the latest first; the triage has recorded its own"
    );
    let first = &found[1];
    assert_eq!((first.cause.as_str(), first.waited.unwrap().seconds), ("first_triage", 24 * HOUR));
    assert_eq!(first.class.clone().unwrap().severity, "sev2");
    asked = ListBreachesRequest { project: "PAY".into(), clock: Clock::Accept.into(), ..Default::default() };
    assert_eq!(ada.list_breaches(asked).await.unwrap().into_inner().breaches.len(), 1);
    let at_risk = ListAtRiskRequest { project: "PAY".into(), ..Default::default() };
    assert_eq!(ada.list_at_risk(at_risk).await.unwrap().into_inner().clocks, []);
}

#[tokio::test]
async fn what_is_at_risk_is_asked_for_by_severity_team_and_component() {
    let given = Given::project().await;
    let token = two_issues(&given).await;
    // Sev 2 is resolved within 5 working days: at 75 % of them PAY-1 is at risk, which nothing has recorded.
    given.environment.passes(3 * DAY + 20 * HOUR);
    let mut ada = sla(&given, "ada");
    let mut asked = async |severity: &str, team: &str, component: &str| {
        let [severity, team, component] = [severity, team, component].map(String::from);
        let consistency = at_least([&token]);
        let asked =
            ListAtRiskRequest { project: "PAY".into(), severity, team, component, consistency, ..Default::default() };
        let clocks = ada.list_at_risk(asked).await.unwrap().into_inner().clocks;
        clocks.into_iter().map(|it| (it.key.clone(), it.clock(), it.recorded)).collect::<Vec<_>>()
    };
    let resolve = vec![("PAY-1".to_owned(), Clock::Resolve, false)];
    assert_eq!(asked("sev2", "", "").await, resolve);
    assert_eq!(asked("sev2", "core", "").await, resolve);
    for (severity, team, component) in [("sev1", "", ""), ("sev2", "ops", ""), ("", "", "nothing")] {
        assert_eq!(asked(severity, team, component).await, [], "{severity} {team} {component}");
    }
    let malformed = ListAtRiskRequest { project: "PAY".into(), team: "a b".into(), ..Default::default() };
    let refusal = refused(ada.list_at_risk(malformed).await, Code::InvalidArgument, "INVALID_FIELDS");
    assert_eq!(refusal.fields(), ["team"]);
}

#[tokio::test]
async fn whoever_asks_lets_clocks_stand_still_and_is_named() {
    let given = Given::project().await;
    two_issues(&given).await;
    let asks = RequestInformationRequest {
        key: "PAY-2".into(),
        request_id: fresh(),
        of: Asked::Opener.into(),
        text: "When was that?".into(),
        ..Default::default()
    };
    let token = given.issues("ada").request_information(asks).await.unwrap().into_inner().consistency_token;
    let asked = GetPausesRequest { project: "PAY".into(), consistency: at_least([&token]), ..Default::default() };
    let found = sla(&given, "ada").get_pauses(asked).await.unwrap().into_inner();
    let [person] = found.people.as_slice() else { panic!("one: {found:?}") };
    assert_eq!((person.person.as_str(), person.pauses, person.lasting, person.share), ("ada", 1, 1, 1.0));
    assert_eq!(found.suspicious, [], "all of it was left");
}

#[tokio::test]
async fn what_comes_due_is_told_whenever_it_changes() {
    let given = Given::project().await;
    let token = two_issues(&given).await;
    let asked =
        WatchDueRequest { project: "PAY".into(), limit: 5, consistency: at_least([&token]), ..Default::default() };
    let mut told = sla(&given, "ada").watch_due(asked).await.unwrap().into_inner();
    let keys = |due: &[api::sla::v1::DueIssue]| due.iter().map(|due| due.key.clone()).collect::<Vec<_>>();
    let first = told.message().await.unwrap().unwrap();
    assert_eq!(keys(&first.due), ["PAY-1", "PAY-2"], "what is due already first");
    given.issues("ada").accept_issue(accept("PAY-1")).await.unwrap();
    given.issues("cora").file_issue(filing()).await.unwrap();
    loop {
        let next = told.message().await.unwrap().unwrap();
        assert!(!next.consistency_token.is_empty() && next.as_of.is_some());
        if keys(&next.due).contains(&"PAY-3".to_owned()) {
            break;
        }
    }
}

#[tokio::test]
async fn a_watch_of_what_comes_due_goes_on_from_its_token() {
    let given = Given::project().await;
    let token = two_issues(&given).await;
    let asked = WatchDueRequest { project: "PAY".into(), consistency: at_least([&token]), ..Default::default() };
    let first = sla(&given, "ada").watch_due(asked).await.unwrap().into_inner().message().await.unwrap().unwrap();
    assert!(!first.bookmark);

    // Nothing has changed: all that is told is that somebody is there.
    let resume_token = first.resume_token.clone();
    let again = WatchDueRequest { project: "pay".into(), resume_token, ..Default::default() };
    let mut told = sla(&given, "ada").watch_due(again.clone()).await.unwrap().into_inner();
    let next = told.message().await.unwrap().unwrap();
    assert_eq!((next.bookmark, &next.due), (true, &first.due));

    // Something has while nobody watched.
    drop(told);
    given.issues("cora").file_issue(filing()).await.unwrap();
    let mut told = sla(&given, "ada").watch_due(again.clone()).await.unwrap().into_inner();
    let next = loop {
        let next = told.message().await.unwrap().unwrap();
        if !next.bookmark {
            break next;
        }
    };
    assert_eq!(next.due.len(), first.due.len() + 1);

    let other = WatchDueRequest { limit: 7, ..again.clone() };
    refused(sla(&given, "ada").watch_due(other).await, Code::InvalidArgument, "RESUME_TOKEN_INVALID");
    let both = WatchDueRequest { consistency: at_least([&token]), ..again };
    let both = refused(sla(&given, "ada").watch_due(both).await, Code::InvalidArgument, "INVALID_FIELDS");
    assert_eq!(both.fields(), ["consistency"]);
}
