//! A linear classifier, as a probe: what it can read off numbers is in them.

use crate::solve::cholesky_solve;

/// Most classes of a probe.
const CLASSES: usize = 24;

/// Ridge regression onto class indicators, of standardised inputs; the largest output wins.
pub struct Probe {
    mean: Vec<f64>,
    deviation: Vec<f64>,
    weights: Vec<[f64; CLASSES]>,
    classes: usize,
}

impl Probe {
    /// Fits to rows of equal length and their classes, all below 24. `ridge` is the penalty in units of rows.
    pub fn fit(rows: &[Vec<f32>], classes: &[usize], ridge: f64) -> Probe {
        let width = rows.first().map_or(0, Vec::len);
        let n = rows.len().max(1) as f64;
        let mean: Vec<f64> = (0..width).map(|i| rows.iter().map(|r| f64::from(r[i])).sum::<f64>() / n).collect();
        let spread = |i: usize| (rows.iter().map(|r| (f64::from(r[i]) - mean[i]).powi(2)).sum::<f64>() / n).sqrt().max(1e-6);
        let deviation: Vec<f64> = (0..width).map(spread).collect();
        let mut probe =
            Probe { mean, deviation, weights: vec![[0.0; CLASSES]; width + 1], classes: classes.iter().max().map_or(0, |c| c + 1) };
        let mut gram = vec![vec![0.0; width + 1]; width + 1];
        for (row, class) in rows.iter().zip(classes) {
            let x = probe.standardise(row);
            for i in 0..=width {
                (0..=i).for_each(|j| gram[i][j] += x[i] * x[j]);
                probe.weights[i][*class] += x[i];
            }
        }
        (0..width).for_each(|i| gram[i][i] += ridge);
        gram[width][width] += 1e-6;
        cholesky_solve(&mut gram, &mut probe.weights);
        probe
    }

    fn standardise(&self, row: &[f32]) -> Vec<f64> {
        let values = row.iter().zip(self.mean.iter().zip(&self.deviation)).map(|(v, (m, d))| (f64::from(*v) - m) / d);
        values.chain([1.0]).collect()
    }

    /// All classes, the likeliest of a row first.
    pub fn ranking(&self, row: &[f32]) -> Vec<usize> {
        let x = self.standardise(row);
        let score = |c: usize| x.iter().zip(&self.weights).map(|(x, w)| x * w[c]).sum::<f64>();
        let mut classes: Vec<usize> = (0..self.classes).collect();
        classes.sort_by(|a, b| score(*b).total_cmp(&score(*a)));
        classes
    }

    /// The class of a row.
    pub fn classify(&self, row: &[f32]) -> usize {
        self.ranking(row).first().copied().unwrap_or(0)
    }

    /// Share of rows that are given their class.
    pub fn accuracy(&self, rows: &[Vec<f32>], classes: &[usize]) -> f32 {
        rows.iter().zip(classes).filter(|(row, class)| self.classify(row) == **class).count() as f32 / rows.len().max(1) as f32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_linear_boundary_is_found_and_chance_stays_chance() {
        let value = |i: usize| ((i * 7919) % 1013) as f32 / 1013.0 - 0.5;
        let rows: Vec<Vec<f32>> = (0..600).map(|i| vec![value(i), value(3 * i + 1), 5.0]).collect();
        let classes: Vec<usize> = rows.iter().map(|r| usize::from(r[0] + r[1] > 0.0)).collect();
        let probe = Probe::fit(&rows[..400], &classes[..400], 1.0);
        assert!(probe.accuracy(&rows[400..], &classes[400..]) > 0.93);
        let unrelated: Vec<usize> = (0..600).map(|i| (i * 37 / 11) % 4).collect();
        let probe = Probe::fit(&rows[..400], &unrelated[..400], 1.0);
        assert!(probe.accuracy(&rows[400..], &unrelated[400..]) < 0.4);
    }
}
