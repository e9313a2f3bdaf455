//! Views' tables: made, dropped, exchanged; and which views there are.

use std::collections::BTreeMap;
use std::time::Duration;

use postgres_session::{Fault, Question};
use sqlx::{AssertSqlSafe, Connection as _, PgConnection, Row as _, raw_sql};
use view_store::check::behind;
use view_store::{Checkpoint, PREPARED_LASTS, PartitionId, Prepared, Schema, StoreError, Stored, SwapError, ViewId};

use crate::ddl;
use crate::lease::whole_micros;
use crate::read::checkpoints;

/// One at a time changes tables. Such a change alone waits for the disk: a node must not lose the tables that it was told there are.
const LOCK: &str = "SELECT pg_advisory_xact_lock(hashtext('snaglog views'), hashtext(current_schema())), \
     set_config('synchronous_commit', 'on', true)";
/// Who waits for a table that is read keeps all who would read it after him waiting: not for long. Longer than the second after which PostgreSQL
/// ends an autovacuum that is in the way (`deadlock_timeout`).
const LOCK_WAIT: &str = "SET LOCAL lock_timeout = '1200ms'";
/// No commit is under way, and none begins: each takes a lock on this table before any other (`commit::ADVANCE`).
const LOCK_COMMITS: &str = "LOCK TABLE snaglog_checkpoints IN SHARE ROW EXCLUSIVE MODE";
const SHAPE: &str = "SELECT shape FROM snaglog_views WHERE view = $1 AND version = $2";
const FOUND: &str =
    "INSERT INTO snaglog_views (view, version, tables, shape, in_use_until) VALUES ($1, $2, $3, $4, '-infinity')";
const KEEP: &str = "UPDATE snaglog_views SET in_use_until = greatest(in_use_until, clock_timestamp() + $3) \
     WHERE view = $1 AND version = $2";
const TABLES: &str = "SELECT tables FROM snaglog_views WHERE view = $1 AND version = $2";
const STORED: &str = "SELECT view, version, in_use_until > clock_timestamp() FROM snaglog_views ORDER BY view, version";
const ANNOUNCE: &str = "UPDATE snaglog_views v SET in_use_until = clock_timestamp() + $3 \
     FROM unnest($1, $2) AS a(view, version) WHERE v.view = a.view AND v.version = a.version \
     RETURNING v.view, v.version";
/// A name that no view has.
const NOBODY: &str = "";

/// The views' checkpoints by partition.
pub(crate) type Reached = Vec<(ViewId, BTreeMap<PartitionId, Checkpoint>)>;

/// Makes the tables that are missing.
pub(crate) struct Prepare(pub(crate) Vec<&'static Schema>);

impl Question for Prepare {
    type Answer = Result<(Vec<Prepared>, Reached), StoreError>;

    async fn ask(self, connection: &mut PgConnection) -> Result<Self::Answer, Fault> {
        let mut transaction = connection.begin().await?;
        sqlx::query(LOCK).execute(&mut *transaction).await?;
        let (mut prepared, mut reached) = (Vec::new(), Vec::new());
        for view in self.0 {
            let id = view.id();
            let found = sqlx::query(SHAPE).bind(id.name).bind(id.version.cast_signed());
            let found = found.fetch_optional(&mut *transaction).await?;
            match &found {
                None => create(&mut transaction, view).await?,
                Some(row) if row.try_get::<&str, _>(0)? == ddl::create(view) => {}
                Some(_) => {
                    transaction.rollback().await?;
                    return Ok(Err(StoreError::Changed { view: id }));
                }
            }
            keep(&mut transaction, id).await?;
            prepared.push(Prepared { view: id, created: found.is_none() });
            reached.push((id, checkpoints(&mut transaction, id, None).await?));
        }
        transaction.commit().await?;
        Ok(Ok((prepared, reached)))
    }
}

/// Makes the view's tables anew.
#[derive(Clone)]
pub(crate) struct Reset(pub(crate) &'static Schema);

impl Question for Reset {
    type Answer = ();

    async fn ask(self, connection: &mut PgConnection) -> Result<(), Fault> {
        let id = self.0.id();
        let mut transaction = connection.begin().await?;
        lock(&mut transaction).await?;
        drop_tables(&mut transaction, id.name, id.version).await?;
        create(&mut transaction, self.0).await?;
        keep(&mut transaction, id).await?;
        Ok(transaction.commit().await?)
    }
}

/// Drops the view's tables.
#[derive(Clone)]
pub(crate) struct Remove(pub(crate) ViewId);

impl Question for Remove {
    type Answer = ();

    async fn ask(self, connection: &mut PgConnection) -> Result<(), Fault> {
        let mut transaction = connection.begin().await?;
        lock(&mut transaction).await?;
        drop_tables(&mut transaction, self.0.name, self.0.version).await?;
        Ok(transaction.commit().await?)
    }
}

/// Exchanges what two views hold. They were checked: they have the same tables.
#[derive(Clone)]
pub(crate) struct Swap(pub(crate) &'static Schema, pub(crate) &'static Schema);

impl Question for Swap {
    type Answer = Result<Reached, SwapError>;

    async fn ask(self, connection: &mut PgConnection) -> Result<Self::Answer, Fault> {
        let Self(view, with) = self;
        let mut transaction = connection.begin().await?;
        lock(&mut transaction).await?;
        let one = checkpoints(&mut transaction, view.id(), None).await?;
        let other = checkpoints(&mut transaction, with.id(), None).await?;
        if let Some(partition) = behind(&one, &other) {
            transaction.rollback().await?;
            return Ok(Err(SwapError::Behind { partition }));
        }
        exchange(&mut transaction, view, with).await?;
        transaction.commit().await?;
        Ok(Ok(vec![(view.id(), other), (with.id(), one)]))
    }
}

/// The views there are.
#[derive(Clone)]
pub(crate) struct AllStored;

impl Question for AllStored {
    type Answer = Vec<Stored>;

    async fn ask(self, connection: &mut PgConnection) -> Result<Vec<Stored>, Fault> {
        stored(connection).await
    }
}

/// Notes until when views are in use.
pub(crate) struct Announce(pub(crate) Vec<ViewId>, pub(crate) Duration);

impl Question for Announce {
    type Answer = Result<(), StoreError>;

    async fn ask(self, connection: &mut PgConnection) -> Result<Self::Answer, Fault> {
        let Self(views, lasting) = self;
        let mut transaction = connection.begin().await?;
        let found = sqlx::query(ANNOUNCE)
            .bind(views.iter().map(|view| view.name).collect::<Vec<_>>())
            .bind(views.iter().map(|view| view.version.cast_signed()).collect::<Vec<_>>())
            .bind(whole_micros(lasting))
            .fetch_all(&mut *transaction)
            .await?;
        let known = found.iter().map(|row| Ok((row.try_get::<&str, _>(0)?, row.try_get::<i32, _>(1)?)));
        let known: Vec<_> = known.collect::<Result<_, sqlx::Error>>()?;
        let gone = views.iter().find(|view| !known.contains(&(view.name, view.version.cast_signed())));
        if let Some(view) = gone {
            transaction.rollback().await?;
            return Ok(Err(StoreError::NotPrepared { view: *view }));
        }
        transaction.commit().await?;
        Ok(Ok(()))
    }
}

/// Drops the views that nobody uses.
pub(crate) struct Sweep;

impl Question for Sweep {
    type Answer = Vec<Stored>;

    async fn ask(self, connection: &mut PgConnection) -> Result<Vec<Stored>, Fault> {
        // Most often there is nothing, and nobody is kept waiting.
        if stored(connection).await?.iter().all(|view| view.in_use) {
            return Ok(Vec::new());
        }
        let mut transaction = connection.begin().await?;
        lock(&mut transaction).await?;
        let mut unused = stored(&mut transaction).await?;
        unused.retain(|view| !view.in_use);
        for Stored { name, version, .. } in &unused {
            drop_tables(&mut transaction, name, *version).await?;
        }
        transaction.commit().await?;
        Ok(unused)
    }
}

async fn lock(connection: &mut PgConnection) -> Result<(), Fault> {
    for statement in [LOCK, LOCK_WAIT] {
        sqlx::query(statement).execute(&mut *connection).await?;
    }
    sqlx::query(LOCK_COMMITS).execute(connection).await?;
    Ok(())
}

async fn create(connection: &mut PgConnection, view: &Schema) -> Result<(), Fault> {
    let shape = ddl::create(view);
    raw_sql(AssertSqlSafe(format!("{shape}{}", ddl::comments(view)))).execute(&mut *connection).await?;
    let tables: Vec<_> = view.tables.iter().map(|table| view.physical_name(table)).collect();
    let found = sqlx::query(FOUND).bind(view.name).bind(view.version.cast_signed()).bind(tables).bind(shape);
    found.execute(connection).await?;
    Ok(())
}

/// What was just prepared is in use for a while.
async fn keep(connection: &mut PgConnection, view: ViewId) -> Result<(), Fault> {
    let keep = sqlx::query(KEEP).bind(view.name).bind(view.version.cast_signed()).bind(whole_micros(PREPARED_LASTS));
    keep.execute(connection).await?;
    Ok(())
}

async fn stored(connection: &mut PgConnection) -> Result<Vec<Stored>, Fault> {
    let rows = sqlx::query(STORED).fetch_all(connection).await?;
    let read = |row: &sqlx::postgres::PgRow| {
        let version = row.try_get::<i32, _>(1)?.cast_unsigned();
        Ok(Stored { name: row.try_get(0)?, version, in_use: row.try_get(2)? })
    };
    rows.iter().map(read).collect()
}

/// The names of the tables that were made for the view, whatever they were described as then.
async fn tables(connection: &mut PgConnection, name: &str, version: u32) -> Result<Vec<String>, Fault> {
    let row = sqlx::query(TABLES).bind(name).bind(version.cast_signed()).fetch_optional(connection).await?;
    Ok(row.map(|row| row.try_get(0)).transpose()?.unwrap_or_default())
}

async fn drop_tables(connection: &mut PgConnection, name: &str, version: u32) -> Result<(), Fault> {
    for table in tables(connection, name, version).await? {
        let drop = format!("DROP TABLE IF EXISTS {}", ddl::quoted(&table));
        sqlx::query(AssertSqlSafe(drop)).persistent(false).execute(&mut *connection).await?;
    }
    for own in ["snaglog_checkpoints", "snaglog_parked", "snaglog_leases", "snaglog_views"] {
        let delete = sqlx::query(AssertSqlSafe(format!("DELETE FROM {own} WHERE view = $1 AND version = $2")));
        delete.bind(name).bind(version.cast_signed()).execute(&mut *connection).await?;
    }
    Ok(())
}

async fn exchange(connection: &mut PgConnection, view: &Schema, with: &Schema) -> Result<(), Fault> {
    let ones = tables(connection, view.name, view.version).await?;
    let others = tables(connection, with.name, with.version).await?;
    for (one, other) in ones.iter().zip(&others) {
        for (from, to) in [(one.as_str(), "snaglog_swapped"), (other, one), ("snaglog_swapped", other)] {
            let rename = format!("ALTER TABLE {} RENAME TO {}", ddl::quoted(from), ddl::quoted(to));
            sqlx::query(AssertSqlSafe(rename)).persistent(false).execute(&mut *connection).await?;
        }
    }
    for own in ["snaglog_checkpoints", "snaglog_parked"] {
        for ((from, from_version), (to, to_version)) in [
            ((view.name, view.version), (NOBODY, 0)),
            ((with.name, with.version), (view.name, view.version)),
            ((NOBODY, 0), (with.name, with.version)),
        ] {
            let text = format!("UPDATE {own} SET view = $1, version = $2 WHERE view = $3 AND version = $4");
            let rename = sqlx::query(AssertSqlSafe(text)).bind(to).bind(to_version.cast_signed());
            rename.bind(from).bind(from_version.cast_signed()).execute(&mut *connection).await?;
        }
    }
    for each in [view, with] {
        let end = sqlx::query("DELETE FROM snaglog_leases WHERE view = $1 AND version = $2");
        end.bind(each.name).bind(each.version.cast_signed()).execute(&mut *connection).await?;
    }
    Ok(())
}
