//! Flow as comma-separated values: a row for each step and value, or for each thing that takes time.

use api::flow::v1::{CumulativeFlow, Throughput, Times};
use prost_types::{Duration, Timestamp};

use super::story::{measure, value};
use crate::client::times;

pub(super) fn standing(flow: &CumulativeFlow) -> Result<String, csv::Error> {
    let states = ["new_untriaged", "new_triaged", "accepted", "resolved", "verified", "closed", "dismissed"];
    let rows = flow.series.iter().flat_map(|series| {
        series.steps.iter().map(move |at| {
            let counts =
                [at.new_untriaged, at.new_triaged, at.accepted, at.resolved, at.verified, at.closed, at.dismissed];
            [start(at.start.as_ref()), value(&series.value, series.rest).to_owned()]
                .into_iter()
                .chain(counts.map(|count| count.to_string()))
                .collect()
        })
    });
    sheet(["start", "value"].into_iter().chain(states), rows)
}

pub(super) fn throughput(throughput: &Throughput) -> Result<String, csv::Error> {
    let rows = throughput.series.iter().flat_map(|series| {
        series.steps.iter().map(move |at| {
            let counts = [at.filed, at.closed, at.dismissed, at.reopened].map(|count| count.to_string());
            [start(at.start.as_ref()), value(&series.value, series.rest).to_owned()].into_iter().chain(counts).collect()
        })
    });
    sheet(["start", "value", "filed", "closed", "dismissed", "reopened"], rows)
}

pub(super) fn times(times: &Times) -> Result<String, csv::Error> {
    let seconds = |length: Option<Duration>| length.map(|length| length.seconds.to_string()).unwrap_or_default();
    let rows = times.values.iter().flat_map(|of| {
        of.measures.iter().map(move |measured| {
            let [ended, waiting] = [measured.ended, measured.waiting].map(|told| {
                let points = told.map(|told| told.points.to_string()).unwrap_or_default();
                let told = told.unwrap_or_default();
                [points, seconds(told.p50), seconds(told.p85), seconds(told.p95)]
            });
            let named = [value(&of.value, of.rest).to_owned(), measure(measured)];
            named.into_iter().chain(ended).chain(waiting).collect()
        })
    });
    let ended = ["ended", "p50_seconds", "p85_seconds", "p95_seconds"];
    let waiting = ["waiting", "age_p50_seconds", "age_p85_seconds", "age_p95_seconds"];
    sheet(["value", "measure"].into_iter().chain(ended).chain(waiting), rows)
}

fn start(start: Option<&Timestamp>) -> String {
    start.map(times::iso).unwrap_or_default()
}

fn sheet<'h>(
    head: impl IntoIterator<Item = &'h str>,
    rows: impl Iterator<Item = Vec<String>>,
) -> Result<String, csv::Error> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(head)?;
    rows.into_iter().try_for_each(|row| writer.write_record(row))?;
    let bytes = writer.into_inner().map_err(|error| csv::Error::from(error.into_error()))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}
