//! Teams: who is away, and back.

use api::projects::v1::{Absence, GetProjectRequest, SetMemberAwayRequest, SetMemberBackRequest};
use prost_types::Timestamp;
use tonic::Code;

use super::answers::refused;
use super::given::{Given, fresh};

/// So many days after the server's clock began.
fn day(n: i64) -> Timestamp {
    Timestamp { seconds: 1_800_000_000 + n * 86_400, nanos: 0 }
}

fn away(person: &str, from: Option<i64>, until: i64) -> SetMemberAwayRequest {
    SetMemberAwayRequest {
        request_id: fresh(),
        project: "PAY".into(),
        team: "core".into(),
        person: person.into(),
        from: from.map(day),
        until: Some(day(until)),
        expected_revision: None,
    }
}

fn back(person: &str, from: Option<i64>) -> SetMemberBackRequest {
    SetMemberBackRequest {
        request_id: fresh(),
        project: "PAY".into(),
        team: "core".into(),
        person: person.into(),
        from: from.map(day),
        expected_revision: None,
    }
}

fn absence(person: &str, from: i64, until: i64) -> Absence {
    Absence { person: person.into(), from: Some(day(from)), until: Some(day(until)) }
}

#[tokio::test]
async fn members_are_away_and_back() {
    let given = Given::project().await;
    let mut pia = given.projects("pia");
    let team = pia.set_member_away(away("ada", Some(3), 10)).await.unwrap().into_inner().team.unwrap();
    assert_eq!((team.members, team.away), (vec!["ada".into(), "ben".into()], vec![absence("ada", 3, 10)]));

    let project = pia.get_project(GetProjectRequest { project: "PAY".into() }).await.unwrap().into_inner();
    assert_eq!(project.project.unwrap().teams[0].away, [absence("ada", 3, 10)]);

    let refusal =
        refused(pia.set_member_away(away("ada", Some(9), 12)).await, Code::FailedPrecondition, "ALREADY_AWAY");
    assert_eq!((refusal.fact("person"), refusal.fact("until")), ("ada", "2027-01-25T08:00:00Z"));
    let refusal = refused(pia.set_member_away(away("ada", Some(9), 9)).await, Code::FailedPrecondition, "ABSENCE_OVER");
    assert_eq!(refusal.fact("until"), "2027-01-24T08:00:00Z");
    refused(pia.set_member_away(away("zoe", None, 9)).await, Code::FailedPrecondition, "NOT_A_MEMBER");
    refused(pia.set_member_back(back("ada", None)).await, Code::FailedPrecondition, "NOT_AWAY");

    let team = pia.set_member_back(back("ada", Some(3))).await.unwrap().into_inner().team.unwrap();
    assert_eq!(team.away, []);
}
