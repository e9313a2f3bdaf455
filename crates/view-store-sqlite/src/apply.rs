//! One view's commit, within the writer's transaction; and checkpoints and parked streams as they are read back.

mod rows;

use std::collections::BTreeMap;
use std::sync::Arc;

use rusqlite::{Connection, OptionalExtension as _, Row, ToSql, params};
use view_store::{Checkpoint, CommitError, Parked, PartitionId, StoreError, ViewCommit, ViewId};

use crate::fault::fault;
use crate::sql::ViewSql;

/// Compares the checkpoint, then writes rows, checkpoint and parked streams.
pub(crate) fn apply(
    connection: &Connection,
    view: &ViewSql,
    partition: PartitionId,
    commit: &ViewCommit,
) -> Result<(), CommitError> {
    let actual = checkpoint(connection, commit.view, partition).map_err(CommitError::Failed)?;
    if actual != commit.expected {
        return Err(CommitError::Moved { view: commit.view, partition, actual });
    }
    rows::write(connection, view, commit)?;
    advance(connection, partition, commit).map_err(|error| CommitError::Failed(fault(error)))
}

/// The view's checkpoints by partition.
pub(crate) fn checkpoints(
    connection: &Connection,
    view: ViewId,
) -> Result<BTreeMap<PartitionId, Checkpoint>, StoreError> {
    let text = "SELECT position, leaf, partition FROM snaglog_checkpoints WHERE view = ? AND version = ?";
    let mut statement = connection.prepare_cached(text).map_err(fault)?;
    let read = |row: &Row<'_>| Ok((row.get::<_, PartitionId>(2)?, read_checkpoint(row)?));
    let found = statement.query_map(params![view.name, view.version], read).map_err(fault)?;
    found.collect::<rusqlite::Result<_>>().map_err(fault)
}

/// Parked streams of the view: those that the condition lets through, by name, at most `limit`.
pub(crate) fn parked(
    connection: &Connection,
    view: ViewId,
    condition: &str,
    value: &dyn ToSql,
    limit: u32,
) -> Result<Vec<Parked>, StoreError> {
    let text = format!(
        "SELECT partition, stream, position, reason, skipped FROM snaglog_parked
         WHERE view = ? AND version = ? AND {condition} ORDER BY stream LIMIT ?"
    );
    let mut statement = connection.prepare_cached(&text).map_err(fault)?;
    let read = |row: &Row<'_>| {
        let (stream, reason): (Arc<str>, Arc<str>) = (row.get(1)?, row.get(3)?);
        let position: i64 = row.get(2)?;
        let (position, skipped) = (position.cast_unsigned(), row.get(4)?);
        Ok(Parked { partition: row.get(0)?, stream, position, reason, skipped })
    };
    let found = statement.query_map(params![view.name, view.version, value, limit], read).map_err(fault)?;
    found.collect::<rusqlite::Result<_>>().map_err(fault)
}

fn checkpoint(connection: &Connection, view: ViewId, partition: PartitionId) -> Result<Option<Checkpoint>, StoreError> {
    let text = "SELECT position, leaf FROM snaglog_checkpoints WHERE view = ? AND version = ? AND partition = ?";
    let mut statement = connection.prepare_cached(text).map_err(fault)?;
    let found = statement.query_row(params![view.name, view.version, partition], read_checkpoint);
    found.optional().map_err(fault)
}

fn read_checkpoint(row: &Row<'_>) -> rusqlite::Result<Checkpoint> {
    let position: i64 = row.get(0)?;
    Ok(Checkpoint { position: position.cast_unsigned(), leaf: row.get(1)? })
}

fn advance(connection: &Connection, partition: PartitionId, commit: &ViewCommit) -> rusqlite::Result<()> {
    let ViewId { name, version } = commit.view;
    let mut checkpoint = connection.prepare_cached(
        "INSERT INTO snaglog_checkpoints (view, version, partition, position, leaf) VALUES (?, ?, ?, ?, ?)
         ON CONFLICT (view, version, partition) DO UPDATE SET position = excluded.position, leaf = excluded.leaf",
    )?;
    checkpoint.execute(params![name, version, partition, commit.new.position.cast_signed(), commit.new.leaf])?;
    for stream in &commit.unpark {
        let text = "DELETE FROM snaglog_parked WHERE view = ? AND version = ? AND stream = ?";
        connection.prepare_cached(text)?.execute(params![name, version, stream])?;
    }
    for park in &commit.park {
        let text = "INSERT INTO snaglog_parked (view, version, stream, partition, position, reason)
                    VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING";
        let position = park.position.cast_signed();
        let of = params![name, version, park.stream, partition, position, park.reason];
        connection.prepare_cached(text)?.execute(of)?;
    }
    for stream in &commit.skip {
        let text = "UPDATE snaglog_parked SET skipped = 1 WHERE view = ? AND version = ? AND stream = ?";
        connection.prepare_cached(text)?.execute(params![name, version, stream])?;
    }
    Ok(())
}
