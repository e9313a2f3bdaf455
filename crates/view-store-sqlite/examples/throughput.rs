//! How many rows a second the store takes: `cargo run --release -p view-store-sqlite --example throughput [ROWS]`.
//!
//! A table of 30 columns with 4 indexes, and counters beside it. Rows are inserted, rewritten all over the table, and rewritten
//! among the latest; in batches of one partition after the other, and from eight runners at once.

#![expect(clippy::cast_precision_loss, reason = "rows and microseconds are shown rounded")]

use std::sync::Arc;
use std::time::Instant;

use view_store::{Checkpoint, Schema, ViewCommit, ViewStore};
use view_store_sqlite::SqliteViews;
use views::row::{Change, Condition, Key, Row, Select, Value};
use views::table::{Column, Direction, Index, Table};

const TEXTS: [&str; 10] = ["t0", "t1", "t2", "t3", "t4", "t5", "t6", "t7", "t8", "t9"];
const NUMBERS: [&str; 18] = [
    "n0", "n1", "n2", "n3", "n4", "n5", "n6", "n7", "n8", "n9", "n10", "n11", "n12", "n13", "n14", "n15", "n16", "n17",
];
const STATES: [&str; 5] = ["new", "accepted", "resolved", "verified", "closed"];
const AGENT: &str = "0191b0e0-7c3e-7000-8000-000000000001";

fn schema() -> (&'static Schema, &'static Table, &'static Table) {
    use Direction::{Asc, Desc};
    let mut columns = vec![Column::text("project", ""), Column::integer("ordinal", "")];
    columns.extend(TEXTS.map(|name| Column::text(name, "").nullable()));
    columns.extend(NUMBERS.map(|name| Column::integer(name, "").nullable()));
    let issues: &Table = Box::leak(Box::new(Table {
        name: "issues",
        comment: "",
        columns: columns.leak(),
        key: &["project", "ordinal"],
        indexes: &[
            Index { columns: &[("project", Asc), ("t0", Asc), ("n0", Desc)] },
            Index { columns: &[("project", Asc), ("t1", Asc), ("n1", Asc)] },
            Index { columns: &[("project", Asc), ("n2", Desc)] },
            Index { columns: &[("project", Asc), ("t2", Asc), ("t3", Asc)] },
        ],
    }));
    let counts: &Table = Box::leak(Box::new(Table {
        name: "counts",
        comment: "",
        columns: const { &[Column::text("project", ""), Column::text("state", ""), Column::integer("open", "")] },
        key: &["project", "state"],
        indexes: &[],
    }));
    let schema = Schema { name: "issues", version: 1, tables: vec![issues, counts].leak() };
    (Box::leak(Box::new(schema)), issues, counts)
}

type Outcome<T> = std::result::Result<T, Box<dyn std::error::Error + Send + Sync>>;

struct Load {
    store: Arc<SqliteViews>,
    schema: &'static Schema,
    issues: &'static Table,
    counts: &'static Table,
}

impl Load {
    fn row(&self, project: &str, ordinal: u64, step: u64) -> Result<Row, views::row::RowError> {
        let mut row = Vec::with_capacity(30);
        row.extend([Value::from(project), Value::from(ordinal)]);
        let state = STATES[(mix(step) % 5) as usize];
        let fixed = ["sev2", "checkout", "team-a", "The payment page is blank after login with SSO"];
        row.extend([state].into_iter().chain(fixed).chain([AGENT; 5]).map(Value::from));
        row.extend([ordinal, ordinal, step].map(Value::from));
        row.extend((0..15).map(|n| Value::from(mix(step + n) % 100_000)));
        Row::new(self.issues, row)
    }

    /// Commits the rows in batches to the partition; answers rows a second.
    async fn run(&self, partition: u32, batch: u64, keys: &[u64]) -> Outcome<()> {
        let project = format!("P{partition}");
        let mut expected = self.store.checkpoint(self.schema.id(), partition).await?;
        for keys in keys.chunks(usize::try_from(batch)?) {
            let position = expected.map_or(0, |found| found.position);
            let named = keys.iter().map(|key| Key::new([Value::from(project.as_str()), Value::from(*key)]));
            self.store.load(self.schema.id(), self.issues, named.collect()).await?;
            let mut changes = Vec::new();
            for (step, key) in (position..).zip(keys) {
                changes.push(Change::Upsert(self.row(&project, *key, step)?));
                let state = Key::new([Value::from(project.as_str()), Value::from(STATES[(mix(step) % 5) as usize])]);
                changes.push(Change::Add { table: self.counts, key: state, deltas: vec![("open", 1)] });
            }
            let new = Checkpoint { position: position + keys.len() as u64, leaf: [0; 32] };
            let commit = ViewCommit { changes, ..ViewCommit::new(self.schema.id(), expected, new) };
            self.store.commit(partition, vec![commit]).await?;
            expected = Some(new);
        }
        Ok(())
    }
}

fn mix(n: u64) -> u64 {
    let n = (n ^ (n >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    (n ^ (n >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB) >> 7
}

fn report(what: &str, rows: usize, since: Instant) {
    let seconds = since.elapsed().as_secs_f64();
    println!("{what:42} {:>9.0} rows/s", rows as f64 / seconds);
}

#[tokio::main]
async fn main() -> Outcome<()> {
    let rows: u64 = std::env::args().nth(1).map_or(Ok(200_000), |rows| rows.parse())?;
    let folder = tempfile::tempdir()?;
    let (schema, issues, counts) = schema();
    let store = Arc::new(SqliteViews::open(folder.path().join("views.db"))?);
    store.prepare(&[schema]).await?;
    let load = Arc::new(Load { store: Arc::clone(&store), schema, issues, counts });

    let all: Vec<u64> = (0..rows).collect();
    let anywhere: Vec<u64> = (0..rows / 4).map(|n| mix(n) % rows).collect();
    let latest: Vec<u64> = (0..rows).map(|n| rows - 1 - mix(n) % 1000).collect();
    for (what, batch, keys) in [
        ("insert, batches of 500", 500, &all),
        ("rewrite anywhere, batches of 500", 500, &anywhere),
        ("rewrite the latest 1000, batches of 500", 500, &latest),
        ("rewrite the latest 1000, batches of 64", 64, &latest),
        ("rewrite the latest 1000, batches of 8", 8, &latest[..latest.len() / 8].to_vec()),
        ("rewrite the latest 1000, batches of 1", 1, &latest[..latest.len() / 32].to_vec()),
    ] {
        let begun = Instant::now();
        load.run(0, batch, keys).await?;
        report(what, keys.len(), begun);
    }
    for batch in [64, 8, 1] {
        let begun = Instant::now();
        let keys: Vec<u64> = (0..5000 * batch.min(4)).map(|n| mix(n) % 1000).collect();
        let runners: Vec<_> = (1..=8)
            .map(|partition| {
                let (load, keys) = (Arc::clone(&load), keys.clone());
                tokio::spawn(async move { load.run(partition, batch, &keys).await })
            })
            .collect();
        for runner in runners {
            runner.await??;
        }
        report(&format!("8 partitions at once, batches of {batch}"), keys.len() * 8, begun);
    }
    read(&load, rows).await?;
    let begun = Instant::now();
    store.reset(schema).await?;
    println!("reset: {:.0} ms", begun.elapsed().as_secs_f64() * 1e3);
    Ok(())
}

async fn read(load: &Load, rows: u64) -> Outcome<()> {
    const READS: u64 = 5000;
    let begun = Instant::now();
    for n in 0..READS {
        let one = Select::from(load.issues, 1)
            .filter(Condition::Equal("project", Value::from("P0")))
            .filter(Condition::Equal("ordinal", Value::from(mix(n) % rows)));
        load.store.query(load.schema.id(), vec![one]).await?;
    }
    println!("one row: {:.0} µs", begun.elapsed().as_secs_f64() * 1e6 / READS as f64);
    let begun = Instant::now();
    let mut cursor = None;
    for _ in 0..READS / 10 {
        let page = Select::from(load.issues, 50)
            .filter(Condition::Equal("project", Value::from("P0")))
            .filter(Condition::Equal("t0", Value::from("closed")))
            .order("n0", Direction::Desc)
            .after(cursor.clone());
        let answer = load.store.query(load.schema.id(), vec![page.clone()]).await?;
        cursor = answer.rows[0].last().map(|last| page.cursor(last)).transpose()?;
    }
    println!("a page of 50, at any depth: {:.0} µs", begun.elapsed().as_secs_f64() * 1e6 / (READS / 10) as f64);
    Ok(())
}
