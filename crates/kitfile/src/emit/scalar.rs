//! Texts as YAML scalars: which styles can hold a text, and how each writes it.

use std::fmt::Write;

use super::Habits;
use crate::yaml::Style;
use crate::yaml::resolve::{self, Resolved};

/// Where a scalar stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Context {
    Block,
    Flow,
    Key,
    FlowKey,
}

/// The style in which yaml.v3 writes a text, before [`choose`] sees whether it can be.
pub(crate) fn natural(text: &str) -> Style {
    if text.contains('\n') {
        Style::Literal
    } else if resolve::plain(text) == Resolved::Text && text != "<<" && !looks_like_yaml_1_1(text) {
        Style::Plain
    } else {
        Style::DoubleQuoted
    }
}

/// What YAML 1.1 reads as a boolean or a number in base 60. yaml.v3 quotes it, and so do we.
fn looks_like_yaml_1_1(text: &str) -> bool {
    let old_bool = matches!(
        text,
        "y" | "Y"
            | "yes"
            | "Yes"
            | "YES"
            | "on"
            | "On"
            | "ON"
            | "n"
            | "N"
            | "no"
            | "No"
            | "NO"
            | "off"
            | "Off"
            | "OFF"
    );
    old_bool || is_base_60(text)
}

/// `[-+]?[0-9][0-9_]*(:[0-5]?[0-9])+(\.[0-9_]*)?`
fn is_base_60(text: &str) -> bool {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, ""));
    let mut parts = whole.split(':');
    let first = parts.next().unwrap_or_default();
    let rest: Vec<&str> = parts.collect();
    let digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit() || b == b'_');
    first.starts_with(|c: char| c.is_ascii_digit())
        && digits(first)
        && digits(fraction)
        && !rest.is_empty()
        && rest.iter().all(|part| match part.as_bytes() {
            [b] => b.is_ascii_digit(),
            [a, b] => (b'0'..=b'5').contains(a) && b.is_ascii_digit(),
            _ => false,
        })
}

/// Which styles can hold a text.
struct Allowed {
    multiline: bool,
    flow_plain: bool,
    block_plain: bool,
    single: bool,
    block: bool,
}

fn is_break(c: char) -> bool {
    matches!(c, '\n' | '\r' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

/// What yaml.v3 writes without an escape; not what lies beyond the basic plane.
fn is_printable(c: char) -> bool {
    matches!(c, '\n' | ' '..='~' | '\u{a0}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}')
        && c != '\u{feff}'
}

/// yaml.v3's analysis of a scalar.
fn analyze(text: &str) -> Allowed {
    if text.is_empty() {
        return Allowed {
            multiline: false,
            flow_plain: false,
            block_plain: true,
            single: true,
            block: false,
        };
    }
    let starts_document = text.starts_with("---") || text.starts_with("...");
    let mut flow_indicator = starts_document;
    let mut block_indicator = starts_document;
    let mut special = false;
    let mut tab = false;
    let mut break_space = false;
    let mut space_break = false;
    let mut breaks = false;
    let mut previous: Option<char> = None;
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        let space_follows = chars.peek().is_none_or(|next| matches!(next, ' ' | '\t'));
        let space_before = previous.is_none_or(|c| matches!(c, ' ' | '\t') || is_break(c));
        match c {
            '#' | ',' | '[' | ']' | '{' | '}' | '&' | '*' | '!' | '|' | '>' | '\'' | '"' | '%'
            | '@' | '`'
                if previous.is_none() =>
            {
                flow_indicator = true;
                block_indicator = true;
            }
            '-' if previous.is_none() && space_follows => {
                flow_indicator = true;
                block_indicator = true;
            }
            ',' | '[' | ']' | '{' | '}' => flow_indicator = true,
            ':' | '?' => {
                flow_indicator = true;
                block_indicator |= space_follows && (c == ':' || previous.is_none());
            }
            '#' if space_before => {
                flow_indicator = true;
                block_indicator = true;
            }
            _ => {}
        }
        if c == '\t' {
            tab = true;
        } else if !is_printable(c) {
            special = true;
        }
        if c == ' ' && previous.is_some_and(is_break) {
            break_space = true;
        }
        if is_break(c) {
            breaks = true;
            space_break |= previous == Some(' ');
        }
        previous = Some(c);
    }
    let edge = |c: Option<char>| c.is_some_and(|c| c == ' ' || is_break(c));
    let ends_blank = edge(text.chars().next()) || edge(previous);
    let no_plain = ends_blank || break_space || space_break || tab || special || breaks;
    Allowed {
        multiline: breaks,
        flow_plain: !no_plain && !flow_indicator,
        block_plain: !no_plain && !block_indicator,
        single: !(break_space || space_break || tab || special),
        block: !(previous == Some(' ') || space_break || special),
    }
}

/// The style to use for a text where `wanted` is preferred.
pub(crate) fn choose(text: &str, wanted: Style, context: Context) -> Style {
    let allowed = analyze(text);
    let in_flow = matches!(context, Context::Flow | Context::FlowKey);
    let is_key = matches!(context, Context::Key | Context::FlowKey);
    let mut style = wanted;
    if is_key && allowed.multiline {
        style = Style::DoubleQuoted;
    }
    if style == Style::Plain {
        let fits = if in_flow {
            allowed.flow_plain
        } else {
            allowed.block_plain
        };
        if !fits || text.is_empty() && (in_flow || is_key) {
            style = Style::SingleQuoted;
        }
    }
    if style == Style::SingleQuoted && !allowed.single {
        style = Style::DoubleQuoted;
    }
    if matches!(style, Style::Literal | Style::Folded) {
        // yaml.v3 would lose a line break at the start, and gains one after a Unicode one at the
        // end.
        let lost = text.starts_with(is_break) || text.contains(['\u{2028}', '\u{2029}']);
        style = if !allowed.block || in_flow || is_key || lost || text.starts_with('\t') {
            Style::DoubleQuoted
        } else {
            Style::Literal
        };
    }
    style
}

/// Writes a text in a style that [`choose`] found. `indent` is the column for further lines.
pub(crate) fn write_scalar(
    out: &mut String,
    text: &str,
    style: Style,
    indent: usize,
    habits: &Habits<'_>,
) {
    match style {
        Style::Plain => out.push_str(text),
        Style::SingleQuoted => {
            out.push('\'');
            let mut after_break = false;
            for c in text.chars() {
                if after_break && !is_break(c) {
                    out.extend(std::iter::repeat_n(' ', indent));
                }
                match c {
                    // A break alone is folded to a space; it takes two to stay one.
                    '\n' if !after_break => {
                        out.push_str(habits.eol);
                        out.push_str(habits.eol);
                    }
                    '\n' => out.push_str(habits.eol),
                    '\'' => out.push_str("''"),
                    _ => out.push(c),
                }
                after_break = is_break(c);
            }
            out.push('\'');
        }
        Style::DoubleQuoted => write_double_quoted(out, text),
        // The indentation of a text that begins with a space has to be told, and is only known to
        // be two columns in a file that has two everywhere.
        Style::Literal | Style::Folded if text.starts_with(' ') && habits.step != 2 => {
            write_double_quoted(out, text);
        }
        Style::Literal | Style::Folded => write_literal(out, text, indent, habits),
    }
}

fn write_literal(out: &mut String, text: &str, indent: usize, habits: &Habits<'_>) {
    out.push('|');
    if text.starts_with(' ') {
        out.push('2');
    }
    let mut backwards = text.chars().rev();
    let last_breaks = backwards.next().is_some_and(is_break);
    let chomp = match (last_breaks, backwards.next()) {
        (false, _) => "-",
        (true, Some(c)) if !is_break(c) => "",
        (true, _) => "+",
    };
    out.push_str(chomp);
    out.push_str(habits.eol);
    let mut at_start = true;
    // The last line break is left to whatever follows.
    for c in text.strip_suffix('\n').unwrap_or(text).chars() {
        if is_break(c) {
            match c {
                '\n' => out.push_str(habits.eol),
                _ => out.push(c),
            }
            at_start = true;
        } else {
            if at_start {
                out.extend(std::iter::repeat_n(' ', indent));
            }
            out.push(c);
            at_start = false;
        }
    }
}

fn write_double_quoted(out: &mut String, text: &str) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\0' => out.push_str("\\0"),
            '\x07' => out.push_str("\\a"),
            '\x08' => out.push_str("\\b"),
            '\t' => out.push_str("\\t"),
            '\n' => out.push_str("\\n"),
            '\x0b' => out.push_str("\\v"),
            '\x0c' => out.push_str("\\f"),
            '\r' => out.push_str("\\r"),
            '\x1b' => out.push_str("\\e"),
            '\u{85}' => out.push_str("\\N"),
            '\u{2028}' => out.push_str("\\L"),
            '\u{2029}' => out.push_str("\\P"),
            c if is_printable(c) => out.push(c),
            c => {
                let code = c as u32;
                // Writing to a String cannot fail.
                let _ = match code {
                    0..=0xff => write!(out, "\\x{code:02X}"),
                    0x100..=0xffff => write!(out, "\\u{code:04X}"),
                    _ => write!(out, "\\U{code:08X}"),
                };
            }
        }
    }
    out.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::emit::KIT_HABITS;

    fn written(text: &str, context: Context) -> String {
        let mut out = String::new();
        let style = choose(text, natural(text), context);
        write_scalar(&mut out, text, style, 2, &KIT_HABITS);
        out
    }

    #[test]
    fn quoted_only_where_plain_is_ambiguous() {
        for (text, block, flow) in [
            ("plain text", "plain text", "plain text"),
            ("", "\"\"", "\"\""),
            ("yes", "\"yes\"", "\"yes\""),
            ("1.0", "\"1.0\"", "\"1.0\""),
            ("1.0.0", "1.0.0", "1.0.0"),
            ("null", "\"null\"", "\"null\""),
            ("2024-01-02", "\"2024-01-02\"", "\"2024-01-02\""),
            ("12:30", "\"12:30\"", "\"12:30\""),
            ("a: b", "'a: b'", "'a: b'"),
            ("a:b", "a:b", "'a:b'"),
            ("a, b", "a, b", "'a, b'"),
            ("a #b", "'a #b'", "'a #b'"),
            ("a#b", "a#b", "a#b"),
            ("- a", "'- a'", "'- a'"),
            ("-a", "-a", "-a"),
            ("it's", "it's", "it's"),
            ("'a", "'''a'", "'''a'"),
            (" a", "' a'", "' a'"),
            ("a\tb", "\"a\\tb\"", "\"a\\tb\""),
            ("😀", "\"\\U0001F600\"", "\"\\U0001F600\""),
            ("é世界", "é世界", "é世界"),
            ("a\nb", "|-\n  a\n  b", "\"a\\nb\""),
            ("a\nb\n", "|\n  a\n  b", "\"a\\nb\\n\""),
            ("a\n\n", "|+\n  a\n", "\"a\\n\\n\""),
            ("\na", "\"\\na\"", "\"\\na\""),
            (" a\nb", "|2-\n   a\n  b", "\" a\\nb\""),
            ("---", "'---'", "'---'"),
            ("<<", "\"<<\"", "\"<<\""),
        ] {
            assert_eq!(written(text, Context::Block), block, "{text:?}");
            assert_eq!(written(text, Context::Flow), flow, "{text:?}");
        }
    }
}
