//! SLA policies: adopted, shown, explained, tried; and everything that is none, refused before anything is recorded.

use api::consistency::v1::consistency::Requirement;
use api::consistency::v1::{AtLeastAsFresh, Consistency};
use api::issues::v1::FileIssueRequest;
use api::policies::v1::policy_service_client::PolicyServiceClient;
use api::policies::v1::preview_policy_response::Step;
use api::policies::v1::try_policy_response::Step as Trying;
use api::policies::v1::{
    AdoptPolicyRequest, CalendarPin, Clock, ClockMove, Delivery, Entry, GetPolicyRequest, ListPoliciesRequest, Policy,
    PolicyVersion, PreviewPolicyRequest, PreviewSummary, Rules, Selector, Target, Trial, TryPolicyRequest, Verdict,
    When, target,
};
use api::projects::v1::GetProjectRequest;
use prost_types::{Duration, Timestamp};
use tonic::Code;

use super::answers::refused;
use super::given::{Actor, Client, Given, filing, fresh};

pub(crate) fn client(given: &Given) -> PolicyServiceClient<Client> {
    PolicyServiceClient::with_interceptor(given.channel(), Actor::named("pia"))
}

pub(crate) fn hours(hours: i64) -> Target {
    Target { target: Some(target::Target::WorkingTime(Duration { seconds: hours * 3600, nanos: 0 })) }
}

pub(crate) fn adopt(policy: Policy) -> AdoptPolicyRequest {
    AdoptPolicyRequest {
        request_id: fresh(),
        project: "pay".into(),
        policy: Some(policy),
        effective_from: None,
        expected_revision: None,
    }
}

fn get(version: Option<u32>, at: Option<Timestamp>) -> GetPolicyRequest {
    GetPolicyRequest { project: "PAY".into(), version, at }
}

async fn in_force(given: &Given) -> PolicyVersion {
    client(given).get_policy(get(None, None)).await.unwrap().into_inner().policy.unwrap()
}

/// The default, with another time to mitigate a sev1.
pub(crate) async fn with_mitigate(given: &Given, hours_of: i64) -> Policy {
    let mut policy = in_force(given).await.policy.unwrap();
    policy.severities[0].mitigate = Some(hours(hours_of));
    policy
}

async fn revision(given: &Given) -> u64 {
    let request = GetProjectRequest { project: "PAY".into() };
    given.projects("pia").get_project(request).await.unwrap().into_inner().project.unwrap().revision
}

/// A filing of so many hours ago.
fn filed_ago(hours_ago: i64) -> FileIssueRequest {
    let occurred_at = Some(Timestamp { seconds: 1_800_000_000 - hours_ago * 3600, nanos: 0 });
    FileIssueRequest { occurred_at, ..filing() }
}

/// Files it, and gives what its view must show.
async fn file(given: &Given, filing: FileIssueRequest) -> (String, Option<Consistency>) {
    let answer = given.issues("cora").file_issue(filing).await.unwrap().into_inner();
    let fresh = AtLeastAsFresh { tokens: vec![answer.consistency_token] };
    (answer.issue.unwrap().key, Some(Consistency { requirement: Some(Requirement::AtLeastAsFresh(fresh)) }))
}

#[tokio::test]
async fn a_project_that_adopted_nothing_is_ruled_by_the_default() {
    let given = Given::project().await;
    let answer = client(&given).get_policy(get(None, None)).await.unwrap().into_inner();
    let version = answer.policy.unwrap();
    assert_eq!((version.version, version.effective_from, answer.in_force), (0, None, true));
    let policy = version.policy.unwrap();
    let severities: Vec<_> = policy.severities.iter().map(|rules| rules.severity.as_str()).collect();
    assert_eq!(severities, ["sev1", "sev2", "sev3"]);
    assert_eq!(policy.severities[0].mitigate, Some(hours(4)));
    assert_eq!(policy.severities[1].pauses().collect::<Vec<_>>(), [Clock::Accept, Clock::Resolve]);
}

#[tokio::test]
async fn a_policy_is_adopted_once_and_the_older_ones_stay() {
    let given = Given::project().await;
    let request = adopt(with_mitigate(&given, 6).await);
    let adopted = client(&given).adopt_policy(request.clone()).await.unwrap().into_inner();
    let version = adopted.policy.clone().unwrap();
    assert_eq!((version.version, adopted.revision), (1, revision(&given).await));
    assert_eq!(in_force(&given).await, version);
    assert_eq!(client(&given).adopt_policy(request).await.unwrap().into_inner(), adopted, "the first answer again");
    let old = client(&given).get_policy(get(Some(0), None)).await.unwrap().into_inner();
    assert_eq!((old.policy.unwrap().version, old.in_force), (0, false));
    let earlier = Some(Timestamp { seconds: 1_799_000_000, nanos: 0 });
    let before = client(&given).get_policy(get(None, earlier)).await.unwrap().into_inner();
    assert_eq!(before.policy.unwrap().version, 0, "what was in force then");
    refused(client(&given).get_policy(get(Some(7), None)).await, Code::NotFound, "UNKNOWN_POLICY");
    refused(client(&given).get_policy(get(Some(1), earlier)).await, Code::InvalidArgument, "INVALID_FIELDS");
}

#[tokio::test]
async fn what_is_shown_is_taken_back_as_it_is() {
    let given = Given::project().await;
    let mut policy = with_mitigate(&given, 6).await;
    policy.selectors.push(gold(&policy));
    let adopted = client(&given).adopt_policy(adopt(policy)).await.unwrap().into_inner().policy.unwrap();
    let refusal = refused(
        client(&given).adopt_policy(adopt(adopted.policy.unwrap())).await,
        Code::FailedPrecondition,
        "SAME_POLICY",
    );
    assert_eq!(refusal.fact("version"), "1");
}

#[tokio::test]
async fn a_policy_to_come_rules_from_its_time_on() {
    let given = Given::project().await;
    let april = Timestamp { seconds: 1_806_537_600, nanos: 0 };
    let mut request = adopt(with_mitigate(&given, 6).await);
    request.effective_from = Some(april);
    let adopted = client(&given).adopt_policy(request).await.unwrap().into_inner().policy.unwrap();
    assert_eq!((adopted.version, adopted.effective_from), (1, Some(april)));
    assert_eq!(in_force(&given).await.version, 0);
    let then = client(&given).get_policy(get(None, Some(april))).await.unwrap().into_inner();
    assert_eq!((then.policy.unwrap().version, then.in_force), (1, false));
}

#[tokio::test]
async fn all_policies_are_listed_the_newest_first() {
    let given = Given::project().await;
    for hours_of in [5, 6, 7] {
        client(&given).adopt_policy(adopt(with_mitigate(&given, hours_of).await)).await.unwrap();
    }
    let mut request = ListPoliciesRequest { project: "PAY".into(), page_size: 3, page_token: String::new() };
    let first = client(&given).list_policies(request.clone()).await.unwrap().into_inner();
    let versions = |policies: &[PolicyVersion]| policies.iter().map(|policy| policy.version).collect::<Vec<_>>();
    assert_eq!((versions(&first.policies), first.in_force), (vec![3, 2, 1], 3));
    request.page_token = first.next_page_token;
    let last = client(&given).list_policies(request.clone()).await.unwrap().into_inner();
    assert_eq!((versions(&last.policies), last.next_page_token.as_str()), (vec![0], ""));
    request.project = "OPS".into();
    refused(client(&given).list_policies(request).await, Code::InvalidArgument, "PAGE_TOKEN_INVALID");
}

#[tokio::test]
async fn every_fault_is_told_with_its_place_and_nothing_is_recorded() {
    let given = Given::project().await;
    let before = revision(&given).await;
    let mut policy = with_mitigate(&given, 48).await;
    policy.severities.remove(1);
    policy.severities[1].calendar = "moon".into();
    policy.severities[1].accept = Some(hours(0));
    policy.calendars.push(CalendarPin { calendar: "nights".into(), version: 1 });
    let mut request = adopt(policy);
    request.effective_from = Some(Timestamp { seconds: 1_700_000_000, nanos: 0 });
    let refusal =
        refused(client(&given).adopt_policy(request.clone()).await, Code::FailedPrecondition, "POLICY_MALFORMED");
    assert_eq!(
        refusal.fields(),
        [
            "effective_from",
            "policy.calendars.business",
            "policy.calendars.nights",
            "policy.severities.sev1.mitigate",
            "policy.severities.sev3.calendar",
            "policy.severities.sev3.accept",
            "policy.severities.sev2",
        ]
    );
    assert_eq!(refusal.fact("faults"), "7");
    assert!(refusal.message.contains("lies in the past"), "{}", refusal.message);
    assert!(refusal.message.ends_with("; and 4 more"), "{}", refusal.message);
    let preview = PreviewPolicyRequest {
        project: request.project,
        policy: request.policy,
        effective_from: request.effective_from,
        ..PreviewPolicyRequest::default()
    };
    refused(client(&given).preview_policy(preview).await, Code::FailedPrecondition, "POLICY_MALFORMED");
    assert_eq!(revision(&given).await, before);
}

#[tokio::test]
async fn fields_that_say_nothing_are_told_all_at_once() {
    let given = Given::project().await;
    let mut policy = with_mitigate(&given, 4).await;
    policy.severities[0].entry = Entry::Unspecified.into();
    policy.severities[0].accept = Some(Target { target: None });
    policy.severities[1].calendar = "two words".into();
    policy.severities[2].delivery = 99;
    policy.severities[2].shifts_after = Some(Duration { seconds: 1, nanos: 5 });
    policy.selectors.push(Selector { name: String::new(), ..gold(&policy) });
    let refusal = refused(client(&given).adopt_policy(adopt(policy)).await, Code::InvalidArgument, "INVALID_FIELDS");
    assert_eq!(
        refusal.fields(),
        [
            "policy.severities.sev1.accept",
            "policy.severities.sev1.entry",
            "policy.severities.sev2.calendar",
            "policy.severities.sev3.shifts_after",
            "policy.severities.sev3.delivery",
            "policy.selectors[0].name",
            "policy.selectors[0].severities.sev2.accept",
            "policy.selectors[0].severities.sev2.calendar",
        ]
    );
    let without = AdoptPolicyRequest { policy: None, ..adopt(Policy::default()) };
    let refusal = refused(client(&given).adopt_policy(without).await, Code::InvalidArgument, "INVALID_FIELDS");
    assert_eq!(refusal.fields(), ["policy"]);
}

/// What makes a policy one that can't be.
type Spoil<'a> = &'a dyn Fn(&mut Policy);

#[tokio::test]
async fn whatever_can_t_be_has_its_place() {
    let given = Given::project().await;
    let before = revision(&given).await;
    let policy = with_mitigate(&given, 4).await;
    let of = |components: &[&str]| When {
        components: components.iter().map(ToString::to_string).collect(),
        ..When::default()
    };
    let selecting = |name: &str, when: When| Selector { name: name.into(), when: Some(when), ..gold(&policy) };
    let cases: [(Spoil<'_>, &[&str]); 8] = [
        (&|policy| policy.severities[2].resolve = Some(hours(10_000_000)), &["severities.sev3.resolve"]),
        (&|policy| policy.severities[2].accept = Some(hours(0)), &["severities.sev3.accept"]),
        (&|policy| policy.severities[0].at_risk_percent = Some(0), &["severities.sev1.at_risk"]),
        (&|policy| policy.severities[0].at_risk_percent = Some(150), &["severities.sev1.at_risk"]),
        (&|policy| drop(policy.severities.remove(2)), &["severities.sev3"]),
        (&|policy| policy.selectors = vec![selecting("moon", of(&["moon"]))], &["selectors[0].when.components[0]"]),
        (&|policy| policy.selectors = vec![gold(policy), gold(policy)], &["selectors[1].name", "selectors[1]"]),
        (&|policy| policy.selectors = vec![gold(policy); 51], &["selectors"]),
    ];
    for (spoil, expected) in cases {
        let mut policy = policy.clone();
        spoil(&mut policy);
        let malformed = (Code::FailedPrecondition, "POLICY_MALFORMED");
        let (code, reason) =
            if expected == ["selectors"] { (Code::InvalidArgument, "INVALID_FIELDS") } else { malformed };
        let refusal = refused(client(&given).adopt_policy(adopt(policy)).await, code, reason);
        let fields: Vec<_> = refusal.fields().iter().map(|field| field.replacen("policy.", "", 1)).collect();
        assert_eq!(fields, expected, "{}", refusal.message);
    }
    assert_eq!(revision(&given).await, before);
}

#[tokio::test]
async fn a_preview_tells_which_clocks_a_rebase_would_move_and_records_nothing() {
    let given = Given::project().await;
    let (key, consistency) = file(&given, filing()).await;
    let before = revision(&given).await;
    let request = PreviewPolicyRequest {
        project: "PAY".into(),
        policy: Some(with_mitigate(&given, 6).await),
        consistency,
        ..PreviewPolicyRequest::default()
    };
    let (policy, moves, summary) = preview(&given, request.clone()).await;
    assert_eq!(policy.version, 1);
    let [one] = &moves[..] else { panic!("{moves:?}") };
    assert_eq!((one.issue.as_str(), one.clock(), one.cycle, one.from_version), (key.as_str(), Clock::Mitigate, 1, 0));
    assert_eq!((one.from_target, one.to_target, one.breached), (Some(hours(4)), Some(hours(6)), false));
    let later = one.to_deadline.unwrap().seconds - one.from_deadline.unwrap().seconds;
    assert_eq!(later, 2 * 3600);
    assert_eq!(summary, PreviewSummary { issues: 1, open_clocks: 3, moved: 1, breached: 0 });

    let tight = PreviewPolicyRequest { policy: Some(with_mitigate(&given, 1).await), ..request.clone() };
    let (_, late) = { file(&given, filed_ago(2)).await };
    let (_, moves, summary) = preview(&given, PreviewPolicyRequest { consistency: late, ..tight }).await;
    assert_eq!((moves.len(), summary.breached), (2, 1), "that of two hours ago would be late");

    let without = PreviewPolicyRequest { without_clocks: true, ..request };
    let (_, moves, summary) = preview(&given, without).await;
    assert_eq!((moves.len(), summary), (0, PreviewSummary::default()));
    assert_eq!((revision(&given).await, in_force(&given).await.version), (before, 0));
}

async fn preview(given: &Given, request: PreviewPolicyRequest) -> (PolicyVersion, Vec<ClockMove>, PreviewSummary) {
    let mut steps = client(given).preview_policy(request).await.unwrap().into_inner();
    let Some(Step::Policy(policy)) = steps.message().await.unwrap().unwrap().step else { panic!("the policy first") };
    let mut moves = Vec::new();
    loop {
        match steps.message().await.unwrap().unwrap().step.unwrap() {
            Step::Move(one) => moves.push(one),
            Step::Summary(summary) => {
                assert_eq!(steps.message().await.unwrap(), None);
                return (policy, moves, summary);
            }
            Step::Policy(_) => panic!("the policy once"),
        }
    }
}

/// For customers of tier gold, a sev2 as a sev1.
pub(crate) fn gold(policy: &Policy) -> Selector {
    let rules = Rules { severity: "sev2".into(), ..policy.severities[0].clone() };
    let calendar = policy.severities[1].calendar.clone();
    Selector {
        name: "gold-customers".into(),
        when: Some(When { tiers: vec!["gold".into()], ..When::default() }),
        severities: vec![Rules {
            calendar,
            delivery: Delivery::NextPush.into(),
            entry: Entry::BelowOnTop.into(),
            ..rules
        }],
    }
}

#[tokio::test]
async fn a_policy_is_tried_beside_what_really_happened() {
    let given = Given::project().await;
    let before = revision(&given).await;
    file(&given, filed_ago(5)).await;
    let (_, consistency) = file(&given, filed_ago(30)).await;
    let request = TryPolicyRequest {
        project: "PAY".into(),
        policy: Some(with_mitigate(&given, 24).await),
        consistency,
        ..TryPolicyRequest::default()
    };
    let trial = tried(&given, request.clone()).await;
    assert_eq!((trial.issues, trial.differing), (2, 1));
    // Filed 30 hours ago: all three are breached either way. Five hours ago: accept, and mitigate only as it really was.
    let totals: Vec<_> =
        trial.totals.iter().map(|row| (row.clock(), breached(row.actual), breached(row.tried))).collect();
    assert_eq!(totals, [(Clock::Accept, 2, 2), (Clock::Mitigate, 2, 1), (Clock::Resolve, 1, 1)]);
    let one = &trial.differences[0];
    assert_eq!((one.clock(), one.actual(), one.tried()), (Clock::Mitigate, Verdict::Breached, Verdict::Unspecified));
    assert_eq!(trial.rows.iter().map(|row| row.severity.as_str()).collect::<Vec<_>>(), ["sev1"; 3]);

    let long_ago = |days: i64| Some(Timestamp { seconds: 1_800_000_000 - days * 86_400, nanos: 0 });
    let window = TryPolicyRequest { since: long_ago(60), until: long_ago(30), ..request.clone() };
    assert_eq!(tried(&given, window).await.rows, []);
    let backwards = TryPolicyRequest { since: long_ago(1), until: long_ago(2), ..request.clone() };
    refused(client(&given).try_policy(backwards).await, Code::InvalidArgument, "INVALID_FIELDS");
    let endless = TryPolicyRequest { since: long_ago(5000), ..request };
    refused(client(&given).try_policy(endless).await, Code::InvalidArgument, "INVALID_FIELDS");
    assert_eq!(revision(&given).await, before);
}

fn breached(verdicts: Option<api::policies::v1::Verdicts>) -> u64 {
    verdicts.unwrap().breached
}

async fn tried(given: &Given, request: TryPolicyRequest) -> Trial {
    let mut steps = client(given).try_policy(request).await.unwrap().into_inner();
    let mut progress = 0;
    loop {
        match steps.message().await.unwrap().unwrap().step.unwrap() {
            Trying::Progress(step) => progress = step.issues,
            Trying::Trial(trial) => {
                assert_eq!((progress, steps.message().await.unwrap()), (trial.issues, None));
                return trial;
            }
        }
    }
}

#[tokio::test]
async fn another_revision_than_expected_is_a_conflict() {
    let given = Given::project().await;
    let mut request = adopt(with_mitigate(&given, 6).await);
    request.expected_revision = Some(1);
    refused(client(&given).adopt_policy(request).await, Code::Aborted, "CONFLICT");
    assert_eq!(in_force(&given).await.version, 0);
}
