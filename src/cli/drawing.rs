//! A performance drawn into videos, of which a long one goes on where an earlier run was ended.

use super::messages::Messages;
use crate::motion::Performance;
use crate::render::{self, Renderer};
use crate::video::VideoWriter;
use crate::{Result, interrupt};
use sha2::{Digest, Sha256};
use std::path::Path;

pub type Videos = Vec<Box<dyn VideoWriter>>;

pub struct Drawing<'a> {
    pub renderer: &'a Renderer,
    pub performance: &'a Performance,
    pub videos: Videos,
}

impl Drawing<'_> {
    /// Keeps what is finished of each video in `folder`, and takes up what an earlier run kept there that drew the same performance by
    /// the same `look`. Says how many pictures each video has.
    pub fn resume(&mut self, folder: &Path, look: &str) -> Result<Vec<usize>> {
        let look: String = Sha256::digest(look).iter().take(8).map(|byte| format!("{byte:02x}")).collect();
        // The last picture is always drawn: an encoder that never worked cannot describe what it made.
        let most = self.performance.frames.len().saturating_sub(1);
        let places = (0..).map(|n| folder.join(format!("video-{look}-{n}")));
        self.videos.iter_mut().zip(places).map(|(video, place)| video.resume(&place, most)).collect()
    }

    /// Draws into all videos at once, into each the pictures that it has not (`kept`, none where it is empty), and returns the seconds
    /// it took.
    pub fn draw(self, kept: &[usize], messages: &Messages) -> Result<f64> {
        let Drawing { renderer, performance, mut videos } = self;
        messages.say(format!("drawing on {}", renderer.name()));
        let first = kept.iter().copied().min().unwrap_or(0);
        if first > 0 {
            messages.say(format!("{first} pictures are there from an earlier run"));
        }
        let mut stage = messages.stage("draw", performance.frames.len());
        render::draw_all(renderer, performance, first, &interrupt::requested, |n, picture| {
            for (_, video) in videos.iter_mut().enumerate().filter(|(v, _)| kept.get(*v).is_none_or(|kept| n >= *kept)) {
                video.push(&picture)?;
            }
            stage.reached(n + 1);
            Ok(())
        })?;
        videos.into_iter().try_for_each(|video| video.finish())?;
        Ok(stage.finish())
    }
}
