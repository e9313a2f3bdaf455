//! What happened, as the contract has it. What an import did not tell, and what was erased, is absent.

mod parts;
mod sla;

use api::events::v1 as wire;
use api::events::v1::event::Payload as P;
use domain::issue::IssueEvent as E;
use domain::project::ProjectEvent;
use domain::release::ReleaseEvent;
use domain::team::TeamEvent;
use domain::{Event, Fact};

use crate::calendars;
use crate::fields::stamp;
use crate::issues::show::{self, level, text};
use crate::policies;
use crate::projects::show as settings;
use parts::{
    Texts, accepted, capacity, closing, customer, delegated, maybe_nature, shifts_planned, tests_added, withdrawn,
};

/// What happened; without its texts, where they were erased.
pub(super) fn payload(event: &Event, erased: bool) -> P {
    match event {
        Event::Issue(event) => of_issue(event, Texts { erased }),
        Event::Project(event) => of_project(event),
        Event::Team(TeamEvent::MemberAdded { person }) => {
            P::MemberAdded(wire::MemberAdded { person: person.to_string() })
        }
        Event::Team(TeamEvent::MemberRemoved { person }) => {
            P::MemberRemoved(wire::MemberRemoved { person: person.to_string() })
        }
        Event::Team(TeamEvent::MemberAway { person, from, until }) => P::MemberAway(wire::MemberAway {
            person: person.to_string(),
            from: Some(stamp(*from)),
            until: Some(stamp(*until)),
        }),
        Event::Team(TeamEvent::MemberBack { person, from }) => {
            P::MemberBack(wire::MemberBack { person: person.to_string(), from: Some(stamp(*from)) })
        }
        Event::Release(ReleaseEvent::ReleaseDeployed { environment, changes, issues }) => {
            P::ReleaseDeployed(wire::ReleaseDeployed {
                environment: environment.to_string(),
                changes: changes.iter().map(ToString::to_string).collect(),
                issues: issues.iter().map(ToString::to_string).collect(),
            })
        }
        Event::Release(ReleaseEvent::ReleaseRolledBack { environment }) => {
            P::ReleaseRolledBack(wire::ReleaseRolledBack { environment: environment.to_string() })
        }
    }
}

fn of_issue(event: &E, words: Texts) -> P {
    match event {
        E::IssueFiled { id, title, source, report, reported_severity, component } => P::IssueFiled(wire::IssueFiled {
            id: id.to_string(),
            title: words.some(title),
            source: Some(show::source(source)),
            report: words.report(report),
            reported_severity: text(reported_severity.as_ref()),
            component: text(component.as_ref()),
        }),
        E::ReportAmended { report } => P::ReportAmended(wire::ReportAmended { report: words.report(report) }),
        E::InformationRequested { question, of, text } => P::InformationRequested(words.asked(*question, of, text)),
        E::InformationProvided { questions, text } => P::InformationProvided(words.answered(questions, text.as_ref())),
        E::RequestWithdrawn { questions } => P::RequestWithdrawn(withdrawn(questions)),
        E::IssueTriaged { level: of_level, nature, severity, component, team } => P::IssueTriaged(wire::IssueTriaged {
            level: level(*of_level).into(),
            nature: maybe_nature(*nature),
            severity: text(severity.known()),
            component: text(component.as_ref()),
            team: text(team.known()),
        }),
        E::SeverityChanged { from, to, reason } => {
            let (from, to, reason) = (text(from.known()), to.to_string(), words.maybe(reason.as_ref()));
            P::SeverityChanged(wire::SeverityChanged { from, to, reason })
        }
        E::LevelChanged { from, to, nature, team, reason } => P::LevelChanged(wire::LevelChanged {
            from: level(*from).into(),
            to: level(Fact::Known(*to)).into(),
            nature: maybe_nature(*nature),
            team: text(team.as_ref()),
            reason: words.maybe(reason.as_ref()),
        }),
        E::NatureChanged { from, to, reason } => {
            let (from, to, reason) = (maybe_nature(*from), maybe_nature(*to), words.maybe(reason.as_ref()));
            P::NatureChanged(wire::NatureChanged { from, to, reason })
        }
        E::IssueAssigned { assignee } => P::IssueAssigned(wire::IssueAssigned { assignee: text(assignee.as_ref()) }),
        E::IssueHandedOver { from, to, reason } => {
            let (from, to, reason) = (text(from.known()), to.to_string(), words.maybe(reason.as_ref()));
            P::IssueHandedOver(wire::IssueHandedOver { from, to, reason })
        }
        E::IssueAccepted { assignee, report_owed } => P::IssueAccepted(accepted(assignee, *report_owed)),
        E::ReturnedToTriage { reason } => P::ReturnedToTriage(words.returned(reason.as_ref())),
        E::WorkaroundRecorded { text } => P::WorkaroundRecorded(wire::WorkaroundRecorded { text: words.some(text) }),
        E::WorkaroundWithdrawn { reason } => P::WorkaroundWithdrawn(words.no_way_around(reason.as_ref())),
        E::VerificationDelegated { to, capacity: of } => P::VerificationDelegated(delegated(to, of)),
        E::IssueResolved { fix } => P::IssueResolved(words.resolved(fix)),
        E::RegressionTestsAdded { tests } => P::RegressionTestsAdded(tests_added(tests)),
        E::ResolutionRejected { reason, unassigned } => {
            let (reason, unassigned) = (words.maybe(reason.as_ref()), *unassigned);
            P::ResolutionRejected(wire::ResolutionRejected { reason, unassigned })
        }
        E::IssueVerified { confirmed_by, capacity: of, self_verified } => P::IssueVerified(wire::IssueVerified {
            confirmed_by: text(confirmed_by.known()),
            capacity: Some(capacity(of)),
            self_verified: *self_verified,
        }),
        E::MarkedInProduction { release } => {
            P::MarkedInProduction(wire::MarkedInProduction { release: release.to_string() })
        }
        E::IssueClosed { closing: by, deployed_at } => {
            P::IssueClosed(wire::IssueClosed { evidence: by.known().map(closing), deployed_at: deployed_at.map(stamp) })
        }
        E::WithdrawnFromProduction { reason } => P::WithdrawnFromProduction(words.rolled_back(reason.as_ref())),
        E::IssueReopened { reason, unassigned } => {
            let (reason, unassigned) = (words.maybe(reason.as_ref()), *unassigned);
            P::IssueReopened(wire::IssueReopened { reason, unassigned })
        }
        E::IssueDismissed { dismissal, note } => P::IssueDismissed(words.dismissed(dismissal, note.as_ref())),
        E::ComponentChanged { from, to, reason } => {
            let (from, to, reason) = (text(from.as_ref()), to.to_string(), words.maybe(reason.as_ref()));
            P::ComponentChanged(wire::ComponentChanged { from, to, reason })
        }
        E::CauseNamed { release } => P::CauseNamed(wire::CauseNamed { release: release.to_string() }),
        E::IssuesLinked { kind, other } => P::IssuesLinked(wire::IssuesLinked { link: Some(show::link(*kind, other)) }),
        E::IssueCommented { text } => P::IssueCommented(wire::IssueCommented { text: words.some(text) }),
        E::WatchStarted { person } => P::WatchStarted(wire::WatchStarted { person: person.to_string() }),
        E::ShiftsPlanned { plan } => P::ShiftsPlanned(shifts_planned(plan)),
        E::ShiftHandedOver { shift, from, to } => P::ShiftHandedOver(wire::ShiftHandedOver {
            shift: Some(stamp(*shift)),
            from: from.to_string(),
            to: to.to_string(),
        }),
        E::ShiftsEnded { because } => P::ShiftsEnded(wire::ShiftsEnded { because: because.as_str().to_owned() }),
        E::SlaAtRiskRecorded { .. }
        | E::SlaBreachRecorded { .. }
        | E::SlaBreachCorrected { .. }
        | E::ClocksRebased { .. }
        | E::SlaEscalated { .. }
        | E::DeliveryRuleKept { .. }
        | E::DeliveryRuleBroken { .. } => sla::of_clocks(event, words),
    }
}

fn of_project(event: &ProjectEvent) -> P {
    use ProjectEvent as E;
    match event {
        E::ProjectCreated { id: _, name, scheme } => {
            P::ProjectCreated(wire::ProjectCreated { name: name.to_string(), scheme: Some(settings::scheme(scheme)) })
        }
        E::SeveritySchemeChanged { scheme } => {
            P::SeveritySchemeChanged(wire::SeveritySchemeChanged { scheme: Some(settings::scheme(scheme)) })
        }
        E::ComponentAdded { component, owner } => P::ComponentAdded(wire::ComponentAdded {
            component: component.to_string(),
            owner_team: text(owner.as_ref()),
        }),
        E::ComponentOwnerChanged { component, owner } => P::ComponentOwnerChanged(wire::ComponentOwnerChanged {
            component: component.to_string(),
            owner_team: text(owner.as_ref()),
        }),
        E::TeamAdded { team, model } => {
            P::TeamAdded(wire::TeamAdded { team: team.to_string(), model: settings::model(Some(*model)).into() })
        }
        E::ProductOwnerAdded { person } => P::ProductOwnerAdded(wire::ProductOwnerAdded { person: person.to_string() }),
        E::ProductOwnerRemoved { person } => {
            P::ProductOwnerRemoved(wire::ProductOwnerRemoved { person: person.to_string() })
        }
        E::CustomerAdded { customer: id, tier, people } => {
            P::CustomerAdded(wire::CustomerAdded { customer: Some(customer(id, tier.as_ref(), people)) })
        }
        E::CustomerPersonAdded { customer, person } => P::CustomerPersonAdded(wire::CustomerPersonAdded {
            customer: customer.to_string(),
            person: person.to_string(),
        }),
        E::CustomerPersonRemoved { customer, person } => P::CustomerPersonRemoved(wire::CustomerPersonRemoved {
            customer: customer.to_string(),
            person: person.to_string(),
        }),
        E::CalendarDefined { calendar } => P::CalendarDefined(wire::CalendarDefined {
            version: calendar.version(),
            definition: Some(calendars::show::definition(calendar.definition())),
            zone_database: calendar.zone().database().to_owned(),
        }),
        E::PolicyAdopted { policy } => {
            P::PolicyAdopted(wire::PolicyAdopted { policy: Some(policies::show::version(policy)) })
        }
        E::SelfVerificationSet { on } => P::SelfVerificationSet(wire::SelfVerificationSet { on: *on }),
        E::ReactorSwitched { reactor, on } => {
            P::ReactorSwitched(wire::ReactorSwitched { reactor: settings::reactor(*reactor).into(), on: *on })
        }
    }
}

#[cfg(test)]
mod tests {
    use domain::ids::SeverityId;
    use domain::issue::{Fix, Report};
    use domain::text::Text;

    use super::*;

    fn text(text: &str) -> Text {
        Text::parse(text).unwrap()
    }

    #[test]
    fn erased_texts_are_absent_and_facts_stay() {
        let changed = E::SeverityChanged {
            from: Fact::NotKnown,
            to: SeverityId::parse("sev1").unwrap(),
            reason: Some(text("all of them are concerned")),
        };
        for (erased, reason) in [(false, "all of them are concerned"), (true, "")] {
            let P::SeverityChanged(shown) = payload(&Event::Issue(changed.clone()), erased) else { panic!() };
            assert_eq!((shown.from.as_str(), shown.to.as_str(), shown.reason.as_str()), ("", "sev1", reason));
        }
        let amended = E::ReportAmended { report: Report { steps: Some(text("pay")), ..Report::default() } };
        let P::ReportAmended(shown) = payload(&Event::Issue(amended), true) else { panic!() };
        assert_eq!(shown.report, None);
        let fix = Fix::Explanation { explanation: Some(text("it is so")), topic: Some("login".into()) };
        let P::IssueResolved(shown) = payload(&Event::Issue(E::IssueResolved { fix: Fact::Known(fix) }), true) else {
            panic!()
        };
        let explanation = shown.explanation.unwrap();
        assert_eq!((explanation.explanation.as_str(), explanation.topic.as_str()), ("", "login"));
    }
}
