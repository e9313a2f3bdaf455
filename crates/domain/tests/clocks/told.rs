//! Histories in words: `Mon 10:00 asked`. Days are those of the week of 1 June 2026, in London; `Mon+1` is a week later.

use domain::Fact::{Known, NotKnown};
use domain::clocks::{Cause, Clock};
use domain::ids::{IssueId, PersonId, ProjectId, TeamId};
use domain::issue::{
    Asked, Closing, CustomerChannel, DataFix, Dismissal, Fix, IssueEvent, Level, Moved, RaisedBy, Report, Source,
    SourceKind,
};
use domain::text::{Text, Title};
use domain::{Origin, Recorded, StreamKind, StreamRef};
use jiff::civil::{DateTime, date};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use super::promised::severity;

const DAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];

fn london() -> TimeZone {
    domain::calendar::Zone::find("Europe/London").unwrap().time_zone().clone()
}

/// `Mon 09:00`, `Tue+1 17:00:30`, or `2026-03-29 00:30`.
pub(crate) fn instant(text: &str) -> Timestamp {
    let (day, clock) = text.split_once(' ').unwrap();
    let day = match day.split_once('+').unwrap_or((day, "0")) {
        (name, weeks) if DAYS.contains(&name) => {
            let n = i64::try_from(DAYS.iter().position(|one| *one == name).unwrap()).unwrap();
            let days = n + 7 * weeks.parse::<i64>().unwrap();
            date(2026, 6, 1).checked_add(SignedDuration::from_hours(24 * days)).unwrap()
        }
        _ => day.parse().unwrap(),
    };
    DateTime::from_parts(day, clock.parse().unwrap()).to_zoned(london()).unwrap().timestamp()
}

/// As [`instant`] reads it.
pub(crate) fn say(at: Timestamp) -> String {
    let there = at.to_zoned(london());
    let days = there.date().since((jiff::Unit::Day, date(2026, 6, 1))).unwrap().get_days();
    let clock = if there.second() == 0 { there.strftime("%H:%M") } else { there.strftime("%H:%M:%S") };
    match usize::try_from(days) {
        Ok(days) if days < 70 => {
            let weeks = if days < 7 { String::new() } else { format!("+{}", days / 7) };
            format!("{}{weeks} {clock}", DAYS[days % 7])
        }
        _ => format!("{} {clock}", there.date()),
    }
}

/// The events of a history: `Mon 10:00 asked`, and where it was recorded later `Mon 10:00 accepted (recorded Tue 09:00)`. Revisions are the lines' numbers.
pub(crate) fn history(lines: &[&str]) -> Vec<Recorded<IssueEvent>> {
    let mut asked = 0;
    let mut recorded = Vec::new();
    for (revision, line) in (1..).zip(lines) {
        let (fact, late) = match line.strip_suffix(')').and_then(|line| line.split_once(" (recorded ")) {
            Some((fact, late)) => (fact, Some(late)),
            None => (*line, None),
        };
        let mut words = fact.splitn(3, ' ');
        let at = format!("{} {}", words.next().unwrap(), words.next().unwrap());
        let (what, imported) = words
            .next()
            .unwrap()
            .split_once(" imported")
            .map_or((fact.splitn(3, ' ').nth(2).unwrap(), false), |(what, _)| (what, true));
        if what.starts_with("asked") {
            asked += 1;
        }
        let occurred_at = instant(&at);
        let recorded_at = late.map_or(occurred_at, instant);
        recorded.push(recorded_as(event(what, asked), revision, occurred_at, recorded_at, imported));
    }
    recorded
}

/// An event in the log.
pub(crate) fn recorded_as(
    event: IssueEvent,
    revision: u64,
    occurred_at: Timestamp,
    recorded_at: Timestamp,
    imported: bool,
) -> Recorded<IssueEvent> {
    let origin = Origin {
        system: "bugzilla".into(),
        reference: "1".into(),
        implied: false,
        imported_by: PersonId::parse("ima").unwrap(),
    };
    Recorded {
        event,
        stream: StreamRef { project: project(), kind: StreamKind::Issue, id: "1".into() },
        ordinal: 1,
        revision,
        position: revision,
        actor: PersonId::parse("ann").unwrap(),
        occurred_at,
        recorded_at,
        origin: imported.then_some(origin),
    }
}

fn project() -> ProjectId {
    ProjectId::parse("PAY").unwrap()
}

fn text(text: &str) -> Text {
    Text::parse(text).unwrap()
}

/// What happened; `asked`: the number of the last question.
pub(crate) fn event(what: &str, asked: u32) -> IssueEvent {
    let words: Vec<&str> = what.split(' ').collect();
    match words[..] {
        ["filed"] => filed(None),
        ["filed", reported] => filed(Some(reported)),
        ["triaged", found] => triaged(found, Level::CodeOrData),
        ["triaged", found, "level", "1"] => triaged(found, Level::UserError),
        ["triaged", found, "level", "2"] => triaged(found, Level::System),
        ["severity", to] => IssueEvent::SeverityChanged { from: NotKnown, to: severity(to), reason: None },
        ["level", to] => {
            let to = Level::from_number(to.parse().unwrap()).unwrap();
            IssueEvent::LevelChanged { from: NotKnown, to, nature: None, team: None, reason: None }
        }
        ["component"] => IssueEvent::ComponentChanged { from: None, to: "cart".parse().unwrap(), reason: None },
        ["handed", "over"] => IssueEvent::IssueHandedOver { from: NotKnown, to: team(), reason: None },
        ["asked"] => IssueEvent::InformationRequested { question: asked, of: Asked::Opener, text: text("which?") },
        ["asked", "inside"] => {
            let of = Asked::Person(PersonId::parse("dan").unwrap());
            IssueEvent::InformationRequested { question: asked, of, text: text("which?") }
        }
        ["answered"] => IssueEvent::InformationProvided { questions: (1..=asked).collect(), text: None },
        ["answered", question] => {
            IssueEvent::InformationProvided { questions: vec![question.parse().unwrap()], text: None }
        }
        ["withdrawn"] => IssueEvent::RequestWithdrawn { questions: (1..=asked).collect() },
        ["accepted"] => IssueEvent::IssueAccepted { assignee: NotKnown, report_owed: false },
        ["returned"] => IssueEvent::ReturnedToTriage { reason: None },
        ["workaround"] => IssueEvent::WorkaroundRecorded { text: text("by invoice") },
        ["workaround", "withdrawn"] => IssueEvent::WorkaroundWithdrawn { reason: None },
        ["resolved"] => IssueEvent::IssueResolved { fix: Known(Fix::Data(DataFix::default())) },
        ["rejected"] => IssueEvent::ResolutionRejected { reason: None, unassigned: false },
        ["verified"] => IssueEvent::IssueVerified { confirmed_by: NotKnown, capacity: NotKnown, self_verified: false },
        ["deployed"] => IssueEvent::MarkedInProduction { release: "r1".parse().unwrap() },
        ["closed"] => IssueEvent::IssueClosed { closing: NotKnown, deployed_at: None },
        ["closed", "deployed", day, clock] => {
            IssueEvent::IssueClosed { closing: NotKnown, deployed_at: Some(instant(&format!("{day} {clock}"))) }
        }
        ["closed", "applied", day, clock] => {
            let at = Some(instant(&format!("{day} {clock}")));
            IssueEvent::IssueClosed { closing: Known(Closing::DataApplied { at, by: None }), deployed_at: None }
        }
        ["rolled", "back"] => IssueEvent::WithdrawnFromProduction { reason: None },
        ["reopened"] => IssueEvent::IssueReopened { reason: None, unassigned: false },
        ["dismissed"] => IssueEvent::IssueDismissed { dismissal: Known(Dismissal::WontFix), note: None },
        ["duplicate"] => {
            let other = domain::issue::IssueRef::External("PAY-2".into());
            IssueEvent::IssueDismissed { dismissal: Known(Dismissal::DuplicateOf(other)), note: None }
        }
        ["commented"] => IssueEvent::IssueCommented { text: text("me too") },
        ["rebased", version, ref clocks @ ..] => rebased(version, clocks),
        ["breach", clock, cycle, "of", set_by, "due", day, hour] => IssueEvent::SlaBreachRecorded {
            clock: self::clock(clock),
            cycle: cycle.parse().unwrap(),
            set_by: set_by.parse().unwrap(),
            deadline: instant(&format!("{day} {hour}")),
            policy_version: 1,
            cause: Cause::Deadline,
        },
        ["at-risk", clock, cycle, "of", set_by] => IssueEvent::SlaAtRiskRecorded {
            clock: self::clock(clock),
            cycle: cycle.parse().unwrap(),
            set_by: set_by.parse().unwrap(),
            deadline: Timestamp::UNIX_EPOCH,
            policy_version: 1,
        },
        ["corrected", clock, cycle] => IssueEvent::SlaBreachCorrected {
            clock: self::clock(clock),
            cycle: cycle.parse().unwrap(),
            by: domain::issue::Correction::LateStop,
            reason: None,
        },
        _ => panic!("what is {what:?}?"),
    }
}

pub(crate) fn clock(name: &str) -> Clock {
    Clock::ALL.into_iter().find(|clock| clock.as_str() == name).unwrap()
}

fn team() -> TeamId {
    TeamId::parse("dev").unwrap()
}

fn filed(reported: Option<&str>) -> IssueEvent {
    IssueEvent::IssueFiled {
        id: IssueId(Uuid::from_u128(1)),
        title: Title::parse("Paying empties the basket").unwrap(),
        source: Source {
            kind: Known(SourceKind::Customer { customer: None, channel: CustomerChannel::Portal }),
            raised_by: RaisedBy::Nobody,
            reference: None,
        },
        report: Report::default(),
        reported_severity: reported.map(severity),
        component: None,
    }
}

fn triaged(found: &str, level: Level) -> IssueEvent {
    let (level, found) = (Known(level), if found == "unknown" { NotKnown } else { Known(severity(found)) });
    IssueEvent::IssueTriaged { level, nature: None, severity: found, component: None, team: Known(team()) }
}

fn rebased(version: &str, clocks: &[&str]) -> IssueEvent {
    let moved =
        |clock: &Clock| Moved { clock: *clock, cycle: 1, from_version: 1, from_deadline: None, to_deadline: None };
    let named: Vec<Clock> = clocks.iter().map(|name| clock(name)).collect();
    let clocks = if named.is_empty() { Clock::ALL.to_vec() } else { named };
    IssueEvent::ClocksRebased {
        version: version.parse().unwrap(),
        clocks: clocks.iter().map(moved).collect(),
        reason: text("the contract changed"),
    }
}
