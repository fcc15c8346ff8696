//! OCI registries for ModelKits: sign-in, catalogue, tags, push, pull, copy, ranged reads, referrers.
//!
//! [`Registry`] is one registry with the credentials to use there. Its operations are futures; dropping one closes its
//! connections, and transfers also take a `CancellationToken`, which lets them write out what can be continued.
//! The local side is a [`BlobStore`]; progress goes to an `Observer`, one step per layer.
//!
//! The requests are our own, on `reqwest`: the `oci-client` library, which first was to do them, reads answers of any
//! length into memory, hides `Retry-After` and the status of a refusal, knows neither client certificates nor identity
//! tokens nor upload status, and shares its connections with nobody. The tests use it as a second client.
//!
//! What the modules own: `transport` one request (signing, retries, limits, errors), `auth` the sign-in, `upload` and
//! `download` one blob, `push` and `pull` one ModelKit, `docker_config` the logins shared with `kit`.

mod auth;
mod blobs;
mod challenge;
mod client;
mod config;
mod credential_helper;
mod docker_config;
mod download;
mod error;
mod explain;
mod feed;
mod journal;
mod kit_store;
mod listing;
mod manifests;
mod names;
mod private;
mod pull;
mod push;
mod referrers;
mod registry;
mod remote_kit;
mod secret;
mod steps;
mod store;
#[cfg(feature = "testing")]
pub mod testing;
mod transfer;
mod transport;
mod upload;

pub use blobs::{MAX_CONFIG_BYTES, MAX_RANGE_BYTES};
pub use config::{
    ClientCert, DEFAULT_CHUNK_BYTES, DEFAULT_CONCURRENCY, RegistryConfig, RetryPolicy, Timeouts,
};
pub use docker_config::{Logins, SavedIn};
pub use error::{Error, ErrorKind, Result};
pub use journal::{FolderJournal, MemoryJournal, UploadJournal, UploadKey};
pub use listing::{PAGE, Page};
pub use manifests::{MAX_MANIFEST_BYTES, RemoteManifest};
pub use pull::Pulled;
pub use push::{CopyTarget, Push};
pub use referrers::Referrer;
pub use registry::{Ping, Registry, SignIn};
pub use remote_kit::{BlobReader, RemoteKit, RemoteResolver};
pub use secret::{Credentials, Secret};
pub use store::{BlobStore, PartialBlob, PulledManifest, ReadSeek};
pub use transfer::{Outcome, Preflight, PreflightBlob};
