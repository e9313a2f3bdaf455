//! `snaglog issue show KEY --watch`.

use api::consistency::v1::consistency::Requirement;
use api::consistency::v1::{AtLeastAsFresh, Consistency};
use api::watches::v1::watches_service_client::WatchesServiceClient;
use api::watches::v1::{WatchIssueRequest, WatchIssueResponse};
use tonic::{Response, Status, Streaming};

use super::{Watching, follow, is_drawn, redraw};
use crate::client::failure::Failure;
use crate::client::issue::query::Show;
use crate::client::session::Session;

/// An issue that is shown whenever it changes.
struct Issue {
    show: Show,
    /// The revision that was shown last.
    shown: u64,
}

/// Shows the issue now, and again whenever something happens to it.
pub(crate) async fn watch(show: Show, session: &Session) -> Result<(), Failure> {
    follow(Issue { show, shown: 0 }, session).await
}

impl Watching for Issue {
    type Message = WatchIssueResponse;

    async fn open(&self, session: &Session, resume: String) -> Result<Response<Streaming<WatchIssueResponse>>, Status> {
        let consistency = if resume.is_empty() { self.show.fresh.consistency() } else { None };
        let request = WatchIssueRequest { key: self.show.key.clone(), resume_token: resume, consistency };
        WatchesServiceClient::new(session.wire()).watch_issue(request).await
    }

    async fn take(&mut self, session: &Session, message: WatchIssueResponse) -> Result<Option<String>, Failure> {
        let WatchIssueResponse { issue, resume_token, consistency_token } = message;
        if let Some(issue) = issue.filter(|issue| issue.revision != self.shown) {
            let tokens = AtLeastAsFresh { tokens: vec![consistency_token] };
            let fresh = Consistency { requirement: Some(Requirement::AtLeastAsFresh(tokens)) };
            let found = self.show.find(session, Some(fresh)).await?;
            if is_drawn(session) {
                redraw(session, &found.story(&session.output));
            } else {
                session.output.json(found.json());
            }
            self.shown = issue.revision;
        }
        Ok(Some(resume_token).filter(|token| !token.is_empty()))
    }

    fn forget(&mut self) {
        self.shown = 0;
    }
}
