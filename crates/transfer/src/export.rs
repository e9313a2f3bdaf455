//! Writes a log as a file.

use std::io::Write;

use event_log::{Maintain, Recorded};
use sha2::{Digest, Sha256};
use zstd::Encoder;

use crate::blocking::elsewhere;
use crate::error::{Side, TransferError};
use crate::format::{self, End, Hash, Header};
use crate::pages::{Appends, heads};
use crate::{Progress, Step, Watcher};

/// Level of compression: zstd's own default.
const LEVEL: i32 = 3;

/// What was exported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exported {
    /// The file's first line.
    pub header: Header,
    /// The last position of each partition.
    pub heads: Vec<u64>,
    /// SHA-256 over all lines but the last.
    pub digest: [u8; 32],
}

/// Writes all that is acknowledged when it begins, and gives the writer back, with nothing left in a buffer of its own.
///
/// A record that is not what its leaf says ends it: damage is not exported. An export that ended early lacks its last line.
pub async fn export<W: Write + Send + 'static>(
    log: &dyn Maintain,
    writer: W,
    progress: Watcher<'_>,
) -> Result<(Exported, W), TransferError> {
    let heads = heads(log).await.map_err(TransferError::log(Side::From))?;
    let total = heads.iter().sum();
    let header = Header::new(log.identity(), log.versions(), total);
    let mut file = File::begin(writer, &header).map_err(TransferError::File)?;
    let mut done = 0;
    for (partition, head) in (0..).zip(&heads) {
        let mut appends = Appends::new(log, Side::From, partition, 0, *head);
        loop {
            progress(Progress { step: Step::Exporting, done, total });
            let records = appends.next().await?;
            if records.is_empty() {
                break;
            }
            done += records.len() as u64;
            file = elsewhere(move || file.records(&records).map_err(TransferError::File)).await?;
        }
    }
    let end = heads.clone();
    let (digest, writer) = elsewhere(move || file.end(end).map_err(TransferError::File)).await?;
    Ok((Exported { header, heads, digest }, writer))
}

/// A file under way.
struct File<W: Write> {
    encoder: Encoder<'static, W>,
    digest: Sha256,
    lines: Vec<u8>,
}

impl<W: Write> File<W> {
    fn begin(writer: W, header: &Header) -> std::io::Result<Self> {
        let mut encoder = Encoder::new(writer, LEVEL)?;
        encoder.include_checksum(true)?;
        let mut file = Self { encoder, digest: Sha256::new(), lines: Vec::new() };
        format::write(header, &mut file.lines);
        file.flush()?;
        Ok(file)
    }

    fn records(mut self, records: &[Recorded]) -> std::io::Result<Self> {
        for recorded in records {
            format::write_record(recorded, &mut self.lines);
        }
        self.flush()?;
        Ok(self)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.digest.update(&self.lines);
        self.encoder.write_all(&self.lines)?;
        self.lines.clear();
        Ok(())
    }

    fn end(mut self, heads: Vec<u64>) -> std::io::Result<([u8; 32], W)> {
        let digest: [u8; 32] = self.digest.finalize().into();
        format::write(&End { end: true, heads, digest: Hash(digest) }, &mut self.lines);
        self.encoder.write_all(&self.lines)?;
        let mut writer = self.encoder.finish()?;
        writer.flush()?;
        Ok((digest, writer))
    }
}
