//! An append, from the caller's call to its own proposal read back.

use event_log::{Append, AppendError, Appended, LogError, Proposal};
use event_log_sqlite::replica::{Bookmark, Outcome, Seen};
use prost::Message as _;

use crate::KafkaLog;
use crate::entry::{FORMAT, StoredBody, StoredEntry, StoredProposal};
use crate::error::closed;
use crate::ledger::Answer;

impl KafkaLog {
    /// Writes the proposal to the topic, and answers what it was found to be there.
    pub(crate) async fn propose(&self, append: Append) -> Result<Appended, AppendError> {
        // Before any work: who is refused in an overload must cost little.
        self.desk.has_room(0).map_err(AppendError::Failed)?;
        let proposal = Proposal::check(append, self.identity.partitions)?;
        let partition = proposal.partition();
        let bookmark = self.state.appendable(partition).map_err(AppendError::Failed)?;
        self.desk.has_room(proposal.encoded_bytes()).map_err(AppendError::Failed)?;
        let events = proposal.events().map(|(event, hashes)| (event, hashes.texts));
        let sealed = self.keys.seal_events(&self.replica, partition, &proposal.append().stream, events).await;
        let stored = StoredProposal::of(proposal.append(), sealed.map_err(AppendError::Failed)?);
        // Texts may have had to wait for their key: what was applied meanwhile is named.
        let seen = seen(&self.state.bookmark(partition).unwrap_or(bookmark));
        let number = self.desk.number();
        let payload = self.encode(number, StoredBody::Proposal(named(stored, seen)));
        let sent = self.desk.send(partition, number, payload, Some((proposal, seen)));
        match sent.map_err(AppendError::Failed)?.await {
            Ok(Answer::Applied(Outcome::Append(answer))) => answer,
            Ok(Answer::Applied(Outcome::Outdated)) => Err(AppendError::Failed(LogError::Unavailable {
                reason: "the log's versions were raised at the same moment".to_owned(),
            })),
            Ok(Answer::Refused(error) | Answer::Applied(Outcome::Ahead(error))) => Err(AppendError::Failed(error)),
            Ok(Answer::Unknown(error)) => Err(AppendError::Unknown(error)),
            Ok(Answer::Applied(Outcome::Done) | Answer::Filled(_)) => Err(AppendError::Unknown(LogError::DataLoss {
                reason: "the topic has another entry under this append's name".to_owned(),
            })),
            // It was written, and who would answer is gone.
            Err(_) => Err(AppendError::Unknown(closed())),
        }
    }

    /// The bytes of an entry of this node.
    pub(crate) fn encode(&self, number: u64, body: StoredBody) -> Vec<u8> {
        StoredEntry { format: FORMAT, node: self.desk.node(), number, body: Some(body) }.encode_to_vec()
    }
}

/// What this node has applied.
fn seen(bookmark: &Bookmark) -> Seen {
    Seen { versions: bookmark.versions, position: bookmark.position, running_hash: bookmark.running_hash }
}

/// The proposal, with what this node had applied when it made it.
fn named(stored: StoredProposal, seen: Seen) -> StoredProposal {
    StoredProposal {
        rule_version: seen.versions.rule,
        record_version: seen.versions.record,
        position: seen.position,
        running_hash: seen.running_hash.to_vec(),
        ..stored
    }
}
