//! Who confirmed a fix, and as what.

use domain::issue::{Capacity, IssueEvent};
use serde::{Deserialize, Serialize};

use super::misrouted;
use crate::envelope::{Encoded, Put, Restored, Stored};
use crate::error::Fault;
use crate::registry::EventType as T;
use crate::texts::NoTexts;
use crate::words::{FactV1, Str, value, word};

pub(super) fn encode(event: &IssueEvent, put: &Put<'_>) -> Encoded {
    match event {
        IssueEvent::VerificationDelegated { to, capacity } => {
            let facts = DelegatedV1 { to: word(to), capacity: FactV1::of(capacity, CapacityV1::of) };
            put.event(T::VerificationDelegated, facts, NoTexts {})
        }
        IssueEvent::IssueVerified { confirmed_by, capacity, self_verified } => {
            let facts = VerifiedV1 {
                confirmed_by: FactV1::word(confirmed_by),
                capacity: FactV1::of(capacity, CapacityV1::of),
                self_verified: *self_verified,
            };
            put.event(T::IssueVerified, facts, NoTexts {})
        }
        other => misrouted(other),
    }
}

pub(super) fn decode(event_type: T, version: u16, stored: Stored<'_>) -> Option<Result<Restored<IssueEvent>, Fault>> {
    Some(match (event_type, version) {
        (T::VerificationDelegated, 1) => stored.read(|facts: DelegatedV1<'_>, _: NoTexts| {
            Ok(IssueEvent::VerificationDelegated {
                to: value("to", &facts.to)?,
                capacity: facts.capacity.fact(|capacity| capacity.capacity())?,
            })
        }),
        (T::IssueVerified, 1) => stored.read(|facts: VerifiedV1<'_>, _: NoTexts| {
            Ok(IssueEvent::IssueVerified {
                confirmed_by: facts.confirmed_by.value("confirmed_by")?,
                capacity: facts.capacity.fact(|capacity| capacity.capacity())?,
                self_verified: facts.self_verified,
            })
        }),
        _ => return None,
    })
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct DelegatedV1<'a> {
    #[serde(borrow)]
    to: Str<'a>,
    capacity: FactV1<CapacityV1<'a>>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct VerifiedV1<'a> {
    #[serde(borrow)]
    confirmed_by: FactV1<Str<'a>>,
    capacity: FactV1<CapacityV1<'a>>,
    self_verified: bool,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
enum CapacityV1<'a> {
    #[serde(rename = "opener")]
    Opener,
    #[serde(rename = "customer", borrow)]
    Customer(Str<'a>),
    #[serde(rename = "product_owner")]
    ProductOwner,
    #[serde(rename = "delegate")]
    Delegate { named_by: Str<'a> },
}

impl<'a> CapacityV1<'a> {
    fn of(capacity: &'a Capacity) -> Self {
        match capacity {
            Capacity::Opener => Self::Opener,
            Capacity::Customer(customer) => Self::Customer(word(customer)),
            Capacity::ProductOwner => Self::ProductOwner,
            Capacity::Delegate { named_by } => Self::Delegate { named_by: word(named_by) },
        }
    }

    fn capacity(&self) -> Result<Capacity, Fault> {
        Ok(match self {
            Self::Opener => Capacity::Opener,
            Self::Customer(customer) => Capacity::Customer(value("capacity.customer", customer)?),
            Self::ProductOwner => Capacity::ProductOwner,
            Self::Delegate { named_by } => Capacity::Delegate { named_by: value("capacity.named_by", named_by)? },
        })
    }
}
