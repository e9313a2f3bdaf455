//! What all events have in common when they are stored.
//!
//! Facts are `{"data": …, "texts": […], "origin": …}`: the event's own shape, the names of the optional texts that it has, and
//! where it was imported from. The last two are left out where there are none.

use std::sync::Arc;

use domain::Origin;
use serde::{Deserialize, Serialize};

use crate::error::Fault;
use crate::registry::EventType;
use crate::texts::Texts;
use crate::words::{Str, value, word};

/// An event in its stored shape.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Encoded {
    /// The event's type, shared by all events of it.
    pub event_type: Arc<str>,
    /// Version of the stored shape.
    pub schema_version: u16,
    /// JSON without free text or contact data.
    pub facts: Vec<u8>,
    /// JSON of the free texts; empty where there are none, and then there is no salt either.
    pub texts: Vec<u8>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Envelope<'a, F> {
    data: F,
    #[serde(borrow, default, skip_serializing_if = "Vec::is_empty")]
    texts: Vec<Str<'a>>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    origin: Option<OriginV1<'a>>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct OriginV1<'a> {
    #[serde(borrow)]
    system: Str<'a>,
    reference: Str<'a>,
    implied: bool,
    imported_by: Str<'a>,
}

impl<'a> OriginV1<'a> {
    fn of(origin: &'a Origin) -> Self {
        Self {
            system: word(&origin.system),
            reference: word(&origin.reference),
            implied: origin.implied,
            imported_by: word(&origin.imported_by),
        }
    }

    fn origin(&self) -> Result<Origin, Fault> {
        Ok(Origin {
            system: value("origin.system", &self.system)?,
            reference: value("origin.reference", &self.reference)?,
            implied: self.implied,
            imported_by: value("origin.imported_by", &self.imported_by)?,
        })
    }
}

/// Where an event is put into its stored shape.
pub(crate) struct Put<'a> {
    pub(crate) origin: Option<&'a Origin>,
}

impl<'a> Put<'a> {
    /// Stores an event of this type, in the version that is written now.
    #[expect(clippy::needless_pass_by_value, reason = "shapes are made for this call")]
    pub(crate) fn event(&self, event_type: EventType, data: impl Serialize, texts: impl Texts<'a>) -> Encoded {
        let facts = Envelope { data, texts: texts.given(), origin: self.origin.map(OriginV1::of) };
        Encoded {
            event_type: event_type.shared_name(),
            schema_version: event_type.version(),
            facts: json(&facts),
            texts: if texts.is_empty() { Vec::new() } else { json(&texts) },
        }
    }
}

#[expect(clippy::expect_used, reason = "stored shapes have no maps and no serialisation of their own that could fail")]
fn json(shape: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(shape).expect("stored shapes are JSON")
}

/// A stored event's body.
#[derive(Clone, Copy)]
pub(crate) struct Stored<'a> {
    pub(crate) facts: &'a [u8],
    /// Empty where there are none, absent once they were erased.
    pub(crate) texts: Option<&'a [u8]>,
}

/// An event with where it was imported from.
pub(crate) type Restored<E> = (E, Option<Origin>);

impl<'a> Stored<'a> {
    /// Reads facts and texts in their shapes, and makes the event of them.
    pub(crate) fn read<F, T, E>(self, event: impl FnOnce(F, T) -> Result<E, Fault>) -> Result<Restored<E>, Fault>
    where
        F: Deserialize<'a>,
        T: Texts<'a>,
    {
        let facts: Envelope<'a, F> = serde_json::from_slice(self.facts).map_err(Fault::Facts)?;
        let texts = match self.texts {
            None => T::erased(&facts.texts),
            Some(json) => {
                let json = if json.is_empty() { b"{}" } else { json };
                serde_json::from_slice(json)
                    .map_err(|error| Fault::Texts { category: error.classify(), column: error.column() })?
            }
        };
        let origin = facts.origin.as_ref().map(OriginV1::origin).transpose()?;
        Ok((event(facts.data, texts)?, origin))
    }
}
