//! Backups while the log is written to, and logs made of backups.
//!
//! Both copy the database page by page, as it is at one moment: a transaction that only reads holds that moment. Meanwhile the WAL
//! can't be begun anew, so it grows by what is written until the copy is done.

use std::fs::File;
use std::io::ErrorKind;
use std::path::Path;
use std::time::Duration;

use event_log::{Mark, Phase, Versions};
use rusqlite::backup::{Backup, StepResult};
use rusqlite::{Connection, Transaction, params};
use tempfile::NamedTempFile;
use uuid::Uuid;

use crate::connect::Opened;
use crate::error::OpenError;
use crate::lookup::{Heads, unsigned};
use crate::mark;
use crate::schema::{self, FORMAT, Format};
use crate::{SqliteLog, connect, ends, sidecar};

/// Pages copied between two reports: 8 MiB.
const PAGES_A_STEP: i32 = 1024;
/// How long a step waits that found a lock, and how often in a row.
const BUSY_WAIT: Duration = Duration::from_millis(20);
const BUSY_TIMES_MAX: u32 = 500;

/// How far something that goes through the whole log has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// So much is done.
    pub done: u64,
    /// Of so much; it does not change.
    pub of: u64,
}

/// Where a log was made from a backup: until there it has what the other one has, and from there on its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Branch {
    /// The log that was backed up.
    pub log_id: Uuid,
    /// The last position of each partition that both have.
    pub positions: Vec<u64>,
}

impl SqliteLog {
    /// Backs the log up while it runs: see [`backup`]. Blocks until it is done.
    pub fn backup(&self, to: &Path, replace: bool, progress: impl FnMut(Progress)) -> Result<(), OpenError> {
        backup(self.path(), to, replace, progress)
    }

    /// The logs that this one was restored from, the first one first; none for a log that was made as one.
    #[expect(clippy::redundant_closure_for_method_calls, reason = "the method is of one lifetime, the closure of any")]
    pub async fn branches(&self) -> Result<Vec<Branch>, event_log::LogError> {
        self.readers.look_up(|reader| reader.branches()).await
    }
}

/// Copies the log at `from` as it is now to `to`, whether or not another process serves it. Blocks until it is done; `progress`
/// counts pages of the file.
///
/// The backup is complete and on disk once it has its name. It is no log until it is restored. A file that is there already is
/// replaced only if `replace` says so and it is a backup itself.
pub fn backup(from: &Path, to: &Path, replace: bool, progress: impl FnMut(Progress)) -> Result<(), OpenError> {
    let replace = to.exists().then_some(replace);
    match replace {
        Some(true) if !is_backup(to) => return Err(OpenError::Exists { path: to.to_owned() }),
        Some(false) => return Err(OpenError::Exists { path: to.to_owned() }),
        _ => {}
    }
    let copy = copy(from, to, progress, |transaction| transaction.execute("UPDATE log SET backup = 1", []).map(drop))?;
    keep(copy, to, replace.is_some())
}

/// Makes the log `to` of a backup, with an id of its own: what it has is the backup's, what it gets is no other log's. It records
/// which log it branched from, and where. Blocks until it is done; `progress` counts pages of the file.
///
/// `to` must not exist. Any log can be taken for a backup, one that is sealed or served too.
pub fn restore(from: &Path, to: &Path, log_id: Uuid, progress: impl FnMut(Progress)) -> Result<(), OpenError> {
    if to.exists() {
        return Err(OpenError::Exists { path: to.to_owned() });
    }
    let copy = copy(from, to, progress, |transaction| branch(transaction, log_id))?;
    keep(copy, to, false)
}

/// A copy beside where it will be, in today's format, checked at its ends and changed by `then`.
fn copy(
    from: &Path,
    to: &Path,
    progress: impl FnMut(Progress),
    then: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<()>,
) -> Result<NamedTempFile, OpenError> {
    // Found beside the new file, it would be taken for its own.
    let left = sidecar(to, "-wal");
    if left.exists() {
        return Err(OpenError::Exists { path: left });
    }
    let of_from = |error: rusqlite::Error| OpenError::of_sqlite(from, &error);
    let of_to = |error: rusqlite::Error| OpenError::of_sqlite(to, &error);
    if !from.is_file() {
        return Err(OpenError::NotALog { path: from.to_owned(), reason: "there is no such file".to_owned() });
    }
    let source = connect::open_for_reading(from).map_err(of_from)?;
    let format = match Format::read(&source).map_err(of_from)? {
        Format::Log(format) if (1..=FORMAT).contains(&format) => format,
        other => return Err(connect::other_format(from, other)),
    };
    let partial = partial(to)?;
    let mut target = Connection::open(partial.path()).map_err(of_to)?;
    copy_pages(&source, &mut target, progress).map_err(of_to)?;
    drop(source);
    // One file, not three; whatever is written from now on is on disk when it is committed.
    target.execute_batch("PRAGMA journal_mode = DELETE; PRAGMA synchronous = FULL;").map_err(of_to)?;
    schema::upgrade(&mut target, format, |_| Ok(())).map_err(of_to)?;
    let Opened { connection: mut target, identity, .. } = connect::look(from, target, Versions::KNOWN)?;
    let heads = Heads::read(&target, identity.partitions).map_err(of_to)?;
    ends::check(&target, identity, &heads).map_err(|error| OpenError::of_log(from, error))?;
    let transaction = target.transaction().map_err(of_to)?;
    then(&transaction).and_then(|()| transaction.commit()).map_err(of_to)?;
    target.close().map_err(|(_, error)| of_to(error))?;
    // Who may read the log may read the copy, and nobody else.
    std::fs::metadata(from)
        .and_then(|file| std::fs::set_permissions(partial.path(), file.permissions()))
        .map_err(|error| OpenError::of_io(to, &error))?;
    Ok(partial)
}

/// Copies the pages as they are when this begins.
fn copy_pages(
    source: &Connection,
    target: &mut Connection,
    mut progress: impl FnMut(Progress),
) -> rusqlite::Result<()> {
    // Nothing is read from it before it is whole and synced.
    target.execute_batch("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;")?;
    source.execute_batch("BEGIN; SELECT one FROM log;")?;
    let backup = Backup::new(source, target)?;
    let mut busy = 0;
    loop {
        match backup.step(PAGES_A_STEP)? {
            StepResult::Busy | StepResult::Locked if busy < BUSY_TIMES_MAX => {
                busy += 1;
                std::thread::sleep(BUSY_WAIT);
                continue;
            }
            StepResult::More => busy = 0,
            StepResult::Done => break,
            _ => return Err(busy_error()),
        }
        progress(progress_of(&backup));
    }
    progress(progress_of(&backup));
    drop(backup);
    source.execute_batch("COMMIT")
}

fn progress_of(backup: &Backup<'_, '_>) -> Progress {
    let rusqlite::backup::Progress { remaining, pagecount } = backup.progress();
    let pages = |pages| u64::try_from(pages).unwrap_or_default();
    Progress { done: pages(pagecount.saturating_sub(remaining)), of: pages(pagecount) }
}

fn busy_error() -> rusqlite::Error {
    let busy = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_BUSY);
    rusqlite::Error::SqliteFailure(busy, Some("another connection keeps the log locked".to_owned()))
}

/// Gives it another id, and records what it branched from.
fn branch(transaction: &Transaction<'_>, log_id: Uuid) -> rusqlite::Result<()> {
    let identity = mark::identity(transaction)?;
    let branch: i64 =
        transaction.query_row("SELECT coalesce(max(branch), 0) + 1 FROM branches", [], |row| row.get(0))?;
    let heads = Heads::read(transaction, identity.partitions)?;
    let mut insert =
        transaction.prepare("INSERT INTO branches (branch, partition, log_id, position) VALUES (?, ?, ?, ?)")?;
    for (partition, position) in (0..identity.partitions).zip(heads.positions()) {
        insert.execute(params![branch, partition, identity.log_id.as_bytes(), position.cast_signed()])?;
    }
    transaction.execute("UPDATE log SET log_id = ?, backup = 0", [log_id.as_bytes()])?;
    // Whatever became of the other one, this one takes appends.
    mark::write(transaction, Mark { phase: Phase::Open, ..mark::read(transaction)? })
}

/// The branches recorded in a log.
pub(crate) fn read_branches(connection: &Connection) -> rusqlite::Result<Vec<Branch>> {
    let mut statement =
        connection.prepare("SELECT branch, log_id, position FROM branches ORDER BY branch, partition")?;
    let rows =
        statement.query_map([], |row| Ok((row.get::<_, i64>(0)?, Uuid::from_bytes(row.get(1)?), unsigned(row, 2)?)))?;
    let rows: Vec<_> = rows.collect::<rusqlite::Result<_>>()?;
    let branches = rows.chunk_by(|(one, ..), (other, ..)| one == other).map(|branch| Branch {
        log_id: branch[0].1,
        positions: branch.iter().map(|(.., position)| *position).collect(),
    });
    Ok(branches.collect())
}

/// A new file beside `to`; it goes unless it is kept.
fn partial(to: &Path) -> Result<NamedTempFile, OpenError> {
    let mut prefix = to.file_name().unwrap_or_default().to_owned();
    prefix.push(".");
    let folder = folder_of(to);
    let file = tempfile::Builder::new().prefix(&prefix).suffix(".partial").tempfile_in(folder);
    file.map_err(|error| OpenError::of_io(to, &error))
}

/// Gives the file its name, for good.
fn keep(copy: NamedTempFile, to: &Path, replace: bool) -> Result<(), OpenError> {
    copy.as_file().sync_all().map_err(|error| OpenError::of_io(to, &error))?;
    if replace {
        copy.persist(to).map_err(|refused| OpenError::of_io(to, &refused.error))?;
    } else {
        copy.persist_noclobber(to).map_err(|refused| match refused.error.kind() {
            ErrorKind::AlreadyExists => OpenError::Exists { path: to.to_owned() },
            _ => OpenError::of_io(to, &refused.error),
        })?;
    }
    File::open(folder_of(to)).and_then(|folder| folder.sync_all()).map_err(|error| OpenError::of_io(to, &error))
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

fn is_backup(path: &Path) -> bool {
    let found = connect::open_for_reading(path).and_then(|connection| match Format::read(&connection)? {
        Format::Log(FORMAT) => mark::is_backup(&connection),
        _ => Ok(false),
    });
    found.unwrap_or(false)
}
