//! What operators do to the log: a record in every partition, there and in force once it was read back from all of them.

use async_trait::async_trait;
use event_log::{FillError, LogError, Maintain, PartitionId, Phase, Recorded, Versions};
use event_log_sqlite::replica::Outcome;
use prost::Message as _;
use tokio::sync::oneshot;

use crate::KafkaLog;
use crate::client::RECORD_BYTES_MAX;
use crate::entry::{StoredBody, StoredFilled, StoredMark, StoredRecord};
use crate::error::closed;
use crate::ledger::Answer;

/// Most bytes of records that are taken over by one entry; one append may have 2 MiB.
const FILLED_BYTES_MAX: usize = RECORD_BYTES_MAX / 4;

#[async_trait]
impl Maintain for KafkaLog {
    fn versions(&self) -> Versions {
        self.state.versions()
    }

    fn phase(&self) -> Phase {
        self.state.phase()
    }

    async fn activate(&self, versions: Versions) -> Result<(), LogError> {
        let raised = self.state.versions().raised_to(versions);
        raised.check_known(self.state.known())?;
        self.write_everywhere(&StoredBody::Activate(raised.into())).await
    }

    async fn seal(&self) -> Result<(), LogError> {
        self.write_everywhere(&StoredBody::Seal(StoredMark {})).await
    }

    /// All or none of them where they fit into one entry of the topic (1 MiB of records, or one append). Of more, whole appends
    /// may have been taken over when it fails in between: the partition's head says how many.
    async fn fill(&self, records: Vec<Recorded>) -> Result<(), FillError> {
        self.state.in_touch().map_err(FillError::Failed)?;
        let phase = self.state.phase();
        if phase != Phase::Filling {
            return Err(FillError::NotFilling { phase });
        }
        let Some(first) = records.first() else { return Ok(()) };
        let partition = first.partition;
        if partition >= self.identity.partitions {
            let reason = format!("the log has {} partitions, and no partition {partition}", self.identity.partitions);
            return Err(FillError::Invalid { reason });
        }
        if let Some(other) = records.iter().find(|other| other.partition != partition) {
            let reason = format!("records of partition {} among those of {partition}", other.partition);
            return Err(FillError::Invalid { reason });
        }
        for chunk in chunks(&records) {
            self.take_over(partition, chunk).await?;
        }
        Ok(())
    }

    async fn open(&self) -> Result<(), LogError> {
        if self.state.phase() == Phase::Sealed {
            return Err(LogError::Moved);
        }
        self.write_everywhere(&StoredBody::Open(StoredMark {})).await
    }
}

impl KafkaLog {
    async fn take_over(&self, partition: PartitionId, records: &[Recorded]) -> Result<(), FillError> {
        let mut stored = Vec::with_capacity(records.len());
        for recorded in records {
            let texts = self.keys.seal_record(&self.replica, recorded).await.map_err(FillError::Failed)?;
            stored.push(StoredRecord::of(recorded, texts));
        }
        let number = self.desk.number();
        let payload = self.encode(number, StoredBody::Filled(StoredFilled { records: stored }));
        let sent = self.desk.send(partition, number, payload, None).map_err(FillError::Failed)?;
        match answer(sent).await.map_err(FillError::Failed)? {
            Answer::Filled(filled) => filled,
            _ => Err(FillError::Failed(another())),
        }
    }

    /// Writes an entry to each partition, and waits until all were read back.
    async fn write_everywhere(&self, body: &StoredBody) -> Result<(), LogError> {
        self.state.in_touch()?;
        let mut sent = Vec::new();
        for partition in 0..self.identity.partitions {
            let number = self.desk.number();
            sent.push(self.desk.send(partition, number, self.encode(number, body.clone()), None)?);
        }
        for sent in sent {
            match answer(sent).await? {
                Answer::Applied(Outcome::Done) => {}
                _ => return Err(another()),
            }
        }
        Ok(())
    }
}

async fn answer(sent: oneshot::Receiver<Answer>) -> Result<Answer, LogError> {
    match sent.await {
        Ok(Answer::Refused(error) | Answer::Unknown(error)) => Err(error),
        Ok(answer) => Ok(answer),
        Err(_) => Err(closed()),
    }
}

fn another() -> LogError {
    LogError::DataLoss { reason: "the topic has another entry under this one's name".to_owned() }
}

/// The records in parts, each of whole appends.
fn chunks(records: &[Recorded]) -> Vec<&[Recorded]> {
    let request =
        |recorded: &Recorded| (recorded.record.header.stream.clone(), recorded.record.header.metadata.request_id);
    let (mut chunks, mut start, mut end, mut bytes) = (Vec::new(), 0, 0, 0);
    for append in records.chunk_by(|one, next| request(one) == request(next)) {
        let more: usize =
            append.iter().map(|recorded| StoredRecord::of(recorded, None).encoded_len() + texts(recorded)).sum();
        if end > start && bytes + more > FILLED_BYTES_MAX {
            chunks.push(&records[start..end]);
            (start, bytes) = (end, 0);
        }
        end += append.len();
        bytes += more;
    }
    chunks.push(&records[start..end]);
    chunks
}

fn texts(recorded: &Recorded) -> usize {
    recorded.record.body.texts.as_ref().map_or(0, |texts| texts.json.len() + texts.salt.len() + 128)
}
