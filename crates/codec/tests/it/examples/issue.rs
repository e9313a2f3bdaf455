//! Events of issues.

mod filing;
mod resolution;
mod shifts;
mod sla;
mod triage;

use super::Example;

pub(super) fn examples() -> Vec<Example> {
    let mut examples = filing::examples();
    examples.extend(triage::examples());
    examples.extend(resolution::examples());
    examples.extend(shifts::examples());
    examples.extend(sla::examples());
    examples
}
