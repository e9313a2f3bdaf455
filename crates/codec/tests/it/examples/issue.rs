//! Events of issues.

mod filing;
mod resolution;
mod shifts;
mod triage;

use super::Example;

pub(super) fn examples() -> Vec<Example> {
    let mut examples = filing::examples();
    examples.extend(triage::examples());
    examples.extend(resolution::examples());
    examples.extend(shifts::examples());
    examples
}
