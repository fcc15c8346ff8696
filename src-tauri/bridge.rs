//! The bridge between the page and the engine: one command that takes and returns bytes, and one
//! channel of events.
//!
//! The engine starts while the window opens; calls that come earlier wait for it. If it cannot start,
//! every call is answered with the reason, so that the page can show it.

use std::sync::{Mutex, PoisonError};

use kitbench_engine::{Engine, EngineOptions};
use kitbench_protocol::{
    Answer, ClientFrame, Door, ErrorKind, ErrorView, EventKind, Request, Severity, decode, encode,
};
use serde::Serialize;
use tauri::async_runtime::JoinHandle;
use tauri::ipc::{Channel, InvokeBody, InvokeResponseBody, JavaScriptChannelId, Response};
use tauri::{Manager, Webview};
use tokio::sync::watch;

use crate::arguments::Intent;
use crate::native;
use crate::notices::Notices;

/// Names the channel that events shall go to; a call that has it has no body.
const EVENTS_HEADER: &str = "kitbench-events";

type Started = Option<Result<Engine, ErrorView>>;

pub struct Bridge {
    engine: watch::Receiver<Started>,
    outbox: Mutex<Outbox>,
}

/// What the shell has to say, and to whom.
#[derive(Default)]
struct Outbox {
    /// Forwards events to the page; `None` until the page has asked for them.
    forwarder: Option<JoinHandle<()>>,
    /// Said before the page listened.
    held: Vec<EventKind>,
}

impl Bridge {
    /// Starts the engine in the background.
    pub fn start(app: &tauri::AppHandle, intent: Intent) -> Self {
        let (sender, engine) = watch::channel(None);
        let held = intent.reference.clone().map(EventKind::LinkOpened);
        let handle = app.clone();
        tauri::async_runtime::spawn(async move {
            let (started, notice) = start_engine(intent).await;
            // The receiver lives as long as the program; if it is gone, so is the program.
            let _ = sender.send(Some(started));
            if let Some(notice) = notice {
                handle.state::<Bridge>().publish(notice);
            }
        });
        Self {
            engine,
            outbox: Mutex::new(Outbox {
                forwarder: None,
                held: held.into_iter().collect(),
            }),
        }
    }

    /// Puts an event of the shell into the engine's stream, once the page listens.
    pub fn publish(&self, event: EventKind) {
        let mut outbox = self.outbox.lock().unwrap_or_else(PoisonError::into_inner);
        match &*self.engine.borrow() {
            Some(Ok(engine)) if outbox.forwarder.is_some() => engine.tell(event),
            _ => outbox.held.push(event),
        }
    }

    async fn engine(&self) -> Result<Engine, ErrorView> {
        let mut engine = self.engine.clone();
        let stopped = || {
            ErrorView::new(
                ErrorKind::Internal,
                "Kitbench stopped while it was starting.",
                "Start it again.",
            )
        };
        match engine.wait_for(Option::is_some).await.as_deref() {
            Ok(Some(started)) => started.clone(),
            _ => Err(stopped()),
        }
    }

    /// Sends every event from now on to the page. A page that was loaded anew takes the place of the
    /// one before.
    async fn subscribe(&self, app: tauri::AppHandle, channel: Channel<InvokeResponseBody>) {
        let Ok(engine) = self.engine().await else {
            // Nothing will happen; the page learns why from its calls.
            return;
        };
        let mut events = engine.subscribe();
        let forwarder = tauri::async_runtime::spawn(async move {
            let mut notices = Notices::default();
            while let Some(event) = events.next().await {
                notices.see(&app, &event.what);
                if channel
                    .send(InvokeResponseBody::Raw(encode(&event)))
                    .is_err()
                {
                    break;
                }
            }
        });
        let mut outbox = self.outbox.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(before) = outbox.forwarder.replace(forwarder) {
            before.abort();
        }
        for event in outbox.held.drain(..) {
            engine.tell(event);
        }
    }

    async fn call(&self, app: &tauri::AppHandle, body: &[u8]) -> Vec<u8> {
        match decode::<ClientFrame>(body).map(|frame| frame.request) {
            Err(error) => refuse(
                ErrorView::new(
                    ErrorKind::Invalid,
                    "The window sent something that could not be read.",
                    "Restart Kitbench; its window and its engine may be of different versions.",
                )
                .with_details(error.to_string()),
            ),
            Ok(Request::PickFolder(call)) => reply(native::pick_folder(app, call).await),
            Ok(Request::SaveFile(call)) => reply(native::save_file(app, call).await),
            Ok(Request::Reveal(call)) => reply(native::reveal(call).await),
            Ok(request) => match self.engine().await {
                Ok(engine) => engine.handle(request).await,
                Err(error) => refuse(error),
            },
        }
    }
}

/// The one command: an encoded [`ClientFrame`] in, its encoded answer out. With the header
/// `kitbench-events` it names the channel for events instead.
#[tauri::command]
pub async fn bridge(
    webview: Webview,
    request: tauri::ipc::Request<'_>,
) -> Result<Response, String> {
    let app = webview.app_handle().clone();
    let bridge = app.state::<Bridge>();
    if let Some(name) = request.headers().get(EVENTS_HEADER) {
        let id: JavaScriptChannelId = name
            .to_str()
            .ok()
            .and_then(|name| name.parse().ok())
            .ok_or("the header names no channel")?;
        bridge
            .subscribe(app.clone(), id.channel_on(webview.clone()))
            .await;
        return Ok(Response::new(Vec::new()));
    }
    let InvokeBody::Raw(body) = request.body() else {
        return Err("the bridge takes bytes, not JSON".into());
    };
    Ok(Response::new(bridge.call(&app, body).await))
}

/// Starts the engine. What cannot be opened is no reason not to start: it is told instead.
async fn start_engine(intent: Intent) -> (Result<Engine, ErrorView>, Option<EventKind>) {
    let plain = EngineOptions::for_this_user(Door::Window);
    let wanted = EngineOptions {
        open: intent.folder,
        open_example: intent.example,
        ..plain.clone()
    };
    let asked = wanted.open.is_some() || wanted.open_example;
    match Engine::start(wanted).await {
        Err(error) if asked => {
            let notice = EventKind::Notice {
                severity: Severity::Error,
                message: error.to_string(),
            };
            (Engine::start(plain).await, Some(notice))
        }
        started => (started, None),
    }
}

fn reply<T: Serialize>(answer: Answer<T>) -> Vec<u8> {
    encode(&answer)
}

fn refuse(error: ErrorView) -> Vec<u8> {
    encode(&Answer::<()>::Err(error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_can_be_read_as_the_answer_of_any_call() {
        let error = ErrorView::new(ErrorKind::Io, "The disk is full.", "Make room.");
        let bytes = refuse(error.clone());
        let answer: Answer<kitbench_protocol::AppInfo> = decode(&bytes).unwrap();
        assert_eq!(answer, Err(error));
    }
}
