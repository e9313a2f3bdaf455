//! Where an issue comes from.

use std::sync::Arc;

use domain::ids::Malformed;
use domain::issue::{CustomerChannel, OwnerChannel, SourceKind};
use serde::{Deserialize, Serialize};

/// One of the four sources.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Source {
    Customer { customer: Option<Arc<str>>, channel: Channel },
    ProductOwner { channel: Channel },
    Security { advisories: Vec<Arc<str>>, package: Arc<str>, affected: Arc<str> },
    System { monitor: Arc<str>, fingerprint: Arc<str> },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Channel {
    Email,
    Phone,
    Chat,
    Portal,
    Ticket,
    Verbal,
}

/// Where an imported issue was before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Origin {
    system: Arc<str>,
    reference: Arc<str>,
    implied: bool,
    imported_by: Arc<str>,
}

const NO_CHANNEL: Malformed = Malformed::Form { expected: "is no channel of this source" };

impl Source {
    pub(super) fn of(source: &SourceKind) -> Self {
        match source {
            SourceKind::Customer { customer, channel } => Self::Customer {
                customer: customer.as_ref().map(|customer| customer.as_str().into()),
                channel: match channel {
                    CustomerChannel::Email => Channel::Email,
                    CustomerChannel::Phone => Channel::Phone,
                    CustomerChannel::Chat => Channel::Chat,
                    CustomerChannel::Portal => Channel::Portal,
                },
            },
            SourceKind::ProductOwner { channel } => Self::ProductOwner {
                channel: match channel {
                    OwnerChannel::Ticket => Channel::Ticket,
                    OwnerChannel::Verbal => Channel::Verbal,
                },
            },
            SourceKind::Security { advisories, package, affected } => {
                Self::Security { advisories: advisories.clone(), package: package.clone(), affected: affected.clone() }
            }
            SourceKind::System { monitor, fingerprint } => {
                Self::System { monitor: monitor.clone(), fingerprint: fingerprint.clone() }
            }
        }
    }

    pub(crate) fn kind(self) -> Result<SourceKind, Malformed> {
        Ok(match self {
            Self::Customer { customer, channel } => SourceKind::Customer {
                customer: customer.map(|customer| customer.parse()).transpose()?,
                channel: match channel {
                    Channel::Email => CustomerChannel::Email,
                    Channel::Phone => CustomerChannel::Phone,
                    Channel::Chat => CustomerChannel::Chat,
                    Channel::Portal => CustomerChannel::Portal,
                    Channel::Ticket | Channel::Verbal => return Err(NO_CHANNEL),
                },
            },
            Self::ProductOwner { channel } => SourceKind::ProductOwner {
                channel: match channel {
                    Channel::Ticket => OwnerChannel::Ticket,
                    Channel::Verbal => OwnerChannel::Verbal,
                    _ => return Err(NO_CHANNEL),
                },
            },
            Self::Security { advisories, package, affected } => SourceKind::Security { advisories, package, affected },
            Self::System { monitor, fingerprint } => SourceKind::System { monitor, fingerprint },
        })
    }
}

impl Origin {
    pub(super) fn of(origin: &domain::Origin) -> Self {
        let domain::Origin { system, reference, implied, imported_by } = origin;
        Self {
            system: system.clone(),
            reference: reference.clone(),
            implied: *implied,
            imported_by: imported_by.as_str().into(),
        }
    }

    pub(crate) fn origin(self) -> Result<domain::Origin, Malformed> {
        let Self { system, reference, implied, imported_by } = self;
        Ok(domain::Origin { system, reference, implied, imported_by: imported_by.parse()? })
    }
}
