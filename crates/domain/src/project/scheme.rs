//! Severity schemes: ordered lists of severities, given by the project.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::Rejection;
use crate::ids::SeverityId;

/// A severity's name holds at most this many characters.
pub const SEVERITY_NAME_CHARS_MAX: usize = 100;
/// A severity's definition holds at most this many characters.
pub const SEVERITY_DEFINITION_CHARS_MAX: usize = 500;
/// A scheme holds at most this many severities, retired ones included.
pub const SEVERITIES_MAX: usize = 20;

/// A project's severities, the worst first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scheme {
    /// The worst first; ids are unique, at least one is in use.
    pub severities: Vec<Severity>,
    /// What rules the clocks of an issue that nobody has given a severity yet.
    pub default: SeverityId,
}

/// One severity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Severity {
    /// Such as `sev1`.
    pub id: SeverityId,
    /// Such as `Sev 1`. At most 100 characters.
    pub name: Arc<str>,
    /// By what one recognises it. At most 500 characters.
    pub definition: Arc<str>,
    /// True: no issue may be given it any more.
    pub retired: bool,
}

impl Scheme {
    /// What a project has that names nothing else: `sev1`, `sev2`, `sev3`; the default is `sev3`.
    pub fn three() -> Self {
        Self::preset(&[
            "production is down, or customers can't use key features",
            "serious, many customers, may involve money; usually a workaround",
            "few customers, easy workaround",
        ])
    }

    /// With a severity for what disturbs nobody: `sev1` to `sev4`; the default is `sev3`.
    pub fn four() -> Self {
        Self::preset(&[
            "production is down, or customers can't use key features",
            "serious, many customers, may involve money; usually a workaround",
            "few customers, easy workaround",
            "cosmetic, or noticed by nobody but us",
        ])
    }

    #[expect(clippy::expect_used, reason = "the ids are written here, not read from anywhere")]
    fn preset(definitions: &[&str]) -> Self {
        let id = |n: usize| SeverityId::parse(&format!("sev{n}")).expect("letters and a digit are an id");
        let severity = |(definition, n): (&&str, usize)| Severity {
            id: id(n),
            name: format!("Sev {n}").into(),
            definition: (*definition).into(),
            retired: false,
        };
        Self { severities: definitions.iter().zip(1..).map(severity).collect(), default: id(3) }
    }

    /// The severity of that id, retired or not.
    pub fn find(&self, id: &SeverityId) -> Option<&Severity> {
        self.severities.iter().find(|severity| severity.id == *id)
    }

    /// What an issue may be given, the worst first.
    pub fn in_use(&self) -> impl Iterator<Item = &Severity> {
        self.severities.iter().filter(|severity| !severity.retired)
    }

    /// Refuses what is no scheme: nothing in use, an id twice, a default that isn't in use, names without letters, or too long.
    pub(super) fn check(&self) -> Result<(), Rejection> {
        let malformed = |problem: String| Err(Rejection::SchemeMalformed { problem: problem.into() });
        if self.severities.len() > SEVERITIES_MAX {
            return malformed(format!("more than {SEVERITIES_MAX} severities"));
        }
        let mut seen = BTreeSet::new();
        for Severity { id, name, definition, .. } in &self.severities {
            if !seen.insert(id) {
                return malformed(format!("{id} stands in it twice"));
            }
            if name.trim().is_empty() || name.chars().count() > SEVERITY_NAME_CHARS_MAX {
                return malformed(format!("the name of {id} must have 1 to {SEVERITY_NAME_CHARS_MAX} characters"));
            }
            if definition.chars().count() > SEVERITY_DEFINITION_CHARS_MAX {
                return malformed(format!(
                    "the definition of {id} has more than {SEVERITY_DEFINITION_CHARS_MAX} characters"
                ));
            }
        }
        if !self.in_use().any(|severity| severity.id == self.default) {
            return malformed(format!("its default, {}, is not in use", self.default));
        }
        Ok(())
    }
}
