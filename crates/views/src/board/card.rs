//! An issue on a board.

use std::sync::Arc;

use domain::Fact;
use domain::ids::IssueKey;
use domain::issue::Level;
use jiff::Timestamp;

use crate::issue::{self, Dimension, Standing};
use crate::row::{Row, RowError};

/// An issue on a board.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Card {
    /// Its key.
    pub key: IssueKey,
    /// Where it stands.
    pub standing: Standing,
    /// One line.
    pub title: Arc<str>,
    /// Severity; `None`: none yet, or not known.
    pub severity: Option<Arc<str>>,
    /// Triage level; `None`: never triaged.
    pub level: Option<Fact<Level>>,
    /// incident, bug; `None`: none.
    pub nature: Option<Arc<str>>,
    /// The part of the product concerned.
    pub component: Option<Arc<str>>,
    /// The owner team.
    pub team: Option<Arc<str>>,
    /// Whose it is.
    pub assignee: Option<Arc<str>>,
    /// customer, `product_owner`, security, system; `None`: not known.
    pub source: Option<Arc<str>>,
    /// Who raised it, where that is a person.
    pub opener: Option<Arc<str>>,
    /// True: a question is open.
    pub waiting: bool,
    /// Of whom, each once, the longest open first.
    pub waiting_on: Vec<Party>,
    /// Since when it stands here.
    pub state_since: Timestamp,
    /// When it was filed.
    pub filed_at: Timestamp,
    /// When something last happened to it.
    pub changed_at: Timestamp,
    /// True: it was imported.
    pub imported: bool,
    /// Position of its last event: which changes it shows.
    pub position: u64,
    level_word: Option<Arc<str>>,
}

/// Of whom something is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Party {
    /// Whoever raised the issue.
    Opener,
    /// The customer it concerns.
    Customer,
    /// The project's product owners.
    ProductOwner,
    /// Somebody by name.
    Person(Arc<str>),
}

impl Party {
    /// By its word in the issue table.
    pub(crate) fn parse(word: &str) -> Option<Self> {
        match word {
            "opener" => Some(Self::Opener),
            "customer" => Some(Self::Customer),
            "product_owner" => Some(Self::ProductOwner),
            word => word.strip_prefix('@').map(|person| Self::Person(person.into())),
        }
    }

    /// The word that it is filtered by.
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::Opener => "opener",
            Self::Customer => "customer",
            Self::ProductOwner => "product_owner",
            Self::Person(_) => "person",
        }
    }
}

impl Card {
    /// Out of a row of the issue table.
    pub fn read(row: &Row) -> Result<Self, RowError> {
        let state: &str = row.get("state")?;
        let level_word: Option<Arc<str>> = row.get("level")?;
        Ok(Self {
            key: issue::key(row)?,
            standing: Standing::parse(state).ok_or_else(|| issue::unknown("state", state))?,
            title: row.get("title")?,
            severity: row.get("severity")?,
            level: level_word.as_deref().map(issue::parse_level).transpose()?,
            nature: row.get("nature")?,
            component: row.get("component")?,
            team: row.get("team")?,
            assignee: row.get("assignee")?,
            source: row.get("source_kind")?,
            opener: row.get("raised_by")?,
            waiting: row.get("waiting")?,
            waiting_on: parties(row.get("waiting_on")?)?,
            state_since: row.get("state_since")?,
            filed_at: row.get("filed_at")?,
            changed_at: row.get("changed_at")?,
            imported: row.get("imported")?,
            position: row.get("position")?,
            level_word,
        })
    }

    /// What it has of the dimension; empty: none. Of waiting nothing.
    pub(super) fn value(&self, dimension: Dimension) -> &str {
        let value = match dimension {
            Dimension::Severity => &self.severity,
            Dimension::Team => &self.team,
            Dimension::Component => &self.component,
            Dimension::Assignee => &self.assignee,
            Dimension::Level => &self.level_word,
            Dimension::Nature => &self.nature,
            Dimension::Source => &self.source,
            Dimension::Waiting | Dimension::WaitingOn => return "",
        };
        value.as_deref().unwrap_or_default()
    }
}

fn parties(words: Option<&str>) -> Result<Vec<Party>, RowError> {
    let words = words.into_iter().flat_map(|words| words.split(' '));
    words.map(|word| Party::parse(word).ok_or_else(|| issue::unknown("waiting_on", word))).collect()
}
