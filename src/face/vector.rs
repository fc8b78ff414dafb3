//! What the face model moves: 44 coefficients, the head and the gaze as one row of numbers.

use super::coefficients::{self, Coefficients, id};
use crate::motion::{Gaze, Head};

/// Channels of the face model: every coefficient but the eight of the gaze, then head yaw, pitch, roll, gaze yaw, pitch.
pub const CHANNELS: usize = coefficients::COUNT - GAZE_COEFFICIENTS.len() + 5;

/// One row.
pub type Row = [f32; CHANNELS];

/// The coefficients that gaze is written into: left down, in, out, up; right down, in, out, up.
pub const GAZE_COEFFICIENTS: [usize; 8] = [
    id::EYE_LOOK_DOWN_LEFT,
    id::EYE_LOOK_IN_LEFT,
    id::EYE_LOOK_OUT_LEFT,
    id::EYE_LOOK_UP_LEFT,
    id::EYE_LOOK_DOWN_RIGHT,
    id::EYE_LOOK_IN_RIGHT,
    id::EYE_LOOK_OUT_RIGHT,
    id::EYE_LOOK_UP_RIGHT,
];

/// Places of head and gaze in a row.
pub const HEAD: usize = CHANNELS - 5;
pub const GAZE: usize = CHANNELS - 2;

/// The coefficient behind each of the first 44 channels.
pub fn coefficient_of(channel: usize) -> Option<usize> {
    (0..coefficients::COUNT).filter(|c| !GAZE_COEFFICIENTS.contains(c)).nth(channel)
}

/// The channel of a coefficient, unless gaze carries it.
pub fn channel_of(coefficient: usize) -> Option<usize> {
    (!GAZE_COEFFICIENTS.contains(&coefficient)).then(|| (0..coefficient).filter(|c| !GAZE_COEFFICIENTS.contains(c)).count())
}

/// Jaw and mouth channels without smile, frown and dimple: what articulation owns. The rest is the life of the face.
pub fn is_lips(channel: usize) -> bool {
    coefficient_of(channel).is_some_and(|c| {
        (id::JAW_FORWARD..=id::MOUTH_RIGHT).contains(&c)
            || (id::MOUTH_STRETCH_LEFT..=id::MOUTH_UPPER_UP_RIGHT).contains(&c)
            || c == id::TONGUE_OUT
    })
}

/// Packs a frame of motion.
pub fn pack(face: &Coefficients, head: Head, gaze: Gaze) -> Row {
    let mut row = [0.0; CHANNELS];
    let coefficients = (0..coefficients::COUNT).filter(|c| !GAZE_COEFFICIENTS.contains(c));
    row.iter_mut().zip(coefficients).for_each(|(r, c)| *r = face[c]);
    row[HEAD..].copy_from_slice(&[head.yaw, head.pitch, head.roll, gaze.yaw, gaze.pitch]);
    row
}

/// Unpacks a row, writing the gaze into the look coefficients too.
pub fn unpack(row: &Row) -> (Coefficients, Head, Gaze) {
    let mut face = [0.0; coefficients::COUNT];
    let places = (0..coefficients::COUNT).filter(|c| !GAZE_COEFFICIENTS.contains(c));
    places.zip(row).for_each(|(c, r)| face[c] = r.clamp(0.0, 1.0));
    let head = Head { yaw: row[HEAD], pitch: row[HEAD + 1], roll: row[HEAD + 2] };
    let gaze = Gaze { yaw: row[GAZE], pitch: row[GAZE + 1] };
    gaze.write(&mut face);
    (face, head, gaze)
}

/// The same motion seen in a mirror: left and right change places, yaw and roll their sign.
pub fn mirror(row: &Row) -> Row {
    let (face, head, gaze) = unpack(row);
    let mut other = face;
    for (c, name) in coefficients::NAMES.iter().enumerate() {
        let twin = if name.contains("Left") { name.replace("Left", "Right") } else { name.replace("Right", "Left") };
        if let Some(t) = coefficients::index(&twin) {
            other[t] = face[c];
        }
    }
    pack(&other, Head { yaw: -head.yaw, roll: -head.roll, ..head }, Gaze { yaw: -gaze.yaw, ..gaze })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packing_and_unpacking_agree() {
        let mut face = [0.0; coefficients::COUNT];
        for (i, c) in face.iter_mut().enumerate() {
            *c = i as f32 / 60.0;
        }
        let gaze = Gaze { yaw: 0.2, pitch: -0.1 };
        gaze.write(&mut face);
        let head = Head { yaw: 0.1, pitch: 0.2, roll: -0.3 };
        let (face2, head2, gaze2) = unpack(&pack(&face, head, gaze));
        assert_eq!((face, head, gaze), (face2, head2, gaze2));
    }

    #[test]
    fn a_mirror_swaps_sides_and_twice_is_nothing() {
        let mut face = [0.0; coefficients::COUNT];
        (face[id::MOUTH_SMILE_LEFT], face[id::JAW_RIGHT], face[id::JAW_OPEN]) = (0.7, 0.2, 0.5);
        let row = pack(&face, Head { yaw: 0.1, pitch: 0.2, roll: 0.3 }, Gaze { yaw: 0.1, pitch: 0.0 });
        let (seen, head, _) = unpack(&mirror(&row));
        assert_eq!((seen[id::MOUTH_SMILE_RIGHT], seen[id::JAW_LEFT], seen[id::JAW_OPEN]), (0.7, 0.2, 0.5));
        assert_eq!((head.yaw, head.pitch), (-0.1, 0.2));
        assert_eq!(mirror(&mirror(&row)), row);
    }

    #[test]
    fn channels_and_coefficients_are_inverse() {
        for channel in 0..HEAD {
            assert_eq!(coefficient_of(channel).and_then(channel_of), Some(channel));
        }
        assert_eq!(channel_of(id::EYE_LOOK_UP_LEFT), None);
        assert!(is_lips(channel_of(id::MOUTH_CLOSE).unwrap()) && !is_lips(channel_of(id::MOUTH_SMILE_LEFT).unwrap()) && !is_lips(HEAD));
    }
}
