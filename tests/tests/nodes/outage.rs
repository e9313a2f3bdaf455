//! The views' database is gone for a while, or crashes.

use std::sync::Arc;

use api::boards::v1::GetBoardRequest;
use sqlx::{Executor as _, Row as _};
use test_servers::postgres::{self, Postgres, Setup};
use test_servers::proxy::Proxy;
use tests::client::{Client, reason};
use tests::life::{self, DEVELOPER, Step};
use tests::server::Server;
use tonic::Code;
use tonic_types::StatusExt as _;

use crate::given::{Nodes, PROJECT, live, read, shown};

/// Commands go on, queries say when to ask again, and all that was missed is folded when it is back.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn queries_say_when_to_ask_again_and_views_catch_up_by_themselves() {
    let Some(server) = postgres::shared().unwrap() else { return };
    let nodes = Nodes::of(server.create_database().await.unwrap());
    let database = server.create_database_named().await.unwrap();
    let way = Proxy::start(server.port()).await.unwrap();
    let views = server.url_at(way.port(), &database);
    let node = Server::start_with(&nodes.data("node"), &["--log", &nodes.log, "--views", &views]).await.unwrap();
    let client = Client::connect(&node.url).await.unwrap();
    life::project(&client, PROJECT).await.unwrap();
    let before = live(std::slice::from_ref(&client), 1).await.unwrap();

    way.lead_to(0);
    way.cut();
    let filed = life::step(&client, PROJECT, 2, "", Step::File).await.unwrap();
    let ask = GetBoardRequest { project: PROJECT.into(), ..Default::default() };
    let refused = client.boards(DEVELOPER).get_board(ask).await.unwrap_err();
    assert_eq!((refused.code(), reason(&refused).as_str()), (Code::Unavailable, "VIEW_UNAVAILABLE"), "{refused:?}");
    let again = refused.get_details_retry_info().and_then(|info| info.retry_delay);
    assert!(again.is_some(), "when to ask again is not said: {refused:?}");

    way.lead_to(server.port());
    let found = read(&client, &filed).await.unwrap();
    assert_eq!(found.key, filed.key);
    let tokens = [before, filed.token];
    assert_eq!(shown(&client, &tokens).await, nodes.refolded(&tokens).await);
}

/// Views commit without waiting for the disk: a crash of their database takes the latest commits back. Nobody writes afterwards, and
/// all is there again; and at no time is a token answered without what it stands for.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_crash_of_the_views_database_took_back_is_shown_again_unasked() {
    let Some(server) = Postgres::start(&Setup::default()).unwrap().map(Arc::new) else { return };
    let folder = tempfile::tempdir().unwrap();
    let database = server.create_database_named().await.unwrap();
    let node = Server::start_with(folder.path(), &["--views", &server.url(&database)]).await.unwrap();
    let client = Client::connect(&node.url).await.unwrap();
    life::project(&client, PROJECT).await.unwrap();
    let mut console = server.connect(&database).await.unwrap();
    server.hold_back(&mut console).await.unwrap();
    let filed = life::step(&client, PROJECT, 1, "", Step::File).await.unwrap();
    assert_eq!(read(&client, &filed).await.unwrap().key, filed.key, "it is shown");
    let unwritten = "SELECT pg_current_wal_flush_lsn() < pg_current_wal_insert_lsn()";
    let unwritten: bool = console.fetch_one(unwritten).await.unwrap().get(0);
    assert!(unwritten, "nothing can be lost");
    server.kill().unwrap();
    let again = Arc::clone(&server);
    tokio::task::spawn_blocking(move || again.restart()).await.unwrap().unwrap();
    assert_eq!(read(&client, &filed).await.unwrap().key, filed.key, "it is shown again");
}
