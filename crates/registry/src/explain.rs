//! From failed requests and unwelcome answers to errors that say what to do.

use std::time::{Duration, SystemTime};

use reqwest::header::{HeaderMap, RETRY_AFTER, SERVER};
use reqwest::{Response, StatusCode};
use serde::Deserialize;

use crate::error::Error;
use crate::transport::{Transport, read_some};

/// Error answers are read up to here; the rest says nothing new.
const MAX_ERROR_BODY: usize = 64 * 1024;

impl Transport {
    /// Turns an answer of unwanted status into an error.
    pub async fn refusal(&self, response: Response, what: &str) -> Error {
        let host = self.config.host.clone();
        let status = response.status();
        let user = self.auth().credentials().shown();
        let retry_after = retry_after(response.headers());
        let server = response
            .headers()
            .get(SERVER)
            .and_then(|value| value.to_str().ok())
            .map(|text| clip(text, 100));
        let denied_scope = crate::auth::challenges(response.headers())
            .iter()
            .any(|challenge| challenge.param("error") == Some("insufficient_scope"));
        let body = read_some(response, MAX_ERROR_BODY, self.config.timeouts.stall).await;
        let (code, message) = error_text(&body);
        let cause = message
            .clone()
            .or_else(|| code.clone())
            .unwrap_or_else(|| status.to_string());
        if status == StatusCode::BAD_REQUEST && says_https_wanted(&body) {
            return Error::HttpToHttpsServer { host };
        }
        match status {
            StatusCode::UNAUTHORIZED if denied_scope && user.is_some() => Error::Forbidden {
                host,
                user,
                what: what.into(),
                cause,
            },
            StatusCode::UNAUTHORIZED => Error::Unauthorized { host, user, cause },
            StatusCode::FORBIDDEN => Error::Forbidden {
                host,
                user,
                what: what.into(),
                cause,
            },
            StatusCode::NOT_FOUND => Error::NotFound {
                host,
                what: what.into(),
            },
            StatusCode::TOO_MANY_REQUESTS => Error::RateLimited { host, retry_after },
            StatusCode::PAYLOAD_TOO_LARGE => Error::TooLarge {
                host,
                server,
                what: what.into(),
            },
            StatusCode::METHOD_NOT_ALLOWED | StatusCode::NOT_IMPLEMENTED => Error::Unsupported {
                host,
                what: what.into(),
            },
            StatusCode::BAD_REQUEST if code.as_deref() == Some("UNSUPPORTED") => {
                Error::Unsupported {
                    host,
                    what: what.into(),
                }
            }
            status if status.is_server_error() || status == StatusCode::REQUEST_TIMEOUT => {
                Error::Server {
                    host,
                    doing: format!("working on {what}"),
                    status: status.as_u16(),
                    message: message.unwrap_or_else(|| "no reason given".into()),
                    retry_after,
                }
            }
            status if status.is_client_error() => Error::Rejected {
                host,
                what: what.into(),
                status: status.as_u16(),
                code,
                message: message.unwrap_or_default(),
            },
            status => Error::Protocol {
                host,
                problem: format!("status {} for {what}", status.as_u16()),
            },
        }
    }
}

/// Explains why a request got no answer.
pub(crate) fn map_transport_error(host: &str, error: reqwest::Error) -> Error {
    let host = host.to_owned();
    if let Some(tls) = find_tls_error(&error) {
        return match tls {
            rustls::Error::InvalidMessage(rustls::InvalidMessage::InvalidContentType) => {
                Error::HttpsToHttpServer { host }
            }
            other => Error::Tls {
                host,
                cause: other.to_string(),
            },
        };
    }
    if error.is_redirect() {
        return Error::Protocol {
            host,
            problem: chain(&error.without_url()),
        };
    }
    if error.is_builder() {
        return Error::Config(format!(
            "the request to {host} cannot be made: {}",
            chain(&error.without_url())
        ));
    }
    Error::Unreachable {
        broke: !error.is_connect(),
        host,
        cause: chain(&error.without_url()),
    }
}

fn find_tls_error<'a>(error: &'a (dyn std::error::Error + 'static)) -> Option<&'a rustls::Error> {
    let mut current = Some(error);
    while let Some(error) = current {
        if let Some(tls) = error.downcast_ref::<rustls::Error>() {
            return Some(tls);
        }
        // io::Error does not list the error it wraps as its source, but that error's source.
        if let Some(io) = error.downcast_ref::<std::io::Error>()
            && let Some(inner) = io.get_ref()
            && let Some(tls) = find_tls_error(inner)
        {
            return Some(tls);
        }
        current = error.source();
    }
    None
}

/// The innermost reasons of an error, outermost first, repetitions left out.
pub(crate) fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let mut parts: Vec<String> = Vec::new();
    let mut current = Some(error);
    while let Some(error) = current {
        let text = error.to_string();
        if !parts.iter().any(|part| part.contains(&text)) {
            parts.push(text);
        }
        current = error.source();
    }
    parts.join(": ")
}

/// Code and message of an OCI error answer, or the first words of another text.
pub(crate) fn error_text(body: &[u8]) -> (Option<String>, Option<String>) {
    #[derive(Deserialize)]
    struct Envelope {
        #[serde(default)]
        errors: Vec<OciError>,
        /// Token servers and proxies use these.
        details: Option<String>,
        message: Option<String>,
    }
    #[derive(Deserialize)]
    struct OciError {
        code: Option<String>,
        message: Option<String>,
    }
    if let Ok(envelope) = serde_json::from_slice::<Envelope>(body) {
        if let Some(first) = envelope.errors.into_iter().next() {
            return (
                first.code.map(|code| clip(&code, 80)),
                first
                    .message
                    .filter(|text| !text.is_empty())
                    .map(|text| clip(&text, 300)),
            );
        }
        return (
            None,
            envelope
                .message
                .or(envelope.details)
                .map(|text| clip(&text, 300)),
        );
    }
    let text = String::from_utf8_lossy(body);
    let text = text.trim();
    // A web page is not a message.
    if text.is_empty() || text.starts_with('<') {
        (None, None)
    } else {
        (None, Some(clip(text, 300)))
    }
}

/// Go's and nginx's words for plain HTTP on an HTTPS port.
fn says_https_wanted(body: &[u8]) -> bool {
    let text = String::from_utf8_lossy(body);
    text.contains("HTTP request to an HTTPS server")
        || text.contains("plain HTTP request was sent to HTTPS port")
}

/// At most `max` characters, on one line, without control characters.
pub(crate) fn clip(text: &str, max: usize) -> String {
    let mut out: String = text
        .chars()
        .take(max)
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    if text.chars().nth(max).is_some() {
        out.push('…');
    }
    out
}

/// `Retry-After` in seconds or as an HTTP date (RFC 9110, section 10.2.3).
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse::<u64>() {
        return Some(Duration::from_secs(seconds));
    }
    let at = parse_http_date(text)?;
    Some(at.duration_since(SystemTime::now()).unwrap_or_default())
}

/// The one date form that servers must send: `Sun, 06 Nov 1994 08:49:37 GMT`.
fn parse_http_date(text: &str) -> Option<SystemTime> {
    const MONTHS: [&str; 12] = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ];
    let mut words = text.strip_suffix(" GMT")?.split_ascii_whitespace().skip(1);
    let day: u64 = words.next()?.parse().ok()?;
    let month_name = words.next()?;
    let month = MONTHS.iter().position(|name| *name == month_name)? as u64 + 1;
    let year: u64 = words.next()?.parse().ok()?;
    let mut clock = words
        .next()?
        .split(':')
        .map(|part| part.parse::<u64>().ok());
    let (hour, minute, second) = (clock.next()??, clock.next()??, clock.next()??);
    if !(1970..=9999).contains(&year)
        || !(1..=31).contains(&day)
        || hour > 23
        || minute > 59
        || second > 60
    {
        return None;
    }
    // Days since 1970-01-01 in the Gregorian calendar, with the year beginning in March.
    let (y, m) = if month <= 2 {
        (year - 1, month + 9)
    } else {
        (year, month - 3)
    };
    let days = 365 * y + y / 4 - y / 100 + y / 400 + (m * 306 + 5) / 10 + day - 1 - 719_468;
    Some(
        SystemTime::UNIX_EPOCH
            + Duration::from_secs(days * 86_400 + hour * 3600 + minute * 60 + second),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn http_dates() {
        let date = |text| {
            parse_http_date(text)
                .and_then(|at| at.duration_since(SystemTime::UNIX_EPOCH).ok())
                .map(|d| d.as_secs())
        };
        assert_eq!(date("Sun, 06 Nov 1994 08:49:37 GMT"), Some(784_111_777));
        assert_eq!(date("Thu, 01 Jan 1970 00:00:00 GMT"), Some(0));
        assert_eq!(date("Thu, 29 Feb 2024 12:00:00 GMT"), Some(1_709_208_000));
        for bad in [
            "",
            "GMT",
            "Sun, 99 Nov 1994 08:49:37 GMT",
            "Sun, 06 Foo 1994 08:49:37 GMT",
            "x, 1 Jan 1 0:0 GMT",
        ] {
            assert_eq!(date(bad), None, "{bad}");
        }
    }

    #[test]
    fn error_answers() {
        let oci = br#"{"errors":[{"code":"DENIED","message":"no\nway","detail":[1]}]}"#;
        assert_eq!(
            error_text(oci),
            (Some("DENIED".into()), Some("no way".into()))
        );
        assert_eq!(error_text(b"<html>"), (None, None));
        assert_eq!(error_text(b" just text "), (None, Some("just text".into())));
        assert_eq!(
            error_text(br#"{"details":"incorrect username or password"}"#)
                .1
                .as_deref(),
            Some("incorrect username or password")
        );
        assert_eq!(error_text(b""), (None, None));
    }
}
