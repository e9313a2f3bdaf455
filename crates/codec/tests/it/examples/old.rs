//! What was written by older builds. Each line says what it means today.

use domain::Fact;
use domain::issue::IssueEvent;

use super::{Example, example, person};

pub(super) fn examples() -> Vec<Example> {
    vec![
        // Before `report_owed`: nothing was accepted without a complete report.
        example(
            "IssueAccepted.v1",
            IssueEvent::IssueAccepted { assignee: Fact::Known(person("ada")), report_owed: false },
        ),
    ]
}
