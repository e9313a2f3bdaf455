//! What was written by older builds. Each line says what it means today.

use domain::Fact;
use domain::issue::{Closing, IssueEvent};
use jiff::Timestamp;

use super::{Example, example, imported, person};

pub(super) fn examples() -> Vec<Example> {
    // Before `deployed_at`: it did not say since when it is in production.
    let closed =
        |golden, closing| example(golden, IssueEvent::IssueClosed { closing: Fact::Known(closing), deployed_at: None });
    let released =
        Closing::Released { release: Some("2026.10".parse().unwrap()), reverified_by: Some(person("quinn")) };
    let at = Some(Timestamp::from_microsecond(1_760_000_000_123_456).unwrap());
    let untold = IssueEvent::IssueClosed { closing: Fact::NotKnown, deployed_at: None };
    vec![
        closed("IssueClosed.v1", released),
        closed("IssueClosed.v1.data_applied", Closing::DataApplied { at, by: Some(person("ada")) }),
        closed("IssueClosed.v1.confirmed", Closing::Confirmed),
        imported("IssueClosed.v1.imported", untold, false),
        // Before `report_owed`: nothing was accepted without a complete report.
        example(
            "IssueAccepted.v1",
            IssueEvent::IssueAccepted { assignee: Fact::Known(person("ada")), report_owed: false },
        ),
    ]
}
