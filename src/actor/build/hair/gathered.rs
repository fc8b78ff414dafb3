//! Hair combed back from the whole hairline to a knot at the back of the head: a bun, or a tail that swings.

use super::super::math::{direction, jitter, lerp, smoothstep, spline};
use super::super::mesh::{Part, grid};
use super::lock::Lock;
use super::sheet::Sheet;
use super::{Hair, Scalp, Shell, Swing, rigid};
use glam::{Quat, Vec3};
use std::f32::consts::{PI, TAU};

/// Elevation of the knot at the back, degrees.
const KNOT: f32 = 36.0;

pub fn build(scalp: &Scalp) -> Hair {
    let h = &scalp.p.hair;
    let shell = scalp.shell(&Shell { columns: 60, rows: 9, lift: &|_, above| 0.42 * smoothstep(-1.0, 14.0, above) - 0.2, shade: 0.75 });
    let mut hair = Hair::new(shell);
    hair.part.append(combed(scalp));
    if h.length > 0.0 {
        tail(scalp, &mut hair)
    } else {
        hair.part.append(bun(scalp))
    }
    wisps(scalp, &mut hair);
    hair
}

fn knot(scalp: &Scalp, lift: f32) -> Vec3 {
    scalp.above(180.0, KNOT, lift)
}

/// Strands from the hairline to the knot, all around the head.
fn combed(scalp: &Scalp) -> Part {
    let h = &scalp.p.hair;
    let strand = |f: f32| {
        let azimuth = lerp(180.0, -180.0, f);
        let start = direction(azimuth, scalp.hairline(azimuth) - 1.0);
        let end = direction(180.0, KNOT);
        let front = smoothstep(120.0, 20.0, azimuth.abs());
        // Over the crown rather than around it: strands from the front rise first.
        let over = (start.lerp(end, 0.45) + Vec3::Y * 0.75 * front).normalize();
        let knots = [
            (start, -0.06),
            (start.lerp(over, 0.3), lerp(0.42, 0.62, front) * h.volume),
            (over, lerp(0.55, 0.95, front) * h.volume),
            (over.lerp(end, 0.6), 0.72 * h.volume),
            (end, 0.55),
        ];
        scalp.lay(&knots, 40)
    };
    let sheet = Sheet {
        locks: 22,
        rows: (16, 0),
        split: 1.0,
        stagger: 0.0,
        taper: 0.0,
        groove: 0.16,
        thickness: 0.3,
        roll: [0.0, 0.0],
        overlap: 0.0,
        seed: 3,
        color: scalp.color,
        swing: Swing::default(),
    };
    sheet.loft(strand)
}

/// A ball of wound hair with spiral grooves.
fn bun(scalp: &Scalp) -> Part {
    const ROWS: usize = 18;
    const COLUMNS: usize = 30;
    let h = &scalp.p.hair;
    let radius = 2.7 * h.volume.sqrt() + 0.3 * h.length;
    let centre = knot(scalp, 0.75 * radius);
    let turn = Quat::from_rotation_arc(Vec3::Y, direction(180.0, KNOT));
    let mut part = Part::default();
    for r in 0..ROWS {
        for c in 0..COLUMNS {
            let (polar, azimuth) = (PI * (r as f32 + 0.02) / (ROWS as f32 - 0.96), TAU * c as f32 / COLUMNS as f32);
            let wound = azimuth * 3.0 + polar * 4.2;
            let size = radius * (1.0 + 0.07 * (wound).sin().abs() * polar.sin() + 0.04 * h.tousle * jitter(700 + (wound / PI) as u32));
            let (sin, cos) = polar.sin_cos();
            let local = Vec3::new(sin * azimuth.cos(), 0.82 * cos, sin * azimuth.sin()) * size;
            part.positions.push(centre + turn * local);
            part.uvs.push([wound * 0.25, azimuth * 0.3 + polar * 0.1]);
            part.colors.push(scalp.color * (0.86 + 0.14 * wound.sin().abs()));
        }
    }
    part.quads = grid(ROWS, COLUMNS, true);
    rigid(part.flip())
}

/// Locks that fall from the knot, on one chain.
fn tail(scalp: &Scalp, hair: &mut Hair) {
    let h = &scalp.p.hair;
    let start = knot(scalp, 0.3);
    let back = direction(180.0, KNOT);
    let length = 7.0 + h.length;
    let path = |dx: f32, dz: f32, share: f32| {
        let out = start + back * 2.2 + Vec3::new(0.4 * dx, 0.4, 0.0);
        let tip = Vec3::new(0.7 * dx, start.y - length * share, out.z + 0.4 + 0.6 * dz);
        vec![
            start + Vec3::new(0.3 * dx, 0.0, 0.0),
            out,
            out.lerp(tip, 0.35) + Vec3::new(0.9 * dx, 0.2, -1.1 + 0.8 * dz),
            out.lerp(tip, 0.7) + Vec3::new(0.9 * dx, 0.0, -0.8 + 0.8 * dz),
            tip,
        ]
    };
    let swing = hair.swing(&[("hairTail", 0.5, spline(&path(0.0, 0.0, 1.0), 40))], 0.15, 3);
    let locks = [(0.0, 0.0, 1.0), (-1.0, -0.3, 0.9), (1.0, -0.3, 0.93), (-0.5, -1.0, 0.97), (0.5, -1.0, 0.88), (0.0, 0.9, 0.82)];
    for (i, (dx, dz, share)) in locks.into_iter().enumerate() {
        let color = scalp.color * (1.0 + 0.08 * jitter(800 + i as u32));
        let swing = swing.clone();
        let lock =
            Lock { width: 1.15 * h.volume, height: 0.75 * h.volume, root: 0.55, tip: 0.3, rows: 16, columns: 8, color, swing, place: 0.5 };
        hair.part.append(lock.sweep(&path(dx, dz, share)));
    }
}

/// Short strands that escaped at temples and nape.
fn wisps(scalp: &Scalp, hair: &mut Hair) {
    let tousle = scalp.p.hair.tousle;
    if tousle <= 0.0 {
        return;
    }
    for (azimuth, fall, swerve) in [(52.0, 16.0, 1.0), (-50.0, 20.0, -1.0), (-64.0, 11.0, -1.0), (150.0, 10.0, 1.0), (-158.0, 12.0, -1.0)] {
        let line = scalp.hairline(azimuth);
        let knots: Vec<Vec3> = [(2.0, 0.25), (-0.25 * fall, 0.45), (-0.6 * fall, 0.4), (-fall, 0.3)]
            .iter()
            .enumerate()
            .map(|(i, (down, lift))| {
                let at = scalp.surface.project(Vec3::ZERO, direction(azimuth + swerve * i as f32, line + down * (0.6 + 0.6 * tousle)));
                at + at.normalize() * (lift * (0.5 + tousle))
            })
            .collect();
        let swing = Swing::default();
        let lock = Lock { width: 0.2, height: 0.09, root: 0.6, tip: 0.15, rows: 9, columns: 5, color: scalp.color, swing, place: 0.0 };
        hair.part.append(lock.sweep(&knots));
    }
}
