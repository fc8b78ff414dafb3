//! Eyes in their sockets: where each ball is, where it looks, and where the lid's rim stands, which shades the ball.

use super::lanes::F8;
use super::model::Model;
use super::rig::{Joints, Rig};
use crate::actor::{Actor, Surface};
use crate::motion::Frame;
use glam::{Mat3, Quat, Vec3};

/// Directions across the socket at which the lid's rim is measured.
pub const COLUMNS: usize = 16;
/// The rim is measured from -REACH to REACH radians of yaw.
pub const REACH: f32 = 1.0;

/// An eye socket at rest.
pub struct Socket {
    node: usize,
    /// The vertex of the upper lid's rim in each column.
    rim: [u32; COLUMNS],
}

/// An eye in one pose. Directions are world; pitches radians, up positive, seen from the ball's middle.
#[derive(Clone, Copy, Debug)]
pub struct Eye {
    pub centre: Vec3,
    /// Where the ball looks.
    pub gaze: Vec3,
    /// The socket's own frame: it turns with the head, not with the ball.
    pub right: Vec3,
    pub up: Vec3,
    pub forward: Vec3,
    /// Pitch of the upper lid's rim in each column.
    pub lid: [f32; COLUMNS],
}

fn point(v: &F8) -> Vec3 {
    let a = v.as_array();
    Vec3::new(a[0], a[1], a[2])
}

/// (yaw, pitch) of a direction in a frame whose rows are right, up, forward.
fn angles(d: Vec3) -> (f32, f32) {
    (d.x.atan2(d.z), (d.y / d.length().max(1e-9)).clamp(-1.0, 1.0).asin())
}

/// Finds the sockets of an actor at rest: the ball from the vertices of the eye's material nearest to its node, the rim
/// from the skin and lash vertices that lie around the ball. An eye without both stays `None` and is drawn without lid shadow.
pub fn sockets(actor: &Actor, model: &Model, rest: &[F8]) -> [Option<Socket>; 2] {
    let joints = model.rig.pose(&Frame::default());
    let centres = actor.eyes.map(|n| n.and_then(|n| joints.world.get(n)).map(|m| Vec3::from(m.translation)));
    [0, 1].map(|side| socket(model, rest, actor.eyes[side]?, centres[side]?, centres[1 - side]))
}

fn vertices(model: &Model, surface: Surface) -> impl Iterator<Item = usize> {
    model.parts.iter().filter(move |p| p.surface == surface).flat_map(|p| p.vertices.clone())
}

fn socket(model: &Model, rest: &[F8], node: usize, centre: Vec3, other: Option<Vec3>) -> Option<Socket> {
    let apart = other.map_or(0.1, |o| 0.5 * (o - centre).length());
    let radius = vertices(model, Surface::Eye).map(|i| (point(&rest[i]) - centre).length()).filter(|r| *r < apart).fold(0.0, f32::max);
    if radius < 1e-4 {
        return None;
    }
    // All skin around the front of the ball, by column.
    let mut columns = vec![Vec::new(); COLUMNS];
    for i in vertices(model, Surface::Skin) {
        let d = point(&rest[i]) - centre;
        let (yaw, pitch) = angles(d);
        let column = ((yaw + REACH) / (2.0 * REACH) * COLUMNS as f32).floor();
        if d.z > 0.0 && (0.85..1.3).contains(&(d.length() / radius)) && (0.0..COLUMNS as f32).contains(&column) {
            columns[column as usize].push((pitch, i as u32));
        }
    }
    let mut rim: [Option<u32>; COLUMNS] = std::array::from_fn(|c| upper_rim(&mut columns[c]));
    // Columns beyond the corners take their neighbour's.
    for c in (0..COLUMNS / 2).rev() {
        rim[c] = rim[c].or(rim[c + 1]);
    }
    for c in COLUMNS / 2..COLUMNS {
        rim[c] = rim[c].or(rim[c - 1]);
    }
    let middle = rim[COLUMNS / 2].or(rim[COLUMNS / 2 - 1])?;
    Some(Socket { node, rim: rim.map(|r| r.unwrap_or(middle)) })
}

/// The vertex above the widest gap between pitches: the open eye.
fn upper_rim(column: &mut [(f32, u32)]) -> Option<u32> {
    column.sort_by(|a, b| a.0.total_cmp(&b.0));
    let gap = column.windows(2).max_by(|a, b| (a[1].0 - a[0].0).total_cmp(&(b[1].0 - b[0].0)))?;
    (gap[1].0 - gap[0].0 > 0.1).then_some(gap[1].1)
}

impl Socket {
    /// Where the eye is in a pose; the lid's rim is left at 0.
    pub fn place(&self, rig: &Rig, joints: &Joints) -> Eye {
        let centre = Vec3::from(joints.world[self.node].translation);
        let gaze = joints.turned[self.node] * Vec3::Z;
        let head = Mat3::from_quat(rig.parent(self.node).map_or(Quat::IDENTITY, |p| joints.turned[p]));
        Eye { centre, gaze, right: head.x_axis, up: head.y_axis, forward: head.z_axis, lid: [0.0; COLUMNS] }
    }

    /// The eye with its lid in a pose; `posed` are the vertices of that pose.
    pub fn pose(&self, rig: &Rig, joints: &Joints, posed: &[F8]) -> Eye {
        let eye = self.place(rig, joints);
        let lid = self.rim.map(|v| {
            let d = point(&posed[v as usize]) - eye.centre;
            (d.dot(eye.up) / d.length().max(1e-9)).clamp(-1.0, 1.0).asin()
        });
        Eye { lid, ..eye }
    }

    /// Vertices of the upper lid's rim.
    pub fn rim(&self) -> &[u32; COLUMNS] {
        &self.rim
    }
}
