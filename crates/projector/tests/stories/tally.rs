//! A view of the stories' own: how many events each stream has, of issues and projects, and some that it refuses.

use domain::issue::IssueEvent;
use domain::{Event, Recorded, StreamKind};
use views::row::{Change, Key, Row, RowError, Value};
use views::table::{Column, Schema, Table};
use views::view::{Count, Unappliable, View};

static STREAM: Table = Table {
    name: "stream",
    comment: "One row a stream.",
    columns: &[
        Column::text("project", "Its project."),
        Column::text("kind", "What it is a stream of."),
        Column::integer("ordinal", "Its number."),
        Column::integer("events", "How many it has."),
    ],
    key: &["project", "kind", "ordinal"],
    indexes: &[],
};

static TOTAL: Table = Table {
    name: "total",
    comment: "One row a project.",
    columns: &[Column::text("project", "Which."), Column::integer("events", "How many it has.")],
    key: &["project"],
    indexes: &[],
};

/// The same table with a column less.
static LESS: Table = Table { columns: &[Column::text("project", "Which.")], ..TOTAL };

static SCHEMA: Schema = Schema { name: "tally", version: 1, tables: &[&STREAM, &TOTAL] };
static BEFORE: Schema = Schema { name: "tally", version: 1, tables: &[&STREAM, &LESS] };

/// Refuses a comment that says "refuse me", and can't store one that says "misfit".
#[derive(Debug)]
pub(crate) struct Tally {
    schema: &'static Schema,
    /// It refuses nothing any more.
    mended: bool,
}

/// How it is.
pub(crate) static TALLY: Tally = Tally { schema: &SCHEMA, mended: false };
/// As the next build has it.
pub(crate) static TALLY_MENDED: Tally = Tally { schema: &SCHEMA, mended: true };
/// How its tables were once, under the same version.
pub(crate) static TALLY_BEFORE: Tally = Tally { schema: &BEFORE, mended: false };

#[derive(Debug)]
pub(crate) struct Tallied {
    project: String,
    kind: StreamKind,
    ordinal: u64,
    events: u64,
    misfit: bool,
}

impl View for Tally {
    type Document = Tallied;

    fn schema(&self) -> &'static Schema {
        self.schema
    }

    fn table(&self) -> &'static Table {
        &STREAM
    }

    fn streams(&self) -> &'static [StreamKind] {
        &[StreamKind::Issue, StreamKind::Project]
    }

    fn key(&self, recorded: &Recorded) -> Key {
        let stream = &recorded.stream;
        Key::new([Value::from(stream.project.as_str()), stream.kind.as_str().into(), recorded.ordinal.into()])
    }

    fn revision(&self, tallied: &Tallied) -> u64 {
        tallied.events
    }

    fn decode(&self, row: &Row) -> Result<Tallied, RowError> {
        Ok(Tallied {
            project: row.get("project")?,
            kind: StreamKind::parse(row.get("kind")?).unwrap(),
            ordinal: row.get("ordinal")?,
            events: row.get("events")?,
            misfit: false,
        })
    }

    fn encode(&self, tallied: &Tallied) -> Result<Row, RowError> {
        let events = if tallied.misfit { Value::Null } else { tallied.events.into() };
        let key = [Value::from(&tallied.project), tallied.kind.as_str().into(), tallied.ordinal.into()];
        Row::new(&STREAM, key.into_iter().chain([events]).collect())
    }

    fn fold(
        &self,
        tallied: &mut Option<Tallied>,
        recorded: &Recorded,
        _beside: &mut Vec<Change>,
    ) -> Result<(), Unappliable> {
        let said = match &recorded.event {
            Event::Issue(IssueEvent::IssueCommented { text }) => text.as_str(),
            _ => "",
        };
        if said == "refuse me" && !self.mended {
            return Err(Unappliable::Refused { reason: "it was told to".into() });
        }
        let tallied = tallied.get_or_insert_with(|| Tallied {
            project: recorded.stream.project.to_string(),
            kind: recorded.stream.kind,
            ordinal: recorded.ordinal,
            events: 0,
            misfit: false,
        });
        tallied.events += 1;
        tallied.misfit |= said == "misfit";
        Ok(())
    }

    fn counts(&self, tallied: &Tallied) -> Vec<Count> {
        let by = i64::try_from(tallied.events).unwrap();
        vec![Count { table: &TOTAL, key: Key::new([Value::from(&tallied.project)]), column: "events", by }]
    }
}
