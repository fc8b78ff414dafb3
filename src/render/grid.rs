//! Many performances of the same words side by side.

use super::sheet::{GAP, INK, TITLE, paper, paste};
use super::{Picture, Renderer, text};
use crate::Result;
use crate::motion::Performance;
use rayon::prelude::*;

/// Performances in a row below a title, each with its caption.
#[derive(Clone, Debug)]
pub struct Row {
    pub title: String,
    pub cells: Vec<(String, Performance)>,
}

/// Width and height of the picture, both even where the cell is.
pub fn size(cell: u32, rows: &[Row]) -> [u32; 2] {
    let columns = rows.iter().map(|row| row.cells.len()).max().unwrap_or(0) as u32;
    [columns * (cell + GAP) + GAP, rows.len() as u32 * tall(cell)]
}

fn tall(cell: u32) -> u32 {
    TITLE + cell + text::LINE + GAP
}

/// Draws frame `n` of all; the renderer's pictures are `cell` pixels square. A performance that is over holds its last frame.
pub fn draw(renderer: &Renderer, cell: u32, rows: &[Row], n: usize) -> Result<Picture> {
    let [width, height] = size(cell, rows);
    let frames: Vec<_> = rows.iter().flat_map(|row| &row.cells).filter_map(|(_, p)| p.frames.get(n).or(p.frames.last())).collect();
    let mut pictures = frames.par_iter().map(|frame| renderer.draw(frame)).collect::<Result<Vec<Picture>>>()?.into_iter();
    let mut sheet = paper(width, height);
    for (k, row) in rows.iter().enumerate() {
        let top = k as u32 * tall(cell);
        text::write(&mut sheet, &row.title, [GAP, top + 8], INK);
        for (column, ((caption, _), picture)) in row.cells.iter().zip(&mut pictures).enumerate() {
            let at = [GAP + column as u32 * (cell + GAP), top + TITLE];
            paste(&mut sheet, &picture, at);
            text::write(&mut sheet, caption, [at[0], at[1] + cell], INK);
        }
    }
    Ok(sheet)
}
