//! How an issue was fixed, confirmed and closed.

use std::sync::Arc;

use domain::ids::Malformed;
use domain::issue;
use domain::text::Text;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::all;

/// A fix with its evidence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Fix {
    Code(CodeFix),
    Data(DataFix),
    CodeAndData { code: CodeFix, data: DataFix },
    Operation { action: Option<Arc<str>> },
    Explanation { explanation: Option<Arc<str>>, topic: Option<Arc<str>> },
}

/// A change of code.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct CodeFix {
    changes: Vec<Arc<str>>,
    tests: Vec<Arc<str>>,
    environment: Option<Arc<str>>,
}

/// A correction of data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct DataFix {
    correction: Option<Arc<str>>,
    tried_in: Option<Arc<str>>,
}

/// As what somebody confirmed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Capacity {
    Opener,
    Customer(Arc<str>),
    ProductOwner,
    Delegate { named_by: Arc<str> },
}

/// How a closing is shown to be in production.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Closing {
    Released { release: Option<Arc<str>>, reverified_by: Option<Arc<str>> },
    DataApplied { at: Option<Micros>, by: Option<Arc<str>> },
    Confirmed,
}

/// An instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Micros(#[serde(with = "super::micros")] Timestamp);

impl Fix {
    pub(super) fn of(fix: &issue::Fix) -> Self {
        match fix {
            issue::Fix::Code(code) => Self::Code(CodeFix::of(code)),
            issue::Fix::Data(data) => Self::Data(DataFix::of(data)),
            issue::Fix::CodeAndData(code, data) => {
                Self::CodeAndData { code: CodeFix::of(code), data: DataFix::of(data) }
            }
            issue::Fix::Operation { action } => Self::Operation { action: action.as_ref().map(text) },
            issue::Fix::Explanation { explanation, topic } => {
                Self::Explanation { explanation: explanation.as_ref().map(text), topic: topic.clone() }
            }
        }
    }

    pub(crate) fn fix(self) -> Result<issue::Fix, Malformed> {
        let text = |text: Option<Arc<str>>| text.map(|text| Text::parse(&text)).transpose();
        Ok(match self {
            Self::Code(code) => issue::Fix::Code(code.fix()?),
            Self::Data(data) => issue::Fix::Data(data.fix()),
            Self::CodeAndData { code, data } => issue::Fix::CodeAndData(code.fix()?, data.fix()),
            Self::Operation { action } => issue::Fix::Operation { action: text(action)? },
            Self::Explanation { explanation, topic } => {
                issue::Fix::Explanation { explanation: text(explanation)?, topic }
            }
        })
    }
}

impl CodeFix {
    fn of(fix: &issue::CodeFix) -> Self {
        Self {
            changes: fix.changes.iter().map(|change| change.as_str().into()).collect(),
            tests: fix.tests.clone(),
            environment: fix.environment.clone(),
        }
    }

    fn fix(self) -> Result<issue::CodeFix, Malformed> {
        let Self { changes, tests, environment } = self;
        Ok(issue::CodeFix { changes: all(changes, |change| change.parse())?, tests, environment })
    }
}

impl DataFix {
    fn of(fix: &issue::DataFix) -> Self {
        Self { correction: fix.correction.clone(), tried_in: fix.tried_in.clone() }
    }

    fn fix(self) -> issue::DataFix {
        let Self { correction, tried_in } = self;
        issue::DataFix { correction, tried_in }
    }
}

impl Capacity {
    pub(super) fn of(capacity: &issue::Capacity) -> Self {
        match capacity {
            issue::Capacity::Opener => Self::Opener,
            issue::Capacity::Customer(customer) => Self::Customer(customer.as_str().into()),
            issue::Capacity::ProductOwner => Self::ProductOwner,
            issue::Capacity::Delegate { named_by } => Self::Delegate { named_by: named_by.as_str().into() },
        }
    }

    pub(crate) fn capacity(self) -> Result<issue::Capacity, Malformed> {
        Ok(match self {
            Self::Opener => issue::Capacity::Opener,
            Self::Customer(customer) => issue::Capacity::Customer(customer.parse()?),
            Self::ProductOwner => issue::Capacity::ProductOwner,
            Self::Delegate { named_by } => issue::Capacity::Delegate { named_by: named_by.parse()? },
        })
    }
}

impl Closing {
    pub(super) fn of(closing: &issue::Closing) -> Self {
        match closing {
            issue::Closing::Released { release, reverified_by } => Self::Released {
                release: release.as_ref().map(|release| release.as_str().into()),
                reverified_by: reverified_by.as_ref().map(|person| person.as_str().into()),
            },
            issue::Closing::DataApplied { at, by } => {
                Self::DataApplied { at: at.map(Micros), by: by.as_ref().map(|person| person.as_str().into()) }
            }
            issue::Closing::Confirmed => Self::Confirmed,
        }
    }

    pub(crate) fn closing(self) -> Result<issue::Closing, Malformed> {
        Ok(match self {
            Self::Released { release, reverified_by } => issue::Closing::Released {
                release: release.map(|release| release.parse()).transpose()?,
                reverified_by: reverified_by.map(|person| person.parse()).transpose()?,
            },
            Self::DataApplied { at, by } => issue::Closing::DataApplied {
                at: at.map(|Micros(at)| at),
                by: by.map(|person| person.parse()).transpose()?,
            },
            Self::Confirmed => issue::Closing::Confirmed,
        })
    }
}

fn text(text: &Text) -> Arc<str> {
    text.as_str().into()
}
