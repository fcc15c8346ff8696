//! One browser tab's connection to the engine.
//!
//! Calls run side by side and are answered as they are done; events keep their order. What
//! waits to be sent is bounded. A tab that does not keep up is cut off: it connects again and
//! asks for everything anew, which is cheaper than an endless backlog.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade, close_code};
use axum::extract::{FromRequestParts, Request, State};
use axum::response::Response;
use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt, StreamExt};
use kitbench_engine::{Engine, Subscription};
use kitbench_protocol::{ClientFrame, ServerFrame, decode, encode};
use tokio::sync::{Semaphore, mpsc};
use tokio_util::sync::CancellationToken;

use crate::{Shared, pages};

/// Largest message that is taken, in bytes. The largest honest one is a Kitfile's text.
const MAX_MESSAGE_BYTES: usize = 16 * 1024 * 1024;
/// Calls of one tab that run at the same time; further ones wait in the connection.
const CALLS_AT_ONCE: usize = 64;
/// Messages that may wait to be sent. Events beyond that end the connection.
const QUEUE: usize = 1024;
/// A message that cannot be sent for so long ends the connection.
const SEND_PATIENCE: Duration = Duration::from_secs(30);
/// A silent connection is probed after so long, so that a vanished tab is noticed.
const PROBE_EVERY: Duration = Duration::from_secs(30);
/// How long the reason for the end may take to be sent.
const LAST_WORD: Duration = Duration::from_secs(1);

/// Why a connection ends, as told to the other side.
#[derive(Clone, Copy, Debug)]
enum Ending {
    /// The other side closed it, or is gone.
    Gone,
    TooSlow,
    NotOurs,
    Stopping,
}

impl Ending {
    fn frame(self) -> Option<Message> {
        let (code, reason) = match self {
            Ending::Gone => return None,
            // 1013: try again later.
            Ending::TooSlow => (close_code::AGAIN, "too slow; connect again"),
            Ending::NotOurs => (
                close_code::PROTOCOL,
                "not a message of this version; reload",
            ),
            Ending::Stopping => (close_code::AWAY, "Kitbench is stopping"),
        };
        Some(Message::Close(Some(CloseFrame {
            code,
            reason: reason.into(),
        })))
    }
}

/// One connection, as its parts see it: over or not, and the first reason given.
struct Connection {
    over: CancellationToken,
    why: OnceLock<Ending>,
}

impl Connection {
    fn end(&self, why: Ending) {
        let _ = self.why.set(why);
        self.over.cancel();
    }
}

/// Turns the request into a connection.
pub async fn upgrade(State(shared): State<Arc<Shared>>, request: Request) -> Response {
    let (mut parts, _) = request.into_parts();
    match WebSocketUpgrade::from_request_parts(&mut parts, &()).await {
        Ok(upgrade) => upgrade
            .max_message_size(MAX_MESSAGE_BYTES)
            .max_frame_size(MAX_MESSAGE_BYTES)
            .on_upgrade(move |socket| {
                let sockets = shared.sockets.clone();
                sockets.track_future(serve(socket, shared))
            }),
        Err(_) => pages::not_a_socket(),
    }
}

async fn serve(socket: WebSocket, shared: Arc<Shared>) {
    let (sink, stream) = socket.split();
    let (queue, waiting) = mpsc::channel(QUEUE);
    let connection = Connection {
        over: shared.stop.child_token(),
        why: OnceLock::new(),
    };
    // Before the first call is read, so that no event after its answer is missed.
    let events = shared.engine.subscribe();
    tokio::join!(
        read(stream, &shared.engine, queue.clone(), &connection),
        forward_events(events, queue, &connection),
        write(sink, waiting, &connection),
    );
}

/// Reads calls and starts each; returns when the connection is over.
async fn read(
    mut stream: SplitStream<WebSocket>,
    engine: &Engine,
    queue: mpsc::Sender<Message>,
    connection: &Connection,
) {
    let places = Arc::new(Semaphore::new(CALLS_AT_ONCE));
    loop {
        let message = tokio::select! {
            message = stream.next() => message,
            () = connection.over.cancelled() => return,
        };
        let bytes = match message {
            Some(Ok(Message::Binary(bytes))) => bytes,
            // Probes are answered by the library.
            Some(Ok(Message::Ping(_) | Message::Pong(_))) => continue,
            Some(Ok(Message::Text(_))) => return connection.end(Ending::NotOurs),
            Some(Ok(Message::Close(_)) | Err(_)) | None => return connection.end(Ending::Gone),
        };
        let Ok(frame) = decode::<ClientFrame>(&bytes) else {
            return connection.end(Ending::NotOurs);
        };
        let place = tokio::select! {
            place = places.clone().acquire_owned() => place,
            () = connection.over.cancelled() => return,
        };
        let (engine, queue) = (engine.clone(), queue.clone());
        // A call that began is finished even if the tab is gone: a save must not be half done.
        tokio::spawn(async move {
            let answer = engine.handle(frame.request).await;
            let reply = encode(&ServerFrame::Reply {
                id: frame.id,
                answer,
            });
            let _ = queue.send(Message::Binary(reply.into())).await;
            drop(place);
        });
    }
}

/// Passes the engine's events on, in their order.
async fn forward_events(
    mut events: Subscription,
    queue: mpsc::Sender<Message>,
    connection: &Connection,
) {
    loop {
        let event = tokio::select! {
            event = events.next() => event,
            () = connection.over.cancelled() => return,
        };
        let Some(event) = event else {
            return connection.end(Ending::Stopping);
        };
        let message = Message::Binary(encode(&ServerFrame::Event(event)).into());
        if queue.try_send(message).is_err() {
            return connection.end(Ending::TooSlow);
        }
    }
}

/// Sends what waits, probes a silent connection, and says why it ends.
async fn write(
    mut sink: SplitSink<WebSocket, Message>,
    mut waiting: mpsc::Receiver<Message>,
    connection: &Connection,
) {
    loop {
        let message = tokio::select! {
            message = waiting.recv() => message,
            () = connection.over.cancelled() => break,
            () = tokio::time::sleep(PROBE_EVERY) => Some(Message::Ping(Bytes::new())),
        };
        let Some(message) = message else { break };
        tokio::select! {
            sent = tokio::time::timeout(SEND_PATIENCE, sink.send(message)) => match sent {
                Ok(Ok(())) => {}
                Ok(Err(_)) => connection.end(Ending::Gone),
                Err(_) => connection.end(Ending::TooSlow),
            },
            () = connection.over.cancelled() => break,
        }
    }
    // Ended by all connections being ended.
    connection.end(Ending::Stopping);
    let last = async {
        if let Some(frame) = connection.why.get().and_then(|why| why.frame()) {
            let _ = sink.send(frame).await;
        }
        let _ = sink.close().await;
    };
    let _ = tokio::time::timeout(LAST_WORD, last).await;
}
