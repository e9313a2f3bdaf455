//! `snaglog people PROJECT [PERSON]`.

use api::people::v1::people_service_client::PeopleServiceClient;
use api::people::v1::{
    Amount, Duty, DutyKind, ListDutiesRequest, ListWorkloadRequest, Overload, PersonWorkload, TeamWorkload,
};
use clap::Args;

use super::failure::Failure;
use super::issue::{Fresh, explain, words};
use super::json;
use super::output::table;
use super::session::Session;
use super::times;

/// Show who has how much to do: what they have accepted, what is assigned to them, asked of them and theirs to verify. Of one person, what it is.
#[derive(Debug, Args)]
pub(crate) struct Show {
    /// The project's key
    project: String,
    /// Whose duties to list; @me is the actor
    person: Option<String>,
    /// Only the members of this team
    #[arg(long, conflicts_with = "person")]
    team: Option<String>,
    /// More accepted issues than this are too many [default: 5]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..), conflicts_with = "person")]
    accepted_max: Option<u32>,
    #[command(flatten)]
    fresh: Fresh,
}

impl Show {
    /// Shows it.
    pub(crate) async fn run(self, session: &Session) -> Result<(), Failure> {
        match self.person.clone() {
            Some(person) => self.duties(&person, session).await,
            None => self.workloads(session).await,
        }
    }

    async fn workloads(self, session: &Session) -> Result<(), Failure> {
        session.output.expect_fields_of::<PersonWorkload>(&[])?;
        let mut client = PeopleServiceClient::new(session.wire());
        let mut request = ListWorkloadRequest {
            project: self.project,
            team: self.team.unwrap_or_default(),
            accepted_max: self.accepted_max.unwrap_or_default(),
            consistency: self.fresh.consistency(),
            ..ListWorkloadRequest::default()
        };
        let (mut people, mut teams) = (Vec::new(), Vec::new());
        loop {
            let page = client.list_workload(request.clone()).await;
            let page = page.map_err(|status| explain(session.failure(status), ""))?.into_inner();
            if session.output.is_json() {
                page.people.iter().for_each(|person| session.output.json(json::to_json(person)));
            } else {
                people.extend(page.people);
                teams.extend(page.teams);
            }
            request.page_token = page.next_page_token;
            if request.page_token.is_empty() {
                break;
            }
        }
        if !session.output.is_json() {
            session.output.text(story(&people, &teams));
        }
        Ok(())
    }

    async fn duties(self, person: &str, session: &Session) -> Result<(), Failure> {
        session.output.expect_fields_of::<Duty>(&[])?;
        let mut client = PeopleServiceClient::new(session.wire());
        let mut request = ListDutiesRequest {
            project: self.project,
            person: session.person(person),
            consistency: self.fresh.consistency(),
            ..ListDutiesRequest::default()
        };
        let mut rows = Vec::new();
        loop {
            let page = client.list_duties(request.clone()).await;
            let page = page.map_err(|status| explain(session.failure(status), ""))?.into_inner();
            for duty in &page.duties {
                if session.output.is_json() {
                    session.output.json(json::to_json(duty));
                } else {
                    rows.push(duty_row(duty));
                }
            }
            request.page_token = page.next_page_token;
            if request.page_token.is_empty() {
                break;
            }
        }
        if !session.output.is_json() {
            if rows.is_empty() {
                anstream::eprintln!("{} has nothing to do.", request.person);
            } else {
                session.output.text(table(&["TO DO", "KEY", "SEVERITY", "FOR", "TITLE"], rows));
            }
        }
        Ok(())
    }
}

fn story(people: &[PersonWorkload], teams: &[TeamWorkload]) -> String {
    let mut parts = Vec::new();
    if !people.is_empty() {
        let head = ["PERSON", "ACCEPTED", "ASSIGNED", "ASKED", "TO VERIFY", ""];
        parts.push(table(&head, people.iter().map(person_row)));
    }
    if !teams.is_empty() {
        let head = ["TEAM", "TO ACCEPT", "ACCEPTED", "RESOLVED", ""];
        parts.push(table(&head, teams.iter().map(team_row)));
    }
    if parts.is_empty() { String::from("Nobody has anything to do.") } else { parts.join("\n\n") }
}

fn person_row(person: &PersonWorkload) -> Vec<String> {
    let duty = |kind: DutyKind| amount(person.duties.iter().find(|duty| duty.kind() == kind));
    let overloads = person.overloads().map(|why| match why {
        Overload::Unspecified => "?",
        Overload::OverMaximum => "overloaded",
        Overload::OverTwiceMedian => "over twice the median",
    });
    let owner = person.product_owner.then_some("product owner");
    let notes = overloads.chain(owner).collect::<Vec<_>>().join(", ");
    let kinds = [DutyKind::Accepted, DutyKind::Assigned, DutyKind::Asked, DutyKind::Verify];
    [person.person.clone()].into_iter().chain(kinds.map(duty)).chain([notes]).collect()
}

fn team_row(team: &TeamWorkload) -> Vec<String> {
    let amounts = [&team.to_accept, &team.accepted, &team.resolved].map(|one| amount(one.as_ref()));
    let members = if team.members == 1 { "member" } else { "members" };
    let median = team.accepted_median.map(|median| format!("{} {members}, median {median} accepted", team.members));
    [team.team.clone()].into_iter().chain(amounts).chain([median.unwrap_or_default()]).collect()
}

/// `3 (1 sev1, 2 sev3), oldest PAY-7, 4 d`.
fn amount(amount: Option<&Amount>) -> String {
    let Some(amount) = amount.filter(|amount| amount.count > 0) else { return String::from("-") };
    let severities = amount.severities.iter().map(|one| format!("{} {}", one.count, words::or_dash(&one.severity)));
    let severities = severities.collect::<Vec<_>>().join(", ");
    let age = amount.age.as_ref().map_or(String::new(), |age| times::age(age.seconds));
    format!("{} ({severities}), oldest {}, {age}", amount.count, amount.oldest)
}

fn duty_row(duty: &Duty) -> Vec<String> {
    let kind = match duty.kind() {
        DutyKind::Unspecified => "?",
        DutyKind::Accepted => "resolve",
        DutyKind::Assigned => "accept",
        DutyKind::Asked => "answer",
        DutyKind::Verify => "verify",
    };
    let age = duty.age.as_ref().map_or(String::new(), |age| times::age(age.seconds));
    vec![kind.to_owned(), duty.key.clone(), words::or_dash(&duty.severity), age, duty.title.clone()]
}
