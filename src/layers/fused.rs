//! Steps that candle makes of many passes over memory, each in one pass with a gradient of its own: what they cost decides how long a
//! training takes. All work on the CPU.

use candle_core::{CpuStorage, CustomOp1, CustomOp2, Layout, Result, Shape, Tensor};

/// Added to the variance of a row.
const EPSILON: f32 = 1e-5;

/// Layer norm over channels, without gain and bias.
#[derive(Clone)]
pub struct Normalise;

/// `x · sigmoid(x)` (SiLU; Elfwing et al. 2018, <https://arxiv.org/abs/1702.03118>).
#[derive(Clone)]
pub struct Silu;

/// The frames around each frame side by side: `[batch, time, channels]` to `[batch, time, taps · channels]`, zeros where there are none.
#[derive(Clone)]
pub struct Gather {
    /// An odd number.
    pub taps: usize,
    pub dilation: usize,
}

/// The same numbers added to every row.
pub struct AddBias;

impl CustomOp1 for Normalise {
    fn name(&self) -> &'static str {
        "normalise"
    }

    fn cpu_fwd(&self, storage: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let mut out = values(storage, layout)?.to_vec();
        for row in out.chunks_exact_mut(channels(layout.shape())) {
            let (mean, deviation) = moments(row);
            row.iter_mut().for_each(|v| *v = (*v - mean) / deviation);
        }
        Ok((CpuStorage::F32(out), layout.shape().clone()))
    }

    fn bwd(&self, arg: &Tensor, res: &Tensor, grad: &Tensor) -> Result<Option<Tensor>> {
        let (x, y, mut g) = (list(arg)?, list(res)?, list(grad)?);
        let width = channels(arg.shape());
        for ((x, y), g) in x.chunks_exact(width).zip(y.chunks_exact(width)).zip(g.chunks_exact_mut(width)) {
            let (_, deviation) = moments(x);
            let mean = g.iter().sum::<f32>() / width as f32;
            let along = g.iter().zip(y).map(|(g, y)| g * y).sum::<f32>() / width as f32;
            g.iter_mut().zip(y).for_each(|(g, y)| *g = (*g - mean - y * along) / deviation);
        }
        Tensor::from_vec(g, arg.shape(), arg.device()).map(Some)
    }
}

impl CustomOp1 for Silu {
    fn name(&self) -> &'static str {
        "silu"
    }

    fn cpu_fwd(&self, storage: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let out = values(storage, layout)?.iter().map(|x| x * sigmoid(*x)).collect();
        Ok((CpuStorage::F32(out), layout.shape().clone()))
    }

    fn bwd(&self, arg: &Tensor, _: &Tensor, grad: &Tensor) -> Result<Option<Tensor>> {
        let slope = |x: f32| {
            let s = sigmoid(x);
            s * (1.0 + x * (1.0 - s))
        };
        let out = list(arg)?.into_iter().zip(list(grad)?).map(|(x, g)| g * slope(x)).collect::<Vec<_>>();
        Tensor::from_vec(out, arg.shape(), arg.device()).map(Some)
    }
}

impl Gather {
    /// Calls `visit` with the place of a frame and of each frame that it sees among the frames around it.
    fn each(&self, batch: usize, frames: usize, mut visit: impl FnMut(usize, usize)) {
        for (row, k) in (0..batch * frames).flat_map(|row| (0..self.taps).map(move |k| (row, k))) {
            let seen = (row % frames + k * self.dilation).wrapping_sub(self.taps / 2 * self.dilation);
            if seen < frames {
                visit(row - row % frames + seen, row * self.taps + k);
            }
        }
    }
}

impl CustomOp1 for Gather {
    fn name(&self) -> &'static str {
        "gather"
    }

    fn cpu_fwd(&self, storage: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let (batch, frames, width) = layout.shape().dims3()?;
        let x = values(storage, layout)?;
        let mut out = vec![0f32; self.taps * x.len()];
        self.each(batch, frames, |seen, place| out[place * width..][..width].copy_from_slice(&x[seen * width..][..width]));
        Ok((CpuStorage::F32(out), (batch, frames, self.taps * width).into()))
    }

    fn bwd(&self, arg: &Tensor, _: &Tensor, grad: &Tensor) -> Result<Option<Tensor>> {
        let (batch, frames, width) = arg.dims3()?;
        let g = list(grad)?;
        let mut out = vec![0f32; arg.elem_count()];
        self.each(batch, frames, |seen, place| {
            out[seen * width..][..width].iter_mut().zip(&g[place * width..][..width]).for_each(|(out, g)| *out += g);
        });
        Tensor::from_vec(out, arg.shape(), arg.device()).map(Some)
    }
}

impl CustomOp2 for AddBias {
    fn name(&self) -> &'static str {
        "add bias"
    }

    fn cpu_fwd(&self, x: &CpuStorage, layout: &Layout, bias: &CpuStorage, of_bias: &Layout) -> Result<(CpuStorage, Shape)> {
        let (mut out, bias) = (values(x, layout)?.to_vec(), values(bias, of_bias)?);
        out.chunks_exact_mut(channels(layout.shape())).for_each(|row| row.iter_mut().zip(bias).for_each(|(v, b)| *v += b));
        Ok((CpuStorage::F32(out), layout.shape().clone()))
    }

    fn bwd(&self, _: &Tensor, bias: &Tensor, _: &Tensor, grad: &Tensor) -> Result<(Option<Tensor>, Option<Tensor>)> {
        let mut sums = vec![0f32; bias.elem_count()];
        for row in list(grad)?.chunks_exact(bias.elem_count()) {
            sums.iter_mut().zip(row).for_each(|(sum, g)| *sum += g);
        }
        Ok((Some(grad.clone()), Some(Tensor::from_vec(sums, bias.shape(), bias.device())?)))
    }
}

fn values<'a>(storage: &'a CpuStorage, layout: &Layout) -> Result<&'a [f32]> {
    let (from, to) = layout.contiguous_offsets().ok_or_else(|| candle_core::Error::Msg("numbers in one piece".into()))?;
    Ok(&storage.as_slice::<f32>()?[from..to])
}

fn list(x: &Tensor) -> Result<Vec<f32>> {
    x.flatten_all()?.to_vec1()
}

fn channels(shape: &Shape) -> usize {
    shape.dims().last().copied().unwrap_or(1).max(1)
}

/// Mean and deviation of a row.
fn moments(row: &[f32]) -> (f32, f32) {
    let mean = row.iter().sum::<f32>() / row.len() as f32;
    let variance = row.iter().map(|v| (v - mean) * (v - mean)).sum::<f32>() / row.len() as f32;
    (mean, (variance + EPSILON).sqrt())
}

fn sigmoid(x: f32) -> f32 {
    1.0 / (1.0 + (-x).exp())
}

#[cfg(test)]
mod tests {
    use super::*;
    use candle_core::{Device, Var};

    /// The gradient of an operation is the slope of what it gives, measured by small steps.
    fn gradient_is_the_slope(op: impl CustomOp1 + Clone + Send + Sync + 'static) -> Result<()> {
        let shape = (2, 5, 3);
        let start: Vec<f32> = (0..30).map(|i| (i as f32 * 1.7).sin() * 2.0).collect();
        let weighted = |x: &Tensor| -> Result<Tensor> {
            let y = x.apply_op1(op.clone())?;
            let weights: Vec<f32> = (0..y.elem_count()).map(|i| (i as f32 * 0.9).cos()).collect();
            (&y * Tensor::from_vec(weights, y.shape(), &Device::Cpu)?)?.sum_all()
        };
        let x = Var::from_tensor(&Tensor::from_vec(start.clone(), shape, &Device::Cpu)?)?;
        let gradient = list(weighted(&x)?.backward()?.get(&x).unwrap())?;
        for (i, gradient) in gradient.into_iter().enumerate() {
            let moved = |by: f32| {
                let mut at = start.clone();
                at[i] += by;
                weighted(&Tensor::from_vec(at, shape, &Device::Cpu)?)?.to_scalar::<f32>()
            };
            let slope = (moved(0.01)? - moved(-0.01)?) / 0.02;
            assert!((gradient - slope).abs() < 0.02 + 0.02 * slope.abs(), "{}: {gradient} {slope}", op.name());
        }
        Ok(())
    }

    #[test]
    fn gradients_are_slopes() -> Result<()> {
        gradient_is_the_slope(Normalise)?;
        gradient_is_the_slope(Silu)?;
        gradient_is_the_slope(Gather { taps: 3, dilation: 1 })?;
        gradient_is_the_slope(Gather { taps: 5, dilation: 2 })
    }

    #[test]
    fn a_bias_has_the_sum_over_all_rows_as_its_gradient() -> Result<()> {
        let bias = Var::from_tensor(&Tensor::from_vec(vec![1f32, -2.0, 0.5], 3, &Device::Cpu)?)?;
        let x = Var::from_tensor(&Tensor::from_vec((0..12).map(|i| i as f32).collect::<Vec<_>>(), (2, 2, 3), &Device::Cpu)?)?;
        let y = x.apply_op2(&bias, AddBias)?;
        assert_eq!(list(&y)?, list(&x.broadcast_add(&bias)?)?);
        let gradients = (&y * &y)?.sum_all()?.backward()?;
        assert_eq!(list(gradients.get(&x).unwrap())?, list(&(&y * 2.0)?)?);
        assert_eq!(list(gradients.get(&bias).unwrap())?, list(&(&y * 2.0)?.sum((0, 1))?)?);
        Ok(())
    }

    #[test]
    fn frames_see_those_around_them_in_their_own_batch() -> Result<()> {
        let x = Tensor::from_vec((1..7).map(|i| i as f32).collect::<Vec<_>>(), (2, 3, 1), &Device::Cpu)?;
        let seen = list(&x.apply_op1(Gather { taps: 3, dilation: 1 })?)?;
        assert_eq!(seen, [0, 1, 2, 1, 2, 3, 2, 3, 0, 0, 4, 5, 4, 5, 6, 5, 6, 0].map(|v| v as f32));
        Ok(())
    }
}
