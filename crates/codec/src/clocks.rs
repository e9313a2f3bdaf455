//! The words of clocks and policies that several stored shapes share.

use domain::clocks::{Cause, Clock};
use domain::issue::Correction;
use domain::policy::{Delivery, Moment, Recipient};
use serde::{Deserialize, Serialize};

use crate::error::Fault;
use crate::words::{Str, value, word};

/// An enum as stored, one word a value.
macro_rules! stored_as {
    ($($stored:ident: $domain:ident { $($value:ident = $word:literal,)* })*) => {$(
        #[derive(Debug, Clone, Copy, Serialize, Deserialize)]
        pub(crate) enum $stored { $(#[serde(rename = $word)] $value,)* }

        impl From<$domain> for $stored {
            fn from(value: $domain) -> Self {
                match value { $($domain::$value => Self::$value,)* }
            }
        }

        impl From<$stored> for $domain {
            fn from(stored: $stored) -> Self {
                match stored { $($stored::$value => Self::$value,)* }
            }
        }
    )*};
}
pub(crate) use stored_as;

stored_as! {
    ClockV1: Clock { Accept = "accept", Mitigate = "mitigate", Resolve = "resolve", }
    MomentV1: Moment { AtRisk = "at_risk", Breach = "breach", }
    DeliveryV1: Delivery { PatchNow = "patch_now", NextPush = "next_push", Planned = "planned", }
    CorrectionV1: Correction { FirstTriage = "first_triage", LateStop = "late_stop", }
    CauseV1: Cause {
        Deadline = "deadline",
        FirstTriage = "first_triage",
        SeverityChange = "severity_change",
        Rebase = "rebase",
    }
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum RecipientV1<'a> {
    #[serde(rename = "assignee")]
    Assignee,
    #[serde(rename = "owner_team")]
    OwnerTeam,
    #[serde(rename = "on_shift")]
    OnShift,
    #[serde(rename = "product_owners")]
    ProductOwners,
    #[serde(rename = "team")]
    Team(#[serde(borrow)] Str<'a>),
    #[serde(rename = "person")]
    Person(#[serde(borrow)] Str<'a>),
}

impl<'a> RecipientV1<'a> {
    /// What to store of a recipient.
    pub(crate) fn of(to: &'a Recipient) -> Self {
        match to {
            Recipient::Assignee => Self::Assignee,
            Recipient::OwnerTeam => Self::OwnerTeam,
            Recipient::OnShift => Self::OnShift,
            Recipient::ProductOwners => Self::ProductOwners,
            Recipient::Team(team) => Self::Team(word(team)),
            Recipient::Person(person) => Self::Person(word(person)),
        }
    }

    /// The recipient that was stored.
    pub(crate) fn recipient(&self) -> Result<Recipient, Fault> {
        Ok(match self {
            Self::Assignee => Recipient::Assignee,
            Self::OwnerTeam => Recipient::OwnerTeam,
            Self::OnShift => Recipient::OnShift,
            Self::ProductOwners => Recipient::ProductOwners,
            Self::Team(team) => Recipient::Team(value("to.team", team)?),
            Self::Person(person) => Recipient::Person(value("to.person", person)?),
        })
    }
}
