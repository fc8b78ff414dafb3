//! Hands to the same place relative to the body, where proportions differ.
//!
//! Rotations alone keep how an arm looks, but hands that touched no longer meet when shoulders are wider. Here the wrist's place
//! is carried over instead: seen from the line of the shoulders, scaled by the arms' lengths, and across the body scaled by the
//! shoulders' widths, so that the midline stays the midline. Two bones then reach for it, the elbow in its plane. A
//! stretched arm stays as its rotations have it: nobody touches anything there, and a bent elbow would show.

use crate::body::curves::smoothstep;
use glam::{Quat, Vec3};

/// One body's arms in one frame, in the world; left, right.
#[derive(Clone, Copy, Debug)]
pub struct Arms {
    /// Shoulder joint, elbow, wrist.
    pub joints: [[Vec3; 3]; 2],
    /// Our axes of the chest: x to the body's left, y up.
    pub chest: Quat,
}

/// From these shares of its length on an arm counts as stretched.
const STRETCHED: (f32, f32) = (0.90, 0.99);

impl Arms {
    fn length(&self, side: usize) -> f32 {
        let [shoulder, elbow, wrist] = self.joints[side];
        shoulder.distance(elbow) + elbow.distance(wrist)
    }

    fn half_width(&self) -> f32 {
        0.5 * self.joints[0][0].distance(self.joints[1][0])
    }

    /// Where the wrist of a side belongs on `other` so that it is where it is here.
    fn wrist_on(&self, other: &Arms, side: usize) -> Vec3 {
        let [shoulder, _, wrist] = self.joints[side];
        let (length, scale) = (self.length(side), other.length(side) / self.length(side).max(1e-6));
        let middle = 0.5 * (self.joints[0][0] + self.joints[1][0]);
        let out = if side == 0 { 1.0 } else { -1.0 };
        let across = (self.chest.inverse() * (wrist - middle)).x * out / self.half_width().max(1e-6);
        // Outside of the shoulder places hang on the shoulder, between the shoulders on the midline.
        let inward = (other.half_width() - scale * self.half_width()) * (across.clamp(-1.0, 1.0) - 1.0);
        let free = 1.0 - smoothstep(STRETCHED.0, STRETCHED.1, wrist.distance(shoulder) / length.max(1e-6));
        let seen = self.chest.inverse() * (wrist - shoulder) * scale;
        other.joints[side][0] + other.chest * (seen + Vec3::X * (out * inward * free))
    }

    /// World rotations to put before those of the upper arm and the forearm on `other`, so that its hands are where they are here.
    pub fn carry(&self, other: &Arms) -> [[Quat; 2]; 2] {
        std::array::from_fn(|side| reach(other.joints[side], self.wrist_on(other, side)))
    }
}

/// Turns of two bones that bring their end to `target`, or as near as they reach, in the plane that they are bent in.
fn reach([shoulder, elbow, wrist]: [Vec3; 3], target: Vec3) -> [Quat; 2] {
    let (a, b) = (shoulder.distance(elbow), elbow.distance(wrist));
    let (before, after) = (wrist - shoulder, target - shoulder);
    if (wrist - target).length() < 1e-4 || a.min(b) < 1e-4 || before.length() < 1e-3 || after.length() < 1e-3 {
        return [Quat::IDENTITY; 2];
    }
    let distance = after.length().clamp((a - b).abs() + 0.02 * a, 0.9995 * (a + b));
    let along = after.normalize();
    let swing = Quat::from_rotation_arc(before.normalize(), along);
    let upper = (swing * (elbow - shoulder)).normalize();
    let pole = (upper - along * upper.dot(along)).try_normalize();
    // A straight arm has no plane; turning it is all there is to do.
    let Some(pole) = pole else { return [swing; 2] };
    let cosine = ((a * a + distance * distance - b * b) / (2.0 * a * distance)).clamp(-1.0, 1.0);
    let bent = along * cosine + pole * (1.0 - cosine * cosine).sqrt();
    let lower = (swing * (wrist - elbow)).normalize();
    let fore = (along * distance - bent * a).normalize_or(lower);
    [Quat::from_rotation_arc(upper, bent) * swing, Quat::from_rotation_arc(lower, fore) * swing]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arms(width: f32, upper: f32, lower: f32, left: Vec3) -> Arms {
        let joints = [1.0, -1.0].map(|out| {
            let shoulder = Vec3::new(out * width, 1.4, 0.0);
            let elbow = shoulder + Vec3::new(out * 0.1, -0.9, 0.1).normalize() * upper;
            [shoulder, elbow, elbow + left.normalize() * Vec3::new(out, 1.0, 1.0) * lower]
        });
        Arms { joints, chest: Quat::IDENTITY }
    }

    #[test]
    fn hands_that_meet_still_meet() {
        let mut from = arms(0.16, 0.27, 0.24, Vec3::new(-0.6, 0.1, 0.8));
        // Both wrists at one place before the chest.
        for side in 0..2 {
            let meeting = Vec3::new(0.0, 1.15, 0.25);
            let [upper, lower] = reach(from.joints[side], meeting);
            let [shoulder, elbow, wrist] = from.joints[side];
            let moved = shoulder + upper * (elbow - shoulder);
            from.joints[side] = [shoulder, moved, moved + lower * (wrist - elbow)];
            assert!(from.joints[side][2].distance(meeting) < 1e-4);
        }
        let mut to = arms(0.20, 0.25, 0.26, Vec3::new(-0.6, 0.1, 0.8));
        let turns = from.carry(&to);
        for (joints, [upper, lower]) in to.joints.iter_mut().zip(turns) {
            let [shoulder, elbow, wrist] = *joints;
            let moved = shoulder + upper * (elbow - shoulder);
            *joints = [shoulder, moved, moved + lower * (wrist - elbow)];
        }
        assert!(to.joints[0][2].distance(to.joints[1][2]) < 1e-4, "{:?}", to.joints);
    }
}
