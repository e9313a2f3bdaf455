//! An issue's timeline: who did what, when and why, and how long it took.

use std::collections::BTreeMap;

use api::history::v1::Detail;
use api::issues::v1 as wire;
use domain::issue::{Asked, Issue, IssueEvent};
use domain::{StreamKind, StreamRef};
use history::{Entry, Stand, Stay, Timeline, Wait, WaitEnd};
use jiff::{SignedDuration, Timestamp};
use tonic::Status;

use super::{Issues, show};
use crate::fields::stamp;
use crate::histories::{history_problem, story};

/// So many events, stays and questions are shown.
const SHOWN_MAX: usize = 100;
/// What somebody said is cut after so many characters.
const WHY_CHARS_MAX: usize = 500;
/// The details of an event that are somebody's words, those first that say why.
const SAID: [&str; 5] = ["reason", "note", "text", "explanation", "action"];

impl Issues {
    /// What led to the issue as it is here. An issue's history is short, so it is read whole.
    pub(super) async fn timeline(&self, issue: &Issue) -> Result<wire::Timeline, Status> {
        let id = issue.id.to_string().into();
        let stream = StreamRef { project: issue.key.project.clone(), kind: StreamKind::Issue, id };
        let entries = self.history.up_to::<IssueEvent>(&stream, issue.revision).await;
        let entries = entries.map_err(|error| history_problem(&error))?;
        Ok(timeline(&entries, self.environment.now()))
    }
}

fn timeline(entries: &[Entry<IssueEvent>], now: Timestamp) -> wire::Timeline {
    let events: Vec<_> = entries.iter().map(|entry| entry.recorded.clone()).collect();
    let told = Timeline::of(&events);
    let earlier = entries.len().saturating_sub(SHOWN_MAX);
    let shown = entries.iter().zip(&told.ended).skip(earlier);
    wire::Timeline {
        entries: shown.map(|(one, ended)| entry(one, ended.as_ref(), now)).collect(),
        earlier_entries: earlier as u64,
        stays: newest(&told.stays).map(|one| stay(one, now)).collect(),
        time_in_states: time_in_states(&told.stays, now),
        waits: newest(&told.waits).map(|one| wait(one, now)).collect(),
        time_waiting: Some(duration(told.waited(now))),
        as_of: Some(stamp(now)),
    }
}

fn newest<T>(all: &[T]) -> impl Iterator<Item = &T> {
    all.iter().skip(all.len().saturating_sub(SHOWN_MAX))
}

fn entry(entry: &Entry<IssueEvent>, ended: Option<&Stay>, now: Timestamp) -> wire::TimelineEntry {
    let recorded = &entry.recorded;
    let (ended_state, ended_triaged) = ended.map_or_else(Default::default, |stay| state(stay.stand));
    wire::TimelineEntry {
        revision: recorded.revision,
        r#type: entry.event_type.to_string(),
        summary: story::summary(&recorded.event),
        why: why(story::details(&recorded.event)),
        actor: recorded.actor.to_string(),
        occurred_at: Some(stamp(recorded.occurred_at)),
        recorded_at: Some(stamp(recorded.recorded_at)),
        ended_state: ended_state.into(),
        ended_triaged,
        ended_after: ended.map(|stay| duration(stay.length(now))),
        origin: recorded.origin.as_ref().map(show::origin),
    }
}

fn why(mut details: Vec<Detail>) -> String {
    let place = |detail: &Detail| SAID.iter().position(|said| *said == detail.name);
    details.retain(|detail| place(detail).is_some());
    let Some(first) = details.into_iter().min_by_key(place) else { return String::new() };
    match first.value.char_indices().nth(WHY_CHARS_MAX) {
        Some((end, _)) => format!("{} …", &first.value[..end]),
        None => first.value,
    }
}

fn stay(stay: &Stay, now: Timestamp) -> wire::Stay {
    let (state, triaged) = state(stay.stand);
    wire::Stay {
        state: state.into(),
        triaged,
        from: Some(stamp(stay.from)),
        to: stay.to.map(stamp),
        length: Some(duration(stay.length(now))),
        by: stay.by.to_string(),
        revision: stay.revision,
    }
}

fn time_in_states(stays: &[Stay], now: Timestamp) -> Vec<wire::TimeInState> {
    let mut times: BTreeMap<Stand, (SignedDuration, u64)> = BTreeMap::new();
    for stay in stays {
        let (length, count) = times.entry(stay.stand).or_default();
        *length = length.saturating_add(stay.length(now));
        *count += 1;
    }
    let show = |(stand, (length, stays))| {
        let (state, triaged) = state(stand);
        wire::TimeInState { state: state.into(), triaged, length: Some(duration(length)), stays }
    };
    times.into_iter().map(show).collect()
}

fn wait(wait: &Wait, now: Timestamp) -> wire::Wait {
    let (of, person) = match &wait.of {
        Asked::Opener => (wire::Asked::Opener, String::new()),
        Asked::Customer => (wire::Asked::Customer, String::new()),
        Asked::ProductOwner => (wire::Asked::ProductOwner, String::new()),
        Asked::Person(person) => (wire::Asked::Person, person.to_string()),
    };
    let end = match wait.end {
        None => wire::WaitEnd::Unspecified,
        Some(WaitEnd::Answered) => wire::WaitEnd::Answered,
        Some(WaitEnd::Withdrawn) => wire::WaitEnd::Withdrawn,
        Some(WaitEnd::MovedOn) => wire::WaitEnd::MovedOn,
    };
    wire::Wait {
        question: wait.question,
        of: of.into(),
        person,
        asked_by: wait.by.to_string(),
        from: Some(stamp(wait.from)),
        to: wait.to.map(stamp),
        length: Some(duration(wait.length(now))),
        end: end.into(),
    }
}

fn state(stand: Stand) -> (wire::IssueState, bool) {
    let state = match stand {
        Stand::NewUntriaged | Stand::NewTriaged => wire::IssueState::New,
        Stand::Accepted => wire::IssueState::Accepted,
        Stand::Resolved => wire::IssueState::Resolved,
        Stand::Verified => wire::IssueState::Verified,
        Stand::Closed => wire::IssueState::Closed,
        Stand::Dismissed => wire::IssueState::Dismissed,
    };
    (state, stand == Stand::NewTriaged)
}

fn duration(length: SignedDuration) -> prost_types::Duration {
    prost_types::Duration { seconds: length.as_secs(), nanos: length.subsec_nanos() }
}
