//! From YAML nodes to a [`Kitfile`], as yaml.v3 decodes into Go structs with known fields only.
//!
//! Errors of type do not stop decoding: they become [`Problem`]s, and the rest of the Kitfile is
//! still there to be shown. What yaml.v3 gives up on at once (an alias that contains itself, a
//! value that does not fit its tag) ends decoding here too.

mod messages;
mod values;

use std::collections::{HashMap, HashSet};

use crate::field_path::{FieldPath, Step};
use crate::model::{Kitfile, Rules};
use crate::problem::{Lines, Problem, ProblemCode};
use crate::record::{FieldMut, Record, RecordList};
use crate::value::Value;
use crate::yaml::resolve::{self, Resolved};
use crate::yaml::{Document, Kind, NodeId};

/// Ends decoding.
type Decoded<T> = Result<T, Box<Problem>>;

/// Decodes one node without a type, if there is nothing wrong with it.
pub(crate) fn decode_value(document: &Document, node: NodeId) -> Option<Value> {
    let lines = Lines::new("");
    let mut decoder = Decoder::new(document, &lines, Rules::Current);
    let mut value = Value::Null;
    decoder.any(node, &mut value).ok()?;
    decoder.problems.is_empty().then_some(value)
}

/// Decodes a document. The Kitfile is partial if there are errors among the problems.
pub(crate) fn decode(
    document: &Document,
    lines: &Lines<'_>,
    rules: Rules,
) -> (Kitfile, Vec<Problem>) {
    let mut decoder = Decoder::new(document, lines, rules);
    let mut kitfile = Kitfile::default();
    if let Err(problem) = decoder.record(document.root, &mut kitfile) {
        decoder.problems.push(*problem);
    }
    (kitfile, decoder.problems)
}

struct Decoder<'d> {
    document: &'d Document,
    lines: &'d Lines<'d>,
    rules: Rules,
    problems: Vec<Problem>,
    path: FieldPath,
    /// Nodes decoded so far, and how many of them through aliases.
    steps: u64,
    steps_in_aliases: u64,
    alias_depth: usize,
    open_aliases: HashSet<NodeId>,
    /// Keys that a merge must not overwrite; only while merging.
    merged: Option<HashSet<String>>,
}

/// What a mapping is decoded into.
enum Fill<'a> {
    Record(&'a mut dyn Record),
    Map(&'a mut Vec<(String, Value)>),
}

impl<'d> Decoder<'d> {
    fn new(document: &'d Document, lines: &'d Lines<'d>, rules: Rules) -> Self {
        Decoder {
            document,
            lines,
            rules,
            problems: Vec::new(),
            path: FieldPath::root(),
            steps: 0,
            steps_in_aliases: 0,
            alias_depth: 0,
            open_aliases: HashSet::new(),
            merged: None,
        }
    }
}

impl Decoder<'_> {
    /// Counts a step and refuses documents that are mostly alias expansion, by yaml.v3's formula.
    fn step(&mut self, id: NodeId) -> Decoded<()> {
        self.steps += 1;
        if self.alias_depth > 0 {
            self.steps_in_aliases += 1;
        }
        const LOW: u64 = 400_000;
        const HIGH: u64 = 4_000_000;
        let allowed = match self.steps {
            ..=LOW => 0.99,
            HIGH.. => 0.10,
            steps => 0.99 - 0.89 * ((steps - LOW) as f64 / (HIGH - LOW) as f64),
        };
        if self.steps_in_aliases > 100
            && self.steps > 1000
            && self.steps_in_aliases as f64 / self.steps as f64 > allowed
        {
            return Err(self.excessive_aliases(id));
        }
        Ok(())
    }

    /// Runs `decode` on the node, or on what it is an alias of.
    fn unalias<T>(
        &mut self,
        id: NodeId,
        decode: impl FnOnce(&mut Self, NodeId) -> Decoded<T>,
    ) -> Decoded<T> {
        self.step(id)?;
        let Kind::Alias { target, .. } = self.document.node(id).kind else {
            return decode(self, id);
        };
        if !self.open_aliases.insert(id) {
            return Err(self.alias_in_itself(id));
        }
        self.alias_depth += 1;
        self.step(target)?;
        let done = decode(self, target)?;
        self.alias_depth -= 1;
        self.open_aliases.remove(&id);
        Ok(done)
    }

    fn within<T>(
        &mut self,
        step: Step,
        decode: impl FnOnce(&mut Self) -> Decoded<T>,
    ) -> Decoded<T> {
        self.path.push(step);
        let done = decode(self);
        self.path.pop();
        done
    }

    /// The type of a scalar that is to be text anyway, so only null and a wrong tag matter.
    fn resolve(&self, id: NodeId) -> Decoded<Resolved> {
        let node = self.document.node(id);
        if node.is_text() {
            return Ok(Resolved::Text);
        }
        resolve::tagged(&node.tag, node.value()).ok_or_else(|| self.unfit_tag(id))
    }

    /// Decodes a text. False for null.
    fn text(&mut self, id: NodeId, out: &mut String) -> Decoded<bool> {
        self.unalias(id, |this, id| {
            let node = this.document.node(id);
            match node.kind {
                Kind::Scalar { .. } if node.tag == resolve::BINARY => {
                    let bytes = this.binary(id)?;
                    *out = values::text_of(bytes);
                    Ok(true)
                }
                Kind::Scalar { .. } => {
                    if this.resolve(id)? == Resolved::Null {
                        return Ok(false);
                    }
                    *out = node.value().to_owned();
                    Ok(true)
                }
                _ => {
                    this.wrong_type(id, "a text");
                    Ok(true)
                }
            }
        })
    }

    fn texts(&mut self, id: NodeId, out: &mut Vec<String>) -> Decoded<()> {
        self.unalias(id, |this, id| {
            let node = this.document.node(id);
            match &node.kind {
                Kind::Sequence { items, .. } => {
                    out.clear();
                    for item in items {
                        let mut text = String::new();
                        let step = Step::Index(out.len());
                        if this.within(step, |this| this.text(*item, &mut text))? {
                            out.push(text);
                        }
                    }
                }
                Kind::Scalar { .. } if this.resolve(id)? == Resolved::Null => out.clear(),
                _ => this.wrong_type(id, "a list of texts"),
            }
            Ok(())
        })
    }

    fn records(&mut self, id: NodeId, out: &mut dyn RecordList) -> Decoded<()> {
        self.unalias(id, |this, id| {
            let node = this.document.node(id);
            match &node.kind {
                Kind::Sequence { items, .. } => {
                    out.clear();
                    let mut count = 0;
                    for item in items {
                        let record = out.push_empty();
                        if this.within(Step::Index(count), |this| this.record(*item, record))? {
                            count += 1;
                        } else {
                            out.drop_last();
                        }
                    }
                }
                Kind::Scalar { .. } if this.resolve(id)? == Resolved::Null => out.clear(),
                _ => this.wrong_type(id, "a list"),
            }
            Ok(())
        })
    }

    /// Decodes a record. False for null, which leaves the record as it is.
    fn record(&mut self, id: NodeId, out: &mut dyn Record) -> Decoded<bool> {
        self.unalias(id, |this, id| {
            match this.document.node(id).kind {
                Kind::Mapping { .. } => this.mapping(id, &mut Fill::Record(out))?,
                Kind::Scalar { .. } if this.resolve(id)? == Resolved::Null => return Ok(false),
                _ => this.wrong_type(id, "a map of fields"),
            }
            Ok(true)
        })
    }

    fn field(&mut self, id: NodeId, field: FieldMut<'_>) -> Decoded<()> {
        match field {
            FieldMut::Text(out) => self.text(id, out).map(|_| ()),
            FieldMut::Texts(out) => self.texts(id, out),
            FieldMut::Any(out) => {
                let mut value = Value::Null;
                self.any(id, &mut value)?;
                *out = (value != Value::Null).then_some(value);
                Ok(())
            }
            FieldMut::Record(out) => self.record(id, out).map(|_| ()),
            FieldMut::Optional(out) => {
                if !self.record(id, out.fill())? {
                    out.clear();
                }
                Ok(())
            }
            FieldMut::Records(out) => self.records(id, out),
        }
    }

    /// Decodes the entries of a mapping node into a record or a map, then what it merges.
    fn mapping(&mut self, id: NodeId, out: &mut Fill<'_>) -> Decoded<()> {
        let document = self.document;
        let Kind::Mapping { entries, .. } = &document.node(id).kind else {
            return Ok(());
        };
        self.check_unique(entries);
        let mut merged = self.merged.take();
        let mut merge = None;
        let mut seen: HashSet<String> = HashSet::new();
        for &(key_id, value_id) in entries {
            if self.is_merge(key_id) {
                merge = Some(value_id);
                continue;
            }
            let mut key = String::new();
            if !matches!(
                document.node(document.target(key_id)).kind,
                Kind::Scalar { .. }
            ) {
                self.wrong_key(key_id);
                continue;
            }
            // yaml.v3 passes over a null key without a word.
            if !self.text(key_id, &mut key)? {
                continue;
            }
            if let Some(merged) = &mut merged
                && !merged.insert(key.clone())
            {
                continue;
            }
            match out {
                Fill::Record(record) => {
                    let spec = record
                        .index_of(&key)
                        .map(|index| (index, &record.specs()[index]));
                    match spec {
                        Some((index, spec)) if spec.since <= self.rules => {
                            if !seen.insert(key.clone()) {
                                // The same key twice as text, once through an alias.
                                self.duplicate(key_id, key_id);
                            } else {
                                let field = record.get_mut(index);
                                self.within(Step::Key(key), |this| this.field(value_id, field))?;
                            }
                        }
                        Some((_, spec)) => self.too_new(key_id, spec),
                        None => self.unknown_field(key_id, value_id, id, &key, &**record),
                    }
                }
                Fill::Map(map) => {
                    let mut value = Value::Null;
                    self.within(Step::Key(key.clone()), |this| {
                        this.any(value_id, &mut value)
                    })?;
                    if seen.insert(key.clone()) {
                        map.push((key, value));
                    } else if let Some((_, known)) = map.iter_mut().find(|(known, _)| *known == key)
                    {
                        *known = value;
                    }
                }
            }
        }
        self.merged = merged;
        match merge {
            Some(merge) => self.merge(entries, merge, out),
            None => Ok(()),
        }
    }

    fn is_merge(&self, id: NodeId) -> bool {
        let node = self.document.node(id);
        matches!(node.kind, Kind::Scalar { .. })
            && node.value() == "<<"
            && node.tag == resolve::MERGE
    }

    /// Adds the entries of the merged mappings that are not there yet.
    fn merge(
        &mut self,
        parent: &[(NodeId, NodeId)],
        merge: NodeId,
        out: &mut Fill<'_>,
    ) -> Decoded<()> {
        let outermost = self.merged.is_none();
        if outermost {
            let mut keys = HashSet::new();
            for (key, _) in parent {
                self.step(*key)?;
                keys.insert(
                    self.document
                        .node(self.document.target(*key))
                        .value()
                        .to_owned(),
                );
            }
            self.merged = Some(keys);
        }
        let document = self.document;
        match &document.node(merge).kind {
            Kind::Sequence { items, .. } => {
                for item in items {
                    self.merge_one(*item, out)?;
                }
            }
            _ => self.merge_one(merge, out)?,
        }
        if outermost {
            self.merged = None;
        }
        Ok(())
    }

    fn merge_one(&mut self, id: NodeId, out: &mut Fill<'_>) -> Decoded<()> {
        let target = self.document.target(id);
        if !matches!(self.document.node(target).kind, Kind::Mapping { .. }) {
            return Err(self.bad_merge(id));
        }
        self.unalias(id, |this, id| this.mapping(id, out))
    }

    /// Reports keys that are given twice: equal in kind and text, whatever their type.
    fn check_unique(&mut self, entries: &[(NodeId, NodeId)]) {
        let mut first: HashMap<(u8, &str), NodeId> = HashMap::new();
        for (key, _) in entries {
            let node = self.document.node(*key);
            let kind = match node.kind {
                Kind::Scalar { .. } => 0,
                Kind::Alias { .. } => 1,
                Kind::Sequence { .. } => 2,
                Kind::Mapping { .. } => 3,
            };
            match first.get(&(kind, node.value())) {
                Some(earlier) => self.duplicate(*earlier, *key),
                None => {
                    first.insert((kind, node.value()), *key);
                }
            }
        }
    }
}

impl Decoder<'_> {
    fn push(&mut self, code: ProblemCode, id: NodeId, message: String, hint: impl Into<String>) {
        let problem = self.problem(code, id, message, hint);
        self.problems.push(problem);
    }
}
