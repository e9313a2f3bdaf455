//! `snaglog sla explain KEY`, and looking back.

use api::sla::v1::sla_service_client::SlaServiceClient;
use api::sla::v1::{ClockStory, ExplainSlaRequest, LookBack, StoryLine, WorkedSpan};
use clap::Args;

use super::clock;
use crate::client::failure::Failure;
use crate::client::issue::explain;
use crate::client::json;
use crate::client::session::Session;
use crate::client::times;

/// What was known, and what was true. Both may be given.
#[derive(Debug, Default, Args)]
pub(super) struct Back {
    /// What was known then: a time, or a position of the log as an answer names it. It never changes, whatever is recorded later
    #[arg(long, value_name = "TIME|POSITION", value_parser = known)]
    as_of: Option<Known>,
    /// What was true then, by all that is known
    #[arg(long, value_name = "TIME", value_parser = times::parse)]
    at: Option<prost_types::Timestamp>,
}

/// A point of the log.
#[derive(Debug, Clone, Copy)]
enum Known {
    Position(u64),
    Time(prost_types::Timestamp),
}

fn known(text: &str) -> Result<Known, String> {
    match text.parse::<u64>() {
        Ok(position) if position > 0 => Ok(Known::Position(position)),
        Ok(_) => Err("positions count from 1".to_owned()),
        Err(_) => times::parse(text).map(Known::Time),
    }
}

impl Back {
    /// `None`: as it is now.
    pub(super) fn look_back(&self) -> Option<LookBack> {
        let known = match self.as_of {
            None => LookBack::default(),
            Some(Known::Position(position)) => LookBack { position, ..LookBack::default() },
            Some(Known::Time(as_of)) => LookBack { as_of: Some(as_of), ..LookBack::default() },
        };
        (self.as_of.is_some() || self.at.is_some()).then_some(LookBack { at: self.at, ..known })
    }
}

/// Tell each clock's story, line by line: when it started, why it stood still, what moved it, how its deadline was counted, and what did not move it.
#[derive(Debug, Args)]
pub(crate) struct Explain {
    /// The issue's key, `PAY-42`
    key: String,
    #[command(flatten)]
    back: Back,
}

impl Explain {
    pub(super) async fn run(self, session: &Session) -> Result<(), Failure> {
        session.output.expect_fields_of::<ClockStory>(&[])?;
        let request = ExplainSlaRequest { key: self.key.clone(), look_back: self.back.look_back() };
        let answer = SlaServiceClient::new(session.wire()).explain_sla(request).await;
        let answer = answer.map_err(|status| explain(session.failure(status), &self.key))?.into_inner();
        if session.output.is_json() {
            answer.stories.iter().for_each(|story| session.output.json(json::to_json(story)));
            return Ok(());
        }
        let position = answer.sla.and_then(|sla| sla.position).unwrap_or_default();
        let stories = answer.stories.iter().map(self::story);
        let end = format!("As of position {} of partition {}.", position.position, position.partition);
        session.output.text(stories.chain([end]).collect::<Vec<_>>().join("\n\n"));
        Ok(())
    }
}

fn story(story: &ClockStory) -> String {
    let bold = anstyle::Style::new().bold();
    let number = if story.cycle > 1 { format!(" #{}", story.cycle) } else { String::new() };
    let lines = story.lines.iter().flat_map(self::line);
    let head = format!("{bold}{}{number}{bold:#}", clock(story.clock()));
    std::iter::once(head).chain(lines).collect::<Vec<_>>().join("\n")
}

/// A line, and below a deadline how it was counted.
fn line(line: &StoryLine) -> Vec<String> {
    let dim = anstyle::Style::new().dimmed();
    let by = if line.by.is_empty() { String::new() } else { format!(", by {}", line.by) };
    let revision = if line.revision == 0 { String::new() } else { format!(" {dim}(event {}){dim:#}", line.revision) };
    let at = line.at.as_ref().map(times::iso).unwrap_or_default();
    let mut lines = vec![format!("  {at}  {}{by}{revision}", line.text)];
    lines.extend(line.counted.iter().map(|span| format!("      {dim}{}{dim:#}", counted(span))));
    if line.more_counted > 0 {
        lines.push(format!("      {dim}and {} stretches more{dim:#}", line.more_counted));
    }
    lines
}

fn counted(span: &WorkedSpan) -> String {
    let time = |time: Option<&prost_types::Timestamp>| time.map(times::iso).unwrap_or_default();
    let seconds = span.length.as_ref().map_or(0, |length| length.seconds);
    let length = format!("{:#}", jiff::SignedDuration::from_secs(seconds));
    format!("{} to {}: {length}", time(span.from.as_ref()), time(span.until.as_ref()))
}
