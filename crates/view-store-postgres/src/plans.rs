//! What can be seen only from inside: how PostgreSQL finds rows.

use sqlx::{AssertSqlSafe, Executor as _, PgConnection, Row as _};
use test_servers::postgres;
use view_store::paging::ranges;
use views::row::{Condition, Cursor, Select, Sought, Term, Value};
use views::table::{Column, Direction, Index, Schema, Table};

use crate::ddl;
use crate::select::{Parameter, text};
use crate::sql::Book;

pub(crate) static TEXTS: Table = Table {
    name: "texts",
    comment: "One row an issue.",
    columns: &[
        Column::text("project", "Its project."),
        Column::integer("ordinal", "Its number."),
        Column::text("state", "Where it stands."),
        Column::timestamp("filed_at", "When it was filed."),
        Column::integer("severity", "1 is the worst.").nullable(),
        Column::words("title", "Words of its title."),
        Column::words("body", "Words of all else."),
    ],
    key: &["project", "ordinal"],
    indexes: &[
        Index { columns: &[("project", Direction::Asc), ("state", Direction::Asc), ("filed_at", Direction::Desc)] },
        Index { columns: &[("project", Direction::Asc), ("severity", Direction::Asc)] },
    ],
};
static SEARCH: Schema = Schema { name: "search", version: 1, tables: &[&TEXTS] };

/// Two projects of 20,000 issues: all say `pay`, one in 5,000 says `kettle`; in the project OPS all say `router`, in PAY one does.
const FILL: &str = "INSERT INTO search_v1_texts (project, ordinal, state, filed_at, severity, title, body) \
     SELECT project, n, CASE WHEN n % 20 = 0 THEN 'new' ELSE 'closed' END, to_timestamp(n), n % 3, 'pay ' || n, \
     CASE WHEN n % 5000 = 7 THEN 'kettle twice' ELSE 'twice' END || \
     CASE WHEN project = 'OPS' OR n = 9 THEN ' router' ELSE '' END \
     FROM generate_series(1, 20000) AS n, unnest(ARRAY['PAY', 'OPS']) AS project";
/// As autovacuum does in time: what was added goes into the indexes, and it is known how common what is.
const TEND: &str = "VACUUM (ANALYZE) search_v1_texts";

/// The filled table, where there is a server.
async fn filled() -> Option<PgConnection> {
    let server = postgres::shared().expect("it starts")?;
    let name = server.create_database_named().await.expect("a database");
    let mut connection = server.connect(&name).await.expect("a connection");
    for statement in [ddl::create(&SEARCH), FILL.to_owned(), TEND.to_owned()] {
        connection.execute(AssertSqlSafe(statement)).await.expect("it is SQL");
    }
    Some(connection)
}

/// How PostgreSQL reads the select, range by range.
async fn plans(connection: &mut PgConnection, select: &Select) -> Vec<String> {
    let mut book = Book::default();
    book.insert(&SEARCH);
    let view = book.get(SEARCH.id()).expect("it is there");
    let mut plans = Vec::new();
    for range in ranges(select) {
        let (sql, parameters) =
            text(view.table(&TEXTS).expect("its table"), select, &range.filter, None, select.limit.into());
        let mut query = sqlx::query(AssertSqlSafe(format!("EXPLAIN {sql}"))).persistent(false);
        for parameter in parameters {
            query = match parameter {
                Parameter::One(one) => query.bind(one),
                Parameter::Many(many) => query.bind(many),
                Parameter::Text(text) => query.bind(text),
                Parameter::Rows(rows) => query.bind(rows),
            };
        }
        let lines = query.fetch_all(&mut *connection).await.expect("a plan");
        plans.push(lines.iter().map(|line| line.get::<String, _>(0) + "\n").collect());
    }
    plans
}

fn of_pay() -> Select {
    Select::from(&TEXTS, 50).filter(Condition::Equal("project", Value::from("PAY")))
}

fn seek(token: &str) -> Select {
    let term = Term { column: None, tokens: vec![token.into()], prefix: false };
    of_pay().order("ordinal", Direction::Desc).seek(Sought { all: vec![term], none: Vec::new() })
}

#[tokio::test]
async fn a_page_is_read_by_an_index_whatever_the_direction() {
    use Direction::{Asc, Desc};
    let Some(mut connection) = filled().await else { return };
    let in_state = of_pay().filter(Condition::Equal("state", Value::from("new")));
    let after = |first: Value| vec![first, Value::from("PAY"), Value::Integer(7)];
    for (select, cursor) in [
        (of_pay(), vec![Value::from("PAY"), Value::Integer(7)]),
        (in_state.clone().order("filed_at", Desc), after(Value::Timestamp(5_000_000))),
        (in_state.order("filed_at", Asc), after(Value::Timestamp(5_000_000))),
        (of_pay().order("severity", Desc), after(Value::Integer(2))),
        (of_pay().order("severity", Asc), after(Value::Null)),
    ] {
        for select in [select.clone(), select.after(Some(Cursor(cursor)))] {
            for plan in plans(&mut connection, &select).await {
                assert!(plan.contains("Index Scan") && !plan.contains("Sort") && !plan.contains("Seq Scan"), "{plan}");
            }
        }
    }
}

#[tokio::test]
async fn a_rare_word_is_found_by_its_index_and_a_common_one_from_the_newest_on() {
    let Some(mut connection) = filled().await else { return };
    for token in ["kettle", "19997"] {
        let plan = plans(&mut connection, &seek(token)).await.concat();
        assert!(plan.contains("Bitmap Index Scan on search_v1_texts_snaglog_tokens_idx"), "{token}\n{plan}");
    }
    // Rare here, and common elsewhere.
    let plan = plans(&mut connection, &seek("router")).await.concat();
    assert!(plan.contains("Bitmap Index Scan on search_v1_texts_snaglog_tokens_idx"), "{plan}");
    let plan = plans(&mut connection, &seek("pay")).await.concat();
    assert!(plan.contains("Index Scan Backward using search_v1_texts_pkey") && !plan.contains("Sort"), "{plan}");
}
