//! `snaglog shift …`: who is on, when.

use api::shifts::v1::shifts_service_client::ShiftsServiceClient;
use api::shifts::v1::{
    EndShiftsRequest, GetOnShiftRequest, HandOverShiftRequest, Hours, ListShiftsRequest, Obstacle, OnShift,
    PlanShiftsRequest, Shift, ShiftPlan,
};
use clap::{Args, Subcommand};

use super::failure::Failure;
use super::issue::{Fresh, explain, words};
use super::json;
use super::output::table;
use super::session::Session;
use super::times;

/// Shifts around the clock, for what stays unmitigated.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Show who is on now
    On(On),
    /// List the plans that stand
    List(List),
    /// Give a shift, or what is left of it, to somebody else of the team
    HandOver(HandOver),
    /// Plan shifts, or mend a plan, where the system doesn't by itself
    ///
    /// They are planned for what is unmitigated for as long as its severity says; a plan that is over is renewed, and one whose members went away is
    /// mended. The system does so by itself, unless `snaglog project switch-reactor PAY shifts off` was said.
    Plan(OfIssue),
    /// End shifts that are needed no longer, where the system doesn't by itself
    ///
    /// Of what is mitigated, dismissed or downgraded. The system does so by itself, unless `snaglog project switch-reactor PAY shifts off` was said.
    End(OfIssue),
}

/// Show who is on now.
#[derive(Debug, Args)]
pub(crate) struct On {
    /// An issue's key, or a project's
    of: String,
    /// Only the issues of this team
    #[arg(long)]
    team: Option<String>,
    #[command(flatten)]
    fresh: Fresh,
}

/// List the plans that stand, those first that are to be renewed first.
#[derive(Debug, Args)]
pub(crate) struct List {
    /// The project's key
    project: String,
    /// Only the issues of this team
    #[arg(long)]
    team: Option<String>,
    #[command(flatten)]
    fresh: Fresh,
}

/// Give a shift, or what is left of it, to somebody else of the team.
#[derive(Debug, Args)]
pub(crate) struct HandOver {
    /// The issue's key
    key: String,
    /// Who takes it; @me is the actor
    #[arg(long, value_name = "PERSON")]
    to: String,
    /// When the shift begins [default: the one that runs now]
    #[arg(long, value_name = "TIME", value_parser = times::parse)]
    shift: Option<prost_types::Timestamp>,
    /// Refuse (exit code 5) unless it is at this revision
    #[arg(long, value_name = "N")]
    expected_revision: Option<u64>,
}

/// Which issue's shifts.
#[derive(Debug, Args)]
pub(crate) struct OfIssue {
    /// The issue's key
    key: String,
    /// Refuse (exit code 5) unless it is at this revision
    #[arg(long, value_name = "N")]
    expected_revision: Option<u64>,
}

impl Command {
    /// Does what was asked.
    pub(crate) async fn run(self, session: &Session) -> Result<(), Failure> {
        match self {
            Self::On(on) => on.run(session).await,
            Self::List(list) => list.run(session).await,
            Self::HandOver(hand_over) => hand_over.run(session).await,
            Self::Plan(plan) => plan.plan(session).await,
            Self::End(end) => end.end(session).await,
        }
    }
}

impl On {
    async fn run(self, session: &Session) -> Result<(), Failure> {
        session.output.expect_fields_of::<OnShift>(&[])?;
        let is_key = self.of.rsplit_once('-').is_some_and(|(_, number)| number.parse::<u64>().is_ok());
        let (key, project) = if is_key { (self.of, String::new()) } else { (String::new(), self.of) };
        let mut request = GetOnShiftRequest {
            key: key.clone(),
            project,
            team: self.team.unwrap_or_default(),
            consistency: self.fresh.consistency(),
            ..GetOnShiftRequest::default()
        };
        let mut client = ShiftsServiceClient::new(session.wire());
        let mut all = Vec::new();
        loop {
            let answer = client.get_on_shift(request.clone()).await;
            let answer = answer.map_err(|status| explain(session.failure(status), &key))?.into_inner();
            all.extend(told(session, answer.on));
            request.page_token = answer.next_page_token;
            if request.page_token.is_empty() {
                break;
            }
        }
        finish(session, &all, |all| {
            let row = |on: &OnShift| {
                let nobody = || format!("nobody{}", why(on.obstacle()));
                let now = on.now.as_ref().map_or_else(nobody, |shift| shift.person.clone());
                let until = session.output.time(on.now.as_ref().and_then(|shift| shift.until.as_ref()));
                let next = on.next.as_ref().map(|shift| in_words(session, shift));
                vec![on.key.clone(), words::or_dash(&on.team), now, until, next.unwrap_or_else(|| "-".into())]
            };
            table(&["KEY", "TEAM", "ON NOW", "UNTIL", "NEXT"], all.iter().map(row))
        });
        Ok(())
    }
}

impl List {
    async fn run(self, session: &Session) -> Result<(), Failure> {
        session.output.expect_fields_of::<ShiftPlan>(&[])?;
        let mut request = ListShiftsRequest {
            project: self.project,
            team: self.team.unwrap_or_default(),
            consistency: self.fresh.consistency(),
            ..ListShiftsRequest::default()
        };
        let mut client = ShiftsServiceClient::new(session.wire());
        let mut all = Vec::new();
        loop {
            let answer = client.list_shifts(request.clone()).await;
            let answer = answer.map_err(|status| explain(session.failure(status), ""))?.into_inner();
            all.extend(told(session, answer.plans));
            request.page_token = answer.next_page_token;
            if request.page_token.is_empty() {
                break;
            }
        }
        finish(session, &all, |all| all.iter().map(|plan| story(session, plan)).collect::<Vec<_>>().join("\n\n"));
        Ok(())
    }
}

impl HandOver {
    async fn run(self, session: &Session) -> Result<(), Failure> {
        session.output.expect_fields_of::<ShiftPlan>(&[])?;
        let request = HandOverShiftRequest {
            request_id: session.request_id(),
            key: self.key.clone(),
            shift: self.shift,
            to: session.person(&self.to),
            expected_revision: self.expected_revision,
        };
        let answer = ShiftsServiceClient::new(session.wire()).hand_over_shift(request).await;
        let answer = answer.map_err(|status| explain(session.failure(status), &self.key))?.into_inner();
        session.output.show(&answer.plan.unwrap_or_default(), |plan| story(session, plan));
        Ok(())
    }
}

impl OfIssue {
    async fn plan(self, session: &Session) -> Result<(), Failure> {
        session.output.expect_fields_of::<ShiftPlan>(&[])?;
        let Self { key, expected_revision } = self;
        let request = PlanShiftsRequest { request_id: session.request_id(), key: key.clone(), expected_revision };
        let answer = ShiftsServiceClient::new(session.wire()).plan_shifts(request).await;
        let answer = answer.map_err(|status| explain(session.failure(status), &key))?.into_inner();
        session.output.show(&answer.plan.unwrap_or_default(), |plan| story(session, plan));
        Ok(())
    }

    async fn end(self, session: &Session) -> Result<(), Failure> {
        session.output.expect_fields_of::<ShiftPlan>(&[])?;
        let Self { key, expected_revision } = self;
        let request = EndShiftsRequest { request_id: session.request_id(), key: key.clone(), expected_revision };
        let answer = ShiftsServiceClient::new(session.wire()).end_shifts(request).await;
        let answer = answer.map_err(|status| explain(session.failure(status), &key))?.into_inner();
        session.output.show(&answer.plan.unwrap_or_default(), |plan| format!("{}: its shifts are ended", plan.key));
        Ok(())
    }
}

/// As JSON at once, one a line; for people kept until all are there.
fn told<M: prost::Message + prost::Name>(session: &Session, page: Vec<M>) -> Vec<M> {
    if !session.output.is_json() {
        return page;
    }
    for one in &page {
        session.output.json(json::to_json(one));
    }
    Vec::new()
}

fn finish<M>(session: &Session, all: &[M], people: impl FnOnce(&[M]) -> String) {
    match all {
        _ if session.output.is_json() => {}
        [] => anstream::eprintln!("No shifts."),
        all => session.output.text(people(all)),
    }
}

fn story(session: &Session, plan: &ShiftPlan) -> String {
    let bold = anstyle::Style::new().bold();
    let team = if plan.team.is_empty() { String::new() } else { format!("  team {}", plan.team) };
    let head = format!("{bold}{}{bold:#}{team}{}", plan.key, why(plan.obstacle()));
    let time = |time: Option<&prost_types::Timestamp>| session.output.time(time);
    let on = plan.shifts.iter().map(|Shift { person, from, until }| (from, until, person.as_str()));
    let off = plan.uncovered.iter().map(|Hours { from, until }| (from, until, "nobody"));
    let mut rows: Vec<_> = on.chain(off).collect();
    rows.sort_by_key(|(from, ..)| from.map(|from| (from.seconds, from.nanos)));
    let rows =
        rows.into_iter().map(|(from, until, who)| vec![time(from.as_ref()), time(until.as_ref()), who.to_owned()]);
    format!("{head}\n{}", table(&["FROM", "UNTIL", "ON"], rows))
}

fn in_words(session: &Session, shift: &Shift) -> String {
    format!("{} {}", shift.person, session.output.time(shift.from.as_ref()))
}

/// Why there are uncovered hours.
fn why(obstacle: Obstacle) -> &'static str {
    match obstacle {
        Obstacle::Unspecified => "",
        Obstacle::NoOwnerTeam => " (no team owns the issue yet)",
        Obstacle::NoMembers => " (its owner team has no members)",
        Obstacle::TeamOfOne => " (a team of one can't cover the clock)",
        Obstacle::MembersAway => " (too many members are away)",
    }
}
