//! The emotion space: nine labels as points of an eight-dimensional space, neutral at the origin.
//!
//! The first three numbers are valence, arousal and dominance as people rated the words (Russell and Mehrabian, "Evidence
//! for a three-factor theory of emotions", J. Res. Pers. 11, 1977); the other five keep labels apart that share those, so
//! that anger and disgust do not blend into each other. Intensity moves along the line from neutral to the label.

pub mod confidence;
pub mod functionals;
pub mod lexicon;
mod mixture;
pub mod phonation;
pub mod voice;

pub use mixture::{affect, mixture, simplest};

/// Numbers of the emotion space.
pub const EMOTION: usize = 8;

/// A point of the emotion space.
pub type Point = [f32; EMOTION];

/// The named emotions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Label {
    #[default]
    Neutral,
    Calm,
    Happy,
    Sad,
    Angry,
    Fearful,
    Disgust,
    Surprised,
    Contempt,
}

impl Label {
    pub const ALL: [Label; 9] = [
        Label::Neutral,
        Label::Calm,
        Label::Happy,
        Label::Sad,
        Label::Angry,
        Label::Fearful,
        Label::Disgust,
        Label::Surprised,
        Label::Contempt,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Label::Neutral => "neutral",
            Label::Calm => "calm",
            Label::Happy => "happy",
            Label::Sad => "sad",
            Label::Angry => "angry",
            Label::Fearful => "fearful",
            Label::Disgust => "disgust",
            Label::Surprised => "surprised",
            Label::Contempt => "contempt",
        }
    }

    /// The label of an adjective or a noun, in any case.
    pub fn parse(word: &str) -> Option<Label> {
        Some(match word.trim().to_ascii_lowercase().as_str() {
            "neutral" | "neutrality" => Label::Neutral,
            "calm" | "calmness" => Label::Calm,
            "happy" | "happiness" | "joy" | "joyful" => Label::Happy,
            "sad" | "sadness" | "sorrow" => Label::Sad,
            "angry" | "anger" => Label::Angry,
            "fearful" | "fear" | "afraid" => Label::Fearful,
            "disgust" | "disgusted" => Label::Disgust,
            "surprised" | "surprise" => Label::Surprised,
            "contempt" | "contemptuous" => Label::Contempt,
            _ => return None,
        })
    }

    /// Where the label sits at intensity 1.
    pub fn mean(self) -> Point {
        //             valence arousal dominance, then what tells apart
        match self {
            Label::Neutral => [0.0; EMOTION],
            Label::Calm => [0.40, -0.50, 0.20, 0.0, 0.0, 0.0, 0.0, 0.0],
            Label::Happy => [0.76, 0.48, 0.35, 0.0, 0.0, 0.0, 0.0, 0.0],
            Label::Sad => [-0.63, -0.27, -0.33, 0.0, 0.0, 0.0, 0.0, 0.0],
            Label::Angry => [-0.51, 0.59, 0.25, 0.7, 0.0, 0.0, 0.0, 0.0],
            Label::Fearful => [-0.64, 0.60, -0.43, 0.0, 0.7, 0.0, 0.0, 0.0],
            Label::Disgust => [-0.60, 0.35, 0.11, 0.0, 0.0, 0.7, 0.0, 0.0],
            Label::Surprised => [0.40, 0.67, -0.13, 0.0, 0.0, 0.0, 0.7, 0.0],
            Label::Contempt => [-0.30, -0.10, 0.50, 0.0, 0.0, 0.0, 0.0, 0.7],
        }
    }

    /// The point at an intensity: 0 is neutral, 1 the label, up to 1.5.
    pub fn at(self, intensity: f32) -> Point {
        self.mean().map(|v| v * intensity)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_parse_back() {
        for label in Label::ALL {
            assert_eq!(Label::parse(label.name()), Some(label));
        }
        assert_eq!(Label::parse("JOY"), Some(Label::Happy));
        assert_eq!(Label::parse("hungry"), None);
    }
}
