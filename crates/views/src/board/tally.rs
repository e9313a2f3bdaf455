//! Counters, read.

use std::collections::BTreeSet;
use std::sync::Arc;

use domain::ids::ProjectId;
use domain::project::SEVERITIES_MAX;

use crate::issue::{self, COUNT, Dimension, FACET, Standing};
use crate::row::{Condition, Row, RowError, Select, Value};

/// So many rows of counters one value has at most: a severity, or none, in each state. A scheme's severities are never removed from it.
pub(super) const ROWS_A_VALUE_MAX: u32 = 147;
const _: () = assert!(ROWS_A_VALUE_MAX as usize == (SEVERITIES_MAX + 1) * Standing::ALL.len());

/// How many issues of a severity stand in a state; of facets, with a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) standing: Standing,
    /// Empty: none yet, or not known.
    pub(crate) severity: Arc<str>,
    /// Of facets only.
    pub(crate) value: Arc<str>,
    pub(crate) issues: u64,
}

/// All of a project by severity.
pub(super) fn counts(project: &ProjectId) -> Select {
    Select::from(&COUNT, ROWS_A_VALUE_MAX).filter(Condition::Equal("project", project.shared().into()))
}

/// Those with one of these values.
pub(crate) fn facets(project: &ProjectId, dimension: Dimension, values: &BTreeSet<Arc<str>>) -> Select {
    let many = u32::try_from(values.len()).unwrap_or(u32::MAX);
    let values = values.iter().map(|value| Value::from(Arc::clone(value))).collect();
    of(project, dimension, many.saturating_mul(ROWS_A_VALUE_MAX)).filter(Condition::In("value", values))
}

/// Those with any value after this one, and of at most so many values.
pub(super) fn all_facets(project: &ProjectId, dimension: Dimension, after: Option<&Arc<str>>, values: u32) -> Select {
    let select = of(project, dimension, values * ROWS_A_VALUE_MAX);
    match after {
        Some(after) => select.filter(Condition::Greater("value", Arc::clone(after).into())),
        None => select,
    }
}

/// The rows of either.
pub(crate) fn read(rows: &[Row]) -> Result<Vec<Tally>, RowError> {
    let tally = |row: &Row| {
        let state: &str = row.get("state")?;
        let of_facets = row.table().name == FACET.name;
        Ok(Tally {
            standing: Standing::parse(state).ok_or_else(|| issue::unknown("state", state))?,
            severity: row.get("severity")?,
            value: if of_facets { row.get("value")? } else { Arc::default() },
            issues: row.get("issues")?,
        })
    };
    rows.iter().map(tally).collect()
}

fn of(project: &ProjectId, dimension: Dimension, limit: u32) -> Select {
    Select::from(&FACET, limit)
        .filter(Condition::Equal("project", project.shared().into()))
        .filter(Condition::Equal("dimension", dimension.word().into()))
}
