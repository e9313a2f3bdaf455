//! How an issue was fixed, as stored.

use domain::Fact;
use domain::issue::{CodeFix, DataFix, Fix};
use serde::{Deserialize, Serialize};

use crate::error::Fault;
use crate::texts::texts;
use crate::words::{Str, every, maybe, maybe_word, words};

/// What was done at level 2, and what was told at level 1, are texts.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) enum FixV1<'a> {
    #[serde(rename = "code", borrow)]
    Code(CodeFixV1<'a>),
    #[serde(rename = "data")]
    Data(DataFixV1<'a>),
    #[serde(rename = "code_and_data")]
    CodeAndData { code: CodeFixV1<'a>, data: DataFixV1<'a> },
    #[serde(rename = "operation")]
    Operation {},
    #[serde(rename = "explanation")]
    Explanation {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        topic: Option<Str<'a>>,
    },
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CodeFixV1<'a> {
    #[serde(borrow)]
    changes: Vec<Str<'a>>,
    tests: Vec<Str<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    environment: Option<Str<'a>>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DataFixV1<'a> {
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    correction: Option<Str<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tried_in: Option<Str<'a>>,
}

texts! {
    /// What was done, or what was told.
    FixTextsV1 {} optional { action, explanation }
}

impl<'a> FixTextsV1<'a> {
    pub(super) fn of(fix: &'a Fact<Fix>) -> Self {
        let (action, explanation) = match fix {
            Fact::Known(Fix::Operation { action }) => (action.as_ref(), None),
            Fact::Known(Fix::Explanation { explanation, .. }) => (None, explanation.as_ref()),
            Fact::Known(Fix::Code(_) | Fix::Data(_) | Fix::CodeAndData(..)) | Fact::NotKnown => (None, None),
        };
        Self { action: maybe_word(action), explanation: maybe_word(explanation) }
    }
}

impl<'a> FixV1<'a> {
    pub(super) fn of(fix: &'a Fix) -> Self {
        match fix {
            Fix::Code(code) => Self::Code(CodeFixV1::of(code)),
            Fix::Data(data) => Self::Data(DataFixV1::of(data)),
            Fix::CodeAndData(code, data) => Self::CodeAndData { code: CodeFixV1::of(code), data: DataFixV1::of(data) },
            Fix::Operation { action: _ } => Self::Operation {},
            Fix::Explanation { explanation: _, topic } => Self::Explanation { topic: maybe_word(topic.as_ref()) },
        }
    }

    pub(super) fn fix(&self, texts: FixTextsV1<'_>) -> Result<Fix, Fault> {
        let FixTextsV1 { action, explanation } = texts;
        Ok(match self {
            Self::Code(code) => Fix::Code(code.code()?),
            Self::Data(data) => Fix::Data(data.data()?),
            Self::CodeAndData { code, data } => Fix::CodeAndData(code.code()?, data.data()?),
            Self::Operation {} => Fix::Operation { action: maybe("action", action.as_ref())? },
            Self::Explanation { topic } => Fix::Explanation {
                explanation: maybe("explanation", explanation.as_ref())?,
                topic: maybe("fix.topic", topic.as_ref())?,
            },
        })
    }
}

impl<'a> CodeFixV1<'a> {
    fn of(fix: &'a CodeFix) -> Self {
        Self {
            changes: words(&fix.changes),
            tests: words(&fix.tests),
            environment: maybe_word(fix.environment.as_ref()),
        }
    }

    fn code(&self) -> Result<CodeFix, Fault> {
        Ok(CodeFix {
            changes: every("fix.changes", &self.changes)?,
            tests: every("fix.tests", &self.tests)?,
            environment: maybe("fix.environment", self.environment.as_ref())?,
        })
    }
}

impl<'a> DataFixV1<'a> {
    fn of(fix: &'a DataFix) -> Self {
        Self { correction: maybe_word(fix.correction.as_ref()), tried_in: maybe_word(fix.tried_in.as_ref()) }
    }

    fn data(&self) -> Result<DataFix, Fault> {
        Ok(DataFix {
            correction: maybe("fix.correction", self.correction.as_ref())?,
            tried_in: maybe("fix.tried_in", self.tried_in.as_ref())?,
        })
    }
}
