//! What can be seen only from inside: plans, locks, and a disk that is full.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;

use view_store::paging::ranges;
use views::row::{Change, Condition, Cursor, Value};
use views::table::{Column, Direction, Index};

use super::*;
use crate::select::text;

static CARDS: Table = Table {
    name: "cards",
    comment: "One row\nan issue.",
    columns: &[
        Column::text("project", "Its project."),
        Column::integer("ordinal", "Its number."),
        Column::text("state", "Where it stands."),
        Column::timestamp("filed_at", "When it was filed."),
        Column::integer("severity", "1 is the worst.").nullable(),
        Column::text("text", "Long."),
    ],
    key: &["project", "ordinal"],
    indexes: &[
        Index { columns: &[("project", Direction::Asc), ("state", Direction::Asc), ("filed_at", Direction::Desc)] },
        Index { columns: &[("project", Direction::Asc), ("severity", Direction::Asc)] },
    ],
};
static BOARD: Schema = Schema { name: "board", version: 1, tables: &[&CARDS] };

async fn opened(folder: &tempfile::TempDir) -> SqliteViews {
    let store = SqliteViews::open(folder.path().join("views.db")).expect("a new file");
    store.prepare(&[&BOARD]).await.expect("new tables");
    store
}

/// Writes these cards, from one position to the next.
fn cards(from: u64, rows: std::ops::Range<i64>) -> ViewCommit {
    let at = |position| Checkpoint { position, leaf: [0; 32] };
    let card = |ordinal| {
        let row = Row::empty(&CARDS).with("project", "PAY")?.with("ordinal", ordinal)?;
        row.with("severity", ordinal % 3)?.with("text", format!("{from} {ordinal}").repeat(100)).map(Change::Upsert)
    };
    let changes = rows.map(card).collect::<Result<_, _>>().expect("each fits its table");
    ViewCommit { changes, ..ViewCommit::new(BOARD.id(), (from > 0).then(|| at(from)), at(from + 1)) }
}

#[tokio::test]
async fn a_page_is_read_by_an_index_whatever_the_direction() {
    use Direction::{Asc, Desc};
    let folder = tempfile::tempdir().expect("a temporary folder");
    let store = opened(&folder).await;
    let of_project = Select::from(&CARDS, 50).filter(Condition::Equal("project", Value::from("PAY")));
    let in_state = of_project.clone().filter(Condition::Equal("state", Value::from("new")));
    let after = |first: Value| vec![first, Value::from("PAY"), Value::Integer(7)];
    for (select, cursor) in [
        (of_project.clone(), vec![Value::from("PAY"), Value::Integer(7)]),
        (in_state.clone().order("filed_at", Desc), after(Value::Timestamp(5))),
        (in_state.order("filed_at", Asc), after(Value::Timestamp(5))),
        (of_project.clone().order("severity", Desc), after(Value::Integer(2))),
        (of_project.order("severity", Asc), after(Value::Null)),
    ] {
        for select in [select.clone(), select.after(Some(Cursor(cursor)))] {
            for range in ranges(&select) {
                let view = store.view(BOARD.id()).expect("it is prepared");
                let (sql, _) = text(view.table(&CARDS).expect("its table").1, &range, false, None);
                let plan = plan(&store, sql.clone()).await;
                assert!(plan.contains("SEARCH") && !plan.contains("TEMP B-TREE"), "{sql}\n{plan}");
            }
        }
    }
}

/// How SQLite reads it.
pub(super) async fn plan(store: &SqliteViews, sql: String) -> String {
    let read = store.queries.read(move |connection| {
        let mut statement = connection.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).map_err(fault)?;
        let mut steps = statement.raw_query();
        let mut plan = String::new();
        while let Some(step) = steps.next().map_err(fault)? {
            plan.push_str(&step.get::<_, String>(3).map_err(fault)?);
            plan.push('\n');
        }
        Ok(plan)
    });
    read.await.expect("a plan")
}

#[tokio::test]
async fn a_reader_in_the_middle_holds_up_no_commit() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let store = opened(&folder).await;
    store.commit(0, vec![cards(0, 0..10)]).await.expect("the first commit");
    let (begun, has_begun) = mpsc::channel();
    let (go_on, may_go_on) = mpsc::channel::<()>();
    let (readers, view) = (Arc::clone(&store.queries), store.view(BOARD.id()).expect("it is prepared"));
    let slow = tokio::spawn(async move {
        let read = move |connection: &Connection| {
            let before = answer(connection, &view, &[Select::from(&CARDS, 100)])?;
            begun.send(()).expect("the test waits");
            may_go_on.recv().expect("the test says so");
            Ok((before, answer(connection, &view, &[Select::from(&CARDS, 100)])?))
        };
        readers.read(read).await
    });
    tokio::task::spawn_blocking(move || has_begun.recv()).await.expect("no panic").expect("the reader has begun");
    for from in 1..50 {
        store.commit(0, vec![cards(from, 0..20)]).await.expect("no commit waits for the reader");
    }
    let meanwhile = store.checkpoint(BOARD.id(), 0).await.expect("other readers read on");
    assert_eq!(meanwhile.map(|found| found.position), Some(50));
    go_on.send(()).expect("the reader waits");
    let (before, after) = slow.await.expect("no panic").expect("an answer");
    assert_eq!(before, after, "the reader saw one moment");
    assert_eq!(after.checkpoints[&0].position, 1);
}

/// Takes minutes.
const LONG: &str =
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 1000000000) SELECT sum(i % 2) FROM n";

#[tokio::test]
async fn a_query_whose_caller_left_makes_room() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let store = opened(&folder).await;
    let (begun, has_begun) = mpsc::channel();
    let gate = Arc::new(tokio::sync::Mutex::new(()));
    let callers_stay = gate.lock().await;
    let all: Vec<_> = (0..QUERIES)
        .map(|which| {
            let (readers, begun, gate) = (Arc::clone(&store.queries), begun.clone(), Arc::clone(&gate));
            let read = move |connection: &Connection| {
                begun.send(()).expect("the test waits");
                // Every other one is between two statements while its caller leaves.
                if which % 2 == 0 {
                    drop(gate.blocking_lock());
                }
                connection.query_row(LONG, [], |row| row.get::<_, i64>(0)).map_err(fault)
            };
            tokio::spawn(async move { readers.read(read).await })
        })
        .collect();
    let all_have_begun = move || (0..QUERIES).try_for_each(|_| has_begun.recv());
    tokio::task::spawn_blocking(all_have_begun).await.expect("no panic").expect("they have begun");
    store.load(BOARD.id(), &CARDS, vec![Row::empty(&CARDS).key()]).await.expect("loads have connections of their own");
    for query in all {
        query.abort();
        assert!(query.await.is_err_and(|error| error.is_cancelled()), "it was ended halfway");
    }
    drop(callers_stay);
    let freed = async {
        while store.queries.stats("query").used > 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), freed).await.expect("nobody's queries end");
    let answer = store.query(BOARD.id(), vec![Select::from(&CARDS, 10)]).await;
    answer.expect("an answer, by a connection that was freed");
}

#[tokio::test]
async fn a_full_disk_is_said_and_what_was_committed_stays() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("views.db");
    let connection = open::writer(&path).expect("a new file");
    connection.pragma_update(None, "max_page_count", 40).expect("a disk of 40 pages");
    let store = SqliteViews::on(connection, &path, WAL_BYTES_MAX).expect("a store on it");
    store.prepare(&[&BOARD]).await.expect("new tables");
    let mut position = 0_u64;
    let full = loop {
        let first = position.cast_signed() * 20;
        match store.commit(0, vec![cards(position, first..first + 20)]).await {
            Ok(()) => position += 1,
            Err(error) => break error,
        }
    };
    let said = matches!(&full, CommitError::Failed(StoreError::Unavailable { reason }) if reason.contains("full"));
    assert!(said, "a full disk was answered {full:?}");
    let answer = store.query(BOARD.id(), vec![Select::from(&CARDS, 1000)]).await.expect("reading goes on");
    assert_eq!(answer.checkpoints[&0].position, position);
    assert_eq!(answer.rows[0].len() as u64, position * 20, "all that was committed, and nothing of the last");
}

#[tokio::test]
async fn readers_that_never_rest_do_not_let_the_write_ahead_log_grow() {
    const BOUND: u64 = 8 << 20;
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("views.db");
    let store = SqliteViews::on(open::writer(&path).expect("a new file"), &path, BOUND).expect("a store");
    store.prepare(&[&BOARD]).await.expect("new tables");
    let stop = Arc::new(AtomicBool::new(false));
    let readers = never_without_a_reader(&path, &stop);
    let mut most = 0;
    for from in 0..40 {
        store.commit(0, vec![cards(from, 0..1000)]).await.expect("a commit");
        let length = std::fs::metadata(folder.path().join("views.db-wal")).expect("it is there").len();
        most = most.max(length);
    }
    stop.store(true, Ordering::Relaxed);
    for reader in readers {
        reader.join().expect("no panic");
    }
    // Forty commits of more than a megabyte each; one may begin just below the bound.
    assert!(most < 2 * BOUND, "the write-ahead log came to {most} bytes");
}

/// Two readers, each of which ends only after the other has begun anew.
fn never_without_a_reader(path: &Path, stop: &Arc<AtomicBool>) -> [std::thread::JoinHandle<()>; 2] {
    let (to_one, one) = mpsc::channel();
    let (to_other, other) = mpsc::channel();
    to_one.send(()).expect("it is there");
    [(one, to_other), (other, to_one)].map(|(my_turn, others_turn)| {
        let (connection, stop) = (open::reader(path).expect("our file"), Arc::clone(stop));
        std::thread::spawn(move || {
            while my_turn.recv().is_ok() {
                let transaction = connection.unchecked_transaction().expect("a read");
                apply::checkpoints(&transaction, BOARD.id()).expect("checkpoints");
                if stop.load(Ordering::Relaxed) || others_turn.send(()).is_err() || my_turn.recv().is_err() {
                    break;
                }
                transaction.finish().expect("nothing to keep");
                if others_turn.send(()).is_err() {
                    break;
                }
            }
        })
    })
}

#[test]
fn the_tables_can_be_read_by_others() {
    let expected = r#"CREATE TABLE "board_v1_cards" ( -- One row an issue.
  "project" TEXT NOT NULL, -- Its project.
  "ordinal" INTEGER NOT NULL, -- Its number.
  "state" TEXT NOT NULL, -- Where it stands.
  "filed_at" INTEGER NOT NULL, -- When it was filed. (microseconds since 1970, UTC)
  "severity" INTEGER, -- 1 is the worst.
  "text" TEXT NOT NULL, -- Long.
  PRIMARY KEY ("project", "ordinal")
) STRICT;
CREATE INDEX "board_v1_cards_0" ON "board_v1_cards" ("project" ASC, "state" ASC, "filed_at" DESC, "ordinal" DESC);
CREATE INDEX "board_v1_cards_1" ON "board_v1_cards" ("project" ASC, "severity" ASC, "ordinal" ASC);
"#;
    assert_eq!(crate::ddl::create(&BOARD, ""), expected);
}

#[test]
fn comments_are_no_part_of_the_shape() {
    static OTHER_WORDS: Table = Table { comment: "Issues, a row each -- more or less.", ..CARDS };
    static OTHER: Schema = Schema { tables: &[&OTHER_WORDS], ..BOARD };
    assert_eq!(crate::ddl::shape(&OTHER), crate::ddl::shape(&BOARD));
    assert!(!crate::ddl::shape(&BOARD).contains("--"));
}
