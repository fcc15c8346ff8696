//! The engine in the same process, for tests.

use std::sync::mpsc::{Receiver, Sender, channel};

use kitbench_protocol::{Event, Request};

use super::{Backend, Incoming};

/// Calls go to a closure, answers and events come back over a channel.
///
/// The closure is given the request and a way to answer; it may answer at once, later, or from
/// another thread. It is a closure so that this crate does not know the engine.
pub struct InProcess {
    call: Box<dyn Fn(Request, Reply)>,
    sender: Sender<Incoming>,
    arrived: Receiver<Incoming>,
    context: egui::Context,
}

/// The way to answer one call, with an encoded [`kitbench_protocol::Answer`].
pub struct Reply {
    id: u64,
    to: Sender<Incoming>,
    context: egui::Context,
}

impl Reply {
    /// Answer it.
    pub fn send(self, answer: Vec<u8>) {
        // The receiver is gone once the window is closed; then nobody waits for the answer.
        let _ = self.to.send(Incoming::Reply {
            id: self.id,
            answer,
        });
        self.context.request_repaint();
    }
}

/// The way to send events from the engine.
#[derive(Clone)]
pub struct Events {
    to: Sender<Incoming>,
    context: egui::Context,
}

impl Events {
    /// Send one.
    pub fn send(&self, event: Event) {
        let _ = self.to.send(Incoming::Event(event));
        self.context.request_repaint();
    }
}

impl InProcess {
    /// A door to whatever `call` reaches; `context` is woken when an answer arrives.
    pub fn new(context: egui::Context, call: impl Fn(Request, Reply) + 'static) -> Self {
        let (sender, arrived) = channel();
        Self {
            call: Box::new(call),
            sender,
            arrived,
            context,
        }
    }

    /// Where the engine puts its events.
    #[must_use]
    pub fn events(&self) -> Events {
        Events {
            to: self.sender.clone(),
            context: self.context.clone(),
        }
    }
}

impl Backend for InProcess {
    fn send(&self, id: u64, request: Request) {
        let reply = Reply {
            id,
            to: self.sender.clone(),
            context: self.context.clone(),
        };
        (self.call)(request, reply);
    }

    fn poll(&self) -> Vec<Incoming> {
        self.arrived.try_iter().collect()
    }
}
