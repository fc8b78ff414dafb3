//! Compressed sound and everything else that is not plain WAV: symphonia finds the container, cuts it into packets and
//! decodes them one by one.

use super::samples::Writer;
use super::{RATES, Recording, check_shape, edits::Edits};
use crate::{Error, Result};
use std::io::ErrorKind;
use symphonia::core::codecs::CodecParameters;
use symphonia::core::codecs::audio::well_known::CODEC_ID_OPUS;
use symphonia::core::codecs::audio::{AudioDecoder, AudioDecoderOptions};
use symphonia::core::errors::Error as Trouble;
use symphonia::core::formats::probe::Hint;
use symphonia::core::formats::well_known::{FORMAT_ID_ADTS, FORMAT_ID_MP1, FORMAT_ID_MP2, FORMAT_ID_MP3};
use symphonia::core::formats::{FormatOptions, FormatReader, TrackType};
use symphonia::core::io::{MediaSource, MediaSourceStream};
use symphonia::core::meta::MetadataOptions;

/// Packets without content in a row after which a file is taken to be at its end: a header may promise billions.
const MAX_IDLE_PACKETS: u32 = 10_000;

/// Longest silence in place of one damaged packet: no codec has longer packets.
const MAX_GAP_SECONDS: f64 = 1.0;

/// Decodes the first sound track of `source` and applies its edit list.
pub fn decode(source: Box<dyn MediaSource>, name: &str, extension: Option<&str>, edits: &Edits) -> Result<Recording> {
    let mut hint = Hint::new();
    if let Some(extension) = extension {
        hint.with_extension(extension);
    }
    let bytes = source.byte_len();
    let stream = MediaSourceStream::new(source, Default::default());
    let reader = symphonia::default::get_probe().probe(&hint, stream, FormatOptions::default(), MetadataOptions::default());
    let mut reader = reader.map_err(|e| not_sound(name, e))?;
    let (track, mut decoder) = open_track(&*reader, name)?;
    let decoded = decode_track(&mut *reader, &mut *decoder, &track, name)?;
    if let (Some(bytes), true) = (bytes, is_bare(&*reader))
        && decoded.bytes < bytes / 4
    {
        return Err(unknown(name));
    }
    edits.apply(track.id, decoded.recording, name)
}

/// Whether the container is nothing but packets, each with its own short mark. Such marks turn up by chance in any large
/// file, and a few packets found among other bytes are no sound.
fn is_bare(reader: &dyn FormatReader) -> bool {
    [FORMAT_ID_MP1, FORMAT_ID_MP2, FORMAT_ID_MP3, FORMAT_ID_ADTS].contains(&reader.format_info().format)
}

/// The default sound track.
struct SoundTrack {
    id: u32,
    /// Seconds per tick of its packets.
    tick: f64,
}

fn open_track(reader: &dyn FormatReader, name: &str) -> Result<(SoundTrack, Box<dyn AudioDecoder>)> {
    let track = reader.default_track(TrackType::Audio).ok_or_else(|| Error::malformed(name, "there is no sound in this file"))?;
    let Some(CodecParameters::Audio(parameters)) = &track.codec_params else {
        return Err(Error::malformed(name, "there is no sound in this file"));
    };
    let codec = if parameters.codec == CODEC_ID_OPUS { "Opus sound" } else { "this kind of sound" };
    let decoder = symphonia::default::get_codecs().make_audio_decoder(parameters, &AudioDecoderOptions::default());
    let decoder = decoder.map_err(|e| match e {
        Trouble::Unsupported(_) => Error::Unsupported {
            what: format!("{name}: {codec} is not supported"),
            hint: "convert it to WAV, FLAC or MP3, for example with: ffmpeg -i INPUT output.wav".into(),
        },
        e => Error::malformed(name, e.to_string()),
    })?;
    let tick = track.time_base.map_or(0.0, |base| f64::from(base.numer.get()) / f64::from(base.denom.get()));
    Ok((SoundTrack { id: track.id, tick }, decoder))
}

struct Decoded {
    recording: Recording,
    /// Size of all packets, of whatever track.
    bytes: u64,
}

/// Decodes every packet of `track` up to the end of what is there. In place of damaged ones comes silence of their length.
fn decode_track(reader: &mut dyn FormatReader, decoder: &mut dyn AudioDecoder, track: &SoundTrack, name: &str) -> Result<Decoded> {
    let mut recording = Recording::default();
    let mut samples = Writer::default();
    let mut block = Vec::<f32>::new();
    let (mut good, mut bad, mut idle, mut bytes) = (0u64, 0u64, 0u32, 0u64);
    // Any error of the container is its end: a file cut short still gives what it has.
    while let Ok(Some(packet)) = reader.next_packet() {
        idle = if packet.data.is_empty() { idle + 1 } else { 0 };
        if idle > MAX_IDLE_PACKETS {
            break;
        }
        bytes += packet.data.len() as u64;
        if packet.track_id != track.id {
            continue;
        }
        let shape = (recording.rate, usize::from(recording.channels));
        match decoder.decode(&packet) {
            // Priming, trimmed away.
            Ok(decoded) if decoded.frames() == 0 => continue,
            Ok(decoded) if good == 0 || shape == (decoded.spec().rate(), decoded.num_planes()) => {
                let (rate, channels) = (decoded.spec().rate(), decoded.num_planes());
                check_shape(name, rate, channels, 0)?;
                (recording.rate, recording.channels) = (rate, channels as u16);
                good += 1;
                decoded.copy_to_vec_interleaved(&mut block);
                samples.extend(&block)?;
            }
            // Another stream begins.
            Err(Trouble::ResetRequired) => break,
            Ok(_) | Err(_) => {
                bad += 1;
                let seconds = (packet.dur.get() as f64 * track.tick).min(MAX_GAP_SECONDS);
                let channels = usize::from(recording.channels.max(1));
                let frames = samples.count() / channels + (seconds * f64::from(recording.rate)).round() as usize;
                samples.silence(frames * usize::from(recording.channels))?;
            }
        }
        let frames = samples.count() / usize::from(recording.channels.max(1));
        check_shape(name, recording.rate.max(*RATES.start()), recording.channels.max(1).into(), frames as u64)?;
    }
    if good == 0 || bad > good {
        return Err(Error::malformed(name, "damaged: no sound could be decoded"));
    }
    recording.samples = samples.finish()?;
    Ok(Decoded { recording, bytes })
}

fn unknown(name: &str) -> Error {
    Error::Unsupported {
        what: format!("{name}: not a sound file that gestus knows, or damaged at its start"),
        hint: "WAV, MP3, FLAC, Ogg Vorbis, M4A, AIFF and the sound of MP4 and MKV are read".into(),
    }
}

fn not_sound(name: &str, trouble: Trouble) -> Error {
    match trouble {
        Trouble::IoError(source) if source.kind() != ErrorKind::UnexpectedEof => Error::Io { path: name.into(), source },
        Trouble::LimitError(what) => Error::Limit { what: format!("{name}: {what}"), hint: String::new() },
        _ => unknown(name),
    }
}
