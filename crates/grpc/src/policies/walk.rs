//! Issues one after the other: which they are comes from the view, what happened to them from the log.

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use commands::Commands;
use domain::clocks::Ledger;
use domain::ids::{IssueKey, ProjectId};
use futures::stream::{self, StreamExt as _, TryStreamExt as _};
use jiff::Timestamp;
use tokio::time::Instant;
use tonic::Status;
use views::issue::{Filter, ListIssues, Order, STEP_MAX, Standing};

use crate::freshness::{AtLeast, Reads, Views};
use crate::{issues, status};

/// So many issues are read from the log at once.
const READS: usize = 8;
/// A step waits so long at most for the view.
const STEP_TIMEOUT: Duration = Duration::from_secs(30);

/// Where clocks may run.
const OPEN: [Standing; 5] =
    [Standing::NewUntriaged, Standing::NewTriaged, Standing::Accepted, Standing::Resolved, Standing::Verified];
/// Where none do.
const OVER: [Standing; 2] = [Standing::Closed, Standing::Dismissed];

/// The issues of a project whose clocks are to be counted, some at a time.
pub(crate) struct Walk {
    commands: Arc<Commands>,
    /// Where the view is rebuilt between two of them, the walk ends: what was told of it stands, so it can't begin anew by itself.
    reads: Reads,
    /// What is still to be listed.
    lists: VecDeque<ListIssues>,
    /// Closed and dismissed issues that changed no later are left out.
    since: Option<Timestamp>,
    /// Ordinals of those that were listed as open: one that is closed meanwhile is not listed again.
    open: BTreeSet<u64>,
}

impl Walk {
    /// All open issues.
    pub(crate) fn open(commands: Arc<Commands>, views: &Arc<Views>, project: &ProjectId, at_least: AtLeast) -> Self {
        let list = |standings: &[Standing], order| ListIssues {
            project: project.clone(),
            filter: Filter { standings: standings.to_vec(), ..Filter::default() },
            order,
            after: None,
            limit: STEP_MAX,
        };
        // In an order that no change of an issue changes.
        let lists = [list(&OPEN, Order::FiledOldest), list(&OVER, Order::ChangedNewest)];
        let reads = Reads::new(views, at_least);
        Self { commands, reads, lists: lists.into(), since: None, open: BTreeSet::new() }
    }

    /// And those that were closed or dismissed, or changed after that, since an instant.
    pub(super) fn and_since(self, since: Timestamp) -> Self {
        Self { since: Some(since), ..self }
    }

    /// The next issues; none: there are no more.
    pub(super) async fn next(&mut self) -> Result<Option<Vec<(IssueKey, Ledger)>>, Status> {
        let Some(list) = self.lists.front_mut() else { return Ok(None) };
        let over = list.order == Order::ChangedNewest;
        let Some(since) = self.since.or((!over).then_some(Timestamp::MIN)) else { return Ok(None) };
        let deadline = Instant::now() + STEP_TIMEOUT;
        let (found, _) = self.reads.ask(list, &list.project, deadline).await?;
        list.after = found.issues.last().map(|last| list.cursor(last));
        let mut keys = Vec::with_capacity(found.issues.len());
        let mut more = found.more;
        for issue in found.issues {
            if over && issue.changed_at < since {
                more = false;
                break;
            }
            if self.open.contains(&issue.key.ordinal) {
                continue;
            }
            if !over {
                self.open.insert(issue.key.ordinal);
            }
            keys.push(issue.key);
        }
        if !more {
            self.lists.pop_front();
        }
        let reads = keys.into_iter().map(|key| ledger(Arc::clone(&self.commands), key));
        stream::iter(reads).buffered(READS).try_collect().await.map(Some)
    }
}

async fn ledger(commands: Arc<Commands>, key: IssueKey) -> Result<(IssueKey, Ledger), Status> {
    let found = commands.find_issue(&key).await;
    let found = found.map_err(|error| status::command_error(&error, &issues::subject(&key)))?;
    // What the view lists the log has.
    Ok((key, found.map(|found| found.state.ledger.clone()).unwrap_or_default()))
}
