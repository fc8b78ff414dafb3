//! The graphics processor's renderer: wgpu without a window, shaders under `shaders/`.
//!
//! A frame is five passes: pose (compute), lids (compute), shadow map, picture with 4 samples, read-back. Everything a
//! frame writes lies in a [`Slot`], so that several threads can have frames in flight.

use super::background::{self, Ground};
use super::gpu_data::{FrameData, LIDS, Offsets, PartData, SkinData, frame_data, pack_vertices};
use super::look::Look;
use super::model::Model;
use super::rig::{Rig, pout};
use super::shadow::{LightCamera, SIZE};
use super::texture::{LINEAR, encode};
use super::veil;
use super::view::{Background, Camera, View};
use super::{Backend, Picture};
use crate::motion::Frame;
use crate::{Error, Result};
use glam::Quat;
use std::ops::Range;
use std::path::Path;
use std::sync::{Arc, Mutex};
use wgpu::util::DeviceExt;

const COLOUR: wgpu::TextureFormat = wgpu::TextureFormat::Rgba8UnormSrgb;
const DEPTH: wgpu::TextureFormat = wgpu::TextureFormat::Depth32Float;

/// Draws with a graphics processor.
pub struct GpuRenderer {
    device: wgpu::Device,
    queue: wgpu::Queue,
    adapter: String,
    model: Model,
    view: View,
    camera: Camera,
    /// Turned for the camera.
    look: Look,
    light_camera: LightCamera,
    buffers: Buffers,
    pipelines: Pipelines,
    parts: Vec<wgpu::BindGroup>,
    /// Runs of triangles that mix with what is behind, as (part, places in `Buffers::veils`).
    veils: Vec<(usize, Range<u32>)>,
    pool: Mutex<Vec<Slot>>,
    /// The first error that the device reported outside of any call.
    trouble: Arc<Mutex<Option<String>>>,
}

/// What does not change from frame to frame.
struct Buffers {
    rest: wgpu::Buffer,
    skins: wgpu::Buffer,
    starts: wgpu::Buffer,
    offsets: wgpu::Buffer,
    triangles: wgpu::Buffer,
    /// Triangles that mix with what is behind, farthest first.
    veils: wgpu::Buffer,
    rim: wgpu::Buffer,
    backdrop: wgpu::TextureView,
}

struct Pipelines {
    pose: wgpu::ComputePipeline,
    lids: wgpu::ComputePipeline,
    shadow: wgpu::RenderPipeline,
    behind: wgpu::RenderPipeline,
    closed: wgpu::RenderPipeline,
    two_sided: wgpu::RenderPipeline,
    veil_closed: wgpu::RenderPipeline,
    veil_two_sided: wgpu::RenderPipeline,
}

/// What one frame writes.
struct Slot {
    frame: wgpu::Buffer,
    weights: wgpu::Buffer,
    palette: wgpu::Buffer,
    shadow: wgpu::TextureView,
    samples: wgpu::TextureView,
    depth: wgpu::TextureView,
    resolved: wgpu::Texture,
    read: wgpu::Buffer,
    pose: wgpu::BindGroup,
    lids: wgpu::BindGroup,
    cast: wgpu::BindGroup,
    shade: wgpu::BindGroup,
}

/// Whether a graphics card may be there: Linux drivers are reached through files. Asking Vulkan instead would wake up a software
/// renderer where one is installed, which takes a second.
fn card_in_sight() -> bool {
    // What Mesa, NVIDIA, WSL, ARM, Qualcomm and Tegra drivers use.
    const FILES: [&str; 6] = ["/dev/dri", "/dev/nvidiactl", "/dev/dxg", "/dev/mali0", "/dev/kgsl-3d0", "/dev/nvhost-ctrl"];
    !cfg!(target_os = "linux") || FILES.iter().any(|file| Path::new(file).exists())
}

/// A device to draw with, or the reason why there is none, as an end to "cpu: ...".
pub fn device(backend: Backend) -> Result<(wgpu::Adapter, wgpu::Device, wgpu::Queue), String> {
    if backend == Backend::Auto && !card_in_sight() {
        return Err("no graphics card found".into());
    }
    // GL is left out: probing it prints to stderr, and what only has GL is better served by our own CPU renderer.
    let mut descriptor = wgpu::InstanceDescriptor::new_without_display_handle();
    descriptor.backends = wgpu::Backends::VULKAN | wgpu::Backends::METAL | wgpu::Backends::DX12;
    descriptor.flags = wgpu::InstanceFlags::empty();
    let instance = wgpu::Instance::new(descriptor);
    let options = wgpu::RequestAdapterOptions { power_preference: wgpu::PowerPreference::HighPerformance, ..Default::default() };
    let adapter = pollster::block_on(instance.request_adapter(&options)).map_err(|_| "no graphics adapter found".to_string())?;
    let info = adapter.get_info();
    if backend == Backend::Auto && info.device_type == wgpu::DeviceType::Cpu {
        return Err(format!("the only graphics adapter, {}, is software and slower", info.name));
    }
    let wanted = wgpu::DeviceDescriptor { required_limits: adapter.limits(), ..Default::default() };
    let (device, queue) = pollster::block_on(adapter.request_device(&wanted))
        .map_err(|e| format!("{} gave no device: {}", info.name, e.to_string().lines().next().unwrap_or_default()))?;
    Ok((adapter, device, queue))
}

impl GpuRenderer {
    /// Builds everything on a device; fails where the device refuses something, such as a picture beyond its limits.
    pub fn new((adapter, device, queue): (wgpu::Adapter, wgpu::Device, wgpu::Queue), model: Model, view: &View) -> Result<GpuRenderer> {
        let scope = device.push_error_scope(wgpu::ErrorFilter::Validation);
        let camera = Camera::new(view, &model.subject);
        let look = Look { lights: view.look.lights.turned(view.yaw), ..view.look };
        let pipelines = Pipelines::new(&device);
        let veils = veil::sorted(&model, &camera);
        let buffers = Buffers::new(&device, &queue, &model, view, &veils);
        let parts = part_groups(&device, &queue, &pipelines, &model);
        if let Some(error) = pollster::block_on(scope.pop()) {
            return Err(Error::Render(one_line(&error)));
        }
        let trouble = Arc::new(Mutex::new(None));
        let report = trouble.clone();
        // wgpu would panic otherwise.
        device.on_uncaptured_error(Arc::new(move |error: wgpu::Error| {
            report.lock().unwrap_or_else(|e| e.into_inner()).get_or_insert_with(|| one_line(&error));
        }));
        Ok(GpuRenderer {
            trouble,
            adapter: adapter.get_info().name,
            camera,
            light_camera: LightCamera::new(look.lights.key.direction, &camera),
            look,
            veils: veil::runs(&veils, &model.part_of),
            view: view.clone(),
            device,
            queue,
            model,
            buffers,
            pipelines,
            parts,
            pool: Mutex::new(Vec::new()),
        })
    }

    /// The adapter's name.
    pub fn adapter(&self) -> &str {
        &self.adapter
    }

    pub fn rig(&self) -> &Rig {
        &self.model.rig
    }

    /// Draws a frame, each link of what swings turned by `swing`; fails where the device is lost.
    pub fn draw(&self, frame: &Frame, swing: &[Quat]) -> Result<Picture> {
        let slot = self.pool.lock().unwrap_or_else(|e| e.into_inner()).pop();
        let slot = slot.unwrap_or_else(|| self.slot());
        let picture = self.draw_with(frame, swing, &slot)?;
        self.pool.lock().unwrap_or_else(|e| e.into_inner()).push(slot);
        Ok(picture)
    }

    fn draw_with(&self, frame: &Frame, swing: &[Quat], slot: &Slot) -> Result<Picture> {
        let joints = self.model.rig.pose_swung(frame, swing);
        let palette: Vec<[f32; 12]> = self.model.palette(&joints).iter().map(rows).collect();
        let mut weights = self.model.weights(frame);
        weights.push(0.0);
        let ground = Ground::new(&self.view, self.look.lights.key.direction, &self.model, &joints);
        let data = frame_data(&self.model, &self.view, &self.camera, &self.look, &self.light_camera, &joints, ground.as_ref())
            .pouting(pout(frame));
        self.queue.write_buffer(&slot.frame, 0, bytemuck::bytes_of(&data));
        self.queue.write_buffer(&slot.weights, 0, bytemuck::cast_slice(&weights));
        self.queue.write_buffer(&slot.palette, 0, bytemuck::cast_slice(&palette));
        let mut encoder = self.device.create_command_encoder(&Default::default());
        self.encode_posing(&mut encoder, slot);
        self.encode_shadow(&mut encoder, slot);
        self.encode_picture(&mut encoder, slot);
        encoder.copy_texture_to_buffer(
            slot.resolved.as_image_copy(),
            wgpu::TexelCopyBufferInfo {
                buffer: &slot.read,
                layout: wgpu::TexelCopyBufferLayout { offset: 0, bytes_per_row: Some(self.stride()), rows_per_image: None },
            },
            self.extent(),
        );
        let submitted = self.queue.submit([encoder.finish()]);
        if let Some(trouble) = &*self.trouble.lock().unwrap_or_else(|e| e.into_inner()) {
            return Err(Error::Render(format!("{}: {trouble}", self.adapter)));
        }
        self.read(slot, submitted)
    }

    fn encode_posing(&self, encoder: &mut wgpu::CommandEncoder, slot: &Slot) {
        let mut pass = encoder.begin_compute_pass(&Default::default());
        pass.set_pipeline(&self.pipelines.pose);
        pass.set_bind_group(0, &slot.pose, &[]);
        pass.dispatch_workgroups((self.model.shape.len() as u32).div_ceil(64), 1, 1);
        pass.set_pipeline(&self.pipelines.lids);
        pass.set_bind_group(0, &slot.lids, &[]);
        pass.dispatch_workgroups(1, 1, 1);
    }

    fn encode_shadow(&self, encoder: &mut wgpu::CommandEncoder, slot: &Slot) {
        let mut pass = encoder.begin_render_pass(&wgpu::RenderPassDescriptor {
            depth_stencil_attachment: Some(depth_attachment(&slot.shadow, wgpu::StoreOp::Store)),
            ..Default::default()
        });
        pass.set_pipeline(&self.pipelines.shadow);
        pass.set_bind_group(0, &slot.cast, &[]);
        pass.set_index_buffer(self.buffers.triangles.slice(..), wgpu::IndexFormat::Uint32);
        for part in self.model.parts.iter().filter(|p| p.casts_shadow()) {
            pass.draw_indexed(indices(part), 0, 0..1);
        }
    }

    fn encode_picture(&self, encoder: &mut wgpu::CommandEncoder, slot: &Slot) {
        let resolved = slot.resolved.create_view(&Default::default());
        let mut pass = encoder.begin_render_pass(&wgpu::RenderPassDescriptor {
            color_attachments: &[Some(wgpu::RenderPassColorAttachment {
                view: &slot.samples,
                depth_slice: None,
                resolve_target: Some(&resolved),
                ops: wgpu::Operations { load: wgpu::LoadOp::Clear(wgpu::Color::TRANSPARENT), store: wgpu::StoreOp::Discard },
            })],
            depth_stencil_attachment: Some(depth_attachment(&slot.depth, wgpu::StoreOp::Discard)),
            ..Default::default()
        });
        pass.set_bind_group(0, &slot.shade, &[]);
        pass.set_bind_group(1, &self.parts[0], &[]);
        if self.view.background != Background::Transparent {
            pass.set_pipeline(&self.pipelines.behind);
            pass.draw(0..3, 0..1);
        }
        pass.set_index_buffer(self.buffers.triangles.slice(..), wgpu::IndexFormat::Uint32);
        for (part, group) in self.model.parts.iter().zip(&self.parts).filter(|(p, _)| p.hides()) {
            pass.set_pipeline(if part.two_sided { &self.pipelines.two_sided } else { &self.pipelines.closed });
            pass.set_bind_group(1, group, &[]);
            pass.draw_indexed(indices(part), 0, 0..1);
        }
        pass.set_index_buffer(self.buffers.veils.slice(..), wgpu::IndexFormat::Uint32);
        for (number, run) in &self.veils {
            let two_sided = self.model.parts[*number].two_sided;
            pass.set_pipeline(if two_sided { &self.pipelines.veil_two_sided } else { &self.pipelines.veil_closed });
            pass.set_bind_group(1, &self.parts[*number], &[]);
            pass.draw_indexed(run.start * 3..run.end * 3, 0, 0..1);
        }
    }

    /// Waits for the frame and copies it out.
    fn read(&self, slot: &Slot, submitted: wgpu::SubmissionIndex) -> Result<Picture> {
        let (send, receive) = std::sync::mpsc::channel();
        slot.read.map_async(wgpu::MapMode::Read, .., move |result| {
            // The receiver only goes away with the frame itself.
            let _ = send.send(result);
        });
        self.device
            .poll(wgpu::PollType::Wait { submission_index: Some(submitted), timeout: None })
            .map_err(|e| Error::Render(format!("{}: {e}", self.adapter)))?;
        let lost = || Error::Render(format!("{}: the device was lost while drawing", self.adapter));
        receive.recv().map_err(|_| lost())?.map_err(|_| lost())?;
        let row = self.view.width as usize * 4;
        let mut rgba = Vec::with_capacity(row * self.view.height as usize);
        {
            let bytes = slot.read.get_mapped_range(..).map_err(|_| lost())?;
            for line in bytes.chunks(self.stride() as usize).take(self.view.height as usize) {
                rgba.extend_from_slice(&line[..row]);
            }
        }
        slot.read.unmap();
        if self.view.background == Background::Transparent {
            rgba.chunks_exact_mut(4).for_each(straighten);
        } else {
            rgba.chunks_exact_mut(4).for_each(|p| p[3] = 255);
        }
        Ok(Picture { width: self.view.width, height: self.view.height, rgba })
    }

    /// Bytes from one row to the next in the read-back buffer.
    fn stride(&self) -> u32 {
        (self.view.width * 4).next_multiple_of(wgpu::COPY_BYTES_PER_ROW_ALIGNMENT)
    }

    fn extent(&self) -> wgpu::Extent3d {
        wgpu::Extent3d { width: self.view.width, height: self.view.height, depth_or_array_layers: 1 }
    }

    fn slot(&self) -> Slot {
        use wgpu::{BufferUsages as B, TextureUsages as T};
        let device = &self.device;
        let buffer = |size: usize, usage: B| {
            device.create_buffer(&wgpu::BufferDescriptor { label: None, size: size.max(16) as u64, usage, mapped_at_creation: false })
        };
        let picture = |format, usage, sample_count| texture(device, self.extent(), format, usage, sample_count, 1);
        let side = wgpu::Extent3d { width: SIZE as u32, height: SIZE as u32, depth_or_array_layers: 1 };
        let frame = buffer(size_of::<FrameData>(), B::UNIFORM | B::COPY_DST);
        let weights = buffer((self.model.morphs.len() + 1) * 4, B::STORAGE | B::COPY_DST);
        let palette = buffer(self.model.palette.len() * 48, B::STORAGE | B::COPY_DST);
        let posed = buffer(self.model.shape.len() * 64, B::STORAGE);
        let lids = buffer(LIDS * 4, B::STORAGE);
        let shadow = texture(device, side, DEPTH, T::RENDER_ATTACHMENT | T::TEXTURE_BINDING, 1, 1).create_view(&Default::default());
        let (fixed, lines) = (&self.buffers, &self.pipelines);
        let pose = [&fixed.rest, &fixed.skins, &fixed.starts, &fixed.offsets, &weights, &palette, &posed];
        let pose = group(device, &lines.pose.get_bind_group_layout(0), 1, &pose.map(|b| b.as_entire_binding()));
        let measure = [&frame, &posed, &fixed.rim, &lids].map(|b| b.as_entire_binding());
        let cast = [&frame, &posed].map(|b| b.as_entire_binding());
        let shade = [
            frame.as_entire_binding(),
            posed.as_entire_binding(),
            lids.as_entire_binding(),
            wgpu::BindingResource::TextureView(&shadow),
            wgpu::BindingResource::TextureView(&fixed.backdrop),
        ];
        Slot {
            pose,
            lids: group(device, &lines.lids.get_bind_group_layout(0), 0, &measure),
            cast: group(device, &lines.shadow.get_bind_group_layout(0), 0, &cast),
            shade: group(device, &lines.two_sided.get_bind_group_layout(0), 0, &shade),
            samples: picture(COLOUR, T::RENDER_ATTACHMENT, 4).create_view(&Default::default()),
            depth: picture(DEPTH, T::RENDER_ATTACHMENT, 4).create_view(&Default::default()),
            resolved: picture(COLOUR, T::RENDER_ATTACHMENT | T::COPY_SRC, 1),
            read: buffer(self.stride() as usize * self.view.height as usize, B::MAP_READ | B::COPY_DST),
            frame,
            weights,
            palette,
            shadow,
        }
    }
}

fn one_line(error: &wgpu::Error) -> String {
    error.to_string().split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Three rows of an affine matrix.
fn rows(m: &glam::Affine3A) -> [f32; 12] {
    let (x, y, z, t) = (m.matrix3.x_axis, m.matrix3.y_axis, m.matrix3.z_axis, m.translation);
    [x.x, y.x, z.x, t.x, x.y, y.y, z.y, t.y, x.z, y.z, z.z, t.z]
}

/// The device leaves colour multiplied by coverage in linear light; files want it straight.
fn straighten(pixel: &mut [u8]) {
    if pixel[3] != 0 && pixel[3] != 255 {
        let coverage = pixel[3] as f32 / 255.0;
        for c in &mut pixel[..3] {
            let linear = (LINEAR[*c as usize] / coverage).min(1.0);
            *c = encode(linear);
        }
    }
}

fn indices(part: &super::model::Part) -> std::ops::Range<u32> {
    part.triangles.start as u32 * 3..part.triangles.end as u32 * 3
}

fn depth_attachment(view: &wgpu::TextureView, store: wgpu::StoreOp) -> wgpu::RenderPassDepthStencilAttachment<'_> {
    // Nearer is greater, in the picture and in the shadow map.
    let depth_ops = Some(wgpu::Operations { load: wgpu::LoadOp::Clear(0.0), store });
    wgpu::RenderPassDepthStencilAttachment { view, depth_ops, stencil_ops: None }
}

fn texture(
    device: &wgpu::Device,
    size: wgpu::Extent3d,
    format: wgpu::TextureFormat,
    usage: wgpu::TextureUsages,
    sample_count: u32,
    mip_level_count: u32,
) -> wgpu::Texture {
    let dimension = wgpu::TextureDimension::D2;
    device.create_texture(&wgpu::TextureDescriptor {
        label: None,
        size,
        mip_level_count,
        sample_count,
        dimension,
        format,
        usage,
        view_formats: &[],
    })
}

/// Binds resources from binding `first` on.
fn group(device: &wgpu::Device, layout: &wgpu::BindGroupLayout, first: u32, resources: &[wgpu::BindingResource]) -> wgpu::BindGroup {
    let entries: Vec<_> =
        resources.iter().enumerate().map(|(i, r)| wgpu::BindGroupEntry { binding: first + i as u32, resource: r.clone() }).collect();
    device.create_bind_group(&wgpu::BindGroupDescriptor { label: None, layout, entries: &entries })
}

impl Buffers {
    fn new(device: &wgpu::Device, queue: &wgpu::Queue, model: &Model, view: &View, veils: &[u32]) -> Buffers {
        let with = |contents: &[u8], usage| device.create_buffer_init(&wgpu::util::BufferInitDescriptor { label: None, contents, usage });
        let storage = |contents: &[u8]| with(contents, wgpu::BufferUsages::STORAGE);
        let offsets = Offsets::new(model);
        let skins: Vec<SkinData> = model.skin.iter().map(SkinData::new).collect();
        // One spare entry: a buffer must not be empty.
        let veils: Vec<[u32; 3]> = veils.iter().map(|n| model.triangles[*n as usize]).chain([[0; 3]]).collect();
        let rim = model.sockets.each_ref().map(|s| s.as_ref().map_or([0; LIDS / 2], |s| *s.rim()));
        let backdrop = background::paint(view);
        let backdrop = upload(device, queue, &[(backdrop.width, backdrop.height, &backdrop.rgba)]);
        Buffers {
            rest: storage(bytemuck::cast_slice(&pack_vertices(model))),
            skins: storage(bytemuck::cast_slice(&skins)),
            starts: storage(bytemuck::cast_slice(&offsets.starts)),
            offsets: storage(bytemuck::cast_slice(&offsets.entries)),
            triangles: with(bytemuck::cast_slice(&model.triangles), wgpu::BufferUsages::INDEX),
            veils: with(bytemuck::cast_slice(&veils), wgpu::BufferUsages::INDEX),
            rim: storage(bytemuck::cast_slice(&rim)),
            backdrop,
        }
    }
}

/// A texture with its mip levels: (width, height, sRGB RGBA) from the largest down.
fn upload(device: &wgpu::Device, queue: &wgpu::Queue, levels: &[(u32, u32, &[u8])]) -> wgpu::TextureView {
    let size = |(width, height, _): &(u32, u32, &[u8])| wgpu::Extent3d { width: *width, height: *height, depth_or_array_layers: 1 };
    let usage = wgpu::TextureUsages::TEXTURE_BINDING | wgpu::TextureUsages::COPY_DST;
    let texture = texture(device, size(&levels[0]), COLOUR, usage, 1, levels.len() as u32);
    for (i, level) in levels.iter().enumerate() {
        let target = wgpu::TexelCopyTextureInfo { mip_level: i as u32, ..texture.as_image_copy() };
        let layout = wgpu::TexelCopyBufferLayout { offset: 0, bytes_per_row: Some(level.0 * 4), rows_per_image: None };
        queue.write_texture(target, level.2, layout, size(level));
    }
    texture.create_view(&Default::default())
}

/// The bind group of every part: its material and its texture.
fn part_groups(device: &wgpu::Device, queue: &wgpu::Queue, pipelines: &Pipelines, model: &Model) -> Vec<wgpu::BindGroup> {
    let white = upload(device, queue, &[(1, 1, &[255; 4])]);
    let textures: Vec<_> = model.textures.iter().map(|t| upload(device, queue, &t.all())).collect();
    let sampler = device.create_sampler(&wgpu::SamplerDescriptor {
        address_mode_u: wgpu::AddressMode::Repeat,
        address_mode_v: wgpu::AddressMode::Repeat,
        mag_filter: wgpu::FilterMode::Linear,
        min_filter: wgpu::FilterMode::Linear,
        ..Default::default()
    });
    let layout = pipelines.two_sided.get_bind_group_layout(1);
    let one = |part: &super::model::Part| {
        let data = PartData::new(part);
        let contents = bytemuck::bytes_of(&data);
        let data =
            device.create_buffer_init(&wgpu::util::BufferInitDescriptor { label: None, contents, usage: wgpu::BufferUsages::UNIFORM });
        let texture = part.texture.map_or(&white, |t| &textures[t]);
        let resources = [data.as_entire_binding(), wgpu::BindingResource::TextureView(texture), wgpu::BindingResource::Sampler(&sampler)];
        group(device, &layout, 0, &resources)
    };
    model.parts.iter().map(one).collect()
}

impl Pipelines {
    fn new(device: &wgpu::Device) -> Pipelines {
        let common = include_str!("../../shaders/common.wgsl");
        let module = |source: &str| {
            let source = wgpu::ShaderSource::Wgsl(format!("{common}\n{source}").into());
            device.create_shader_module(wgpu::ShaderModuleDescriptor { label: None, source })
        };
        let compute = |source: &str, entry: &str| {
            device.create_compute_pipeline(&wgpu::ComputePipelineDescriptor {
                label: Some(entry),
                layout: None,
                module: &module(source),
                entry_point: Some(entry),
                compilation_options: Default::default(),
                cache: None,
            })
        };
        let shade = module(concat!(include_str!("../../shaders/surfaces.wgsl"), include_str!("../../shaders/shade.wgsl")));
        let layout = shade_layout(device);
        let picture = |vertex: &str, fragment: &str, cull: Option<wgpu::Face>, samples: u32| {
            raster(device, &shade, vertex, Some(fragment), cull, samples, Some(&layout))
        };
        Pipelines {
            pose: compute(include_str!("../../shaders/posing.wgsl"), "pose"),
            lids: compute(include_str!("../../shaders/lids.wgsl"), "measure"),
            shadow: raster(device, &module(include_str!("../../shaders/shadow.wgsl")), "project", None, None, 1, None),
            behind: picture("cover", "behind", None, 4),
            closed: picture("place", "shade", Some(wgpu::Face::Back), 4),
            two_sided: picture("place", "shade", None, 4),
            veil_closed: picture("place", "veil", Some(wgpu::Face::Back), 4),
            veil_two_sided: picture("place", "veil", None, 4),
        }
    }
}

/// One layout for the pipelines that share the picture pass.
fn shade_layout(device: &wgpu::Device) -> wgpu::PipelineLayout {
    use wgpu::{BindingType as B, BufferBindingType as K, ShaderStages as S};
    let buffer = |ty| B::Buffer { ty, has_dynamic_offset: false, min_binding_size: None };
    let texture = |sample_type| B::Texture { sample_type, view_dimension: wgpu::TextureViewDimension::D2, multisampled: false };
    let float = wgpu::TextureSampleType::Float { filterable: true };
    let make = |types: &[B]| {
        let entry =
            |(i, ty): (usize, &B)| wgpu::BindGroupLayoutEntry { binding: i as u32, visibility: S::VERTEX_FRAGMENT, ty: *ty, count: None };
        let entries: Vec<_> = types.iter().enumerate().map(entry).collect();
        device.create_bind_group_layout(&wgpu::BindGroupLayoutDescriptor { label: None, entries: &entries })
    };
    let storage = K::Storage { read_only: true };
    let frame = make(&[buffer(K::Uniform), buffer(storage), buffer(storage), texture(wgpu::TextureSampleType::Depth), texture(float)]);
    let part = make(&[buffer(K::Uniform), texture(float), B::Sampler(wgpu::SamplerBindingType::Filtering)]);
    device.create_pipeline_layout(&wgpu::PipelineLayoutDescriptor {
        label: None,
        bind_group_layouts: &[Some(&frame), Some(&part)],
        immediate_size: 0,
    })
}

fn raster(
    device: &wgpu::Device,
    module: &wgpu::ShaderModule,
    vertex: &str,
    fragment: Option<&str>,
    cull_mode: Option<wgpu::Face>,
    samples: u32,
    layout: Option<&wgpu::PipelineLayout>,
) -> wgpu::RenderPipeline {
    let veil = fragment == Some("veil");
    let behind = vertex == "cover";
    let blend = veil.then_some(wgpu::BlendState::PREMULTIPLIED_ALPHA_BLENDING);
    let targets = [Some(wgpu::ColorTargetState { format: COLOUR, blend, write_mask: wgpu::ColorWrites::ALL })];
    device.create_render_pipeline(&wgpu::RenderPipelineDescriptor {
        label: Some(vertex),
        layout,
        vertex: wgpu::VertexState { module, entry_point: Some(vertex), compilation_options: Default::default(), buffers: &[] },
        primitive: wgpu::PrimitiveState { cull_mode, ..Default::default() },
        depth_stencil: Some(wgpu::DepthStencilState {
            format: DEPTH,
            depth_write_enabled: Some(!behind && !veil),
            depth_compare: Some(if behind { wgpu::CompareFunction::Always } else { wgpu::CompareFunction::Greater }),
            stencil: Default::default(),
            bias: Default::default(),
        }),
        multisample: wgpu::MultisampleState { count: samples, ..Default::default() },
        fragment: fragment.map(|entry| wgpu::FragmentState {
            module,
            entry_point: Some(entry),
            compilation_options: Default::default(),
            targets: &targets,
        }),
        multiview_mask: None,
        cache: None,
    })
}
