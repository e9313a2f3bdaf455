//! Opening the store: checks the server, and makes what is missing.

use postgres_session::{Dial, Fault, Place, hang_up};
use sqlx::migrate::{MigrateError, Migrator};
use sqlx::{AssertSqlSafe, PgConnection, Row as _};
use view_store::StoreError;

use crate::error::{OpenError, told};

/// The files in `migrations/`, in this program. Each is run once, in a transaction; one that was released is never changed.
static MIGRATIONS: Migrator = sqlx::migrate!();

/// The oldest PostgreSQL.
const MAJOR_MIN: i32 = 15;

const SERVER: &str = "SELECT current_setting('server_version_num')::integer, current_setting('server_version'), \
     current_setting('server_encoding')";
/// One node at a time makes what is missing; the lock goes with the connection.
const LOCK: &str = "SELECT pg_advisory_lock(hashtext('snaglog views'), hashtext($1))";
const SCHEMA_IS_THERE: &str = "SELECT to_regnamespace($1) IS NOT NULL, to_regclass($1 || '._sqlx_migrations') IS NOT NULL, \
     EXISTS (SELECT FROM pg_class WHERE relnamespace = to_regnamespace($1)), \
     to_regclass($1 || '.events') IS NOT NULL";

/// Checks the server, and makes what is missing.
pub(crate) async fn open(dial: &Dial) -> Result<(), OpenError> {
    let place = dial.place();
    let mut connection = dial.connect().await.map_err(|fault| failed(place, fault))?;
    check_server(place, &mut connection).await?;
    let lock = sqlx::query(LOCK).bind(&place.schema).execute(&mut connection).await;
    lock.map_err(|error| failed(place, error.into()))?;
    make_schema(place, &mut connection).await?;
    hang_up(connection).await;
    Ok(())
}

async fn check_server(place: &Place, connection: &mut PgConnection) -> Result<(), OpenError> {
    let unfit = |reason: String| OpenError::Unfit { place: place.shown.clone(), reason };
    let failed = |error: sqlx::Error| failed(place, error.into());
    let row = sqlx::query(SERVER).fetch_one(connection).await.map_err(failed)?;
    let (number, version): (i32, &str) = (row.try_get(0).map_err(failed)?, row.try_get(1).map_err(failed)?);
    if number / 10_000 < MAJOR_MIN {
        return Err(unfit(format!("it is PostgreSQL {version}: {MAJOR_MIN} or newer is needed")));
    }
    let encoding: &str = row.try_get(2).map_err(failed)?;
    if encoding != "UTF8" {
        return Err(unfit(format!("the database has the encoding {encoding}: make one with UTF8")));
    }
    Ok(())
}

/// The schema with the store's own tables in it, made or brought up to date.
async fn make_schema(place: &Place, connection: &mut PgConnection) -> Result<(), OpenError> {
    let failed = |error: sqlx::Error| failed(place, error.into());
    let row = sqlx::query(SCHEMA_IS_THERE).bind(&place.schema).fetch_one(&mut *connection).await.map_err(failed)?;
    let is = |column: usize| row.try_get::<bool, _>(column).map_err(failed);
    let (schema, ours, anything, a_log) = (is(0)?, is(1)?, is(2)?, is(3)?);
    if !schema {
        // The name was checked: it needs no quotes.
        let create = AssertSqlSafe(format!("CREATE SCHEMA {}", place.schema));
        sqlx::query(create).execute(&mut *connection).await.map_err(failed)?;
    } else if a_log || anything && !ours {
        let what = if a_log { "an event log" } else { "something else" };
        let reason = format!("the schema {} holds {what}: name another by ?schema=", place.schema);
        return Err(OpenError::Unfit { place: place.shown.clone(), reason });
    }
    let shown = || place.shown.clone();
    MIGRATIONS.run_direct(None, connection, false).await.map_err(|error| match error {
        MigrateError::VersionMissing(version) => OpenError::UpgradeNeeded {
            place: shown(),
            reason: format!("its schema has version {version}, and this version knows up to {}", schema_version()),
        },
        MigrateError::VersionMismatch(version) => OpenError::Damaged {
            place: shown(),
            reason: format!("version {version} of its schema was made by another text than this version's"),
        },
        MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) => failed(error),
        error => OpenError::Unavailable { place: shown(), reason: error.to_string() },
    })
}

fn schema_version() -> i64 {
    MIGRATIONS.iter().map(|migration| migration.version).max().unwrap_or_default()
}

fn failed(place: &Place, fault: Fault) -> OpenError {
    let place = place.shown.clone();
    let reason = fault.words();
    match told(fault) {
        StoreError::Damaged { .. } => OpenError::Damaged { place, reason },
        _ => OpenError::Unavailable { place, reason },
    }
}
