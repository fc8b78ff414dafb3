//! Diagrams as marks: bars, lines and words, painted into pictures or written as SVG.

use super::{Picture, text};
use std::fmt::Write;

/// sRGB and opacity.
pub type Colour = [u8; 4];

/// Something drawn, in pixels: x right, y down.
#[derive(Clone, Debug, PartialEq)]
pub enum Mark {
    Bar {
        at: [f32; 2],
        size: [f32; 2],
        colour: Colour,
    },
    Line {
        points: Vec<[f32; 2]>,
        width: f32,
        colour: Colour,
    },
    /// `at` is the upper left corner of a line of 16 pixels.
    Words {
        at: [f32; 2],
        text: String,
        colour: Colour,
    },
}

/// Marks over each other, the first lowest.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Drawing {
    pub width: u32,
    pub height: u32,
    pub marks: Vec<Mark>,
}

impl Drawing {
    pub fn bar(&mut self, at: [f32; 2], size: [f32; 2], colour: Colour) {
        self.marks.push(Mark::Bar { at, size, colour });
    }

    pub fn line(&mut self, points: Vec<[f32; 2]>, width: f32, colour: Colour) {
        self.marks.push(Mark::Line { points, width, colour });
    }

    pub fn words(&mut self, at: [f32; 2], text: impl Into<String>, colour: Colour) {
        self.marks.push(Mark::Words { at, text: text.into(), colour });
    }

    /// A curve of values from left to right within a box; `low..high` spans its height.
    pub fn curve(&mut self, values: &[f32], at: [f32; 2], size: [f32; 2], (low, high): (f32, f32), colour: Colour) {
        let step = size[0] / values.len().saturating_sub(1).max(1) as f32;
        let height = |v: f32| at[1] + size[1] * (1.0 - ((v - low) / (high - low)).clamp(0.0, 1.0));
        self.line(values.iter().enumerate().map(|(n, v)| [at[0] + n as f32 * step, height(*v)]).collect(), 1.5, colour);
    }

    /// Paints with the drawing's corner at `at`; what lies outside the picture is cut off.
    pub fn paint(&self, picture: &mut Picture, at: [u32; 2]) {
        let [left, top] = at.map(|v| v as f32);
        for mark in &self.marks {
            match mark {
                Mark::Bar { at, size, colour } => bar(picture, [at[0] + left, at[1] + top], *size, *colour),
                Mark::Line { points, width, colour } => {
                    let moved: Vec<[f32; 2]> = points.iter().map(|p| [p[0] + left, p[1] + top]).collect();
                    line(picture, &moved, *width, *colour);
                }
                Mark::Words { at, text, colour } => {
                    let corner = [(at[0] + left).max(0.0) as u32, (at[1] + top).max(0.0) as u32];
                    text::write(picture, text, corner, [colour[0], colour[1], colour[2]]);
                }
            }
        }
    }

    /// The drawing as an `svg` element.
    pub fn svg(&self) -> String {
        let mut out = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{0}\" height=\"{1}\" viewBox=\"0 0 {0} {1}\">",
            self.width, self.height
        );
        for mark in &self.marks {
            // Writing to a string cannot fail.
            let _ = match mark {
                Mark::Bar { at: [x, y], size: [w, h], colour } => {
                    write!(out, "<rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"{w:.1}\" height=\"{h:.1}\" fill=\"{}\"/>", css(*colour))
                }
                Mark::Line { points, width, colour } => {
                    let _ = write!(out, "<polyline fill=\"none\" stroke=\"{}\" stroke-width=\"{width}\" points=\"", css(*colour));
                    points.iter().for_each(|[x, y]| {
                        let _ = write!(out, "{x:.1},{y:.1} ");
                    });
                    out.write_str("\"/>")
                }
                Mark::Words { at: [x, y], text, colour } => {
                    let text = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
                    write!(out, "<text x=\"{x:.1}\" y=\"{:.1}\" fill=\"{}\">{text}</text>", y + 12.5, css(*colour))
                }
            };
        }
        out + "</svg>"
    }
}

fn css([r, g, b, a]: Colour) -> String {
    if a == 255 { format!("#{r:02x}{g:02x}{b:02x}") } else { format!("rgba({r},{g},{b},{:.2})", f32::from(a) / 255.0) }
}

fn bar(picture: &mut Picture, [x, y]: [f32; 2], [w, h]: [f32; 2], colour: Colour) {
    let cover = |pixel: i64, from: f32, length: f32| ((pixel as f32 + 1.0).min(from + length) - (pixel as f32).max(from)).clamp(0.0, 1.0);
    for row in pixels(y, y + h, picture.height) {
        for column in pixels(x, x + w, picture.width) {
            dab(picture, column, row, colour, cover(column, x, w) * cover(row, y, h));
        }
    }
}

/// Each pixel takes the nearest segment's coverage, so that joints are not painted twice.
fn line(picture: &mut Picture, points: &[[f32; 2]], width: f32, colour: Colour) {
    let reach = 0.5 * width + 0.5;
    let mut columns: std::collections::BTreeMap<(i64, i64), f32> = Default::default();
    for pair in points.windows(2) {
        let [a, b] = [pair[0], pair[1]];
        let (low, high) = (|k: usize| a[k].min(b[k]) - reach, |k: usize| a[k].max(b[k]) + reach);
        let along = [b[0] - a[0], b[1] - a[1]];
        let length = (along[0] * along[0] + along[1] * along[1]).max(1e-9);
        for row in pixels(low(1), high(1), picture.height) {
            for column in pixels(low(0), high(0), picture.width) {
                let from = [column as f32 + 0.5 - a[0], row as f32 + 0.5 - a[1]];
                let t = ((from[0] * along[0] + from[1] * along[1]) / length).clamp(0.0, 1.0);
                let distance = (from[0] - t * along[0]).hypot(from[1] - t * along[1]);
                let cover = (reach - distance).clamp(0.0, 1.0);
                if cover > 0.0 {
                    let best = columns.entry((row, column)).or_insert(0.0);
                    *best = best.max(cover);
                }
            }
        }
    }
    columns.into_iter().for_each(|((row, column), cover)| dab(picture, column, row, colour, cover));
}

fn pixels(from: f32, to: f32, limit: u32) -> std::ops::Range<i64> {
    (from.floor() as i64).clamp(0, i64::from(limit))..(to.ceil() as i64).clamp(0, i64::from(limit))
}

fn dab(picture: &mut Picture, x: i64, y: i64, colour: Colour, cover: f32) {
    let at = 4 * (y as usize * picture.width as usize + x as usize);
    let share = cover * f32::from(colour[3]) / 255.0;
    if let Some(pixel) = picture.rgba.get_mut(at..at + 4) {
        for (under, over) in pixel.iter_mut().zip([colour[0], colour[1], colour[2], 255]) {
            *under = (f32::from(*under) * (1.0 - share) + f32::from(over) * share + 0.5) as u8;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_painted_where_they_are_and_cut_at_the_edge() {
        let mut picture = Picture { width: 20, height: 10, rgba: [0, 0, 0, 255].repeat(200) };
        let mut drawing = Drawing { width: 20, height: 10, ..Drawing::default() };
        drawing.bar([2.0, 2.0], [3.0, 40.0], [255, 0, 0, 255]);
        drawing.line(vec![[10.0, 5.5], [100.0, 5.5]], 1.0, [0, 255, 0, 255]);
        drawing.curve(&[0.0, 1.0, f32::NAN], [0.0, 0.0], [5.0, 5.0], (0.0, 1.0), [0, 0, 255, 255]);
        drawing.paint(&mut picture, [1, 0]);
        let pixel = |x: usize, y: usize| picture.rgba[4 * (20 * y + x)..4 * (20 * y + x) + 3].to_vec();
        assert_eq!((pixel(4, 5), pixel(15, 5), pixel(15, 8)), (vec![255, 0, 0], vec![0, 255, 0], vec![0, 0, 0]));
        assert!(drawing.svg().contains("<rect x=\"2.0\"") && drawing.svg().ends_with("</svg>"));
    }

    #[test]
    fn words_are_escaped() {
        let mut drawing = Drawing::default();
        drawing.words([0.0, 0.0], "a<b&c", [0, 0, 0, 128]);
        assert!(drawing.svg().contains("a&lt;b&amp;c") && drawing.svg().contains("rgba(0,0,0,0.50)"));
    }
}
