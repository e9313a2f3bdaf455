//! TLS and passwords, against a broker that demands both.

use std::time::Duration;

use event_log::EventLog as _;
use event_log_kafka::{KafkaLog, OpenError, Options};
use test_servers::kafka::{Kafka, Secure, Setup};

use crate::given::{Topic, append, everything, founding, patient, stream};

const PASSWORD: &str = "not-to-be-told";

/// Its authority signs nothing else.
fn secure() -> Secure {
    let names = vec!["localhost".to_owned(), "127.0.0.1".to_owned()];
    let rcgen::CertifiedKey { cert, signing_key } = rcgen::generate_simple_self_signed(names).unwrap();
    Secure {
        certificates: cert.pem(),
        key: signing_key.serialize_pem(),
        user: "snaglog".to_owned(),
        password: PASSWORD.to_owned(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn tls_and_scram_pass_through_and_no_password_is_told() {
    let secure = secure();
    let setup = Setup { secure: Some(secure.clone()), ..Setup::default() };
    let Some(kafka) = Kafka::start(&setup).unwrap() else { return };
    let folder = tempfile::tempdir().unwrap();
    let authority = folder.path().join("ca.pem");
    std::fs::write(&authority, &secure.certificates).unwrap();
    let query = format!(
        "single-broker&security.protocol=SASL_SSL&ssl.ca.location={}&sasl.mechanisms=SCRAM-SHA-512&sasl.username={}",
        authority.display(),
        secure.user
    );
    let topic = Topic::with(&kafka, &query);
    let options =
        |password: &str| Options { password: Some(password.to_owned()), ..patient(founding(), topic.next_replica()) };
    let log = KafkaLog::open(&topic.url, &options(PASSWORD)).await.unwrap();
    log.caught_up().await.unwrap();
    log.append(append(&stream("PAY", "1"), 0, 1)).await.unwrap();
    assert_eq!(everything(&log).await.len(), 1);
    assert!(!format!("{log:?} {:?}", options(PASSWORD)).contains(PASSWORD));
    let refused = tokio::time::timeout(Duration::from_secs(180), KafkaLog::open(&topic.url, &options("wrong"))).await;
    match refused.unwrap() {
        Err(error @ OpenError::Unavailable { .. }) => assert!(!error.to_string().contains(PASSWORD)),
        other => panic!("{other:?}"),
    }
}
