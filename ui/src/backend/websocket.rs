//! The door of the browser: everything over one WebSocket, with reconnection.

use std::cell::{Cell, RefCell};
use std::rc::{Rc, Weak};

use js_sys::{ArrayBuffer, Uint8Array};
use kitbench_protocol::{ClientFrame, Request, ServerFrame, decode, encode};
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use web_sys::{BinaryType, CloseEvent, MessageEvent, WebSocket};

use super::{Backend, Incoming, Link};

/// How long to wait before the first and before any later attempt to reconnect, in ms.
const FIRST_WAIT: i32 = 500;
const MOST_WAIT: i32 = 10_000;

/// A connection to `kitbench serve`.
pub struct Socket(Rc<Inner>);

/// Listens to the socket as long as it is kept.
type Handler = Closure<dyn FnMut(JsEvent)>;

struct Inner {
    url: String,
    context: egui::Context,
    socket: RefCell<Option<WebSocket>>,
    handlers: RefCell<Vec<Handler>>,
    retry: RefCell<Option<Closure<dyn FnMut()>>>,
    unsent: RefCell<Vec<Vec<u8>>>,
    arrived: RefCell<Vec<Incoming>>,
    wait: Cell<i32>,
}

type JsEvent = web_sys::Event;

impl Socket {
    /// Connect to the server that sent this page.
    #[must_use]
    pub fn connect(context: &egui::Context, url: String) -> Self {
        let inner = Rc::new(Inner {
            url,
            context: context.clone(),
            socket: RefCell::default(),
            handlers: RefCell::default(),
            retry: RefCell::default(),
            unsent: RefCell::default(),
            arrived: RefCell::default(),
            wait: Cell::new(FIRST_WAIT),
        });
        inner.open();
        Self(inner)
    }

    /// The address of the socket that belongs to this page: `/ws` at the same host, with the
    /// page's access token if the address carries one (a cookie serves as well).
    #[must_use]
    pub fn address() -> Option<String> {
        let location = web_sys::window()?.location();
        let scheme = if location.protocol().ok()? == "https:" {
            "wss"
        } else {
            "ws"
        };
        let query = location.search().unwrap_or_default();
        Some(format!("{scheme}://{}/ws{query}", location.host().ok()?))
    }
}

impl Inner {
    fn open(self: &Rc<Self>) {
        let Ok(socket) = WebSocket::new(&self.url) else {
            self.lost("the address of the socket is not valid".to_owned());
            return;
        };
        socket.set_binary_type(BinaryType::Arraybuffer);
        let opened = self.handler(|inner, _| {
            inner.wait.set(FIRST_WAIT);
            inner.push(Incoming::Link(Link::Up));
            for bytes in inner.unsent.take() {
                inner.write(&bytes);
            }
        });
        let message = self.handler(|inner, event| {
            let Some(data) = event.dyn_ref::<MessageEvent>().map(MessageEvent::data) else {
                return;
            };
            let Ok(buffer) = data.dyn_into::<ArrayBuffer>() else {
                return;
            };
            match decode::<ServerFrame>(&Uint8Array::new(&buffer).to_vec()) {
                Ok(ServerFrame::Reply { id, answer }) => inner.push(Incoming::Reply { id, answer }),
                Ok(ServerFrame::Event(event)) => inner.push(Incoming::Event(event)),
                Err(error) => inner.push(Incoming::Link(Link::Down(error.to_string()))),
            }
        });
        let closed = self.handler(|inner, event| {
            let cause = event
                .dyn_ref::<CloseEvent>()
                .map(|close| {
                    format!(
                        "the connection was closed ({}) {}",
                        close.code(),
                        close.reason()
                    )
                })
                .unwrap_or_default();
            inner.lost(cause);
        });
        socket.set_onopen(Some(opened.as_ref().unchecked_ref()));
        socket.set_onmessage(Some(message.as_ref().unchecked_ref()));
        socket.set_onclose(Some(closed.as_ref().unchecked_ref()));
        *self.handlers.borrow_mut() = vec![opened, message, closed];
        *self.socket.borrow_mut() = Some(socket);
    }

    fn handler(self: &Rc<Self>, act: impl Fn(&Rc<Self>, JsEvent) + 'static) -> Handler {
        let weak: Weak<Self> = Rc::downgrade(self);
        Closure::new(move |event| {
            if let Some(inner) = weak.upgrade() {
                act(&inner, event);
            }
        })
    }

    fn lost(self: &Rc<Self>, cause: String) {
        self.push(Incoming::Link(Link::Down(cause)));
        let wait = self.wait.get();
        self.wait.set((wait * 2).min(MOST_WAIT));
        let weak = Rc::downgrade(self);
        let again = Closure::<dyn FnMut()>::new(move || {
            if let Some(inner) = weak.upgrade() {
                inner.open();
            }
        });
        if let Some(window) = web_sys::window() {
            // Without a timer there is no way to try again; the page stays "connection lost".
            let _ = window.set_timeout_with_callback_and_timeout_and_arguments_0(
                again.as_ref().unchecked_ref(),
                wait,
            );
        }
        *self.retry.borrow_mut() = Some(again);
    }

    fn push(&self, incoming: Incoming) {
        self.arrived.borrow_mut().push(incoming);
        crate::pacer::wake(&self.context);
    }

    fn write(&self, bytes: &[u8]) {
        let sent = self.socket.borrow().as_ref().is_some_and(|socket| {
            socket.ready_state() == WebSocket::OPEN && socket.send_with_u8_array(bytes).is_ok()
        });
        if !sent {
            self.unsent.borrow_mut().push(bytes.to_vec());
        }
    }
}

impl Backend for Socket {
    fn send(&self, id: u64, request: Request) {
        self.0.write(&encode(&ClientFrame { id, request }));
    }

    fn poll(&self) -> Vec<Incoming> {
        self.0.arrived.take()
    }
}
