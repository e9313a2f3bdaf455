//! The same bugs as a careless export would write them: fields missing or null, entries in disorder, lines twice.

use fastrand::Rng;
use serde_json::{Value as Json, json};

use super::course;

/// Scratches some of the bugs. None changes where they stand at the end.
pub(super) fn scratch(seed: u64, bugs: &mut [Json]) {
    let mut dice = Rng::with_seed(seed);
    for bug in bugs {
        for scratch in SCRATCHES {
            if dice.u8(..10) == 0 {
                scratch(bug, &mut dice);
            }
        }
    }
}

/// The lines of a file: with a byte order mark, both kinds of line ends, blank lines, and some bugs twice.
pub(super) fn lines(seed: u64, bugs: &[Json]) -> String {
    let mut dice = Rng::with_seed(seed);
    let mut lines = String::from("\u{feff}");
    for bug in bugs {
        let times = if dice.u8(..10) == 0 { 2 } else { 1 };
        for _ in 0..times {
            lines += &bug.to_string();
            lines += ["\n", "\r\n", "\n\n", "\r\n \t\r\n"][dice.usize(..4)];
        }
    }
    lines
}

type Scratch = fn(&mut Json, &mut Rng);

const SCRATCHES: &[Scratch] = &[
    |bug, dice| {
        bug[["summary", "description", "creator", "severity", "component", "assigned_to", "keywords"]
            [dice.usize(..7)]] = json!(null);
    },
    |bug, dice| {
        let field = [
            "summary",
            "description",
            "creator",
            "severity",
            "component",
            "assigned_to",
            "last_resolved",
            "comment_count",
        ][dice.usize(..8)];
        bug.as_object_mut().unwrap().remove(field);
    },
    |bug, _| bug["id"] = bug["id"].to_string().into(),
    |bug, dice| bug["summary"] = ["", " two\nlines\u{7} ", "\u{202e}right to left ", "💥"][dice.usize(..4)].into(),
    |bug, _| bug["summary"] = "A long story, ".repeat(20).into(),
    |bug, _| bug["description"] = "One line\r\nand\0another\r\r\n\u{1b}[31m".into(),
    |bug, _| bug["description"] = "Viel Lärm. ".repeat(7_000).into(),
    |bug, _| bug["creator"] = "Zoë <zoe@example.org>".into(),
    |bug, _| bug["flags"] = json!([{ "name": "needinfo", "status": "?", "requestee": "user-001" }]),
    |bug, _| bug["history"] = json!([]),
    |bug, _| {
        let of_status =
            |entry: &Json| entry["changes"].as_array().unwrap().iter().any(|change| change["field"] == "status");
        let told = course::entries(bug).any(of_status);
        if told {
            bug.as_object_mut().unwrap().remove("status");
        }
    },
    |bug, _| {
        let timed = course::entries(bug).any(|entry| entry["when"].is_string());
        if timed {
            bug["creation_time"] = json!(null);
        }
    },
    |bug, dice| with_entry(bug, dice, |entry| entry["who"] = json!(null)),
    |bug, dice| with_entry(bug, dice, |entry| entry["attachment_id"] = json!(8)),
    // Without a time, and with nothing that it could matter to.
    |bug, _| add(bug, json!({ "who": "user-001", "changes": [{ "field": "cc", "added": "user-008" }] })),
    |bug, _| {
        add(
            bug,
            json!({ "when": "1999-01-01T00:00:00Z", "changes": [{ "field": "cc", "removed": "user-008", "comment_id": 3 }] }),
        );
    },
    |bug, _| add(bug, json!({ "when": "2019-01-01 00:00:00", "who": "user-001", "changes": [] })),
    misplace,
    |bug, dice| {
        with_entry(bug, dice, |entry| {
            let seconds = entry["when"].as_str().map(|when| when.trim_end_matches('Z').to_owned());
            if let Some(seconds) = seconds {
                entry["when"] = format!("{seconds}+00:00").into();
            }
        });
    },
];

fn with_entry(bug: &mut Json, dice: &mut Rng, scratch: fn(&mut Json)) {
    if let Some(entries) = bug["history"].as_array_mut().filter(|entries| !entries.is_empty()) {
        let at = dice.usize(..entries.len());
        scratch(&mut entries[at]);
    }
}

fn add(bug: &mut Json, entry: Json) {
    if let Some(entries) = bug["history"].as_array_mut() {
        entries.push(entry);
    }
}

/// Puts an entry elsewhere that no other has the time of: between those, the file's order is all that is known.
fn misplace(bug: &mut Json, dice: &mut Rng) {
    let Some(entries) = bug["history"].as_array_mut().filter(|entries| !entries.is_empty()) else { return };
    let from = dice.usize(..entries.len());
    let alone = entries.iter().filter(|entry| entry["when"] == entries[from]["when"]).count() == 1;
    if alone && entries[from]["when"].is_string() {
        let entry = entries.remove(from);
        entries.insert(dice.usize(..=entries.len()), entry);
    }
}
