//! What adopting a policy, or defining a calendar, would do to the clocks that run.

use std::sync::Arc;

use api::policies::v1 as wire;
use api::policies::v1::PreviewPolicyResponse;
use api::policies::v1::preview_policy_response::Step;
use domain::policy::{Policies, Policy};
use domain::project::Project;
use domain::trial::{Move, rebased};
use futures::stream::{self, BoxStream, StreamExt as _, TryStreamExt as _};
use jiff::Timestamp;
use tonic::Status;

use super::show;
use super::walk::Walk;
use crate::fields::stamp;

/// A preview under way.
struct Preview {
    project: Arc<Project>,
    /// With the policy that nobody has adopted.
    policies: Policies,
    version: u32,
    now: Timestamp,
    summary: wire::PreviewSummary,
    walk: Option<Walk>,
    /// True: the summary was given.
    over: bool,
}

/// The policy first, then the clocks that would move, then the summary.
pub(super) fn stream(
    project: Arc<Project>,
    policy: Policy,
    walk: Option<Walk>,
    now: Timestamp,
) -> BoxStream<'static, Result<PreviewPolicyResponse, Status>> {
    let first = Step::Policy(show::version(&policy));
    let mut policies = project.policies.clone();
    let version = policy.version;
    policies.adopt(policy);
    let moves = moves(project, (policies, version), walk, now);
    let steps = stream::iter([Ok(first)]).chain(moves);
    steps.map_ok(|step| PreviewPolicyResponse { step: Some(step) }).boxed()
}

/// The clocks that a rebase to this version of these policies would move, then the summary.
pub(crate) fn moves(
    project: Arc<Project>,
    (policies, version): (Policies, u32),
    walk: Option<Walk>,
    now: Timestamp,
) -> BoxStream<'static, Result<Step, Status>> {
    let preview =
        Preview { project, policies, version, now, summary: wire::PreviewSummary::default(), walk, over: false };
    let steps = stream::try_unfold(preview, |mut preview| async move {
        let steps = preview.next().await?;
        Ok::<_, Status>(steps.map(|steps| (steps, preview)))
    });
    steps.map_ok(|steps| stream::iter(steps.into_iter().map(Ok))).try_flatten().boxed()
}

impl Preview {
    async fn next(&mut self) -> Result<Option<Vec<Step>>, Status> {
        let issues = match &mut self.walk {
            Some(walk) => walk.next().await?,
            None => None,
        };
        let Some(issues) = issues else {
            let summary = (!std::mem::replace(&mut self.over, true)).then_some(Step::Summary(self.summary));
            return Ok(summary.map(|summary| vec![summary]));
        };
        let terms = self.project.terms();
        let mut steps = Vec::new();
        for (key, ledger) in issues {
            self.summary.issues += 1;
            for one in rebased(&ledger, &terms, &self.policies, self.version, self.now) {
                self.summary.open_clocks += 1;
                if one.moves() {
                    self.summary.moved += 1;
                    self.summary.breached += u64::from(one.breached);
                    steps.push(Step::Move(clock_move(key.to_string(), &one)));
                }
            }
        }
        Ok(Some(steps))
    }
}

fn clock_move(issue: String, of: &Move) -> wire::ClockMove {
    wire::ClockMove {
        issue,
        clock: show::clock(of.clock).into(),
        cycle: of.cycle,
        severity: of.severity.to_string(),
        from_version: of.from.version,
        from_target: of.from.target.map(show::target),
        to_target: of.to.target.map(show::target),
        from_deadline: of.from.deadline.map(stamp),
        to_deadline: of.to.deadline.map(stamp),
        breached: of.breached,
    }
}
