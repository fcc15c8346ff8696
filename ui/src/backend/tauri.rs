//! The door of the desktop window: one command and one channel of events.
//!
//! `invoke("bridge", bytes)` takes an encoded [`ClientFrame`] and answers with the encoded answer
//! as raw bytes. The same command with the header `kitbench-events` names a channel that encoded
//! [`Event`]s go to from then on.

use std::cell::RefCell;
use std::rc::Rc;

use js_sys::{Array, Function, Object, Promise, Reflect, Uint8Array};
use kitbench_protocol::{ClientFrame, ErrorKind, ErrorView, Event, Request, decode, encode};
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::{JsFuture, spawn_local};

use super::{Backend, Incoming, Link};

/// The name of the one command.
const COMMAND: &str = "bridge";
/// The header that names the channel of events.
const EVENTS: &str = "kitbench-events";

type Queue = Rc<RefCell<Vec<Incoming>>>;

/// The bridge of the window.
pub struct Tauri {
    invoke: Function,
    arrived: Queue,
    context: egui::Context,
    /// Called by the channel for as long as the window is open.
    _heard: Option<Closure<dyn FnMut(JsValue)>>,
}

fn member(of: &JsValue, name: &str) -> Option<JsValue> {
    Reflect::get(of, &JsValue::from_str(name))
        .ok()
        .filter(|value| !value.is_undefined() && !value.is_null())
}

/// Bytes as they come over the bridge: an `ArrayBuffer` or an array of numbers.
fn bytes_of(value: &JsValue) -> Vec<u8> {
    Uint8Array::new(value).to_vec()
}

impl Tauri {
    /// The bridge, if this page runs in the desktop window.
    #[must_use]
    pub fn connect(context: &egui::Context) -> Option<Self> {
        let tauri = member(&web_sys::window()?.into(), "__TAURI__")?;
        let core = member(&tauri, "core")?;
        let invoke = member(&core, "invoke")?.dyn_into::<Function>().ok()?;
        let arrived: Queue = Rc::new(RefCell::new(vec![Incoming::Link(Link::Up)]));
        let heard = subscribe(&core, &invoke, context, &arrived);
        if heard.is_none() {
            let cause = "this window has no channel for events".to_owned();
            arrived.borrow_mut().push(Incoming::Link(Link::Down(cause)));
        }
        Some(Self {
            invoke,
            arrived,
            context: context.clone(),
            _heard: heard,
        })
    }
}

fn subscribe(
    core: &JsValue,
    invoke: &Function,
    context: &egui::Context,
    arrived: &Queue,
) -> Option<Closure<dyn FnMut(JsValue)>> {
    let queue = Rc::clone(arrived);
    let waker = context.clone();
    let heard = Closure::<dyn FnMut(JsValue)>::new(move |message: JsValue| {
        queue
            .borrow_mut()
            .push(match decode::<Event>(&bytes_of(&message)) {
                Ok(event) => Incoming::Event(event),
                Err(error) => Incoming::Link(Link::Down(error.to_string())),
            });
        crate::pacer::wake(&waker);
    });
    let class = member(core, "Channel")?.dyn_into::<Function>().ok()?;
    let channel = Reflect::construct(&class, &Array::of1(heard.as_ref())).ok()?;
    let name = member(&channel, "toJSON")?
        .dyn_into::<Function>()
        .ok()?
        .call0(&channel)
        .ok()?;
    let headers = Object::new();
    Reflect::set(&headers, &EVENTS.into(), &name).ok()?;
    let options = Object::new();
    Reflect::set(&options, &"headers".into(), &headers).ok()?;
    let asked = invoke
        .call3(
            &JsValue::NULL,
            &COMMAND.into(),
            &Uint8Array::new_with_length(0),
            &options,
        )
        .ok()?;
    let queue = Rc::clone(arrived);
    let waker = context.clone();
    spawn_local(async move {
        let Ok(asked) = asked.dyn_into::<Promise>() else {
            return;
        };
        if let Err(error) = JsFuture::from(asked).await {
            queue
                .borrow_mut()
                .push(Incoming::Link(Link::Down(format!("{error:?}"))));
            crate::pacer::wake(&waker);
        }
    });
    Some(heard)
}

impl Backend for Tauri {
    fn send(&self, id: u64, request: Request) {
        let bytes = Uint8Array::from(encode(&ClientFrame { id, request }).as_slice());
        let invoke = self.invoke.clone();
        let arrived = Rc::clone(&self.arrived);
        let context = self.context.clone();
        spawn_local(async move {
            let answered = match invoke.call2(&JsValue::NULL, &COMMAND.into(), &bytes) {
                Ok(promise) => match promise.dyn_into::<Promise>() {
                    Ok(promise) => JsFuture::from(promise).await,
                    Err(other) => Ok(other),
                },
                Err(error) => Err(error),
            };
            let answer = match answered {
                Ok(value) => bytes_of(&value),
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
            crate::pacer::wake(&context);
        });
    }

    fn poll(&self) -> Vec<Incoming> {
        self.arrived.take()
    }
}
