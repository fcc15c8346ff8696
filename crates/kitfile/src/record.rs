//! The shape of every record of a Kitfile: key names, order, what is always written, since when.
//!
//! Reading YAML, reading and writing JSON, writing YAML and looking up a field all walk this one
//! description, so that a new field is added here and in [`crate::model`] only.

use crate::field_path::Step;
use crate::model::{
    Code, Dataset, Docs, Kitfile, LayerInfo, McpServer, Model, ModelPart, Package, Prompt, Rules,
};
use crate::value::Value;

/// What a key is, apart from its value.
#[derive(Debug, Clone, Copy)]
pub(crate) struct FieldSpec {
    /// The key in YAML and JSON.
    pub key: &'static str,
    /// The name inside `kit`, by which `kit info -f` looks fields up.
    pub go_name: &'static str,
    /// Written as JSON even when empty.
    pub json_always: bool,
    /// Written as YAML even when empty.
    pub yaml_always: bool,
    /// The first rules that know the key.
    pub since: Rules,
}

const fn field(key: &'static str, go_name: &'static str) -> FieldSpec {
    FieldSpec {
        key,
        go_name,
        json_always: false,
        yaml_always: false,
        since: Rules::V1_7,
    }
}

const fn always(mut spec: FieldSpec) -> FieldSpec {
    spec.json_always = true;
    spec.yaml_always = true;
    spec
}

const fn since(mut spec: FieldSpec, rules: Rules) -> FieldSpec {
    spec.since = rules;
    spec
}

/// The value of a field, to read.
pub(crate) enum FieldRef<'a> {
    Text(&'a str),
    Texts(&'a [String]),
    Any(Option<&'a Value>),
    Record(&'a dyn Record),
    Optional(Option<&'a dyn Record>),
    Records(Vec<&'a dyn Record>),
}

impl FieldRef<'_> {
    /// Whether Go leaves the field out as empty. A record that is no pointer never is.
    pub fn is_empty(&self) -> bool {
        match self {
            FieldRef::Text(text) => text.is_empty(),
            FieldRef::Texts(texts) => texts.is_empty(),
            FieldRef::Any(value) => value.is_none(),
            FieldRef::Record(_) => false,
            FieldRef::Optional(record) => record.is_none(),
            FieldRef::Records(records) => records.is_empty(),
        }
    }
}

/// The value of a field, to write.
pub(crate) enum FieldMut<'a> {
    Text(&'a mut String),
    Texts(&'a mut Vec<String>),
    Any(&'a mut Option<Value>),
    Record(&'a mut dyn Record),
    Optional(&'a mut dyn OptionalRecord),
    Records(&'a mut dyn RecordList),
}

/// A struct of [`crate::model`] seen through its field list.
pub(crate) trait Record {
    /// The fields in the order in which they are written.
    fn specs(&self) -> &'static [FieldSpec];
    /// The value of field number `index` of [`Record::specs`].
    fn get(&self, index: usize) -> FieldRef<'_>;
    /// The same, to change.
    fn get_mut(&mut self, index: usize) -> FieldMut<'_>;
    /// The layer info of an element that can bear a layer.
    fn layer(&self) -> Option<&LayerInfo> {
        None
    }
    /// Whether elements of this kind can bear a layer.
    fn layer_slot(&self) -> bool {
        false
    }
    /// The place of the layer info; `None` for a record that never bears a layer.
    fn layer_mut(&mut self) -> Option<&mut Option<LayerInfo>> {
        None
    }

    /// The number of the field named `key`.
    fn index_of(&self, key: &str) -> Option<usize> {
        self.specs().iter().position(|spec| spec.key == key)
    }
}

/// A record that may be absent.
pub(crate) trait OptionalRecord {
    /// Makes it present, empty if it was absent.
    fn fill(&mut self) -> &mut dyn Record;
    /// Makes it absent.
    fn clear(&mut self);
}

impl<R: Record + Default> OptionalRecord for Option<R> {
    fn fill(&mut self) -> &mut dyn Record {
        self.get_or_insert_with(R::default)
    }

    fn clear(&mut self) {
        *self = None;
    }
}

/// A list of records of one type.
pub(crate) trait RecordList {
    /// Adds an empty record and hands it out.
    fn push_empty(&mut self) -> &mut dyn Record;
    /// Takes the last one away again.
    fn drop_last(&mut self);
    /// Empties the list.
    fn clear(&mut self);
}

impl<R: Record + Default> RecordList for Vec<R> {
    fn push_empty(&mut self) -> &mut dyn Record {
        self.push(R::default());
        let last = self.len() - 1;
        &mut self[last]
    }

    fn drop_last(&mut self) {
        self.pop();
    }

    fn clear(&mut self) {
        self.clear();
    }
}

fn as_records<R: Record>(list: &[R]) -> Vec<&dyn Record> {
    list.iter().map(|record| record as &dyn Record).collect()
}

/// Implements [`Record`]: one line per field, `member: kind = spec`.
macro_rules! record {
    ($type:ty $(, layer $layer:ident)? ; $($member:ident : $kind:ident = $spec:expr),+ $(,)?) => {
        impl Record for $type {
            fn specs(&self) -> &'static [FieldSpec] {
                const SPECS: &[FieldSpec] = &[$($spec),+];
                SPECS
            }

            #[allow(unused_assignments)]
            fn get(&self, index: usize) -> FieldRef<'_> {
                let mut at = 0;
                $(
                    if index == at {
                        return record!(@ref $kind, self.$member);
                    }
                    at += 1;
                )+
                FieldRef::Any(None)
            }

            #[allow(unused_assignments)]
            fn get_mut(&mut self, index: usize) -> FieldMut<'_> {
                let mut at = 0;
                $(
                    if index == at {
                        return record!(@mut $kind, self.$member);
                    }
                    at += 1;
                )+
                unreachable!("field {index} of {at} of {}", stringify!($type))
            }

            $(
                fn layer(&self) -> Option<&LayerInfo> {
                    self.$layer.as_ref()
                }

                fn layer_slot(&self) -> bool {
                    true
                }

                fn layer_mut(&mut self) -> Option<&mut Option<LayerInfo>> {
                    Some(&mut self.$layer)
                }
            )?
        }
    };
    (@ref text, $e:expr) => { FieldRef::Text(&$e) };
    (@ref texts, $e:expr) => { FieldRef::Texts(&$e) };
    (@ref any, $e:expr) => { FieldRef::Any($e.as_ref()) };
    (@ref record, $e:expr) => { FieldRef::Record(&$e) };
    (@ref optional, $e:expr) => { FieldRef::Optional($e.as_ref().map(|r| r as &dyn Record)) };
    (@ref records, $e:expr) => { FieldRef::Records(as_records(&$e)) };
    (@mut text, $e:expr) => { FieldMut::Text(&mut $e) };
    (@mut texts, $e:expr) => { FieldMut::Texts(&mut $e) };
    (@mut any, $e:expr) => { FieldMut::Any(&mut $e) };
    (@mut record, $e:expr) => { FieldMut::Record(&mut $e) };
    (@mut optional, $e:expr) => { FieldMut::Optional(&mut $e) };
    (@mut records, $e:expr) => { FieldMut::Records(&mut $e) };
}

record! { Kitfile;
    manifest_version: text = always(field("manifestVersion", "ManifestVersion")),
    package: record = FieldSpec { json_always: true, ..field("package", "Package") },
    model: optional = field("model", "Model"),
    code: records = field("code", "Code"),
    datasets: records = field("datasets", "DataSets"),
    docs: records = field("docs", "Docs"),
    prompts: records = since(field("prompts", "Prompts"), Rules::V1_11),
    mcp_servers: records = since(field("mcpServers", "MCPServers"), Rules::Current),
}

record! { Package;
    name: text = field("name", "Name"),
    version: text = field("version", "Version"),
    description: text = field("description", "Description"),
    license: text = field("license", "License"),
    authors: texts = field("authors", "Authors"),
}

record! { Model, layer layer;
    name: text = field("name", "Name"),
    path: text = field("path", "Path"),
    license: text = field("license", "License"),
    framework: text = field("framework", "Framework"),
    format: text = field("format", "Format"),
    version: text = field("version", "Version"),
    description: text = field("description", "Description"),
    parts: records = field("parts", "Parts"),
    parameters: any = field("parameters", "Parameters"),
}

record! { ModelPart, layer layer;
    name: text = field("name", "Name"),
    path: text = field("path", "Path"),
    license: text = field("license", "License"),
    kind: text = field("type", "Type"),
}

record! { Code, layer layer;
    path: text = field("path", "Path"),
    description: text = field("description", "Description"),
    license: text = field("license", "License"),
}

record! { Dataset, layer layer;
    name: text = field("name", "Name"),
    path: text = field("path", "Path"),
    remote_path: text = since(field("remotePath", "RemotePath"), Rules::Current),
    remote_hash: text = since(field("remoteHash", "RemoteHash"), Rules::Current),
    description: text = field("description", "Description"),
    license: text = field("license", "License"),
    parameters: any = field("parameters", "Parameters"),
}

record! { Docs, layer layer;
    path: text = always(field("path", "Path")),
    description: text = field("description", "Description"),
}

record! { Prompt, layer layer;
    name: text = since(field("name", "Name"), Rules::Current),
    path: text = field("path", "Path"),
    description: text = field("description", "Description"),
}

record! { McpServer, layer layer;
    name: text = field("name", "Name"),
    path: text = field("path", "Path"),
    description: text = field("description", "Description"),
}

/// The fields of the record at a path, if there is a record: `model.parts[0]`, `datasets[1]`.
pub(crate) fn specs_at(steps: &[Step]) -> Option<&'static [FieldSpec]> {
    fn inner(record: &mut dyn Record, steps: &[Step]) -> Option<&'static [FieldSpec]> {
        let (Some(Step::Key(key)), rest) = (steps.first(), steps.get(1..).unwrap_or_default())
        else {
            return steps.is_empty().then(|| record.specs());
        };
        match (record.get_mut(record.index_of(key)?), rest) {
            (FieldMut::Record(record), rest) => inner(record, rest),
            (FieldMut::Optional(record), rest) => inner(record.fill(), rest),
            (FieldMut::Records(list), [Step::Index(_), rest @ ..]) => {
                inner(list.push_empty(), rest)
            }
            _ => None,
        }
    }
    inner(&mut Kitfile::default(), steps)
}
