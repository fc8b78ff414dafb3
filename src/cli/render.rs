//! `gestus render`: the performance as a video with the recording's sound.

use super::actor;
use super::messages::Messages;
use super::motion;
use super::outputs::{Kind, Target};
use super::take::{self, Summary, Take, Timings};
use super::values::{Backdrop, Size};
use crate::actor::Actor;
use crate::audio::Recording;
use crate::formats::Info;
use crate::motion::Performance;
use crate::render::{self, Backend, Framing, Look, Renderer, View};
use crate::video::{self, VideoSettings, VideoWriter};
use crate::{Error, Result, interrupt};
use clap::ValueEnum;
use std::path::{Path, PathBuf};
use std::sync::Arc;

#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Arguments {
    #[command(flatten)]
    pub take: take::Arguments,
    /// Motion that exists, drawn instead of a new performance: .bvh, .csv, .json; several files may each bring a part
    #[arg(long = "motion", value_name = "FILE", conflicts_with_all = ["emotion", "direction", "events"])]
    motions: Vec<PathBuf>,
    /// Sound to go with --motion; INPUT does as well [default: none]
    #[arg(long, value_name = "FILE", requires = "motions", conflicts_with = "input")]
    audio: Option<PathBuf>,
    /// Width and height of the picture in pixels
    #[arg(long, value_name = "WxH", default_value = "512x512")]
    size: Size,
    /// How much of the character is in the picture
    #[arg(long, value_name = "SHOT", default_value = "head")]
    framing: Shot,
    /// Light, colours and scene
    #[arg(long, value_name = "LOOK", default_value = "studio")]
    look: Style,
    /// What is behind: scene (the look's own), transparent, a colour (teal, #204060) or a picture file (PNG, JPEG)
    #[arg(long, value_name = "WHAT", default_value = "scene")]
    background: Backdrop,
    /// What draws
    #[arg(long, value_name = "DEVICE", default_value = "auto")]
    renderer: Device,
    /// Character to draw: ada, tomas, zola, mika, or a file (GLB, glTF, VRM) [default: ada]
    #[arg(long, value_name = "NAME|FILE")]
    actor: Option<PathBuf>,
    /// What names in the avatar's file mean, as `gestus actor inspect -o` writes it
    #[arg(long, value_name = "FILE")]
    actor_map: Option<PathBuf>,
}

/// How much of the character is in the picture.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Shot {
    /// Brows to chin
    Face,
    /// Head and shoulders
    Head,
    /// From the hips up, with room for the hands
    Bust,
    /// The whole figure
    Body,
}

/// Light, colours and scene.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Style {
    /// Portrait light before a wall
    Studio,
    /// A park in the afternoon
    Daylight,
    /// A street with its lamps
    Night,
    /// Even light before plain grey
    Flat,
}

/// What draws.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Device {
    /// A graphics card where there is one, else the processor
    Auto,
    /// A graphics card, or fail
    Gpu,
    /// The processor
    Cpu,
}

const EXAMPLES: &str = "\
Formats by extension: .mp4 (H.264 and AAC), .gif, FOLDER/ (PNG pictures); and with them .bvh, .csv, .json as `animate` writes

Examples:
  gestus render talk.wav -o talk.mp4
  gestus render talk.wav -o talk.mp4 -o talk.bvh --framing body --size 720x1280
  gestus render talk.wav -o talk.mp4 --look night --framing bust
  gestus render talk.wav -o frames/ --background transparent --fps 24
  gestus render --motion take.bvh --motion take.csv --audio talk.wav -o take.mp4 --framing bust
  gestus render - -o talk.gif --size 256x256 --emotion angry:0.7 < talk.ogg";

pub fn run(arguments: &Arguments, messages: &Messages) -> Result<()> {
    arguments.execute(messages)?.show(arguments.take.json, messages)
}

impl Arguments {
    /// Does the work and tells what was done.
    pub fn execute(&self, messages: &Messages) -> Result<Summary> {
        let targets = self.take.targets(&self.files_read())?;
        if !targets.iter().any(|target| target.kind == Kind::Video) {
            return Err(Error::usage("no -o names a video", "add one, such as -o talk.mp4, or use `gestus animate`"));
        }
        if !self.motions.is_empty() {
            return self.replay(&targets, messages);
        }
        let mut take = self.take.listen(messages)?;
        let stage = messages.stage("actor", 0);
        let (renderer, actor) = self.renderer(messages)?;
        take.actor = Some(Arc::new(actor));
        take.timings.set("actor", stage.finish());
        let sound = Some(std::mem::take(&mut take.recording));
        let mut videos = self.create(&targets, self.take.frames(&take), sound)?;
        if !self.take.dry_run {
            self.take.perform(&mut take, messages)?;
            let info = self.take.info(&take);
            take.write_motion(&targets, &info, messages)?;
            render::follow(&mut take.performance, self.framing.into());
            take.timings.set("draw", draw(&renderer, &take.performance, &mut videos, messages)?);
        }
        let summary = self.take.summary("render", take);
        Ok(Summary { renderer: Some(renderer.name().into()), size: Some(self.size.to_string()), ..summary })
    }

    /// Files that are read besides the recording.
    fn files_read(&self) -> Vec<&Path> {
        let picture = match &self.background {
            Backdrop::Picture(path) => Some(path.as_path()),
            _ => None,
        };
        let motion = self.motions.iter().map(PathBuf::as_path).chain(self.audio.as_deref());
        self.actor.as_deref().into_iter().chain(self.actor_map.as_deref()).chain(picture).chain(motion).collect()
    }

    /// The renderer with its view, ready to draw, and its actor.
    pub fn renderer(&self, messages: &Messages) -> Result<(Renderer, Actor)> {
        let Size { width, height } = self.size;
        let framing = self.framing.into();
        let view = View { width, height, framing, look: self.look.into(), background: self.background.load()?, ..View::default() };
        let actor = actor::open(self.actor.as_deref(), self.actor_map.as_deref(), messages)?;
        Ok((Renderer::new(self.renderer.into(), &actor, &view)?, actor))
    }

    /// Draws motion that exists.
    fn replay(&self, targets: &[Target], messages: &Messages) -> Result<Summary> {
        let mut timings = Timings::new();
        let stage = messages.stage("read", 0);
        let (layout, fps) = (self.take.bvh.layout(messages)?, self.take.fps.0);
        let mut performance = motion::load_all(&self.motions, messages)?.at(fps);
        let audio = self.audio.as_deref().or(self.take.input.as_deref());
        let sound = audio.map(take::read).transpose()?;
        timings.set("read", stage.finish());
        motion::centre(&mut performance);
        let (renderer, actor) = self.renderer(messages)?;
        let mut videos = self.create(targets, performance.frames.len(), sound)?;
        let input = self.motions.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(", ");
        let info = Info { audio: audio.map_or_else(String::new, |path| path.display().to_string()), ..Info::default() };
        let (seconds, frames) = (performance.seconds, performance.frames.len());
        let mut take = Take::silent(performance, self.take.emotion.clone(), layout, timings);
        take.actor = Some(Arc::new(actor));
        if !self.take.dry_run {
            take.write_motion(targets, &info, messages)?;
            render::follow(&mut take.performance, self.framing.into());
            take.timings.set("draw", draw(&renderer, &take.performance, &mut videos, messages)?);
        }
        let summary = self.take.summary("render", take);
        Ok(Summary { input, seconds, frames, renderer: Some(renderer.name().into()), size: Some(self.size.to_string()), ..summary })
    }

    /// Begins the videos. They take over the recording, which is large.
    fn create(&self, targets: &[Target], frames: usize, sound: Option<Recording>) -> Result<Vec<Box<dyn VideoWriter>>> {
        let Size { width, height } = self.size;
        let settings = VideoSettings { width, height, fps: self.take.fps.0, sound, frames, quality: video::Quality::default() };
        targets.iter().filter(|target| target.kind == Kind::Video).map(|target| video::create(&target.path, &settings)).collect()
    }
}

/// Draws the performance into all `videos` at once and returns the seconds it took.
pub fn draw(renderer: &Renderer, performance: &Performance, videos: &mut Vec<Box<dyn VideoWriter>>, messages: &Messages) -> Result<f64> {
    messages.say(format!("drawing on {}", renderer.name()));
    let mut stage = messages.stage("draw", performance.frames.len());
    render::draw_all(renderer, performance, &interrupt::requested, |n, picture| {
        for video in videos.iter_mut() {
            video.push(&picture)?;
        }
        stage.reached(n + 1);
        Ok(())
    })?;
    for video in videos.drain(..) {
        video.finish()?;
    }
    Ok(stage.finish())
}

impl From<Shot> for Framing {
    fn from(shot: Shot) -> Self {
        match shot {
            Shot::Face => Framing::Face,
            Shot::Head => Framing::Head,
            Shot::Bust => Framing::Bust,
            Shot::Body => Framing::Body,
        }
    }
}

impl From<Style> for Look {
    fn from(style: Style) -> Self {
        match style {
            Style::Studio => Look::studio(),
            Style::Daylight => Look::daylight(),
            Style::Night => Look::night(),
            Style::Flat => Look::flat(),
        }
    }
}

impl From<Device> for Backend {
    fn from(device: Device) -> Self {
        match device {
            Device::Auto => Backend::Auto,
            Device::Gpu => Backend::Gpu,
            Device::Cpu => Backend::Cpu,
        }
    }
}
