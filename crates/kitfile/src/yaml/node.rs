//! The node tree of a document, with the place of every node in the text.

use std::ops::Range;

use super::resolve;
use super::token::Style;

/// A node of [`Document`], by position.
pub(crate) type NodeId = usize;

/// What a node is.
#[derive(Debug, Clone)]
pub(crate) enum Kind {
    Scalar {
        value: String,
        style: Style,
    },
    Alias {
        name: String,
        target: NodeId,
    },
    Sequence {
        items: Vec<NodeId>,
        flow: bool,
    },
    Mapping {
        entries: Vec<(NodeId, NodeId)>,
        flow: bool,
    },
}

/// A node with its place in the text.
#[derive(Debug, Clone)]
pub(crate) struct Node {
    pub kind: Kind,
    /// The short tag (`!!str`), resolved for plain scalars; empty for aliases.
    pub tag: String,
    /// The content: with quotes and brackets, without tag and anchor. A missing value is an empty
    /// range after its key. A block collection ends with its last child.
    pub span: Range<usize>,
    /// Where the node begins including tag and anchor.
    pub start: usize,
    /// The `-` before an element of a block list, the `:` before the value of a map, the `?`
    /// before a key that has one.
    pub marker: Option<usize>,
    /// Whether an anchor stands before the node.
    pub anchored: bool,
    /// Whether a tag stands before the node.
    pub tagged: bool,
}

/// The first document of a text.
#[derive(Debug, Clone)]
pub(crate) struct Document {
    pub nodes: Vec<Node>,
    pub root: NodeId,
    /// Comments seen up to there, and perhaps a few beyond.
    pub comments: Vec<Range<usize>>,
}

impl Document {
    pub fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id]
    }

    /// The node itself, or what it is an alias of.
    pub fn target(&self, id: NodeId) -> NodeId {
        match self.node(id).kind {
            Kind::Alias { target, .. } => target,
            _ => id,
        }
    }

    /// yaml.v3's `ShortTag`, which looks through aliases.
    pub fn short_tag(&self, id: NodeId) -> &str {
        let node = self.node(self.target(id));
        if node.is_text() {
            return resolve::STR;
        }
        &node.tag
    }
}

impl Node {
    /// Whether quotes or a tag say that this scalar is text.
    pub fn is_text(&self) -> bool {
        matches!(self.kind, Kind::Scalar { .. }) && self.tag == resolve::STR
    }

    /// The text of a scalar, the name of an alias; empty for collections.
    pub fn value(&self) -> &str {
        match &self.kind {
            Kind::Scalar { value, .. } => value,
            Kind::Alias { name, .. } => name,
            _ => "",
        }
    }
}
