//! A position in the text that counts lines and columns as it moves.

/// Where something begins: the counters that the scanner compares.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Mark {
    /// Byte offset.
    pub at: usize,
    /// Characters before it.
    pub index: usize,
    /// Lines before it.
    pub line: usize,
    /// Characters before it in its line.
    pub column: usize,
}

/// The text and the place reached in it. Past the end every byte reads as NUL, which cannot occur
/// in a text that passed [`Cursor::new`].
pub(super) struct Cursor<'t> {
    text: &'t str,
    pub mark: Mark,
    /// Line breaks since the last character that was not blank; decides whether a comment
    /// belongs to the line of the token before it.
    pub newlines: usize,
}

impl<'t> Cursor<'t> {
    /// Starts after a byte-order mark. Fails with the offset of the first character that YAML
    /// does not allow.
    pub fn new(text: &'t str) -> Result<Self, usize> {
        let bad = text.char_indices().find(|&(_, c)| {
            !matches!(c,
                '\t' | '\n' | '\r' | ' '..='~' | '\u{85}' | '\u{a0}'..='\u{d7ff}'
                | '\u{e000}'..='\u{fffd}' | '\u{10000}'..='\u{10ffff}')
        });
        if let Some((at, _)) = bad {
            return Err(at);
        }
        let at = if text.starts_with('\u{feff}') { 3 } else { 0 };
        Ok(Cursor {
            text,
            mark: Mark {
                at,
                ..Mark::default()
            },
            newlines: 0,
        })
    }

    /// The byte `ahead` bytes further on; 0 past the end.
    pub fn byte(&self, ahead: usize) -> u8 {
        let at = self.mark.at.saturating_add(ahead);
        self.text.as_bytes().get(at).copied().unwrap_or(0)
    }

    pub fn is_end(&self) -> bool {
        self.mark.at >= self.text.len()
    }

    pub fn is_blank(&self, ahead: usize) -> bool {
        matches!(self.byte(ahead), b' ' | b'\t')
    }

    /// Bytes of the line break that is `ahead`; 0 if there is none.
    pub fn break_len(&self, ahead: usize) -> usize {
        match (self.byte(ahead), self.byte(ahead + 1), self.byte(ahead + 2)) {
            (b'\r', b'\n', _) => 2,
            (b'\r' | b'\n', ..) => 1,
            (0xc2, 0x85, _) => 2,
            (0xe2, 0x80, 0xa8 | 0xa9) => 3,
            _ => 0,
        }
    }

    pub fn is_break(&self, ahead: usize) -> bool {
        self.break_len(ahead) > 0
    }

    pub fn is_breakz(&self, ahead: usize) -> bool {
        self.byte(ahead) == 0 || self.is_break(ahead)
    }

    pub fn is_blankz(&self, ahead: usize) -> bool {
        self.is_blank(ahead) || self.is_breakz(ahead)
    }

    /// A letter, digit, `_` or `-`.
    pub fn is_alpha(&self) -> bool {
        matches!(self.byte(0), b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' | b'_' | b'-')
    }

    /// Whether a document indicator (`---` or `...`) stands here, at the start of a line.
    pub fn at_document_indicator(&self) -> bool {
        let three = [self.byte(0), self.byte(1), self.byte(2)];
        self.mark.column == 0 && (three == *b"---" || three == *b"...") && self.is_blankz(3)
    }

    fn char(&self) -> Option<char> {
        self.text
            .get(self.mark.at..)
            .and_then(|rest| rest.chars().next())
    }

    /// Passes over one character that is not a line break.
    pub fn skip(&mut self) {
        self.next();
    }

    /// Passes over one character and returns it.
    pub fn next(&mut self) -> Option<char> {
        let c = self.char()?;
        if !matches!(c, ' ' | '\t') {
            self.newlines = 0;
        }
        self.mark.at += c.len_utf8();
        self.mark.index += 1;
        self.mark.column += 1;
        Some(c)
    }

    /// Appends one character to `out`.
    pub fn read(&mut self, out: &mut String) {
        out.extend(self.next());
    }

    /// Passes over a line break, if one stands here, and appends it in its normal form.
    pub fn read_break(&mut self, out: &mut String) {
        let len = self.break_len(0);
        if len == 0 {
            return;
        }
        match self.char() {
            Some(c @ ('\u{2028}' | '\u{2029}')) => out.push(c),
            _ => out.push('\n'),
        }
        // CR LF counts as two characters, everything else as one.
        self.mark.index += if self.byte(0) == b'\r' && len == 2 {
            2
        } else {
            1
        };
        self.mark.at += len;
        self.mark.column = 0;
        self.mark.line += 1;
        self.newlines += 1;
    }

    /// Passes over a line break, if one stands here.
    pub fn skip_break(&mut self) {
        let mut ignored = String::new();
        self.read_break(&mut ignored);
    }

    /// Passes over spaces and tabs.
    pub fn skip_blanks(&mut self) {
        while self.is_blank(0) {
            self.skip();
        }
    }

    /// Passes over everything up to the end of the line.
    pub fn skip_to_break(&mut self) {
        while !self.is_breakz(0) {
            self.skip();
        }
    }
}
