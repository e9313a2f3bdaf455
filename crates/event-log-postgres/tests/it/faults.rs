//! What is wrong with a server, a schema or the data in it: each a clear error, and never a wrong answer.

use std::sync::Arc;

use crate::given::{append, founding, issue, now, options};
use event_log::{AppendError, EventLog as _, LogError, Maintain as _, Versions};
use event_log_postgres::{OpenError, Options, PostgresLog};
use sqlx::{AssertSqlSafe, Executor as _};
use test_servers::postgres::{self, Postgres, Setup};

/// A log in a database of its own, and that database's name.
async fn log_in(server: &Postgres) -> (PostgresLog, String) {
    let database = server.create_database_named().await.unwrap();
    let log = PostgresLog::open(&server.url(&database), &options(founding(1))).await.unwrap();
    (log, database)
}

async fn execute(server: &Postgres, database: &str, sql: &str) {
    let mut connection = server.connect(database).await.unwrap();
    connection.execute(AssertSqlSafe(sql.to_owned())).await.unwrap();
}

async fn refused(server: &Postgres, database: &str) -> OpenError {
    PostgresLog::open(&server.url(database), &options(founding(1))).await.unwrap_err()
}

#[tokio::test]
async fn a_server_that_may_lose_what_it_acknowledges_is_refused_with_what_to_set() {
    let Some(server) = postgres::shared().unwrap() else { return };
    let database = server.create_database_named().await.unwrap();
    for weaker in ["off", "local", "remote_write"] {
        execute(server, &database, &format!("ALTER DATABASE {database} SET synchronous_commit = {weaker}")).await;
        let error = refused(server, &database).await;
        assert!(matches!(error, OpenError::Unfit { .. }), "{error}");
        let expected = format!("synchronous_commit is {weaker}: set it to on (or remote_apply)");
        assert!(error.to_string().contains(&expected), "{error}");
    }
    execute(server, &database, &format!("ALTER DATABASE {database} SET synchronous_commit = remote_apply")).await;
    PostgresLog::open(&server.url(&database), &options(founding(1))).await.unwrap().close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_made_unsafe_while_it_serves_takes_nothing_more_until_that_is_mended() {
    let Some(server) = Postgres::start(&Setup::default()).unwrap() else { return };
    let (log, _) = log_in(&server).await;
    log.append(append(&issue(1), 0, 1)).await.unwrap();
    server.configure([("fsync".to_owned(), "off".to_owned())]).unwrap();
    server.reload().unwrap();
    let mut trouble = log.trouble();
    let told = trouble.wait_for(Option::is_some).await.unwrap().clone().unwrap();
    assert!(told.to_string().contains("fsync is off: set it to on"), "{told}");
    let answer = log.append(append(&issue(2), 0, 1)).await;
    let Err(AppendError::Failed(LogError::Unavailable { reason })) = &answer else { panic!("{answer:?}") };
    assert!(reason.contains("fsync off"), "{reason}");
    server.configure([("fsync".to_owned(), "on".to_owned())]).unwrap();
    server.reload().unwrap();
    trouble.wait_for(Option::is_none).await.unwrap();
    assert_eq!(log.append(append(&issue(2), 0, 1)).await.unwrap().position, 2);
}

/// After a restart of the server, or of what stands before it: whoever appends first is not told of it, where something is looked up first.
#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_broke_while_nobody_used_it_is_replaced_by_another() {
    let Some(server) = postgres::shared().unwrap() else { return };
    let (other, database) = log_in(server).await;
    let log = PostgresLog::open(&server.url(&database), &options(founding(1))).await.unwrap();
    log.append(append(&issue(1), 0, 1)).await.unwrap();
    other.append(append(&issue(2), 0, 1)).await.unwrap();
    let end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()";
    execute(server, &database, end).await;
    // A stream that this node has not seen yet is looked up before anything is written.
    assert_eq!(log.append(append(&issue(2), 1, 2)).await.unwrap().revision, 2);
}

#[tokio::test]
async fn a_database_of_another_encoding_is_refused() {
    let Some(server) = postgres::shared().unwrap() else { return };
    execute(server, "postgres", "CREATE DATABASE latin ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0").await;
    let error = refused(server, "latin").await;
    assert!(error.to_string().contains("the database has the encoding LATIN1: make one with UTF8"), "{error}");
}

#[tokio::test]
async fn a_server_that_is_not_there_is_named_without_its_password() {
    let port = test_servers::ports::free().unwrap();
    let url = format!("postgres://ada:secret@127.0.0.1:{port}/logs");
    let error = PostgresLog::open(&url, &options(founding(1))).await.unwrap_err();
    assert!(matches!(error, OpenError::Unavailable { .. }), "{error}");
    assert!(error.to_string().contains("Connection refused") && !error.to_string().contains("secret"), "{error}");
}

#[tokio::test]
async fn a_schema_of_somebody_else_is_refused_and_left_as_it_is() {
    let Some(server) = postgres::shared().unwrap() else { return };
    let database = server.create_database_named().await.unwrap();
    execute(server, &database, "CREATE SCHEMA snaglog; CREATE TABLE snaglog.accounts (id integer)").await;
    let error = refused(server, &database).await;
    assert!(matches!(error, OpenError::Unfit { .. }), "{error}");
    assert!(error.to_string().contains("the schema snaglog holds something else"), "{error}");
    execute(server, &database, "SELECT id FROM snaglog.accounts; DROP TABLE snaglog.accounts").await;
    // An empty one, made by who may make schemas for a role that may not, is taken.
    PostgresLog::open(&server.url(&database), &options(founding(1))).await.unwrap().close().await;
}

#[tokio::test]
async fn a_schema_of_a_newer_version_is_refused() {
    let Some(server) = postgres::shared().unwrap() else { return };
    let (log, database) = log_in(server).await;
    log.close().await;
    let newer = "INSERT INTO snaglog._sqlx_migrations SELECT 99, 'newer', now(), true, checksum, 0 \
                 FROM snaglog._sqlx_migrations LIMIT 1";
    execute(server, &database, newer).await;
    let error = refused(server, &database).await;
    assert!(matches!(error, OpenError::UpgradeNeeded { .. }), "{error}");
    assert!(error.to_string().contains("its schema has version 99, and this version knows up to 2"), "{error}");
}

#[tokio::test]
async fn a_log_whose_rule_was_raised_by_a_newer_version_is_refused() {
    let Some(server) = postgres::shared().unwrap() else { return };
    let (log, database) = log_in(server).await;
    log.close().await;
    execute(server, &database, "UPDATE snaglog.log SET rule_version = 2").await;
    let error = refused(server, &database).await;
    assert!(error.to_string().contains("the log's rule version is 2, and this version knows up to 1"), "{error}");
    let newer = Versions { rule: 2, ..Versions::KNOWN };
    let options = Options { known: newer, ..options(founding(1)) };
    let log = PostgresLog::open(&server.url(&database), &options).await.unwrap();
    assert_eq!(log.versions(), newer);
    log.append(append(&issue(1), 0, 1)).await.unwrap();
}

#[tokio::test]
async fn a_number_of_partitions_that_cannot_be_is_refused() {
    let Some(server) = postgres::shared().unwrap() else { return };
    let url = server.create_database().await.unwrap();
    for asked in [0, 1025] {
        let error = PostgresLog::open(&url, &options(founding(asked))).await.unwrap_err();
        assert_eq!(error, OpenError::Partitions { asked, max: 1024 });
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn four_nodes_that_open_a_new_log_at_once_make_one() {
    let Some(server) = postgres::shared().unwrap() else { return };
    for _ in 0..3 {
        let url = server.create_database().await.unwrap();
        let opening = (1..=4).map(|partitions| {
            let url = url.clone();
            tokio::spawn(async move { PostgresLog::open(&url, &options(founding(partitions))).await.unwrap() })
        });
        let mut nodes = Vec::new();
        for opening in opening.collect::<Vec<_>>() {
            nodes.push(opening.await.unwrap());
        }
        assert!(nodes.iter().all(|node| node.identity() == nodes[0].identity()), "one of them founded it");
        for (n, node) in (0..).zip(&nodes) {
            let answer = node.append(append(&issue("shared"), n, u128::from(n))).await.unwrap();
            assert_eq!(answer.revision, n + 1);
        }
    }
}

#[tokio::test]
async fn a_clock_that_is_off_the_databases_is_a_trouble_that_passes() {
    let Some(server) = postgres::shared().unwrap() else { return };
    let url = server.create_database().await.unwrap();
    let ahead = Arc::new(std::sync::atomic::AtomicI64::new(60_000_000));
    let clock = {
        let ahead = Arc::clone(&ahead);
        Arc::new(move || now() + ahead.load(std::sync::atomic::Ordering::SeqCst))
    };
    let log = PostgresLog::open(&url, &Options { clock, ..options(founding(1)) }).await.unwrap();
    let mut trouble = log.trouble();
    let told = trouble.wait_for(Option::is_some).await.unwrap().clone().unwrap().to_string();
    // About 60 s: a slow machine takes its time between the two clocks.
    assert!(told.contains("this node's clock is ") && told.ends_with(" s ahead of the database's"), "{told}");
    ahead.store(0, std::sync::atomic::Ordering::SeqCst);
    trouble.wait_for(Option::is_none).await.unwrap();
}

#[tokio::test]
async fn a_changed_byte_is_named_and_nothing_more_is_served() {
    let Some(server) = postgres::shared().unwrap() else { return };
    let (log, database) = log_in(server).await;
    for n in 1..=3 {
        log.append(append(&issue(n), 0, n)).await.unwrap();
    }
    execute(server, &database, r"UPDATE snaglog.events SET facts = '\x32' WHERE position = 1").await;
    let told = log.trouble();
    assert_eq!(*told.borrow(), None, "nobody has looked yet");
    let Err(LogError::DataLoss { reason }) = log.read_partition(0, 0, 10).await else { panic!("a wrong answer") };
    assert_eq!(reason, "partition 0 position 1: the record is not the one that was written");
    let damaged = LogError::DataLoss { reason };
    assert_eq!(told.borrow().as_ref(), Some(&damaged));
    assert_eq!(log.append(append(&issue(4), 0, 1)).await, Err(AppendError::Failed(damaged.clone())));
    assert_eq!(log.read_stream(&issue(2), 0, 10).await, Err(damaged.clone()));
    assert_eq!(log.barrier(0).await, Err(damaged));
}

/// An internal error may pass; PostgreSQL's word that data or an index is corrupt is for ever.
#[tokio::test]
async fn an_internal_error_of_the_server_passes_and_corruption_does_not() {
    let Some(server) = postgres::shared().unwrap() else { return };
    let (log, database) = log_in(server).await;
    log.append(append(&issue(1), 0, 1)).await.unwrap();
    let fails = |code: &str| {
        format!(
            "CREATE OR REPLACE FUNCTION fails() RETURNS trigger LANGUAGE plpgsql AS \
             $$ BEGIN RAISE EXCEPTION 'as the test has it' USING ERRCODE = '{code}'; END $$; \
             CREATE OR REPLACE TRIGGER fails BEFORE INSERT ON snaglog.events EXECUTE FUNCTION fails()"
        )
    };
    execute(server, &database, &fails("XX000")).await;
    let answer = log.append(append(&issue(2), 0, 1)).await;
    assert!(matches!(answer, Err(AppendError::Failed(LogError::Unavailable { .. }))), "{answer:?}");
    execute(server, &database, "DROP TRIGGER fails ON snaglog.events").await;
    assert_eq!(log.append(append(&issue(2), 0, 1)).await.unwrap().position, 2);
    execute(server, &database, &fails("XX001")).await;
    let answer = log.append(append(&issue(3), 0, 1)).await;
    assert!(matches!(answer, Err(AppendError::Failed(LogError::DataLoss { .. }))), "{answer:?}");
}

/// A pool in transaction mode forgets what a session was told: then nothing is written, and nothing is taken for damage.
#[tokio::test]
async fn a_transaction_that_would_not_see_the_turns_before_writes_nothing() {
    let Some(server) = postgres::shared().unwrap() else { return };
    let (log, database) = log_in(server).await;
    let mut forgetful = server.connect(&database).await.unwrap();
    forgetful
        .execute("SET search_path = snaglog; SET default_transaction_isolation = 'repeatable read'")
        .await
        .unwrap();
    let empty = ["'{}'"; 27].join(", ");
    let call = format!(
        "SELECT append_batch('{{0}}', '{{0}}', '{{NULL}}', 'open', rule_version, record_version, 1, {empty}) FROM log"
    );
    let error = forgetful.execute(AssertSqlSafe(call.clone())).await.unwrap_err();
    let error = error.as_database_error().unwrap();
    assert_eq!(
        (error.code().as_deref(), error.message()),
        (Some("SL003"), "transactions are repeatable read, not read committed")
    );
    forgetful.execute("SET default_transaction_isolation = 'read committed'").await.unwrap();
    forgetful.execute(AssertSqlSafe(call)).await.unwrap();
    assert_eq!(log.barrier(0).await, Ok(0));
}

#[tokio::test]
async fn a_missing_event_is_named() {
    let Some(server) = postgres::shared().unwrap() else { return };
    let (log, database) = log_in(server).await;
    for n in 1..=3 {
        log.append(append(&issue(n), 0, n)).await.unwrap();
    }
    execute(server, &database, "DELETE FROM snaglog.events WHERE position = 2").await;
    let read = log.read_partition(0, 0, 10).await;
    assert_eq!(read, Err(LogError::DataLoss { reason: "partition 0 position 3: 2 is missing before it".to_owned() }));
}

/// What a fail-over to a server that had not got everything leaves behind.
#[tokio::test]
async fn a_log_that_ends_before_what_was_acknowledged_is_damaged() {
    let Some(server) = postgres::shared().unwrap() else { return };
    let (log, database) = log_in(server).await;
    for n in 1..=3 {
        log.append(append(&issue(n), 0, n)).await.unwrap();
    }
    execute(server, &database, "DELETE FROM snaglog.events WHERE position = 3").await;
    let answer = log.append(append(&issue(4), 0, 1)).await;
    let Err(AppendError::Failed(LogError::DataLoss { reason })) = answer else { panic!("{answer:?}") };
    assert!(reason.contains("partition 0 ends at 2, and 3 was there"), "{reason}");
    assert!(matches!(*log.trouble().borrow(), Some(LogError::DataLoss { .. })));
}

/// The same positions, other records: an appender that was idle meanwhile is told by the leaf of its head.
#[tokio::test]
async fn an_idle_appender_does_not_go_on_in_another_history() {
    let Some(server) = postgres::shared().unwrap() else { return };
    for more in [0, 1] {
        let (log, database) = log_in(server).await;
        for n in 1..=2 {
            log.append(append(&issue(n), 0, n)).await.unwrap();
        }
        // At once: between two changes the node could look.
        execute(server, &database, "UPDATE snaglog.events SET leaf = sha256('another') WHERE position = 2").await;
        let other = PostgresLog::open(&server.url(&database), &options(founding(1))).await.unwrap();
        for n in 1..=more {
            assert_eq!(other.append(append(&issue(format!("other {n}")), 0, 1)).await.unwrap().position, 2 + n);
        }
        let answer = log.append(append(&issue(2), 1, 3)).await;
        let Err(AppendError::Failed(LogError::DataLoss { reason })) = answer else { panic!("{answer:?}") };
        assert!(reason.contains("partition 0 position 2 is another one than was there"), "{reason}");
        assert_eq!(other.barrier(0).await, Ok(2 + more), "nothing was written");
    }
}

#[tokio::test]
async fn over_the_queues_bound_the_answer_is_overloaded_at_once() {
    let Some(server) = postgres::shared().unwrap() else { return };
    let database = server.create_database_named().await.unwrap();
    let small = Options { queue_max: 2, ..options(founding(1)) };
    let log = Arc::new(PostgresLog::open(&server.url(&database), &small).await.unwrap());
    // Somebody else has the partition's turn: the appender waits with what it has taken.
    let mut other = server.connect(&database).await.unwrap();
    other.execute("SET search_path = snaglog; BEGIN; SELECT take_turn(0)").await.unwrap();
    let spawn = |n: u128| {
        let log = Arc::clone(&log);
        tokio::spawn(async move { log.append(append(&issue(n), 0, n)).await })
    };
    let taken = spawn(0);
    tokio::task::yield_now().await;
    while log.queued() > 0 {
        tokio::task::yield_now().await;
    }
    let waiting = [spawn(1), spawn(2)];
    while log.queued() < 2 {
        tokio::task::yield_now().await;
    }
    assert_eq!(log.append(append(&issue(3), 0, 3)).await, Err(AppendError::Failed(LogError::Overloaded)));
    other.execute("ROLLBACK").await.unwrap();
    taken.await.unwrap().unwrap();
    for waiting in waiting {
        waiting.await.unwrap().unwrap();
    }
    assert_eq!(log.append(append(&issue(3), 0, 3)).await.unwrap().position, 4);
}

#[tokio::test]
async fn what_is_queued_is_finished_when_the_log_is_closed_and_later_calls_say_closed() {
    let Some(server) = postgres::shared().unwrap() else { return };
    let (log, database) = log_in(server).await;
    let mut calls: Vec<_> = (0..100).map(|n| log.append(append(&issue(n), 0, n))).collect();
    for call in &mut calls {
        assert!(futures::poll!(call).is_pending());
    }
    drop(calls);
    log.close().await;
    log.close().await;
    let closed = LogError::Unavailable { reason: "the log is closed".to_owned() };
    assert_eq!(log.append(append(&issue(200), 0, 1)).await, Err(AppendError::Failed(closed.clone())));
    assert_eq!(log.read_stream(&issue(1), 0, 1).await, Err(closed.clone()));
    assert_eq!(log.barrier(0).await, Err(closed));
    let log = PostgresLog::open(&server.url(&database), &options(founding(1))).await.unwrap();
    assert_eq!(log.barrier(0).await, Ok(100));
}
