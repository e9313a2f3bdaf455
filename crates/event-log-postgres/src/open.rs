//! Opening: is the server fit, is the schema there, which log is it.

use event_log::{Founding, Identity, LogError, Mark, Versions};
use postgres_session::{Dial, Fault, Place, Question as _, hang_up};
use sqlx::migrate::{MigrateError, Migrator};
use sqlx::{AssertSqlSafe, Connection as _, PgConnection, Row as _};
use uuid::Uuid;

use crate::Options;
use crate::error::{self, OpenError};
use crate::heads::{End, Heads};
use crate::lookup::small;
use crate::mark::phase_of;
use crate::settings::unsafe_settings;

/// The files in `migrations/`, in this program. Each is run once, in a transaction; one that was released is never changed.
static MIGRATIONS: Migrator = sqlx::migrate!();

/// Most partitions.
const PARTITIONS_MAX: u32 = 1024;
/// The oldest PostgreSQL.
const MAJOR_MIN: i32 = 15;

const SERVER: &str = "SELECT current_setting('server_version_num')::integer, current_setting('server_version'), \
     current_setting('server_encoding'), current_setting('synchronous_commit'), current_setting('fsync'), \
     current_setting('full_page_writes')";
/// One node at a time makes what is missing; the lock goes with the connection.
const LOCK: &str = "SELECT pg_advisory_lock(hashtext('snaglog'), hashtext($1))";
const SCHEMA_IS_THERE: &str = "SELECT to_regnamespace($1) IS NOT NULL, to_regclass($1 || '.log') IS NOT NULL, \
     EXISTS (SELECT FROM pg_class WHERE relnamespace = to_regnamespace($1))";
const LOG_IS_THERE: &str = "SELECT EXISTS (SELECT FROM log)";
const FOUND: &str = "INSERT INTO log (log_id, partitions, rule_version, record_version, phase) VALUES ($1, $2, $3, $4, $5) \
     ON CONFLICT DO NOTHING";
const LOG: &str = "SELECT log_id, partitions, rule_version, record_version, phase FROM log";

/// What there is at a place.
#[derive(Debug)]
pub(crate) struct Opened {
    pub(crate) identity: Identity,
    pub(crate) mark: Mark,
}

/// Checks the server, makes what is missing, and reads which log it is.
pub(crate) async fn open(place: &Place, dial: &Dial, options: &Options) -> Result<Opened, OpenError> {
    let Founding { identity, .. } = options.founding;
    if identity.partitions == 0 || identity.partitions > PARTITIONS_MAX {
        return Err(OpenError::Partitions { asked: identity.partitions, max: PARTITIONS_MAX });
    }
    let told = |fault: Fault| told(place, &fault);
    let mut connection = dial.connect().await.map_err(told)?;
    check_server(place, &mut connection).await?;
    sqlx::query(LOCK).bind(&place.schema).execute(&mut connection).await.map_err(Fault::from).map_err(told)?;
    make_schema(place, &mut connection).await?;
    let opened = found(&mut connection, options).await.map_err(told)?;
    hang_up(connection).await;
    if opened.identity.partitions == 0 || opened.identity.partitions > PARTITIONS_MAX {
        let reason = format!("it says that it has {} partitions", opened.identity.partitions);
        return Err(OpenError::Damaged { place: place.shown.clone(), reason });
    }
    match opened.mark.versions.check_known(options.known) {
        Err(LogError::UpgradeNeeded { reason }) => Err(OpenError::UpgradeNeeded { place: place.shown.clone(), reason }),
        _ => Ok(opened),
    }
}

/// Whether there is a log; nothing is made.
pub(crate) async fn is_there(place: &Place, dial: &Dial) -> Result<bool, OpenError> {
    let told = |fault: Fault| told(place, &fault);
    let mut connection = dial.connect().await.map_err(told)?;
    let ask = async {
        let row = sqlx::query(SCHEMA_IS_THERE).bind(&place.schema).fetch_one(&mut connection).await?;
        if !row.try_get::<bool, _>(1)? {
            return Ok(false);
        }
        sqlx::query(LOG_IS_THERE).fetch_one(&mut connection).await?.try_get(0)
    };
    let there = ask.await.map_err(|error: sqlx::Error| told(error.into()))?;
    hang_up(connection).await;
    Ok(there)
}

async fn check_server(place: &Place, connection: &mut PgConnection) -> Result<(), OpenError> {
    let unfit = |reason: String| OpenError::Unfit { place: place.shown.clone(), reason };
    let told = |error: sqlx::Error| told(place, &error.into());
    let row = sqlx::query(SERVER).fetch_one(connection).await.map_err(told)?;
    let (number, version): (i32, &str) = (row.try_get(0).map_err(told)?, row.try_get(1).map_err(told)?);
    if number / 10_000 < MAJOR_MIN {
        return Err(unfit(format!("it is PostgreSQL {version}: {MAJOR_MIN} or newer is needed")));
    }
    let encoding: &str = row.try_get(2).map_err(told)?;
    if encoding != "UTF8" {
        return Err(unfit(format!("the database has the encoding {encoding}: make one with UTF8")));
    }
    let (commit, fsync, pages) =
        (row.try_get(3).map_err(told)?, row.try_get(4).map_err(told)?, row.try_get(5).map_err(told)?);
    unsafe_settings(commit, fsync, pages).map_or(Ok(()), |reason| Err(unfit(reason)))
}

/// The schema with everything in it, made or brought up to date.
async fn make_schema(place: &Place, connection: &mut PgConnection) -> Result<(), OpenError> {
    let told = |error: sqlx::Error| told(place, &error.into());
    let row = sqlx::query(SCHEMA_IS_THERE).bind(&place.schema).fetch_one(&mut *connection).await.map_err(told)?;
    let (schema, log, anything): (bool, bool, bool) =
        (row.try_get(0).map_err(told)?, row.try_get(1).map_err(told)?, row.try_get(2).map_err(told)?);
    if !schema {
        // The name was checked: it needs no quotes.
        let create = AssertSqlSafe(format!("CREATE SCHEMA {}", place.schema));
        sqlx::query(create).execute(&mut *connection).await.map_err(told)?;
    } else if anything && !log && !has_migrations(place, connection).await.map_err(told)? {
        let reason = format!("the schema {} holds something else: name another by ?schema=", place.schema);
        return Err(OpenError::Unfit { place: place.shown.clone(), reason });
    }
    MIGRATIONS.run_direct(None, connection, false).await.map_err(|error| match error {
        MigrateError::VersionMissing(version) => OpenError::UpgradeNeeded {
            place: place.shown.clone(),
            reason: format!("its schema has version {version}, and this version knows up to {}", schema_version()),
        },
        MigrateError::VersionMismatch(version) => OpenError::Damaged {
            place: place.shown.clone(),
            reason: format!("version {version} of its schema was made by another text than this version's"),
        },
        MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) => self::told(place, &error.into()),
        error => OpenError::Unavailable { place: place.shown.clone(), reason: error.to_string() },
    })
}

/// A node that ended while it made the schema leaves it with sqlx's table alone.
async fn has_migrations(place: &Place, connection: &mut PgConnection) -> Result<bool, sqlx::Error> {
    let query = sqlx::query("SELECT to_regclass($1 || '._sqlx_migrations') IS NOT NULL").bind(&place.schema);
    query.fetch_one(connection).await?.try_get(0)
}

fn schema_version() -> i64 {
    MIGRATIONS.iter().map(|migration| migration.version).max().unwrap_or_default()
}

/// Reads the log's row, which is made if there is none.
async fn found(connection: &mut PgConnection, options: &Options) -> Result<Opened, Fault> {
    let identity = options.founding.identity;
    let Mark { phase, versions } = Mark::founded(options.founding, Versions::KNOWN);
    let mut transaction = connection.begin().await?;
    sqlx::query(FOUND)
        .bind(identity.log_id)
        .bind(identity.partitions.cast_signed())
        .bind(versions.rule.cast_signed())
        .bind(versions.record.cast_signed())
        .bind(phase.name())
        .execute(&mut *transaction)
        .await?;
    transaction.commit().await?;
    let row = sqlx::query(LOG).fetch_one(connection).await?;
    let identity = Identity::new(row.try_get::<Uuid, _>(0)?, small(&row, 1)?);
    let versions = Versions { rule: small(&row, 2)?, record: small(&row, 3)? };
    Ok(Opened { identity, mark: Mark { versions, phase: phase_of(row.try_get(4)?)? } })
}

/// What PostgreSQL said while the log was opened.
pub(crate) fn told(place: &Place, fault: &Fault) -> OpenError {
    let place = place.shown.clone();
    match error::told(fault, "opening") {
        LogError::DataLoss { reason } => OpenError::Damaged { place, reason },
        LogError::Unavailable { reason } => {
            let reason = reason.strip_prefix("opening: ").map_or(reason.clone(), str::to_owned);
            OpenError::Unavailable { place, reason }
        }
        other => OpenError::Unavailable { place, reason: other.to_string() },
    }
}

/// Where every partition ends.
pub(crate) async fn ends(dial: &Dial, identity: Identity) -> Result<Vec<End>, Fault> {
    let mut connection = dial.connect().await?;
    let heads = Heads::of_all(identity.partitions).ask(&mut connection).await?;
    hang_up(connection).await;
    Ok(heads.into_iter().map(|(_, end)| end).collect())
}
