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
    let (issue, project) = standing(session, key).await?;
    Some(command(&issue, &project, session.actor()))
}

/// The command that says what triage left open, as an import may; `None` where the server doesn't tell.
pub(super) async fn triage(session: &Session, key: &str) -> Option<String> {
    let (issue, project) = standing(session, key).await?;
    Some(decided(&issue, &project))
}

/// The issue from the log itself, as a view may not show yet what a refusal was about; and its project.
async fn standing(session: &Session, key: &str) -> Option<(Issue, Project)> {
    let request = GetIssueAsOfRequest { key: key.to_owned(), ..GetIssueAsOfRequest::default() };
    let issue = HistoryServiceClient::new(session.wire()).get_issue_as_of(request).await.ok()?.into_inner().issue?;
    let request = GetProjectRequest { project: issue.project.clone() };
    let project = ProjectsServiceClient::new(session.wire()).get_project(request).await.ok()?.into_inner().project?;
    Some((issue, project))
}

/// True: there is such a project.
pub(super) async fn is_project(session: &Session, project: &str) -> bool {
    let request = GetProjectRequest { project: project.to_owned() };
    ProjectsServiceClient::new(session.wire()).get_project(request).await.is_ok()
}

fn command(issue: &Issue, project: &Project, actor: &str) -> String {
    let key = &issue.key;
    match (issue.state(), issue.triaged) {
        (IssueState::New, false) => triaged(issue, project),
        (IssueState::New, true)
            if known_level(issue).is_none() || issue.severity.is_empty() || issue.team.is_empty() =>
        {
            decided(issue, project)
        }
        (IssueState::Accepted, _) if known_level(issue).is_none() => decided(issue, project),
        (IssueState::New, true) if lacks_report(issue) => {
            format!("snaglog issue amend {key} --steps TEXT --actual TEXT --expected TEXT")
        }
        (IssueState::New | IssueState::Unspecified, _) => {
            format!("snaglog issue accept {key}{}", by(worker(issue, project, actor), actor))
        }
        (IssueState::Accepted, _) => {
            format!("snaglog issue resolve {key} {}{}", evidence(issue), by(worker(issue, project, actor), actor))
        }
        (IssueState::Resolved, _) => verify(issue, project, actor),
        (IssueState::Verified, _) => format!("snaglog issue close {key}{}", production(issue)),
        (IssueState::Closed | IssueState::Dismissed, _) => format!("snaglog issue reopen {key} --reason TEXT"),
    }
}

/// Level 3, unless it has one; the severity it has, or reported, or the project's default; a component with an owner.
fn triaged(issue: &Issue, project: &Project) -> String {
    let scheme = project.scheme.clone().unwrap_or_default();
    let reported = scheme.severities.iter().find(|one| one.id == issue.reported_severity && !one.retired);
    let severity = match issue.severity.as_str() {
        "" => reported.map_or(scheme.default_severity.as_str(), |one| one.id.as_str()),
        severity => severity,
    };
    let component = if issue.component.is_empty() {
        project.components.iter().find(|one| !one.owner_team.is_empty()).or(project.components.first())
    } else {
        project.components.iter().find(|one| one.id == issue.component)
    };
    let level = known_level(issue).unwrap_or(Level::CodeOrData);
    let mut command = format!("snaglog issue triage {} --level {} --severity {severity}", issue.key, i32::from(level));
    if issue.triaged {
        // What it says is a change, and those need a reason.
        if issue.team.is_empty() {
            _ = write!(command, " --team {}", team(issue, project, level));
        }
        command.push_str(" --reason TEXT");
        return command;
    }
    if issue.component.is_empty() {
        _ = write!(command, " --component {}", component.map_or("COMPONENT", |one| &one.id));
    }
    if component.is_none_or(|one| one.owner_team.is_empty()) {
        _ = write!(command, " --team {}", team(issue, project, level));
    }
    command
}

/// The command that says what triage left open; an issue that is worked on has others than triage for that.
fn decided(issue: &Issue, project: &Project) -> String {
    let key = &issue.key;
    match (issue.state(), known_level(issue)) {
        (IssueState::Accepted, Some(level)) => {
            format!("snaglog issue hand-over {key} --team {} --reason TEXT", team(issue, project, level))
        }
        (IssueState::Accepted, None) => {
            let level = Level::CodeOrData;
            let owner =
                if issue.team.is_empty() { format!(" --team {}", team(issue, project, level)) } else { String::new() };
            format!("snaglog issue level {key} --to {}{owner} --reason TEXT", i32::from(level))
        }
        _ => triaged(issue, project),
    }
}

/// The level, where triage decided and an import told it.
fn known_level(issue: &Issue) -> Option<Level> {
    Some(issue.level()).filter(|level| !matches!(level, Level::Unspecified | Level::NotKnown))
}

/// A team that may take the level: the one that owns the component, or the first that does such work.
fn team<'p>(issue: &Issue, project: &'p Project, level: Level) -> &'p str {
    let owner = project.components.iter().find(|one| one.id == issue.component && !one.owner_team.is_empty());
    let able = project.teams.iter().find(|team| may_take(team.model(), level)).map_or("TEAM", |team| &team.id);
    owner.map_or(able, |one| &one.owner_team)
}

/// As the domain has it, which a client knows by the contract only: a test compares the two.
fn may_take(model: TeamModel, level: Level) -> bool {
    match model {
        TeamModel::Combined => true,
        TeamModel::Development | TeamModel::Maintenance => level == Level::CodeOrData,
        TeamModel::Operations => level == Level::System,
        TeamModel::Support => level == Level::UserError,
        TeamModel::Unspecified => false,
    }
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

/// Confirmed by who may and did not make the fix: its opener, else somebody of its customer, or a product owner; where there is nobody else, its
/// opener names somebody.
fn verify(issue: &Issue, project: &Project, actor: &str) -> String {
    let (key, source) = (&issue.key, issue.source.as_ref());
    let opener = source.map(|source| &source.raised_by).filter(|opener| !opener.is_empty());
    let customer = match source.and_then(|source| source.kind.as_ref()) {
        Some(source::Kind::Customer(of)) => project.customers.iter().find(|customer| customer.id == of.customer),
        _ => None,
    };
    let others = customer.into_iter().flat_map(|customer| &customer.people).chain(&project.product_owners);
    // As the rule has it, its assignee made it too, whoever resolved it.
    let made = |person: &String| *person == issue.resolved_by || *person == issue.assignee;
    match (opener.into_iter().chain(others).find(|person| project.self_verification || !made(person)), opener) {
        (Some(person), _) if person == actor => format!("snaglog issue verify {key}"),
        (Some(person), _) => format!("snaglog issue verify {key} --confirmed-by {person}"),
        (None, Some(opener)) => format!("snaglog issue delegate {key} --to PERSON{}", by(opener, actor)),
        (None, None) => format!("snaglog issue verify {key} --confirmed-by PERSON"),
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
    use api::projects::v1::{Component, Customer, SeverityScheme, Team};

    use super::*;
    use crate::cli::{Cli, words};

    /// A team that owns `checkout`, with `ann` and `bob`; the default severity is sev3.
    fn project() -> Project {
        Project {
            id: String::from("PAY"),
            scheme: Some(SeverityScheme { default_severity: String::from("sev3"), ..SeverityScheme::default() }),
            components: vec![Component { id: String::from("checkout"), owner_team: String::from("core") }],
            teams: vec![core()],
            ..Project::default()
        }
    }

    fn core() -> Team {
        let members = vec![String::from("ann"), String::from("bob")];
        Team { id: String::from("core"), members, ..Team::default() }
    }

    /// A customer's issue of level 3, with a complete report, raised by `carla`.
    fn issue(state: IssueState) -> Issue {
        let kind = source::Kind::Customer(CustomerSource::default());
        Issue {
            key: String::from("PAY-7"),
            state: state.into(),
            triaged: true,
            level: Level::CodeOrData.into(),
            severity: String::from("sev3"),
            team: String::from("core"),
            report_complete: true,
            source: Some(Source { kind: Some(kind), raised_by: String::from("carla"), ..Source::default() }),
            ..Issue::default()
        }
    }

    #[track_caller]
    fn check(issue: &Issue, actor: &str, expected: &str) {
        typed(&command(issue, &project(), actor), expected);
    }

    /// It is what somebody can type, a level and a time given.
    #[track_caller]
    fn typed(command: &str, expected: &str) {
        assert_eq!(command, format!("snaglog issue {expected}"));
        let line = command.replace("TIME", "yesterday");
        assert!(Cli::built().try_get_matches_from(words(&line)).is_ok(), "{line}");
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
    }

    #[test]
    fn who_made_the_fix_does_not_confirm_it() {
        let resolved = || Issue { resolved_by: String::from("carla"), ..issue(IssueState::Resolved) };
        check(&resolved(), "carla", "delegate PAY-7 --to PERSON");
        // An import may name its assignee only.
        let assigned = Issue { assignee: String::from("carla"), ..issue(IssueState::Resolved) };
        check(&assigned, "bob", "delegate PAY-7 --to PERSON --actor carla");
        let nobodys = Issue { source: None, ..resolved() };
        check(&nobodys, "bob", "verify PAY-7 --confirmed-by PERSON");
        let acme = Customer { id: String::from("acme"), people: vec![String::from("carl")], ..Customer::default() };
        let owned = Project { product_owners: vec![String::from("paula")], customers: vec![acme], ..project() };
        typed(&command(&resolved(), &owned, "bob"), "verify PAY-7 --confirmed-by paula");
        let kind =
            source::Kind::Customer(CustomerSource { customer: String::from("acme"), ..CustomerSource::default() });
        let source = Some(Source { kind: Some(kind), raised_by: String::from("carla"), ..Source::default() });
        typed(&command(&Issue { source, ..resolved() }, &owned, "bob"), "verify PAY-7 --confirmed-by carl");
        let alone = Project { self_verification: true, ..project() };
        typed(&command(&resolved(), &alone, "bob"), "verify PAY-7 --confirmed-by carla");
    }

    #[test]
    fn what_an_import_left_open_is_decided_first() {
        let open = |state: IssueState| Issue {
            level: Level::NotKnown.into(),
            team: String::new(),
            component: String::from("widget"),
            ..issue(state)
        };
        let ops = Team { id: String::from("ops"), model: TeamModel::Operations.into(), ..Team::default() };
        let project = Project { teams: vec![ops, Team { model: TeamModel::Combined.into(), ..core() }], ..project() };
        let said = |issue: &Issue| command(issue, &project, "ann");
        typed(&said(&open(IssueState::New)), "triage PAY-7 --level 3 --severity sev3 --team core --reason TEXT");
        typed(&said(&open(IssueState::Accepted)), "level PAY-7 --to 3 --team core --reason TEXT");
        let owned = Issue { team: String::from("core"), ..open(IssueState::Accepted) };
        typed(&said(&owned), "level PAY-7 --to 3 --reason TEXT");
        // Only who assigns it needs its team.
        let level = Issue { level: Level::System.into(), ..open(IssueState::Accepted) };
        typed(&said(&level), "resolve PAY-7 --action TEXT");
        typed(&decided(&level, &project), "hand-over PAY-7 --team ops --reason TEXT");
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

    #[test]
    fn teams_take_what_the_domain_lets_them_take() {
        use domain::{issue::Level as Taken, project::TeamModel as Model};
        let models = [
            (TeamModel::Combined, Model::Combined),
            (TeamModel::Development, Model::Development),
            (TeamModel::Maintenance, Model::Maintenance),
            (TeamModel::Operations, Model::Operations),
            (TeamModel::Support, Model::Support),
        ];
        let levels = [
            (Level::UserError, Taken::UserError),
            (Level::System, Taken::System),
            (Level::CodeOrData, Taken::CodeOrData),
        ];
        for ((model, of_domain), (level, taken)) in
            models.into_iter().flat_map(|model| levels.map(|level| (model, level)))
        {
            assert_eq!(may_take(model, level), of_domain.may_take(taken), "{model:?} at {level:?}");
        }
    }
}
