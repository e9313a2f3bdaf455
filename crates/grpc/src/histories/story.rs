//! Events as people read them: a sentence, and the data by name. What an import did not tell is told as not known.

mod shifts;
mod sla;

use std::fmt::Display;

use api::history::v1::Detail;
use domain::Fact;
use domain::ids::PersonId;
use domain::issue::{
    Asked, Capacity, Closing, CustomerChannel, Dismissal, Fix, IssueEvent as E, Level, LinkKind, Nature, OwnerChannel,
    RaisedBy, Report, Source, SourceKind,
};

use crate::issues::show;

const NOT_KNOWN: &str = "not known";

/// What happened, in a sentence without its actor, who stands beside it.
pub(crate) fn summary(event: &E) -> String {
    match event {
        E::IssueFiled { title, source, .. } => format!("Filed: “{title}”{}", filed_by_whom(source)),
        E::ReportAmended { report } => format!("Amended the report: {}", parts(report)),
        E::InformationRequested { question, of, .. } => format!("Asked {} (question {question})", whom(of)),
        E::InformationProvided { questions, .. } => format!("Answered {}", numbered(questions)),
        E::RequestWithdrawn { questions } => format!("Took back {}", numbered(questions)),
        E::IssueTriaged { level: of_level, severity, team, .. } => {
            let (level, severity, team) = (level(*of_level), known(severity), known(team));
            format!("Triaged: level {level}, severity {severity}, team {team}")
        }
        E::SeverityChanged { from, to, .. } => format!("Changed the severity from {} to {to}", known(from)),
        E::LevelChanged { from, to, team, .. } => {
            let team = team.as_ref().map(|team| format!(", to team {team}")).unwrap_or_default();
            format!("Changed the level from {} to {}{team}", level(*from), level_name(*to))
        }
        E::NatureChanged { from, to, .. } => format!("Changed the nature from {} to {}", nature(*from), nature(*to)),
        E::IssueAssigned { assignee: Some(assignee) } => format!("Assigned to {assignee}"),
        E::IssueAssigned { assignee: None } => "Assigned to nobody".into(),
        E::IssueHandedOver { from, to, .. } => format!("Handed over from team {} to team {to}", known(from)),
        E::IssueAccepted { assignee, report_owed } => {
            let owed = if *report_owed { "; its report is still owed" } else { "" };
            format!("Accepted, and it is {}’s now{owed}", known(assignee))
        }
        E::ReturnedToTriage { .. } => "Returned to triage".into(),
        E::WorkaroundRecorded { .. } => "Found a workaround".into(),
        E::WorkaroundWithdrawn { .. } => "Withdrew the workaround".into(),
        E::VerificationDelegated { to, .. } => format!("Let {to} verify it"),
        E::IssueResolved { fix } => format!("Resolved by {}", fix_in_words(fix)),
        E::RegressionTestsAdded { tests } => format!("Added {}", count(tests.len(), "regression test")),
        E::ResolutionRejected { unassigned, .. } => format!("Rejected the resolution{}", unassigned_too(*unassigned)),
        E::IssueVerified { confirmed_by, capacity, self_verified } => {
            let own = if *self_verified { ", who resolved it" } else { "" };
            format!("Verified: confirmed by {}{own} ({})", known(confirmed_by), as_what(capacity))
        }
        E::MarkedInProduction { release } => format!("In production with release {release}; to be verified there"),
        E::IssueClosed { closing, .. } => format!("Closed: {}", closing_in_words(closing)),
        E::WithdrawnFromProduction { .. } => "Withdrawn from production".into(),
        E::IssueReopened { unassigned, .. } => format!("Reopened{}", unassigned_too(*unassigned)),
        E::IssueDismissed { dismissal, .. } => format!("Dismissed: {}", dismissal_in_words(dismissal)),
        E::ComponentChanged { from, to, .. } => format!("Moved from component {} to {to}", some(from.as_ref())),
        E::CauseNamed { release } => format!("Named release {release} as a cause"),
        E::IssuesLinked { kind, other } => format!("Linked: {} {}", link(*kind), show::other(other)),
        E::IssueCommented { .. } => "Commented".into(),
        E::WatchStarted { person } => format!("{person} watches it"),
        E::ShiftsPlanned { plan } => shifts::planned(plan),
        E::ShiftHandedOver { shift, from, to } => format!("{to} takes {from}’s shift of {shift}"),
        E::ShiftsEnded { because } => format!("No more shifts: {}", because.as_str()),
        E::SlaAtRiskRecorded { .. }
        | E::SlaBreachRecorded { .. }
        | E::SlaBreachCorrected { .. }
        | E::ClocksRebased { .. }
        | E::SlaEscalated { .. }
        | E::DeliveryRuleKept { .. }
        | E::DeliveryRuleBroken { .. } => sla::summary(event),
    }
}

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

#[derive(Default)]
struct Details(Vec<Detail>);

impl Details {
    #[expect(clippy::needless_pass_by_value, reason = "values and references alike: each is a line of a table")]
    fn add(&mut self, name: &str, value: impl ToString) -> &mut Self {
        self.0.push(Detail { name: name.to_owned(), value: value.to_string() });
        self
    }

    fn maybe(&mut self, name: &str, value: Option<impl ToString>) -> &mut Self {
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

fn filed_by_whom(source: &Source) -> String {
    match &source.raised_by {
        RaisedBy::Person(person) => format!(", raised by {person}"),
        RaisedBy::System(system) => format!(", raised by {system}"),
        RaisedBy::Nobody => String::new(),
    }
}

fn parts(report: &Report) -> String {
    let Report { steps, actual, expected, details } = report;
    let given = [("steps", steps), ("actual", actual), ("expected", expected), ("details", details)];
    list(given.iter().filter(|(_, part)| part.is_some()).map(|(name, _)| name))
}

fn numbered(questions: &[u32]) -> String {
    let noun = if questions.len() == 1 { "question" } else { "questions" };
    format!("{noun} {}", list(questions))
}

fn count(number: usize, noun: &str) -> String {
    let ending = if number == 1 { "" } else { "s" };
    format!("{number} {noun}{ending}")
}

fn list(all: impl IntoIterator<Item: Display>) -> String {
    all.into_iter().map(|one| one.to_string()).collect::<Vec<_>>().join(", ")
}

fn known(fact: &Fact<impl Display>) -> String {
    fact.known().map_or_else(|| NOT_KNOWN.into(), ToString::to_string)
}

fn some(value: Option<&impl Display>) -> String {
    value.map_or_else(|| "none".into(), ToString::to_string)
}

fn level(fact: Fact<Level>) -> &'static str {
    fact.known().map_or(NOT_KNOWN, |level| level_name(*level))
}

fn level_name(level: Level) -> &'static str {
    match level {
        Level::UserError => "1 (user error)",
        Level::System => "2 (system)",
        Level::CodeOrData => "3 (code or data)",
    }
}

fn nature(nature: Option<Nature>) -> &'static str {
    match nature {
        Some(Nature::Incident) => "incident",
        Some(Nature::Bug) => "bug",
        None => "none",
    }
}

fn whom(asked: &Asked) -> String {
    match asked {
        Asked::Opener => "the opener".into(),
        Asked::Customer => "the customer".into(),
        Asked::ProductOwner => "the product owners".into(),
        Asked::Person(person) => person.to_string(),
    }
}

fn as_what(capacity: &Fact<Capacity>) -> String {
    match capacity {
        Fact::NotKnown => format!("in a capacity {NOT_KNOWN}"),
        Fact::Known(Capacity::Opener) => "as opener".into(),
        Fact::Known(Capacity::Customer(customer)) => format!("for customer {customer}"),
        Fact::Known(Capacity::ProductOwner) => "as product owner".into(),
        Fact::Known(Capacity::Delegate { named_by }) => format!("named by {named_by}"),
    }
}

fn fix_in_words(fix: &Fact<Fix>) -> String {
    match fix {
        Fact::NotKnown => "a fix that is not known".into(),
        Fact::Known(Fix::Code(code)) => code_in_words(code),
        Fact::Known(Fix::Data(_)) => "a correction of data".into(),
        Fact::Known(Fix::CodeAndData(code, _)) => format!("{} and a correction of data", code_in_words(code)),
        Fact::Known(Fix::Operation { .. }) => "an operation".into(),
        Fact::Known(Fix::Explanation { .. }) => "an explanation".into(),
    }
}

fn code_in_words(code: &domain::issue::CodeFix) -> String {
    let (changes, tests) = (count(code.changes.len(), "change"), count(code.tests.len(), "regression test"));
    format!("{changes} of code with {tests}")
}

fn closing_in_words(closing: &Fact<Closing>) -> String {
    match closing {
        Fact::NotKnown => "the evidence is not known".into(),
        Fact::Known(Closing::Confirmed) => "nothing had to be released".into(),
        Fact::Known(Closing::Released { release, reverified_by }) => {
            let (release, by) = (some(release.as_ref()), some(reverified_by.as_ref()));
            format!("in production with release {release}, verified there by {by}")
        }
        Fact::Known(Closing::DataApplied { at, by }) => {
            format!("applied in production at {} by {}", some(at.as_ref()), some(by.as_ref()))
        }
    }
}

fn dismissal_in_words(dismissal: &Fact<Dismissal>) -> String {
    match dismissal {
        Fact::NotKnown => "the reason is not known".into(),
        Fact::Known(Dismissal::DuplicateOf(other)) => format!("a duplicate of {}", show::other(other)),
        Fact::Known(Dismissal::CannotReproduce) => "cannot be reproduced".into(),
        Fact::Known(Dismissal::NotADefect) => "not a defect".into(),
        Fact::Known(Dismissal::WontFix) => "will not be fixed".into(),
        Fact::Known(Dismissal::Withdrawn) => "withdrawn".into(),
        Fact::Known(Dismissal::NoAnswer) => "no answer came".into(),
    }
}

fn link(kind: LinkKind) -> &'static str {
    match kind {
        LinkKind::RelatesTo => "relates to",
        LinkKind::CausedBy => "caused by",
        LinkKind::Causes => "causes",
        LinkKind::BlockedBy => "blocked by",
        LinkKind::Blocks => "blocks",
        LinkKind::DuplicateOf => "duplicate of",
        LinkKind::DuplicatedBy => "duplicated by",
    }
}

fn unassigned_too(unassigned: bool) -> &'static str {
    if unassigned { "; nobody is assigned any more" } else { "" }
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

#[cfg(test)]
mod tests;
