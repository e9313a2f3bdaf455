//! Connections lost at every step, servers killed, stopped and replaced: what was acknowledged is there, once.

use std::sync::Arc;
use std::time::Duration;

use crate::given::{append, founding, issue, options};
use crate::load::Load;
use event_log::{Append, AppendError, Appended, EventLog as _, LogError};
use event_log_postgres::{Options, PostgresLog};
use sqlx::Executor as _;
use test_servers::postgres::{self, Postgres, Setup};
use test_servers::proxy::{Cut, Proxy};

/// Cut at each step of an append on a way of its own: accepted, refused or unknown; then asked again, and there once.
#[tokio::test(flavor = "multi_thread")]
async fn a_connection_lost_at_any_step_leaves_what_a_retry_settles() {
    let Some(server) = postgres::shared().unwrap() else { return };
    let database = server.create_database_named().await.unwrap();
    let way = Proxy::start(server.port()).await.unwrap();
    let node = PostgresLog::open(&server.url_at(way.port(), &database), &options(founding(1))).await.unwrap();
    let witness = PostgresLog::open(&server.url(&database), &options(founding(1))).await.unwrap();
    let (mut unknown, mut position) = (0, 0);
    for (n, cut) in [Cut::Before, Cut::Half, Cut::Answered, Cut::HalfAnswered].into_iter().cycle().take(24).enumerate()
    {
        // By turns: a new stream, which is written at once; one that the other node has moved, which is looked up first; and a
        // partition that the other node has moved, so that a transaction is begun, a turn awaited, and a commit sent.
        let (stream, mark, pass) = match n / 4 % 3 {
            0 => (format!("new-{n}"), format!("new-{n}"), 0),
            1 => (format!("looked-up-{n}"), format!("looked-up-{n}"), n / 12),
            _ => (format!("contended-{n}"), "COMMIT".to_owned(), 0),
        };
        let stream = issue(stream);
        let expected = u64::from(n / 4 % 3 != 0);
        if expected == 1 {
            position = witness.append(append(&stream, 0, 1)).await.unwrap().position;
        }
        way.cut_at(mark, pass, cut);
        let answer = node.append(append(&stream, expected, 2)).await;
        let followed = way.forget();
        let settled = settled(&node, append(&stream, expected, 2)).await;
        match answer {
            Ok(first) => assert_eq!((first.position, first.leaf), (settled.position, settled.leaf), "{n} {cut:?}"),
            Err(AppendError::Failed(LogError::Unavailable { .. })) => {
                assert!(!settled.replayed, "{n} {cut:?}: said to have failed, and was there");
            }
            Err(AppendError::Unknown(LogError::Unavailable { .. })) => unknown += 1,
            answer => panic!("{n} {cut:?}: {answer:?}"),
        }
        assert!(followed, "{n} {cut:?}: the step never came");
        assert_eq!(settled.position, position + 1, "{n} {cut:?}: appended twice, or not at all");
        position = settled.position;
    }
    assert!(unknown > 0, "no cut came where the outcome is unknown");
    assert_eq!(witness.barrier(0).await.unwrap(), position);
}

/// All connections cut again and again, under load on two nodes.
#[tokio::test(flavor = "multi_thread")]
async fn connections_cut_under_load_lose_nothing_and_double_nothing() {
    let Some(server) = postgres::shared().unwrap() else { return };
    let database = server.create_database_named().await.unwrap();
    let way = Proxy::start(server.port()).await.unwrap();
    let url = server.url_at(way.port(), &database);
    let load = Load::start(&url, 2, 4).await;
    for _ in 0..10 {
        load.acknowledges(40).await;
        way.cut();
    }
    load.acknowledges(40).await;
    load.stop().await.is_all_there(&server.url(&database)).await;
}

/// `SNAGLOG_KILLS` says how often, 3 times unless it does.
#[tokio::test(flavor = "multi_thread")]
async fn a_server_killed_under_load_loses_nothing_and_doubles_nothing() {
    let Some(server) = Postgres::start(&Setup::default()).unwrap().map(Arc::new) else { return };
    let kills: u32 = std::env::var("SNAGLOG_KILLS").map_or(3, |kills| kills.parse().unwrap());
    let url = server.create_database().await.unwrap();
    let load = Load::start(&url, 2, 4).await;
    for _ in 0..kills {
        load.acknowledges(50).await;
        let server = Arc::clone(&server);
        let killed = move || server.kill().and_then(|()| server.restart());
        tokio::task::spawn_blocking(killed).await.unwrap().unwrap();
    }
    load.acknowledges(50).await;
    load.stop().await.is_all_there(&url).await;
}

/// The standby becomes the primary when that is killed; what was acknowledged had reached it.
#[tokio::test(flavor = "multi_thread")]
async fn a_failover_under_load_loses_nothing_that_was_acknowledged() {
    let Some(primary) = Postgres::start(&Setup::default()).unwrap().map(Arc::new) else { return };
    let database = primary.create_database_named().await.unwrap();
    let standby = Arc::new(primary.start_standby().await.unwrap());
    let way = Proxy::start(primary.port()).await.unwrap();
    let refused = PostgresLog::open(&standby.url(&database), &options(founding(1))).await.unwrap_err();
    assert!(refused.to_string().contains("the server is a standby, and not the primary"), "{refused}");
    let load = Load::start(&primary.url_at(way.port(), &database), 2, 4).await;
    load.acknowledges(200).await;
    let (killed, promoted) = (Arc::clone(&primary), Arc::clone(&standby));
    let failover = move || killed.kill().and_then(|()| promoted.promote());
    tokio::task::spawn_blocking(failover).await.unwrap().unwrap();
    way.lead_to(standby.port());
    way.cut();
    load.acknowledges(200).await;
    load.stop().await.is_all_there(&standby.url(&database)).await;
}

/// What is said of a server that doesn't answer: unknown, or, where no connection to it was left, that nothing was done.
fn is_unavailable(answer: &Result<Appended, AppendError>) -> bool {
    let unavailable = |error: &LogError| matches!(error, LogError::Unavailable { .. });
    matches!(answer, Err(AppendError::Unknown(error) | AppendError::Failed(error)) if unavailable(error))
}

/// Asked until it is answered: on a slow machine the server may take longer than `Options::timeout`, which is short here.
async fn settled(log: &PostgresLog, append: Append) -> Appended {
    loop {
        match log.append(append.clone()).await {
            Err(AppendError::Unknown(_) | AppendError::Failed(LogError::Unavailable { .. })) => {}
            settled => return settled.unwrap(),
        }
    }
}

/// What the standby has not got is not acknowledged.
#[tokio::test(flavor = "multi_thread")]
async fn an_append_waits_for_the_standby() {
    let Some(primary) = Postgres::start(&Setup::default()).unwrap() else { return };
    let database = primary.create_database_named().await.unwrap();
    let standby = primary.start_standby().await.unwrap();
    let quick = Options { timeout: Duration::from_secs(1), ..options(founding(1)) };
    let log = PostgresLog::open(&primary.url(&database), &quick).await.unwrap();
    settled(&log, append(&issue(1), 0, 1)).await;
    standby.pause().unwrap();
    let answer = log.append(append(&issue(2), 0, 1)).await;
    assert!(is_unavailable(&answer), "{answer:?}");
    standby.resume().unwrap();
    assert_eq!(settled(&log, append(&issue(2), 0, 1)).await.position, 2);
}

/// The server's machine is gone without a word, and its address leads to another: the channel is listened to there.
#[tokio::test(flavor = "multi_thread")]
async fn a_node_listens_and_tells_again_after_its_connections_fell_silent() {
    const LISTENERS: &str = "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() \
         AND (query LIKE 'LISTEN%' OR query = 'SELECT 1')";
    const TELLERS: &str = "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND query LIKE '%pg_notify%' \
         AND pid <> pg_backend_pid()";
    let Some(server) = postgres::shared().unwrap() else { return };
    let database = server.create_database_named().await.unwrap();
    let way = Proxy::start(server.port()).await.unwrap();
    let quick = Options { timeout: Duration::from_secs(1), ..options(founding(1)) };
    let node = PostgresLog::open(&server.url_at(way.port(), &database), &quick).await.unwrap();
    let mut witness = server.connect(&database).await.unwrap();
    settled(&node, append(&issue(1), 0, 1)).await;
    for who in [LISTENERS, TELLERS] {
        while witness.fetch_all(who).await.unwrap().is_empty() {
            tokio::task::yield_now().await;
        }
    }
    way.silence();
    let mut revision = 0;
    for who in [LISTENERS, TELLERS] {
        // Those that fell silent are still there, as the server sees it.
        while witness.fetch_all(who).await.unwrap().len() < 2 {
            if let Ok(appended) = node.append(append(&issue("more"), revision, u128::from(revision))).await {
                revision = appended.revision;
            }
        }
    }
}

/// A server that hangs is a trouble; when it goes on, so does the log.
#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_hangs_is_told_and_appends_are_settled_when_it_goes_on() {
    let Some(server) = Postgres::start(&Setup::default()).unwrap() else { return };
    let url = server.create_database().await.unwrap();
    let quick = Options { timeout: Duration::from_secs(1), ..options(founding(1)) };
    let log = PostgresLog::open(&url, &quick).await.unwrap();
    settled(&log, append(&issue(1), 0, 1)).await;
    server.pause().unwrap();
    let answer = log.append(append(&issue(2), 0, 1)).await;
    assert!(is_unavailable(&answer), "{answer:?}");
    let mut trouble = log.trouble();
    trouble.wait_for(Option::is_some).await.unwrap();
    server.resume().unwrap();
    trouble.wait_for(Option::is_none).await.unwrap();
    assert_eq!(settled(&log, append(&issue(2), 0, 1)).await.position, 2);
    assert_eq!(settled(&log, append(&issue(3), 0, 1)).await.position, 3);
}

/// The standby was not synchronous: it has none of the last records when it becomes the primary, and others at their positions
/// by the time that a node of before finds the way to it.
#[tokio::test(flavor = "multi_thread")]
async fn after_a_failover_to_another_history_a_node_serves_nothing() {
    let Some(primary) = Postgres::start(&Setup::default()).unwrap() else { return };
    let database = primary.create_database_named().await.unwrap();
    let standby = primary.start_standby().await.unwrap();
    let way = Proxy::start(primary.port()).await.unwrap();
    let node = PostgresLog::open(&primary.url_at(way.port(), &database), &options(founding(1))).await.unwrap();
    node.append(append(&issue("both have it"), 0, 1)).await.unwrap();
    standby.stop().unwrap();
    primary.configure([("synchronous_standby_names".to_owned(), String::new())]).unwrap();
    primary.reload().unwrap();
    for n in 2..=3 {
        assert_eq!(node.append(append(&issue(n), 0, 1)).await.unwrap().position, n);
    }
    primary.kill().unwrap();
    standby.restart().unwrap();
    standby.promote().unwrap();
    let other = PostgresLog::open(&standby.url(&database), &options(founding(1))).await.unwrap();
    for n in 2..=3 {
        assert_eq!(other.append(append(&issue(format!("other {n}")), 0, 1)).await.unwrap().position, n);
    }
    way.lead_to(standby.port());
    let answer = loop {
        match node.append(append(&issue(2), 1, 2)).await {
            Err(AppendError::Unknown(_) | AppendError::Failed(LogError::Unavailable { .. })) => {}
            answer => break answer,
        }
    };
    let Err(AppendError::Failed(damage @ LogError::DataLoss { .. })) = answer else { panic!("{answer:?}") };
    assert!(damage.to_string().contains("another one than was there"), "{damage}");
    assert_eq!(node.trouble().borrow().as_ref(), Some(&damage));
    assert_eq!(node.read_partition(0, 0, 10).await, Err(damage.clone()));
    assert_eq!(node.barrier(0).await, Err(damage));
    assert_eq!(other.barrier(0).await, Ok(3), "nothing was written");
}
