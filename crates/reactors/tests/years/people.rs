//! What people do: where each issue stands, something that may be done there.

use domain::Fact;
use domain::calendar::{Definition, Draft, DraftDate, DraftDay};
use domain::ids::{IssueId, IssueKey};
use domain::issue::{
    Asked, Closing, CodeFix, Command, Dismissal, FileIssue, Fix, Issue, Level, OwnerChannel, RaisedBy, Report, Source,
    SourceKind, State, TriageIssue,
};
use domain::policy::{self, Target};
use domain::project;
use domain::team;
use domain::text::{Text, Title};
use jiff::SignedDuration;
use uuid::Uuid;

use crate::world::{Year, core, person};

/// The team's office: in London, with a lunch break, a half day and holidays.
pub(crate) fn office() -> Definition {
    let hours = |hours: &[&str]| hours.iter().map(|&each| each.to_owned()).collect::<Vec<_>>();
    let day = |day: &str, open: &[&str]| DraftDay { day: day.to_owned(), hours: hours(open) };
    let date = |date: &str, open: &[&str]| DraftDate { date: date.to_owned(), name: String::new(), hours: hours(open) };
    let whole: &[&str] = &["09:00-12:30", "13:30-17:00"];
    let draft = Draft {
        id: "office".to_owned(),
        zone: "Europe/London".to_owned(),
        week: vec![
            day("mon", whole),
            day("tue", whole),
            day("wed", whole),
            day("thu", whole),
            day("fri", &["09:00-12:00"]),
        ],
        dates: vec![
            date("2026-04-03", &[]),
            date("2026-04-06", &[]),
            date("2026-12-25", &[]),
            date("2026-12-24", &["09:00-12:00"]),
        ],
    };
    draft.read().unwrap()
}

/// One thing that somebody does.
pub(crate) async fn act(year: &mut Year) {
    match year.rng.u32(0..100) {
        0..20 => file(year).await,
        20..22 => adopt(year).await,
        22..24 => away(year).await,
        24..30 => deploy(year).await,
        _ => {
            if let Some(index) = (!year.open.is_empty()).then(|| year.rng.usize(0..year.open.len())) {
                let key = year.open[index].clone();
                touch(year, &key).await;
            }
        }
    }
}

async fn file(year: &mut Year) {
    let reported = year.rng.choice([None, Some("sev1"), Some("sev2"), Some("sev3")]).flatten();
    let filing = FileIssue {
        id: IssueId(Uuid::nil()),
        title: Title::parse("Checkout answers 500").unwrap(),
        source: Source {
            kind: Fact::Known(SourceKind::ProductOwner { channel: OwnerChannel::Ticket }),
            raised_by: RaisedBy::Person(person("olga")),
            reference: None,
        },
        report: Report { steps: some("Pay."), actual: some("500"), expected: some("200"), details: None },
        reported_severity: reported.map(|id| id.parse().unwrap()),
        component: Some("checkout".parse().unwrap()),
    };
    year.file(filing).await;
}

/// Other targets, on the calendar of the office, or on the built-in one.
async fn adopt(year: &mut Year) {
    let settings = year.settings().await;
    let mut draft = policy::Draft::of(settings.policies.in_force(year.now()));
    draft.calendars.clear();
    for severity in draft.severities.iter_mut().skip(1) {
        let rules = &mut severity.rules;
        rules.calendar = year.rng.choice(["office", "business"]).unwrap().parse().unwrap();
        rules.targets.accept = Some(Target::Working(SignedDuration::from_mins(i64::from(year.rng.u32(30..200)))));
        rules.targets.mitigate = Some(Target::Working(SignedDuration::from_mins(i64::from(year.rng.u32(200..480)))));
        let days = year.rng.u32(3..15);
        let hours = i64::from(year.rng.u32(9..60));
        let working = Target::Working(SignedDuration::from_hours(hours));
        rules.targets.resolve = Some(if year.rng.bool() { Target::WorkingDays(days) } else { working });
    }
    year.project(project::Command::AdoptPolicy { draft }).await;
}

async fn away(year: &mut Year) {
    let who = person(year.rng.choice(["ann", "bob", "cy"]).unwrap());
    let from = year.now() + SignedDuration::from_hours(i64::from(year.rng.u32(0..48)));
    let until = from + SignedDuration::from_hours(i64::from(year.rng.u32(1..100)));
    year.team(team::Command::MemberAway { team: core(), person: who, from: Some(from), until }).await;
}

/// Most of what was fixed goes to production, some of it before anybody has verified it.
async fn deploy(year: &mut Year) {
    let mut fixed = Vec::new();
    for key in year.open.clone() {
        let chance = match year.issue(&key).await.state {
            State::Verified(_) => 3,
            State::Resolved(_) => 1,
            _ => 0,
        };
        if year.rng.u32(0..4) < chance {
            fixed.push(key);
        }
    }
    if !fixed.is_empty() {
        year.deploy(fixed.into_iter().take(20).collect()).await;
    }
}

async fn touch(year: &mut Year, key: &IssueKey) {
    let issue = year.issue(key).await;
    let roll = year.rng.u32(0..100);
    // Some things are written down hours after they happened.
    let late =
        (year.rng.u32(0..8) == 0).then(|| year.now() - SignedDuration::from_mins(i64::from(year.rng.u32(1..600))));
    let (who, command) = match &issue.state {
        State::New { triaged: false } => ("ann", triage(year)),
        State::New { triaged: true } => match roll {
            0..50 => ("ann", Command::AcceptIssue),
            50..60 => ("ann", dismiss()),
            _ => ("bob", beside(year, &issue, roll)),
        },
        State::Accepted => match roll {
            0..45 => ("ann", resolve()),
            45..50 => ("ann", Command::ReturnToTriage { reason: some("Not ours.") }),
            50..55 => ("ann", dismiss()),
            _ => ("bob", beside(year, &issue, roll)),
        },
        State::Resolved(_) => match roll {
            0..60 => ("olga", Command::VerifyIssue { confirmed_by: Fact::Known(person("olga")) }),
            60..85 => ("olga", Command::RejectResolution { reason: some("Still so.") }),
            _ => ("bob", beside(year, &issue, roll)),
        },
        State::Verified(verified) => match (&verified.resolved.in_production, roll) {
            (Some(release), 0..70) => {
                let closing = Closing::Released { release: Some(release.clone()), reverified_by: Some(person("cy")) };
                ("bob", Command::CloseIssue { closing: Fact::Known(closing) })
            }
            (_, 70..80) => ("olga", Command::RejectResolution { reason: some("It came back.") }),
            _ => ("bob", beside(year, &issue, roll)),
        },
        State::Closed(_) if roll < 10 => ("olga", Command::ReopenIssue { reason: some("Again.") }),
        State::Dismissed(_) if roll < 60 => ("olga", Command::ReopenIssue { reason: some("It is one.") }),
        State::Closed(_) | State::Dismissed(_) => {
            // Nobody looks at it any more.
            return year.open.retain(|open| open != key);
        }
    };
    let asks = matches!(command, Command::RequestInformation { .. });
    year.does(who, key, late.filter(|_| !asks), command).await;
}

/// What moves the issue nowhere, and its clocks perhaps.
fn beside(year: &mut Year, issue: &Issue, roll: u32) -> Command {
    let severity = year.rng.choice(["sev1", "sev2", "sev3"]).unwrap();
    match roll % 8 {
        0 | 1 if issue.questions.is_empty() => {
            Command::RequestInformation { of: Asked::Opener, text: text("Which browser?") }
        }
        0..3 => Command::ProvideInformation { questions: Vec::new(), text: some("The blue one.") },
        3 => Command::ChangeSeverity { severity: severity.parse().unwrap(), reason: some("As it is.") },
        4 if issue.workaround.is_none() => Command::RecordWorkaround { text: text("Pay by invoice.") },
        4 => Command::WithdrawWorkaround { reason: some("Not any more.") },
        5 => Command::RebaseClocks { policy: None, reason: some("Agreed with the customer.") },
        6 => Command::HandOverShift { shift: None, to: person(year.rng.choice(["ann", "bob", "cy"]).unwrap()) },
        _ => Command::CommentOnIssue { text: text("Seen it, too.") },
    }
}

fn triage(year: &mut Year) -> Command {
    let severity = year.rng.choice(["sev1", "sev1", "sev2", "sev3"]).unwrap();
    let level = year.rng.choice([Level::CodeOrData, Level::CodeOrData, Level::System]).unwrap();
    Command::TriageIssue(TriageIssue {
        level: Fact::Known(level),
        nature: None,
        severity: Fact::Known(severity.parse().unwrap()),
        component: None,
        team: Some(core()),
        reason: some("As it is."),
    })
}

fn resolve() -> Command {
    let fix = CodeFix {
        changes: vec!["c1".parse().unwrap()],
        tests: vec!["checkout::pays_once".into()],
        environment: Some("staging".into()),
    };
    Command::ResolveIssue { fix: Fact::Known(Fix::Code(fix)) }
}

fn dismiss() -> Command {
    Command::DismissIssue { dismissal: Fact::Known(Dismissal::CannotReproduce), note: None }
}

fn text(words: &str) -> Text {
    Text::parse(words).unwrap()
}

fn some(words: &str) -> Option<Text> {
    Some(text(words))
}
