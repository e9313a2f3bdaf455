//! The next step of an issue's life, as a command.

use std::fmt::Write as _;

use api::history::v1::GetIssueAsOfRequest;
use api::history::v1::history_service_client::HistoryServiceClient;
use api::issues::v1::{FixKind, Issue, IssueState, Level, source};
use api::projects::v1::projects_service_client::ProjectsServiceClient;
use api::projects::v1::{GetProjectRequest, Project, TeamModel};

use crate::client::session::Session;

/// The command that takes the issue further from where it stands; `None` where the server doesn't tell.
pub(super) async fn step(session: &Session, key: &str) -> Option<String> {
    // From the log itself: a view may not show yet what the refusal was about.
    let request = GetIssueAsOfRequest { key: key.to_owned(), ..GetIssueAsOfRequest::default() };
    let issue = HistoryServiceClient::new(session.wire()).get_issue_as_of(request).await.ok()?.into_inner().issue?;
    let request = GetProjectRequest { project: issue.project.clone() };
    let project = ProjectsServiceClient::new(session.wire()).get_project(request).await.ok()?.into_inner().project?;
    Some(command(&issue, &project, session.actor()))
}

/// True: there is such a project.
pub(super) async fn is_project(session: &Session, project: &str) -> bool {
    let request = GetProjectRequest { project: project.to_owned() };
    ProjectsServiceClient::new(session.wire()).get_project(request).await.is_ok()
}

fn command(issue: &Issue, project: &Project, actor: &str) -> String {
    let key = &issue.key;
    match (issue.state(), issue.triaged) {
        (IssueState::New, false) => triage(issue, project),
        (IssueState::New, true) if lacks_report(issue) => {
            format!("snaglog issue amend {key} --steps TEXT --actual TEXT --expected TEXT")
        }
        (IssueState::New | IssueState::Unspecified, _) => {
            format!("snaglog issue accept {key}{}", by(worker(issue, project, actor), actor))
        }
        (IssueState::Accepted, _) => {
            format!("snaglog issue resolve {key} {}{}", evidence(issue), by(worker(issue, project, actor), actor))
        }
        (IssueState::Resolved, _) => format!("snaglog issue verify {key}{}", confirmed(issue, actor)),
        (IssueState::Verified, _) => format!("snaglog issue close {key}{}", production(issue)),
        (IssueState::Closed | IssueState::Dismissed, _) => format!("snaglog issue reopen {key} --reason TEXT"),
    }
}

/// Level 3, unless it has one; the severity reported, or the project's default; a component with an owner.
fn triage(issue: &Issue, project: &Project) -> String {
    let scheme = project.scheme.clone().unwrap_or_default();
    let reported = scheme.severities.iter().find(|one| one.id == issue.reported_severity && !one.retired);
    let severity = reported.map_or(scheme.default_severity.as_str(), |one| one.id.as_str());
    let component = if issue.component.is_empty() {
        project.components.iter().find(|one| !one.owner_team.is_empty()).or(project.components.first())
    } else {
        project.components.iter().find(|one| one.id == issue.component)
    };
    let mut command = format!("snaglog issue triage {} --level 3 --severity {severity}", issue.key);
    if issue.component.is_empty() {
        _ = write!(command, " --component {}", component.map_or("COMPONENT", |one| &one.id));
    }
    if component.is_none_or(|one| one.owner_team.is_empty()) {
        let may = [TeamModel::Combined, TeamModel::Development, TeamModel::Maintenance];
        let team = project.teams.iter().find(|team| may.contains(&team.model()));
        _ = write!(command, " --team {}", team.map_or("TEAM", |team| &team.id));
    }
    command
}

/// At level 3, what customers and product owners report is accepted with a complete report only; Sev 1 goes first.
fn lacks_report(issue: &Issue) -> bool {
    let kind = issue.source.as_ref().and_then(|source| source.kind.as_ref());
    let of_people = matches!(kind, Some(source::Kind::Customer(_) | source::Kind::ProductOwner(_)));
    of_people && issue.level() == Level::CodeOrData && !issue.report_complete && issue.severity != "sev1"
}

/// Who may work on it: its assignee, or a member of its team, the actor before others.
fn worker<'w>(issue: &'w Issue, project: &'w Project, actor: &'w str) -> &'w str {
    let members = project.teams.iter().filter(|team| team.id == issue.team).flat_map(|team| &team.members);
    match members.map(String::as_str).collect::<Vec<_>>().as_slice() {
        _ if !issue.assignee.is_empty() => &issue.assignee,
        members if members.contains(&actor) => actor,
        members => members.first().copied().unwrap_or(actor),
    }
}

fn by(person: &str, actor: &str) -> String {
    if person == actor { String::new() } else { format!(" --actor {person}") }
}

fn evidence(issue: &Issue) -> &'static str {
    match issue.level() {
        Level::UserError => "--explanation TEXT --topic TOPIC",
        Level::System => "--action TEXT",
        _ => "--change COMMIT --test TEST --environment NAME",
    }
}

fn confirmed(issue: &Issue, actor: &str) -> String {
    let opener = issue.source.as_ref().map_or("", |source| source.raised_by.as_str());
    match opener {
        opener if opener.is_empty() || opener == issue.resolved_by => String::from(" --confirmed-by PERSON"),
        opener if opener == actor => String::new(),
        opener => format!(" --confirmed-by {opener}"),
    }
}

fn production(issue: &Issue) -> &'static str {
    match issue.fix_kind() {
        FixKind::Code | FixKind::CodeAndData => " --release RELEASE --reverified-by PERSON",
        FixKind::Data => " --applied-at TIME --applied-by PERSON",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use api::issues::v1::{CustomerSource, Source};
    use api::projects::v1::{Component, SeverityScheme, Team};

    use super::*;

    /// A team that owns `checkout`, with `ann` and `bob`; the default severity is sev3.
    fn project() -> Project {
        Project {
            id: String::from("PAY"),
            scheme: Some(SeverityScheme { default_severity: String::from("sev3"), ..SeverityScheme::default() }),
            components: vec![Component { id: String::from("checkout"), owner_team: String::from("core") }],
            teams: vec![Team {
                id: String::from("core"),
                members: vec![String::from("ann"), String::from("bob")],
                ..Team::default()
            }],
            ..Project::default()
        }
    }

    /// A customer's issue of level 3, with a complete report, raised by `carla`.
    fn issue(state: IssueState) -> Issue {
        let kind = source::Kind::Customer(CustomerSource::default());
        Issue {
            key: String::from("PAY-7"),
            state: state.into(),
            triaged: true,
            level: Level::CodeOrData.into(),
            team: String::from("core"),
            report_complete: true,
            source: Some(Source { kind: Some(kind), raised_by: String::from("carla"), ..Source::default() }),
            ..Issue::default()
        }
    }

    #[track_caller]
    fn check(issue: &Issue, actor: &str, expected: &str) {
        assert_eq!(command(issue, &project(), actor), format!("snaglog issue {expected}"));
    }

    #[test]
    fn triage_names_what_the_project_offers() {
        let mut new = Issue { triaged: false, ..issue(IssueState::New) };
        check(&new, "bob", "triage PAY-7 --level 3 --severity sev3 --component checkout");
        new.component = String::from("checkout");
        check(&new, "bob", "triage PAY-7 --level 3 --severity sev3");
        let bare = Project { components: Vec::new(), teams: Vec::new(), ..project() };
        let said = command(&Issue { component: String::new(), ..new }, &bare, "bob");
        assert_eq!(said, "snaglog issue triage PAY-7 --level 3 --severity sev3 --component COMPONENT --team TEAM");
    }

    #[test]
    fn who_may_take_the_step_acts() {
        check(&issue(IssueState::New), "bob", "accept PAY-7");
        check(&issue(IssueState::New), "zoe", "accept PAY-7 --actor ann");
        let assigned = Issue { assignee: String::from("bob"), ..issue(IssueState::New) };
        check(&assigned, "ann", "accept PAY-7 --actor bob");
        check(&issue(IssueState::Resolved), "carla", "verify PAY-7");
        check(&issue(IssueState::Resolved), "bob", "verify PAY-7 --confirmed-by carla");
        let own = Issue { resolved_by: String::from("carla"), ..issue(IssueState::Resolved) };
        check(&own, "carla", "verify PAY-7 --confirmed-by PERSON");
    }

    #[test]
    fn evidence_goes_by_level_and_fix() {
        let incomplete = Issue { report_complete: false, ..issue(IssueState::New) };
        check(&incomplete, "bob", "amend PAY-7 --steps TEXT --actual TEXT --expected TEXT");
        let accepted = |level: Level| Issue { level: level.into(), ..issue(IssueState::Accepted) };
        check(&accepted(Level::CodeOrData), "ann", "resolve PAY-7 --change COMMIT --test TEST --environment NAME");
        check(&accepted(Level::System), "ann", "resolve PAY-7 --action TEXT");
        check(&accepted(Level::UserError), "ann", "resolve PAY-7 --explanation TEXT --topic TOPIC");
        let verified = |kind: FixKind| Issue { fix_kind: kind.into(), ..issue(IssueState::Verified) };
        check(&verified(FixKind::Code), "ann", "close PAY-7 --release RELEASE --reverified-by PERSON");
        check(&verified(FixKind::Data), "ann", "close PAY-7 --applied-at TIME --applied-by PERSON");
        check(&verified(FixKind::Explanation), "ann", "close PAY-7");
        check(&issue(IssueState::Dismissed), "ann", "reopen PAY-7 --reason TEXT");
    }
}
