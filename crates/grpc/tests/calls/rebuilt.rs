//! A view is rebuilt while an answer is made of it, or while it is watched.

use std::ops::Deref;
use std::sync::Arc;

use api::consistency::v1::consistency::Requirement;
use api::consistency::v1::{AtLeastAsFresh, Consistency};
use api::issues::v1::{FileIssueRequest, IssueOrder, ListIssuesRequest};
use api::people::v1::ListWorkloadRequest;
use api::people::v1::people_service_client::PeopleServiceClient;
use api::policies::v1::TryPolicyRequest;
use api::policies::v1::policy_service_client::PolicyServiceClient;
use api::search::v1::SuggestDuplicatesRequest;
use api::watches::v1::WatchBoardRequest;
use grpc::Options;
use tonic::{Code, Response, Status};
use tonic_types::StatusExt as _;
use view_store::{ViewCommit, ViewStore as _};
use views::issue::{ISSUE, SCHEMA};
use views::row::{Change, Select};

use super::answers::refused;
use super::given::{Actor, Given, filing};
use super::swapping::Swapping;

/// More than a step of a list has: it is read in three.
const ISSUES: i32 = 45;
const WRONG: &str = "Wrong";

/// A server whose views are rebuilt between reads.
struct Rebuilt {
    given: Given,
    store: Arc<Swapping>,
    /// What was filed last.
    filed: Option<Consistency>,
}

impl Deref for Rebuilt {
    type Target = Given;

    fn deref(&self) -> &Given {
        &self.given
    }
}

impl Rebuilt {
    /// With so many issues, which all views show.
    async fn filled() -> Self {
        let store = Arc::<Swapping>::default();
        let options = Options { freshness_wait_ms: 60_000, ..Options::default() };
        let given = Given::server_over(store.clone(), options).await;
        given.create_project().await;
        let mut tokens = Vec::new();
        for number in 0..ISSUES {
            let filing = FileIssueRequest { title: format!("Paying twice, order {}", number / 2), ..filing() };
            let filed = given.issues("cora").file_issue(filing).await.unwrap().into_inner();
            tokens = vec![filed.consistency_token];
        }
        let filed = Some(Consistency { requirement: Some(Requirement::AtLeastAsFresh(AtLeastAsFresh { tokens })) });
        let full = Self { given, store, filed };
        full.list().await.unwrap();
        full
    }

    /// From now on the view is rebuilt before those of its reads, counted from 1, for which this holds.
    fn rebuild(&self, view: &'static str, before: fn(u32) -> bool) {
        self.store.rebuild(view, self.projector.control(), before);
    }

    async fn list(&self) -> Result<Vec<String>, Status> {
        let list = ListIssuesRequest {
            project: "PAY".into(),
            page_size: ISSUES,
            order_by: IssueOrder::FiledOldest.into(),
            consistency: self.filed.clone(),
            ..Default::default()
        };
        let listed = self.issues("ada").list_issues(list).await?.into_inner();
        assert_eq!(listed.next_page_token, "", "it is one page");
        Ok(listed.issues.into_iter().map(|issue| issue.title).collect())
    }

    /// All titles are wrong: not as the log has them.
    async fn falsify(&self) {
        let found = self.store.query(SCHEMA.id(), vec![Select::from(&ISSUE, 1000)]).await.unwrap();
        let wrong = |row: &views::row::Row| Change::Upsert(row.clone().with("title", WRONG).unwrap());
        let changes = found.rows[0].iter().map(wrong).collect();
        let (partition, at) = found.checkpoints.iter().max_by_key(|(_, at)| at.position).unwrap();
        let commit = ViewCommit { changes, ..ViewCommit::new(SCHEMA.id(), Some(*at), *at) };
        self.store.commit(*partition, vec![commit]).await.unwrap();
        assert!(self.list().await.unwrap().iter().all(|title| title == WRONG));
    }
}

#[tokio::test]
async fn a_list_of_several_reads_is_of_the_new_tables_or_the_old_and_never_of_both() {
    let given = Rebuilt::filled().await;
    for (before, reads) in [(2, 5), (3, 6), (1, 3)] {
        given.falsify().await;
        // When it is rebuilt before one of its reads …
        let rebuild: fn(u32) -> bool = match before {
            1 => |read| read == 1,
            2 => |read| read == 2,
            _ => |read| read == 3,
        };
        given.rebuild("issues", rebuild);
        let titles = given.list().await.unwrap();
        // … then it is read anew as far as it was read.
        assert!(titles.iter().all(|title| title != WRONG), "before read {before}: {titles:?}");
        assert_eq!((titles.len(), given.store.reads()), (45, reads), "before read {before}");
    }
}

#[tokio::test]
async fn a_list_that_is_rebuilt_again_and_again_is_refused_with_when_to_ask_again() {
    let given = Rebuilt::filled().await;
    given.rebuild("issues", |_| true);
    let status = given.list().await.unwrap_err();
    assert!(given.store.reads() <= 6, "three attempts, each ended by its second read");
    let retry = status.get_details_retry_info().and_then(|info| info.retry_delay);
    assert!(retry.is_some(), "{status:?}");
    refused::<()>(Err(status), Code::Unavailable, "VIEW_UNAVAILABLE");
    assert_eq!(given.list().await.unwrap().len(), 45, "and then it is answered");
}

#[tokio::test]
async fn workloads_and_duplicates_are_read_anew_too() {
    let given = Rebuilt::filled().await;
    let workload =
        ListWorkloadRequest { project: "PAY".into(), consistency: given.filed.clone(), ..Default::default() };
    let mut people = PeopleServiceClient::with_interceptor(given.channel(), Actor::named("ada"));
    let alike =
        SuggestDuplicatesRequest { key: "PAY-7".into(), consistency: given.filed.clone(), ..Default::default() };
    let mut searches = given.searches("ada");
    let mut asked = async |view| match view {
        "issues" => people.list_workload(workload.clone()).await.map(|answer| answer.into_inner().teams.len()),
        _ => searches.suggest_duplicates(alike.clone()).await.map(|answer| answer.into_inner().issues.len()),
    };
    for view in ["issues", "search"] {
        given.rebuild(view, |_| false);
        let found = asked(view).await.unwrap();
        let reads = given.store.reads();
        assert!(found > 0 && reads > 1, "{view}: {found} found in {reads} reads");
        given.rebuild(view, |read| read == 2);
        assert_eq!(asked(view).await.unwrap(), found, "{view}");
        assert_eq!(given.store.reads(), reads + 2, "{view}: two reads for nothing, then all of them");
    }
}

#[tokio::test]
async fn a_trial_of_a_policy_ends_where_its_issues_are_listed_by_other_tables() {
    let given = Rebuilt::filled().await;
    let mut policies = PolicyServiceClient::with_interceptor(given.channel(), Actor::named("pia"));
    let get = api::policies::v1::GetPolicyRequest { project: "PAY".into(), version: None, at: None };
    let policy = policies.get_policy(get).await.unwrap().into_inner().policy.unwrap().policy;
    let request = || TryPolicyRequest { project: "PAY".into(), policy: policy.clone(), ..Default::default() };
    given.rebuild("issues", |read| read == 2);
    let mut steps = policies.try_policy(request()).await.unwrap().into_inner();
    let ended = loop {
        match steps.message().await {
            Ok(Some(_)) => {}
            Ok(None) => panic!("it went on over the tables of two builds"),
            Err(ended) => break ended,
        }
    };
    refused::<()>(Err(ended), Code::Unavailable, "VIEW_UNAVAILABLE");
    given.store.reads();
    let mut again = policies.try_policy(request()).await.unwrap().into_inner();
    while again.message().await.unwrap().is_some() {}
}

#[tokio::test]
async fn a_watcher_of_a_board_is_told_to_begin_anew_when_a_rebuild_has_repaired_it() {
    let given = Rebuilt::filled().await;
    given.falsify().await;
    let watch = |resume_token: String| WatchBoardRequest { project: "PAY".into(), resume_token, ..Default::default() };
    let mut stream = given.watches("ada").watch_board(watch(String::new())).await.unwrap().into_inner();
    let (mut token, mut wrong) = (String::new(), 0);
    while token.is_empty() {
        let message = stream.message().await.unwrap().unwrap();
        wrong += message.cards.iter().filter(|card| card.card.as_ref().is_some_and(|card| card.title == WRONG)).count();
        token = message.resume_token;
    }
    assert_eq!(wrong, 45);
    // Nothing happens but a rebuild: no event, no other log.
    given.projector.control().rebuild("issues").unwrap().done().await.unwrap();
    let ended = loop {
        match stream.message().await {
            Ok(message) => assert!(message.unwrap().cards.is_empty(), "no card changed"),
            Err(ended) => break ended,
        }
    };
    refused::<()>(Err(ended), Code::OutOfRange, "WATCH_ANEW");
    let resumed = given.watches("ada").watch_board(watch(token)).await.unwrap().into_inner().message().await;
    refused(resumed.map(Response::new), Code::OutOfRange, "WATCH_ANEW");
    let mut anew = given.watches("ada").watch_board(watch(String::new())).await.unwrap().into_inner();
    let first = anew.message().await.unwrap().unwrap();
    assert!(
        first.snapshot && first.cards.iter().all(|card| card.card.as_ref().is_some_and(|card| card.title != WRONG))
    );
}
