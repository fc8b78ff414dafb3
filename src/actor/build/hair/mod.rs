//! Hair in the manner of drawn characters: few large locks with a clear outline instead of many fine strands.
//!
//! A style combines three things that lie on the scalp: a [`shell`](Scalp::shell) of short hair, [`sheet::Sheet`]s of long hair that
//! divide into locks, and single locks ([`lock::Lock`]). Strands are described as "skull in this direction, lifted so far", so that they
//! fit every head. Texture coordinates run across (u) and along (v) the strands, which tells a renderer their direction. Hair that hangs
//! free is bound to chains of nodes that a spring simulation swings.

mod bob;
mod curls;
mod gathered;
mod lock;
mod sheet;
mod short;
mod wreath;

use super::math::{bell, curve, direction, lerp, linear, smoothstep};
use super::mesh::{Part, Weights, grid};
use super::skeleton::{chain, influences};
use super::surface::Surface;
use super::{Parameters, Style};
use glam::Vec3;

/// Elevation of the hairline by the angle from the front, degrees.
const HAIRLINE: [(f32, f32); 7] = [(0.0, 40.0), (25.0, 38.0), (45.0, 30.0), (60.0, 14.0), (75.0, 8.0), (95.0, -15.0), (180.0, -42.0)];

/// Elevation of the hairline of a character at an azimuth, degrees. It recedes at the temples first.
pub fn hairline(p: &Parameters, azimuth: f32) -> f32 {
    let azimuth = azimuth.abs();
    let smooth = [-8.0, -4.0, 0.0, 4.0, 8.0].map(|d: f32| curve(&HAIRLINE, (azimuth + d).abs())).iter().sum::<f32>() / 5.0;
    smooth + p.hair.receding * (bell(azimuth - 34.0, 22.0) + 0.35 * bell(azimuth, 25.0)).min(1.0)
}

/// Whether hair hides the scalp in a direction, with a margin.
pub fn hides(p: &Parameters, azimuth: f32, elevation: f32) -> bool {
    p.hair.style != Style::Wreath && elevation > hairline(p, azimuth) + 10.0
}

/// Everything that grows on the skull but the brows. Joint numbers of the part's weights: 0 is the head, then the nodes
/// of the chains in order.
pub struct Hair {
    /// Name of its material.
    pub material: &'static str,
    pub part: Part,
    pub chains: Vec<Chain>,
}

/// A chain of nodes along free hair: its points in head space from the root to the tip.
pub struct Chain {
    pub name: String,
    pub points: Vec<Vec3>,
}

/// Makes the hair. `p` is [`Parameters::aged`].
pub fn build(p: &Parameters, surface: &Surface) -> Hair {
    let scalp = Scalp { surface, p, color: linear(p.colors.hair) };
    match p.hair.style {
        Style::Bob => bob::build(&scalp),
        Style::Short => short::build(&scalp),
        Style::Curls => curls::build(&scalp),
        Style::Gathered => gathered::build(&scalp),
        Style::Wreath => wreath::build(&scalp),
    }
}

/// What hair grows on.
struct Scalp<'a> {
    surface: &'a Surface,
    p: &'a Parameters,
    /// Linear.
    color: Vec3,
}

/// Lift of a shell of short hair by degrees above the hairline: rises out of the skin.
struct Shell<'a> {
    columns: usize,
    rows: usize,
    /// Lift above the skull by azimuth and degrees above the hairline, centimetres.
    lift: &'a dyn Fn(f32, f32) -> f32,
    /// Colour over the hair's.
    shade: f32,
}

impl Scalp<'_> {
    /// A point `lift` above the skull at an azimuth and elevation.
    fn above(&self, azimuth: f32, elevation: f32, lift: f32) -> Vec3 {
        self.surface.above_skull(direction(azimuth, elevation), lift)
    }

    fn hairline(&self, azimuth: f32) -> f32 {
        hairline(self.p, azimuth)
    }

    /// Hair as a closed surface from the crown down to the hairline, which its last row follows.
    fn shell(&self, shell: &Shell) -> Part {
        let Shell { columns, rows, lift, shade } = *shell;
        let mut part = Part::default();
        for r in 0..rows {
            for c in 0..columns {
                let azimuth = c as f32 / columns as f32 * 360.0 - 180.0;
                let down = (r as f32 / (rows - 1) as f32).powf(0.85);
                let line = self.hairline(azimuth);
                let elevation = lerp(89.9, line - 3.0, down);
                part.positions.push(self.above(azimuth, elevation, lift(azimuth, elevation - line)));
                part.uvs.push([c as f32 / columns as f32 * 8.0, down]);
            }
        }
        part.quads = grid(rows, columns, true);
        rigid(part.paint(self.color * shade))
    }

    /// A strand through directions with lifts, which stays off the skull between its knots too.
    fn lay(&self, knots: &[(Vec3, f32)], count: usize) -> Vec<Vec3> {
        let directions: Vec<Vec3> = knots.iter().map(|k| k.0.normalize_or_zero()).collect();
        let lifts: Vec<Vec3> = knots.iter().map(|k| Vec3::splat(k.1)).collect();
        let (directions, lifts) = (super::math::spline(&directions, count), super::math::spline(&lifts, count));
        directions.into_iter().zip(lifts).map(|(d, lift)| self.surface.above_skull(d, lift.x)).collect()
    }
}

/// Binds a part to the head alone.
fn rigid(mut part: Part) -> Part {
    part.weights = vec![[(0, 1.0), (0, 0.0), (0, 0.0), (0, 0.0)]; part.positions.len()];
    part
}

/// Chains along a sheet at some of its strands, and how its vertices share them.
#[derive(Clone, Default)]
struct Swing {
    /// Number of the first chain's first node.
    first: usize,
    /// Places across the sheet (0..=1) of the chains.
    places: Vec<f32>,
    /// Bones of each chain.
    links: usize,
    /// Share of the strands at which the chains begin.
    from: f32,
}

impl Swing {
    /// Weights of a vertex at `f` across and `s` along.
    fn weights(&self, f: f32, s: f32) -> Weights {
        let Some(last) = self.places.len().checked_sub(1) else { return influences(&[(0, 1.0)]) };
        let right = self.places.iter().position(|p| *p >= f).unwrap_or(last);
        let left = right.saturating_sub(1);
        let span = (self.places[right] - self.places[left]).max(1e-6);
        let share = ((f - self.places[left]) / span).clamp(0.0, 1.0);
        let along = (s - self.from) / (1.0 - self.from) * self.links as f32;
        let starts: Vec<f32> = (0..self.links).map(|i| i as f32 + if i == 0 { 0.3 } else { 0.0 }).collect();
        let of = |place: usize, weight: f32| {
            let node = self.first + place * (self.links + 1);
            let joints: Vec<usize> = std::iter::once(0).chain(node..node + self.links).collect();
            chain(&joints, &starts, 0.35, along).into_iter().map(move |(joint, w)| (joint, w * weight)).collect::<Vec<_>>()
        };
        let mut all = of(left, 1.0 - share);
        for (joint, weight) in of(right, share) {
            match all.iter_mut().find(|(j, _)| *j == joint) {
                Some((_, w)) => *w += weight,
                None => all.push((joint, weight)),
            }
        }
        influences(&all)
    }
}

impl Hair {
    fn new(part: Part) -> Hair {
        Hair { material: "hair", part, chains: Vec::new() }
    }

    /// Hangs chains of `links` bones along strands: (name, place across, strand). They begin at the share `from` of the strands.
    fn swing(&mut self, strands: &[(&str, f32, Vec<Vec3>)], from: f32, links: usize) -> Swing {
        let first = 1 + self.chains.iter().map(|c| c.points.len()).sum::<usize>();
        for (name, _, path) in strands {
            let at = |share: f32| path[(share * (path.len() - 1) as f32 + 0.5) as usize];
            let points = (0..=links).map(|i| at(lerp(from, 1.0, i as f32 / links as f32))).collect();
            self.chains.push(Chain { name: (*name).into(), points });
        }
        Swing { first, places: strands.iter().map(|s| s.1).collect(), links, from }
    }
}

/// Away from the head at a point of a strand. Below the ears hair hangs: it faces sideways, not downwards.
fn outward(p: Vec3) -> Vec3 {
    let away = p - Vec3::new(0.0, 1.0, -1.0);
    let below = smoothstep(1.0, -3.0, p.y);
    Vec3::new(away.x, away.y * lerp(1.0, 0.15, below), away.z).normalize_or_zero()
}
