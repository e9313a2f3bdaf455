//! What the page says of one thing: its comment, its type, its link.

use std::fmt::Write;

use prost_reflect::{Cardinality, FieldDescriptor, FileDescriptor, Kind, MessageDescriptor, ServiceDescriptor};

/// The number of the package statement in a file's descriptor: where the file's own comment is.
pub(super) const PACKAGE: i32 = 2;

/// The comment that stands before the thing at this path (or behind it, on its line), without its margin.
pub(super) fn comment(file: &FileDescriptor, path: &[i32]) -> String {
    let locations = file.file_descriptor_proto().source_code_info.iter().flat_map(|info| &info.location);
    let Some(location) = locations.into_iter().find(|location| location.path == path) else {
        return String::new();
    };
    let text = [location.leading_comments(), location.trailing_comments()].join("\n");
    let lines: Vec<&str> = text.trim().lines().map(|line| line.strip_prefix(' ').unwrap_or(line).trim_end()).collect();
    lines.join("\n")
}

/// Fit for one cell of a table: paragraphs become line breaks.
pub(super) fn cell(text: &str) -> String {
    let paragraphs = text.split("\n\n").map(|paragraph| paragraph.split_whitespace().collect::<Vec<_>>().join(" "));
    paragraphs.collect::<Vec<_>>().join("<br>").replace('|', "\\|")
}

pub(super) fn choice(field: &FieldDescriptor) -> String {
    match field.containing_oneof() {
        Some(oneof) if !field.field_descriptor_proto().proto3_optional() => format!("*One of `{}`.* ", oneof.name()),
        _ => String::new(),
    }
}

pub(super) fn field_type(field: &FieldDescriptor) -> String {
    if field.is_map()
        && let Kind::Message(entry) = field.kind()
    {
        let (key, value) = (entry.map_entry_key_field(), entry.map_entry_value_field());
        return format!("map from {} to {}", kind_name(&key.kind()), kind_name(&value.kind()));
    }
    let kind = kind_name(&field.kind());
    match field.cardinality() {
        Cardinality::Repeated => format!("list of {kind}"),
        _ if field.field_descriptor_proto().proto3_optional() => format!("optional {kind}"),
        _ => kind,
    }
}

fn kind_name(kind: &Kind) -> String {
    match kind {
        Kind::Message(message) => linked_message(message),
        Kind::Enum(of) => linked(of.full_name(), short_name(of.full_name(), of.package_name())),
        scalar => format!("{scalar:?}").to_lowercase(),
    }
}

pub(super) fn linked_service(service: &ServiceDescriptor) -> String {
    linked(service.full_name(), service.name())
}

pub(super) fn linked_message(message: &MessageDescriptor) -> String {
    linked(message.full_name(), short_name(message.full_name(), message.package_name()))
}

/// A link to what this page describes; the bare name of what it doesn't.
fn linked(full_name: &str, name: &str) -> String {
    let mut text = String::new();
    let _infallible = if full_name.starts_with("google.") {
        write!(text, "`{full_name}`")
    } else {
        write!(text, "[`{name}`](#{full_name})")
    };
    text
}

/// `Issue.Source` of `snaglog.issues.v1.Issue.Source`.
pub(super) fn short_name<'a>(full_name: &'a str, package: &str) -> &'a str {
    full_name.strip_prefix(package).map_or(full_name, |name| name.trim_start_matches('.'))
}
