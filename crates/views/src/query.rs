//! Questions to a view.

use crate::row::{Row, RowError, Select};
use crate::table::ViewId;

/// A question to a view: what to select, and how to read what was found.
///
/// ```text
/// let answer = store.query(query.view(), query.selects()).await?;
/// let found = query.read(answer.rows)?;
/// ```
pub trait Query {
    /// What it asks for.
    type Found;

    /// Which view answers.
    fn view(&self) -> ViewId;

    /// What to select, all at one moment.
    fn selects(&self) -> Vec<Select>;

    /// The answer, out of the rows of each select. `Err`: the rows are not what this build writes.
    fn read(&self, rows: Vec<Vec<Row>>) -> Result<Self::Found, RowError>;
}
