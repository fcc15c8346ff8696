//! The accessibility mirror.
//!
//! A canvas is a blank to screen readers and to WebDriver. egui describes itself as an AccessKit
//! tree; [`Mirror`] takes that tree out of each frame, [`tree`] works out what changed, and on the
//! web `dom` keeps a hidden twin of it in the page: real buttons, fields and ARIA roles at the
//! place of what they stand for. Clicks, focus, typing and keys on the twin go back as AccessKit
//! actions and egui events.

#[cfg(target_arch = "wasm32")]
mod dom;
mod element;
pub mod keys;
#[cfg(test)]
mod tests;
pub mod tree;

use std::sync::Mutex;

use egui::accesskit::{ActionRequest, NodeId};
use egui::{Context, Event, FullOutput, RawInput};

use tree::{Element, Op, Twin};

/// Where the mirror's operations go and where its events come from.
pub trait Sink: Send + Sync + 'static {
    /// Change the twin.
    fn apply(&mut self, ops: Vec<Op>);

    /// What people and machines did to the twin since the last call.
    fn take_events(&mut self) -> Vec<Event>;

    /// Whether the keyboard focus of the page is inside the twin.
    fn has_focus(&self) -> bool;
}

/// The plugin that keeps the twin up to date. Add it with [`install`].
pub struct Mirror {
    twin: Mutex<Twin>,
    sink: Mutex<Box<dyn Sink>>,
    /// What is asked of this frame, and of what it was asked.
    asked: Vec<(ActionRequest, Element)>,
    /// What the last frame could not do, because what it was asked of had got another id by then.
    again: Vec<ActionRequest>,
}

/// Enable AccessKit in this context and mirror it into `sink`.
pub fn install(ctx: &Context, sink: impl Sink) {
    ctx.enable_accesskit();
    ctx.add_plugin(Mirror {
        twin: Mutex::default(),
        sink: Mutex::new(Box::new(sink)),
        asked: Vec::new(),
        again: Vec::new(),
    });
}

/// Mirror into the page.
#[cfg(target_arch = "wasm32")]
pub fn install_in_page(ctx: &Context) -> Result<(), wasm_bindgen::JsValue> {
    install(ctx, dom::PageSink::new(ctx)?);
    Ok(())
}

#[cfg(target_arch = "wasm32")]
use crate::pacer::wake;

#[cfg(not(target_arch = "wasm32"))]
fn wake(ctx: &Context) {
    ctx.request_repaint();
}

impl egui::Plugin for Mirror {
    fn debug_name(&self) -> &'static str {
        "accessibility mirror"
    }

    fn input_hook(&mut self, _ctx: &Context, input: &mut RawInput) {
        let (Ok(twin), Ok(sink)) = (self.twin.get_mut(), self.sink.get_mut()) else {
            return;
        };
        let events = sink.take_events();
        self.asked = events
            .iter()
            .filter_map(|event| match event {
                Event::AccessKitActionRequest(request) => {
                    let element = twin.elements().get(&request.target_node.0)?;
                    Some((request.clone(), element.clone()))
                }
                _ => None,
            })
            .collect();
        let again = self.again.drain(..).map(Event::AccessKitActionRequest);
        input.events.extend(again.chain(events));
        // While the twin has the focus the canvas has lost it, but the window has not.
        input.focused |= sink.has_focus();
    }

    fn output_hook(&mut self, ctx: &Context, output: &mut FullOutput) {
        // Read, not taken: whoever runs egui natively has an adapter of its own for this.
        let Some(update) = &output.platform_output.accesskit_update else {
            return;
        };
        let (Ok(twin), Ok(sink)) = (self.twin.get_mut(), self.sink.get_mut()) else {
            return;
        };
        let ops = twin.update(update, ctx.zoom_factor());
        // egui numbers what has no id of its own by its place: a line that appears above a button
        // in the very frame of a press takes the press's aim away. It goes to the one that now is
        // what was pressed; where there is none or more than one, nothing is pressed.
        for (request, element) in self.asked.drain(..) {
            if !twin.elements().contains_key(&request.target_node.0)
                && let Some(now) = twin.twin_of(&element)
            {
                self.again.push(ActionRequest {
                    target_node: NodeId(now),
                    ..request
                });
                wake(ctx);
            }
        }
        if !ops.is_empty() {
            sink.apply(ops);
        }
    }
}
