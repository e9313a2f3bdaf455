//! The admin service: what operators see of the views, and do with them.

use api::admin::v1::admin_service_client::AdminServiceClient;
use api::admin::v1::{
    ListParkedRequest, ListViewsRequest, ListViewsResponse, RebuildStep, RebuildViewRequest, RetryParkedRequest,
    SkipParkedRequest, View, ViewState,
};
use tonic::Code;
use view_store::{Park, ViewCommit};
use views::AnyView as _;
use views::issue::Issues;

use super::answers::refused;
use super::freshness::at_least;
use super::given::{Client, Given, filing};

const VIEW: &str = "issues";

fn admin(given: &Given) -> AdminServiceClient<Client> {
    given.admin("ada")
}

async fn listed(given: &Given) -> ListViewsResponse {
    admin(given).list_views(ListViewsRequest {}).await.unwrap().into_inner()
}

fn issues(listed: &ListViewsResponse) -> &View {
    listed.views.iter().find(|view| view.name == VIEW).unwrap()
}

/// Two issues, the first of which the view has set aside; as if it could not have applied its last event.
async fn parked() -> (Given, String) {
    let given = Given::project().await;
    let mut cora = given.issues("cora");
    for _ in 0..2 {
        let token = cora.file_issue(filing()).await.unwrap().into_inner().consistency_token;
        let asked = api::issues::v1::GetIssueRequest {
            key: "PAY-1".into(),
            consistency: at_least([&token]),
            ..Default::default()
        };
        cora.get_issue(asked).await.unwrap();
    }
    let id = api::issues::v1::GetIssueRequest { key: "PAY-1".into(), ..Default::default() };
    let id = cora.get_issue(id).await.unwrap().into_inner().issue.unwrap().id;
    let stream = format!("issue/PAY/{id}");
    let view = Issues.schema().id();
    let (partition, at) = given.store.checkpoints(view).await.unwrap().into_iter().next().unwrap();
    let park =
        vec![Park { stream: stream.as_str().into(), position: at.position - 1, reason: "a story says so".into() }];
    let commit = ViewCommit { park, ..ViewCommit::new(view, Some(at), at) };
    given.store.commit(partition, vec![commit]).await.unwrap();
    (given, stream)
}

#[tokio::test]
async fn views_are_listed_with_how_far_they_have_come() {
    let given = Given::project().await;
    given.file().await;
    assert!(given.projector.caught_up().await);
    let listed = listed(&given).await;
    let view = issues(&listed);
    assert_eq!((view.state(), view.lag, view.lag_time), (ViewState::Serving, 0, None));
    assert_eq!((view.parked, view.skipped), (0, 0));
    assert_eq!(view.partitions.len(), 4);
    assert!(view.partitions.iter().any(|partition| partition.checkpoint > 0 && partition.led));
    assert!(view.tables.contains(&format!("issues_v{}_issue", view.version)), "{:?}", view.tables);
    assert!(listed.views.is_sorted_by_key(|view| &view.name) && listed.others.is_empty());
}

#[tokio::test]
async fn while_the_views_stand_still_they_say_how_long() {
    let given = Given::project().await;
    assert!(given.projector.caught_up().await);
    given.views_stop.cancel();
    given.projector.health().wait_for(|health| *health == projector::Health::Stopped).await.unwrap();
    given.file().await;
    let listed = listed(&given).await;
    assert_eq!(issues(&listed).lag, 1);
    assert!(issues(&listed).lag_time.is_some());
    let retry = RetryParkedRequest { view: VIEW.into(), stream: "issue/PAY/none".into() };
    assert_eq!(admin(&given).retry_parked(retry).await.unwrap().into_inner().parked, None);
}

#[tokio::test]
async fn a_parked_stream_is_listed_left_as_it_is_and_taken_up_again() {
    let (given, stream) = parked().await;
    let list = ListParkedRequest { view: VIEW.into(), page_size: 1, page_token: String::new() };
    let page = admin(&given).list_parked(list.clone()).await.unwrap().into_inner();
    assert_eq!(page.parked[0].stream, stream);
    assert_eq!((page.parked[0].reason.as_str(), page.parked[0].skipped), ("a story says so", false));
    let next = ListParkedRequest { page_token: page.next_page_token, ..list };
    assert_eq!(admin(&given).list_parked(next).await.unwrap().into_inner().parked, []);

    let skip = SkipParkedRequest { view: VIEW.into(), stream: stream.clone() };
    let skipped = admin(&given).skip_parked(skip).await.unwrap().into_inner().parked.unwrap();
    assert!(skipped.skipped);
    let counted = listed(&given).await;
    assert_eq!((issues(&counted).parked, issues(&counted).skipped), (0, 1));

    let retry = RetryParkedRequest { view: VIEW.into(), stream };
    let retried = admin(&given).retry_parked(retry.clone()).await.unwrap().into_inner();
    assert!(retried.applied > 0 && retried.parked.is_none(), "{retried:?}");
    let again = admin(&given).retry_parked(retry).await.unwrap().into_inner();
    assert_eq!((again.applied, again.parked), (0, None));
    let counted = listed(&given).await;
    assert_eq!((issues(&counted).parked, issues(&counted).skipped), (0, 0));
}

#[tokio::test]
async fn a_view_is_rebuilt_and_answers_go_on() {
    let given = Given::project().await;
    for _ in 0..10 {
        given.file().await;
    }
    let rebuild = RebuildViewRequest { view: VIEW.into() };
    let mut told = admin(&given).rebuild_view(rebuild).await.unwrap().into_inner();
    let mut last = None;
    while let Some(progress) = told.message().await.unwrap() {
        last = Some(progress);
    }
    let last = last.unwrap();
    assert_eq!(last.step(), RebuildStep::Done);
    assert!(last.folded >= 10 && last.folded >= last.of, "{last:?}");
    given.file().await;
    assert!(given.projector.caught_up().await);
    let listed = listed(&given).await;
    assert!(listed.others.is_empty(), "nothing is left of what it was: {:?}", listed.others);
}

#[tokio::test]
async fn what_is_not_there_is_said_by_name() {
    let given = Given::server().await;
    let (view, stream) = ("nothing".to_owned(), "issue/PAY/none".to_owned());
    let mut admin = admin(&given);
    let retry = admin.retry_parked(RetryParkedRequest { view: view.clone(), stream: stream.clone() }).await;
    refused(retry, Code::NotFound, "UNKNOWN_VIEW");
    let rebuild = admin.rebuild_view(RebuildViewRequest { view: view.clone() }).await;
    refused(rebuild, Code::NotFound, "UNKNOWN_VIEW");
    let list = admin.list_parked(ListParkedRequest { view, ..Default::default() }).await;
    refused(list, Code::NotFound, "UNKNOWN_VIEW");
    let skip = admin.skip_parked(SkipParkedRequest { view: VIEW.into(), stream: "none".into() }).await;
    refused(skip, Code::InvalidArgument, "INVALID_FIELDS");
    let skip = admin.skip_parked(SkipParkedRequest { view: VIEW.into(), stream }).await;
    assert_eq!(skip.unwrap().into_inner().parked, None);
}
