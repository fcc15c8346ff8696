//! The elements of a Kitfile that can bear a layer, in one list.

use crate::field_path::FieldPath;
use crate::model::{Kitfile, LayerInfo};

/// The kind of an element; also the order in which layers are made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ElementKind {
    /// `model`.
    Model,
    /// An element of `model.parts`.
    ModelPart,
    /// An element of `code`.
    Code,
    /// An element of `datasets`.
    Dataset,
    /// An element of `docs`.
    Docs,
    /// An element of `prompts`.
    Prompt,
    /// An element of `mcpServers`.
    McpServer,
}

/// An element of a Kitfile that can bear a layer.
#[derive(Debug, Clone, PartialEq)]
pub struct Element<'k> {
    /// What it is.
    pub kind: ElementKind,
    /// Its number among its kind, from 0.
    pub index: usize,
    /// Its place: `model`, `model.parts[0]`, `code[1]`.
    pub field: FieldPath,
    /// Its name; empty where the kind has none.
    pub name: &'k str,
    /// Its `path` as written, perhaps empty.
    pub path: &'k str,
    /// The remote path of a data set; empty elsewhere.
    pub remote_path: &'k str,
    /// Its layer, in a config blob.
    pub layer: Option<&'k LayerInfo>,
}

impl Element<'_> {
    /// How `kit` names it in messages: `model NAME`, `dataset NAME`, `code layer 0`.
    pub fn label(&self) -> String {
        let (kind, numbered) = match self.kind {
            ElementKind::Model => ("model", false),
            ElementKind::ModelPart => ("modelpart", false),
            ElementKind::Dataset => ("dataset", false),
            ElementKind::McpServer => ("mcp server", false),
            ElementKind::Code => ("code layer", true),
            ElementKind::Docs => ("docs layer", true),
            ElementKind::Prompt => ("prompt layer", true),
        };
        if numbered {
            format!("{kind} {}", self.index)
        } else if self.name.is_empty() {
            format!("{kind} `{}`", self.field)
        } else {
            format!("{kind} {}", self.name)
        }
    }
}

impl Kitfile {
    /// Every element that can bear a layer, in the order in which layers are made.
    pub fn elements(&self) -> Vec<Element<'_>> {
        let root = FieldPath::root();
        let mut elements = Vec::new();
        let mut add = |kind, index, field, name, path, remote_path, layer| {
            elements.push(Element {
                kind,
                index,
                field,
                name,
                path,
                remote_path,
                layer,
            });
        };
        if let Some(model) = &self.model {
            let field = root.key("model");
            let parts = field.key("parts");
            let layer = model.layer.as_ref();
            add(
                ElementKind::Model,
                0,
                field,
                model.name.as_str(),
                model.path.as_str(),
                "",
                layer,
            );
            for (at, part) in model.parts.iter().enumerate() {
                let layer = part.layer.as_ref();
                add(
                    ElementKind::ModelPart,
                    at,
                    parts.index(at),
                    &part.name,
                    &part.path,
                    "",
                    layer,
                );
            }
        }
        for (at, code) in self.code.iter().enumerate() {
            let field = root.key("code").index(at);
            add(
                ElementKind::Code,
                at,
                field,
                "",
                &code.path,
                "",
                code.layer.as_ref(),
            );
        }
        for (at, set) in self.datasets.iter().enumerate() {
            let field = root.key("datasets").index(at);
            let layer = set.layer.as_ref();
            add(
                ElementKind::Dataset,
                at,
                field,
                &set.name,
                &set.path,
                &set.remote_path,
                layer,
            );
        }
        for (at, docs) in self.docs.iter().enumerate() {
            let field = root.key("docs").index(at);
            add(
                ElementKind::Docs,
                at,
                field,
                "",
                &docs.path,
                "",
                docs.layer.as_ref(),
            );
        }
        for (at, prompt) in self.prompts.iter().enumerate() {
            let field = root.key("prompts").index(at);
            let layer = prompt.layer.as_ref();
            add(
                ElementKind::Prompt,
                at,
                field,
                &prompt.name,
                &prompt.path,
                "",
                layer,
            );
        }
        for (at, server) in self.mcp_servers.iter().enumerate() {
            let field = root.key("mcpServers").index(at);
            let layer = server.layer.as_ref();
            add(
                ElementKind::McpServer,
                at,
                field,
                &server.name,
                &server.path,
                "",
                layer,
            );
        }
        elements
    }
}
