//! CSV as the iPhone app Live Link Face writes it.
//!
//! A header `Timecode,BlendshapeCount,EyeBlinkLeft,...`, then one row a frame: the time of day, the number 61, 52
//! coefficients, and nine angles in radians. Facts (from files recorded with the app):
//!
//! - The order of coefficients is *not* ARKit's: JawRight comes before JawLeft, MouthRight before MouthLeft. Everything here
//!   goes by name. Header spellings differ between versions of the app (`BlendShapeCount`); so does the number of columns.
//! - A timecode is `HH:MM:SS:FF.fff` in sixtieths of a second, whatever the frame rate; other programs count frames instead. It is a
//!   time of day: files start anywhere and may pass midnight; dropped frames leave gaps.
//! - Eye yaw is positive to the subject's right, eye pitch positive downwards (checked against the eyeLook coefficients
//!   of real recordings). Head angles come out of the same conversion from ARKit's axes to Unreal's, so their yaw and
//!   pitch are taken to have the same signs, and roll to be positive with the right ear up; the recordings at hand hold no
//!   head motion to check it on. So yaw and roll change sign between such a file and [`crate::motion::Head`]; pitch does not.

use crate::face::coefficients::{self, NAMES};
use crate::motion::{Frame, Performance};
use std::io::Write;

const COUNT: usize = 61;
pub const ANGLES: [&str; 9] =
    ["HeadYaw", "HeadPitch", "HeadRoll", "LeftEyeYaw", "LeftEyePitch", "LeftEyeRoll", "RightEyeYaw", "RightEyePitch", "RightEyeRoll"];
/// Timecodes of the app count sixtieths of a second.
const BASE: f64 = 60.0;

/// Coefficients in the app's order, as places in ARKit's.
fn order() -> [usize; coefficients::COUNT] {
    let mut order: [usize; coefficients::COUNT] = std::array::from_fn(|k| k);
    for (left, right) in [("jawLeft", "jawRight"), ("mouthLeft", "mouthRight")] {
        if let (Some(left), Some(right)) = (coefficients::index(left), coefficients::index(right)) {
            order.swap(left, right);
        }
    }
    order
}

/// `eyeBlinkLeft` as the app spells it: `EyeBlinkLeft`.
fn spelled(name: &str) -> String {
    name[..1].to_uppercase() + &name[1..]
}

/// Writes frame by frame; the first frame stands at 00:00:00:00.000.
pub fn write(out: &mut impl Write, performance: &Performance) -> std::io::Result<()> {
    let order = order();
    let names: Vec<String> = order.iter().map(|k| spelled(NAMES[*k])).collect();
    writeln!(out, "Timecode,BlendshapeCount,{},{}", names.join(","), ANGLES.join(","))?;
    for (n, frame) in performance.frames.iter().enumerate() {
        write!(out, "{},{COUNT}", timecode(n as f64 / performance.fps))?;
        for value in order.iter().map(|k| frame.face[*k]).chain(angles(frame)) {
            // Adding zero turns minus zero into zero.
            write!(out, ",{:.10}", if value.is_finite() { value + 0.0 } else { 0.0 })?;
        }
        writeln!(out)?;
    }
    Ok(())
}

/// The nine angles of a frame, in the file's order and signs. Both eyes look the same way.
fn angles(frame: &Frame) -> [f32; 9] {
    let (head, gaze) = (frame.head, frame.gaze);
    [-head.yaw, head.pitch, -head.roll, -gaze.yaw, gaze.pitch, 0.0, -gaze.yaw, gaze.pitch, 0.0]
}

/// `HH:MM:SS:FF.fff` in sixtieths; whole thousandths of them, so that 59.9999 becomes the next second.
fn timecode(seconds: f64) -> String {
    let thousandths = (seconds * BASE * 1000.0).round() as u64;
    let (parts, whole) = (thousandths % 60_000, thousandths / 60_000);
    format!("{:02}:{:02}:{:02}:{:02}.{:03}", whole / 3600 % 24, whole / 60 % 60, whole % 60, parts / 1000, parts % 1000)
}
