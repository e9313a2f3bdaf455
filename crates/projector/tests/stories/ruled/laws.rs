//! A view of the stories' own: at each event of an issue, how many components its project had settled on before.

use domain::issue::IssueEvent;
use domain::project::ProjectEvent;
use domain::{Event, Recorded, StreamKind, StreamRef};
use views::row::{Change, Key, Row, RowError, Value};
use views::table::{Column, Schema, Table, ViewId};
use views::view::{Ruler, Unappliable, View};

/// The project's row has the number 0.
pub(super) static CASE: Table = Table {
    name: "case",
    comment: "One row a project and an issue.",
    columns: &[
        Column::text("project", "Its project."),
        Column::integer("ordinal", "Its number; 0: the project."),
        Column::integer("revision", "The last event that it has."),
        Column::json("held", "Of a project: where it settled something; of an issue: how much held."),
    ],
    key: &["project", "ordinal"],
    indexes: &[],
};

static SCHEMA: Schema = Schema { name: "laws", version: 1, tables: &[&CASE] };

/// Refuses a component "refuse-me", and can't store one called "misfit".
#[derive(Debug)]
pub(super) struct Laws {
    /// It refuses nothing any more.
    mended: bool,
}

pub(super) static LAWS: Laws = Laws { mended: false };
pub(super) static LAWS_MENDED: Laws = Laws { mended: true };

#[derive(Debug)]
pub(super) struct Case {
    project: String,
    ordinal: u64,
    revision: u64,
    held: Vec<u64>,
    /// Something that the store won't have.
    said: &'static str,
}

impl Laws {
    pub(super) fn id() -> ViewId {
        SCHEMA.id()
    }
}

impl View for Laws {
    type Document = Case;

    fn schema(&self) -> &'static Schema {
        &SCHEMA
    }

    fn table(&self) -> &'static Table {
        &CASE
    }

    fn streams(&self) -> &'static [StreamKind] {
        &[StreamKind::Issue, StreamKind::Project]
    }

    fn picks(&self) -> Option<fn(&Recorded) -> bool> {
        Some(|recorded| !matches!(recorded.event, Event::Issue(IssueEvent::IssueCommented { .. })))
    }

    fn ruler(&self, stream: &StreamRef) -> Option<Ruler> {
        let project = || stream.project.shared();
        let ruler = || StreamRef { project: stream.project.clone(), kind: StreamKind::Project, id: project() };
        let key = || Key::new([Value::from(project()), 0_u64.into()]);
        (stream.kind == StreamKind::Issue).then(|| Ruler { stream: ruler(), key: key() })
    }

    fn key(&self, recorded: &Recorded) -> Key {
        Key::new([Value::from(recorded.stream.project.shared()), ordinal(recorded).into()])
    }

    fn revision(&self, case: &Case) -> u64 {
        case.revision
    }

    fn decode(&self, row: &Row) -> Result<Case, RowError> {
        Ok(Case {
            project: row.get("project")?,
            ordinal: row.get("ordinal")?,
            revision: row.get("revision")?,
            held: row.json("held")?,
            said: "",
        })
    }

    fn encode(&self, case: &Case) -> Result<Row, RowError> {
        let held = match case.said {
            "misfit" => Value::Null,
            "unstorable" => Value::Json("\"unstorable\"".into()),
            _ => Value::json(&case.held).unwrap(),
        };
        Row::new(&CASE, vec![Value::from(&case.project), case.ordinal.into(), case.revision.into(), held])
    }

    fn fold(&self, case: &mut Option<Case>, recorded: &Recorded, beside: &mut Vec<Change>) -> Result<(), Unappliable> {
        self.fold_ruled(case, None, recorded, beside)
    }

    fn fold_ruled(
        &self,
        case: &mut Option<Case>,
        ruler: Option<&Case>,
        recorded: &Recorded,
        _beside: &mut Vec<Change>,
    ) -> Result<(), Unappliable> {
        let settled = match &recorded.event {
            Event::Project(ProjectEvent::ComponentAdded { component, .. }) => Some(component.as_str()),
            _ => None,
        };
        if settled == Some("refuse-me") && !self.mended {
            return Err(Unappliable::Refused { reason: "it was told to".into() });
        }
        let case = case.get_or_insert_with(|| Case {
            project: recorded.stream.project.to_string(),
            ordinal: ordinal(recorded),
            revision: 0,
            held: Vec::new(),
            said: "",
        });
        case.revision = recorded.revision;
        if let Some(what) = settled {
            case.held.push(recorded.position);
            case.said = ["misfit", "unstorable"].into_iter().find(|said| *said == what).unwrap_or_default();
        } else {
            let held = ruler.map_or(0, |ruler| ruler.held.iter().filter(|at| **at < recorded.position).count());
            case.held.push(held as u64);
        }
        Ok(())
    }
}

fn ordinal(recorded: &Recorded) -> u64 {
    if recorded.stream.kind == StreamKind::Project { 0 } else { recorded.ordinal }
}
