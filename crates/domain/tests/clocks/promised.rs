//! What is promised in the cases, in words: `sev1: accept 15m, resolve 4h, on business, pausing accept resolve`.

use std::collections::BTreeMap;

use domain::calendar::{Calendar, Calendars, DatedDay, Definition, Hours, Zone};
use domain::clocks::{Clock, Terms};
use domain::ids::{CalendarId, CustomerId, SeverityId};
use domain::policy::{Delivery, Entry, Escalation, Pauses, Policies, Policy, Rules, SeverityRules, Target, Targets};
use domain::project::{Customer, DefaultSeverity, Scheme};
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};

use super::told::instant;

/// The terms of a case.
#[derive(Debug, Clone)]
pub(crate) struct Promised {
    pub(crate) policies: Policies,
    pub(crate) calendars: Calendars,
    pub(crate) customers: BTreeMap<CustomerId, Customer>,
    pub(crate) defaults: Vec<DefaultSeverity>,
}

impl Promised {
    /// The project's scheme has sev1 to sev4, of which sev3 is the default. `business` is Monday to Friday 09:00–17:00 in London, `holiday` the same
    /// with Monday 8 June closed, `lunch` with 12:30–13:30 closed, `friday` with Friday open from 09:00 to 12:00 only; `night` is Monday to Friday 22:00–06:00.
    pub(crate) fn nothing() -> Self {
        let mut calendars = Calendars::default();
        let nine_to_five = || vec![hours("09:00-17:00")];
        let week =
            |friday: Vec<Hours>, day: &dyn Fn() -> Vec<Hours>| [day(), day(), day(), day(), friday, vec![], vec![]];
        let holiday = [("2026-06-08".parse::<Date>().unwrap(), DatedDay { name: "Whit Monday".into(), hours: vec![] })];
        let lunch = || vec![hours("09:00-12:30"), hours("13:30-17:00")];
        let night = || vec![hours("22:00-06:00")];
        for (id, week, dates) in [
            ("business", week(nine_to_five(), &nine_to_five), BTreeMap::new()),
            ("holiday", week(nine_to_five(), &nine_to_five), BTreeMap::from(holiday)),
            ("lunch", week(lunch(), &lunch), BTreeMap::new()),
            ("friday", week(vec![hours("09:00-12:00")], &nine_to_five), BTreeMap::new()),
            ("night", week(night(), &night), BTreeMap::new()),
        ] {
            let zone = Zone::find("Europe/London").unwrap();
            let definition = Definition::new(CalendarId::parse(id).unwrap(), zone, week, dates).unwrap();
            calendars.define(Calendar::new(definition, 1), Timestamp::MIN);
        }
        let defaults = vec![DefaultSeverity::from_the_beginning(severity("sev3"))];
        Self { policies: Policies::new(&Scheme::four()), calendars, customers: BTreeMap::new(), defaults }
    }

    /// A policy in force from an instant on; what it says nothing of has no target.
    pub(crate) fn adopt(&mut self, from: Timestamp, rules: &[&str]) {
        let named: Vec<SeverityRules> = rules.iter().map(|line| severity_rules(line)).collect();
        let calendars = named.iter().map(|one| one.rules.calendar.clone()).map(|id| {
            let version = self.calendars.latest(&id).unwrap().version();
            (id, version)
        });
        let policy = Policy {
            version: self.policies.next_version(),
            effective_from: from,
            calendars: calendars.collect(),
            severities: named,
            selectors: Vec::new(),
        };
        self.policies.adopt(policy);
    }

    /// As it was before the last policy was adopted.
    pub(crate) fn forget_last(&mut self) {
        let mut policies = Policies::new(&Scheme::four());
        let known = self.policies.all();
        known[1..known.len() - 1].iter().for_each(|policy| policies.adopt(policy.as_ref().clone()));
        self.policies = policies;
    }

    pub(crate) fn terms(&self) -> Terms<'_> {
        Terms {
            policies: &self.policies,
            calendars: &self.calendars,
            customers: &self.customers,
            defaults: &self.defaults,
        }
    }
}

fn hours(text: &str) -> Hours {
    text.parse().unwrap()
}

pub(crate) fn severity(id: &str) -> SeverityId {
    SeverityId::parse(id).unwrap()
}

/// `sev1: accept 15m, mitigate 2wd, on 24x7, pausing accept`.
fn severity_rules(line: &str) -> SeverityRules {
    let (id, rest) = line.split_once(": ").unwrap();
    let mut rules = Rules {
        targets: Targets::default(),
        calendar: CalendarId::parse("business").unwrap(),
        pauses: Pauses { accept: true, mitigate: false, resolve: true },
        at_risk_percent: 75,
        on_top: false,
        shifts_after: None,
        entry: Entry::Bottom,
        delivery: Delivery::Planned,
        escalations: Vec::<Escalation>::new(),
    };
    for part in rest.split(", ") {
        match part.split_once(' ') {
            Some(("accept", target)) => rules.targets.accept = Some(self::target(target)),
            Some(("mitigate", target)) => rules.targets.mitigate = Some(self::target(target)),
            Some(("resolve", target)) => rules.targets.resolve = Some(self::target(target)),
            Some(("on", calendar)) => rules.calendar = CalendarId::parse(calendar).unwrap(),
            Some(("pausing", "nothing")) => rules.pauses = Pauses::NONE,
            Some(("pausing", clocks)) => {
                let has = |clock: Clock| clocks.split(' ').any(|name| name == clock.as_str());
                rules.pauses =
                    Pauses { accept: has(Clock::Accept), mitigate: has(Clock::Mitigate), resolve: has(Clock::Resolve) };
            }
            _ if part == "nothing" => {}
            _ => panic!("what is {part:?} of {line:?}?"),
        }
    }
    SeverityRules { severity: severity(id), rules }
}

fn target(text: &str) -> Target {
    let split = text.find(|c: char| c.is_alphabetic()).unwrap();
    let number: i64 = text[..split].parse().unwrap();
    match &text[split..] {
        "m" => Target::Working(SignedDuration::from_mins(number)),
        "h" => Target::Working(SignedDuration::from_hours(number)),
        "wd" => Target::WorkingDays(u32::try_from(number).unwrap()),
        unit => panic!("what is {unit}?"),
    }
}

/// The instant of `from Mon 09:00`, or the beginning.
pub(crate) fn effective(text: Option<&str>) -> Timestamp {
    text.map_or(Timestamp::MIN, instant)
}
