//! Compressed sound and everything else that is not plain WAV: symphonia finds the container, cuts it into packets and
//! decodes them one by one.

use super::{Recording, check_shape, edits::Edits};
use crate::{Error, Result};
use std::io::ErrorKind;
use symphonia::core::codecs::CodecParameters;
use symphonia::core::codecs::audio::well_known::CODEC_ID_OPUS;
use symphonia::core::codecs::audio::{AudioDecoder, AudioDecoderOptions};
use symphonia::core::errors::Error as Trouble;
use symphonia::core::formats::probe::Hint;
use symphonia::core::formats::{FormatOptions, FormatReader, TrackType};
use symphonia::core::io::{MediaSource, MediaSourceStream};
use symphonia::core::meta::MetadataOptions;

/// Packets without content in a row after which a file is taken to be at its end: a header may promise billions.
const MAX_IDLE_PACKETS: u32 = 10_000;

/// Decodes the first sound track of `source` and applies its edit list.
pub fn decode(source: Box<dyn MediaSource>, name: &str, extension: Option<&str>, edits: &Edits) -> Result<Recording> {
    let mut hint = Hint::new();
    if let Some(extension) = extension {
        hint.with_extension(extension);
    }
    let stream = MediaSourceStream::new(source, Default::default());
    let reader = symphonia::default::get_probe().probe(&hint, stream, FormatOptions::default(), MetadataOptions::default());
    let mut reader = reader.map_err(|e| not_sound(name, e))?;
    let (track, mut decoder) = open_track(&*reader, name)?;
    let recording = decode_track(&mut *reader, &mut *decoder, track, name)?;
    edits.apply(track, recording, name)
}

/// The number of the default sound track and a decoder for it.
fn open_track(reader: &dyn FormatReader, name: &str) -> Result<(u32, Box<dyn AudioDecoder>)> {
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
    Ok((track.id, decoder))
}

/// Decodes every packet of `track`, skipping those that are damaged, up to the end of what is there.
fn decode_track(reader: &mut dyn FormatReader, decoder: &mut dyn AudioDecoder, track: u32, name: &str) -> Result<Recording> {
    let mut recording = Recording::default();
    let mut block = Vec::<f32>::new();
    let (mut good, mut bad, mut idle) = (0u64, 0u64, 0u32);
    // Any error of the container is its end: a file cut short still gives what it has.
    while let Ok(Some(packet)) = reader.next_packet() {
        idle = if packet.data.is_empty() { idle + 1 } else { 0 };
        if idle > MAX_IDLE_PACKETS {
            break;
        }
        if packet.track_id != track {
            continue;
        }
        let decoded = match decoder.decode(&packet) {
            Ok(decoded) => decoded,
            Err(Trouble::DecodeError(_) | Trouble::IoError(_)) => {
                bad += 1;
                continue;
            }
            Err(_) => break,
        };
        let (rate, channels) = (decoded.spec().rate(), decoded.num_planes());
        if decoded.frames() == 0 {
            // Priming, trimmed away.
            continue;
        }
        if good == 0 {
            check_shape(name, rate, channels, 0)?;
            (recording.rate, recording.channels) = (rate, channels as u16);
        } else if (rate, channels) != (recording.rate, recording.channels.into()) {
            bad += 1;
            continue;
        }
        good += 1;
        decoded.copy_to_vec_interleaved(&mut block);
        recording.samples.extend_from_slice(&block);
        check_shape(name, recording.rate, recording.channels.into(), recording.frames() as u64)?;
    }
    if good == 0 || bad > good {
        return Err(Error::malformed(name, "damaged: no sound could be decoded"));
    }
    Ok(recording)
}

fn not_sound(name: &str, trouble: Trouble) -> Error {
    match trouble {
        Trouble::IoError(source) if source.kind() != ErrorKind::UnexpectedEof => Error::Io { path: name.into(), source },
        Trouble::LimitError(what) => Error::Limit { what: format!("{name}: {what}"), hint: String::new() },
        _ => Error::Unsupported {
            what: format!("{name}: not a sound file that gestus knows, or damaged at its start"),
            hint: "WAV, MP3, FLAC, Ogg Vorbis, M4A, AIFF and the sound of MP4 and MKV are read".into(),
        },
    }
}
