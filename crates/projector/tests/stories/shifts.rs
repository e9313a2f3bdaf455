//! Plans of shifts: those that stand, by project and team.

use domain::ids::IssueKey;
use domain::issue::IssueEvent;
use domain::shifts::{Ending, Plan, plan};
use domain::team::Team;
use jiff::Timestamp;
use views::shifts::{AllPlans, ListPlans, PlansFound, Shifts};

use super::events::{at, commented, filed, person, project};
use super::given::Given;

fn planned(team: &str, from: Timestamp) -> Plan {
    let members = ["ada", "ben", "cy"].map(person).to_vec();
    let team = Team { id: team.parse().unwrap(), revision: 1, members, away: Vec::new() };
    plan(Some((&team.id, Some(&team))), from, None)
}

fn plans_of(team: &str, from: i64) -> IssueEvent {
    IssueEvent::ShiftsPlanned { plan: planned(team, at(from)) }
}

async fn listed(given: &Given, team: Option<&str>) -> Vec<(u64, Plan)> {
    let (mut all, mut after) = (Vec::new(), None);
    loop {
        let team = team.map(|team| team.parse().unwrap());
        let PlansFound { plans, next } = given.ask(&ListPlans { project: project("PAY"), team, after, limit: 1 }).await;
        all.extend(plans.into_iter().map(|found| (found.issue.ordinal, found.plan)));
        after = next;
        if after.is_none() {
            return all;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn plans_stand_until_they_are_ended() {
    let mut given = Given::with(&[&Shifts]);
    given.issue(1, [filed("Down"), plans_of("core", 30), commented("passed over")]).await;
    given.issue(2, [filed("Down, too"), plans_of("other", 10)]).await;
    given
        .issue(3, [filed("Mitigated"), plans_of("core", 10), IssueEvent::ShiftsEnded { because: Ending::Mitigated }])
        .await;
    given.folded().await;
    assert_eq!(listed(&given, None).await, [(2, planned("other", at(10))), (1, planned("core", at(30)))]);
    assert_eq!(listed(&given, Some("core")).await, [(1, planned("core", at(30)))]);

    let (first, after) = given.ask(&AllPlans { limit: 1, after: None }).await;
    let (second, after) = given.ask(&AllPlans { limit: 1, after }).await;
    let (third, _) = given.ask(&AllPlans { limit: 1, after }).await;
    let ordinals = |page: Vec<IssueKey>| page.iter().map(|key| key.ordinal).collect::<Vec<_>>();
    assert_eq!([first, second, third].map(ordinals), [vec![1], vec![2], vec![]]);

    // A later plan replaces it, and a handover changes it.
    let handed = IssueEvent::ShiftHandedOver { shift: at(54), from: person("ada"), to: person("cy") };
    given.issue(1, [plans_of("core", 54), handed]).await;
    given.folded().await;
    let found = listed(&given, Some("core")).await.remove(0).1;
    assert_eq!((found.from, found.shifts[0].person.as_str()), (at(54), "cy"));
}
