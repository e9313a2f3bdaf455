//! Why a command did not succeed: an exit code, a message, and what would help.

use std::io::Write as _;
use std::process::ExitCode;
use std::sync::Arc;

use tonic::{Code, Status};
use tonic_types::StatusExt as _;

use super::ran::Ran;

/// The exit codes that `--help` lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    Failed = 1,
    Usage = 2,
    Refused = 3,
    NotAllowed = 4,
    Conflict = 5,
    TryAgain = 6,
}

/// A command that did not succeed.
#[derive(Debug)]
pub(crate) struct Failure {
    /// What the process ends with.
    pub(crate) exit: Exit,
    /// The reason's name, `NotTriaged`; empty where the server gave none.
    pub(crate) reason: String,
    /// What happened, for people.
    pub(crate) message: String,
    /// Field faults, or all that is missing, one a line.
    pub(crate) faults: Box<[String]>,
    /// What would help: a command, or a sentence.
    pub(crate) hint: Option<String>,
    /// The facts that the server gave with a refusal.
    pub(crate) facts: Box<[(String, String)]>,
    /// The command that did not succeed.
    pub(crate) ran: Arc<Ran>,
}

impl Failure {
    /// Something on this side went wrong.
    pub(crate) fn failed(message: impl Into<String>) -> Self {
        Self::new(Exit::Failed, message)
    }

    /// The command line was not understood.
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self::new(Exit::Usage, message)
    }

    /// A failure with a code of one's choice.
    pub(crate) fn new(exit: Exit, message: impl Into<String>) -> Self {
        Self {
            exit,
            reason: String::new(),
            message: message.into(),
            faults: Default::default(),
            hint: None,
            facts: Default::default(),
            ran: Arc::default(),
        }
    }

    /// A fact that the server gave; empty where it didn't.
    pub(crate) fn fact(&self, name: &str) -> &str {
        self.facts.iter().find(|(known, _)| known == name).map_or("", |(_, fact)| fact)
    }

    /// Says which command it is of: fields that the server found faults with are named as its flags.
    pub(crate) fn of(mut self, ran: Arc<Ran>) -> Self {
        for fault in &mut self.faults {
            if let Some((field, rest)) = fault.split_once(": ") {
                *fault = format!("{}: {rest}", ran.flag_of(field));
            }
        }
        self.ran = ran;
        self
    }

    /// Adds what would help.
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Prints it to standard error and gives the exit code.
    pub(crate) fn report(self) -> ExitCode {
        let error = anstyle::Style::new().bold().fg_color(Some(anstyle::AnsiColor::Red.into()));
        let label = if self.reason.is_empty() { "error" } else { &self.reason };
        let mut text = format!("{error}{label}{error:#}: {}", self.message);
        for line in self.faults.iter().map(|fault| format!("  {fault}")).chain(self.hint) {
            text = format!("{text}\n{line}");
        }
        // Where nobody reads errors any more, the exit code is left.
        _ = writeln!(anstream::stderr(), "{text}");
        ExitCode::from(self.exit as u8)
    }
}

impl From<Status> for Failure {
    fn from(status: Status) -> Self {
        let details = status.get_error_details();
        let exit = match status.code() {
            // The server names a reason; without one, the connection broke or the client's patience ended.
            Code::Cancelled | Code::Unknown if details.error_info().is_none() => Exit::TryAgain,
            Code::Unauthenticated | Code::PermissionDenied => Exit::NotAllowed,
            Code::FailedPrecondition | Code::NotFound | Code::AlreadyExists => Exit::Refused,
            Code::Aborted => Exit::Conflict,
            Code::Unavailable | Code::ResourceExhausted | Code::DeadlineExceeded => Exit::TryAgain,
            Code::InvalidArgument | Code::OutOfRange => Exit::Usage,
            _ => Exit::Failed,
        };
        let (reason, facts) = details
            .error_info()
            .map(|info| (camel_case(&info.reason), info.metadata.clone().into_iter().collect()))
            .unwrap_or_default();
        let (message, faults) = told(&status, &details);
        Self { exit, reason, message, faults, hint: None, facts, ran: Arc::default() }
    }
}

/// The message, and the lines below it, such that none says what another does.
fn told(status: &Status, details: &tonic_types::ErrorDetails) -> (String, Box<[String]>) {
    if let Some(bad) = details.bad_request().filter(|bad| !bad.field_violations.is_empty()) {
        let faults = bad.field_violations.iter().map(|fault| format!("{}: {}", fault.field, fault.description));
        return (String::from("the request is malformed"), faults.collect());
    }
    // Missing evidence: the names say less than the sentences that come with them.
    let missing = details.error_info().is_some_and(|info| info.metadata.contains_key("missing"));
    let violations = details.precondition_failure().map(|failure| failure.violations.as_slice()).unwrap_or_default();
    match violations {
        [one] if missing => {
            let subject = one.subject.split_once('/').map_or("", |(_, name)| name);
            (format!("{subject}: {}", one.description), Default::default())
        }
        [first, ..] if missing => {
            let subject = first.subject.split_once('/').map_or("", |(_, name)| name);
            let lines = violations.iter().map(|one| format!("{}: {}", camel_case(&one.r#type), one.description));
            (format!("{subject}: {} things are missing", violations.len()), lines.collect())
        }
        _ => (status.message().to_owned(), Default::default()),
    }
}

/// `NOT_TRIAGED` as people read it: `NotTriaged`.
pub(crate) fn camel_case(name: &str) -> String {
    name.split('_')
        .filter_map(|word| {
            let mut letters = word.chars();
            letters.next().map(|first| first.to_ascii_uppercase().to_string() + &letters.as_str().to_ascii_lowercase())
        })
        .collect()
}
