//! For tests, here and in other crates: a real `docker-registry` on loopback, and a plain local side.
//!
//! Needs Debian's `docker-registry`; with users also `htpasswd` of `apache2-utils`.

mod kits;
mod local;

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};

pub use kits::{Recorder, SampleKit, sample_kit};
pub use local::LocalStore;

use crate::config::{ClientCert, RegistryConfig};

/// How a [`TestRegistry`] is set up.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Serve HTTPS with a certificate of its own authority, see [`TestRegistry::ca_cert`].
    pub tls: bool,
    /// With `tls`: let only clients with a certificate of that authority in, see [`TestRegistry::client_cert`].
    pub client_certs: bool,
    /// Users who may sign in (name, password); with none everybody may do everything.
    pub users: Vec<(String, String)>,
    /// Use this folder and keep it, instead of a temporary one.
    pub storage: Option<PathBuf>,
    /// Listen here instead of on a free port of 127.0.0.1.
    pub address: Option<String>,
}

/// A running `docker-registry`, ended when dropped.
pub struct TestRegistry {
    child: Child,
    address: String,
    folder: tempfile::TempDir,
    log: Arc<Mutex<String>>,
    tls: bool,
}

impl TestRegistry {
    /// An open registry over plain HTTP.
    ///
    /// # Panics
    /// When it cannot be started; the message says why.
    pub fn plain() -> Self {
        Self::start(&Options::default())
    }

    /// Starts a registry and waits until it listens.
    ///
    /// # Panics
    /// When it cannot be started; the message says why.
    pub fn start(options: &Options) -> Self {
        Self::try_start(options).unwrap_or_else(|problem| panic!("no test registry: {problem}"))
    }

    fn try_start(options: &Options) -> Result<Self, String> {
        let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
        let config = folder.path().join("config.yml");
        let storage = options
            .storage
            .clone()
            .unwrap_or_else(|| folder.path().join("storage"));
        let text = config_text(options, folder.path(), &storage)?;
        std::fs::write(&config, text).map_err(|error| error.to_string())?;
        let mut child = Command::new("docker-registry")
            .arg("serve")
            .arg(&config)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|error| {
                format!("docker-registry (package docker-registry) does not start: {error}")
            })?;
        let stderr = child
            .stderr
            .take()
            .ok_or("docker-registry has no error output")?;
        let mut lines = BufReader::new(stderr).lines();
        let mut seen = String::new();
        let address = loop {
            let Some(Ok(line)) = lines.next() else {
                let _ = child.kill();
                let _ = child.wait();
                return Err(format!("docker-registry ended: {seen}"));
            };
            seen.push_str(&line);
            seen.push('\n');
            if let Some((_, rest)) = line.split_once("listening on ") {
                let end = rest.find(['"', ',', ' ']).unwrap_or(rest.len());
                break rest.get(..end).unwrap_or_default().to_owned();
            }
        };
        let log = Arc::new(Mutex::new(seen));
        let keep = log.clone();
        // The pipe has to be drained, or the registry would stop at a full one. The thread ends with it.
        std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                let mut log = keep.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
                log.push_str(&line);
                log.push('\n');
            }
        });
        Ok(TestRegistry {
            child,
            address,
            folder,
            log,
            tls: options.tls,
        })
    }

    /// `127.0.0.1:<port>`.
    pub fn host(&self) -> &str {
        &self.address
    }

    /// A configuration that reaches it, certificate included.
    pub fn config(&self) -> RegistryConfig {
        let mut config = RegistryConfig::new(self.address.clone());
        config.plain_http = !self.tls;
        if self.tls {
            config.ca_certs = vec![self.ca_cert()];
        }
        config
    }

    /// The certificate of its authority (PEM); exists with [`Options::tls`].
    pub fn ca_cert(&self) -> PathBuf {
        self.folder.path().join("ca.pem")
    }

    /// A client certificate of its authority; exists with [`Options::tls`].
    pub fn client_cert(&self) -> ClientCert {
        ClientCert {
            cert: self.folder.path().join("client.pem"),
            key: self.folder.path().join("client.key"),
        }
    }

    /// What it has logged so far.
    pub fn log(&self) -> String {
        self.log
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner())
            .clone()
    }

    /// Adds a line to its log.
    pub fn note(&self, line: &str) {
        let mut log = self
            .log
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner());
        log.push_str(line);
        log.push('\n');
    }

    /// Where it keeps its blobs, unless [`Options::storage`] said otherwise.
    pub fn storage(&self) -> PathBuf {
        self.folder.path().join("storage")
    }
}

impl Drop for TestRegistry {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn config_text(options: &Options, folder: &Path, storage: &Path) -> Result<String, String> {
    let mut text = format!(
        "version: 0.1\nlog: {{level: info, formatter: json}}\nstorage:\n  filesystem: {{rootdirectory: {}}}\n  \
         delete: {{enabled: true}}\nhttp:\n  addr: \"{}\"\n  secret: test\n",
        storage.display(),
        options.address.as_deref().unwrap_or("127.0.0.1:0"),
    );
    if options.tls {
        write_certificates(folder)?;
        let clients = match options.client_certs {
            true => format!(", clientcas: [{}/ca.pem]", folder.display()),
            false => String::new(),
        };
        text.push_str(&format!(
            "  tls: {{certificate: {0}/server.pem, key: {0}/server.key{clients}}}\n",
            folder.display()
        ));
    }
    if !options.users.is_empty() {
        let file = folder.join("htpasswd");
        for (at, (user, password)) in options.users.iter().enumerate() {
            // -B: bcrypt, the only form the registry reads; -C4: cheap, these are no real secrets.
            let mut command = Command::new("htpasswd");
            command.args(["-B", "-b", "-C4"]);
            if at == 0 {
                command.arg("-c");
            }
            let output = command
                .arg(&file)
                .args([user, password])
                .output()
                .map_err(|error| {
                    format!("htpasswd (package apache2-utils) does not start: {error}")
                })?;
            if !output.status.success() {
                return Err(format!(
                    "htpasswd failed: {}",
                    String::from_utf8_lossy(&output.stderr)
                ));
            }
        }
        text.push_str(&format!(
            "auth:\n  htpasswd: {{realm: test, path: {}}}\n",
            file.display()
        ));
    }
    Ok(text)
}

/// `ca.pem`; signed by it `server.pem` with `server.key` for localhost and 127.0.0.1, and `client.pem` with
/// `client.key`.
fn write_certificates(folder: &Path) -> Result<(), String> {
    use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
    let problem = |error: rcgen::Error| error.to_string();
    let mut authority = CertificateParams::new(Vec::new()).map_err(problem)?;
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    authority
        .distinguished_name
        .push(rcgen::DnType::CommonName, "kitbench test authority");
    let issuer = CertifiedIssuer::self_signed(authority, KeyPair::generate().map_err(problem)?)
        .map_err(problem)?;
    let mut files = vec![("ca.pem", issuer.pem())];
    for (names, pem, key_file) in [
        (
            vec!["localhost".to_owned(), "127.0.0.1".to_owned()],
            "server.pem",
            "server.key",
        ),
        (vec!["client".to_owned()], "client.pem", "client.key"),
    ] {
        let key = KeyPair::generate().map_err(problem)?;
        let certificate = CertificateParams::new(names)
            .map_err(problem)?
            .signed_by(&key, &issuer)
            .map_err(problem)?;
        files.push((pem, certificate.pem()));
        files.push((key_file, key.serialize_pem()));
    }
    for (name, text) in files {
        std::fs::write(folder.join(name), text).map_err(|error| error.to_string())?;
    }
    Ok(())
}
