//! From AccessKit trees to changes of a page: plain data, no page.

use std::collections::{BTreeMap, HashMap, HashSet};

use egui::accesskit::{Node, NodeId, Role, TreeUpdate};

pub use super::element::Element;
use super::element::{element, is_mere_box, kind};

/// A change of the twin. Operations are applied in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Op {
    /// Make an element; it has no parent yet.
    Create {
        /// Its id.
        id: u64,
        /// Its tag.
        tag: &'static str,
    },
    /// Set an attribute.
    Set {
        /// Whose.
        id: u64,
        /// Its name.
        name: &'static str,
        /// Its value.
        value: String,
    },
    /// Take an attribute away.
    Unset {
        /// Whose.
        id: u64,
        /// Its name.
        name: &'static str,
    },
    /// Set the text of a field.
    Value {
        /// Whose.
        id: u64,
        /// The text.
        value: String,
    },
    /// These are the children, in this order.
    Children {
        /// Whose; [`ROOT`] for the twin itself.
        id: u64,
        /// The children.
        children: Vec<u64>,
    },
    /// Take an element away.
    Remove {
        /// Which.
        id: u64,
    },
    /// This one has the focus now; `None` when nothing has.
    Focus {
        /// Which.
        id: Option<u64>,
    },
}

/// The id that stands for the twin's own element.
pub const ROOT: u64 = 0;

/// What the page looks like.
#[derive(Default)]
pub struct Twin {
    known: HashMap<u64, Element>,
    top: Vec<u64>,
    focus: Option<u64>,
}

impl Twin {
    /// The operations that make the page look like this frame.
    pub fn update(&mut self, update: &TreeUpdate, zoom: f32) -> Vec<Op> {
        let nodes: HashMap<NodeId, &Node> =
            update.nodes.iter().map(|(id, node)| (*id, node)).collect();
        let Some(root) = update.tree.as_ref().map(|tree| tree.root) else {
            return Vec::new();
        };
        let mut next = HashMap::new();
        let mut seen = HashSet::from([root]);
        let top = nodes.get(&root).map_or_else(Vec::new, |node| {
            Walk {
                nodes: &nodes,
                next: &mut next,
                seen: &mut seen,
                zoom,
            }
            .children(node)
        });
        let mut ops = Vec::new();
        // An element cannot change its tag: one of the same id takes its place.
        let replaced: HashSet<u64> = next
            .iter()
            .filter(|(id, now)| self.known.get(id).is_some_and(|old| old.tag != now.tag))
            .map(|(id, _)| *id)
            .collect();
        for (id, element) in &next {
            self.change(*id, element, &replaced, &mut ops);
        }
        // Sorted, so that the same change always gives the same list: creations before the
        // lists of children that name them.
        ops.sort_by_key(|op| match op {
            Op::Create { id, .. } => (0, *id),
            Op::Set { id, .. } | Op::Unset { id, .. } => (1, *id),
            Op::Value { id, .. } => (2, *id),
            Op::Children { id, .. } => (3, *id),
            Op::Remove { id } => (4, *id),
            Op::Focus { .. } => (5, 0),
        });
        if top != self.top || top.iter().any(|id| replaced.contains(id)) {
            ops.push(Op::Children {
                id: ROOT,
                children: top.clone(),
            });
        }
        let mut gone: Vec<u64> = self
            .known
            .keys()
            .filter(|id| !next.contains_key(id))
            .copied()
            .collect();
        gone.sort_unstable();
        ops.extend(gone.into_iter().map(|id| Op::Remove { id }));
        let focus = Some(update.focus.0).filter(|id| next.contains_key(id));
        if focus != self.focus {
            ops.push(Op::Focus { id: focus });
        }
        (self.known, self.top, self.focus) = (next, top, focus);
        ops
    }

    /// The elements of the page, for tests.
    #[must_use]
    pub fn elements(&self) -> &HashMap<u64, Element> {
        &self.known
    }

    /// The only element of the same kind and name, if there is just one.
    #[must_use]
    pub fn twin_of(&self, gone: &Element) -> Option<u64> {
        let name = |element: &Element| {
            let label = element.attributes.get("aria-label").cloned();
            (element.tag, element.attributes.get("role").cloned(), label)
        };
        let wanted = name(gone);
        let mut alike = self
            .known
            .iter()
            .filter(|(_, element)| name(element) == wanted);
        let (id, _) = alike.next()?;
        alike.next().is_none().then_some(*id)
    }

    fn change(&self, id: u64, element: &Element, replaced: &HashSet<u64>, ops: &mut Vec<Op>) {
        let before = self
            .known
            .get(&id)
            .filter(|before| before.tag == element.tag);
        let nothing = BTreeMap::new();
        let old = before.map_or(&nothing, |before| &before.attributes);
        if before.is_none() {
            ops.push(Op::Create {
                id,
                tag: element.tag,
            });
        }
        for (name, value) in &element.attributes {
            if old.get(name) != Some(value) {
                ops.push(Op::Set {
                    id,
                    name,
                    value: value.clone(),
                });
            }
        }
        for name in old
            .keys()
            .filter(|name| !element.attributes.contains_key(*name))
        {
            ops.push(Op::Unset { id, name });
        }
        if let Some(value) = &element.value
            && before.is_none_or(|before| before.value.as_ref() != Some(value))
        {
            ops.push(Op::Value {
                id,
                value: value.clone(),
            });
        }
        // A child that was made anew is in no parent yet.
        let anew = element
            .children
            .iter()
            .any(|child| replaced.contains(child));
        if anew
            || before.map_or(!element.children.is_empty(), |before| {
                before.children != element.children
            })
        {
            ops.push(Op::Children {
                id,
                children: element.children.clone(),
            });
        }
    }
}

struct Walk<'a> {
    nodes: &'a HashMap<NodeId, &'a Node>,
    next: &'a mut HashMap<u64, Element>,
    seen: &'a mut HashSet<NodeId>,
    zoom: f32,
}

impl Walk<'_> {
    fn children(&mut self, node: &Node) -> Vec<u64> {
        let mut out = Vec::new();
        for id in node.children() {
            // A node named twice, or one that names its own parent, must not send us in circles.
            if !self.seen.insert(*id) {
                continue;
            }
            let Some(child) = self.nodes.get(id).copied() else {
                continue;
            };
            if child.is_hidden() || child.role() == Role::TextRun {
                continue;
            }
            let is_field = matches!(kind(child.role()).0, "input" | "textarea");
            // The runs of text inside a field are in its value.
            let below = if is_field {
                Vec::new()
            } else {
                self.children(child)
            };
            if is_mere_box(child) {
                out.extend(below);
                continue;
            }
            let mut element = element(child, self.zoom);
            element.children = below;
            self.next.insert(id.0, element);
            out.push(id.0);
        }
        out
    }
}
