//! A policy as a file, for the user's own repository: its shape, and how it is written.
//!
//! What is read keeps its place in the file, so that every fault can be shown where it stands.

use api::policies::v1::{self as proto, escalation::Recipient, target::Target as Kind};
use indexmap::IndexMap;
use jiff::SignedDuration;
use serde::{Deserialize, Serialize};
use serde_saphyr::{FlowSeq, Spanned};

use crate::client::yaml::unplaced;

/// What a file looks like.
pub(super) const HELP: &str = "\
The file is YAML:

  severities:
    sev2:
      calendar: business
      accept: 4h                     # working time of the calendar, or …
      mitigate: 2 working days       # … working days, or none
      resolve: 5 working days
      pauses: [accept, resolve]      # stand still while opener or customer are asked
      at_risk: 75%
      on_top: false
      shifts_after: 24h              # unmitigated for so long; leave out for never
      entry: below on top            # top, below on top, bottom
      delivery: next push            # patch now, next push, planned
      escalations:
        - { clock: mitigate, when: breach, after: 30m, tell: 'team:ops' }
  selectors:                         # the first that matches wins
    - name: gold-customers
      when: { components: [checkout], sources: [customer], tiers: [gold] }
      severities:
        sev2: { mitigate: 4h }       # all else as above
  calendars: { business: 3 }         # left out: the newest version

Each severity in use needs its rules. `snaglog policy show PROJECT` writes such a file.";

/// The whole file.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct File {
    pub(super) severities: IndexMap<String, Spanned<Rules>>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) selectors: Vec<Spanned<Selector>>,
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub(super) calendars: IndexMap<String, Spanned<u32>>,
}

/// What holds for a severity. In a selector, what is left out is as the severity has it.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Rules {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) calendar: Option<Word>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) accept: Option<Word>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) mitigate: Option<Word>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) resolve: Option<Word>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) pauses: Option<Words>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) at_risk: Option<Word>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) on_top: Option<Spanned<bool>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) shifts_after: Option<Word>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) entry: Option<Word>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) delivery: Option<Word>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) escalations: Option<Vec<Spanned<Step>>>,
}

/// A step of an escalation.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Step {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) clock: Option<Word>,
    pub(super) when: Word,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) after: Option<Word>,
    pub(super) tell: Word,
}

/// A case, and what holds in it.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Selector {
    pub(super) name: Word,
    pub(super) when: Spanned<When>,
    pub(super) severities: IndexMap<String, Spanned<Rules>>,
}

/// Which issues.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct When {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) components: Option<Words>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) sources: Option<Words>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) tiers: Option<Words>,
}

/// A scalar with its place.
pub(super) type Word = Spanned<String>;

/// Scalars on one line.
pub(super) type Words = FlowSeq<Vec<Word>>;

/// The words of the file for what the contract has as enums.
pub(super) const CLOCKS: [(&str, proto::Clock); 3] =
    [("accept", proto::Clock::Accept), ("mitigate", proto::Clock::Mitigate), ("resolve", proto::Clock::Resolve)];
pub(super) const ENTRIES: [(&str, proto::Entry); 3] =
    [("top", proto::Entry::Top), ("below on top", proto::Entry::BelowOnTop), ("bottom", proto::Entry::Bottom)];
pub(super) const DELIVERIES: [(&str, proto::Delivery); 3] = [
    ("patch now", proto::Delivery::PatchNow),
    ("next push", proto::Delivery::NextPush),
    ("planned", proto::Delivery::Planned),
];
pub(super) const MOMENTS: [(&str, proto::Moment); 2] =
    [("at risk", proto::Moment::AtRisk), ("breach", proto::Moment::Breach)];
pub(super) const ROLES: [(&str, proto::Role); 4] = [
    ("assignee", proto::Role::Assignee),
    ("owner team", proto::Role::OwnerTeam),
    ("on shift", proto::Role::OnShift),
    ("product owners", proto::Role::ProductOwners),
];
pub(super) const SOURCES: [(&str, proto::Source); 4] = [
    ("customer", proto::Source::Customer),
    ("product owner", proto::Source::ProductOwner),
    ("security", proto::Source::Security),
    ("system", proto::Source::System),
];

/// The word for a value's number; `?` for one that this build doesn't know.
pub(super) fn word_of<E: Copy + Into<i32>>(words: &[(&'static str, E)], number: i32) -> &'static str {
    words.iter().find(|(_, value)| (*value).into() == number).map_or("?", |(word, _)| *word)
}

/// The policy as a file. Selectors say only what differs from the severity's own rules.
pub(super) fn write(policy: &proto::Policy) -> Result<String, serde_saphyr::ser::Error> {
    serde_saphyr::to_string(&shape(policy))
}

/// The file that a policy is written as.
pub(super) fn shape(policy: &proto::Policy) -> File {
    let base = |severity: &str| policy.severities.iter().find(|rules| rules.severity == severity);
    let selector = |selector: &proto::Selector| Selector {
        name: word(&selector.name),
        when: unplaced(when(selector.when.as_ref().unwrap_or(&proto::When::default()))),
        severities: selector
            .severities
            .iter()
            .map(|rules| (rules.severity.clone(), unplaced(different(rules, base(&rules.severity)))))
            .collect(),
    };
    File {
        severities: policy.severities.iter().map(|one| (one.severity.clone(), unplaced(rules(one)))).collect(),
        selectors: policy.selectors.iter().map(|one| unplaced(selector(one))).collect(),
        calendars: policy.calendars.iter().map(|pin| (pin.calendar.clone(), unplaced(pin.version))).collect(),
    }
}

fn rules(rules: &proto::Rules) -> Rules {
    let pauses = rules.pauses.iter().map(|clock| word(word_of(&CLOCKS, *clock)));
    Rules {
        calendar: Some(word(&rules.calendar)),
        accept: Some(word(&target(rules.accept.as_ref()))),
        mitigate: Some(word(&target(rules.mitigate.as_ref()))),
        resolve: Some(word(&target(rules.resolve.as_ref()))),
        pauses: Some(FlowSeq(pauses.collect())),
        at_risk: Some(word(&format!("{}%", rules.at_risk_percent()))),
        on_top: Some(unplaced(rules.on_top)),
        shifts_after: rules.shifts_after.as_ref().map(|after| word(&length(after))),
        entry: Some(word(word_of(&ENTRIES, rules.entry))),
        delivery: Some(word(word_of(&DELIVERIES, rules.delivery))),
        escalations: (!rules.escalations.is_empty()).then(|| steps(rules)),
    }
}

/// What a selector says otherwise than the severity.
fn different(own: &proto::Rules, base: Option<&proto::Rules>) -> Rules {
    let all = rules(own);
    let Some(base) = base else { return all };
    let never = || Some(word("never"));
    Rules {
        calendar: all.calendar.filter(|_| own.calendar != base.calendar),
        accept: all.accept.filter(|_| own.accept != base.accept),
        mitigate: all.mitigate.filter(|_| own.mitigate != base.mitigate),
        resolve: all.resolve.filter(|_| own.resolve != base.resolve),
        pauses: all.pauses.filter(|_| own.pauses != base.pauses),
        at_risk: all.at_risk.filter(|_| own.at_risk_percent != base.at_risk_percent),
        on_top: all.on_top.filter(|_| own.on_top != base.on_top),
        shifts_after: all.shifts_after.or_else(never).filter(|_| own.shifts_after != base.shifts_after),
        entry: all.entry.filter(|_| own.entry != base.entry),
        delivery: all.delivery.filter(|_| own.delivery != base.delivery),
        escalations: (own.escalations != base.escalations).then(|| steps(own)),
    }
}

fn steps(rules: &proto::Rules) -> Vec<Spanned<Step>> {
    let step = |step: &proto::Escalation| Step {
        clock: (step.clock != 0).then(|| word(word_of(&CLOCKS, step.clock))),
        when: word(word_of(&MOMENTS, step.when)),
        after: step.after.as_ref().map(|after| word(&length(after))),
        tell: word(&recipient(step.recipient.as_ref())),
    };
    rules.escalations.iter().map(|one| unplaced(step(one))).collect()
}

fn when(when: &proto::When) -> When {
    let words = |texts: Vec<&str>| (!texts.is_empty()).then(|| FlowSeq(texts.into_iter().map(word).collect()));
    let all = |texts: &'_ [String]| words(texts.iter().map(String::as_str).collect());
    let sources = when.sources.iter().map(|source| word_of(&SOURCES, *source));
    When { components: all(&when.components), sources: words(sources.collect()), tiers: all(&when.tiers) }
}

/// Who is told, as the file has it: `owner team`, `team:ops`, `person:olga`.
pub(super) fn recipient(recipient: Option<&Recipient>) -> String {
    match recipient {
        Some(Recipient::Role(role)) => word_of(&ROLES, *role).to_owned(),
        Some(Recipient::Team(team)) => format!("team:{team}"),
        Some(Recipient::Person(person)) => format!("person:{person}"),
        None => String::from("?"),
    }
}

/// A target, as the file has it: `4h`, `2 working days`, `none`.
pub(super) fn target(target: Option<&proto::Target>) -> String {
    match target.and_then(|target| target.target.as_ref()) {
        Some(Kind::WorkingTime(time)) => length(time),
        Some(Kind::WorkingDays(1)) => String::from("1 working day"),
        Some(Kind::WorkingDays(days)) => format!("{days} working days"),
        None => String::from("none"),
    }
}

/// A length of time, as the file has it: `1h 30m`.
pub(super) fn length(length: &prost_types::Duration) -> String {
    format!("{:#}", SignedDuration::new(length.seconds, length.nanos))
}

fn word(text: &str) -> Word {
    unplaced(text.to_owned())
}
