//! Skeletons of many programs.

use super::*;

/// A skeleton from lines of `name`, indented by one space for each level.
fn tree(text: &str) -> Vec<Node> {
    let mut out: Vec<Node> = Vec::new();
    let mut path: Vec<usize> = Vec::new();
    for line in text.lines().filter(|l| !l.trim().is_empty()) {
        let level = line.len() - line.trim_start_matches('>').len();
        path.truncate(level);
        out.push(Node {
            name: line.trim_start_matches('>').to_owned(),
            parent: path.last().copied(),
            translation: glam::Vec3::ZERO,
            rotation: glam::Quat::IDENTITY,
            scale: glam::Vec3::ONE,
        });
        path.push(out.len() - 1);
    }
    out
}

fn expect(text: &str, pairs: &[(&str, &str)]) {
    let nodes = tree(text);
    let found = humanoid(&nodes, &[]);
    for (joint, name) in pairs {
        let node = found.node(joint).map(|n| nodes[n].name.as_str());
        assert_eq!(node, Some(*name), "{joint}");
    }
}

#[test]
fn rigify() {
    let text = "\
root
>DEF-spine
>>DEF-spine.001
>>>DEF-spine.002
>>>>DEF-spine.003
>>>>>DEF-spine.004
>>>>>>DEF-spine.005
>>>>>>>DEF-spine.006
>>>>>DEF-shoulder.L
>>>>>>DEF-upper_arm.L
>>>>>>>DEF-upper_arm.L.001
>>>>>>>>DEF-forearm.L
>>>>>>>>>DEF-forearm.L.001
>>>>>>>>>>DEF-hand.L
>>>>>>>>>>>DEF-f_index.01.L
>>>>>>>>>>>>DEF-f_index.02.L
>>>>>>>>>>>>>DEF-f_index.03.L
>>>>>>>>>>>DEF-thumb.01.L
>>>>>>>>>>>>DEF-thumb.02.L
>>>>>>>>>>>>>DEF-thumb.03.L
>>>>>DEF-shoulder.R
>>>>>>DEF-upper_arm.R
>>>>>>>DEF-forearm.R
>>>>>>>>DEF-hand.R
>>DEF-pelvis.L
>>DEF-thigh.L
>>>DEF-thigh.L.001
>>>>DEF-shin.L
>>>>>DEF-foot.L
>>>>>>DEF-toe.L
>>DEF-thigh.R
>>>DEF-shin.R
>>>>DEF-foot.R";
    expect(
        text,
        &[
            ("hips", "DEF-spine"),
            ("spine", "DEF-spine.001"),
            ("chest", "DEF-spine.002"),
            ("upperChest", "DEF-spine.003"),
            ("neck", "DEF-spine.004"),
            ("head", "DEF-spine.006"),
            ("leftShoulder", "DEF-shoulder.L"),
            ("leftUpperArm", "DEF-upper_arm.L"),
            ("leftLowerArm", "DEF-forearm.L"),
            ("leftHand", "DEF-hand.L"),
            ("leftIndexIntermediate", "DEF-f_index.02.L"),
            ("leftThumbMetacarpal", "DEF-thumb.01.L"),
            ("leftUpperLeg", "DEF-thigh.L"),
            ("leftLowerLeg", "DEF-shin.L"),
            ("leftToes", "DEF-toe.L"),
        ],
    );
}

#[test]
fn unreal_with_five_spines() {
    let text = "\
root
>pelvis
>>spine_01
>>>spine_02
>>>>spine_03
>>>>>spine_04
>>>>>>spine_05
>>>>>>>clavicle_l
>>>>>>>>upperarm_l
>>>>>>>>>lowerarm_l
>>>>>>>>>>lowerarm_twist_01_l
>>>>>>>>>>hand_l
>>>>>>>>>>>index_metacarpal_l
>>>>>>>>>>>>index_01_l
>>>>>>>>>>>>>index_02_l
>>>>>>>>>>>>>>index_03_l
>>>>>>>>>upperarm_twist_01_l
>>>>>>>clavicle_r
>>>>>>>>upperarm_r
>>>>>>>>>lowerarm_r
>>>>>>>>>>hand_r
>>>>>>>neck_01
>>>>>>>>neck_02
>>>>>>>>>head
>>thigh_l
>>>calf_l
>>>>foot_l
>>>>>ball_l
>>thigh_r
>>>calf_r
>>>>foot_r
>ik_foot_root
>>ik_foot_l";
    expect(
        text,
        &[
            ("hips", "pelvis"),
            ("spine", "spine_01"),
            ("chest", "spine_03"),
            ("upperChest", "spine_05"),
            ("neck", "neck_01"),
            ("head", "head"),
            ("leftShoulder", "clavicle_l"),
            ("leftUpperArm", "upperarm_l"),
            ("leftLowerArm", "lowerarm_l"),
            ("leftIndexProximal", "index_01_l"),
            ("leftToes", "ball_l"),
        ],
    );
}

#[test]
fn character_creator() {
    let text = "\
RL_BoneRoot
>CC_Base_Hip
>>CC_Base_Pelvis
>>>CC_Base_L_Thigh
>>>>CC_Base_L_ThighTwist01
>>>>CC_Base_L_Calf
>>>>>CC_Base_L_Foot
>>>>>>CC_Base_L_ToeBase
>>>CC_Base_R_Thigh
>>>>CC_Base_R_Calf
>>>>>CC_Base_R_Foot
>>CC_Base_Waist
>>>CC_Base_Spine01
>>>>CC_Base_Spine02
>>>>>CC_Base_NeckTwist01
>>>>>>CC_Base_NeckTwist02
>>>>>>>CC_Base_Head
>>>>>>>>CC_Base_FacialBone
>>>>>>>>>CC_Base_JawRoot
>>>>>>>>>CC_Base_L_Eye
>>>>>CC_Base_L_Clavicle
>>>>>>CC_Base_L_Upperarm
>>>>>>>CC_Base_L_Forearm
>>>>>>>>CC_Base_L_Hand
>>>>>>>>>CC_Base_L_Mid1
>>>>>>>>>>CC_Base_L_Mid2
>>>>>CC_Base_R_Clavicle
>>>>>>CC_Base_R_Upperarm
>>>>>>>CC_Base_R_Forearm
>>>>>>>>CC_Base_R_Hand";
    expect(
        text,
        &[
            ("hips", "CC_Base_Hip"),
            ("spine", "CC_Base_Waist"),
            ("upperChest", "CC_Base_Spine02"),
            ("neck", "CC_Base_NeckTwist01"),
            ("head", "CC_Base_Head"),
            ("leftUpperLeg", "CC_Base_L_Thigh"),
            ("leftToes", "CC_Base_L_ToeBase"),
            ("leftMiddleIntermediate", "CC_Base_L_Mid2"),
        ],
    );
    let nodes = tree(text);
    let found = humanoid(&nodes, &[]);
    assert_eq!(found.jaw.map(|n| nodes[n].name.as_str()), Some("CC_Base_JawRoot"));
    assert_eq!(found.eyes[0].map(|n| nodes[n].name.as_str()), Some("CC_Base_L_Eye"));
}

#[test]
fn words_of_the_body_and_of_other_programs() {
    let skeleton = |names: [&str; 18]| {
        let levels = [0, 1, 2, 3, 4, 3, 4, 5, 6, 3, 4, 5, 6, 1, 2, 3, 1, 2];
        levels.iter().zip(names).map(|(l, n)| format!("{}{n}\n", ">".repeat(*l))).collect::<String>()
    };
    let cats = [
        "Hips",
        "Spine",
        "Chest",
        "Neck",
        "Head",
        "Left shoulder",
        "Left arm",
        "Left elbow",
        "Left wrist",
        "Right shoulder",
        "Right arm",
        "Right elbow",
        "Right wrist",
        "Left leg",
        "Left knee",
        "Left ankle",
        "Right leg",
        "Right knee",
    ];
    let daz = [
        "hip",
        "abdomenLower",
        "chestUpper",
        "neckLower",
        "head",
        "lCollar",
        "lShldrBend",
        "lForearmBend",
        "lHand",
        "rCollar",
        "rShldrBend",
        "rForearmBend",
        "rHand",
        "lThighBend",
        "lShin",
        "lFoot",
        "rThighBend",
        "rShin",
    ];
    let smpl = [
        "m_avg_Pelvis",
        "m_avg_Spine1",
        "m_avg_Spine3",
        "m_avg_Neck",
        "m_avg_Head",
        "m_avg_L_Collar",
        "m_avg_L_Shoulder",
        "m_avg_L_Elbow",
        "m_avg_L_Wrist",
        "m_avg_R_Collar",
        "m_avg_R_Shoulder",
        "m_avg_R_Elbow",
        "m_avg_R_Wrist",
        "m_avg_L_Hip",
        "m_avg_L_Knee",
        "m_avg_L_Ankle",
        "m_avg_R_Hip",
        "m_avg_R_Knee",
    ];
    let mmd = [
        "センター",
        "上半身",
        "上半身2",
        "首",
        "頭",
        "左肩",
        "左腕",
        "左ひじ",
        "左手首",
        "右肩",
        "右腕",
        "右ひじ",
        "右手首",
        "左足",
        "左ひざ",
        "左足首",
        "右足",
        "右ひざ",
    ];
    let prefixed = [
        "Bob_Hips",
        "Bob_Spine",
        "Bob_Spine1",
        "Bob_Neck",
        "Bob_Head",
        "Bob_LeftShoulder",
        "Bob_LeftArm",
        "Bob_LeftForeArm",
        "Bob_LeftHand",
        "Bob_RightShoulder",
        "Bob_RightArm",
        "Bob_RightForeArm",
        "Bob_RightHand",
        "Bob_LeftUpLeg",
        "Bob_LeftLeg",
        "Bob_LeftFoot",
        "Bob_RightUpLeg",
        "Bob_RightLeg",
    ];
    let joints = [
        "hips",
        "spine",
        "chest",
        "neck",
        "head",
        "leftShoulder",
        "leftUpperArm",
        "leftLowerArm",
        "leftHand",
        "rightShoulder",
        "rightUpperArm",
        "rightLowerArm",
        "rightHand",
        "leftUpperLeg",
        "leftLowerLeg",
        "leftFoot",
        "rightUpperLeg",
        "rightLowerLeg",
    ];
    for names in [cats, daz, smpl, mmd, prefixed] {
        let pairs: Vec<(&str, &str)> = joints.into_iter().zip(names).collect();
        expect(&skeleton(names), &pairs);
    }
}

#[test]
fn fingers_by_number() {
    let words = |name: &str| finger(&Words::of(name).words);
    assert_eq!(words("Bip01 L Finger0"), Some(0));
    assert_eq!(words("Bip01 L Finger12"), Some(1));
    assert_eq!(words("finger5-3.L"), Some(4));
    assert_eq!(words("IndexFinger2_L"), Some(1));
    assert_eq!(words("index_metacarpal_l"), None);
    assert_eq!(words("LeftHand"), None);
}
