//! An issue's whole life, as real callers live it: one step after the other, from filing to closing.

use api::issues::v1::{
    AcceptIssueRequest, CloseIssueRequest, CodeFix, CustomerChannel, CustomerSource, ExplanationFix, FileIssueRequest,
    Level, OperationFix, Released, Report, ResolveIssueRequest, Source, TriageIssueRequest, VerifyIssueRequest, source,
};
use api::projects::v1::{
    AddComponentRequest, AddCustomerRequest, AddTeamMemberRequest, AddTeamRequest, CreateProjectRequest, TeamModel,
};
use api::releases::v1::RecordDeploymentRequest;
use tonic::Status;

use crate::client::{Client, request_id};

/// Who raises issues.
pub const CUSTOMER: &str = "carla";
/// Who works on them.
pub const DEVELOPER: &str = "dev";
/// Who verifies them in production.
pub const OPERATOR: &str = "olga";

/// A command that was answered.
#[derive(Debug, Clone, Default)]
pub struct Answered {
    /// The request's id.
    pub request_id: String,
    /// The issue's key.
    pub key: String,
    /// Its revision after the command; after [`Step::Deploy`], that of the release, which is [`release`].
    pub revision: u64,
    /// The answer's consistency token.
    pub token: String,
}

/// Creates a project with a team that owns its one component, and a customer.
pub async fn project(client: &Client, project: &str) -> Result<(), Status> {
    let mut projects = client.projects(DEVELOPER);
    let id = || (request_id(), project.to_owned());
    let (request_id, project) = id();
    let create = CreateProjectRequest { request_id, name: project.clone(), project, ..Default::default() };
    projects.create_project(create).await?;
    let (request_id, project) = id();
    let team = AddTeamRequest {
        request_id,
        project,
        team: "core".into(),
        model: TeamModel::Combined.into(),
        ..Default::default()
    };
    projects.add_team(team).await?;
    let (request_id, project) = id();
    let member = AddTeamMemberRequest {
        request_id,
        project,
        team: "core".into(),
        person: DEVELOPER.into(),
        ..Default::default()
    };
    projects.add_team_member(member).await?;
    let (request_id, project) = id();
    let component = AddComponentRequest {
        request_id,
        project,
        component: "checkout".into(),
        owner_team: "core".into(),
        ..Default::default()
    };
    projects.add_component(component).await?;
    let (request_id, project) = id();
    let customer = AddCustomerRequest {
        request_id,
        project,
        customer: "acme".into(),
        people: vec![CUSTOMER.into()],
        ..Default::default()
    };
    projects.add_customer(customer).await.map(|_| ())
}

/// The release that an issue is deployed with.
pub fn release(key: &str) -> String {
    format!("r-{key}")
}

/// A customer's filing with a complete report.
pub fn filing(project: &str, number: u64) -> FileIssueRequest {
    let source = CustomerSource { customer: "acme".into(), channel: CustomerChannel::Email.into() };
    FileIssueRequest {
        request_id: request_id(),
        project: project.to_owned(),
        title: format!("Paid twice for order {number}"),
        source: Some(Source {
            kind: Some(source::Kind::Customer(source)),
            raised_by: CUSTOMER.into(),
            ..Default::default()
        }),
        report: Some(Report {
            steps: "1. put a book into the basket\n2. pay by card\n3. go back and pay again".into(),
            actual: "both payments are taken".into(),
            expected: "the second payment is refused".into(),
            ..Default::default()
        }),
        component: "checkout".into(),
        ..Default::default()
    }
}

macro_rules! answered {
    ($id:expr, $call:expr) => {{
        let answer = $call.await?.into_inner();
        Answered {
            request_id: $id,
            key: answer.issue.map(|issue| issue.key).unwrap_or_default(),
            revision: answer.revision,
            token: answer.consistency_token,
        }
    }};
}

/// One step of a life, numbered from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Step {
    File,
    Triage,
    Accept,
    Resolve,
    Verify,
    Deploy,
    Close,
}

/// The steps of an issue of this level: a deployment only at level 3.
pub fn steps(level: Level) -> &'static [Step] {
    use Step::{Accept, Close, Deploy, File, Resolve, Triage, Verify};
    match level {
        Level::CodeOrData => &[File, Triage, Accept, Resolve, Verify, Deploy, Close],
        _ => &[File, Triage, Accept, Resolve, Verify, Close],
    }
}

/// The level that the natural mix gives to an issue: of ten, six of level 3, two of level 2, two of level 1.
pub fn level(number: u64) -> Level {
    match number % 10 {
        0 | 5 => Level::UserError,
        3 | 7 => Level::System,
        _ => Level::CodeOrData,
    }
}

/// Takes one step. `key` is the issue's, once it was filed.
pub async fn step(client: &Client, project: &str, number: u64, key: &str, step: Step) -> Result<Answered, Status> {
    step_as(client, project, number, key, step, request_id()).await
}

/// Takes one step with this request id: the same step with the same id is the same request, and gets the same answer.
pub async fn step_as(
    client: &Client,
    project: &str,
    number: u64,
    key: &str,
    step: Step,
    id: String,
) -> Result<Answered, Status> {
    let (request_id, key_of) = (id.clone(), || key.to_owned());
    let severity = if number.is_multiple_of(4) { "sev2" } else { "sev3" };
    Ok(match step {
        Step::File => {
            let filing = FileIssueRequest { request_id, ..filing(project, number) };
            answered!(id, client.issues(CUSTOMER).file_issue(filing))
        }
        Step::Triage => answered!(
            id,
            client.issues(DEVELOPER).triage_issue(TriageIssueRequest {
                request_id,
                key: key_of(),
                level: level(number).into(),
                severity: severity.into(),
                ..Default::default()
            })
        ),
        Step::Accept => {
            let accept = AcceptIssueRequest { request_id, key: key_of(), ..Default::default() };
            answered!(id, client.issues(DEVELOPER).accept_issue(accept))
        }
        Step::Resolve => answered!(id, client.issues(DEVELOPER).resolve_issue(resolution(number, request_id, key))),
        Step::Verify => {
            let verify = VerifyIssueRequest { request_id, key: key_of(), ..Default::default() };
            answered!(id, client.issues(CUSTOMER).verify_issue(verify))
        }
        Step::Deploy => deploy(client, project, key, id).await?,
        Step::Close => answered!(id, client.issues(OPERATOR).close_issue(closing(number, request_id, key_of()))),
    })
}

fn resolution(number: u64, request_id: String, key: &str) -> ResolveIssueRequest {
    let request = ResolveIssueRequest { request_id, key: key.to_owned(), ..Default::default() };
    match level(number) {
        Level::UserError => {
            let explanation =
                ExplanationFix { explanation: "Payments show after a minute.".into(), topic: "payment delay".into() };
            ResolveIssueRequest { explanation: Some(explanation), ..request }
        }
        Level::System => {
            ResolveIssueRequest { operation: Some(OperationFix { action: "Restarted the gateway.".into() }), ..request }
        }
        _ => {
            let code = CodeFix {
                changes: vec![format!("c-{key}")],
                tests: vec!["pays_once".into()],
                environment: "staging".into(),
            };
            ResolveIssueRequest { code: Some(code), ..request }
        }
    }
}

fn closing(number: u64, request_id: String, key: String) -> CloseIssueRequest {
    let released = Released { release: release(&key), reverified_by: OPERATOR.into() };
    let released = (level(number) == Level::CodeOrData).then_some(released);
    CloseIssueRequest { request_id, key, released, ..Default::default() }
}

async fn deploy(client: &Client, project: &str, key: &str, request_id: String) -> Result<Answered, Status> {
    let request = RecordDeploymentRequest {
        request_id: request_id.clone(),
        project: project.to_owned(),
        release: release(key),
        environment: "production".into(),
        issues: vec![key.to_owned()],
        ..Default::default()
    };
    let answer = client.releases(OPERATOR).record_deployment(request).await?.into_inner();
    Ok(Answered { request_id, key: key.to_owned(), revision: answer.revision, token: answer.consistency_token })
}
