//! Lets the rules of the domain decide planned facts, as the server does.

use api::imports::v1::import_fact_request::Fact as Planned;
use api::imports::v1::{DismissedFact, FiledFact};
use api::issues::v1::DismissalReason;
use domain::ids::{ComponentId, IssueId, PersonId, ProjectId, SeverityId};
use domain::issue::{
    Asked, Command, Dismissal, FileIssue, Issue, IssueRef, RaisedBy, Report, Source, TriageIssue, decide, evolve,
};
use domain::policy::Policies;
use domain::project::{DefaultSeverity, Project, Scheme};
use domain::text::{Text, Title};
use domain::{Context, Fact, Origin, Recorded, Rejection, StreamKind, StreamRef};
use uuid::Uuid;

use crate::client::import::bugzilla::plan::PlannedFact;

/// A server's view of one imported issue.
pub(super) struct Rules {
    project: Project,
    stream: StreamRef,
    pub(super) issue: Option<Issue>,
}

impl Rules {
    pub(super) fn new() -> Self {
        let id = ProjectId::parse("PAY").unwrap();
        let project = Project {
            id: id.clone(),
            revision: 1,
            name: Title::parse("Payments").unwrap(),
            scheme: Scheme::three(),
            components: Default::default(),
            teams: Default::default(),
            product_owners: Default::default(),
            customers: Default::default(),
            self_verification: false,
            switched_off: Default::default(),
            calendars: Default::default(),
            default_severities: vec![DefaultSeverity::from_the_beginning(Scheme::three().default)],
            policies: Policies::new(&Scheme::three()),
        };
        let stream = StreamRef { project: id, kind: StreamKind::Issue, id: Uuid::nil().to_string().into() };
        Self { project, stream, issue: None }
    }

    /// Decides and folds a fact.
    pub(super) fn take(&mut self, planned: &PlannedFact) -> Result<(), Rejection> {
        let actor = person(&planned.actor);
        let origin = Origin {
            system: "bugzilla".into(),
            reference: "7".into(),
            implied: planned.implied,
            imported_by: person("importer"),
        };
        let command = self.command(&planned.fact);
        if let Command::FileIssue(FileIssue { component: Some(component), .. })
        | Command::TriageIssue(TriageIssue { component: Some(component), .. })
        | Command::ChangeComponent { component, .. } = &command
        {
            self.project.components.entry(component.clone()).or_default();
        }
        let context = Context {
            actor: &actor,
            now: "2030-01-01T00:00:00Z".parse().unwrap(),
            occurred_at: Some(planned.occurred_at),
            late_reason: None,
            origin: Some(&origin),
            project_id: &self.project.id,
            project: Some(&self.project),
            team: None,
            release: None,
            other: None,
        };
        let decision = decide(self.issue.as_ref(), command, &context)?;
        for event in decision.events {
            let revision = self.issue.as_ref().map_or(0, |issue| issue.revision) + 1;
            let recorded = Recorded {
                event,
                stream: self.stream.clone(),
                ordinal: 1,
                revision,
                position: revision,
                actor: actor.clone(),
                occurred_at: decision.occurred_at,
                recorded_at: context.now,
                origin: Some(origin.clone()),
            };
            self.issue = evolve(self.issue.take(), &recorded);
        }
        Ok(())
    }

    /// As the gRPC edge reads facts.
    fn command(&self, fact: &Planned) -> Command {
        match fact {
            Planned::Filed(fact) => filed(fact),
            Planned::Triaged(triaged) => Command::TriageIssue(TriageIssue {
                level: Fact::NotKnown,
                nature: None,
                severity: severity(&triaged.severity).map_or(Fact::NotKnown, Fact::Known),
                component: component(&triaged.component),
                team: None,
                reason: None,
            }),
            Planned::SeverityChanged(to) => {
                Command::ChangeSeverity { severity: severity(&to.severity).unwrap(), reason: None }
            }
            Planned::Assigned(to) => Command::AssignIssue { assignee: some(&to.assignee) },
            Planned::Accepted(_) => Command::AcceptIssue,
            Planned::ReturnedToTriage(_) => Command::ReturnToTriage { reason: None },
            Planned::InformationRequested(asked) => Command::RequestInformation {
                of: some(&asked.of).map_or(Asked::Opener, Asked::Person),
                text: Text::parse("not known").unwrap(),
            },
            Planned::InformationProvided(answered) => {
                let named = some(&answered.of).map(|person| vec![self.oldest_question(person)]);
                Command::ProvideInformation {
                    questions: named.unwrap_or_else(|| answered.questions.clone()),
                    text: None,
                }
            }
            Planned::Resolved(_) => Command::ResolveIssue { fix: Fact::NotKnown },
            Planned::RegressionTestsAdded(tests) => {
                Command::AddRegressionTests { tests: tests.tests.iter().map(|test| test.as_str().into()).collect() }
            }
            Planned::ResolutionRejected(_) => Command::RejectResolution { reason: None },
            Planned::Verified(verified) => {
                Command::VerifyIssue { confirmed_by: some(&verified.confirmed_by).map_or(Fact::NotKnown, Fact::Known) }
            }
            Planned::Closed(_) => Command::CloseIssue { closing: Fact::NotKnown },
            Planned::Reopened(_) => Command::ReopenIssue { reason: None },
            Planned::Dismissed(fact) => dismissed(fact),
            Planned::ComponentChanged(to) => {
                Command::ChangeComponent { component: component(&to.component).unwrap(), reason: None }
            }
            Planned::RequestWithdrawn(_) | Planned::Linked(_) | Planned::Commented(_) => {
                panic!("nothing of Bugzilla becomes {fact:?}")
            }
        }
    }

    fn oldest_question(&self, person: PersonId) -> u32 {
        let issue = self.issue.as_ref().unwrap();
        let opener = issue.source.raised_by == RaisedBy::Person(person.clone());
        let asked = Asked::Person(person);
        let to_them = |of: &Asked| *of == asked || (opener && *of == Asked::Opener);
        issue.questions.iter().find(|question| to_them(&question.of)).map_or(0, |question| question.number)
    }
}

fn filed(fact: &FiledFact) -> Command {
    let raised_by = some(&fact.raised_by).map_or(RaisedBy::Nobody, RaisedBy::Person);
    Command::FileIssue(FileIssue {
        id: IssueId(Uuid::nil()),
        title: Title::parse(&fact.title).unwrap(),
        source: Source { kind: Fact::NotKnown, raised_by, reference: None },
        report: Report::default(),
        reported_severity: severity(&fact.reported_severity),
        component: component(&fact.component),
    })
}

fn dismissed(fact: &DismissedFact) -> Command {
    let dismissal = match fact.dismissal() {
        DismissalReason::Duplicate => Fact::Known(Dismissal::DuplicateOf(IssueRef::External("bugzilla:9".into()))),
        DismissalReason::Unspecified => Fact::NotKnown,
        _ => Fact::Known(Dismissal::WontFix),
    };
    Command::DismissIssue { dismissal, note: Text::parse(&fact.note).ok() }
}

fn severity(id: &str) -> Option<SeverityId> {
    (!id.is_empty()).then(|| SeverityId::parse(id).unwrap())
}

fn person(id: &str) -> PersonId {
    PersonId::parse(id).unwrap()
}

fn some(id: &str) -> Option<PersonId> {
    (!id.is_empty()).then(|| person(id))
}

fn component(id: &str) -> Option<ComponentId> {
    (!id.is_empty()).then(|| ComponentId::parse(id).unwrap())
}
