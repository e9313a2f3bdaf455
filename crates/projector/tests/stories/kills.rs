//! A projector is killed between any two steps, time and again; and the views are what one fold of the whole log gives.
//!
//! `SNAGLOG_KILLS` says how often, `SNAGLOG_SEED` begins elsewhere. A run that fails prints its seed.

use std::path::Path;
use std::sync::{Arc, Mutex};

use projector::{Projector, Views};
use sqlx::Executor as _;
use test_servers::postgres;
use tokio_util::sync::CancellationToken;
use view_store::ViewStore;
use view_store::memory::MemoryViews;
use view_store_postgres::{Options, PostgresViews};
use view_store_sqlite::SqliteViews;

use super::events::{commented, filed, issue_stream, life, triaged};
use super::given::{Given, rows};
use super::mortal::Mortal;
use super::tally::{TALLY, TALLY_MENDED};

/// A node lives for so many steps at most.
const STEPS_MAX: u64 = 60;

fn setting(name: &str, usual: u64) -> u64 {
    std::env::var(name).map_or(usual, |text| text.parse().unwrap_or_else(|_| panic!("{name}={text}: not a number")))
}

/// All views there are, and one that refuses some events.
fn views() -> Views {
    Box::leak(views::ALL.iter().copied().chain([&TALLY as _]).collect::<Vec<_>>().into_boxed_slice())
}

/// The same, where nothing is refused any more.
fn mended() -> Views {
    Box::leak(views::ALL.iter().copied().chain([&TALLY_MENDED as _]).collect::<Vec<_>>().into_boxed_slice())
}

/// Numbers that look random and are the same for a seed (splitmix64).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed ^ (mixed >> 31)) % bound
    }
}

/// Something happens to one of a few issues.
async fn write(given: &mut Given, numbers: &mut Numbers, issues: &mut u64) {
    for _ in 0..numbers.below(4) {
        let ordinal = 1 + numbers.below(*issues + 1);
        let events = match numbers.below(6) {
            _ if ordinal > *issues => vec![filed("Payments fail")],
            0 => vec![commented("refuse me")],
            1 => vec![triaged("sev1"), commented("one"), commented("two")],
            _ => vec![commented("again")],
        };
        *issues = ordinal.max(*issues);
        given.issue(ordinal, events).await;
    }
}

/// A node that lives for a while: it folds, and may be asked to rebuild, to retry, to skip. `true`: it has died of it.
async fn live(given: &Given, store: Arc<dyn ViewStore>, numbers: &mut Numbers) -> bool {
    let steps = usize::try_from(1 + numbers.below(STEPS_MAX)).unwrap();
    let (node, stop) = (Mortal::after(store, steps), CancellationToken::new());
    let stream = issue_stream("PAY", 1 + numbers.below(3)).to_string();
    let what = numbers.below(8);
    let lives = async {
        let projector = Projector::start(given.log.clone(), node.clone(), given.views, stop.clone()).await.unwrap();
        let control = projector.control();
        match what {
            0 => drop(control.rebuild("issues").unwrap().done().await),
            1 => drop(control.rebuild("tally").unwrap().done().await),
            2 => drop(control.retry("tally", &stream).await),
            3 => drop(control.skip("tally", &stream).await),
            _ => {}
        }
        projector.caught_up().await
    };
    let died = tokio::select! {
        _ = lives => false,
        () = node.died() => true,
    };
    // The dead do nothing more, and let go of what they had in hand.
    stop.cancel();
    died
}

async fn killed<S: ViewStore>(seed: u64, kills: u64, open: impl AsyncFn() -> Arc<S>) {
    println!("SNAGLOG_SEED={seed} SNAGLOG_KILLS={kills}");
    let mut numbers = Numbers(seed);
    let mut given = Given::with(views());
    given.issue(1, life("Payments fail", "sev2")).await;
    let (mut issues, mut deaths) = (1, 0);
    while deaths < kills {
        write(&mut given, &mut numbers, &mut issues).await;
        deaths += u64::from(live(&given, open().await, &mut numbers).await);
    }
    let store = open().await;
    compare(&given, &*store, Arc::clone(&store) as _).await;
}

/// In the end each stream that was set aside is taken up again, and all must be as if nothing had happened.
async fn compare(given: &Given, read: &dyn ViewStore, store: Arc<dyn ViewStore>) {
    let stop = CancellationToken::new();
    let projector = Projector::start(given.log.clone(), store, mended(), stop.clone()).await.unwrap();
    assert!(projector.caught_up().await);
    loop {
        let tally = views::AnyView::schema(&TALLY).id();
        let Some(parked) = projector_parked(read, tally).await else { break };
        projector.control().retry("tally", &parked).await.unwrap();
    }
    stop.cancel();
    projector.stopped().await;

    let (whole, stop) = (Arc::<MemoryViews>::default(), CancellationToken::new());
    let projector = Projector::start(given.log.log.clone(), whole.clone(), mended(), stop.clone()).await.unwrap();
    assert!(projector.caught_up().await);
    stop.cancel();
    projector.stopped().await;
    read.prepare(&mended().iter().map(|view| view.schema()).collect::<Vec<_>>()).await.unwrap();
    assert_eq!(rows(read, mended()).await, rows(&*whole, mended()).await);
}

async fn projector_parked(read: &dyn ViewStore, view: view_store::ViewId) -> Option<String> {
    read.prepare(&mended().iter().map(|view| view.schema()).collect::<Vec<_>>()).await.unwrap();
    read.parked(view, None, 1).await.unwrap().pop().map(|parked| parked.stream.to_string())
}

#[tokio::test(start_paused = true)]
async fn killed_between_any_two_steps_over_a_store_in_memory() {
    let store = Arc::<MemoryViews>::default();
    let again = async || Arc::clone(&store);
    killed(setting("SNAGLOG_SEED", 1), setting("SNAGLOG_KILLS", 50), again).await;
}

/// Each node opens the file anew, as a process would; what the dead had in hand is gone with them.
#[tokio::test]
async fn killed_between_any_two_steps_over_a_store_in_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let path: &Path = &folder.path().join("views.db");
    let again = async || Arc::new(SqliteViews::open(path).unwrap());
    killed(setting("SNAGLOG_SEED", 2), setting("SNAGLOG_KILLS", 50), again).await;
}

/// Each node has connections of its own; what the dead had asked for may still be done. That its leases run out is not waited for.
#[tokio::test]
async fn killed_between_any_two_steps_over_a_store_in_postgres() {
    let Some(server) = postgres::shared().unwrap() else { return };
    let name = server.create_database_named().await.unwrap();
    let last = Mutex::new(None::<Arc<PostgresViews>>);
    let open = async || {
        // What connections the dead had are closed, as the system does.
        let dead = last.lock().unwrap().take();
        if let Some(dead) = dead {
            dead.close().await;
        }
        let store = Arc::new(PostgresViews::open(&server.url(&name), &Options::default()).await.unwrap());
        let mut clock = server.connect(&name).await.unwrap();
        clock.execute("UPDATE snaglog_views.snaglog_leases SET until = '-infinity'").await.unwrap();
        last.lock().unwrap().replace(Arc::clone(&store));
        store
    };
    killed(setting("SNAGLOG_SEED", 3), setting("SNAGLOG_KILLS", 20), open).await;
}
