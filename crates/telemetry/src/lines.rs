//! Log lines to standard error.

use std::io::IsTerminal as _;

use tracing::Subscriber;
use tracing_subscriber::filter::{FilterExt as _, ParseError, filter_fn};
use tracing_subscriber::layer::Filter;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::{EnvFilter, Layer};

/// How log lines are written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lines {
    /// In which form.
    pub format: Format,
    /// Which of them: `info`, or a filter such as `info,grpc=debug`.
    pub filter: String,
}

/// The form of log lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// For people.
    Pretty,
    /// A JSON object a line.
    Json,
}

impl Lines {
    /// Writes them. Spans are not for here: where nothing else wants them, they are not even made.
    pub(crate) fn layer<S>(&self) -> Result<Box<dyn Layer<S> + Send + Sync>, ParseError>
    where
        S: Subscriber + for<'a> LookupSpan<'a>,
    {
        let filter = self.events()?;
        let lines =
            tracing_subscriber::fmt::layer().with_writer(std::io::stderr).with_ansi(std::io::stderr().is_terminal());
        Ok(match self.format {
            Format::Pretty => lines.with_filter(filter).boxed(),
            Format::Json => lines.json().with_filter(filter).boxed(),
        })
    }

    /// Which events pass, and no spans.
    pub(crate) fn events<S>(&self) -> Result<impl Filter<S> + Send + Sync + 'static, ParseError>
    where
        S: Subscriber + for<'a> LookupSpan<'a>,
    {
        let filter = EnvFilter::try_new(&self.filter)?;
        let mut events = filter_fn(|metadata| !metadata.is_span());
        if let Some(most) = Filter::<S>::max_level_hint(&filter) {
            // Said by both: else everybody is asked about each span and event of every library, at every level.
            events = events.with_max_level_hint(most);
        }
        Ok(filter.and(events))
    }
}
