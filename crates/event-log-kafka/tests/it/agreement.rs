//! Several nodes on one topic: the same records everywhere, whoever wrote, however often the topic has it.

use std::sync::Arc;

use event_log::{Append, AppendError, Appended, EventLog as _};
use event_log_kafka::KafkaLog;
use futures::future::join_all;
use test_servers::kafka;

use crate::given::{Topic, append, everything, stream};
use crate::raw;

/// Appends to a few streams that everybody wants, each from the revision that this writer believes in.
async fn write_conflicting(log: Arc<KafkaLog>, writer: u128) -> Vec<Appended> {
    let mut acknowledged = Vec::new();
    for n in 0..60_u128 {
        // A fixed choice that spreads: no two writers go the same way.
        let choice = (writer * 7919 + n * 104_729) % 6;
        let stream = stream(["PAY", "WEB", "OPS"][usize::try_from(choice % 3).unwrap()], &format!("{}", choice / 3));
        let request = writer * 1_000 + n;
        let mut expected = 0;
        loop {
            match log.append(append(&stream, expected, request)).await {
                Ok(appended) => {
                    acknowledged.push(appended);
                    break;
                }
                Err(AppendError::Conflict { actual, .. }) => expected = actual,
                Err(error) => panic!("{error}"),
            }
        }
    }
    acknowledged
}

async fn nodes_agree(nodes: usize) {
    let Some(kafka) = kafka::shared().unwrap() else { return };
    let topic = Topic::new(kafka);
    let mut logs = Vec::new();
    for _ in 0..nodes {
        logs.push(topic.node().await);
    }
    let writers = (0..12).map(|writer| {
        let log = Arc::clone(&logs[usize::try_from(writer).unwrap() % nodes]);
        tokio::spawn(write_conflicting(log, writer))
    });
    let acknowledged: Vec<Appended> = join_all(writers).await.into_iter().flat_map(|writer| writer.unwrap()).collect();
    let records = everything(&logs[0]).await;
    assert_eq!(records.len(), 12 * 60);
    for log in &logs[1..] {
        assert!(everything(log).await == records, "another node has other records");
    }
    for appended in acknowledged {
        let at = |recorded: &&event_log::Recorded| {
            (recorded.partition, recorded.position) == (appended.partition, appended.position)
        };
        assert_eq!(
            records.iter().find(at).unwrap().leaf,
            appended.leaf,
            "what was acknowledged is where it was said to be"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_nodes_agree_on_every_record() {
    nodes_agree(2).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn three_nodes_agree_on_every_record() {
    nodes_agree(3).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_proposal_that_the_topic_has_twice_is_admitted_once() {
    let Some(kafka) = kafka::shared().unwrap() else { return };
    let topic = Topic::new(kafka);
    let (first, second) = (topic.node().await, topic.node().await);
    let stream = stream("PAY", "1");
    let appended = first.append(append(&stream, 0, 1)).await.unwrap();
    let next = first.append(append(&stream, 1, 2)).await.unwrap();
    let partition = appended.partition.cast_signed();
    let written = raw::read(&kafka.bootstrap(), &topic.name, partition).await;
    // The foundation, and two proposals.
    assert_eq!(written.len(), 3);
    for record in [&written[1], &written[2], &written[1]] {
        raw::write(&kafka.bootstrap(), &topic.name, partition, record).await;
    }
    let records = everything(&first).await;
    assert_eq!(records.len(), 2);
    assert!(everything(&second).await == records);
    let again = second.append(append(&stream, 0, 1)).await.unwrap();
    assert_eq!(again, Appended { replayed: true, ..appended });
    let last = second.append(append(&stream, 2, 3)).await.unwrap();
    assert_eq!(last.position, next.position + 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_written_and_never_answered_is_settled_at_another_node() {
    let Some(kafka) = kafka::shared().unwrap() else { return };
    let topic = Topic::new(kafka);
    let (first, second) = (topic.node().await, topic.node().await);
    for n in 0..20 {
        let stream = stream("PAY", &n.to_string());
        let one: Append = append(&stream, 0, n);
        // Written, and its caller goes away.
        let mut call = std::pin::pin!(first.append(one.clone()));
        for _ in 0..n % 4 {
            // On a busy machine it is answered between two looks; nobody hears it then.
            if futures::poll!(call.as_mut()).is_ready() {
                break;
            }
            tokio::task::yield_now().await;
        }
        let settled = second.append(one.clone()).await.unwrap();
        let again = first.append(one).await.unwrap();
        assert_eq!(again, Appended { replayed: true, ..settled });
    }
    let records = everything(&first).await;
    assert_eq!(records.len(), 20);
    assert!(everything(&second).await == records);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_proposal_of_a_longer_history_is_admitted_nowhere_and_stops_nobody() {
    let Some(kafka) = kafka::shared().unwrap() else { return };
    let (lost, topic) = (Topic::new(kafka), Topic::new(kafka));
    let (longer, log) = (lost.node().await, topic.node().await);
    let mut partition = 0;
    for n in 0..3 {
        partition = longer.append(append(&stream("PAY", "1"), n, n.into())).await.unwrap().partition.cast_signed();
    }
    // The third, made after two others, on a topic that has none: so it is where a broker has lost its end.
    let brokers = kafka.bootstrap();
    for key in raw::read(&brokers, &format!("{}-keys", lost.name), partition).await {
        raw::write(&brokers, &format!("{}-keys", topic.name), partition, &key).await;
    }
    let third = raw::read(&brokers, &lost.name, partition).await.pop().unwrap();
    raw::write(&brokers, &topic.name, partition, &third).await;
    assert_eq!(everything(&log).await, []);
    log.append(append(&stream("PAY", "2"), 0, 9)).await.unwrap();
    let records = everything(&log).await;
    assert_eq!(records.len(), 1);
    assert_eq!(everything(&*topic.node().await).await, records);
    assert_eq!(*log.trouble().borrow(), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn transactions_of_somebody_else_hide_nothing_and_their_marks_are_passed() {
    let Some(kafka) = kafka::shared().unwrap() else { return };
    let topic = Topic::new(kafka);
    let log = topic.node().await;
    let first = log.append(append(&stream("PAY", "1"), 0, 1)).await.unwrap();
    let partition = first.partition.cast_signed();
    let brokers = kafka.bootstrap();
    let foundation = raw::read(&brokers, &topic.name, partition).await.swap_remove(0).1.unwrap();
    let left_open = raw::begin(&brokers, &topic.name, partition, foundation).await;
    log.append(append(&stream("PAY", "1"), 1, 2)).await.unwrap();
    let records = everything(&log).await;
    assert_eq!(records.len(), 2);
    tokio::task::spawn_blocking(|| drop(left_open)).await.unwrap();
    // The mark is the partition's last: who comes new catches up past it.
    let new = topic.node().await;
    assert_eq!(everything(&log).await, records);
    assert_eq!(everything(&new).await, records);
    log.append(append(&stream("PAY", "1"), 2, 3)).await.unwrap();
    assert_eq!(everything(&log).await.len(), 3);
    assert_eq!(*log.trouble().borrow(), None);
}
