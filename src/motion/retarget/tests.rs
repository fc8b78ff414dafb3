use super::*;
use crate::body::skeleton::{self, COUNT, JOINTS, OFFSETS, Pose};

/// Our own skeleton under other names.
fn renamed(name: impl Fn(&str) -> String) -> Skeleton {
    let joint =
        |k: usize| Joint { name: name(JOINTS[k].name), parent: JOINTS[k].parent, offset: OFFSETS[k], rest: Quat::IDENTITY, end: None };
    Skeleton { joints: (0..COUNT).map(joint).collect() }
}

fn still(skeleton: Skeleton) -> Clip {
    let rotations = vec![skeleton.joints.iter().map(|joint| joint.rest).collect()];
    let places = vec![skeleton.joints[0].offset];
    Clip { fps: 30.0, skeleton, translations: vec![Track { joint: 0, places }], rotations }
}

/// A pose in which everything is turned a little.
fn pose() -> Pose {
    let mut pose = Pose::default();
    for (k, rotation) in pose.rotations.iter_mut().enumerate() {
        *rotation = Quat::from_scaled_axis(0.4 * Vec3::new((k as f32).sin(), (2.0 * k as f32).sin(), (3.0 * k as f32).cos()));
    }
    pose.hips = Vec3::new(0.2, 0.9, -0.1);
    pose
}

#[test]
fn our_height_is_that_of_our_bones() {
    let skeleton = renamed(str::to_owned);
    let height = skeleton.height(&Map::of(&skeleton)).unwrap();
    assert!((height - OUR_HEIGHT).abs() < 2e-3, "{height}");
}

#[test]
fn our_own_skeleton_is_left_alone() {
    let clip = still(renamed(|name| format!("rig:{name}")));
    let map = Map::of(&clip.skeleton);
    assert_eq!(map.joints, std::array::from_fn(Some));
    let retarget = Retarget::fit(&[&clip], &map);
    assert!(retarget.same());
    let there = retarget.to_clip(&[pose()], 30.0);
    let back = &retarget.to_poses(&there)[0];
    assert!(back.hips.distance(pose().hips) < 1e-5);
    assert!(back.rotations.iter().zip(&pose().rotations).all(|(a, b)| a.angle_between(*b) < 1e-3));
}

/// Our skeleton with every joint's axes turned in its own way and a rest pose in which all bones form one line.
fn scrambled() -> (Skeleton, Vec<Quat>) {
    let turns: Vec<Quat> =
        (0..COUNT).map(|k| Quat::from_scaled_axis(Vec3::new(1.0 + k as f32, (k as f32).sin(), 0.7 * (k as f32).cos()))).collect();
    let mut skeleton = renamed(str::to_owned);
    for k in 0..COUNT {
        if let Some(parent) = JOINTS[k].parent {
            skeleton.joints[k].offset = turns[parent].conjugate() * OFFSETS[k];
        }
    }
    (skeleton, turns)
}

#[test]
fn axes_are_found_in_the_motion() {
    let (skeleton, turns) = scrambled();
    // Walks of elbows, knees and fingers about their hinges, with a level trunk.
    let poses: Vec<Pose> = (0..120)
        .map(|frame| {
            let mut pose = Pose::default();
            let swing = |k: usize| 0.5 + 0.5 * (0.1 * frame as f32 + k as f32).sin();
            for (k, joint) in JOINTS.iter().enumerate() {
                let s = if joint.name.starts_with("left") { 1.0 } else { -1.0 };
                let axis = match joint.name {
                    n if n.ends_with("UpperArm") => Vec3::new(0.2, 0.0, -0.8 * s),
                    n if n.ends_with("LowerArm") => Vec3::NEG_Y * s,
                    n if n.ends_with("UpperLeg") => Vec3::NEG_X * 0.5,
                    n if n.ends_with("LowerLeg") => Vec3::X,
                    n if ["Index", "Middle", "Ring", "Little"].iter().any(|f| n.contains(f)) => Vec3::NEG_Z * s,
                    _ => continue,
                };
                pose.rotations[k] = Quat::from_scaled_axis(axis * swing(k));
            }
            pose
        })
        .collect();
    let rotations = poses.iter().map(|pose| {
        let ours = skeleton::globals(pose, &OFFSETS);
        let theirs = |k: usize| ours.rotations[k] * turns[k];
        (0..COUNT).map(|k| JOINTS[k].parent.map_or(Quat::IDENTITY, theirs).conjugate() * theirs(k)).collect()
    });
    let clip = Clip {
        fps: 30.0,
        translations: vec![Track { joint: 0, places: poses.iter().map(|pose| pose.hips).collect() }],
        rotations: rotations.collect(),
        skeleton,
    };
    let map = Map::of(&clip.skeleton);
    let retarget = Retarget::fit(&[&clip], &map);
    for k in (0..COUNT).filter(|k| !JOINTS[*k].name.contains("Thumb") && !JOINTS[*k].name.ends_with("Toes")) {
        let error = (turns[k].conjugate()).angle_between(retarget.turns[k]).to_degrees();
        assert!(error < 12.0, "{}: {error} degrees", JOINTS[k].name);
    }
    // What leaves for their skeleton is their motion.
    let back = retarget.to_poses(&retarget.to_clip(&poses, 30.0));
    for (a, b) in poses.iter().zip(&back) {
        let (a, b) = (skeleton::globals(a, &OFFSETS), skeleton::globals(b, &OFFSETS));
        let worst = (0..COUNT).map(|k| a.positions[k].distance(b.positions[k])).fold(0.0, f32::max);
        assert!(worst < 0.02, "{worst} m");
    }
}

#[test]
fn joints_of_many_rigs_are_known() {
    let skeleton = |text: &str| {
        let mut joints: Vec<Joint> = Vec::new();
        let mut path: Vec<usize> = Vec::new();
        for word in text.split_whitespace() {
            let name = word.trim_start_matches('>');
            path.truncate(word.len() - name.len());
            joints.push(Joint { name: name.into(), parent: path.last().copied(), offset: Vec3::Y, rest: Quat::IDENTITY, end: None });
            path.push(joints.len() - 1);
        }
        Skeleton { joints }
    };
    let beat = skeleton(
        "Hips >Spine >>Spine1 >>>Spine2 >>>>Spine3 >>>>>Neck >>>>>>Neck1 >>>>>>>Head >>>>>>>>HeadEnd >>>>>RShoulder >>>>>>RArm >>>>>>>RArm1 \
         >>>>>>>>RHand >>>>>>>>>RHandM1 >>>>>>>>>>RHandM2 >>>>>>>>>>>RHandM3 >>>>>>>>>>>>RHandM4 >>>>>>>>>RHandR >>>>>>>>>>RHandR1 \
         >>>>>>>>>>>RHandR2 >>>>>>>>>>>>RHandR3 >>>>>>>>>RHandT1 >>>>>>>>>>RHandT2 >>>>>>>>>>>RHandT3 >>>>>LShoulder >>>>>>LArm \
         >>>>>>>LArm1 >>>>>>>>LHand >>>>>>>>>LHandM1 >>>>>>>>>>LHandM2 >>>>>>>>>>>LHandM3 >>>>>>>>>LHandR >>>>>>>>>>LHandR1 \
         >>>>>>>>>>>LHandR2 >>>>>>>>>>>>LHandR3 >>>>>>>>>LHandT1 >>>>>>>>>>LHandT2 >>>>>>>>>>>LHandT3 >RUpLeg >>RLeg >>>RFoot >>>>RFootF \
         >>>>>RToeBase >LUpLeg >>LLeg >>>LFoot >>>>LFootF >>>>>LToeBase",
    );
    let cmu = skeleton(
        "hip >lhipjoint >>lfemur >>>ltibia >>>>lfoot >>>>>ltoes >rhipjoint >>rfemur >>>rtibia >>>>rfoot >>>>>rtoes >lowerback >>upperback \
         >>>thorax >>>>lowerneck >>>>>upperneck >>>>>>head >>>>lclavicle >>>>>lhumerus >>>>>>lradius >>>>>>>lwrist >>>>>>>>lhand \
         >>>>>>>>>lfingers >>>>>>>>lthumb >>>>rclavicle >>>>>rhumerus >>>>>>rradius >>>>>>>rwrist >>>>>>>>rhand >>>>>>>>>rfingers >>>>>>>>rthumb",
    );
    let cases: [(&Skeleton, &[(&str, &str)]); 2] = [
        (
            &beat,
            &[
                ("hips", "Hips"),
                ("upperChest", "Spine3"),
                ("head", "Head"),
                ("rightShoulder", "RShoulder"),
                ("rightUpperArm", "RArm"),
                ("leftLowerArm", "LArm1"),
                ("leftHand", "LHand"),
                ("leftMiddleProximal", "LHandM1"),
                ("rightRingProximal", "RHandR1"),
                ("rightRingDistal", "RHandR3"),
                ("leftThumbMetacarpal", "LHandT1"),
                ("leftUpperLeg", "LUpLeg"),
                ("rightFoot", "RFoot"),
                ("rightToes", "RToeBase"),
            ],
        ),
        (
            &cmu,
            &[
                ("hips", "hip"),
                ("spine", "lowerback"),
                ("upperChest", "thorax"),
                ("head", "head"),
                ("leftShoulder", "lclavicle"),
                ("leftUpperArm", "lhumerus"),
                ("rightLowerArm", "rradius"),
                ("leftHand", "lwrist"),
                ("leftUpperLeg", "lfemur"),
                ("rightLowerLeg", "rtibia"),
                ("rightFoot", "rfoot"),
                ("leftToes", "ltoes"),
            ],
        ),
    ];
    for (skeleton, pairs) in cases {
        let map = Map::of(skeleton);
        for (ours, theirs) in pairs {
            assert_eq!(map.joint(ours).map(|k| skeleton.joints[k].name.as_str()), Some(*theirs), "{ours}");
        }
    }
}
