//! The search service.

mod parse;
mod show;

use std::sync::Arc;

use api::errors::v1::Reason;
use api::search::v1::search_service_server::SearchService;
use api::search::v1::{SearchIssuesRequest, SearchIssuesResponse, SuggestDuplicatesRequest, SuggestDuplicatesResponse};
use commands::Commands;
use domain::ids::{IssueKey, ProjectId};
use prost::Message as _;
use serde::{Deserialize, Serialize};
use tokio::time::Instant;
use tonic::{Request, Response, Status};
use views::search::{All, Candidates, Filter, Found, Matches, NEWEST_MAX, Newest, Offered, Search, Wording, WordsOf};

use crate::fields::Faults;
use crate::freshness::{AtLeast, Reads, Views};
use crate::identity::Caller;
use crate::limits::{PAGE_BYTES_MAX, PAGE_ROWS_DEFAULT, PAGE_ROWS_MAX, SIMILAR_DEFAULT, SIMILAR_MAX};
use crate::page::Binding;
use crate::projects::{self, Names};
use crate::status;

/// Serves `snaglog.search.v1.SearchService`.
pub(crate) struct Searches {
    pub(crate) commands: Arc<Commands>,
    pub(crate) views: Arc<Views>,
}

/// Where a page ended.
#[derive(Debug, Serialize, Deserialize)]
struct Cursor {
    /// The number of its last issue.
    after: u64,
    /// No issue with a lower number is looked at.
    oldest: u64,
}

/// What a search found, and what was looked at.
struct Answer {
    found: Found,
    oldest: u64,
    token: String,
}

#[tonic::async_trait]
impl SearchService for Searches {
    async fn search_issues(
        &self,
        mut request: Request<SearchIssuesRequest>,
    ) -> Result<Response<SearchIssuesResponse>, Status> {
        let caller = Caller::attached(&mut request)?;
        let mut message = request.into_inner();
        let mut faults = Faults::default();
        let at_least = AtLeast::parse(&mut faults, message.consistency.take().as_ref())?;
        let page_token = std::mem::take(&mut message.page_token);
        let size = std::mem::take(&mut message.page_size);
        let counted = std::mem::take(&mut message.with_counts);
        let limit = faults.page_size("page_size", size, PAGE_ROWS_DEFAULT, PAGE_ROWS_MAX);
        let project = faults.required("project", &message.project, ProjectId::parse);
        let sought = parse::sought(&mut faults, &message.query);
        let filter = parse::filter(&mut faults, &message);
        let (project, sought) = faults.finish(project.zip(sought))?;
        message.project = project.to_string();
        let binding = Binding::of(&message);
        let cursor = binding.cursor::<Cursor>(&page_token)?;
        let after = cursor.as_ref().map(|cursor| cursor.after);
        let search = Search { project, sought, filter, after, limit };

        let (reads, oldest) = (Reads::new(&self.views, at_least), cursor.map_or(0, |cursor| cursor.oldest));
        let answer = reads.whole(|| find(&search, counted, oldest, &reads, caller.deadline)).await?;
        let Answer { found, oldest, token } = answer;
        if found.page.hits.is_empty() && page_token.is_empty() {
            let Filter { teams, components, severities, .. } = search.filter;
            projects::must_have(&self.commands, &search.project, Names { teams, components, severities }).await?;
        }
        let mut answer = SearchIssuesResponse {
            counts: found.counts.map(show::counts),
            searched_newest: if oldest > 1 { NEWEST_MAX } else { 0 },
            consistency_token: token,
            ..Default::default()
        };
        let (mut bytes, mut more, mut last) = (0, found.page.more, None);
        for hit in found.page.hits {
            let ordinal = hit.key.ordinal;
            let shown = show::issue(hit);
            bytes += shown.encoded_len();
            if bytes > PAGE_BYTES_MAX && last.is_some() {
                more = true;
                break;
            }
            answer.issues.push(shown);
            last = Some(ordinal);
        }
        if let (true, Some(after)) = (more, last) {
            answer.next_page_token = binding.token(&Cursor { after, oldest })?;
        }
        Ok(Response::new(answer))
    }

    async fn suggest_duplicates(
        &self,
        mut request: Request<SuggestDuplicatesRequest>,
    ) -> Result<Response<SuggestDuplicatesResponse>, Status> {
        let caller = Caller::attached(&mut request)?;
        let message = request.into_inner();
        let mut faults = Faults::default();
        let at_least = AtLeast::parse(&mut faults, message.consistency.as_ref())?;
        let limit = faults.page_size("page_size", message.page_size, SIMILAR_DEFAULT, SIMILAR_MAX);
        let like = parse::like(&mut faults, &message);
        let like = faults.finish(like)?;
        let reads = Reads::new(&self.views, at_least);
        let (project, offered, consistency_token) = reads.whole(|| similar(&like, &reads, caller.deadline)).await?;
        if offered.is_empty() {
            projects::must_exist(&self.commands, project).await?;
        }
        let issues = offered.into_iter().take(limit as usize).map(show::similar).collect();
        Ok(Response::new(SuggestDuplicatesResponse { issues, consistency_token }))
    }
}

/// Reads no more than it must: see [`views::search`].
async fn find(search: &Search, counted: bool, oldest: u64, reads: &Reads, deadline: Instant) -> Result<Answer, Status> {
    if oldest > 0 || !counted && search.filter.is_empty() {
        let newest = Newest { search, oldest, counted };
        let (found, token) = reads.ask(&newest, &search.project, deadline).await?;
        return Ok(Answer { found, oldest, token });
    }
    let (matches, token) = reads.ask(&All(search), &search.project, deadline).await?;
    match matches {
        Matches::Few(rows) => {
            let found = rows.page(search, counted).map_err(|error| status::internal(&error))?;
            Ok(Answer { found, oldest, token })
        }
        Matches::Many { newest } => {
            let oldest = newest.saturating_sub(NEWEST_MAX - 1).max(1);
            let newest = Newest { search, oldest, counted };
            let (found, token) = reads.ask(&newest, &search.project, deadline).await?;
            Ok(Answer { found, oldest, token })
        }
    }
}

/// The issues of the project that are worded alike, and the token of what was searched.
async fn similar<'l>(
    like: &'l parse::Like,
    reads: &Reads,
    deadline: Instant,
) -> Result<(&'l ProjectId, Vec<Offered>, String), Status> {
    let (project, wording, except) = match like {
        parse::Like::Issue(key) => (&key.project, wording(key, reads, deadline).await?, Some(key.ordinal)),
        parse::Like::Wording(project, wording) => (project, wording.clone(), None),
    };
    let candidates = Candidates { project: project.clone(), wording, except };
    let (likeness, token) = reads.ask(&candidates, project, deadline).await?;
    let offered = if likeness.is_empty() { Vec::new() } else { reads.ask(&likeness, project, deadline).await?.0 };
    Ok((project, offered, token))
}

async fn wording(key: &IssueKey, reads: &Reads, deadline: Instant) -> Result<Wording, Status> {
    let (wording, _) = reads.ask(&WordsOf(key.clone()), &key.project, deadline).await?;
    wording
        .ok_or_else(|| status::not_found(Reason::NoSuchIssue, &crate::issues::subject(key), "there is no such issue"))
}
