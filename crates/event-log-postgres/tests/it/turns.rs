//! Several nodes append to one partition: each gets its turn, and uses it.

use std::sync::Arc;

use crate::given::{append, founding, issue, options};
use event_log::{EventLog as _, StreamId};
use event_log_postgres::{Options, PostgresLog};
use sqlx::{AssertSqlSafe, Executor as _, PgConnection, Row as _};
use test_servers::postgres::{self, Postgres};
use tokio::task::JoinHandle;

/// Somebody else who appends to the partition, in a transaction of his own.
struct Other(PgConnection);

impl Other {
    /// Waits for the turn and takes it.
    async fn takes_the_turn(server: &Postgres, database: &str) -> Self {
        let mut connection = server.connect(database).await.unwrap();
        connection.execute("SET search_path = snaglog; BEGIN; SELECT take_turn(0)").await.unwrap();
        Self(connection)
    }

    fn waits_for_the_turn(server: &'static Postgres, database: &str) -> JoinHandle<Self> {
        let database = database.to_owned();
        tokio::spawn(async move { Self::takes_the_turn(server, &database).await })
    }

    /// Appends so many events to the stream of the partition's first, and ends the turn.
    async fn appends(mut self, from: u64, to: u64) {
        let insert = format!(
            "INSERT INTO events (partition, position, stream, revision, append_events, event_id, event_type, schema_version, \
             actor, request_id, fingerprint, occurred_at, recorded_at, leaf, facts, facts_hash) \
             SELECT partition, n, stream, n, 1, event_id, event_type, schema_version, actor, gen_random_uuid(), fingerprint, \
             occurred_at, recorded_at, sha256(n::text::bytea), facts, facts_hash \
             FROM events, generate_series({from}, {to}) AS n WHERE partition = 0 AND position = 1; COMMIT"
        );
        self.0.execute(AssertSqlSafe(insert)).await.unwrap();
    }
}

/// Returns when so many wait for a turn in that database.
async fn waiting(server: &Postgres, database: &str, count: i64) {
    const WAITING: &str = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted \
         AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";
    let mut connection = server.connect(database).await.unwrap();
    while connection.fetch_one(WAITING).await.unwrap().get::<i64, _>(0) != count {
        tokio::task::yield_now().await;
    }
}

/// An import on another node appends more in one turn than is followed event by event; somebody waits for the next turn already.
#[tokio::test(flavor = "multi_thread")]
async fn a_turn_is_used_however_much_the_others_have_appended() {
    let Some(server) = postgres::shared().unwrap() else { return };
    let database = server.create_database_named().await.unwrap();
    let node = Arc::new(PostgresLog::open(&server.url(&database), &options(founding(1))).await.unwrap());
    node.append(append(&issue(1), 0, 1)).await.unwrap();
    let first = Other::takes_the_turn(server, &database).await;
    let appending = {
        let node = Arc::clone(&node);
        tokio::spawn(async move { node.append(append(&issue(2), 0, 1)).await })
    };
    waiting(server, &database, 1).await;
    let second = Other::waits_for_the_turn(server, &database);
    waiting(server, &database, 2).await;
    first.appends(2, 2).await;
    // The node had no turn yet: it only learned that it isn't alone, and from now on waits for turns.
    let second = second.await.unwrap();
    waiting(server, &database, 1).await;
    let third = Other::waits_for_the_turn(server, &database);
    waiting(server, &database, 2).await;
    second.appends(3, 1500).await;
    // The third keeps its turn for as long as the test lasts: a turn that the node gives up is its last.
    assert_eq!(appending.await.unwrap().unwrap().position, 1501);
    drop(third.await.unwrap());
}

/// Somebody else has appended to one of a batch's partitions: nothing of it is written before all of it was admitted anew.
#[tokio::test]
async fn a_batch_of_two_partitions_is_written_whole_once_it_has_both_turns() {
    let Some(server) = postgres::shared().unwrap() else { return };
    let database = server.create_database_named().await.unwrap();
    let one_appender = Options { writers: 1, ..options(founding(8)) };
    let node = PostgresLog::open(&server.url(&database), &one_appender).await.unwrap();
    let pay = |id: u32| append(&issue(id), 0, 1);
    let web = |id: u32| append(&StreamId { project: "WEB".into(), ..issue(id) }, 0, 1);
    let [of_pay, of_web] = ["PAY", "WEB"].map(|project| node.identity().partition_of(project));
    assert!(of_pay == 0 && of_web > 0, "{of_pay} and {of_web}");
    for first in [pay(1), web(1)] {
        assert_eq!(node.append(first).await.unwrap().position, 1);
    }
    let other = Other::takes_the_turn(server, &database).await;
    let others = async {
        waiting(server, &database, 1).await;
        let beside = PostgresLog::open(&server.url(&database), &options(founding(8))).await.unwrap();
        assert_eq!(beside.barrier(of_web).await, Ok(1), "nothing is written yet");
        other.appends(2, 2).await;
    };
    let (in_pay, in_web, ()) = tokio::join!(node.append(pay(2)), node.append(web(2)), others);
    assert_eq!((in_pay.unwrap().position, in_web.unwrap().position), (3, 2));
    // Alone again, after one more batch in its turn.
    for (n, position) in [(3, 4), (4, 5)] {
        assert_eq!(node.append(pay(n)).await.unwrap().position, position);
    }
}
