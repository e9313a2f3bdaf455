//! The people service: who has how much to do. What it is comes from the views; who is in which team, and who owns the product, from the log.

mod overload;
mod show;

use std::sync::Arc;

use api::people::v1::people_service_server::PeopleService;
use api::people::v1::{
    ListDutiesRequest, ListDutiesResponse, ListWorkloadRequest, ListWorkloadResponse, PersonWorkload, TeamWorkload,
};
use commands::{Commands, Environment};
use domain::Rejection;
use domain::ids::{PersonId, ProjectId, TeamId};
use domain::project::Project;
use tokio::time::Instant;
use tonic::{Request, Response, Status};
use views::people::{CountAccepted, GetLoads, GetTeams, Kind, ListDuties, ListPeople, MEMBERS_MAX, PAGE_MAX, Party};
use views::row::Cursor;

use crate::fields::{Faults, stamp};
use crate::freshness::{AtLeast, Reads, Views};
use crate::identity::Caller;
use crate::page::Binding;
use crate::status::Subject;
use crate::{projects, status};
use overload::{ACCEPTED_MAX_DEFAULT, overloads, twice_median};

/// So many teams come with a project's workloads at most.
const TEAMS_MAX: usize = 100;

/// Serves `snaglog.people.v1.PeopleService`.
pub(crate) struct People {
    pub(crate) commands: Arc<Commands>,
    pub(crate) views: Arc<Views>,
    pub(crate) environment: Arc<dyn Environment>,
}

/// A question of workloads, parsed.
struct Asked {
    project: ProjectId,
    of: Of,
    accepted_max: u64,
    limit: u32,
    after: Option<PersonId>,
}

/// Whose workloads.
enum Of {
    Project,
    Team(TeamId),
    Person(PersonId),
}

/// The people of a page, and what is known of their team.
struct Page {
    people: Vec<PersonId>,
    more: bool,
    /// More accepted issues than this is more than twice the team's median.
    twice_median: Option<f64>,
    teams: Vec<TeamWorkload>,
}

#[tonic::async_trait]
impl PeopleService for People {
    async fn list_workload(
        &self,
        mut request: Request<ListWorkloadRequest>,
    ) -> Result<Response<ListWorkloadResponse>, Status> {
        let caller = Caller::attached(&mut request)?;
        let mut message = request.into_inner();
        let mut faults = Faults::default();
        let at_least = AtLeast::parse(&mut faults, message.consistency.take().as_ref())?;
        let page_token = std::mem::take(&mut message.page_token);
        let (asked, binding) = asked(faults, &mut message, &page_token)?;
        let reads = Reads::new(&self.views, at_least);
        let project = projects::find(&self.commands, &asked.project).await?.state;
        let whole = reads.whole(|| self.whole(&asked, &project, (&reads, caller.deadline))).await?;
        let (page, people, consistency_token) = whole;
        let last = page.people.last().filter(|_| page.more);
        let next_page_token = last.map(|last| binding.token(&last.as_str())).transpose()?.unwrap_or_default();
        let as_of = Some(stamp(self.environment.now()));
        Ok(Response::new(ListWorkloadResponse { people, teams: page.teams, as_of, next_page_token, consistency_token }))
    }

    async fn list_duties(
        &self,
        mut request: Request<ListDutiesRequest>,
    ) -> Result<Response<ListDutiesResponse>, Status> {
        let caller = Caller::attached(&mut request)?;
        let mut message = request.into_inner();
        let mut faults = Faults::default();
        let at_least = AtLeast::parse(&mut faults, message.consistency.take().as_ref())?;
        let page_token = std::mem::take(&mut message.page_token);
        let size = std::mem::take(&mut message.page_size);
        let limit = faults.page_size("page_size", size, PAGE_MAX, PAGE_MAX);
        let project = faults.required("project", &message.project, ProjectId::parse);
        let party = if message.of_product_owners {
            if !message.person.is_empty() {
                faults.add("person", "must be left out where of_product_owners is given");
            }
            Some(Party::ProductOwners)
        } else {
            faults.required("person", &message.person, PersonId::parse).map(Party::Person)
        };
        let (project, party) = faults.finish(project.zip(party))?;
        message.project = project.to_string();
        let binding = Binding::of(&message);
        let first_page = page_token.is_empty();
        let query = ListDuties { project, party, after: binding.cursor::<Cursor>(&page_token)?, limit };
        let (found, consistency_token) = self.views.ask(&query, &query.project, &at_least, caller.deadline).await?;
        if found.duties.is_empty() && first_page {
            projects::must_exist(&self.commands, &query.project).await?;
        }
        let as_of = self.environment.now();
        Ok(Response::new(ListDutiesResponse {
            duties: found.duties.into_iter().map(|duty| show::duty(duty, as_of)).collect(),
            as_of: Some(stamp(as_of)),
            next_page_token: found.next.map(|cursor| binding.token(&cursor)).transpose()?.unwrap_or_default(),
            consistency_token,
        }))
    }
}

fn asked(mut faults: Faults, message: &mut ListWorkloadRequest, page_token: &str) -> Result<(Asked, Binding), Status> {
    let size = std::mem::take(&mut message.page_size);
    let limit = faults.page_size("page_size", size, PAGE_MAX, PAGE_MAX);
    let project = faults.required("project", &message.project, ProjectId::parse);
    let team = faults.optional("team", &message.team, TeamId::parse);
    let person = faults.optional("person", &message.person, PersonId::parse);
    if team.is_some() && person.is_some() {
        faults.add("person", "must be left out where team is given");
    }
    let project = faults.finish(project)?;
    message.project = project.to_string();
    let binding = Binding::of(message);
    let after: Option<String> = binding.cursor(page_token)?;
    let after = after.map(|after| PersonId::parse(&after)).transpose().map_err(|_| crate::page::invalid())?;
    let of = match (team, person) {
        (Some(team), _) => Of::Team(team),
        (None, Some(person)) => Of::Person(person),
        (None, None) => Of::Project,
    };
    let accepted_max = if message.accepted_max == 0 { ACCEPTED_MAX_DEFAULT } else { u64::from(message.accepted_max) };
    Ok((Asked { project, of, accepted_max, limit, after }, binding))
}

impl People {
    async fn whole(
        &self,
        asked: &Asked,
        project: &Project,
        reads: (&Reads, Instant),
    ) -> Result<(Page, Vec<PersonWorkload>, String), Status> {
        let page = self.page(asked, project, reads).await?;
        let (people, token) = self.workloads(asked, &page, project, reads).await?;
        Ok((page, people, token))
    }

    async fn page(
        &self,
        asked: &Asked,
        project: &Project,
        (reads, deadline): (&Reads, Instant),
    ) -> Result<Page, Status> {
        match &asked.of {
            Of::Person(person) => {
                Ok(Page { people: vec![person.clone()], more: false, twice_median: None, teams: Vec::new() })
            }
            Of::Project => {
                let query =
                    ListPeople { project: asked.project.clone(), after: asked.after.clone(), limit: asked.limit };
                let (people, _) = reads.ask(&query, &asked.project, deadline).await?;
                let teams: Vec<_> = project.teams.keys().take(TEAMS_MAX).cloned().collect();
                let teams = if asked.after.is_none() {
                    self.teams(project, teams, (reads, deadline)).await?
                } else {
                    Vec::new()
                };
                Ok(cut(people, asked.limit, None, teams))
            }
            Of::Team(team) => {
                let members = self.members(project, team).await?;
                let query = CountAccepted { project: asked.project.clone(), people: members.clone() };
                let (accepted, _) = reads.ask(&query, &asked.project, deadline).await?;
                let median = overload::median(accepted);
                let mut teams = Vec::new();
                if asked.after.is_none() {
                    teams = self.teams(project, vec![team.clone()], (reads, deadline)).await?;
                    for team in &mut teams {
                        team.members = u32::try_from(members.len()).unwrap_or(u32::MAX);
                        team.accepted_median = median;
                    }
                }
                let later =
                    members.into_iter().filter(|person| asked.after.as_ref().is_none_or(|after| person > after));
                Ok(cut(later.collect(), asked.limit, median.map(twice_median), teams))
            }
        }
    }

    async fn workloads(
        &self,
        asked: &Asked,
        page: &Page,
        project: &Project,
        (reads, deadline): (&Reads, Instant),
    ) -> Result<(Vec<PersonWorkload>, String), Status> {
        let parties = page.people.iter().cloned().map(Party::Person).chain([Party::ProductOwners]).collect();
        let query = GetLoads { project: asked.project.clone(), parties };
        let (mut loads, token) = reads.ask(&query, &asked.project, deadline).await?;
        let together = loads.remove(&Party::ProductOwners).unwrap_or_default();
        let now = self.environment.now();
        let workload = |person: &PersonId| {
            let mut load = loads.get(&Party::Person(person.clone())).cloned().unwrap_or_default();
            let product_owner = project.product_owners.contains(person);
            if product_owner {
                for (kind, more) in &together {
                    load.entry(*kind).or_default().join(more);
                }
            }
            let accepted = load.get(&Kind::Accepted).map_or(0, |amount| amount.issues);
            PersonWorkload {
                person: person.to_string(),
                duties: show::load(load, &project.scheme, now),
                overloads: overloads(accepted, asked.accepted_max, page.twice_median),
                product_owner,
            }
        };
        Ok((page.people.iter().map(workload).collect(), token))
    }

    async fn teams(
        &self,
        project: &Project,
        teams: Vec<TeamId>,
        (reads, deadline): (&Reads, Instant),
    ) -> Result<Vec<TeamWorkload>, Status> {
        let query = GetTeams { project: project.id.clone(), teams };
        let (loads, _) = reads.ask(&query, &project.id, deadline).await?;
        let now = self.environment.now();
        let teams = query.teams.iter().zip(loads);
        Ok(teams.map(|(team, load)| show::team(team, load, &project.scheme, now)).collect())
    }

    /// The members of a team of the project, by id.
    async fn members(&self, project: &Project, team: &TeamId) -> Result<Vec<PersonId>, Status> {
        let subject = Subject(format!("projects/{}", project.id));
        if !project.teams.contains_key(team) {
            return Err(status::refused(&Rejection::UnknownTeam { team: team.clone() }, &subject));
        }
        let found = self.commands.find_team(&project.id, team).await;
        let found = found.map_err(|error| status::command_error(&error, &subject))?;
        Ok(found.map_or_else(Vec::new, |found| found.state.members.iter().take(MEMBERS_MAX).cloned().collect()))
    }
}

fn cut(mut people: Vec<PersonId>, limit: u32, twice_median: Option<f64>, teams: Vec<TeamWorkload>) -> Page {
    let more = people.len() > limit as usize;
    people.truncate(limit as usize);
    Page { people, more, twice_median, teams }
}
