//! Issues read from the view.

use api::issues::v1::{
    Comment, GetIssueRequest, GetIssueResponse, IssueOrder, IssueState, Level, ListIssuesRequest, ListIssuesResponse,
};
use domain::Fact;
use domain::ids::{ComponentId, IssueId, IssueKey, Malformed, PersonId, ProjectId, SeverityId, TeamId};
use prost::Message as _;
use tokio::time::Instant;
use tonic::{Request, Response, Status};
use uuid::Uuid;
use views::issue::{self, Filter, GetIssue, ListIssues, Order, STEP_MAX, Standing};
use views::row::{Cursor, Value};

use super::{Issues, parse, show, subject};
use crate::fields::{Faults, short, stamp};
use crate::freshness::{AtLeast, Reads};
use crate::histories::history_problem;
use crate::identity::Caller;
use crate::limits::{LIST_ITEMS_MAX, PAGE_BYTES_MAX, PAGE_ROWS_DEFAULT, PAGE_ROWS_MAX, REFERENCE_CHARS_MAX};
use crate::page::Binding;
use crate::projects::{self, Names};
use crate::status;
use crate::status::Subject;

impl Issues {
    pub(super) async fn get(
        &self,
        mut request: Request<GetIssueRequest>,
    ) -> Result<Response<GetIssueResponse>, Status> {
        let caller = Caller::attached(&mut request)?;
        let mut message = request.into_inner();
        let mut faults = Faults::default();
        let at_least = AtLeast::parse(&mut faults, message.consistency.take().as_ref())?;
        let named = faults.required("key", &message.key, Named::parse);
        let key = self.key(faults.finish(named)?).await?;
        let page_token = std::mem::take(&mut message.comments_page_token);
        let with_timeline = std::mem::take(&mut message.with_timeline);
        message.key = key.to_string();
        let binding = Binding::of(&message);
        let query = GetIssue { key: key.clone(), comments_after: binding.cursor(&page_token)? };
        let (found, consistency_token) = self.views.ask(&query, &key.project, &at_least, caller.deadline).await?;
        let found = found.ok_or_else(|| {
            status::not_found(api::errors::v1::Reason::NoSuchIssue, &subject(&key), "there is no such issue")
        })?;
        let issue = show::issue(&found.issue);
        let timeline = if with_timeline { Some(self.timeline(&found.issue).await?) } else { None };
        let mut older = found.older;
        let mut comments = Vec::new();
        let mut bytes = issue.encoded_len() + timeline.as_ref().map_or(0, prost::Message::encoded_len);
        for comment in &found.comments {
            let shown = comment_of(comment);
            bytes += shown.encoded_len();
            if let (true, Some(last)) = (bytes > PAGE_BYTES_MAX, comments.last()) {
                older = Some(comment_cursor(&key, last));
                break;
            }
            comments.push(shown);
        }
        let next_comments_page_token = older.map(|cursor| binding.token(&cursor)).transpose()?.unwrap_or_default();
        Ok(Response::new(GetIssueResponse {
            issue: Some(issue),
            comments,
            next_comments_page_token,
            consistency_token,
            timeline,
        }))
    }

    pub(super) async fn list(
        &self,
        mut request: Request<ListIssuesRequest>,
    ) -> Result<Response<ListIssuesResponse>, Status> {
        let caller = Caller::attached(&mut request)?;
        let mut message = request.into_inner();
        let mut faults = Faults::default();
        let at_least = AtLeast::parse(&mut faults, message.consistency.take().as_ref())?;
        let page_token = std::mem::take(&mut message.page_token);
        let size = std::mem::take(&mut message.page_size);
        let limit = faults.page_size("page_size", size, PAGE_ROWS_DEFAULT, PAGE_ROWS_MAX);
        let project = faults.required("project", &message.project, ProjectId::parse);
        let filter = filter(&mut faults, &message);
        let order = faults.maybe_choice("order_by", message.order_by, order).unwrap_or(Order::FiledNewest);
        let project = faults.finish(project)?;
        message.project = project.to_string();
        let binding = Binding::of(&message);

        let first_page = page_token.is_empty();
        let query = ListIssues { project, filter, order, after: binding.cursor(&page_token)?, limit };
        let reads = Reads::new(&self.views, at_least);
        let (mut answer, next) = reads.whole(|| page(query.clone(), &reads, caller.deadline)).await?;
        if answer.issues.is_empty() && first_page {
            let Filter { teams, components, severities, .. } = query.filter;
            projects::must_have(&self.commands, &query.project, Names { teams, components, severities }).await?;
        }
        if let Some(cursor) = &next {
            answer.next_page_token = binding.token(cursor)?;
        }
        Ok(Response::new(answer))
    }
}

/// A page of a list, as long as the query's limit or as a message may be; and where it ends, unless nothing comes after it.
async fn page(
    mut query: ListIssues,
    reads: &Reads,
    deadline: Instant,
) -> Result<(ListIssuesResponse, Option<Cursor>), Status> {
    let mut answer = ListIssuesResponse::default();
    let (mut left, mut bytes) = (query.limit, 0);
    loop {
        query.limit = left.min(STEP_MAX);
        let (found, token) = reads.ask(&query, &query.project, deadline).await?;
        if answer.consistency_token.is_empty() {
            answer.consistency_token = token;
        }
        for issue in &found.issues {
            let shown = show::issue(issue);
            bytes += shown.encoded_len();
            if bytes > PAGE_BYTES_MAX && !answer.issues.is_empty() {
                return Ok((answer, query.after));
            }
            answer.issues.push(shown);
            query.after = Some(query.cursor(issue));
            left -= 1;
        }
        if !found.more || left == 0 {
            return Ok((answer, query.after.filter(|_| found.more)));
        }
    }
}

/// How an issue is asked for.
enum Named {
    Key(IssueKey),
    Id(ProjectId, IssueId),
}

impl Named {
    fn parse(text: &str) -> Result<Self, Malformed> {
        match text.split_once('/') {
            None => IssueKey::parse(text).map(Self::Key),
            Some((project, id)) => {
                let id =
                    Uuid::try_parse(id).map_err(|_| Malformed::Form { expected: "must end in the issue's UUID" })?;
                Ok(Self::Id(ProjectId::parse(project)?, IssueId(id)))
            }
        }
    }
}

impl Issues {
    async fn key(&self, named: Named) -> Result<IssueKey, Status> {
        let (project, id) = match named {
            Named::Key(key) => return Ok(key),
            Named::Id(project, id) => (project, id),
        };
        let found = self.history.find_key(&project, id).await.map_err(|error| history_problem(&error))?;
        let subject = Subject(format!("issues/{project}/{id}"));
        found.ok_or_else(|| status::not_found(api::errors::v1::Reason::NoSuchIssue, &subject, "there is no such issue"))
    }
}

fn comment_of(comment: &issue::Comment) -> Comment {
    Comment {
        revision: comment.revision,
        author: comment.author.to_string(),
        occurred_at: Some(stamp(comment.occurred_at)),
        text: comment.text.to_string(),
        imported: comment.imported,
    }
}

/// Where a page of comments ends that ends with this one: its values in the view's total order.
fn comment_cursor(key: &IssueKey, last: &Comment) -> Cursor {
    Cursor(vec![Value::from(last.revision), key.project.as_str().into(), Value::from(key.ordinal)])
}

fn filter(faults: &mut Faults, message: &ListIssuesRequest) -> Filter {
    faults.at_most("states", message.states.len(), LIST_ITEMS_MAX);
    faults.at_most("levels", message.levels.len(), LIST_ITEMS_MAX);
    let mut filter = Filter::default();
    for (n, state) in message.states.iter().take(LIST_ITEMS_MAX).enumerate() {
        filter.standings.extend(faults.choice(&format!("states[{n}]"), *state, standings).into_iter().flatten());
    }
    for (n, level) in message.levels.iter().take(LIST_ITEMS_MAX).enumerate() {
        filter.levels.extend(faults.choice(&format!("levels[{n}]"), *level, level_fact));
    }
    filter.severities = faults.list("severities", &message.severities, SeverityId::parse);
    filter.teams = faults.list("teams", &message.teams, TeamId::parse);
    filter.components = faults.list("components", &message.components, ComponentId::parse);
    filter.assignees = faults.list("assignees", &message.assignees, PersonId::parse);
    let reference = faults.optional("source_reference", &message.source_reference, short(REFERENCE_CHARS_MAX));
    filter.source_reference = reference.map(|reference| reference.to_string());
    filter
}

fn level_fact(level: Level) -> Option<Fact<domain::issue::Level>> {
    match level {
        Level::NotKnown => Some(Fact::NotKnown),
        level => parse::level(level).map(Fact::Known),
    }
}

/// The columns of a state.
pub(crate) fn standings(state: IssueState) -> Option<Vec<Standing>> {
    match state {
        IssueState::New => Some(vec![Standing::NewUntriaged, Standing::NewTriaged]),
        IssueState::Accepted => Some(vec![Standing::Accepted]),
        IssueState::Resolved => Some(vec![Standing::Resolved]),
        IssueState::Verified => Some(vec![Standing::Verified]),
        IssueState::Closed => Some(vec![Standing::Closed]),
        IssueState::Dismissed => Some(vec![Standing::Dismissed]),
        IssueState::Unspecified => None,
    }
}

fn order(order: IssueOrder) -> Option<Order> {
    match order {
        IssueOrder::FiledNewest => Some(Order::FiledNewest),
        IssueOrder::FiledOldest => Some(Order::FiledOldest),
        IssueOrder::ChangedNewest => Some(Order::ChangedNewest),
        IssueOrder::StateLongest => Some(Order::StateLongest),
        IssueOrder::Unspecified => None,
    }
}
