//! An event as CloudEvents 1.0 have it, in their Protocol Buffers format.

use std::collections::HashMap;

use api::events::v1::Event;
use api::io::cloudevents::v1::CloudEvent;
use api::io::cloudevents::v1::cloud_event::cloud_event_attribute_value::Attr;
use api::io::cloudevents::v1::cloud_event::{CloudEventAttributeValue, Data};
use prost::Name as _;
use prost_types::Any;

/// The event, whole, with what CloudEvents want to know of it beside.
pub(super) fn event(event: &Event) -> CloudEvent {
    let schema = format!("type.googleapis.com/{}", Event::full_name());
    let text = |text: &str| Some(Attr::CeString(text.to_owned()));
    let attributes = [
        ("subject", text(&event.subject)),
        ("time", event.occurred_at.map(Attr::CeTimestamp)),
        ("datacontenttype", text("application/protobuf")),
        ("dataschema", Some(Attr::CeUri(schema.clone()))),
        // Documented extensions: how it is partitioned, and its place within its source.
        ("partitionkey", text(&event.project)),
        ("sequence", text(&format!("{:020}", event.position))),
        ("recordedtime", event.recorded_at.map(Attr::CeTimestamp)),
        ("traceparent", (!event.traceparent.is_empty()).then(|| Attr::CeString(event.traceparent.clone()))),
    ];
    let attributes: HashMap<_, _> = attributes
        .into_iter()
        .filter_map(|(name, attr)| Some((name.to_owned(), CloudEventAttributeValue { attr: Some(attr?) })))
        .collect();
    CloudEvent {
        id: event.id.clone(),
        source: format!("/snaglog/projects/{}", event.project),
        spec_version: "1.0".to_owned(),
        r#type: format!("{}.{}", Event::PACKAGE, event.r#type),
        attributes,
        data: Some(Data::ProtoData(Any { type_url: schema, value: prost::Message::encode_to_vec(event) })),
    }
}
