//! Who has how much to do.

use domain::Fact;
use domain::issue::{Asked, IssueEvent};
use views::people::{CountAccepted, GetLoads, GetTeams, Kind, ListDuties, ListPeople, Party, TeamState};

use super::events::{accepted, at, filed, life, person, project, resolved, severity, text, triaged, verified};
use super::given::Given;

fn asked(question: u32, of: Asked) -> IssueEvent {
    IssueEvent::InformationRequested { question, of, text: text("When?") }
}

/// What they have to do: `kind count: severities: the oldest`.
async fn load(given: &Given, party: Party) -> Vec<String> {
    let query = GetLoads { project: project("PAY"), parties: vec![party.clone()] };
    let load = given.ask_now(&query).await.remove(&party).unwrap_or_default();
    let told = load.into_iter().map(|(kind, amount)| {
        let severity = |(severity, count): (&Option<std::sync::Arc<str>>, &u64)| {
            format!("{count} {}", severity.as_deref().unwrap_or("-"))
        };
        let severities = amount.severities.iter().map(severity).collect::<Vec<_>>().join(", ");
        let oldest = amount.oldest.map(|(key, _)| key.to_string()).unwrap_or_default();
        format!("{kind:?} {}: {severities}: {oldest}", amount.issues)
    });
    told.collect()
}

fn someone(id: &str) -> Party {
    Party::Person(person(id))
}

#[tokio::test(start_paused = true)]
async fn an_issue_asks_of_people_what_its_state_says() {
    let mut given = Given::nothing();
    let assigned = IssueEvent::IssueAssigned { assignee: Some(person("dan")) };
    let delegated = IssueEvent::VerificationDelegated { to: person("cora"), capacity: Fact::NotKnown };
    let steps: [(IssueEvent, &[(&str, &str)]); 9] = [
        (filed("Payments fail"), &[]),
        (triaged("sev1"), &[]),
        (assigned, &[("dan", "Assigned 1: 1 sev1: PAY-1")]),
        (accepted("dan"), &[("dan", "Accepted 1: 1 sev1: PAY-1")]),
        (asked(1, Asked::Opener), &[("dan", "Accepted 1: 1 sev1: PAY-1"), ("olga", "Asked 1: 1 sev1: PAY-1")]),
        (delegated, &[("dan", "Accepted 1: 1 sev1: PAY-1"), ("olga", "Asked 1: 1 sev1: PAY-1")]),
        (resolved(), &[("cora", "Verify 1: 1 sev1: PAY-1"), ("olga", "Verify 1: 1 sev1: PAY-1")]),
        (IssueEvent::ResolutionRejected { reason: None, unassigned: false }, &[("dan", "Accepted 1: 1 sev1: PAY-1")]),
        (resolved(), &[("cora", "Verify 1: 1 sev1: PAY-1"), ("olga", "Verify 1: 1 sev1: PAY-1")]),
    ];
    for (event, expected) in steps {
        given.issue(1, [event]).await;
        given.settled().await;
        let people = given.ask_now(&ListPeople { project: project("PAY"), after: None, limit: 50 }).await;
        let expected_people: Vec<_> = expected.iter().map(|(id, _)| person(id)).collect();
        assert_eq!(people, expected_people);
        for (id, told) in expected {
            assert_eq!(load(&given, someone(id)).await, [*told]);
        }
    }
    given.issue(1, [verified()]).await;
    assert_eq!(given.ask(&ListPeople { project: project("PAY"), after: None, limit: 50 }).await, []);
}

#[tokio::test(start_paused = true)]
async fn work_adds_up_and_the_oldest_is_named() {
    let mut given = Given::nothing();
    for (ordinal, as_severe_as) in [(1, "sev2"), (2, "sev1"), (3, "sev2")] {
        given.issue(ordinal, [filed("It fails"), triaged(as_severe_as), accepted("dan")]).await;
    }
    given.issue(4, [filed("It fails"), triaged("sev3")]).await;
    given.issue(1, [asked(1, Asked::ProductOwner), asked(2, Asked::Person(person("zoe")))]).await;
    given.issue(2, [IssueEvent::SeverityChanged { from: Fact::NotKnown, to: severity("sev3"), reason: None }]).await;
    given.issue(3, [resolved()]).await;
    given.issue(5, life("Done", "sev1")).await;
    given.settled().await;

    assert_eq!(load(&given, someone("dan")).await, ["Accepted 2: 1 sev2, 1 sev3: PAY-1"]);
    assert_eq!(load(&given, Party::ProductOwners).await, ["Asked 1: 1 sev2: PAY-1"]);
    let people = given.ask_now(&ListPeople { project: project("PAY"), after: Some(person("dan")), limit: 50 }).await;
    assert_eq!(people, [person("olga"), person("zoe")]);
    let asked = CountAccepted { project: project("PAY"), people: ["zoe", "dan"].map(person).into() };
    assert_eq!(given.ask_now(&asked).await, [0, 2]);

    let teams = GetTeams { project: project("PAY"), teams: vec!["dev".parse().unwrap(), "ops".parse().unwrap()] };
    let teams = given.ask_now(&teams).await;
    let told = |team: usize, state| {
        let amount = &teams[team][&state];
        (amount.issues, amount.oldest.as_ref().map(|(key, _)| key.ordinal))
    };
    assert_eq!(told(0, TeamState::ToAccept), (1, Some(4)));
    assert_eq!(told(0, TeamState::Accepted), (2, Some(1)));
    assert_eq!(told(0, TeamState::Resolved), (1, Some(3)));
    assert_eq!(told(1, TeamState::Accepted), (0, None));
}

#[tokio::test(start_paused = true)]
async fn duties_are_listed_in_pages() {
    let mut given = Given::nothing();
    for ordinal in 1..=5 {
        given.issue(ordinal, [filed("It fails"), triaged("sev2"), accepted("olga")]).await;
    }
    given.issue(4, [resolved()]).await;
    given.issue(2, [asked(1, Asked::Opener)]).await;
    given.settled().await;
    for limit in [1, 2, 50] {
        let mut query = ListDuties { project: project("PAY"), party: someone("olga"), after: None, limit };
        let mut told = Vec::new();
        loop {
            let found = given.ask_now(&query).await;
            told.extend(found.duties.iter().map(|duty| (duty.kind, duty.key.ordinal)));
            let Some(next) = found.next else { break };
            query.after = Some(next);
        }
        let expected = [
            (Kind::Accepted, 1),
            (Kind::Accepted, 2),
            (Kind::Accepted, 3),
            (Kind::Accepted, 5),
            (Kind::Asked, 2),
            (Kind::Verify, 4),
        ];
        assert_eq!(told, expected, "in pages of {limit}");
    }
    let query = ListDuties { project: project("PAY"), party: someone("olga"), after: None, limit: 50 };
    assert_eq!(given.ask_now(&query).await.duties[0].since, at(2));
}
