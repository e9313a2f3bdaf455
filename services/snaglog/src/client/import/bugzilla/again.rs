//! A bug that an earlier import brought, and that has changed since: its issue may stand where a fact would lead, or elsewhere.
//!
//! What was implied to reach a bug's own fields is in the log for good, and the history that follows may say otherwise. An import that was broken
//! off is an earlier one too.

use super::send::Sent;

/// Rules of states and their order.
const OF_STATES: &[&str] = &[
    "AlreadyAccepted",
    "AlreadyAsked",
    "AlreadyAssigned",
    "AlreadyResolved",
    "AlreadyTriaged",
    "AlreadyVerified",
    "IsClosed",
    "IsDismissed",
    "NotAccepted",
    "NotClosed",
    "NotResolved",
    "NotTriaged",
    "NotVerified",
    "NothingWasAsked",
    "OccurredOutOfOrder",
    "SameComponent",
    "SameSeverity",
    "SameTests",
];

/// What an answer means of a bug that an earlier import brought: that its issue has moved on is no failure.
pub(super) fn judge(kind: &str, implied: bool, closing: bool, sent: Sent) -> Sent {
    match sent {
        // The same, at the time of another change.
        Sent::Differs if closing => Sent::AlreadyThere,
        Sent::Refused(rule) if stands_so(kind).contains(&&*rule) => {
            if implied {
                Sent::AlreadyThere
            } else {
                Sent::Overtaken(String::from("it stood so since an earlier import"))
            }
        }
        Sent::Refused(rule) if OF_STATES.contains(&&*rule) => {
            Sent::Overtaken(format!("it stood elsewhere since an earlier import: {rule}"))
        }
        other => other,
    }
}

/// The rules that refuse a fact of this kind where the issue stands so already, or further on.
fn stands_so(kind: &str) -> &'static [&'static str] {
    match kind {
        "triaged" => &["AlreadyTriaged", "AlreadyAccepted", "AlreadyResolved", "IsClosed"],
        "accepted" => &["AlreadyAccepted", "AlreadyResolved", "IsClosed"],
        "resolved" => &["AlreadyResolved", "IsClosed"],
        "verified" => &["AlreadyVerified", "IsClosed"],
        "closed" => &["IsClosed"],
        "dismissed" => &["IsDismissed"],
        "returned" => &["NotAccepted"],
        "rejected" => &["NotResolved"],
        "reopened" => &["NotClosed"],
        "severity" => &["SameSeverity"],
        "component" => &["SameComponent"],
        "assigned" => &["AlreadyAssigned"],
        "tests" => &["SameTests"],
        _ => &[],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(kind: &str, implied: bool, rule: &str, expected: &Sent) {
        assert_eq!(judge(kind, implied, false, Sent::Refused(rule.to_owned())), *expected, "{kind}: {rule}");
    }

    #[test]
    fn what_is_implied_and_stands_so_is_there_already() {
        for (kind, rule) in [("assigned", "AlreadyAssigned"), ("severity", "SameSeverity"), ("resolved", "IsClosed")] {
            check(kind, true, rule, &Sent::AlreadyThere);
            check(kind, false, rule, &Sent::Overtaken("it stood so since an earlier import".into()));
        }
    }

    #[test]
    fn what_stands_elsewhere_is_left_out_and_says_by_which_rule() {
        let elsewhere = |rule| Sent::Overtaken(format!("it stood elsewhere since an earlier import: {rule}"));
        check("assigned", true, "AlreadyResolved", &elsewhere("AlreadyResolved"));
        check("resolved", false, "NotAccepted", &elsewhere("NotAccepted"));
        check("answered", false, "NothingWasAsked", &elsewhere("NothingWasAsked"));
    }

    #[test]
    fn what_has_nothing_to_do_with_it_stays_refused() {
        for rule in ["UnknownSeverity", "StreamFull", "OccurredInFuture", "Internal", "a text of the server"] {
            check("severity", true, rule, &Sent::Refused(rule.to_owned()));
        }
        assert_eq!(judge("filed", false, false, Sent::Recorded), Sent::Recorded);
    }

    #[test]
    fn a_closing_fact_is_there_whenever_it_was_told() {
        assert_eq!(judge("assigned", true, true, Sent::Differs), Sent::AlreadyThere);
        assert_eq!(judge("assigned", true, false, Sent::Differs), Sent::Differs);
    }
}
