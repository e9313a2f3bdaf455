//! How much teams have to do.

use std::collections::{BTreeMap, BTreeSet};

use domain::ids::{ProjectId, TeamId};

use super::Amount;
use crate::board::tally;
use crate::issue::{self, Dimension, ISSUE, SCHEMA, Standing};
use crate::query::Query;
use crate::row::{Condition, Row, RowError, Select};
use crate::table::{Direction, ViewId};

/// What is looked at of a team's issues.
const STANDINGS: [(TeamState, Standing); 3] = [
    (TeamState::ToAccept, Standing::NewTriaged),
    (TeamState::Accepted, Standing::Accepted),
    (TeamState::Resolved, Standing::Resolved),
];

/// Asks how much these teams have to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GetTeams {
    /// Which project.
    pub project: ProjectId,
    /// Which teams.
    pub teams: Vec<TeamId>,
}

/// In which states a team's issues are work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum TeamState {
    /// Triaged, to be accepted by the team.
    ToAccept,
    /// Accepted, being worked on.
    Accepted,
    /// Resolved, to be confirmed.
    Resolved,
}

/// How much a team has to do. All states are there.
pub type TeamLoad = BTreeMap<TeamState, Amount>;

impl Query for GetTeams {
    type Found = Vec<TeamLoad>;

    fn view(&self) -> ViewId {
        SCHEMA.id()
    }

    fn selects(&self) -> Vec<Select> {
        let oldest = |team: &TeamId, standing: Standing| {
            Select::from(&ISSUE, 1)
                .filter(Condition::Equal("project", self.project.shared().into()))
                .filter(Condition::Equal("state", standing.word().into()))
                .filter(Condition::Equal("team", team.shared().into()))
                .order("state_since", Direction::Asc)
        };
        let each = |team| {
            let oldest = STANDINGS.into_iter().map(move |(_, standing)| oldest(team, standing));
            [tally::facets(&self.project, Dimension::Team, &BTreeSet::from([team.shared()]))].into_iter().chain(oldest)
        };
        self.teams.iter().flat_map(each).collect()
    }

    /// One for each team, in order.
    fn read(&self, rows: Vec<Vec<Row>>) -> Result<Vec<TeamLoad>, RowError> {
        rows.chunks(1 + STANDINGS.len()).map(load).collect()
    }
}

fn load(rows: &[Vec<Row>]) -> Result<TeamLoad, RowError> {
    let mut load: TeamLoad = STANDINGS.into_iter().map(|(state, _)| (state, Amount::default())).collect();
    let (counts, oldest) = rows.split_first().map_or((&[][..], &[][..]), |(counts, rest)| (&counts[..], rest));
    for tally in tally::read(counts)? {
        let Some((state, _)) = STANDINGS.into_iter().find(|(_, each)| *each == tally.standing) else { continue };
        load.entry(state).or_default().add(tally.severity, tally.issues);
    }
    for ((state, _), rows) in STANDINGS.into_iter().zip(oldest) {
        if let Some(row) = rows.first() {
            load.entry(state).or_default().oldest = Some((issue::key(row)?, row.get("state_since")?));
        }
    }
    Ok(load)
}
