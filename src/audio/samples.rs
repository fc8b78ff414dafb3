//! Many samples: in memory, or beyond [`MOST_HELD`] in a temporary file that the system maps, so that memory does not grow with a
//! recording's length.

use crate::{Error, Result, filed};
use memmap2::Mmap;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::ops::{Deref, DerefMut, Range};
use std::sync::Arc;

/// Most samples that stay in memory: 64 MiB.
pub const MOST_HELD: usize = 1 << 24;

/// Samples as one slice. Copies share them; who writes to shared ones gets a copy in memory.
#[derive(Clone, Debug)]
pub struct Samples {
    data: Arc<Data>,
    range: Range<usize>,
}

#[derive(Debug)]
enum Data {
    Held(Vec<f32>),
    Filed(Mmap),
}

impl Data {
    fn all(&self) -> &[f32] {
        match self {
            Data::Held(samples) => samples,
            // Pages begin where any number may.
            Data::Filed(map) => bytemuck::try_cast_slice(map).unwrap_or_default(),
        }
    }
}

impl From<Vec<f32>> for Samples {
    fn from(samples: Vec<f32>) -> Samples {
        Samples { range: 0..samples.len(), data: Arc::new(Data::Held(samples)) }
    }
}

impl Default for Samples {
    fn default() -> Samples {
        Vec::new().into()
    }
}

impl Deref for Samples {
    type Target = [f32];

    fn deref(&self) -> &[f32] {
        self.data.all().get(self.range.clone()).unwrap_or_default()
    }
}

impl DerefMut for Samples {
    fn deref_mut(&mut self) -> &mut [f32] {
        if !matches!(Arc::get_mut(&mut self.data), Some(Data::Held(_))) {
            *self = self.to_vec().into();
        }
        match Arc::get_mut(&mut self.data) {
            Some(Data::Held(samples)) => samples.get_mut(self.range.clone()).unwrap_or_default(),
            _ => &mut [],
        }
    }
}

impl PartialEq for Samples {
    fn eq(&self, other: &Samples) -> bool {
        **self == **other
    }
}

impl Samples {
    /// A part of the same samples, without a copy.
    pub fn part(&self, part: Range<usize>) -> Samples {
        let at = |n: usize| self.range.start + n.min(self.len());
        Samples { data: self.data.clone(), range: at(part.start)..at(part.end).max(at(part.start)) }
    }

    /// One block after the other, `size` samples each. What lies behind need not stay in memory.
    pub fn blocks(&self, size: usize) -> impl Iterator<Item = &[f32]> {
        self.chunks(size.max(1)).enumerate().inspect(move |(n, _)| self.release(n * size)).map(|(_, block)| block)
    }

    /// Lets the system take back the pages of the first `count` samples of a file; it reads them again when they are wanted.
    pub fn release(&self, count: usize) {
        if let Data::Filed(map) = &*self.data {
            filed::release(map, size_of::<f32>() * (self.range.start + count));
        }
    }
}

/// Takes samples one after the other.
#[derive(Default)]
pub struct Writer {
    /// All of them, or what is not in the file yet.
    held: Vec<f32>,
    file: Option<BufWriter<File>>,
    filed: usize,
}

impl Writer {
    /// Makes room for `count` samples in memory, or as many as stay there.
    pub fn with_room(count: usize) -> Writer {
        Writer { held: Vec::with_capacity(count.min(MOST_HELD)), ..Writer::default() }
    }

    /// Samples that were put.
    pub fn count(&self) -> usize {
        self.filed + self.held.len()
    }

    pub fn put(&mut self, sample: f32) -> Result<()> {
        self.held.push(sample);
        if self.held.len() >= MOST_HELD { self.spill() } else { Ok(()) }
    }

    pub fn extend(&mut self, samples: &[f32]) -> Result<()> {
        self.held.extend_from_slice(samples);
        if self.held.len() >= MOST_HELD { self.spill() } else { Ok(()) }
    }

    /// Adds silence until there are `count` samples.
    pub fn silence(&mut self, count: usize) -> Result<()> {
        const BLOCK: usize = 1 << 16;
        while self.count() < count {
            self.extend(&vec![0.0; (count - self.count()).min(BLOCK)])?;
        }
        Ok(())
    }

    fn spill(&mut self) -> Result<()> {
        if self.file.is_none() {
            self.file = Some(filed::create()?);
        }
        if let Some(file) = &mut self.file {
            file.write_all(bytemuck::cast_slice(&self.held)).map_err(Error::io(std::env::temp_dir()))?;
        }
        self.filed += self.held.len();
        self.held.clear();
        Ok(())
    }

    pub fn finish(mut self) -> Result<Samples> {
        if self.file.is_none() {
            return Ok(self.held.into());
        }
        self.spill()?;
        let Some(file) = self.file else { return Ok(Samples::default()) };
        Ok(Samples { data: Arc::new(Data::Filed(filed::map(file)?)), range: 0..self.filed })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_fit_into_memory_is_filed_and_reads_the_same() {
        let value = |n: usize| (n % 1000) as f32;
        let count = MOST_HELD + 70_000;
        let mut writer = Writer::with_room(count);
        (0..count - 1000).try_for_each(|n| writer.put(value(n))).unwrap();
        writer.extend(&(count - 1000..count).map(value).collect::<Vec<_>>()).unwrap();
        let samples = writer.finish().unwrap();
        assert!(matches!(*samples.data, Data::Filed(_)) && samples.len() == count);
        let all: Vec<f32> = samples.blocks(1 << 20).flatten().copied().collect();
        assert!(all.iter().enumerate().all(|(n, v)| *v == value(n)));
        assert_eq!(samples.part(MOST_HELD - 2..MOST_HELD + 2)[..], all[MOST_HELD - 2..MOST_HELD + 2]);
        let mut written = samples.part(0..10);
        written[3] = 7.5;
        assert!(written[3] == 7.5 && samples[3] == 3.0 && samples.part(count..count + 5).is_empty());
    }

    #[test]
    fn silence_fills_up() {
        let mut writer = Writer::default();
        writer.put(1.0).unwrap();
        writer.silence(4).unwrap();
        assert_eq!(writer.finish().unwrap()[..], [1.0, 0.0, 0.0, 0.0]);
    }
}
