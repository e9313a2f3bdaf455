//! An event's data, by name.

use api::history::v1::Detail;
use domain::Fact;
use domain::ids::PersonId;
use domain::issue::{
    Closing, CustomerChannel, Fix, IssueEvent as E, OwnerChannel, RaisedBy, Report, Source, SourceKind,
};

use super::words::{
    NOT_KNOWN, as_what, dismissal_in_words, fix_in_words, known, level, level_name, link, list, nature, some, whom,
};
use super::{shifts, sla};
use crate::issues::show;

/// The event's data, by name. Texts are whole.
pub(crate) fn details(event: &E) -> Vec<Detail> {
    let mut details = Details::default();
    match event {
        E::IssueFiled { id, title, source, report, reported_severity, component } => {
            details.add("id", id).add("title", title).source(source).report(report);
            details.maybe("reported_severity", reported_severity.as_ref()).maybe("component", component.as_ref());
        }
        E::ReportAmended { report } => {
            details.report(report);
        }
        E::InformationRequested { question, of, text } => {
            details.add("question", question).add("of", whom(of)).add("text", text);
        }
        E::InformationProvided { questions, text } => {
            details.add("questions", list(questions)).maybe("text", text.as_ref());
        }
        E::RequestWithdrawn { questions } => {
            details.add("questions", list(questions));
        }
        E::IssueTriaged { level: of_level, nature: of_nature, severity, component, team } => {
            details.add("level", level(*of_level)).maybe("nature", of_nature.map(|it| nature(Some(it))));
            details.add("severity", known(severity)).maybe("component", component.as_ref()).add("team", known(team));
        }
        E::SeverityChanged { from, to, reason } => {
            details.add("from", known(from)).add("to", to).maybe("reason", reason.as_ref());
        }
        E::LevelChanged { from, to, nature: of_nature, team, reason } => {
            details
                .add("from", level(*from))
                .add("to", level_name(*to))
                .maybe("nature", of_nature.map(|it| nature(Some(it))));
            details.maybe("team", team.as_ref()).maybe("reason", reason.as_ref());
        }
        E::NatureChanged { from, to, reason } => {
            details.add("from", nature(*from)).add("to", nature(*to)).maybe("reason", reason.as_ref());
        }
        E::IssueAssigned { assignee } => {
            details.add("assignee", assignee.as_ref().map_or("nobody", PersonId::as_str));
        }
        E::IssueHandedOver { from, to, reason } => {
            details.add("from", known(from)).add("to", to).maybe("reason", reason.as_ref());
        }
        E::IssueAccepted { assignee, report_owed } => {
            details.add("assignee", known(assignee)).add("report_owed", report_owed);
        }
        E::ReturnedToTriage { reason } | E::WorkaroundWithdrawn { reason } | E::WithdrawnFromProduction { reason } => {
            details.maybe("reason", reason.as_ref());
        }
        E::WorkaroundRecorded { text } | E::IssueCommented { text } => {
            details.add("text", text);
        }
        E::VerificationDelegated { to, capacity } => {
            details.add("to", to).add("capacity", as_what(capacity));
        }
        E::IssueResolved { fix } => details.fix(fix),
        E::RegressionTestsAdded { tests } => {
            details.add("tests", list(tests));
        }
        E::ResolutionRejected { reason, unassigned } | E::IssueReopened { reason, unassigned } => {
            details.maybe("reason", reason.as_ref()).add("unassigned", unassigned);
        }
        E::IssueVerified { confirmed_by, capacity, self_verified } => {
            details.add("confirmed_by", known(confirmed_by)).add("capacity", as_what(capacity));
            details.add("self_verified", self_verified);
        }
        E::MarkedInProduction { release } | E::CauseNamed { release } => {
            details.add("release", release);
        }
        E::IssueClosed { closing, deployed_at } => {
            details.closing(closing);
            details.maybe("deployed_at", *deployed_at);
        }
        E::IssueDismissed { dismissal, note } => {
            details.add("dismissal", dismissal_in_words(dismissal)).maybe("note", note.as_ref());
        }
        E::ComponentChanged { from, to, reason } => {
            details.add("from", some(from.as_ref())).add("to", to).maybe("reason", reason.as_ref());
        }
        E::IssuesLinked { kind, other } => {
            details.add("kind", link(*kind)).add("other", show::other(other));
        }
        E::WatchStarted { person } => {
            details.add("person", person);
        }
        E::ShiftsPlanned { .. } | E::ShiftHandedOver { .. } | E::ShiftsEnded { .. } => {
            shifts::details(event, &mut details);
        }
        E::SlaAtRiskRecorded { .. }
        | E::SlaBreachRecorded { .. }
        | E::SlaBreachCorrected { .. }
        | E::ClocksRebased { .. }
        | E::SlaEscalated { .. }
        | E::DeliveryRuleKept { .. }
        | E::DeliveryRuleBroken { .. } => sla::details(event, &mut details),
    }
    details.0
}

/// Data so far.
#[derive(Default)]
pub(super) struct Details(Vec<Detail>);

impl Details {
    #[expect(clippy::needless_pass_by_value, reason = "values and references alike: each is a line of a table")]
    pub(super) fn add(&mut self, name: &str, value: impl ToString) -> &mut Self {
        self.0.push(Detail { name: name.to_owned(), value: value.to_string() });
        self
    }

    pub(super) fn maybe(&mut self, name: &str, value: Option<impl ToString>) -> &mut Self {
        if let Some(value) = value {
            self.add(name, value);
        }
        self
    }

    fn source(&mut self, source: &Source) -> &mut Self {
        match &source.kind {
            Fact::NotKnown => self.add("source", NOT_KNOWN),
            Fact::Known(SourceKind::Customer { customer, channel }) => self
                .add("source", "customer")
                .maybe("customer", customer.as_ref())
                .add("channel", customer_channel(*channel)),
            Fact::Known(SourceKind::ProductOwner { channel }) => {
                self.add("source", "product owner").add("channel", owner_channel(*channel))
            }
            Fact::Known(SourceKind::Security { advisories, package, affected }) => self
                .add("source", "security report")
                .add("advisories", list(advisories))
                .add("package", package)
                .add("affected", affected),
            Fact::Known(SourceKind::System { monitor, fingerprint }) => {
                self.add("source", "system").add("monitor", monitor).add("fingerprint", fingerprint)
            }
        };
        match &source.raised_by {
            RaisedBy::Person(person) => self.add("raised_by", person),
            RaisedBy::System(system) => self.add("raised_by_system", system),
            RaisedBy::Nobody => self,
        }
        .maybe("reference", source.reference.as_ref())
    }

    fn report(&mut self, report: &Report) -> &mut Self {
        self.maybe("steps", report.steps.as_ref())
            .maybe("actual", report.actual.as_ref())
            .maybe("expected", report.expected.as_ref())
            .maybe("details", report.details.as_ref())
    }

    fn fix(&mut self, fix: &Fact<Fix>) {
        self.add("fix", fix_in_words(fix));
        let Fact::Known(fix) = fix else { return };
        if let Some(code) = fix.code() {
            self.add("changes", list(&code.changes)).add("tests", list(&code.tests));
            self.maybe("environment", code.environment.as_ref());
        }
        if let Some(data) = fix.data() {
            self.maybe("correction", data.correction.as_ref()).maybe("tried_in", data.tried_in.as_ref());
        }
        match fix {
            Fix::Operation { action } => self.maybe("action", action.as_ref()),
            Fix::Explanation { explanation, topic } => {
                self.maybe("explanation", explanation.as_ref()).maybe("topic", topic.as_ref())
            }
            Fix::Code(_) | Fix::Data(_) | Fix::CodeAndData(..) => self,
        };
    }

    fn closing(&mut self, closing: &Fact<Closing>) {
        match closing {
            Fact::NotKnown => self.add("closing", NOT_KNOWN),
            Fact::Known(Closing::Confirmed) => self,
            Fact::Known(Closing::Released { release, reverified_by }) => {
                self.maybe("release", release.as_ref()).maybe("reverified_by", reverified_by.as_ref())
            }
            Fact::Known(Closing::DataApplied { at, by }) => {
                self.maybe("applied_at", *at).maybe("applied_by", by.as_ref())
            }
        };
    }
}

fn customer_channel(channel: CustomerChannel) -> &'static str {
    match channel {
        CustomerChannel::Email => "email",
        CustomerChannel::Phone => "phone",
        CustomerChannel::Chat => "chat",
        CustomerChannel::Portal => "portal",
    }
}

fn owner_channel(channel: OwnerChannel) -> &'static str {
    match channel {
        OwnerChannel::Ticket => "ticket",
        OwnerChannel::Verbal => "verbal",
    }
}
