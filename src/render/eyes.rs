//! Eyes in their sockets: where each ball is, where it looks, and where the lids' rims stand: the upper one shades the ball,
//! the lower one holds the tears.

use super::lanes::F8;
use super::model::Model;
use super::rig::{Joints, Rig};
use crate::actor::{Actor, Surface};
use crate::motion::Frame;
use glam::{Mat3, Quat, Vec2, Vec3};

/// Directions across the socket at which the lid's rim is measured.
pub const COLUMNS: usize = 16;
/// The rim is measured from -REACH to REACH radians of yaw.
pub const REACH: f32 = 1.0;

/// An eye socket at rest.
pub struct Socket {
    node: usize,
    /// The vertices of the upper lid's rim, column by column, then of the lower lid's.
    rim: Rim,
    /// How texture coordinates change along the ball's x and y at the front, for a ball of radius 1: du/dx, dv/dx, du/dy, dv/dy.
    slope: [f32; 4],
}

/// Vertices of both rims: upper, lower.
pub type Rim = [u32; 2 * COLUMNS];

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
    /// The ball's own frame, which turns with the gaze.
    pub ball_right: Vec3,
    pub ball_up: Vec3,
    /// See [`Socket`].
    pub slope: [f32; 4],
    /// Pitch of the upper lid's rim in each column, then of the lower lid's.
    pub lid: [f32; 2 * COLUMNS],
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
    let mut rim: [Option<[u32; 2]>; COLUMNS] = std::array::from_fn(|c| rims(&mut columns[c]));
    // Columns beyond the corners take their neighbour's.
    for c in (0..COLUMNS / 2).rev() {
        rim[c] = rim[c].or(rim[c + 1]);
    }
    for c in COLUMNS / 2..COLUMNS {
        rim[c] = rim[c].or(rim[c - 1]);
    }
    let middle = rim[COLUMNS / 2].or(rim[COLUMNS / 2 - 1])?;
    let lid = |k: usize| rim.map(|r| r.unwrap_or(middle)[k]);
    let (upper, lower) = (lid(1), lid(0));
    let rim = std::array::from_fn(|c| if c < COLUMNS { upper[c] } else { lower[c - COLUMNS] });
    Some(Socket { node, rim, slope: slope(model, rest, centre, radius) })
}

/// The vertices below and above the widest gap between pitches: the open eye.
fn rims(column: &mut [(f32, u32)]) -> Option<[u32; 2]> {
    column.sort_by(|a, b| a.0.total_cmp(&b.0));
    let gap = column.windows(2).max_by(|a, b| (a[1].0 - a[0].0).total_cmp(&(b[1].0 - b[0].0)))?;
    (gap[1].0 - gap[0].0 > 0.1).then_some([gap[0].1, gap[1].1])
}

/// Fits texture coordinates around the front of a ball by least squares: about uv = uv0 + x (du/dx, dv/dx) + y (du/dy, dv/dy).
fn slope(model: &Model, rest: &[F8], centre: Vec3, radius: f32) -> [f32; 4] {
    let near = vertices(model, Surface::Eye).filter_map(|i| {
        let (q, a) = ((point(&rest[i]) - centre) / radius, rest[i].to_array());
        (q.length() < 1.1 && q.z > 0.85).then_some((Vec2::new(q.x, q.y), Vec2::new(a[6], a[7])))
    });
    let near: Vec<(Vec2, Vec2)> = near.collect();
    let share = 1.0 / near.len().max(1) as f32;
    let (p0, t0) = near.iter().fold((Vec2::ZERO, Vec2::ZERO), |(p, t), (q, uv)| (p + *q * share, t + *uv * share));
    let (mut xx, mut xy, mut yy, mut xt, mut yt) = (1e-9, 0.0, 1e-9, Vec2::ZERO, Vec2::ZERO);
    for (q, uv) in near.iter().map(|(q, uv)| (*q - p0, *uv - t0)) {
        (xx, xy, yy) = (xx + q.x * q.x, xy + q.x * q.y, yy + q.y * q.y);
        (xt, yt) = (xt + uv * q.x, yt + uv * q.y);
    }
    let over = 1.0 / (xx * yy - xy * xy).max(1e-12);
    let (x, y) = ((xt * yy - yt * xy) * over, (yt * xx - xt * xy) * over);
    [x.x, x.y, y.x, y.y].map(|s| if s.is_finite() { s.clamp(-10.0, 10.0) } else { 0.0 })
}

impl Socket {
    /// Where the eye is in a pose; the lids' rims are left at 0.
    pub fn place(&self, rig: &Rig, joints: &Joints) -> Eye {
        let centre = Vec3::from(joints.world[self.node].translation);
        let ball = Mat3::from_quat(joints.turned[self.node]);
        let head = Mat3::from_quat(rig.parent(self.node).map_or(Quat::IDENTITY, |p| joints.turned[p]));
        Eye {
            centre,
            gaze: ball.z_axis,
            right: head.x_axis,
            up: head.y_axis,
            forward: head.z_axis,
            ball_right: ball.x_axis,
            ball_up: ball.y_axis,
            slope: self.slope,
            lid: [0.0; 2 * COLUMNS],
        }
    }

    /// The eye with its lids in a pose; `posed` are the vertices of that pose.
    pub fn pose(&self, rig: &Rig, joints: &Joints, posed: &[F8]) -> Eye {
        let eye = self.place(rig, joints);
        let lid = self.rim.map(|v| {
            let d = point(&posed[v as usize]) - eye.centre;
            (d.dot(eye.up) / d.length().max(1e-9)).clamp(-1.0, 1.0).asin()
        });
        Eye { lid, ..eye }
    }

    /// Vertices of the lids' rims.
    pub fn rim(&self) -> &Rim {
        &self.rim
    }
}
