//! The lip gap that the face model reckons with is the one that the built-in actor shows.

use gestus::actor::{self, Driver};
use gestus::face::articulation::gap_mm;
use gestus::face::coefficients::{COUNT, NAMES, id};
use glam::Vec3;

/// Distance of keypoints 62 and 66 in millimetres, upwards positive.
fn measured_gap(actor: &actor::Actor, face: &[f32; COUNT]) -> f32 {
    let keypoints = actor.keypoints.as_ref().expect("the built-in actor names its keypoints");
    let place = |k: usize| {
        let (mesh, vertex) = keypoints[k];
        let mesh = &actor.meshes[mesh];
        let mut p = mesh.positions[vertex as usize];
        for morph in &mesh.morphs {
            let weight = match morph.driver {
                Driver::None | Driver::Mix(_) => 0.0,
                Driver::Coefficient(c) => face[c],
                Driver::Product(a, b) => face[a] * face[b],
                Driver::Half(c) => 4.0 * face[c] * (1.0 - face[c]),
            };
            if let Some(i) = morph.vertices.iter().position(|v| *v == vertex) {
                p += weight * morph.positions[i];
            }
        }
        p
    };
    let apart: Vec3 = place(62) - place(66);
    1000.0 * apart.y
}

#[test]
fn the_reckoned_gap_is_the_actors_gap() {
    let actor = actor::builtin("ada").unwrap();
    let rest = measured_gap(&actor, &[0.0; COUNT]);
    for c in [
        id::JAW_OPEN,
        id::MOUTH_FUNNEL,
        id::MOUTH_PUCKER,
        id::MOUTH_LOWER_DOWN_LEFT,
        id::MOUTH_UPPER_UP_RIGHT,
        id::MOUTH_SHRUG_LOWER,
        id::MOUTH_SHRUG_UPPER,
        id::MOUTH_PRESS_LEFT,
        id::MOUTH_SMILE_LEFT,
        id::MOUTH_ROLL_LOWER,
        id::MOUTH_ROLL_UPPER,
        id::MOUTH_FROWN_LEFT,
        id::MOUTH_STRETCH_LEFT,
    ] {
        let mut face = [0.0; COUNT];
        face[c] = 1.0;
        let (reckoned, measured) = (gap_mm(&face), measured_gap(&actor, &face) - rest);
        assert!((reckoned - measured).abs() < 1.0, "{}: {reckoned:.1} mm reckoned, {measured:.1} mm measured", NAMES[c]);
    }
    let mut face = [0.0; COUNT];
    (face[id::JAW_OPEN], face[id::MOUTH_CLOSE]) = (0.5, 0.5);
    assert!((measured_gap(&actor, &face) - rest).abs() < 0.3);
}
