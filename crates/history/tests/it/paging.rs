//! Streams longer than a page, and a page's bounds.

use domain::Recorded;
use domain::ids::IssueKey;
use domain::issue::IssueEvent;
use domain::team::TeamEvent;
use history::{AsOf, HistoryError};

use crate::story::{Story, commented, filed, issue, minute, told};

async fn long(comments: i64) -> Story {
    let story = Story::given([told(0, filed())]).await;
    story.append(&issue(1), (1..=comments).map(|n| told(n, commented()))).await;
    story
}

fn revisions(events: &[Recorded<IssueEvent>]) -> Vec<u64> {
    events.iter().map(|event| event.revision).collect()
}

#[tokio::test]
async fn a_stream_is_read_to_its_end() {
    // Ends on a page's edge, before it and after it.
    for events in [511, 512, 513, 1024, 1030] {
        let story = long(events - 1).await;
        let read = revisions(&story.history.stream(&issue(1)).await.unwrap());
        assert_eq!(read, (1..=events.unsigned_abs()).collect::<Vec<_>>());
        let known = revisions(&story.history.cut(&issue(1), history::Cut::default()).await.unwrap());
        assert_eq!(known, read);
    }
}

#[tokio::test]
async fn what_is_new_since_a_revision() {
    let story = long(9).await;
    assert_eq!(revisions(&story.history.since(&issue(1), 7).await.unwrap()), [8, 9, 10]);
    assert!(revisions(&story.history.since(&issue(1), 10).await.unwrap()).is_empty());
}

#[tokio::test]
async fn pages_follow_each_other() {
    let story = long(4).await;
    let page = async |after, limit, as_of| {
        let page = story.history.page::<IssueEvent>(&issue(1), after, limit, as_of).await.unwrap();
        let revisions: Vec<_> = page.entries.iter().map(|entry| entry.recorded.revision).collect();
        (revisions, page.end)
    };
    assert_eq!(page(0, 2, None).await, (vec![1, 2], false));
    assert_eq!(page(2, 2, None).await, (vec![3, 4], false));
    assert_eq!(page(4, 2, None).await, (vec![5], true));
    assert_eq!(page(0, 3, Some(AsOf::RecordedAt(minute(1)))).await, (vec![1, 2], true));
    assert_eq!(page(2, 3, Some(AsOf::Revision(2))).await, (vec![], true));
    assert_eq!(page(0, 2, Some(AsOf::Revision(3))).await, (vec![1, 2], false));
}

#[tokio::test]
async fn an_entry_has_what_the_log_keeps_beside_the_event() {
    let story = long(1).await;
    let page = story.history.page::<IssueEvent>(&issue(1), 1, 1, None).await.unwrap();
    let entry = &page.entries[0];
    assert_eq!(&*entry.event_type, "IssueCommented");
    assert_eq!(entry.recorded.event, commented());
    assert_eq!((entry.event_id.as_u128(), entry.request_id.as_u128()), (2, 2));
    assert_eq!((entry.partition, entry.recorded.position), (0, 2));
    assert_ne!(entry.leaf, [0; 32]);
}

#[tokio::test]
async fn a_key_names_its_stream() {
    let story = long(0).await;
    story.append(&issue(7), [told(1, filed())]).await;
    let find = async |key: &str| story.history.find_issue(&IssueKey::parse(key).unwrap()).await;
    assert_eq!(find("PAY-2").await.unwrap(), issue(7));
    let error = find("PAY-3").await.unwrap_err();
    assert!(matches!(error, HistoryError::NotFound { .. }));
    assert_eq!(error.to_string(), "there is no issue PAY-3");
}

#[tokio::test]
async fn a_stream_is_read_as_what_it_is() {
    let story = long(0).await;
    let error = story.history.stream::<TeamEvent>(&issue(1)).await.unwrap_err();
    assert!(matches!(error, HistoryError::Decode(_)));
    assert!(error.to_string().starts_with("decode IssueFiled v1 at position 1 of partition 0"));
}
