//! Linear equations.

/// Solves `gram · x = b` in place for a positive definite matrix given by its lower triangle.
#[allow(clippy::needless_range_loop)] // the indices are the algorithm
pub(crate) fn cholesky_solve<const OUTPUTS: usize>(gram: &mut [impl AsMut<[f64]>], b: &mut [[f64; OUTPUTS]]) {
    let mut gram: Vec<&mut [f64]> = gram.iter_mut().map(AsMut::as_mut).collect();
    let inputs = gram.len();
    for i in 0..inputs {
        for j in 0..=i {
            let dot: f64 = (0..j).map(|k| gram[i][k] * gram[j][k]).sum();
            gram[i][j] = if i == j { (gram[i][i] - dot).max(1e-12).sqrt() } else { (gram[i][j] - dot) / gram[j][j] };
        }
    }
    for o in 0..OUTPUTS {
        for i in 0..inputs {
            let dot: f64 = (0..i).map(|k| gram[i][k] * b[k][o]).sum();
            b[i][o] = (b[i][o] - dot) / gram[i][i];
        }
        for i in (0..inputs).rev() {
            let dot: f64 = (i + 1..inputs).map(|k| gram[k][i] * b[k][o]).sum();
            b[i][o] = (b[i][o] - dot) / gram[i][i];
        }
    }
}
