//! The HTTP client of one registry: TLS, certificates, proxy, redirects.

use std::path::Path;
use std::time::Duration;

use reqwest::Client;

use crate::config::RegistryConfig;
use crate::error::{Error, Result};
use crate::explain::chain;

/// Builds the client; its connections are pooled.
///
/// # Errors
/// [`Error::Config`] for unusable certificates or proxies.
pub(crate) fn build_client(config: &RegistryConfig) -> Result<Client> {
    // Another crate of the process may have chosen a provider already; either serves.
    let _ = rustls::crypto::ring::default_provider().install_default();
    match client_builder(config, false)?.build() {
        Ok(client) => Ok(client),
        // A machine without any system certificates can still use plain HTTP or its own authorities.
        Err(_) if config.plain_http || !config.ca_certs.is_empty() || !config.tls_verify => {
            client_builder(config, true)?
                .build()
                .map_err(|error| client_error(config, &error))
        }
        Err(error) => Err(client_error(config, &error)),
    }
}

fn client_error(config: &RegistryConfig, error: &reqwest::Error) -> Error {
    Error::Config(format!(
        "no connection to {} can be set up: {}",
        config.host,
        chain(error)
    ))
}

fn client_builder(config: &RegistryConfig, own_roots_only: bool) -> Result<reqwest::ClientBuilder> {
    let mut builder = Client::builder()
        .user_agent(concat!("kitbench/", env!("CARGO_PKG_VERSION")))
        .connect_timeout(config.timeouts.connect)
        .pool_idle_timeout(Duration::from_secs(30))
        .redirect(reqwest::redirect::Policy::custom(|attempt| {
            if attempt.previous().len() > 10 {
                return attempt.error("too many redirects");
            }
            let from_https = attempt
                .previous()
                .last()
                .is_some_and(|url| url.scheme() == "https");
            if from_https && attempt.url().scheme() != "https" {
                return attempt.error("redirected from HTTPS to plain HTTP");
            }
            attempt.follow()
        }));
    let mut roots = Vec::new();
    for path in &config.ca_certs {
        let found = reqwest::Certificate::from_pem_bundle(&read_pem(path)?).map_err(|error| {
            Error::Config(format!("{} holds no certificates: {error}", path.display()))
        })?;
        if found.is_empty() {
            return Err(Error::Config(format!(
                "{} holds no certificates",
                path.display()
            )));
        }
        roots.extend(found);
    }
    builder = if own_roots_only {
        builder.tls_certs_only(roots)
    } else {
        builder.tls_certs_merge(roots)
    };
    if !config.tls_verify {
        builder = builder.tls_danger_accept_invalid_certs(true);
    }
    if let Some(client_cert) = &config.client_cert {
        let mut pem = read_pem(&client_cert.cert)?;
        pem.push(b'\n');
        pem.extend(read_pem(&client_cert.key)?);
        let identity = reqwest::Identity::from_pem(&pem).map_err(|error| {
            Error::Config(format!(
                "{} and {} are not a client certificate with its key: {error}",
                client_cert.cert.display(),
                client_cert.key.display()
            ))
        })?;
        builder = builder.identity(identity);
    }
    if let Some(proxy) = &config.proxy {
        let proxy = reqwest::Proxy::all(proxy.reveal()).map_err(|error| {
            Error::Config(format!(
                "the proxy address cannot be used: {}",
                chain(&error)
            ))
        })?;
        builder = builder.no_proxy().proxy(proxy);
    } else if config.is_loopback() {
        // The environment's proxy is for other machines, as in every Go program.
        builder = builder.no_proxy();
    }
    Ok(builder)
}

fn read_pem(path: &Path) -> Result<Vec<u8>> {
    std::fs::read(path)
        .map_err(|error| Error::Config(format!("{} cannot be read: {error}", path.display())))
}
