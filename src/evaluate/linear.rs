//! The linear reference: ridge regression from cepstra of the frames around to the mouth.

use crate::audio::features::{BANDS, MEL_RATE, Mel};
use crate::solve::cholesky_solve;

/// Cepstral coefficients and the frames they are taken from, 40 ms apart.
const CEPSTRA: usize = 13;
const FRAMES: usize = 13;
const INPUTS: usize = CEPSTRA * FRAMES + 1;
/// Penalty on weights, in units of training frames.
const RIDGE: f64 = 30.0;

/// A linear map from normalised log-mel bands to `OUTPUTS` numbers a motion frame.
pub struct Linear<const OUTPUTS: usize> {
    weights: Vec<[f64; OUTPUTS]>,
}

impl<const OUTPUTS: usize> Linear<OUTPUTS> {
    /// Fits by normal equations; every example is a recording and its targets at 30 frames a second.
    pub fn fit<'a>(examples: impl Iterator<Item = (&'a Mel, &'a [[f32; OUTPUTS]])>) -> Linear<OUTPUTS> {
        let mut gram = vec![[0f64; INPUTS]; INPUTS];
        let mut weights = vec![[0f64; OUTPUTS]; INPUTS];
        for (mel, targets) in examples {
            let cepstra = cepstra(mel);
            for (n, target) in targets.iter().enumerate() {
                let x = inputs(&cepstra, n);
                for i in 0..INPUTS {
                    (0..=i).for_each(|j| gram[i][j] += x[i] * x[j]);
                    (0..OUTPUTS).for_each(|o| weights[i][o] += x[i] * f64::from(target[o]));
                }
            }
        }
        (0..INPUTS).for_each(|i| gram[i][i] += RIDGE);
        cholesky_solve(&mut gram, &mut weights);
        Linear { weights }
    }

    pub fn predict(&self, mel: &Mel, frames: usize) -> Vec<[f32; OUTPUTS]> {
        let cepstra = cepstra(mel);
        let row = |n: usize| {
            let x = inputs(&cepstra, n);
            std::array::from_fn(|o| x.iter().zip(&self.weights).map(|(x, w)| x * w[o]).sum::<f64>() as f32)
        };
        (0..frames).map(row).collect()
    }
}

/// Discrete cosine transform of every row of bands.
fn cepstra(mel: &Mel) -> Vec<[f64; CEPSTRA]> {
    let wave = |c: usize, b: usize| (std::f64::consts::PI * c as f64 * (b as f64 + 0.5) / BANDS as f64).cos() / (BANDS as f64 / 2.0).sqrt();
    let table: Vec<[f64; BANDS]> = (0..CEPSTRA).map(|c| std::array::from_fn(|b| wave(c, b))).collect();
    let dot = |row: &[f32], c: usize| row.iter().zip(&table[c]).map(|(v, w)| f64::from(*v) * w).sum();
    mel.values.chunks_exact(BANDS).map(|row| std::array::from_fn(|c| dot(row, c))).collect()
}

fn inputs(cepstra: &[[f64; CEPSTRA]], n: usize) -> [f64; INPUTS] {
    let per_frame = MEL_RATE as isize / 30;
    let mut x = [0.0; INPUTS];
    x[INPUTS - 1] = 1.0;
    for k in 0..FRAMES {
        let at = n as isize * per_frame + (k as isize - FRAMES as isize / 2) * 5;
        if let Some(row) = usize::try_from(at).ok().and_then(|at| cepstra.get(at)) {
            x[k * CEPSTRA..(k + 1) * CEPSTRA].copy_from_slice(row);
        }
    }
    x
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_linear_relation_is_found() {
        let mel = Mel { values: (0..400 * BANDS).map(|i| ((i * 7919) % 1013) as f32 / 1013.0 - 0.5).collect() };
        let cepstra = cepstra(&mel);
        let targets: Vec<[f32; 1]> = (0..100).map(|n| [inputs(&cepstra, n)[CEPSTRA * (FRAMES / 2)] as f32]).collect();
        let map = Linear::fit(std::iter::repeat_n((&mel, &targets[..]), 20));
        let predicted: Vec<f32> = map.predict(&mel, 100).iter().map(|p| p[0]).collect();
        let truth: Vec<f32> = targets.iter().map(|t| t[0]).collect();
        assert!(crate::statistics::pearson(&predicted, &truth) > 0.95);
    }
}
