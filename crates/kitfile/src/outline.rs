//! What stands where in the text, for colouring it and for going from a field to its place.

use std::ops::Range;

use crate::field_path::{FieldPath, Step};
use crate::yaml::{self, Document, Kind, NodeId, resolve};

/// Keys, values and comments of a text.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Outline {
    /// Every field and list element, in the order of the text.
    pub fields: Vec<OutlineField>,
    /// Every comment, `#` to the end of its line.
    pub comments: Vec<Range<usize>>,
}

/// A field or a list element. Ranges are bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutlineField {
    /// Which one; the root where the text is not YAML and the path is not known.
    pub path: FieldPath,
    /// Its key; `None` for list elements.
    pub key: Option<Range<usize>>,
    /// Its value if that is a scalar, quotes included; for a map or list the empty range where it
    /// begins.
    pub value: Range<usize>,
    /// Key and value together.
    pub whole: Range<usize>,
}

/// The outline of a text. Where the text is not YAML, keys and comments are recognised line by
/// line, so that colours stay while one is typing.
pub fn outline(text: &str) -> Outline {
    match yaml::compose(text) {
        Ok(None) => by_lines(text),
        Ok(Some(document)) => {
            let mut fields = Vec::new();
            walk(
                &document,
                document.root,
                &FieldPath::root(),
                false,
                &mut fields,
            );
            Outline {
                fields,
                comments: document.comments,
            }
        }
        Err(_) => by_lines(text),
    }
}

fn walk(
    document: &Document,
    id: NodeId,
    path: &FieldPath,
    free: bool,
    fields: &mut Vec<OutlineField>,
) {
    let value_of = |id: NodeId| {
        let node = document.node(id);
        match node.kind {
            Kind::Scalar { .. } | Kind::Alias { .. } => node.span.clone(),
            _ => node.span.start..node.span.start,
        }
    };
    match &document.node(id).kind {
        Kind::Mapping { entries, .. } => {
            for (key_id, value_id) in entries {
                let key = document.node(*key_id);
                let name = document.node(document.target(*key_id)).value();
                let path = path.key(name);
                fields.push(OutlineField {
                    path: path.clone(),
                    key: Some(key.span.clone()),
                    value: value_of(*value_id),
                    whole: key.start..document.node(*value_id).span.end.max(key.span.end),
                });
                walk(
                    document,
                    *value_id,
                    &path,
                    free || name == "parameters",
                    fields,
                );
            }
        }
        Kind::Sequence { items, .. } => {
            let mut index = 0;
            for item in items {
                if !free && document.short_tag(*item) == resolve::NULL {
                    continue;
                }
                let node = document.node(*item);
                let path = path.with(Step::Index(index));
                index += 1;
                fields.push(OutlineField {
                    path: path.clone(),
                    key: None,
                    value: value_of(*item),
                    whole: node.marker.unwrap_or(node.start)..node.span.end,
                });
                walk(document, *item, &path, free, fields);
            }
        }
        Kind::Scalar { .. } | Kind::Alias { .. } => {}
    }
}

/// Keys and comments by the looks of each line.
fn by_lines(text: &str) -> Outline {
    let mut outline = Outline::default();
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let start = at;
        at += line.len();
        let line = line.trim_end_matches(['\n', '\r']);
        let mut quote = None;
        let mut before = ' ';
        let mut comment = None;
        for (offset, c) in line.char_indices() {
            match (quote, c) {
                (None, '#') if before.is_whitespace() => {
                    comment = Some(offset);
                    break;
                }
                (None, '"' | '\'') if !before.is_alphanumeric() => quote = Some(c),
                (Some(open), c) if c == open => quote = None,
                _ => {}
            }
            before = c;
        }
        if let Some(offset) = comment {
            outline.comments.push(start + offset..start + line.len());
        }
        let code = line
            .get(..comment.unwrap_or(line.len()))
            .unwrap_or_default();
        let key = code.trim_start_matches([' ', '-']);
        let offset = code.len() - key.len();
        let Some(colon) = key.find(':').filter(|colon| {
            let name = key.get(..*colon).unwrap_or_default();
            let after = key.get(colon + 1..).unwrap_or_default();
            let balanced = name.matches(['"', '\'']).count() != 1;
            !name.is_empty()
                && balanced
                && name
                    .chars()
                    .all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '"' | '\''))
                && (after.is_empty() || after.starts_with(' '))
        }) else {
            continue;
        };
        let value = code.get(offset + colon + 1..).unwrap_or_default();
        let blank = value.len() - value.trim_start().len();
        let value_start = start + offset + colon + 1 + blank;
        let value_end = value_start + value.trim().len();
        outline.fields.push(OutlineField {
            path: FieldPath::root(),
            key: Some(start + offset..start + offset + colon),
            value: value_start..value_end.max(value_start),
            whole: start + offset..value_end.max(value_start),
        });
    }
    outline
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_has_its_place() {
        let text = "package: # p\n  name: \"x\"\ncode:\n- ~\n- path: a\n";
        let outline = outline(text);
        let shown: Vec<(String, &str, &str)> = outline
            .fields
            .iter()
            .map(|field| {
                let key = field.key.clone().map_or("", |key| &text[key]);
                (field.path.to_string(), key, &text[field.value.clone()])
            })
            .collect();
        let expected = [
            ("package", "package", ""),
            ("package.name", "name", "\"x\""),
            ("code", "code", ""),
            ("code[0]", "", ""),
            ("code[0].path", "path", "a"),
        ];
        let expected: Vec<_> = expected
            .map(|(path, key, value)| (path.to_owned(), key, value))
            .to_vec();
        assert_eq!(shown, expected);
        assert_eq!(&text[outline.comments[0].clone()], "# p");
    }

    #[test]
    fn broken_text_keeps_its_colours() {
        let text = "package:\n  name: x # why\n  \"a: [\n- path: é\n";
        let outline = outline(text);
        let keys: Vec<&str> = outline
            .fields
            .iter()
            .filter_map(|field| Some(&text[field.key.clone()?]))
            .collect();
        assert_eq!(keys, ["package", "name", "path"]);
        assert_eq!(&text[outline.fields[2].value.clone()], "é");
        assert_eq!(&text[outline.comments[0].clone()], "# why");
    }
}
