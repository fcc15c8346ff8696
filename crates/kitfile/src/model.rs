//! The Kitfile as data: every field of every release, in the order in which it is written.
//!
//! Texts are plain `String`s and an empty one means "absent", as in the format itself (an empty
//! text and a missing key serialise alike). The shape of each record, that is the key names, their
//! order and which of them are always written, is listed once, in the crate's private module `record`.

use crate::value::Value;

/// A whole Kitfile; also what a native config blob holds.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Kitfile {
    /// `manifestVersion`: the version of the Kitfile format, normally `1.0.0`.
    pub manifest_version: String,
    /// `package`: what the kit is as a whole.
    pub package: Package,
    /// `model`: the model, if the kit has one.
    pub model: Option<Model>,
    /// `code`: one layer each.
    pub code: Vec<Code>,
    /// `datasets`: one layer each, apart from remote ones.
    pub datasets: Vec<Dataset>,
    /// `docs`: one layer each.
    pub docs: Vec<Docs>,
    /// `prompts`: one layer each; since kit 1.11.
    pub prompts: Vec<Prompt>,
    /// `mcpServers`: one raw layer each; since mid 2026.
    pub mcp_servers: Vec<McpServer>,
}

/// `package`.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Package {
    /// `name` of the kit.
    pub name: String,
    /// `version` of the kit, free text.
    pub version: String,
    /// `description`, free text.
    pub description: String,
    /// `license`, by custom an SPDX identifier.
    pub license: String,
    /// `authors`, one text each.
    pub authors: Vec<String>,
}

/// `model`.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Model {
    /// `name` of the model.
    pub name: String,
    /// `path`: a file or folder in the project, or a ModelKit reference to a parent kit.
    pub path: String,
    /// `license`, by custom an SPDX identifier.
    pub license: String,
    /// `framework`, such as `pytorch`.
    pub framework: String,
    /// `format`, such as `onnx`.
    pub format: String,
    /// `version` of the model, free text.
    pub version: String,
    /// `description`, free text.
    pub description: String,
    /// `parts`: further files of the model (tokenizer, adapter, shards); one layer each.
    pub parts: Vec<ModelPart>,
    /// `parameters`: any YAML; `None` when absent or null.
    pub parameters: Option<Value>,
    /// The layer made from `path`; only in a config blob.
    pub layer: Option<LayerInfo>,
}

/// One element of `model.parts`.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ModelPart {
    /// `name` of the part.
    pub name: String,
    /// `path` in the project.
    pub path: String,
    /// `license`, by custom an SPDX identifier.
    pub license: String,
    /// `type`: one word such as `tokenizer`.
    pub kind: String,
    /// The layer made from `path`; only in a config blob.
    pub layer: Option<LayerInfo>,
}

/// One element of `code`.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Code {
    /// `path` in the project.
    pub path: String,
    /// `description`, free text.
    pub description: String,
    /// `license`, by custom an SPDX identifier.
    pub license: String,
    /// The layer made from `path`; only in a config blob.
    pub layer: Option<LayerInfo>,
}

/// One element of `datasets`.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Dataset {
    /// `name` of the data set.
    pub name: String,
    /// `path` in the project.
    pub path: String,
    /// `remotePath`: an `s3://` URL or a ModelKit reference; since mid 2026.
    pub remote_path: String,
    /// `remoteHash`: the expected hash of an `s3://` object; since mid 2026.
    pub remote_hash: String,
    /// `description`, free text.
    pub description: String,
    /// `license`, by custom an SPDX identifier.
    pub license: String,
    /// `parameters`: any YAML; `None` when absent or null.
    pub parameters: Option<Value>,
    /// The layer made from `path`; only in a config blob.
    pub layer: Option<LayerInfo>,
}

/// One element of `docs`.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Docs {
    /// `path` in the project; always written, even when empty.
    pub path: String,
    /// `description`, free text.
    pub description: String,
    /// The layer made from `path`; only in a config blob.
    pub layer: Option<LayerInfo>,
}

/// One element of `prompts`.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Prompt {
    /// `name` of the prompt; since mid 2026.
    pub name: String,
    /// `path` in the project.
    pub path: String,
    /// `description`, free text.
    pub description: String,
    /// The layer made from `path`; only in a config blob.
    pub layer: Option<LayerInfo>,
}

/// One element of `mcpServers`.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct McpServer {
    /// `name` of the server; required and unique.
    pub name: String,
    /// `path` of the `.mcpb` bundle in the project.
    pub path: String,
    /// `description`, free text.
    pub description: String,
    /// The layer made from `path`; only in a config blob.
    pub layer: Option<LayerInfo>,
}

/// The layer that was made from an element; never part of YAML.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LayerInfo {
    /// `digest` of the stored blob, `sha256:<hex>`.
    pub digest: String,
    /// `diffId`: digest of the uncompressed tar, `sha256:<hex>`.
    pub diff_id: String,
}

/// Whose rules to follow when reading, checking and generating a Kitfile. Ordered by age.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Rules {
    /// Those of `kit` 1.7 to 1.9.
    V1_7,
    /// Those of `kit` 1.10 and 1.11: adds `prompts`.
    V1_11,
    /// The newest (mid to late 2026): adds remote data sets, prompt names and MCP servers, checks
    /// paths by meaning, and warns where older ones fail late or stay silent.
    #[default]
    Current,
}

impl Rules {
    /// All rules, oldest first.
    pub const ALL: [Rules; 3] = [Rules::V1_7, Rules::V1_11, Rules::Current];

    /// The name used on the command line: `1.7`, `1.11` or `current`.
    pub fn name(self) -> &'static str {
        match self {
            Rules::V1_7 => "1.7",
            Rules::V1_11 => "1.11",
            Rules::Current => "current",
        }
    }

    /// The rules named so, see [`Rules::name`].
    pub fn from_name(name: &str) -> Option<Rules> {
        Rules::ALL.into_iter().find(|rules| rules.name() == name)
    }
}

/// The names under which a Kitfile is looked for in a project folder, first match wins.
pub const KITFILE_NAMES: [&str; 3] = ["Kitfile", "kitfile", ".kitfile"];

/// The first of [`KITFILE_NAMES`] for which `exists` holds.
pub fn find_name(exists: impl Fn(&str) -> bool) -> Option<&'static str> {
    KITFILE_NAMES.into_iter().find(|name| exists(name))
}
