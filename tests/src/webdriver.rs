//! The part of WebDriver (https://www.w3.org/TR/webdriver2/) that the tests use, over plain HTTP.

use std::time::Duration;

use anyhow::{Context, Result, bail};
use base64::Engine;
use serde_json::{Value, json};

/// A session: one window or one browser tab. It ends when this is dropped.
#[derive(Debug)]
pub struct Session {
    agent: ureq::Agent,
    url: String,
}

impl Session {
    /// Opens a session at a WebDriver server, e.g. `http://127.0.0.1:4444`.
    pub fn open(server: &str, capabilities: &Value) -> Result<Self> {
        let agent = agent(Duration::from_secs(60));
        let body = json!({"capabilities": {"alwaysMatch": capabilities}});
        let answer = call(&agent, "POST", &format!("{server}/session"), Some(&body))?;
        let id = answer
            .get("sessionId")
            .and_then(Value::as_str)
            .context("the WebDriver server named no session")?;
        Ok(Self {
            url: format!("{server}/session/{id}"),
            agent,
        })
    }

    /// Whether a server answers at this address.
    pub fn ready(server: &str) -> Result<bool> {
        let agent = agent(Duration::from_secs(2));
        let answer = call(&agent, "GET", &format!("{server}/status"), None)?;
        Ok(answer
            .get("ready")
            .and_then(Value::as_bool)
            .unwrap_or(false))
    }

    /// Goes to an address.
    pub fn go(&self, url: &str) -> Result<()> {
        self.post("url", &json!({"url": url})).map(drop)
    }

    /// Runs the body of a function in the page and returns what it returns.
    pub fn script(&self, body: &str, arguments: &[Value]) -> Result<Value> {
        self.post("execute/sync", &json!({"script": body, "args": arguments}))
    }

    /// Runs the body of a function in the page and waits for what its promise resolves to.
    pub fn promise(&self, body: &str, arguments: &[Value]) -> Result<Value> {
        // The server adds the function that ends the wait as the last argument.
        let script = format!(
            "const done = arguments[arguments.length - 1]; \
             (async function () {{ {body} }}).apply(null, arguments) \
             .then((value) => done({{ value }}), (error) => done({{ error: String(error) }}))"
        );
        let mut answer = self.post(
            "execute/async",
            &json!({"script": script, "args": arguments}),
        )?;
        if let Some(error) = answer.get("error").and_then(Value::as_str) {
            bail!("the page says: {error}");
        }
        Ok(answer.get_mut("value").map(Value::take).unwrap_or_default())
    }

    /// Waits until the page has drawn what is known by now: two frames, since a frame may ask for the
    /// next one.
    pub fn next_frame(&self) -> Result<()> {
        self.promise(
            "window.kitbenchPacer?.wake(); \
             await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))",
            &[],
        )
        .map(drop)
    }

    /// The window's picture, as PNG.
    pub fn screenshot(&self) -> Result<Vec<u8>> {
        let answer = call(
            &self.agent,
            "GET",
            &format!("{}/screenshot", self.url),
            None,
        )?;
        let text = answer.as_str().context("a screenshot is text")?;
        base64::engine::general_purpose::STANDARD
            .decode(text)
            .context("a screenshot is base64")
    }

    /// Sets the outer size of the window, in logical pixels.
    pub fn resize(&self, width: u32, height: u32) -> Result<()> {
        self.post(
            "window/rect",
            &json!({"x": 0, "y": 0, "width": width, "height": height}),
        )
        .map(drop)
    }

    /// Moves the pointer to a place in the page and presses the main button.
    pub fn click_at(&self, x: f64, y: f64) -> Result<()> {
        self.pointer(&[
            json!({"type": "pointerMove", "duration": 0, "x": x.round() as i64, "y": y.round() as i64}),
            json!({"type": "pointerDown", "button": 0}),
            json!({"type": "pointerUp", "button": 0}),
        ])
    }

    /// Moves the pointer without pressing anything.
    pub fn hover_at(&self, x: f64, y: f64) -> Result<()> {
        self.pointer(&[
            json!({"type": "pointerMove", "duration": 0, "x": x.round() as i64, "y": y.round() as i64}),
        ])
    }

    /// Presses the main button at one place and lets it go at another. Each part is seen by a frame
    /// of its own: on a busy machine one frame may last longer than a hand takes.
    pub fn drag(&self, from: (f64, f64), to: (f64, f64)) -> Result<()> {
        let place = |(x, y): (f64, f64), duration: u32| json!({"type": "pointerMove", "duration": duration, "x": x.round() as i64, "y": y.round() as i64});
        let between = ((from.0 + to.0) / 2.0, (from.1 + to.1) / 2.0);
        for part in [
            place(from, 0),
            json!({"type": "pointerDown", "button": 0}),
            place(between, 50),
            place(to, 50),
            json!({"type": "pointerUp", "button": 0}),
        ] {
            self.pointer(&[part])?;
            self.next_frame()?;
        }
        Ok(())
    }

    fn pointer(&self, actions: &[Value]) -> Result<()> {
        self.post(
            "actions",
            &json!({"actions": [{
                "type": "pointer",
                "id": "mouse",
                "parameters": {"pointerType": "mouse"},
                "actions": actions,
            }]}),
        )
        .map(drop)
    }

    /// Types text with the keyboard, one key after the other.
    pub fn type_text(&self, text: &str) -> Result<()> {
        let actions: Vec<Value> = text
            .chars()
            .flat_map(|c| {
                let key = c.to_string();
                [
                    json!({"type": "keyDown", "value": key}),
                    json!({"type": "keyUp", "value": key}),
                ]
            })
            .collect();
        self.keys(&actions)
    }

    /// Presses keys together, e.g. `[CONTROL, "k"]`, and lets them go in the reverse order.
    pub fn chord(&self, keys: &[&str]) -> Result<()> {
        let down = keys
            .iter()
            .map(|key| json!({"type": "keyDown", "value": key}));
        let up = keys
            .iter()
            .rev()
            .map(|key| json!({"type": "keyUp", "value": key}));
        self.keys(&down.chain(up).collect::<Vec<_>>())
    }

    fn keys(&self, actions: &[Value]) -> Result<()> {
        self.post(
            "actions",
            &json!({"actions": [{"type": "key", "id": "keyboard", "actions": actions}]}),
        )
        .map(drop)
    }

    fn post(&self, path: &str, body: &Value) -> Result<Value> {
        call(
            &self.agent,
            "POST",
            &format!("{}/{path}", self.url),
            Some(body),
        )
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        // The server ends the window; if it is gone already, so is the window.
        let _ = call(&self.agent, "DELETE", &self.url, None);
    }
}

/// Names of keys that have no character, as WebDriver writes them (section 17.4.2, "Keyboard actions").
pub mod keys {
    pub const BACKSPACE: &str = "\u{e003}";
    pub const TAB: &str = "\u{e004}";
    pub const ENTER: &str = "\u{e007}";
    pub const SHIFT: &str = "\u{e008}";
    pub const CONTROL: &str = "\u{e009}";
    pub const ALT: &str = "\u{e00a}";
    pub const ESCAPE: &str = "\u{e00c}";
    pub const PAGE_DOWN: &str = "\u{e00f}";
    pub const HOME: &str = "\u{e011}";
    pub const LEFT: &str = "\u{e012}";
    pub const UP: &str = "\u{e013}";
    pub const RIGHT: &str = "\u{e014}";
    pub const DOWN: &str = "\u{e015}";
    pub const DELETE: &str = "\u{e017}";
    pub const F1: &str = "\u{e031}";
    pub const F5: &str = "\u{e035}";
}

fn agent(at_most: Duration) -> ureq::Agent {
    ureq::Agent::config_builder()
        .timeout_global(Some(at_most))
        // An error of the protocol comes with a body that says which.
        .http_status_as_error(false)
        .build()
        .into()
}

fn call(agent: &ureq::Agent, method: &str, url: &str, body: Option<&Value>) -> Result<Value> {
    let what = || format!("WebDriver {method} {url}");
    let mut response = match (method, body) {
        ("POST", Some(body)) => agent.post(url).send_json(body),
        ("DELETE", _) => agent.delete(url).call(),
        _ => agent.get(url).call(),
    }
    .with_context(what)?;
    let mut answer: Value = response
        .body_mut()
        .with_config()
        // Screenshots are large.
        .limit(64 << 20)
        .read_json()
        .with_context(what)?;
    let value = answer.get_mut("value").map(Value::take).unwrap_or_default();
    if !response.status().is_success() {
        let text = |key: &str| value.get(key).and_then(Value::as_str).unwrap_or_default();
        bail!("{}: {}: {}", what(), text("error"), text("message"));
    }
    Ok(value)
}
