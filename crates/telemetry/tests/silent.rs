//! A process that tells nothing but its log lines makes no spans. It is set up once, so this is a test program of its own.

use telemetry::{Format, Lines, Settings};

#[test]
fn without_a_collector_no_span_is_made() {
    // Given a process that writes log lines, and sends nothing anywhere.
    let lines = Lines { format: Format::Pretty, filter: "info".to_owned() };
    let settings = Settings {
        service: "test",
        version: "0",
        instance: "one".to_owned(),
        lines: Some(lines),
        otlp: None,
        prometheus: false,
    };
    let _telemetry = settings.start().unwrap();

    // Then neither its own spans are made nor those of the libraries below it, and what is told is told.
    assert!(tracing::info_span!(target: "snaglog::trace", "call").is_disabled());
    assert!(tracing::trace_span!("frame").is_disabled());
    assert!(tracing::enabled!(tracing::Level::INFO));
    assert!(!tracing::enabled!(tracing::Level::TRACE));
    assert_eq!(tracing::level_filters::LevelFilter::current(), tracing::level_filters::LevelFilter::INFO);
}
