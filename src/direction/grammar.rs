//! The grammar of directions, by recursive descent over characters, so that every mistake knows its column.

use super::reference::{Kind, Reference};
use super::{Direction, Ease, FreeText, Key, MAX_INTENSITY, Mix, Region, Term, Time, Track, reading};
use crate::emotion::{Label, lexicon};
use crate::face::coefficients;
use crate::spelling;
use crate::{Error, Result};

/// Longest text of a direction, characters.
const LONGEST: usize = 20_000;

/// Reads a direction; `open` leaves free text in which nothing is understood for later.
pub fn parse(text: &str, open: bool) -> Result<Direction> {
    let mut reader = Reader { text, chars: text.chars().collect(), at: 0, unknown: Vec::new(), open };
    if reader.chars.len() > LONGEST {
        return Err(Error::usage(format!("a direction of {} characters", reader.chars.len()), format!("at most {LONGEST}")));
    }
    let free = text.split_whitespace().count() > 1 && !text.contains([':', '+', '-', '>', ';', '=', '@', '"', '(']);
    let tracks = if free && !reader.ends_with_ease() { vec![reader.free_track()?] } else { reader.tracks()? };
    Ok(Direction { tracks, unknown: reader.unknown, ..Direction::default() })
}

/// A time that is not relative to the recording's length: `2.5`, `2.5s`, `1:02.5`.
pub fn seconds(text: &str) -> Option<f64> {
    let mut reader = Reader { text, chars: text.chars().collect(), at: 0, unknown: Vec::new(), open: false };
    match reader.time() {
        Ok(Time::Seconds(seconds)) if reader.peek().is_none() => Some(seconds),
        _ => None,
    }
}

struct Reader<'a> {
    text: &'a str,
    chars: Vec<char>,
    at: usize,
    unknown: Vec<String>,
    open: bool,
}

impl Reader<'_> {
    fn tracks(&mut self) -> Result<Vec<Track>> {
        let mut tracks = vec![self.track()?];
        while self.take(';') {
            // A trailing semicolon ends the last track.
            self.space();
            if self.at < self.chars.len() {
                tracks.push(self.track()?);
            }
        }
        match self.peek() {
            None => Ok(tracks),
            Some(c) => Err(self.expected(format!("\"{c}\" is not expected"), "+, -, >, ;, @time or ease")),
        }
    }

    /// The whole text as words: `quietly furious, holding back tears`.
    fn free_track(&mut self) -> Result<Track> {
        let mix = self.words(self.text, 0)?;
        Ok(Track { keys: vec![Key { mix, ..Key::default() }], ..Track::default() })
    }

    fn ends_with_ease(&self) -> bool {
        self.text.split_whitespace().any(|word| word == "ease")
    }

    fn track(&mut self) -> Result<Track> {
        self.space();
        let start = self.at;
        let region = self.region()?;
        let mut keys = vec![self.key()?];
        while self.take('>') {
            keys.push(self.key()?);
        }
        let styled = keys.iter().flat_map(|key| &key.mix.references).any(|r| r.kind == Kind::Style);
        match region {
            Some(region) if styled => {
                let what = format!("a style belongs to the whole, not to the {}", region.name());
                Err(self.mistake(start, what, "write like: in a track without a region".into()))
            }
            _ => Ok(Track { region, keys, within: None }),
        }
    }

    /// `brows=`, or nothing.
    fn region(&mut self) -> Result<Option<Region>> {
        let start = self.at;
        let word = self.word();
        if !self.take('=') {
            self.at = start;
            return Ok(None);
        }
        word.parse().map(Some).map_err(|error: Error| self.mistake(start, error.to_string(), error.hint().unwrap_or_default().to_string()))
    }

    fn key(&mut self) -> Result<Key> {
        let mix = self.mix()?;
        let span = if self.take('@') { Some(self.span()?) } else { None };
        Ok(Key { mix, span, ease: self.ease()? })
    }

    fn mix(&mut self) -> Result<Mix> {
        let mut mix = Mix::default();
        self.term(1.0, &mut mix)?;
        loop {
            match self.peek() {
                Some('+') => self.at += 1,
                Some('-') => {
                    self.at += 1;
                    self.term(-1.0, &mut mix)?;
                    continue;
                }
                _ => return Ok(mix),
            }
            self.term(1.0, &mut mix)?;
        }
    }

    fn term(&mut self, sign: f32, mix: &mut Mix) -> Result<()> {
        self.space();
        let start = self.at;
        if self.take('"') {
            let inside: String = self.chars[self.at..].iter().take_while(|c| **c != '"').collect();
            let column = self.at;
            self.at += inside.chars().count();
            if !self.take('"') {
                return Err(self.mistake(start, "a quotation mark is not closed".into(), "put \" at the end of the words".into()));
            }
            let read = self.words(&inside, column)?;
            let intensity = sign * self.intensity("the words")?;
            let terms = mix.terms.len()..mix.terms.len() + read.terms.len();
            mix.texts.extend(read.texts.into_iter().map(|text| FreeText { intensity, terms: terms.clone(), ..text }));
            mix.terms.extend(read.terms.into_iter().map(|term| term.scaled(intensity)));
            mix.muscles.extend(read.muscles.into_iter().map(|(c, v)| (c, v * intensity)));
            return Ok(());
        }
        let word = self.word();
        if word.eq_ignore_ascii_case("va") && self.take('(') {
            let [valence, arousal] = self.pair(start)?;
            let intensity = sign * self.intensity("va")?;
            mix.terms.push(Term::Affect { valence, arousal, intensity });
            return Ok(());
        }
        if word.eq_ignore_ascii_case("auto") {
            mix.terms.push(Term::Heard { intensity: sign * self.intensity("auto")? });
            return Ok(());
        }
        if let Some((_, kind)) = [("from", Kind::Feeling), ("like", Kind::Style)].iter().find(|(name, _)| word.eq_ignore_ascii_case(name)) {
            let (path, share) = self.file(start, &word)?;
            mix.references.push(Reference { kind: *kind, path: path.into(), share: sign * share });
            return Ok(());
        }
        if let Some(muscle) = coefficients::index(&word) {
            mix.muscles.push((muscle, sign * self.intensity(&word)?));
            return Ok(());
        }
        let found = Label::parse(&word).map(|label| vec![(label, 1.0)]).or_else(|| lexicon::word(&word));
        let Some(parts) = found else { return Err(self.unknown_word(start, &word)) };
        let intensity = sign * self.intensity(&word)?;
        mix.terms.extend(parts.into_iter().map(|(label, share)| Term::Label { label, intensity: share * intensity }));
        Ok(())
    }

    /// `:path`, `:"a path"`, either with an intensity behind it.
    fn file(&mut self, start: usize, word: &str) -> Result<(String, f32)> {
        let missing =
            |reader: &Self| reader.mistake(start, format!("{word} is without a file"), format!("write it as in {word}:other.wav"));
        if !self.take(':') {
            return Err(missing(self));
        }
        self.space();
        if self.take('"') {
            let path: String = self.chars[self.at..].iter().take_while(|c| **c != '"').collect();
            self.at += path.chars().count();
            if path.is_empty() || !self.take('"') {
                return Err(missing(self));
            }
            return Ok((path, self.intensity(word)?));
        }
        let rest: String = self.chars[self.at..].iter().take_while(|c| !(c.is_whitespace() || ";>+@\"".contains(**c))).collect();
        // What follows the last colon is the intensity, unless it is part of a path (`C:\clip.wav`).
        let path = match rest.rsplit_once(':') {
            Some((path, number)) if number.starts_with(|c: char| c.is_ascii_digit() || c == '.') => path,
            _ => rest.as_str(),
        };
        if path.is_empty() {
            return Err(missing(self));
        }
        self.at += path.chars().count();
        Ok((path.to_string(), self.intensity(word)?))
    }

    /// Free text inside the direction; `column` is where it begins.
    fn words(&mut self, text: &str, column: usize) -> Result<Mix> {
        let reading = reading::read(text);
        let mut refusal = None;
        if reading.mix == Mix::default() && !reading.neutral {
            let what = format!("nothing in \"{}\" is a feeling or a muscle that is known", text.trim());
            let mistake = self.mistake(column, what, "try words such as furious, a little sad, raised brows".into());
            if !self.open {
                return Err(mistake);
            }
            refusal = Some((mistake.to_string(), mistake.hint().unwrap_or_default().to_string()));
        }
        let (understood, terms) = (reading.understood(), 0..reading.mix.terms.len());
        let text = FreeText { text: text.trim().to_string(), terms, intensity: 1.0, understood, nearest: Vec::new(), refusal };
        self.unknown.extend(reading.unknown);
        Ok(Mix { texts: vec![text], ..reading.mix })
    }

    fn intensity(&mut self, of: &str) -> Result<f32> {
        if !self.take(':') {
            return Ok(1.0);
        }
        self.space();
        let start = self.at;
        let number = self.number();
        match number.parse::<f32>() {
            Ok(value) if (0.0..=MAX_INTENSITY).contains(&value) => Ok(value),
            _ => {
                let rest: String = if number.is_empty() { self.word() } else { number };
                let what = format!("intensity \"{rest}\" of {of} is not a number from 0 to {MAX_INTENSITY}");
                Err(self.mistake(start, what, "write it as in happy:0.8".into()))
            }
        }
    }

    /// `valence, arousal)`.
    fn pair(&mut self, start: usize) -> Result<[f32; 2]> {
        let mut pair = [0.0; 2];
        for (n, end) in [',', ')'].into_iter().enumerate() {
            self.space();
            let negative = self.take('-');
            let number = self.number().parse::<f32>().ok().map(|v| if negative { -v } else { v });
            pair[n] = number.filter(|v| (-1.0..=1.0).contains(v) && self.peek() == Some(end)).ok_or_else(|| {
                self.mistake(start, "valence and arousal are two numbers from -1 to 1".into(), "write them as in va(-0.6,0.7)".into())
            })?;
            self.take(end);
        }
        Ok(pair)
    }

    fn span(&mut self) -> Result<(Time, Option<Time>)> {
        let start = self.at;
        let from = self.time()?;
        let to = if self.take('-') { Some(self.time()?) } else { None };
        let backwards = match (from, to) {
            (Time::Seconds(a), Some(Time::Seconds(b))) | (Time::Share(a), Some(Time::Share(b))) => b < a,
            _ => false,
        };
        match backwards {
            true => Err(self.mistake(start, "the span ends before it begins".into(), "write it as in @1s-4s".into())),
            false => Ok((from, to)),
        }
    }

    /// `2.5`, `2.5s`, `1:02.5`, `80%`.
    fn time(&mut self) -> Result<Time> {
        self.space();
        let start = self.at;
        let mut parts = vec![self.number()];
        while parts.len() < 3 && self.chars.get(self.at) == Some(&':') {
            self.at += 1;
            parts.push(self.number());
        }
        let values: Option<Vec<f64>> = parts.iter().map(|p| p.parse::<f64>().ok().filter(|v| v.is_finite())).collect();
        let after = self.chars.get(self.at).copied();
        let time = match (values.as_deref(), after) {
            (Some([share]), Some('%')) if *share <= 100.0 => Some(Time::Share(share / 100.0)),
            (Some(values), _) if after != Some('%') => Some(Time::Seconds(values.iter().fold(0.0, |sum, v| sum * 60.0 + v))),
            _ => None,
        };
        if matches!(after, Some('%' | 's')) {
            self.at += 1;
        }
        let clean = !self.chars.get(self.at).is_some_and(|c| c.is_alphanumeric());
        time.filter(|_| clean).ok_or_else(|| self.mistake(start, "a time is expected".into(), "write 2.5s, 1:02.5 or 80%".into()))
    }

    fn ease(&mut self) -> Result<Ease> {
        let start = self.at;
        if self.word() != "ease" {
            self.at = start;
            return Ok(Ease::default());
        }
        self.space();
        let start = self.at;
        let mut name = self.word();
        while self.chars.get(self.at) == Some(&'-') {
            self.at += 1;
            name = format!("{name}-{}", self.word());
        }
        const NAMES: [(&str, Ease); 5] = [
            ("linear", Ease::Linear),
            ("smooth", Ease::Smooth),
            ("snap", Ease::Snap),
            ("slow-in", Ease::SlowIn),
            ("slow-out", Ease::SlowOut),
        ];
        NAMES.iter().find(|(known, _)| *known == name).map(|(_, ease)| *ease).ok_or_else(|| {
            let names = NAMES.map(|(name, _)| name);
            let guess = spelling::guess(&name, names);
            self.mistake(start, format!("no easing is called \"{name}\""), format!("{guess}Known are {}", names.join(", ")))
        })
    }

    fn unknown_word(&self, start: usize, word: &str) -> Error {
        if word.is_empty() {
            return self.mistake(start, "a feeling is missing".into(), "name one, as in happy or joy:0.6+surprise:0.3".into());
        }
        let labels = Label::ALL.map(Label::name);
        let guess = spelling::guess(word, labels.into_iter().chain(lexicon::words()));
        let hint = format!("{guess}Labels are {}; `gestus explain --words` lists the finer ones", labels.join(", "));
        self.mistake(start, format!("no emotion is called \"{word}\""), hint)
    }

    fn expected(&self, what: String, hint: &str) -> Error {
        self.mistake(self.at, what, format!("expected here: {hint}"))
    }

    fn mistake(&self, at: usize, what: String, hint: String) -> Error {
        let shown: String = if self.chars.len() > 80 { self.chars[..77].iter().collect::<String>() + "..." } else { self.text.into() };
        Error::usage(format!("emotion \"{shown}\": {what} in column {}", at + 1), hint)
    }

    fn word(&mut self) -> String {
        self.space();
        let word: String = self.chars[self.at..].iter().take_while(|c| c.is_alphabetic() || **c == '\'' || **c == '_').collect();
        self.at += word.chars().count();
        word
    }

    /// Digits and a point.
    fn number(&mut self) -> String {
        self.space();
        let number: String = self.chars[self.at..].iter().take_while(|c| c.is_ascii_digit() || **c == '.').collect();
        self.at += number.len();
        number
    }

    fn take(&mut self, c: char) -> bool {
        let found = self.peek() == Some(c);
        self.at += usize::from(found);
        found
    }

    /// The next character that is not a space; moves to it.
    fn peek(&mut self) -> Option<char> {
        self.space();
        self.chars.get(self.at).copied()
    }

    fn space(&mut self) {
        while self.chars.get(self.at).is_some_and(|c| c.is_whitespace()) {
            self.at += 1;
        }
    }
}
