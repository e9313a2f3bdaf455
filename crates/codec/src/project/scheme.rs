//! A project's severities as stored: ids with the facts, names and definitions with the texts, in the same order.

use std::sync::Arc;

use domain::project::{Scheme, Severity};
use serde::{Deserialize, Serialize};

use crate::error::Fault;
use crate::texts::{ERASED, Texts};
use crate::words::{Str, value, word};

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SchemeV1<'a> {
    #[serde(borrow)]
    severities: Vec<SeverityV1<'a>>,
    default: Str<'a>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SeverityV1<'a> {
    #[serde(borrow)]
    id: Str<'a>,
    retired: bool,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SeverityTextsV1<'a> {
    #[serde(borrow)]
    name: Str<'a>,
    definition: Str<'a>,
}

/// A new project's texts. No severities at all: they were erased, for a scheme has one at least.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CreatedTextsV1<'a> {
    #[serde(borrow)]
    pub(super) name: Str<'a>,
    pub(super) severities: Vec<SeverityTextsV1<'a>>,
}

/// A scheme's texts. No severities at all: they were erased, for a scheme has one at least.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SchemeTextsV1<'a> {
    #[serde(borrow)]
    pub(super) severities: Vec<SeverityTextsV1<'a>>,
}

impl<'a> SchemeV1<'a> {
    pub(super) fn of(scheme: &'a Scheme) -> Self {
        let severities = scheme.severities.iter();
        Self {
            severities: severities.map(|s| SeverityV1 { id: word(&s.id), retired: s.retired }).collect(),
            default: word(&scheme.default),
        }
    }

    pub(super) fn scheme(&self, texts: &[SeverityTextsV1<'_>]) -> Result<Scheme, Fault> {
        if !texts.is_empty() && texts.len() != self.severities.len() {
            let (facts, texts) = (self.severities.len(), texts.len());
            return Err(Fault::Uneven { field: "severities", facts, texts });
        }
        let severity = |(n, facts): (usize, &SeverityV1<'_>)| {
            let texts = texts.get(n);
            let text = |stored: Option<&Str<'_>>| Arc::from(stored.map_or(ERASED, |stored| &stored.0));
            Ok(Severity {
                id: value("severity", &facts.id)?,
                name: text(texts.map(|texts| &texts.name)),
                definition: text(texts.map(|texts| &texts.definition)),
                retired: facts.retired,
            })
        };
        Ok(Scheme {
            severities: self.severities.iter().enumerate().map(severity).collect::<Result<_, Fault>>()?,
            default: value("default", &self.default)?,
        })
    }
}

impl<'a> SeverityTextsV1<'a> {
    pub(super) fn of(scheme: &'a Scheme) -> Vec<Self> {
        let severities = scheme.severities.iter();
        severities.map(|s| Self { name: word(&s.name), definition: word(&s.definition) }).collect()
    }
}

impl<'a> Texts<'a> for CreatedTextsV1<'a> {
    fn given(&self) -> Vec<Str<'static>> {
        Vec::new()
    }

    fn is_empty(&self) -> bool {
        false
    }

    fn erased(_: &[Str<'_>]) -> Self {
        Self { name: ERASED.into(), severities: Vec::new() }
    }
}

impl<'a> Texts<'a> for SchemeTextsV1<'a> {
    fn given(&self) -> Vec<Str<'static>> {
        Vec::new()
    }

    fn is_empty(&self) -> bool {
        false
    }

    fn erased(_: &[Str<'_>]) -> Self {
        Self { severities: Vec::new() }
    }
}
