//! Issues that resemble one about to be filed, or one that is there: what somebody reports may have been reported.
//!
//! A word tells the more the fewer issues have it: idf(n) = ln(1 + (N − n + 0.5) / (n + 0.5)), N the project's issues and n those with
//! the word (Robertson and Zaragoza, "The Probabilistic Relevance Framework: BM25 and Beyond", 2009, section 3.1; the 1 is Lucene's, so
//! that a word in more than half of them does not count against an issue); a word that none has weighs what the others do on
//! average. A word of the wording's title weighs twice as much. The
//! likeness of an issue is the weight of the words it shares, half of it where it has them outside of its title, over the weight
//! of all words asked for: from 0 to 1. It is offered from [`LIKENESS_MIN`] on, with two shared words or all.
//!
//! Nothing is kept for this. Of each word the newest [`NEWEST_PER_WORD`] issues are read ([`Candidates`]): of a rarer word that is
//! all, of a more common one n is told from how far back they reach. The [`CANDIDATES_MAX`] with the most weight by that are
//! read with their words ([`Likeness`]). So what it costs does not depend on how many issues there are; an old
//! issue that shares only common words may be missed, unless it has all those of the title.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use domain::ids::{IssueKey, ProjectId};

use super::found::{Hit, hit, newest};
use super::tokens::each_token;
use super::{DOCUMENT, SCHEMA};
use crate::query::Query;
use crate::row::{BREAK, Condition, Row, RowError, Select, Sought, Term, Value};
use crate::table::{Direction, ViewId};

/// Most issues offered.
pub const OFFERED_MAX: usize = 20;
/// Less like than this, and an issue is not offered.
pub const LIKENESS_MIN: f64 = 0.3;
/// Most words that are compared.
pub const TERMS_MAX: usize = 24;
/// So many issues are compared word by word.
pub const CANDIDATES_MAX: usize = 40;

/// So many of them are of the title.
const TITLE_TERMS_MAX: usize = 14;
/// A word of the report counts from so many characters on; the longest are taken.
const REPORT_TERM_CHARS_MIN: usize = 4;
/// So many issues are read of each word.
const NEWEST_PER_WORD: u32 = 100;

const _: () = assert!(TITLE_TERMS_MAX < TERMS_MAX && OFFERED_MAX <= CANDIDATES_MAX);

/// The words of an issue, or of one about to be filed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wording {
    /// Of its title, in order.
    title: Vec<Arc<str>>,
    /// Of its report, beside those.
    report: Vec<Arc<str>>,
}

/// Asks for the words of an issue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WordsOf(pub IssueKey);

/// Asks for issues that share words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidates {
    /// In which project.
    pub project: ProjectId,
    /// Like what.
    pub wording: Wording,
    /// Not this one.
    pub except: Option<u64>,
}

/// Asks how like the candidates are.
#[derive(Debug, Clone, PartialEq)]
pub struct Likeness {
    project: ProjectId,
    /// What each word weighs.
    weights: BTreeMap<Arc<str>, f64>,
    candidates: Vec<u64>,
}

/// An issue that resembles.
#[derive(Debug, Clone, PartialEq)]
pub struct Offered {
    /// The issue.
    pub hit: Hit,
    /// How much, from [`LIKENESS_MIN`] to 1.
    pub likeness: f64,
    /// The words that it shares, the most telling first.
    pub shared: Vec<Arc<str>>,
}

impl Wording {
    /// Of these texts.
    pub fn of<'t>(title: &str, report: impl IntoIterator<Item = &'t str>) -> Self {
        let mut tokens = Vec::new();
        each_token(title, |token| push(&mut tokens, token));
        let mut longer = Vec::new();
        for text in report {
            each_token(text, |token| push(&mut longer, token));
        }
        Self::new(tokens, longer)
    }

    /// True: there is nothing to go by.
    pub fn is_empty(&self) -> bool {
        self.title.is_empty() && self.report.is_empty()
    }

    fn new(mut title: Vec<Arc<str>>, report: Vec<Arc<str>>) -> Self {
        let mut seen = BTreeSet::new();
        title.retain(|token| seen.insert(Arc::clone(token)));
        title.truncate(TITLE_TERMS_MAX);
        let long = |token: &Arc<str>| token.chars().count() >= REPORT_TERM_CHARS_MIN;
        let mut report: Vec<_> =
            report.into_iter().filter(|token| long(token) && seen.insert(Arc::clone(token))).collect();
        // Stable: of equals the first.
        report.sort_by_key(|token| std::cmp::Reverse(token.chars().count()));
        report.truncate(TERMS_MAX - title.len());
        Self { title, report }
    }

    fn tokens(&self) -> impl Iterator<Item = &Arc<str>> {
        self.title.iter().chain(&self.report)
    }
}

fn push(tokens: &mut Vec<Arc<str>>, token: &str) -> bool {
    tokens.push(token.into());
    true
}

impl Query for WordsOf {
    type Found = Option<Wording>;

    fn view(&self) -> ViewId {
        SCHEMA.id()
    }

    fn selects(&self) -> Vec<Select> {
        vec![of(&self.0.project, &[self.0.ordinal])]
    }

    fn read(&self, rows: Vec<Vec<Row>>) -> Result<Option<Wording>, RowError> {
        let Some(row) = rows.into_iter().flatten().next() else { return Ok(None) };
        let tokens = |column: &str| Ok::<_, RowError>(words(&row, column)?.map(Arc::from).collect());
        Ok(Some(Wording::new(tokens("title_words")?, tokens("report_words")?)))
    }
}

/// The documents with these numbers, with their words.
fn of(project: &ProjectId, ordinals: &[u64]) -> Select {
    let ordinals = ordinals.iter().map(|ordinal| Value::from(*ordinal)).collect();
    Select::from(&DOCUMENT, u32::try_from(CANDIDATES_MAX).unwrap_or(u32::MAX))
        .filter(Condition::Equal("project", project.as_str().into()))
        .filter(Condition::In("ordinal", ordinals))
        .with_words()
}

fn words<'r>(row: &'r Row, column: &str) -> Result<impl Iterator<Item = &'r str>, RowError> {
    let words = match row.value(column)? {
        Value::Words(words) => &**words,
        _ => "",
    };
    Ok(words.split_whitespace().filter(|token| *token != BREAK))
}

impl Candidates {
    fn seek(&self, all: Vec<Term>) -> Select {
        Select::from(&DOCUMENT, NEWEST_PER_WORD)
            .filter(Condition::Equal("project", self.project.as_str().into()))
            .order("ordinal", Direction::Desc)
            .seek(Sought { all, none: Vec::new() })
    }
}

impl Query for Candidates {
    type Found = Likeness;

    fn view(&self) -> ViewId {
        SCHEMA.id()
    }

    fn selects(&self) -> Vec<Select> {
        let each = self.wording.tokens().map(|token| self.seek(vec![Term::word(Arc::clone(token))]));
        let whole = (self.wording.title.len() > 1)
            .then(|| self.seek(self.wording.title.iter().map(|token| Term::word(Arc::clone(token))).collect()));
        [newest(&self.project)].into_iter().chain(each).chain(whole).collect()
    }

    fn read(&self, rows: Vec<Vec<Row>>) -> Result<Likeness, RowError> {
        let ordinals = |rows: &Vec<Row>| rows.iter().map(|row| row.get("ordinal")).collect::<Result<Vec<u64>, _>>();
        let mut found = rows.iter().map(ordinals);
        let newest = found.next().transpose()?.and_then(|found| found.first().copied()).unwrap_or_default();
        let having: Vec<_> = found.by_ref().take(self.wording.tokens().count()).collect::<Result<_, _>>()?;
        let idfs = having.iter().map(|having| (!having.is_empty()).then(|| idf(frequency(having, newest), newest)));
        let idfs: Vec<_> = idfs.collect();
        let known = idfs.iter().flatten();
        let mean = known.clone().sum::<f64>() / count(known.count().max(1) as u64);
        let mut weights = BTreeMap::new();
        let mut sums: BTreeMap<u64, f64> = BTreeMap::new();
        for (at, (token, having)) in self.wording.tokens().zip(having).enumerate() {
            let twice = if at < self.wording.title.len() { 2.0 } else { 1.0 };
            let weight = twice * idfs[at].unwrap_or(mean);
            weights.insert(Arc::clone(token), weight);
            for ordinal in having {
                *sums.entry(ordinal).or_default() += weight;
            }
        }
        let title: f64 = self.wording.title.iter().filter_map(|token| weights.get(token)).sum();
        for ordinal in found.next().transpose()?.unwrap_or_default() {
            let sum = sums.entry(ordinal).or_default();
            *sum = sum.max(title);
        }
        let mut candidates: Vec<_> =
            sums.into_iter().filter(|(ordinal, _)| self.except.is_none_or(|except| except != *ordinal)).collect();
        // Among equals the newest.
        candidates.sort_by(|(one, its), (other, others)| others.total_cmp(its).then(other.cmp(one)));
        candidates.truncate(CANDIDATES_MAX);
        let candidates = candidates.into_iter().map(|(ordinal, _)| ordinal).collect();
        Ok(Likeness { project: self.project.clone(), weights, candidates })
    }
}

/// How many issues have the word, told from the newest of them.
fn frequency(having: &[u64], newest: u64) -> f64 {
    let read = count(having.len() as u64);
    match having.last() {
        Some(oldest) if having.len() >= NEWEST_PER_WORD as usize => {
            let among = newest.saturating_sub(*oldest) + 1;
            read * count(newest) / count(among)
        }
        _ => read,
    }
}

fn idf(having: f64, all: u64) -> f64 {
    (1.0 + (count(all) - having + 0.5).max(0.0) / (having + 0.5)).ln()
}

fn count(count: u64) -> f64 {
    count as f64
}

impl Likeness {
    /// True: nothing shares a word.
    pub fn is_empty(&self) -> bool {
        self.candidates.is_empty()
    }

    fn compare(&self, row: &Row) -> Result<Option<Offered>, RowError> {
        let title: BTreeSet<&str> = words(row, "title_words")?.collect();
        let mut beside = BTreeSet::new();
        for column in ["report_words", "workaround_words", "comments_words"] {
            beside.extend(words(row, column)?);
        }
        let (mut all, mut sum, mut shared) = (0.0, 0.0, Vec::new());
        for (token, weight) in &self.weights {
            all += weight;
            let part = if title.contains(&**token) {
                1.0
            } else if beside.contains(&**token) {
                0.5
            } else {
                continue;
            };
            sum += part * weight;
            shared.push((part * weight, Arc::clone(token)));
        }
        let likeness = if all > 0.0 { sum / all } else { 0.0 };
        if likeness < LIKENESS_MIN || shared.len() < self.weights.len().min(2) {
            return Ok(None);
        }
        shared.sort_by(|(one, _), (other, _)| other.total_cmp(one));
        let shared = shared.into_iter().map(|(_, token)| token).collect();
        Ok(Some(Offered { hit: hit(row)?, likeness, shared }))
    }
}

impl Query for Likeness {
    type Found = Vec<Offered>;

    fn view(&self) -> ViewId {
        SCHEMA.id()
    }

    fn selects(&self) -> Vec<Select> {
        vec![of(&self.project, &self.candidates)]
    }

    /// The likest first, among equals the newest; at most [`OFFERED_MAX`].
    fn read(&self, rows: Vec<Vec<Row>>) -> Result<Vec<Offered>, RowError> {
        let mut offered = Vec::new();
        for row in rows.iter().flatten() {
            offered.extend(self.compare(row)?);
        }
        offered.sort_by(|one: &Offered, other: &Offered| {
            other.likeness.total_cmp(&one.likeness).then(other.hit.key.ordinal.cmp(&one.hit.key.ordinal))
        });
        offered.truncate(OFFERED_MAX);
        Ok(offered)
    }
}
