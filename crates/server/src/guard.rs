//! Who may ask, and the headers that every answer carries.
//!
//! In this order: the `Host` header must name this server (a site whose name is made to
//! point here, "DNS rebinding", fails at that), the `Origin` of whatever is more than
//! reading must be our own, and then token or cookie must be right.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::uri::Authority;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use axum::middleware::Next;
use axum::response::Response;

use crate::{Shared, Token, pages};

/// Who may ask.
pub struct Access {
    address: SocketAddr,
    /// Further names of this server, lower case.
    names: Vec<String>,
    /// What the address holds.
    token: Token,
    /// What the cookie holds: another secret, so that neither tells the other.
    session: Token,
    /// Cookies are shared by all ports of a host, so the port is in the name.
    cookie: String,
}

impl Access {
    pub fn new(address: SocketAddr, names: Vec<String>, token: Token, session: Token) -> Access {
        Access {
            address,
            names: names
                .into_iter()
                .map(|name| name.trim_matches(['[', ']']).to_ascii_lowercase())
                .collect(),
            token,
            session,
            cookie: format!("kitbench-{}", address.port()),
        }
    }

    pub fn token(&self) -> &Token {
        &self.token
    }

    /// Whether `host`, with or without a port, is this server. The port may be another one:
    /// it is behind a tunnel as often as not, and a rebinding attack needs a foreign name.
    fn knows_host(&self, host: &str) -> bool {
        let Ok(authority) = host.parse::<Authority>() else {
            return false;
        };
        if authority.as_str().contains('@') {
            return false;
        }
        let name = authority
            .host()
            .trim_matches(['[', ']'])
            .to_ascii_lowercase();
        if name == "localhost" || self.names.contains(&name) {
            return true;
        }
        match name.parse::<IpAddr>() {
            Ok(ip) => {
                ip.is_loopback() || ip == self.address.ip() || self.address.ip().is_unspecified()
            }
            Err(_) => false,
        }
    }

    /// Whether the cookie of a request is ours.
    fn has_cookie(&self, headers: &HeaderMap) -> bool {
        headers
            .get_all(header::COOKIE)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(';'))
            .filter_map(|pair| pair.trim().split_once('='))
            .any(|(name, value)| name == self.cookie && self.session.matches(value))
    }

    fn cookie_to_set(&self) -> HeaderValue {
        let text = format!(
            "{}={}; Path=/; HttpOnly; SameSite=Strict",
            self.cookie,
            self.session.reveal()
        );
        // Letters, digits and punctuation only, so this cannot fail.
        HeaderValue::from_str(&text).unwrap_or(HeaderValue::from_static(""))
    }
}

/// The value of `token` in a query, if it is there.
fn token_in_query(query: Option<&str>) -> Option<&str> {
    query?
        .split('&')
        .filter_map(|pair| pair.split_once('='))
        .find_map(|(key, value)| (key == "token").then_some(value))
}

/// Whether the page that asks is ours: `Origin` is `http` or `https` at exactly our `Host`.
fn own_origin(headers: &HeaderMap, host: &str) -> bool {
    let Some(origin) = headers
        .get(header::ORIGIN)
        .and_then(|value| value.to_str().ok())
    else {
        return false;
    };
    ["http://", "https://"].iter().any(|scheme| {
        origin
            .strip_prefix(scheme)
            .is_some_and(|rest| rest.eq_ignore_ascii_case(host))
    })
}

/// Refuses whoever may not ask, and sets the headers of every answer.
pub async fn guard(State(shared): State<Arc<Shared>>, request: Request, next: Next) -> Response {
    let host = request
        .headers()
        .get(header::HOST)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default()
        .to_owned();
    let mut response = admit(&shared, &host, request, next).await;
    add_headers(response.headers_mut(), &shared.access, &host);
    response
}

async fn admit(shared: &Shared, host: &str, request: Request, next: Next) -> Response {
    let access = &shared.access;
    if !access.knows_host(host) {
        return pages::foreign_host();
    }
    let reading = matches!(*request.method(), Method::GET | Method::HEAD);
    let socket = request.uri().path() == crate::SOCKET_PATH;
    // Browsers name the origin of every WebSocket and of every request that is not plain
    // reading; a program that is no browser has the token to show instead.
    let origin_matters = socket || !reading;
    let has_origin = request.headers().contains_key(header::ORIGIN);
    if origin_matters && has_origin && !own_origin(request.headers(), host) {
        return pages::foreign_origin();
    }
    let has_token =
        token_in_query(request.uri().query()).is_some_and(|token| access.token.matches(token));
    // A cookie comes along by itself, so it opens the socket only with the origin to show.
    let has_cookie = access.has_cookie(request.headers()) && (!origin_matters || has_origin);
    if !has_token && !has_cookie {
        return pages::no_token();
    }
    if !reading {
        return pages::wrong_method();
    }
    if has_token && !socket && request.uri().path() == "/" {
        let from_other_site = request
            .headers()
            .get("sec-fetch-site")
            .is_some_and(|site| site == "cross-site" || site == "same-site");
        return pages::signed_in(access.cookie_to_set(), from_other_site);
    }
    next.run(request).await
}

fn add_headers(headers: &mut HeaderMap, access: &Access, host: &str) {
    // `'self'` means the socket too in today's browsers; older ones need it spelled out. Only
    // a host that was checked is repeated.
    let socket = if access.knows_host(host) {
        format!(" ws://{host} wss://{host}")
    } else {
        String::new()
    };
    let policy = format!(
        "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self' 'unsafe-inline'; \
         img-src 'self' data: blob:; font-src 'self'; manifest-src 'self'; connect-src 'self'{socket}; \
         base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    );
    if let Ok(policy) = HeaderValue::from_str(&policy) {
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    for (name, value) in [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::REFERRER_POLICY, "no-referrer"),
        (
            HeaderName::from_static("cross-origin-opener-policy"),
            "same-origin",
        ),
        (
            HeaderName::from_static("cross-origin-resource-policy"),
            "same-origin",
        ),
        (
            HeaderName::from_static("permissions-policy"),
            "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
        ),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn access(address: &str, names: &[&str]) -> Access {
        Access::new(
            address.parse().unwrap(),
            names.iter().map(|&name| name.to_owned()).collect(),
            Token::random().unwrap(),
            Token::random().unwrap(),
        )
    }

    #[test]
    fn hosts_of_this_computer_are_known_and_others_are_not() {
        let local = access("127.0.0.1:8000", &["127.0.0.1", "bench.example"]);
        for known in [
            "127.0.0.1:8000",
            "localhost:8000",
            "LOCALHOST:9",
            "localhost",
            "[::1]:8000",
            "bench.example:80",
        ] {
            assert!(local.knows_host(known), "{known}");
        }
        for foreign in [
            "",
            "evil.example",
            "evil.example:8000",
            "localhost.evil.example:8000",
            "127.0.0.1.evil.example",
            "user@localhost:8000",
            "10.0.0.5:8000",
            "local host",
        ] {
            assert!(!local.knows_host(foreign), "{foreign}");
        }
        let everywhere = access("0.0.0.0:8000", &["0.0.0.0"]);
        assert!(everywhere.knows_host("10.0.0.5:8000"));
        assert!(!everywhere.knows_host("evil.example:8000"));
    }

    #[test]
    fn an_origin_is_ours_only_with_the_same_host_and_port() {
        let with = |origin: &'static str| {
            HeaderMap::from_iter([(header::ORIGIN, HeaderValue::from_static(origin))])
        };
        let host = "127.0.0.1:8000";
        assert!(own_origin(&with("http://127.0.0.1:8000"), host));
        for foreign in [
            "http://127.0.0.1:8001",
            "http://127.0.0.1",
            "http://evil.example",
            "null",
            "http://127.0.0.1:8000.evil.example",
        ] {
            assert!(!own_origin(&with(foreign), host), "{foreign}");
        }
        assert!(!own_origin(&HeaderMap::new(), host));
    }
}
