//! Looking back: what was known never changes, what was true does. The default policy holds; the clock begins on Friday, 2027-01-15, 08:00 UTC.

use api::issues::v1::{FileIssueRequest, RecordWorkaroundRequest, TriageIssueRequest};
use api::sla::v1::sla_service_client::SlaServiceClient;
use api::sla::v1::{
    Compliance, ComplianceWindow, Dimension, ExplainSlaRequest, GetComplianceRequest, GetSlaRequest, LookBack, Measure,
    RecomputeComplianceRequest, TrendStep, Verdict,
};
use prost_types::Timestamp;
use tonic::Code;

use super::answers::refused;
use super::freshness::at_least;
use super::given::{Actor, Client, Given, filing, fresh};
use super::life::{accept, triage};

const NOW: i64 = 1_800_000_000;
const HOUR: i64 = 3_600;

fn sla(given: &Given) -> SlaServiceClient<Client> {
    SlaServiceClient::with_interceptor(given.channel(), Actor::named("ada"))
}

fn instant(seconds: i64) -> Timestamp {
    Timestamp { seconds, nanos: 0 }
}

fn window() -> Option<ComplianceWindow> {
    Some(ComplianceWindow { since: Some(instant(NOW - 90 * 24 * HOUR)), until: Some(instant(NOW + 30 * 24 * HOUR)) })
}

fn asked(by: Dimension, look_back: Option<LookBack>) -> GetComplianceRequest {
    let step = TrendStep::Day.into();
    GetComplianceRequest {
        project: "PAY".into(),
        window: window(),
        by: by.into(),
        step,
        look_back,
        ..Default::default()
    }
}

async fn filed(given: &Given, severity: &str) -> String {
    let filing = FileIssueRequest { reported_severity: severity.into(), ..filing() };
    given.issues("cora").file_issue(filing).await.unwrap().into_inner().consistency_token
}

/// As it is served now, by each of these.
async fn served(given: &Given, token: &str) -> Vec<Compliance> {
    let mut answers = Vec::new();
    for by in [Dimension::Unspecified, Dimension::Severity, Dimension::Team, Dimension::Customer] {
        let request = GetComplianceRequest { consistency: at_least([token]), ..asked(by, None) };
        answers.push(sla(given).get_compliance(request).await.unwrap().into_inner().compliance.unwrap());
    }
    answers
}

/// A figure of all issues: met and breached.
fn verdicts(compliance: &Compliance, measure: Measure) -> (u64, u64) {
    let line = compliance.lines.iter().find(|line| line.measure() == measure);
    let figures = line.and_then(|line| line.figures).unwrap_or_default();
    (figures.met, figures.breached)
}

/// PAY-1 is filed as Sev 1, and nobody looks at it for an hour.
async fn accepted_late(given: &Given) {
    filed(given, "sev1").await;
    given.environment.passes(HOUR);
    let triage = TriageIssueRequest { severity: "sev1".into(), ..triage("PAY-1") };
    given.issues("ada").triage_issue(triage).await.unwrap();
    given.environment.passes(HOUR);
    given.issues("ada").accept_issue(accept("PAY-1")).await.unwrap();
}

#[tokio::test]
async fn what_was_served_is_recomputed_whatever_is_recorded_later() {
    let given = Given::project().await;
    let mut told = Vec::new();
    let token = filed(&given, "sev1").await;
    told.extend(served(&given, &token).await);
    // An hour later accept is breached, and no event tells it: nothing records deadlines here.
    given.environment.passes(HOUR);
    told.extend(served(&given, &token).await);
    given.issues("ada").triage_issue(triage("PAY-1")).await.unwrap();
    let token = filed(&given, "sev2").await;
    told.extend(served(&given, &token).await);
    given.environment.passes(30 * HOUR);
    given.issues("ada").accept_issue(accept("PAY-1")).await.unwrap();
    let token = filed(&given, "").await;
    told.extend(served(&given, &token).await);
    given.environment.passes(100 * HOUR);
    let workaround = RecordWorkaroundRequest {
        key: "PAY-2".into(),
        text: "pay by invoice".into(),
        request_id: fresh(),
        ..Default::default()
    };
    let token = given.issues("ben").record_workaround(workaround).await.unwrap().into_inner().consistency_token;
    told.extend(served(&given, &token).await);

    assert!(told.iter().any(|told| told.untold_breaches > 0) && told.iter().any(|told| told.lines.len() > 4));
    for then in told {
        let position = then.position.unwrap().position;
        let look_back = LookBack { position, as_of: then.as_of, at: None };
        let again = sla(&given).get_compliance(asked(then.by(), Some(look_back))).await.unwrap().into_inner();
        assert_eq!(again.compliance.as_ref(), Some(&then), "as of position {position}, {:?}", then.as_of);
        let GetComplianceRequest { project, window, by, step, .. } = asked(then.by(), None);
        let request = RecomputeComplianceRequest { project, window, by, step, look_back: Some(look_back) };
        let mut stream = sla(&given).recompute_compliance(request).await.unwrap().into_inner();
        let mut last = None;
        while let Some(message) = stream.message().await.unwrap() {
            assert_eq!(message.of_position, position);
            last = message.compliance;
        }
        assert_eq!(last, Some(then));
    }
}

#[tokio::test]
async fn what_was_known_by_a_time_is_what_had_been_recorded_by_then() {
    let given = Given::project().await;
    let token = filed(&given, "sev1").await;
    given.environment.passes(HOUR);
    let before = served(&given, &token).await.remove(0);
    given.environment.passes(HOUR);
    filed(&given, "sev1").await;
    let look_back = LookBack { as_of: before.as_of, ..LookBack::default() };
    let again = sla(&given).get_compliance(asked(Dimension::Unspecified, Some(look_back))).await.unwrap().into_inner();
    assert_eq!(again.compliance, Some(before));
    let long_before = LookBack { as_of: Some(instant(NOW - HOUR)), ..LookBack::default() };
    let nothing = asked(Dimension::Unspecified, Some(long_before));
    refused(sla(&given).get_compliance(nothing).await, Code::NotFound, "UNKNOWN_PROJECT");
}

#[tokio::test]
async fn what_was_true_is_told_by_all_that_is_known() {
    let given = Given::project().await;
    filed(&given, "sev1").await;
    given.environment.passes(HOUR);
    given.issues("ada").triage_issue(triage("PAY-1")).await.unwrap();
    // An hour after it was filed, accept had been breached three quarters of an hour before; a minute after it, not.
    let of = |at: i64, position| LookBack { at: Some(instant(at)), position, as_of: None };
    let mut ada = sla(&given);
    for (at, expected) in [(NOW + 60, (0, 0)), (NOW + HOUR - 60, (0, 1))] {
        let found = ada.get_compliance(asked(Dimension::Unspecified, Some(of(at, 0)))).await.unwrap().into_inner();
        let compliance = found.compliance.unwrap();
        assert_eq!(verdicts(&compliance, Measure::Accept), expected, "at {at}");
        assert_eq!(compliance.as_of, Some(instant(at)));
    }
    // Both: what was true then, by what was known before the triage gave it another severity.
    let sev1 = ada
        .get_sla(GetSlaRequest { key: "PAY-1".into(), look_back: Some(of(NOW + 60, 0)), ..Default::default() })
        .await;
    let now_known = sev1.unwrap().into_inner().sla.unwrap();
    assert_eq!(now_known.cycles[0].severity, "sev1", "nobody had triaged it at that time");
}

#[tokio::test]
async fn a_clocks_story_tells_what_moved_it_and_what_did_not() {
    let given = Given::project().await;
    accepted_late(&given).await;
    let request = |look_back| ExplainSlaRequest { key: "pay-1".into(), look_back };
    let told = sla(&given).explain_sla(request(None)).await.unwrap().into_inner();
    let accept = &told.stories[0];
    let kinds: Vec<_> = accept.lines.iter().map(|line| line.kind.as_str()).collect();
    assert_eq!(kinds[..2], ["started", "ruled"], "{accept:?}");
    let due = accept.lines.iter().find(|line| line.kind == "due").unwrap();
    assert!(due.text.contains(": 15m on 24x7"), "{}", due.text);
    assert_eq!((due.counted.len(), due.counted[0].length.unwrap().seconds), (1, 15 * 60));
    assert!(kinds.contains(&"breached") && kinds.last() == Some(&"ended"), "{kinds:?}");
    assert_eq!(told.sla.unwrap().verdict(), Verdict::Breached);

    // As of the filing there is less to tell, and it stays so.
    let filed = LookBack { position: told_position(&given).await, ..LookBack::default() };
    let first = sla(&given).explain_sla(request(Some(filed))).await.unwrap().into_inner();
    assert_eq!(first.sla.unwrap().verdict(), Verdict::Unspecified);
    assert!(first.stories[0].lines.iter().all(|line| line.kind != "ended"));
}

/// The position of PAY-1's filing.
async fn told_position(given: &Given) -> u64 {
    let mut position = 1;
    loop {
        let look_back = Some(LookBack { position, ..LookBack::default() });
        let request = GetSlaRequest { key: "PAY-1".into(), look_back, ..Default::default() };
        if sla(given).get_sla(request).await.is_ok() {
            return position;
        }
        position += 1;
    }
}

#[tokio::test]
async fn nobody_looks_back_into_the_future() {
    let given = Given::project().await;
    filed(&given, "sev1").await;
    let later = Some(instant(NOW + 1000 * HOUR));
    let fields = |look_back| asked(Dimension::Unspecified, Some(look_back));
    let wrong = fields(LookBack { as_of: later, at: later, position: 0 });
    let refusal = refused(sla(&given).get_compliance(wrong).await, Code::InvalidArgument, "INVALID_FIELDS");
    assert_eq!(refusal.fields(), ["look_back.as_of", "look_back.at"]);
    let wrong = fields(LookBack::default());
    let refusal = refused(sla(&given).get_compliance(wrong).await, Code::InvalidArgument, "INVALID_FIELDS");
    assert_eq!(refusal.fields(), ["look_back.position"]);
    let wrong = fields(LookBack { position: 9_999, ..LookBack::default() });
    let refusal = refused(sla(&given).get_compliance(wrong).await, Code::InvalidArgument, "INVALID_FIELDS");
    assert_eq!(refusal.fields(), ["look_back.position"]);
    let nowhere = ExplainSlaRequest { key: "PAY-99".into(), look_back: None };
    refused(sla(&given).explain_sla(nowhere).await, Code::NotFound, "NO_SUCH_ISSUE");
}
