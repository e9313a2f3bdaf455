//! Stored shapes of a release's events.

use domain::release::ReleaseEvent;
use serde::{Deserialize, Serialize};

use crate::envelope::{Encoded, Put, Restored, Stored};
use crate::error::Fault;
use crate::registry::EventType as T;
use crate::texts::NoTexts;
use crate::words::{Str, every, key, value, word, words};

/// Puts a release's event into its stored shape.
pub(crate) fn encode(event: &ReleaseEvent, put: &Put<'_>) -> Encoded {
    match event {
        ReleaseEvent::ReleaseDeployed { environment, changes, issues } => {
            let facts = DeployedV1 {
                environment: word(environment),
                changes: words(changes),
                issues: issues.iter().map(|key| Str(key.to_string().into())).collect(),
            };
            put.event(T::ReleaseDeployed, facts, NoTexts {})
        }
        ReleaseEvent::ReleaseRolledBack { environment } => {
            put.event(T::ReleaseRolledBack, RolledBackV1 { environment: word(environment) }, NoTexts {})
        }
    }
}

/// Makes a release's event of its stored shape; `None` for a version that was never written.
pub(crate) fn decode(event_type: T, version: u16, stored: Stored<'_>) -> Option<Result<Restored<ReleaseEvent>, Fault>> {
    Some(match (event_type, version) {
        (T::ReleaseDeployed, 1) => stored.read(DeployedV1::event),
        (T::ReleaseRolledBack, 1) => stored.read(|facts: RolledBackV1<'_>, _: NoTexts| {
            Ok(ReleaseEvent::ReleaseRolledBack { environment: value("environment", &facts.environment)? })
        }),
        _ => return None,
    })
}

/// Issues are stored by their keys, `PAY-42`.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct DeployedV1<'a> {
    #[serde(borrow)]
    environment: Str<'a>,
    changes: Vec<Str<'a>>,
    issues: Vec<Str<'a>>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RolledBackV1<'a> {
    #[serde(borrow)]
    environment: Str<'a>,
}

impl DeployedV1<'_> {
    fn event(self, _: NoTexts) -> Result<ReleaseEvent, Fault> {
        Ok(ReleaseEvent::ReleaseDeployed {
            environment: value("environment", &self.environment)?,
            changes: every("changes", &self.changes)?,
            issues: self.issues.iter().map(|stored| key("issues", stored)).collect::<Result<_, _>>()?,
        })
    }
}
