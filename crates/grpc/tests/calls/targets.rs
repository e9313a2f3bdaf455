//! Why a clock has its target: for the moment it was chosen, and for now.

use api::issues::v1::{ChangeComponentRequest, FileIssueRequest};
use api::policies::v1::{Clock, ExplainTargetRequest, Mismatch, Selector, SeverityOrigin, TargetReason, When};
use api::projects::v1::AddComponentRequest;
use tonic::Code;

use super::answers::refused;
use super::given::{Given, filing, fresh};
use super::policies::{adopt, client, gold, hours, with_mitigate};

#[tokio::test]
async fn a_target_is_explained() {
    let given = Given::project().await;
    let old = given.file().await.key;
    let mut policy = with_mitigate(&given, 6).await;
    let of_silver = When { tiers: vec!["silver".into()], ..When::default() };
    policy.selectors = vec![Selector { name: "silver".into(), when: Some(of_silver), ..gold(&policy) }, gold(&policy)];
    client(&given).adopt_policy(adopt(policy)).await.unwrap();
    let reported = FileIssueRequest { reported_severity: "sev2".into(), ..filing() };
    let new = given.issues("cora").file_issue(reported).await.unwrap().into_inner().issue.unwrap().key;

    let request = ExplainTargetRequest { key: new.to_lowercase() };
    let answer = client(&given).explain_target(request).await.unwrap().into_inner();
    assert_eq!((answer.key, answer.in_force, answer.exempt, answer.clocks.len()), (new, 1, false, 3));
    let mitigate = &answer.clocks[1];
    assert_eq!((mitigate.clock(), mitigate.cycle, mitigate.target), (Clock::Mitigate, 1, Some(hours(6))));
    assert_eq!((mitigate.calendar.as_str(), mitigate.calendar_version, mitigate.policy_version), ("business", 0, 1));
    assert_eq!((mitigate.severity.as_str(), mitigate.severity_origin()), ("sev2", SeverityOrigin::Reporter));
    assert_eq!(mitigate.selector, "gold-customers");
    let passed: Vec<_> = mitigate.passed_over.iter().map(|one| (one.selector.as_str(), one.mismatch())).collect();
    assert_eq!(passed, [("silver", Mismatch::Tier)]);

    let answer = client(&given).explain_target(ExplainTargetRequest { key: old }).await.unwrap().into_inner();
    let mitigate = &answer.clocks[1];
    assert_eq!(
        (mitigate.policy_version, mitigate.target, mitigate.target_in_force),
        (0, Some(hours(4)), Some(hours(6)))
    );
    let unknown = ExplainTargetRequest { key: "PAY-9".into() };
    refused(client(&given).explain_target(unknown).await, Code::NotFound, "NO_SUCH_ISSUE");
}

#[tokio::test]
async fn a_target_is_explained_for_the_moment_it_was_chosen_and_for_now() {
    let given = Given::project().await;
    let mut policy = with_mitigate(&given, 6).await;
    let of_checkout = When { components: vec!["checkout".into()], ..When::default() };
    policy.selectors = vec![Selector { name: "of-checkout".into(), when: Some(of_checkout), ..gold(&policy) }];
    client(&given).adopt_policy(adopt(policy)).await.unwrap();
    let component = AddComponentRequest {
        request_id: fresh(),
        project: "PAY".into(),
        component: "cart".into(),
        ..Default::default()
    };
    given.projects("paula").add_component(component).await.unwrap();
    let reported = FileIssueRequest { reported_severity: "sev2".into(), component: "checkout".into(), ..filing() };
    let key = given.issues("cora").file_issue(reported).await.unwrap().into_inner().issue.unwrap().key;
    let explained = async || {
        let answer = client(&given).explain_target(ExplainTargetRequest { key: key.clone() }).await.unwrap();
        answer.into_inner().clocks.remove(1)
    };
    let before = explained().await;
    assert_eq!(
        (before.selector.as_str(), before.component.as_str(), &before.rechosen),
        ("of-checkout", "checkout", &None)
    );
    assert_eq!((before.chosen_at, before.target), (before.started_at, Some(hours(6))));

    let moves = ChangeComponentRequest {
        request_id: fresh(),
        key: key.clone(),
        component: "cart".into(),
        reason: "it is the cart's".into(),
        ..Default::default()
    };
    given.issues("ada").change_component(moves).await.unwrap();
    let after = explained().await;
    let now = after.rechosen.clone().unwrap();
    assert_eq!(TargetReason { rechosen: None, ..after }, before, "what was chosen stands, and why");
    assert_eq!((now.component.as_str(), now.severity.as_str(), now.selector.as_str()), ("cart", "sev2", ""));
    assert_ne!(now.target, before.target);
}
