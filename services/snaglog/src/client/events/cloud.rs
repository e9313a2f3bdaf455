//! A CloudEvent in its JSON format.

use api::events::v1::Event;
use api::io::cloudevents::v1::CloudEvent;
use api::io::cloudevents::v1::cloud_event::Data;
use api::io::cloudevents::v1::cloud_event::cloud_event_attribute_value::Attr;
use prost::Message as _;
use serde_json::{Map, Value as Json};

use crate::client::{json, times};

/// The event, with the token of what follows it as an extension attribute, `snaglogtoken`.
pub(super) fn event(event: &CloudEvent, token: &str) -> Json {
    let mut object = Map::new();
    let mut put = |name: &str, value: Json| object.insert(name.to_owned(), value);
    for (name, value) in &event.attributes {
        let Some(attr) = &value.attr else { continue };
        put(name, attribute(attr));
    }
    put("specversion", event.spec_version.clone().into());
    put("id", event.id.clone().into());
    put("source", event.source.clone().into());
    put("type", event.r#type.clone().into());
    put("snaglogtoken", token.into());
    if let Some(Data::ProtoData(data)) = &event.data
        && let Ok(data) = Event::decode(data.value.as_slice())
    {
        put("datacontenttype", "application/json".into());
        put("data", json::to_json(&data));
    }
    Json::Object(object)
}

fn attribute(attr: &Attr) -> Json {
    match attr {
        Attr::CeBoolean(on) => (*on).into(),
        Attr::CeInteger(number) => (*number).into(),
        Attr::CeString(text) | Attr::CeUri(text) | Attr::CeUriRef(text) => text.clone().into(),
        Attr::CeBytes(bytes) => String::from_utf8_lossy(bytes).into(),
        Attr::CeTimestamp(time) => times::iso(time).into(),
    }
}
