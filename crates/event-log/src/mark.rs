//! A log's mark: what of it can change beside its records, and how operators may change it. Every log keeps one, each in its own way.

use crate::append::LogError;
use crate::maintain::{Founding, Phase, Versions};

/// What can change of a log beside its records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mark {
    /// Where it is in its life.
    pub phase: Phase,
    /// The versions in force.
    pub versions: Versions,
}

/// What an operator does to a mark.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// Raises the versions in force.
    Activate(Versions),
    /// Ends appends, for ever.
    Seal,
    /// Ends filling.
    Open,
}

impl Mark {
    /// A new log's.
    pub fn founded(founding: Founding, versions: Versions) -> Self {
        Self { phase: if founding.filling { Phase::Filling } else { Phase::Open }, versions }
    }

    /// What it becomes, by a node that knows these versions. Fails with [`LogError::UpgradeNeeded`] where those in force before or
    /// after are above them, and with [`LogError::Moved`] where a sealed log would be opened.
    pub fn changed(self, change: Change, known: Versions) -> Result<Self, LogError> {
        self.versions.check_known(known)?;
        match change {
            Change::Activate(versions) => {
                let versions = self.versions.raised_to(versions);
                versions.check_known(known)?;
                Ok(Self { versions, ..self })
            }
            Change::Seal => Ok(Self { phase: Phase::Sealed, ..self }),
            Change::Open if self.phase == Phase::Sealed => Err(LogError::Moved),
            Change::Open => Ok(Self { phase: Phase::Open, ..self }),
        }
    }

    /// The later of two: versions are only ever raised, and no phase comes again. So it doesn't matter in which order they were
    /// read, or who comes first to tell.
    #[must_use]
    pub fn raised_to(self, other: Self) -> Self {
        Self { phase: self.phase.max(other.phase), versions: self.versions.raised_to(other.versions) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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

    #[test]
    fn phases_are_stored_by_their_names() {
        for (phase, name) in [(Phase::Filling, "filling"), (Phase::Open, "open"), (Phase::Sealed, "sealed")] {
            assert_eq!((phase.name(), Phase::named(name)), (name, Some(phase)));
        }
        assert_eq!(Phase::named("ajar"), None);
    }
}
