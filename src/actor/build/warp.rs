//! The last step of the head: its length, and the small unevenness of left and right that makes a face a person's.
//!
//! Everything on the head is built and deformed before this map, so that shapes, contacts and symmetry are simple there; the map
//! is smooth and the same for skin, teeth, hair and glasses, so what touches before touches after. Eyeballs and rims of the lids stay
//! where they are.

use super::Face;
use super::math::{bell, smoothstep};
use super::mesh::Part;
use super::skeleton::Rig;
use glam::Vec3;

pub struct Warp {
    length: f32,
    uneven: f32,
}

impl Warp {
    pub fn new(face: &Face) -> Warp {
        Warp { length: face.length, uneven: face.asymmetry }
    }

    /// Where a point of head space goes, centimetres.
    pub fn point(&self, p: Vec3) -> Vec3 {
        let mut q = p;
        q.y -= self.length * smoothstep(-2.3, -7.6, p.y) * smoothstep(-17.0, -9.0, p.y);
        if self.uneven > 0.0 {
            q += self.shift(p) * self.uneven;
        }
        q
    }

    /// A lifted corner of the mouth, a nose and a chin off the middle, one brow higher.
    fn shift(&self, p: Vec3) -> Vec3 {
        let front = smoothstep(2.0, 5.0, p.z);
        let corner = bell(p.x - 2.4, 1.3) * bell(p.y + 5.2, 1.3) * front;
        let nose = bell(p.y + 2.9, 1.3) * bell(p.x, 1.5) * smoothstep(6.0, 8.0, p.z);
        let chin = smoothstep(-5.6, -8.2, p.y) * smoothstep(-11.0, -8.6, p.y) * front;
        let brow = bell(p.x + 3.2, 1.9) * bell(p.y - 3.1, 1.1) * smoothstep(2.2, 2.9, p.y) * front;
        let cheek = bell(p.x + 3.9, 1.6) * bell(p.y + 3.8, 1.4) * front;
        Vec3::new(0.06 * nose - 0.08 * chin - 0.05 * cheek, 0.08 * corner + 0.12 * brow, 0.04 * cheek)
    }

    /// A part from head space into the actor's, with its morphs.
    pub fn part(&self, mut part: Part, rig: &Rig) -> Part {
        let rest: Vec<Vec3> = part.positions.iter().map(|p| self.point(*p)).collect();
        for (_, offsets) in &mut part.morphs {
            for ((offset, p), rest) in offsets.iter_mut().zip(&part.positions).zip(&rest) {
                if *offset != Vec3::ZERO {
                    *offset = (self.point(*p + *offset) - *rest) * rig.head_scale;
                }
            }
        }
        part.positions = rest.iter().map(|p| rig.place(*p)).collect();
        part
    }
}
