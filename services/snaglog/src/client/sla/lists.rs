//! `snaglog sla breaches`, `at-risk`, `pauses`.

use api::sla::v1::sla_service_client::SlaServiceClient;
use api::sla::v1::{
    BreachedClock, ClockAtRisk, ClockClass, ComplianceWindow, GetPausesRequest, GetPausesResponse, ListAtRiskRequest,
    ListBreachesRequest, PausingPerson, SuspiciousPause,
};
use clap::Args;
use prost_types::Duration;

use super::{ClockName, clock};
use crate::client::failure::Failure;
use crate::client::issue::{Fresh, explain, words};
use crate::client::json;
use crate::client::output::table;
use crate::client::session::Session;
use crate::client::times;

/// List breaches with their causes, the latest first.
#[derive(Debug, Args)]
pub(crate) struct Breaches {
    /// The project's key
    project: String,
    /// Of this clock only
    #[arg(long)]
    clock: Option<ClockName>,
    /// At most so many
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..))]
    limit: u32,
    #[command(flatten)]
    fresh: Fresh,
}

/// List the clocks at risk, what is breached next first.
#[derive(Debug, Args)]
pub(crate) struct AtRisk {
    /// The project's key
    project: String,
    /// Of issues of this severity only
    #[arg(long)]
    severity: Option<String>,
    /// Of issues that this team owns only
    #[arg(long)]
    team: Option<String>,
    /// Of issues of this component only
    #[arg(long)]
    component: Option<String>,
    /// At most so many
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..))]
    limit: u32,
    #[command(flatten)]
    fresh: Fresh,
}

/// Show who lets clocks stand still by asking, how often, and when little of a target was left.
#[derive(Debug, Args)]
pub(crate) struct Pauses {
    /// The project's key
    project: String,
    /// From then on: a length of time before now (`90d`, `6 weeks`), RFC 3339, a date, `yesterday` [default: 90 days]
    #[arg(long, value_name = "TIME", value_parser = times::since)]
    since: Option<prost_types::Timestamp>,
    /// Until then [default: now]
    #[arg(long, value_name = "TIME", value_parser = times::parse)]
    until: Option<prost_types::Timestamp>,
    /// At most so many suspicious ones
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=1000))]
    limit: u32,
    #[command(flatten)]
    fresh: Fresh,
}

/// How many of a list are still wanted, as a page's size.
fn page_size(limit: u32, have: usize) -> i32 {
    let left = usize::try_from(limit).unwrap_or(usize::MAX).saturating_sub(have);
    i32::try_from(left.min(1000)).unwrap_or(1000)
}

impl Breaches {
    pub(super) async fn run(self, session: &Session) -> Result<(), Failure> {
        session.output.expect_fields_of::<BreachedClock>(&[])?;
        let mut client = SlaServiceClient::new(session.wire());
        let mut request = ListBreachesRequest {
            project: self.project,
            clock: self.clock.map(|clock| clock.proto().into()).unwrap_or_default(),
            consistency: self.fresh.consistency(),
            ..ListBreachesRequest::default()
        };
        let mut all = Vec::new();
        while all.len() < self.limit as usize {
            request.page_size = page_size(self.limit, all.len());
            let page = client.list_breaches(request.clone()).await;
            let page = page.map_err(|status| explain(session.failure(status), ""))?.into_inner();
            all.extend(page.breaches);
            request.page_token = page.next_page_token;
            if request.page_token.is_empty() {
                break;
            }
        }
        let head = ["KEY", "CLOCK", "BREACHED", "SEVERITY", "TEAM", "WHY"];
        told(session, &all, &head, "Nothing was breached.", |breach| breached(session, breach));
        Ok(())
    }
}

impl AtRisk {
    pub(super) async fn run(self, session: &Session) -> Result<(), Failure> {
        session.output.expect_fields_of::<ClockAtRisk>(&[])?;
        let mut client = SlaServiceClient::new(session.wire());
        let mut request = ListAtRiskRequest {
            project: self.project,
            severity: self.severity.unwrap_or_default(),
            team: self.team.unwrap_or_default(),
            component: self.component.unwrap_or_default(),
            consistency: self.fresh.consistency(),
            ..ListAtRiskRequest::default()
        };
        let (mut all, mut more_untold) = (Vec::new(), false);
        while all.len() < self.limit as usize {
            request.page_size = page_size(self.limit, all.len());
            let page = client.list_at_risk(request.clone()).await;
            let page = page.map_err(|status| explain(session.failure(status), ""))?.into_inner();
            all.extend(page.clocks);
            more_untold |= page.more_untold;
            request.page_token = page.next_page_token;
            if request.page_token.is_empty() {
                break;
            }
        }
        let head = ["KEY", "CLOCK", "DUE", "SEVERITY", "TEAM"];
        told(session, &all, &head, "Nothing is at risk.", |risk| at_risk(session, risk));
        if more_untold {
            anstream::eprintln!("There are more at risk that no event tells yet.");
        }
        Ok(())
    }
}

impl Pauses {
    pub(super) async fn run(self, session: &Session) -> Result<(), Failure> {
        session.output.expect_fields_of::<GetPausesResponse>(&[])?;
        let request = GetPausesRequest {
            project: self.project,
            window: Some(ComplianceWindow { since: self.since, until: self.until }),
            page_size: page_size(self.limit, 0),
            page_token: String::new(),
            consistency: self.fresh.consistency(),
        };
        let answer = SlaServiceClient::new(session.wire()).get_pauses(request).await;
        let answer = answer.map_err(|status| explain(session.failure(status), ""))?.into_inner();
        session.output.show(&answer, |answer| story(session, answer));
        Ok(())
    }
}

/// As JSON, one a line; for people as a table.
fn told<M: prost::Message + prost::Name>(
    session: &Session,
    all: &[M],
    head: &[&str],
    none: &str,
    row: impl Fn(&M) -> Vec<String>,
) {
    if session.output.is_json() {
        for one in all {
            session.output.json(json::to_json(one));
        }
    } else if all.is_empty() {
        anstream::eprintln!("{none}");
    } else {
        session.output.text(table(head, all.iter().map(row)));
    }
}

fn breached(session: &Session, breach: &BreachedClock) -> Vec<String> {
    let class = breach.class.clone().unwrap_or_default();
    vec![
        breach.key.clone(),
        numbered(clock(breach.clock()), breach.cycle),
        session.output.time(breach.breached_at.as_ref()),
        words::or_dash(&class.severity),
        words::or_dash(&class.team),
        why(breach),
    ]
}

/// What happened on the way: `deadline; waited 2 h, handed over twice`.
fn why(breach: &BreachedClock) -> String {
    let cause = match breach.cause.as_str() {
        "deadline" => "time ran out",
        "first_triage" => "by the first triage",
        "severity_change" => "by a change of severity",
        "rebase" => "by a rebase",
        other => other,
    };
    let mut why = vec![cause.to_owned()];
    let lengths = [("waited for acceptance", breach.waited.as_ref()), ("paused", breach.paused.as_ref())];
    let lengths = lengths.into_iter().filter_map(|(what, length)| Some((what, length?.seconds)));
    why.extend(
        lengths.filter(|(_, seconds)| *seconds > 0).map(|(what, length)| format!("{what} {}", times::age(length))),
    );
    if breach.handovers > 0 {
        why.push(format!("handed over {}×", breach.handovers));
    }
    if breach.ended_at.is_none() {
        why.push("still open".to_owned());
    }
    if !breach.recorded {
        why.push("told by no event yet".to_owned());
    }
    why.join("; ")
}

fn at_risk(session: &Session, risk: &ClockAtRisk) -> Vec<String> {
    let ClockClass { severity, team, .. } = risk.class.clone().unwrap_or_default();
    let due = session.output.time(risk.deadline.as_ref());
    let [severity, team] = [severity, team].map(|value| words::or_dash(&value));
    vec![risk.key.clone(), numbered(clock(risk.clock()), risk.cycle), due, severity, team]
}

fn numbered(clock: &str, cycle: u32) -> String {
    if cycle > 1 { format!("{clock} #{cycle}") } else { clock.to_owned() }
}

fn story(session: &Session, answer: &GetPausesResponse) -> String {
    if answer.people.is_empty() {
        return "Nobody let a clock stand still.".to_owned();
    }
    let head = ["WHO ASKED", "PAUSES", "SHARE", "JUST BEFORE A DEADLINE", "LASTING", "TOGETHER"];
    let mut parts = vec![table(&head, answer.people.iter().map(person))];
    if !answer.suspicious.is_empty() {
        let head = ["KEY", "BEGAN", "WHO ASKED", "LEFT", "ENDED"];
        parts.push(table(&head, answer.suspicious.iter().map(|pause| suspicious(session, pause))));
    }
    parts.join("\n\n")
}

fn person(person: &PausingPerson) -> Vec<String> {
    let paused = person.paused.unwrap_or(Duration { seconds: 0, nanos: 0 });
    vec![
        person.person.clone(),
        person.pauses.to_string(),
        format!("{:.0} %", person.share * 100.0),
        person.suspicious.to_string(),
        person.lasting.to_string(),
        times::age(paused.seconds),
    ]
}

fn suspicious(session: &Session, pause: &SuspiciousPause) -> Vec<String> {
    vec![
        pause.key.clone(),
        session.output.time(pause.begun_at.as_ref()),
        pause.person.clone(),
        format!("{} %", pause.left_percent),
        session.output.time(pause.ended_at.as_ref()),
    ]
}
