//! The log's own row beside its identity: the versions in force, and where it is in its life.

use event_log::{Mark, Phase, Versions};
use postgres_session::Fault;
use sqlx::{PgConnection, Row as _};
use uuid::Uuid;

use crate::lookup::small;

/// The log's row as of now: its mark, and whether it is still the log of that identity.
pub(crate) async fn read_mark(connection: &mut PgConnection, log_id: Uuid) -> Result<Mark, Fault> {
    const MARK: &str = "SELECT log_id, rule_version, record_version, phase FROM log";
    let row = sqlx::query(MARK).fetch_one(connection).await?;
    let found: Uuid = row.try_get(0)?;
    if found != log_id {
        return Err(Fault::Damage(format!("the database holds the log {found} where {log_id} was")));
    }
    let versions = Versions { rule: small(&row, 1)?, record: small(&row, 2)? };
    Ok(Mark { versions, phase: phase_of(row.try_get(3)?)? })
}

/// The phase of that name, as the log's row has it.
pub(crate) fn phase_of(name: &str) -> Result<Phase, Fault> {
    Phase::named(name).ok_or_else(|| Fault::Damage(format!("the phase {name}, which there isn't")))
}
