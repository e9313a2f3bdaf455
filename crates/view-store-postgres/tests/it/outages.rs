//! Connections lost, servers gone and come back.

use std::sync::Arc;

use test_servers::postgres::{self, Postgres, Setup};
use test_servers::proxy::{Cut, Proxy};
use view_store::{CommitError, StoreError, ViewStore as _};
use views::row::Select;

use crate::given::{COUNTS, NOTES, VIEW, database, node, notes};

/// Cut at each step of a commit: done or not, never half; the checkpoint says which.
#[tokio::test(flavor = "multi_thread")]
async fn a_connection_lost_at_any_step_leaves_all_or_nothing() {
    let Some(server) = postgres::shared().unwrap() else { return };
    let name = server.create_database_named().await.unwrap();
    let way = Proxy::start(server.port()).await.unwrap();
    let (store, witness) = (node(&server.url_at(way.port(), &name)).await, node(&server.url(&name)).await);
    for node in [&store, &witness] {
        node.prepare(&[&VIEW]).await.unwrap();
    }
    let mut from = 0;
    let cuts = [Cut::Before, Cut::Half, Cut::Answered, Cut::HalfAnswered];
    for mark in ["BEGIN", "note ", "COMMIT"] {
        for cut in cuts {
            way.cut_at(mark, 0, cut);
            let done = store.commit(0, vec![notes(from, from.cast_signed() * 4, 4)]).await;
            let followed = way.forget();
            assert!(followed, "{mark} {cut:?}: the step never came");
            let failed = matches!(done, Err(CommitError::Failed(StoreError::Unavailable { .. })));
            assert!(done.is_ok() || failed, "{mark} {cut:?}: {done:?}");
            let mut found = None;
            while found.is_none() {
                found = store.checkpoint(VIEW.id(), 0).await.ok();
            }
            let position = found.flatten().map_or(0, |at| at.position);
            assert!(position == from || position == from + 1, "{mark} {cut:?}: from {from} to {position}");
            from = position;
            let selects = vec![Select::from(&NOTES, 1000), Select::from(&COUNTS, 10)];
            let answer = witness.query(VIEW.id(), selects).await.unwrap();
            let counted = answer.rows[1].first().map_or(0, |row| row.get::<u64>("notes").unwrap());
            assert_eq!((answer.rows[0].len() as u64, counted), (from * 4, from * 4), "{mark} {cut:?}");
        }
    }
    assert!(from > 0, "every commit was lost");
}

/// A server that is killed is unavailable, and is used again as soon as it is back.
#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_comes_back_is_used_again() {
    let Some(server) = Postgres::start(&Setup::default()).unwrap().map(Arc::new) else { return };
    let store = node(&database(&server).await).await;
    store.prepare(&[&VIEW]).await.unwrap();
    store.commit(0, vec![notes(0, 0, 4)]).await.unwrap();
    server.kill().unwrap();
    let query = || store.query(VIEW.id(), vec![Select::from(&NOTES, 10)]);
    let answer = query().await;
    assert!(matches!(answer, Err(StoreError::Unavailable { .. })), "{answer:?}");
    let again = Arc::clone(&server);
    tokio::task::spawn_blocking(move || again.restart()).await.unwrap().unwrap();
    // The last commits before the crash may be gone, whole.
    let answer = query().await.unwrap();
    let position = answer.checkpoints.get(&0).map_or(0, |at| at.position);
    assert_eq!(answer.rows[0].len() as u64, position * 4);
    // The connection that commits was to the server that is gone: that is noticed once, and nothing was done.
    let commit = || store.commit(0, vec![notes(position, 100, 4)]);
    let done = match commit().await {
        Err(CommitError::Failed(StoreError::Unavailable { .. })) => commit().await,
        done => done,
    };
    done.unwrap();
}
