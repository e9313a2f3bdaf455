use std::sync::Arc;
use std::time::Duration;

use event_log::{Founding, Identity, LogError, Versions};
use event_log_sqlite::{Options, SqliteLog};
use rand::Rng as _;
use rdkafka::mocking::MockCluster;
use rdkafka::types::{RDKafkaApiKey, RDKafkaRespErr};
use uuid::Uuid;

use super::{Keyring, Read};
use crate::decode::Decoder;
use crate::doubt::Doubt;
use crate::keys::Keys;
use crate::url::Location;

/// Far longer than a broker on this machine takes to answer.
const PATIENCE: Duration = Duration::from_secs(30);

#[test]
fn a_topic_that_was_cut_ends_the_session() {
    let cluster = MockCluster::new(1).unwrap();
    let location = Location::parse(&format!("kafka://{}/log", cluster.bootstrap_servers()), None).unwrap();
    cluster.create_topic(&location.keys_topic(), 1, 1).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let decoder = decoder(&location);
    let options = Options::new(Founding { identity: decoder.identity, filling: false });
    let (_log, applier) = SqliteLog::open_replica(folder.path().join("replica.db"), &options).unwrap();
    let mut keyring = Keyring::open(&location, &applier, 1, &decoder.doubt).unwrap();
    let mut read = || match keyring.read(PATIENCE, &decoder) {
        Ok(Read::Nothing) => panic!("nothing was told for {PATIENCE:?}"),
        told => told,
    };
    while !matches!(read().unwrap(), Read::End(0)) {}

    cluster.request_errors(RDKafkaApiKey::Fetch, &[RDKafkaRespErr::RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE]);
    let told = loop {
        if let Err(error) = read() {
            break error;
        }
    };
    let said = matches!(&told, LogError::Unavailable { reason } if reason.starts_with("reading the keys"));
    assert!(said, "a topic that ends before where this is was answered {told:?}");
}

fn decoder(location: &Location) -> Decoder {
    Decoder {
        known: Versions::KNOWN,
        identity: Identity::new(Uuid::from_u128(1), 1),
        keys: Arc::new(Keys::new(location.clone(), Arc::new(|bytes| rand::rng().fill_bytes(bytes)))),
        doubt: Doubt::default(),
    }
}
