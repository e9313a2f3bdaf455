//! Which spans are collected.

use std::num::NonZeroU32;
use std::sync::Arc;

use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use opentelemetry::trace::{Link, SpanContext, SpanKind, TraceContextExt as _, TraceId, TraceState};
use opentelemetry::{Context, KeyValue};
use opentelemetry_sdk::trace::{
    IdGenerator as _, RandomIdGenerator, Sampler, SamplingDecision, SamplingResult, ShouldSample,
};

use crate::trace;

/// Of the calls whose callers don't trace them, so many a second are: all of a quiet server, and few enough of a busy one to cost nothing.
pub const A_SECOND: u32 = 10;

/// The usual ones, and two that begin a trace: a server's call, which was asked for before its span was made ([`Linked::takes_call`]), and a
/// span that links to one that is traced: so a batch of traced events is.
#[derive(Debug, Clone)]
pub struct Linked(Sampler);

/// What `OTEL_TRACES_SAMPLER` says is no sampler.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "OTEL_TRACES_SAMPLER={name}, OTEL_TRACES_SAMPLER_ARG={argument}: give always_on, always_off, traceidratio, parentbased_always_on, parentbased_always_off or parentbased_traceidratio, and for a ratio a number from 0 to 1"
)]
pub struct Unknown {
    name: String,
    argument: String,
}

impl Linked {
    /// By the standard variables `OTEL_TRACES_SAMPLER` and `OTEL_TRACES_SAMPLER_ARG`; else [`A_SECOND`] of what no caller decided.
    pub fn of(name: Option<&str>, argument: Option<&str>) -> Result<Self, Unknown> {
        let unknown =
            || Unknown { name: name.unwrap_or_default().to_owned(), argument: argument.unwrap_or_default().to_owned() };
        let ratio = || match argument {
            None => Ok(1.0),
            Some(text) => text.parse().ok().filter(|ratio| (0.0..=1.0).contains(ratio)).ok_or_else(unknown),
        };
        let sampler = match name {
            None => by_parent(PerSecond::new(A_SECOND)),
            Some("always_on") => Sampler::AlwaysOn,
            Some("always_off") => Sampler::AlwaysOff,
            Some("traceidratio") => Sampler::TraceIdRatioBased(ratio()?),
            Some("parentbased_always_on") => by_parent(Sampler::AlwaysOn),
            Some("parentbased_always_off") => by_parent(Sampler::AlwaysOff),
            Some("parentbased_traceidratio") => by_parent(Sampler::TraceIdRatioBased(ratio()?)),
            Some(_) => return Err(unknown()),
        };
        Ok(Self(sampler))
    }

    /// Whether a call that came with this trace context is traced. Asked once for each, before anything is made for it.
    pub fn takes_call(&self, traceparent: Option<&str>) -> bool {
        let parent = traceparent.and_then(trace::parse);
        let new = || RandomIdGenerator::default().new_trace_id();
        let trace_id = parent.as_ref().map_or_else(new, SpanContext::trace_id);
        let parent = parent.map(|parent| Context::new().with_remote_span_context(parent));
        let answer = self.0.should_sample(parent.as_ref(), trace_id, "call", &SpanKind::Server, &[], &[]);
        answer.decision == SamplingDecision::RecordAndSample
    }

    /// Every trace that begins here, and what callers decided of theirs.
    pub fn always() -> Self {
        Self(by_parent(Sampler::AlwaysOn))
    }
}

fn by_parent(root: impl ShouldSample + 'static) -> Sampler {
    Sampler::ParentBased(Box::new(root))
}

/// So many a second, whoever is first.
#[derive(Debug, Clone)]
struct PerSecond(Arc<DefaultDirectRateLimiter>);

impl PerSecond {
    fn new(many: u32) -> Self {
        let many = NonZeroU32::new(many).unwrap_or(NonZeroU32::MIN);
        Self(Arc::new(RateLimiter::direct(Quota::per_second(many))))
    }
}

impl ShouldSample for PerSecond {
    fn should_sample(
        &self,
        _: Option<&Context>,
        _: TraceId,
        _: &str,
        _: &SpanKind,
        _: &[KeyValue],
        _: &[Link],
    ) -> SamplingResult {
        result(self.0.check().is_ok(), TraceState::default())
    }
}

impl ShouldSample for Linked {
    fn should_sample(
        &self,
        parent: Option<&Context>,
        trace_id: TraceId,
        name: &str,
        kind: &SpanKind,
        attributes: &[KeyValue],
        links: &[Link],
    ) -> SamplingResult {
        let above = parent.map(|parent| parent.span().span_context().clone()).filter(SpanContext::is_valid);
        let linked = links.iter().any(|link| link.span_context.is_sampled());
        let decided = match &above {
            // A trace is whole here: one decision for all of it.
            Some(above) if !above.is_remote() => Some(above.is_sampled()),
            Some(above) if linked && above.is_sampled() => Some(true),
            None if linked || *kind == SpanKind::Server => Some(true),
            _ => None,
        };
        let Some(taken) = decided else {
            return self.0.should_sample(parent, trace_id, name, kind, attributes, links);
        };
        result(taken, above.map_or_else(TraceState::default, |above| above.trace_state().clone()))
    }
}

fn result(taken: bool, trace_state: TraceState) -> SamplingResult {
    let decision = if taken { SamplingDecision::RecordAndSample } else { SamplingDecision::Drop };
    SamplingResult { decision, attributes: Vec::new(), trace_state }
}

#[cfg(test)]
mod tests {
    use opentelemetry::trace::{SpanId, TraceFlags};

    use super::*;

    fn named(flags: TraceFlags) -> SpanContext {
        SpanContext::new(TraceId::from(7), SpanId::from(8), flags, true, TraceState::default())
    }

    fn is_sampled(sampler: &Linked, parent: Option<TraceFlags>, link: Option<TraceFlags>) -> bool {
        let parent = parent.map(|flags| Context::new().with_remote_span_context(named(flags)));
        let links: Vec<_> = link.map(|flags| Link::with_context(named(flags))).into_iter().collect();
        let result =
            sampler.should_sample(parent.as_ref(), TraceId::from(u128::MAX), "fold", &SpanKind::Consumer, &[], &links);
        result.decision == SamplingDecision::RecordAndSample
    }

    #[test]
    fn what_links_to_something_traced_is_traced_unless_its_own_parent_decided() {
        let never = Linked::of(Some("parentbased_always_off"), None).unwrap();
        assert!(!is_sampled(&never, None, None));
        assert!(!is_sampled(&never, None, Some(TraceFlags::NOT_SAMPLED)));
        assert!(is_sampled(&never, None, Some(TraceFlags::SAMPLED)));
        assert!(is_sampled(&never, Some(TraceFlags::SAMPLED), None));
        assert!(!is_sampled(&never, Some(TraceFlags::NOT_SAMPLED), Some(TraceFlags::SAMPLED)));
    }

    #[test]
    fn a_call_is_traced_as_its_caller_decided_and_else_as_many_as_were_asked_for() {
        let named = |flags: &str| format!("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-{flags}");
        let (traced, not_traced) = (named("01"), named("00"));
        let few = Linked::of(None, None).unwrap();
        assert!((0..A_SECOND).all(|_| few.takes_call(None)), "a quiet server's are all traced");
        assert!((0..1_000_000).any(|_| !few.takes_call(None)), "and not all of a busy one");
        assert!(few.takes_call(Some(&traced)));
        assert!(!few.takes_call(Some(&not_traced)));
        assert!(Linked::of(Some("parentbased_always_on"), None).unwrap().takes_call(None));
        assert!(!Linked::of(Some("parentbased_always_off"), None).unwrap().takes_call(None));
        assert!(Linked::of(Some("always_on"), None).unwrap().takes_call(Some(&not_traced)));
        assert!(!Linked::of(Some("always_off"), None).unwrap().takes_call(Some(&traced)));
    }

    #[test]
    fn what_happens_within_a_call_is_traced_with_it_whatever_its_trace_is_called() {
        let none = Linked::of(Some("traceidratio"), Some("0")).unwrap();
        let within = |flags| {
            let here = SpanContext::new(TraceId::from(7), SpanId::from(8), flags, false, TraceState::default());
            let parent = Context::new().with_remote_span_context(here);
            none.should_sample(Some(&parent), TraceId::from(7), "append", &SpanKind::Producer, &[], &[]).decision
        };
        assert_eq!(within(TraceFlags::SAMPLED), SamplingDecision::RecordAndSample);
        assert_eq!(within(TraceFlags::NOT_SAMPLED), SamplingDecision::Drop);
        assert!(is_sampled(&none, Some(TraceFlags::SAMPLED), Some(TraceFlags::SAMPLED)), "a batch of this call alone");
    }

    #[test]
    fn the_standard_variables_name_a_sampler() {
        for name in ["always_on", "parentbased_always_on"] {
            assert!(is_sampled(&Linked::of(Some(name), None).unwrap(), None, None), "{name}");
        }
        assert!(is_sampled(&Linked::of(Some("traceidratio"), Some("1.0")).unwrap(), None, None));
        assert!(!is_sampled(&Linked::of(Some("parentbased_traceidratio"), Some("0")).unwrap(), None, None));
        for (name, argument) in [("sometimes", None), ("traceidratio", Some("2")), ("traceidratio", Some("half"))] {
            assert!(Linked::of(Some(name), argument).is_err(), "{name} {argument:?}");
        }
    }
}
