//! A policy's file, read: what it says, where each part stands, and everything that is wrong with it.

use api::policies::v1::{self as proto, escalation::Recipient};
use serde_saphyr::{FlowSeq, Spanned};

use super::file::{
    CLOCKS, DELIVERIES, ENTRIES, File, MOMENTS, ROLES, Rules, SOURCES, Selector, Step, When, Word, Words,
};
use crate::client::target;
use crate::client::yaml::{self, At, Places, at};

/// What a file says, and where.
#[derive(Debug)]
pub(super) struct Read {
    pub(super) policy: proto::Policy,
    pub(super) places: Places,
}

/// A file that is no policy: every fault with its line and column.
pub(super) type Faults = Vec<String>;

/// Reads a file of that name.
pub(super) fn read(name: &str, text: &str) -> Result<Read, Faults> {
    let file: File = yaml::read(name, text).map_err(|fault| vec![fault])?;
    let mut reader = Reader { places: Places::of(name, "policy"), faults: Vec::new() };
    let policy = reader.policy(&file);
    if reader.faults.is_empty() {
        return Ok(Read { policy, places: reader.places });
    }
    reader.faults.sort();
    let told = |((line, column), fault): (At, String)| format!("{name}:{line}:{column}: {fault}");
    Err(reader.faults.into_iter().map(told).collect())
}

#[derive(Debug)]
struct Reader {
    places: Places,
    faults: Vec<(At, String)>,
}

impl Reader {
    fn policy(&mut self, file: &File) -> proto::Policy {
        let severities: Vec<_> =
            file.severities.iter().map(|(id, rules)| self.rules("severities", id, rules, None)).collect();
        let selectors = file.selectors.iter().enumerate();
        let selectors = selectors.map(|(n, one)| self.selector(n, one, &severities)).collect();
        let calendars = file.calendars.iter().map(|(calendar, version)| {
            self.places.note(format!("calendars.{calendar}"), at(&version.referenced));
            proto::CalendarPin { calendar: calendar.clone(), version: version.value }
        });
        let calendars = calendars.collect();
        proto::Policy { severities, selectors, calendars }
    }

    fn selector(&mut self, n: usize, selector: &Spanned<Selector>, severities: &[proto::Rules]) -> proto::Selector {
        let place = format!("selectors[{n}]");
        self.places.note(place.clone(), at(&selector.referenced));
        let Selector { name, when, severities: own } = &selector.value;
        self.note(format!("{place}.name"), name);
        self.places.note(format!("{place}.when"), at(&when.referenced));
        let when = self.when(&format!("{place}.when"), &when.value);
        let place = format!("{place}.severities");
        let base = |id: &str| severities.iter().find(|rules| rules.severity == id);
        let own = own.iter().map(|(id, rules)| self.rules(&place, id, rules, base(id))).collect();
        proto::Selector { name: name.value.clone(), when: Some(when), severities: own }
    }

    fn when(&mut self, place: &str, when: &When) -> proto::When {
        let mut list = |field: &str, words: Option<&Words>| -> Vec<String> {
            let words = words.iter().flat_map(|words| &words.0).enumerate();
            words.map(|(n, word)| self.note(format!("{place}.{field}[{n}]"), word).to_owned()).collect()
        };
        let (components, tiers) = (list("components", when.components.as_ref()), list("tiers", when.tiers.as_ref()));
        let sources = when.sources.iter().flat_map(|words| &words.0).enumerate();
        let sources = sources.filter_map(|(n, word)| self.choice(&format!("{place}.sources[{n}]"), word, &SOURCES));
        proto::When { components, sources: sources.collect(), tiers }
    }

    /// The rules of a severity; what they leave out is the base's, where there is one.
    fn rules(&mut self, within: &str, id: &str, rules: &Spanned<Rules>, base: Option<&proto::Rules>) -> proto::Rules {
        let place = format!("{within}.{id}");
        let here = at(&rules.referenced);
        self.places.note(place.clone(), here);
        let own = &rules.value;
        let mut read = base.cloned().unwrap_or_default();
        id.clone_into(&mut read.severity);
        if base.is_none() {
            self.expect_all(&place, here, own);
        }
        if let Some(calendar) = &own.calendar {
            self.note(format!("{place}.calendar"), calendar).clone_into(&mut read.calendar);
        }
        let targets = [
            ("accept", &own.accept, &mut read.accept),
            ("mitigate", &own.mitigate, &mut read.mitigate),
            ("resolve", &own.resolve, &mut read.resolve),
        ];
        for (field, word, target) in targets {
            if let Some(word) = word {
                *target = self.maybe(&format!("{place}.{field}"), word, "none", target::parse);
            }
        }
        if let Some(FlowSeq(words)) = &own.pauses {
            let words = words.iter().enumerate();
            let clocks = words.filter_map(|(n, word)| self.choice(&format!("{place}.pauses[{n}]"), word, &CLOCKS));
            read.pauses = clocks.collect();
        }
        if let Some(word) = &own.at_risk {
            read.at_risk_percent = self.parsed(&format!("{place}.at_risk"), word, percent);
        }
        if let Some(on_top) = &own.on_top {
            read.on_top = on_top.value;
        }
        if let Some(word) = &own.shifts_after {
            read.shifts_after = self.maybe(&format!("{place}.shifts_after"), word, "never", target::duration);
        }
        if let Some(word) = &own.entry {
            read.entry = self.choice(&format!("{place}.entry"), word, &ENTRIES).unwrap_or_default();
        }
        if let Some(word) = &own.delivery {
            read.delivery = self.choice(&format!("{place}.delivery"), word, &DELIVERIES).unwrap_or_default();
        }
        if let Some(steps) = &own.escalations {
            let steps = steps.iter().enumerate();
            read.escalations = steps.map(|(n, step)| self.step(&format!("{place}.escalations[{n}]"), step)).collect();
        }
        read
    }

    /// A severity's own rules leave nothing to guess.
    fn expect_all(&mut self, place: &str, here: At, own: &Rules) {
        let targets = [("accept", &own.accept), ("mitigate", &own.mitigate), ("resolve", &own.resolve)];
        for (field, _) in targets.into_iter().filter(|(_, word)| word.is_none()) {
            self.faults.push((here, format!("{place}.{field} is missing; `none` is no target")));
        }
        let others = [("calendar", &own.calendar), ("entry", &own.entry), ("delivery", &own.delivery)];
        for (field, _) in others.into_iter().filter(|(_, word)| word.is_none()) {
            self.faults.push((here, format!("{place}.{field} is missing")));
        }
    }

    fn step(&mut self, place: &str, step: &Spanned<Step>) -> proto::Escalation {
        self.places.note(place.to_owned(), at(&step.referenced));
        let Step { clock, when, after, tell } = &step.value;
        let clock = clock.as_ref().and_then(|word| self.choice(&format!("{place}.clock"), word, &CLOCKS));
        let when = self.choice(&format!("{place}.when"), when, &MOMENTS);
        let after = after.as_ref().and_then(|word| self.parsed(&format!("{place}.after"), word, target::duration));
        let recipient = self.parsed(&format!("{place}.to"), tell, told);
        proto::Escalation { clock: clock.unwrap_or_default(), when: when.unwrap_or_default(), after, recipient }
    }

    /// Notes where a word stands.
    fn note<'w>(&mut self, place: String, word: &'w Word) -> &'w str {
        self.places.note(place, at(&word.referenced));
        &word.value
    }

    fn parsed<T>(&mut self, place: &str, word: &Word, parse: impl Fn(&str) -> Result<T, String>) -> Option<T> {
        let parsed = parse(self.note(place.to_owned(), word));
        parsed.map_err(|problem| self.faults.push((at(&word.referenced), format!("{place}: {problem}")))).ok()
    }

    /// What may be said not to be.
    fn maybe<T>(
        &mut self,
        place: &str,
        word: &Word,
        nothing: &str,
        parse: impl Fn(&str) -> Result<T, String>,
    ) -> Option<T> {
        if self.note(place.to_owned(), word) == nothing {
            return None;
        }
        self.parsed(place, word, |text| parse(text).map_err(|problem| format!("{problem}, or `{nothing}`")))
    }

    fn choice<E: Copy + Into<i32>>(&mut self, place: &str, word: &Word, words: &[(&str, E)]) -> Option<i32> {
        self.parsed(place, word, |text| {
            let known = words.iter().find(|(word, _)| *word == text).map(|(_, value)| (*value).into());
            known.ok_or_else(|| format!("{text:?} is none of {}", list(words)))
        })
    }
}

fn list<E>(words: &[(&str, E)]) -> String {
    words.iter().map(|(word, _)| *word).collect::<Vec<_>>().join(", ")
}

fn percent(text: &str) -> Result<u32, String> {
    let number = text.trim().strip_suffix('%').and_then(|number| number.trim().parse().ok());
    number.ok_or_else(|| format!("{text:?} is no share; give `75%`"))
}

fn told(text: &str) -> Result<Recipient, String> {
    if let Some((kind, id)) = text.split_once(':') {
        match kind {
            "team" => return Ok(Recipient::Team(id.to_owned())),
            "person" => return Ok(Recipient::Person(id.to_owned())),
            _ => {}
        }
    }
    let role = ROLES.iter().find(|(word, _)| *word == text).map(|(_, role)| Recipient::Role((*role).into()));
    role.ok_or_else(|| format!("{text:?} is nobody; there are {}, team:ID and person:ID", list(&ROLES)))
}
