//! Translates the part of Go's regular expression syntax that ignore patterns can reach.
//!
//! Ignore patterns turn into Go regular expressions with some characters unescaped, so what they
//! mean is what Go's parser makes of them. This parser follows Go's and writes the same language in
//! the syntax of the `regex` crate, which differs in classes, braces and escapes.

use std::fmt::Write as _;

/// The highest repeat count Go allows.
const MAX_REPEAT: u32 = 1000;

/// The expression `go` in the syntax of the `regex` crate; the error is a sentence.
pub(super) fn translate(go: &str) -> Result<String, String> {
    let mut parser = Parser {
        chars: go.chars().collect(),
        at: 0,
        out: String::new(),
    };
    parser.alternation(0)?;
    match parser.peek() {
        None => Ok(parser.out),
        Some(_) => Err("an unexpected parenthesis".into()),
    }
}

struct Parser {
    chars: Vec<char>,
    at: usize,
    out: String,
}

/// One escape sequence.
enum Escape {
    Char(char),
    /// Items of a class, to stand between brackets.
    Class(&'static str),
    /// A Unicode class with its text, e.g. `\pL`.
    Unicode(String),
    /// Only outside a class.
    Assertion(&'static str),
}

impl Parser {
    fn peek(&self) -> Option<char> {
        self.chars.get(self.at).copied()
    }

    fn peek_at(&self, ahead: usize) -> Option<char> {
        self.chars.get(self.at + ahead).copied()
    }

    fn next(&mut self) -> Option<char> {
        let c = self.peek()?;
        self.at += 1;
        Some(c)
    }

    fn literal(&mut self, c: char) {
        // Writing to a string cannot fail.
        let _ = write!(self.out, "\\x{{{:X}}}", c as u32);
    }

    fn alternation(&mut self, depth: usize) -> Result<(), String> {
        if depth > 200 {
            return Err("it is nested too deeply".into());
        }
        self.out.push_str("(?:");
        // Whether something precedes that a repetition could apply to, and whether that is itself
        // a repetition.
        let (mut operand, mut repeated) = (false, false);
        while let Some(c) = self.peek() {
            match c {
                ')' => break,
                '|' => {
                    self.at += 1;
                    self.out.push('|');
                    (operand, repeated) = (false, false);
                    continue;
                }
                '*' | '+' | '?' => {
                    self.at += 1;
                    self.repeat(&c.to_string(), operand, repeated)?;
                    repeated = true;
                    continue;
                }
                '{' => {
                    if let Some((quantifier, length)) = self.braces()? {
                        self.at += length;
                        self.repeat(&quantifier, operand, repeated)?;
                        repeated = true;
                        continue;
                    }
                    self.at += 1;
                    self.literal('{');
                }
                '(' => {
                    self.at += 1;
                    self.alternation(depth + 1)?;
                    if self.next() != Some(')') {
                        return Err("a parenthesis is not closed".into());
                    }
                }
                '[' => {
                    self.at += 1;
                    self.class()?;
                }
                '.' => {
                    self.at += 1;
                    self.out.push_str("[^\\n]");
                }
                '^' => {
                    self.at += 1;
                    self.out.push_str("(?:\\A)");
                }
                '$' => {
                    self.at += 1;
                    self.out.push_str("(?:\\z)");
                }
                '\\' => {
                    self.at += 1;
                    if self.peek() == Some('Q') {
                        self.at += 1;
                        self.quoted();
                    } else {
                        match self.escape()? {
                            Escape::Char(c) => self.literal(c),
                            Escape::Class(items) => {
                                let _ = write!(self.out, "[{items}]");
                            }
                            Escape::Unicode(class) => self.out.push_str(&class),
                            Escape::Assertion(assertion) => self.out.push_str(assertion),
                        }
                    }
                }
                _ => {
                    self.at += 1;
                    self.literal(c);
                }
            }
            (operand, repeated) = (true, false);
        }
        self.out.push(')');
        Ok(())
    }

    fn repeat(&mut self, quantifier: &str, operand: bool, repeated: bool) -> Result<(), String> {
        if !operand {
            return Err(format!("“{quantifier}” has nothing to repeat"));
        }
        if repeated {
            return Err(format!("“{quantifier}” repeats a repetition"));
        }
        self.out.push_str(quantifier);
        if self.peek() == Some('?') {
            self.at += 1;
            self.out.push('?');
        }
        Ok(())
    }

    /// A counted repetition at the current place and its length; `None` if the brace is a literal.
    fn braces(&self) -> Result<Option<(String, usize)>, String> {
        let rest: String = self
            .chars
            .iter()
            .skip(self.at + 1)
            .take_while(|c| **c != '}')
            .collect();
        if self.peek_at(1 + rest.chars().count()) != Some('}') {
            return Ok(None);
        }
        let number = |text: &str| -> Option<Option<u32>> {
            let plain = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
            let padded = text.len() > 1 && text.starts_with('0');
            (plain && !padded).then(|| text.parse().ok())
        };
        let (low, high) = match rest.split_once(',') {
            None => match number(&rest) {
                Some(n) => (n, Some(n)),
                None => return Ok(None),
            },
            Some((low, "")) => match number(low) {
                Some(n) => (n, None),
                None => return Ok(None),
            },
            Some((low, high)) => match (number(low), number(high)) {
                (Some(low), Some(high)) => (low, Some(high)),
                _ => return Ok(None),
            },
        };
        let bounded = |n: Option<u32>| n.filter(|n| *n <= MAX_REPEAT);
        let fine = match (bounded(low), high) {
            (Some(low), Some(high)) => bounded(high).is_some_and(|high| low <= high),
            (Some(_), None) => true,
            (None, _) => false,
        };
        if !fine {
            return Err(format!("“{{{rest}}}” is not a valid repetition"));
        }
        Ok(Some((format!("{{{rest}}}"), rest.chars().count() + 2)))
    }

    fn quoted(&mut self) {
        while let Some(c) = self.next() {
            if c == '\\' && self.peek() == Some('E') {
                self.at += 1;
                return;
            }
            self.literal(c);
        }
    }

    /// A class, after its opening bracket.
    fn class(&mut self) -> Result<(), String> {
        self.out.push('[');
        if self.peek() == Some('^') {
            self.at += 1;
            self.out.push('^');
        }
        let mut first = true;
        while first || self.peek() != Some(']') {
            first = false;
            if self.peek() == Some('[') && self.peek_at(1) == Some(':') && self.named_class()? {
                continue;
            }
            let low = match self.class_item()? {
                Escape::Char(c) => c,
                Escape::Class(items) => {
                    let _ = write!(self.out, "[{items}]");
                    continue;
                }
                Escape::Unicode(class) => {
                    self.out.push_str(&class);
                    continue;
                }
                Escape::Assertion(_) => {
                    return Err("a bracket holds an escape that is no character".into());
                }
            };
            let mut high = low;
            if self.peek() == Some('-') && self.peek_at(1).is_some_and(|c| c != ']') {
                self.at += 1;
                high = match self.class_item()? {
                    Escape::Char(c) => c,
                    _ => {
                        return Err(
                            "a range in a bracket ends in something that is no character".into(),
                        );
                    }
                };
                if high < low {
                    return Err(format!("the range {low}-{high} runs backwards"));
                }
            }
            let _ = write!(self.out, "\\x{{{:X}}}-\\x{{{:X}}}", low as u32, high as u32);
        }
        self.at += 1;
        self.out.push(']');
        Ok(())
    }

    fn class_item(&mut self) -> Result<Escape, String> {
        match self.next() {
            None => Err("a bracket is not closed".into()),
            Some('\\') => self.escape(),
            Some(c) => Ok(Escape::Char(c)),
        }
    }

    /// `[:alpha:]` and the like; whether there was one.
    fn named_class(&mut self) -> Result<bool, String> {
        let rest: String = self.chars.iter().skip(self.at + 2).collect();
        let Some((name, _)) = rest.split_once(":]") else {
            return Ok(false);
        };
        const NAMES: [&str; 14] = [
            "alnum", "alpha", "ascii", "blank", "cntrl", "digit", "graph", "lower", "print",
            "punct", "space", "upper", "word", "xdigit",
        ];
        if !NAMES.contains(&name.strip_prefix('^').unwrap_or(name)) {
            return Err(format!("“[:{name}:]” is not a class"));
        }
        let _ = write!(self.out, "[:{name}:]");
        self.at += name.chars().count() + 4;
        Ok(true)
    }

    /// An escape, after its backslash.
    fn escape(&mut self) -> Result<Escape, String> {
        let Some(c) = self.next() else {
            return Err("a backslash at the end has nothing to escape".into());
        };
        let unknown = || format!("“\\{c}” is not an escape");
        Ok(match c {
            'd' => Escape::Class("0-9"),
            'D' => Escape::Class("^0-9"),
            's' => Escape::Class("\\t\\n\\x0C\\r "),
            'S' => Escape::Class("^\\t\\n\\x0C\\r "),
            'w' => Escape::Class("0-9A-Za-z_"),
            'W' => Escape::Class("^0-9A-Za-z_"),
            'A' => Escape::Assertion("(?:\\A)"),
            'z' => Escape::Assertion("(?:\\z)"),
            'b' => Escape::Assertion("(?-u:\\b)"),
            'B' => Escape::Assertion("(?-u:\\B)"),
            'a' => Escape::Char('\u{7}'),
            'f' => Escape::Char('\u{c}'),
            'n' => Escape::Char('\n'),
            'r' => Escape::Char('\r'),
            't' => Escape::Char('\t'),
            'v' => Escape::Char('\u{b}'),
            'p' | 'P' => {
                let mut class = format!("\\{c}");
                match self.next().ok_or_else(unknown)? {
                    '{' => {
                        class.push('{');
                        loop {
                            let c = self.next().ok_or_else(unknown)?;
                            class.push(c);
                            if c == '}' {
                                break;
                            }
                        }
                    }
                    letter => class.push(letter),
                }
                // Go knows the names in their one spelling only, the regex crate in any.
                let name = class.get(2..).unwrap_or_default();
                let name = name.trim_start_matches(['{', '^']);
                if !name.starts_with(|c: char| c.is_ascii_uppercase()) {
                    return Err(unknown());
                }
                Escape::Unicode(class)
            }
            'x' => {
                let digits: String = if self.peek() == Some('{') {
                    self.at += 1;
                    let digits = self
                        .chars
                        .iter()
                        .skip(self.at)
                        .take_while(|c| **c != '}')
                        .collect::<String>();
                    self.at += digits.chars().count() + 1;
                    digits
                } else {
                    let digits = self.chars.iter().skip(self.at).take(2).collect::<String>();
                    self.at += 2;
                    digits
                };
                let code = u32::from_str_radix(&digits, 16).ok();
                Escape::Char(code.and_then(char::from_u32).ok_or_else(unknown)?)
            }
            '0'..='7' => {
                let octal = |c: Option<char>| c.and_then(|c| c.to_digit(8));
                // A single digit other than zero would be a back reference.
                if c != '0' && octal(self.peek()).is_none() {
                    return Err(unknown());
                }
                let mut code = c as u32 - '0' as u32;
                for _ in 0..2 {
                    let Some(digit) = octal(self.peek()) else {
                        break;
                    };
                    code = code * 8 + digit;
                    self.at += 1;
                }
                Escape::Char(char::from_u32(code).ok_or_else(unknown)?)
            }
            c if c.is_ascii() && !c.is_ascii_alphanumeric() => Escape::Char(c),
            _ => return Err(unknown()),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use regex::Regex;

    fn matches(go: &str, text: &str) -> bool {
        Regex::new(&translate(go).unwrap()).unwrap().is_match(text)
    }

    #[test]
    fn classes_braces_and_escapes_mean_what_they_mean_in_go() {
        for (go, text, expected) in [
            ("^a{2}$", "aa", true),
            ("^a{x}$", "a{x}", true),
            ("^a{02}$", "a{02}", true),
            ("^[a[^/]*$", "[^[a", true),
            ("^[]a]$", "]", true),
            ("^[a-]$", "-", true),
            ("^[[:digit:]x]$", "5", true),
            ("^[a&&b]$", "&", true),
            (r"^\x41\101$", "AA", true),
            (r"^\Qa.b\E.$", "a.bc", true),
            ("^.$", "\n", false),
            (r"^\pP$", "!", true),
            ("^[^/]$", "\n", true),
            ("^a|b$", "xb", true),
        ] {
            assert_eq!(matches(go, text), expected, "{go} on {text:?}");
        }
    }

    #[test]
    fn what_go_refuses_is_refused() {
        for go in [
            "^*{2}",
            "a*{2}",
            "^[z-a]$",
            "^a{1001}$",
            "^a{2,1}$",
            "[",
            r"\é",
            r"\8",
            "(a",
            "[[:foo:]]",
            r"\pp",
            r"\p{greek}",
        ] {
            assert!(translate(go).is_err(), "{go}");
        }
    }
}
