//! Eyes that leave the listener and come back.
//!
//! Who speaks looks at the listener about half of the time (Argyle and Cook 1976, "Gaze and Mutual Gaze"), away for some two seconds in
//! every five, mostly to a side (Andrist, Mutlu and Gleicher 2013, "Conversational gaze aversion for virtual agents", IVA). Most long utterances
//! begin with a look away and end with one at the listener (Kendon 1967, "Some functions of gaze-direction in social interaction", Acta
//! Psychologica 26). The model's teachers looked at a camera or a text all the while, so none of this was learned.

use super::hearing::phrases;
use super::life::JUMP;
use super::vector::{GAZE, HEAD, Row};
use crate::body::curves::{Dice, FPS, Purpose, smoothstep};

/// Seconds of a look away, and from the end of one to the beginning of the next: means and deviations.
const AWAY: (f32, f32) = (1.9, 0.35);
const AT_LISTENER: (f32, f32) = (2.8, 1.1);
/// The shortest of either.
const LEAST: f32 = 0.8;
/// Seconds before the end of an utterance from which the eyes are on the listener, and the length of a pause that makes an end.
const RETURN: f32 = 0.8;
const PAUSE: f32 = 0.6;
/// Share of the utterances after a pause that begin with a look away: it comes with the activity, 0.4 s before the sound.
const BEGINNING: f32 = 0.7;
/// Chances to look to a side and down; else up.
const SIDE: f32 = 0.7;
const DOWN: f32 = 0.2;
/// How far, radians.
const FAR: (f32, f32) = (0.15, 0.28);
/// Share of the way to a new place that the head goes along, and the frames that it takes.
const HEAD_SHARE: f32 = 0.15;
const HEAD_FRAMES: usize = 12;

/// A look away from frame `start` to frame `end`: yaw and pitch, radians.
#[derive(Clone, Copy, Debug)]
struct Glance {
    start: usize,
    end: usize,
    aim: [f32; 2],
}

/// Lets the eyes leave the listener, who stands straight ahead, while somebody speaks. `activity` is how sure that is, a frame.
pub fn look_away(rows: &mut [Row], activity: &[f32], seed: u64) {
    let glances = glances(activity, seed);
    let (mut eyes, mut next) = ([0.0f32; 2], 0);
    for (n, row) in rows.iter_mut().enumerate() {
        // The head is back before the next one begins.
        next += usize::from(glances.get(next).is_some_and(|glance| glance.end + HEAD_FRAMES <= n));
        let glance = glances.get(next);
        for i in 0..2 {
            let aim = glance.filter(|glance| (glance.start..glance.end).contains(&n)).map_or(0.0, |glance| glance.aim[i]);
            eyes[i] += JUMP * (aim - eyes[i]);
            let head = glance.map_or(0.0, |glance| HEAD_SHARE * glance.aim[i] * turned(glance, n));
            row[HEAD + i] += head;
            row[GAZE + i] += eyes[i] - head;
        }
    }
}

/// How much of its part of a glance the head has made: it sets out and returns with the eyes, and slower.
fn turned(glance: &Glance, n: usize) -> f32 {
    let since = |frame: usize| smoothstep(0.0, HEAD_FRAMES as f32, n as f32 - frame as f32);
    since(glance.start) - since(glance.end)
}

/// When and where the eyes look past the listener, in the order of time.
fn glances(activity: &[f32], seed: u64) -> Vec<Glance> {
    let mut dice = Dice::new(seed, Purpose::Glances);
    let mut glances = Vec::new();
    for (k, (start, end)) in utterances(activity).into_iter().enumerate() {
        // Who begins at all begins with a look at the listener.
        let begins = k > 0 && dice.chance(BEGINNING);
        let mut at = if begins { start } else { start + draw(&mut dice, AT_LISTENER) };
        loop {
            let until = (at + draw(&mut dice, AWAY)).min(end - RETURN);
            if until < at + LEAST {
                break;
            }
            glances.push(Glance { start: (at * FPS) as usize, end: (until * FPS) as usize, aim: somewhere(&mut dice) });
            at = until + draw(&mut dice, AT_LISTENER);
        }
    }
    glances
}

fn draw(dice: &mut Dice, (mean, deviation): (f32, f32)) -> f32 {
    dice.normal(mean, deviation).max(LEAST)
}

/// Yaw to the left and pitch down, radians.
fn somewhere(dice: &mut Dice) -> [f32; 2] {
    let (far, little) = (dice.uniform(FAR.0, FAR.1), dice.uniform(-0.06, 0.06));
    let side = if dice.chance(0.5) { far } else { -far };
    match dice.uniform(0.0, 1.0) {
        r if r < SIDE => [side, little],
        r if r < SIDE + DOWN => [little, far],
        _ => [little, -0.7 * far],
    }
}

/// Seconds at which utterances begin and end: phrases with no more than short pauses between them.
fn utterances(activity: &[f32]) -> Vec<(f32, f32)> {
    let mut utterances: Vec<(f32, f32)> = Vec::new();
    for phrase in phrases(activity) {
        let (start, end) = (phrase.start as f32 / FPS, (phrase.end - 1) as f32 / FPS);
        match utterances.last_mut().filter(|(_, last)| start - *last < PAUSE) {
            Some((_, last)) => *last = end,
            None => utterances.push((start, end)),
        }
    }
    utterances
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::face::vector::CHANNELS;

    /// Where the eyes look in the world, radians.
    fn looked(activity: &[f32], seed: u64) -> Vec<[f32; 2]> {
        let mut rows = vec![[0.0; CHANNELS]; activity.len()];
        look_away(&mut rows, activity, seed);
        rows.iter().map(|row| [0, 1].map(|i| row[GAZE + i] + row[HEAD + i])).collect()
    }

    fn away(aims: &[[f32; 2]]) -> f32 {
        aims.iter().filter(|aim| aim[0].hypot(aim[1]) > 0.08).count() as f32 / aims.len() as f32
    }

    #[test]
    fn who_speaks_looks_away_two_fifths_of_the_time_and_who_is_silent_does_not() {
        let share = (0..10).map(|seed| away(&looked(&[1.0; 1800], seed))).sum::<f32>() / 10.0;
        assert!((0.3..0.5).contains(&share), "{share}");
        assert!(looked(&[0.0; 900], 1).iter().flatten().all(|aim| *aim == 0.0) && looked(&[], 1).is_empty());
        assert_ne!(looked(&[1.0; 900], 1), looked(&[1.0; 900], 2));
    }

    #[test]
    fn phrases_end_with_a_look_at_the_listener_and_many_begin_with_one_away() {
        // Phrases of six seconds and pauses of two.
        let activity: Vec<f32> = (0..4800).map(|n| f32::from(u8::from(n % 240 < 180))).collect();
        let aims = looked(&activity, 4);
        let near = |n: usize, range: std::ops::Range<usize>| away(&aims[n + range.start..n + range.end]);
        assert!((0..20).all(|k| near(240 * k, 165..235) == 0.0));
        let begun = (1..20).filter(|k| near(240 * k, 5..20) > 0.5).count();
        assert!((9..18).contains(&begun), "{begun} of 19");
        assert!(away(&looked(&[1.0; 60], 1)) == 0.0, "two seconds are too short to look away");
    }

    #[test]
    fn eyes_jump_and_the_head_follows_a_little() {
        let mut rows = vec![[0.0; CHANNELS]; 1800];
        look_away(&mut rows, &[1.0; 1800], 7);
        let fastest = |of: &dyn Fn(&Row) -> f32| rows.windows(2).map(|w| (of(&w[1]) - of(&w[0])).abs()).fold(0.0, f32::max);
        let (eyes, head) = (fastest(&|row| row[GAZE] + row[HEAD]), fastest(&|row| row[HEAD]));
        assert!(eyes > 0.08 && head < 0.01 && head > 0.001, "{eyes} {head}");
    }
}
