//! The browser door: the workbench's user interface and its engine over HTTP.
//!
//! Everything lies behind a random token, as in Jupyter. `http://127.0.0.1:PORT/?token=…`
//! trades it for a cookie; without either nothing is served or answered. The page talks to
//! the engine through one WebSocket at [`SOCKET_PATH`], which carries postcard
//! [`ClientFrame`](kitbench_protocol::ClientFrame)s one way and
//! [`ServerFrame`](kitbench_protocol::ServerFrame)s the other.
//!
//! What the modules own: `guard` who may ask, `assets` the files of the page, `socket` the
//! connection to the engine, `pages` the few words said without the page.

mod assets;
mod guard;
mod pages;
mod socket;
mod token;

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::middleware;
use axum::routing::any;
use kitbench_engine::Engine;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

pub use token::Token;

/// Where the WebSocket is.
pub const SOCKET_PATH: &str = "/ws";

/// Open requests get this long to finish once the server is told to stop.
const GRACE: Duration = Duration::from_secs(3);

/// How the browser door is opened.
#[derive(Clone, Debug)]
pub struct ServeOptions {
    /// Name or address to listen on; loopback unless the user says otherwise.
    pub host: String,
    /// Port to listen on; 0 takes a free one.
    pub port: u16,
    /// Names, beside the addresses of this computer, under which a browser may ask: for a
    /// reverse proxy, or a computer that is reached by its name.
    pub allowed_hosts: Vec<String>,
    /// Serve the user interface from this folder instead of the built-in one.
    pub web_folder: Option<PathBuf>,
}

impl Default for ServeOptions {
    /// Loopback, a free port, and the folder that `KITBENCH_WEB` names, if it is set.
    fn default() -> Self {
        ServeOptions {
            host: "127.0.0.1".into(),
            port: 0,
            allowed_hosts: Vec::new(),
            web_folder: std::env::var_os("KITBENCH_WEB")
                .filter(|value| !value.is_empty())
                .map(PathBuf::from),
        }
    }
}

/// Why the browser door stays shut.
#[derive(Debug, thiserror::Error)]
pub enum ServerError {
    #[error("“{host}” is not an address of this computer: {source}; try --host 127.0.0.1")]
    Resolve { host: String, source: io::Error },
    #[error("could not listen on {host} port {port}: {source}{}", advice(source))]
    Bind {
        host: String,
        port: u16,
        source: io::Error,
    },
    #[error("the system gives no random numbers for the access token: {0}")]
    Random(getrandom::Error),
    #[error("the server stopped: {0}")]
    Serve(io::Error),
}

fn advice(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::AddrInUse => {
            "; another program has this port: choose another with --port, or 0 for a free one"
        }
        io::ErrorKind::PermissionDenied => {
            "; ports below 1024 need more rights: choose a higher one"
        }
        io::ErrorKind::AddrNotAvailable => "; that is no address of this computer",
        _ => "",
    }
}

/// What all requests share.
struct Shared {
    engine: Engine,
    assets: assets::Assets,
    access: guard::Access,
    /// Ends all connections.
    stop: CancellationToken,
    /// The connections that are open.
    sockets: TaskTracker,
}

/// A door that listens but does not answer yet; see [`Server::run`].
pub struct Server {
    listener: TcpListener,
    address: SocketAddr,
    shared: Arc<Shared>,
}

impl Server {
    /// Listens as `options` say. Connections wait until [`Server::run`].
    ///
    /// # Errors
    /// [`ServerError::Resolve`] and [`ServerError::Bind`] when the address cannot be had,
    /// [`ServerError::Random`] when the system has no randomness.
    pub async fn bind(engine: Engine, options: ServeOptions) -> Result<Server, ServerError> {
        let ServeOptions {
            host,
            port,
            allowed_hosts,
            web_folder,
        } = options;
        let addresses: Vec<SocketAddr> = tokio::net::lookup_host((host.as_str(), port))
            .await
            .map_err(|source| ServerError::Resolve {
                host: host.clone(),
                source,
            })?
            .collect();
        let bind_error = |source| ServerError::Bind {
            host: host.clone(),
            port,
            source,
        };
        let listener = TcpListener::bind(addresses.as_slice())
            .await
            .map_err(bind_error)?;
        let address = listener.local_addr().map_err(bind_error)?;
        let token = Token::random().map_err(ServerError::Random)?;
        let session = Token::random().map_err(ServerError::Random)?;
        let mut names = allowed_hosts;
        names.push(host);
        Ok(Server {
            listener,
            address,
            shared: Arc::new(Shared {
                engine,
                assets: assets::Assets::new(web_folder),
                access: guard::Access::new(address, names, token, session),
                stop: CancellationToken::new(),
                sockets: TaskTracker::new(),
            }),
        })
    }

    /// Where it listens, with the real port.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The address to open, token included. Whoever knows it can do what the user can.
    pub fn url(&self) -> String {
        format!(
            "http://{}/?token={}",
            self.authority(),
            self.shared.access.token().reveal()
        )
    }

    /// Host and port as a browser on this computer writes them.
    pub fn authority(&self) -> String {
        let ip = match self.address.ip() {
            // "Everywhere" is no place to go to.
            ip if ip.is_unspecified() => IpAddr::from([127, 0, 0, 1]),
            ip => ip,
        };
        SocketAddr::new(ip, self.address.port()).to_string()
    }

    /// Whether other computers can reach it.
    pub fn is_public(&self) -> bool {
        !self.address.ip().is_loopback()
    }

    /// What is missing when there is no user interface to serve, as advice.
    pub fn missing_interface(&self) -> Option<String> {
        self.shared.assets.missing()
    }

    /// Answers until `stop` resolves, then ends all connections.
    ///
    /// # Errors
    /// [`ServerError::Serve`] when the system takes the listening socket away.
    pub async fn run(
        self,
        stop: impl Future<Output = ()> + Send + 'static,
    ) -> Result<(), ServerError> {
        let Server {
            listener, shared, ..
        } = self;
        let ending = shared.stop.clone();
        let stopped = ending.clone();
        let sockets = shared.sockets.clone();
        let router = Router::new()
            .route(SOCKET_PATH, any(socket::upgrade))
            .fallback(assets::serve)
            .with_state(shared.clone())
            .layer(middleware::from_fn_with_state(shared, guard::guard));
        let serving = axum::serve(listener, router).with_graceful_shutdown(async move {
            stop.await;
            ending.cancel();
        });
        let deadline = async {
            stopped.cancelled().await;
            tokio::time::sleep(GRACE).await;
        };
        let all = async {
            let ended = serving.await.map_err(ServerError::Serve);
            sockets.close();
            // Each says why it ends.
            sockets.wait().await;
            ended
        };
        tokio::select! {
            ended = all => ended,
            () = deadline => Ok(()),
        }
    }
}
