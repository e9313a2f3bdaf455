//! A PostgreSQL server on the recorded disk.
//!
//! Its data folder is copied while it is stopped: what is there then counts as durable. Images are started by another server, which records
//! nothing, in place of its own data.

use std::fmt::Write as _;
use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, Result, ensure};
use async_trait::async_trait;
use tempfile::TempDir;
use test_servers::postgres::{Postgres, Setup};

use super::{Disk, Image, Machine, Names, PowerLoss, Recorder, in_memory, unpack};
use crate::chaos::open;
use crate::chaos::powerloss::trace::File;

/// The database with the log: the first that a server makes for a test.
const DATABASE: &str = "test_0";
/// The folder with what was durable before, and the list of its files with their inodes.
const BEFORE: &str = "before";
const INODES: &str = "inodes";

/// A server for images, and the folder with what was recorded.
#[derive(Debug)]
pub(in crate::chaos::powerloss) struct Server {
    folder: PathBuf,
    /// Before the image: it ends before that goes.
    starts: Arc<Postgres>,
    image: Option<TempDir>,
}

impl Server {
    /// `None`, said, where PostgreSQL isn't installed.
    pub(in crate::chaos::powerloss) fn new(folder: &Path) -> Result<Option<Self>> {
        let Some(starts) = Postgres::start(&Setup::default())? else { return Ok(None) };
        starts.stop()?;
        Ok(Some(Self { folder: folder.canonicalize()?, starts: Arc::new(starts), image: None }))
    }
}

#[async_trait]
impl Machine for Server {
    /// The server is stopped in between, so that checkpoints are in the trace too.
    async fn record(&mut self, run: &PowerLoss, program: &Path, recorder: &Recorder) -> Result<()> {
        // Another account writes the trace.
        fs::set_permissions(&self.folder, fs::Permissions::from_mode(0o755))?;
        fs::set_permissions(&recorder.trace, fs::Permissions::from_mode(0o666))?;
        let environment = recorder.environment(Path::new("data"), run.drop_syncs);
        let server = Postgres::start(&Setup { environment, ..Setup::default() })?.context("there was a PostgreSQL")?;
        let url = server.create_database().await?;
        ensure!(url == server.url(DATABASE), "the log is in {url}");
        open::open(&url, Path::new("")).await?.close().await;
        server.stop()?;
        fs::File::options().write(true).open(&recorder.trace)?.set_len(0)?;
        keep(&server.data(), &self.folder)?;
        for _ in 0..2 {
            server.restart()?;
            let mut command = run.writers(program, &url, &recorder.acks);
            // Only its answers: it writes no files.
            command.envs(recorder.environment(&recorder.folder, false));
            let ended = command.status().await?;
            ensure!(ended.success(), "the writers ended with {ended}");
            server.stop()?;
        }
        Ok(())
    }

    fn disk(&self) -> Result<Disk> {
        let inodes = fs::read_to_string(self.folder.join(INODES)).context("read what was there before")?;
        let mut files = Vec::new();
        for line in inodes.lines() {
            let (inode, path) = line.split_once(' ').context("a line without a path")?;
            let content = fs::read(self.folder.join(BEFORE).join(path)).with_context(|| format!("read {path}"))?;
            files.push((File { inode: inode.parse()?, path: path.into() }, content));
        }
        Ok(Disk::new(Names::ByFile, files))
    }

    async fn start(&mut self, image: &Image) -> Result<String> {
        // In its own time: a killed one leaves its shared memory behind, which nothing of the next image knows of.
        self.starts.stop()?;
        let data = self.starts.data();
        let owner = data.metadata().context("the data folder")?;
        let folder = in_memory()?;
        // Folders are there, whatever is in them.
        for below in folders_below(&self.folder.join(BEFORE))? {
            fs::create_dir_all(folder.path().join(below))?;
        }
        unpack(image, folder.path())?;
        // Who had it is gone with the power.
        fs::remove_file(folder.path().join("postmaster.pid")).or_else(is_not_there)?;
        give(folder.path(), owner.uid(), owner.gid())?;
        if data.is_symlink() { fs::remove_file(&data) } else { fs::rename(&data, data.with_extension("own")) }?;
        std::os::unix::fs::symlink(folder.path(), &data)?;
        self.image = Some(folder);
        let starts = Arc::clone(&self.starts);
        tokio::task::spawn_blocking(move || starts.restart()).await??;
        Ok(self.starts.url(DATABASE))
    }
}

fn is_not_there(error: std::io::Error) -> std::io::Result<()> {
    if error.kind() == std::io::ErrorKind::NotFound { Ok(()) } else { Err(error) }
}

/// Copies a data folder, and lists its files with their inodes.
fn keep(data: &Path, into: &Path) -> Result<()> {
    let mut inodes = String::new();
    for below in folders_below(data)? {
        fs::create_dir_all(into.join(BEFORE).join(&below))?;
        for entry in fs::read_dir(data.join(&below))? {
            let entry = entry?;
            if entry.file_type()?.is_file() {
                let path = below.join(entry.file_name());
                fs::copy(entry.path(), into.join(BEFORE).join(&path))?;
                writeln!(inodes, "{} {}", entry.metadata()?.ino(), path.display())?;
            }
        }
    }
    fs::write(into.join(INODES), inodes).context("list the files")
}

/// The folder itself and all below it, as paths below it.
fn folders_below(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut found = vec![PathBuf::new()];
    let mut next = 0;
    while let Some(below) = found.get(next).cloned() {
        for entry in fs::read_dir(folder.join(&below)).with_context(|| format!("list {}", below.display()))? {
            let entry = entry?;
            if entry.file_type()?.is_dir() {
                found.push(below.join(entry.file_name()));
            }
        }
        next += 1;
    }
    Ok(found)
}

/// Gives a folder with all in it to an account, and to nobody else.
fn give(folder: &Path, user: u32, group: u32) -> Result<()> {
    for below in folders_below(folder)? {
        let path = folder.join(&below);
        for entry in fs::read_dir(&path)? {
            chown(entry?.path(), Some(user), Some(group))?;
        }
    }
    chown(folder, Some(user), Some(group))?;
    fs::set_permissions(folder, fs::Permissions::from_mode(0o700)).context("close the folder to others")
}
