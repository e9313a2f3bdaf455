//! A log opened beside the process that serves it: to read it, to seal it, to raise its versions.
//!
//! SQLite lets any process write, but heads and caches are the serving one's, so this one appends nothing. It looks at the file every
//! few milliseconds and publishes the heads that it finds there.

use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use event_log::{Change, FillError, LogError};
use rusqlite::Connection;

use crate::batch::{self, Failure};
use crate::connect::Opened;
use crate::error::OpenError;
use crate::lookup::Heads;
use crate::mark;
use crate::queue::{Arrivals, Batch, Taken, Task, deliver};
use crate::reader::Readers;
use crate::status::Status;
use crate::{Options, SqliteLog, connect, ends, error, queue};

/// How often it is looked whether the log has grown.
const LOOK_INTERVAL: Duration = Duration::from_millis(20);

/// What a log opened beside has in the writer's place.
struct Follower {
    connection: Connection,
    shared: Arc<Status>,
    partitions: u32,
    /// SQLite's number for what the file holds; another one: somebody has written.
    data_version: i64,
}

impl SqliteLog {
    /// Opens the log at `path` beside the process that serves it, or a backup: it is read as any log is, and can be sealed
    /// and have its versions raised. Whatever else would write is answered [`LogError::Unavailable`].
    pub fn open_beside(path: impl Into<PathBuf>, options: &Options) -> Result<Self, OpenError> {
        let path = path.into();
        let of_sqlite = |error: rusqlite::Error| OpenError::of_sqlite(&path, &error);
        let Opened { connection, identity, .. } = connect::open_beside(&path, options.known)?;
        // Before all else: what is written in between is seen as news.
        let data_version = data_version(&connection).map_err(of_sqlite)?;
        // As it is at one moment, for whoever serves the log goes on writing.
        let moment = connection.unchecked_transaction().map_err(of_sqlite)?;
        let mark = mark::read(&moment).map_err(of_sqlite)?;
        let heads = Heads::read(&moment, identity.partitions).map_err(of_sqlite)?;
        ends::check(&moment, identity, &heads).map_err(|error| OpenError::of_log(&path, error))?;
        moment.commit().map_err(of_sqlite)?;
        let shared = Arc::new(Status::new(&heads, mark, options));
        let readers = Arc::new(Readers::open(&path, options.readers, Arc::clone(&shared))?);
        let (queue, waiting) = queue::queue(options);
        let partitions = identity.partitions;
        let mut follower = Follower { connection, shared: Arc::clone(&shared), partitions, data_version };
        let follower = std::thread::Builder::new()
            .name("log-follower".to_owned())
            .spawn(move || follower.run(&waiting))
            .map_err(|error| OpenError::of_io(&path, &error))?;
        Ok(Self { identity, path, beside: true, shared, queue, readers, writer: Mutex::new(Some(follower)) })
    }
}

impl Follower {
    /// Follows the log until the queue is closed.
    fn run(&mut self, arrivals: &Arrivals) {
        let mut batch = Batch::default();
        loop {
            match arrivals.take(&mut batch, LOOK_INTERVAL) {
                Taken::Closed => return,
                Taken::Nothing => self.look(),
                Taken::Something => {
                    let refused = vec![Err(event_log::AppendError::Failed(beside())); batch.callers.len()];
                    deliver(None, &mut batch.callers, refused);
                    batch.proposals.clear();
                }
            }
            match batch.task.take() {
                // Who asked may have gone away.
                Some(Task::Change(change, caller)) => drop(caller.send(self.change(change))),
                Some(Task::Fill(_, caller)) => drop(caller.send(Err(FillError::Failed(beside())))),
                Some(Task::LimitPages(_)) | None => {}
            }
        }
    }

    fn change(&mut self, change: Change) -> Result<(), LogError> {
        self.shared.usable()?;
        if change == Change::Open {
            // Whoever fills it has it open.
            return Err(beside());
        }
        let known = self.shared.known;
        match batch::transact(&self.connection, || batch::change(&self.connection, known, change)) {
            Ok(mark) => {
                self.shared.set_mark(mark);
                Ok(())
            }
            Err(failure) => {
                if !self.connection.is_autocommit() {
                    // What can't be rolled back is when the connection is closed.
                    let _ended = self.connection.execute_batch("ROLLBACK");
                }
                Err(match failure {
                    Failure::Before(error) | Failure::InDoubt(error) => {
                        self.shared.fault(&error, "changing the log's mark")
                    }
                    Failure::Refused(error) => error,
                    Failure::Unfit(error) => LogError::Unavailable { reason: error.to_string() },
                })
            }
        }
    }

    /// Takes over what others have written, if they have.
    fn look(&mut self) {
        if let Err(error) = self.try_look() {
            self.shared.fault(&error, "looking for news");
        }
    }

    fn try_look(&mut self) -> rusqlite::Result<()> {
        let data_version = data_version(&self.connection)?;
        if data_version == self.data_version {
            return Ok(());
        }
        let heads = Heads::read(&self.connection, self.partitions)?;
        let ends: Vec<_> = (0..).zip(heads.positions()).collect();
        self.shared.commit(&ends);
        self.shared.publish(&ends);
        self.shared.set_mark(mark::read(&self.connection)?);
        self.data_version = data_version;
        Ok(())
    }
}

fn data_version(connection: &Connection) -> rusqlite::Result<i64> {
    connection.prepare_cached("PRAGMA data_version")?.query_row([], |row| row.get(0))
}

fn beside() -> LogError {
    error::unavailable("it is open beside the process that serves it, to be read")
}
