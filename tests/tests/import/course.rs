//! Where a bug stood and since when, by its own history: said once more, and simpler than the import has to.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use serde_json::Value as Json;

/// Where an issue stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Stand {
    pub(super) state: &'static str,
    pub(super) triaged: bool,
    /// Of a dismissal.
    resolution: Option<String>,
}

impl Stand {
    fn new(state: &'static str, triaged: bool) -> Self {
        Self { state, triaged, resolution: None }
    }

    /// Where a status puts an issue that stood there before. `fixed`: how it had ended last.
    fn next(before: Option<&Self>, status: &str, resolution: &str, fixed: Option<bool>) -> Self {
        let triaged = before.is_some_and(|before| before.triaged);
        match (status, resolution) {
            ("UNCONFIRMED", _) => Self::new("New", false),
            ("NEW", _) => Self::new("New", true),
            ("REOPENED", _) if fixed == Some(false) => Self::new("New", triaged),
            ("REOPENED", _) if fixed.is_none() => before.cloned().unwrap_or_else(|| Self::new("New", true)),
            ("ASSIGNED" | "REOPENED", _) => Self::new("Accepted", true),
            ("RESOLVED", "FIXED") => Self::new("Resolved", true),
            ("VERIFIED", "FIXED") => Self::new("Verified", true),
            ("CLOSED", "FIXED") => Self::new("Closed", true),
            ("RESOLVED" | "VERIFIED" | "CLOSED", other) => {
                Self { state: "Dismissed", triaged, resolution: Some(other.to_owned()) }
            }
            other => panic!("the file has {other:?}: say what it means"),
        }
    }
}

/// A bug's way, from its filing on: each place where it came to stand, with the time.
pub(super) fn course(bug: &Json) -> Vec<(Timestamp, Stand)> {
    let filed = filed_at(bug);
    let mut last = filed;
    let mut entries: Vec<(Timestamp, &Json)> = Vec::new();
    for entry in self::entries(bug) {
        // Without a time, it happened with the one before.
        let at = time(&entry["when"]).unwrap_or(last).max(filed);
        last = last.max(at);
        entries.push((at, entry));
    }
    entries.sort_by_key(|(at, _)| *at);
    let told =
        |field: &str| entries.iter().find_map(|(_, entry)| change(entry, field)).map(|change| text(&change["removed"]));
    let mut way = Way { status: String::new(), resolution: String::new(), fixed: None, stood: Vec::new() };
    match (told("status"), text(&bug["status"])) {
        (Some(status), _) => way.go(filed, Some(status), Some(told("resolution").unwrap_or_default())),
        // Over, and nothing tells how it came to be.
        (None, status) if ["RESOLVED", "VERIFIED", "CLOSED"].contains(&status.as_str()) => {
            way.go(filed, Some("UNCONFIRMED".into()), None);
        }
        (None, status) => way.go(filed, Some(status), None),
    }
    for (at, entry) in &entries {
        let added = |field| change(entry, field).map(|change| text(&change["added"]));
        way.go(*at, added("status"), added("resolution"));
    }
    let last = way.stood.last().map_or(filed, |(at, _)| *at).max(time(&bug["last_resolved"]).unwrap_or(filed));
    if bug["status"].is_string() {
        way.go(last, Some(text(&bug["status"])), bug["resolution"].as_str().map(str::to_owned));
    }
    way.stood
}

/// What is followed.
struct Way {
    status: String,
    resolution: String,
    fixed: Option<bool>,
    stood: Vec<(Timestamp, Stand)>,
}

impl Way {
    fn go(&mut self, at: Timestamp, status: Option<String>, resolution: Option<String>) {
        let nothing = status.is_none() && resolution.is_none();
        self.status = status.unwrap_or_else(|| self.status.clone());
        self.resolution = resolution.unwrap_or_else(|| self.resolution.clone());
        let over = ["RESOLVED", "VERIFIED", "CLOSED"].contains(&self.status.as_str());
        if nothing || (over && self.resolution.is_empty()) {
            return;
        }
        let before = self.stood.last().map(|(_, stand)| stand);
        let stand = Stand::next(before, &self.status, &self.resolution, self.fixed);
        if over {
            self.fixed = Some(self.resolution == "FIXED");
        }
        if before != Some(&stand) {
            self.stood.push((at, stand));
        }
    }
}

/// When it was filed: where nothing tells, with the first that is told of it.
pub(super) fn filed_at(bug: &Json) -> Timestamp {
    let first = || entries(bug).filter_map(|entry| time(&entry["when"])).min();
    time(&bug["creation_time"]).or_else(first).unwrap()
}

pub(super) fn entries(bug: &Json) -> impl Iterator<Item = &Json> {
    bug["history"].as_array().into_iter().flatten()
}

/// The entry's change of this field.
fn change<'a>(entry: &'a Json, field: &str) -> Option<&'a Json> {
    entry["changes"].as_array().into_iter().flatten().find(|change| change["field"] == field)
}

pub(super) fn time(json: &Json) -> Option<Timestamp> {
    let utc = |written: &str| Some(written.parse::<DateTime>().ok()?.to_zoned(TimeZone::UTC).ok()?.timestamp());
    json.as_str().and_then(|written| written.parse().ok().or_else(|| utc(written)))
}

fn text(json: &Json) -> String {
    json.as_str().unwrap_or_default().to_owned()
}
