//! A picture from outside, as pixels.

use egui::{
    ColorImage, Id, Rect, Role, Sense, TextureFilter, TextureHandle, TextureOptions, Ui,
    WidgetInfo, vec2,
};
use kitbench_protocol::Picture;

use crate::theme::{Tokens, sizes};

/// A picture of few pixels shows them as they are when it is made larger.
const OPTIONS: TextureOptions = TextureOptions {
    magnification: TextureFilter::Nearest,
    ..TextureOptions::LINEAR
};

/// Draw it as large as the room is, at most at its own size, in a frame. `id` names the texture; it is
/// uploaded once.
pub fn picture(ui: &mut Ui, id: Id, name: &str, picture: &Picture) {
    let size = [picture.shown_width as usize, picture.shown_height as usize];
    if size[0] * size[1] * 4 != picture.rgba.len() || size.contains(&0) {
        return;
    }
    let cached = ui.data(|data| data.get_temp::<TextureHandle>(id));
    let texture = cached.unwrap_or_else(|| {
        let image = ColorImage::from_rgba_unmultiplied(size, &picture.rgba);
        let texture = ui.ctx().load_texture(name, image, OPTIONS);
        ui.data_mut(|data| data.insert_temp(id, texture.clone()));
        texture
    });
    let natural = vec2(size[0] as f32, size[1] as f32);
    let room = ui.available_size().max(vec2(16.0, 16.0));
    // Pixel art of a few pixels is still to be seen.
    let least = 160.0 / natural.max_elem();
    let scale = (room.x / natural.x)
        .min(room.y / natural.y)
        .min(1.0_f32.max(least));
    let (rect, response) = ui.allocate_exact_size(natural * scale, Sense::hover());
    let t = Tokens::of(ui);
    ui.painter().image(
        texture.id(),
        rect,
        Rect::from_min_max(egui::pos2(0.0, 0.0), egui::pos2(1.0, 1.0)),
        egui::Color32::WHITE,
    );
    ui.painter().rect_stroke(
        rect,
        0.0,
        egui::Stroke::new(sizes::STROKE, t.line),
        egui::StrokeKind::Outside,
    );
    response.widget_info(|| WidgetInfo::labeled(Role::Image, true, name));
}
