//! A tracking server in the same process: one experiment with one run, as MLflow answers.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use base64::Engine as _;
use serde_json::{Value, json};

/// What the server has and how it behaves.
#[derive(Default)]
pub struct Content {
    /// User and password it asks for.
    pub login: Option<(String, String)>,
    /// Values of the metric `loss`, at steps 0, 1, 2 …
    pub loss: Vec<f64>,
    /// Something else answers: a page.
    pub elsewhere: bool,
    /// Questions so far.
    pub asked: usize,
}

pub struct FakeMlflow {
    pub url: String,
    pub content: Arc<Mutex<Content>>,
    /// Nobody listens any more once it is set.
    closed: Arc<Mutex<bool>>,
}

impl FakeMlflow {
    pub fn start(content: Content) -> FakeMlflow {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let content = Arc::new(Mutex::new(content));
        let closed = Arc::new(Mutex::new(false));
        let (served, end) = (content.clone(), closed.clone());
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                if *end.lock().unwrap() {
                    return;
                }
                let served = served.clone();
                std::thread::spawn(move || {
                    // A client that went away is no concern here.
                    let _ = answer(stream.unwrap(), &served);
                });
            }
        });
        FakeMlflow {
            url,
            content,
            closed,
        }
    }

    /// The server ends: connections are refused from now on.
    pub fn stop(&self) {
        *self.closed.lock().unwrap() = true;
        let host = self.url.strip_prefix("http://").unwrap();
        // Wakes the listener, which then ends.
        let _ = TcpStream::connect(host);
        while TcpStream::connect(host).is_ok() {
            std::thread::yield_now();
        }
    }
}

fn answer(stream: TcpStream, content: &Mutex<Content>) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    let (mut first, mut login, mut length) = (String::new(), String::new(), 0);
    reader.read_line(&mut first)?;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let Some((name, value)) = line.trim().split_once(": ") else {
            break;
        };
        match name.to_lowercase().as_str() {
            "authorization" => login = value.to_owned(),
            "content-length" => length = value.parse().unwrap_or(0),
            _ => {}
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    let path = first.split(' ').nth(1).unwrap_or_default();
    let (status, body) = {
        let mut content = content.lock().unwrap();
        content.asked += 1;
        let wanted = content.login.as_ref().map(|(user, password)| {
            let pair = format!("{user}:{password}");
            let pair = base64::engine::general_purpose::STANDARD.encode(pair);
            format!("Basic {pair}")
        });
        if content.elsewhere {
            ("200 OK", "<html>another program</html>".to_owned())
        } else if wanted.is_some_and(|wanted| wanted != login) {
            ("401 Unauthorized", String::new())
        } else {
            ("200 OK", reply(path, &content).to_string())
        }
    };
    let mut stream = stream;
    write!(
        stream,
        "HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    )
}

fn reply(path: &str, content: &Content) -> Value {
    let point = |step: usize, value: &f64| json!({"key": "loss", "value": value, "timestamp": 1_767_225_600_000_i64 + step as i64, "step": step});
    let call = path.split("/api/2.0/mlflow/").nth(1).unwrap_or_default();
    match call.split('?').next().unwrap_or_default() {
        "experiments/search" => {
            json!({"experiments": [{"experiment_id": "1", "name": "far"}]})
        }
        "runs/search" => {
            let last = content.loss.len().saturating_sub(1);
            let latest = content.loss.last().map(|value| point(last, value));
            json!({"runs": [{
                "info": {
                    "run_id": "ab12", "run_name": "far one", "experiment_id": "1",
                    "status": "FINISHED", "start_time": 1_767_225_600_000_i64,
                    "end_time": 1_767_225_700_000_i64, "lifecycle_stage": "active",
                },
                "data": {
                    "metrics": latest.into_iter().collect::<Vec<_>>(),
                    "params": [{"key": "lr", "value": "0.5"}], "tags": [],
                },
            }]})
        }
        "metrics/get-history" => {
            let points = content.loss.iter().enumerate();
            json!({"metrics": points.map(|(step, value)| point(step, value)).collect::<Vec<_>>()})
        }
        _ => json!({}),
    }
}
