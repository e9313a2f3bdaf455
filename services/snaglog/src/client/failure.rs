//! Why a command did not succeed: an exit code, a message, and what would help.

use std::process::ExitCode;

use tonic::{Code, Status};
use tonic_types::StatusExt as _;

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
    /// Field faults, one a line.
    pub(crate) faults: Vec<String>,
    /// What would help: a command, or a sentence.
    pub(crate) hint: Option<String>,
    /// The facts that the server gave with a refusal.
    pub(crate) facts: std::collections::HashMap<String, String>,
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
            faults: Vec::new(),
            hint: None,
            facts: Default::default(),
        }
    }

    /// Adds what would help.
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Prints it to standard error and gives the exit code.
    pub(crate) fn report(self) -> ExitCode {
        let error = anstyle::Style::new()
            .bold()
            .fg_color(Some(anstyle::AnsiColor::Red.into()));
        let label = if self.reason.is_empty() { "error" } else { &self.reason };
        anstream::eprintln!("{error}{label}{error:#}: {}", self.message);
        for fault in &self.faults {
            anstream::eprintln!("  {fault}");
        }
        if let Some(hint) = &self.hint {
            anstream::eprintln!("{hint}");
        }
        ExitCode::from(self.exit as u8)
    }
}

impl From<Status> for Failure {
    fn from(status: Status) -> Self {
        let exit = match status.code() {
            Code::Unauthenticated | Code::PermissionDenied => Exit::NotAllowed,
            Code::FailedPrecondition | Code::NotFound | Code::AlreadyExists => Exit::Refused,
            Code::Aborted => Exit::Conflict,
            Code::Unavailable | Code::ResourceExhausted | Code::DeadlineExceeded => Exit::TryAgain,
            Code::InvalidArgument | Code::OutOfRange => Exit::Usage,
            _ => Exit::Failed,
        };
        let details = status.get_error_details();
        let (reason, facts) = details
            .error_info()
            .map(|info| (camel_case(&info.reason), info.metadata.clone()))
            .unwrap_or_default();
        let faults = details
            .bad_request()
            .map(|bad| {
                bad.field_violations
                    .iter()
                    .map(|fault| format!("{}: {}", fault.field, fault.description))
                    .collect()
            })
            .unwrap_or_default();
        Self {
            exit,
            reason,
            message: status.message().to_owned(),
            faults,
            hint: None,
            facts,
        }
    }
}

/// `NOT_TRIAGED` as people read it: `NotTriaged`.
pub(crate) fn camel_case(name: &str) -> String {
    name.split('_')
        .filter_map(|word| {
            let mut letters = word.chars();
            letters
                .next()
                .map(|first| first.to_ascii_uppercase().to_string() + &letters.as_str().to_ascii_lowercase())
        })
        .collect()
}
