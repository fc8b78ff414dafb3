//! A video with the strip under its pictures.

use super::VideoWriter;
use crate::Result;
use crate::render::Picture;
use crate::render::strip::{Pager, Strip};
use std::path::Path;
use std::sync::Arc;

/// Makes every picture higher by [`crate::render::strip::HEIGHT`] before it goes into the video within.
pub struct Under {
    video: Box<dyn VideoWriter>,
    pager: Pager,
    fps: f64,
    pushed: usize,
}

impl Under {
    /// `width` is that of the pictures.
    pub fn new(video: Box<dyn VideoWriter>, strip: Arc<Strip>, width: u32, fps: f64) -> Under {
        Under { video, pager: Pager::new(strip, width), fps, pushed: 0 }
    }
}

impl VideoWriter for Under {
    fn push(&mut self, picture: &Picture) -> Result<()> {
        let picture = self.pager.under(picture, self.pushed as f64 / self.fps);
        self.pushed += 1;
        self.video.push(&picture)
    }

    fn resume(&mut self, folder: &Path, most: usize) -> Result<usize> {
        self.pushed = self.video.resume(folder, most)?;
        Ok(self.pushed)
    }

    fn finish(self: Box<Self>) -> Result<()> {
        self.video.finish()
    }
}
