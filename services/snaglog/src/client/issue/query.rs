//! Showing and listing issues.

use std::fmt::Write as _;

use api::consistency::v1::Consistency;
use api::issues::v1::issues_service_client::IssuesServiceClient;
use api::issues::v1::{
    Comment, DismissalReason, FixKind, GetIssueRequest, GetIssueResponse, Issue, IssueState, ListIssuesRequest,
    Timeline,
};
use clap::Args;

use super::{Fresh, advise, explain, timeline, words};
use crate::client::failure::Failure;
use crate::client::json;
use crate::client::output::{Output, table};
use crate::client::session::Session;
use crate::client::watching;

/// Show one issue with its newest comments, and its timeline: who did what, when and why, and how long it took.
#[derive(Debug, Args)]
pub(crate) struct Show {
    /// The issue's key, `PAY-42` in either case; or its project and id: `PAY/01890a5d-…`
    pub(crate) key: String,
    /// Stay, and show it again whenever something happens to it; piped: one JSON object a change
    #[arg(long)]
    watch: bool,
    #[command(flatten)]
    pub(crate) fresh: Fresh,
}

/// An issue with what there is to tell of it.
pub(crate) struct Found {
    issue: Issue,
    comments: Vec<Comment>,
    timeline: Timeline,
}

impl Show {
    /// Shows it.
    pub(crate) async fn run(self, session: &Session) -> Result<(), Failure> {
        session.output.expect_fields_of::<Issue>(&["comments", "timeline"])?;
        if self.watch {
            return watching::issue::watch(self, session).await;
        }
        let found = self.find(session, self.fresh.consistency()).await?;
        if session.output.is_json() {
            session.output.json(found.json());
        } else {
            session.output.text(found.story(&session.output));
        }
        Ok(())
    }

    /// Finds it.
    pub(crate) async fn find(&self, session: &Session, consistency: Option<Consistency>) -> Result<Found, Failure> {
        let request =
            GetIssueRequest { key: self.key.clone(), consistency, with_timeline: true, ..GetIssueRequest::default() };
        let answer = match IssuesServiceClient::new(session.wire()).get_issue(request).await {
            Ok(answer) => answer.into_inner(),
            Err(status) => return Err(advise(session, session.failure(status), &self.key.to_uppercase()).await),
        };
        let GetIssueResponse { issue, comments, timeline, .. } = answer;
        Ok(Found { issue: issue.unwrap_or_default(), comments, timeline: timeline.unwrap_or_default() })
    }
}

impl Found {
    /// The issue, its comments and its timeline in one object.
    pub(crate) fn json(&self) -> serde_json::Value {
        let mut object = json::to_json(&self.issue);
        object["comments"] = self.comments.iter().map(json::to_json).collect();
        object["timeline"] = json::to_json(&self.timeline);
        object
    }

    /// For people.
    pub(crate) fn story(&self, output: &Output) -> String {
        format!("{}\n{}", story(&self.issue, &self.comments, output), timeline::story(&self.timeline, output))
    }
}

/// An issue for people: a heading, what is known, its texts.
pub(crate) fn story(issue: &Issue, comments: &[Comment], output: &Output) -> String {
    let bold = anstyle::Style::new().bold();
    let mut text = format!("{bold}{}  {}{bold:#}\n", issue.key, issue.title);
    let mut line = |name: &str, value: String| {
        if !value.is_empty() && value != "-" {
            _ = writeln!(text, "  {name:<12} {value}");
        }
    };
    line("state", format!("{}, {}", words::state(issue), output.time(issue.state_since.as_ref())));
    line("severity", severity(issue));
    line("level", words::level_word(issue.level));
    line("component", issue.component.clone());
    line("team", words::decided(&issue.team, issue.level, issue.origin.is_some()).to_owned());
    line("assignee", issue.assignee.clone());
    line("source", source(issue));
    line("filed", format!("{} by {}", output.time(issue.filed_at.as_ref()), issue.filed_by));
    line("workaround", issue.workaround.clone());
    line("fix", String::from(if issue.fix_kind() == FixKind::NotKnown { words::NOT_KNOWN } else { "" }));
    line("changes", issue.changes.join(", "));
    line("tests", issue.tests.join(", "));
    line("resolved by", issue.resolved_by.clone());
    line("confirmed by", confirmed_by(issue).to_owned());
    line("release", issue.release.clone());
    line("dismissed as", dismissal(issue));
    line("duplicate of", issue.duplicate_of.clone());
    line("caused by", issue.causes.join(", "));
    line("watchers", issue.watchers.join(", "));
    for link in &issue.links {
        line(
            "link",
            format!(
                "{} {}",
                link.kind().as_str_name().trim_start_matches("LINK_KIND_").to_lowercase().replace('_', " "),
                link.other
            ),
        );
    }
    line("revision", issue.revision.to_string());
    text.push_str(&texts(issue, comments, output));
    text.trim_end().to_owned()
}

/// The report's parts, open questions, comments.
fn texts(issue: &Issue, comments: &[Comment], output: &Output) -> String {
    let (bold, mut text) = (anstyle::Style::new().bold(), String::new());
    let report = issue.report.clone().unwrap_or_default();
    let parts = [
        ("Steps to reproduce", &report.steps),
        ("What happens", &report.actual),
        ("What was expected", &report.expected),
        ("Details", &report.details),
    ];
    for (heading, part) in parts.iter().filter(|(_, part)| !part.is_empty()) {
        _ = write!(text, "\n{bold}{heading}{bold:#}\n{part}\n");
    }
    for question in &issue.questions {
        _ = write!(
            text,
            "\n{bold}Question {} of {}{bold:#}, {}\n{}\n",
            question.number,
            question.asked_by,
            output.time(question.asked_at.as_ref()),
            question.text
        );
    }
    for comment in comments.iter().rev() {
        _ = write!(
            text,
            "\n{bold}{}{bold:#}, {}\n{}\n",
            comment.author,
            output.time(comment.occurred_at.as_ref()),
            comment.text
        );
    }
    text
}

fn dismissal(issue: &Issue) -> String {
    let name = issue.dismissal().as_str_name().trim_start_matches("DISMISSAL_REASON_").to_lowercase().replace('_', " ");
    if issue.dismissal() == DismissalReason::Unspecified { String::new() } else { name }
}

/// The one in force; before triage, the one reported.
fn severity(issue: &Issue) -> String {
    let reported = reported(issue);
    match words::decided(&issue.severity, issue.level, issue.origin.is_some()) {
        "" => reported,
        words::NOT_KNOWN if !reported.is_empty() => format!("{} ({reported})", words::NOT_KNOWN),
        severity => severity.to_owned(),
    }
}

/// Who confirmed the fix: somebody did where it is Verified or Closed.
fn confirmed_by(issue: &Issue) -> &str {
    let confirmed = matches!(issue.state(), IssueState::Verified | IssueState::Closed);
    if confirmed && issue.confirmed_by.is_empty() { words::NOT_KNOWN } else { &issue.confirmed_by }
}

fn reported(issue: &Issue) -> String {
    if issue.reported_severity.is_empty() { String::new() } else { format!("reported as {}", issue.reported_severity) }
}

fn source(issue: &Issue) -> String {
    use api::issues::v1::source::Kind;
    let Some(source) = &issue.source else {
        return String::new();
    };
    let kind = match &source.kind {
        Some(Kind::Customer(customer)) => format!("customer {}", customer.customer),
        Some(Kind::ProductOwner(_)) => String::from("product owner"),
        Some(Kind::Security(security)) => format!("security report {}", security.advisories.join(", ")),
        Some(Kind::System(system)) => format!("monitor {}", system.monitor),
        None => String::from("not known"),
    };
    let imported = issue
        .origin
        .as_ref()
        .map_or(String::new(), |origin| format!(", imported from {} by {}", origin.system, origin.imported_by));
    let raised_by =
        if source.raised_by.is_empty() { String::new() } else { format!(", raised by {}", source.raised_by) };
    let reference = if source.reference.is_empty() { String::new() } else { format!(" ({})", source.reference) };
    format!("{}{reference}{raised_by}{imported}", kind.trim_end())
}

/// List a project's issues.
#[derive(Debug, Args)]
#[command(
    after_help = "Filters narrow together; one given several times widens, as does one with several values: --state new,accepted."
)]
pub(crate) struct List {
    /// The project's key
    project: String,
    /// Only in this state
    #[arg(long, value_delimiter = ',')]
    state: Vec<words::State>,
    /// Only of this severity
    #[arg(long, value_delimiter = ',')]
    severity: Vec<String>,
    /// Only of this triage level, 1 to 3
    #[arg(long, value_parser = clap::value_parser!(u8).range(1..=3), value_delimiter = ',')]
    level: Vec<u8>,
    /// Only of this owner team
    #[arg(long, value_delimiter = ',')]
    team: Vec<String>,
    /// Only of this component
    #[arg(long, value_delimiter = ',')]
    component: Vec<String>,
    /// Only of this assignee; @me is the actor
    #[arg(long, value_delimiter = ',')]
    assignee: Vec<String>,
    /// Only with this reference of the source
    #[arg(long, value_name = "REFERENCE")]
    reference: Option<String>,
    /// How to order them
    #[arg(long, value_enum, default_value = "filed-newest")]
    order: words::Order,
    /// How many at most
    #[arg(long, value_name = "N", default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..))]
    limit: u32,
    #[command(flatten)]
    fresh: Fresh,
}

impl List {
    /// Lists them.
    pub(crate) async fn run(self, session: &Session) -> Result<(), Failure> {
        session.output.expect_fields_of::<Issue>(&[])?;
        let mut left = self.limit as usize;
        let mut request = self.request(session);
        let mut client = IssuesServiceClient::new(session.wire());
        let mut rows = Vec::new();
        while left > 0 {
            request.page_size = i32::try_from(left.min(1000)).unwrap_or(1000);
            let answer = client.list_issues(request.clone()).await;
            let page = answer.map_err(|status| explain(session.failure(status), ""))?.into_inner();
            left -= page.issues.len().min(left);
            for issue in &page.issues {
                if session.output.is_json() {
                    session.output.json(json::to_json(issue));
                } else {
                    rows.push(row(issue, &session.output));
                }
            }
            request.page_token = page.next_page_token;
            if request.page_token.is_empty() {
                break;
            }
        }
        if !session.output.is_json() {
            let head = ["KEY", "STATE", "SINCE", "SEVERITY", "LEVEL", "ASSIGNEE", "", "TITLE"];
            if rows.is_empty() {
                anstream::eprintln!("No issues.");
            } else {
                session.output.text(table(&head, rows));
            }
            if !request.page_token.is_empty() {
                anstream::eprintln!("There are more: raise --limit, or narrow with --state, --severity, --team, …");
            }
        }
        Ok(())
    }

    fn request(self, session: &Session) -> ListIssuesRequest {
        ListIssuesRequest {
            project: self.project,
            states: self.state.into_iter().map(Into::into).collect(),
            severities: self.severity,
            levels: self.level.into_iter().map(words::level).collect(),
            teams: self.team,
            components: self.component,
            assignees: self.assignee.iter().map(|person| session.person(person)).collect(),
            source_reference: self.reference.unwrap_or_default(),
            order_by: self.order.into(),
            consistency: self.fresh.consistency(),
            ..ListIssuesRequest::default()
        }
    }
}

fn row(issue: &Issue, output: &Output) -> Vec<String> {
    vec![
        issue.key.clone(),
        words::state(issue).to_owned(),
        output.time(issue.state_since.as_ref()),
        words::or_dash(&severity(issue)),
        words::level_word(issue.level),
        words::or_dash(&issue.assignee),
        words::mark(issue.origin.is_some()).to_owned(),
        issue.title.clone(),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn somebody_confirmed_a_fix_that_is_verified() {
        let issue = |state: IssueState| Issue { state: state.into(), ..Issue::default() };
        assert_eq!(confirmed_by(&issue(IssueState::Resolved)), "");
        assert_eq!(confirmed_by(&issue(IssueState::Verified)), "not known");
        let known = Issue { confirmed_by: String::from("carla"), ..issue(IssueState::Closed) };
        assert_eq!(confirmed_by(&known), "carla");
    }
}
