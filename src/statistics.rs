//! Small statistics.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// Pearson's correlation over the common length; 0 where either side is constant.
pub fn pearson(a: &[f32], b: &[f32]) -> f32 {
    let n = a.len().min(b.len());
    let mean = |x: &[f32]| x[..n].iter().map(|v| f64::from(*v)).sum::<f64>() / n.max(1) as f64;
    let (ma, mb) = (mean(a), mean(b));
    let (mut ab, mut aa, mut bb) = (0.0, 0.0, 0.0);
    for (x, y) in a.iter().zip(b) {
        let (x, y) = (f64::from(*x) - ma, f64::from(*y) - mb);
        (ab, aa, bb) = (ab + x * y, aa + x * x, bb + y * y);
    }
    if aa * bb <= 1e-18 { 0.0 } else { (ab / (aa * bb).sqrt()) as f32 }
}

/// Spearman's rank correlation; no ties are expected.
pub fn spearman(a: &[f32], b: &[f32]) -> f32 {
    pearson(&ranks(a), &ranks(b))
}

fn ranks(values: &[f32]) -> Vec<f32> {
    values.iter().map(|v| values.iter().filter(|w| *w < v).count() as f32).collect()
}

/// Pearson's correlation of `a`, read `lag` places later, with `b`, over the places that every lag up to `most` either way has; 0 where
/// there are none.
pub fn lagged(a: &[f32], b: &[f32], lag: i32, most: usize) -> f32 {
    let frames = a.len().min(b.len());
    if frames <= 2 * most {
        return 0.0;
    }
    let from = most.saturating_add_signed(lag as isize);
    pearson(&a[from..from + frames - 2 * most], &b[most..frames - most])
}

/// Middle value; 0 of nothing.
pub fn median(values: &[f32]) -> f32 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f32::total_cmp);
    match sorted.len() {
        0 => 0.0,
        n if n % 2 == 1 => sorted[n / 2],
        n => 0.5 * (sorted[n / 2 - 1] + sorted[n / 2]),
    }
}

/// Arithmetic mean; 0 of nothing.
pub fn mean(values: &[f32]) -> f32 {
    (values.iter().map(|v| f64::from(*v)).sum::<f64>() / values.len().max(1) as f64) as f32
}

/// Standard deviation of the whole of what is given; 0 of nothing.
pub fn deviation(values: &[f32]) -> f32 {
    let middle = mean(values);
    mean(&values.iter().map(|v| (v - middle).powi(2)).collect::<Vec<f32>>()).sqrt()
}

/// The value that a share `q` (0..=1) of the values lies below; 0 of nothing.
pub fn percentile(values: &[f32], q: f32) -> f32 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f32::total_cmp);
    sorted.get(((sorted.len().max(1) - 1) as f32 * q) as usize).copied().unwrap_or(0.0)
}

/// A median with its 95 % bootstrap interval.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize)]
pub struct Interval {
    pub median: f32,
    pub low: f32,
    pub high: f32,
}

impl Interval {
    /// A figure that was taken once.
    pub fn exactly(value: f32) -> Interval {
        Interval { median: value, low: value, high: value }
    }
}

impl std::fmt::Display for Interval {
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        // One string, so that a width in the format pads the whole of it.
        write!(f, "{:.2} [{:.2}, {:.2}]", self.median, self.low, self.high)
    }
}

/// The median and where 95 % of the medians of 400 resampled sets lie (a fixed seed: the same list gives the same interval).
pub fn interval(values: &[f32]) -> Interval {
    let mut rng = ChaCha8Rng::seed_from_u64(0);
    let resample = |rng: &mut ChaCha8Rng| median(&values.iter().map(|_| values[rng.random_range(0..values.len())]).collect::<Vec<f32>>());
    let mut medians: Vec<f32> = (0..400).map(|_| resample(&mut rng)).collect();
    medians.sort_by(f32::total_cmp);
    Interval { median: median(values), low: medians[10], high: medians[389] }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn correlation_of_lines_is_one() {
        assert!((pearson(&[1.0, 2.0, 3.0], &[2.0, 4.0, 6.0]) - 1.0).abs() < 1e-6);
        assert!((pearson(&[1.0, 2.0, 3.0], &[3.0, 2.0, 1.0]) + 1.0).abs() < 1e-6);
        assert_eq!(pearson(&[1.0, 1.0], &[0.0, 5.0]), 0.0);
    }

    #[test]
    fn ranks_are_orders() {
        assert_eq!(ranks(&[0.3, 0.1, 0.2]), [2.0, 0.0, 1.0]);
    }

    #[test]
    fn ranks_correlate() {
        assert_eq!(spearman(&[0.0, 1.0, 2.0, 3.0], &[0.1, 0.2, 7.0, 900.0]), 1.0);
        assert_eq!(spearman(&[0.0, 1.0, 2.0, 3.0], &[5.0, 4.0, 3.0, 2.0]), -1.0);
    }

    #[test]
    fn a_lag_is_undone() {
        let late: Vec<f32> = (0..30).map(|n| (n as f32 - 2.0).sin()).collect();
        let own: Vec<f32> = (0..30).map(|n| (n as f32).sin()).collect();
        assert!(lagged(&late, &own, 2, 4) > 0.999 && lagged(&late, &own, 0, 4) < 0.0);
        assert_eq!(lagged(&late[..5], &own[..5], 2, 4), 0.0);
        assert_eq!(lagged(&[], &[], -4, 4), 0.0);
    }

    #[test]
    fn an_interval_holds_its_median() {
        let values: Vec<f32> = (0..50).map(|i| (i as f32 * 0.37).sin()).collect();
        let i = interval(&values);
        assert!(i.low < i.median && i.median < i.high && i.high - i.low < 1.2);
        assert_eq!(i, interval(&values));
        assert_eq!(interval(&[]).median, 0.0);
    }

    #[test]
    fn medians() {
        assert_eq!(median(&[3.0, 1.0, 2.0]), 2.0);
        assert_eq!(median(&[4.0, 1.0, 2.0, 3.0]), 2.5);
        assert_eq!(median(&[]), 0.0);
    }
}
