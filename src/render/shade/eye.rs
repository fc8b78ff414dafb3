//! The eyeball: an iris that lies behind a cornea, in the shade of the lid above it, with tears along the lid below and the
//! look's lights mirrored in it.

use super::super::eyes::{COLUMNS, Eye, REACH};
use super::super::lanes::mix;
use super::*;

/// Depth of the iris behind the cornea's front as a share of the ball's radius, and the index of refraction of what is between.
const DEPTH: f32 = 0.17;
const INDEX: f32 = 1.336;
/// The cornea's radius of curvature as a share of the ball's, and its border's distance from the axis.
const CORNEA: f32 = 0.65;
const BORDER: f32 = 0.52;

pub fn eye(h: &Hit, s: &Studio) -> V3 {
    let l = &s.look.lights;
    let wrapped = wrap(h.normal, &l.key, 0.55) * (f(0.45) + f(0.55) * h.lit) * f(0.62);
    let amb = ambient(h.normal, V3::grey(F8::ONE), l) * f(0.56);
    let fill = V3::splat(l.fill.colour) * (wrap(h.normal, &l.fill, 0.5) * f(0.30));
    let light = V3::splat(l.key.colour) * wrapped + amb + fill;
    let wet = V3::splat(l.rim.colour) * (ggx(h.normal, h.view, &l.rim, 0.25) * f(0.3));
    let Some((near, left)) = nearer(h.position, s) else {
        return h.albedo * light + wet + V3::splat(l.key.colour) * (ggx(h.normal, h.view, &l.key, 0.12) * f(0.2));
    };
    let (shade, shine) = if left.all() {
        socket(h, s, near[0])
    } else if left.none() {
        socket(h, s, near[1])
    } else {
        let (a, b) = (socket(h, s, near[0]), socket(h, s, near[1]));
        (left.select(a.0, b.0), a.1.or(left, b.1))
    };
    h.albedo * light * shade + wet + shine
}

/// Both eyes, where there are two, and a mask of the lanes that lie on the first.
fn nearer(position: V3, s: &Studio) -> Option<([&Eye; 2], F8)> {
    let [Some(left), Some(right)] = &s.eyes else { return None };
    let (p, q) = (position - V3::splat(left.centre), position - V3::splat(right.centre));
    Some(([left, right], p.dot(p).simd_lt(q.dot(q))))
}

/// Where the look through the cornea meets the iris: what to add to the texture coordinates.
pub fn refraction(position: V3, view: V3, s: &Studio) -> (F8, F8) {
    let Some((near, left)) = nearer(position, s) else { return (F8::ZERO, F8::ZERO) };
    let one = |eye: &Eye| {
        let (x, y, z) = in_ball(eye, (position - V3::splat(eye.centre)).normalize());
        let (vx, vy, vz) = in_ball(eye, view);
        let under = saturate(F8::ONE - (x * x + y * y) * f(1.0 / (BORDER * BORDER))) * z.simd_gt(F8::ZERO).select(F8::ONE, F8::ZERO);
        let reach = under * f(-DEPTH / INDEX) / vz.fast_max(f(0.35));
        let (dx, dy) = (vx * reach, vy * reach);
        (dx * f(eye.slope[0]) + dy * f(eye.slope[2]), dx * f(eye.slope[1]) + dy * f(eye.slope[3]))
    };
    let (a, b) = (one(near[0]), one(near[1]));
    (left.select(a.0, b.0), left.select(a.1, b.1))
}

/// A direction in the frame that turns with the ball: right, up, along the gaze.
fn in_ball(eye: &Eye, q: V3) -> (F8, F8, F8) {
    (q.dot(V3::splat(eye.ball_right)), q.dot(V3::splat(eye.ball_up)), q.dot(V3::splat(eye.gaze)))
}

/// (shade of the lids and the corners with the glow of the iris, what is mirrored) for one eye.
fn socket(h: &Hit, s: &Studio, eye: &Eye) -> (F8, V3) {
    let q = (h.position - V3::splat(eye.centre)).normalize();
    let lids = lids(eye, q);
    let under = lids.upper - lids.pitch;
    let above = lids.pitch - lids.lower;
    let side = lids.yaw * f(1.0 / 0.94);
    let corner = saturate(side * side);
    let shade = (F8::ONE - f(0.62) * fall(under - f(0.026), 0.113)) * (F8::ONE - f(0.30) * corner * corner);
    let shade = shade * (F8::ONE - f(0.30) * fall(above, 0.06)) * glow(h, s, eye, q);
    // Only on the side that looks at the camera, and not on what the lid covers.
    let front = smoothstep(0.0, 0.3, q.dot(V3::splat(eye.gaze)));
    let open = smoothstep(-0.02, 0.07, under);
    let l = &s.look.lights;
    let shine = mirrored(s, eye, q, &l.key) * (open * f(0.66)) + mirrored(s, eye, q, &l.fill) * f(0.70);
    // Tears stand along the lower lid.
    let tears = saturate(F8::ONE - (above - f(0.018)).abs() * f(1.0 / 0.022));
    let tears = V3::splat(l.key.colour) * (tears * tears * (f(0.3) + f(0.7) * h.lit) * f(0.07));
    (shade, shine * front + tears)
}

/// exp(-x / reach) for x >= 0, 1 below; good to 0.01 as (1 + x/8)^-8.
#[inline(always)]
fn fall(x: F8, reach: f32) -> F8 {
    F8::ONE / power(F8::ONE + x.fast_max(F8::ZERO) * f(1.0 / (8.0 * reach)), 3)
}

/// Light that enters the cornea on one side leaves the iris on the other. White and pupil, which have no colour, keep still.
fn glow(h: &Hit, s: &Studio, eye: &Eye, q: V3) -> F8 {
    let (x, y, _) = in_ball(eye, q);
    let (lx, ly, _) = in_ball(eye, V3::splat(s.look.lights.key.direction));
    let across = saturate((x * lx + y * ly) * f(-1.6) + f(0.30));
    let (most, least) = (h.albedo.x.fast_max(h.albedo.y).fast_max(h.albedo.z), h.albedo.x.fast_min(h.albedo.y).fast_min(h.albedo.z));
    let coloured = smoothstep(0.15, 0.5, (most - least) / (most + f(0.01)));
    let inside = smoothstep(1.0, 0.8, (x * x + y * y) * f(1.0 / (BORDER * BORDER)));
    F8::ONE + coloured * inside * (across * across * f(1.1) - f(0.05))
}

/// A light mirrored in the cornea, as a disc where its reflection stands; kept on the iris, so that the eye is alive from
/// everywhere, and off its middle, where a light in the pupil would look like a cataract.
fn mirrored(s: &Studio, eye: &Eye, q: V3, light: &Light) -> V3 {
    let camera = &s.camera;
    let half = (light.direction + camera.back).normalize_or(camera.back);
    let off = (half - eye.gaze) * CORNEA;
    let (cx, cy) = (off.dot(camera.right), off.dot(camera.up));
    let away = cx.hypot(cy);
    let hold = (0.27 / away.max(1e-6)).min(1.0);
    let t = ((away - 0.06) / 0.10).clamp(0.0, 1.0);
    let colour = light.colour * (t * t * (3.0 - 2.0 * t));
    let p = q - V3::splat(eye.gaze);
    let (dx, dy) = (p.dot(V3::splat(camera.right)) - f(cx * hold), p.dot(V3::splat(camera.up)) - f(cy * hold));
    V3::splat(colour) * smoothstep(light.size * 1.2, light.size * 0.8, (dx * dx + dy * dy).sqrt())
}

/// Pitches of the lids' rims over a pixel's column, and the pixel's yaw and pitch in the socket.
struct Lids {
    upper: F8,
    lower: F8,
    yaw: F8,
    pitch: F8,
}

fn lids(eye: &Eye, q: V3) -> Lids {
    let yaw = q.dot(V3::splat(eye.right)).atan2(q.dot(V3::splat(eye.forward)));
    let pitch = q.dot(V3::splat(eye.up)).fast_max(f(-1.0)).fast_min(F8::ONE).asin();
    let place = ((yaw + f(REACH)) * f(COLUMNS as f32 / (2.0 * REACH)) - f(0.5)).fast_max(F8::ZERO).fast_min(f(COLUMNS as f32 - 1.001));
    let (low, t) = (place.fast_trunc_int().to_array(), place - floor(place));
    let column = |i: i32| (i.max(0) as usize).min(COLUMNS - 1);
    let rim = |first: usize| {
        let at = |step: i32| F8::new(low.map(|i| eye.lid[first + column(i + step)]));
        mix(at(0), at(1), t)
    };
    Lids { upper: rim(0), lower: rim(COLUMNS), yaw, pitch }
}
