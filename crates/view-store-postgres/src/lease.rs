//! Leases: rows that say who advances what, by the database's clock.

use std::collections::HashMap;
use std::time::Duration;

use postgres_session::{Fault, Question};
use sqlx::{PgConnection, Row as _};
use view_store::{Claim, Holder, Lease, PartitionId, Share, ViewId};

const JOIN: &str = "SELECT snaglog_number()";
/// What is held already keeps its term. Commits under a lease lock its row until they end, so that a claim of another comes after them.
const LEASE: &str = "INSERT INTO snaglog_leases AS l (view, version, partition, holder, term, until) \
     SELECT view, version, partition, $4, snaglog_number(), clock_timestamp() + $5 \
     FROM (SELECT DISTINCT view, version, partition FROM unnest($1, $2, $3) AS c(view, version, partition)) AS c \
     ORDER BY view, version, partition \
     ON CONFLICT (view, version, partition) DO UPDATE SET holder = excluded.holder, until = excluded.until, \
     term = CASE WHEN l.holder = excluded.holder THEN l.term ELSE excluded.term END \
     WHERE l.holder = excluded.holder OR l.until <= clock_timestamp() OR $6 \
     RETURNING l.view, l.version, l.partition, l.term";
const HELD: &str = "SELECT l.partition, v.n, l.holder FROM snaglog_leases l \
     JOIN unnest($1, $2) WITH ORDINALITY AS v(view, version, n) USING (view, version) WHERE l.until > clock_timestamp()";
const RELEASE: &str = "DELETE FROM snaglog_leases WHERE holder = $1";

/// A new holder.
#[derive(Clone)]
pub(crate) struct Join;

impl Question for Join {
    type Answer = Holder;

    async fn ask(self, connection: &mut PgConnection) -> Result<Holder, Fault> {
        let row = sqlx::query(JOIN).fetch_one(connection).await?;
        Ok(Holder(row.try_get::<i64, _>(0)?.cast_unsigned()))
    }
}

impl Question for LeaseAll {
    type Answer = Vec<Lease>;

    async fn ask(self, connection: &mut PgConnection) -> Result<Vec<Lease>, Fault> {
        let Claim { holder, of, lasting, anyway } = self.0;
        let rows = sqlx::query(LEASE)
            .bind(of.iter().map(|(view, _)| view.name).collect::<Vec<_>>())
            .bind(of.iter().map(|(view, _)| view.version.cast_signed()).collect::<Vec<_>>())
            .bind(of.iter().map(|(_, partition)| partition.cast_signed()).collect::<Vec<_>>())
            .bind(holder.0.cast_signed())
            .bind(whole_micros(lasting))
            .bind(anyway)
            .fetch_all(connection)
            .await?;
        let mut terms = HashMap::with_capacity(rows.len());
        for row in &rows {
            let share = (row.try_get::<&str, _>(0)?, row.try_get::<i32, _>(1)?, row.try_get::<i32, _>(2)?);
            terms.insert(share, row.try_get::<i64, _>(3)?.cast_unsigned());
        }
        let lease = |(view, partition): &(ViewId, PartitionId)| {
            let term = *terms.get(&(view.name, view.version.cast_signed(), partition.cast_signed()))?;
            Some(Lease { view: *view, partition: *partition, term })
        };
        Ok(of.iter().filter_map(lease).collect())
    }
}

/// What a holder claims. Claiming again what was granted changes nothing but the time.
#[derive(Clone)]
pub(crate) struct LeaseAll(pub(crate) Claim);

/// Who has what of these views.
#[derive(Clone)]
pub(crate) struct Held(pub(crate) Vec<ViewId>);

impl Question for Held {
    type Answer = Vec<Share>;

    async fn ask(self, connection: &mut PgConnection) -> Result<Vec<Share>, Fault> {
        let rows = sqlx::query(HELD)
            .bind(self.0.iter().map(|view| view.name).collect::<Vec<_>>())
            .bind(self.0.iter().map(|view| view.version.cast_signed()).collect::<Vec<_>>())
            .fetch_all(connection)
            .await?;
        let mut held = Vec::with_capacity(rows.len());
        for row in &rows {
            let place = usize::try_from(row.try_get::<i64, _>(1)?).unwrap_or_default();
            let Some(view) = place.checked_sub(1).and_then(|place| self.0.get(place)) else { continue };
            let partition = row.try_get::<i32, _>(0)?.cast_unsigned();
            held.push(Share { partition, view: *view, holder: Holder(row.try_get::<i64, _>(2)?.cast_unsigned()) });
        }
        Ok(held)
    }
}

/// The holder lets go.
#[derive(Clone)]
pub(crate) struct Release(pub(crate) Holder);

impl Question for Release {
    type Answer = ();

    async fn ask(self, connection: &mut PgConnection) -> Result<(), Fault> {
        sqlx::query(RELEASE).bind(self.0.0.cast_signed()).execute(connection).await?;
        Ok(())
    }
}

/// As PostgreSQL's intervals have it.
pub(crate) fn whole_micros(duration: Duration) -> Duration {
    Duration::from_micros(u64::try_from(duration.as_micros()).unwrap_or(u64::MAX))
}
