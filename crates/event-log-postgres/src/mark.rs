//! The log's own row beside its identity: the versions in force, and where it is in its life.

use event_log::{Phase, Versions};
use sqlx::{PgConnection, Row as _};
use uuid::Uuid;

use crate::error::Fault;
use crate::lookup::small;

/// In the order of a log's life.
const PHASES: [(Phase, &str); 3] = [(Phase::Filling, "filling"), (Phase::Open, "open"), (Phase::Sealed, "sealed")];

/// What the log's own row says beside its identity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Mark {
    pub(crate) versions: Versions,
    pub(crate) phase: Phase,
}

impl Mark {
    /// The later of two: versions are only ever raised, and no phase comes again. So it doesn't matter in which order they were
    /// read, or who comes first to tell.
    pub(crate) fn raised_to(self, other: Self) -> Self {
        let phase = if place(other.phase) > place(self.phase) { other.phase } else { self.phase };
        Self { versions: self.versions.raised_to(other.versions), phase }
    }
}

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

/// A phase as the log's row has it.
pub(crate) fn phase_name(phase: Phase) -> &'static str {
    PHASES[place(phase)].1
}

/// The phase of that name.
pub(crate) fn phase_of(name: &str) -> Result<Phase, Fault> {
    let found = PHASES.into_iter().find(|(_, known)| *known == name);
    found.map(|(phase, _)| phase).ok_or_else(|| Fault::Damage(format!("the phase {name}, which there isn't")))
}

fn place(phase: Phase) -> usize {
    match phase {
        Phase::Filling => 0,
        Phase::Open => 1,
        Phase::Sealed => 2,
    }
}

#[cfg(test)]
mod tests {
    use event_log::{Phase, Versions};

    use super::{Mark, PHASES, phase_name, phase_of};

    #[test]
    fn phases_are_stored_by_their_names() {
        for (phase, name) in PHASES {
            assert_eq!((phase_name(phase), phase_of(name).unwrap()), (name, phase));
        }
        assert!(phase_of("ajar").is_err());
    }

    #[test]
    fn of_two_marks_the_later_counts_whichever_was_read_first() {
        let mark = |rule, phase| Mark { versions: Versions { rule, record: 1 }, phase };
        for (earlier, later) in [
            (mark(1, Phase::Filling), mark(1, Phase::Open)),
            (mark(1, Phase::Open), mark(1, Phase::Sealed)),
            (mark(1, Phase::Filling), mark(2, Phase::Filling)),
        ] {
            assert_eq!((earlier.raised_to(later), later.raised_to(earlier)), (later, later));
        }
        assert_eq!(mark(2, Phase::Open).raised_to(mark(1, Phase::Sealed)), mark(2, Phase::Sealed));
    }
}
