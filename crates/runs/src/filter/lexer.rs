//! Text to tokens, each with its place.

use std::ops::Range;

use super::FilterError;

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token {
    /// A word: field, keyword, bare value. Quoted parts of a field are already joined.
    Word(String),
    /// A text in quotes.
    Text(String),
    /// A regular expression between slashes, where a condition could begin.
    Search(String),
    Op(&'static str),
    Open,
    Close,
    ListOpen,
    ListClose,
    Comma,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Spanned {
    pub(super) token: Token,
    pub(super) range: Range<usize>,
}

fn word_char(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '/' | ':' | '+' | '@' | '%' | '*')
}

/// Whether a condition can stand behind this token: elsewhere a slash begins a path.
fn begins_condition(before: &[Spanned]) -> bool {
    let is = |at: usize, words: &[&str]| {
        let token = before.len().checked_sub(at).and_then(|at| before.get(at));
        matches!(token.map(|spanned| &spanned.token),
            Some(Token::Word(word)) if words.contains(&word.to_lowercase().as_str()))
    };
    match before.last().map(|spanned| &spanned.token) {
        None => true,
        // `in (/a, /b)` lists paths.
        Some(Token::Open) => !is(2, &["in"]),
        _ => is(1, &["and", "or", "not"]),
    }
}

/// What stands between slashes; one that is not closed goes to the end. `\/` is a slash.
fn slashed(text: &str, at: &mut usize) -> String {
    let mut inner = String::new();
    let mut escaped = false;
    let start = *at + 1;
    for (i, c) in text[start..].char_indices() {
        if c == '/' && !escaped {
            *at = start + i + 1;
            return inner;
        }
        if escaped && c != '/' {
            inner.push('\\');
        }
        escaped = c == '\\' && !escaped;
        if !escaped {
            inner.push(c);
        }
    }
    if escaped {
        inner.push('\\');
    }
    *at = text.len();
    inner
}

/// Splits a filter into tokens.
pub(super) fn tokens(text: &str) -> Result<Vec<Spanned>, FilterError> {
    let mut out = Vec::new();
    let mut at = 0;
    while let Some(c) = text[at..].chars().next() {
        let start = at;
        let rest = &text[at..];
        let simple = match c {
            '(' => Some(Token::Open),
            ')' => Some(Token::Close),
            '[' => Some(Token::ListOpen),
            ']' => Some(Token::ListClose),
            ',' => Some(Token::Comma),
            _ => None,
        };
        let token = if c.is_whitespace() {
            at += c.len_utf8();
            continue;
        } else if let Some(token) = simple {
            at += 1;
            token
        } else if let Some(op) = ["==", "!=", ">=", "<=", "!~", "~", "=", ">", "<"]
            .into_iter()
            .find(|op| rest.starts_with(op))
        {
            at += op.len();
            Token::Op(op)
        } else if c == '/' && begins_condition(&out) {
            Token::Search(slashed(text, &mut at))
        } else if c == '"' || c == '\'' || c == '`' {
            Token::Text(quoted(text, &mut at, c)?)
        } else if word_char(c) {
            word(text, &mut at)?
        } else {
            let range = start..start + c.len_utf8();
            return Err(FilterError::new(
                format!("{c:?} has no meaning here"),
                range,
            ));
        };
        out.push(Spanned {
            token,
            range: start..at,
        });
    }
    Ok(out)
}

/// A word; after a dot a quoted part may follow: `metrics."val acc"`.
fn word(text: &str, at: &mut usize) -> Result<Token, FilterError> {
    let mut word = String::new();
    while let Some(c) = text[*at..].chars().next() {
        if word_char(c) {
            word.push(c);
            *at += c.len_utf8();
        } else if matches!(c, '"' | '\'' | '`') && word.ends_with('.') {
            word.push_str(&quoted(text, at, c)?);
        } else {
            break;
        }
    }
    Ok(Token::Word(word))
}

fn quoted(text: &str, at: &mut usize, quote: char) -> Result<String, FilterError> {
    let start = *at;
    let mut out = String::new();
    let mut chars = text[start + 1..].char_indices();
    while let Some((i, c)) = chars.next() {
        if c == quote {
            *at = start + 1 + i + c.len_utf8();
            return Ok(out);
        }
        // Only the quote and the backslash need escaping; `\d` in a pattern stays as it is.
        if c == '\\' {
            match chars.clone().next() {
                Some((_, next)) if next == quote || next == '\\' => {
                    chars.next();
                    out.push(next);
                    continue;
                }
                _ => {}
            }
        }
        out.push(c);
    }
    Err(FilterError::new(
        format!("a closing {quote} is missing"),
        start..text.len(),
    ))
}
