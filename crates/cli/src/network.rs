//! The flags of verbs that talk to registries, named as `kit`'s.

use std::path::PathBuf;

use clap::Args;
use kitbench_engine::folders::default_state_folder;
use kitbench_engine::{forget_in_key_store, login_of_key_store};
use kitbench_modelkit::Reference;
use kitbench_registry::{
    ClientCert, Credentials, DEFAULT_CONCURRENCY, Logins, Registry, RegistryConfig, RemoteResolver,
    Secret,
};

use crate::context::Context;
use crate::failure::{Failure, Outcome};

/// How registries are reached.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Network")]
pub struct Network {
    /// Speak HTTP instead of HTTPS
    #[arg(long)]
    pub plain_http: bool,

    /// Check the registry's certificate
    #[arg(long, value_name = "YES", default_value_t = true, num_args = 0..=1, require_equals = true, default_missing_value = "true", action = clap::ArgAction::Set)]
    pub tls_verify: bool,

    /// File with further certificate authorities (PEM); repeatable
    #[arg(long, value_name = "FILE")]
    pub tls_cert: Vec<PathBuf>,

    /// Client certificate (PEM); KITOPS_CLIENT_CERT comes first
    #[arg(long, value_name = "FILE")]
    pub cert: Option<PathBuf>,

    /// Key of the client certificate (PEM); KITOPS_CLIENT_KEY comes first
    #[arg(long, value_name = "FILE")]
    pub key: Option<PathBuf>,

    /// Layers moved at the same time
    #[arg(long, value_name = "N", default_value_t = DEFAULT_CONCURRENCY as u16, value_parser = clap::value_parser!(u16).range(1..=64))]
    pub concurrency: u16,

    /// Proxy to use instead of the one in the environment
    #[arg(long, value_name = "URL")]
    pub proxy: Option<String>,
}

impl Default for Network {
    /// What `kit` uses where a verb has no such flags.
    fn default() -> Network {
        Network {
            plain_http: false,
            tls_verify: true,
            tls_cert: Vec::new(),
            cert: None,
            key: None,
            concurrency: DEFAULT_CONCURRENCY as u16,
            proxy: None,
        }
    }
}

impl Network {
    fn config(&self, host: &str) -> Outcome<RegistryConfig> {
        let from = |name: &str, flag: &Option<PathBuf>| {
            let set = std::env::var_os(name).filter(|value| !value.is_empty());
            set.map(PathBuf::from).or_else(|| flag.clone())
        };
        let client_cert = match (
            from("KITOPS_CLIENT_CERT", &self.cert),
            from("KITOPS_CLIENT_KEY", &self.key),
        ) {
            (Some(cert), Some(key)) => Some(ClientCert { cert, key }),
            (None, None) => None,
            _ => {
                return Err(Failure::misuse(
                    "A client certificate needs its key, and a key its certificate.",
                    "Give both --cert and --key.",
                ));
            }
        };
        Ok(RegistryConfig {
            plain_http: self.plain_http,
            tls_verify: self.tls_verify,
            ca_certs: self.tls_cert.clone(),
            client_cert,
            proxy: self.proxy.clone().map(Secret::new),
            concurrency: self.concurrency.into(),
            ..RegistryConfig::new(host)
        })
    }

    /// The registry at `host` with these settings and `credentials`.
    pub fn registry_as(&self, host: &str, credentials: Credentials) -> Outcome<Registry> {
        Ok(Registry::new(self.config(host)?, credentials)?)
    }

    /// The registry at `host` with these settings and the login that the window, `kit` or Docker
    /// saved.
    pub fn registry(&self, context: &Context, host: &str) -> Outcome<Registry> {
        let credentials = SavedLogins::new(context).find(host)?;
        self.registry_as(host, credentials)
    }

    /// Finds kits in registries, each with the login saved for it.
    pub fn resolver(
        &self,
        context: &Context,
    ) -> RemoteResolver<
        impl Fn(&Reference) -> kitbench_registry::Result<Registry> + Send + Sync + use<>,
    > {
        let (network, logins) = (self.clone(), SavedLogins::new(context));
        RemoteResolver::new(
            context.runtime.clone(),
            context.cancel.clone(),
            move |reference: &Reference| {
                let host = &reference.registry;
                let config = network.config(host).map_err(|failure| {
                    let text = match failure {
                        Failure::Misuse(view) | Failure::Failed(view) => view.to_string(),
                        Failure::Cancelled | Failure::Told => String::new(),
                    };
                    kitbench_registry::Error::Config(text)
                })?;
                Registry::new(config, logins.find(host)?)
            },
        )
    }
}

/// The logins of this computer: what the window keeps in the system's key store, then what
/// `kit` and Docker share in files.
pub struct SavedLogins {
    pub shared: Logins,
    state_folder: PathBuf,
    kit_home: PathBuf,
}

impl SavedLogins {
    pub fn new(context: &Context) -> SavedLogins {
        let kit_home = context.home.path().to_owned();
        SavedLogins {
            shared: Logins::of_home(&kit_home),
            state_folder: default_state_folder(),
            kit_home,
        }
    }

    /// The login to use at `host`.
    ///
    /// # Errors
    /// A file of logins could not be read, or its helper did not answer.
    pub fn find(&self, host: &str) -> kitbench_registry::Result<Credentials> {
        match login_of_key_store(&self.state_folder, &self.kit_home, host) {
            Ok(Some(credentials)) => return Ok(credentials),
            Ok(None) => {}
            Err(error) => log::warn!("The window's logins could not be read: {error}."),
        }
        self.shared.find(host)
    }

    /// Forgets the login for `host` wherever it is; answers whether there was one.
    ///
    /// # Errors
    /// As [`SavedLogins::find`], or a file could not be written.
    pub fn remove(&self, host: &str) -> kitbench_registry::Result<bool> {
        let kept = forget_in_key_store(&self.state_folder, host);
        Ok(self.shared.remove(host)? || kept)
    }
}
