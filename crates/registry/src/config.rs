//! How a registry is reached.

use std::path::PathBuf;
use std::time::Duration;

use crate::error::{Error, Result};
use crate::secret::Secret;

/// Blobs of this size and above go up in chunks of this size: 100 MiB, as `kit` does
/// (section 6.3 of the compatibility reference).
pub const DEFAULT_CHUNK_BYTES: u64 = 100 * 1024 * 1024;

/// Parallel transfers unless the user says otherwise (`kit`'s `--concurrency`).
pub const DEFAULT_CONCURRENCY: usize = 5;

/// How one registry is reached: address, TLS, proxy, limits.
#[derive(Clone, Debug)]
pub struct RegistryConfig {
    /// `host` or `host:port`, without a scheme. `docker.io` means Docker Hub's API host.
    pub host: String,
    /// Speak HTTP instead of HTTPS. Never turned on by itself, not even for localhost.
    pub plain_http: bool,
    /// Check the server's certificate.
    pub tls_verify: bool,
    /// PEM files with additional certificate authorities, beside the system's.
    pub ca_certs: Vec<PathBuf>,
    /// Client certificate and key, for registries that ask for one.
    pub client_cert: Option<ClientCert>,
    /// Proxy address, perhaps with user and password; replaces the usual environment variables.
    pub proxy: Option<Secret>,
    /// Parallel blob transfers, at least 1.
    pub concurrency: usize,
    /// Size from which a blob goes up in chunks, and the size of a chunk, in bytes.
    pub chunk_bytes: u64,
    /// How long to wait for what.
    pub timeouts: Timeouts,
    /// How often and how soon to try again.
    pub retry: RetryPolicy,
}

/// PEM files of a client certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientCert {
    /// The certificate chain.
    pub cert: PathBuf,
    /// Its private key.
    pub key: PathBuf,
}

impl ClientCert {
    /// The client certificate that the environment names (`KITOPS_CLIENT_CERT` and `KITOPS_CLIENT_KEY`), which
    /// goes before any other, as with `kit` (section 6.2 of the compatibility reference).
    pub fn from_environment() -> Option<Self> {
        let file = |name| {
            std::env::var_os(name)
                .filter(|value| !value.is_empty())
                .map(PathBuf::from)
        };
        Some(ClientCert {
            cert: file("KITOPS_CLIENT_CERT")?,
            key: file("KITOPS_CLIENT_KEY")?,
        })
    }
}

/// Waiting times. All of them end a request that makes no progress; none limits a
/// transfer that moves.
#[derive(Clone, Copy, Debug)]
pub struct Timeouts {
    /// Until a connection stands.
    pub connect: Duration,
    /// Without a byte moving in either direction.
    pub stall: Duration,
    /// For the answer once a body is sent completely: registries verify the digest of a large blob first.
    pub commit: Duration,
    /// How long an upload may take to end well after the user cancelled: to complete the chunk that is on its way, so that
    /// it can be continued, or to tell the registry that it is given up.
    pub cancel_grace: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Timeouts {
            connect: Duration::from_secs(15),
            stall: Duration::from_secs(60),
            commit: Duration::from_secs(600),
            cancel_grace: Duration::from_secs(2),
        }
    }
}

/// Section 6.2 of the compatibility reference: up to 5 attempts more, 250 ms
/// doubling with ±10 % jitter, kept between 0.2 and 3 s.
#[derive(Clone, Copy, Debug)]
pub struct RetryPolicy {
    /// Attempts after the first one.
    pub retries: u32,
    /// Wait before the first of them; doubles each time.
    pub first_wait: Duration,
    /// Bounds of any wait.
    pub min_wait: Duration,
    /// See `min_wait`.
    pub max_wait: Duration,
    /// Longest `Retry-After` that is waited for; a longer one ends the operation with the server's advice.
    pub max_retry_after: Duration,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        RetryPolicy {
            retries: 5,
            first_wait: Duration::from_millis(250),
            min_wait: Duration::from_millis(200),
            max_wait: Duration::from_secs(3),
            max_retry_after: Duration::from_secs(60),
        }
    }
}

impl RetryPolicy {
    /// How long to wait before retry `attempt` (0 is the first one).
    pub fn wait(&self, attempt: u32, retry_after: Option<Duration>) -> Duration {
        if let Some(asked) = retry_after {
            return asked.max(self.min_wait);
        }
        let doubled = self
            .first_wait
            .saturating_mul(1u32.checked_shl(attempt.min(16)).unwrap_or(u32::MAX));
        doubled
            .mul_f64(jitter())
            .clamp(self.min_wait, self.max_wait)
    }
}

/// A factor between 0.9 and 1.1. The standard library's hash keys are random per
/// instance, which is random enough to keep clients from marching in step.
fn jitter() -> f64 {
    use std::hash::{BuildHasher, RandomState};
    let bits = RandomState::new().hash_one(0u8) >> 11;
    0.9 + 0.2 * (bits as f64 / (1u64 << 53) as f64)
}

impl RegistryConfig {
    /// A registry reached over HTTPS with the defaults of `kit`.
    pub fn new(host: impl Into<String>) -> Self {
        RegistryConfig {
            host: host.into(),
            plain_http: false,
            tls_verify: true,
            ca_certs: Vec::new(),
            client_cert: None,
            proxy: None,
            concurrency: DEFAULT_CONCURRENCY,
            chunk_bytes: DEFAULT_CHUNK_BYTES,
            timeouts: Timeouts::default(),
            retry: RetryPolicy::default(),
        }
    }

    /// The same, over plain HTTP.
    pub fn plain(host: impl Into<String>) -> Self {
        RegistryConfig {
            plain_http: true,
            ..RegistryConfig::new(host)
        }
    }

    /// The host that requests go to: `docker.io` is served by another one.
    pub fn api_host(&self) -> &str {
        match self.host.as_str() {
            "docker.io" | "index.docker.io" => "registry-1.docker.io",
            host => host,
        }
    }

    pub(crate) fn scheme(&self) -> &'static str {
        if self.plain_http { "http" } else { "https" }
    }

    /// The registry's base address.
    ///
    /// # Errors
    /// [`Error::Config`] when the host is not a plain `host[:port]`.
    pub(crate) fn base_url(&self) -> Result<reqwest::Url> {
        let host = self.api_host();
        let bad = |why: &str| {
            Error::Config(format!(
                "{:?} is not a registry address ({why}); write it as host or host:port, without http://",
                self.host
            ))
        };
        if host.is_empty() {
            return Err(bad("it is empty"));
        }
        if host.contains(['/', '@', '?', '#', '\\'])
            || host.chars().any(|c| c.is_whitespace() || c.is_control())
        {
            return Err(bad("it holds more than a host and a port"));
        }
        reqwest::Url::parse(&format!("{}://{host}/", self.scheme()))
            .map_err(|error| bad(&error.to_string()))
    }

    /// True when the registry is on this machine.
    pub(crate) fn is_loopback(&self) -> bool {
        self.base_url()
            .ok()
            .is_some_and(|url| match url.host_str() {
                Some(host) => {
                    host == "localhost"
                        || host
                            .trim_matches(['[', ']'])
                            .parse::<std::net::IpAddr>()
                            .is_ok_and(|address| address.is_loopback())
                }
                None => false,
            })
    }

    /// True for hosts that do not handle chunked uploads properly (section 6.3).
    pub(crate) fn single_put_only(&self) -> bool {
        let host = self
            .host
            .rsplit_once(':')
            .map_or(self.host.as_str(), |(name, _)| name);
        host == "ghcr.io"
            || [".pkg.dev", "gcr.io", "amazonaws.com", ".com.cn"]
                .iter()
                .any(|end| host.ends_with(end))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses() {
        let url = |host: &str| {
            RegistryConfig::new(host)
                .base_url()
                .map(|url| url.to_string())
        };
        assert_eq!(url("ghcr.io").unwrap(), "https://ghcr.io/");
        assert_eq!(url("docker.io").unwrap(), "https://registry-1.docker.io/");
        assert_eq!(
            RegistryConfig::plain("localhost:5000")
                .base_url()
                .unwrap()
                .as_str(),
            "http://localhost:5000/"
        );
        for bad in [
            "",
            "http://x",
            "a/b",
            "user@host",
            "a b",
            "host:port",
            "host:99999",
        ] {
            let error = url(bad).unwrap_err();
            assert!(matches!(error, Error::Config(_)), "{bad}: {error}");
        }
        assert!(RegistryConfig::plain("127.0.0.1:5000").is_loopback());
        assert!(RegistryConfig::plain("[::1]:5000").is_loopback());
        assert!(!RegistryConfig::new("ghcr.io").is_loopback());
    }

    #[test]
    fn hosts_without_chunks() {
        for host in [
            "ghcr.io",
            "eu-docker.pkg.dev",
            "eu.gcr.io",
            "1.dkr.ecr.eu.amazonaws.com",
            "x.com.cn:443",
        ] {
            assert!(RegistryConfig::new(host).single_put_only(), "{host}");
        }
        assert!(!RegistryConfig::new("localhost:5000").single_put_only());
    }

    #[test]
    fn waits_double_within_bounds() {
        let policy = RetryPolicy::default();
        for attempt in 0..6 {
            let wait = policy.wait(attempt, None);
            assert!(
                wait >= policy.min_wait && wait <= policy.max_wait,
                "{attempt}: {wait:?}"
            );
        }
        assert!(policy.wait(2, None) >= Duration::from_millis(900));
        assert_eq!(
            policy.wait(0, Some(Duration::from_secs(7))),
            Duration::from_secs(7)
        );
    }
}
