//! `snaglog inbox PROJECT`.

use std::fmt::Write as _;

use api::inbox::v1::inbox_service_client::InboxServiceClient;
use api::inbox::v1::{GetInboxRequest, Inbox, InboxEntry, InboxSection, Section};
use clap::{Args, ValueEnum};

use super::board::whom;
use super::failure::Failure;
use super::issue::{Fresh, explain, words};
use super::json;
use super::output::table;
use super::session::Session;
use super::times;

/// Show what waits for triage, the worst first: complete reports, incomplete ones, and those with an open question.
#[derive(Debug, Args)]
pub(crate) struct Show {
    /// The project's key
    project: String,
    /// How many issues of each section, 1 to 100
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(i32).range(1..=100))]
    entries: i32,
    /// Only this section, all of it
    #[arg(long, value_enum, conflicts_with = "entries")]
    section: Option<SectionName>,
    #[command(flatten)]
    fresh: Fresh,
}

/// A part of the inbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum SectionName {
    /// The report is complete: it can be triaged
    Complete,
    /// The report lacks something
    Incomplete,
    /// A question is open
    Waiting,
}

impl Show {
    /// Shows it.
    pub(crate) async fn run(self, session: &Session) -> Result<(), Failure> {
        let mut client = InboxServiceClient::new(session.wire());
        let request = GetInboxRequest {
            project: self.project,
            page_size: self.entries,
            consistency: self.fresh.consistency(),
            ..GetInboxRequest::default()
        };
        let Some(section) = self.section else {
            session.output.expect_fields_of::<Inbox>(&[])?;
            let answer = client.get_inbox(request).await.map_err(|status| explain(session.failure(status), ""))?;
            session.output.show(&answer.into_inner().inbox.unwrap_or_default(), story);
            return Ok(());
        };
        session.output.expect_fields_of::<InboxEntry>(&[])?;
        let section: i32 = match section {
            SectionName::Complete => InboxSection::Complete,
            SectionName::Incomplete => InboxSection::Incomplete,
            SectionName::Waiting => InboxSection::Waiting,
        }
        .into();
        let mut request = GetInboxRequest { section, page_size: 100, ..request };
        let mut entries = Vec::new();
        loop {
            let answer = client.get_inbox(request.clone()).await;
            let answer = answer.map_err(|status| explain(session.failure(status), ""))?.into_inner();
            let found = answer.inbox.and_then(|inbox| inbox.sections.into_iter().next()).unwrap_or_default();
            if session.output.is_json() {
                found.entries.iter().for_each(|entry| session.output.json(json::to_json(entry)));
            } else {
                entries.extend(found.entries);
            }
            request.page_token = found.next_page_token;
            if request.page_token.is_empty() {
                break;
            }
        }
        if !session.output.is_json() {
            if entries.is_empty() { anstream::eprintln!("No issues.") } else { session.output.text(rows(&entries)) }
        }
        Ok(())
    }
}

fn story(inbox: &Inbox) -> String {
    let bold = anstyle::Style::new().bold();
    let mut text = format!("{bold}{}{bold:#}\n", inbox.project);
    for section in inbox.sections.iter().filter(|section| section.count > 0) {
        let severity = |id: &str| if id.is_empty() { "without severity".to_owned() } else { id.to_owned() };
        let severities = section.severities.iter().map(|one| format!("{} {}", one.count, severity(&one.severity)));
        let severities = severities.collect::<Vec<_>>().join(", ");
        _ = write!(text, "\n{bold}{}{bold:#}  {} ({severities})\n", name(section), section.count);
        text.push_str(&rows(&section.entries));
        text.push('\n');
    }
    if inbox.sections.iter().all(|section| section.count == 0) {
        text.push_str("Nothing waits for triage.");
    }
    text.trim_end().to_owned()
}

fn name(section: &Section) -> &'static str {
    match section.section() {
        InboxSection::Unspecified => "?",
        InboxSection::Complete => "To triage",
        InboxSection::Incomplete => "Incomplete reports",
        InboxSection::Waiting => "Waiting for information",
    }
}

fn rows(entries: &[InboxEntry]) -> String {
    let row = |entry: &InboxEntry| {
        let waiting = entry.waiting_on.iter().map(whom).collect::<Vec<_>>().join(", ");
        let age = entry.age.as_ref().map_or(String::new(), |age| times::age(age.seconds));
        let mark = if entry.returned { "returned" } else { words::mark(entry.imported) };
        vec![
            entry.key.clone(),
            words::or_dash(&entry.severity),
            age,
            words::or_dash(&entry.raised_by),
            words::or_dash(&entry.missing.join(", ")),
            words::or_dash(&waiting),
            mark.to_owned(),
            entry.title.clone(),
        ]
    };
    table(&["KEY", "SEVERITY", "AGE", "RAISED BY", "MISSING", "WAITING ON", "", "TITLE"], entries.iter().map(row))
}
