//! A project's board.

use domain::ids::IssueKey;
use domain::issue::{Dismissal, IssueEvent};
use views::board::{Board, GetBoard};
use views::issue::Standing;

use super::events::{accepted, at, dismissed, filed, life, project, severity, text, triaged};
use super::given::Given;

fn board(cards_per_column: u32) -> GetBoard {
    GetBoard { project: project("PAY"), cards_per_column }
}

/// The columns that have something: how many issues, of which severities, and their cards.
fn told(board: &Board) -> Vec<String> {
    let columns = board.columns.iter().filter(|column| column.count > 0);
    let told = columns.map(|column| {
        let severities =
            column.severities.iter().map(|(severity, count)| format!("{count} {}", severity.as_deref().unwrap_or("-")));
        let cards = column.cards.iter().map(|card| card.key.to_string());
        let (severities, cards) = (severities.collect::<Vec<_>>().join(", "), cards.collect::<Vec<_>>().join(" "));
        format!("{:?} {}: {severities}: {cards}", column.standing, column.count)
    });
    told.collect()
}

#[tokio::test(start_paused = true)]
async fn an_issue_goes_from_column_to_column() {
    let mut given = Given::nothing();
    for (event, expected) in life("Payments fail", "sev1").into_iter().zip([
        "NewUntriaged 1: 1 -: PAY-1",
        "NewTriaged 1: 1 sev1: PAY-1",
        "Accepted 1: 1 sev1: PAY-1",
        "Resolved 1: 1 sev1: PAY-1",
        "Verified 1: 1 sev1: PAY-1",
        "Closed 1: 1 sev1: PAY-1",
    ]) {
        given.issue(1, [event]).await;
        assert_eq!(told(&given.ask(&board(20)).await), [expected]);
    }
}

#[tokio::test(start_paused = true)]
async fn the_longest_come_first_and_of_what_is_over_the_newest() {
    let mut given = Given::nothing();
    for ordinal in 1..=3 {
        given.issue(ordinal, life("Done", "sev2")).await;
    }
    for ordinal in 4..=6 {
        given
            .issue(ordinal, [filed("Waits"), triaged(if ordinal == 5 { "sev1" } else { "sev3" }), accepted("dan")])
            .await;
    }
    given.issue(7, [filed("Never"), dismissed(Dismissal::NotADefect)]).await;
    given
        .issue(4, [IssueEvent::SeverityChanged { from: domain::Fact::NotKnown, to: severity("sev1"), reason: None }])
        .await;

    let found = given.ask(&board(2)).await;
    assert_eq!(
        told(&found),
        ["Accepted 3: 2 sev1, 1 sev3: PAY-4 PAY-5", "Closed 3: 3 sev2: PAY-3 PAY-2", "Dismissed 1: 1 -: PAY-7"]
    );
    let columns: Vec<_> = found.columns.iter().map(|column| column.standing).collect();
    assert_eq!(columns, Standing::ALL);
}

#[tokio::test(start_paused = true)]
async fn a_card_shows_what_it_needs() {
    let mut given = Given::nothing();
    let asked = IssueEvent::InformationRequested { question: 1, of: domain::issue::Asked::Opener, text: text("When?") };
    given.issue(1, [filed("Payments fail"), triaged("sev1"), accepted("dan"), asked]).await;
    let found = given.ask(&board(1)).await;
    let card = &found.columns[2].cards[0];
    assert_eq!(card.key, IssueKey { project: project("PAY"), ordinal: 1 });
    assert_eq!((&*card.title, card.waiting, card.imported), ("Payments fail", true, false));
    assert_eq!((card.severity.as_deref(), card.team.as_deref()), (Some("sev1"), Some("dev")));
    assert_eq!((card.component.as_deref(), card.assignee.as_deref()), (Some("checkout"), Some("dan")));
    assert_eq!((card.filed_at, card.state_since), (at(0), at(2)));
}

#[tokio::test(start_paused = true)]
async fn another_projects_issues_stand_elsewhere() {
    let mut given = Given::nothing();
    given.issue_of("WEB", 1, [filed("Elsewhere")]).await;
    assert_eq!(told(&given.ask(&board(20)).await), Vec::<String>::new());
}
