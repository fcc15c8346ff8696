//! `kitbench serve`: the workbench in a browser.

use std::path::PathBuf;

use clap::Args;
use kitbench_engine::{Engine, EngineOptions};
use kitbench_protocol::{Door, ErrorKind};
use kitbench_server::{ServeOptions, Server, ServerError};
use serde::Serialize;

use crate::context::Context;
use crate::failure::{Failure, Outcome, sentence};

#[derive(Debug, Args)]
pub struct Serve {
    /// Add this project folder, if need be, and open it
    #[arg(value_name = "FOLDER")]
    folder: Option<PathBuf>,

    /// Address to listen on; anything but loopback lets other computers in, if they have the token
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1")]
    host: String,

    /// Port to listen on; 0 takes a free one
    #[arg(long, value_name = "PORT", default_value_t = 0)]
    port: u16,

    /// Further host name under which browsers may ask; repeatable
    #[arg(long, value_name = "NAME")]
    allow_host: Vec<String>,

    /// Open the browser
    #[arg(long)]
    open: bool,

    /// Open the example project
    #[arg(long, conflicts_with = "folder")]
    example: bool,
}

/// The JSON of `serve`: one line, once it answers.
#[derive(Serialize)]
struct Serving<'a> {
    url: &'a str,
    host: String,
    port: u16,
}

impl Serve {
    pub async fn run(self, context: &Context) -> Outcome {
        let open = match self.folder {
            Some(folder) => Some(std::path::absolute(&folder).map_err(|error| {
                kitbench_engine::errors::io_error("find the folder", &folder, &error)
            })?),
            None => None,
        };
        let engine = Engine::start(EngineOptions {
            kit_home: context.home.path().to_owned(),
            open,
            open_example: self.example,
            ..EngineOptions::for_this_user(Door::Browser)
        })
        .await?;
        let options = ServeOptions {
            host: self.host,
            port: self.port,
            allowed_hosts: self.allow_host,
            ..ServeOptions::default()
        };
        let server = Server::bind(engine, options).await.map_err(failure)?;
        if let Some(advice) = server.missing_interface() {
            log::warn!("There is no user interface to serve. {advice}");
        }
        if server.is_public() {
            log::warn!(
                "Other computers can reach this address. The token travels unencrypted; prefer a tunnel (ssh -L) to 127.0.0.1."
            );
        }
        let url = server.url();
        let serving = Serving {
            url: &url,
            host: server.address().ip().to_string(),
            port: server.address().port(),
        };
        if context.out.is_json() {
            let line = serde_json::to_string(&serving).unwrap_or_default();
            context.out.text(|out| writeln!(out, "{line}"))?;
        } else {
            context.out.text(|out| {
                writeln!(out, "Kitbench is at {url}")?;
                writeln!(out, "Press Ctrl-C to stop.")
            })?;
        }
        if self.open {
            open_browser(&url);
        }
        let cancel = context.cancel.clone();
        server
            .run(async move { cancel.cancelled().await })
            .await
            .map_err(failure)
        // Ctrl-C is how serving ends, so that is no failure.
    }
}

fn failure(error: ServerError) -> Failure {
    let kind = match &error {
        ServerError::Resolve { .. } => ErrorKind::Invalid,
        _ => ErrorKind::Io,
    };
    let text = error.to_string();
    let (what, advice) = text.split_once("; ").unwrap_or((&text, ""));
    Failure::failed(kind, sentence(what), sentence(advice))
}

/// Asks the system to show `url`. The token is on its command line for as long as that program
/// runs, which is why it is done only when asked for.
fn open_browser(url: &str) {
    let mut command = if cfg!(target_os = "macos") {
        std::process::Command::new("open")
    } else if cfg!(windows) {
        let mut command = std::process::Command::new("rundll32");
        command.arg("url.dll,FileProtocolHandler");
        command
    } else {
        std::process::Command::new("xdg-open")
    };
    let started = command
        .arg(url)
        .stdin(std::process::Stdio::null())
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .spawn();
    if let Err(error) = started {
        log::warn!("No browser could be started ({error}); open the address yourself.");
    }
}
