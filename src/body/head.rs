//! Head motion for when no face model gives any: nods on stresses, shifts of attention, drift.
//!
//! Speakers move their heads with prosody: nods precede or meet stressed syllables (Hadar et al. 1983; McClave 2000,
//! <https://doi.org/10.1016/S0378-2166(99)00079-X>), and the gaze leaves the listener and comes back every second or two.

use super::curves::{Dice, FPS, Path, Purpose, ramp, smooth, wander};
use super::expressivity::Expressivity;
use super::rhythm::Rhythm;
use crate::motion::Head;

/// One [`Head`] per frame for speech of the given rhythm.
pub fn heads(rhythm: &Rhythm, manner: &[Expressivity], seed: u64) -> Vec<Head> {
    let mut dice = Dice::new(seed, Purpose::Head);
    let frames = manner.len();
    let mut yaw = Path::new(frames);
    let mut pitch = Path::new(frames);
    let mut roll = Path::new(frames);
    for peak in &rhythm.peaks {
        let manner = manner[peak.frame.min(frames - 1)];
        if !dice.chance(0.75 * (manner.activity + 0.1).min(1.0)) {
            continue;
        }
        let low = peak.frame as f32 - dice.normal(0.08, 0.06) * FPS;
        let strength = ((peak.level - 0.2) / 0.6).clamp(0.3, 1.3) * (0.6 + 0.4 * manner.power);
        let length = dice.uniform(0.24, 0.38) * FPS / manner.tempo.sqrt();
        let swing = |path: &mut Path<f32>, by: f32, width: f32| {
            path.shift(low - length, low - length + width * length, by);
            path.shift(low + 0.2 * length, low + (0.2 + 1.6 * width) * length, -by);
        };
        swing(&mut pitch, dice.log_normal(6.0, 0.5).min(18.0) * strength, 1.1);
        swing(&mut yaw, dice.normal(0.0, 5.5).clamp(-14.0, 14.0), 1.4);
        swing(&mut roll, dice.normal(0.0, 4.0).clamp(-10.0, 10.0), 1.4);
    }
    attention(&mut dice, rhythm, manner, [&mut yaw, &mut pitch, &mut roll]);

    let alive: Vec<f32> = smooth(&rhythm.level, 40.0).iter().map(|l| 0.4 + 0.6 * ramp(*l, 0.0, 0.4)).collect();
    let mut drift = |seconds: f32, degrees: f32| wander(&mut dice, frames, seconds, degrees);
    let (drift_yaw, drift_pitch, drift_roll) = (drift(0.9, 3.5), drift(0.8, 2.2), drift(0.9, 2.5));
    let (yaw, pitch, roll) = (yaw.finish(0.0), pitch.finish(0.0), roll.finish(0.0));
    // Nods only go down: take their slow mean away, or the head sinks while one speaks.
    let sunk = smooth(&pitch, 2.0 * FPS);
    (0..frames)
        .map(|k| Head {
            yaw: (yaw[k] + alive[k] * drift_yaw[k]).to_radians(),
            pitch: (pitch[k] - sunk[k] + alive[k] * drift_pitch[k]).to_radians(),
            roll: (roll[k] + alive[k] * drift_roll[k]).to_radians(),
        })
        .collect()
}

/// Turns away and back, a third of the time back to the listener; without speech rarer and smaller.
fn attention(dice: &mut Dice, rhythm: &Rhythm, manner: &[Expressivity], [yaw, pitch, roll]: [&mut Path<f32>; 3]) {
    let frames = manner.len();
    let (mut at, mut now, mut nod) = (dice.uniform(0.0, 1.0) * FPS, 0.0, 0.0);
    while at < frames as f32 {
        let speaking = rhythm.level[at as usize..].iter().take(45).any(|l| *l > 0.3);
        let wide = if speaking { 14.0 } else { 6.0 };
        let to: f32 = if dice.chance(0.35) { 0.0 } else { dice.normal(0.0, wide).clamp(-30.0, 30.0) };
        let next_nod = if to == 0.0 { 0.0 } else { dice.normal(0.0, 0.22 * wide) };
        let length = dice.uniform(0.30, 0.55) * FPS * (1.0 + (to - now).abs() / 40.0) / manner[at as usize].tempo.sqrt();
        let length = if speaking { length } else { 1.4 * length };
        yaw.shift(at, at + length, to - now);
        roll.shift(at, at + length, -0.18 * (to - now));
        pitch.shift(at, at + length, next_nod - nod);
        (now, nod) = (to, next_nod);
        at += dice.log_normal(if speaking { 1.5 } else { 3.5 }, 0.5).clamp(0.6, 12.0) * FPS;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::body::rhythm::Peak;

    #[test]
    fn nods_go_down_near_stresses() {
        let peaks: Vec<Peak> = (1..60).map(|k| Peak { frame: 30 * k, prominence: 0.5, level: 0.9 }).collect();
        let rhythm = Rhythm { level: vec![0.6; 1800], peaks: peaks.clone(), ..Rhythm::default() };
        let heads = heads(&rhythm, &[Expressivity::default(); 1800], 2);
        let mean = |offset: usize| peaks.iter().map(|p| heads[p.frame + offset].pitch).sum::<f32>() / peaks.len() as f32;
        assert!(mean(0) > mean(15) + 0.03, "{} {}", mean(0), mean(15));
    }
}
