//! Tags, anchors, aliases and directives.

use super::scan::{Scanned, Scanner};
use super::token::{SyntaxError, TokenKind};

impl Scanner<'_> {
    pub(super) fn scan_directive(&mut self, start: usize) -> Scanned<TokenKind> {
        self.cursor.skip();
        let mut name = String::new();
        while self.cursor.is_alpha() {
            self.cursor.read(&mut name);
        }
        if name.is_empty() {
            return Err(self.within_directive("could not find expected directive name", start));
        }
        if !self.cursor.is_blankz(0) {
            return Err(self.within_directive("found unexpected non-alphabetical character", start));
        }
        self.cursor.skip_blanks();
        match name.as_str() {
            "YAML" => {
                let major = self.scan_version_number(start)?;
                if self.cursor.byte(0) != b'.' {
                    return Err(self
                        .within_directive("did not find expected digit or '.' character", start));
                }
                self.cursor.skip();
                let minor = self.scan_version_number(start)?;
                Ok(TokenKind::VersionDirective { major, minor })
            }
            "TAG" => {
                let handle = self.scan_tag_handle(true, start)?;
                if !self.cursor.is_blank(0) {
                    return Err(self.within_directive("did not find expected whitespace", start));
                }
                self.cursor.skip_blanks();
                let prefix = self.scan_tag_uri("", start)?;
                if !self.cursor.is_blankz(0) {
                    return Err(self.within_directive(
                        "did not find expected whitespace or line break",
                        start,
                    ));
                }
                Ok(TokenKind::TagDirective { handle, prefix })
            }
            _ => Err(self.within_directive("found unknown directive name", start)),
        }
    }

    fn scan_version_number(&mut self, start: usize) -> Scanned<u8> {
        let mut value: u8 = 0;
        let mut length = 0;
        while self.cursor.byte(0).is_ascii_digit() {
            length += 1;
            if length > 2 {
                return Err(self.within_directive("found extremely long version number", start));
            }
            value = value * 10 + (self.cursor.byte(0) - b'0');
            self.cursor.skip();
        }
        if length == 0 {
            return Err(self.within_directive("did not find expected version number", start));
        }
        Ok(value)
    }

    pub(super) fn fetch_anchor(&mut self) -> Scanned<()> {
        self.save_simple_key()?;
        self.simple_key_allowed = false;
        let start = self.cursor.mark.at;
        let is_alias = self.cursor.byte(0) == b'*';
        self.cursor.skip();
        let mut name = String::new();
        while self.cursor.is_alpha() {
            self.cursor.read(&mut name);
        }
        let ended = self.cursor.is_blankz(0)
            || matches!(
                self.cursor.byte(0),
                b'?' | b':' | b',' | b']' | b'}' | b'%' | b'@' | b'`'
            );
        if name.is_empty() || !ended {
            return Err(SyntaxError::within(
                "did not find expected alphabetic or numeric character",
                self.cursor.mark.at,
                if is_alias {
                    "while scanning an alias"
                } else {
                    "while scanning an anchor"
                },
                start,
            ));
        }
        let kind = if is_alias {
            TokenKind::Alias(name)
        } else {
            TokenKind::Anchor(name)
        };
        self.push(kind, start..self.cursor.mark.at);
        Ok(())
    }

    fn within_tag(&self, what: &'static str, start: usize) -> SyntaxError {
        SyntaxError::within(what, self.cursor.mark.at, "while parsing a tag", start)
    }

    pub(super) fn fetch_tag(&mut self) -> Scanned<()> {
        self.save_simple_key()?;
        self.simple_key_allowed = false;
        let start = self.cursor.mark.at;
        let (handle, suffix) = if self.cursor.byte(1) == b'<' {
            self.cursor.skip();
            self.cursor.skip();
            let suffix = self.scan_tag_uri("", start)?;
            if self.cursor.byte(0) != b'>' {
                return Err(self.within_tag("did not find the expected '>'", start));
            }
            self.cursor.skip();
            (String::new(), suffix)
        } else {
            let handle = self.scan_tag_handle(false, start)?;
            if handle.len() > 1 && handle.ends_with('!') {
                let suffix = self.scan_tag_uri("", start)?;
                (handle, suffix)
            } else {
                // Not a handle after all: its letters begin the suffix.
                let suffix = self.scan_tag_uri(&handle, start)?;
                if suffix.is_empty() {
                    (suffix, "!".to_owned())
                } else {
                    ("!".to_owned(), suffix)
                }
            }
        };
        if !self.cursor.is_blankz(0) {
            return Err(self.within_tag("did not find expected whitespace or line break", start));
        }
        self.push(
            TokenKind::Tag { handle, suffix },
            start..self.cursor.mark.at,
        );
        Ok(())
    }

    fn scan_tag_handle(&mut self, directive: bool, start: usize) -> Scanned<String> {
        if self.cursor.byte(0) != b'!' {
            return Err(self.within_tag("did not find expected '!'", start));
        }
        let mut handle = String::new();
        self.cursor.read(&mut handle);
        while self.cursor.is_alpha() {
            self.cursor.read(&mut handle);
        }
        if self.cursor.byte(0) == b'!' {
            self.cursor.read(&mut handle);
        } else if directive && handle != "!" {
            return Err(self.within_tag("did not find expected '!'", start));
        }
        Ok(handle)
    }

    /// Reads the rest of a tag. `head` is what was taken for a handle; its `!` is left out.
    fn scan_tag_uri(&mut self, head: &str, start: usize) -> Scanned<String> {
        let mut bytes = head.as_bytes().get(1..).unwrap_or_default().to_vec();
        let mut found = !head.is_empty();
        loop {
            let byte = self.cursor.byte(0);
            if byte == b'%' {
                self.scan_uri_escape(&mut bytes, start)?;
            } else if self.cursor.is_alpha() || b";/?:@&=+$,.!~*'()[]".contains(&byte) {
                bytes.push(byte);
                self.cursor.skip();
            } else {
                break;
            }
            found = true;
        }
        if !found {
            return Err(self.within_tag("did not find expected tag URI", start));
        }
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    /// Reads the `%xx` escapes of one character.
    fn scan_uri_escape(&mut self, bytes: &mut Vec<u8>, start: usize) -> Scanned<()> {
        let mut left = 1;
        let mut leading = true;
        while left > 0 {
            let digits = [self.cursor.byte(1), self.cursor.byte(2)];
            let octet = std::str::from_utf8(&digits)
                .ok()
                .filter(|_| digits.iter().all(u8::is_ascii_hexdigit))
                .and_then(|digits| u8::from_str_radix(digits, 16).ok());
            let Some(octet) = octet.filter(|_| self.cursor.byte(0) == b'%') else {
                return Err(self.within_tag("did not find URI escaped octet", start));
            };
            if leading {
                leading = false;
                left = match octet {
                    0x00..=0x7f => 1,
                    0xc0..=0xdf => 2,
                    0xe0..=0xef => 3,
                    0xf0..=0xf7 => 4,
                    _ => {
                        return Err(
                            self.within_tag("found an incorrect leading UTF-8 octet", start)
                        );
                    }
                };
            } else if octet & 0xc0 != 0x80 {
                return Err(self.within_tag("found an incorrect trailing UTF-8 octet", start));
            }
            bytes.push(octet);
            for _ in 0..3 {
                self.cursor.skip();
            }
            left -= 1;
        }
        Ok(())
    }
}
