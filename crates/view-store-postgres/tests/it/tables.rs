//! The tables, as others read them; and what is not a store of views.

use sqlx::{Executor as _, Row as _};
use test_servers::postgres;
use view_store::{Schema, StoreError, SwapError, ViewCommit, ViewStore as _};
use view_store_postgres::{OpenError, Options, PostgresViews};
use views::row::Select;

use crate::given::{NOTES, VIEW, at, node, notes};

#[tokio::test]
async fn the_tables_are_typed_and_described() {
    let Some(server) = postgres::shared().unwrap() else { return };
    let name = server.create_database_named().await.unwrap();
    let store = node(&server.url(&name)).await;
    store.prepare(&[&VIEW]).await.unwrap();
    store.commit(0, vec![notes(0, 0, 1)]).await.unwrap();
    let mut reader = server.connect(&name).await.unwrap();
    let columns = "SELECT a.attname::text, format_type(a.atttypid, a.atttypmod), a.attnotnull, col_description(a.attrelid, a.attnum) \
         FROM pg_attribute a WHERE a.attrelid = 'snaglog_views.diary_v1_notes'::regclass AND a.attnum > 0 ORDER BY a.attnum";
    let rows = reader.fetch_all(columns).await.unwrap();
    let told: Vec<(String, String, bool, String)> =
        rows.iter().map(|row| (row.get(0), row.get(1), row.get(2), row.get(3))).collect();
    let expected = [
        ("number", "bigint", true, "Its number."),
        ("note", "text", true, "What it says."),
        ("written_at", "timestamp with time zone", false, "When."),
        ("tags", "json", true, "A list of texts."),
    ];
    let told: Vec<_> = told.iter().map(|(name, kind, set, what)| (&**name, &**kind, *set, &**what)).collect();
    assert_eq!(told, expected);
    let described = "SELECT obj_description('snaglog_views.diary_v1_notes'::regclass)";
    let described: String = reader.fetch_one(described).await.unwrap().get(0);
    assert_eq!(described, "Texts by number: it's \\ a table.");
    let tag: String = reader.fetch_one("SELECT tags ->> 0 FROM snaglog_views.diary_v1_notes").await.unwrap().get(0);
    assert_eq!(tag, "a");
}

#[tokio::test]
async fn a_table_that_somebody_dropped_is_damage_until_it_is_made_anew() {
    let Some(server) = postgres::shared().unwrap() else { return };
    let name = server.create_database_named().await.unwrap();
    let store = node(&server.url(&name)).await;
    store.prepare(&[&VIEW]).await.unwrap();
    store.commit(0, vec![notes(0, 0, 1)]).await.unwrap();
    let mut meddler = server.connect(&name).await.unwrap();
    meddler.execute("DROP TABLE snaglog_views.diary_v1_notes").await.unwrap();
    let answer = store.query(VIEW.id(), vec![Select::from(&NOTES, 10)]).await;
    assert!(matches!(answer, Err(StoreError::Damaged { .. })), "{answer:?}");
    store.reset(&VIEW).await.unwrap();
    store.commit(0, vec![notes(0, 0, 1)]).await.unwrap();
    assert_eq!(store.query(VIEW.id(), vec![Select::from(&NOTES, 10)]).await.unwrap().rows[0].len(), 1);
}

/// Everything that stands in the schema says what it is, the store's own tables and columns too.
#[tokio::test]
async fn no_table_and_no_column_is_without_a_description() {
    let Some(server) = postgres::shared().unwrap() else { return };
    let name = server.create_database_named().await.unwrap();
    let store = node(&server.url(&name)).await;
    store.prepare(&views::ALL.iter().map(|view| view.schema()).collect::<Vec<_>>()).await.unwrap();
    let mut reader = server.connect(&name).await.unwrap();
    let silent = "SELECT c.relname || coalesce('.' || a.attname, '') FROM pg_class c \
         LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped \
         WHERE c.relnamespace = 'snaglog_views'::regnamespace AND c.relkind = 'r' AND c.relname <> '_sqlx_migrations' \
         AND (col_description(c.oid, a.attnum) IS NULL OR obj_description(c.oid) IS NULL)";
    let silent = reader.fetch_all(silent).await.unwrap();
    let silent: Vec<String> = silent.iter().map(|row| row.get(0)).collect();
    assert!(silent.is_empty(), "{silent:?}");
}

/// A console with a transaction that nobody ends keeps views from being exchanged, and is named; it doesn't keep those who query waiting.
#[tokio::test(flavor = "multi_thread")]
async fn tables_that_somebody_reads_are_exchanged_when_he_has_done() {
    static OTHER: Schema = Schema { name: "diary_new", ..VIEW };
    let Some(server) = postgres::shared().unwrap() else { return };
    let name = server.create_database_named().await.unwrap();
    let store = node(&server.url(&name)).await;
    store.prepare(&[&VIEW, &OTHER]).await.unwrap();
    store.commit(0, vec![notes(0, 0, 1)]).await.unwrap();
    let other = ViewCommit { view: OTHER.id(), ..ViewCommit::new(OTHER.id(), None, at(1)) };
    store.commit(0, vec![other]).await.unwrap();
    let mut console = server.connect(&name).await.unwrap();
    console.execute("BEGIN; SELECT FROM snaglog_views.diary_v1_notes").await.unwrap();

    let count = async || store.query(VIEW.id(), vec![Select::from(&NOTES, 10)]).await.unwrap().rows[0].len();
    let (swapped, ()) = tokio::join!(store.swap(&VIEW, &OTHER), async {
        for _ in 0..20 {
            assert_eq!(count().await, 1, "it is read as ever");
        }
    });
    let Err(SwapError::Failed(StoreError::Unavailable { reason })) = swapped else { panic!("{swapped:?}") };
    assert!(reason.contains("pg_stat_activity"), "{reason}");

    let (swapped, ended) = tokio::join!(store.swap(&VIEW, &OTHER), async {
        assert_eq!(count().await, 1);
        console.execute("COMMIT").await
    });
    ended.unwrap();
    swapped.unwrap();
    assert_eq!(count().await, 0, "the other's rows are here now");
}

#[tokio::test]
async fn a_schema_of_something_else_is_left_alone() {
    let Some(server) = postgres::shared().unwrap() else { return };
    let name = server.create_database_named().await.unwrap();
    let mut other = server.connect(&name).await.unwrap();
    other.execute("CREATE SCHEMA recipes; CREATE TABLE recipes.cakes (cake text)").await.unwrap();
    let refused = PostgresViews::open(&format!("{}&schema=recipes", server.url(&name)), &Options::default()).await;
    let refused = refused.unwrap_err();
    assert!(matches!(refused, OpenError::Unfit { .. }), "{refused:?}");
    assert!(
        refused.to_string().ends_with("the schema recipes holds something else: name another by ?schema="),
        "{refused}"
    );
}

#[tokio::test]
async fn a_schema_of_a_newer_version_is_refused() {
    let Some(server) = postgres::shared().unwrap() else { return };
    let name = server.create_database_named().await.unwrap();
    drop(node(&server.url(&name)).await);
    let mut newer = server.connect(&name).await.unwrap();
    let version = "INSERT INTO snaglog_views._sqlx_migrations (version, description, success, checksum, execution_time) \
         VALUES (99, 'newer', true, '', 0)";
    newer.execute(version).await.unwrap();
    let refused = PostgresViews::open(&server.url(&name), &Options::default()).await.unwrap_err();
    assert!(matches!(refused, OpenError::UpgradeNeeded { .. }), "{refused:?}");
}
