//! The way to the engine: a [`Backend`] carries bytes, the [`Client`] makes typed calls of it,
//! a [`Remote`] keeps a value that lives on the other side.
//!
//! Nothing here waits. A call is sent, its answer arrives in a later frame.

mod client;
mod download;
mod in_process;
mod remote;
#[cfg(target_arch = "wasm32")]
mod tauri;
#[cfg(target_arch = "wasm32")]
mod websocket;

pub use client::{Client, Pending};
pub use download::download;
pub use in_process::{Events, InProcess, Reply};
pub use remote::{Remote, RemoteMap, View as RemoteView};
#[cfg(target_arch = "wasm32")]
pub use tauri::Tauri;
#[cfg(target_arch = "wasm32")]
pub use websocket::Socket;

use kitbench_protocol::{ErrorView, Event, Request};

/// One door to the engine: the Tauri bridge, a WebSocket, or the engine in the same process.
pub trait Backend {
    /// Send a call. Its answer comes out of [`Self::poll`] with the same `id`, never at once.
    fn send(&self, id: u64, request: Request);

    /// Take what arrived since the last call, in order. The backend asks for a repaint
    /// whenever something arrives, so this need not be called on a timer.
    fn poll(&self) -> Vec<Incoming>;
}

/// What comes from the engine.
#[derive(Debug, Clone)]
pub enum Incoming {
    /// An encoded [`kitbench_protocol::Answer`] to the call with this id.
    Reply {
        /// The call's id.
        id: u64,
        /// The answer's bytes.
        answer: Vec<u8>,
    },
    /// Something changed.
    Event(Event),
    /// The connection came up or went down.
    Link(Link),
}

/// The state of the connection to the engine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Link {
    /// Calls can be answered.
    Up,
    /// It is lost, for this reason; calls in flight fail.
    Down(String),
}

/// Everything a person may want to pass on about an error.
#[must_use]
pub fn details_of(error: &ErrorView) -> String {
    [
        error.message.as_str(),
        error.hint.as_str(),
        error.details.as_str(),
    ]
    .into_iter()
    .filter(|part| !part.is_empty())
    .collect::<Vec<_>>()
    .join("\n")
}
