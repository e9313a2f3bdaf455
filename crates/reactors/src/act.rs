//! What a reactor does: one command, under an id that follows from what it is about.

use commands::Request;
use domain::ids::{IssueId, TeamId};
use domain::issue;
use domain::project::Reactor;
use domain::text::Text;
use jiff::Timestamp;
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

/// One command to an issue, and why it is its time.
#[derive(Debug, Clone, PartialEq)]
pub struct Act {
    /// Who does it.
    pub reactor: Reactor,
    /// Names it among all that is ever done to the issue by itself, such as `breach/accept/1/17`: another deadline, another name.
    pub name: String,
    /// From when on it was to be done: what comes later is lag.
    pub due: Timestamp,
    /// When what it records happened.
    pub occurred_at: Option<Timestamp>,
    /// What is asked of the issue.
    pub command: issue::Command,
    /// Whose members are to be told, beside those whom the command names.
    pub tell: Option<TeamId>,
}

impl Act {
    /// Its request: whoever asks for the same under the same name, here or on another node, now or after a restart, asks for it once.
    pub(crate) fn request(&self, issue: &IssueId) -> Request {
        let id = request_id(issue, &self.name);
        let mut content = Sha256::new();
        content.update("snaglog.reactors/");
        content.update(id.as_bytes());
        Request {
            id,
            fingerprint: content.finalize().into(),
            actor: self.reactor.actor(),
            expected_revision: None,
            occurred_at: self.occurred_at,
            late_reason: self.late_reason(),
            origin: None,
            traceparent: None,
        }
    }
}

impl Act {
    /// A fix that came to production before it was known to be one takes back what was recorded meanwhile.
    fn late_reason(&self) -> Option<Text> {
        let marks = matches!(self.command, issue::Command::MarkInProduction { .. });
        marks.then(|| Text::parse("Its release was deployed by then.").ok()).flatten()
    }
}

/// UUIDv5 of the issue's id, which names its stream, and the act's name.
pub fn request_id(issue: &IssueId, name: &str) -> Uuid {
    Uuid::new_v5(&issue.0, name.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Logs hold these ids for ever: a build that made others would record everything again.
    #[test]
    fn request_ids_never_change() {
        let issue = IssueId(Uuid::from_u128(42));
        assert_eq!(request_id(&issue, "breach/accept/1/17").to_string(), "2813a2c3-b879-54f6-818a-c07152bcbd12");
    }

    #[test]
    fn the_same_act_is_the_same_request_and_another_deadline_another() {
        let act = |name: &str| Act {
            reactor: Reactor::Deadlines,
            name: name.to_owned(),
            due: Timestamp::UNIX_EPOCH,
            occurred_at: None,
            command: issue::Command::AcceptIssue,
            tell: None,
        };
        let issue = IssueId(Uuid::from_u128(1));
        let first = act("breach/accept/1/1").request(&issue);
        assert_eq!(first, act("breach/accept/1/1").request(&issue));
        let rebased = act("breach/accept/1/9").request(&issue);
        assert!(first.id != rebased.id && first.fingerprint != rebased.fingerprint);
        assert_ne!(first.id, act("breach/accept/1/1").request(&IssueId(Uuid::from_u128(2))).id);
    }
}
