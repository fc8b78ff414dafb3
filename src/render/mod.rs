//! Drawing: a frame is a pure function of actor, pose and view.
//!
//! ```text
//! Actor ─ model ▶ Model (once)          Frame ─ rig ▶ weights, joint matrices
//! CPU:  geometry ▶ shadow ▶ raster (which triangle is where) ▶ shade (once per pixel and surface) ▶ Picture
//! GPU:  posing.wgsl ▶ lids.wgsl ▶ shadow.wgsl ▶ shade.wgsl ▶ Picture
//! ```
//!
//! Camera and background are the plain structs of `view`, lights and their rendering those of `look`, shared by both. The shaders
//! under `shaders/` are the source of how surfaces look; `shade` is their twin, function by function, and tests compare both.

mod background;
pub mod bake;
mod cpu;
mod eyes;
mod follow;
mod geometry;
mod gpu;
mod gpu_data;
pub mod grid;
mod lanes;
mod look;
mod model;
pub mod plot;
mod raster;
mod rig;
mod scenery;
mod shade;
mod shadow;
pub mod sheet;
pub mod showcase;
mod springs;
pub mod strip;
pub mod takes;
mod text;
mod texture;
mod translucency;
mod veil;
mod view;

pub use follow::follow;
pub use look::{Grade, Light, Lights, Look, Scene};
pub(crate) use rig::gaze_rotation;
pub use springs::Walk;
pub(crate) use texture::to_linear;
pub use view::{Background, Camera, Framing, LARGEST, View};

use crate::actor::Actor;
use crate::motion::{Frame, Performance};
use crate::{Error, Result};
use cpu::CpuRenderer;
use glam::Quat;
use gpu::GpuRenderer;
use model::Model;
use std::collections::BTreeMap;
use std::iter::Enumerate;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Condvar, Mutex};

/// A finished picture: sRGB, 8 bits, RGBA with straight alpha, rows from the top.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Picture {
    pub width: u32,
    pub height: u32,
    pub rgba: Vec<u8>,
}

/// What draws.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Backend {
    /// The graphics processor where there is a real one, else the CPU.
    #[default]
    Auto,
    Gpu,
    Cpu,
}

/// Draws one actor from one view. Shared by threads.
pub struct Renderer {
    device: Device,
    name: String,
}

enum Device {
    Cpu(Box<CpuRenderer>),
    Gpu(Box<GpuRenderer>),
}

impl Renderer {
    /// Fails with [`Error::Usage`] for an impossible view, [`Error::Malformed`] for an actor whose lists do not fit together,
    /// [`Error::Render`] where [`Backend::Gpu`] is asked for and there is none.
    pub fn new(backend: Backend, actor: &Actor, view: &View) -> Result<Renderer> {
        view.check()?;
        let model = Model::new(actor)?;
        let gpu = |backend| {
            let device = gpu::device(backend).map_err(Error::Render)?;
            GpuRenderer::new(device, Model::new(actor)?, view)
        };
        let why = match (backend, if backend == Backend::Cpu { None } else { Some(gpu(backend)) }) {
            (_, None) => "as asked".to_string(),
            (_, Some(Ok(gpu))) => {
                return Ok(Renderer { name: format!("gpu: {}", gpu.adapter()), device: Device::Gpu(Box::new(gpu)) });
            }
            (Backend::Gpu, Some(Err(error))) => return Err(error),
            (_, Some(Err(Error::Render(why)))) => why,
            (_, Some(Err(error))) => error.to_string(),
        };
        Ok(Renderer { name: format!("cpu: {why}"), device: Device::Cpu(Box::new(CpuRenderer::new(model, view))) })
    }

    /// What was taken and why, for people.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Draws a frame, with hair and cloth at rest. Fails with [`Error::Render`] where a graphics device is lost.
    pub fn draw(&self, frame: &Frame) -> Result<Picture> {
        self.draw_swung(frame, &[])
    }

    /// Draws a frame with what swings as [`Renderer::swings`] found it.
    pub fn draw_swung(&self, frame: &Frame, swing: &[Quat]) -> Result<Picture> {
        match &self.device {
            Device::Cpu(cpu) => Ok(cpu.draw(frame, swing)),
            Device::Gpu(gpu) => gpu.draw(frame, swing),
        }
    }

    /// How hair and cloth follow a performance, frame after frame.
    pub fn swings<'a>(&'a self, performance: &'a Performance) -> Walk<'a> {
        let rig = match &self.device {
            Device::Cpu(cpu) => cpu.rig(),
            Device::Gpu(gpu) => gpu.rig(),
        };
        rig.springs.walk(rig, performance)
    }
}

/// Draws the frames of a performance from the `first` on, several at a time, and hands them to `sink` in order. Hair and cloth follow
/// the motion from its beginning. Memory is bounded by a look-ahead of a few frames per thread, and the bytes depend neither on the
/// number of threads nor on `first`. Where `stop` turns true the result is [`Error::Interrupted`].
pub fn draw_all(
    renderer: &Renderer,
    performance: &Performance,
    first: usize,
    stop: &(dyn Fn() -> bool + Sync),
    mut sink: impl FnMut(usize, Picture) -> Result<()>,
) -> Result<()> {
    let count = performance.frames.len();
    let mut swings = renderer.swings(performance).enumerate();
    if first > 0 {
        swings.nth(first - 1);
    }
    // One in the workers of a batch, where others draw beside this one.
    let threads = rayon::current_num_threads().min(count.max(1));
    let done = Mutex::new(Progress { taken: first, ..Progress::default() });
    let queue = Queue { next: Mutex::new(swings), done, changed: Condvar::new(), over: AtomicBool::new(false) };
    let ahead = 2 * threads + 1;
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                while let Some((n, swing)) = queue.take(ahead) {
                    let picture = if stop() { Err(Error::Interrupted) } else { guarded(renderer, performance.frames.frame(n), &swing) };
                    queue.put(n, picture);
                }
            });
        }
        let result = (first..count).try_for_each(|n| sink(n, queue.get(n)?));
        queue.close();
        result
    })
}

/// A panic while drawing becomes an error, since the sink would wait for its frame forever.
fn guarded(renderer: &Renderer, frame: &Frame, swing: &[Quat]) -> Result<Picture> {
    let draw = std::panic::AssertUnwindSafe(|| renderer.draw_swung(frame, swing));
    std::panic::catch_unwind(draw).unwrap_or_else(|_| Err(Error::Render("drawing a frame failed unexpectedly".into())))
}

/// Frames in flight between the drawing threads and the sink.
struct Queue<'a> {
    next: Mutex<Enumerate<Walk<'a>>>,
    done: Mutex<Progress>,
    changed: Condvar,
    over: AtomicBool,
}

#[derive(Default)]
struct Progress {
    ready: BTreeMap<usize, Result<Picture>>,
    /// Frames handed to the sink.
    taken: usize,
}

impl Queue<'_> {
    /// The next frame to draw and what swings in it, as soon as it is less than `ahead` frames before the sink.
    fn take(&self, ahead: usize) -> Option<(usize, Vec<Quat>)> {
        let (n, swing) = self.next.lock().unwrap_or_else(|e| e.into_inner()).next()?;
        let mut done = self.lock();
        while n >= done.taken + ahead && !self.over.load(Ordering::Relaxed) {
            done = self.changed.wait(done).unwrap_or_else(|e| e.into_inner());
        }
        (!self.over.load(Ordering::Relaxed)).then_some((n, swing))
    }

    fn put(&self, n: usize, picture: Result<Picture>) {
        self.lock().ready.insert(n, picture);
        self.changed.notify_all();
    }

    fn get(&self, n: usize) -> Result<Picture> {
        let mut done = self.lock();
        loop {
            if let Some(picture) = done.ready.remove(&n) {
                done.taken = n + 1;
                self.changed.notify_all();
                return picture;
            }
            done = self.changed.wait(done).unwrap_or_else(|e| e.into_inner());
        }
    }

    fn close(&self) {
        // Under the lock, so that no thread checks the flag and then sleeps through the notice.
        let _done = self.lock();
        self.over.store(true, Ordering::Relaxed);
        self.changed.notify_all();
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Progress> {
        self.done.lock().unwrap_or_else(|e| e.into_inner())
    }
}
