//! Writing YAML in yaml.v3's style: which quotes a text needs, and block and flow layout.

mod scalar;

use crate::yaml::Style;
pub(crate) use scalar::{Context, choose, write_scalar};

/// Something to be written.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Out {
    /// A number, date, `true` or `null`: written as it is.
    Raw(String),
    /// A text, in the given style if it can be.
    Text(String, Style),
    /// A list.
    Seq(Vec<Out>, Layout),
    /// A map.
    Map(Vec<(String, Out)>, Layout),
}

/// How a collection is laid out. Empty ones and those inside flow are always flow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Layout {
    Block,
    Flow,
}

/// The habits of a file.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Habits<'e> {
    /// Columns per level.
    pub step: usize,
    /// Whether list items are indented under their key.
    pub indented_lists: bool,
    /// The line end.
    pub eol: &'e str,
    /// Whether flow keys and texts are in double quotes, as in JSON.
    pub json: bool,
}

/// What `kit` writes.
pub(crate) const KIT_HABITS: Habits<'static> = Habits {
    step: 2,
    indented_lists: true,
    eol: "\n",
    json: false,
};

impl Out {
    /// A text in the style that yaml.v3 chooses for it.
    pub fn text(text: &str) -> Out {
        Out::Text(text.to_owned(), scalar::natural(text))
    }

    fn is_block(&self) -> bool {
        match self {
            Out::Seq(items, Layout::Block) => !items.is_empty(),
            Out::Map(entries, Layout::Block) => !entries.is_empty(),
            _ => false,
        }
    }
}

/// Writes `node` at column `indent`, which has been reached; without a line end at the end.
pub(crate) fn write_block(out: &mut String, node: &Out, indent: usize, habits: &Habits<'_>) {
    match node {
        Out::Map(entries, Layout::Block) if !entries.is_empty() => {
            for (at, (key, value)) in entries.iter().enumerate() {
                if at > 0 {
                    new_line(out, indent, habits);
                }
                write_entry(out, key, value, indent, habits);
            }
        }
        Out::Seq(items, Layout::Block) if !items.is_empty() => {
            for (at, item) in items.iter().enumerate() {
                if at > 0 {
                    new_line(out, indent, habits);
                }
                out.push_str("- ");
                write_item(out, item, indent, habits);
            }
        }
        Out::Text(text, style) => {
            let style = choose(text, *style, Context::Block);
            write_scalar(out, text, style, indent + habits.step, habits);
        }
        _ => write_flow(out, node, indent, habits),
    }
}

/// Writes what follows `- ` of a list at column `indent`.
pub(crate) fn write_item(out: &mut String, item: &Out, indent: usize, habits: &Habits<'_>) {
    if let Out::Text(text, style) = item {
        let style = choose(text, *style, Context::Block);
        write_scalar(out, text, style, indent + 2, habits);
    } else {
        write_block(out, item, indent + 2, habits);
    }
}

/// Writes `key: value` of a map at column `indent`.
pub(crate) fn write_entry(
    out: &mut String,
    key: &str,
    value: &Out,
    indent: usize,
    habits: &Habits<'_>,
) {
    // yaml.v3 writes long keys and the value behind them with indicators of their own.
    let explicit = key.len() > 128;
    if explicit {
        out.push_str("? ");
    }
    write_key(out, key, false, indent, habits);
    if explicit {
        new_line(out, indent, habits);
    }
    out.push(':');
    if explicit && value.is_block() {
        out.push(' ');
        write_block(out, value, indent + 2, habits);
    } else {
        write_value(out, value, indent, habits);
    }
}

/// Writes what follows `key:` of a map at column `indent`.
pub(crate) fn write_value(out: &mut String, value: &Out, indent: usize, habits: &Habits<'_>) {
    if value.is_block() {
        let is_list = matches!(value, Out::Seq(..));
        let column = if is_list && !habits.indented_lists {
            indent
        } else {
            indent + habits.step
        };
        new_line(out, column, habits);
        write_block(out, value, column, habits);
    } else {
        out.push(' ');
        write_block(out, value, indent, habits);
    }
}

/// Writes a map key.
pub(crate) fn write_key(
    out: &mut String,
    key: &str,
    flow: bool,
    indent: usize,
    habits: &Habits<'_>,
) {
    let wanted = if flow && habits.json {
        Style::DoubleQuoted
    } else {
        scalar::natural(key)
    };
    let context = if flow { Context::FlowKey } else { Context::Key };
    let style = choose(key, wanted, context);
    write_scalar(out, key, style, indent + habits.step, habits);
}

/// Writes a node in flow style.
pub(crate) fn write_flow(out: &mut String, node: &Out, indent: usize, habits: &Habits<'_>) {
    match node {
        Out::Raw(text) => out.push_str(text),
        Out::Text(text, style) => {
            let wanted = if habits.json {
                Style::DoubleQuoted
            } else {
                *style
            };
            let style = choose(text, wanted, Context::Flow);
            write_scalar(out, text, style, indent + habits.step, habits);
        }
        Out::Seq(items, _) => {
            out.push('[');
            for (at, item) in items.iter().enumerate() {
                if at > 0 {
                    out.push_str(", ");
                }
                write_flow(out, item, indent + habits.step, habits);
            }
            out.push(']');
        }
        Out::Map(entries, _) => {
            out.push('{');
            for (at, (key, value)) in entries.iter().enumerate() {
                if at > 0 {
                    out.push_str(", ");
                }
                write_key(out, key, true, indent + habits.step, habits);
                out.push_str(": ");
                write_flow(out, value, indent + habits.step, habits);
            }
            out.push('}');
        }
    }
}

fn new_line(out: &mut String, indent: usize, habits: &Habits<'_>) {
    out.push_str(habits.eol);
    out.extend(std::iter::repeat_n(' ', indent));
}
