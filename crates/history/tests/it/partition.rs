//! A partition's page, for projectors.

use domain::issue::IssueEvent;
use domain::team::TeamEvent;
use domain::{Event, StreamKind, StreamRef};
use event_log::{EventLog, NewEvent};
use history::{PartitionRecord, partition_page};

use crate::story::{Story, commented, filed, issue, minute, stored, told};

/// An event as today's build writes it, in the words of another build.
fn foreign(event_type: &str, schema_version: u16) -> NewEvent {
    NewEvent { event_type: event_type.into(), schema_version, ..stored(&commented()) }
}

fn event(record: &PartitionRecord) -> &Event {
    &record.event.as_ref().unwrap().event
}

#[tokio::test]
async fn streams_of_all_kinds_stand_in_the_order_of_the_log() {
    let story = Story::given([told(0, filed())]).await;
    let team = StreamRef { kind: StreamKind::Team, id: "payments".into(), ..issue(1) };
    let person = "ada".parse().unwrap();
    story.append(&team, [told(1, TeamEvent::MemberAdded { person })]).await;
    story.append(&issue(1), [told(2, commented())]).await;

    let page = partition_page(&*story.log, 0, 0, 10).await.unwrap();
    assert!(page.end);
    let positions: Vec<_> = page.records.iter().map(|record| record.position).collect();
    assert_eq!(positions, [1, 2, 3]);
    assert!(matches!(event(&page.records[1]), Event::Team(TeamEvent::MemberAdded { .. })));
    assert!(matches!(event(&page.records[2]), Event::Issue(IssueEvent::IssueCommented { .. })));
    let last = &story.log.read_partition(0, 2, 1).await.unwrap().records[0];
    assert_eq!(page.last(), Some((3, last.leaf)));
}

#[tokio::test]
async fn a_page_is_bounded_and_the_next_follows() {
    let story = Story::given((0..5).map(|n| told(n, if n == 0 { filed() } else { commented() }))).await;
    let page = async |after| {
        let page = partition_page(&*story.log, 0, after, 2).await.unwrap();
        (page.records.iter().map(|record| record.position).collect::<Vec<_>>(), page.end)
    };
    assert_eq!(page(0).await, (vec![1, 2], false));
    assert_eq!(page(2).await, (vec![3, 4], false));
    assert_eq!(page(4).await, (vec![5], true));
    assert_eq!(page(5).await, (vec![], true));
    assert_eq!(partition_page(&*story.log, 0, 5, 2).await.unwrap().last(), None);
}

#[tokio::test]
async fn what_cannot_be_decoded_is_there_with_its_reason() {
    let story = Story::given([told(0, filed())]).await;
    let now = minute(1).as_microsecond();
    let damaged = NewEvent { facts: b"{}".to_vec(), ..foreign("IssueCommented", 1) };
    story.append_raw(&issue(1), vec![damaged], now).await;
    story.append_raw(&issue(2), vec![foreign("IssueCommented", 9)], now).await;
    story.append(&issue(3), [told(2, filed())]).await;

    let page = partition_page(&*story.log, 0, 0, 10).await.unwrap();
    let damaged = page.records[1].event.as_ref().unwrap_err();
    assert!(!damaged.is_upgrade_needed());
    assert_eq!(page.records[1].stream, codec::stream_id(&issue(1)));
    let newer = page.records[2].event.as_ref().unwrap_err();
    assert!(newer.is_upgrade_needed());
    assert_eq!((newer.place().position, &newer.place().stream), (3, &page.records[2].stream));
    // The others are not held up by it.
    assert!(page.records[0].event.is_ok() && page.records[3].event.is_ok());
    assert_eq!(page.last().unwrap().0, 4);
}
