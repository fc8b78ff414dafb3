//! H.264 by openh264, at constant quality, as the samples an MP4 file holds.

use super::colour::Planes;
use super::{Quality, VideoSettings};
use crate::render::Picture;
use crate::{Error, Result};
use openh264::encoder::{
    BitRate, ColorPrimaries, Complexity, Encoder, EncoderConfig, FrameRate, FrameType, IntraFramePeriod, MatrixCoefficients, QpRange,
    RateControlMode, TransferCharacteristics, VuiConfig,
};
use openh264::formats::YUVSlices;
use openh264::{OpenH264API, Timestamp};

/// Longest side and shortest, limits of openh264.
const MAX_SIDES: (u32, u32) = (3840, 2160);
const MIN_SIDE: u32 = 16;

/// Seconds between pictures that stand alone, where a player can seek to.
const KEY_SECONDS: f64 = 2.0;

/// NAL unit types (Rec. ITU-T H.264, table 7-1).
const NAL_SEQUENCE: u8 = 7;
const NAL_PICTURE: u8 = 8;

/// One encoded picture: NAL units, each after its length in 4 bytes.
pub struct Packet {
    pub bytes: Vec<u8>,
    /// Whether decoding can begin here.
    pub key: bool,
}

/// The parameter sets that a decoder needs first, without start codes.
#[derive(Clone, Default)]
pub struct ParameterSets {
    pub sequence: Vec<u8>,
    pub picture: Vec<u8>,
}

pub struct H264 {
    encoder: Encoder,
    planes: Planes,
    fps: f64,
    frames: u64,
    sets: ParameterSets,
}

impl H264 {
    /// Fails with a usage error where H.264 cannot have this size.
    pub fn new(settings: &VideoSettings) -> Result<H264> {
        check_dimensions(settings.width, settings.height)?;
        let mut encoder = Encoder::with_api_config(OpenH264API::from_source(), config(settings)).map_err(failed)?;
        silence(&mut encoder);
        let planes = Planes::new(settings.width as usize, settings.height as usize);
        Ok(H264 { encoder, planes, fps: settings.fps, frames: 0, sets: ParameterSets::default() })
    }

    /// Encodes the next picture. There is no reordering: one in, one out.
    pub fn encode(&mut self, picture: &Picture) -> Result<Packet> {
        self.planes.fill(picture);
        let Planes { width, height, ref y, ref cb, ref cr } = self.planes;
        let source = YUVSlices::new((y, cb, cr), (width, height), (width, width / 2, width / 2));
        let time = Timestamp::from_millis((self.frames as f64 / self.fps * 1000.0).round() as u64);
        let stream = self.encoder.encode_at(&source, time).map_err(failed)?;
        let key = matches!(stream.frame_type(), FrameType::IDR);
        let mut bytes = Vec::new();
        for layer in (0..stream.num_layers()).filter_map(|l| stream.layer(l)) {
            for unit in (0..layer.nal_count()).filter_map(|n| layer.nal_unit(n)) {
                let unit = without_start_code(unit);
                match unit.first().map(|b| b & 31) {
                    None => {}
                    Some(NAL_SEQUENCE) => self.sets.sequence = unit.to_vec(),
                    Some(NAL_PICTURE) => self.sets.picture = unit.to_vec(),
                    Some(_) => {
                        bytes.extend((unit.len() as u32).to_be_bytes());
                        bytes.extend(unit);
                    }
                }
            }
        }
        if bytes.is_empty() {
            return Err(Error::Render(format!("H.264: picture {} was not encoded", self.frames)));
        }
        self.frames += 1;
        Ok(Packet { bytes, key })
    }

    /// Known once a picture is encoded.
    pub fn parameter_sets(&self) -> &ParameterSets {
        &self.sets
    }
}

fn failed(e: openh264::Error) -> Error {
    Error::Render(format!("H.264: {e}"))
}

fn check_dimensions(width: u32, height: u32) -> Result<()> {
    let what = format!("an MP4 video of {width}x{height}");
    if width % 2 == 1 || height % 2 == 1 {
        let hint = format!("H.264 needs even sides: use {}x{}, or write .gif or PNG pictures", width + width % 2, height + height % 2);
        return Err(Error::usage(what, hint));
    }
    if width.min(height) < MIN_SIDE || width.max(height) > MAX_SIDES.0 || width.min(height) > MAX_SIDES.1 {
        return Err(Error::usage(what, format!("H.264 here goes from {MIN_SIDE}x{MIN_SIDE} to {}x{}", MAX_SIDES.0, MAX_SIDES.1)));
    }
    Ok(())
}

/// Pictures from one that stands alone to the next.
pub fn key_distance(fps: f64) -> u32 {
    (KEY_SECONDS * fps).round().max(1.0) as u32
}

fn config(settings: &VideoSettings) -> EncoderConfig {
    // The quantiser's range makes the quality; the rate is only a roof, in bits per pixel.
    let (bits, qp) = match settings.quality {
        Quality::Small => (0.15, QpRange::new(24, 40)),
        Quality::Standard => (0.5, QpRange::new(12, 30)),
        Quality::Fine => (1.5, QpRange::new(8, 22)),
    };
    let rate = bits * f64::from(settings.width) * f64::from(settings.height) * settings.fps;
    let vui = VuiConfig::new()
        .color_primaries(ColorPrimaries::Bt709)
        .transfer_characteristics(TransferCharacteristics::Bt709)
        .matrix_coefficients(MatrixCoefficients::Bt709)
        .full_range(false);
    EncoderConfig::new()
        .rate_control_mode(RateControlMode::Quality)
        .qp(qp)
        .bitrate(BitRate::from_bps(rate.clamp(200_000.0, 100_000_000.0) as u32))
        .max_frame_rate(FrameRate::from_hz(settings.fps as f32))
        .skip_frames(false)
        // More search saves one byte in a hundred and costs a tenth of the time.
        .complexity(Complexity::Low)
        // It would leave specks of a moved head on the still background.
        .background_detection(false)
        .intra_frame_period(IntraFramePeriod::from_num_frames(key_distance(settings.fps)))
        .num_threads(1)
        .vui(vui)
}

/// Keeps openh264 from writing its remarks to standard error.
fn silence(encoder: &mut Encoder) {
    let mut quiet: std::ffi::c_int = 0;
    // SAFETY: the encoder exists, this option is one of the few it takes before its first picture, and it copies the
    // number that the pointer leads to. A refusal only means that it goes on talking.
    unsafe {
        encoder.raw_api().set_option(openh264_sys2::ENCODER_OPTION_TRACE_LEVEL, (&raw mut quiet).cast());
    }
}

/// A NAL unit without the `0 0 1` or `0 0 0 1` in front.
fn without_start_code(unit: &[u8]) -> &[u8] {
    let start = unit.iter().position(|b| *b != 0).map_or(unit.len(), |one| one + 1);
    &unit[start.min(unit.len())..]
}
