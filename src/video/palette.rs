//! Palettes: up to 255 colours that stand for all of a GIF, and ordered dithering between them.
//!
//! The colours come from a histogram, by cutting the box of largest variance again and again (Wu, "Efficient statistical
//! computations for optimal color quantization", 1991, in the plain form of one cut at the mean) and a few rounds of
//! k-means (Lloyd). Dithering adds a fixed pattern (Bayer, "An optimum method for two-level rendition of
//! continuous-tone pictures", 1973): unlike error diffusion it does not crawl from picture to picture.

/// Colours of a palette; one more index means "as before" or "transparent".
pub const MAX_COLOURS: usize = 255;

/// Bits per channel that the histogram and the table of nearest colours tell apart.
const BITS: u32 = 6;

/// How much a difference in red, green or blue counts.
const WEIGHTS: [f32; 3] = [2.0, 4.0, 1.5];

/// Rounds of k-means.
const ROUNDS: usize = 4;

/// Largest strength of the dithering pattern, in steps of 255.
const MAX_DITHER: f32 = 32.0;

type Rgb = [u8; 3];

/// Colours of pictures, counted.
#[derive(Clone)]
pub struct Histogram {
    /// Per cell: how many pixels, and the sums of their red, green and blue.
    cells: Vec<(u64, [u64; 3])>,
}

/// The mean colour of a cell and its weight.
#[derive(Clone, Copy)]
struct Swatch {
    colour: [f32; 3],
    count: f32,
}

impl Histogram {
    pub fn new() -> Histogram {
        Histogram { cells: vec![(0, [0; 3]); 1 << (3 * BITS)] }
    }

    /// Counts the pixels of a picture that are not transparent.
    pub fn add(&mut self, rgba: &[u8]) {
        for p in rgba.chunks_exact(4).filter(|p| p[3] >= 128) {
            let (count, sums) = &mut self.cells[cell([p[0], p[1], p[2]])];
            *count += 1;
            (0..3).for_each(|c| sums[c] += u64::from(p[c]));
        }
    }

    fn swatches(&self) -> Vec<Swatch> {
        let used = self.cells.iter().filter(|(count, _)| *count > 0);
        used.map(|(count, sums)| Swatch { colour: sums.map(|s| s as f32 / *count as f32), count: *count as f32 }).collect()
    }
}

/// Up to [`MAX_COLOURS`] colours.
pub struct Palette {
    pub colours: Vec<Rgb>,
    /// Mean distance of the pixels it was made for to their colours: root of the mean square, in steps of 255.
    pub error: f32,
    /// Nearest colour of each cell, found when first asked for.
    nearest: Vec<Option<u8>>,
}

impl Palette {
    pub fn of(histogram: &Histogram) -> Palette {
        let swatches = histogram.swatches();
        let mut centres = cut(swatches.clone());
        for _ in 0..ROUNDS {
            centres = moved(&centres, &swatches);
        }
        let colours = centres.iter().map(|c| c.map(|x| x.round() as u8)).collect();
        let mut palette = Palette { colours, error: 0.0, nearest: vec![None; 1 << (3 * BITS)] };
        let mut total = (0.0f64, 0.0f64);
        for swatch in &swatches {
            let rgb = swatch.colour.map(|x| x.round() as u8);
            total.0 += f64::from(swatch.count) * f64::from(palette.squared_error(rgb));
            total.1 += f64::from(swatch.count);
        }
        palette.error = (total.0 / total.1.max(1.0)).sqrt() as f32;
        palette
    }

    /// Index of the colour nearest to `rgb`.
    pub fn index(&mut self, rgb: Rgb) -> u8 {
        let cell = cell(rgb);
        if let Some(index) = self.nearest[cell] {
            return index;
        }
        // The centre of the cell, so that the answer does not depend on who asked first.
        let centre = rgb.map(|x| f32::from(x >> (8 - BITS) << (8 - BITS)) + ((1 << (8 - BITS)) - 1) as f32 / 2.0);
        let distance = |c: &Rgb| distance(centre, c.map(f32::from));
        let index = (0..self.colours.len()).min_by(|a, b| distance(&self.colours[*a]).total_cmp(&distance(&self.colours[*b])));
        let index = index.unwrap_or(0) as u8;
        self.nearest[cell] = Some(index);
        index
    }

    /// Mean over the channels of the squared difference between `rgb` and its colour.
    pub fn squared_error(&mut self, rgb: Rgb) -> f32 {
        let index = usize::from(self.index(rgb));
        let colour = self.colours.get(index).copied().unwrap_or_default();
        (0..3).map(|c| (f32::from(rgb[c]) - f32::from(colour[c])).powi(2)).sum::<f32>() / 3.0
    }

    /// What the dithering pattern adds to the pixels of each place of 8 by 8.
    pub fn dither(&self) -> [[f32; 8]; 8] {
        // Steps of size s leave an error of s / sqrt(12); the pattern should span one step.
        let span = (self.error * 12f32.sqrt()).min(MAX_DITHER);
        let mut pattern = [[0.0; 8]; 8];
        for (y, row) in pattern.iter_mut().enumerate() {
            for (x, value) in row.iter_mut().enumerate() {
                *value = span * ((f32::from(bayer(x as u8, y as u8)) + 0.5) / 64.0 - 0.5);
            }
        }
        pattern
    }
}

/// Rank of a place in the 8 by 8 pattern: the bits of `x ^ y` and `y`, interleaved, lowest first.
fn bayer(x: u8, y: u8) -> u8 {
    (0..3).fold(0, |rank, bit| (rank << 2) | ((((x ^ y) >> bit) & 1) << 1) | ((y >> bit) & 1))
}

fn cell(rgb: Rgb) -> usize {
    rgb.iter().fold(0, |cell, c| (cell << BITS) | usize::from(c >> (8 - BITS)))
}

fn distance(a: [f32; 3], b: [f32; 3]) -> f32 {
    (0..3).map(|c| WEIGHTS[c] * (a[c] - b[c]).powi(2)).sum()
}

/// The mean colour, and for each channel the weighted sum of squared distances from it.
fn spread(swatches: &[Swatch]) -> ([f32; 3], [f32; 3]) {
    let total: f64 = swatches.iter().map(|s| f64::from(s.count)).sum::<f64>().max(1.0);
    let mean = [0, 1, 2].map(|c| (swatches.iter().map(|s| f64::from(s.count) * f64::from(s.colour[c])).sum::<f64>() / total) as f32);
    let spread = [0, 1, 2].map(|c| swatches.iter().map(|s| s.count * WEIGHTS[c] * (s.colour[c] - mean[c]).powi(2)).sum());
    (mean, spread)
}

/// Cuts the swatches into groups and returns the mean colours.
fn cut(swatches: Vec<Swatch>) -> Vec<[f32; 3]> {
    let measured = |group: Vec<Swatch>| {
        let (mean, spread) = spread(&group);
        (group, mean, spread)
    };
    let mut groups = vec![measured(swatches)];
    while groups.len() < MAX_COLOURS {
        let total = |g: &(Vec<Swatch>, [f32; 3], [f32; 3])| g.2.iter().sum::<f32>();
        let Some(widest) = (0..groups.len()).max_by(|a, b| total(&groups[*a]).total_cmp(&total(&groups[*b]))) else { break };
        let (group, mean, spread) = groups.swap_remove(widest);
        let axis = if spread[1] >= spread[0] && spread[1] >= spread[2] {
            1
        } else if spread[0] >= spread[2] {
            0
        } else {
            2
        };
        let (low, high): (Vec<_>, Vec<_>) = group.into_iter().partition(|s| s.colour[axis] <= mean[axis]);
        let done = low.is_empty() || high.is_empty();
        groups.extend([low, high].into_iter().filter(|g| !g.is_empty()).map(measured));
        if done {
            break;
        }
    }
    groups.into_iter().map(|(_, mean, _)| mean).collect()
}

/// One round of k-means: every centre moves to the mean of the swatches nearest to it.
fn moved(centres: &[[f32; 3]], swatches: &[Swatch]) -> Vec<[f32; 3]> {
    let mut sums = vec![([0.0f64; 3], 0.0f64); centres.len()];
    for swatch in swatches {
        let nearest = |a: &usize, b: &usize| distance(centres[*a], swatch.colour).total_cmp(&distance(centres[*b], swatch.colour));
        if let Some(nearest) = (0..centres.len()).min_by(nearest) {
            (0..3).for_each(|c| sums[nearest].0[c] += f64::from(swatch.count * swatch.colour[c]));
            sums[nearest].1 += f64::from(swatch.count);
        }
    }
    let mean = |(centre, (sum, count)): (&[f32; 3], &([f64; 3], f64))| if *count > 0.0 { sum.map(|s| (s / count) as f32) } else { *centre };
    centres.iter().zip(&sums).map(mean).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_colours_are_kept_exactly() {
        let colours = [[255, 0, 0], [0, 255, 0], [0, 0, 255], [12, 34, 56], [255, 255, 255]];
        let rgba: Vec<u8> = colours.iter().flat_map(|c: &Rgb| [c[0], c[1], c[2], 255]).collect();
        let mut histogram = Histogram::new();
        histogram.add(&rgba);
        let mut palette = Palette::of(&histogram);
        for colour in colours {
            let index = palette.index(colour);
            assert_eq!(palette.colours[usize::from(index)], colour);
        }
        assert_eq!(palette.error, 0.0);
    }

    #[test]
    fn a_cube_of_colours_is_spread_out() {
        let rgba: Vec<u8> =
            (0..32u32.pow(3)).flat_map(|n| [(n % 32 * 8) as u8, (n / 32 % 32 * 8) as u8, (n / 1024 * 8) as u8, 255]).collect();
        let mut histogram = Histogram::new();
        histogram.add(&rgba);
        let palette = Palette::of(&histogram);
        assert_eq!(palette.colours.len(), MAX_COLOURS);
        // A regular grid of 255 cells leaves an error of 256 / 255^(1/3) / sqrt(12) = 11.7.
        assert!(palette.error < 14.0, "{}", palette.error);
    }

    #[test]
    fn the_dithering_pattern_holds_every_rank_once() {
        let mut ranks: Vec<u8> = (0..64).map(|n| bayer(n % 8, n / 8)).collect();
        ranks.sort_unstable();
        assert!(ranks.into_iter().eq(0..64));
    }
}
