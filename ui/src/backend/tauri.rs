//! The door of the desktop window: one command and one event channel.
//!
//! `invoke("bridge", bytes)` takes an encoded [`ClientFrame`] and answers with the encoded answer
//! as raw bytes. Called once with a header that names a Tauri channel instead, it sends every
//! encoded [`Event`] there, as raw bytes and in order.

use std::cell::RefCell;
use std::rc::Rc;

use js_sys::{Array, Function, Object, Promise, Reflect, Uint8Array};
use kitbench_protocol::{ClientFrame, ErrorKind, ErrorView, Event, Request, decode, encode};
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::{JsFuture, spawn_local};

use super::{Backend, Incoming, Link};

/// The name of the one command.
pub const COMMAND: &str = "bridge";
/// The header that names the channel for events.
pub const EVENTS: &str = "kitbench-events";

/// The bridge of the window.
pub struct Tauri {
    invoke: Function,
    arrived: Rc<RefCell<Vec<Incoming>>>,
    context: egui::Context,
    _listener: Option<Closure<dyn FnMut(JsValue)>>,
}

fn member(of: &JsValue, name: &str) -> Option<JsValue> {
    Reflect::get(of, &JsValue::from_str(name)).ok().filter(|value| !value.is_undefined() && !value.is_null())
}

impl Tauri {
    /// The bridge, if this page runs in the desktop window.
    #[must_use]
    pub fn connect(context: &egui::Context) -> Option<Self> {
        let tauri = member(&web_sys::window()?.into(), "__TAURI__")?;
        let invoke = member(&member(&tauri, "core")?, "invoke")?.dyn_into::<Function>().ok()?;
        let arrived = Rc::new(RefCell::new(vec![Incoming::Link(Link::Up)]));
        let listener = listen(&tauri, &invoke, context, Rc::clone(&arrived));
        Some(Self { invoke, arrived, context: context.clone(), _listener: listener })
    }
}

/// Opens the event channel; the closure must live as long as events are wanted.
fn listen(
    tauri: &JsValue,
    invoke: &Function,
    context: &egui::Context,
    arrived: Rc<RefCell<Vec<Incoming>>>,
) -> Option<Closure<dyn FnMut(JsValue)>> {
    let class = member(&member(tauri, "core")?, "Channel")?.dyn_into::<Function>().ok()?;
    let waker = context.clone();
    let heard = Closure::<dyn FnMut(JsValue)>::new(move |bytes: JsValue| {
        if let Ok(event) = decode::<Event>(&Uint8Array::new(&bytes).to_vec()) {
            arrived.borrow_mut().push(Incoming::Event(event));
            waker.request_repaint();
        }
    });
    let channel = Reflect::construct(&class, &Array::of1(heard.as_ref())).ok()?;
    let id = member(&channel, "id")?.as_f64()?;
    let headers = Object::new();
    Reflect::set(&headers, &EVENTS.into(), &format!("__CHANNEL__:{id}").into()).ok()?;
    let options = Object::new();
    Reflect::set(&options, &"headers".into(), &headers).ok()?;
    invoke.call3(&JsValue::NULL, &COMMAND.into(), &Uint8Array::new_with_length(0), &options).ok()?;
    Some(heard)
}

impl Backend for Tauri {
    fn send(&self, id: u64, request: Request) {
        let bytes = Uint8Array::from(encode(&ClientFrame { id, request }).as_slice());
        let invoke = self.invoke.clone();
        let arrived = Rc::clone(&self.arrived);
        let context = self.context.clone();
        spawn_local(async move {
            let answered = match invoke.call2(&JsValue::NULL, &JsValue::from_str(COMMAND), &bytes) {
                Ok(promise) => match promise.dyn_into::<Promise>() {
                    Ok(promise) => JsFuture::from(promise).await,
                    Err(other) => Ok(other),
                },
                Err(error) => Err(error),
            };
            let answer = match answered {
                Ok(value) => Uint8Array::new(&value).to_vec(),
                Err(error) => encode(&Err::<(), _>(
                    ErrorView::new(
                        ErrorKind::Internal,
                        "The window could not reach Kitbench.",
                        "Close the window and open it again.",
                    )
                    .with_details(format!("{error:?}")),
                )),
            };
            arrived.borrow_mut().push(Incoming::Reply { id, answer });
            context.request_repaint();
        });
    }

    fn poll(&self) -> Vec<Incoming> {
        self.arrived.take()
    }
}
