//! `snaglog sla due PROJECT [--watch]`.

use api::sla::v1::sla_service_client::SlaServiceClient;
use api::sla::v1::{WatchDueRequest, WatchDueResponse};
use tonic::{Response, Status, Streaming};

use super::{Watching, follow, is_drawn, redraw};
use crate::client::failure::Failure;
use crate::client::issue::explain;
use crate::client::json;
use crate::client::output::table;
use crate::client::session::Session;
use crate::client::sla::Due;

/// What comes due, shown whenever it changes.
struct Watched {
    due: Due,
}

/// Shows what comes due; with `--watch` again, whenever that changes.
pub(crate) async fn watch(due: Due, session: &Session) -> Result<(), Failure> {
    session.output.expect_fields_of::<WatchDueResponse>(&[])?;
    if due.watch {
        return follow(Watched { due }, session).await;
    }
    let first = async { open(&due, session, String::new()).await?.into_inner().message().await };
    let first = first.await.map_err(|status| explain(session.failure(status), ""))?;
    session.output.show(&first.unwrap_or_default(), |told| story(session, told));
    Ok(())
}

async fn open(
    due: &Due,
    session: &Session,
    resume_token: String,
) -> Result<Response<Streaming<WatchDueResponse>>, Status> {
    // The token says how fresh what follows it is.
    let consistency = due.fresh.consistency().filter(|_| resume_token.is_empty());
    let request = WatchDueRequest { project: due.project.clone(), limit: due.limit, consistency, resume_token };
    SlaServiceClient::new(session.wire()).watch_due(request).await
}

impl Watching for Watched {
    type Message = WatchDueResponse;

    async fn open(&self, session: &Session, resume: String) -> Result<Response<Streaming<WatchDueResponse>>, Status> {
        open(&self.due, session, resume).await
    }

    async fn take(&mut self, session: &Session, message: WatchDueResponse) -> Result<Option<String>, Failure> {
        match (message.bookmark, is_drawn(session)) {
            (true, _) => {}
            (false, true) => redraw(session, &story(session, &message)),
            (false, false) => session.output.json(json::to_json(&message)),
        }
        Ok(Some(message.resume_token))
    }

    fn forget(&mut self) {}
}

fn story(session: &Session, told: &WatchDueResponse) -> String {
    if told.due.is_empty() {
        return "Nothing comes due.".to_owned();
    }
    let rows = told.due.iter().map(|due| vec![due.key.clone(), session.output.time(due.due_at.as_ref())]);
    table(&["KEY", "AT RISK OR BREACHED"], rows)
}
