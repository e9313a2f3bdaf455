//! `snaglog view prepare` and `snaglog view verify`: they open the log and the views themselves, beside a server or without one.

use std::sync::Arc;

use clap::Args;
use event_log::EventLog;
use projector::{DIFFERENCES_MAX, Difference, Health, Projector, Verified, VerifyError, VerifyProgress, Views};
use serde_json::{Value as Json, json};
use tokio_util::sync::CancellationToken;
use view_store::{StoreError, ViewId, ViewStore};
use view_store_sqlite::SqliteViews;
use views::AnyView;

use super::{close, interruptible, of_opening, told};
use crate::client::view::{bar, unknown};
use crate::client::{Exit, Failure, Global};
use crate::storage::{self, How, Opened, Place};

/// What was prepared stays for so long, until a server of this build uses it.
const KEPT_UNUSED: std::time::Duration = std::time::Duration::from_secs(7 * 24 * 3600);

const PREPARE_HELP: &str = "\
A new build may fold a view differently: its version is higher, and its tables are built from the log. A server that is started before that
is done answers VIEW_REBUILDING until it is. Prepare builds them beside the running server of the older build, whose tables and answers
stay as they are. Once it is done, start the new one: it goes on where prepare ended. What is prepared is kept for a week. Interrupted, it
goes on where it was.";

const VERIFY_HELP: &str = "\
The log is folded once more into a temporary store, on disk, as large as the view; memory does not grow. Then both are compared, row by row, at
the same checkpoints, while the server goes on. The exit code is 0 if they are the same, else 1, with each difference: table, key,
column, what was found and what was wanted. What is different is mended by: snaglog view rebuild NAME.";

/// Build this build's views beside a running server
#[derive(Debug, Args)]
#[command(after_help = PREPARE_HELP)]
pub(crate) struct Prepare {
    #[command(flatten)]
    place: Place,
    /// The view's name
    #[arg(required_unless_present = "all")]
    view: Option<String>,
    /// All views that nobody uses yet
    #[arg(long, conflicts_with = "view")]
    all: bool,
}

/// Fold the log anew and compare
#[derive(Debug, Args)]
#[command(after_help = VERIFY_HELP)]
pub(crate) struct Verify {
    #[command(flatten)]
    place: Place,
    /// The view's name
    view: String,
}

/// Log and views, open.
struct Desk {
    log: Opened,
    store: Arc<dyn ViewStore>,
}

impl Desk {
    async fn open(place: &Place) -> Result<Self, Failure> {
        let log = storage::open(&place.url(), &place.data, How::Beside).await.map_err(|error| of_opening(&error))?;
        let store = storage::open_views_beside(place).await.map_err(|error| Failure::failed(format!("{error:#}")))?;
        Ok(Self { log, store })
    }
}

fn known(name: &str) -> Result<&'static dyn AnyView, Failure> {
    let found = views::ALL.iter().find(|view| view.schema().name == name).copied();
    found.ok_or_else(|| unknown(name, views::ALL.iter().map(|view| view.schema().name)))
}

fn of_store(error: &StoreError) -> Failure {
    Failure::new(Exit::TryAgain, told(error))
}

impl Prepare {
    pub(crate) async fn run(self, global: &Global) -> Result<(), Failure> {
        let output = global.output();
        output.expect_fields(&["prepared", "in_use", "events"])?;
        let named = self.view.as_deref().map(known).transpose()?;
        let desk = Desk::open(&self.place).await?;
        let (unused, in_use) = free(&*desk.store, named).await?;
        let prepared = prepare(&desk, unused).await;
        close(&*desk.log.log).await;
        let (views, events) = prepared?;
        let listed = |views: &[ViewId]| views.iter().map(ViewId::to_string).collect::<Vec<_>>();
        if output.is_json() {
            output.json(json!({ "prepared": listed(&views), "in_use": listed(&in_use), "events": events }));
            return Ok(());
        }
        for view in &in_use {
            output.text(format_args!("{view} is in use already: its server builds it"));
        }
        for view in &views {
            output.text(format_args!("{view} is prepared: {events} events"));
        }
        Ok(())
    }
}

/// Of these views, or all: those that nobody uses, and those that somebody does.
async fn free(store: &dyn ViewStore, named: Option<&'static dyn AnyView>) -> Result<(Views, Vec<ViewId>), Failure> {
    let stored = store.stored().await.map_err(|error| of_store(&error))?;
    let used = |view: &&dyn AnyView| {
        let id = view.schema().id();
        stored.iter().any(|it| it.in_use && it.name == id.name && it.version == id.version)
    };
    let asked: Vec<&'static dyn AnyView> = named.map_or_else(|| views::ALL.to_vec(), |view| vec![view]);
    let (in_use, free): (Vec<_>, Vec<_>) = asked.into_iter().partition(used);
    Ok((Box::leak(free.into_boxed_slice()), in_use.iter().map(|view| view.schema().id()).collect()))
}

/// Folds the views until they have come as far as the log.
async fn prepare(desk: &Desk, views: Views) -> Result<(Vec<ViewId>, u64), Failure> {
    let ids: Vec<_> = views.iter().map(|view| view.schema().id()).collect();
    if ids.is_empty() {
        return Ok((ids, 0));
    }
    let stop = CancellationToken::new();
    let log = Arc::clone(&desk.log.log) as Arc<dyn EventLog>;
    let projector = Projector::start(log, Arc::clone(&desk.store), views, stop.clone()).await;
    let projector = projector.map_err(|error| Failure::new(Exit::TryAgain, told(&error)))?;
    let done = interruptible(caught_up(&projector), || "Give the command again: it goes on where it was.".to_owned());
    let done = done.await;
    let events = projector.progress().iter().filter(|it| it.view == ids[0]).map(|it| it.checkpoint).sum();
    let health = projector.health().borrow().clone();
    stop.cancel();
    projector.stopped().await;
    // Whatever became of it is kept, so that it can go on.
    let kept = desk.store.announce(&ids, KEPT_UNUSED).await;
    match (done?, health) {
        (true, _) => kept.map(|()| (ids, events)).map_err(|error| of_store(&error)),
        (false, Health::UpgradeNeeded { reason }) => {
            Err(Failure::new(Exit::Refused, format!("upgrade needed: {reason}")))
        }
        (false, _) => Err(Failure::failed("the views were not built")),
    }
}

/// Shows a bar until all is folded.
async fn caught_up(projector: &Projector) -> bool {
    let bar = bar("preparing");
    let watch = async {
        loop {
            let progress = projector.progress();
            bar.set_length(progress.iter().map(|it| it.head).sum());
            bar.set_position(progress.iter().map(|it| it.checkpoint).sum());
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        }
    };
    let caught_up = tokio::select! {
        caught_up = projector.caught_up() => caught_up,
        () = watch => false,
    };
    bar.finish_and_clear();
    caught_up
}

impl Verify {
    pub(crate) async fn run(self, global: &Global) -> Result<(), Failure> {
        let output = global.output();
        output.expect_fields(&["view", "same", "events", "rows", "different", "differences"])?;
        let view = known(&self.view)?;
        let desk = Desk::open(&self.place).await?;
        let verified = verify(&desk, view).await;
        close(&*desk.log.log).await;
        let verified = verified?;
        if output.is_json() {
            output.json(as_json(view, &verified));
        }
        let Verified { events, rows, different, differences } = verified;
        if different == 0 {
            if !output.is_json() {
                output.text(format_args!("{} is what the log gives: {rows} rows, {events} events", view.schema().id()));
            }
            return Ok(());
        }
        if !output.is_json() {
            let rows = differences.iter().map(row);
            output.table(&["TABLE", "KEY", "COLUMN", "FOUND", "WANTED"], rows);
        }
        let shown = if different > DIFFERENCES_MAX as u64 {
            format!(", the first {DIFFERENCES_MAX} are shown")
        } else {
            String::new()
        };
        let failure = Failure::failed(format!(
            "{} is not what the log gives: {different} differences{shown}",
            view.schema().id()
        ));
        Err(failure.hint(format!("Build it anew: snaglog view rebuild {}", view.schema().name)))
    }
}

async fn verify(desk: &Desk, view: &'static dyn AnyView) -> Result<Verified, Failure> {
    let folder = tempfile::tempdir().map_err(|error| Failure::failed(format!("a temporary folder: {error}")))?;
    let scratch = SqliteViews::open(folder.path().join("views.db")).map_err(|error| Failure::failed(told(&error)))?;
    let bar = bar("folding");
    let show = |progress| match progress {
        VerifyProgress::Folding { done, of } => {
            bar.set_message("folding");
            bar.set_length(of);
            bar.set_position(done);
        }
        VerifyProgress::Comparing { table, rows } => {
            bar.set_message(format!("comparing {table}"));
            bar.set_length(rows);
            bar.set_position(rows);
        }
    };
    let work = projector::verify(&*desk.log.log, &*desk.store, view, &scratch, show);
    let verified = interruptible(work, || "Nothing was changed. Give the command again.".to_owned()).await;
    bar.finish_and_clear();
    verified?.map_err(|error| match &error {
        VerifyError::UpgradeNeeded { .. } => Failure::new(Exit::Refused, error.to_string()),
        VerifyError::MadeAnew | VerifyError::Failed { .. } => Failure::new(Exit::TryAgain, error.to_string()),
        VerifyError::NotBuilt | VerifyError::Stranger { .. } => Failure::failed(error.to_string()),
    })
}

/// Values may be long.
const SHOWN_CHARS_MAX: usize = 60;

fn row(difference: &Difference) -> Vec<String> {
    let cut = |text: &Option<String>| match text {
        None => "(no such row)".to_owned(),
        Some(text) => match text.char_indices().nth(SHOWN_CHARS_MAX) {
            Some((end, _)) => format!("{}…", &text[..end]),
            None => text.clone(),
        },
    };
    let Difference { table, key, column, found, wanted } = difference;
    vec![(*table).to_owned(), key.clone(), column.unwrap_or("(row)").to_owned(), cut(found), cut(wanted)]
}

fn as_json(view: &dyn AnyView, verified: &Verified) -> Json {
    let Verified { events, rows, different, differences } = verified;
    let one = |it: &Difference| json!({ "table": it.table, "key": it.key, "column": it.column, "found": it.found, "wanted": it.wanted });
    let differences: Vec<_> = differences.iter().map(one).collect();
    let id = view.schema().id().to_string();
    json!({
        "view": id, "same": *different == 0, "events": events, "rows": rows,
        "different": different, "differences": differences,
    })
}
