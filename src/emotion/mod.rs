//! The emotion space: nine labels as points of an eight-dimensional space, neutral at the origin.
//!
//! The first three numbers are valence, arousal and dominance as people rated the words (Russell and Mehrabian, "Evidence
//! for a three-factor theory of emotions", J. Res. Pers. 11, 1977); the other five keep labels apart that share those, so
//! that anger and disgust do not blend into each other. Intensity moves along the line from neutral to the label.

pub mod confidence;
pub mod lexicon;
pub mod voice;

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

/// How much of each label a point holds: the non-negative mix of labels that comes nearest to it.
///
/// Solved by projected gradient descent, which needs no more than a few steps for nine nearly independent labels.
pub fn mixture(point: &Point) -> [f32; 9] {
    let means = Label::ALL.map(Label::mean);
    let mut weights = [0f32; 9];
    for _ in 0..200 {
        let mut rest = *point;
        for (w, mean) in weights.iter().zip(&means) {
            rest.iter_mut().zip(mean).for_each(|(r, m)| *r -= w * m);
        }
        for (w, mean) in weights.iter_mut().zip(&means).skip(1) {
            let slope: f32 = rest.iter().zip(mean).map(|(r, m)| r * m).sum();
            *w = (*w + 0.3 * slope).max(0.0);
        }
    }
    weights[0] = (1.0 - weights[1..].iter().sum::<f32>()).max(0.0);
    weights
}

/// The point that stands for a valence and an arousal, -1..=1 each: the smallest mix of labels that has them, so that a face can
/// show it. A pair that no mix reaches (very pleasant and very quiet at once, say) comes as near as it can.
pub fn affect(valence: f32, arousal: f32) -> Point {
    /// Keeps the mix small, and spread over the labels that lie in the direction.
    const RIDGE: f32 = 0.02;
    let means = Label::ALL.map(Label::mean);
    let mut weights = [0f32; 9];
    for _ in 0..400 {
        let sum = |dimension: usize, weights: &[f32; 9]| -> f32 { weights.iter().zip(&means).map(|(w, m)| w * m[dimension]).sum() };
        let rest = [valence - sum(0, &weights), arousal - sum(1, &weights)];
        for (w, mean) in weights.iter_mut().zip(&means).skip(1) {
            *w = (*w + 0.3 * (rest[0] * mean[0] + rest[1] * mean[1] - RIDGE * *w)).max(0.0);
        }
    }
    let mut point = [0.0; EMOTION];
    for (w, mean) in weights.iter().zip(&means) {
        point.iter_mut().zip(mean).for_each(|(p, m)| *p += w * m);
    }
    point
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

    #[test]
    fn valence_and_arousal_are_met_by_a_mix_that_fits() {
        for (valence, arousal) in [(0.7, 0.5), (-0.6, 0.5), (-0.6, -0.25), (0.35, -0.4), (0.0, 0.0)] {
            let point = affect(valence, arousal);
            assert!((point[0] - valence).abs() < 0.08 && (point[1] - arousal).abs() < 0.08, "{valence} {arousal}: {point:?}");
        }
        assert!(mixture(&affect(0.7, 0.4))[Label::Happy as usize] > 0.5);
        assert!(mixture(&affect(-0.6, -0.25))[Label::Sad as usize] > 0.5);
    }

    #[test]
    fn a_label_is_read_back_at_its_intensity() {
        for label in &Label::ALL[1..] {
            let weights = mixture(&label.at(0.8));
            assert!((weights[*label as usize] - 0.8).abs() < 0.05, "{label:?} {weights:?}");
        }
        assert!(mixture(&[0.0; EMOTION])[0] > 0.99);
    }
}
