//! What waits for triage, and who has how much to do.

use api::inbox::v1::inbox_service_client::InboxServiceClient;
use api::inbox::v1::{GetInboxRequest, Inbox, InboxSection};
use api::issues::v1::{Asked, FileIssueRequest, Report, RequestInformationRequest};
use api::people::v1::people_service_client::PeopleServiceClient;
use api::people::v1::{DutyKind, ListDutiesRequest, ListWorkloadRequest, Overload, PersonWorkload};
use tonic::Code;

use super::answers::refused;
use super::freshness::at_least;
use super::given::{Actor, Client, Given, filing, fresh};
use super::life::{accept, resolve, triage};

fn inboxes(given: &Given) -> InboxServiceClient<Client> {
    InboxServiceClient::with_interceptor(given.channel(), Actor::named("pia"))
}

fn people(given: &Given) -> PeopleServiceClient<Client> {
    PeopleServiceClient::with_interceptor(given.channel(), Actor::named("pia"))
}

fn reported(as_severe_as: &str) -> FileIssueRequest {
    FileIssueRequest { reported_severity: as_severe_as.into(), ..filing() }
}

/// The sections that have something: how many, and their keys.
fn told(inbox: &Inbox) -> Vec<String> {
    let sections = inbox.sections.iter().filter(|section| section.count > 0).map(|section| {
        let keys = section.entries.iter().map(|entry| entry.key.as_str()).collect::<Vec<_>>().join(" ");
        format!("{:?} {}: {keys}", section.section(), section.count)
    });
    sections.collect()
}

#[tokio::test]
async fn an_inbox_has_the_worst_first_in_sections_that_are_paged() {
    let given = Given::project().await;
    let mut cora = given.issues("cora");
    for as_severe_as in ["sev3", "sev1", "", "sev1"] {
        cora.file_issue(reported(as_severe_as)).await.unwrap();
    }
    let lacking = Report { steps: String::new(), ..filing().report.unwrap() };
    cora.file_issue(FileIssueRequest { report: Some(lacking), ..filing() }).await.unwrap();
    cora.file_issue(reported("sev2")).await.unwrap();
    let ask = RequestInformationRequest {
        request_id: fresh(),
        key: "PAY-6".into(),
        of: Asked::Opener.into(),
        text: "When?".into(),
        ..Default::default()
    };
    let token = given.issues("ada").request_information(ask).await.unwrap().into_inner().consistency_token;
    let mut inboxes = inboxes(&given);
    let all = GetInboxRequest { project: "pay".into(), consistency: at_least([&token]), ..Default::default() };
    let inbox = inboxes.get_inbox(all.clone()).await.unwrap().into_inner().inbox.unwrap();
    assert_eq!(told(&inbox), ["Complete 4: PAY-2 PAY-4 PAY-1 PAY-3", "Incomplete 1: PAY-5", "Waiting 1: PAY-6"]);
    assert_eq!(inbox.sections[1].entries[0].missing, ["steps"]);
    let waiting = &inbox.sections[2].entries[0].waiting_on[0];
    assert_eq!((waiting.asked(), waiting.person.as_str()), (Asked::Opener, "cora"));

    let mut keys = Vec::new();
    let first = GetInboxRequest { page_size: 1, ..all.clone() };
    let first = inboxes.get_inbox(first).await.unwrap().into_inner().inbox.unwrap().sections.remove(0);
    keys.extend(first.entries.into_iter().map(|entry| entry.key));
    let section = InboxSection::Complete.into();
    let mut page = GetInboxRequest { section, page_size: 2, page_token: first.next_page_token, ..all.clone() };
    while !page.page_token.is_empty() {
        let found = inboxes.get_inbox(page.clone()).await.unwrap().into_inner().inbox.unwrap().sections.remove(0);
        keys.extend(found.entries.into_iter().map(|entry| entry.key));
        page.page_token = found.next_page_token;
    }
    assert_eq!(keys, ["PAY-2", "PAY-4", "PAY-1", "PAY-3"]);

    let no_section = GetInboxRequest { page_token: "x".into(), page_size: -1, ..all };
    let refusal = refused(inboxes.get_inbox(no_section).await, Code::InvalidArgument, "INVALID_FIELDS");
    assert_eq!(refusal.fields(), ["page_size", "section"]);
    let nowhere = GetInboxRequest { project: "OPS".into(), ..Default::default() };
    refused(inboxes.get_inbox(nowhere).await, Code::NotFound, "UNKNOWN_PROJECT");
}

/// `ada 3 0 0 0`: accepted, assigned, asked, to verify.
fn load(person: &PersonWorkload) -> String {
    let counts = person.duties.iter().map(|duty| duty.count.to_string()).collect::<Vec<_>>().join(" ");
    format!("{} {counts}", person.person)
}

#[tokio::test]
async fn workloads_are_of_a_project_a_team_or_a_person() {
    let given = Given::project().await;
    let mut ada = given.issues("ada");
    for key in ["PAY-1", "PAY-2", "PAY-3", "PAY-4"] {
        given.file().await;
        ada.triage_issue(triage(key)).await.unwrap();
        ada.accept_issue(accept(key)).await.unwrap();
    }
    let ask = RequestInformationRequest {
        request_id: fresh(),
        key: "PAY-1".into(),
        of: Asked::ProductOwner.into(),
        text: "Is it meant so?".into(),
        ..Default::default()
    };
    ada.request_information(ask).await.unwrap();
    let token = ada.resolve_issue(resolve("PAY-4")).await.unwrap().into_inner().consistency_token;
    let mut people = people(&given);
    let all = ListWorkloadRequest { project: "pay".into(), consistency: at_least([&token]), ..Default::default() };
    let found = people.list_workload(all.clone()).await.unwrap().into_inner();
    assert_eq!(found.people.iter().map(load).collect::<Vec<_>>(), ["ada 3 0 0 0", "cora 0 0 0 1"]);
    assert_eq!(found.people[0].duties[0].oldest, "PAY-1");
    let team = &found.teams[0];
    assert_eq!((team.team.as_str(), team.accepted.as_ref().unwrap().count, team.accepted_median), ("core", 3, None));

    let core = ListWorkloadRequest { team: "core".into(), page_size: 1, accepted_max: 2, ..all.clone() };
    let found = people.list_workload(core.clone()).await.unwrap().into_inner();
    assert_eq!((found.teams[0].members, found.teams[0].accepted_median), (2, Some(1.5)));
    assert_eq!(found.people.iter().map(load).collect::<Vec<_>>(), ["ada 3 0 0 0"]);
    assert_eq!(found.people[0].overloads().collect::<Vec<_>>(), [Overload::OverMaximum]);
    let rest = ListWorkloadRequest { page_token: found.next_page_token, ..core };
    let rest = people.list_workload(rest).await.unwrap().into_inner();
    assert_eq!(rest.people.iter().map(load).collect::<Vec<_>>(), ["ben 0 0 0 0"], "with nothing to do, too");
    assert_eq!((rest.teams.len(), rest.next_page_token.as_str()), (0, ""));

    let pia = ListWorkloadRequest { person: "pia".into(), ..all.clone() };
    let found = people.list_workload(pia).await.unwrap().into_inner().people.remove(0);
    assert_eq!((load(&found).as_str(), found.product_owner), ("pia 0 0 1 0", true));
    let unknown = ListWorkloadRequest { team: "ops".into(), ..all.clone() };
    refused(people.list_workload(unknown).await, Code::FailedPrecondition, "UNKNOWN_TEAM");
    let both = ListWorkloadRequest { team: "core".into(), person: "ada".into(), ..all };
    let refusal = refused(people.list_workload(both).await, Code::InvalidArgument, "INVALID_FIELDS");
    assert_eq!(refusal.fields(), ["person"]);

    let mut mine =
        ListDutiesRequest { project: "PAY".into(), person: "ada".into(), page_size: 2, ..Default::default() };
    let mut duties = Vec::new();
    loop {
        let page = people.list_duties(mine.clone()).await.unwrap().into_inner();
        duties.extend(page.duties.into_iter().map(|duty| (duty.kind(), duty.key)));
        mine.page_token = page.next_page_token;
        if mine.page_token.is_empty() {
            break;
        }
    }
    let keys = ["PAY-1", "PAY-2", "PAY-3"].map(|key| (DutyKind::Accepted, key.to_owned()));
    assert_eq!(duties, keys);
    let owners = ListDutiesRequest { project: "PAY".into(), of_product_owners: true, ..Default::default() };
    assert_eq!(people.list_duties(owners).await.unwrap().into_inner().duties[0].kind(), DutyKind::Asked);
    refused(people.list_duties(ListDutiesRequest::default()).await, Code::InvalidArgument, "INVALID_FIELDS");
}
