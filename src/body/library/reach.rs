//! An arm that brings a hand to a place, turned as asked for, with elbow and wrist as people hold them.
//!
//! All of it happens on the left side; the right one is seen in a mirror ([`mirror_place`], [`mirror_turn`]).

use crate::body::limbs::{ARM_LENGTH, FOREARM_LENGTH, UPPER_ARM_LENGTH, between, habit, two_bones};
use crate::body::skeleton::{Globals, OFFSETS, Pose};
use crate::body::{curves::soft_min, gestures::Side, limbs::SHOULDER};
use glam::{Quat, Vec3};

/// A place seen in the mirror at x = 0, for the right side.
pub fn mirror_place(place: Vec3, side: Side) -> Vec3 {
    Vec3::new(place.x * side.sign(), place.y, place.z)
}

/// A rotation seen in the mirror at x = 0, for the right side.
pub fn mirror_turn(turn: Quat, side: Side) -> Quat {
    match side {
        Side::Left => turn,
        Side::Right => Quat::from_xyzw(turn.x, -turn.y, -turn.z, turn.w),
    }
}

/// What an arm is asked for, in the world (or its mirror).
#[derive(Clone, Copy, Debug)]
pub struct Reach {
    pub wrist: Vec3,
    /// The hand's turn in the world.
    pub hand: Quat,
    /// Where the elbow points, seen from the line between shoulder and wrist.
    pub elbow: Vec3,
    /// The collarbone's turn against the chest.
    pub collar: Quat,
}

/// Turns of collarbone, upper arm, forearm and hand, each against its parent.
pub type Turns = [Quat; 4];

impl Reach {
    /// What the arm of a pose does now.
    pub fn of(pose: &Pose, globals: &Globals, side: Side) -> Reach {
        let first = SHOULDER[side as usize];
        let at = |joint: usize| mirror_place(globals.positions[joint], side);
        let (shoulder, elbow, wrist) = (at(first + 1), at(first + 2), at(first + 3));
        let along = (wrist - shoulder).normalize_or(Vec3::NEG_Y);
        let aside = elbow - shoulder;
        Reach {
            wrist,
            hand: mirror_turn(globals.rotations[first + 3], side),
            elbow: (aside - along * aside.dot(along)).normalize_or(Vec3::NEG_Z),
            collar: mirror_turn(pose.rotations[first], side),
        }
    }

    /// The usual arm for a hand at `wrist`: elbow and collarbone by habit, the elbow swung by `swivel` radians about the line from
    /// shoulder to wrist, the collarbone raised by `rise` radians.
    pub fn usual(chest: (Vec3, Quat), wrist: Vec3, hand: Quat, swivel: f32, rise: f32) -> Reach {
        let (place, turn) = chest;
        let collar_at = place + turn * OFFSETS[SHOULDER[0]];
        let seen = |joint: Vec3| {
            let place = turn.inverse() * (wrist - joint) / ARM_LENGTH;
            place * (soft_min(place.length(), 1.0, 0.02) / place.length().max(1e-3))
        };
        let (_, collar) = habit(seen(collar_at + turn * OFFSETS[SHOULDER[0] + 1]));
        let collar = Quat::from_scaled_axis(collar.clamp(Vec3::splat(-0.4), Vec3::splat(0.4)) + Vec3::Z * rise);
        let joint = collar_at + turn * collar * OFFSETS[SHOULDER[0] + 1];
        let (elbow, _) = habit(seen(joint));
        let along = (wrist - joint).normalize_or(Vec3::NEG_Y);
        Reach { wrist, hand, elbow: Quat::from_axis_angle(along, swivel) * turn * elbow.normalize_or(Vec3::NEG_Z), collar }
    }

    /// Part of the way from `self` to `other`.
    pub fn towards(&self, other: &Reach, share: f32) -> Reach {
        let mix = |a: Vec3, b: Vec3| a + (b - a) * share;
        Reach {
            wrist: mix(self.wrist, other.wrist),
            hand: self.hand.slerp(other.hand, share),
            elbow: mix(self.elbow, other.elbow).normalize_or(other.elbow),
            collar: self.collar.slerp(other.collar, share),
        }
    }

    /// The joints that do it on a chest that is at the given place and turned so.
    pub fn solve(&self, chest: (Vec3, Quat)) -> Turns {
        let Solved { collar, upper, lower, twist, bend, .. } = self.solved(chest);
        let (_, chest_turn) = chest;
        // Radius and ulna turn about each other: half of the twist belongs to the forearm.
        let half = Quat::from_rotation_x(0.5 * twist.clamp(-TWIST, TWIST));
        let hand = Quat::from_scaled_axis(Vec3::new(0.0, bend.y.clamp(-RADIAL, ULNAR), bend.z.clamp(-FLEXION, EXTENSION)));
        [collar, (chest_turn * collar).inverse() * upper, upper.inverse() * lower * half, half * hand]
    }

    /// How uncomfortable the arm is: a twisted forearm, a bent wrist, an elbow that is lifted, swung far or inside the trunk.
    pub fn strain(&self, chest: (Vec3, Quat), swivel: f32) -> f32 {
        let Solved { shoulder, elbow, twist, bend, .. } = self.solved(chest);
        let over = |x: f32, limit: f32| (x - limit).max(0.0).powi(2);
        let aside = over(bend.y, 0.8 * ULNAR) + over(-bend.y, 0.8 * RADIAL);
        // Elbows that stand out in front of the hand look like a shield.
        let ahead = over(elbow.z, self.wrist.z.max(shoulder.z) + 0.06);
        let inside = over(0.20 - elbow.x, 0.0) * f32::from(elbow.z < 0.12);
        0.3 * twist * twist
            + 12.0 * over(twist.abs(), 0.85 * TWIST)
            + 1.2 * bend.y * bend.y
            + 0.6 * bend.z * bend.z
            + 12.0 * (aside + over(bend.z.abs(), 0.85 * FLEXION))
            + 0.3 * swivel * swivel
            + 25.0 * over(elbow.y, shoulder.y - 0.03)
            + 60.0 * ahead
            + 60.0 * inside
    }

    fn solved(&self, (place, turn): (Vec3, Quat)) -> Solved {
        let shoulder = place + turn * (OFFSETS[SHOULDER[0]] + self.collar * OFFSETS[SHOULDER[0] + 1]);
        let reach = self.wrist - shoulder;
        let distance = soft_min(reach.length(), 0.985 * ARM_LENGTH, 0.008).max(0.06);
        let along = reach.normalize_or(Vec3::NEG_Y);
        let (up, fore, hinge) = two_bones(along * distance, self.elbow, UPPER_ARM_LENGTH, FOREARM_LENGTH);
        let rest = (Vec3::X, Vec3::NEG_Y);
        let (upper, lower) = (between(rest, (up, hinge)), between(rest, (fore, hinge)));
        let held = lower.inverse() * self.hand;
        // Twist about the forearm first, then the bend of the wrist.
        let held = if held.w < 0.0 { -held } else { held };
        let twist = 2.0 * held.x.atan2(held.w);
        let bend = (Quat::from_rotation_x(-twist) * held).to_scaled_axis();
        Solved { collar: self.collar, shoulder, elbow: shoulder + up * UPPER_ARM_LENGTH, upper, lower, twist, bend }
    }
}

/// Ranges of forearm and wrist, radians (American Academy of Orthopaedic Surgeons 1965, rounded).
const TWIST: f32 = 1.48;
const FLEXION: f32 = 1.25;
const EXTENSION: f32 = 1.2;
const ULNAR: f32 = 0.55;
const RADIAL: f32 = 0.40;

struct Solved {
    collar: Quat,
    shoulder: Vec3,
    elbow: Vec3,
    upper: Quat,
    lower: Quat,
    /// Of the forearm, radians; 0 is half way between palm up and palm down.
    twist: f32,
    /// Of the wrist, a rotation vector without x: y bends to the little finger, z backwards.
    bend: Vec3,
}

/// The swivel of the elbow with the least strain.
pub fn comfortable(chest: (Vec3, Quat), wrist: Vec3, hand: Quat, rise: f32) -> f32 {
    let strain = |k: &i32| {
        let swivel = 0.08 * *k as f32;
        Reach::usual(chest, wrist, hand, swivel, rise).strain(chest, swivel)
    };
    (-20..=20).min_by(|a, b| strain(a).total_cmp(&strain(b))).map_or(0.0, |k| 0.08 * k as f32)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::body::{self, skeleton};

    #[test]
    fn an_arm_reads_back_as_it_was_set() {
        let mut pose = body::standing();
        let before = pose.clone();
        let globals = skeleton::globals(&pose, &OFFSETS);
        for side in Side::BOTH {
            let chest = (mirror_place(globals.positions[3], side), mirror_turn(globals.rotations[3], side));
            let turns = Reach::of(&pose, &globals, side).solve(chest);
            for (k, turn) in turns.into_iter().enumerate() {
                pose.rotations[SHOULDER[side as usize] + k] = mirror_turn(turn, side);
            }
        }
        let now = skeleton::globals(&pose, &OFFSETS);
        for joint in [8, 9, 12, 13] {
            // An arm that is almost straight is bent a little, so that it never snaps.
            let away = (now.positions[joint] - globals.positions[joint]).length();
            assert!(away < 0.02, "{joint}: {away}");
            assert!(now.rotations[joint].angle_between(globals.rotations[joint]) < 0.15, "{joint}");
        }
        assert_eq!(before.rotations[14..22], pose.rotations[14..22]);
    }

    #[test]
    fn a_comfortable_elbow_strains_less_than_the_usual_one() {
        let rest = skeleton::globals(&Pose::default(), &OFFSETS);
        let chest = (rest.positions[3], rest.rotations[3]);
        // The hand at the ear, palm to the front.
        let (wrist, hand) = (Vec3::new(0.2, 1.46, 0.06), Quat::from_rotation_z(1.4) * Quat::from_rotation_x(1.2));
        let swivel = comfortable(chest, wrist, hand, 0.0);
        let strain = |s: f32| Reach::usual(chest, wrist, hand, s, 0.0).strain(chest, s);
        assert!(strain(swivel) <= strain(0.0));
    }
}
