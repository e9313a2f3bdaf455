//! In which order the writer works is seen only from inside.

use views::table::{Column, Table};

use super::*;

static NOTES: Table = Table {
    name: "notes",
    comment: "One row a note.",
    columns: &[Column::text("title", "Its own.")],
    key: &["title"],
    indexes: &[],
};
static DIARY: Schema = Schema { name: "diary", version: 1, tables: &[&NOTES] };

#[test]
fn jobs_go_before_what_is_to_be_dropped_and_whoever_stops_does_not_wait_for_it() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("views.db");
    let mut connection = open::writer(&path).expect("a new file");
    tables::prepare(&mut connection, &[&DIARY]).expect("new tables");
    tables::remove(&mut connection, DIARY.id()).expect("they are discarded");
    let (give, queue) = mpsc::channel(1);
    let (answer, mut answered) = oneshot::channel();
    assert!(give.try_send(Job::Join(answer)).is_ok(), "there is room");
    drop(give);

    let timer = Builder::new_current_thread().enable_time().build().expect("a timer");
    run(&timer, connection, queue, &Shared::default(), WriteAheadLog::of(&path, u64::MAX));

    assert!(answered.try_recv().is_ok(), "the job that waited is done");
    let left = "SELECT count(*) FROM sqlite_schema WHERE name GLOB 'snaglog_discarded_*'";
    let left = open::reader(&path).expect("our file").query_row(left, [], |row| row.get::<_, u32>(0));
    assert_eq!(left, Ok(1), "neither the job nor the end waited for it to be dropped");
}
