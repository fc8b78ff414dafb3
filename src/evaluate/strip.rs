//! What a performance does over time, put together for the [`Strip`].

use super::closures::closures;
use super::score::{hand_speed, strokes};
use crate::Result;
use crate::audio::{SPEECH_RATE, Speech};
use crate::direction::Plan;
use crate::emotion::{Label, mixture};
use crate::face::articulation::gap_mm;
use crate::face::model::FaceModel;
use crate::face::style;
use crate::face::vector::{self, Row};
use crate::motion::Performance;
use crate::render::strip::{Sound, Strip};
use crate::speech::phones::Class;

/// Listens to the speech and looks at the performance.
pub fn strip(performance: &Performance, speech: &Speech, plan: &Plan) -> Result<Strip> {
    let motion = performance.clone().into_rate(30.0)?;
    let count = motion.frames.len();
    let frames = &motion.frames;
    let heard = FaceModel::builtin()?.listen(speech, count, &[])?;
    let rows: Vec<Row> = frames.iter().map(|f| vector::pack(&f.face, f.head, f.gaze)).collect();
    let gap: Vec<f32> = frames.iter().map(|f| gap_mm(&f.face).max(0.0)).collect();
    let time = |n: usize| n as f64 / 30.0;
    let hands = hand_speed(frames);
    Ok(Strip {
        seconds: speech.seconds,
        wave: wave(&speech.samples),
        sounds: sounds(&heard.phones),
        feelings: feelings(plan, count),
        closures: closures(&gap, &heard.contacts).iter().map(|c| (time(c.start), time(c.end), c.met)).collect(),
        gap,
        blinks: style::blink_frames(&rows).into_iter().map(time).collect(),
        gaze: [frames.iter().map(|f| f.gaze.yaw + f.head.yaw).collect(), frames.iter().map(|f| f.gaze.pitch + f.head.pitch).collect()],
        head: [
            frames.iter().map(|f| f.head.yaw).collect(),
            frames.iter().map(|f| f.head.pitch).collect(),
            frames.iter().map(|f| f.head.roll).collect(),
        ],
        strokes: strokes(&hands).into_iter().map(time).collect(),
        hands,
        events: plan.events.iter().map(|e| (e.start, e.end, e.act.to_string())).collect(),
    })
}

fn wave(samples: &[f32]) -> Vec<[f32; 2]> {
    let piece = SPEECH_RATE as usize / 100;
    samples.chunks(piece).map(|c| c.iter().fold([0.0f32; 2], |[low, high], v| [low.min(*v), high.max(*v)])).collect()
}

/// Stretches of the likeliest class; single frames join what is before them.
fn sounds(phones: &[[f32; Class::COUNT]]) -> Vec<Sound> {
    let likeliest = |row: &[f32; Class::COUNT]| Class::ALL.into_iter().max_by(|a, b| row[*a as usize].total_cmp(&row[*b as usize]));
    let classes: Vec<Class> = phones.iter().filter_map(likeliest).collect();
    let mut sounds: Vec<Sound> = Vec::new();
    let mut start = 0;
    for end in 1..=classes.len() {
        if end < classes.len() && classes[end] == classes[start] {
            continue;
        }
        let (class, from, to) = (classes[start], start as f64 / 30.0, end as f64 / 30.0);
        if class != Class::Silence {
            sounds.push(Sound { from, to, name: name(class), shut: class.is_bilabial(), vowel: class as usize >= Class::Open as usize });
        }
        start = end;
    }
    sounds
}

/// What a class sounds like, in letters.
fn name(class: Class) -> &'static str {
    const NAMES: [&str; Class::COUNT] =
        ["", "p", "m", "f", "th", "t", "n", "s", "sh", "k", "l", "r", "w", "y", "h", "a", "e", "i", "uh", "o", "u", "ue"];
    NAMES[class as usize]
}

fn feelings(plan: &Plan, frames: usize) -> Vec<(Label, Vec<f32>)> {
    // Feelings are slow: every third frame is enough, with straight lines between.
    const HOP: usize = 3;
    let at = |k: usize| plan.emotion.get(HOP * k).or(plan.emotion.last()).map_or([0.0; 9], mixture);
    let weights: Vec<[f32; 9]> = (0..frames.div_ceil(HOP) + 1).map(at).collect();
    let of = |label: Label| -> Vec<f32> {
        let between = |n: usize| {
            let (k, share) = (n / HOP, (n % HOP) as f32 / HOP as f32);
            weights[k][label as usize] * (1.0 - share) + weights[k + 1][label as usize] * share
        };
        (0..frames).map(between).collect()
    };
    Label::ALL[1..].iter().map(|label| (*label, of(*label))).filter(|(_, values)| values.iter().any(|v| *v > 0.05)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sounds_are_stretches_and_silence_is_none() {
        let mut phones = vec![[0.0; Class::COUNT]; 30];
        for (n, row) in phones.iter_mut().enumerate() {
            row[if n < 10 {
                Class::Silence
            } else if n < 20 {
                Class::BilabialNasal
            } else {
                Class::Open
            } as usize] = 1.0;
        }
        let found = sounds(&phones);
        assert_eq!(found.iter().map(|s| (s.name, s.shut, s.vowel)).collect::<Vec<_>>(), [("m", true, false), ("a", false, true)]);
        assert!((found[0].from - 1.0 / 3.0).abs() < 1e-9 && (found[1].to - 1.0).abs() < 1e-9);
        assert!(sounds(&[]).is_empty());
    }
}
