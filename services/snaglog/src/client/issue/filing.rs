//! Filing, and completing the report.

use api::issues::v1::{
    self as proto, AmendReportRequest, CustomerChannel, CustomerSource, FileIssueRequest, OwnerChannel,
    ProductOwnerSource, Report, SecuritySource, Source, SystemSource, source,
};
use clap::{Args, ValueEnum};

use super::{Late, Target, send};
use crate::client::failure::Failure;
use crate::client::search;
use crate::client::session::Session;
use crate::client::text;

/// The headings that an editor shows.
const TEMPLATE: &str = "\
## Steps to reproduce

## What happens

## What was expected

";

/// File an issue. It is New until somebody triages it.
#[derive(Debug, Args)]
pub(crate) struct File {
    /// The project's key
    project: String,
    /// One line that names it
    #[arg(long)]
    title: String,
    /// How it reached us
    #[arg(long, value_enum, default_value = "portal")]
    channel: Channel,
    /// The customer who reported it
    #[arg(long, group = "kind")]
    customer: Option<String>,
    /// A product owner reported it
    #[arg(long, group = "kind")]
    product_owner: bool,
    /// A security report: the advisory's id; may be given several times
    #[arg(long, group = "kind", value_name = "ID")]
    advisory: Vec<String>,
    /// A security report: the package affected
    #[arg(long, requires = "advisory")]
    package: Option<String>,
    /// A security report: the versions affected
    #[arg(long, requires = "advisory", value_name = "RANGE")]
    affected: Option<String>,
    /// The monitor that raised it
    #[arg(long, group = "kind")]
    monitor: Option<String>,
    /// A monitor's issue: what makes a repeat recognisable
    #[arg(long, requires = "monitor")]
    fingerprint: Option<String>,
    /// The person who raised it, its opener [default: the actor; a monitor's: nobody]
    #[arg(long, value_name = "PERSON")]
    raised_by: Option<String>,
    /// What the original is called where it came from
    #[arg(long)]
    reference: Option<String>,
    /// How severe the reporter says it is
    #[arg(long, value_name = "SEVERITY")]
    reported_severity: Option<String>,
    /// The part of the product concerned
    #[arg(long)]
    component: Option<String>,
    #[command(flatten)]
    report: Parts,
    #[command(flatten)]
    late: Late,
}

/// The report's parts.
#[derive(Debug, Args)]
pub(crate) struct Parts {
    /// Steps to reproduce
    #[arg(long, value_name = "TEXT")]
    steps: Option<String>,
    /// What actually happens
    #[arg(long, value_name = "TEXT")]
    actual: Option<String>,
    /// What was expected instead
    #[arg(long, value_name = "TEXT")]
    expected: Option<String>,
    /// Whatever else was said; `-` reads standard input
    #[arg(long, value_name = "TEXT")]
    details: Option<String>,
}

/// How a report reached us.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Channel {
    Email,
    Phone,
    Chat,
    Portal,
    Ticket,
    Verbal,
}

impl Channel {
    fn of_customer(self) -> CustomerChannel {
        match self {
            Self::Email => CustomerChannel::Email,
            Self::Phone | Self::Verbal => CustomerChannel::Phone,
            Self::Chat => CustomerChannel::Chat,
            Self::Portal | Self::Ticket => CustomerChannel::Portal,
        }
    }

    fn of_owner(self) -> OwnerChannel {
        match self {
            Self::Verbal | Self::Phone => OwnerChannel::Verbal,
            Self::Email | Self::Chat | Self::Portal | Self::Ticket => OwnerChannel::Ticket,
        }
    }
}

impl Parts {
    /// The report; asked for in an editor where none is given, on a terminal.
    ///
    /// `needed`: an empty one would change nothing.
    fn read(self, session: &Session, ask: bool, needed: bool) -> Result<Report, Failure> {
        let given = self.steps.is_some() || self.actual.is_some() || self.expected.is_some() || self.details.is_some();
        if !given && ask && session.may_ask() {
            return Ok(split(&text::ask(TEMPLATE)?));
        }
        if !given && needed {
            return Err(Failure::usage("a part of the report is needed").hint(
                "Give --steps TEXT, --actual TEXT, --expected TEXT or --details TEXT (- reads standard input).",
            ));
        }
        let details = match self.details {
            Some(dash) if dash == "-" => text::standard_input()?,
            other => other.unwrap_or_default(),
        };
        Ok(Report {
            steps: self.steps.unwrap_or_default(),
            actual: self.actual.unwrap_or_default(),
            expected: self.expected.unwrap_or_default(),
            details,
        })
    }
}

/// What stands below each heading of the template; what stands elsewhere are details.
fn split(text: &str) -> Report {
    let mut report = Report::default();
    let mut section = "";
    for line in text.lines() {
        if let Some(heading) = line.strip_prefix("## ") {
            section = heading.trim();
            continue;
        }
        let part = match section {
            "Steps to reproduce" => &mut report.steps,
            "What happens" => &mut report.actual,
            "What was expected" => &mut report.expected,
            _ => &mut report.details,
        };
        part.push_str(line);
        part.push('\n');
    }
    for part in [&mut report.steps, &mut report.actual, &mut report.expected, &mut report.details] {
        *part = part.trim().to_owned();
    }
    report
}

impl File {
    /// Files it.
    pub(crate) async fn run(self, session: &Session) -> Result<(), Failure> {
        let source = self.source(session);
        let asked = self.monitor.is_none() && self.advisory.is_empty();
        let request = FileIssueRequest {
            request_id: session.request_id(),
            project: self.project,
            title: self.title,
            source: Some(source),
            report: Some(self.report.read(session, asked, false)?),
            reported_severity: self.reported_severity.unwrap_or_default(),
            component: self.component.unwrap_or_default(),
            occurred_at: self.late.occurred_at,
        };
        search::offer(session, &request.project, &request.title, request.report.as_ref()).await;
        send!(session, "", file_issue(request))
    }

    fn source(&self, session: &Session) -> Source {
        let kind = if self.product_owner {
            source::Kind::ProductOwner(ProductOwnerSource { channel: self.channel.of_owner().into() })
        } else if let Some(monitor) = &self.monitor {
            let fingerprint = self.fingerprint.clone().unwrap_or_default();
            source::Kind::System(SystemSource { monitor: monitor.clone(), fingerprint })
        } else if self.advisory.is_empty() {
            let customer = self.customer.clone().unwrap_or_default();
            source::Kind::Customer(CustomerSource { customer, channel: self.channel.of_customer().into() })
        } else {
            source::Kind::Security(SecuritySource {
                advisories: self.advisory.clone(),
                package: self.package.clone().unwrap_or_default(),
                affected: self.affected.clone().unwrap_or_default(),
            })
        };
        let opener = self.raised_by.as_deref().map(|person| session.person(person));
        let raised_by = match (&self.monitor, opener) {
            (_, Some(person)) => person,
            (None, None) => session.actor().to_owned(),
            (Some(_), None) => String::new(),
        };
        let raised_by_system =
            if raised_by.is_empty() { self.monitor.clone().unwrap_or_default() } else { String::new() };
        proto::Source {
            kind: Some(kind),
            raised_by,
            raised_by_system,
            reference: self.reference.clone().unwrap_or_default(),
        }
    }
}

/// Add missing parts to the report, or correct them.
#[derive(Debug, Args)]
pub(crate) struct Amend {
    #[command(flatten)]
    target: Target,
    #[command(flatten)]
    report: Parts,
    #[command(flatten)]
    late: Late,
}

impl Amend {
    /// Amends it.
    pub(crate) async fn run(self, session: &Session) -> Result<(), Failure> {
        let request = AmendReportRequest {
            request_id: session.request_id(),
            key: self.target.key.clone(),
            report: Some(self.report.read(session, true, true)?),
            occurred_at: self.late.occurred_at,
            expected_revision: self.target.expected_revision,
        };
        send!(session, self.target.key, amend_report(request))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_template_left_as_it_was_is_an_empty_report() {
        assert_eq!(split(TEMPLATE), Report::default());
    }

    #[test]
    fn what_stands_below_a_heading_is_that_part() {
        let report = split(
            "before\n## Steps to reproduce\n\n1. open\n2. pay\n## What happens\n## What was expected\npaid once\n",
        );
        assert_eq!(report.steps, "1. open\n2. pay");
        assert_eq!(report.actual, "");
        assert_eq!(report.expected, "paid once");
        assert_eq!(report.details, "before");
    }
}
