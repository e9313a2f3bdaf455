//! Tables with words: an index of FTS5 beside the table, and the words themselves in a table between the two.
//!
//! A row's `words_id` is the number of its scope (the key's first column), then the key's number in the lower [`NUMBER_BITS`]
//! bits. FTS5 keeps what it finds of a word in the order of its row ids: so a scope is one range of them, passed from its newest
//! end, and a search costs what it reads however much there is outside of that range.
//!
//! The tokenizer `ascii` takes letters, digits and whatever is not ASCII for parts of a token: all that our tokens and
//! [`BREAK`](views::row::BREAK) are made of. It lowers ASCII letters, which are lower-case already.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use rusqlite::Connection;
use views::row::{Condition, NUMBER_MAX, Row, Sought, Term, Value};
use views::table::{Column, Kind, Table};

use crate::ddl::{list, one_line, quoted};
use crate::value::{bind, bind_all, same};

/// So many bits of a `words_id` are the key's number.
const NUMBER_BITS: u32 = 40;
const _: () = assert!(NUMBER_MAX < 1 << NUMBER_BITS);
/// The column that ties a row to its words.
pub(crate) const ID: &str = "words_id";

/// The names of the tables beside a table with words; none of one without.
pub(crate) fn beside(table: &Table, name: &str) -> Vec<String> {
    let has_words = table.words().next().is_some();
    ["scopes", "words", "index"].into_iter().filter(|_| has_words).map(|what| format!("{name}_{what}")).collect()
}

/// The statements that make them.
pub(crate) fn create(table: &Table, name: &str) -> String {
    let Ok([scopes, words, index]) = <[String; 3]>::try_from(beside(table, name)) else {
        return String::new();
    };
    let columns: Vec<_> = table.words().map(|column| column.name).collect();
    let mut ddl = format!(
        "CREATE TABLE {} ( -- Numbers of what words are sought within.\n  number INTEGER PRIMARY KEY, -- the first bits of each `words_id` within it\n  scope TEXT NOT NULL UNIQUE -- what it is: a value of the key's first column\n) STRICT;\n",
        quoted(&scopes)
    );
    let _ = writeln!(
        ddl,
        "CREATE TABLE {} ( -- A row's words.\n  {ID} INTEGER PRIMARY KEY, -- the row's own",
        quoted(&words)
    );
    for (at, column) in table.words().enumerate() {
        let comma = if at + 1 < columns.len() { "," } else { "" };
        let _ = writeln!(ddl, "  {} TEXT NOT NULL{comma} -- {}", quoted(column.name), one_line(column.comment));
    }
    let _ = writeln!(
        ddl,
        ") STRICT;\nCREATE VIRTUAL TABLE {} USING fts5({}, content='', contentless_delete=1, tokenize='ascii');",
        quoted(&index),
        list(columns.iter().copied()),
    );
    ddl
}

/// The statements of a table with words. Parameters are numbered by the column's place in the row, from 1, or by the key's; the
/// one after the last is the id.
#[derive(Debug)]
pub(crate) struct WordsSql {
    table: &'static Table,
    /// Places of the columns of words.
    places: Vec<usize>,
    scope: String,
    add_scope: String,
    id: String,
    insert: String,
    update: String,
    delete: String,
    stored: String,
    put: String,
    remove: String,
    add_index: String,
    unindex: String,
    /// The table with its words.
    pub(crate) joined: String,
    /// The index, then the table.
    seek: String,
    /// The index, then the table with its words.
    seek_joined: String,
    index_name: String,
    /// All columns in order, those of words empty.
    pub(crate) columns: String,
    /// All columns in order.
    pub(crate) columns_joined: String,
}

impl WordsSql {
    /// `None`: the table has no words.
    pub(crate) fn new(table: &'static Table, name: &str, by_key: &str) -> Option<Self> {
        let [scopes, words, index] = <[String; 3]>::try_from(beside(table, name)).ok()?;
        let (name, scopes, words, index) = (quoted(name), quoted(&scopes), quoted(&words), quoted(&index));
        let is_words = |at: &usize| table.columns[*at].kind == Kind::Words;
        let places: Vec<_> = (0..table.columns.len()).filter(is_words).collect();
        let id = table.columns.len() + 1;
        let rest: Vec<_> = (0..table.columns.len()).filter(|at| !is_words(at)).collect();
        let names = |places: &[usize]| list(places.iter().map(|at| table.columns[*at].name));
        let parameters =
            |places: &[usize]| places.iter().map(|at| format!("?{}", at + 1)).collect::<Vec<_>>().join(", ");
        let set = rest.iter().filter(|at| !table.in_key(table.columns[**at].name));
        let set: Vec<_> = set.map(|at| format!("{} = ?{}", quoted(table.columns[*at].name), at + 1)).collect();
        let set = if set.is_empty() { format!("{ID} = {ID}") } else { set.join(", ") };
        Some(Self {
            table,
            scope: format!("SELECT number FROM {scopes} WHERE scope = ?"),
            add_scope: format!("INSERT INTO {scopes} (scope) VALUES (?) RETURNING number"),
            id: format!("SELECT {ID} FROM {name} WHERE {by_key}"),
            insert: format!(
                "INSERT INTO {name} ({}, {ID}) VALUES ({}, ?{id}) ON CONFLICT ({}) DO NOTHING",
                names(&rest),
                parameters(&rest),
                list(table.key.iter().copied()),
            ),
            update: format!("UPDATE {name} SET {set} WHERE {ID} = ?{id}"),
            delete: format!("DELETE FROM {name} WHERE {ID} = ?"),
            stored: format!("SELECT {} FROM {words} WHERE {ID} = ?", names(&places)),
            put: format!(
                "INSERT OR REPLACE INTO {words} ({}, {ID}) VALUES ({}, ?{id})",
                names(&places),
                parameters(&places)
            ),
            remove: format!("DELETE FROM {words} WHERE {ID} = ?"),
            add_index: format!(
                "INSERT INTO {index} ({}, rowid) VALUES ({}, ?{id})",
                names(&places),
                parameters(&places)
            ),
            unindex: format!("DELETE FROM {index} WHERE rowid = ?"),
            joined: format!("{name} JOIN {words} USING ({ID})"),
            seek: format!("{index} CROSS JOIN {name} ON {name}.{ID} = {index}.rowid"),
            seek_joined: format!("{index} CROSS JOIN {name} ON {name}.{ID} = {index}.rowid JOIN {words} USING ({ID})"),
            columns: columns(table, None),
            columns_joined: columns(table, Some(&words)),
            index_name: index,
            places,
        })
    }

    /// Writes a row and its words. What is to be indexed anew goes to `pending`, as of this change.
    pub(crate) fn upsert(
        &self,
        connection: &Connection,
        row: &Row,
        change: usize,
        pending: &mut Pending,
    ) -> rusqlite::Result<()> {
        let Some(id) = self.id_of(connection, row.key().values())? else {
            return self.insert(connection, row, change, pending).map(drop);
        };
        self.write_rest(connection, &self.update, id, row)?;
        if !self.same_words(connection, id, row)? {
            self.write_words(connection, &self.put, id, row)?;
            pending.put(id, row, change, true);
        }
        Ok(())
    }

    /// [`Self::upsert`] of a row that is not there. `false`: it is; nothing is written.
    pub(crate) fn insert(
        &self,
        connection: &Connection,
        row: &Row,
        change: usize,
        pending: &mut Pending,
    ) -> rusqlite::Result<bool> {
        let id = self.new_id(connection, row.key().values())?;
        if self.write_rest(connection, &self.insert, id, row)? == 0 {
            return Ok(false);
        }
        self.write_words(connection, &self.put, id, row)?;
        pending.put(id, row, change, false);
        Ok(true)
    }

    /// Writes all but the words; says how many rows that were.
    fn write_rest(&self, connection: &Connection, text: &str, id: i64, row: &Row) -> rusqlite::Result<usize> {
        let mut statement = connection.prepare_cached(text)?;
        for (at, value) in row.values().iter().enumerate().filter(|(at, _)| !self.places.contains(at)) {
            bind(&mut statement, at + 1, value)?;
        }
        statement.raw_bind_parameter(self.table.columns.len() + 1, id)?;
        statement.raw_execute()
    }

    /// Away with a row and its words.
    pub(crate) fn delete(
        &self,
        connection: &Connection,
        key: &[Value],
        change: usize,
        pending: &mut Pending,
    ) -> rusqlite::Result<()> {
        let Some(id) = self.id_of(connection, key)? else {
            return Ok(());
        };
        for text in [&self.delete, &self.remove] {
            connection.prepare_cached(text)?.execute([id])?;
        }
        pending.0.entry(id).or_insert(Waiting { change, indexed: true, row: None }).row = None;
        Ok(())
    }

    /// Indexes what waits. `Err` says which change it was.
    pub(crate) fn index(&self, connection: &Connection, pending: &Pending) -> Result<(), (usize, rusqlite::Error)> {
        for (id, waiting) in pending.0.iter().filter(|(_, waiting)| waiting.indexed) {
            let unindex = || connection.prepare_cached(&self.unindex)?.execute([id]);
            unindex().map_err(|error| (waiting.change, error))?;
        }
        for (id, waiting) in &pending.0 {
            let Some(row) = &waiting.row else { continue };
            self.write_words(connection, &self.add_index, *id, row).map_err(|error| (waiting.change, error))?;
        }
        Ok(())
    }

    fn write_words(&self, connection: &Connection, text: &str, id: i64, row: &Row) -> rusqlite::Result<()> {
        let mut statement = connection.prepare_cached(text)?;
        for at in &self.places {
            bind(&mut statement, at + 1, &row.values()[*at])?;
        }
        statement.raw_bind_parameter(self.table.columns.len() + 1, id)?;
        statement.raw_execute().map(drop)
    }

    fn same_words(&self, connection: &Connection, id: i64, row: &Row) -> rusqlite::Result<bool> {
        let mut statement = connection.prepare_cached(&self.stored)?;
        let mut found = statement.query([id])?;
        let Some(stored) = found.next()? else {
            return Ok(false);
        };
        for (at, place) in self.places.iter().enumerate() {
            if !same(&row.values()[*place], stored.get_ref(at)?) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn id_of(&self, connection: &Connection, key: &[Value]) -> rusqlite::Result<Option<i64>> {
        let mut statement = connection.prepare_cached(&self.id)?;
        bind_all(&mut statement, key)?;
        statement.raw_query().next()?.map(|row| row.get(0)).transpose()
    }

    fn new_id(&self, connection: &Connection, key: &[Value]) -> rusqlite::Result<i64> {
        let scope = if let Some(scope) = self.scope_of(connection, &key[0])? {
            scope
        } else {
            let mut statement = connection.prepare_cached(&self.add_scope)?;
            bind_all(&mut statement, &key[..1])?;
            let mut added = statement.raw_query();
            let number = added.next()?.map(|row| row.get(0)).transpose()?;
            // Read to its end, or the insert is not done.
            added.next()?;
            number.unwrap_or_default()
        };
        Ok(scope << NUMBER_BITS | number(&key[1]))
    }

    fn scope_of(&self, connection: &Connection, scope: &Value) -> rusqlite::Result<Option<i64>> {
        let mut statement = connection.prepare_cached(&self.scope)?;
        bind_all(&mut statement, [scope])?;
        statement.raw_query().next()?.map(|row| row.get(0)).transpose()
    }

    /// How to seek in a range of the table; `None`: nothing can be there.
    pub(crate) fn seek(
        &self,
        connection: &Connection,
        sought: &Sought,
        filter: &[Condition],
        joined: bool,
    ) -> rusqlite::Result<Option<Seek<'_>>> {
        let (scope_column, number_column) = (self.table.key[0], self.table.key[1]);
        let scope = filter.iter().find_map(|condition| match condition {
            Condition::Equal(column, value) if *column == scope_column => Some(value),
            _ => None,
        });
        // A select that seeks names its scope, which the store has checked.
        let Some(scope) = scope.map(|scope| self.scope_of(connection, scope)).transpose()?.flatten() else {
            return Ok(None);
        };
        let (mut low, mut high) = (0, NUMBER_MAX);
        for condition in filter.iter().filter(|condition| condition.column() == number_column) {
            let value = condition.values().first().map_or(0, number);
            match condition {
                Condition::Equal(..) => (low, high) = (low.max(value), high.min(value)),
                Condition::AtLeast(..) => low = low.max(value),
                Condition::Greater(..) => low = low.max(value + 1),
                Condition::AtMost(..) => high = high.min(value),
                Condition::Less(..) => high = high.min(value - 1),
                Condition::In(..) | Condition::IsNull(_) | Condition::NotNull(_) => {}
            }
        }
        if low > high {
            return Ok(None);
        }
        let base = scope << NUMBER_BITS;
        Ok(Some(Seek {
            from: if joined { &self.seek_joined } else { &self.seek },
            condition: format!("{0} MATCH ? AND {0}.rowid BETWEEN ? AND ?", self.index_name),
            values: [Value::Text(expression(sought).into()), Value::Integer(base | low), Value::Integer(base | high)],
            order_by: format!("{}.rowid", self.index_name),
        }))
    }
}

/// Rows whose words are to be indexed when the commit has been written, by id: FTS5 writes out all it holds in memory whenever a row
/// does not come after the last one.
#[derive(Debug, Default)]
pub(crate) struct Pending(BTreeMap<i64, Waiting>);

impl Pending {
    /// The row's words are to be indexed. Where it waits already, what was said first stands.
    fn put(&mut self, id: i64, row: &Row, change: usize, indexed: bool) {
        self.0.entry(id).or_insert(Waiting { change, indexed, row: None }).row = Some(row.clone());
    }
}

#[derive(Debug)]
struct Waiting {
    /// The first change that needs it.
    change: usize,
    /// Words of the row are in the index.
    indexed: bool,
    /// `None`: it is gone.
    row: Option<Row>,
}

/// A part of a statement that seeks words.
pub(crate) struct Seek<'s> {
    /// What stands after `FROM`.
    pub(crate) from: &'s str,
    /// The first of the conditions.
    pub(crate) condition: String,
    /// What is bound to it.
    pub(crate) values: [Value; 3],
    /// The order of the key's number.
    pub(crate) order_by: String,
}

/// What is sought, as FTS5 says it. Tokens are letters and digits, so none of them ends its quotes.
fn expression(sought: &Sought) -> String {
    let all: Vec<_> = sought.all.iter().map(term).collect();
    let mut text = all.join(" AND ");
    if !sought.none.is_empty() {
        let none: Vec<_> = sought.none.iter().map(term).collect();
        text = format!("({text}) NOT ({})", none.join(" OR "));
    }
    text
}

fn term(term: &Term) -> String {
    let column = term.column.map(|column| format!("{} : ", quoted(column))).unwrap_or_default();
    let prefix = if term.prefix { " *" } else { "" };
    format!("{column}\"{}\"{prefix}", term.tokens.join(" "))
}

/// A key's number, within what an id can hold: what is compared with comes from outside.
fn number(value: &Value) -> i64 {
    match value {
        Value::Integer(number) => (*number).clamp(0, NUMBER_MAX),
        _ => 0,
    }
}

/// The columns in order, those of words as in this table, or empty.
fn columns(table: &Table, words: Option<&str>) -> String {
    let column = |column: &Column| match (column.kind, words) {
        (Kind::Words, None) => "''".to_owned(),
        (Kind::Words, Some(words)) => format!("{words}.{}", quoted(column.name)),
        _ => quoted(column.name),
    };
    table.columns.iter().map(column).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests;
