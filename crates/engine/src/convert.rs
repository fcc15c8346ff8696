//! Between the crates' own types and the protocol's.

use kitbench_modelkit::LayerKind;
use kitbench_modelkit::progress::StepState;
use kitbench_protocol as protocol;

pub fn kind_to_protocol(kind: LayerKind) -> protocol::LayerKind {
    match kind {
        LayerKind::Model => protocol::LayerKind::Model,
        LayerKind::ModelPart => protocol::LayerKind::ModelPart,
        LayerKind::Code => protocol::LayerKind::Code,
        LayerKind::Dataset => protocol::LayerKind::Dataset,
        LayerKind::Docs => protocol::LayerKind::Docs,
        LayerKind::Prompt => protocol::LayerKind::Prompt,
        LayerKind::McpServer => protocol::LayerKind::McpServer,
    }
}

/// The name a layer goes by in tables: its kind with its name, else with its path, so that two
/// of a kind can be told apart.
pub fn layer_label(kind: LayerKind, name: &str, path: &str) -> String {
    let kind = match kind {
        LayerKind::Model => return "Model".into(),
        LayerKind::ModelPart => "Part",
        LayerKind::Code => "Code",
        LayerKind::Dataset => "Dataset",
        LayerKind::Docs => "Docs",
        LayerKind::Prompt => "Prompt",
        LayerKind::McpServer => "MCP server",
    };
    match (name, path) {
        ("", "" | ".") => kind.into(),
        ("", path) => format!("{kind}, {path}"),
        (name, _) => format!("{kind}, {name}"),
    }
}

pub fn step_state(state: StepState) -> protocol::StepState {
    match state {
        StepState::Waiting => protocol::StepState::Waiting,
        StepState::Packing => protocol::StepState::Packing,
        StepState::Asking => protocol::StepState::Asking,
        StepState::Uploading => protocol::StepState::Uploading,
        StepState::Downloading => protocol::StepState::Downloading,
        StepState::Extracting => protocol::StepState::Extracting,
        StepState::Verifying => protocol::StepState::Verifying,
        StepState::Reused => protocol::StepState::Reused,
        StepState::Mounted => protocol::StepState::Mounted,
        StepState::Done => protocol::StepState::Done,
        StepState::Failed => protocol::StepState::Failed,
    }
}

/// What a running job of this kind is doing, as the beginning of a sentence.
pub fn job_verb(kind: protocol::JobKind) -> &'static str {
    match kind {
        protocol::JobKind::Pack => "Packing",
        protocol::JobKind::Push => "Pushing",
        protocol::JobKind::Pull => "Pulling",
        protocol::JobKind::Unpack => "Unpacking",
        protocol::JobKind::Verify => "Re-hashing",
    }
}
