//! Reading a config blob back into a [`Kitfile`].

use crate::field_path::{FieldPath, Step};
use crate::json::{self, Json, JsonSyntaxError};
use crate::model::{Kitfile, LayerInfo};
use crate::record::{FieldMut, Record};
use crate::value::Value;

/// A config blob that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FromJsonError {
    /// It is not JSON.
    #[error("the config is not JSON: {0}")]
    Syntax(#[from] JsonSyntaxError),
    /// A value is of another type than its field.
    #[error("the config has {found} at `{path}` where {wanted} belongs")]
    Type {
        /// Where.
        path: FieldPath,
        /// What is there.
        found: &'static str,
        /// What should be there.
        wanted: &'static str,
    },
    /// A number beyond the range of a 64-bit float.
    #[error("the config has the number {number} at `{path}`, which is out of range")]
    Range {
        /// Where.
        path: FieldPath,
        /// The number as written.
        number: String,
    },
}

/// Reads config JSON as Go does: unknown keys are ignored, keys match without regard to case, null
/// leaves a field empty. Numbers keep their exact value, so that writing gives the same bytes.
pub fn from_config_json(bytes: &[u8]) -> Result<Kitfile, FromJsonError> {
    let json = json::read(bytes)?;
    let mut reader = Reader {
        path: FieldPath::root(),
    };
    let mut kitfile = Kitfile::default();
    reader.record(json, &mut kitfile)?;
    Ok(kitfile)
}

struct Reader {
    path: FieldPath,
}

type Read<T> = Result<T, FromJsonError>;

impl Reader {
    fn wrong(&self, found: &Json, wanted: &'static str) -> FromJsonError {
        FromJsonError::Type {
            path: self.path.clone(),
            found: found.kind(),
            wanted,
        }
    }

    fn within<T>(&mut self, step: Step, read: impl FnOnce(&mut Self) -> Read<T>) -> Read<T> {
        self.path.push(step);
        let done = read(self)?;
        self.path.pop();
        Ok(done)
    }

    fn record(&mut self, json: Json, out: &mut dyn Record) -> Read<()> {
        let entries = match json {
            Json::Object(entries) => entries,
            Json::Null => return Ok(()),
            other => return Err(self.wrong(&other, "an object")),
        };
        for (key, value) in entries {
            let specs = out.specs();
            let index = specs.iter().position(|spec| spec.key == key).or_else(|| {
                specs
                    .iter()
                    .position(|spec| spec.key.eq_ignore_ascii_case(&key))
            });
            if let Some((index, spec)) = index.map(|index| (index, &specs[index])) {
                let field = out.get_mut(index);
                self.within(Step::Key(spec.key.to_owned()), |this| {
                    this.field(value, field)
                })?;
            } else if let Some(slot) = out.layer_mut() {
                self.layer(&key, value, slot)?;
            }
        }
        Ok(())
    }

    fn layer(&mut self, key: &str, value: Json, slot: &mut Option<LayerInfo>) -> Read<()> {
        let is_digest = key.eq_ignore_ascii_case("digest");
        if !is_digest && !key.eq_ignore_ascii_case("diffId") {
            return Ok(());
        }
        let mut text = String::new();
        self.within(Step::Key(key.to_owned()), |this| {
            this.text(value, &mut text)
        })?;
        if !text.is_empty() {
            let layer = slot.get_or_insert_with(LayerInfo::default);
            if is_digest {
                layer.digest = text;
            } else {
                layer.diff_id = text;
            }
        }
        Ok(())
    }

    fn text(&mut self, json: Json, out: &mut String) -> Read<()> {
        match json {
            Json::String(text) => *out = text,
            Json::Null => {}
            other => return Err(self.wrong(&other, "a text")),
        }
        Ok(())
    }

    fn items(&self, json: Json) -> Read<Vec<Json>> {
        match json {
            Json::Array(items) => Ok(items),
            Json::Null => Ok(Vec::new()),
            other => Err(self.wrong(&other, "a list")),
        }
    }

    fn field(&mut self, json: Json, field: FieldMut<'_>) -> Read<()> {
        match field {
            FieldMut::Text(out) => self.text(json, out)?,
            FieldMut::Texts(out) => {
                out.clear();
                for (at, item) in self.items(json)?.into_iter().enumerate() {
                    let mut text = String::new();
                    self.within(Step::Index(at), |this| this.text(item, &mut text))?;
                    out.push(text);
                }
            }
            FieldMut::Any(out) => {
                let value = self.any(json)?;
                *out = (value != Value::Null).then_some(value);
            }
            FieldMut::Record(out) => self.record(json, out)?,
            FieldMut::Optional(out) => match json {
                Json::Null => out.clear(),
                json => self.record(json, out.fill())?,
            },
            FieldMut::Records(out) => {
                out.clear();
                for (at, item) in self.items(json)?.into_iter().enumerate() {
                    let record = out.push_empty();
                    self.within(Step::Index(at), |this| this.record(item, record))?;
                }
            }
        }
        Ok(())
    }

    fn any(&mut self, json: Json) -> Read<Value> {
        Ok(match json {
            Json::Null => Value::Null,
            Json::Bool(value) => Value::Bool(value),
            Json::String(text) => Value::String(text),
            Json::Number(number) => self.number(number)?,
            Json::Array(items) => {
                let mut list = Vec::with_capacity(items.len());
                for (at, item) in items.into_iter().enumerate() {
                    list.push(self.within(Step::Index(at), |this| this.any(item))?);
                }
                Value::Seq(list)
            }
            Json::Object(entries) => {
                let mut map: Vec<(String, Value)> = Vec::with_capacity(entries.len());
                let mut places = std::collections::HashMap::new();
                for (key, value) in entries {
                    let value = self.within(Step::Key(key.clone()), |this| this.any(value))?;
                    match places.get(&key).and_then(|at: &usize| map.get_mut(*at)) {
                        Some((_, known)) => *known = value,
                        None => {
                            places.insert(key.clone(), map.len());
                            map.push((key, value));
                        }
                    }
                }
                Value::Map(map)
            }
        })
    }

    fn number(&self, number: String) -> Read<Value> {
        let whole = !number.contains(['.', 'e', 'E']) && number != "-0";
        if whole && let Ok(int) = number.parse::<i64>() {
            return Ok(Value::Int(int));
        }
        if whole && let Ok(int) = number.parse::<u64>() {
            return Ok(Value::UInt(int));
        }
        match number.parse::<f64>() {
            Ok(float) if float.is_finite() => Ok(Value::Float(float)),
            _ => Err(FromJsonError::Range {
                path: self.path.clone(),
                number,
            }),
        }
    }
}
