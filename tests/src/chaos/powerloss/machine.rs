//! What writes on the recorded disk, and starts again on what is left of it.

use std::path::Path;

use anyhow::{Context as _, Result, ensure};
use async_trait::async_trait;
use tempfile::TempDir;

use super::PowerLoss;
use super::disk::{Disk, Image, Names};
use super::recorder::Recorder;

mod server;

pub(super) use server::Server;

/// What a log rests on, and the disk below it.
#[async_trait]
pub(super) trait Machine: Send {
    /// Has writers append to a log, under the recorder.
    async fn record(&mut self, run: &PowerLoss, program: &Path, recorder: &Recorder) -> Result<()>;

    /// The disk as it was before.
    fn disk(&self) -> Result<Disk>;

    /// Starts on what is left, and answers the log's URL there. What was started before ends.
    async fn start(&mut self, image: &Image) -> Result<String>;
}

/// A log in a file.
#[derive(Debug, Default)]
pub(super) struct File {
    image: Option<TempDir>,
}

#[async_trait]
impl Machine for File {
    /// Four processes, one after the other: two leave the log unclosed, two close it.
    async fn record(&mut self, run: &PowerLoss, program: &Path, recorder: &Recorder) -> Result<()> {
        let url = format!("sqlite:{}", recorder.folder.join("log.db").display());
        for session in 0..4 {
            let mut command = run.writers(program, &url, &recorder.acks);
            if session % 2 == 0 {
                command.arg("--unclosed");
            }
            recorder.preload(&mut command, run.drop_syncs);
            let ended = command.status().await?;
            ensure!(ended.success(), "the writers ended with {ended}");
        }
        Ok(())
    }

    fn disk(&self) -> Result<Disk> {
        Ok(Disk::new(Names::ByFolder, []))
    }

    async fn start(&mut self, image: &Image) -> Result<String> {
        let folder = self.image.insert(unpacked(image)?);
        Ok(format!("sqlite:{}", folder.path().join("log.db").display()))
    }
}

/// The files of an image, in a folder in memory.
pub fn unpacked(image: &Image) -> Result<TempDir> {
    let folder = in_memory()?;
    unpack(image, folder.path())?;
    Ok(folder)
}

/// A folder in memory, where there is such a file system: nobody takes the power away from that.
fn in_memory() -> Result<TempDir> {
    let memory = Path::new("/dev/shm");
    let folder = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() };
    folder.context("make a folder for an image")
}

fn unpack(image: &Image, folder: &Path) -> Result<()> {
    for (path, content) in image {
        let path = folder.join(path);
        std::fs::create_dir_all(path.parent().unwrap_or(folder))?;
        std::fs::write(&path, content).with_context(|| format!("write {}", path.display()))?;
    }
    Ok(())
}
