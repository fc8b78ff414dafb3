//! Folders of models that a user has: a sentence encoder for free text, a Whisper for transcripts. Random weights of the right form stand in
//! for real ones, which no test may download.

#[allow(dead_code)] // each test uses its part
mod common;

use candle_core::{DType, Device};
use candle_nn::{VarBuilder, VarMap};
use candle_transformers::models::{bert, whisper};
use common::Place;
use gestus::train;
use serde_json::{Value, json};

/// Writes the three files of a folder; `load` makes the variables.
fn folder(place: &Place, name: &str, config: &Value, tokenizer: &Value, load: impl Fn(VarBuilder)) {
    std::fs::create_dir(place.path(name)).unwrap();
    place.write(&format!("{name}/config.json"), config.to_string().as_bytes());
    place.write(&format!("{name}/tokenizer.json"), tokenizer.to_string().as_bytes());
    let map = VarMap::new();
    load(VarBuilder::from_varmap(&map, DType::F32, &Device::Cpu));
    train::draw(&map, 1).unwrap();
    map.save(place.path(&format!("{name}/model.safetensors"))).unwrap();
}

fn vocabulary(words: &[String]) -> Value {
    words.iter().enumerate().map(|(id, word)| (word.clone(), Value::from(id))).collect::<serde_json::Map<_, _>>().into()
}

fn sentences(place: &Place) {
    let letters = ('a'..='z').flat_map(|c| [c.to_string(), format!("##{c}")]);
    let words: Vec<String> = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", ","].map(String::from).into_iter().chain(letters).collect();
    let config = json!({"vocab_size": words.len(), "hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 64,
        "hidden_act": "gelu", "hidden_dropout_prob": 0.1, "max_position_embeddings": 64, "type_vocab_size": 2, "initializer_range": 0.02,
        "layer_norm_eps": 1e-12, "pad_token_id": 0, "model_type": "bert"});
    let tokenizer =
        json!({"normalizer": {"type": "BertNormalizer", "lowercase": true}, "model": {"type": "WordPiece", "vocab": vocabulary(&words)}});
    folder(place, "sentences", &config, &tokenizer, |vb| {
        bert::BertModel::load(vb, &serde_json::from_value(config.clone()).unwrap()).unwrap();
    });
}

fn listener(place: &Place) {
    let words = [
        "hello",
        "Ġstop",
        "Ġgreat",
        "<|endoftext|>",
        "<|startoftranscript|>",
        "<|en|>",
        "<|translate|>",
        "<|transcribe|>",
        "<|notimestamps|>",
    ];
    let times = (0..1501).map(|k| format!("<|{:.2}|>", f64::from(k) * 0.02));
    let words: Vec<String> = words.map(String::from).into_iter().chain(times).collect();
    let config = json!({"num_mel_bins": 80, "max_source_positions": 1500, "d_model": 16, "encoder_attention_heads": 2, "encoder_layers": 1,
        "vocab_size": words.len(), "max_target_positions": 32, "decoder_attention_heads": 2, "decoder_layers": 1});
    let tokenizer = json!({"model": {"type": "BPE", "vocab": vocabulary(&words)}, "added_tokens": []});
    folder(place, "listener", &config, &tokenizer, |vb| {
        whisper::model::Whisper::load(&vb, serde_json::from_value(config.clone()).unwrap()).unwrap();
    });
}

#[test]
fn an_encoder_reads_words_that_are_in_no_lexicon() {
    let place = Place::new();
    sentences(&place);
    place.speech("talk.wav", 1.0);
    place.write("scene.srt", b"1\n00:00:00,000 --> 00:00:01,000\npurple giraffes\n");
    for command in ["animate talk.wav -o a.csv --direction scene.srt", "explain scene.srt"] {
        assert!(place.run(command).failed(if command.starts_with("explain") { 2 } else { 1 }).stderr.contains("purple giraffes"));
        place.run(&format!("{command} --text-encoder sentences")).succeeded();
    }
    let explained = place.run("explain scene.srt --text-encoder sentences --json").succeeded().json();
    assert_eq!(explained["keys"][0]["nearest"].as_array().unwrap().len(), 4);
    assert_eq!(explained["not_understood"].as_array().unwrap().len(), 0);
    // What the lexicon knows needs no encoder.
    let plain = place.run("explain grief").succeeded().stdout;
    assert_eq!(place.run("explain grief --text-encoder sentences").succeeded().stdout, plain);
    let run = place.run("animate talk.wav -o b.csv --text-encoder nowhere").failed(1);
    assert!(run.stderr.contains("nowhere/config.json") && !place.path("b.csv").exists(), "{}", run.stderr);
}

#[test]
fn a_whisper_writes_the_transcript_down() {
    let place = Place::new();
    listener(&place);
    place.speech("talk.wav", 4.0);
    let run = place.run("animate talk.wav -o a.json --quality draft --whisper listener").succeeded();
    assert!(run.stderr.contains("written down: "), "{}", run.stderr);
    place.run("animate talk.wav -o b.json --quality draft --whisper listener").succeeded();
    assert_eq!(place.read("a.json"), place.read("b.json"));
    place.run("animate talk.wav -o c.json --whisper listener --transcript t.txt").failed(2);
    place.write("listener/model.safetensors", b"no weights");
    let run = place.run("animate talk.wav -o c.json --whisper listener").failed(1);
    assert!(run.stderr.contains("listener/model.safetensors") && !place.path("c.json").exists(), "{}", run.stderr);
}

/// Sum of a column of a table.
fn sum(place: &Place, name: &str, column: &str) -> f64 {
    let text = String::from_utf8(place.read(name)).unwrap();
    let mut lines = text.lines();
    let column = lines.next().unwrap().split(',').position(|name| name == column).unwrap();
    lines.map(|line| line.split(',').nth(column).unwrap().parse::<f64>().unwrap()).sum()
}

#[test]
fn auto_hears_the_voice_and_reads_the_words() {
    let place = Place::new();
    place.speech("talk.wav", 4.0);
    place.write("glad.txt", b"Oh, we are so happy and delighted, overjoyed! What bliss.");
    place.write("plain.txt", b"The train leaves at nine from the second platform today.");
    let felt = |transcript: &str, output: &str| {
        let run = place.run(&format!("animate talk.wav -o {output} --emotion auto --json --transcript {transcript}")).succeeded();
        assert!(run.stderr.contains("heard in the voice, by probability: "), "{}", run.stderr);
        assert!(run.stderr.contains("read in the words, by probability: "), "{}", run.stderr);
        run.json()["felt"].clone()
    };
    let (glad, plain) = (felt("glad.txt", "glad.csv"), felt("plain.txt", "plain.csv"));
    assert_eq!(glad["voice"], plain["voice"]);
    assert!(glad["words"]["happy"].as_f64() > Some(0.5) && plain["words"]["neutral"].as_f64() > Some(0.95), "{glad} {plain}");
    place.run("animate talk.wav -o voice.csv --emotion auto").succeeded();
    let smile = |name: &str| sum(&place, name, "MouthSmileLeft");
    assert!((smile("voice.csv") - smile("plain.csv")).abs() < 1.0, "words without feeling change no feeling");
    assert!(smile("glad.csv") > smile("voice.csv") + 3.0, "{} {}", smile("glad.csv"), smile("voice.csv"));
    let explained = String::from_utf8(place.run("explain auto --audio talk.wav --transcript glad.txt").succeeded().stdout).unwrap();
    assert!(explained.contains("heard in the voice") && explained.contains("overjoyed"), "{explained}");
    let alone = place.run("explain auto --transcript glad.txt --json").succeeded().json();
    assert_eq!(alone["felt"][0]["shares"][0][0], "happy");
}

#[test]
fn auto_hears_a_voice_beside_other_recordings_of_it() {
    let place = Place::new();
    place.speech("talk.wav", 3.0);
    std::fs::create_dir(place.path("lines")).unwrap();
    (1..4).for_each(|n| place.speech(&format!("lines/{n}.wav"), 2.0 + f64::from(n)));
    place.write("lines/notes.txt", b"no recording");
    let alone = place.run("explain auto --audio talk.wav --json").succeeded().json();
    let run = place.run("explain auto --audio talk.wav --voice lines --json").succeeded();
    assert!(run.stderr.contains("the voice is known from 3 of 3 recordings"), "{}", run.stderr);
    assert_ne!(run.json()["felt"], alone["felt"]);
    place.run("animate talk.wav -o auto.csv --emotion auto").succeeded();
    place.run("animate talk.wav -o beside.csv --emotion auto --voice lines/1.wav --voice lines").succeeded();
    assert_ne!(place.read("auto.csv"), place.read("beside.csv"));
    let run = place.run("animate talk.wav -o plain.csv --voice lines").succeeded();
    assert!(run.stderr.contains("warning: --voice changes nothing"), "{}", run.stderr);
    let spec = hound::WavSpec { channels: 1, sample_rate: 16_000, bits_per_sample: 16, sample_format: hound::SampleFormat::Int };
    let mut writer = hound::WavWriter::create(place.path("silent.wav"), spec).unwrap();
    (0..32_000).for_each(|_| writer.write_sample(0i16).unwrap());
    writer.finalize().unwrap();
    for (voice, says) in [("nowhere.wav", "nowhere.wav"), ("silent.wav", "nobody speaks there")] {
        let run = place.run(&format!("animate talk.wav -o not.csv --emotion auto --voice {voice}")).failed(1);
        assert!(run.stderr.contains(says) && !place.path("not.csv").exists(), "{}", run.stderr);
    }
}

#[test]
fn lips_go_by_the_words_of_a_transcript() {
    let place = Place::new();
    place.speech("talk.wav", 11.0);
    place.write("lips.txt", b"Bob may be up, Mum, my baby map, Pip, maybe bump, Bobby");
    place.write("none.txt", b"Dean and Dan in the den, no tune, then Don at ten, Anna");
    let closed = |transcript: &str| -> f64 {
        place.run(&format!("animate talk.wav -o {transcript}.csv --transcript {transcript} --quality draft")).succeeded();
        sum(&place, &format!("{transcript}.csv"), "MouthClose")
    };
    let (lips, none) = (closed("lips.txt"), closed("none.txt"));
    assert!(lips > 1.1 * none, "{lips} {none}");
}
