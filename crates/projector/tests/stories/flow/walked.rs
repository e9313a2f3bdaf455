//! Another way to the same figures: each issue's history walked day by day, with the domain's own fold and nothing kept.

use domain::issue::{Closing, Issue, IssueEvent, Level, evolve};
use domain::{Event, Fact, Recorded};
use jiff::Timestamp;
use views::flow::{Day, Dimension, Measure};
use views::issue::Standing;

/// An issue's history, walked.
pub(super) struct Walked {
    /// As it stands in the end.
    issue: Issue,
    /// Its filing, and whatever moved it since.
    moves: Vec<Moved>,
    /// When it was mitigated, and whether that was told.
    mitigated: Option<(Timestamp, bool)>,
}

struct Moved {
    event: IssueEvent,
    from: Option<Standing>,
    to: Standing,
    /// Not before the move before it.
    at: Timestamp,
    told: bool,
}

/// The issues of a log.
pub(super) fn walk(written: &[Recorded]) -> Vec<Walked> {
    let mut ordinals: Vec<u64> = written.iter().map(|recorded| recorded.ordinal).collect();
    ordinals.sort_unstable();
    ordinals.dedup();
    let of = |ordinal| written.iter().filter(move |recorded| recorded.ordinal == ordinal);
    ordinals.into_iter().map(|ordinal| walk_one(of(ordinal))).collect()
}

fn walk_one<'a>(events: impl Iterator<Item = &'a Recorded>) -> Walked {
    let (mut issue, mut moves, mut mitigated): (Option<Issue>, Vec<Moved>, _) = (None, Vec::new(), None);
    for recorded in events {
        let Event::Issue(event) = recorded.event.clone() else { continue };
        let told = !recorded.origin.as_ref().is_some_and(|origin| origin.implied);
        let before = issue.clone();
        issue = evolve(issue, &recorded.clone().map(|_| event.clone()));
        let after = issue.as_ref().expect("it was filed");
        let changes = before.as_ref().is_none_or(|before| event.changes_state(&before.state));
        let at = match moves.last() {
            Some(last) if changes => recorded.occurred_at.max(last.at),
            _ => recorded.occurred_at,
        };
        let small = |issue: &Issue| {
            let level = issue.triage.as_ref().and_then(|triage| triage.level.known().copied());
            matches!(level, Some(Level::UserError | Level::System))
        };
        let ends = match (&event, &before) {
            (
                IssueEvent::IssueClosed {
                    closing: Fact::Known(Closing::DataApplied { at: Some(applied), .. }), ..
                },
                _,
            ) if changes => Some((*applied).min(at)),
            (IssueEvent::IssueClosed { .. }, _) if changes => Some(at),
            (IssueEvent::IssueResolved { .. }, Some(before)) if changes && small(before) => Some(at),
            (IssueEvent::WorkaroundRecorded { .. }, Some(before)) if before.workaround != after.workaround => Some(at),
            (IssueEvent::MarkedInProduction { .. }, Some(before)) if event.follows(&before.state) => Some(at),
            _ => None,
        };
        mitigated = mitigated.or(ends.map(|at| (at, told)));
        if changes {
            let from = before.map(|before| Standing::of(&before.state));
            moves.push(Moved { event, from, to: Standing::of(&after.state), at, told });
        }
    }
    Walked { issue: issue.expect("it was filed"), moves, mitigated }
}

impl Walked {
    /// Its value of the dimension; empty: none, or no dimension.
    pub(super) fn value(&self, by: Option<Dimension>) -> String {
        let triage = self.issue.triage.as_ref();
        let known = |text: Option<&str>| text.unwrap_or_default().to_owned();
        match by {
            None => String::new(),
            Some(Dimension::Severity) => {
                known(triage.and_then(|it| it.severity.known()).map(domain::ids::SeverityId::as_str))
            }
            Some(Dimension::Team) => known(triage.and_then(|it| it.team.known()).map(domain::ids::TeamId::as_str)),
            Some(Dimension::Component) => known(self.issue.component.as_ref().map(domain::ids::ComponentId::as_str)),
            Some(Dimension::Nature) => known(triage.and_then(|it| it.nature).map(|nature| match nature {
                domain::issue::Nature::Incident => "incident",
                domain::issue::Nature::Bug => "bug",
            })),
            Some(Dimension::Level) => known(triage.map(|it| match it.level {
                Fact::NotKnown => "not_known",
                Fact::Known(Level::UserError) => "user_error",
                Fact::Known(Level::System) => "system",
                Fact::Known(Level::CodeOrData) => "code_or_data",
            })),
            Some(Dimension::Source) => "product_owner".to_owned(),
        }
    }

    /// Where it stood when the day before this one ended; `None`: it was not filed yet.
    pub(super) fn stood_before(&self, day: Day) -> Option<Standing> {
        self.moves.iter().rev().find(|moved| moved.at < day.start()).map(|moved| moved.to)
    }

    /// Filings, closings, dismissals and reopenings of these days.
    pub(super) fn throughput(&self, from: Day, to: Day) -> [i64; 4] {
        let within = self.moves.iter().filter(|moved| (from..to).contains(&Day::of(moved.at)));
        let count =
            |which: fn(&Moved) -> bool| i64::try_from(within.clone().filter(|moved| which(moved)).count()).unwrap();
        [
            count(|moved| moved.from.is_none()),
            count(|moved| moved.to == Standing::Closed),
            count(|moved| moved.to == Standing::Dismissed),
            count(|moved| matches!(moved.event, IssueEvent::IssueReopened { .. })),
        ]
    }

    /// The durations of this kind: on which day each ended, and its whole seconds.
    pub(super) fn durations(&self, measure: Measure) -> Vec<(Day, u64)> {
        let filed = &self.moves[0];
        let ended =
            |begun: &Moved, end: &Moved| (begun.told && end.told).then(|| (Day::of(end.at), seconds(begun.at, end.at)));
        if measure == Measure::Mitigate {
            let end = self.mitigated.filter(|(_, told)| *told && filed.told).map(|(at, _)| at.max(filed.at));
            return end.map(|at| (Day::of(at), seconds(filed.at, at))).into_iter().collect();
        }
        let ends = self.moves.iter().enumerate().skip(1);
        ends.filter_map(|(place, end)| ended(self.begun(measure, place)?, end)).collect()
    }

    /// What began that ends by the move at this place.
    fn begun(&self, measure: Measure, place: usize) -> Option<&Moved> {
        let (before, end) = self.moves.split_at(place);
        let end = &end[0];
        let first = |is: fn(&IssueEvent) -> bool| is(&end.event) && !before.iter().any(|moved| is(&moved.event));
        let is_resolved = |event: &IssueEvent| matches!(event, IssueEvent::IssueResolved { .. });
        let is_accepted = |event: &IssueEvent| matches!(event, IssueEvent::IssueAccepted { .. });
        let reopened = before.iter().rev().find(|moved| {
            moved.from == Some(Standing::Closed) && matches!(moved.event, IssueEvent::IssueReopened { .. })
        });
        let filed = &self.moves[0];
        match measure {
            Measure::Lead => (end.to == Standing::Closed).then(|| reopened.unwrap_or(filed)),
            Measure::Dismiss => (end.to == Standing::Dismissed).then(|| reopened.unwrap_or(filed)),
            Measure::Cycle => {
                let accepted = || before.iter().find(|moved| is_accepted(&moved.event));
                reopened.or_else(accepted).filter(|_| end.to == Standing::Closed)
            }
            Measure::Triage => first(|event| matches!(event, IssueEvent::IssueTriaged { .. })).then_some(filed),
            Measure::Accept => first(|event| matches!(event, IssueEvent::IssueAccepted { .. })).then_some(filed),
            Measure::Resolve => first(|event| matches!(event, IssueEvent::IssueResolved { .. })).then_some(filed),
            Measure::ResolveAgain => {
                let again = is_resolved(&end.event) && before.iter().any(|moved| is_resolved(&moved.event));
                let sent_back = |moved: &&Moved| {
                    let reopened = moved.from == Some(Standing::Closed) && moved.to == Standing::Accepted;
                    reopened || matches!(moved.event, IssueEvent::ResolutionRejected { .. })
                };
                let last = before.iter().rposition(|moved| is_resolved(&moved.event))?;
                again.then(|| before[last..].iter().rev().find(sent_back)).flatten()
            }
            Measure::Mitigate => None,
            _ => before.last().filter(|last| Measure::stay(last.to) == Some(measure)),
        }
    }

    /// Is the end of this still to come, and is it told since when?
    pub(super) fn waits(&self, measure: Measure) -> bool {
        let (last, filed) = (self.moves.last().expect("it was filed"), self.moves[0].told);
        if matches!(last.to, Standing::Closed | Standing::Dismissed) {
            return false;
        }
        let ever = |is: fn(&IssueEvent) -> bool| self.moves.iter().any(|moved| is(&moved.event));
        let reopened = self.moves.iter().rev().find(|moved| {
            moved.from == Some(Standing::Closed) && matches!(moved.event, IssueEvent::IssueReopened { .. })
        });
        match measure {
            Measure::Lead => reopened.map_or(filed, |moved| moved.told),
            Measure::Cycle => {
                let accepted =
                    || self.moves.iter().find(|moved| matches!(moved.event, IssueEvent::IssueAccepted { .. }));
                reopened.or_else(accepted).is_some_and(|moved| moved.told)
            }
            Measure::Triage => filed && !ever(|event| matches!(event, IssueEvent::IssueTriaged { .. })),
            Measure::Accept => filed && !ever(|event| matches!(event, IssueEvent::IssueAccepted { .. })),
            Measure::Resolve => filed && !ever(|event| matches!(event, IssueEvent::IssueResolved { .. })),
            Measure::Mitigate => filed && self.mitigated.is_none(),
            Measure::ResolveAgain => {
                let Some(resolved) =
                    self.moves.iter().rposition(|moved| matches!(moved.event, IssueEvent::IssueResolved { .. }))
                else {
                    return false;
                };
                let back = self.moves[resolved..].iter().rev().find(|moved| {
                    matches!(moved.event, IssueEvent::ResolutionRejected { .. })
                        || matches!(moved.event, IssueEvent::IssueReopened { .. })
                            && moved.from == Some(Standing::Closed)
                });
                back.is_some_and(|moved| moved.told)
            }
            Measure::Dismiss => false,
            _ => last.told && Measure::stay(last.to) == Some(measure),
        }
    }
}

fn seconds(from: Timestamp, to: Timestamp) -> u64 {
    to.duration_since(from).as_secs().unsigned_abs()
}
