//! Stored entries as the replica takes them: checked against what this build knows, their texts opened.

use std::sync::Arc;

use event_log::{Identity, LogError, PartitionId, Phase, Proposal, Recorded, StreamId, Texts, Versions};
use event_log_sqlite::replica::{Entry, Seen};
use uuid::Uuid;

use crate::doubt::Doubt;
use crate::entry::{FORMAT, Malformed, StoredBody, StoredEntry, StoredProposal, StoredTexts, hash};
use crate::keys::{Keys, StreamKey};

/// What decodes.
pub(crate) struct Decoder {
    pub(crate) known: Versions,
    pub(crate) identity: Identity,
    pub(crate) keys: Arc<Keys>,
    /// Where a key is missing.
    pub(crate) doubt: Doubt,
}

/// What an entry says.
#[expect(clippy::large_enum_variant, reason = "nearly all of them are proposals")]
pub(crate) enum Decoded {
    /// To be applied among others.
    Entry(Entry),
    /// To be taken over alone.
    Fill(Vec<Recorded>),
}

/// Where keys are found.
pub(crate) trait FindKey {
    /// The key of this name; `None`: it was erased. Fails with [`LogError::DataLoss`] once the keys were read to their end and say
    /// nothing of it.
    fn find(&mut self, partition: PartitionId, id: &[u8; 16]) -> Result<Option<Arc<StreamKey>>, LogError>;
}

impl From<Malformed> for LogError {
    fn from(Malformed(reason): Malformed) -> Self {
        Self::DataLoss { reason }
    }
}

impl Decoder {
    /// What the entry says.
    pub(crate) fn decode(
        &self,
        (partition, offset): (PartitionId, u64),
        stored: StoredEntry,
        keys: &mut dyn FindKey,
    ) -> Result<Decoded, LogError> {
        if stored.format > FORMAT {
            let reason = format!("a record has format {}, and this version knows up to {FORMAT}", stored.format);
            return Err(LogError::UpgradeNeeded { reason });
        }
        let body = stored.body.ok_or_else(|| Malformed("a record that says nothing".to_owned()))?;
        Ok(Decoded::Entry(match body {
            StoredBody::Proposal(proposal) => self.proposal(partition, proposal, keys)?,
            StoredBody::Filled(filled) => {
                let mut opened = |stream: &StreamId, event: Uuid, texts: &StoredTexts| {
                    open(partition, stream, event, texts, &mut *keys)
                };
                let records = filled.records.into_iter().map(|record| record.into_recorded(partition, &mut opened));
                return records.collect::<Result<_, LogError>>().map(Decoded::Fill);
            }
            StoredBody::Found(found) => {
                // A later one is of a node that founded at the same time and came second.
                if offset == 0 && found.log_id != self.identity.log_id.as_bytes() {
                    let ours = self.identity.log_id;
                    return Err(Malformed(format!("it begins another log than {ours}, which this node has")).into());
                }
                let versions: Versions = found.versions.unwrap_or_default().into();
                versions.check_known(self.known)?;
                Entry::Found(versions, if found.filling { Phase::Filling } else { Phase::Open })
            }
            StoredBody::Activate(versions) => {
                let versions = Versions::from(versions);
                versions.check_known(self.known)?;
                Entry::Activate(versions)
            }
            StoredBody::Seal(_) => Entry::Seal,
            StoredBody::Open(_) => Entry::Open,
            StoredBody::Pass(_) => Entry::Pass,
        }))
    }

    fn proposal(
        &self,
        partition: PartitionId,
        stored: StoredProposal,
        keys: &mut dyn FindKey,
    ) -> Result<Entry, LogError> {
        let versions = Versions { rule: stored.rule_version, record: stored.record_version };
        versions.check_known(self.known)?;
        let seen =
            Seen { versions, position: stored.position, running_hash: hash(&stored.running_hash, "a running hash")? };
        let proposal = self.check(partition, stored, keys)?;
        if proposal.partition() != partition {
            let of = proposal.partition();
            return Err(Malformed(format!("a proposal of partition {of} in partition {partition}")).into());
        }
        Ok(Entry::Propose(proposal, seen))
    }

    fn check(
        &self,
        partition: PartitionId,
        stored: StoredProposal,
        keys: &mut dyn FindKey,
    ) -> Result<Proposal, LogError> {
        let (mut append, sealed) = stored.into_append()?;
        let mut erased = Vec::new();
        for (event, sealed) in append.events.iter_mut().zip(&sealed) {
            let Some(sealed) = sealed else {
                erased.push(None);
                continue;
            };
            match open(partition, &append.stream, event.event_id, sealed, keys)? {
                Some(Texts { salt, json }) => {
                    (event.salt, event.texts) = (salt, json);
                    erased.push(None);
                }
                None => erased.push(Some(hash(&sealed.hash, "a hash of texts")?)),
            }
        }
        let broken = |error| Malformed(format!("a proposal that no node makes: {error}"));
        Ok(Proposal::check_erased(append, self.identity.partitions, &erased).map_err(broken)?)
    }
}

/// What is sealed of an event; `None`: it was erased.
fn open(
    partition: PartitionId,
    stream: &StreamId,
    event_id: Uuid,
    texts: &StoredTexts,
    keys: &mut dyn FindKey,
) -> Result<Option<Texts>, LogError> {
    if texts.sealed.is_empty() {
        return Ok(None);
    }
    let id = texts.key_id.as_slice().try_into().map_err(|_| Malformed("a key's name of another length".to_owned()))?;
    let Some(key) = keys.find(partition, &id)? else { return Ok(None) };
    let opened = key.open(stream, event_id, &texts.sealed)?;
    if event_log::leaf::texts_hash(&opened.salt, &opened.json)[..] != texts.hash[..] {
        return Err(Malformed(format!("texts of event {event_id} are not those that were hashed")).into());
    }
    Ok(Some(opened))
}
