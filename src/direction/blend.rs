//! Ways between directions: plans in between others.

use super::likeness::Leaning;
use super::{Plan, Region};
use crate::emotion::{EMOTION, Point};

/// The plan at `place` (0..=1) of a smooth way through `plans`, which are of equal length: a uniform Catmull-Rom spline (Catmull and Rom 1974)
/// through every feeling, frame by frame. Events and dials are the first plan's; of no plans the result is empty.
pub fn blend(plans: &[Plan], place: f32) -> Plan {
    let Some(first) = plans.first() else { return Plan::default() };
    let weights = weights(plans.len(), place);
    let frames = plans.iter().map(|plan| plan.emotion.len()).max().unwrap_or(0);
    let mixed = |points: &dyn Fn(&Plan, usize) -> Point| -> Vec<Point> {
        let at = |n: usize| {
            let mut sum = [0.0; EMOTION];
            for (k, weight) in &weights {
                sum.iter_mut().zip(points(&plans[*k], n)).for_each(|(s, p)| *s += weight * p);
            }
            sum
        };
        (0..frames).map(at).collect()
    };
    let of = |points: &[Point], n: usize| points.get(n).or(points.last()).copied().unwrap_or([0.0; EMOTION]);
    let mut shunned: Vec<Option<Region>> = plans.iter().flat_map(|plan| plan.away.iter().map(|(region, _)| *region)).collect();
    shunned.sort();
    shunned.dedup();
    let mut parts: Vec<Region> = plans.iter().flat_map(|plan| plan.regions.iter().map(|(region, _)| *region)).collect();
    parts.sort();
    parts.dedup();
    Plan {
        emotion: mixed(&|plan, n| of(&plan.emotion, n)),
        regions: parts.into_iter().map(|part| (part, mixed(&|plan, n| of(plan.points(part), n)))).collect(),
        away: shunned.into_iter().map(|part| (part, mixed(&|plan, n| of(plan.away(part), n)))).collect(),
        muscles: muscles(plans, &weights, frames),
        styles: styles(plans, place, frames),
        events: first.events.clone(),
        dials: first.dials,
        words: first.words.clone(),
        gestures: first.gestures.clone(),
        given: first.given.clone(),
    }
}

/// The plans that count at a place, with their weights, which sum to one.
fn weights(count: usize, place: f32) -> Vec<(usize, f32)> {
    let last = count - 1;
    let along = place.clamp(0.0, 1.0) * last as f32;
    let here = (along as usize).min(last.saturating_sub(1));
    let t = along - here as f32;
    let (t2, t3) = (t * t, t * t * t);
    let basis = [-0.5 * t + t2 - 0.5 * t3, 1.0 - 2.5 * t2 + 1.5 * t3, 0.5 * t + 2.0 * t2 - 1.5 * t3, -0.5 * t2 + 0.5 * t3];
    let mut weights = vec![0.0; count];
    for (k, weight) in (here as isize - 1..).zip(basis) {
        // Beyond the ends the way goes straight on.
        let (near, far) = if k < 0 { (0, 1.min(last)) } else { (last, last.saturating_sub(1)) };
        if (0..count as isize).contains(&k) {
            weights[k as usize] += weight;
        } else {
            weights[near] += 2.0 * weight;
            weights[far] -= weight;
        }
    }
    weights.into_iter().enumerate().filter(|(_, w)| *w != 0.0).collect()
}

fn muscles(plans: &[Plan], weights: &[(usize, f32)], frames: usize) -> Vec<(usize, Vec<f32>)> {
    let mut named: Vec<usize> = plans.iter().flat_map(|plan| plan.muscles.iter().map(|(c, _)| *c)).collect();
    named.sort_unstable();
    named.dedup();
    let offset = |plan: &Plan, c: usize, n: usize| {
        let curve = plan.muscles.iter().find(|(known, _)| *known == c).map(|(_, curve)| curve);
        curve.and_then(|curve| curve.get(n).or(curve.last())).copied().unwrap_or(0.0)
    };
    let curve = |c: usize| (0..frames).map(|n| weights.iter().map(|(k, w)| w * offset(&plans[*k], c, n)).sum()).collect();
    named.into_iter().map(|c| (c, curve(c))).collect()
}

/// Styles go straight from one plan's to the next.
fn styles(plans: &[Plan], place: f32, frames: usize) -> Vec<Leaning> {
    if plans.iter().all(|plan| plan.styles.is_empty()) {
        return Vec::new();
    }
    let last = plans.len() - 1;
    let along = place.clamp(0.0, 1.0) * last as f32;
    let (here, next) = (along as usize, (along as usize + 1).min(last));
    let of = |plan: &Plan, n: usize| plan.styles.get(n).or(plan.styles.last()).copied().unwrap_or_default();
    (0..frames).map(|n| of(&plans[here], n).mix(&of(&plans[next], n), along.fract())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::direction::Direction;
    use crate::emotion::Label;

    fn plans(texts: &[&str]) -> Vec<Plan> {
        texts.iter().map(|text| Direction::parse(text).unwrap().plan(1.0, 30, &[])).collect()
    }

    #[test]
    fn the_way_passes_through_every_plan_and_is_straight_between_two() {
        let way = plans(&["happy", "sad", "angry"]);
        for (k, label) in [Label::Happy, Label::Sad, Label::Angry].into_iter().enumerate() {
            let point = blend(&way, 0.5 * k as f32).emotion[3];
            assert!(point.iter().zip(label.mean()).all(|(a, b)| (a - b).abs() < 1e-5), "{label:?}: {point:?}");
        }
        let two = plans(&["neutral", "happy"]);
        let valence: Vec<f32> = (0..=10).map(|k| blend(&two, 0.1 * k as f32).emotion[0][0]).collect();
        assert!(valence.windows(2).all(|w| (w[1] - w[0] - 0.076).abs() < 1e-4), "{valence:?}");
    }

    #[test]
    fn the_way_has_no_corner() {
        let way = plans(&["happy", "sad", "angry"]);
        let at = |p: f32| blend(&way, p).emotion[0][0];
        let (before, after) = (at(0.5) - at(0.49), at(0.51) - at(0.5));
        assert!((before - after).abs() < 0.25 * before.abs().max(after.abs()), "{before} {after}");
    }

    #[test]
    fn regions_and_muscles_come_along() {
        let way = plans(&["sad", "sad; brows=angry", "\"raised left brow\""]);
        assert_eq!(blend(&way[..2], 1.0).points(Region::Brows)[0], Label::Angry.mean());
        let muscles = blend(&[way[0].clone(), way[2].clone()], 0.5).muscles;
        assert!(muscles.iter().any(|(_, curve)| curve[0] > 0.2));
        assert_eq!(blend(&[], 0.5), Plan::default());
        assert_eq!(blend(&way[..1], 0.7).emotion, way[0].emotion);
    }
}
