//! Compliance as comma-separated values: a row for the window, and one for each step of its trend.

use api::sla::v1::{Compliance, ComplianceFigures, OpenClocks};

use super::compliance::{measure, value};
use crate::client::times;

const HEAD: [&str; 22] = [
    "project",
    "since",
    "until",
    "step",
    "value",
    "measure",
    "compliance",
    "verdicts",
    "met",
    "breached",
    "corrected",
    "sent_back",
    "cancelled",
    "without_target",
    "open_running",
    "open_paused",
    "open_at_risk",
    "open_breached",
    "policy_versions",
    "partition",
    "position",
    "as_of",
];

pub(super) fn compliance(told: &Compliance) -> Result<String, csv::Error> {
    let time = |time: Option<&prost_types::Timestamp>| time.map(times::iso).unwrap_or_default();
    let position = told.position.unwrap_or_default();
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(HEAD)?;
    for line in &told.lines {
        let versions: Vec<_> = line.policy_versions.iter().map(u32::to_string).collect();
        let whole = [(String::new(), line.figures.unwrap_or_default(), line.open)];
        let steps = line.trend.iter().map(|at| (time(at.start.as_ref()), at.figures.unwrap_or_default(), None));
        for (step, figures, open) in whole.into_iter().chain(steps) {
            let row = [told.project.clone(), time(told.since.as_ref()), time(told.until.as_ref()), step]
                .into_iter()
                .chain([value(line).to_owned(), measure(line.measure()).to_owned()])
                .chain(self::figures(&figures))
                .chain(self::open(open))
                .chain([versions.join(" "), position.partition.to_string(), position.position.to_string()])
                .chain([time(told.as_of.as_ref())]);
            writer.write_record(row)?;
        }
    }
    let bytes = writer.into_inner().map_err(|error| csv::Error::from(error.into_error()))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn figures(told: &ComplianceFigures) -> [String; 8] {
    let share = told.compliance.map(|share| format!("{share:.4}")).unwrap_or_default();
    let counts = [told.verdicts, told.met, told.breached, told.corrected, told.sent_back, told.cancelled];
    let [verdicts, met, breached, corrected, sent_back, cancelled] = counts.map(|count| count.to_string());
    [share, verdicts, met, breached, corrected, sent_back, cancelled, told.without_target.to_string()]
}

/// Of the window as a whole only: what is open is open now.
fn open(told: Option<OpenClocks>) -> [String; 4] {
    told.map_or_else(Default::default, |told| {
        [told.running, told.paused, told.at_risk, told.breached].map(|count| count.to_string())
    })
}
