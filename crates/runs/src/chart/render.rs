//! Pictures as SVG text and PNG bytes.

use std::sync::Once;

use plotters::backend::{BitMapBackend, SVGBackend};
use plotters::prelude::{DrawingBackend, IntoDrawingArea};
use plotters::style::{FontStyle, register_font};

use super::draw::Area;
use crate::error::RunsError;

/// Largest side of a picture, in pixels.
const MAX_SIDE: u32 = 16_384;

/// Something that draws itself on any backend.
pub(super) trait Picture {
    /// Width and height in pixels.
    fn size(&self) -> (u32, u32);

    /// Draws on `area`, each length times `scale`.
    fn draw<DB: DrawingBackend>(&self, area: &Area<DB>, scale: f64) -> Result<(), RunsError>;
}

/// SVG text. Text stays text in the font Inter, else any sans-serif.
pub(super) fn svg(picture: &impl Picture) -> Result<String, RunsError> {
    let size = check_size(picture.size(), 1.0)?;
    fonts();
    let mut text = String::new();
    {
        let area = SVGBackend::with_string(&mut text, size).into_drawing_area();
        picture.draw(&area, 1.0)?;
        area.present()
            .map_err(|e| RunsError::Chart(e.to_string()))?;
    }
    Ok(text.replace(
        "font-family=\"Inter\"",
        "font-family=\"Inter, Helvetica, Arial, sans-serif\"",
    ))
}

/// PNG bytes, `scale` times the picture's size in pixels.
pub(super) fn png(picture: &impl Picture, scale: f64) -> Result<Vec<u8>, RunsError> {
    let (width, height) = check_size(picture.size(), scale)?;
    fonts();
    let mut pixels = vec![0; width as usize * height as usize * 3];
    {
        let area = BitMapBackend::with_buffer(&mut pixels, (width, height)).into_drawing_area();
        picture.draw(&area, scale)?;
        area.present()
            .map_err(|e| RunsError::Chart(e.to_string()))?;
    }
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, width, height);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    let written = encoder
        .write_header()
        .and_then(|mut writer| writer.write_image_data(&pixels));
    written.map_err(|e| RunsError::Chart(e.to_string()))?;
    Ok(bytes)
}

fn check_size((width, height): (u32, u32), scale: f64) -> Result<(u32, u32), RunsError> {
    let side = |n: u32| (f64::from(n) * scale).round();
    let (width, height) = (side(width), side(height));
    let fits = |n: f64| n >= 1.0 && n <= f64::from(MAX_SIDE);
    if !fits(width) || !fits(height) {
        return Err(RunsError::Chart(format!(
            "a picture of {width} × {height} pixels is not possible; each side must be 1 to {MAX_SIDE}"
        )));
    }
    Ok((width as u32, height as u32))
}

/// Makes the bundled fonts known to plotters, once: pictures do not depend on what the
/// system has installed.
fn fonts() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        for (style, bytes) in [
            (
                FontStyle::Normal,
                include_bytes!("../../../../assets/fonts/inter-400.ttf").as_slice(),
            ),
            (
                FontStyle::Bold,
                include_bytes!("../../../../assets/fonts/inter-600.ttf").as_slice(),
            ),
        ] {
            // Fails only for bytes that are no font; then text is reported as unavailable.
            let _ = register_font("Inter", style, bytes);
        }
    });
}
