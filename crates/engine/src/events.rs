//! The one ordered stream of events.

use std::sync::{Mutex, PoisonError};

use kitbench_protocol::{Event, EventKind, Severity};
use tokio::sync::broadcast;

/// A reader that falls this far behind is cut off and asks for everything again; job
/// progress is merged to ten a second, so this is minutes of a busy program.
const CAPACITY: usize = 4096;

pub struct EventBus {
    sender: broadcast::Sender<Event>,
    sequence: Mutex<u64>,
    /// Notices from before anybody listened.
    unheard: Mutex<Vec<EventKind>>,
}

impl EventBus {
    pub fn new() -> EventBus {
        EventBus {
            sender: broadcast::channel(CAPACITY).0,
            sequence: Mutex::new(0),
            unheard: Mutex::default(),
        }
    }

    /// Tells the person something; if nobody listens yet, the first who does.
    pub fn notice(&self, severity: Severity, message: String) {
        let what = EventKind::Notice { severity, message };
        let mut unheard = self.unheard.lock().unwrap_or_else(PoisonError::into_inner);
        if self.sender.receiver_count() == 0 {
            unheard.push(what);
        } else {
            drop(unheard);
            self.send(what);
        }
    }

    /// Numbers and sends an event. The lock keeps number order and send order the same.
    pub fn send(&self, what: EventKind) {
        let mut sequence = self.sequence.lock().unwrap_or_else(PoisonError::into_inner);
        *sequence += 1;
        // An error means nobody listens, which is fine.
        let _ = self.sender.send(Event {
            sequence: *sequence,
            what,
        });
    }

    pub fn subscribe(&self) -> Subscription {
        let mut unheard = self.unheard.lock().unwrap_or_else(PoisonError::into_inner);
        let subscription = Subscription(self.sender.subscribe());
        for notice in unheard.drain(..) {
            self.send(notice);
        }
        subscription
    }
}

/// A reader of the event stream.
pub struct Subscription(broadcast::Receiver<Event>);

impl Subscription {
    /// The next event, or `None` when the engine is gone. A reader that was too slow
    /// sees a gap in [`Event::sequence`].
    pub async fn next(&mut self) -> Option<Event> {
        loop {
            match self.0.recv().await {
                Ok(event) => return Some(event),
                Err(broadcast::error::RecvError::Lagged(_)) => {}
                Err(broadcast::error::RecvError::Closed) => return None,
            }
        }
    }
}
