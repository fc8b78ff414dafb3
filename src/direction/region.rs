//! Parts of face and body that can have a direction of their own.

use crate::face::coefficients::id;
use crate::spelling;
use crate::{Error, Result};
use std::str::FromStr;

/// A part of face or body with a direction of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Region {
    /// Brows, eyes, cheeks and mouth.
    Face,
    Brows,
    Eyes,
    Cheeks,
    Mouth,
    Head,
    Torso,
    /// Arms and hands.
    Hands,
    /// Head, torso and hands.
    Body,
}

impl Region {
    pub const ALL: [(Region, &str); 9] = [
        (Region::Face, "face"),
        (Region::Brows, "brows"),
        (Region::Eyes, "eyes"),
        (Region::Cheeks, "cheeks"),
        (Region::Mouth, "mouth"),
        (Region::Head, "head"),
        (Region::Torso, "torso"),
        (Region::Hands, "hands"),
        (Region::Body, "body"),
    ];

    pub fn name(self) -> &'static str {
        Region::ALL.iter().find(|(region, _)| *region == self).map_or("", |(_, name)| name)
    }

    /// The face coefficients that belong to it, without those of the gaze.
    pub fn coefficients(self) -> &'static [usize] {
        match self {
            Region::Brows => &[id::BROW_DOWN_LEFT, id::BROW_DOWN_RIGHT, id::BROW_INNER_UP, id::BROW_OUTER_UP_LEFT, id::BROW_OUTER_UP_RIGHT],
            Region::Eyes => {
                &[id::EYE_BLINK_LEFT, id::EYE_BLINK_RIGHT, id::EYE_SQUINT_LEFT, id::EYE_SQUINT_RIGHT, id::EYE_WIDE_LEFT, id::EYE_WIDE_RIGHT]
            }
            Region::Cheeks => &[id::CHEEK_PUFF, id::CHEEK_SQUINT_LEFT, id::CHEEK_SQUINT_RIGHT, id::NOSE_SNEER_LEFT, id::NOSE_SNEER_RIGHT],
            Region::Mouth => &MOUTH,
            _ => &[],
        }
    }

    /// The regions it is made of; itself where it has no parts.
    pub fn parts(self) -> &'static [Region] {
        match self {
            Region::Face => &[Region::Brows, Region::Eyes, Region::Cheeks, Region::Mouth],
            Region::Body => &[Region::Head, Region::Torso, Region::Hands],
            Region::Brows => &[Region::Brows],
            Region::Eyes => &[Region::Eyes],
            Region::Cheeks => &[Region::Cheeks],
            Region::Mouth => &[Region::Mouth],
            Region::Head => &[Region::Head],
            Region::Torso => &[Region::Torso],
            Region::Hands => &[Region::Hands],
        }
    }
}

/// Jaw, lips and tongue.
const MOUTH: [usize; 28] = {
    let mut all = [0; 28];
    let mut n = 0;
    while id::JAW_FORWARD + n <= id::MOUTH_UPPER_UP_RIGHT {
        all[n] = id::JAW_FORWARD + n;
        n += 1;
    }
    all[n] = id::TONGUE_OUT;
    all
};

/// Regions without parts, in the order of [`super::Plan::regions`].
pub const PARTS: [Region; 7] = [Region::Brows, Region::Eyes, Region::Cheeks, Region::Mouth, Region::Head, Region::Torso, Region::Hands];

impl FromStr for Region {
    type Err = Error;

    fn from_str(text: &str) -> Result<Region> {
        let known = Region::ALL.iter().find(|(_, name)| *name == text.trim().to_lowercase());
        known.map(|(region, _)| *region).ok_or_else(|| {
            let names = Region::ALL.map(|(_, name)| name);
            let guess = spelling::guess(text, names);
            Error::usage(format!("no region is called \"{text}\""), format!("{guess}Known are {}", names.join(", ")))
        })
    }
}
