//! What the system does by itself, over real processes that are killed: each deadline once, at its exact instant; escalations for whoever subscribes;
//! deployments that mark what they carry.

#![expect(clippy::unwrap_used, reason = "what surprises a test ends it")]

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use api::events::v1::event::Payload;
use api::events::v1::subscribe_events_response::Message;
use api::events::v1::{Event, SubscribeEventsRequest};
use api::policies::v1::{
    AdoptPolicyRequest, Clock, Delivery, Entry, Escalation, Moment, Policy, Rules, Target, escalation, target,
};
use prost_types::Timestamp;
use tests::client::{Client, request_id};
use tests::life::{self, Step};
use tests::server::Server;

const ISSUES: u64 = 12;
/// Nobody accepts any; so a breach of each is due after so long.
const ACCEPT: Duration = Duration::from_secs(4);
/// And half of it before, it is at risk.
const AT_RISK_PERCENT: u32 = 50;
/// A story that hears nothing for so long waits in vain.
const IN_VAIN: Duration = Duration::from_secs(240);

/// A policy of seconds: whoever is not accepted in time is at risk, then breached, and zoe is told at once.
fn of_seconds(severity: &str) -> Rules {
    let seconds = i64::try_from(ACCEPT.as_secs()).unwrap();
    let told = Escalation {
        clock: Clock::Accept.into(),
        when: Moment::Breach.into(),
        after: None,
        recipient: Some(escalation::Recipient::Person("zoe".into())),
    };
    Rules {
        severity: severity.into(),
        accept: Some(Target { target: Some(target::Target::WorkingTime(prost_types::Duration { seconds, nanos: 0 })) }),
        calendar: "24x7".into(),
        at_risk_percent: Some(AT_RISK_PERCENT),
        entry: Entry::Bottom.into(),
        delivery: Delivery::Planned.into(),
        escalations: vec![told],
        ..Rules::default()
    }
}

async fn adopt(client: &Client) {
    let policy = Policy { severities: ["sev1", "sev2", "sev3"].map(of_seconds).to_vec(), ..Policy::default() };
    let adopt = AdoptPolicyRequest {
        request_id: request_id(),
        project: "PAY".into(),
        policy: Some(policy),
        ..Default::default()
    };
    client.policies(life::OPERATOR).adopt_policy(adopt).await.unwrap();
}

/// Who subscribes to what the system does, and comes back with its token after each end of the server.
#[derive(Default)]
struct Subscriber {
    token: String,
    heard: Vec<Event>,
}

impl Subscriber {
    /// Listens until so many of these types are heard.
    async fn hears(&mut self, server: &Server, types: &[&str], count: usize) {
        let client = Client::connect(&server.url).await.unwrap();
        let request =
            SubscribeEventsRequest { token: self.token.clone(), projects: vec!["PAY".into()], ..Default::default() };
        let mut messages = client.events("zoe").subscribe_events(request).await.unwrap().into_inner();
        while self.of(types).count() < count {
            let message = tokio::time::timeout(IN_VAIN, messages.message()).await;
            let heard = || self.heard.iter().map(|event| (&event.r#type, &event.subject)).collect::<Vec<_>>();
            let message = message.unwrap_or_else(|_| panic!("{types:?} are waited for in vain: {:?}", heard()));
            let message = message.unwrap().unwrap();
            if let Some(Message::Event(event)) = message.message {
                self.heard.push(event);
            }
            self.token = message.token;
        }
    }

    fn of<'a>(&'a self, types: &'a [&str]) -> impl Iterator<Item = &'a Event> {
        self.heard.iter().filter(|event| types.contains(&event.r#type.as_str()))
    }

    /// By issue: when each of these happened.
    fn instants(&self, r#type: &str) -> BTreeMap<String, Vec<Timestamp>> {
        let mut instants = BTreeMap::<_, Vec<_>>::new();
        for event in self.of(&[r#type]) {
            instants.entry(event.subject.clone()).or_default().push(event.occurred_at.unwrap());
        }
        instants
    }
}

fn later(instant: Timestamp, by: Duration) -> Timestamp {
    let nanos = i128::from(instant.seconds) * 1_000_000_000
        + i128::from(instant.nanos)
        + i128::try_from(by.as_nanos()).unwrap();
    Timestamp {
        seconds: i64::try_from(nanos.div_euclid(1_000_000_000)).unwrap(),
        nanos: i32::try_from(nanos.rem_euclid(1_000_000_000)).unwrap(),
    }
}

async fn start(data: &Path) -> Server {
    Server::start_reacting(data, &[]).await.unwrap()
}

#[tokio::test]
async fn killed_again_and_again_it_records_each_breach_once_at_its_exact_instant() {
    let folder = tempfile::tempdir().unwrap();
    let mut server = start(folder.path()).await;
    let client = Client::connect(&server.url).await.unwrap();
    life::project(&client, "PAY").await.unwrap();
    adopt(&client).await;
    for number in 0..ISSUES {
        life::step(&client, "PAY", number, "", Step::File).await.unwrap();
    }
    // When it is killed as soon as some of it is recorded, and once before anything more is.
    let mut subscriber = Subscriber::default();
    let recorded = ["SlaAtRiskRecorded", "SlaBreachRecorded", "SlaEscalated"];
    for count in [1, 3, 8, 8, 15, 24] {
        subscriber.hears(&server, &recorded, count).await;
        server.kill().await.unwrap();
        server = start(folder.path()).await;
    }
    let all = usize::try_from(ISSUES).unwrap();
    subscriber.hears(&server, &recorded, 3 * all).await;
    // Then a last one that is filed now is breached, too: whoever was to be told twice would have been by then.
    let client = Client::connect(&server.url).await.unwrap();
    life::step(&client, "PAY", ISSUES, "", Step::File).await.unwrap();
    subscriber.hears(&server, &recorded, 3 * (all + 1)).await;
    // Then each was recorded once, at its instant.
    let filed = subscriber.instants("IssueFiled");
    assert_eq!(filed.len(), all + 1);
    let after = |by: Duration| -> BTreeMap<_, _> {
        filed.iter().map(|(key, filed)| (key.clone(), vec![later(filed[0], by)])).collect()
    };
    assert_eq!(subscriber.instants("SlaAtRiskRecorded"), after(ACCEPT * AT_RISK_PERCENT / 100));
    assert_eq!(subscriber.instants("SlaBreachRecorded"), after(ACCEPT));
    assert_eq!(subscriber.instants("SlaEscalated"), after(ACCEPT));
    for event in subscriber.of(&["SlaEscalated"]) {
        let Some(Payload::SlaEscalated(told)) = &event.payload else { panic!("{event:?}") };
        assert_eq!((event.actor.as_str(), told.people.as_slice()), ("system:escalations", &["zoe".to_owned()][..]));
    }
    let ended = server.stop().await.unwrap();
    assert_eq!(ended.code, Some(0), "{}", ended.errors);
}

#[tokio::test]
async fn a_deployment_marks_what_it_carries_also_what_was_deployed_while_nothing_ran() {
    let folder = tempfile::tempdir().unwrap();
    let server = start(folder.path()).await;
    let client = Client::connect(&server.url).await.unwrap();
    life::project(&client, "PAY").await.unwrap();
    let mut subscriber = Subscriber::default();
    let mut keys = Vec::new();
    for number in [1, 2] {
        let mut key = String::new();
        for step in [Step::File, Step::Triage, Step::Accept, Step::Resolve, Step::Verify] {
            key = life::step(&client, "PAY", number, &key, step).await.unwrap().key;
        }
        keys.push(key);
    }
    life::step(&client, "PAY", 1, &keys[0], Step::Deploy).await.unwrap();
    subscriber.hears(&server, &["MarkedInProduction"], 1).await;
    // A node that does nothing by itself records a deployment; the next start finds it.
    server.kill().await.unwrap();
    let server = Server::start_with(folder.path(), &["--no-reactors"]).await.unwrap();
    let client = Client::connect(&server.url).await.unwrap();
    life::step(&client, "PAY", 2, &keys[1], Step::Deploy).await.unwrap();
    server.kill().await.unwrap();
    let server = start(folder.path()).await;
    subscriber.hears(&server, &["MarkedInProduction"], 2).await;
    let deployed: Vec<_> = subscriber.of(&["ReleaseDeployed"]).map(|event| event.occurred_at.unwrap()).collect();
    let marked: Vec<_> = subscriber.of(&["MarkedInProduction"]).map(|event| event.occurred_at.unwrap()).collect();
    assert_eq!(marked, deployed);
    assert!(subscriber.of(&["MarkedInProduction"]).all(|event| event.actor == "system:production"));
}
