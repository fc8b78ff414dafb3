//! Which joint or coefficient a name in somebody's file stands for.

use crate::body::skeleton;
use crate::face::coefficients;

/// The ARKit coefficient a morph's name stands for. Understood are ARKit's names in any case, with a node's name before a
/// dot, a counted prefix (`AK_25_JawOpen`), and `_L` / `_R` for the sides.
pub fn coefficient(name: &str) -> Option<usize> {
    let name = name.rsplit('.').next().unwrap_or(name);
    let name = name.rsplit_once("AK_").map_or(name, |(_, rest)| rest.trim_start_matches(|c: char| c.is_ascii_digit() || c == '_'));
    let spelled = |name: &str| coefficients::NAMES.iter().position(|n| n.eq_ignore_ascii_case(name));
    let sided = |suffixes: [&str; 2], side: &str| {
        suffixes.iter().find_map(|s| name.strip_suffix(s)).and_then(|stem| spelled(&format!("{stem}{side}")))
    };
    spelled(name).or_else(|| sided(["_L", "_l"], "Left")).or_else(|| sided(["_R", "_r"], "Right"))
}

/// The joint a node's name stands for: VRM's own names and those of Mixamo, with or without a prefix.
pub fn joint(name: &str) -> Option<usize> {
    let name = name.rsplit(':').next().unwrap_or(name);
    let plain = |s: &str| s.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect::<String>();
    let name = plain(name);
    let own = |joint: &str| skeleton::JOINTS.iter().position(|j| plain(j.name) == joint);
    own(&name).or_else(|| own(&plain(&mixamo(&name)?)))
}

/// VRM's name for a Mixamo name in lower case.
fn mixamo(name: &str) -> Option<String> {
    let (side, stem) = match (name.strip_prefix("left"), name.strip_prefix("right")) {
        (Some(stem), _) => ("left", stem),
        (_, Some(stem)) => ("right", stem),
        _ => ("", name),
    };
    let joint = match stem {
        "spine1" => "chest",
        "spine2" => "upperChest",
        "arm" => "UpperArm",
        "forearm" => "LowerArm",
        "upleg" => "UpperLeg",
        "leg" => "LowerLeg",
        "toebase" => "Toes",
        finger => return mixamo_finger(side, finger),
    };
    Some(format!("{side}{joint}"))
}

/// `handindex2` is the second joint of the index finger.
fn mixamo_finger(side: &str, name: &str) -> Option<String> {
    let name = name.strip_prefix("hand")?;
    let number = name.chars().last()?.to_digit(10)?;
    let finger = match &name[..name.len() - 1] {
        "thumb" => "Thumb",
        "index" => "Index",
        "middle" => "Middle",
        "ring" => "Ring",
        "pinky" => "Little",
        _ => return None,
    };
    let part = match (finger, number) {
        ("Thumb", 1) => "Metacarpal",
        (_, 1) | ("Thumb", 2) => "Proximal",
        (_, 2) => "Intermediate",
        (_, 3) => "Distal",
        _ => return None,
    };
    Some(format!("{side}{finger}{part}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn common_spellings_are_known() {
        let index = |n| coefficients::index(n);
        for name in ["jawOpen", "JawOpen", "blendShape1.AK_25_JawOpen", "blendShapes.JawOpen"] {
            assert_eq!(coefficient(name), index("jawOpen"), "{name}");
        }
        assert_eq!(coefficient("eyeBlink_L"), index("eyeBlinkLeft"));
        assert_eq!(coefficient("mouthSmile_R"), index("mouthSmileRight"));
        assert_eq!(coefficient("SR_21_Jaw_Open"), None);
        assert_eq!(joint("mixamorig:LeftForeArm"), skeleton::index("leftLowerArm"));
        assert_eq!(joint("RightHandPinky3"), skeleton::index("rightLittleDistal"));
        assert_eq!(joint("LeftHandThumb2"), skeleton::index("leftThumbProximal"));
        assert_eq!(joint("Spine2"), skeleton::index("upperChest"));
        assert_eq!(joint("Hips_end"), None);
    }
}
