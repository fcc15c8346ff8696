//! The accessibility mirror: finding controls by role and name, and using them as a screen reader
//! would.

use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use crate::wait;
use crate::webdriver::Session;

/// Which control is meant: ARIA role, name, and which one if there are several (from 0).
#[derive(Clone, Debug)]
pub struct Query(Value);

/// The control of this role with exactly this name. Several roles may be given, parted by `|`.
pub fn named(role: &str, name: &str) -> Query {
    Query(json!({"role": role, "is": name}))
}

/// The control of this role whose name contains the words.
pub fn containing(role: &str, words: &str) -> Query {
    Query(json!({"role": role, "contains": words}))
}

/// Anything that says these words, whatever its role.
pub fn text(words: &str) -> Query {
    Query(json!({"contains": words}))
}

/// The text field of this name.
pub fn field(name: &str) -> Query {
    named("textbox|searchbox|combobox|spinbutton", name)
}

/// Every control of this role.
pub fn every(role: &str) -> Query {
    Query(json!({"role": role}))
}

impl Query {
    /// The one at this place among those that match, from 0.
    pub fn nth(mut self, nth: usize) -> Self {
        if let Some(fields) = self.0.as_object_mut() {
            fields.insert("nth".into(), nth.into());
        }
        self
    }
}

impl std::fmt::Display for Query {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let role = self
            .0
            .get("role")
            .and_then(Value::as_str)
            .unwrap_or("anything");
        let field = |key: &str| self.0.get(key).and_then(Value::as_str);
        match (field("is"), field("contains")) {
            (Some(name), _) => write!(formatter, "{role} “{name}”"),
            (_, Some(words)) => write!(formatter, "{role} with “{words}”"),
            _ => write!(formatter, "{role}"),
        }
    }
}

/// A control as the mirror shows it.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    pub role: String,
    pub name: String,
    pub value: String,
    pub disabled: bool,
    pub checked: bool,
    pub selected: bool,
    pub expanded: bool,
    pub focused: bool,
    /// Left, top, width and height in logical pixels of the page.
    pub bounds: [f64; 4],
}

impl Node {
    fn read(value: &Value) -> Result<Self> {
        let text = |key: &str| {
            value
                .get(key)
                .and_then(Value::as_str)
                .unwrap_or_default()
                .to_owned()
        };
        let flag = |key: &str| value.get(key).and_then(Value::as_bool).unwrap_or(false);
        let mut bounds = [0.0; 4];
        let numbers = value.get("bounds").and_then(Value::as_array);
        for (slot, number) in bounds.iter_mut().zip(numbers.into_iter().flatten()) {
            *slot = number.as_f64().context("bounds are numbers")?;
        }
        Ok(Self {
            role: text("role"),
            name: text("name"),
            value: text("value"),
            disabled: flag("disabled"),
            checked: flag("checked"),
            selected: flag("selected"),
            expanded: flag("expanded"),
            focused: flag("focused"),
            bounds,
        })
    }

    /// The middle, where a pointer would press.
    pub fn center(&self) -> (f64, f64) {
        let [x, y, width, height] = self.bounds;
        (x + width / 2.0, y + height / 2.0)
    }
}

/// The mirror of one page.
#[derive(Clone, Copy, Debug)]
pub struct Mirror<'a> {
    session: &'a Session,
    patience: Duration,
}

impl<'a> Mirror<'a> {
    pub fn of(session: &'a Session) -> Self {
        Self {
            session,
            patience: wait::STEP,
        }
    }

    /// The same, waiting at most this long for each thing.
    pub fn patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// What matches now, without waiting.
    pub fn list(&self, query: &Query) -> Result<Vec<Node>> {
        self.ask(query, "list", "")
    }

    /// Whether something matches now.
    pub fn has(&self, query: &Query) -> Result<bool> {
        Ok(!self.list(query)?.is_empty())
    }

    /// Waits until a control is there.
    pub fn find(&self, query: &Query) -> Result<Node> {
        self.when(query, "be there", |_| true)
    }

    /// Waits until a control is there and fulfils a condition, named for the error message.
    pub fn when(&self, query: &Query, what: &str, holds: impl Fn(&Node) -> bool) -> Result<Node> {
        wait::until(&format!("{query} to {what}"), self.patience, || {
            Ok(self
                .ask(query, "describe", "")?
                .into_iter()
                .next()
                .filter(|node| holds(node)))
        })
    }

    /// Waits until nothing matches.
    pub fn gone(&self, query: &Query) -> Result<()> {
        wait::until(&format!("{query} to be gone"), self.patience, || {
            Ok((!self.has(query)?).then_some(()))
        })
    }

    /// Presses a control, as soon as it is there and enabled.
    pub fn click(&self, query: &Query) -> Result<Node> {
        self.act(query, "click", "")
    }

    /// Presses a control that goes away when it has done its work, until it is gone: a press in the
    /// frame in which the page is laid out anew may reach nothing.
    pub fn dismiss(&self, query: &Query) -> Result<()> {
        self.click(query)?;
        wait::until(&format!("{query} to go"), self.patience, || {
            if self.has(query)? {
                self.ask(query, "click", "")?;
                return Ok(None);
            }
            Ok(Some(()))
        })
    }

    /// Presses a control until what it leads to is there: a press in the frame in which the page is
    /// laid out anew may reach nothing. For controls that may be pressed twice, such as rows.
    pub fn click_for(&self, query: &Query, expected: &Query) -> Result<Node> {
        self.click(query)?;
        wait::until(
            &format!("{expected} after pressing {query}"),
            self.patience,
            || {
                if self.has(expected)? {
                    return Ok(Some(()));
                }
                self.ask(query, "click", "")?;
                Ok(None)
            },
        )?;
        self.find(expected)
    }

    /// Gives a control the keyboard.
    pub fn focus(&self, query: &Query) -> Result<Node> {
        self.act(query, "focus", "")
    }

    /// Puts a text into a field, in place of what it holds, and waits until the field says so.
    pub fn set(&self, query: &Query, text: &str) -> Result<Node> {
        self.act(query, "set", text)?;
        self.when(query, &format!("hold “{text}”"), |node| {
            node.value == text
        })
    }

    /// Presses a control with the pointer in its middle, as a hand would.
    pub fn press(&self, query: &Query) -> Result<Node> {
        let node = self.when(query, "be enabled", |node| !node.disabled)?;
        let (x, y) = node.center();
        self.session.click_at(x, y)?;
        Ok(node)
    }

    /// All there is, one line per node, for error messages.
    pub fn outline(&self) -> String {
        let Ok(nodes) = self.list(&Query(json!({}))) else {
            return "the mirror cannot be read".into();
        };
        nodes
            .iter()
            .map(|node| {
                let [x, y, width, height] = node.bounds;
                let state = if node.disabled { " disabled" } else { "" };
                format!(
                    "{} “{}” {x:.0},{y:.0} {width:.0}×{height:.0}{state}\n",
                    node.role, node.name
                )
            })
            .collect()
    }

    fn act(&self, query: &Query, action: &str, text: &str) -> Result<Node> {
        wait::until(
            &format!("{query} to take “{action}”"),
            self.patience,
            || {
                let node = self.ask(query, action, text)?.into_iter().next();
                match node {
                    Some(node) if node.disabled => bail!("{query} is disabled"),
                    node => Ok(node),
                }
            },
        )
    }

    fn ask(&self, query: &Query, action: &str, text: &str) -> Result<Vec<Node>> {
        self.session
            .script(
                include_str!("mirror.js"),
                &[query.0.clone(), action.into(), text.into()],
            )?
            .as_array()
            .context("the mirror's script returns a list")?
            .iter()
            .map(Node::read)
            .collect()
    }
}
