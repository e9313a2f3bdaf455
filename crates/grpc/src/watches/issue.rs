//! Watching an issue.

use std::sync::Arc;

use api::watches::v1::{WatchIssueRequest, WatchIssueResponse};
use domain::ids::IssueKey;
use futures::stream::BoxStream;
use prost::Message as _;
use tonic::{Request, Response, Status};
use views::issue::{self, ISSUE, SCHEMA};
use views::row::{Condition, Key, Row, RowError, Select, Value};
use watch::Scope;

use super::stream::Tell;
use super::{Asked, Watches, token};
use crate::fields::Faults;
use crate::freshness::AtLeast;
use crate::identity::Caller;
use crate::issues::{show, subject};
use crate::page::Binding;
use crate::status;

impl Watches {
    pub(super) async fn issue(
        &self,
        mut request: Request<WatchIssueRequest>,
    ) -> Result<Response<BoxStream<'static, Result<WatchIssueResponse, Status>>>, Status> {
        let caller = Caller::attached(&mut request)?;
        let mut message = request.into_inner();
        let mut faults = Faults::default();
        let at_least = AtLeast::parse(&mut faults, message.consistency.take().as_ref())?;
        let resume = std::mem::take(&mut message.resume_token);
        let key = faults.required("key", &message.key, IssueKey::parse);
        let key = faults.finish(key)?;
        message.key = key.to_string();
        let binding = Binding::of(&message);
        let resume = token::place(&binding, &resume)?;
        let asked = Asked { view: SCHEMA.id(), project: &key.project, at_least, resume, deadline: caller.deadline };
        let start = self.begin(asked).await?;
        let found = self.commands.find_issue_id(&key).await;
        if found.map_err(|error| status::command_error(&error, &subject(&key)))?.is_none() {
            let reason = api::errors::v1::Reason::NoSuchIssue;
            return Err(status::not_found(reason, &subject(&key), "there is no such issue"));
        }
        self.open(self.scope(&key), start, binding, Issues)
    }

    fn scope(&self, key: &IssueKey) -> Scope {
        let this = vec![
            Condition::Equal("project", key.project.as_str().into()),
            Condition::Equal("ordinal", Value::from(key.ordinal)),
        ];
        let snapshot = this.iter().cloned().fold(Select::from(&ISSUE, 2), Select::filter);
        Scope {
            view: SCHEMA.id(),
            table: &ISSUE,
            partition: self.log.identity().partition_of(key.project.as_str()),
            project: key.project.shared(),
            among: this,
            beside: None,
            filter: Arc::new(Vec::<Condition>::new()),
            snapshot: vec![snapshot],
        }
    }
}

/// Rows as issues.
struct Issues;

impl Tell for Issues {
    type Message = WatchIssueResponse;

    fn begin(&self, _fresh: bool) -> WatchIssueResponse {
        WatchIssueResponse::default()
    }

    fn row(&self, message: &mut WatchIssueResponse, row: &Row) -> Result<usize, RowError> {
        let shown = show::issue(&issue::read(row)?);
        let bytes = shown.encoded_len();
        message.issue = Some(shown);
        Ok(bytes)
    }

    fn removed(&self, _message: &mut WatchIssueResponse, _key: &Key) -> Result<usize, RowError> {
        // Nothing filters an issue out of its own watch.
        Ok(0)
    }

    fn place(&self, message: &mut WatchIssueResponse, resume_token: String, consistency_token: String) {
        message.resume_token = resume_token;
        message.consistency_token = consistency_token;
    }
}
