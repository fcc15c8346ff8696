//! The way in from the page: starts the front end on a canvas.

use std::cell::RefCell;

use wasm_bindgen::closure::Closure;
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsCast, JsValue};

use crate::App;
use crate::backend::{Backend, Socket, Tauri};

thread_local! {
    static RUNNER: RefCell<Option<eframe::WebRunner>> = const { RefCell::new(None) };
}

struct Shell(App);

impl eframe::App for Shell {
    fn ui(&mut self, ui: &mut egui::Ui, _frame: &mut eframe::Frame) {
        self.0.ui(ui);
        FIRST_FRAME.with_borrow_mut(|first| {
            if let Some(tell) = first.take() {
                tell();
            }
        });
    }
}

thread_local! {
    static FIRST_FRAME: RefCell<Option<Box<dyn FnOnce()>>> = const { RefCell::new(None) };
}

/// Start on the canvas with this id. Fails when the browser has no WebGL 2.
#[wasm_bindgen]
pub async fn start(canvas_id: String) -> Result<(), JsValue> {
    let document = web_sys::window()
        .and_then(|window| window.document())
        .ok_or("there is no document")?;
    let canvas = document
        .get_element_by_id(&canvas_id)
        .and_then(|element| element.dyn_into::<web_sys::HtmlCanvasElement>().ok())
        .ok_or("there is no canvas with this id")?;
    keep_keys(&document)?;
    FIRST_FRAME.with_borrow_mut(|first| {
        *first = Some(Box::new(move || {
            // The page takes its loading notice away; a test measures the start by this.
            if let Some(body) = document.body() {
                let _ = body.set_attribute("data-ready", "true");
            }
            if let Some(performance) = web_sys::window().and_then(|window| window.performance()) {
                let _ = performance.mark("kitbench-first-frame");
            }
        }));
    });
    let runner = eframe::WebRunner::new();
    let options = eframe::WebOptions {
        ..eframe::WebOptions::default()
    };
    runner
        .start(
            canvas,
            options,
            Box::new(|creation| {
                let ctx = &creation.egui_ctx;
                crate::pacer::install(ctx);
                crate::accessibility::install_in_page(ctx).map_err(|error| format!("{error:?}"))?;
                let backend: Box<dyn Backend> = match Tauri::connect(ctx) {
                    Some(bridge) => Box::new(bridge),
                    None => Box::new(Socket::connect(
                        ctx,
                        Socket::address().ok_or("the page has no address")?,
                    )),
                };
                Ok(Box::new(Shell(App::new(ctx, backend))))
            }),
        )
        .await?;
    RUNNER.with_borrow_mut(|slot| *slot = Some(runner));
    Ok(())
}

/// Keys that the page must not act on because they are ours: `Ctrl K` would search the web.
fn keep_keys(document: &web_sys::Document) -> Result<(), JsValue> {
    let ours =
        Closure::<dyn FnMut(web_sys::KeyboardEvent)>::new(|event: web_sys::KeyboardEvent| {
            let key = event.key().to_lowercase();
            let command = event.ctrl_key() || event.meta_key();
            let taken = if command {
                matches!(
                    key.as_str(),
                    "k" | "f"
                        | "e"
                        | "b"
                        | "o"
                        | "p"
                        | "s"
                        | ","
                        | "."
                        | "+"
                        | "="
                        | "-"
                        | "0"
                        | "1"
                        | "2"
                        | "3"
                        | "4"
                        | "5"
                        | "6"
                )
            } else {
                matches!(key.as_str(), "f1" | "f5" | "f6" | "f8")
                    || (event.alt_key() && matches!(key.as_str(), "arrowleft" | "arrowright"))
            };
            if taken {
                event.prevent_default();
            }
        });
    let options = web_sys::AddEventListenerOptions::new();
    options.set_capture(true);
    document.add_event_listener_with_callback_and_add_event_listener_options(
        "keydown",
        ours.as_ref().unchecked_ref(),
        &options,
    )?;
    ours.forget();
    Ok(())
}
