//! `snaglog board PROJECT --watch`.

use std::collections::BTreeMap;

use api::boards::v1::{Board, BoardFilter, Card, Column, SeverityCount};
use api::consistency::v1::Consistency;
use api::issues::v1::IssueState;
use api::watches::v1::watches_service_client::WatchesServiceClient;
use api::watches::v1::{ColumnCount, WatchBoardRequest, WatchBoardResponse, WatchedCard};
use prost_types::{Duration, Timestamp};
use serde_json::{Value as Json, json};
use tonic::{Response, Status, Streaming};

use super::{Watching, follow, is_drawn, redraw};
use crate::client::failure::Failure;
use crate::client::json;
use crate::client::session::Session;

/// What is watched.
pub(crate) struct Asked {
    pub(crate) project: String,
    pub(crate) filter: BoardFilter,
    /// So many cards of each column are drawn.
    pub(crate) cards: usize,
    pub(crate) consistency: Option<Consistency>,
    /// How a board is drawn.
    pub(crate) draw: fn(&Board) -> String,
}

/// The fields of a change in JSON.
pub(crate) const FIELDS: [&str; 7] = ["change", "key", "state", "triaged", "card", "revision", "counts"];

struct Watched {
    asked: Asked,
    cards: BTreeMap<String, WatchedCard>,
    /// How many issues stand in each column; empty: the cards are counted.
    counts: Vec<ColumnCount>,
    as_of: Timestamp,
}

/// Shows the board's cards, and each that changes.
pub(crate) async fn watch(asked: Asked, session: &Session) -> Result<(), Failure> {
    follow(Watched { asked, cards: BTreeMap::new(), counts: Vec::new(), as_of: Timestamp::default() }, session).await
}

impl Watching for Watched {
    type Message = WatchBoardResponse;

    async fn open(&self, session: &Session, resume: String) -> Result<Response<Streaming<WatchBoardResponse>>, Status> {
        let request = WatchBoardRequest {
            project: self.asked.project.clone(),
            filter: Some(self.asked.filter.clone()),
            states: Vec::new(),
            consistency: self.asked.consistency.clone().filter(|_| resume.is_empty()),
            resume_token: resume,
        };
        WatchesServiceClient::new(session.wire()).watch_board(request).await
    }

    async fn take(&mut self, session: &Session, message: WatchBoardResponse) -> Result<Option<String>, Failure> {
        let WatchBoardResponse { snapshot, cards, removed, as_of, resume_token, counts, consistency_token: _ } =
            message;
        if is_drawn(session) {
            self.apply(snapshot, cards, &removed, counts);
            self.as_of = as_of.unwrap_or_default();
            // What belongs together is drawn together.
            if !resume_token.is_empty() {
                redraw(session, &(self.asked.draw)(&self.board()));
            }
        } else {
            tell(session, snapshot, &cards, &removed, &counts);
        }
        Ok(Some(resume_token).filter(|token| !token.is_empty()))
    }

    fn forget(&mut self) {
        self.cards.clear();
        self.counts.clear();
    }
}

/// One object a change; the counts come last.
fn tell(session: &Session, snapshot: bool, cards: &[WatchedCard], removed: &[String], counts: &[ColumnCount]) {
    let without_card = |change: &str, key: Option<&str>, counts: Json| {
        json!({
            "change": change, "key": key, "state": null, "triaged": null, "card": null, "revision": null,
            "counts": counts,
        })
    };
    if snapshot {
        session.output.json(without_card("snapshot", None, Json::Null));
    }
    for key in removed {
        session.output.json(without_card("removed", Some(key), Json::Null));
    }
    for watched in cards {
        let card = watched.card.clone().unwrap_or_default();
        let mut object = json::to_json(watched);
        object["change"] = Json::from("changed");
        object["key"] = Json::from(card.key);
        object["counts"] = Json::Null;
        session.output.json(object);
    }
    if !counts.is_empty() {
        session.output.json(without_card("counted", None, counts.iter().map(json::to_json).collect()));
    }
}

impl Watched {
    fn apply(&mut self, snapshot: bool, cards: Vec<WatchedCard>, removed: &[String], counts: Vec<ColumnCount>) {
        if snapshot {
            self.forget();
        }
        if !counts.is_empty() {
            self.counts = counts;
        }
        for key in removed {
            self.cards.remove(key);
        }
        for card in cards {
            let key = card.card.as_ref().map(|card| card.key.clone()).unwrap_or_default();
            self.cards.insert(key, card);
        }
    }

    /// As GetBoard would give it.
    fn board(&self) -> Board {
        let mut columns: BTreeMap<(i32, bool), Vec<&Card>> = BTreeMap::new();
        for watched in self.cards.values() {
            columns.entry((watched.state, watched.triaged)).or_default().extend(&watched.card);
        }
        for counted in self.counts.iter().filter(|counted| counted.count > 0) {
            columns.entry((counted.state, counted.triaged)).or_default();
        }
        let columns = columns.into_iter().map(|((state, triaged), cards)| self.column(state, triaged, cards));
        Board {
            project: self.asked.project.to_uppercase(),
            as_of: Some(self.as_of),
            columns: columns.collect(),
            ..Board::default()
        }
    }

    fn column(&self, state: i32, triaged: bool, mut cards: Vec<&Card>) -> Column {
        let since = |card: &&Card| card.state_since.map(|since| (since.seconds, since.nanos));
        cards.sort_by_key(since);
        if matches!(IssueState::try_from(state), Ok(IssueState::Closed | IssueState::Dismissed)) {
            cards.reverse();
        }
        let told = self.counts.iter().find(|counted| (counted.state, counted.triaged) == (state, triaged));
        let ColumnCount { count, severities, .. } =
            told.cloned().unwrap_or_else(|| counted(state, triaged, cards.iter().copied()));
        Column {
            state,
            triaged,
            count,
            severities,
            cards: cards.iter().take(self.asked.cards).map(|card| self.aged(card)).collect(),
            ..Column::default()
        }
    }

    /// The card with its ages as of the last message, not as of when it changed.
    fn aged(&self, card: &Card) -> Card {
        let age = |since: &Option<Timestamp>| {
            since.map(|since| Duration { seconds: (self.as_of.seconds - since.seconds).max(0), nanos: 0 })
        };
        Card { age_in_state: age(&card.state_since), age: age(&card.filed_at), ..card.clone() }
    }
}

/// Counts the cards of a column, where the server didn't.
fn counted<'c>(state: i32, triaged: bool, cards: impl Iterator<Item = &'c Card>) -> ColumnCount {
    let mut severities: BTreeMap<&str, u64> = BTreeMap::new();
    for card in cards {
        *severities.entry(&card.severity).or_default() += 1;
    }
    let severity = |(severity, count): (&str, u64)| SeverityCount { severity: severity.to_owned(), count };
    let count = severities.values().sum();
    ColumnCount { state, triaged, count, severities: severities.into_iter().map(severity).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn watched(key: &str, state: IssueState, since: i64) -> WatchedCard {
        let card =
            Card { key: key.into(), state_since: Some(Timestamp { seconds: since, nanos: 0 }), ..Card::default() };
        WatchedCard { state: state.into(), card: Some(card), ..WatchedCard::default() }
    }

    #[test]
    fn cards_are_drawn_as_a_board_would_have_them() {
        let asked = Asked {
            project: "pay".into(),
            filter: BoardFilter::default(),
            cards: 1,
            consistency: None,
            draw: |_| String::new(),
        };
        let mut drawn =
            Watched { asked, cards: BTreeMap::new(), counts: Vec::new(), as_of: Timestamp { seconds: 100, nanos: 0 } };
        let cards = [("PAY-1", 50), ("PAY-2", 20), ("PAY-3", 30)];
        drawn.apply(
            true,
            cards.map(|(key, since)| watched(key, IssueState::Accepted, since)).to_vec(),
            &[],
            Vec::new(),
        );
        drawn.apply(false, vec![watched("PAY-3", IssueState::New, 90)], &["PAY-9".into()], Vec::new());
        let board = drawn.board();
        let columns: Vec<_> = board.columns.iter().map(|column| (column.state(), column.count)).collect();
        assert_eq!(columns, [(IssueState::New, 1), (IssueState::Accepted, 2)]);
        let [longest] = &board.columns[1].cards[..] else { panic!("one card of a column is drawn") };
        assert_eq!((longest.key.as_str(), longest.age_in_state.map(|age| age.seconds)), ("PAY-2", Some(80)));
        drawn.apply(true, Vec::new(), &[], Vec::new());
        assert_eq!(drawn.board().columns, []);
        // What the server counts holds, of columns whose cards it doesn't tell too, until it counts anew.
        let count = |state: IssueState, count| ColumnCount { state: state.into(), count, ..ColumnCount::default() };
        let counts = vec![count(IssueState::Accepted, 1), count(IssueState::Verified, 0), count(IssueState::Closed, 7)];
        drawn.apply(true, vec![watched("PAY-1", IssueState::Accepted, 50)], &[], counts);
        drawn.apply(false, Vec::new(), &[], Vec::new());
        let columns: Vec<_> = drawn.board().columns.iter().map(|column| (column.state(), column.count)).collect();
        assert_eq!(columns, [(IssueState::Accepted, 1), (IssueState::Closed, 7)]);
    }
}
