//! A bald crown with hair left around it, from temple to temple.

use super::super::math::{bell, lerp, smoothstep};
use super::super::mesh::{Part, grid};
use super::sheet::Sheet;
use super::{Hair, Scalp, Swing, rigid};

/// Azimuth of the front ends, and elevation of the upper edge at the sides and at the back, degrees.
const FRONT: f32 = 66.0;
const TOP: (f32, f32) = (26.0, 20.0);

pub fn build(scalp: &Scalp) -> Hair {
    let mut hair = Hair::new(pad(scalp));
    hair.part.append(locks(scalp));
    hair
}

fn azimuth(f: f32) -> f32 {
    lerp(360.0 - FRONT, FRONT, f)
}

fn top(f: f32) -> f32 {
    lerp(TOP.0, TOP.1, bell(f - 0.5, 0.35)) + 1.6 * (f * 37.0).sin() * (f * 11.0).sin() - 6.0 * (bell(f, 0.05) + bell(f - 1.0, 0.05))
}

/// Short hair underneath, sunk into the skin at its edges.
fn pad(scalp: &Scalp) -> Part {
    const COLUMNS: usize = 44;
    const ROWS: usize = 8;
    let mut part = Part::default();
    for r in 0..ROWS {
        let down = r as f32 / (ROWS - 1) as f32;
        for c in 0..COLUMNS {
            let f = c as f32 / (COLUMNS - 1) as f32;
            let line = scalp.hairline(180.0 - (azimuth(f) - 180.0).abs()) - 3.0;
            let ends = smoothstep(0.0, 0.05, f) * smoothstep(1.0, 0.95, f);
            let lift = 0.6 * (down * (1.0 - down) * 4.0).sqrt() * ends - 0.15;
            part.positions.push(scalp.above(azimuth(f), lerp(top(f) + 2.0, line, down), lift));
            part.uvs.push([f * 8.0, down]);
        }
    }
    part.quads = grid(ROWS, COLUMNS, false);
    let color = scalp.color * 0.8;
    rigid(part.paint(color))
}

fn locks(scalp: &Scalp) -> Part {
    let h = &scalp.p.hair;
    let strand = |f: f32| {
        let azimuth = azimuth(f);
        let line = scalp.hairline(180.0 - (azimuth - 180.0).abs());
        let back = 4.0 * (f - 0.5).signum() * smoothstep(0.0, 0.3, (f - 0.5).abs());
        let knots = [
            (super::direction(azimuth, top(f)), -0.02),
            (super::direction(azimuth, lerp(top(f), line, 0.12)), 0.3 * h.volume),
            (super::direction(azimuth + back, lerp(top(f), line, 0.3)), 0.62 * h.volume),
            (super::direction(azimuth + 1.5 * back, lerp(top(f), line, 0.65)), 0.95 * h.volume),
            (super::direction(azimuth + 2.0 * back, line + 4.0 - 2.0 * h.length), 0.4 * h.volume),
        ];
        scalp.lay(&knots, 24)
    };
    let sheet = Sheet {
        locks: 15,
        rows: (5, 7),
        split: 0.5,
        stagger: 0.2 + 0.3 * h.tousle,
        taper: 0.5,
        groove: 0.24,
        thickness: 0.35,
        roll: [0.45, 0.45],
        overlap: 0.08 + 0.25 * h.tousle,
        seed: 61,
        color: scalp.color,
        swing: Swing::default(),
    };
    sheet.loft(strand).flip()
}
