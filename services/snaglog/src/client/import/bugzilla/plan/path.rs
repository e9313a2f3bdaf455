//! The way from where an issue stands to where Bugzilla says it stands, step by step: where Bugzilla skips one, it is added.

use crate::client::import::bugzilla::vocabulary::Status;

/// Where an issue stands after the facts planned so far.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Stand {
    New { triaged: bool },
    Accepted,
    Resolved,
    Verified,
    Closed,
    Dismissed { resolution: String, triaged: bool },
}

/// Where it is to stand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Target {
    New {
        triaged: bool,
    },
    /// New, as it was before its dismissal.
    NewAsItWas,
    Accepted,
    Resolved,
    Verified,
    Closed,
    /// By this resolution; empty: Bugzilla doesn't tell it.
    Dismissed {
        resolution: String,
    },
}

/// How an issue ended last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    Fixed,
    Dismissed,
}

/// A fact that changes the state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    Triage,
    Accept,
    ReturnToTriage,
    Resolve,
    Reject,
    Verify,
    Close,
    Reopen,
    Dismiss,
}

impl Stand {
    /// New or Accepted: questions can be asked, and stay open.
    pub(super) fn is_open(&self) -> bool {
        matches!(self, Self::New { .. } | Self::Accepted)
    }

    /// Triaged and not resolved: it can be assigned.
    pub(super) fn takes_assignee(&self) -> bool {
        matches!(self, Self::New { triaged: true } | Self::Accepted)
    }

    pub(super) fn takes_severity(&self) -> bool {
        self.takes_assignee() || matches!(self, Self::Resolved | Self::Verified)
    }

    pub(super) fn takes_component(&self) -> bool {
        !matches!(self, Self::Closed | Self::Dismissed { .. })
    }

    pub(super) fn is_fixed(&self) -> bool {
        matches!(self, Self::Resolved | Self::Verified | Self::Closed)
    }

    fn is(&self, target: &Target) -> bool {
        match (self, target) {
            (Self::New { triaged }, Target::New { triaged: wanted }) => triaged == wanted,
            (Self::Dismissed { resolution, .. }, Target::Dismissed { resolution: wanted }) => resolution == wanted,
            (Self::New { .. }, Target::NewAsItWas)
            | (Self::Accepted, Target::Accepted)
            | (Self::Resolved, Target::Resolved)
            | (Self::Verified, Target::Verified)
            | (Self::Closed, Target::Closed) => true,
            _ => false,
        }
    }

    /// The next step towards the target, and where it leads.
    fn towards(&self, target: &Target) -> (Step, Self) {
        let back = matches!(target, Target::New { .. } | Target::NewAsItWas);
        match (self, target) {
            (Self::New { .. } | Self::Accepted, Target::Dismissed { resolution }) => {
                let triaged = *self != Self::New { triaged: false };
                (Step::Dismiss, Self::Dismissed { resolution: resolution.clone(), triaged })
            }
            (Self::New { triaged: false }, _) => (Step::Triage, Self::New { triaged: true }),
            (Self::New { triaged: true }, _) => (Step::Accept, Self::Accepted),
            (Self::Accepted, _) if back => (Step::ReturnToTriage, Self::New { triaged: false }),
            (Self::Accepted, _) => (Step::Resolve, Self::Resolved),
            (Self::Resolved, Target::Verified | Target::Closed) => (Step::Verify, Self::Verified),
            (Self::Verified, Target::Closed) => (Step::Close, Self::Closed),
            (Self::Resolved | Self::Verified, _) => (Step::Reject, Self::Accepted),
            (Self::Closed, _) => (Step::Reopen, Self::Accepted),
            (Self::Dismissed { triaged, .. }, _) => (Step::Reopen, Self::New { triaged: *triaged }),
        }
    }
}

/// Where a status with its resolution puts an issue that stands there; `None`: where it is.
pub(super) fn target(status: Status, resolution: &str, stand: &Stand, ended: Option<End>) -> Option<Target> {
    let fixed = |target| {
        let dismissed = || Target::Dismissed { resolution: resolution.to_owned() };
        Some(if resolution == "FIXED" { target } else { dismissed() })
    };
    match status {
        Status::Unconfirmed => Some(Target::New { triaged: false }),
        Status::Confirmed => Some(Target::New { triaged: true }),
        Status::Assigned => Some(Target::Accepted),
        Status::Reopened => match (ended?, stand) {
            (End::Fixed, _) => Some(Target::Accepted),
            // Somebody had taken it on since.
            (End::Dismissed, Stand::Accepted) => Some(Target::New { triaged: true }),
            (End::Dismissed, _) => Some(Target::NewAsItWas),
        },
        Status::Resolved => fixed(Target::Resolved),
        Status::Verified => fixed(Target::Verified),
        Status::Closed => fixed(Target::Closed),
    }
}

/// The steps from one to the other, each with where it leads, and whether Bugzilla said it (else it is implied).
pub(super) fn path(from: &Stand, target: &Target) -> Vec<(Step, Stand, bool)> {
    let mut steps: Vec<(Step, Stand)> = Vec::new();
    let mut stand = from.clone();
    while !stand.is(target) {
        let (step, next) = stand.towards(target);
        stand = next.clone();
        steps.push((step, next));
    }
    let last = steps.len().saturating_sub(1);
    let leaves = |step: &Step| matches!(step, Step::Reject | Step::Reopen | Step::ReturnToTriage);
    let named = |at: usize| match target {
        // Somebody took it back: that is the first step that does.
        Target::New { .. } | Target::NewAsItWas => {
            at == steps.iter().position(|(step, _)| leaves(step)).unwrap_or(last)
        }
        Target::Accepted => at == last || leaves(&steps[at].0),
        // A confirmation was taken back: nobody said that the fix does not hold, nor fixed it once more.
        Target::Resolved if matches!(from, Stand::Verified | Stand::Closed) => false,
        _ => at == last,
    };
    let named: Vec<bool> = (0..steps.len()).map(named).collect();
    steps.into_iter().zip(named).map(|((step, stand), named)| (step, stand, named)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NEW: Stand = Stand::New { triaged: true };
    const UNTRIAGED: Stand = Stand::New { triaged: false };

    fn dismissed(resolution: &str, triaged: bool) -> Stand {
        Stand::Dismissed { resolution: resolution.into(), triaged }
    }

    /// Implied steps stand in brackets.
    #[track_caller]
    fn check(from: &Stand, status: Status, resolution: &str, expected: &str) {
        let ended = match from {
            Stand::New { .. } | Stand::Accepted => None,
            Stand::Dismissed { .. } => Some(End::Dismissed),
            Stand::Resolved | Stand::Verified | Stand::Closed => Some(End::Fixed),
        };
        check_after(ended, from, status, resolution, expected);
    }

    #[track_caller]
    fn check_after(ended: Option<End>, from: &Stand, status: Status, resolution: &str, expected: &str) {
        let target = target(status, resolution, from, ended);
        let steps = target.map(|target| path(from, &target)).unwrap_or_default();
        let written =
            steps.iter().map(|(step, _, named)| if *named { format!("{step:?}") } else { format!("({step:?})") });
        assert_eq!(written.collect::<Vec<_>>().join(" "), expected, "{from:?} to {status:?} {resolution}");
    }

    #[test]
    fn forward_what_was_skipped_is_implied() {
        check(&UNTRIAGED, Status::Confirmed, "", "Triage");
        check(&UNTRIAGED, Status::Assigned, "", "(Triage) Accept");
        check(&NEW, Status::Assigned, "", "Accept");
        check(&NEW, Status::Resolved, "FIXED", "(Accept) Resolve");
        check(&UNTRIAGED, Status::Verified, "FIXED", "(Triage) (Accept) (Resolve) Verify");
        check(&Stand::Resolved, Status::Closed, "FIXED", "(Verify) Close");
        check(&UNTRIAGED, Status::Resolved, "INVALID", "Dismiss");
        check(&Stand::Accepted, Status::Closed, "WONTFIX", "Dismiss");
    }

    #[test]
    fn back_the_first_step_is_what_was_said() {
        check(&Stand::Accepted, Status::Confirmed, "", "ReturnToTriage (Triage)");
        check(&Stand::Accepted, Status::Unconfirmed, "", "ReturnToTriage");
        check(&NEW, Status::Unconfirmed, "", "(Accept) ReturnToTriage");
        check(&Stand::Resolved, Status::Reopened, "", "Reject");
        check(&Stand::Verified, Status::Assigned, "", "Reject");
        check(&Stand::Resolved, Status::Confirmed, "", "Reject (ReturnToTriage) (Triage)");
        check(&Stand::Closed, Status::Reopened, "", "Reopen");
        check(&dismissed("INVALID", true), Status::Reopened, "", "Reopen");
        check(&dismissed("INVALID", false), Status::Reopened, "", "Reopen");
        check(&dismissed("INVALID", false), Status::Confirmed, "", "Reopen (Triage)");
        check(&dismissed("INVALID", false), Status::Assigned, "", "Reopen (Triage) Accept");
        check(&dismissed("INVALID", true), Status::Unconfirmed, "", "Reopen (Accept) (ReturnToTriage)");
    }

    #[test]
    fn a_resolution_that_changes_its_mind() {
        check(&Stand::Resolved, Status::Resolved, "DUPLICATE", "(Reject) Dismiss");
        check(&Stand::Verified, Status::Verified, "INVALID", "(Reject) Dismiss");
        check(&dismissed("WONTFIX", true), Status::Resolved, "FIXED", "(Reopen) (Accept) Resolve");
        check(&dismissed("WONTFIX", true), Status::Resolved, "INVALID", "(Reopen) Dismiss");
        check(&Stand::Verified, Status::Resolved, "FIXED", "(Reject) (Resolve)");
    }

    #[test]
    fn reopened_goes_by_how_it_ended_last_wherever_it_stands() {
        let check = |ended, from: &Stand, expected| check_after(Some(ended), from, Status::Reopened, "", expected);
        check(End::Fixed, &NEW, "Accept");
        check(End::Fixed, &UNTRIAGED, "(Triage) Accept");
        check(End::Fixed, &Stand::Accepted, "");
        check(End::Dismissed, &Stand::Accepted, "ReturnToTriage (Triage)");
        check(End::Dismissed, &NEW, "");
    }

    #[test]
    fn what_changes_nothing_is_no_step() {
        check(&dismissed("INVALID", true), Status::Verified, "INVALID", "");
        check(&Stand::Accepted, Status::Reopened, "", "");
        check(&NEW, Status::Reopened, "", "");
        check(&Stand::Resolved, Status::Resolved, "FIXED", "");
    }
}
