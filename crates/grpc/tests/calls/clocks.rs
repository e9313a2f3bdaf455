//! What is recorded of clocks, asked for by other services: counted anew, refused by name.

use api::issues::v1::*;
use api::policies::v1::{Clock, Delivery};
use api::releases::v1::RecordDeploymentRequest;
use tonic::Code;

use super::answers::refused;
use super::given::{Given, filing, fresh};
use super::life::{accept, resolve, triage, verify};

/// So many minutes after the filing, a day before the server's clock begins.
fn minute(minutes: i64) -> prost_types::Timestamp {
    let filed = 1_800_000_000 - 24 * 60 * 60;
    prost_types::Timestamp { seconds: filed + minutes * 60, nanos: 0 }
}

fn breach(clock: Clock) -> RecordSlaBreachRequest {
    RecordSlaBreachRequest {
        request_id: fresh(),
        key: "PAY-1".into(),
        clock: clock.into(),
        cycle: 1,
        set_by: 1,
        expected_revision: None,
    }
}

#[tokio::test]
async fn a_breach_is_recorded_once_and_taken_back_by_a_stop_that_says_why_it_is_late() {
    let given = Given::project().await;
    let (mut ada, mut system) = (given.issues("ada"), given.issues("system:deadlines"));
    // Sev 1: 15 minutes to accept, around the clock.
    let filed = FileIssueRequest { reported_severity: "sev1".into(), occurred_at: Some(minute(0)), ..filing() };
    ada.file_issue(filed).await.unwrap();
    let triaged = TriageIssueRequest { severity: "sev1".into(), occurred_at: Some(minute(1)), ..triage("PAY-1") };
    ada.triage_issue(triaged).await.unwrap();

    let at_risk = RecordSlaAtRiskRequest {
        request_id: fresh(),
        key: "PAY-1".into(),
        clock: Clock::Accept.into(),
        cycle: 1,
        set_by: 1,
        expected_revision: None,
    };
    system.record_sla_at_risk(at_risk).await.unwrap();
    system.record_sla_breach(breach(Clock::Accept)).await.unwrap();
    let again = system.record_sla_breach(breach(Clock::Accept)).await;
    let refusal = refused(again, Code::FailedPrecondition, "SLA_ALREADY_RECORDED");
    assert_eq!((refusal.fact("clock"), refusal.fact("cycle")), ("accept", "1"));
    let other = RecordSlaBreachRequest { cycle: 2, ..breach(Clock::Accept) };
    refused(system.record_sla_breach(other).await, Code::FailedPrecondition, "NO_SUCH_CYCLE");
    let correct = CorrectSlaBreachRequest {
        request_id: fresh(),
        key: "PAY-1".into(),
        clock: Clock::Accept.into(),
        cycle: 1,
        reason: "a mistake".into(),
        expected_revision: None,
    };
    refused(system.correct_sla_breach(correct).await, Code::FailedPrecondition, "SLA_BREACH_STANDS");

    let late = AcceptIssueRequest { occurred_at: Some(minute(5)), ..accept("PAY-1") };
    refused(ada.accept_issue(late.clone()).await, Code::FailedPrecondition, "LATE_REASON_MISSING");
    let told = AcceptIssueRequest { late_reason: "the train had no network".into(), request_id: fresh(), ..late };
    let accepted = ada.accept_issue(told).await.unwrap().into_inner();
    // Filed, triaged, at risk, breached, accepted, corrected.
    assert_eq!(accepted.revision, 6);
}

#[tokio::test]
async fn clocks_are_rebased_by_who_says_why() {
    let given = Given::project().await;
    given.file().await;
    let mut ada = given.issues("ada");
    let rebase = RebaseClocksRequest { request_id: fresh(), key: "PAY-1".into(), ..Default::default() };
    refused(ada.rebase_clocks(rebase.clone()).await, Code::FailedPrecondition, "REASON_MISSING");
    let rebase = RebaseClocksRequest { reason: "the contract changed".into(), ..rebase };
    let refusal = refused(ada.rebase_clocks(rebase.clone()).await, Code::FailedPrecondition, "NOTHING_TO_REBASE");
    assert_eq!(refusal.fact("version"), "0");
    let unknown = RebaseClocksRequest { policy_version: Some(7), ..rebase };
    refused(ada.rebase_clocks(unknown).await, Code::FailedPrecondition, "UNKNOWN_POLICY");
}

#[tokio::test]
async fn escalations_and_deliveries_follow_from_the_policy() {
    let given = Given::project().await;
    given.file().await;
    let mut system = given.issues("system:deadlines");
    let escalation = RecordEscalationRequest {
        request_id: fresh(),
        key: "PAY-1".into(),
        clock: Clock::Accept.into(),
        cycle: 1,
        set_by: 1,
        step: 1,
        people: vec!["pia".into()],
        expected_revision: None,
    };
    refused(system.record_escalation(escalation).await, Code::FailedPrecondition, "ESCALATION_NOT_DUE");
    let delivery = RecordDeliveryRequest {
        request_id: fresh(),
        key: "PAY-1".into(),
        cycle: 1,
        rule: Delivery::Planned.into(),
        ..Default::default()
    };
    refused(system.record_delivery(delivery).await, Code::FailedPrecondition, "NO_DELIVERY_RULE");
}

#[tokio::test]
async fn a_delivery_that_the_log_does_not_tell_is_refused_by_name() {
    let given = Given::project().await;
    given.file().await;
    let mut ada = given.issues("ada");
    // Sev 2: the next push is to bring it.
    ada.triage_issue(triage("PAY-1")).await.unwrap();
    ada.accept_issue(accept("PAY-1")).await.unwrap();
    ada.resolve_issue(resolve("PAY-1")).await.unwrap();
    let mut system = given.issues("system:delivery");
    let kept = |release: &str| RecordDeliveryRequest {
        request_id: fresh(),
        key: "PAY-1".into(),
        cycle: 1,
        rule: Delivery::NextPush.into(),
        release: release.into(),
        ..Default::default()
    };
    refused(system.record_delivery(kept("r1")).await, Code::FailedPrecondition, "NOT_VERIFIED");
    given.issues("cora").verify_issue(verify("PAY-1")).await.unwrap();
    refused(system.record_delivery(kept("r1")).await, Code::FailedPrecondition, "UNKNOWN_RELEASE");
    let deployment = RecordDeploymentRequest {
        request_id: fresh(),
        project: "PAY".into(),
        release: "r1".into(),
        environment: "production".into(),
        changes: vec!["another".into()],
        ..Default::default()
    };
    let deployed = given.releases("system:deploy").record_deployment(deployment).await.unwrap().into_inner();
    let at = deployed.release.unwrap().environments[0].since;
    let refusal = refused(system.record_delivery(kept("r1")).await, Code::FailedPrecondition, "DELIVERY_NOT_KEPT");
    assert_eq!(refusal.fact("cycle"), "1");
    let broken = |due| RecordDeliveryRequest { broken_due: due, ..kept("r1") };
    let another = broken(Some(minute(0)));
    refused(system.record_delivery(another).await, Code::FailedPrecondition, "DELIVERY_NOT_BROKEN");
    system.record_delivery(broken(at)).await.unwrap();
    let again = system.record_delivery(broken(at)).await;
    refused(again, Code::FailedPrecondition, "DELIVERY_ALREADY_RECORDED");
}
