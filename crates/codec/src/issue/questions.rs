//! What was asked, answered and taken back.

use domain::issue::{Asked, IssueEvent};
use serde::{Deserialize, Serialize};

use super::misrouted;
use crate::envelope::{Encoded, Put, Restored, Stored};
use crate::error::Fault;
use crate::registry::EventType as T;
use crate::texts::{NoTexts, OptionalTextV1, TextV1};
use crate::words::{Str, value, word};

pub(super) fn encode(event: &IssueEvent, put: &Put<'_>) -> Encoded {
    match event {
        IssueEvent::InformationRequested { question, of, text } => {
            let facts = RequestedV1 { question: *question, of: AskedV1::of(of) };
            put.event(T::InformationRequested, facts, TextV1::of(text))
        }
        IssueEvent::InformationProvided { questions, text } => {
            let facts = QuestionsV1 { questions: questions.clone() };
            put.event(T::InformationProvided, facts, OptionalTextV1::of(text.as_ref()))
        }
        IssueEvent::RequestWithdrawn { questions } => {
            put.event(T::RequestWithdrawn, QuestionsV1 { questions: questions.clone() }, NoTexts {})
        }
        other => misrouted(other),
    }
}

pub(super) fn decode(event_type: T, version: u16, stored: Stored<'_>) -> Option<Result<Restored<IssueEvent>, Fault>> {
    Some(match (event_type, version) {
        (T::InformationRequested, 1) => stored.read(|facts: RequestedV1<'_>, texts: TextV1<'_>| {
            let RequestedV1 { question, of } = facts;
            Ok(IssueEvent::InformationRequested { question, of: of.asked()?, text: texts.text()? })
        }),
        (T::InformationProvided, 1) => stored.read(|facts: QuestionsV1, texts: OptionalTextV1<'_>| {
            let QuestionsV1 { questions } = facts;
            Ok(IssueEvent::InformationProvided { questions, text: texts.text()? })
        }),
        (T::RequestWithdrawn, 1) => stored.read(|facts: QuestionsV1, _: NoTexts| {
            let QuestionsV1 { questions } = facts;
            Ok(IssueEvent::RequestWithdrawn { questions })
        }),
        _ => return None,
    })
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RequestedV1<'a> {
    question: u32,
    #[serde(borrow)]
    of: AskedV1<'a>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct QuestionsV1 {
    questions: Vec<u32>,
}

#[derive(Debug, Serialize, Deserialize)]
enum AskedV1<'a> {
    #[serde(rename = "opener")]
    Opener,
    #[serde(rename = "customer")]
    Customer,
    #[serde(rename = "product_owner")]
    ProductOwner,
    #[serde(rename = "person", borrow)]
    Person(Str<'a>),
}

impl<'a> AskedV1<'a> {
    fn of(asked: &'a Asked) -> Self {
        match asked {
            Asked::Opener => Self::Opener,
            Asked::Customer => Self::Customer,
            Asked::ProductOwner => Self::ProductOwner,
            Asked::Person(person) => Self::Person(word(person)),
        }
    }

    fn asked(&self) -> Result<Asked, Fault> {
        Ok(match self {
            Self::Opener => Asked::Opener,
            Self::Customer => Asked::Customer,
            Self::ProductOwner => Asked::ProductOwner,
            Self::Person(person) => Asked::Person(value("of.person", person)?),
        })
    }
}
