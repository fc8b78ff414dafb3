//! Encoding beside drawing: a writer moved to its own thread, fed through a short queue.

use super::{VideoSettings, VideoWriter};
use crate::render::Picture;
use crate::{Error, Result};
use std::path::Path;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;

/// Pictures that may wait: enough to even out slow ones, few enough to stay small.
const QUEUE: usize = 4;

enum Order {
    Push(Picture),
    Finish,
}

/// Runs a writer on a thread, from the first picture on. Dropped before [`VideoWriter::finish`], it waits for the thread to clean up.
pub struct Background {
    settings: VideoSettings,
    /// Until there is a thread.
    writer: Option<Box<dyn VideoWriter>>,
    orders: Option<SyncSender<Order>>,
    thread: Option<JoinHandle<Result<()>>>,
}

impl Background {
    pub fn new(writer: Box<dyn VideoWriter>, settings: &VideoSettings) -> Background {
        let settings = VideoSettings { sound: None, ..*settings };
        Background { settings, writer: Some(writer), orders: None, thread: None }
    }

    fn start(&mut self, writer: Box<dyn VideoWriter>) -> Result<()> {
        let (orders, received) = sync_channel(QUEUE);
        let settings = self.settings.clone();
        let thread = std::thread::Builder::new().name("video".into());
        self.thread = Some(thread.spawn(move || run(writer, received, &settings)).map_err(Error::io("video thread"))?);
        self.orders = Some(orders);
        Ok(())
    }

    /// Ends the thread and tells how it went.
    fn join(&mut self) -> Result<()> {
        self.orders = None;
        match self.thread.take().map(JoinHandle::join) {
            Some(Ok(outcome)) => outcome,
            Some(Err(_)) => Err(Error::Render("the video encoder failed".into())),
            None => Err(Error::Render("the video has ended already".into())),
        }
    }
}

fn run(mut writer: Box<dyn VideoWriter>, orders: Receiver<Order>, settings: &VideoSettings) -> Result<()> {
    for order in orders {
        match order {
            Order::Push(picture) => {
                super::check_size(&picture, settings)?;
                writer.push(&picture)?;
            }
            Order::Finish => return writer.finish(),
        }
    }
    Ok(())
}

impl VideoWriter for Background {
    fn push(&mut self, picture: &Picture) -> Result<()> {
        if let Some(writer) = self.writer.take() {
            self.start(writer)?;
        }
        match &self.orders {
            Some(orders) if orders.send(Order::Push(picture.clone())).is_ok() => Ok(()),
            _ => self.join(),
        }
    }

    fn resume(&mut self, folder: &Path, most: usize) -> Result<usize> {
        self.writer.as_mut().map_or(Ok(0), |writer| writer.resume(folder, most))
    }

    fn finish(mut self: Box<Self>) -> Result<()> {
        if let Some(writer) = self.writer.take() {
            return writer.finish();
        }
        if let Some(orders) = &self.orders {
            // Where the thread has ended already, joining it tells why.
            let _ = orders.send(Order::Finish);
        }
        self.join()
    }
}

impl Drop for Background {
    fn drop(&mut self) {
        if self.thread.is_some() {
            let _ = self.join();
        }
    }
}
