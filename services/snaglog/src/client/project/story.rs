//! A project as people read it.

use api::projects::v1::{Absence, Project, Team};
use clap::ValueEnum as _;

use super::setting::Reactor;
use crate::client::issue::words;
use crate::client::output::table;
use crate::client::times;

/// What a command left, in a line.
pub(super) trait Done {
    fn done(&self) -> String;
}

impl Done for Project {
    fn done(&self) -> String {
        let count = |n: usize, one: &str| if n == 1 { format!("1 {one}") } else { format!("{n} {one}s") };
        let parts = [
            count(self.components.len(), "component"),
            count(self.teams.len(), "team"),
            count(self.product_owners.len(), "product owner"),
            count(self.customers.len(), "customer"),
        ];
        let off = match off(self) {
            off if off.is_empty() => off,
            off => format!("; switched off: {off}"),
        };
        format!("{} {}: {} (revision {}){off}", self.id, self.name, parts.join(", "), self.revision)
    }
}

impl Done for Team {
    fn done(&self) -> String {
        let members = words::or_dash(&self.members.join(", "));
        let first = format!("{}: {members} (revision {})", self.id, self.revision);
        let away = lasting(self).map(|absence| format!("  away: {}", away(absence)));
        std::iter::once(first).chain(away).collect::<Vec<_>>().join("\n")
    }
}

/// The absences that are not over: those are kept until another is recorded.
fn lasting(team: &Team) -> impl Iterator<Item = &Absence> {
    let now = times::now().as_second();
    team.away.iter().filter(move |absence| absence.until.is_none_or(|until| until.seconds > now))
}

/// Who is away, from when until when.
fn away(absence: &Absence) -> String {
    let time = |time: Option<&prost_types::Timestamp>| times::show(time, times::Style::Local);
    format!("{} from {} until {}", absence.person, time(absence.from.as_ref()), time(absence.until.as_ref()))
}

/// All of it.
pub(super) fn project(project: &Project) -> String {
    let bold = anstyle::Style::new().bold();
    let mut parts = vec![format!("{bold}{}  {}{bold:#} (revision {})", project.id, project.name, project.revision)];
    let scheme = project.scheme.clone().unwrap_or_default();
    let severities = scheme.severities.iter().map(|one| {
        let default = if one.id == scheme.default_severity { ", the default" } else { "" };
        let retired = if one.retired { ", retired" } else { "" };
        vec![format!("{}{default}{retired}", one.id), one.name.clone(), one.definition.clone()]
    });
    parts.push(table(&["SEVERITY", "NAME", "DEFINITION"], severities));
    let components = project.components.iter().map(|one| vec![one.id.clone(), words::or_dash(&one.owner_team)]);
    let model = |team: &Team| team.model().as_str_name().trim_start_matches("TEAM_MODEL_").to_lowercase();
    let teams =
        project.teams.iter().map(|team| vec![team.id.clone(), model(team), words::or_dash(&team.members.join(", "))]);
    let customers = project
        .customers
        .iter()
        .map(|one| vec![one.id.clone(), words::or_dash(&one.tier), words::or_dash(&one.people.join(", "))]);
    if !project.components.is_empty() {
        parts.push(table(&["COMPONENT", "OWNER"], components));
    }
    if !project.teams.is_empty() {
        parts.push(table(&["TEAM", "MODEL", "MEMBERS"], teams));
    }
    let absent: Vec<_> = project.teams.iter().flat_map(lasting).map(away).collect();
    if !absent.is_empty() {
        parts.push(format!("Away: {}", absent.join("; ")));
    }
    if !project.customers.is_empty() {
        parts.push(table(&["CUSTOMER", "TIER", "PEOPLE"], customers));
    }
    if !project.product_owners.is_empty() {
        parts.push(format!("Product owners: {}", project.product_owners.join(", ")));
    }
    if project.self_verification {
        parts.push(String::from("A resolver may verify their own fix."));
    }
    if !project.switched_off.is_empty() {
        parts.push(format!("Switched off: {}", off(project)));
    }
    parts.join("\n\n")
}

/// What the system does not do by itself there.
fn off(project: &Project) -> String {
    let off = project.switched_off().filter_map(Reactor::of).filter_map(|one| one.to_possible_value());
    off.map(|one| one.get_name().to_owned()).collect::<Vec<_>>().join(", ")
}
