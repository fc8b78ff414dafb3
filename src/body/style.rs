//! Style of the body: how somebody moves, as eight plain figures of a stretch of their motion.

use super::latent::{ARMS, Code, HIPS, STEP, WRIST};

/// Numbers of a style.
pub const STYLE: usize = 8;

/// A style; every number is about 0 for an average speaker and 1 for one deviation more.
pub type Style = [f32; STYLE];

/// Typical value and spread of each figure.
const SCALE: [(f32, f32); STYLE] = [
    (0.28, 0.16), // mean speed of the hands, m/s
    (0.75, 0.35), // 90th percentile of it
    (0.10, 0.10), // median height above the hips, m
    (0.28, 0.12), // 90th percentile of it
    (0.42, 0.10), // median distance of the hands sideways, m
    (0.05, 0.10), // mean lean of the trunk, radians
    (0.05, 0.03), // deviation of bend and twist of the trunk, radians
    (0.04, 0.03), // deviation of the hips sideways, m
];

/// The style of codes at their own rate; the longer the stretch, the surer.
pub fn of(codes: &[Code]) -> Style {
    let wrist = |code: &Code, s: usize| -> [f32; 3] { std::array::from_fn(|i| code[ARMS[s] + WRIST + i]) };
    let mut speeds: Vec<f32> = codes
        .windows(2)
        .flat_map(|w| {
            [0, 1].map(|s| {
                let (a, b) = (wrist(&w[0], s), wrist(&w[1], s));
                (0..3).map(|i| (a[i] - b[i]).powi(2)).sum::<f32>().sqrt() * 30.0 / STEP as f32
            })
        })
        .collect();
    let mut heights: Vec<f32> = codes.iter().flat_map(|c| [0, 1].map(|s| wrist(c, s)[1])).collect();
    let mut gaps: Vec<f32> = codes.iter().map(|c| wrist(c, 0)[0] + wrist(c, 1)[0]).collect();
    let lean = |c: &Code| c[3] + c[6] + c[9] + c[12];
    let mean = |f: &dyn Fn(&Code) -> f32| codes.iter().map(f).sum::<f32>() / codes.len().max(1) as f32;
    let deviation = |f: &dyn Fn(&Code) -> f32| {
        let m = mean(f);
        mean(&|c| (f(c) - m).powi(2)).sqrt()
    };
    let around = |axis: usize| deviation(&|c: &Code| c[3 + axis] + c[6 + axis] + c[9 + axis] + c[12 + axis]);
    let figures = [
        speeds.iter().sum::<f32>() / speeds.len().max(1) as f32,
        quantile(&mut speeds, 0.9),
        quantile(&mut heights, 0.5),
        quantile(&mut heights, 0.9),
        quantile(&mut gaps, 0.5),
        mean(&lean),
        around(1).hypot(around(2)),
        deviation(&|c| c[HIPS]),
    ];
    std::array::from_fn(|i| ((figures[i] - SCALE[i].0) / SCALE[i].1).clamp(-3.0, 3.0))
}

fn quantile(values: &mut [f32], q: f32) -> f32 {
    values.sort_by(f32::total_cmp);
    values.get(((values.len().max(1) - 1) as f32 * q) as usize).copied().unwrap_or(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::body::latent::CODE;

    #[test]
    fn faster_and_higher_hands_are_another_style() {
        let waving = |height: f32, reach: f32| -> Vec<Code> {
            (0..60)
                .map(|n| {
                    let mut code = [0.0; CODE];
                    for arm in ARMS {
                        code[arm + WRIST] = 0.2 + reach * (n as f32 * 0.8).sin();
                        code[arm + WRIST + 1] = height;
                    }
                    code
                })
                .collect()
        };
        let (calm, wild) = (of(&waving(0.1, 0.01)), of(&waving(0.3, 0.1)));
        assert!((0..4).all(|i| wild[i] > calm[i]), "{calm:?} {wild:?}");
        assert!(of(&[]).iter().all(|v| v.is_finite()));
    }
}
