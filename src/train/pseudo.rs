//! Mouths from phones: a ridge regression from the phones around a moment to what recorded mouths do there.
//!
//! Recorded mouths come without phones, so the fit goes by what the half-trained encoder hears in them; the guesses go by
//! the labels of speech whose mouths nobody saw.

use super::data::{Take, UNLABELLED};
use crate::Result;
use crate::solve::cholesky_solve;
use crate::speech::content::{ARTICULATION, ContentEncoder, Posterior};
use crate::speech::phones::Class;
use rayon::prelude::*;

/// Motion frames to either side that a mouth goes by: coarticulation reaches about a quarter of a second.
const REACH: usize = 8;
const INPUTS: usize = (2 * REACH + 1) * Class::COUNT + 1;
/// Penalty on weights, in frames.
const RIDGE: f64 = 30.0;
/// Every so many frames of a take are fitted: neighbours say the same.
const EVERY: usize = 2;

/// See the module's text.
pub struct Mouths {
    weights: Vec<[f64; ARTICULATION]>,
}

impl Mouths {
    /// Fits to takes with their standardised mouths.
    pub fn fit(takes: &[(&Take, &[[f32; ARTICULATION]])], encoder: &ContentEncoder) -> Result<Mouths> {
        let heard: Vec<Vec<Posterior>> =
            takes.par_iter().map(|(take, _)| Ok(encoder.encode(&take.mel, take.frames)?.phones())).collect::<Result<_>>()?;
        let mut gram = vec![vec![0f64; INPUTS]; INPUTS];
        let mut weights = vec![[0f64; ARTICULATION]; INPUTS];
        for ((_, targets), phones) in takes.iter().zip(&heard) {
            for n in (0..targets.len().min(phones.len())).step_by(EVERY) {
                let x = inputs(phones, n);
                for (i, xi) in x.iter().enumerate().filter(|(_, v)| v.abs() > 1e-3) {
                    gram[i][..=i].iter_mut().zip(&x).for_each(|(g, xj)| *g += xi * xj);
                    weights[i].iter_mut().zip(targets[n]).for_each(|(w, t)| *w += xi * f64::from(t));
                }
            }
        }
        (0..INPUTS).for_each(|i| gram[i][i] += RIDGE);
        cholesky_solve(&mut gram, &mut weights);
        Ok(Mouths { weights })
    }

    /// The mouth that goes with phone classes at 60 a second, one row for each of the motion frames.
    pub fn of(&self, classes: &[u8], frames: usize) -> Vec<[f32; ARTICULATION]> {
        let phones: Vec<Posterior> = (0..frames).map(|n| labels(classes, n)).collect();
        let row = |n: usize| {
            let x = inputs(&phones, n);
            std::array::from_fn(|o| x.iter().zip(&self.weights).map(|(x, w)| x * w[o]).sum::<f64>() as f32)
        };
        (0..frames).map(row).collect()
    }
}

/// The labelled phones of motion frame `n`: two labels, half a share each.
fn labels(classes: &[u8], n: usize) -> Posterior {
    let mut row = [0.0; Class::COUNT];
    for class in [2 * n, 2 * n + 1].iter().filter_map(|k| classes.get(*k)).filter(|c| **c != UNLABELLED) {
        row[usize::from(*class)] += 0.5;
    }
    row
}

fn inputs(phones: &[Posterior], n: usize) -> [f64; INPUTS] {
    let mut x = [0.0; INPUTS];
    x[INPUTS - 1] = 1.0;
    for k in 0..=2 * REACH {
        let Some(row) = (n + k).checked_sub(REACH).and_then(|at| phones.get(at)) else { continue };
        x[k * Class::COUNT..(k + 1) * Class::COUNT].iter_mut().zip(row).for_each(|(x, p)| *x = f64::from(*p));
    }
    x
}
