//! Flags: questions, answers, regression tests, and those that Snaglog has nothing for.

use std::collections::BTreeSet;

use api::imports::v1::import_fact_request::Fact;
use api::imports::v1::{AnsweredFact, AskedFact};

use super::Planner;
use super::flags::{self, Flag};
use super::moment::Moment;
use crate::client::import::bugzilla::record::Change;
use crate::client::import::bugzilla::vocabulary;

pub(super) const FLAGS: &str = "flagtypes.name";

impl Flag {
    /// `needinfo?(somebody)`.
    fn is_question(&self) -> bool {
        self.name == "needinfo" && self.status == '?'
    }
}

impl Planner<'_> {
    /// Flags other than questions. A flag counts once for each change.
    pub(super) fn flag(&mut self, who: &str, change: &Change) {
        let (removed, added) = (flags::parse(&change.removed), flags::parse(&change.added));
        let parts = flags::parts(&change.removed).count() + flags::parts(&change.added).count();
        let odd = if parts == 0 { 1 } else { parts - removed.len() - added.len() };
        self.skip_times("flagtypes.name: not understood", odd as u64);
        let others = removed.iter().chain(&added).filter(|flag| !flag.is_question());
        let names: BTreeSet<&str> = others.map(|flag| flag.name.as_str()).collect();
        for name in names {
            let plus = |flags: &[Flag]| flags.iter().any(|flag| flag.name == name && flag.status == '+');
            let tests = name == "in-testsuite";
            let sets = tests && plus(&added) && self.tests.set_by.is_none();
            if tests && plus(&removed) && !plus(&added) {
                self.tests.set_by = None;
                if std::mem::take(&mut self.tests.waiting) {
                    self.skip("flagtypes.name: in-testsuite+, never resolved");
                }
            }
            if sets {
                self.tests.set_by = Some(vocabulary::actor(who));
                self.tests.waiting = !self.tests.told;
            }
            if !(sets && self.tests.waiting) {
                self.skip(&format!("flagtypes.name: {name}"));
            }
        }
    }

    /// `needinfo?(somebody)` taken away: answered, whoever did it.
    pub(super) fn answer(&mut self, moment: &Moment<'_>) {
        for (who, change) in moment.of_field(FLAGS) {
            for flag in flags::parse(&change.removed).into_iter().filter(Flag::is_question) {
                let of = self.asked(&flag);
                let Some(number) = self.questions.answer(&of) else {
                    self.skip("flagtypes.name: needinfo? taken away, no longer open");
                    continue;
                };
                let questions = if of.is_empty() { vec![number] } else { Vec::new() };
                let answered = AnsweredFact { questions, of, text: String::new() };
                self.push(Fact::InformationProvided(answered), &vocabulary::actor(who), false);
                self.count_told(FLAGS);
            }
        }
    }

    /// `needinfo?(somebody)` set.
    pub(super) fn ask(&mut self, moment: &Moment<'_>) {
        for (who, change) in moment.of_field(FLAGS) {
            for flag in flags::parse(&change.added).into_iter().filter(Flag::is_question) {
                let of = self.asked(&flag);
                if !self.stand.is_open() {
                    self.skip("flagtypes.name: needinfo? after it was resolved");
                } else if self.questions.ask(&of) {
                    // To the contract the opener is nobody by name.
                    let of = if of == self.opener() { String::new() } else { of };
                    let asked = AskedFact { of, text: String::new() };
                    self.push(Fact::InformationRequested(asked), &vocabulary::actor(who), false);
                    self.count_told(FLAGS);
                } else {
                    self.skip("flagtypes.name: needinfo? of somebody asked already");
                }
            }
        }
    }

    /// Of whom a question is asked: of nobody in particular is of the opener.
    fn asked(&self, flag: &Flag) -> String {
        let of = vocabulary::person(&flag.of);
        if of.is_empty() { self.opener() } else { of }
    }

    /// Who raised the bug; empty: nothing tells.
    pub(super) fn opener(&self) -> String {
        vocabulary::person(&self.bug.creator)
    }
}
