//! Durations in buckets: what is counted in them can be added and taken away again, and each bucket is at most 1 % wide to
//! either side of its middle.
//!
//! The buckets are those of DDSketch (Masson, Rim, Lee: "DDSketch: a fast and fully-mergeable quantile sketch with
//! relative-error guarantees", VLDB 2019). HdrHistogram's would need 128 counters for each doubling of a duration, these 35.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use sketches_ddsketch::Config;

/// A percentile is off by this part of itself at most.
pub const RELATIVE_ERROR: f64 = 0.01;
/// So many buckets stand in one row.
pub(super) const BAND: u32 = 32;
/// Under so many points nobody is told a 95th percentile.
pub const POINTS_FOR_P95: u64 = 20;
/// Below, a bucket holds one whole second only.
const EXACT_BELOW: f64 = 50.0;

static BUCKETS: LazyLock<Config> = LazyLock::new(|| Config::new(RELATIVE_ERROR, 2048, 1.0));

/// The bucket of a duration in whole seconds: 0 has its own. Longer than 136 years counts as that.
pub(super) fn bucket(seconds: u64) -> u32 {
    let seconds = u32::try_from(seconds).unwrap_or(u32::MAX);
    if seconds == 0 { 0 } else { u32::try_from(BUCKETS.key(f64::from(seconds))).unwrap_or_default() + 1 }
}

/// What a bucket stands for, in seconds.
pub(super) fn middle(bucket: u32) -> f64 {
    let Some(key) = bucket.checked_sub(1) else { return 0.0 };
    let middle = BUCKETS.value(i32::try_from(key).unwrap_or(i32::MAX));
    if middle < EXACT_BELOW { middle.round() } else { middle }
}

/// Durations of which percentiles can be told.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sketch {
    /// How many there are in each bucket.
    points: BTreeMap<u32, u64>,
}

/// Percentiles of durations, in seconds.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Percentiles {
    /// Of so many.
    pub points: u64,
    /// Half of them took no longer; `None`: there are none.
    pub p50: Option<f64>,
    /// 85 of 100 took no longer.
    pub p85: Option<f64>,
    /// 95 of 100 took no longer; `None` under [`POINTS_FOR_P95`] points.
    pub p95: Option<f64>,
}

impl Sketch {
    /// Of these durations, in whole seconds.
    pub fn of(seconds: impl IntoIterator<Item = u64>) -> Self {
        let mut sketch = Self::default();
        seconds.into_iter().for_each(|seconds| sketch.add(bucket(seconds), 1));
        sketch
    }

    /// So many points more in a bucket.
    pub(super) fn add(&mut self, bucket: u32, points: u64) {
        if points > 0 {
            *self.points.entry(bucket).or_default() += points;
        }
    }

    /// The durations of another, too.
    pub(super) fn merge(&mut self, other: &Self) {
        for (bucket, points) in &other.points {
            self.add(*bucket, *points);
        }
    }

    /// How many there are.
    pub fn points(&self) -> u64 {
        self.points.values().sum()
    }

    /// The nearest-rank percentile, in seconds: the smallest that at least so many of 100 do not exceed.
    pub fn nearest_rank(&self, percent: u64) -> Option<f64> {
        let rank = (self.points() * percent).div_ceil(100).max(1);
        let mut up_to = 0;
        let found = self.points.iter().find(|(_, points)| {
            up_to += **points;
            up_to >= rank
        });
        found.map(|(bucket, _)| middle(*bucket))
    }

    /// The percentiles that are told.
    pub fn percentiles(&self) -> Percentiles {
        let points = self.points();
        Percentiles {
            points,
            p50: self.nearest_rank(50),
            p85: self.nearest_rank(85),
            p95: self.nearest_rank(95).filter(|_| points >= POINTS_FOR_P95),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_stands_for_what_is_in_it_within_one_percent() {
        let mut seconds = 1_u64;
        while seconds < u64::from(u32::MAX) {
            let told = middle(bucket(seconds));
            let off = (told - seconds as f64).abs() / seconds as f64;
            assert!(off <= RELATIVE_ERROR + 1e-9, "{seconds} s as {told} s");
            seconds += 1 + seconds / 300;
        }
        assert_eq!((middle(bucket(0)), middle(bucket(1)), middle(bucket(49))), (0.0, 1.0, 49.0));
    }

    #[test]
    fn buckets_are_stored_and_so_never_change_within_a_version() {
        let buckets = [0, 1, 2, 60, 3_600, 86_400, 2_592_000, 31_536_000, u64::MAX].map(bucket);
        assert_eq!(buckets, [0, 1, 35, 205, 410, 569, 739, 864, 1109]);
    }

    #[test]
    fn few_points_have_no_95th_percentile() {
        assert_eq!(Sketch::default().percentiles(), Percentiles::default());
        let mut sketch = Sketch::of([3; 19]);
        assert_eq!((sketch.percentiles().p85, sketch.percentiles().p95), (Some(3.0), None));
        sketch.add(bucket(7), 1);
        assert_eq!((sketch.percentiles().p95, sketch.nearest_rank(96)), (Some(3.0), Some(7.0)));
    }
}
