//! What is asked for at one moment: feelings that add up, muscles, and what is heard in other files.

use super::encoder::Near;
use super::reference::{Kind, Reference};
use crate::emotion::{EMOTION, Label, Point};
use std::ops::Range;

/// Feelings that add up, and muscles set by name.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Mix {
    pub terms: Vec<Term>,
    /// Coefficients (place, offset) that free text set directly.
    pub muscles: Vec<(usize, f32)>,
    /// Other files that give a feeling or a style.
    pub references: Vec<Reference>,
    /// Free text that the terms and muscles came from.
    pub texts: Vec<FreeText>,
}

/// Free text in a mix.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FreeText {
    pub text: String,
    /// The terms of the mix that its words gave.
    pub terms: Range<usize>,
    /// How much of it is asked for; negative guides away.
    pub intensity: f32,
    /// Share of its words that were understood, 0..=1.
    pub understood: f32,
    /// What an encoder found it to be near to.
    pub nearest: Vec<Near>,
    /// The mistake and what to do, where not one word was understood.
    pub refusal: Option<(String, String)>,
}

/// One part of a mix.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Term {
    /// A label and how much of it; negative guides away.
    Label { label: Label, intensity: f32 },
    /// Valence and arousal, -1..=1 each, times an intensity.
    Affect { valence: f32, arousal: f32, intensity: f32 },
    /// What is heard in the voice, and how much of it.
    Heard { intensity: f32 },
}

impl Term {
    pub(super) fn intensity(self) -> f32 {
        match self {
            Term::Label { intensity, .. } | Term::Affect { intensity, .. } | Term::Heard { intensity } => intensity,
        }
    }

    /// The term at `by` times its intensity.
    pub(super) fn scaled(self, by: f32) -> Term {
        match self {
            Term::Label { label, intensity } => Term::Label { label, intensity: intensity * by },
            Term::Affect { valence, arousal, intensity } => Term::Affect { valence, arousal, intensity: intensity * by },
            Term::Heard { intensity } => Term::Heard { intensity: intensity * by },
        }
    }
}

impl Mix {
    /// How much of what is heard in the voice belongs to the mix.
    pub fn heard(&self) -> f32 {
        self.terms.iter().map(|term| if let Term::Heard { intensity } = term { *intensity } else { 0.0 }).sum()
    }

    /// How much of a file's feeling or style belongs to the mix.
    pub fn share(&self, kind: Kind, path: &std::path::Path) -> f32 {
        self.references.iter().filter(|r| r.kind == kind && r.path == path).map(|r| r.share).sum()
    }

    /// Where the mix lies in the emotion space, without what is heard here or in other recordings. Terms that are taken away count only where nothing else is
    /// asked for: what is not happy is the opposite of it.
    pub fn point(&self) -> Point {
        self.sum(|intensity| intensity > 0.0 || !self.is_guided())
    }

    /// What the mix is guided away from: the sum of the terms that are taken away from others, by their amount.
    pub fn away(&self) -> Point {
        self.sum(|intensity| intensity < 0.0 && self.is_guided()).map(|v| -v)
    }

    /// Whether there is something to guide towards.
    fn is_guided(&self) -> bool {
        let heard = self.references.iter().any(|r| r.kind == Kind::Feeling && r.share > 0.0);
        heard || self.terms.iter().any(|term| term.intensity() > 0.0)
    }

    fn sum(&self, counts: impl Fn(f32) -> bool) -> Point {
        let mut point = [0.0; EMOTION];
        for term in self.terms.iter().filter(|term| counts(term.intensity())) {
            let part = match *term {
                Term::Label { label, intensity } => label.at(intensity),
                Term::Affect { valence, arousal, intensity } => crate::emotion::affect(valence, arousal).map(|v| v * intensity),
                Term::Heard { .. } => continue,
            };
            point.iter_mut().zip(part).for_each(|(p, v)| *p += v);
        }
        point
    }
}
