//! A tiny HTTP/1.1 server whose answers a test writes: honest, wrong, slow or broken off.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// A request as it arrived.
#[derive(Clone, Debug)]
pub struct Asked {
    pub method: String,
    /// Path with query.
    pub path: String,
    /// Names in lower case.
    pub headers: HashMap<String, String>,
    /// What arrived of the body.
    pub body: Vec<u8>,
}

impl Asked {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }

    pub fn is(&self, method: &str, path_part: &str) -> bool {
        self.method == method && self.path.contains(path_part)
    }
}

/// An answer to give.
#[derive(Clone, Debug, Default)]
pub struct Answer {
    status: u16,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
    /// Breaks the connection after so many bytes of the body.
    cut_after: Option<usize>,
    /// Repeats the body until the other side hangs up, without a length.
    endless: bool,
    /// Says nothing at all.
    silent: bool,
}

impl Answer {
    pub fn status(status: u16) -> Self {
        Answer {
            status,
            ..Answer::default()
        }
    }
    pub fn ok(body: impl Into<Vec<u8>>) -> Self {
        Answer {
            status: 200,
            body: body.into(),
            ..Answer::default()
        }
    }
    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }
    pub fn header(mut self, name: &str, value: impl ToString) -> Self {
        self.headers.push((name.to_owned(), value.to_string()));
        self
    }
    pub fn cut_after(mut self, bytes: usize) -> Self {
        self.cut_after = Some(bytes);
        self
    }
    pub fn endless(mut self) -> Self {
        self.endless = true;
        self
    }
    pub fn silent() -> Self {
        Answer {
            silent: true,
            ..Answer::default()
        }
    }
}

type Handler = dyn Fn(&Asked) -> Answer + Send + Sync;

/// How much of a request body is read before the connection is broken off, if it is.
type CutRequest = dyn Fn(&Asked) -> Option<usize> + Send + Sync;

/// The running server; it ends with the test's runtime.
pub struct Fake {
    pub host: String,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl Fake {
    /// Starts a server that answers with `handler`.
    pub async fn start(handler: impl Fn(&Asked) -> Answer + Send + Sync + 'static) -> Fake {
        Fake::start_cutting(|_| None, handler).await
    }

    /// The same, but some requests are broken off in the middle of their body; the handler still sees what arrived.
    pub async fn start_cutting(
        cut: impl Fn(&Asked) -> Option<usize> + Send + Sync + 'static,
        handler: impl Fn(&Asked) -> Answer + Send + Sync + 'static,
    ) -> Fake {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let host = listener.local_addr().unwrap().to_string();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let log = asked.clone();
        let handler: Arc<Handler> = Arc::new(handler);
        let cut: Arc<CutRequest> = Arc::new(cut);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (handler, cut, log) = (handler.clone(), cut.clone(), log.clone());
                tokio::spawn(async move {
                    // A client that hangs up is part of the play.
                    let _ = serve(stream, &*handler, &*cut, &log).await;
                });
            }
        });
        Fake { host, asked }
    }

    /// All requests so far.
    pub fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }

    /// How many requests of this kind there were.
    pub fn count(&self, method: &str, path_part: &str) -> usize {
        self.asked()
            .iter()
            .filter(|asked| asked.is(method, path_part))
            .count()
    }
}

async fn serve(
    stream: TcpStream,
    handler: &Handler,
    cut: &CutRequest,
    log: &Mutex<Vec<Asked>>,
) -> std::io::Result<()> {
    let mut stream = BufReader::new(stream);
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await? == 0 {
            return Ok(());
        }
        let mut words = line.split_ascii_whitespace().map(str::to_owned);
        let (method, path) = (
            words.next().unwrap_or_default(),
            words.next().unwrap_or_default(),
        );
        let mut headers = HashMap::new();
        loop {
            let mut line = String::new();
            stream.read_line(&mut line).await?;
            match line.trim_end().split_once(':') {
                Some((name, value)) => {
                    headers.insert(name.to_ascii_lowercase(), value.trim().to_owned())
                }
                None => break,
            };
        }
        let length: usize = headers
            .get("content-length")
            .and_then(|text| text.parse().ok())
            .unwrap_or(0);
        let mut asked = Asked {
            method,
            path,
            headers,
            body: Vec::new(),
        };
        let wanted = cut(&asked).unwrap_or(length).min(length);
        asked.body = vec![0; wanted];
        stream.read_exact(&mut asked.body).await?;
        log.lock().unwrap().push(asked.clone());
        let answer = handler(&asked);
        if wanted < length {
            return Ok(());
        }
        if answer.silent {
            // Until the client gives up.
            let mut rest = Vec::new();
            stream.read_to_end(&mut rest).await?;
            return Ok(());
        }
        let mut head = format!("HTTP/1.1 {} X\r\n", answer.status);
        for (name, value) in &answer.headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        let own_length = answer
            .headers
            .iter()
            .any(|(name, _)| name.eq_ignore_ascii_case("content-length"));
        if answer.endless {
            head.push_str("connection: close\r\n");
        } else if !own_length && answer.status != 204 {
            head.push_str(&format!("content-length: {}\r\n", answer.body.len()));
        }
        head.push_str("\r\n");
        stream.write_all(head.as_bytes()).await?;
        if asked.method == "HEAD" {
            continue;
        }
        if answer.endless {
            loop {
                stream.write_all(&answer.body).await?;
            }
        }
        if let Some(bytes) = answer.cut_after {
            stream.write_all(&answer.body[..bytes]).await?;
            stream.flush().await?;
            return Ok(());
        }
        stream.write_all(&answer.body).await?;
        stream.flush().await?;
    }
}
