//! Typed calls over a [`Backend`].

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;

use kitbench_protocol::{Answer, Call, ErrorKind, ErrorView, Event, decode};

use super::{Backend, Incoming, Link};

type Slot = Box<dyn FnOnce(Result<&[u8], ErrorView>)>;

/// Sends calls and hands out their answers. Cheap to clone; all clones are one client.
#[derive(Clone)]
pub struct Client(Rc<Inner>);

struct Inner {
    backend: Box<dyn Backend>,
    next: Cell<u64>,
    waiting: RefCell<HashMap<u64, Slot>>,
    arrived: Cell<u64>,
}

/// An answer that is on its way.
#[must_use = "an answer that nobody takes is lost"]
pub struct Pending<T>(Rc<RefCell<Option<Answer<T>>>>);

impl<T> Pending<T> {
    /// The answer, once; `None` while it is on its way.
    pub fn take(&self) -> Option<Answer<T>> {
        self.0.borrow_mut().take()
    }

    /// Whether the answer is here.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.0.borrow().is_some()
    }
}

impl Client {
    /// A client of this door.
    #[must_use]
    pub fn new(backend: Box<dyn Backend>) -> Self {
        Self(Rc::new(Inner {
            backend,
            next: Cell::new(1),
            waiting: RefCell::default(),
            arrived: Cell::new(0),
        }))
    }

    /// Send a call; its answer can be taken from the result in a later frame.
    pub fn call<C: Call>(&self, call: C) -> Pending<C::Reply> {
        let slot = Rc::new(RefCell::new(None));
        let cell = Rc::clone(&slot);
        self.call_then(call, move |answer| {
            *cell.borrow_mut() = Some(answer);
        });
        Pending(slot)
    }

    /// Send a call and do something with its answer when it arrives.
    pub fn call_then<C: Call>(&self, call: C, then: impl FnOnce(Answer<C::Reply>) + 'static) {
        let id = self.0.next.get();
        self.0.next.set(id + 1);
        let slot: Slot = Box::new(move |answer| {
            then(match answer {
                Err(lost) => Err(lost),
                Ok(bytes) => decode::<Answer<C::Reply>>(bytes).unwrap_or_else(|error| {
                    Err(ErrorView::new(
                        ErrorKind::Internal,
                        "The answer could not be read.",
                        "Reload the page or restart Kitbench.",
                    )
                    .with_details(error.to_string()))
                }),
            });
        });
        self.0.waiting.borrow_mut().insert(id, slot);
        self.0.backend.send(id, call.into());
    }

    /// Hand out what arrived. Called once at the start of a frame; returns the events and the
    /// last change of the connection.
    pub fn poll(&self) -> (Vec<Event>, Option<Link>) {
        let mut events = Vec::new();
        let mut link = None;
        for incoming in self.0.backend.poll() {
            self.0.arrived.set(self.0.arrived.get() + 1);
            match incoming {
                Incoming::Event(event) => events.push(event),
                Incoming::Reply { id, answer } => {
                    let slot = self.0.waiting.borrow_mut().remove(&id);
                    if let Some(slot) = slot {
                        slot(Ok(&answer));
                    }
                }
                Incoming::Link(state) => {
                    if let Link::Down(cause) = &state {
                        let lost: Vec<Slot> = self
                            .0
                            .waiting
                            .borrow_mut()
                            .drain()
                            .map(|(_, slot)| slot)
                            .collect();
                        for slot in lost {
                            slot(Err(ErrorView::new(
                                ErrorKind::Unreachable,
                                "The connection to Kitbench was lost.",
                                "It is tried again by itself.",
                            )
                            .with_details(cause.clone())));
                        }
                    }
                    link = Some(state);
                }
            }
        }
        (events, link)
    }

    /// How many calls are without an answer.
    #[must_use]
    pub fn in_flight(&self) -> usize {
        self.0.waiting.borrow().len()
    }
}
