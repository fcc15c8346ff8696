//! From tokens to the tree of nodes of the first document.

use std::collections::HashMap;
use std::ops::Range;

use super::MAX_DEPTH;
use super::node::{Document, Kind, Node, NodeId};
use super::resolve;
use super::scan::{Scanned, Scanner};
use super::token::{Style, SyntaxError, Token, TokenKind};

/// Reads the first document. `None` if there is none (nothing but space and comments).
pub(crate) fn compose(text: &str) -> Result<Option<Document>, SyntaxError> {
    let mut composer = Composer {
        scanner: Scanner::new(text)?,
        nodes: Vec::new(),
        anchors: HashMap::new(),
        tags: Vec::new(),
        depth: 0,
    };
    composer.document()
}

struct Composer<'t> {
    scanner: Scanner<'t>,
    nodes: Vec<Node>,
    anchors: HashMap<String, NodeId>,
    /// Handle and prefix of the tag directives in force.
    tags: Vec<(String, String)>,
    depth: usize,
}

/// What stood before a node.
struct Properties {
    start: usize,
    end: usize,
    anchor: Option<String>,
    tag: Option<String>,
}

impl Composer<'_> {
    fn document(&mut self) -> Scanned<Option<Document>> {
        self.scanner.take()?; // the start of the stream
        let first = self.scanner.peek()?;
        let root = match first.kind {
            TokenKind::StreamEnd => return Ok(None),
            TokenKind::VersionDirective { .. }
            | TokenKind::TagDirective { .. }
            | TokenKind::DocumentStart => {
                self.directives()?;
                let token = self.scanner.peek()?;
                if token.kind != TokenKind::DocumentStart {
                    let at = token.span.start;
                    return Err(SyntaxError::new(
                        "did not find expected <document start>",
                        at,
                    ));
                }
                let start = self.scanner.take()?.span.end;
                let token = self.scanner.peek()?;
                match token.kind {
                    TokenKind::VersionDirective { .. }
                    | TokenKind::TagDirective { .. }
                    | TokenKind::DocumentStart
                    | TokenKind::DocumentEnd
                    | TokenKind::StreamEnd => self.empty(start),
                    _ => self.node(true, false)?,
                }
            }
            _ => {
                self.directives()?;
                self.node(true, false)?
            }
        };
        // As far as yaml.v3 looks ahead, what follows must be YAML.
        self.scanner.peek()?;
        Ok(Some(Document {
            nodes: std::mem::take(&mut self.nodes),
            root,
            comments: std::mem::take(&mut self.scanner.comments),
        }))
    }

    fn directives(&mut self) -> Scanned<()> {
        let mut version_seen = false;
        loop {
            let token = self.scanner.peek()?;
            let at = token.span.start;
            match &token.kind {
                TokenKind::VersionDirective { major, minor } => {
                    if version_seen {
                        return Err(SyntaxError::new("found duplicate %YAML directive", at));
                    }
                    // yaml.v3 knows 1.1 only.
                    if (*major, *minor) != (1, 1) {
                        return Err(SyntaxError::new("found incompatible YAML document", at));
                    }
                    version_seen = true;
                }
                TokenKind::TagDirective { handle, prefix } => {
                    if self.tags.iter().any(|(known, _)| known == handle) {
                        return Err(SyntaxError::new("found duplicate %TAG directive", at));
                    }
                    self.tags.push((handle.clone(), prefix.clone()));
                }
                _ => break,
            }
            self.scanner.take()?;
        }
        for (handle, prefix) in [("!", "!"), ("!!", resolve::LONG_PREFIX)] {
            if !self.tags.iter().any(|(known, _)| known == handle) {
                self.tags.push((handle.to_owned(), prefix.to_owned()));
            }
        }
        Ok(())
    }

    fn add(&mut self, node: Node) -> NodeId {
        self.nodes.push(node);
        self.nodes.len() - 1
    }

    /// A value that is not there.
    fn empty(&mut self, at: usize) -> NodeId {
        self.add(Node {
            kind: Kind::Scalar {
                value: String::new(),
                style: Style::Plain,
            },
            tag: resolve::NULL.to_owned(),
            span: at..at,
            start: at,
            marker: None,
            anchored: false,
            tagged: false,
        })
    }

    fn properties(&mut self) -> Scanned<Properties> {
        let at = self.scanner.peek()?.span.start;
        let mut properties = Properties {
            start: at,
            end: at,
            anchor: None,
            tag: None,
        };
        let mut tag: Option<(String, String, usize)> = None;
        loop {
            match &self.scanner.peek()?.kind {
                TokenKind::Anchor(_) if properties.anchor.is_none() => {}
                TokenKind::Tag { .. } if tag.is_none() => {}
                _ => break,
            }
            let token = self.scanner.take()?;
            properties.end = token.span.end;
            match token.kind {
                TokenKind::Anchor(name) => properties.anchor = Some(name),
                TokenKind::Tag { handle, suffix } => tag = Some((handle, suffix, token.span.start)),
                _ => {}
            }
        }
        if let Some((handle, suffix, tag_at)) = tag {
            properties.tag = Some(if handle.is_empty() {
                suffix
            } else {
                match self.tags.iter().find(|(known, _)| *known == handle) {
                    Some((_, prefix)) if !(prefix.is_empty() && suffix.is_empty()) => {
                        format!("{prefix}{suffix}")
                    }
                    _ => {
                        return Err(SyntaxError::within(
                            "found undefined tag handle",
                            tag_at,
                            "while parsing a node",
                            properties.start,
                        ));
                    }
                }
            });
        }
        Ok(properties)
    }

    fn node(&mut self, block: bool, indentless: bool) -> Scanned<NodeId> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            let at = self.scanner.peek()?.span.start;
            return Err(SyntaxError::new(
                format!("more than {MAX_DEPTH} levels of nesting"),
                at,
            ));
        }
        let node = self.node_within_depth(block, indentless);
        self.depth -= 1;
        node
    }

    fn node_within_depth(&mut self, block: bool, indentless: bool) -> Scanned<NodeId> {
        if let TokenKind::Alias(_) = self.scanner.peek()?.kind {
            return self.alias();
        }
        let properties = self.properties()?;
        let token = self.scanner.peek()?;
        let at = token.span.start;
        match &token.kind {
            TokenKind::BlockEntry if indentless => self.indentless_sequence(properties),
            TokenKind::Scalar { .. } => self.scalar(properties),
            TokenKind::FlowSequenceStart => self.flow_sequence(properties),
            TokenKind::FlowMappingStart => self.flow_mapping(properties),
            TokenKind::BlockSequenceStart if block => self.block_sequence(properties),
            TokenKind::BlockMappingStart if block => self.block_mapping(properties),
            _ if properties.anchor.is_some() || properties.tag.is_some() => {
                let end = properties.end;
                let kind = Kind::Scalar {
                    value: String::new(),
                    style: Style::Plain,
                };
                Ok(self.begin(properties, kind, end..end))
            }
            _ => Err(SyntaxError::within(
                "did not find expected node content",
                at,
                if block {
                    "while parsing a block node"
                } else {
                    "while parsing a flow node"
                },
                properties.start,
            )),
        }
    }

    fn alias(&mut self) -> Scanned<NodeId> {
        let token = self.scanner.take()?;
        let TokenKind::Alias(name) = token.kind else {
            return Ok(self.empty(token.span.start));
        };
        let Some(&target) = self.anchors.get(&name) else {
            let what = format!("unknown anchor '{name}' referenced");
            return Err(SyntaxError::new(what, token.span.start));
        };
        Ok(self.add(Node {
            kind: Kind::Alias { name, target },
            tag: String::new(),
            start: token.span.start,
            span: token.span,
            marker: None,
            anchored: false,
            tagged: false,
        }))
    }

    /// Adds a node, so that its anchor is known before its children are read.
    fn begin(&mut self, properties: Properties, kind: Kind, span: Range<usize>) -> NodeId {
        let tagged = properties.tag.is_some();
        let tag = match (properties.tag.as_deref(), &kind) {
            (Some(tag), _) if tag != "!" => resolve::short_tag(tag),
            (_, Kind::Sequence { .. }) => resolve::SEQ.to_owned(),
            (_, Kind::Mapping { .. }) => resolve::MAP.to_owned(),
            (_, Kind::Scalar { value, style }) => match style {
                Style::Plain if value == "<<" => resolve::MERGE.to_owned(),
                Style::Plain => resolve::plain(value).tag().to_owned(),
                _ => resolve::STR.to_owned(),
            },
            (_, Kind::Alias { .. }) => String::new(),
        };
        let id = self.add(Node {
            kind,
            tag,
            span,
            start: properties.start,
            marker: None,
            anchored: properties.anchor.is_some(),
            tagged,
        });
        if let Some(anchor) = properties.anchor {
            self.anchors.insert(anchor, id);
        }
        id
    }

    fn scalar(&mut self, properties: Properties) -> Scanned<NodeId> {
        let Token { kind, span } = self.scanner.take()?;
        let kind = match kind {
            TokenKind::Scalar { value, style } => Kind::Scalar { value, style },
            _ => Kind::Scalar {
                value: String::new(),
                style: Style::Plain,
            },
        };
        Ok(self.begin(properties, kind, span))
    }

    /// Begins a collection at the next token.
    fn begin_collection(
        &mut self,
        properties: Properties,
        mapping: bool,
        flow: bool,
    ) -> Scanned<NodeId> {
        let at = self.scanner.peek()?.span.start;
        let kind = if mapping {
            Kind::Mapping {
                entries: Vec::new(),
                flow,
            }
        } else {
            Kind::Sequence {
                items: Vec::new(),
                flow,
            }
        };
        Ok(self.begin(properties, kind, at..at))
    }

    fn push_item(&mut self, id: NodeId, item: NodeId) {
        let end = self.nodes[item].span.end;
        let node = &mut self.nodes[id];
        if let Kind::Sequence { items, .. } = &mut node.kind {
            items.push(item);
        }
        node.span.end = node.span.end.max(end);
    }

    fn push_entry(&mut self, id: NodeId, key: NodeId, value: NodeId) {
        let end = self.nodes[key].span.end.max(self.nodes[value].span.end);
        let node = &mut self.nodes[id];
        if let Kind::Mapping { entries, .. } = &mut node.kind {
            entries.push((key, value));
        }
        node.span.end = node.span.end.max(end);
    }

    fn next_is(&mut self, kind: &TokenKind) -> Scanned<bool> {
        Ok(self.scanner.peek()?.kind == *kind)
    }

    /// The value after an indicator, or nothing where one of `stops` follows at once.
    fn node_unless(&mut self, at: usize, stops: &[TokenKind], indentless: bool) -> Scanned<NodeId> {
        if stops.contains(&self.scanner.peek()?.kind) {
            return Ok(self.empty(at));
        }
        self.node(true, indentless)
    }

    fn block_sequence(&mut self, properties: Properties) -> Scanned<NodeId> {
        let id = self.begin_collection(properties, false, false)?;
        let start = self.scanner.take()?.span.start;
        while self.next_is(&TokenKind::BlockEntry)? {
            let entry = self.scanner.take()?.span;
            let stops = [TokenKind::BlockEntry, TokenKind::BlockEnd];
            let item = self.node_unless(entry.end, &stops, false)?;
            self.nodes[item].marker = Some(entry.start);
            self.push_item(id, item);
        }
        if !self.next_is(&TokenKind::BlockEnd)? {
            let at = self.scanner.peek()?.span.start;
            return Err(SyntaxError::within(
                "did not find expected '-' indicator",
                at,
                "while parsing a block collection",
                start,
            ));
        }
        self.scanner.take()?;
        Ok(id)
    }

    fn indentless_sequence(&mut self, properties: Properties) -> Scanned<NodeId> {
        let id = self.begin_collection(properties, false, false)?;
        while self.next_is(&TokenKind::BlockEntry)? {
            let entry = self.scanner.take()?.span;
            let stops = [
                TokenKind::BlockEntry,
                TokenKind::Key,
                TokenKind::Value,
                TokenKind::BlockEnd,
            ];
            let item = self.node_unless(entry.end, &stops, false)?;
            self.nodes[item].marker = Some(entry.start);
            self.push_item(id, item);
        }
        Ok(id)
    }

    fn block_mapping(&mut self, properties: Properties) -> Scanned<NodeId> {
        let id = self.begin_collection(properties, true, false)?;
        let start = self.scanner.take()?.span.start;
        let stops = [TokenKind::Key, TokenKind::Value, TokenKind::BlockEnd];
        loop {
            let token = self.scanner.peek()?;
            let at = token.span.start;
            match token.kind {
                TokenKind::Key => {
                    let mark = self.scanner.take()?.span;
                    let key = self.node_unless(mark.end, &stops, true)?;
                    self.nodes[key].marker = (!mark.is_empty()).then_some(mark.start);
                    let value = if self.next_is(&TokenKind::Value)? {
                        let colon = self.scanner.take()?.span;
                        let value = self.node_unless(colon.end, &stops, true)?;
                        self.nodes[value].marker = Some(colon.start);
                        value
                    } else {
                        let at = self.scanner.peek()?.span.start;
                        self.empty(at)
                    };
                    self.push_entry(id, key, value);
                }
                TokenKind::BlockEnd => {
                    self.scanner.take()?;
                    return Ok(id);
                }
                _ => {
                    return Err(SyntaxError::within(
                        "did not find expected key",
                        at,
                        "while parsing a block mapping",
                        start,
                    ));
                }
            }
        }
    }

    /// Passes the `,` before an entry of a flow collection. True at its end.
    fn flow_entry(
        &mut self,
        first: bool,
        end: &TokenKind,
        start: usize,
        what: &'static str,
        context: &'static str,
    ) -> Scanned<bool> {
        if self.next_is(end)? {
            return Ok(true);
        }
        if !first {
            if !self.next_is(&TokenKind::FlowEntry)? {
                let at = self.scanner.peek()?.span.start;
                return Err(SyntaxError::within(what, at, context, start));
            }
            self.scanner.take()?;
        }
        self.next_is(end)
    }

    fn flow_sequence(&mut self, properties: Properties) -> Scanned<NodeId> {
        let id = self.begin_collection(properties, false, true)?;
        let start = self.scanner.take()?.span.start;
        let mut first = true;
        while !self.flow_entry(
            first,
            &TokenKind::FlowSequenceEnd,
            start,
            "did not find expected ',' or ']'",
            "while parsing a flow sequence",
        )? {
            first = false;
            let item = if self.next_is(&TokenKind::Key)? {
                self.flow_pair()?
            } else {
                self.node(false, false)?
            };
            self.push_item(id, item);
        }
        self.nodes[id].span.end = self.scanner.take()?.span.end;
        Ok(id)
    }

    /// A mapping of one entry, written without braces inside a flow sequence.
    fn flow_pair(&mut self) -> Scanned<NodeId> {
        let key_token = self.scanner.take()?.span;
        let properties = Properties {
            start: key_token.start,
            end: key_token.start,
            anchor: None,
            tag: None,
        };
        let kind = Kind::Mapping {
            entries: Vec::new(),
            flow: true,
        };
        let id = self.begin(properties, kind, key_token.start..key_token.end);
        let stops = [TokenKind::FlowEntry, TokenKind::FlowSequenceEnd];
        let next = self.scanner.peek()?;
        let key = if next.kind == TokenKind::Value || stops.contains(&next.kind) {
            // yaml.v3 passes over this token, whatever it was.
            let end = self.scanner.take()?.span.end;
            self.empty(end)
        } else {
            self.node(false, false)?
        };
        let value = self.flow_value(&stops)?;
        self.push_entry(id, key, value);
        Ok(id)
    }

    fn flow_value(&mut self, stops: &[TokenKind]) -> Scanned<NodeId> {
        if !self.next_is(&TokenKind::Value)? {
            let at = self.scanner.peek()?.span.start;
            return Ok(self.empty(at));
        }
        let colon = self.scanner.take()?.span;
        let value = if stops.contains(&self.scanner.peek()?.kind) {
            self.empty(colon.end)
        } else {
            self.node(false, false)?
        };
        self.nodes[value].marker = Some(colon.start);
        Ok(value)
    }

    fn flow_mapping(&mut self, properties: Properties) -> Scanned<NodeId> {
        let id = self.begin_collection(properties, true, true)?;
        let start = self.scanner.take()?.span.start;
        let stops = [TokenKind::FlowEntry, TokenKind::FlowMappingEnd];
        let mut first = true;
        while !self.flow_entry(
            first,
            &TokenKind::FlowMappingEnd,
            start,
            "did not find expected ',' or '}'",
            "while parsing a flow mapping",
        )? {
            first = false;
            let (key, value) = if self.next_is(&TokenKind::Key)? {
                let key_at = self.scanner.take()?.span.end;
                let next = self.scanner.peek()?;
                let key = if next.kind == TokenKind::Value || stops.contains(&next.kind) {
                    self.empty(key_at)
                } else {
                    self.node(false, false)?
                };
                (key, self.flow_value(&stops)?)
            } else {
                let key = self.node(false, false)?;
                let at = self.scanner.peek()?.span.start;
                (key, self.empty(at))
            };
            self.push_entry(id, key, value);
        }
        self.nodes[id].span.end = self.scanner.take()?.span.end;
        Ok(id)
    }
}
