//! Thrift on the web: when the page's next frame is due is told to the page (`web/pacer.js`), which
//! sleeps until then, and the glyphs' texture grows in small steps.

use egui::{Context, FullOutput, RawInput, ViewportId};
use wasm_bindgen::prelude::wasm_bindgen;

#[wasm_bindgen]
unsafe extern "C" {
    #[wasm_bindgen(js_namespace = kitbenchPacer, js_name = wake)]
    fn wake_page();

    #[wasm_bindgen(js_namespace = kitbenchPacer, js_name = after)]
    fn frame_after(milliseconds: f64);
}

/// Paint as soon as possible, also from outside of a frame.
pub fn wake(ctx: &Context) {
    ctx.request_repaint();
    wake_page();
}

/// Pixels. Glyphs are drawn into a texture as wide as the graphics allow, up to 16384, which doubles
/// its height as it fills: its first steps would take 30 MB of a memory that never shrinks.
const TEXTURE_SIDE: usize = 2048;

/// Tells the page after each frame when the next one is wanted.
struct Pacer;

/// Have the page told.
pub fn install(ctx: &Context) {
    ctx.add_plugin(Pacer);
}

impl egui::Plugin for Pacer {
    fn debug_name(&self) -> &'static str {
        "pacer"
    }

    fn input_hook(&mut self, _ctx: &Context, input: &mut RawInput) {
        if let Some(side) = &mut input.max_texture_side {
            *side = (*side).min(TEXTURE_SIDE);
        }
    }

    fn output_hook(&mut self, _ctx: &Context, output: &mut FullOutput) {
        let root = output.viewport_output.get(&ViewportId::ROOT);
        if let Some(root) = root {
            let delay = root.repaint_delay.as_secs_f64() * 1000.0;
            // Never is a number too large for a timer.
            if delay < 1e9 {
                frame_after(delay);
            }
        }
    }
}
