//! The scalars: block, quoted and plain.

use super::scan::{Scanned, Scanner};
use super::token::{Style, SyntaxError, TokenKind};

impl Scanner<'_> {
    // Block scalars.

    pub(super) fn fetch_block_scalar(&mut self, literal: bool) -> Scanned<()> {
        self.remove_simple_key()?;
        self.simple_key_allowed = true;
        let start = self.cursor.mark.at;
        let within = |scanner: &Self, what| {
            SyntaxError::within(
                what,
                scanner.cursor.mark.at,
                "while scanning a block scalar",
                start,
            )
        };
        self.cursor.skip();
        let mut chomp: Option<bool> = None; // keep or strip; clip when absent
        let mut increment: usize = 0;
        for _ in 0..2 {
            match self.cursor.byte(0) {
                sign @ (b'+' | b'-') if chomp.is_none() => chomp = Some(sign == b'+'),
                b'0' if increment == 0 => {
                    return Err(within(self, "found an indentation indicator equal to 0"));
                }
                digit @ b'1'..=b'9' if increment == 0 => increment = (digit - b'0').into(),
                _ => break,
            }
            self.cursor.skip();
        }
        self.cursor.skip_blanks();
        if self.cursor.byte(0) == b'#' {
            self.take_comment();
        }
        if !self.cursor.is_breakz(0) {
            return Err(within(self, "did not find expected comment or line break"));
        }
        self.cursor.skip_break();

        let mut end = self.cursor.mark.at;
        let mut indent = match increment {
            0 => 0,
            _ => usize::try_from(self.indent).unwrap_or(0) + increment,
        };
        let mut text = String::new();
        let mut leading_break = String::new();
        let mut trailing_breaks = String::new();
        let mut leading_blank = false;
        self.scan_block_breaks(&mut indent, &mut trailing_breaks, start, &mut end)?;
        while self.cursor.mark.column == indent && !self.cursor.is_end() {
            let trailing_blank = self.cursor.is_blank(0);
            if !literal && !leading_blank && !trailing_blank && leading_break.starts_with('\n') {
                if trailing_breaks.is_empty() {
                    text.push(' ');
                }
            } else {
                text.push_str(&leading_break);
            }
            leading_break.clear();
            text.push_str(&trailing_breaks);
            trailing_breaks.clear();
            leading_blank = self.cursor.is_blank(0);
            while !self.cursor.is_breakz(0) {
                self.cursor.read(&mut text);
            }
            self.cursor.read_break(&mut leading_break);
            self.scan_block_breaks(&mut indent, &mut trailing_breaks, start, &mut end)?;
        }
        if chomp != Some(false) {
            text.push_str(&leading_break);
        }
        if chomp == Some(true) {
            text.push_str(&trailing_breaks);
        }
        let style = if literal {
            Style::Literal
        } else {
            Style::Folded
        };
        self.push(TokenKind::Scalar { value: text, style }, start..end);
        Ok(())
    }

    fn scan_block_breaks(
        &mut self,
        indent: &mut usize,
        breaks: &mut String,
        start: usize,
        end: &mut usize,
    ) -> Scanned<()> {
        *end = self.cursor.mark.at;
        let mut max_indent = 0;
        loop {
            while (*indent == 0 || self.cursor.mark.column < *indent) && self.cursor.byte(0) == b' '
            {
                self.cursor.skip();
            }
            let column = self.cursor.mark.column;
            max_indent = max_indent.max(column);
            if (*indent == 0 || column < *indent) && self.cursor.byte(0) == b'\t' {
                return Err(SyntaxError::within(
                    "found a tab character where an indentation space is expected",
                    self.cursor.mark.at,
                    "while scanning a block scalar",
                    start,
                ));
            }
            if !self.cursor.is_break(0) {
                break;
            }
            self.cursor.read_break(breaks);
            *end = self.cursor.mark.at;
        }
        if *indent == 0 {
            let least = usize::try_from(self.indent + 1).unwrap_or(0).max(1);
            *indent = max_indent.max(least);
        }
        Ok(())
    }

    // Quoted scalars.

    pub(super) fn fetch_quoted(&mut self, single: bool) -> Scanned<()> {
        self.save_simple_key()?;
        self.simple_key_allowed = false;
        let start = self.cursor.mark.at;
        let within = |scanner: &Self, what| {
            SyntaxError::within(
                what,
                scanner.cursor.mark.at,
                "while scanning a quoted scalar",
                start,
            )
        };
        let quote = self.cursor.byte(0);
        self.cursor.skip();
        let mut text = String::new();
        let mut blanks = String::new();
        let mut fold = Fold::default();
        loop {
            if self.cursor.at_document_indicator() {
                return Err(within(self, "found unexpected document indicator"));
            }
            if self.cursor.is_end() {
                return Err(within(self, "found unexpected end of stream"));
            }
            let mut leading_blanks = false;
            while !self.cursor.is_blankz(0) {
                let byte = self.cursor.byte(0);
                if single && byte == quote && self.cursor.byte(1) == quote {
                    text.push('\'');
                    self.cursor.skip();
                    self.cursor.skip();
                } else if byte == quote {
                    break;
                } else if !single && byte == b'\\' && self.cursor.is_break(1) {
                    self.cursor.skip();
                    self.cursor.skip_break();
                    leading_blanks = true;
                    break;
                } else if !single && byte == b'\\' {
                    self.scan_escape(&mut text, start)?;
                } else {
                    self.cursor.read(&mut text);
                }
            }
            if self.cursor.byte(0) == quote {
                break;
            }
            while self.cursor.is_blank(0) || self.cursor.is_break(0) {
                if self.cursor.is_blank(0) {
                    if leading_blanks {
                        self.cursor.skip();
                    } else {
                        self.cursor.read(&mut blanks);
                    }
                } else if leading_blanks {
                    self.cursor.read_break(&mut fold.trailing);
                } else {
                    blanks.clear();
                    self.cursor.read_break(&mut fold.leading);
                    leading_blanks = true;
                }
            }
            if leading_blanks {
                fold.apply(&mut text);
            } else {
                text.push_str(&blanks);
                blanks.clear();
            }
        }
        self.cursor.skip();
        let style = if single {
            Style::SingleQuoted
        } else {
            Style::DoubleQuoted
        };
        self.push(
            TokenKind::Scalar { value: text, style },
            start..self.cursor.mark.at,
        );
        Ok(())
    }

    fn scan_escape(&mut self, text: &mut String, start: usize) -> Scanned<()> {
        let within = |scanner: &Self, what| {
            SyntaxError::within(
                what,
                scanner.cursor.mark.at,
                "while parsing a quoted scalar",
                start,
            )
        };
        let mut digits = 0;
        match self.cursor.byte(1) {
            b'0' => text.push('\0'),
            b'a' => text.push('\x07'),
            b'b' => text.push('\x08'),
            b't' | b'\t' => text.push('\t'),
            b'n' => text.push('\n'),
            b'v' => text.push('\x0b'),
            b'f' => text.push('\x0c'),
            b'r' => text.push('\r'),
            b'e' => text.push('\x1b'),
            c @ (b' ' | b'"' | b'\'' | b'\\') => text.push(char::from(c)),
            b'N' => text.push('\u{85}'),
            b'_' => text.push('\u{a0}'),
            b'L' => text.push('\u{2028}'),
            b'P' => text.push('\u{2029}'),
            b'x' => digits = 2,
            b'u' => digits = 4,
            b'U' => digits = 8,
            _ => return Err(within(self, "found unknown escape character")),
        }
        self.cursor.skip();
        self.cursor.skip();
        if digits > 0 {
            let mut code: u32 = 0;
            for ahead in 0..digits {
                let Some(digit) = char::from(self.cursor.byte(ahead)).to_digit(16) else {
                    return Err(within(self, "did not find expected hexadecimal number"));
                };
                code = (code << 4) | digit;
            }
            let Some(c) = char::from_u32(code) else {
                return Err(within(self, "found invalid Unicode character escape code"));
            };
            text.push(c);
            for _ in 0..digits {
                self.cursor.skip();
            }
        }
        Ok(())
    }

    // Plain scalars.

    pub(super) fn fetch_plain(&mut self) -> Scanned<()> {
        self.save_simple_key()?;
        self.simple_key_allowed = false;
        let start = self.cursor.mark.at;
        let mut end = start;
        let in_flow = self.flow_level > 0;
        let indent = usize::try_from(self.indent + 1).unwrap_or(0);
        let mut text = String::new();
        let mut blanks = String::new();
        let mut fold = Fold::default();
        let mut leading_blanks = false;
        loop {
            if self.cursor.at_document_indicator() || self.cursor.byte(0) == b'#' {
                break;
            }
            while !self.cursor.is_blankz(0) {
                let byte = self.cursor.byte(0);
                if (byte == b':' && self.cursor.is_blankz(1))
                    || (in_flow && matches!(byte, b',' | b'?' | b'[' | b']' | b'{' | b'}'))
                {
                    break;
                }
                if leading_blanks {
                    fold.apply(&mut text);
                    leading_blanks = false;
                } else {
                    text.push_str(&blanks);
                    blanks.clear();
                }
                self.cursor.read(&mut text);
                end = self.cursor.mark.at;
            }
            if !self.cursor.is_blank(0) && !self.cursor.is_break(0) {
                break;
            }
            while self.cursor.is_blank(0) || self.cursor.is_break(0) {
                if self.cursor.is_blank(0) {
                    let column = self.cursor.mark.column;
                    if leading_blanks && column < indent && self.cursor.byte(0) == b'\t' {
                        return Err(SyntaxError::within(
                            "found a tab character that violates indentation",
                            self.cursor.mark.at,
                            "while scanning a plain scalar",
                            start,
                        ));
                    }
                    if leading_blanks {
                        self.cursor.skip();
                    } else {
                        self.cursor.read(&mut blanks);
                    }
                } else if leading_blanks {
                    self.cursor.read_break(&mut fold.trailing);
                } else {
                    blanks.clear();
                    self.cursor.read_break(&mut fold.leading);
                    leading_blanks = true;
                }
            }
            if !in_flow && self.cursor.mark.column < indent {
                break;
            }
        }
        let style = Style::Plain;
        self.push(TokenKind::Scalar { value: text, style }, start..end);
        if leading_blanks {
            self.simple_key_allowed = true;
        }
        Ok(())
    }
}

/// Line breaks inside a quoted or plain scalar, to be folded: one becomes a space, of more the
/// first one disappears.
#[derive(Default)]
struct Fold {
    leading: String,
    trailing: String,
}

impl Fold {
    fn apply(&mut self, text: &mut String) {
        if self.leading.starts_with('\n') {
            if self.trailing.is_empty() {
                text.push(' ');
            }
        } else {
            text.push_str(&self.leading);
        }
        text.push_str(&self.trailing);
        self.leading.clear();
        self.trailing.clear();
    }
}
