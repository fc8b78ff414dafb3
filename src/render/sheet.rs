//! Contact sheets: one actor in many poses, each in a captioned cell.

use super::view::{Camera, Framing, View};
use super::{Backend, Picture, Renderer, model::Model, text};
use crate::actor::Actor;
use crate::motion::Frame;
use crate::{Error, Result};
use glam::Vec3;
use rayon::prelude::*;

/// One pose seen from one side.
#[derive(Clone, Debug)]
pub struct Cell {
    pub caption: String,
    pub frame: Frame,
    pub framing: Framing,
    /// Where the camera stands, radians ([`View::yaw`], [`View::pitch`]).
    pub yaw: f32,
    pub pitch: f32,
    /// Only the surroundings of a joint, within this many metres of it on an adult of usual size.
    pub close_up: Option<(usize, f32)>,
}

impl Cell {
    /// Head and shoulders from the front.
    pub fn head(caption: impl Into<String>, frame: Frame) -> Cell {
        Cell { caption: caption.into(), frame, framing: Framing::Head, yaw: 0.0, pitch: 0.0, close_up: None }
    }

    /// The face from the front.
    pub fn face(caption: impl Into<String>, frame: Frame) -> Cell {
        Cell { framing: Framing::Face, ..Cell::head(caption, frame) }
    }
}

/// Cells that belong together, below a title.
#[derive(Clone, Debug)]
pub struct Section {
    pub title: String,
    pub cells: Vec<Cell>,
}

const PAPER: [u8; 3] = [28, 30, 34];
pub(super) const INK: [u8; 3] = [226, 228, 232];
/// Pixels between cells.
pub(super) const GAP: u32 = 4;
/// Height of a title with the space around it.
pub(super) const TITLE: u32 = text::LINE + 12;
/// Most pixels of one sheet: a gigabyte.
const MOST_PIXELS: u64 = 1 << 28;
/// Longest side of the picture that a close-up is cut from.
const LARGE: u32 = 4096;

/// Draws the sections below each other, `columns` cells a row, every cell `size` pixels square above its caption, lit and backed as
/// in `view`.
///
/// Fails where [`Renderer::new`] fails, and with [`Error::Usage`] for a sheet without cells.
pub fn draw(actor: &Actor, sections: &[Section], columns: u32, size: u32, backend: Backend, view: &View) -> Result<Picture> {
    let cells: Vec<&Cell> = sections.iter().flat_map(|s| &s.cells).collect();
    if cells.is_empty() || columns == 0 {
        return Err(Error::usage("a sheet needs at least one cell and one column", "see --help"));
    }
    let rows = |section: &Section| (section.cells.len() as u32).div_ceil(columns);
    let (step, tall) = (size + GAP, size + text::LINE + GAP);
    let (width, height) = (columns * step + GAP, sections.iter().map(|s| TITLE + rows(s) * tall).sum());
    if u64::from(width) * u64::from(height) > MOST_PIXELS {
        return Err(Error::usage(format!("a sheet of {width}x{height} pixels is too large"), "ask for smaller cells or fewer groups"));
    }
    let pictures = pictures(actor, &cells, size, backend, view)?;
    let mut sheet = paper(width, height);
    let (mut top, mut pictures) = (0, pictures.into_iter());
    for section in sections {
        text::write(&mut sheet, &section.title, [GAP, top + 8], INK);
        top += TITLE;
        for (n, (cell, picture)) in section.cells.iter().zip(&mut pictures).enumerate() {
            let at = [GAP + n as u32 % columns * step, top + n as u32 / columns * tall];
            paste(&mut sheet, &picture, at);
            let room = (size / text::letter()) as usize;
            text::write(&mut sheet, &cell.caption.chars().take(room).collect::<String>(), [at[0], at[1] + size], INK);
        }
        top += rows(section) * tall;
    }
    Ok(sheet)
}

/// Sheets of equal width below each other.
pub fn stack(sheets: Vec<Picture>) -> Picture {
    let width = sheets.first().map_or(0, |sheet| sheet.width);
    let sheets = sheets.into_iter().filter(|sheet| sheet.width == width);
    sheets.reduce(|a, b| Picture { height: a.height + b.height, rgba: [a.rgba, b.rgba].concat(), width }).unwrap_or_default()
}

/// All cells, in order. Cells that share a view share a renderer.
fn pictures(actor: &Actor, cells: &[&Cell], size: u32, backend: Backend, view: &View) -> Result<Vec<Picture>> {
    let model = Model::new(actor)?;
    let mut renderers: Vec<(View, Renderer)> = Vec::new();
    let mut jobs = Vec::new();
    for cell in cells {
        let side = if cell.close_up.is_some() { close_up_side(&model, cell, size) } else { size };
        let view = View { width: side, height: side, framing: cell.framing, yaw: cell.yaw, pitch: cell.pitch, ..view.clone() };
        let same = |v: &View| v.width == side && v.framing == view.framing && v.yaw == view.yaw && v.pitch == view.pitch;
        let renderer = match renderers.iter().position(|(v, _)| same(v)) {
            Some(known) => known,
            None => {
                let renderer = Renderer::new(backend, actor, &view)?;
                renderers.push((view, renderer));
                renderers.len() - 1
            }
        };
        jobs.push((cell, renderer));
    }
    let one = |(cell, renderer): &(&&Cell, usize)| {
        let (view, renderer) = &renderers[*renderer];
        let picture = renderer.draw(&cell.frame)?;
        Ok(if cell.close_up.is_some() { cut(&picture, middle(&model, cell, view), size) } else { picture })
    };
    jobs.par_iter().map(one).collect()
}

/// Side of the whole picture, so that the close-up comes out at `size` pixels.
fn close_up_side(model: &Model, cell: &Cell, size: u32) -> u32 {
    let view = View { width: 1000, height: 1000, framing: cell.framing, ..View::default() };
    let camera = Camera::new(&view, &model.subject);
    let distance = (camera.position - camera.target).length();
    let metres = 1000.0 * distance / camera.focal;
    let (_, radius) = cell.close_up.unwrap_or((0, metres));
    let radius = radius * (model.subject.top - model.subject.floor) / 1.72;
    ((size as f32 * metres / (2.0 * radius).max(1e-3)) as u32).clamp(size, LARGE.max(size))
}

/// Where the joint of a close-up is in the picture, in pixels.
fn middle(model: &Model, cell: &Cell, view: &View) -> [f32; 2] {
    let joints = model.rig.pose(&cell.frame);
    let node = cell.close_up.and_then(|(joint, _)| model.rig.node_of(joint));
    let place = node.and_then(|n| joints.world.get(n)).map_or(model.subject.eyes, |m| Vec3::from(m.translation));
    let [x, y, ..] = Camera::new(view, &model.subject).project(place);
    [x, y]
}

/// A square of `size` pixels around a place.
fn cut(picture: &Picture, [x, y]: [f32; 2], size: u32) -> Picture {
    let corner = |centre: f32, side: u32| (centre - 0.5 * size as f32).clamp(0.0, side.saturating_sub(size) as f32) as usize;
    let (left, top) = (corner(x, picture.width), corner(y, picture.height));
    let row = |y: usize| 4 * ((top + y) * picture.width as usize + left);
    let rgba = (0..size as usize).flat_map(|y| &picture.rgba[row(y)..row(y) + 4 * size as usize]).copied().collect();
    Picture { width: size, height: size, rgba }
}

pub(super) fn paper(width: u32, height: u32) -> Picture {
    let [r, g, b] = PAPER;
    Picture { width, height, rgba: [r, g, b, 255].repeat(width as usize * height as usize) }
}

pub(super) fn paste(sheet: &mut Picture, picture: &Picture, [x, y]: [u32; 2]) {
    let width = 4 * picture.width as usize;
    for (n, row) in picture.rgba.chunks_exact(width).enumerate() {
        let start = 4 * ((y as usize + n) * sheet.width as usize + x as usize);
        sheet.rgba[start..start + width].copy_from_slice(row);
    }
}
