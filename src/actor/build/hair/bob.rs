//! A bob with an off-centre part: one sheet falls free over the right side, the other is tucked behind the left ear; a shorter
//! layer hugs the nape and a loose strand breaks the outline.

use super::super::math::{curve, direction, lerp, smoothstep, spline};
use super::lock::Lock;
use super::sheet::Sheet;
use super::{Hair, Scalp, Shell, Swing};
use glam::Vec3;

/// Height of the tips in front and at the nape, centimetres.
const TIPS: (f32, f32) = (-9.5, -7.6);

pub fn build(scalp: &Scalp) -> Hair {
    // A cap that keeps light out of the parting and behind the ear.
    let cap = scalp.shell(&Shell {
        columns: 60,
        rows: 9,
        lift: &|_, above| 0.5 * smoothstep(-1.0, 14.0, above) - 0.10 * smoothstep(16.0, 32.0, above) - 0.22,
        shade: 0.55,
    });
    let mut hair = Hair::new(cap);
    nape(scalp, &mut hair);
    right(scalp, &mut hair);
    left(scalp, &mut hair);
    fringe(scalp, &mut hair);
    loose(scalp, &mut hair);
    hair
}

/// A value that changes along the parting from front to back.
pub fn along(values: [f32; 5], f: f32) -> f32 {
    curve(&std::array::from_fn::<_, 5, _>(|i| (i as f32 / 4.0, values[i])), f)
}

/// Where a strand leaves the parting.
fn root(scalp: &Scalp, f: f32) -> Vec3 {
    Vec3::new(scalp.p.hair.parting * (1.0 - 0.6 * f), 7.2 + 2.1 * f, 7.9 - 11.5 * f).normalize()
}

/// A strand of three parts: over the crown, past the temple and down. `turn` mirrors azimuths to the sheet's side.
fn strand(scalp: &Scalp, f: f32, turn: f32, knots: [(f32, f32, f32); 3], fall: [Vec3; 3]) -> Vec<Vec3> {
    let volume = scalp.p.hair.volume;
    let mut laid = vec![(root(scalp, f), 0.45)];
    laid.extend(knots.map(|(azimuth, elevation, lift)| (direction(azimuth * turn, elevation), lift * volume)));
    // Hair rises at once beside the parting: the crown is round, not a tent.
    laid.insert(1, (laid[0].0.lerp(laid[1].0, 0.3), lerp(laid[0].1, laid[1].1, 0.75)));
    let mut points = scalp.lay(&laid, 10);
    points.extend(fall);
    spline(&points, 60)
}

fn right(scalp: &Scalp, hair: &mut Hair) {
    let length = scalp.p.hair.length;
    let strand = |f: f32| {
        let temple = (along([50.0, 74.0, 102.0, 142.0, 184.0], f), along([16.0, 9.0, 4.0, 1.0, 0.0], f));
        let temple_lift = along([0.8, 1.45, 1.75, 1.9, 1.9], f);
        let hang = scalp.above(-temple.0, temple.1, temple_lift);
        let tip = lerp(TIPS.0, TIPS.1, smoothstep(0.1, 0.9, f)) - length;
        // The front edge swings forward to the cheek.
        let front = smoothstep(0.26, 0.0, f);
        let at = |x: f32, y: f32, z: f32| Vec3::new(hang.x * x, y, hang.z * z);
        let fall = [
            at(1.04, -2.6, 1.03).lerp(Vec3::new(-7.5, -1.4, 3.4), front),
            at(1.05, lerp(-2.6, tip, 0.55), 1.04).lerp(Vec3::new(-7.9, -5.0, 3.5), front),
            at(0.80, tip, 0.82).lerp(Vec3::new(-6.2, tip + 0.3, 4.2), front),
        ];
        let knots = [
            (along([-2.0, 34.0, 84.0, 134.0, 184.0], f), along([43.0, 54.0, 58.0, 57.0, 52.0], f), along([0.75, 1.15, 1.3, 1.3, 1.3], f)),
            (along([28.0, 60.0, 96.0, 140.0, 184.0], f), along([29.0, 30.0, 30.0, 27.0, 25.0], f), along([0.8, 1.3, 1.55, 1.65, 1.65], f)),
            (temple.0, temple.1, temple_lift),
        ];
        strand(scalp, f, -1.0, knots, fall)
    };
    let chains = [("hairRightFront", 0.08), ("hairRight", 0.4), ("hairBackRight", 0.8)];
    let swing = hair.swing(&chains.map(|(name, f)| (name, f, strand(f))), 0.52, 2);
    let sheet = Sheet {
        locks: 8,
        rows: (15, 10),
        split: 0.72,
        stagger: 0.22,
        taper: 0.5,
        groove: 0.30,
        thickness: 0.5,
        roll: [0.55, 0.0],
        overlap: 0.16,
        seed: 11,
        color: scalp.color,
        swing,
    };
    hair.part.append(sheet.loft(strand).flip());
}

fn left(scalp: &Scalp, hair: &mut Hair) {
    let length = scalp.p.hair.length;
    let strand = |f: f32| {
        let behind_ear = scalp.above(
            along([113.0, 121.0, 136.0, 158.0, 182.0], f),
            along([-2.0, -3.0, -5.0, -6.0, -6.0], f),
            along([0.95, 1.4, 1.8, 1.95, 1.95], f),
        );
        let tip = lerp(TIPS.0 + 0.6, TIPS.1, smoothstep(0.0, 0.7, f)) - length;
        let front = smoothstep(0.4, 0.0, f);
        let at = |x: f32, y: f32, z: f32| Vec3::new(behind_ear.x * x, y, behind_ear.z * z);
        let fall = [
            behind_ear,
            at(1.02, lerp(-3.0, tip, 0.45), lerp(1.04, 0.75, front)),
            at(lerp(0.80, 0.92, front), tip, lerp(0.82, 0.45, front)),
        ];
        let knots = [
            (along([26.0, 52.0, 95.0, 138.0, 181.0], f), along([43.0, 54.0, 58.0, 57.0, 52.0], f), along([0.8, 1.15, 1.3, 1.3, 1.3], f)),
            (along([46.0, 72.0, 106.0, 145.0, 181.0], f), along([27.0, 31.0, 31.0, 28.0, 25.0], f), along([0.8, 1.25, 1.5, 1.6, 1.65], f)),
            (along([77.0, 98.0, 122.0, 151.0, 181.0], f), along([11.0, 14.0, 11.0, 8.0, 8.0], f), along([0.8, 1.2, 1.6, 1.8, 1.85], f)),
        ];
        strand(scalp, f, 1.0, knots, fall)
    };
    let chains = [("hairLeft", 0.1), ("hairBackLeft", 0.6)];
    let swing = hair.swing(&chains.map(|(name, f)| (name, f, strand(f))), 0.58, 2);
    let sheet = Sheet {
        locks: 7,
        rows: (15, 10),
        split: 0.76,
        stagger: 0.2,
        taper: 0.5,
        groove: 0.30,
        thickness: 0.5,
        roll: [0.45, 0.0],
        overlap: 0.14,
        seed: 29,
        color: scalp.color,
        swing,
    };
    hair.part.append(sheet.loft(strand));
}

/// A shorter layer around the nape, seen between the tips and from below.
fn nape(scalp: &Scalp, hair: &mut Hair) {
    let strand = |f: f32| {
        let top = scalp.above(lerp(250.0, 112.0, f), 6.0, 0.7);
        let tip = TIPS.1 + 0.7 - 0.6 * scalp.p.hair.length;
        let at = |share: f32, y: f32| Vec3::new(top.x * share, y, top.z * share);
        spline(&[top, at(1.0, -2.0), at(0.94, -4.8), at(0.74, tip)], 30)
    };
    let sheet = Sheet {
        locks: 7,
        rows: (4, 7),
        split: 0.4,
        stagger: 0.25,
        taper: 0.4,
        groove: 0.25,
        thickness: 0.4,
        roll: [0.3, 0.3],
        overlap: 0.1,
        seed: 71,
        color: scalp.color * 0.75,
        swing: Swing::default(),
    };
    hair.part.append(sheet.loft(strand));
}

/// Two locks swept from the parting over the forehead: they soften the edge of the sheet.
fn fringe(scalp: &Scalp, hair: &mut Hair) {
    let volume = scalp.p.hair.volume;
    let start = root(scalp, 0.05);
    let long = [(2.0, 41.0, 0.75), (-14.0, 35.0, 0.85), (-32.0, 26.0, 0.85), (-46.0, 15.0, 0.85), (-54.0, 4.0, 1.05)];
    let short = [(0.0, 42.0, 0.7), (-11.0, 37.0, 0.75), (-24.0, 30.0, 0.7), (-36.0, 22.5, 0.6), (-42.0, 17.5, 0.62)];
    for (knots, width, shade) in [(long, 0.85, 1.04), (short, 0.55, 0.96)] {
        let mut laid = vec![(start, 0.3)];
        laid.extend(knots.map(|(azimuth, elevation, lift)| (direction(azimuth, elevation), lift * volume)));
        let (color, swing) = (scalp.color * shade, Swing::default());
        let lock = Lock { width, height: 0.3, root: 0.45, tip: 0.2, rows: 18, columns: 8, color, swing, place: 0.0 };
        hair.part.append(lock.sweep(&scalp.lay(&laid, 14)));
    }
}

fn loose(scalp: &Scalp, hair: &mut Hair) {
    let mut knots = scalp.lay(&[(direction(20.0, 50.0), 0.7), (direction(33.0, 36.0), 0.85), (direction(52.0, 16.0), 0.6)], 5);
    knots.extend([Vec3::new(6.7, -1.2, 3.6), Vec3::new(6.75, -4.0, 3.9), Vec3::new(6.3, -6.3, 4.6)]);
    let path = spline(&knots, 40);
    let swing = hair.swing(&[("hairLoose", 0.5, path)], 0.5, 2);
    let lock = Lock { width: 0.42, height: 0.22, root: 0.3, tip: 0.25, rows: 16, columns: 6, color: scalp.color * 1.06, swing, place: 0.5 };
    hair.part.append(lock.sweep(&knots));
}
