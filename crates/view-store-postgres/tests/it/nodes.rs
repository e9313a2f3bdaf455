//! Several nodes on one store.

use std::time::Duration;

use test_servers::postgres;
use view_store::{Claim, CommitError, ViewCommit, ViewStore as _};

use crate::given::{VIEW, database, node, notes};

/// What one node commits, the other's watch shows, also after it was made anew.
#[tokio::test(flavor = "multi_thread")]
async fn a_node_hears_what_another_commits() {
    let Some(server) = postgres::shared().unwrap() else { return };
    let url = database(server).await;
    let (one, other) = (node(&url).await, node(&url).await);
    assert!(one.prepare(&[&VIEW]).await.unwrap()[0].created);
    assert!(!other.prepare(&[&VIEW]).await.unwrap()[0].created);
    let mut advanced = other.advanced(VIEW.id(), 3);
    for from in 0..20 {
        one.commit(3, vec![notes(from, 0, 10)]).await.unwrap();
        advanced.wait_for(|position| *position == from + 1).await.unwrap();
        assert_eq!(other.checkpoint(VIEW.id(), 3).await.unwrap().unwrap().position, from + 1);
    }
    one.reset(&VIEW).await.unwrap();
    advanced.wait_for(|position| *position == 0).await.unwrap();
    other.commit(3, vec![notes(0, 0, 1)]).await.unwrap();
    one.advanced(VIEW.id(), 3).wait_for(|position| *position == 1).await.unwrap();
}

/// Of two nodes that fold from one checkpoint, one commits.
#[tokio::test(flavor = "multi_thread")]
async fn one_of_two_nodes_commits() {
    let Some(server) = postgres::shared().unwrap() else { return };
    let url = database(server).await;
    let (one, other) = (node(&url).await, node(&url).await);
    for node in [&one, &other] {
        node.prepare(&[&VIEW]).await.unwrap();
    }
    for from in 0..20 {
        let (first, second) =
            tokio::join!(one.commit(0, vec![notes(from, 0, 3)]), other.commit(0, vec![notes(from, 0, 3)]));
        assert!(first.is_ok() != second.is_ok(), "{first:?}, {second:?}");
        let late = first.and(second).unwrap_err();
        assert!(matches!(late, CommitError::Moved { .. }), "{late:?}");
    }
}

/// A lease that ran out goes to who asks, and what was folded under it changes nothing any more.
#[tokio::test(flavor = "multi_thread")]
async fn a_lease_taken_over_refuses_its_old_holder() {
    let Some(server) = postgres::shared().unwrap() else { return };
    let url = database(server).await;
    let (one, other) = (node(&url).await, node(&url).await);
    for node in [&one, &other] {
        node.prepare(&[&VIEW]).await.unwrap();
    }
    let claim = |holder, lasting| Claim { holder, of: vec![(VIEW.id(), 0)], lasting, anyway: false };
    let (first, second) = (one.join().await.unwrap(), other.join().await.unwrap());
    let held = one.lease(claim(first, Duration::from_secs(3600))).await.unwrap();
    assert_eq!(other.lease(claim(second, Duration::from_secs(3600))).await.unwrap(), []);
    let again = one.lease(claim(first, Duration::ZERO)).await.unwrap();
    assert_eq!(again, held, "a lease kept has its term");
    let under = |term, from| ViewCommit { term: Some(term), ..notes(from, 0, 5) };
    one.commit(0, vec![under(held[0].term, 0)]).await.unwrap();
    let taken = other.lease(claim(second, Duration::from_secs(3600))).await.unwrap();
    assert_ne!(taken[0].term, held[0].term);
    let late = one.commit(0, vec![under(held[0].term, 1)]).await.unwrap_err();
    assert_eq!(late, CommitError::NotHeld { view: VIEW.id(), partition: 0 });
    other.commit(0, vec![under(taken[0].term, 1)]).await.unwrap();
    other.release(second).await.unwrap();
    assert_eq!(one.lease(claim(first, Duration::from_secs(1))).await.unwrap().len(), 1, "let go of, it is free");
}
