//! The three sizes on real servers: one history moves through all of them, and its export stays the same to the byte.

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use event_log::{Founding, Maintain, Phase};
use event_log_kafka::KafkaLog;
use event_log_postgres::PostgresLog;
use rand::Rng as _;
use test_servers::{kafka, postgres};
use transfer::{VerifyOptions, copy, export, verify};

use crate::copied::copied_under_writers;
use crate::given::{everything, founding, history, memory, sqlite, unwatched};

/// A log of this founding in a database of its own; `None`: there is no server, which is said.
async fn in_postgres(founding: Founding) -> Option<Arc<dyn Maintain>> {
    let url = postgres::shared().unwrap()?.create_database().await.unwrap();
    let options = event_log_postgres::Options::new(founding, Arc::new(now));
    Some(Arc::new(PostgresLog::open(&url, &options).await.unwrap()))
}

#[expect(clippy::disallowed_methods, reason = "a test stands for the service that reads the clock")]
fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_micros()).unwrap_or(i64::MAX)
}

/// A log of this founding on a topic of its own, with its replica; `None`: there is no broker, which is said.
async fn on_kafka(founding: Founding, topic: &str) -> Option<(Arc<dyn Maintain>, tempfile::TempDir)> {
    let url = format!("kafka://{}/{topic}?single-broker", kafka::shared().unwrap()?.bootstrap());
    let folder = tempfile::tempdir().unwrap();
    let options = event_log_kafka::Options::new(
        founding,
        folder.path().join("replica.db"),
        Arc::new(|bytes| rand::rng().fill_bytes(bytes)),
    );
    let log = KafkaLog::open(&url, &options).await.unwrap();
    log.caught_up().await.unwrap();
    Some((Arc::new(log), folder))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_history_moves_through_all_sizes_and_stays_the_same_to_the_byte() {
    let folder = tempfile::tempdir().unwrap();
    let (Some(in_postgres), Some((on_kafka, _replica))) =
        (in_postgres(founding(true)).await, on_kafka(founding(true), "moves").await)
    else {
        return;
    };
    let first: Arc<dyn Maintain> = Arc::new(memory(false));
    history(&*first, 900).await;
    let records = everything(&*first).await;
    let file = export(&*first, Vec::new(), &mut unwatched).await.unwrap().1;

    let mut from = first;
    let sizes: [Arc<dyn Maintain>; 4] =
        [Arc::new(sqlite(&folder.path().join("log.db"), true)), in_postgres, on_kafka, Arc::new(memory(true))];
    for (n, to) in sizes.into_iter().enumerate() {
        let copied = copy(&*from, &*to, &mut unwatched).await.unwrap();
        assert_eq!((from.phase(), to.phase()), (Phase::Sealed, Phase::Open), "move {n}");
        assert_eq!(copied.records, records.len() as u64, "move {n}");
        assert!(everything(&*to).await == records, "move {n}");
        assert!(export(&*to, Vec::new(), &mut unwatched).await.unwrap().1 == file, "move {n}: cmp");
        let verified = verify(&*to, &VerifyOptions::default(), &mut |_| (), &mut unwatched).await.unwrap();
        assert_eq!(verified.records, records.len() as u64, "move {n}");
        from = to;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn under_writers_nothing_accepted_is_lost_from_sqlite_to_postgres() {
    let folder = tempfile::tempdir().unwrap();
    let Some(to) = in_postgres(founding(true)).await else { return };
    copied_under_writers(Arc::new(sqlite(&folder.path().join("from.db"), false)), to).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn under_writers_nothing_accepted_is_lost_from_postgres_to_kafka() {
    let Some(from) = in_postgres(founding(false)).await else { return };
    let Some((to, _replica)) = on_kafka(founding(true), "to").await else { return };
    copied_under_writers(from, to).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn under_writers_nothing_accepted_is_lost_from_kafka_to_sqlite() {
    let folder = tempfile::tempdir().unwrap();
    let Some((from, _replica)) = on_kafka(founding(false), "from").await else { return };
    copied_under_writers(from, Arc::new(sqlite(&folder.path().join("to.db"), true))).await;
}
