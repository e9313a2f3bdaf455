//! `snaglog board PROJECT`.

use std::fmt::Write as _;

use api::boards::v1::boards_service_client::BoardsServiceClient;
use api::boards::v1::{Board, Card, Column, GetBoardRequest};
use api::issues::v1::IssueState;
use clap::Args;

use super::failure::Failure;
use super::issue::{Fresh, explain, words};
use super::output::table;
use super::session::Session;
use super::times;

/// Show a project's board: a column for each state, those that stand there longest first.
#[derive(Debug, Args)]
pub(crate) struct Show {
    /// The project's key
    pub(crate) project: String,
    /// How many issues of each column, 1 to 100
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(i32).range(1..=100))]
    pub(crate) cards: i32,
    #[command(flatten)]
    pub(crate) fresh: Fresh,
}

impl Show {
    /// Shows it.
    pub(crate) async fn run(self, session: &Session) -> Result<(), Failure> {
        session.output.expect_fields_of::<Board>(&[])?;
        let mut client = BoardsServiceClient::new(session.wire());
        let request = GetBoardRequest {
            project: self.project,
            cards_per_column: self.cards,
            consistency: self.fresh.consistency(),
        };
        let answer = client.get_board(request).await.map_err(|status| explain(session.failure(status), ""))?;
        session.output.show(&answer.into_inner().board.unwrap_or_default(), story);
        Ok(())
    }
}

fn story(board: &Board) -> String {
    let bold = anstyle::Style::new().bold();
    let mut text = format!("{bold}{}{bold:#}\n", board.project);
    for column in board.columns.iter().filter(|column| column.count > 0) {
        let severities = column.severities.iter().map(|one| format!("{} {}", one.count, severity(&one.severity)));
        let severities = severities.collect::<Vec<_>>().join(", ");
        _ = write!(text, "\n{bold}{}{bold:#}  {} ({severities})\n", name(column), column.count);
        let rows = table(
            &["", "KEY", "SEVERITY", "LEVEL", "IN STATE", "AGE", "ASSIGNEE", "", "TITLE"],
            column.cards.iter().map(row),
        );
        text.push_str(&rows);
        text.push('\n');
    }
    if board.columns.iter().all(|column| column.count == 0) {
        text.push_str("No issues yet.");
    }
    text.trim_end().to_owned()
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
        words::mark(card.imported).to_owned(),
        card.title.clone(),
    ]
}
