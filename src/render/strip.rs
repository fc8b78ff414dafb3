//! The strip: what is heard, felt and moved over time, as rows below each other. Drawn under videos and into pages.

use super::Picture;
use super::plot::{Colour, Drawing};
use crate::emotion::Label;
use std::sync::Arc;

/// A stretch of one sound.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sound {
    /// Seconds.
    pub from: f64,
    pub to: f64,
    pub name: &'static str,
    /// Lips meet for it, or are held apart by it.
    pub shut: bool,
    pub vowel: bool,
}

/// Everything that is drawn. Curves have 30 values a second.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Strip {
    pub seconds: f64,
    /// Lowest and highest sample of every hundredth of a second, -1..=1.
    pub wave: Vec<[f32; 2]>,
    pub sounds: Vec<Sound>,
    /// How much of each label is asked for, for those that ever are.
    pub feelings: Vec<(Label, Vec<f32>)>,
    /// Lip gap, millimetres.
    pub gap: Vec<f32>,
    /// From, to in seconds: where speech asks for closed lips, and whether they met.
    pub closures: Vec<(f64, f64, bool)>,
    /// Seconds.
    pub blinks: Vec<f64>,
    /// Yaw and pitch of where the eyes look, radians.
    pub gaze: [Vec<f32>; 2],
    /// Yaw, pitch and roll, radians.
    pub head: [Vec<f32>; 3],
    /// Speed of the hands, metres a second, and the moments of their strokes, seconds.
    pub hands: Vec<f32>,
    pub strokes: Vec<f64>,
    /// From, to in seconds, and what happens.
    pub events: Vec<(f64, f64, String)>,
}

/// Height of the whole strip in pixels; even, as videos want it.
pub const HEIGHT: u32 = 276;

const PAPER: Colour = [24, 26, 30, 255];
const ROW: Colour = [34, 37, 43, 255];
const DIM: Colour = [122, 128, 138, 255];
const INK: Colour = [222, 225, 230, 255];
const WAVE: Colour = [116, 168, 220, 255];
const GOOD: Colour = [92, 200, 128, 255];
const BAD: Colour = [240, 92, 84, 255];
const WARM: Colour = [238, 178, 88, 255];
const COOL: Colour = [120, 190, 230, 255];
const ROSE: Colour = [226, 130, 180, 255];
const VOWEL: Colour = [196, 146, 66, 255];
const CONSONANT: Colour = [72, 92, 120, 255];
const SHUT: Colour = [168, 84, 140, 255];

/// Colour of a label.
pub fn colour(label: Label) -> Colour {
    match label {
        Label::Neutral => DIM,
        Label::Calm => [104, 196, 180, 255],
        Label::Happy => [246, 206, 80, 255],
        Label::Sad => [96, 144, 232, 255],
        Label::Angry => [236, 84, 76, 255],
        Label::Fearful => [170, 120, 230, 255],
        Label::Disgust => [136, 190, 84, 255],
        Label::Surprised => [246, 146, 66, 255],
        Label::Contempt => [190, 140, 110, 255],
    }
}

/// Rows: top, height and what they are called.
const ROWS: [(f32, f32, &str); 8] = [
    (2.0, 34.0, "voice"),
    (38.0, 20.0, "sounds"),
    (60.0, 42.0, "feeling"),
    (104.0, 40.0, "lips"),
    (146.0, 36.0, "eyes"),
    (184.0, 32.0, "head"),
    (218.0, 20.0, "hands"),
    (240.0, 18.0, "events"),
];
/// Top of the axis with the seconds.
const AXIS: f32 = 259.0;

impl Strip {
    /// Draws the time `from..to` (seconds) over `width` pixels.
    pub fn draw(&self, from: f64, to: f64, width: u32) -> Drawing {
        let mut drawing = Drawing { width, height: HEIGHT, marks: Vec::new() };
        drawing.bar([0.0, 0.0], [width as f32, HEIGHT as f32], PAPER);
        for (top, height, _) in ROWS {
            drawing.bar([0.0, top], [width as f32, height], ROW);
        }
        let scale = f64::from(width) / (to - from).max(1e-3);
        let view = View { from, to, scale, width: width as f32 };
        self.voice(&mut drawing, &view);
        self.sounds(&mut drawing, &view);
        self.feelings(&mut drawing, &view);
        self.lips(&mut drawing, &view);
        self.eyes(&mut drawing, &view);
        self.head(&mut drawing, &view);
        self.hands(&mut drawing, &view);
        for (start, end, name) in self.events.iter().filter(|(start, end, _)| *end > from && *start < to) {
            let (left, right) = (view.x(*start), view.x(*end));
            drawing.bar([left, ROWS[7].0 + 1.0], [right - left, ROWS[7].1 - 2.0], [86, 108, 72, 255]);
            drawing.bar([left, ROWS[7].0 + 1.0], [2.0, ROWS[7].1 - 2.0], GOOD);
            drawing.words([left.max(0.0) + 3.0, ROWS[7].0 + 1.0], name.clone(), INK);
        }
        axis(&mut drawing, &view);
        for (top, _, name) in ROWS.iter().filter(|(top, ..)| *top != ROWS[1].0 && *top != ROWS[7].0) {
            drawing.words([4.0, *top], *name, DIM);
        }
        drawing
    }

    fn voice(&self, drawing: &mut Drawing, view: &View) {
        let (top, height, _) = ROWS[0];
        let loudest = self.wave.iter().flatten().fold(0.05f32, |m, v| m.max(v.abs()));
        let middle = top + 0.5 * height;
        for (n, [low, high]) in self.wave.iter().enumerate().filter(|(n, _)| view.shows(*n as f64 / 100.0)) {
            let y = |v: f32| middle - 0.5 * height * v / loudest;
            let left = view.x(n as f64 / 100.0);
            drawing.bar([left, y(*high)], [(0.01 * view.scale) as f32, (y(*low) - y(*high)).max(0.6)], WAVE);
        }
    }

    fn sounds(&self, drawing: &mut Drawing, view: &View) {
        let (top, height, _) = ROWS[1];
        for sound in self.sounds.iter().filter(|s| s.to > view.from && s.from < view.to) {
            let (left, right) = (view.x(sound.from), view.x(sound.to));
            let colour = if sound.shut {
                SHUT
            } else if sound.vowel {
                VOWEL
            } else {
                CONSONANT
            };
            drawing.bar([left, top], [(right - left - 0.5).max(0.5), height], colour);
            let room = 9.0 * sound.name.len() as f32;
            if right - left >= room {
                drawing.words([0.5 * (left + right - room), top + 2.0], sound.name, INK);
            }
        }
    }

    fn feelings(&self, drawing: &mut Drawing, view: &View) {
        let (top, height, _) = ROWS[2];
        for (n, (label, values)) in self.feelings.iter().enumerate() {
            view.curve(drawing, values, top, height, (0.0, 1.2), colour(*label));
            drawing.words([76.0 + 86.0 * n as f32, top], label.name(), colour(*label));
        }
    }

    fn lips(&self, drawing: &mut Drawing, view: &View) {
        let (top, height, _) = ROWS[3];
        for (start, end, met) in self.closures.iter().filter(|(s, e, _)| *e > view.from && *s < view.to) {
            let (left, right) = (view.x(*start), view.x(*end));
            let [r, g, b, _] = if *met { GOOD } else { BAD };
            drawing.bar([left, top], [right - left, height], [r, g, b, 60]);
            drawing.bar([left, top + height - 4.0], [right - left, 4.0], [r, g, b, 255]);
        }
        view.curve(drawing, &self.gap, top + 2.0, height - 4.0, (0.0, 16.0), INK);
    }

    fn eyes(&self, drawing: &mut Drawing, view: &View) {
        let (top, height, _) = ROWS[4];
        for blink in self.blinks.iter().filter(|t| view.shows(**t)) {
            drawing.bar([view.x(*blink) - 1.0, top], [2.0, height], [200, 204, 212, 130]);
        }
        for (values, colour) in self.gaze.iter().zip([WARM, COOL]) {
            view.curve(drawing, values, top, height, (-0.5, 0.5), colour);
        }
    }

    fn head(&self, drawing: &mut Drawing, view: &View) {
        let (top, height, _) = ROWS[5];
        for (values, colour) in self.head.iter().zip([WARM, COOL, ROSE]) {
            view.curve(drawing, values, top, height, (-0.3, 0.3), colour);
        }
    }

    fn hands(&self, drawing: &mut Drawing, view: &View) {
        let (top, height, _) = ROWS[6];
        for stroke in self.strokes.iter().filter(|t| view.shows(**t)) {
            drawing.bar([view.x(*stroke) - 1.0, top], [2.0, height], [236, 178, 88, 150]);
        }
        view.curve(drawing, &self.hands, top, height, (0.0, 1.5), INK);
    }
}

/// Seconds of one page.
const PAGE: f64 = 8.0;

/// The strip page by page under pictures, with a line where they are.
pub struct Pager {
    strip: Arc<Strip>,
    /// Number and picture of the page that was shown last.
    page: (usize, Picture),
}

impl Pager {
    pub fn new(strip: Arc<Strip>, width: u32) -> Pager {
        let blank = Picture { width, height: HEIGHT, rgba: [0, 0, 0, 255].repeat(width as usize * HEIGHT as usize) };
        Pager { strip, page: (usize::MAX, blank) }
    }

    /// The picture of a time made higher by [`HEIGHT`]; it is as wide as the strip.
    pub fn under(&mut self, picture: &Picture, time: f64) -> Picture {
        let seconds = PAGE.min(self.strip.seconds.max(0.1));
        let number = (time / seconds) as usize;
        let from = number as f64 * seconds;
        let (known, page) = &mut self.page;
        if *known != number {
            self.strip.draw(from, from + seconds, page.width).paint(page, [0, 0]);
            *known = number;
        }
        let mut page = page.clone();
        let mut now = Drawing { width: page.width, height: HEIGHT, marks: Vec::new() };
        now.bar([((time - from) / seconds * f64::from(page.width)) as f32 - 1.0, 0.0], [2.0, HEIGHT as f32], INK);
        now.paint(&mut page, [0, 0]);
        Picture { width: picture.width, height: picture.height + HEIGHT, rgba: [picture.rgba.as_slice(), &page.rgba].concat() }
    }
}

/// The stretch of time that is drawn.
struct View {
    from: f64,
    to: f64,
    /// Pixels a second.
    scale: f64,
    width: f32,
}

impl View {
    fn x(&self, time: f64) -> f32 {
        ((time - self.from) * self.scale) as f32
    }

    fn shows(&self, time: f64) -> bool {
        (self.from..self.to).contains(&time)
    }

    /// The part of a curve that is seen, and one value beyond either side.
    fn curve(&self, drawing: &mut Drawing, values: &[f32], top: f32, height: f32, (low, high): (f32, f32), colour: Colour) {
        let first = ((self.from * 30.0).floor().max(0.0) as usize).saturating_sub(1);
        let last = ((self.to * 30.0).ceil().max(0.0) as usize + 2).min(values.len());
        let y = |v: f32| top + height * (1.0 - ((v - low) / (high - low)).clamp(0.0, 1.0));
        let points: Vec<[f32; 2]> =
            (first.min(last)..last).map(|n| [self.x(n as f64 / 30.0).clamp(-4.0, self.width + 4.0), y(values[n])]).collect();
        drawing.line(points, 1.5, colour);
    }
}

fn axis(drawing: &mut Drawing, view: &View) {
    // A number has room of five letters.
    let step = [1.0, 2.0, 5.0, 10.0, 30.0, 60.0].into_iter().find(|step| step * view.scale > 46.0).unwrap_or(300.0);
    let mut time = (view.from / step).ceil() * step;
    while time < view.to {
        let x = view.x(time);
        drawing.bar([x, AXIS - 2.0], [1.0, 5.0], DIM);
        drawing.words([x + 3.0, AXIS], format!("{time} s"), DIM);
        time += step;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::plot::Mark;

    #[test]
    fn rows_stay_inside_and_show_what_is_there() {
        for pair in ROWS.windows(2) {
            assert!(pair[0].0 + pair[0].1 <= pair[1].0, "{} and {} overlap", pair[0].2, pair[1].2);
        }
        assert!(ROWS[7].0 + ROWS[7].1 <= AXIS && AXIS + 16.0 <= HEIGHT as f32);
        let strip = Strip {
            seconds: 20.0,
            wave: vec![[-0.5, 0.5]; 2000],
            gap: vec![4.0; 600],
            closures: vec![(1.0, 1.1, true), (12.0, 12.1, false)],
            events: vec![(2.0, 3.0, "nod".into())],
            ..Strip::default()
        };
        let page = strip.draw(0.0, 8.0, 512);
        let bars = |colour: Colour| page.marks.iter().filter(|m| matches!(m, Mark::Bar { colour: c, .. } if *c == colour)).count();
        // A closure that is met and the beginning of the nod.
        assert_eq!((bars(WAVE), bars(GOOD), bars(BAD)), (800, 2, 0));
        assert!(page.marks.iter().any(|m| matches!(m, Mark::Words { text, .. } if text == "nod")));
    }
}
