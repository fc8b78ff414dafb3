//! Several takes of the same words to choose from: faces at their most expressive moments above the curves of each.

use super::plot::{Colour, Drawing};
use super::sheet::{GAP, INK, paper, paste};
use super::{Picture, Renderer, text};
use crate::Result;
use crate::body::skeleton::{OFFSETS, globals};
use crate::direction::Region;
use crate::face::articulation::gap_mm;
use crate::face::coefficients::id;
use crate::motion::{Frame, Performance};
use rayon::prelude::*;

/// Faces of a take.
pub const FACES: usize = 4;
/// Height of the curves in pixels.
const CURVES: u32 = 132;

/// Draws takes with their captions, `columns` in a row; the renderer's pictures are `size` pixels square.
pub fn sheet(renderer: &Renderer, size: u32, takes: &[(String, Performance)], columns: u32) -> Result<Picture> {
    let columns = columns.clamp(1, takes.len().max(1) as u32);
    let (wide, tall) = (FACES as u32 * size + GAP, text::LINE + 8 + size + CURVES + 2 * GAP);
    let rows = (takes.len() as u32).div_ceil(columns);
    let mut sheet = paper(columns * wide + GAP, rows * tall + GAP);
    let jobs: Vec<(usize, usize)> =
        takes.iter().enumerate().flat_map(|(k, (_, take))| peaks(take).into_iter().map(move |n| (k, n))).collect();
    let pictures = jobs.par_iter().map(|(k, n)| renderer.draw(&takes[*k].1.frames[*n])).collect::<Result<Vec<Picture>>>()?;
    for (k, (caption, take)) in takes.iter().enumerate() {
        let corner = [GAP + k as u32 % columns * wide, GAP + k as u32 / columns * tall];
        text::write(&mut sheet, caption, [corner[0], corner[1] + 4], INK);
        let top = corner[1] + text::LINE + 8;
        let own = jobs.iter().zip(&pictures).filter(|((of, _), _)| *of == k);
        for (n, (_, picture)) in own.enumerate() {
            paste(&mut sheet, picture, [corner[0] + n as u32 * size, top]);
        }
        curves(take, FACES as u32 * size).paint(&mut sheet, [corner[0], top + size]);
    }
    Ok(sheet)
}

/// The most expressive moment of each of [`FACES`] equal stretches, eyes open where they ever are.
pub fn peaks(take: &Performance) -> Vec<usize> {
    let count = take.frames.len();
    let stretch = |k: usize| k * count / FACES..(k + 1) * count / FACES;
    let strongest = |k: usize| stretch(k).max_by(|a, b| expression(&take.frames[*a]).total_cmp(&expression(&take.frames[*b])));
    (0..FACES).filter_map(strongest).collect()
}

/// How much a face shows besides speaking.
pub fn expression(frame: &Frame) -> f32 {
    let felt = [Region::Brows, Region::Cheeks].iter().flat_map(|region| region.coefficients());
    let corners = [id::MOUTH_SMILE_LEFT, id::MOUTH_SMILE_RIGHT, id::MOUTH_FROWN_LEFT, id::MOUTH_FROWN_RIGHT, id::EYE_WIDE_LEFT];
    let shown: f32 = felt.copied().chain(corners).map(|c| frame.face[c]).sum();
    shown + 0.03 * gap_mm(&frame.face).max(0.0) - 3.0 * frame.face[id::EYE_BLINK_LEFT]
}

const OPENING: Colour = [222, 225, 230, 255];
const BROWS: Colour = [238, 178, 88, 255];
const HEAD: Colour = [120, 190, 230, 255];
const HANDS: Colour = [226, 130, 180, 255];

/// Opening, brows, head and hands over the whole take.
fn curves(take: &Performance, width: u32) -> Drawing {
    let mut drawing = Drawing { width, height: CURVES, marks: Vec::new() };
    let series = |of: &dyn Fn(&Frame) -> f32| take.frames.iter().map(of).collect::<Vec<f32>>();
    let both = |f: &Frame, l: usize, r: usize| 0.5 * (f.face[l] + f.face[r]);
    type Curve = (&'static str, Vec<f32>, (f32, f32), Colour);
    let rows: [Curve; 4] = [
        ("opening", series(&|f| gap_mm(&f.face).max(0.0)), (0.0, 16.0), OPENING),
        (
            "brows",
            series(&|f| {
                f.face[id::BROW_INNER_UP] + both(f, id::BROW_OUTER_UP_LEFT, id::BROW_OUTER_UP_RIGHT)
                    - both(f, id::BROW_DOWN_LEFT, id::BROW_DOWN_RIGHT)
            }),
            (-0.8, 0.8),
            BROWS,
        ),
        ("head", series(&|f| f.head.yaw + f.head.pitch), (-0.25, 0.25), HEAD),
        ("hands", series(&hand_height), (-0.2, 0.65), HANDS),
    ];
    let tall = CURVES as f32 / rows.len() as f32;
    for (k, (name, values, range, colour)) in rows.iter().enumerate() {
        let top = k as f32 * tall;
        drawing.bar([0.0, top + 1.0], [width as f32, tall - 2.0], [36, 39, 45, 255]);
        drawing.curve(values, [0.0, top + 2.0], [width as f32, tall - 4.0], *range, *colour);
        drawing.words([3.0, top + 1.0], *name, *colour);
    }
    for n in peaks(take) {
        let x = n as f32 / take.frames.len().saturating_sub(1).max(1) as f32 * width as f32;
        drawing.bar([x - 0.5, 0.0], [1.0, CURVES as f32], [255, 255, 255, 90]);
    }
    drawing
}

/// Mean height of the hands over the hips, metres.
fn hand_height(frame: &Frame) -> f32 {
    let places = globals(&frame.body, &OFFSETS).positions;
    0.5 * (places[9].y + places[13].y) - places[0].y
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faces_are_taken_where_most_is_shown_and_eyes_are_open() {
        let mut take = Performance { fps: 30.0, seconds: 4.0, frames: vec![Frame::default(); 120].into() };
        for n in [10, 40, 70, 100] {
            take.frames[n].face[id::BROW_INNER_UP] = 0.9;
        }
        take.frames[12].face[id::BROW_INNER_UP] = 1.0;
        take.frames[12].face[id::EYE_BLINK_LEFT] = 1.0;
        assert_eq!(peaks(&take), [10, 40, 70, 100]);
        assert!(peaks(&Performance::default()).is_empty());
    }
}
