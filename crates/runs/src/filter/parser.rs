//! Tokens to an expression.

use std::ops::Range;

use regex::{Regex, RegexBuilder};

use super::FilterError;
use super::lexer::{Spanned, Token, tokens};

/// Deepest nesting of parentheses and `not`.
const MAX_DEPTH: usize = 100;

/// A filter ready to be asked about runs.
#[derive(Clone, Debug)]
pub struct Filter {
    pub(super) expr: Expr,
}

#[derive(Clone, Debug)]
pub(super) enum Expr {
    All,
    And(Vec<Expr>),
    Or(Vec<Expr>),
    Not(Box<Expr>),
    Has(Field),
    Compare(Field, Op, Value),
    In(Field, Vec<Value>),
    Match(Field, Regex),
    /// Anywhere in the run's words.
    Search(Regex),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Op {
    Equal,
    NotEqual,
    Above,
    AtLeast,
    Below,
    AtMost,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Field {
    Param(String),
    Metric(String, Aggregate),
    Tag(String),
    Plain(&'static str),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Aggregate {
    Last,
    Min,
    Max,
    Count,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value {
    None,
    /// The text as written and the number it is, if it is one.
    Text(String, Option<f64>),
}

/// Fields without a key, as written and as known.
pub(super) const PLAIN: [(&str, &str); 14] = [
    ("name", "name"),
    ("id", "id"),
    ("state", "state"),
    ("status", "state"),
    ("source", "source"),
    ("experiment", "experiment"),
    ("dataset", "dataset"),
    ("commit", "commit"),
    ("note", "note"),
    ("parent", "parent"),
    ("path", "path"),
    ("deleted", "deleted"),
    ("age", "age"),
    ("duration", "duration"),
];

impl Filter {
    /// Understands a filter; an empty one lets every run through.
    ///
    /// # Errors
    /// What was expected instead, and where.
    pub fn parse(text: &str) -> Result<Self, FilterError> {
        let tokens = tokens(text)?;
        if tokens.is_empty() {
            return Ok(Self { expr: Expr::All });
        }
        let mut parser = Parser {
            tokens: &tokens,
            at: 0,
            end: text.len(),
        };
        let expr = parser.or(0)?;
        match parser.tokens.get(parser.at) {
            None => Ok(Self { expr }),
            Some(extra) => Err(FilterError::new(
                "expected `and`, `or` or the end",
                extra.range.clone(),
            )),
        }
    }
}

struct Parser<'a> {
    tokens: &'a [Spanned],
    at: usize,
    end: usize,
}

fn keyword(token: &Token, word: &str) -> bool {
    matches!(token, Token::Word(text) if text.eq_ignore_ascii_case(word))
}

impl Parser<'_> {
    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.at).map(|t| &t.token)
    }

    fn next_range(&self) -> Range<usize> {
        self.tokens
            .get(self.at)
            .map_or(self.end..self.end, |t| t.range.clone())
    }

    fn error<T>(&self, message: impl Into<String>) -> Result<T, FilterError> {
        Err(FilterError::new(message, self.next_range()))
    }

    fn accept(&mut self, word: &str) -> bool {
        let found = self.peek().is_some_and(|t| keyword(t, word));
        self.at += usize::from(found);
        found
    }

    fn expect(&mut self, token: &Token, message: &str) -> Result<(), FilterError> {
        if self.peek() == Some(token) {
            self.at += 1;
            return Ok(());
        }
        self.error(message)
    }

    fn or(&mut self, depth: usize) -> Result<Expr, FilterError> {
        let mut parts = vec![self.and(depth)?];
        while self.accept("or") {
            parts.push(self.and(depth)?);
        }
        Ok(if parts.len() == 1 {
            parts.remove(0)
        } else {
            Expr::Or(parts)
        })
    }

    fn and(&mut self, depth: usize) -> Result<Expr, FilterError> {
        let mut parts = vec![self.not(depth)?];
        while self.accept("and") {
            parts.push(self.not(depth)?);
        }
        Ok(if parts.len() == 1 {
            parts.remove(0)
        } else {
            Expr::And(parts)
        })
    }

    fn not(&mut self, depth: usize) -> Result<Expr, FilterError> {
        if depth > MAX_DEPTH {
            return self.error("nested too deeply");
        }
        if self.accept("not") {
            return Ok(Expr::Not(Box::new(self.not(depth + 1)?)));
        }
        if self.peek() == Some(&Token::Open) {
            self.at += 1;
            let inner = self.or(depth + 1)?;
            self.expect(&Token::Close, "a closing ) is missing")?;
            return Ok(inner);
        }
        self.comparison()
    }

    fn comparison(&mut self) -> Result<Expr, FilterError> {
        if let Some(Spanned {
            token: Token::Search(pattern),
            range,
        }) = self.tokens.get(self.at)
        {
            self.at += 1;
            return Ok(Expr::Search(regex(pattern, range, true)?));
        }
        let field = self.field()?;
        if self.accept("in") {
            return Ok(Expr::In(field, self.list()?));
        }
        if self.peek().is_some_and(|t| keyword(t, "not"))
            && self
                .tokens
                .get(self.at + 1)
                .is_some_and(|t| keyword(&t.token, "in"))
        {
            self.at += 2;
            return Ok(Expr::Not(Box::new(Expr::In(field, self.list()?))));
        }
        if self.accept("like") {
            let (text, range) = self.text("a text such as \"base%\"")?;
            return Ok(Expr::Match(field, like(&text, range)?));
        }
        let op = match self.peek() {
            Some(Token::Op(op)) => *op,
            None | Some(Token::Close) => return Ok(Expr::Has(field)),
            Some(token) if keyword(token, "and") || keyword(token, "or") => {
                return Ok(Expr::Has(field));
            }
            Some(_) => return self.error("expected an operator: == != > >= < <= in like ~"),
        };
        self.at += 1;
        if op == "~" || op == "!~" {
            let (text, range) = self.text("a regular expression in quotes")?;
            let found = Expr::Match(field, regex(&text, &range, false)?);
            return Ok(if op == "~" {
                found
            } else {
                Expr::Not(Box::new(found))
            });
        }
        let op = match op {
            "!=" => Op::NotEqual,
            ">" => Op::Above,
            ">=" => Op::AtLeast,
            "<" => Op::Below,
            "<=" => Op::AtMost,
            _ => Op::Equal,
        };
        Ok(Expr::Compare(field, op, self.value()?))
    }

    fn field(&mut self) -> Result<Field, FilterError> {
        let range = self.next_range();
        let Some(Token::Word(word)) = self.peek() else {
            return self.error(
                "expected a field: metrics.…, params.…, tags.…, name, state, source, age, …",
            );
        };
        let word = word.clone();
        self.at += 1;
        let aggregate = match word.to_ascii_lowercase().as_str() {
            "min" => Some(Aggregate::Min),
            "max" => Some(Aggregate::Max),
            "count" => Some(Aggregate::Count),
            "last" => Some(Aggregate::Last),
            _ => None,
        };
        if let Some(aggregate) = aggregate
            && self.peek() == Some(&Token::Open)
        {
            self.at += 1;
            let range = self.next_range();
            let Field::Metric(key, _) = self.field()? else {
                return Err(FilterError::new("expected a metric: metrics.…", range));
            };
            self.expect(&Token::Close, "a closing ) is missing")?;
            return Ok(Field::Metric(key, aggregate));
        }
        field(&word).ok_or_else(|| {
            FilterError::new(
                format!("{word:?} is not a field; fields are metrics.…, params.…, tags.…, name, id, state, source, experiment, dataset, commit, note, parent, path, deleted, age, duration"),
                range,
            )
        })
    }

    fn list(&mut self) -> Result<Vec<Value>, FilterError> {
        let close = match self.peek() {
            Some(Token::ListOpen) => Token::ListClose,
            Some(Token::Open) => Token::Close,
            _ => return self.error("expected a list: [a, b]"),
        };
        self.at += 1;
        let mut values = Vec::new();
        while self.peek() != Some(&close) {
            values.push(self.value()?);
            match self.peek() {
                Some(Token::Comma) => self.at += 1,
                Some(token) if *token == close => {}
                _ => return self.error("expected , or the end of the list"),
            }
        }
        self.at += 1;
        Ok(values)
    }

    fn text(&mut self, what: &str) -> Result<(String, Range<usize>), FilterError> {
        let range = self.next_range();
        match self.peek() {
            Some(Token::Text(text) | Token::Word(text)) => {
                let text = text.clone();
                self.at += 1;
                Ok((text, range))
            }
            _ => self.error(format!("expected {what}")),
        }
    }

    fn value(&mut self) -> Result<Value, FilterError> {
        match self.peek() {
            Some(Token::Text(text)) => {
                let value = Value::Text(text.clone(), text.trim().parse().ok());
                self.at += 1;
                Ok(value)
            }
            Some(Token::Word(word))
                if !["and", "or", "not", "in", "like"].contains(&word.to_lowercase().as_str()) =>
            {
                let value = match word.to_ascii_lowercase().as_str() {
                    "none" | "null" => Value::None,
                    _ => Value::Text(word.clone(), word.parse().ok().or_else(|| seconds(word))),
                };
                self.at += 1;
                Ok(value)
            }
            _ => self.error("expected a value: a number, a text, none"),
        }
    }
}

/// A field as written.
pub(super) fn field(word: &str) -> Option<Field> {
    if let Some((head, key)) = word.split_once('.') {
        if key.is_empty() {
            return None;
        }
        return match head.to_ascii_lowercase().as_str() {
            "params" | "param" | "config" => Some(Field::Param(key.to_owned())),
            "metrics" | "metric" => Some(Field::Metric(key.to_owned(), Aggregate::Last)),
            "tags" | "tag" => Some(Field::Tag(key.to_owned())),
            "attributes" => field(key),
            _ => None,
        };
    }
    let lower = word.to_ascii_lowercase();
    PLAIN
        .iter()
        .find(|(written, _)| *written == lower)
        .map(|(_, known)| Field::Plain(known))
}

/// A length of time such as `90s`, `10m`, `2h`, `3d`, `1w`, in seconds.
fn seconds(word: &str) -> Option<f64> {
    let unit = match word.chars().last()? {
        's' => 1.0,
        'm' => 60.0,
        'h' => 3600.0,
        'd' => 86_400.0,
        'w' => 604_800.0,
        _ => return None,
    };
    word[..word.len() - 1]
        .parse::<f64>()
        .ok()
        .filter(|n| n.is_finite())
        .map(|n| n * unit)
}

fn like(pattern: &str, range: Range<usize>) -> Result<Regex, FilterError> {
    let mut regex = String::from("^");
    for c in pattern.chars() {
        match c {
            '%' => regex.push_str(".*"),
            '_' => regex.push('.'),
            c => regex.push_str(&regex::escape(c.encode_utf8(&mut [0; 4]))),
        }
    }
    regex.push('$');
    RegexBuilder::new(&regex)
        .case_insensitive(true)
        .dot_matches_new_line(true)
        .size_limit(1 << 20)
        .build()
        .map_err(|e| FilterError::new(format!("pattern too large: {}", last_line(&e)), range))
}

fn regex(pattern: &str, range: &Range<usize>, caseless: bool) -> Result<Regex, FilterError> {
    RegexBuilder::new(pattern)
        .case_insensitive(caseless)
        .size_limit(1 << 20)
        .build()
        .map_err(|e| {
            FilterError::new(
                format!("not a regular expression: {}", last_line(&e)),
                range.clone(),
            )
        })
}

fn last_line(error: &regex::Error) -> String {
    let text = error.to_string();
    text.lines()
        .last()
        .unwrap_or("")
        .trim_start_matches("error: ")
        .to_owned()
}
