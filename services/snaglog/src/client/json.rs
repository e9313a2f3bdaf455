//! Messages as JSON for scripts: stable keys, plain values.
//!
//! Field names as in the contract; times in RFC 3339; durations in seconds; enums by their short name (`WontFix`), triage levels by their
//! number; what is not set is null, an empty list `[]`. A message has the same keys whatever it holds. Null is also what is not known of an
//! imported issue, except where the contract has a word for it: `NotKnown` as level, fix kind or dismissal. Whether it is triaged is a
//! question in New only: in other states `triaged` is null.

use std::fmt::Write as _;
use std::sync::LazyLock;

use prost_reflect::{
    DescriptorPool, DynamicMessage, EnumDescriptor, FieldDescriptor, Kind, MapKey, ReflectMessage as _, Value,
};
use serde_json::{Map, Number, Value as Json};

use super::failure::camel_case;
use super::times;

#[expect(clippy::expect_used, reason = "the descriptors are generated with the messages, in the same build")]
static POOL: LazyLock<DescriptorPool> =
    LazyLock::new(|| DescriptorPool::decode(api::DESCRIPTORS).expect("the build wrote a descriptor set"));

/// The message as a JSON object.
#[expect(clippy::expect_used, reason = "a message encodes to what its own descriptor decodes")]
pub(crate) fn to_json<M: prost::Message + prost::Name>(message: &M) -> Json {
    let descriptor = POOL.get_message_by_name(&M::full_name()).expect("each message is in the descriptor set");
    let dynamic =
        DynamicMessage::decode(descriptor, message.encode_to_vec().as_slice()).expect("an encoded message decodes");
    object(&dynamic)
}

/// The names of a message's fields.
pub(crate) fn fields<M: prost::Name>() -> Vec<String> {
    POOL.get_message_by_name(&M::full_name())
        .map(|message| message.fields().map(|field| field.name().to_owned()).collect())
        .unwrap_or_default()
}

/// True: a message of this kind may hold a value at this path, `source.reference`. Lists are not reached into.
pub(crate) fn has_field<M: prost::Name>(path: &str) -> bool {
    let mut message = POOL.get_message_by_name(&M::full_name());
    path.split('.').all(|name| {
        let Some(field) = message.as_ref().and_then(|message| message.get_field_by_name(name)) else {
            return false;
        };
        message = if field.is_list() { None } else { field.kind().as_message().cloned() };
        true
    })
}

/// Only these fields, `source.reference` reaching into objects; all of them where none is named.
pub(crate) fn select(json: Json, fields: &[String]) -> Json {
    if fields.is_empty() {
        return json;
    }
    let pick =
        |path: &String| path.split('.').try_fold(&json, |value, name| value.get(name)).cloned().unwrap_or(Json::Null);
    Json::Object(fields.iter().map(|path| (path.clone(), pick(path))).collect())
}

fn object(message: &DynamicMessage) -> Json {
    match message.descriptor().full_name() {
        "google.protobuf.Timestamp" => time(message),
        "google.protobuf.Duration" => Json::from(integer(message, "seconds")),
        _ => {
            let fields = message.descriptor();
            let entries = fields.fields().filter_map(|field| {
                let alternative = field.containing_oneof().is_some_and(|oneof| !oneof.is_synthetic());
                if alternative && !message.has_field(&field) {
                    return None;
                }
                Some((field.name().to_owned(), member(message, &field)))
            });
            let mut entries = entries.collect::<Map<_, _>>();
            if entries.get("state").is_some_and(|state| state != "New")
                && let Some(triaged) = entries.get_mut("triaged")
            {
                *triaged = Json::Null;
            }
            Json::Object(entries)
        }
    }
}

fn member(message: &DynamicMessage, field: &FieldDescriptor) -> Json {
    let absent = field.supports_presence() && !message.has_field(field);
    if absent { Json::Null } else { plain(&message.get_field(field), &field.kind()) }
}

fn plain(value: &Value, kind: &Kind) -> Json {
    match value {
        Value::Bool(on) => Json::Bool(*on),
        Value::I32(n) => Json::from(*n),
        Value::I64(n) => Json::from(*n),
        Value::U32(n) => Json::from(*n),
        Value::U64(n) => Json::from(*n),
        Value::F32(n) => Number::from_f64(f64::from(*n)).map_or(Json::Null, Json::Number),
        Value::F64(n) => Number::from_f64(*n).map_or(Json::Null, Json::Number),
        Value::String(text) if text.is_empty() => Json::Null,
        Value::String(text) => Json::String(text.clone()),
        Value::Bytes(bytes) => Json::String(hex(bytes)),
        Value::EnumNumber(number) => enumeration(*number, kind),
        Value::Message(message) => object(message),
        Value::List(values) => values.iter().map(|value| plain(value, kind)).collect(),
        Value::Map(entries) => {
            let text = |key: &MapKey| key.as_str().map_or_else(|| format!("{key:?}"), str::to_owned);
            Json::Object(entries.iter().map(|(key, value)| (text(key), plain(value, kind))).collect())
        }
    }
}

fn enumeration(number: i32, kind: &Kind) -> Json {
    let Kind::Enum(descriptor) = kind else {
        return Json::from(number);
    };
    match (descriptor.name(), number) {
        (_, 0) => Json::Null,
        ("Level", 1..=3) => Json::from(number),
        _ => Json::String(short_name(descriptor, number)),
    }
}

/// `DISMISSAL_REASON_WONT_FIX` as `WontFix`.
fn short_name(descriptor: &EnumDescriptor, number: i32) -> String {
    let prefix_of = |zero: &str| zero.strip_suffix("UNSPECIFIED").unwrap_or_default().to_owned();
    let prefix = descriptor.get_value(0).map(|zero| prefix_of(zero.name())).unwrap_or_default();
    match descriptor.get_value(number) {
        Some(value) => camel_case(value.name().strip_prefix(&prefix).unwrap_or(value.name())),
        None => number.to_string(),
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        _ = write!(text, "{byte:02x}");
        text
    })
}

fn time(message: &DynamicMessage) -> Json {
    let nanos = i32::try_from(integer(message, "nanos")).unwrap_or_default();
    times::iso(&prost_types::Timestamp { seconds: integer(message, "seconds"), nanos }).into()
}

fn integer(message: &DynamicMessage, name: &str) -> i64 {
    message
        .get_field_by_name(name)
        .and_then(|value| value.as_i64().or(value.as_i32().map(i64::from)))
        .unwrap_or_default()
}
