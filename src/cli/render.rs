//! `gestus render`: the performance as a video with the recording's sound.

use super::actor;
use super::drawing::{Drawing, Videos};
use super::long;
use super::messages::Messages;
use super::motion;
use super::outputs::{self, Kind, Target};
use super::picture;
use super::take::{self, Summary, Take, Timings};
use super::values::{Backdrop, Size};
use crate::actor::Actor;
use crate::audio::{Recording, Speech};
use crate::batch::journal::Written;
use crate::evaluate::strip::strip;
use crate::formats::Info;
use crate::render::strip::{self, Strip};
use crate::render::{self, Backend, Framing, Look, Renderer, View};
use crate::video::page::{self, Caption};
use crate::video::{self, Under, VideoSettings, VideoWriter};
use crate::{Error, Result};
use clap::ValueEnum;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use tempfile::TempPath;

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
    /// Draw what is heard, felt and moved under the picture, as the .html page shows it
    #[arg(long)]
    overlay: bool,
    /// Draw this many seeds, from --seed on, on one .png or .jpg sheet: faces and curves to choose from
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u64).range(1..=100))]
    takes: Option<u64>,
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
Formats by extension: .mp4 (H.264 and AAC), .gif, FOLDER/ (PNG pictures), .html (a page that plays the performance
beside what is heard, felt and moved); and with them .bvh, .csv, .json as `animate` writes

Examples:
  gestus render talk.wav -o talk.mp4
  gestus render talk.wav -o talk.mp4 -o talk.bvh --framing body --size 720x1280
  gestus render talk.wav -o talk.mp4 --look night --framing bust
  gestus render talk.wav -o talk.html -o talk.mp4 --overlay
  gestus render talk.wav -o takes.png --takes 9
  gestus render talk.wav -o frames/ --background transparent --fps 24
  gestus render --motion take.bvh --motion take.csv --audio talk.wav -o take.mp4 --framing bust
  gestus render - -o talk.gif --size 256x256 --emotion angry:0.7 < talk.ogg";

pub fn run(arguments: &Arguments, messages: &Messages) -> Result<()> {
    arguments.execute(messages)?.show(arguments.take.json, messages)
}

impl Arguments {
    /// Does the work and tells what was done.
    pub fn execute(&self, messages: &Messages) -> Result<Summary> {
        if let Some(count) = self.takes {
            return self.choose(count, messages);
        }
        let targets = self.take.targets(&self.files_read())?;
        if targets.iter().all(|target| matches!(target.kind, Kind::Motion(_))) {
            return Err(Error::usage("no -o names a video", "add one, such as -o talk.mp4, or use `gestus animate`"));
        }
        if !self.motions.is_empty() {
            return self.replay(&targets, messages);
        }
        let mut take = self.take.listen(messages)?;
        let stage = messages.stage("actor", 0);
        let (renderer, actor) = self.renderer(messages)?;
        take.actor = Some(actor);
        take.timings.set("actor", stage.finish());
        let pages = self.pages(&targets)?;
        let sound = Some(std::mem::take(&mut take.recording));
        let videos = self.create(&targets, &pages, self.take.frames(&take), sound)?;
        if !self.take.dry_run {
            self.take.perform(&mut take, messages)?;
            let info = self.take.info(&take);
            take.write_motion(&targets, &info, messages)?;
            self.show(&renderer, &mut take, videos, &pages, &info, messages)?;
            take.shelf.clear()?;
        }
        let summary = self.take.summary("render", take);
        Ok(Summary { renderer: Some(renderer.name().into()), size: Some(self.size.to_string()), ..summary })
    }

    /// Every file that is read.
    pub fn inputs(&self) -> Vec<&Path> {
        self.take.inputs().into_iter().chain(self.files_read()).collect()
    }

    /// Files that are read besides what every take reads.
    fn files_read(&self) -> Vec<&Path> {
        let picture = match &self.background {
            Backdrop::Picture(path) => Some(path.as_path()),
            _ => None,
        };
        let motion = self.motions.iter().map(PathBuf::as_path).chain(self.audio.as_deref());
        let actor = self.actor.as_deref().filter(|path| !actor::is_builtin(path));
        actor.into_iter().chain(self.actor_map.as_deref()).chain(picture).chain(motion).collect()
    }

    /// The character to draw.
    pub fn actor(&self, messages: &Messages) -> Result<Actor> {
        actor::open(self.actor.as_deref(), self.actor_map.as_deref(), messages)
    }

    /// Tells characters apart, files that changed included.
    pub fn who(&self) -> String {
        let changed = |path: &Path| path.metadata().and_then(|data| data.modified()).ok();
        let files: Vec<_> = self.files_read().into_iter().map(changed).collect();
        format!("{:?} {:?} {files:?}", self.actor, self.actor_map)
    }

    /// Everything beside the performance that pictures come from, as text.
    fn look_of(&self, renderer: &Renderer) -> Result<String> {
        let files = self.files_read().into_iter().map(Written::of).collect::<Result<Vec<_>>>()?;
        let view = (&self.size, self.framing, self.look, &self.background, &self.actor, self.overlay);
        Ok(format!("{view:?} {} {} {files:?} {:?}", renderer.name(), self.take.fps.0, self.take.outputs))
    }

    /// The renderer with its view, ready to draw, and its actor.
    pub fn renderer(&self, messages: &Messages) -> Result<(Arc<Renderer>, Arc<Actor>)> {
        self.renderer_of(self.size, messages)
    }

    /// The last ones are kept, since jobs of a batch mostly ask for the same.
    fn renderer_of(&self, size: Size, messages: &Messages) -> Result<(Arc<Renderer>, Arc<Actor>)> {
        static LAST: Mutex<Option<Kept>> = Mutex::new(None);
        let view = (size, self.framing, self.look, &self.background, self.renderer);
        let asked = format!("{view:?} {}", self.who());
        let mut last = LAST.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, renderer, actor)) = last.as_ref().filter(|(known, ..)| *known == asked) {
            return Ok((renderer.clone(), actor.clone()));
        }
        let (Size { width, height }, framing) = (size, self.framing.into());
        let view = View { width, height, framing, look: self.look.into(), background: self.background.load()?, ..View::default() };
        let actor = Arc::new(self.actor(messages)?);
        let renderer = Arc::new(Renderer::new(self.renderer.into(), &actor, &view)?);
        *last = Some((asked, renderer.clone(), actor.clone()));
        Ok((renderer, actor))
    }

    /// The pages among the targets, each with a temporary place for its video.
    fn pages(&self, targets: &[Target]) -> Result<Vec<(PathBuf, TempPath)>> {
        let place = |target: &Target| {
            let folder = target.path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
            let file = tempfile::Builder::new().prefix(".gestus-").suffix(".mp4").tempfile_in(folder).map_err(Error::io(&target.path))?;
            Ok((target.path.clone(), file.into_temp_path()))
        };
        targets.iter().filter(|target| target.kind == Kind::Page).map(place).collect()
    }

    /// Performs several seeds and draws them on one sheet.
    fn choose(&self, count: u64, messages: &Messages) -> Result<Summary> {
        /// Largest face on a sheet, pixels.
        const LARGEST: u32 = 192;
        let formats = self.take.outputs.iter().map(|path| picture::Format::of(path)).collect::<Result<Vec<_>>>()?;
        let read = self.inputs();
        outputs::check(&self.take.outputs, &read, self.take.no_clobber)?;
        let mut take = self.take.listen(messages)?;
        let side = self.size.width.min(self.size.height).min(LARGEST);
        let (renderer, _) = self.renderer_of(Size { width: side, height: side }, messages)?;
        if !self.take.dry_run {
            let mut performed = Vec::new();
            for seed in (0..count).map(|k| self.take.seed.wrapping_add(k)) {
                self.take.perform_as(seed, &mut take, messages)?;
                take.shelf.clear()?;
                render::follow(&mut take.performance, self.framing.into())?;
                performed.push((format!("--seed {seed}"), std::mem::take(&mut take.performance)));
            }
            let sheet = render::takes::sheet(&renderer, side, &performed, (count as f64).sqrt().ceil() as u32)?;
            self.take.outputs.iter().zip(formats).try_for_each(|(path, format)| picture::write(&sheet, format, path))?;
        }
        let summary = self.take.summary("render", take);
        Ok(Summary { renderer: Some(renderer.name().into()), size: Some(format!("{side}x{side}")), ..summary })
    }

    /// Draws motion that exists.
    fn replay(&self, targets: &[Target], messages: &Messages) -> Result<Summary> {
        let mut timings = Timings::new();
        let stage = messages.stage("read", 0);
        let (layout, fps) = (self.take.bvh.layout(messages)?, self.take.fps.0);
        let mut performance = motion::load_all(&self.motions, messages)?.at(fps)?;
        let audio = self.audio.as_deref().or(self.take.input.as_deref());
        let sound = audio.map(take::read).transpose()?;
        timings.set("read", stage.finish());
        motion::centre(&mut performance)?;
        let (renderer, actor) = self.renderer(messages)?;
        let pages = self.pages(targets)?;
        let speech = match &sound {
            Some(sound) => sound.to_speech()?,
            None if self.overlay || !pages.is_empty() => {
                return Err(Error::usage("--overlay and .html show what is heard", "name the sound with --audio"));
            }
            None => Speech { seconds: performance.seconds, ..Speech::default() },
        };
        let videos = self.create(targets, &pages, performance.frames.len(), sound)?;
        let input = self.motions.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(", ");
        let info = Info { audio: audio.map_or_else(String::new, |path| path.display().to_string()), ..Info::default() };
        let (seconds, frames) = (performance.seconds, performance.frames.len());
        let mut take = Take::silent(performance, self.take.emotion.clone(), layout, timings);
        take.actor = Some(actor);
        if !self.take.dry_run {
            take.write_motion(targets, &info, messages)?;
            take.speech = speech;
            let heard = || self.take.input.as_deref().map(Written::of).transpose();
            take.shelf = long::pictures(&self.take, seconds, || Ok(format!("{} {:?}", self.look_of(&renderer)?, heard()?)))?;
            self.show(&renderer, &mut take, videos, &pages, &info, messages)?;
            take.shelf.clear()?;
        }
        let summary = self.take.summary("render", take);
        Ok(Summary { input, seconds, frames, renderer: Some(renderer.name().into()), size: Some(self.size.to_string()), ..summary })
    }

    /// Begins the videos, and those inside pages. They take over the recording, which is large.
    fn create(
        &self,
        targets: &[Target],
        pages: &[(PathBuf, TempPath)],
        frames: usize,
        sound: Option<Recording>,
    ) -> Result<(Videos, Videos)> {
        let Size { width, height } = self.size;
        let inside = VideoSettings { width, height, fps: self.take.fps.0, sound, frames, quality: video::Quality::default() };
        let settings = VideoSettings { height: height + if self.overlay { strip::HEIGHT } else { 0 }, ..inside.clone() };
        let videos = targets.iter().filter(|target| target.kind == Kind::Video).map(|target| video::create(&target.path, &settings));
        let videos = videos.collect::<Result<_>>()?;
        Ok((videos, pages.iter().map(|(_, video)| video::create(video, &inside)).collect::<Result<_>>()?))
    }

    /// Draws the performance into the videos, over the strip where that is asked for, and writes the pages around theirs.
    fn show(
        &self,
        renderer: &Renderer,
        take: &mut Take,
        (mut videos, inside): (Videos, Videos),
        pages: &[(PathBuf, TempPath)],
        info: &Info,
        messages: &Messages,
    ) -> Result<()> {
        let wanted = self.overlay || !pages.is_empty();
        if let Some(reel) = take.reel.as_ref().filter(|_| wanted) {
            // The drawing of what is heard looks at all of it.
            take.speech = reel.whole();
        }
        let strip = Arc::new(if wanted { strip(&take.performance, &take.speech, &take.plan)? } else { Strip::default() });
        if self.overlay {
            let under = |video| -> Box<dyn VideoWriter> { Box::new(Under::new(video, strip.clone(), self.size.width, self.take.fps.0)) };
            videos = videos.into_iter().map(under).collect();
        }
        videos.extend(inside);
        render::follow(&mut take.performance, self.framing.into())?;
        let mut drawing = Drawing { renderer, performance: &take.performance, videos };
        let kept = take.shelf.folder().map(|folder| drawing.resume(folder, &self.look_of(renderer)?)).transpose()?;
        take.timings.set("draw", drawing.draw(&kept.unwrap_or_default(), messages)?);
        pages.iter().try_for_each(|(path, video)| page::write(path, video, &strip, &caption(info, &strip)))
    }
}

/// What was asked for, and what was made of it.
type Kept = (String, Arc<Renderer>, Arc<Actor>);

/// What a page says of its performance.
fn caption(info: &Info, strip: &Strip) -> Caption {
    let met = strip.closures.iter().filter(|(_, _, met)| *met).count();
    let minutes = strip.seconds.max(1e-3) / 60.0;
    let facts = [
        ("recording", info.audio.clone()),
        ("emotion", info.emotion.clone()),
        ("seed", info.seed.to_string()),
        ("made by", info.model.clone()),
        ("length", format!("{:.2} s", strip.seconds)),
        ("closed lips", format!("{met} of {} that are heard", strip.closures.len())),
        ("blinks", format!("{:.0} a minute", strip.blinks.len() as f64 / minutes)),
        ("strokes", format!("{:.0} a minute", strip.strokes.len() as f64 / minutes)),
    ];
    Caption { title: info.audio.clone(), facts: facts.map(|(name, value)| (name.to_string(), value)).to_vec() }
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
