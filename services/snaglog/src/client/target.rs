//! Targets as people write them: `4h`, `1h 30m`, `2 working days`, `2wd`.

use api::policies::v1::{self as proto, target::Target as Kind};
use jiff::SignedDuration;

/// Reads a target.
pub(crate) fn parse(text: &str) -> Result<proto::Target, String> {
    let text = text.trim();
    let days = ["working days", "working day", "wd"].iter().find_map(|unit| text.strip_suffix(unit));
    let target = match days {
        Some(days) => Kind::WorkingDays(days.trim().parse().map_err(|_| wrong(text))?),
        None => Kind::WorkingTime(duration(text)?),
    };
    Ok(proto::Target { target: Some(target) })
}

/// Reads a length of working time.
pub(crate) fn duration(text: &str) -> Result<prost_types::Duration, String> {
    let length: SignedDuration = text.trim().parse().map_err(|_| wrong(text))?;
    Ok(prost_types::Duration { seconds: length.as_secs(), nanos: length.subsec_nanos() })
}

fn wrong(text: &str) -> String {
    format!("{text:?} is no target; give `4h`, `1h 30m`, `2 working days` or `2wd`")
}

/// A length of working time as people read it: `4 h`, `1 h 30 min`, `45 s`.
pub(crate) fn length(length: &prost_types::Duration) -> String {
    let seconds = length.seconds;
    let parts = [(seconds / 3600, "h"), (seconds % 3600 / 60, "min"), (seconds % 60, "s")];
    let parts = parts.into_iter().filter(|(count, _)| *count != 0).map(|(count, unit)| format!("{count} {unit}"));
    let text = parts.collect::<Vec<_>>().join(" ");
    if text.is_empty() { "nothing".to_owned() } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_write_targets_in_several_ways() {
        let seconds = |seconds| Some(Kind::WorkingTime(prost_types::Duration { seconds, nanos: 0 }));
        let cases = [
            ("4h", seconds(14_400)),
            ("1h 30m", seconds(5_400)),
            ("15 min", seconds(900)),
            ("PT2H", seconds(7_200)),
            ("2 working days", Some(Kind::WorkingDays(2))),
            ("1 working day", Some(Kind::WorkingDays(1))),
            ("30wd", Some(Kind::WorkingDays(30))),
        ];
        for (text, target) in cases {
            assert_eq!(parse(text).map(|read| read.target), Ok(target), "{text}");
        }
        for text in ["", "4", "two working days", "2 days", "-1 wd", "soon"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn lengths_are_told_in_their_units() {
        let told = |seconds| length(&prost_types::Duration { seconds, nanos: 0 });
        assert_eq!([0, 45, 5_400, 144_000].map(told), ["nothing", "45 s", "1 h 30 min", "40 h"]);
    }
}
