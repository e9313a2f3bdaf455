//! The one place where rejections and errors become statuses.
//!
//! Each error of the server has a code, a reason of the contract in `ErrorInfo`, and the facts that would change the answer. What is
//! internal is logged here and left out of the answer.

mod refusal;

use std::collections::HashMap;
use std::time::Duration;

use api::errors::v1::Reason;
use commands::CommandError;
use domain::Rejection;
use event_log::LogError;
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, FieldViolation, PreconditionViolation, StatusExt};
use view_store::StoreError;

use crate::limits::{FACT_CHARS_MAX, RETRY_OVERLOADED_MS, RETRY_UNAVAILABLE_MS, RETRY_UNKNOWN_MS};
use crate::reason::{DOMAIN, name};

/// What a call is about: `issues/PAY-42`, `projects/PAY`, `teams/PAY/payments`, `releases/PAY/1.4.2`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Subject(pub(crate) String);

impl Subject {
    /// What people call it: `PAY-42`.
    fn short(&self) -> &str {
        self.0.split_once('/').map_or(self.0.as_str(), |(_, name)| name)
    }
}

/// An error with its reason.
pub(crate) fn error(code: Code, reason: Reason, message: impl Into<String>) -> Status {
    with_facts(code, reason, message, Vec::new(), ErrorDetails::new())
}

/// An error that may be tried again after a while.
pub(crate) fn retriable(code: Code, reason: Reason, message: impl Into<String>, after_ms: u64) -> Status {
    let mut details = ErrorDetails::new();
    details.set_retry_info(Some(Duration::from_millis(after_ms)));
    with_facts(code, reason, message, Vec::new(), details)
}

fn with_facts(
    code: Code,
    reason: Reason,
    message: impl Into<String>,
    facts: Vec<(&'static str, String)>,
    mut details: ErrorDetails,
) -> Status {
    let facts: HashMap<String, String> =
        facts.into_iter().map(|(name, fact)| (name.to_owned(), bounded(fact))).collect();
    details.set_error_info(name(reason), DOMAIN, facts);
    Status::with_error_details(code, message, details)
}

fn bounded(fact: String) -> String {
    match fact.char_indices().nth(FACT_CHARS_MAX) {
        Some((end, _)) => format!("{} …", &fact[..end]),
        None => fact,
    }
}

/// A rule said no: `FAILED_PRECONDITION`, or `NOT_FOUND` where the command's own issue isn't there.
pub(crate) fn refused(rejection: &Rejection, subject: &Subject) -> Status {
    if matches!(rejection, Rejection::NoSuchIssue) {
        return not_found(Reason::NoSuchIssue, subject, "there is no such issue");
    }
    let refusal = refusal::of(rejection);
    let violations: Vec<_> = refusal
        .violations
        .iter()
        .map(|(reason, description)| PreconditionViolation::new(name(*reason), &subject.0, description))
        .collect();
    let mut details = ErrorDetails::with_precondition_failure(violations);
    for (field, fault) in refusal.fields {
        details.add_bad_request_violation(field, fault);
    }
    let message = format!("{}: {}", subject.short(), refusal.message);
    with_facts(Code::FailedPrecondition, refusal.reason, message, refusal.facts, details)
}

/// What was asked for by itself isn't there.
pub(crate) fn not_found(reason: Reason, subject: &Subject, message: &str) -> Status {
    let kind = subject.0.split('/').next().unwrap_or_default();
    let details = ErrorDetails::with_resource_info(kind, &subject.0, "", message);
    with_facts(Code::NotFound, reason, format!("{}: {message}", subject.short()), Vec::new(), details)
}

/// Fields are missing or malformed: all of them at once. `further`: how many more there are than are listed.
pub(crate) fn invalid_fields(violations: Vec<FieldViolation>, further: usize) -> Status {
    let mut message = String::from("the request is malformed: ");
    for (n, violation) in violations.iter().take(3).enumerate() {
        message.push_str(if n > 0 { "; " } else { "" });
        message.push_str(&violation.field);
        message.push(' ');
        message.push_str(&violation.description);
    }
    let more = further + violations.len().saturating_sub(3);
    if more > 0 {
        message = format!("{message}; and {more} more");
    }
    let facts = if further > 0 { vec![("further", further.to_string())] } else { Vec::new() };
    with_facts(Code::InvalidArgument, Reason::InvalidFields, message, facts, ErrorDetails::with_bad_request(violations))
}

/// The resource is at another revision than the caller expected.
pub(crate) fn conflict(subject: &Subject, expected: u64, actual: u64) -> Status {
    let message = format!("{}: it is at revision {actual}, not {expected}", subject.short());
    let facts = vec![("expected", expected.to_string()), ("actual", actual.to_string())];
    with_facts(Code::Aborted, Reason::Conflict, message, facts, ErrorDetails::new())
}

/// A command was not done.
pub(crate) fn command_error(error: &CommandError, subject: &Subject) -> Status {
    match error {
        CommandError::Rejected(rejection) => refused(rejection, subject),
        CommandError::NotFound { .. } => not_found(Reason::NoSuchIssue, subject, "there is no such issue"),
        CommandError::RequestIdReused { request_id } => {
            let message = format!("request id {request_id} was used for another command");
            self::error(Code::AlreadyExists, Reason::RequestIdReused, message)
        }
        CommandError::Conflict { stream: _, expected, actual } => conflict(subject, *expected, *actual),
        CommandError::Contended { .. } => {
            let message = format!("{}: others kept changing it; try again", subject.short());
            retriable(Code::Aborted, Reason::Contended, message, RETRY_OVERLOADED_MS)
        }
        CommandError::Unknown(cause) => outcome_unknown(cause),
        CommandError::Log(cause) => log_error(cause),
        CommandError::History { stream, source } => unreadable(stream, source, source.is_upgrade_needed()),
        CommandError::Invalid { .. } => internal(error),
    }
}

/// What is recorded can't be read as events.
pub(crate) fn unreadable(
    what: &dyn std::fmt::Display,
    problem: &dyn std::fmt::Display,
    is_upgrade_needed: bool,
) -> Status {
    let reason = format!("{what}: {problem}");
    log_error(&if is_upgrade_needed { LogError::UpgradeNeeded { reason } } else { LogError::DataLoss { reason } })
}

/// The log can't serve, and nothing was recorded.
pub(crate) fn log_error(error: &LogError) -> Status {
    match error {
        LogError::Overloaded => overloaded(),
        LogError::Unavailable { reason } => {
            tracing::warn!(reason, "the log is unavailable");
            let message = "the log can't be written or read at present";
            retriable(Code::Unavailable, Reason::LogUnavailable, message, RETRY_UNAVAILABLE_MS)
        }
        LogError::DataLoss { reason } => {
            tracing::error!(reason, "the log is damaged");
            self::error(
                Code::DataLoss,
                Reason::LogDamaged,
                "what is stored is not what was written; an operator must look",
            )
        }
        LogError::UpgradeNeeded { reason } => {
            tracing::error!(reason, "the log was written by a newer version");
            let message = "the log was written by a newer version; this server must be upgraded";
            self::error(Code::FailedPrecondition, Reason::UpgradeNeeded, message)
        }
        LogError::Moved => {
            tracing::warn!("the log has moved");
            let message = "another log has taken this one's place; ask a server of that one";
            self::error(Code::FailedPrecondition, Reason::LogMoved, message)
        }
    }
}

/// The log may or may not have recorded the command.
pub(crate) fn outcome_unknown(error: &LogError) -> Status {
    tracing::warn!(%error, "the outcome of an append is unknown");
    let message = "the command may or may not have been recorded; a retry with the same request id settles it";
    retriable(Code::Unavailable, Reason::OutcomeUnknown, message, RETRY_UNKNOWN_MS)
}

/// The views can't serve.
pub(crate) fn store_error(error: &StoreError) -> Status {
    match error {
        StoreError::Unavailable { reason } => {
            tracing::warn!(reason, "the view store is unavailable");
            let message = "the views can't be read at present";
            retriable(Code::Unavailable, Reason::ViewUnavailable, message, RETRY_UNAVAILABLE_MS)
        }
        StoreError::Damaged { reason } => {
            tracing::error!(reason, "the view store is damaged");
            let message = "the views are damaged; an operator must rebuild them";
            self::error(Code::Unavailable, Reason::ViewUnavailable, message)
        }
        StoreError::NotPrepared { .. } | StoreError::Invalid { .. } | StoreError::Changed { .. } => internal(error),
    }
}

/// The view is being built: so many of its partition's events are folded, of so many.
pub(crate) fn view_rebuilding(folded: u64, of: u64) -> Status {
    let mut details = ErrorDetails::new();
    details.set_retry_info(Some(Duration::from_millis(RETRY_UNAVAILABLE_MS)));
    let facts = vec![("folded", folded.to_string()), ("of", of.to_string())];
    let message =
        format!("the view is being built: {folded} of {of} events are folded; histories and commands are served");
    with_facts(Code::Unavailable, Reason::ViewRebuilding, message, facts, details)
}

/// The view was rebuilt while an answer was made of it, whose parts would not belong together.
pub(crate) fn view_rebuilt() -> Status {
    let message = "the view was rebuilt while it was read; ask again";
    retriable(Code::Unavailable, Reason::ViewUnavailable, message, RETRY_OVERLOADED_MS)
}

/// More is waiting than can be queued.
pub(crate) fn overloaded() -> Status {
    let message = "more is waiting than can be queued; try again shortly";
    retriable(Code::ResourceExhausted, Reason::Overloaded, message, RETRY_OVERLOADED_MS)
}

/// The log can't be asked what it has.
pub(crate) fn log_unreadable(problem: &dyn std::fmt::Display) -> Status {
    log_error(&LogError::Unavailable { reason: problem.to_string() })
}

/// The reader of a watch was too slow; it goes on with this token.
pub(crate) fn watch_behind(resume_token: String) -> Status {
    let message = "the reader was too slow; watch again with the resume token";
    let facts = vec![("resume_token", resume_token)];
    with_facts(Code::OutOfRange, Reason::WatchBehind, message, facts, ErrorDetails::new())
}

/// A watch can't go on: it begins anew.
pub(crate) fn watch_anew(why: &str) -> Status {
    error(Code::OutOfRange, Reason::WatchAnew, format!("{why}; watch again without a resume token"))
}

/// As many watch as may.
pub(crate) fn too_many_watchers(max: usize) -> Status {
    let message = format!("{max} watch already, as many as may; try again later, or another server");
    retriable(Code::ResourceExhausted, Reason::TooManyWatchers, message, RETRY_UNAVAILABLE_MS)
}

/// A mistake of the server: logged here, and not told.
pub(crate) fn internal(error: &dyn std::fmt::Display) -> Status {
    tracing::error!(%error, "a mistake of the server");
    self::error(Code::Internal, Reason::Internal, "a mistake of the server; its log tells more")
}

#[cfg(test)]
mod tests;
