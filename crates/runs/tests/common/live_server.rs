//! A real MLflow tracking server over a recorded database.
#![allow(dead_code, reason = "each test program uses a part of it")]

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

/// A server that does not answer for this long does not start.
const PATIENCE: Duration = Duration::from_secs(600);

/// A running server; ended with all its processes when dropped.
pub struct Server {
    child: Child,
    /// `http://127.0.0.1:…`
    pub address: String,
    log: PathBuf,
    _home: tempfile::TempDir,
}

impl Server {
    /// Over the recorded database in `home`, which has the schema of the installed version.
    pub fn start(
        program: &dyn Fn(&str, &Path) -> Command,
        home: tempfile::TempDir,
        more: &[(&str, &Path)],
        arguments: &[&str],
    ) -> Self {
        let port = {
            let free = TcpListener::bind("127.0.0.1:0").unwrap();
            free.local_addr().unwrap().port()
        };
        let log = home.path().join("server.log");
        let out = File::create(&log).unwrap();
        let store = format!("sqlite:///{}/mlflow.db", home.path().display());
        let mut command = program("mlflow", home.path());
        command
            .args(["server", "--host", "127.0.0.1", "--workers", "1"])
            .args(["--port", &port.to_string(), "--backend-store-uri", &store])
            .args(arguments)
            .envs(more.iter().map(|(name, path)| (name, path)))
            .env("MLFLOW_FLASK_SERVER_SECRET_KEY", "for a test")
            .stdin(Stdio::null())
            .stdout(out.try_clone().unwrap())
            .stderr(out)
            .process_group(0);
        let child = command.spawn().unwrap();
        let mut server = Self {
            child,
            address: format!("http://127.0.0.1:{port}"),
            log,
            _home: home,
        };
        server.wait();
        server
    }

    fn wait(&mut self) {
        let deadline = Instant::now() + PATIENCE;
        while self.ask("GET /health", "").is_none() {
            let gone = self.child.try_wait().unwrap();
            let log = || std::fs::read_to_string(&self.log).unwrap_or_default();
            assert!(gone.is_none(), "the server ended ({gone:?}):\n{}", log());
            assert!(
                Instant::now() < deadline,
                "the server does not start:\n{}",
                log()
            );
            std::thread::yield_now();
        }
    }

    pub fn post(&self, call: &str, body: &Value) {
        let call = format!("POST /api/2.0/mlflow/{call}");
        assert!(self.ask(&call, &body.to_string()).is_some(), "{call}");
    }

    /// Asks as plainly as HTTP can; the body of a good answer.
    fn ask(&self, call: &str, body: &str) -> Option<String> {
        let host = self.address.strip_prefix("http://")?;
        let mut stream = TcpStream::connect(host).ok()?;
        let head = format!("{call} HTTP/1.0\r\nHost: {host}\r\nContent-Type: application/json");
        write!(
            stream,
            "{head}\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        )
        .ok()?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).ok()?;
        let (head, body) = answer.split_once("\r\n\r\n")?;
        let status = head.split(' ').nth(1)?;
        (status == "200").then(|| body.to_owned())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // The server is a family of processes in a group of their own.
        let group = format!("-{}", self.child.id());
        let _ = Command::new("kill").args(["-KILL", "--", &group]).status();
        let _ = self.child.wait();
    }
}
