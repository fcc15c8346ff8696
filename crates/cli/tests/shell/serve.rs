//! `serve`: it says where it is, answers there, and only to whoever has the token.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, Stdio};

use serde_json::Value;

use crate::common::Shell;

struct Serving {
    child: Child,
    port: u16,
    url: String,
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn serve(shell: &Shell, extra: &[&str]) -> Serving {
    let mut child = shell
        .command(["serve", "--json"].iter().chain(extra))
        .env("KITBENCH_WEB", shell.path("web"))
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap())
        .read_line(&mut line)
        .unwrap();
    let said: Value = serde_json::from_str(&line).unwrap();
    Serving {
        child,
        port: said["port"].as_u64().unwrap().try_into().unwrap(),
        url: said["url"].as_str().unwrap().to_owned(),
    }
}

/// Status line and everything after it.
fn get(port: u16, path: &str, cookie: &str) -> String {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    let cookie = if cookie.is_empty() {
        String::new()
    } else {
        format!("Cookie: {cookie}\r\n")
    };
    write!(
        stream,
        "GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n{cookie}Connection: close\r\n\r\n"
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn the_address_it_prints_opens_the_workbench() {
    let shell = Shell::new();
    shell.write("web/index.html", "<title>the workbench</title>");
    let serving = serve(&shell, &[]);
    assert!(get(serving.port, "/", "").starts_with("HTTP/1.1 403"));
    let path = serving
        .url
        .split_once(&format!(":{}", serving.port))
        .unwrap()
        .1;
    let answer = get(serving.port, path, "");
    assert!(answer.starts_with("HTTP/1.1 303"), "{answer}");
    let cookie = answer
        .lines()
        .find_map(|line| line.strip_prefix("set-cookie: "))
        .unwrap();
    let cookie = cookie.split(';').next().unwrap();
    let page = get(serving.port, "/", cookie);
    assert!(
        page.starts_with("HTTP/1.1 200") && page.contains("the workbench"),
        "{page}"
    );
}

#[test]
fn a_port_that_is_taken_says_so() {
    let shell = Shell::new();
    let serving = serve(&shell, &[]);
    shell
        .run(["serve", "--port", &serving.port.to_string()])
        .fails(1, &["--port", "another"]);
    shell
        .run(["serve", "--host", "no.such.host.invalid"])
        .fails(1, &["no.such.host.invalid", "127.0.0.1"]);
}
