//! One field by name, as `kit info -f` prints it.

use crate::emit::{Layout, Out};
use crate::model::Kitfile;
use crate::record::{FieldRef, Record};
use crate::to_yaml;
use crate::value::Value;

/// A field name that leads nowhere.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "there is no field `{segment}` in `{name}`; names are as in the Kitfile, such as `model.name`"
)]
pub struct NoSuchField {
    /// The name asked for.
    pub name: String,
    /// The part of it that was not found.
    pub segment: String,
}

/// The text for the field `name`, such as `package.name`: scalars bare, maps and lists as YAML, an
/// empty field as `""`; without a line end at the end.
///
/// Every segment, its first letter in upper case, must be the name that `kit` has inside for the
/// field, so `dataSets` and `manifestVersion` are found; the keys of the Kitfile itself are
/// understood as well. There is no indexing of lists.
pub fn field(kitfile: &Kitfile, name: &str) -> Result<String, NoSuchField> {
    let name = name.strip_prefix('.').unwrap_or(name);
    let fail = |segment: &str| NoSuchField {
        name: name.to_owned(),
        segment: segment.to_owned(),
    };
    let mut segments = name.split('.');
    let mut found: FieldRef<'_> = FieldRef::Record(kitfile);
    while let Some(segment) = segments.next() {
        let record: &dyn Record = match found {
            FieldRef::Record(record) | FieldRef::Optional(Some(record)) => record,
            FieldRef::Any(Some(value)) => {
                return within(value, segment, segments).ok_or_else(|| fail(segment));
            }
            _ => return Err(fail(segment)),
        };
        let index = index_of(record, segment).ok_or_else(|| fail(segment))?;
        found = record.get(index);
    }
    Ok(match &found {
        FieldRef::Text(text) if !text.is_empty() => (*text).to_owned(),
        field if field.is_empty() => "\"\"".to_owned(),
        FieldRef::Texts(texts) => {
            let items = texts.iter().map(|text| Out::text(text)).collect();
            print(&Out::Seq(items, Layout::Block))
        }
        field => print(&to_yaml::field(field)),
    })
}

fn index_of(record: &dyn Record, segment: &str) -> Option<usize> {
    let mut chars = segment.chars();
    let first = chars.next()?;
    let capitalised: String = first.to_uppercase().chain(chars).collect();
    record
        .specs()
        .iter()
        .position(|spec| spec.go_name == capitalised || spec.key == segment)
}

fn within<'n>(value: &Value, segment: &str, rest: impl Iterator<Item = &'n str>) -> Option<String> {
    let mut value = value.get(segment)?;
    for segment in rest {
        value = value.get(segment)?;
    }
    Some(match value {
        Value::String(text) if !text.is_empty() => text.clone(),
        value => print(&to_yaml::value(value)),
    })
}

fn print(node: &Out) -> String {
    let text = to_yaml::write(node);
    text.strip_suffix('\n').unwrap_or(&text).to_owned()
}
