//! The inbox service: what waits for triage.

use std::sync::Arc;

use api::boards::v1::SeverityCount;
use api::inbox::v1::inbox_service_server::InboxService;
use api::inbox::v1::{GetInboxRequest, GetInboxResponse, Inbox, InboxEntry, InboxSection, Section};
use commands::{Commands, Environment};
use domain::ids::ProjectId;
use jiff::Timestamp;
use tonic::{Request, Response, Status};
use views::inbox::{self, Entry, GetInbox, Place, SectionFound};

use crate::boards::show::{age, source, text, waiting_on};
use crate::fields::{Faults, stamp};
use crate::freshness::{AtLeast, Views};
use crate::identity::Caller;
use crate::limits::{CARDS_DEFAULT, CARDS_MAX};
use crate::page::Binding;
use crate::projects;

/// Serves `snaglog.inbox.v1.InboxService`.
pub(crate) struct Inboxes {
    pub(crate) commands: Arc<Commands>,
    pub(crate) views: Arc<Views>,
    pub(crate) environment: Arc<dyn Environment>,
}

#[tonic::async_trait]
impl InboxService for Inboxes {
    async fn get_inbox(&self, mut request: Request<GetInboxRequest>) -> Result<Response<GetInboxResponse>, Status> {
        let caller = Caller::attached(&mut request)?;
        let mut message = request.into_inner();
        let mut faults = Faults::default();
        let at_least = AtLeast::parse(&mut faults, message.consistency.take().as_ref())?;
        let size = std::mem::take(&mut message.page_size);
        let entries = faults.page_size("page_size", size, CARDS_DEFAULT, CARDS_MAX);
        let page_token = std::mem::take(&mut message.page_token);
        let project = faults.required("project", &message.project, ProjectId::parse);
        let only = faults.maybe_choice("section", message.section, section);
        if !page_token.is_empty() && message.section == 0 {
            faults.add("section", "is required where page_token is given");
        }
        let project = faults.finish(project)?;
        let binding = |section| Binding::of(&bound(&project, section));
        let sections = match only {
            Some(only) => vec![(only, binding(only).cursor::<Place>(&page_token)?)],
            None => inbox::Section::ALL.map(|section| (section, None)).to_vec(),
        };
        let found = projects::find(&self.commands, &project).await?;
        let worst_first = found.state.scheme.severities.iter().map(|severity| severity.id.clone()).collect();
        let query = GetInbox { project: project.clone(), worst_first, sections, entries };
        let (found, consistency_token) = self.views.ask(&query, &project, &at_least, caller.deadline).await?;
        let as_of = self.environment.now();
        let mut sections = Vec::with_capacity(found.len());
        for found in found {
            let next_page_token = found.next.as_ref().map(|place| binding(found.section).token(place));
            sections.push(show(found, next_page_token.transpose()?.unwrap_or_default(), as_of));
        }
        let inbox = Inbox { project: project.to_string(), as_of: Some(stamp(as_of)), sections };
        Ok(Response::new(GetInboxResponse { inbox: Some(inbox), consistency_token }))
    }
}

/// What a section's page tokens are bound to, wherever the first page came from.
fn bound(project: &ProjectId, section: inbox::Section) -> GetInboxRequest {
    GetInboxRequest { project: project.to_string(), section: wire(section).into(), ..GetInboxRequest::default() }
}

fn section(section: InboxSection) -> Option<inbox::Section> {
    match section {
        InboxSection::Unspecified => None,
        InboxSection::Complete => Some(inbox::Section::Complete),
        InboxSection::Incomplete => Some(inbox::Section::Incomplete),
        InboxSection::Waiting => Some(inbox::Section::Waiting),
    }
}

fn wire(section: inbox::Section) -> InboxSection {
    match section {
        inbox::Section::Complete => InboxSection::Complete,
        inbox::Section::Incomplete => InboxSection::Incomplete,
        inbox::Section::Waiting => InboxSection::Waiting,
    }
}

fn show(found: SectionFound, next_page_token: String, now: Timestamp) -> Section {
    let severity = |(severity, count)| SeverityCount { severity: text(severity), count };
    Section {
        section: wire(found.section).into(),
        count: found.count,
        severities: found.severities.into_iter().map(severity).collect(),
        entries: found.entries.into_iter().map(|found| entry(found, now)).collect(),
        next_page_token,
    }
}

fn entry(entry: Entry, now: Timestamp) -> InboxEntry {
    InboxEntry {
        key: entry.key.to_string(),
        title: entry.title.to_string(),
        severity: text(entry.severity),
        source: source(entry.source.as_deref()).into(),
        waiting_on: entry.waiting_on.iter().map(|party| waiting_on(party, entry.raised_by.as_ref())).collect(),
        raised_by: text(entry.raised_by),
        component: text(entry.component),
        missing: entry.missing.iter().map(ToString::to_string).collect(),
        filed_at: Some(stamp(entry.filed_at)),
        age: Some(age(entry.filed_at, now)),
        state_since: Some(stamp(entry.state_since)),
        returned: entry.returned,
        imported: entry.imported,
    }
}
