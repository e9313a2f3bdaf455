//! What a node tells of its own work.

use std::sync::{Arc, Mutex};

use event_log::{Batch, EventLog as _, Observer};
use test_servers::kafka;

use crate::given::{Topic, append, everything, stream};

#[derive(Default)]
struct Heard(Mutex<Vec<Batch>>);

impl Observer for Heard {
    fn batch(&self, batch: &Batch) {
        self.0.lock().unwrap().push(*batch);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_tells_what_waits_the_batches_that_it_reads_and_how_far_it_is_behind() {
    let Some(kafka) = kafka::shared().unwrap() else { return };
    let topic = Topic::new(kafka);
    let (writer, reader) = (topic.node().await, topic.node().await);
    let heard = Arc::new(Heard::default());
    reader.observe(heard.clone());
    for n in 0..20 {
        writer.append(append(&stream("PAY", &n.to_string()), 0, n)).await.unwrap();
    }
    assert_eq!(everything(&reader).await.len(), 20);
    let heard = std::mem::take(&mut *heard.0.lock().unwrap());
    assert!(heard.iter().all(|batch| batch.written), "{heard:?}");
    let read: usize = heard.iter().map(|batch| batch.events).sum();
    assert_eq!(read, 20, "what another node wrote is read in batches, too: {heard:?}");
    let stats = writer.stats();
    assert_eq!((stats.queues.len(), stats.queues[0].proposals), (1, 0), "all was read back");
    assert!(stats.queues[0].proposals_max > 1000 && !stats.pools.is_empty() && stats.wal_bytes.is_some(), "{stats:?}");
    // Brokers tell now and then how far they are; nothing is behind once they have told of the end.
    let all = reader.identity().partitions as usize;
    loop {
        let behind = reader.stats().behind;
        if behind.len() == all && behind.iter().all(|(_, records)| *records == 0) {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
}
