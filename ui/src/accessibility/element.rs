//! One AccessKit node as an element of the page: tag, ARIA role, states, place.

use std::collections::BTreeMap;

use egui::accesskit::{HasPopup, Invalid, Live, Node, Role, SortDirection, Toggled};

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

/// A box without a name of its own: its children stand for it.
pub(super) fn is_mere_box(node: &Node) -> bool {
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
pub(super) fn kind(role: Role) -> (&'static str, Option<&'static str>) {
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

pub(super) fn element(node: &Node, zoom: f32) -> Element {
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
            // egui shows dots for a secret; written into the page, they would come back as its text.
            if node.role() != Role::PasswordInput {
                element.value = Some(value.unwrap_or_default());
            }
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
