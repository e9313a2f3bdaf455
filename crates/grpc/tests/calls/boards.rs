//! Boards: what is asked for, and how columns and groups are paged.

use api::boards::v1::{Board, BoardFilter, BoardGrouping, BoardOrder, GetBoardRequest, ListColumnRequest, SourceKind};
use api::issues::v1::{Asked, IssueState, Level, RequestInformationRequest, TriageIssueRequest};
use tonic::Code;

use super::answers::refused;
use super::freshness::at_least;
use super::given::{Given, filing, fresh};
use super::life::{accept, triage};

fn board(filter: BoardFilter) -> GetBoardRequest {
    GetBoardRequest { project: "PAY".into(), filter: Some(filter), ..Default::default() }
}

/// The columns that have something: how many, and the keys of their cards.
fn told(board: &Board) -> Vec<String> {
    let columns = board.columns.iter().filter(|column| column.count > 0);
    let told = columns.map(|column| {
        let keys = column.cards.iter().map(|card| card.key.as_str()).collect::<Vec<_>>().join(" ");
        format!("{:?} {}: {keys}", column.state(), column.count)
    });
    told.collect()
}

/// PAY-1 untriaged; PAY-2 to PAY-4 accepted by ada, sev2, sev1, sev3; of PAY-4 the customer is asked.
async fn four() -> Given {
    let given = Given::project().await;
    for _ in 0..4 {
        given.file().await;
    }
    let mut ada = given.issues("ada");
    let mut token = String::new();
    for (key, severity) in [("PAY-2", "sev2"), ("PAY-3", "sev1"), ("PAY-4", "sev3")] {
        ada.triage_issue(TriageIssueRequest { severity: severity.into(), ..triage(key) }).await.unwrap();
        ada.accept_issue(accept(key)).await.unwrap();
        if severity == "sev3" {
            let of = Asked::Customer.into();
            let (request_id, key, text) = (fresh(), key.to_owned(), "When?".to_owned());
            let ask = RequestInformationRequest { request_id, key, of, text, ..Default::default() };
            token = ada.request_information(ask).await.unwrap().into_inner().consistency_token;
        }
    }
    let fresh = GetBoardRequest { consistency: at_least([&token]), ..board(BoardFilter::default()) };
    given.boards("ada").get_board(fresh).await.unwrap();
    given
}

#[tokio::test]
async fn a_board_shows_what_its_filter_leaves() {
    let given = four().await;
    let mut boards = given.boards("pia");
    let none = BoardFilter::default;
    let cases: [(BoardFilter, &[&str]); 7] = [
        (none(), &["New 1: PAY-1", "Accepted 3: PAY-2 PAY-3 PAY-4"]),
        (BoardFilter { teams: vec!["core".into()], ..none() }, &["Accepted 3: PAY-2 PAY-3 PAY-4"]),
        (BoardFilter { teams: vec![String::new()], ..none() }, &["New 1: PAY-1"]),
        (BoardFilter { severities: vec!["sev1".into(), "sev3".into()], ..none() }, &["Accepted 2: PAY-3 PAY-4"]),
        (BoardFilter { waiting: Some(true), ..none() }, &["Accepted 1: PAY-4"]),
        (BoardFilter { waiting_on: vec![Asked::Opener.into()], ..none() }, &[]),
        (
            BoardFilter {
                sources: vec![SourceKind::Customer.into()],
                levels: vec![Level::Unspecified.into()],
                ..none()
            },
            &["New 1: PAY-1"],
        ),
    ];
    for (filter, expected) in cases {
        let found = boards.get_board(board(filter.clone())).await.unwrap().into_inner().board.unwrap();
        assert_eq!(told(&found), expected, "{filter:?}");
    }
    let waiting = BoardFilter { waiting: Some(true), ..none() };
    let found = boards.get_board(board(waiting)).await.unwrap().into_inner().board.unwrap();
    let card = &found.columns[2].cards[0];
    assert_eq!((card.waiting_on[0].asked(), card.source()), (Asked::Customer, SourceKind::Customer));
}

#[tokio::test]
async fn a_column_goes_on_where_the_board_ended() {
    let given = four().await;
    let mut boards = given.boards("pia");
    for (order, expected) in [
        (BoardOrder::StateLongest, ["PAY-2", "PAY-3", "PAY-4"]),
        (BoardOrder::Severity, ["PAY-3", "PAY-2", "PAY-4"]),
        (BoardOrder::FiledNewest, ["PAY-4", "PAY-3", "PAY-2"]),
    ] {
        let filter = Some(BoardFilter { components: vec!["checkout".into()], ..Default::default() });
        let asked = GetBoardRequest {
            project: "pay".into(),
            filter: filter.clone(),
            cards_per_column: 1,
            order_by: order.into(),
            ..Default::default()
        };
        let column = boards.get_board(asked).await.unwrap().into_inner().board.unwrap().columns.remove(2);
        let mut keys = vec![column.cards[0].key.clone()];
        let mut asked = ListColumnRequest {
            project: "PAY".into(),
            state: IssueState::Accepted.into(),
            filter,
            order_by: order.into(),
            page_size: 1,
            page_token: column.next_page_token,
            ..Default::default()
        };
        while !asked.page_token.is_empty() {
            let page = boards.list_column(asked.clone()).await.unwrap().into_inner();
            keys.extend(page.cards.into_iter().map(|card| card.key));
            asked.page_token = page.next_page_token;
        }
        assert_eq!(keys, expected, "{order:?}");
    }
}

#[tokio::test]
async fn a_columns_token_is_of_its_own_column_filter_and_order() {
    let given = four().await;
    let mut boards = given.boards("pia");
    let asked = GetBoardRequest { cards_per_column: 1, ..board(BoardFilter::default()) };
    let token = boards.get_board(asked).await.unwrap().into_inner().board.unwrap().columns[2].next_page_token.clone();
    let column = ListColumnRequest {
        project: "PAY".into(),
        state: IssueState::Accepted.into(),
        page_token: token,
        ..Default::default()
    };
    assert_eq!(
        boards.list_column(column.clone()).await.unwrap().into_inner().cards.len(),
        2,
        "no filter is an empty one"
    );
    let others = [
        ListColumnRequest { state: IssueState::Resolved.into(), ..column.clone() },
        ListColumnRequest { order_by: BoardOrder::Severity.into(), ..column.clone() },
        ListColumnRequest {
            filter: Some(BoardFilter { teams: vec!["core".into()], ..Default::default() }),
            ..column.clone()
        },
    ];
    for other in others {
        refused(boards.list_column(other).await, Code::InvalidArgument, "PAGE_TOKEN_INVALID");
    }
    let missing = ListColumnRequest { state: 0, page_size: -1, ..column };
    let refusal = refused(boards.list_column(missing).await, Code::InvalidArgument, "INVALID_FIELDS");
    assert_eq!(refusal.fields(), ["page_size", "state"]);
}

#[tokio::test]
async fn counts_are_told_apart_and_groups_of_severities_come_worst_first() {
    let given = four().await;
    let mut boards = given.boards("pia");
    for (by, expected) in [
        (BoardGrouping::Severity, ["sev1 0 1", "sev2 0 1", "sev3 0 1", " 1 0"].as_slice()),
        (BoardGrouping::Level, &[" 1 0", "3 0 3"]),
        (BoardGrouping::Assignee, &[" 1 0", "ada 0 3"]),
    ] {
        let asked = GetBoardRequest { group_by: by.into(), ..board(BoardFilter::default()) };
        let found = boards.get_board(asked).await.unwrap().into_inner().board.unwrap();
        let counts = |group: &api::boards::v1::Group| {
            format!("{} {} {}", group.value, group.counts[0].count, group.counts[2].count)
        };
        assert_eq!(found.groups.iter().map(counts).collect::<Vec<_>>(), expected, "{by:?}");
        assert_eq!(found.next_groups_page_token, "");
    }
}

#[tokio::test]
async fn faults_of_a_filter_are_told_all_at_once() {
    let given = Given::project().await;
    given.issues("cora").file_issue(filing()).await.unwrap();
    let filter = BoardFilter {
        severities: vec!["sev 1".into()],
        teams: vec!["core".into(); 101],
        levels: vec![9],
        waiting_on: vec![0],
        sources: vec![0],
        ..Default::default()
    };
    let asked = GetBoardRequest { order_by: 77, ..board(filter) };
    let refusal = refused(given.boards("pia").get_board(asked).await, Code::InvalidArgument, "INVALID_FIELDS");
    assert_eq!(
        refusal.fields(),
        [
            "filter.severities[0]",
            "filter.teams",
            "filter.levels[0]",
            "filter.waiting_on[0]",
            "filter.sources[0]",
            "order_by"
        ]
    );
}
