//! From AccessKit trees to changes of a page: plain data, no page.

use std::collections::{BTreeMap, HashMap, HashSet};

use egui::accesskit::{
    HasPopup, Invalid, Live, Node, NodeId, Role, SortDirection, Toggled, TreeUpdate,
};

/// An element of the twin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Element {
    /// `button`, `input`, `textarea` or `div`.
    pub tag: &'static str,
    /// Its attributes.
    pub attributes: BTreeMap<&'static str, String>,
    /// The text of a field.
    pub value: Option<String>,
    /// Its children, by id.
    pub children: Vec<u64>,
}

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
        for (id, element) in &next {
            self.change(*id, element, &mut ops);
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
        if top != self.top {
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

    fn change(&self, id: u64, element: &Element, ops: &mut Vec<Op>) {
        let before = self
            .known
            .get(&id)
            .filter(|before| before.tag == element.tag);
        let nothing = BTreeMap::new();
        let old = before.map_or(&nothing, |before| &before.attributes);
        if before.is_none() {
            // An element cannot change its tag: one of the same id is replaced.
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
        if before.map_or(!element.children.is_empty(), |before| {
            before.children != element.children
        }) {
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

/// A box without a name of its own: its children stand for it.
fn is_mere_box(node: &Node) -> bool {
    let plain = matches!(
        node.role(),
        Role::Unknown
            | Role::GenericContainer
            | Role::Pane
            | Role::Group
            | Role::ScrollView
            | Role::Window
    );
    let named = node.label().is_some_and(|label| !label.is_empty());
    let label_without_text =
        node.role() == Role::Label && !named && node.value().is_none_or(str::is_empty);
    (plain && !named) || label_without_text
}

/// Tag and ARIA role of a role.
fn kind(role: Role) -> (&'static str, Option<&'static str>) {
    match role {
        Role::Button | Role::DefaultButton | Role::ColorWell | Role::DisclosureTriangle => {
            ("button", None)
        }
        Role::CheckBox => ("button", Some("checkbox")),
        Role::Switch => ("button", Some("switch")),
        Role::RadioButton => ("button", Some("radio")),
        Role::Tab => ("button", Some("tab")),
        Role::Link => ("button", Some("link")),
        Role::MenuItem => ("button", Some("menuitem")),
        Role::MenuItemCheckBox => ("button", Some("menuitemcheckbox")),
        Role::MenuItemRadio => ("button", Some("menuitemradio")),
        Role::ListBoxOption | Role::MenuListOption => ("button", Some("option")),
        Role::ComboBox => ("button", Some("combobox")),
        Role::EditableComboBox => ("input", Some("combobox")),
        Role::TextInput
        | Role::SearchInput
        | Role::PasswordInput
        | Role::NumberInput
        | Role::UrlInput
        | Role::EmailInput => ("input", None),
        Role::MultilineTextInput => ("textarea", None),
        Role::Slider => ("div", Some("slider")),
        Role::SpinButton => ("div", Some("spinbutton")),
        Role::ProgressIndicator | Role::Meter => ("div", Some("progressbar")),
        Role::RadioGroup => ("div", Some("radiogroup")),
        Role::TabList => ("div", Some("tablist")),
        Role::TabPanel => ("div", Some("tabpanel")),
        Role::List => ("div", Some("list")),
        Role::ListItem => ("div", Some("listitem")),
        Role::ListBox => ("div", Some("listbox")),
        Role::Menu | Role::MenuListPopup => ("div", Some("menu")),
        Role::MenuBar => ("div", Some("menubar")),
        Role::Tree => ("div", Some("tree")),
        Role::TreeItem => ("div", Some("treeitem")),
        Role::Grid | Role::TreeGrid => ("div", Some("grid")),
        Role::Table => ("div", Some("table")),
        Role::Row => ("div", Some("row")),
        Role::Cell | Role::GridCell => ("div", Some("gridcell")),
        Role::ColumnHeader => ("div", Some("columnheader")),
        Role::RowHeader => ("div", Some("rowheader")),
        Role::Heading => ("div", Some("heading")),
        Role::Image | Role::Figure | Role::Canvas | Role::GraphicsDocument => ("div", Some("img")),
        Role::Dialog => ("div", Some("dialog")),
        Role::AlertDialog => ("div", Some("alertdialog")),
        Role::Alert => ("div", Some("alert")),
        Role::Status => ("div", Some("status")),
        Role::Log => ("div", Some("log")),
        Role::Tooltip => ("div", Some("tooltip")),
        Role::Splitter => ("div", Some("separator")),
        Role::Toolbar => ("div", Some("toolbar")),
        Role::Navigation => ("div", Some("navigation")),
        Role::Main => ("div", Some("main")),
        Role::Label | Role::Paragraph => ("div", None),
        _ => ("div", Some("group")),
    }
}

fn element(node: &Node, zoom: f32) -> Element {
    let (tag, role) = kind(node.role());
    let mut element = Element {
        tag,
        attributes: BTreeMap::new(),
        value: None,
        children: Vec::new(),
    };
    let set = &mut element.attributes;
    if let Some(role) = role {
        set.insert("role", role.to_owned());
    }
    let label = node
        .label()
        .map_or("", |label| label.trim_end_matches('\u{feff}'))
        .to_owned();
    let value = node.value().map(str::to_owned);
    match (tag, role) {
        // Text is text, so that a page search and a reader's browse mode find it.
        ("div", None) => {
            let text = if label.is_empty() {
                value.clone().unwrap_or_default()
            } else {
                label.clone()
            };
            set.insert("data-text", text);
        }
        _ if label.is_empty() => {}
        _ => {
            set.insert("aria-label", label.clone());
        }
    }
    match tag {
        "input" | "textarea" => {
            element.value = Some(value.unwrap_or_default());
            if tag == "input" {
                let kind = match node.role() {
                    Role::PasswordInput => "password",
                    Role::SearchInput => "search",
                    _ => "text",
                };
                set.insert("type", kind.to_owned());
            }
            if let Some(hint) = node.placeholder() {
                set.insert("placeholder", hint.to_owned());
            }
            if node.is_read_only() {
                set.insert("readonly", String::new());
            }
        }
        "button" => {
            set.insert("type", "button".to_owned());
            if let Some(value) = value {
                set.insert("aria-valuetext", value);
            }
        }
        _ => {
            if let (Some(value), Some(_)) = (value, role) {
                set.insert("aria-valuetext", value);
            }
        }
    }
    states(node, role, set);
    set.insert("tabindex", "-1".to_owned());
    if let Some(bounds) = node.bounds() {
        let scale = f64::from(zoom);
        let px = |length: f64| (length * scale).round() as i64;
        set.insert(
            "style",
            format!(
                "left:{}px;top:{}px;width:{}px;height:{}px",
                px(bounds.x0),
                px(bounds.y0),
                px(bounds.x1 - bounds.x0).max(1),
                px(bounds.y1 - bounds.y0).max(1)
            ),
        );
    }
    element
}

fn states(node: &Node, role: Option<&'static str>, set: &mut BTreeMap<&'static str, String>) {
    if let Some(toggled) = node.toggled() {
        let word = match toggled {
            Toggled::False => "false",
            Toggled::True => "true",
            Toggled::Mixed => "mixed",
        };
        // A plain button that stands for something on is pressed, not checked.
        let name = match role {
            Some("checkbox" | "switch" | "radio" | "menuitemcheckbox" | "menuitemradio") => {
                "aria-checked"
            }
            Some("tab" | "option" | "row" | "treeitem" | "listitem" | "gridcell") => {
                "aria-selected"
            }
            _ => "aria-pressed",
        };
        set.insert(name, word.to_owned());
    }
    if let Some(selected) = node.is_selected() {
        set.insert("aria-selected", selected.to_string());
    }
    if let Some(expanded) = node.is_expanded() {
        set.insert("aria-expanded", expanded.to_string());
    }
    if node.is_disabled() {
        set.insert("aria-disabled", "true".to_owned());
    }
    if node.is_busy() {
        set.insert("aria-busy", "true".to_owned());
    }
    if node.is_modal() {
        set.insert("aria-modal", "true".to_owned());
    }
    if let Some(description) = node.description() {
        set.insert("aria-description", description.to_owned());
    }
    if let Some(level) = node.level() {
        set.insert("aria-level", level.to_string());
    } else if role == Some("heading") {
        set.insert("aria-level", "2".to_owned());
    }
    if let Some(count) = node.row_count() {
        set.insert("aria-rowcount", count.to_string());
    }
    if let Some(index) = node.row_index() {
        // ARIA counts rows from 1.
        set.insert("aria-rowindex", (index + 1).to_string());
    }
    for (name, number) in [
        ("aria-valuenow", node.numeric_value()),
        ("aria-valuemin", node.min_numeric_value()),
        ("aria-valuemax", node.max_numeric_value()),
    ] {
        if let Some(number) = number {
            set.insert(name, number.to_string());
        }
    }
    if let Some(popup) = node.has_popup() {
        let word = match popup {
            HasPopup::Menu => "menu",
            HasPopup::Listbox => "listbox",
            HasPopup::Tree => "tree",
            HasPopup::Grid => "grid",
            HasPopup::Dialog => "dialog",
        };
        set.insert("aria-haspopup", word.to_owned());
    }
    if let Some(invalid) = node.invalid() {
        set.insert(
            "aria-invalid",
            if invalid == Invalid::True {
                "true"
            } else {
                "spelling"
            }
            .to_owned(),
        );
    }
    if let Some(live) = node.live() {
        let word = match live {
            Live::Off => "off",
            Live::Polite => "polite",
            Live::Assertive => "assertive",
        };
        set.insert("aria-live", word.to_owned());
    }
    if let Some(sort) = node.sort_direction() {
        let word = match sort {
            SortDirection::Ascending => "ascending",
            SortDirection::Descending => "descending",
            SortDirection::Other => "other",
        };
        set.insert("aria-sort", word.to_owned());
    }
}

#[cfg(test)]
mod tests {
    use egui::accesskit::{Rect, TreeId, TreeInfo};

    use super::*;

    fn frame(nodes: Vec<(u64, Node)>, focus: u64) -> TreeUpdate {
        TreeUpdate {
            nodes: nodes
                .into_iter()
                .map(|(id, node)| (NodeId(id), node))
                .collect(),
            tree: Some(TreeInfo::new(NodeId(1))),
            tree_id: TreeId::ROOT,
            focus: NodeId(focus),
        }
    }

    fn node(role: Role, label: &str, children: &[u64]) -> Node {
        let mut node = Node::new(role);
        if !label.is_empty() {
            node.set_label(label);
        }
        node.set_children(children.iter().map(|id| NodeId(*id)).collect::<Vec<_>>());
        node
    }

    fn screen(label: &str) -> Vec<(u64, Node)> {
        let mut pack = node(Role::Button, label, &[]);
        pack.set_bounds(Rect {
            x0: 10.0,
            y0: 20.0,
            x1: 110.0,
            y1: 48.0,
        });
        let mut field = node(Role::TextInput, "Tag", &[6]);
        field.set_value("v0.8.0");
        vec![
            (1, node(Role::Window, "", &[2])),
            (2, node(Role::GenericContainer, "", &[3, 4])),
            (3, pack),
            (4, node(Role::GenericContainer, "", &[5])),
            (5, field),
            (6, node(Role::TextRun, "", &[])),
        ]
    }

    #[test]
    fn boxes_vanish_and_things_stay() {
        let mut twin = Twin::default();
        let ops = twin.update(&frame(screen("Pack"), 5), 1.5);
        let creates: Vec<_> = ops
            .iter()
            .filter(|op| matches!(op, Op::Create { .. }))
            .collect();
        assert_eq!(
            creates,
            [
                &Op::Create {
                    id: 3,
                    tag: "button"
                },
                &Op::Create {
                    id: 5,
                    tag: "input"
                }
            ]
        );
        assert!(ops.contains(&Op::Children {
            id: ROOT,
            children: vec![3, 5]
        }));
        assert!(ops.contains(&Op::Set {
            id: 3,
            name: "aria-label",
            value: "Pack".into()
        }));
        assert!(ops.contains(&Op::Set {
            id: 3,
            name: "style",
            value: "left:15px;top:30px;width:150px;height:42px".into()
        }));
        assert!(ops.contains(&Op::Value {
            id: 5,
            value: "v0.8.0".into()
        }));
        assert_eq!(ops.last(), Some(&Op::Focus { id: Some(5) }));
    }

    #[test]
    fn only_what_changed_is_sent() {
        let mut twin = Twin::default();
        twin.update(&frame(screen("Pack"), 5), 1.0);
        assert!(twin.update(&frame(screen("Pack"), 5), 1.0).is_empty());
        let ops = twin.update(&frame(screen("Pack v0.8.0…"), 1), 1.0);
        assert_eq!(
            ops,
            [
                Op::Set {
                    id: 3,
                    name: "aria-label",
                    value: "Pack v0.8.0…".into()
                },
                Op::Focus { id: None },
            ]
        );
    }

    #[test]
    fn what_is_gone_is_removed() {
        let mut twin = Twin::default();
        twin.update(&frame(screen("Pack"), 5), 1.0);
        let ops = twin.update(
            &frame(
                vec![
                    (1, node(Role::Window, "", &[3])),
                    (3, node(Role::Button, "Pack", &[])),
                ],
                1,
            ),
            1.0,
        );
        assert!(ops.contains(&Op::Children {
            id: ROOT,
            children: vec![3]
        }));
        assert!(ops.contains(&Op::Remove { id: 5 }));
        assert!(ops.contains(&Op::Unset {
            id: 3,
            name: "style"
        }));
    }

    #[test]
    fn another_role_makes_another_element() {
        let mut twin = Twin::default();
        twin.update(
            &frame(
                vec![
                    (1, node(Role::Window, "", &[3])),
                    (3, node(Role::Button, "A", &[])),
                ],
                1,
            ),
            1.0,
        );
        let ops = twin.update(
            &frame(
                vec![
                    (1, node(Role::Window, "", &[3])),
                    (3, node(Role::TextInput, "A", &[])),
                ],
                1,
            ),
            1.0,
        );
        assert_eq!(
            ops.first(),
            Some(&Op::Create {
                id: 3,
                tag: "input"
            })
        );
    }

    #[test]
    fn states_become_aria() {
        let mut tick = node(Role::CheckBox, "Move latest too", &[]);
        tick.set_toggled(Toggled::Mixed);
        tick.set_disabled();
        tick.set_description("Nothing to move");
        let mut group = node(Role::DisclosureTriangle, "Runs", &[]);
        group.set_expanded(true);
        let mut on = node(Role::Button, "Both", &[]);
        on.set_toggled(Toggled::True);
        let mut twin = Twin::default();
        twin.update(
            &frame(
                vec![
                    (1, node(Role::Window, "", &[3, 4, 5])),
                    (3, tick),
                    (4, group),
                    (5, on),
                ],
                1,
            ),
            1.0,
        );
        let get = |id: u64, name: &str| {
            twin.elements()[&id]
                .attributes
                .get(name)
                .map(String::as_str)
        };
        assert_eq!(get(3, "role"), Some("checkbox"));
        assert_eq!(get(3, "aria-checked"), Some("mixed"));
        assert_eq!(get(3, "aria-disabled"), Some("true"));
        assert_eq!(get(3, "aria-description"), Some("Nothing to move"));
        assert_eq!(get(4, "aria-expanded"), Some("true"));
        assert_eq!(get(5, "aria-pressed"), Some("true"));
    }

    #[test]
    fn a_tree_that_bites_its_tail_ends() {
        let mut twin = Twin::default();
        let nodes = vec![
            (1, node(Role::Window, "", &[2])),
            (2, node(Role::Dialog, "A", &[3])),
            (3, node(Role::Dialog, "B", &[2, 1, 9])),
        ];
        let ops = twin.update(&frame(nodes, 1), 1.0);
        assert_eq!(
            ops.iter()
                .filter(|op| matches!(op, Op::Create { .. }))
                .count(),
            2
        );
    }
}
