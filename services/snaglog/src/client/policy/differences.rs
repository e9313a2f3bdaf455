//! Two policies beside each other: what one says otherwise.

use api::policies::v1 as proto;
use serde_json::Value as Json;

use super::file::shape;

/// Something that two policies say otherwise. Empty: one of them doesn't say it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Difference {
    /// As the file has it: `severities.sev2.mitigate`, `selectors.gold-customers.when.tiers`.
    pub(super) place: String,
    pub(super) from: String,
    pub(super) to: String,
}

/// All differences: first in the order of what is said now, then what is said only then.
pub(super) fn differences(from: &proto::Policy, to: &proto::Policy) -> Result<Vec<Difference>, serde_json::Error> {
    let (from, to) = (said(from)?, said(to)?);
    let of = |said: &[(String, String)], place: &str| {
        said.iter().find(|(known, _)| known == place).map(|(_, text)| text.clone()).unwrap_or_default()
    };
    let only_then = to.iter().filter(|(place, _)| !from.iter().any(|(known, _)| known == place));
    let places = from.iter().chain(only_then).map(|(place, _)| place);
    let both = places.map(|place| Difference { place: place.clone(), from: of(&from, place), to: of(&to, place) });
    Ok(both.filter(|difference| difference.from != difference.to).collect())
}

/// What a policy says, place by place, as its file would.
fn said(policy: &proto::Policy) -> Result<Vec<(String, String)>, serde_json::Error> {
    let mut said = Vec::new();
    let order: Vec<_> = policy.selectors.iter().map(|selector| selector.name.as_str()).collect();
    say(&serde_json::to_value(shape(policy))?, String::new(), &mut said);
    said.push((String::from("selectors"), order.join(", ")));
    Ok(said)
}

fn say(value: &Json, place: String, said: &mut Vec<(String, String)>) {
    let within = |name: &str| if place.is_empty() { name.to_owned() } else { format!("{place}.{name}") };
    match value {
        Json::Object(fields) => fields.iter().for_each(|(name, value)| say(value, within(name), said)),
        Json::Array(items) if items.iter().any(Json::is_object) => {
            for (n, item) in items.iter().enumerate() {
                // A selector is known by its name: one more before it is no difference.
                let place = match item.get("name").and_then(Json::as_str) {
                    Some(name) => within(name),
                    None => format!("{place}[{n}]"),
                };
                say(item, place, said);
            }
        }
        Json::Array(items) => said.push((place, items.iter().map(text).collect::<Vec<_>>().join(", "))),
        scalar => said.push((place, text(scalar))),
    }
}

fn text(value: &Json) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
