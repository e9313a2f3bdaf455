//! When somebody is called overloaded.

use api::people::v1::Overload;

/// Five things at a time leave a quarter of the time for work, the rest goes to changing from one to the next: G. M. Weinberg, Quality Software
/// Management, volume 1 (1992), from whose table it is taken.
pub(super) const ACCEPTED_MAX_DEFAULT: u64 = 5;
/// Somebody with so many is not overloaded, however little the others of the team have.
const NEVER_OVERLOADED: u64 = 2;

/// Why somebody is who has accepted so many.
pub(super) fn overloads(accepted: u64, accepted_max: u64, twice_median: Option<f64>) -> Vec<i32> {
    let over_maximum = accepted > accepted_max;
    let over_median = accepted > NEVER_OVERLOADED && twice_median.is_some_and(|twice| as_float(accepted) > twice);
    [(over_maximum, Overload::OverMaximum), (over_median, Overload::OverTwiceMedian)]
        .into_iter()
        .filter(|(over, _)| *over)
        .map(|(_, why)| why.into())
        .collect()
}

/// The one in the middle, or the mean of the two; `None`: there are none.
pub(super) fn median(mut numbers: Vec<u64>) -> Option<f64> {
    numbers.sort_unstable();
    let middle = numbers.len() / 2;
    let upper = as_float(*numbers.get(middle)?);
    if numbers.len() % 2 == 1 {
        return Some(upper);
    }
    numbers.get(middle - 1).map(|lower| f64::midpoint(as_float(*lower), upper))
}

/// More than this is more than twice the median.
pub(super) fn twice_median(median: f64) -> f64 {
    2.0 * median
}

fn as_float(number: u64) -> f64 {
    number as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(accepted: u64, team: &[u64], expected: &[Overload]) {
        let found = overloads(accepted, ACCEPTED_MAX_DEFAULT, median(team.to_vec()).map(twice_median));
        let expected: Vec<i32> = expected.iter().copied().map(Into::into).collect();
        assert_eq!(found, expected, "{accepted} beside {team:?}");
    }

    #[test]
    fn more_than_five_or_than_twice_the_median_is_too_much() {
        check(5, &[], &[]);
        check(6, &[], &[Overload::OverMaximum]);
        check(5, &[2, 5, 2], &[Overload::OverTwiceMedian]);
        check(4, &[2, 4, 2], &[]);
        check(7, &[1, 7], &[Overload::OverMaximum]);
        check(2, &[0, 0, 2], &[]);
        check(3, &[0, 0, 3], &[Overload::OverTwiceMedian]);
    }

    #[test]
    fn the_median_is_in_the_middle() {
        assert_eq!(median(vec![]), None);
        assert_eq!(median(vec![3, 1, 2]), Some(2.0));
        assert_eq!(median(vec![4, 1]), Some(2.5));
    }
}
