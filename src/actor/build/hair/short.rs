//! Short hair: a close shell around the head and longer locks combed over from the parting.

use super::super::math::{direction, lerp, smoothstep};
use super::bob::along;
use super::sheet::Sheet;
use super::{Hair, Scalp, Shell, Swing};
use glam::Vec3;

pub fn build(scalp: &Scalp) -> Hair {
    let h = &scalp.p.hair;
    let volume = h.volume;
    let shell = scalp.shell(&Shell {
        columns: 64,
        rows: 12,
        lift: &|azimuth, above| {
            let strands = 0.05 * (azimuth * 0.31).sin() * (azimuth * 0.13 + 0.05 * above).sin();
            (0.5 + strands) * volume * smoothstep(-1.0, if azimuth.abs() < 60.0 { 18.0 } else { 11.0 }, above) - 0.12
        },
        shade: 0.92,
    });
    let mut hair = Hair::new(shell);
    hair.part.append(side(scalp, -1.0).flip());
    hair.part.append(side(scalp, 1.0));
    hair
}

/// Locks from the parting to one side: long and lifted over the forehead, short at the crown.
fn side(scalp: &Scalp, turn: f32) -> super::Part {
    let h = &scalp.p.hair;
    let (volume, tousle) = (h.volume, h.tousle);
    let root = |f: f32| Vec3::new(h.parting * (1.0 - 0.6 * f), 7.6 + 2.2 * f, 7.8 - 12.5 * f).normalize();
    // The side away from the parting is wide: its front sweeps across the forehead.
    let wide = (h.parting * turn) < 0.0;
    let reach = if wide { 1.0 } else { 0.0 };
    let strand = |f: f32| {
        let middle = direction(turn * along([lerp(22.0, 4.0, reach), 46.0, 92.0, 138.0, 182.0], f), along([43.0, 53.0, 57.0, 56.0, 52.0], f));
        let end = direction(
            turn * along([lerp(38.0, 36.0, reach), 64.0, 100.0, 140.0, 182.0], f),
            along([lerp(27.0, 24.0, reach), 17.0, 12.0, 8.0, 3.0], f) - 2.0 * h.length,
        );
        let front = smoothstep(0.35, 0.0, f);
        let knots = [
            (root(f), 0.5),
            (root(f).lerp(middle, 0.4), lerp(0.95, 1.35, front) * volume),
            (middle, lerp(1.05, 1.55, front) * volume),
            (middle.lerp(end, 0.6), lerp(0.75, 1.0, front) * volume),
            (end, 0.42 * volume + 0.1 * tousle),
        ];
        scalp.lay(&knots, 36)
    };
    let sheet = Sheet {
        locks: 6,
        rows: (8, 8),
        split: 0.5,
        stagger: 0.15 + 0.35 * tousle,
        taper: 0.55,
        groove: 0.26,
        thickness: 0.35,
        roll: [0.3, 0.0],
        overlap: 0.05 + 0.13 * tousle,
        seed: if turn < 0.0 { 5 } else { 17 },
        color: scalp.color,
        swing: Swing::default(),
    };
    sheet.loft(strand)
}
