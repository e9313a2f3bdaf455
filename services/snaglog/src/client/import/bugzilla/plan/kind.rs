//! Kinds of facts by name.

use api::imports::v1::import_fact_request::Fact;

/// The name that a kind of fact has in request ids: it never changes.
pub(in crate::client::import::bugzilla) fn kind(fact: &Fact) -> &'static str {
    match fact {
        Fact::Filed(_) => "filed",
        Fact::Triaged(_) => "triaged",
        Fact::SeverityChanged(_) => "severity",
        Fact::Assigned(_) => "assigned",
        Fact::Accepted(_) => "accepted",
        Fact::ReturnedToTriage(_) => "returned",
        Fact::InformationRequested(_) => "asked",
        Fact::InformationProvided(_) => "answered",
        Fact::RequestWithdrawn(_) => "withdrawn",
        Fact::Resolved(_) => "resolved",
        Fact::RegressionTestsAdded(_) => "tests",
        Fact::ResolutionRejected(_) => "rejected",
        Fact::Verified(_) => "verified",
        Fact::Closed(_) => "closed",
        Fact::Reopened(_) => "reopened",
        Fact::Dismissed(_) => "dismissed",
        Fact::ComponentChanged(_) => "component",
        Fact::Linked(_) => "linked",
        Fact::Commented(_) => "commented",
    }
}
