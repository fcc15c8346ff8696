//! The bridge between the page and the engine: one command that takes and returns bytes, and one
//! channel of events.

use std::sync::Mutex;

use kitbench_protocol::{Answer, ErrorKind, ErrorView, EventKind, Request, encode};
use tauri::ipc::{Channel, InvokeBody, InvokeResponseBody, JavaScriptChannelId, Response};
use tauri::{Manager, Webview};

use crate::arguments::Intent;
use crate::native;

/// Names the channel that events shall go to; a call with it has an empty body.
const EVENTS_HEADER: &str = "kitbench-events";

pub struct Bridge {
    held: Mutex<Vec<EventKind>>,
}
impl Bridge {
    pub fn start(_app: &tauri::AppHandle, _intent: &Intent) -> anyhow::Result<Self> {
        Ok(Self {
            held: Mutex::default(),
        })
    }
    pub fn stop(&self) {}
    pub fn publish(&self, kind: EventKind) {
        self.held.lock().unwrap().push(kind)
    }
}

#[tauri::command]
pub async fn bridge(
    webview: Webview,
    request: tauri::ipc::Request<'_>,
) -> Result<Response, String> {
    let app = webview.app_handle().clone();
    if let Some(channel) = request.headers().get(EVENTS_HEADER) {
        let id: JavaScriptChannelId = channel
            .to_str()
            .map_err(|e| e.to_string())?
            .parse()
            .map_err(|e: &str| e.to_string())?;
        let channel: Channel<InvokeResponseBody> = id.channel_on(webview.clone());
        channel
            .send(InvokeResponseBody::Raw(vec![1, 2, 3]))
            .map_err(|e| e.to_string())?;
        return Ok(Response::new(Vec::new()));
    }
    let InvokeBody::Raw(bytes) = request.body() else {
        return Err("the bridge takes bytes".into());
    };
    Ok(Response::new(bytes.clone()))
}
