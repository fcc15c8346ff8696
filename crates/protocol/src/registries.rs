//! Registries: addresses, sign-in, repositories, tags, transfers.

use serde::{Deserialize, Serialize};

use crate::{ErrorView, LayerKind, Relation};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct RegistryId(pub i64);

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListRegistries;

/// How a registry is reached.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RegistryAddress {
    /// `ghcr.io`, `localhost:5000`.
    pub host: String,
    pub plain_http: bool,
    /// Accept any certificate. Off unless the user insists.
    pub skip_tls_verify: bool,
    /// PEM file added to the system's roots; empty for none.
    pub ca_file: String,
    pub client_cert_file: String,
    pub client_key_file: String,
    /// Empty: the usual environment.
    pub proxy: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum SignInState {
    /// No credentials known; the registry may be open.
    Anonymous,
    /// User and where the secret is kept: `system key store`, `kit's credentials.json`, `Docker's config.json`.
    SignedIn {
        user: String,
        source: String,
    },
    Refused {
        user: String,
    },
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Reachable {
    Unknown,
    Yes,
    No(ErrorView),
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RegistryRow {
    pub id: RegistryId,
    pub address: RegistryAddress,
    pub sign_in: SignInState,
    pub reachable: Reachable,
}

/// Adds a registry, or changes the one with this id.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SaveRegistry {
    pub id: Option<RegistryId>,
    pub address: RegistryAddress,
}

/// Forgets a registry; with `and_secret` its secret too.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RemoveRegistry {
    pub id: RegistryId,
    pub and_secret: bool,
}

/// A text that is never printed.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Secret(pub String);

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// Tries the credentials and keeps them only if the registry takes them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignIn {
    pub id: RegistryId,
    pub user: String,
    pub secret: Secret,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignOut {
    pub id: RegistryId,
}

/// Measures what a registry can do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TestRegistry {
    pub address: RegistryAddress,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RegistryTest {
    /// One line per check: what, and the outcome (`None`: not known).
    pub checks: Vec<(String, Option<bool>, String)>,
    pub error: Option<ErrorView>,
    pub needs_sign_in: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListRepositories {
    pub id: RegistryId,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RepositoryList {
    pub repositories: Vec<String>,
    /// The registry has no catalogue: these are the ones used before.
    pub no_catalogue: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListTags {
    pub id: RegistryId,
    pub repository: String,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TagList {
    pub tags: Vec<TagRow>,
    /// Measured: `Some(true)` if ranged reads work.
    pub partial_reads: Option<bool>,
    /// Unix milliseconds.
    pub listed_ms: i64,
    /// Layer digests per tag for "Layers across tags": label, kind, and per tag of `tags` a digest or none.
    pub layers: Vec<LayerAcrossTags>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TagRow {
    pub tag: String,
    pub digest: String,
    pub bytes: u64,
    /// Unix milliseconds, if the manifest says so.
    pub created_ms: Option<i64>,
    pub framework: String,
    pub name: String,
    /// `ModelKit`, `ModelPack`, or the artifact type of something else.
    pub artifact: String,
    pub is_modelkit: bool,
    pub relation: Relation,
    /// Why this tag's manifest could not be read.
    pub error: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LayerAcrossTags {
    pub label: String,
    pub kind: LayerKind,
    pub digests: Vec<Option<String>>,
}

/// A kit on a registry, read without pulling it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GetRemoteKit {
    /// `host/repository:tag` or `host/repository@digest`.
    pub reference: String,
}

/// Deletes a tag or manifest on the registry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeleteRemote {
    pub reference: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Direction {
    Push,
    Pull,
}

/// What a transfer would move; sends and stores nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanTransfer {
    pub direction: Direction,
    pub source: String,
    /// For a push under another name; empty: the same.
    pub target: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TransferPlan {
    pub layers: Vec<TransferLayer>,
    pub bytes: u64,
    /// Bytes the other side lacks.
    pub move_bytes: u64,
    pub disk_free_bytes: u64,
    pub resumable: bool,
    /// The tag there names other bytes.
    pub replaces: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TransferLayer {
    pub label: String,
    pub kind: Option<LayerKind>,
    pub bytes: u64,
    pub already_there: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StartPush {
    /// Local reference.
    pub source: String,
    /// Remote reference; empty: the same as the source.
    pub target: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StartPull {
    pub reference: String,
}
