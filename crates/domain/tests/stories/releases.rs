//! Teams and releases.

use domain::project::TeamModel;
use domain::release::{self, Deployment, PRODUCTION, Release, ReleaseEvent};
use domain::team::{self, Team, TeamEvent};
use domain::{Context, Decision, Rejection, StreamKind};
use jiff::Timestamp;

use super::words::{self, change, hour, key, person, s};
use super::world::{context, record, world};

// Teams.

fn decide_team(there: Option<&Team>, command: team::Command) -> Result<Vec<TeamEvent>, Rejection> {
    let (actor, id, project) = (person("olga"), words::project_id(), world().project);
    team::decide(there, command, &context(&actor, &id, Some(&project))).map(|decision| decision.events)
}

#[test]
fn people_join_and_leave_a_team() {
    let add = || team::Command::AddMember { team: words::team("dev"), person: person("eve") };
    let remove = || team::Command::RemoveMember { team: words::team("dev"), person: person("eve") };
    let not_a_member = Rejection::NotAMember { person: person("eve"), team: words::team("dev") };
    assert_eq!(decide_team(None, remove()), Err(not_a_member.clone()));
    let events = decide_team(None, add()).unwrap();
    let joined = team::fold(&[record(events[0].clone(), StreamKind::Team, "dev", 1, hour(0))]);
    assert_eq!(decide_team(joined.as_ref(), add()), Err(Rejection::AlreadyMember { person: person("eve") }));
    let events = decide_team(joined.as_ref(), remove()).unwrap();
    let left = team::evolve(joined, &record(events[0].clone(), StreamKind::Team, "dev", 2, hour(1)));
    assert_eq!(decide_team(left.as_ref(), remove()), Err(not_a_member));
    assert_eq!(left.map(|team| (team.id, team.members.len())), Some((words::team("dev"), 0)));
}

/// The team dev with ada and ben, at hour 0, after these commands, an hour after each other from hour 1 on.
fn team_after(commands: Vec<team::Command>) -> Team {
    let (actor, id, project) = (person("olga"), words::project_id(), world().project);
    let join = |who: &str| team::Command::AddMember { team: words::team("dev"), person: person(who) };
    let mut there = None;
    for (n, command) in (0_i64..).zip([join("ada"), join("ben")].into_iter().chain(commands)) {
        let context = Context { now: hour(n - 1), ..context(&actor, &id, Some(&project)) };
        let decided = team::decide(there.as_ref(), command, &context).unwrap();
        let revision = u64::try_from(n).unwrap() + 1;
        for event in decided.events {
            there = team::evolve(there, &record(event, StreamKind::Team, "dev", revision, hour(n - 1)));
        }
    }
    there.unwrap()
}

fn away(who: &str, from: Option<i64>, until: i64) -> team::Command {
    let (person, from) = (person(who), from.map(hour));
    team::Command::MemberAway { team: words::team("dev"), person, from, until: hour(until) }
}

fn back(who: &str, from: Option<i64>) -> team::Command {
    team::Command::MemberBack { team: words::team("dev"), person: person(who), from: from.map(hour) }
}

/// Who is away from when until when, in hours.
#[track_caller]
fn check_away(commands: Vec<team::Command>, expected: &[(&str, i64, i64)]) {
    let expected: Vec<_> = expected.iter().map(|(who, from, until)| (person(who), hour(*from), hour(*until))).collect();
    let away = team_after(commands).away;
    assert_eq!(away.into_iter().map(|one| (one.person, one.from, one.until)).collect::<Vec<_>>(), expected);
}

#[test]
fn members_are_away_and_back() {
    check_away(vec![away("ada", None, 9)], &[("ada", 1, 9)]);
    check_away(vec![away("ada", Some(5), 9), away("ben", Some(3), 4)], &[("ben", 3, 4), ("ada", 5, 9)]);
    // Back sooner than planned, and a holiday that is not taken.
    check_away(vec![away("ada", None, 9), back("ada", None)], &[("ada", 1, 2)]);
    check_away(vec![away("ada", Some(20), 30), back("ada", Some(20))], &[]);
    // What is over is forgotten with the next absence; who leaves is not away.
    check_away(
        vec![away("ada", None, 2), away("ben", Some(8), 9), away("ada", Some(5), 6)],
        &[("ada", 5, 6), ("ben", 8, 9)],
    );
    let leave = team::Command::RemoveMember { team: words::team("dev"), person: person("ada") };
    check_away(vec![away("ada", None, 9), leave], &[]);
}

#[test]
fn absences_that_make_no_sense_are_refused() {
    let there = team_after(vec![away("ada", Some(5), 9)]);
    let decide = |command| decide_team(Some(&there), command);
    let already = Rejection::AlreadyAway { person: person("ada"), from: hour(5), until: hour(9) };
    let over = |from, until| Rejection::AbsenceOver { from: hour(from), until: hour(until), now: hour(100) };
    let cases = [
        (away("ada", Some(8), 400), already.clone()),
        (away("ada", Some(1), 400), already),
        (away("ben", Some(400), 400), over(400, 400)),
        (away("ben", Some(400), 399), over(400, 399)),
        (away("eve", Some(400), 500), Rejection::NotAMember { person: person("eve"), team: words::team("dev") }),
        (back("ben", None), Rejection::NotAway { person: person("ben") }),
        (back("ada", Some(4)), Rejection::NotAway { person: person("ada") }),
    ];
    for (command, rejection) in cases {
        assert_eq!(decide(command.clone()), Err(rejection), "{command:?}");
    }
    let full = Team {
        away: vec![team::Absence { person: person("ben"), from: hour(500), until: hour(501) }; 100],
        ..there.clone()
    };
    assert_eq!(decide_team(Some(&full), away("ada", Some(400), 401)), Err(Rejection::TooManyAbsences { limit: 100 }));
}

#[test]
fn nobody_joins_a_team_that_the_project_has_not() {
    let add = team::Command::AddMember { team: words::team("moon"), person: person("eve") };
    assert_eq!(decide_team(None, add), Err(Rejection::UnknownTeam { team: words::team("moon") }));
}

#[test]
fn each_model_takes_its_levels() {
    let levels = |model: TeamModel| {
        (1..=3).filter(|n| model.may_take(domain::issue::Level::from_number(*n).unwrap())).collect::<Vec<_>>()
    };
    assert_eq!(levels(TeamModel::Combined), [1, 2, 3]);
    assert_eq!(levels(TeamModel::Development), [3]);
    assert_eq!(levels(TeamModel::Maintenance), [3]);
    assert_eq!(levels(TeamModel::Operations), [2]);
    assert_eq!(levels(TeamModel::Support), [1]);
}

// Releases.

fn decide_release(
    there: Option<&Release>,
    command: release::Command,
    occurred_at: Option<Timestamp>,
) -> Result<Decision<ReleaseEvent>, Rejection> {
    let (actor, id, project) = (person("olga"), words::project_id(), world().project);
    release::decide(there, command, &Context { occurred_at, ..context(&actor, &id, Some(&project)) })
}

fn deploy(environment: &str, changes: &[&str]) -> release::Command {
    release::Command::RecordDeployment {
        release: words::release("r7"),
        environment: s(environment),
        changes: changes.iter().map(|id| change(id)).collect(),
        issues: vec![key(1)],
    }
}

fn roll_back(environment: &str) -> release::Command {
    release::Command::RecordRollback { release: words::release("r7"), environment: s(environment) }
}

#[track_caller]
fn recorded(there: Option<Release>, command: release::Command, at: Timestamp) -> Option<Release> {
    let decision = decide_release(there.as_ref(), command, Some(at)).expect("it is accepted");
    decision.events.into_iter().fold(there, |release, event| {
        release::evolve(release, &record(event, StreamKind::Release, "r7", 1, decision.occurred_at))
    })
}

#[test]
fn a_deployment_says_what_it_carries_and_where() {
    let deployed = recorded(None, deploy("staging", &["c1"]), hour(10));
    let deployed = recorded(deployed, deploy(PRODUCTION, &["c1", "c2"]), hour(20)).unwrap();
    assert_eq!(deployed.cargo.changes, [change("c1"), change("c2")].into());
    assert_eq!(deployed.cargo.issues, [key(1)].into());
    assert_eq!(deployed.environments[PRODUCTION], Deployment::Deployed { at: hour(20) });
    assert_eq!(deployed.environments["staging"].at(), hour(10));
}

#[test]
fn a_deployment_with_nothing_new_is_known() {
    let deployed = recorded(None, deploy(PRODUCTION, &["c1", "c2"]), hour(10));
    let again = decide_release(deployed.as_ref(), deploy(PRODUCTION, &["c1"]), None);
    assert_eq!(again, Err(Rejection::AlreadyDeployed { release: words::release("r7") }));
    recorded(deployed.clone(), deploy(PRODUCTION, &["c3"]), hour(11));
    let rolled_back = recorded(deployed, roll_back(PRODUCTION), hour(11));
    recorded(rolled_back, deploy(PRODUCTION, &["c1"]), hour(12));
}

#[test]
fn a_rollback_follows_a_deployment_there() {
    let unknown = Err(Rejection::UnknownRelease { release: words::release("r7") });
    assert_eq!(decide_release(None, roll_back(PRODUCTION), None), unknown);
    let staged = recorded(None, deploy("staging", &["c1"]), hour(10));
    let not_there = Err(Rejection::NotDeployed { release: words::release("r7") });
    assert_eq!(decide_release(staged.as_ref(), roll_back(PRODUCTION), None), not_there);
    let rolled_back = recorded(staged, roll_back("staging"), hour(11));
    assert_eq!(rolled_back.as_ref().unwrap().environments["staging"], Deployment::RolledBack { at: hour(11) });
    assert_eq!(decide_release(rolled_back.as_ref(), roll_back("staging"), None), not_there);
}

#[test]
fn the_facts_of_an_environment_come_in_order() {
    let staged = recorded(None, deploy("staging", &["c1"]), hour(10));
    let early = decide_release(staged.as_ref(), roll_back("staging"), Some(hour(9)));
    assert_eq!(early, Err(Rejection::OccurredOutOfOrder { occurred_at: hour(9), bound: hour(10) }));
    // Of another environment nothing was said yet.
    recorded(staged.clone(), deploy(PRODUCTION, &["c1"]), hour(9));
    let now = decide_release(staged.as_ref(), roll_back("staging"), None).unwrap();
    assert_eq!(now.occurred_at, hour(100));
}
