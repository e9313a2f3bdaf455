//! Where an issue comes from, as stored.

use domain::issue::{CustomerChannel, OwnerChannel, RaisedBy, Source, SourceKind};
use serde::{Deserialize, Serialize};

use crate::error::Fault;
use crate::words::{FactV1, Str, every, maybe, maybe_word, value, word, words};

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SourceV1<'a> {
    #[serde(borrow)]
    kind: FactV1<SourceKindV1<'a>>,
    raised_by: RaisedByV1<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reference: Option<Str<'a>>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
enum SourceKindV1<'a> {
    #[serde(rename = "customer")]
    Customer {
        #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
        customer: Option<Str<'a>>,
        channel: CustomerChannelV1,
    },
    #[serde(rename = "product_owner")]
    ProductOwner { channel: OwnerChannelV1 },
    #[serde(rename = "security")]
    Security { advisories: Vec<Str<'a>>, package: Str<'a>, affected: Str<'a> },
    #[serde(rename = "system")]
    System { monitor: Str<'a>, fingerprint: Str<'a> },
}

#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
enum CustomerChannelV1 {
    #[serde(rename = "email")]
    Email,
    #[serde(rename = "phone")]
    Phone,
    #[serde(rename = "chat")]
    Chat,
    #[serde(rename = "portal")]
    Portal,
}

#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
enum OwnerChannelV1 {
    #[serde(rename = "ticket")]
    Ticket,
    #[serde(rename = "verbal")]
    Verbal,
}

#[derive(Debug, Serialize, Deserialize)]
enum RaisedByV1<'a> {
    #[serde(rename = "person", borrow)]
    Person(Str<'a>),
    #[serde(rename = "system")]
    System(Str<'a>),
    #[serde(rename = "nobody")]
    Nobody,
}

impl<'a> SourceV1<'a> {
    pub(super) fn of(source: &'a Source) -> Self {
        Self {
            kind: FactV1::of(&source.kind, SourceKindV1::of),
            raised_by: match &source.raised_by {
                RaisedBy::Person(person) => RaisedByV1::Person(word(person)),
                RaisedBy::System(system) => RaisedByV1::System(word(system)),
                RaisedBy::Nobody => RaisedByV1::Nobody,
            },
            reference: maybe_word(source.reference.as_ref()),
        }
    }

    pub(super) fn source(self) -> Result<Source, Fault> {
        Ok(Source {
            kind: self.kind.fact(|kind| kind.kind())?,
            raised_by: match &self.raised_by {
                RaisedByV1::Person(person) => RaisedBy::Person(value("source.raised_by.person", person)?),
                RaisedByV1::System(system) => RaisedBy::System(value("source.raised_by.system", system)?),
                RaisedByV1::Nobody => RaisedBy::Nobody,
            },
            reference: maybe("source.reference", self.reference.as_ref())?,
        })
    }
}

impl<'a> SourceKindV1<'a> {
    fn of(kind: &'a SourceKind) -> Self {
        match kind {
            SourceKind::Customer { customer, channel } => {
                Self::Customer { customer: maybe_word(customer.as_ref()), channel: (*channel).into() }
            }
            SourceKind::ProductOwner { channel } => Self::ProductOwner { channel: (*channel).into() },
            SourceKind::Security { advisories, package, affected } => {
                Self::Security { advisories: words(advisories), package: word(package), affected: word(affected) }
            }
            SourceKind::System { monitor, fingerprint } => {
                Self::System { monitor: word(monitor), fingerprint: word(fingerprint) }
            }
        }
    }

    fn kind(&self) -> Result<SourceKind, Fault> {
        Ok(match self {
            Self::Customer { customer, channel } => SourceKind::Customer {
                customer: maybe("source.customer", customer.as_ref())?,
                channel: (*channel).into(),
            },
            Self::ProductOwner { channel } => SourceKind::ProductOwner { channel: (*channel).into() },
            Self::Security { advisories, package, affected } => SourceKind::Security {
                advisories: every("source.advisories", advisories)?,
                package: value("source.package", package)?,
                affected: value("source.affected", affected)?,
            },
            Self::System { monitor, fingerprint } => SourceKind::System {
                monitor: value("source.monitor", monitor)?,
                fingerprint: value("source.fingerprint", fingerprint)?,
            },
        })
    }
}

impl From<CustomerChannel> for CustomerChannelV1 {
    fn from(channel: CustomerChannel) -> Self {
        match channel {
            CustomerChannel::Email => Self::Email,
            CustomerChannel::Phone => Self::Phone,
            CustomerChannel::Chat => Self::Chat,
            CustomerChannel::Portal => Self::Portal,
        }
    }
}

impl From<CustomerChannelV1> for CustomerChannel {
    fn from(channel: CustomerChannelV1) -> Self {
        match channel {
            CustomerChannelV1::Email => Self::Email,
            CustomerChannelV1::Phone => Self::Phone,
            CustomerChannelV1::Chat => Self::Chat,
            CustomerChannelV1::Portal => Self::Portal,
        }
    }
}

impl From<OwnerChannel> for OwnerChannelV1 {
    fn from(channel: OwnerChannel) -> Self {
        match channel {
            OwnerChannel::Ticket => Self::Ticket,
            OwnerChannel::Verbal => Self::Verbal,
        }
    }
}

impl From<OwnerChannelV1> for OwnerChannel {
    fn from(channel: OwnerChannelV1) -> Self {
        match channel {
            OwnerChannelV1::Ticket => Self::Ticket,
            OwnerChannelV1::Verbal => Self::Verbal,
        }
    }
}
