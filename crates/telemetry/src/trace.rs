//! The W3C trace context (`traceparent`): `00-` trace id `-` span id `-` flags. How a trace goes from process to process, and
//! through the log.

use opentelemetry::propagation::{Extractor, TextMapPropagator as _};
use opentelemetry::trace::{SpanContext, TraceContextExt as _};
use opentelemetry::{Context, KeyValue};
use opentelemetry_sdk::propagation::TraceContextPropagator;
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt as _;

/// The header, and the metadata of a call.
pub const TRACEPARENT: &str = "traceparent";
/// A span links to so many others at most: what a collector takes by default.
pub const LINKS_MAX: usize = 128;

/// The span that a traceparent names; `None`: it is malformed, or names none.
pub fn parse(traceparent: &str) -> Option<SpanContext> {
    let context = TraceContextPropagator::new().extract_with_context(&Context::new(), &Carrier(traceparent));
    let named = context.span().span_context().clone();
    named.is_valid().then_some(named)
}

/// Whether somebody traces what this names: read off its last digit, without parsing the rest.
pub fn is_traced(traceparent: &str) -> bool {
    traceparent.len() == 55
        && traceparent
            .bytes()
            .last()
            .is_some_and(|digit| (digit as char).to_digit(16).is_some_and(|flags| flags % 2 == 1))
}

/// The traceparent of this span, for others to go on from; `None` where it isn't traced.
pub fn of(span: &Span) -> Option<String> {
    if span.is_none() {
        return None;
    }
    let context = span.context();
    let context = context.span().span_context().clone();
    let traced = context.is_valid() && context.is_sampled();
    traced.then(|| format!("00-{}-{}-{:02x}", context.trace_id(), context.span_id(), context.trace_flags()))
}

/// Makes the span go on where the traceparent is. To be called before anything happens in the span.
pub fn go_on(span: &Span, traceparent: &str) {
    if let Some(parent) = parse(traceparent) {
        // It fails where nobody collects spans.
        let _nobody_collects = span.set_parent(Context::new().with_remote_span_context(parent));
    }
}

/// Links the span to what these name, each once and at most [`LINKS_MAX`]. A span that comes of one trace only goes on with it
/// (`alone`); else it begins one of its own. To be called before anything happens in the span.
pub fn link<'t>(span: &Span, traceparents: impl IntoIterator<Item = &'t str>, alone: bool) {
    let mut linked: Vec<SpanContext> = Vec::new();
    for named in traceparents.into_iter().filter_map(parse) {
        if linked.len() == LINKS_MAX {
            break;
        }
        if !linked.contains(&named) {
            linked.push(named);
        }
    }
    let one_trace = linked.iter().all(|one| linked.first().is_some_and(|first| first.trace_id() == one.trace_id()));
    if let Some(first) = linked.first().filter(|_| alone && one_trace) {
        let _nobody_collects = span.set_parent(Context::new().with_remote_span_context(first.clone()));
    }
    for named in linked {
        span.add_link_with_attributes(named, Vec::<KeyValue>::new());
    }
}

/// The headers of a call that has only this one.
struct Carrier<'t>(&'t str);

impl Extractor for Carrier<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        key.eq_ignore_ascii_case(TRACEPARENT).then_some(self.0)
    }

    fn keys(&self) -> Vec<&str> {
        vec![TRACEPARENT]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRACED: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    #[test]
    fn what_names_a_span_is_read_and_nothing_else() {
        let named = parse(TRACED).unwrap();
        assert_eq!(named.trace_id().to_string(), "0af7651916cd43dd8448eb211c80319c");
        assert_eq!(named.span_id().to_string(), "b7ad6b7169203331");
        assert!(named.is_sampled() && named.is_remote());
        for malformed in [
            "",
            "00-abc",
            "Our customer is furious",
            "00-00000000000000000000000000000000-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
            "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        ] {
            assert!(parse(malformed).is_none(), "{malformed}");
        }
    }

    #[test]
    fn whether_it_is_traced_is_in_the_last_bit() {
        assert!(is_traced(TRACED));
        assert!(is_traced("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-03"));
        assert!(!is_traced("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00"));
        assert!(!is_traced("00-01"));
    }
}
