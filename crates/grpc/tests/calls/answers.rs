//! How stories read errors.

use std::fmt::Debug;

use tonic::{Code, Response, Status};
use tonic_types::{ErrorDetails, StatusExt};

/// An error as a story tells it.
#[derive(Debug)]
pub(crate) struct Refusal {
    pub(crate) message: String,
    pub(crate) details: ErrorDetails,
}

impl Refusal {
    /// A fact of it; none is an empty text.
    pub(crate) fn fact(&self, name: &str) -> &str {
        self.details.error_info().unwrap().metadata.get(name).map_or("", String::as_str)
    }

    /// The fields at fault.
    pub(crate) fn fields(&self) -> Vec<&str> {
        let request = self.details.bad_request().expect("field faults are told");
        request.field_violations.iter().map(|violation| violation.field.as_str()).collect()
    }

    /// What stands in the way.
    pub(crate) fn violations(&self) -> Vec<&str> {
        let failure = self.details.precondition_failure().expect("what stands in the way is told");
        failure.violations.iter().map(|violation| violation.r#type.as_str()).collect()
    }

    pub(crate) fn may_be_retried(&self) -> bool {
        self.details.retry_info().is_some()
    }
}

/// The call failed with this code and reason.
#[track_caller]
pub(crate) fn refused<T: Debug>(answer: Result<Response<T>, Status>, code: Code, reason: &str) -> Refusal {
    let status = answer.expect_err("the call is refused");
    let details = status.get_error_details();
    let info = details.error_info().unwrap_or_else(|| panic!("an error without a reason: {status:?}"));
    assert_eq!((status.code(), info.reason.as_str()), (code, reason), "{}", status.message());
    assert_eq!(info.domain, "snaglog");
    Refusal { message: status.message().to_owned(), details }
}
