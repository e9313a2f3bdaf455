//! Bugs with histories as Bugzilla would have kept them, made up by a seed: every status and resolution, in every order that it lets happen.

use fastrand::Rng;
use jiff::{Timestamp, ToSpan as _};
use serde_json::{Value as Json, json};

/// Bugs of one seed: the same each time.
pub(super) fn bugs(seed: u64, count: u64) -> Vec<Json> {
    (0..count).map(|nth| Bug::new(Rng::with_seed(seed.wrapping_mul(1_000_003) + nth), nth, count).lived()).collect()
}

const SEVERITIES: &[&str] =
    &["blocker", "critical", "major", "normal", "minor", "trivial", "enhancement", "S1", "S2", "S3", "S4", "N/A", "--"];
const RESOLUTIONS: &[&str] = &[
    "FIXED",
    "FIXED",
    "FIXED",
    "INVALID",
    "WONTFIX",
    "DUPLICATE",
    "WORKSFORME",
    "INCOMPLETE",
    "INACTIVE",
    "MOVED",
    "EXPIRED",
    "SUPPORT",
];
const COMPONENTS: &[&str] = &[
    "General",
    "DOM: Core & HTML",
    "Performance Tools (Profiler/Timeline)",
    "C++/Rust",
    "Übersetzung",
    "Πολύ μακρύ όνομα για ένα μόνο μέρος του προϊόντος, που δεν χωράει",
];
/// Fields that nothing here is made of.
const OTHERS: &[&str] = &[
    "keywords",
    "cc",
    "priority",
    "target_milestone",
    "summary",
    "type",
    "is_confirmed",
    "cf_status_firefox48",
    "blocks",
    "depends_on",
    "whiteboard",
    "see_also",
    "attachments.isobsolete",
];
const FLAGS: &[&str] = &[
    "needinfo?(user-001)",
    "needinfo?(user-002)",
    "needinfo?(user-003)",
    "needinfo?",
    "needinfo+",
    "needinfo-",
    "needinfoX(user-001)",
    "in-testsuite?",
    "in-testsuite+",
    "in-testsuite-",
    "in-qa-testsuite+",
    "review?(user-004)",
    "review+",
    "qe-verify-",
    "approval-mozilla-beta?",
    "blocking",
];

/// Where a status may lead.
fn ways(status: &str) -> &'static [&'static str] {
    match status {
        "UNCONFIRMED" => &["NEW", "NEW", "ASSIGNED", "RESOLVED"],
        "NEW" => &["ASSIGNED", "ASSIGNED", "RESOLVED", "UNCONFIRMED", "REOPENED"],
        "ASSIGNED" => &["NEW", "RESOLVED", "RESOLVED", "REOPENED"],
        "REOPENED" => &["NEW", "ASSIGNED", "RESOLVED"],
        "RESOLVED" => &["VERIFIED", "VERIFIED", "CLOSED", "REOPENED", "REOPENED", "NEW", "ASSIGNED", "UNCONFIRMED"],
        "VERIFIED" => &["CLOSED", "REOPENED", "RESOLVED", "NEW"],
        _ => &["REOPENED", "NEW", "UNCONFIRMED"],
    }
}

pub(super) fn is_over(status: &str) -> bool {
    ["RESOLVED", "VERIFIED", "CLOSED"].contains(&status)
}

/// A bug that lives.
struct Bug {
    dice: Rng,
    id: u64,
    /// Numbers of bugs go so far.
    ids_end: u64,
    filed: Timestamp,
    at: Timestamp,
    status: String,
    resolution: String,
    severity: String,
    component: String,
    assignee: String,
    flags: Vec<String>,
    last_resolved: Option<Timestamp>,
    history: Vec<Json>,
}

/// Numbers of bugs begin here, and are so far apart.
const FIRST_ID: u64 = 5000;
const ID_STEP: u64 = 3;

impl Bug {
    fn new(mut dice: Rng, nth: u64, count: u64) -> Self {
        let filed = "2009-03-01T09:00:00Z".parse::<Timestamp>().unwrap() + dice.i64(0..3_000_000).minutes();
        Self {
            id: FIRST_ID + ID_STEP * nth,
            ids_end: FIRST_ID + ID_STEP * count,
            filed,
            at: filed,
            status: pick(&mut dice, &["UNCONFIRMED", "NEW", "NEW", "ASSIGNED"]),
            resolution: String::new(),
            severity: pick(&mut dice, SEVERITIES),
            component: pick(&mut dice, COMPONENTS),
            assignee: pick(&mut dice, &["nobody", "user-005"]),
            flags: Vec::new(),
            last_resolved: None,
            history: Vec::new(),
            dice,
        }
    }

    fn lived(mut self) -> Json {
        for _ in 0..self.dice.usize(..14) {
            // Now and then several change something at one instant.
            if self.dice.u8(..8) > 0 {
                self.at += self.dice.i64(1..200_000).minutes();
            }
            let changes = self.changes();
            let who = format!("user-{:03}", self.dice.u8(..9));
            self.history.push(json!({ "when": self.at.to_string(), "who": who, "changes": changes }));
        }
        self.told()
    }

    /// What somebody changes at once; each field once.
    fn changes(&mut self) -> Vec<Json> {
        let mut changes = Vec::new();
        if self.dice.u8(..3) > 0 {
            self.move_on(&mut changes);
        } else if is_over(&self.status) && self.dice.bool() {
            let resolution = pick(&mut self.dice, RESOLUTIONS);
            change(&mut changes, "resolution", &mut self.resolution, resolution);
        }
        if self.dice.u8(..4) == 0 {
            let severity = pick(&mut self.dice, SEVERITIES);
            change(&mut changes, "severity", &mut self.severity, severity);
        }
        if self.dice.u8(..5) == 0 {
            let component = pick(&mut self.dice, COMPONENTS);
            change(&mut changes, "component", &mut self.component, component);
            changes.push(json!({ "field": "product", "removed": "Core", "added": "Toolkit" }));
        }
        if self.dice.u8(..4) == 0 {
            let assignee = pick(&mut self.dice, &["nobody", "user-005", "user-006", "user-007"]);
            change(&mut changes, "assigned_to", &mut self.assignee, assignee);
        }
        if self.dice.u8(..2) == 0 {
            changes.push(self.flag());
        }
        for _ in 0..self.dice.usize(..3) {
            let field = pick(&mut self.dice, OTHERS);
            if !changes.iter().any(|change| change["field"] == field.as_str()) {
                changes.push(json!({ "field": field, "removed": "", "added": "something" }));
            }
        }
        self.dice.shuffle(&mut changes);
        changes
    }

    fn move_on(&mut self, changes: &mut Vec<Json>) {
        let status = pick(&mut self.dice, ways(&self.status));
        let resolution = match (is_over(&self.status), is_over(&status)) {
            (false, true) => pick(&mut self.dice, RESOLUTIONS),
            (true, false) => String::new(),
            // One that was fixed may turn out not to be with its verification.
            (true, true) if self.dice.u8(..8) == 0 => pick(&mut self.dice, RESOLUTIONS),
            _ => self.resolution.clone(),
        };
        if !is_over(&self.status) && is_over(&status) {
            self.last_resolved = Some(self.at);
        }
        change(changes, "status", &mut self.status, status);
        change(changes, "resolution", &mut self.resolution, resolution);
    }

    /// Some flags go, some come.
    fn flag(&mut self) -> Json {
        let gone = self.dice.usize(..=self.flags.len());
        self.dice.shuffle(&mut self.flags);
        let removed: Vec<String> = self.flags.drain(..gone).collect();
        let added: Vec<String> =
            (0..self.dice.usize(usize::from(removed.is_empty())..4)).map(|_| pick(&mut self.dice, FLAGS)).collect();
        self.flags.extend(added.iter().cloned());
        json!({ "field": "flagtypes.name", "removed": removed.join(", "), "added": added.join(", ") })
    }

    fn told(mut self) -> Json {
        let duplicate_of = (self.resolution == "DUPLICATE").then(|| match self.dice.u8(..6) {
            0 => json!(null),
            1 => json!(77),
            _ => json!(FIRST_ID + ID_STEP * self.dice.u64(..(self.ids_end - FIRST_ID) / ID_STEP)),
        });
        json!({
            "id": self.id, "summary": format!("Made-up bug {}", self.id), "description": "Nobody ever saw it.", "creator": "user-001",
            "creation_time": self.filed.to_string(), "status": self.status, "resolution": self.resolution,
            "severity": self.severity, "component": self.component, "product": "Toolkit", "assigned_to": self.assignee,
            "dupe_of": duplicate_of, "last_resolved": self.last_resolved.map(|at| at.to_string()), "keywords": ["made-up"],
            "comment_count": self.dice.u8(..9), "priority": "--", "target_milestone": "---", "type": "defect",
            "history": self.history,
        })
    }
}

/// Changes a field, where that changes anything.
fn change(changes: &mut Vec<Json>, field: &str, of: &mut String, to: String) {
    if *of != to {
        changes.push(json!({ "field": field, "removed": &*of, "added": &to }));
        *of = to;
    }
}

fn pick(dice: &mut Rng, words: &[&str]) -> String {
    words[dice.usize(..words.len())].to_owned()
}
