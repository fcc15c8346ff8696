//! A browser door on a free port, with a real engine in temporary folders.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::path::Path;

use kitbench_engine::{Engine, EngineOptions};
use kitbench_protocol::Door as DoorKind;
use kitbench_server::{ServeOptions, Server, ServerError};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// What a small page stands in for.
pub const PAGE: &str = "<!doctype html><title>bench</title>";

pub struct Door {
    pub engine: Engine,
    pub address: SocketAddr,
    pub token: String,
    stop: Option<oneshot::Sender<()>>,
    running: Option<JoinHandle<Result<(), ServerError>>>,
    pub folder: tempfile::TempDir,
}

/// Opens a door that serves the files in `web` below its temporary folder.
pub async fn open() -> Door {
    let folder = tempfile::tempdir().unwrap();
    let web = folder.path().join("web");
    std::fs::create_dir(&web).unwrap();
    std::fs::write(web.join("index.html"), PAGE).unwrap();
    // Compressible, and larger than one write of the socket.
    std::fs::write(web.join("kitbench_ui_bg.wasm"), wasm()).unwrap();
    std::fs::write(web.join("kitbench_ui.js"), "export {};\n".repeat(200)).unwrap();
    std::fs::write(folder.path().join("secret.txt"), "not for you").unwrap();
    open_with(folder, Some("web")).await
}

/// Bytes that start as WebAssembly does.
pub fn wasm() -> Vec<u8> {
    let mut bytes = b"\0asm\x01\0\0\0".to_vec();
    bytes.extend((0..300_000u32).map(|n| (n / 64 % 251) as u8));
    bytes
}

pub async fn open_with(folder: tempfile::TempDir, web: Option<&str>) -> Door {
    let engine = Engine::start(engine_options(folder.path())).await.unwrap();
    let options = ServeOptions {
        web_folder: web.map(|name| folder.path().join(name)),
        ..ServeOptions::default()
    };
    let server = Server::bind(engine.clone(), options).await.unwrap();
    let address = server.address();
    let url = server.url();
    let token = url.split_once("?token=").unwrap().1.to_owned();
    let (stop, stopped) = oneshot::channel();
    let running = tokio::spawn(server.run(async move {
        let _ = stopped.await;
    }));
    Door {
        engine,
        address,
        token,
        stop: Some(stop),
        running: Some(running),
        folder,
    }
}

pub fn engine_options(folder: &Path) -> EngineOptions {
    EngineOptions {
        state_folder: folder.join("state"),
        kit_home: folder.join("kitops"),
        example_target: folder.join("example"),
        open: None,
        open_example: false,
        ..EngineOptions::for_this_user(DoorKind::Browser)
    }
}

impl Door {
    /// Stops the server and waits until it has.
    pub async fn close(&mut self) {
        let _ = self.stop.take().unwrap().send(());
        self.running.take().unwrap().await.unwrap().unwrap();
    }

    /// Trades the token for a cookie, as a browser does.
    pub async fn cookie(&self) -> String {
        let answer = self.get(&format!("/?token={}", self.token), &[]).await;
        assert_eq!(answer.status, 303, "{}", answer.text());
        let cookie = &answer.headers["set-cookie"];
        cookie.split(';').next().unwrap().to_owned()
    }

    pub async fn get(&self, path: &str, headers: &[(&str, &str)]) -> Answer {
        self.ask("GET", path, headers).await
    }

    /// Sends exactly these words: no client library that would tidy them up first.
    pub async fn ask(&self, method: &str, path: &str, headers: &[(&str, &str)]) -> Answer {
        let mut request = format!("{method} {path} HTTP/1.1\r\nConnection: close\r\n");
        if !headers
            .iter()
            .any(|(name, _)| name.eq_ignore_ascii_case("host"))
        {
            request += &format!("Host: {}\r\n", self.address);
        }
        for (name, value) in headers {
            request += &format!("{name}: {value}\r\n");
        }
        request += "\r\n";
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).await.unwrap();
        Answer::parse(&bytes)
    }
}

#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    /// Names in lower case.
    pub headers: HashMap<String, String>,
    pub body: Vec<u8>,
}

impl Answer {
    fn parse(bytes: &[u8]) -> Answer {
        let end = bytes
            .windows(4)
            .position(|window| window == b"\r\n\r\n")
            .expect("an HTTP answer");
        let head = std::str::from_utf8(&bytes[..end]).unwrap();
        let mut lines = head.split("\r\n");
        let status = lines.next().unwrap().split(' ').nth(1).unwrap();
        let headers = lines
            .map(|line| line.split_once(": ").unwrap())
            .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
            .collect();
        Answer {
            status: status.parse().unwrap(),
            headers,
            body: bytes[end + 4..].to_vec(),
        }
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}
