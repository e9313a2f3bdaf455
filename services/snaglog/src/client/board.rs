//! `snaglog board PROJECT`.

use std::fmt::Write as _;

use api::boards::v1::boards_service_client::BoardsServiceClient;
use api::boards::v1::{
    Board, BoardFilter, BoardGrouping, BoardOrder, Card, Column, GetBoardRequest, Group, ListColumnRequest, SourceKind,
    WaitingOn,
};
use api::issues::v1::{Asked, IssueState};
use clap::{Args, ValueEnum};

use super::failure::Failure;
use super::issue::{Fresh, explain, words};
use super::json;
use super::output::table;
use super::session::Session;
use super::times;
use super::watching;

/// Show a project's board: a column for each state, those that stand there longest first.
#[derive(Debug, Args)]
#[command(
    after_help = "Filters narrow together; one given several times, or with several values, widens: --state new,accepted."
)]
pub(crate) struct Show {
    /// The project's key
    pub(crate) project: String,
    /// How many issues of each column, 1 to 100
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(i32).range(1..=100))]
    pub(crate) cards: i32,
    #[command(flatten)]
    pub(crate) filter: Filter,
    /// How to order a column's issues
    #[arg(long, value_enum, default_value = "state-longest")]
    pub(crate) order: Order,
    /// Tell the counts apart by this
    #[arg(long, value_enum, value_name = "WHAT")]
    pub(crate) group_by: Option<Grouping>,
    /// Only this column, all of it
    #[arg(long, value_enum, conflicts_with_all = ["cards", "group_by"])]
    pub(crate) column: Option<ColumnName>,
    /// Stay, and show it again whenever one of its open issues changes; piped: one JSON object a change
    #[arg(long, conflicts_with_all = ["column", "group_by", "order"])]
    pub(crate) watch: bool,
    #[command(flatten)]
    pub(crate) fresh: Fresh,
}

/// Which issues.
#[derive(Debug, Clone, Args)]
pub(crate) struct Filter {
    /// Only of this severity; none: those without one
    #[arg(long, value_delimiter = ',')]
    severity: Vec<String>,
    /// Only of this triage level, 1 to 3
    #[arg(long, value_parser = clap::value_parser!(u8).range(1..=3), value_delimiter = ',')]
    level: Vec<u8>,
    /// Only of this nature
    #[arg(long, value_enum, value_delimiter = ',')]
    nature: Vec<words::Nature>,
    /// Only of this owner team; none: those without one
    #[arg(long, value_delimiter = ',')]
    team: Vec<String>,
    /// Only of this component; none: those without one
    #[arg(long, value_delimiter = ',')]
    component: Vec<String>,
    /// Only of this assignee; @me is the actor; none: those that are nobody's
    #[arg(long, value_delimiter = ',')]
    assignee: Vec<String>,
    /// Only from this source
    #[arg(long, value_enum, value_delimiter = ',')]
    source: Vec<Source>,
    /// Only with an open question, or without: true, false
    #[arg(long, value_name = "BOOL", num_args = 0..=1, default_missing_value = "true")]
    waiting: Option<bool>,
    /// Only with an open question of one of these
    #[arg(long, value_enum, value_name = "WHOM", value_delimiter = ',')]
    waiting_on: Vec<Whom>,
}

macro_rules! choices {
    ($(#[$doc:meta])* $name:ident => $proto:ident { $($(#[$word_doc:meta])* $word:ident),* $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
        pub(crate) enum $name { $($(#[$word_doc])* $word),* }

        impl From<$name> for i32 {
            fn from(word: $name) -> Self {
                match word { $($name::$word => $proto::$word.into()),* }
            }
        }
    };
}

choices! {
    /// How a column is ordered.
    Order => BoardOrder { StateLongest, FiledOldest, FiledNewest, ChangedNewest, Severity }
}
choices! {
    /// By what counts are told apart.
    Grouping => BoardGrouping { Severity, Team, Level, Assignee, Component }
}
choices! {
    /// From where issues come.
    Source => SourceKind { Customer, ProductOwner, Security, System, NotKnown }
}
choices! {
    /// Of whom questions are asked.
    Whom => Asked { Opener, Customer, ProductOwner, Person }
}

/// A column of the board.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ColumnName {
    Untriaged,
    Triaged,
    Accepted,
    Resolved,
    Verified,
    Closed,
    Dismissed,
}

impl ColumnName {
    fn state(self) -> (IssueState, bool) {
        match self {
            Self::Untriaged => (IssueState::New, false),
            Self::Triaged => (IssueState::New, true),
            Self::Accepted => (IssueState::Accepted, false),
            Self::Resolved => (IssueState::Resolved, false),
            Self::Verified => (IssueState::Verified, false),
            Self::Closed => (IssueState::Closed, false),
            Self::Dismissed => (IssueState::Dismissed, false),
        }
    }
}

impl Filter {
    /// As the contract has it.
    pub(crate) fn of(&self, session: &Session) -> BoardFilter {
        let none = |text: &String| if text == "none" { String::new() } else { text.clone() };
        let ids = |ids: &[String]| ids.iter().map(none).collect();
        BoardFilter {
            severities: ids(&self.severity),
            levels: self.level.iter().copied().map(words::level).collect(),
            natures: self.nature.iter().copied().map(Into::into).collect(),
            teams: ids(&self.team),
            components: ids(&self.component),
            assignees: self.assignee.iter().map(|person| none(&session.person(person))).collect(),
            waiting_on: self.waiting_on.iter().copied().map(Into::into).collect(),
            waiting: self.waiting,
            sources: self.source.iter().copied().map(Into::into).collect(),
        }
    }
}

impl Show {
    /// Shows it.
    pub(crate) async fn run(self, session: &Session) -> Result<(), Failure> {
        if let Some(column) = self.column {
            return self.list(column, session).await;
        }
        if self.watch {
            return self.watch(session).await;
        }
        session.output.expect_fields_of::<Board>(&[])?;
        let mut client = BoardsServiceClient::new(session.wire());
        let request = GetBoardRequest {
            filter: Some(self.filter.of(session)),
            order_by: self.order.into(),
            group_by: self.group_by.map_or(0, Into::into),
            project: self.project,
            cards_per_column: self.cards,
            consistency: self.fresh.consistency(),
            ..GetBoardRequest::default()
        };
        let answer = client.get_board(request).await.map_err(|status| explain(session.failure(status), ""))?;
        session.output.show(&answer.into_inner().board.unwrap_or_default(), story);
        Ok(())
    }

    async fn watch(self, session: &Session) -> Result<(), Failure> {
        session.output.expect_fields(&watching::board::FIELDS)?;
        let asked = watching::board::Asked {
            filter: self.filter.of(session),
            project: self.project,
            cards: usize::try_from(self.cards).unwrap_or_default(),
            consistency: self.fresh.consistency(),
            draw: story,
        };
        watching::board::watch(asked, session).await
    }

    /// Lists one column to its end.
    async fn list(self, column: ColumnName, session: &Session) -> Result<(), Failure> {
        session.output.expect_fields_of::<Card>(&[])?;
        let mut client = BoardsServiceClient::new(session.wire());
        let (state, triaged) = column.state();
        let mut request = ListColumnRequest {
            filter: Some(self.filter.of(session)),
            project: self.project,
            state: state.into(),
            triaged,
            order_by: self.order.into(),
            page_size: 100,
            consistency: self.fresh.consistency(),
            ..ListColumnRequest::default()
        };
        let mut cards = Vec::new();
        loop {
            let page = client.list_column(request.clone()).await;
            let page = page.map_err(|status| explain(session.failure(status), ""))?.into_inner();
            if session.output.is_json() {
                page.cards.iter().for_each(|card| session.output.json(json::to_json(card)));
            } else {
                cards.extend(page.cards);
            }
            request.page_token = page.next_page_token;
            if request.page_token.is_empty() {
                break;
            }
        }
        if !session.output.is_json() {
            if cards.is_empty() { anstream::eprintln!("No issues.") } else { session.output.text(cards_table(&cards)) }
        }
        Ok(())
    }
}

fn story(board: &Board) -> String {
    let bold = anstyle::Style::new().bold();
    let mut text = format!("{bold}{}{bold:#}\n", board.project);
    for column in board.columns.iter().filter(|column| column.count > 0) {
        let severities = column.severities.iter().map(|one| format!("{} {}", one.count, severity(&one.severity)));
        let severities = severities.collect::<Vec<_>>().join(", ");
        let count = count(column.count, column.count_at_least);
        _ = write!(text, "\n{bold}{}{bold:#}  {count} ({severities})\n", name(column));
        text.push_str(&cards_table(&column.cards));
        text.push('\n');
    }
    if !board.groups.is_empty() {
        text.push('\n');
        text.push_str(&groups_table(board));
    }
    if board.columns.iter().all(|column| column.count == 0) {
        text.push_str("No issues.");
    }
    text.trim_end().to_owned()
}

fn cards_table(cards: &[Card]) -> String {
    let head = ["", "KEY", "SEVERITY", "LEVEL", "IN STATE", "AGE", "ASSIGNEE", "WAITING ON", "", "TITLE"];
    // A column of its own only where there is something to say.
    let waiting = cards.iter().any(|card| !card.waiting_on.is_empty());
    let keep = |(at, _): &(usize, String)| waiting || *at != 7;
    let row = |card| row(card).into_iter().enumerate().filter(keep).map(|(_, cell)| cell).collect::<Vec<_>>();
    let head: Vec<&str> =
        head.into_iter().enumerate().filter(|(at, _)| waiting || *at != 7).map(|(_, name)| name).collect();
    table(&head, cards.iter().map(row))
}

/// A row a group, a column for each of the board's that has something.
fn groups_table(board: &Board) -> String {
    let used = |at: &usize| board.groups.iter().any(|group| group.counts.get(*at).is_some_and(|some| some.count > 0));
    let used: Vec<usize> = (0..board.columns.len()).filter(used).collect();
    let names = used.iter().map(|at| name(&board.columns[*at]));
    let head: Vec<&str> = [""].into_iter().chain(names).collect();
    let row = |group: &Group| {
        let counts = used.iter().filter_map(|at| group.counts.get(*at));
        let counts = counts.map(|one| count(one.count, one.count_at_least));
        let value = if group.value.is_empty() { "none" } else { &group.value };
        [value.to_owned()].into_iter().chain(counts).collect::<Vec<_>>()
    };
    table(&head, board.groups.iter().map(row))
}

/// A number; `37+` where there may be more.
fn count(count: u64, at_least: bool) -> String {
    if at_least { format!("{count}+") } else { count.to_string() }
}

/// Of whom something is asked, in a word or two.
pub(crate) fn whom(waiting: &WaitingOn) -> String {
    let who = match waiting.asked() {
        Asked::Unspecified => "?",
        Asked::Opener => "opener",
        Asked::Customer => "customer",
        Asked::ProductOwner => "product owner",
        Asked::Person => return waiting.person.clone(),
    };
    if waiting.person.is_empty() { who.to_owned() } else { format!("{} ({who})", waiting.person) }
}

fn severity(id: &str) -> &str {
    if id.is_empty() { "without severity" } else { id }
}

fn name(column: &Column) -> &'static str {
    match (column.state(), column.triaged) {
        (IssueState::New, false) => "New, untriaged",
        (IssueState::New, true) => "New, triaged",
        (state, _) => words::state_word(state),
    }
}

fn row(card: &Card) -> Vec<String> {
    let length =
        |length: Option<&prost_types::Duration>| length.map_or(String::new(), |length| times::age(length.seconds));
    vec![
        String::from(if card.waiting { "?" } else { "" }),
        card.key.clone(),
        words::or_dash(words::decided(&card.severity, card.level, card.imported)),
        words::level_word(card.level),
        length(card.age_in_state.as_ref()),
        length(card.age.as_ref()),
        words::or_dash(&card.assignee),
        card.waiting_on.iter().map(whom).collect::<Vec<_>>().join(", "),
        words::mark(card.imported).to_owned(),
        card.title.clone(),
    ]
}
