//! USD as text: a skeleton that moves and the weights of ARKit's blend shapes (`UsdSkel`).
//!
//! <https://openusd.org/release/api/_usd_skel__schemas.html>. Metres, y up, our T-pose as bind and rest; joints are paths, rotations are
//! `quatf` with the real part first, time samples are frames. Written for other programs; not read.

use crate::body::skeleton::{JOINTS, OFFSETS, Pose, globals};
use crate::face::coefficients::NAMES;
use crate::motion::Performance;
use glam::{Mat4, Quat, Vec3};
use std::io::{Result, Write};

/// Path of a joint from the root.
fn path(joint: usize) -> String {
    match JOINTS[joint].parent {
        Some(parent) => format!("{}/{}", path(parent), JOINTS[joint].name),
        None => JOINTS[joint].name.to_string(),
    }
}

fn quoted(names: impl Iterator<Item = String>) -> String {
    names.map(|name| format!("\"{name}\"")).collect::<Vec<_>>().join(", ")
}

fn matrices(transforms: impl Iterator<Item = Vec3>) -> String {
    let one = |at: Vec3| {
        let rows = Mat4::from_translation(at).to_cols_array_2d().map(|row| format!("({}, {}, {}, {})", row[0], row[1], row[2], row[3]));
        format!("( {} )", rows.join(", "))
    };
    transforms.map(one).collect::<Vec<_>>().join(", ")
}

/// Writes frame by frame.
pub fn write(out: &mut impl Write, performance: &Performance) -> Result<()> {
    let (fps, last) = (performance.fps, performance.frames.len().saturating_sub(1));
    writeln!(out, "#usda 1.0\n(\n    defaultPrim = \"Performance\"\n    metersPerUnit = 1\n    upAxis = \"Y\"")?;
    writeln!(out, "    startTimeCode = 0\n    endTimeCode = {last}\n    timeCodesPerSecond = {fps}\n    framesPerSecond = {fps}\n)\n")?;
    let joints = quoted((0..JOINTS.len()).map(path));
    let rest = globals(&Pose::default(), &OFFSETS);
    writeln!(out, "def SkelRoot \"Performance\" (\n    prepend apiSchemas = [\"SkelBindingAPI\"]\n)\n{{")?;
    writeln!(out, "    rel skel:skeleton = </Performance/Skeleton>\n    rel skel:animationSource = </Performance/Animation>\n")?;
    writeln!(out, "    def Skeleton \"Skeleton\" (\n        prepend apiSchemas = [\"SkelBindingAPI\"]\n    )\n    {{")?;
    writeln!(out, "        rel skel:animationSource = </Performance/Animation>\n        uniform token[] joints = [{joints}]")?;
    writeln!(out, "        uniform matrix4d[] bindTransforms = [{}]", matrices(rest.positions.into_iter()))?;
    writeln!(out, "        uniform matrix4d[] restTransforms = [{}]\n    }}\n", matrices(OFFSETS.into_iter()))?;
    writeln!(out, "    def SkelAnimation \"Animation\"\n    {{")?;
    writeln!(out, "        uniform token[] blendShapes = [{}]", quoted(NAMES.iter().map(|name| name.to_string())))?;
    samples(out, "float[] blendShapeWeights", performance, |n| {
        let weights = performance.frames.frame(n).face.iter().map(|w| format!("{:.5}", if w.is_finite() { w + 0.0 } else { 0.0 }));
        weights.collect::<Vec<_>>()
    })?;
    writeln!(out, "        uniform token[] joints = [{joints}]")?;
    samples(out, "quatf[] rotations", performance, |n| {
        let plain = |q: &Quat| format!("({:.6}, {:.6}, {:.6}, {:.6})", q.w + 0.0, q.x + 0.0, q.y + 0.0, q.z + 0.0);
        performance.frames.frame(n).body.rotations.iter().map(plain).collect()
    })?;
    samples(out, "float3[] translations", performance, |n| {
        let hips = performance.frames.frame(n).body.hips;
        let places = std::iter::once(hips).chain(OFFSETS.into_iter().skip(1));
        places.map(|v| format!("({:.6}, {:.6}, {:.6})", v.x + 0.0, v.y + 0.0, v.z + 0.0)).collect()
    })?;
    let ones = vec!["(1, 1, 1)"; JOINTS.len()].join(", ");
    writeln!(out, "        half3[] scales = [{ones}]\n    }}\n")?;
    face(out)
}

/// The end of the stage: a triangle at the head with a shape for each coefficient, on which programs show their weights.
fn face(out: &mut impl Write) -> Result<()> {
    let names = || NAMES.iter().map(|name| name.to_string());
    let targets: Vec<String> = names().map(|name| format!("</Performance/Face/{name}>")).collect();
    writeln!(out, "    def Mesh \"Face\" (\n        prepend apiSchemas = [\"SkelBindingAPI\"]\n    )\n    {{")?;
    writeln!(out, "        int[] faceVertexCounts = [3]\n        int[] faceVertexIndices = [0, 1, 2]")?;
    writeln!(out, "        point3f[] points = [(0, 1.62, 0.1), (0.002, 1.62, 0.1), (0, 1.622, 0.1)]")?;
    writeln!(out, "        float3[] extent = [(0, 1.62, 0.1), (0.002, 1.622, 0.1)]\n        uniform token subdivisionScheme = \"none\"")?;
    writeln!(out, "        matrix4d primvars:skel:geomBindTransform = {}", matrices(std::iter::once(Vec3::ZERO)))?;
    for (kind, name, values) in [("int[]", "jointIndices", [HEAD; 3]), ("float[]", "jointWeights", [1; 3])] {
        writeln!(
            out,
            "        {kind} primvars:skel:{name} = {values:?} (\n            elementSize = 1\n            interpolation = \"vertex\"\n        )"
        )?;
    }
    writeln!(out, "        rel skel:skeleton = </Performance/Skeleton>\n        uniform token[] skel:blendShapes = [{}]", quoted(names()))?;
    writeln!(out, "        rel skel:blendShapeTargets = [{}]", targets.join(", "))?;
    for name in NAMES {
        writeln!(
            out,
            "\n        def BlendShape \"{name}\"\n        {{\n            uniform vector3f[] offsets = [(0, 0, 0), (0, 0, 0), (0, 0, 0)]"
        )?;
        writeln!(out, "            uniform int[] pointIndices = [0, 1, 2]\n        }}")?;
    }
    writeln!(out, "    }}\n}}")
}

/// Place of the head among the joints.
const HEAD: usize = 5;

fn samples(out: &mut impl Write, name: &str, performance: &Performance, row: impl Fn(usize) -> Vec<String>) -> Result<()> {
    writeln!(out, "        {name}.timeSamples = {{")?;
    for n in 0..performance.frames.len() {
        writeln!(out, "            {n}: [{}],", row(n).join(", "))?;
    }
    writeln!(out, "        }}")
}
