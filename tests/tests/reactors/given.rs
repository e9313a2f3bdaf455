//! A policy of seconds, servers that react, and who hears of it.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use api::boards::v1::GetBoardRequest;
use api::events::v1::event::Payload;
use api::policies::v1::{
    AdoptPolicyRequest, Clock, Delivery, Entry, Escalation, Moment, Policy, Rules, Target, escalation, target,
};
use prost_types::Timestamp;
use tests::client::{Client, request_id};
use tests::life::{self, Step};
use tests::server::Server;
pub(crate) use tests::subscriber::Subscriber;
use tonic::Code;

const ISSUES: u64 = 12;
/// Nobody accepts any; so a breach of each is due after so long.
const ACCEPT: Duration = Duration::from_secs(4);
/// And half of it before, it is at risk.
const AT_RISK_PERCENT: u32 = 50;

/// What is recorded of each.
pub(crate) const RECORDED: [&str; 3] = ["SlaAtRiskRecorded", "SlaBreachRecorded", "SlaEscalated"];

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

fn later(instant: Timestamp, by: Duration) -> Timestamp {
    let nanos = i128::from(instant.seconds) * 1_000_000_000
        + i128::from(instant.nanos)
        + i128::try_from(by.as_nanos()).unwrap();
    Timestamp {
        seconds: i64::try_from(nanos.div_euclid(1_000_000_000)).unwrap(),
        nanos: i32::try_from(nanos.rem_euclid(1_000_000_000)).unwrap(),
    }
}

/// A server that does by itself what the system does, once it is ready: a node of Kafka catches up first.
pub(crate) async fn start(data: &Path, flags: &[&str]) -> Server {
    let server = Server::start_reacting(data, flags).await.unwrap();
    let client = Client::connect(&server.url).await.unwrap();
    let request = || GetBoardRequest { project: "NONE".into(), ..Default::default() };
    while let Err(status) = client.boards("zoe").get_board(request()).await
        && [Code::Unavailable, Code::DeadlineExceeded].contains(&status.code())
    {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    server
}

/// The project, its policy of seconds, and as many issues as the stories are about.
pub(crate) async fn filed(server: &Server) {
    let client = Client::connect(&server.url).await.unwrap();
    life::project(&client, "PAY").await.unwrap();
    adopt(&client).await;
    for number in 0..ISSUES {
        life::step(&client, "PAY", number, "", Step::File).await.unwrap();
    }
}

/// All that is to be recorded of the issues is, each once, at its instant; by the end of another one that is filed on this server, so that whoever was
/// to be told twice would have been.
pub(crate) async fn each_once(server: &Server, mut subscriber: Subscriber) {
    let all = usize::try_from(ISSUES).unwrap();
    subscriber.hears(&server.url, &RECORDED, 3 * all).await;
    let client = Client::connect(&server.url).await.unwrap();
    life::step(&client, "PAY", ISSUES, "", Step::File).await.unwrap();
    subscriber.hears(&server.url, &RECORDED, 3 * (all + 1)).await;
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
}
