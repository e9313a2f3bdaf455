//! `snaglog search` and `snaglog similar`: issues by their words.

use std::fmt::Write as _;
use std::io::IsTerminal as _;
use std::time::Duration;

use api::issues::v1::{IssueState, Report};
use api::search::v1::search_service_client::SearchServiceClient;
use api::search::v1::{
    FoundIssue, SearchCounts, SearchIssuesRequest, SimilarIssue, SourceKind, SuggestDuplicatesRequest, ValueCount,
};
use clap::{Args, ValueEnum};

use super::failure::Failure;
use super::issue::{Fresh, explain, words};
use super::json;
use super::output::{Output, table};
use super::session::Session;
use super::times;

/// Who files an issue waits so long at most to hear of similar ones.
const OFFER_TIMEOUT: Duration = Duration::from_millis(500);

const SYNTAX: &str = "\
Words are found whole, whatever their case and accents; all must occur, in title, report, workaround or comments.

  snaglog search PAY refund twice               both words
  snaglog search PAY '\"press pay\" -test'        a phrase, and without a word
  snaglog search PAY 'refund* title:checkout'   words that begin so, and one in the title
                                                (also report: workaround: comments:)

Filters narrow together; one given several times, or with several values, widens: --state new,accepted.";

/// Find a project's issues by their words, the newest first.
#[derive(Debug, Args)]
#[command(after_help = SYNTAX)]
pub(crate) struct Search {
    /// The project's key
    project: String,
    /// What to find
    #[arg(required = true, value_name = "WORDS")]
    words: Vec<String>,
    /// Only in this state
    #[arg(long, value_delimiter = ',')]
    state: Vec<words::State>,
    /// Only of this severity
    #[arg(long, value_delimiter = ',')]
    severity: Vec<String>,
    /// Only of this triage level, 1 to 3
    #[arg(long, value_parser = clap::value_parser!(u8).range(1..=3), value_delimiter = ',')]
    level: Vec<u8>,
    /// Only of this nature
    #[arg(long, value_delimiter = ',')]
    nature: Vec<words::Nature>,
    /// Only of this owner team
    #[arg(long, value_delimiter = ',')]
    team: Vec<String>,
    /// Only of this component
    #[arg(long, value_delimiter = ',')]
    component: Vec<String>,
    /// Only of this assignee; @me is the actor
    #[arg(long, value_delimiter = ',')]
    assignee: Vec<String>,
    /// Only from this kind of source
    #[arg(long, value_enum, value_delimiter = ',')]
    source: Vec<Source>,
    /// Only filed then or later: RFC 3339, `yesterday`, `2h ago`
    #[arg(long, value_name = "TIME", value_parser = times::parse)]
    since: Option<prost_types::Timestamp>,
    /// Only filed before
    #[arg(long, value_name = "TIME", value_parser = times::parse)]
    until: Option<prost_types::Timestamp>,
    /// Count what is found by state, severity, level, component and team, instead of listing it
    #[arg(long)]
    counts: bool,
    /// How many at most
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..))]
    limit: u32,
    #[command(flatten)]
    fresh: Fresh,
}

/// Where an issue comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Source {
    Customer,
    ProductOwner,
    Security,
    System,
}

impl From<Source> for i32 {
    fn from(source: Source) -> Self {
        let kind = match source {
            Source::Customer => SourceKind::Customer,
            Source::ProductOwner => SourceKind::ProductOwner,
            Source::Security => SourceKind::Security,
            Source::System => SourceKind::System,
        };
        kind.into()
    }
}

impl Search {
    /// Searches.
    pub(crate) async fn run(self, session: &Session) -> Result<(), Failure> {
        if self.counts {
            return self.count(session).await;
        }
        session.output.expect_fields_of::<FoundIssue>(&[])?;
        let mut left = self.limit as usize;
        let mut request = self.request(session);
        let mut client = SearchServiceClient::new(session.wire());
        let (mut rows, mut searched_newest) = (Vec::new(), 0);
        while left > 0 {
            request.page_size = i32::try_from(left.min(1000)).unwrap_or(1000);
            let answer = client.search_issues(request.clone()).await;
            let page = answer.map_err(|status| explain(session.failure(status), ""))?.into_inner();
            left -= page.issues.len().min(left);
            searched_newest = page.searched_newest.max(searched_newest);
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
            if rows.is_empty() {
                anstream::eprintln!("No issue has these words.");
            } else {
                session.output.text(table(&HEAD, rows));
            }
            if !request.page_token.is_empty() {
                anstream::eprintln!("There are more: raise --limit, or narrow with more words, --state, --team, …");
            }
        }
        say_searched(searched_newest);
        Ok(())
    }

    /// Counts.
    async fn count(self, session: &Session) -> Result<(), Failure> {
        session.output.expect_fields_of::<SearchCounts>(&[])?;
        let request = SearchIssuesRequest { page_size: 1, ..self.request(session) };
        let answer = SearchServiceClient::new(session.wire()).search_issues(request).await;
        let answer = answer.map_err(|status| explain(session.failure(status), ""))?.into_inner();
        session.output.show(&answer.counts.unwrap_or_default(), counted);
        say_searched(answer.searched_newest);
        Ok(())
    }

    fn request(self, session: &Session) -> SearchIssuesRequest {
        SearchIssuesRequest {
            project: self.project,
            query: self.words.join(" "),
            states: self.state.into_iter().map(Into::into).collect(),
            severities: self.severity,
            levels: self.level.into_iter().map(words::level).collect(),
            natures: self.nature.into_iter().map(Into::into).collect(),
            teams: self.team,
            components: self.component,
            assignees: self.assignee.iter().map(|person| session.person(person)).collect(),
            sources: self.source.into_iter().map(Into::into).collect(),
            filed_from: self.since,
            filed_before: self.until,
            with_counts: self.counts,
            consistency: self.fresh.consistency(),
            ..SearchIssuesRequest::default()
        }
    }
}

const HEAD: [&str; 8] = ["KEY", "STATE", "SEVERITY", "LEVEL", "FILED", "ASSIGNEE", "", "TITLE"];

fn row(issue: &FoundIssue, output: &Output) -> Vec<String> {
    vec![
        issue.key.clone(),
        state(issue.state(), issue.triaged).to_owned(),
        words::or_dash(words::decided(&issue.severity, issue.level, issue.imported)),
        words::level_word(issue.level),
        output.time(issue.filed_at.as_ref()),
        words::or_dash(&issue.assignee),
        words::mark(issue.imported).to_owned(),
        issue.title.clone(),
    ]
}

fn state(state: IssueState, triaged: bool) -> &'static str {
    if state == IssueState::New && triaged { "New, triaged" } else { words::state_word(state) }
}

fn say_searched(newest: u64) {
    if newest > 0 {
        anstream::eprintln!("These words are common: the project's newest {newest} issues were searched.");
    }
}

fn counted(counts: &SearchCounts) -> String {
    let more = if counts.more { "+" } else { "" };
    let values = |values: &[ValueCount]| values.iter().map(|one| (words::or_dash(&one.value), one.count)).collect();
    let states = counts.states.iter().map(|one| (state(one.state(), one.triaged).to_owned(), one.count));
    let levels = counts.levels.iter().map(|one| (words::level_word(one.level), one.count));
    let lines: [(&str, Vec<(String, u32)>); 5] = [
        ("state", states.collect()),
        ("severity", values(&counts.severities)),
        ("level", levels.collect()),
        ("component", values(&counts.components)),
        ("team", values(&counts.teams)),
    ];
    let mut text = format!("{}{more} found", counts.total);
    for (name, some) in lines.into_iter().filter(|(_, some)| !some.is_empty()) {
        let some: Vec<_> = some.into_iter().map(|(value, count)| format!("{value} {count}")).collect();
        _ = write!(text, "\n  {name:<10} {}", some.join("; "));
    }
    text
}

/// Show issues that resemble one, or one that you are about to file.
#[derive(Debug, Args)]
pub(crate) struct Similar {
    /// An issue's key, or with --title a project's
    #[arg(value_name = "KEY")]
    of: String,
    /// The title of an issue that is not filed yet
    #[arg(long)]
    title: Option<String>,
    /// What its report says
    #[arg(long, requires = "title", value_name = "TEXT")]
    report: Option<String>,
    /// How many at most, 1 to 20
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(i32).range(1..=20))]
    limit: i32,
    #[command(flatten)]
    fresh: Fresh,
}

impl Similar {
    /// Shows them.
    pub(crate) async fn run(self, session: &Session) -> Result<(), Failure> {
        session.output.expect_fields_of::<SimilarIssue>(&[])?;
        let (key, project) = if self.title.is_some() { (String::new(), self.of) } else { (self.of, String::new()) };
        let request = SuggestDuplicatesRequest {
            project,
            key,
            title: self.title.unwrap_or_default(),
            report: self.report.map(|details| Report { details, ..Report::default() }),
            page_size: self.limit,
            consistency: self.fresh.consistency(),
        };
        let mut client = SearchServiceClient::new(session.wire());
        let answer = client.suggest_duplicates(request).await;
        let issues = answer.map_err(|status| explain(session.failure(status), ""))?.into_inner().issues;
        if session.output.is_json() {
            for issue in &issues {
                session.output.json(json::to_json(issue));
            }
        } else if issues.is_empty() {
            anstream::eprintln!("No issue resembles it.");
        } else {
            session.output.text(table(&["LIKE", "KEY", "STATE", "TITLE", "SHARED WORDS"], issues.iter().map(similar)));
        }
        Ok(())
    }
}

fn similar(similar: &SimilarIssue) -> Vec<String> {
    let issue = similar.issue.clone().unwrap_or_default();
    vec![
        format!("{:.0} %", similar.likeness * 100.0),
        issue.key.clone(),
        state(issue.state(), issue.triaged).to_owned(),
        issue.title,
        similar.shared_words.join(" "),
    ]
}

/// Tells on a terminal what resembles an issue that is being filed. What can't be told in a moment is not.
pub(crate) async fn offer(session: &Session, project: &str, title: &str, report: Option<&Report>) {
    let watched = std::io::stdout().is_terminal() && std::io::stderr().is_terminal();
    if session.output.is_json() || !watched {
        return;
    }
    let mut client = SearchServiceClient::new(session.wire());
    let request = SuggestDuplicatesRequest {
        project: project.to_owned(),
        title: title.to_owned(),
        report: report.cloned(),
        ..SuggestDuplicatesRequest::default()
    };
    let Ok(Ok(answer)) = tokio::time::timeout(OFFER_TIMEOUT, client.suggest_duplicates(request)).await else {
        return;
    };
    let issues = answer.into_inner().issues;
    if !issues.is_empty() {
        anstream::eprintln!("Similar issues:");
        anstream::eprintln!(
            "{}",
            table(&["LIKE", "KEY", "STATE", "TITLE", "SHARED WORDS"], issues.iter().map(similar))
        );
        anstream::eprintln!("If one of them is the same: snaglog issue dismiss THIS-KEY --as duplicate --of KEY");
    }
}
