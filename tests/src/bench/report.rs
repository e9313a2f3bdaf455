//! Figures: a table for people, JSON lines for scripts.

use serde_json::json;

/// A figure beside its reference.
#[derive(Debug, Clone)]
pub struct Figure {
    /// Which of the bench's cases.
    pub case: String,
    /// What was measured.
    pub value: f64,
    /// In what.
    pub unit: &'static str,
    /// What it is compared with.
    pub reference: &'static str,
    /// That, in the same unit.
    pub reference_value: f64,
}

impl Figure {
    /// Value over reference.
    pub fn ratio(&self) -> f64 {
        self.value / self.reference_value
    }
}

/// Prints figures as they come.
#[derive(Debug)]
pub struct Report {
    bench: &'static str,
    json: bool,
}

impl Report {
    /// Of this benchmark, for scripts or for people.
    pub fn new(bench: &'static str, json: bool) -> Self {
        if !json {
            println!("{:<34} {:>12} {:<11} {:<26} {:>12} {:>7}", "case", "value", "unit", "reference", "", "ratio");
        }
        Self { bench, json }
    }

    /// Prints one.
    pub fn add(&self, figure: &Figure) {
        let Figure { case, value, unit, reference, reference_value } = figure;
        if self.json {
            let line = json!({
                "bench": self.bench, "case": case, "value": value, "unit": unit, "reference": reference,
                "reference_value": reference_value, "ratio": figure.ratio(),
            });
            println!("{line}");
        } else {
            println!(
                "{case:<34} {value:>12.1} {unit:<11} {reference:<26} {reference_value:>12.1} {:>7.2}",
                figure.ratio()
            );
        }
    }
}

/// The value below which this share (0 to 1) of the samples lies, by nearest rank. Sorts them.
pub fn percentile(samples: &mut [f64], share: f64) -> f64 {
    if samples.is_empty() {
        return f64::NAN;
    }
    samples.sort_by(f64::total_cmp);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a rank of a few million")]
    let rank = (share * samples.len() as f64).ceil() as usize;
    samples[rank.clamp(1, samples.len()) - 1]
}
