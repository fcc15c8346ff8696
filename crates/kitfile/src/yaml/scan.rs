//! From text to tokens: indentation, simple keys, indicators, comments.
//!
//! The structure is libyaml's, which yaml.v3 inherits: a queue of tokens, a stack of indentation
//! levels, and per flow level the place where a key without `?` may have begun. A `:` found later
//! inserts the KEY token in the past of the queue.

use std::collections::{HashMap, VecDeque};
use std::ops::Range;

use super::MAX_DEPTH;
use super::cursor::{Cursor, Mark};
use super::token::{SyntaxError, Token, TokenKind};

pub(super) type Scanned<T> = Result<T, SyntaxError>;

/// A place where a key without `?` may begin.
#[derive(Debug, Clone, Copy, Default)]
struct SimpleKey {
    possible: bool,
    required: bool,
    token_number: usize,
    mark: Mark,
}

/// Reads tokens one after another.
pub(super) struct Scanner<'t> {
    pub(super) cursor: Cursor<'t>,
    queue: VecDeque<Token>,
    /// Tokens handed out so far.
    parsed: usize,
    started: bool,
    /// Column of the block collection that is open; -1 outside any.
    pub(super) indent: isize,
    indents: Vec<isize>,
    pub(super) flow_level: usize,
    pub(super) simple_key_allowed: bool,
    simple_keys: Vec<SimpleKey>,
    /// Which of them begins at which token, kept just as yaml.v3 keeps it: an empty `{}` or `[]`
    /// drops its own entry, and so is no key unless the `:` follows within two tokens.
    pending_keys: HashMap<usize, usize>,
    /// Every comment, `#` to the end of its line.
    pub comments: Vec<Range<usize>>,
}

impl<'t> Scanner<'t> {
    pub fn new(text: &'t str) -> Scanned<Self> {
        let cursor = Cursor::new(text)
            .map_err(|at| SyntaxError::new("control characters are not allowed", at))?;
        Ok(Scanner {
            cursor,
            queue: VecDeque::new(),
            parsed: 0,
            started: false,
            indent: -1,
            indents: Vec::new(),
            flow_level: 0,
            simple_key_allowed: true,
            simple_keys: vec![SimpleKey::default()],
            pending_keys: HashMap::new(),
            comments: Vec::new(),
        })
    }

    /// The next token, without taking it.
    pub fn peek(&mut self) -> Scanned<&Token> {
        self.fetch_more()?;
        self.queue
            .front()
            .ok_or_else(|| SyntaxError::new("unexpected end of text", self.cursor.mark.at))
    }

    /// Takes the next token.
    pub fn take(&mut self) -> Scanned<Token> {
        self.fetch_more()?;
        let token = self
            .queue
            .pop_front()
            .ok_or_else(|| SyntaxError::new("unexpected end of text", self.cursor.mark.at))?;
        self.parsed += 1;
        Ok(token)
    }

    /// yaml.v3 looks two tokens ahead (for comments), so errors surface that much earlier; a
    /// broken second document is noticed only if its fault lies that near.
    fn fetch_more(&mut self) -> Scanned<()> {
        loop {
            if self.queue.len() > 2 {
                match self.pending_keys.get(&self.parsed).copied() {
                    Some(at) if self.simple_key_is_valid(at)? => {}
                    _ => return Ok(()),
                }
            }
            self.fetch_next()?;
        }
    }

    fn fetch_next(&mut self) -> Scanned<()> {
        if !self.started {
            self.started = true;
            let at = self.cursor.mark.at;
            self.push(TokenKind::StreamStart, at..at);
            return Ok(());
        }
        self.skip_to_token();
        self.unroll_indent(self.cursor.mark.column as isize);
        if self.cursor.is_end() {
            return self.fetch_stream_end();
        }
        if self.cursor.mark.column == 0 && self.cursor.byte(0) == b'%' {
            return self.fetch_directive();
        }
        if self.cursor.at_document_indicator() {
            return self.fetch_document_indicator();
        }
        self.fetch_content()?;
        // The indicator of a list entry alone has no comment of its own.
        if self.queue.back().map(|token| &token.kind) != Some(&TokenKind::BlockEntry) {
            self.skip_line_comment();
        }
        Ok(())
    }

    fn fetch_content(&mut self) -> Scanned<()> {
        let c = &self.cursor;
        let in_flow = self.flow_level > 0;
        match c.byte(0) {
            b'[' => self.fetch_flow_start(TokenKind::FlowSequenceStart),
            b'{' => self.fetch_flow_start(TokenKind::FlowMappingStart),
            b']' => self.fetch_flow_end(TokenKind::FlowSequenceEnd),
            b'}' => self.fetch_flow_end(TokenKind::FlowMappingEnd),
            b',' => self.fetch_flow_entry(),
            b'-' if c.is_blankz(1) => self.fetch_block_entry(),
            b'?' if in_flow || c.is_blankz(1) => self.fetch_key(),
            b':' if in_flow || c.is_blankz(1) => self.fetch_value(),
            b'*' | b'&' => self.fetch_anchor(),
            b'!' => self.fetch_tag(),
            b'|' if !in_flow => self.fetch_block_scalar(true),
            b'>' if !in_flow => self.fetch_block_scalar(false),
            b'\'' => self.fetch_quoted(true),
            b'"' => self.fetch_quoted(false),
            b'-' if !c.is_blank(1) => self.fetch_plain(),
            b'?' | b':' if !in_flow && !c.is_blankz(1) => self.fetch_plain(),
            b'-' | b'?' | b':' | b'#' | b'|' | b'>' | b'%' | b'@' | b'`' => self.no_token(),
            _ if c.is_blankz(0) => self.no_token(),
            _ => self.fetch_plain(),
        }
    }

    fn no_token(&self) -> Scanned<()> {
        Err(self.error("found character that cannot start any token"))
    }

    pub(super) fn error(&self, what: &'static str) -> SyntaxError {
        SyntaxError::new(what, self.cursor.mark.at)
    }

    pub(super) fn push(&mut self, kind: TokenKind, span: Range<usize>) {
        self.queue.push_back(Token { kind, span });
    }

    /// Takes `count` one-byte characters as a token.
    fn push_indicator(&mut self, kind: TokenKind, count: usize) {
        let start = self.cursor.mark.at;
        for _ in 0..count {
            self.cursor.skip();
        }
        self.push(kind, start..self.cursor.mark.at);
    }

    // Simple keys.

    fn simple_key_is_valid(&mut self, at: usize) -> Scanned<bool> {
        let mark = self.cursor.mark;
        let Some(key) = self.simple_keys.get_mut(at) else {
            return Ok(false);
        };
        if !key.possible {
            return Ok(false);
        }
        if key.mark.line < mark.line || key.mark.index + 1024 < mark.index {
            if key.required {
                return Err(Self::missing_colon(key.mark, mark));
            }
            key.possible = false;
            return Ok(false);
        }
        Ok(true)
    }

    fn missing_colon(key: Mark, now: Mark) -> SyntaxError {
        SyntaxError::within(
            "could not find expected ':'",
            now.at,
            "while scanning a simple key",
            key.at,
        )
    }

    pub(super) fn save_simple_key(&mut self) -> Scanned<()> {
        if !self.simple_key_allowed {
            return Ok(());
        }
        let mark = self.cursor.mark;
        let key = SimpleKey {
            possible: true,
            required: self.flow_level == 0 && self.indent == mark.column as isize,
            token_number: self.parsed + self.queue.len(),
            mark,
        };
        self.remove_simple_key()?;
        if let Some(last) = self.simple_keys.last_mut() {
            *last = key;
        }
        self.pending_keys
            .insert(key.token_number, self.simple_keys.len().saturating_sub(1));
        Ok(())
    }

    pub(super) fn remove_simple_key(&mut self) -> Scanned<()> {
        let mark = self.cursor.mark;
        if let Some(key) = self.simple_keys.last_mut()
            && key.possible
        {
            if key.required {
                return Err(Self::missing_colon(key.mark, mark));
            }
            key.possible = false;
            self.pending_keys.remove(&key.token_number);
        }
        Ok(())
    }

    // Indentation.

    /// Opens a block collection at `column`, its token placed at `position` of the queue.
    fn roll_indent(
        &mut self,
        column: usize,
        position: Option<usize>,
        kind: TokenKind,
        at: usize,
    ) -> Scanned<()> {
        let column = column as isize;
        if self.flow_level > 0 || self.indent >= column {
            return Ok(());
        }
        if self.indents.len() >= MAX_DEPTH {
            return Err(self.too_deep());
        }
        self.indents.push(self.indent);
        self.indent = column;
        let token = Token { kind, span: at..at };
        self.insert(position, token);
        Ok(())
    }

    /// Puts a token at a place of the queue, at the end without one.
    fn insert(&mut self, position: Option<usize>, token: Token) {
        let end = self.queue.len();
        self.queue.insert(position.unwrap_or(end).min(end), token);
    }

    fn too_deep(&self) -> SyntaxError {
        SyntaxError::new(
            format!("more than {MAX_DEPTH} levels of nesting"),
            self.cursor.mark.at,
        )
    }

    fn unroll_indent(&mut self, column: isize) {
        if self.flow_level > 0 {
            return;
        }
        let at = self.cursor.mark.at;
        while self.indent > column {
            self.push(TokenKind::BlockEnd, at..at);
            self.indent = self.indents.pop().unwrap_or(-1);
        }
    }

    // Stream, directives, documents.

    fn fetch_stream_end(&mut self) -> Scanned<()> {
        if self.cursor.mark.column != 0 {
            self.cursor.mark.column = 0;
            self.cursor.mark.line += 1;
        }
        self.unroll_indent(-1);
        self.remove_simple_key()?;
        self.simple_key_allowed = false;
        let at = self.cursor.mark.at;
        self.push(TokenKind::StreamEnd, at..at);
        Ok(())
    }

    fn fetch_document_indicator(&mut self) -> Scanned<()> {
        self.unroll_indent(-1);
        self.remove_simple_key()?;
        self.simple_key_allowed = false;
        let kind = match self.cursor.byte(0) {
            b'-' => TokenKind::DocumentStart,
            _ => TokenKind::DocumentEnd,
        };
        self.push_indicator(kind, 3);
        Ok(())
    }

    fn fetch_directive(&mut self) -> Scanned<()> {
        self.unroll_indent(-1);
        self.remove_simple_key()?;
        self.simple_key_allowed = false;
        let start = self.cursor.mark.at;
        let kind = self.scan_directive(start)?;
        let end = self.cursor.mark.at;
        self.cursor.skip_blanks();
        if self.cursor.byte(0) == b'#' {
            self.take_comment();
        }
        if !self.cursor.is_breakz(0) {
            return Err(self.within_directive("did not find expected comment or line break", start));
        }
        self.cursor.skip_break();
        self.push(kind, start..end);
        Ok(())
    }

    pub(super) fn within_directive(&self, what: &'static str, start: usize) -> SyntaxError {
        SyntaxError::within(
            what,
            self.cursor.mark.at,
            "while scanning a directive",
            start,
        )
    }

    // Collections.

    fn fetch_flow_start(&mut self, kind: TokenKind) -> Scanned<()> {
        self.save_simple_key()?;
        if self.flow_level >= MAX_DEPTH {
            return Err(self.too_deep());
        }
        self.simple_keys.push(SimpleKey {
            token_number: self.parsed + self.queue.len(),
            ..SimpleKey::default()
        });
        self.flow_level += 1;
        self.simple_key_allowed = true;
        self.push_indicator(kind, 1);
        Ok(())
    }

    fn fetch_flow_end(&mut self, kind: TokenKind) -> Scanned<()> {
        self.remove_simple_key()?;
        if self.flow_level > 0 {
            self.flow_level -= 1;
            if let Some(key) = self.simple_keys.pop() {
                self.pending_keys.remove(&key.token_number);
            }
        }
        self.simple_key_allowed = false;
        self.push_indicator(kind, 1);
        Ok(())
    }

    fn fetch_flow_entry(&mut self) -> Scanned<()> {
        self.remove_simple_key()?;
        self.simple_key_allowed = true;
        self.push_indicator(TokenKind::FlowEntry, 1);
        Ok(())
    }

    fn fetch_block_entry(&mut self) -> Scanned<()> {
        if self.flow_level == 0 {
            if !self.simple_key_allowed {
                return Err(self.error("block sequence entries are not allowed in this context"));
            }
            let mark = self.cursor.mark;
            self.roll_indent(mark.column, None, TokenKind::BlockSequenceStart, mark.at)?;
        }
        self.remove_simple_key()?;
        self.simple_key_allowed = true;
        self.push_indicator(TokenKind::BlockEntry, 1);
        Ok(())
    }

    fn fetch_key(&mut self) -> Scanned<()> {
        if self.flow_level == 0 {
            if !self.simple_key_allowed {
                return Err(self.error("mapping keys are not allowed in this context"));
            }
            let mark = self.cursor.mark;
            self.roll_indent(mark.column, None, TokenKind::BlockMappingStart, mark.at)?;
        }
        self.remove_simple_key()?;
        self.simple_key_allowed = self.flow_level == 0;
        self.push_indicator(TokenKind::Key, 1);
        Ok(())
    }

    fn fetch_value(&mut self) -> Scanned<()> {
        let last = self.simple_keys.len().saturating_sub(1);
        if self.simple_key_is_valid(last)? {
            let key = self.simple_keys.get(last).copied().unwrap_or_default();
            // A key whose place has been handed out already goes to the end, as in yaml.v3.
            let position = key.token_number.checked_sub(self.parsed);
            let at = key.mark.at;
            let token = Token {
                kind: TokenKind::Key,
                span: at..at,
            };
            self.insert(position, token);
            self.roll_indent(key.mark.column, position, TokenKind::BlockMappingStart, at)?;
            if let Some(key) = self.simple_keys.get_mut(last) {
                key.possible = false;
                self.pending_keys.remove(&key.token_number);
            }
            self.simple_key_allowed = false;
        } else {
            if self.flow_level == 0 {
                if !self.simple_key_allowed {
                    return Err(self.error("mapping values are not allowed in this context"));
                }
                let mark = self.cursor.mark;
                self.roll_indent(mark.column, None, TokenKind::BlockMappingStart, mark.at)?;
            }
            self.simple_key_allowed = self.flow_level == 0;
        }
        self.push_indicator(TokenKind::Value, 1);
        Ok(())
    }

    // White space and comments.

    fn skip_to_token(&mut self) {
        loop {
            while self.cursor.byte(0) == b' '
                || ((self.flow_level > 0 || !self.simple_key_allowed)
                    && self.cursor.byte(0) == b'\t')
            {
                self.cursor.skip();
            }
            if self.cursor.byte(0) == b'#' {
                self.skip_comments();
            }
            if !self.cursor.is_break(0) {
                return;
            }
            self.cursor.skip_break();
            if self.flow_level == 0 {
                self.simple_key_allowed = true;
            }
        }
    }

    pub(super) fn take_comment(&mut self) {
        let start = self.cursor.mark.at;
        self.cursor.skip_to_break();
        self.comments.push(start..self.cursor.mark.at);
    }

    /// Takes a comment and those that follow with only blanks between. In yaml.v3 these blanks
    /// may be tabs, which are not allowed before a first comment; they look 512 bytes ahead.
    fn skip_comments(&mut self) {
        loop {
            self.take_comment();
            let mut ahead = 0;
            while ahead < 512
                && (self.cursor.is_blank(ahead) || matches!(self.cursor.byte(ahead), b'\r' | b'\n'))
            {
                ahead += 1;
            }
            if ahead >= 512 || self.cursor.byte(ahead) != b'#' {
                return;
            }
            let target = self.cursor.mark.at + ahead;
            while self.cursor.mark.at < target {
                if self.cursor.is_break(0) {
                    self.cursor.skip_break();
                } else {
                    self.cursor.skip();
                }
            }
        }
    }

    /// Takes a comment that follows a token in its line.
    pub(super) fn skip_line_comment(&mut self) {
        if self.cursor.newlines > 0 {
            return;
        }
        let mut ahead = 0;
        while ahead < 512 && self.cursor.is_blank(ahead) {
            ahead += 1;
        }
        if ahead < 512 && self.cursor.byte(ahead) == b'#' {
            self.cursor.skip_blanks();
            self.take_comment();
        }
    }
}
