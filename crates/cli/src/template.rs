//! The part of Go's `text/template` that `kit list --format` is used with: fields, `range` and `if`, and of
//! its functions `len`, `index` and `printf`.

use std::fmt::{self, Write as _};

/// Something a template can show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    Text(String),
    List(Vec<String>),
    Number(i64),
}

/// What is wrong with a template, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TemplateError {
    problem: String,
    at: usize,
}

impl fmt::Display for TemplateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (byte {} of the template)", self.problem, self.at)
    }
}

/// A template that was understood.
#[derive(Debug)]
pub struct Template {
    nodes: Vec<Node>,
    /// Whether it ends its own line.
    ends_line: bool,
}

#[derive(Debug)]
enum Node {
    Text(String),
    Show(Expr),
    If(Expr, Vec<Node>, Vec<Node>),
    Range(Expr, Vec<Node>, Vec<Node>),
}

#[derive(Debug)]
enum Expr {
    /// `.` within a `range`.
    Item,
    Field(String),
    Constant(Value),
    Call(Function, Vec<Expr>),
}

#[derive(Clone, Copy, Debug)]
enum Function {
    Len,
    Index,
    Printf,
}

impl Template {
    /// Reads a template whose fields are `fields`.
    ///
    /// # Errors
    /// [`TemplateError`] for what is no template, or one that needs more than this knows.
    pub fn parse(text: &str, fields: &[&str]) -> Result<Template, TemplateError> {
        let mut parser = Parser {
            pieces: pieces(text)?,
            next: 0,
            fields,
        };
        let (nodes, end) = parser.nodes(0)?;
        if let Some((word, at)) = end {
            return Err(wrong(format!("`{word}` ends nothing"), at));
        }
        Ok(Template {
            nodes,
            ends_line: text.ends_with('\n'),
        })
    }

    /// Fills it in, as whole lines.
    ///
    /// # Errors
    /// A sentence, for an index beyond the end of a list.
    pub fn render(&self, field: &dyn Fn(&str) -> Value) -> Result<String, String> {
        let mut out = String::new();
        show_all(&self.nodes, field, None, &mut out)?;
        if !self.ends_line {
            out.push('\n');
        }
        Ok(out)
    }
}

fn wrong(problem: impl Into<String>, at: usize) -> TemplateError {
    TemplateError {
        problem: problem.into(),
        at,
    }
}

/// Text, or the words of an action, with the place.
enum Piece {
    Text(String),
    Action(Vec<Word>, usize),
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Word {
    Bare(String),
    Quoted(String),
}

fn pieces(text: &str) -> Result<Vec<Piece>, TemplateError> {
    let mut pieces = Vec::new();
    let (mut rest, mut at, mut trim) = (text, 0, false);
    while let Some(start) = rest.find("{{") {
        let (before, action) = (
            rest.get(..start).unwrap_or_default(),
            rest.get(start + 2..).unwrap_or_default(),
        );
        let place = at + start;
        let comment = action
            .trim_start_matches('-')
            .trim_start()
            .starts_with("/*");
        let length = match comment {
            true => action.find("*/").map(|end| end + 2),
            false => Some(0),
        };
        let unclosed = || wrong("`{{` is not closed", place);
        let from = length.ok_or_else(unclosed)?;
        let inner_end = closing(action, from).ok_or_else(unclosed)?;
        let inner = action.get(..inner_end).unwrap_or_default();
        let trims_before = inner.starts_with("- ");
        let trims_after = inner.ends_with(" -");
        let mut before = before;
        if trim {
            before = before.trim_start();
        }
        if trims_before {
            before = before.trim_end();
        }
        pieces.push(Piece::Text(before.to_owned()));
        trim = trims_after;
        let inner = inner.strip_prefix("- ").unwrap_or(inner);
        let inner = inner.strip_suffix(" -").unwrap_or(inner);
        if !comment {
            pieces.push(Piece::Action(words(inner, place)?, place));
        }
        let skip = start + 2 + inner_end + 2;
        at += skip;
        rest = rest.get(skip..).unwrap_or_default();
    }
    let last = if trim { rest.trim_start() } else { rest };
    pieces.push(Piece::Text(last.to_owned()));
    Ok(pieces)
}

/// Where the action ends that is looked through from `from`: at `}}` outside of quotes.
fn closing(action: &str, from: usize) -> Option<usize> {
    let mut quote = None;
    let mut escaped = false;
    for (at, c) in action.char_indices().filter(|(at, _)| *at >= from) {
        match quote {
            Some(_) if escaped => escaped = false,
            Some('"') if c == '\\' => escaped = true,
            Some(open) if open == c => quote = None,
            Some(_) => {}
            None if c == '"' || c == '`' => quote = Some(c),
            None if action.get(at..).is_some_and(|rest| rest.starts_with("}}")) => return Some(at),
            None => {}
        }
    }
    None
}

fn words(text: &str, place: usize) -> Result<Vec<Word>, TemplateError> {
    let mut words = Vec::new();
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            c if c.is_whitespace() => {}
            '"' | '`' => {
                let mut quoted = String::new();
                loop {
                    match chars.next() {
                        Some(end) if end == c => break,
                        Some('\\') if c == '"' => match chars.next() {
                            Some('n') => quoted.push('\n'),
                            Some('t') => quoted.push('\t'),
                            Some(other @ ('"' | '\\')) => quoted.push(other),
                            _ => return Err(wrong("unknown escape in a text", place)),
                        },
                        Some(other) => quoted.push(other),
                        None => return Err(wrong("a text is not closed", place)),
                    }
                }
                words.push(Word::Quoted(quoted));
            }
            first => {
                let mut bare = first.to_string();
                while let Some(next) = chars.next_if(|c| !c.is_whitespace() && *c != '"') {
                    bare.push(next);
                }
                words.push(Word::Bare(bare));
            }
        }
    }
    Ok(words)
}

/// Blocks in blocks; nobody writes more.
const MAX_DEPTH: usize = 50;

/// `else` or `end`, and where.
type End = Option<(&'static str, usize)>;

struct Parser<'f> {
    pieces: Vec<Piece>,
    next: usize,
    fields: &'f [&'f str],
}

impl Parser<'_> {
    /// Nodes up to an `else`, an `end` or the end of the template.
    fn nodes(&mut self, depth: usize) -> Result<(Vec<Node>, End), TemplateError> {
        let mut nodes = Vec::new();
        while let Some(piece) = self.pieces.get_mut(self.next) {
            self.next += 1;
            let (words, at) = match piece {
                Piece::Text(text) => {
                    nodes.push(Node::Text(std::mem::take(text)));
                    continue;
                }
                Piece::Action(words, at) => (std::mem::take(words), *at),
            };
            let keyword = match words.first() {
                Some(Word::Bare(word)) => word.as_str(),
                Some(Word::Quoted(_)) => "",
                None => return Err(wrong("an action is empty", at)),
            };
            let rest = words.get(1..).unwrap_or_default();
            match keyword {
                "end" if rest.is_empty() => return Ok((nodes, Some(("end", at)))),
                "else" if rest.is_empty() => return Ok((nodes, Some(("else", at)))),
                "if" | "range" => {
                    if depth >= MAX_DEPTH {
                        return Err(wrong("too many blocks in blocks", at));
                    }
                    let about = self.expression(rest, at)?;
                    let unclosed = || wrong(format!("`{keyword}` has no `end`"), at);
                    let (body, end) = self.nodes(depth + 1)?;
                    let otherwise = match end.ok_or_else(unclosed)? {
                        ("else", _) => match self.nodes(depth + 1)? {
                            (nodes, Some(("end", _))) => nodes,
                            _ => return Err(unclosed()),
                        },
                        _ => Vec::new(),
                    };
                    nodes.push(match keyword {
                        "if" => Node::If(about, body, otherwise),
                        _ => Node::Range(about, body, otherwise),
                    });
                }
                _ => nodes.push(Node::Show(self.expression(&words, at)?)),
            }
        }
        Ok((nodes, None))
    }

    fn expression(&self, words: &[Word], at: usize) -> Result<Expr, TemplateError> {
        let function = match words.first() {
            Some(Word::Bare(word)) => match word.as_str() {
                "len" => Some((Function::Len, 1..=1)),
                "index" => Some((Function::Index, 2..=2)),
                "printf" => Some((Function::Printf, 1..=20)),
                _ => None,
            },
            _ => None,
        };
        let rest = words.get(1..).unwrap_or_default();
        match (function, words) {
            (Some((function, count)), _) => {
                if !count.contains(&rest.len()) {
                    return Err(wrong("a function has too few or too many values", at));
                }
                let values = rest.iter().map(|word| self.value(word, at));
                Ok(Expr::Call(function, values.collect::<Result<_, _>>()?))
            }
            (None, [one]) => self.value(one, at),
            _ => Err(wrong(
                "only a field, range, if, else, end, len, index and printf are known",
                at,
            )),
        }
    }

    fn value(&self, word: &Word, at: usize) -> Result<Expr, TemplateError> {
        let word = match word {
            Word::Quoted(text) => return Ok(Expr::Constant(Value::Text(text.clone()))),
            Word::Bare(word) => word.as_str(),
        };
        if word == "." {
            return Ok(Expr::Item);
        }
        if let Ok(number) = word.parse::<i64>() {
            return Ok(Expr::Constant(Value::Number(number)));
        }
        let name = word.strip_prefix('$').unwrap_or(word).strip_prefix('.');
        match name {
            Some(name) if self.fields.contains(&name) => Ok(Expr::Field(name.to_owned())),
            _ => {
                let known: Vec<String> = self.fields.iter().map(|f| format!(".{f}")).collect();
                Err(wrong(
                    format!("`{word}` is unknown; there are {}", known.join(", ")),
                    at,
                ))
            }
        }
    }
}

fn show_all(
    nodes: &[Node],
    field: &dyn Fn(&str) -> Value,
    item: Option<&str>,
    out: &mut String,
) -> Result<(), String> {
    for node in nodes {
        match node {
            Node::Text(text) => out.push_str(text),
            Node::Show(about) => out.push_str(&evaluate(about, field, item)?.shown()),
            Node::If(about, body, otherwise) => {
                let holds = !evaluate(about, field, item)?.is_empty();
                show_all(if holds { body } else { otherwise }, field, item, out)?;
            }
            Node::Range(about, body, otherwise) => match evaluate(about, field, item)? {
                Value::List(items) if !items.is_empty() => {
                    for item in &items {
                        show_all(body, field, Some(item), out)?;
                    }
                }
                Value::List(_) => show_all(otherwise, field, item, out)?,
                _ => return Err("range needs a list, as .Tags is one".into()),
            },
        }
    }
    Ok(())
}

fn evaluate(
    about: &Expr,
    field: &dyn Fn(&str) -> Value,
    item: Option<&str>,
) -> Result<Value, String> {
    match about {
        Expr::Item => match item {
            Some(item) => Ok(Value::Text(item.to_owned())),
            None => Err("`.` alone stands for an element only within range".into()),
        },
        Expr::Field(name) => Ok(field(name)),
        Expr::Constant(value) => Ok(value.clone()),
        Expr::Call(function, values) => {
            let values: Vec<Value> = values
                .iter()
                .map(|value| evaluate(value, field, item))
                .collect::<Result<_, _>>()?;
            call(*function, &values)
        }
    }
}

fn call(function: Function, values: &[Value]) -> Result<Value, String> {
    match (function, values) {
        (Function::Len, [Value::List(items)]) => Ok(Value::Number(items.len() as i64)),
        (Function::Len, [Value::Text(text)]) => Ok(Value::Number(text.len() as i64)),
        (Function::Index, [Value::List(items), Value::Number(at)]) => usize::try_from(*at)
            .ok()
            .and_then(|at| items.get(at))
            .map(|item| Value::Text(item.clone()))
            .ok_or_else(|| format!("there is no element {at} in a list of {}", items.len())),
        (Function::Printf, [Value::Text(form), values @ ..]) => printf(form, values),
        (Function::Len, _) => Err("len needs a list or a text".into()),
        (Function::Index, _) => Err("index needs a list and a number".into()),
        (Function::Printf, _) => Err("printf needs a text first".into()),
    }
}

/// `%s`, `%v`, `%d` and `%q`, each with a width if need be, and `%%`.
fn printf(form: &str, values: &[Value]) -> Result<Value, String> {
    /// A line is no longer.
    const MAX_WIDTH: usize = 1000;
    let mut out = String::new();
    let mut values = values.iter();
    let mut rest = form;
    while let Some((before, after)) = rest.split_once('%') {
        out.push_str(before);
        let end = after
            .find(|c: char| !c.is_ascii_digit() && c != '-')
            .ok_or("a text ends in `%`")?;
        let (width, verb) = after.split_at(end);
        let verb_char = verb.chars().next().unwrap_or_default();
        rest = verb.get(verb_char.len_utf8()..).unwrap_or_default();
        if verb_char == '%' {
            out.push('%');
            continue;
        }
        let value = values.next().ok_or("printf has too few values")?.shown();
        let text = match verb_char {
            's' | 'v' | 'd' => value,
            'q' => format!("{value:?}"),
            other => return Err(format!("`%{other}` is unknown; there are %s, %v, %d, %q")),
        };
        let size = width.trim_start_matches('-').parse().unwrap_or(0);
        let size = usize::min(size, MAX_WIDTH);
        // Writing to a string cannot fail.
        let _ = match width.starts_with('-') {
            true => write!(out, "{text:<size$}"),
            false => write!(out, "{text:>size$}"),
        };
    }
    out.push_str(rest);
    Ok(Value::Text(out))
}

impl Value {
    fn is_empty(&self) -> bool {
        match self {
            Value::Text(text) => text.is_empty(),
            Value::List(items) => items.is_empty(),
            Value::Number(number) => *number == 0,
        }
    }

    /// As Go prints it.
    fn shown(&self) -> String {
        match self {
            Value::Text(text) => text.clone(),
            Value::List(items) => format!("[{}]", items.join(" ")),
            Value::Number(number) => number.to_string(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIELDS: [&str; 3] = ["Repo", "Tags", "Author"];

    fn rendered(text: &str) -> Result<String, String> {
        let field = |name: &str| match name {
            "Tags" => Value::List(vec!["v1".into(), "latest".into()]),
            "Author" => Value::Text(String::new()),
            _ => Value::Text("lab/wine".into()),
        };
        let template = Template::parse(text, &FIELDS).map_err(|error| error.to_string())?;
        template.render(&field)
    }

    #[test]
    fn templates_say_what_go_says() {
        for (text, expected) in [
            ("", "\n"),
            ("{{ .Repo }}", "lab/wine\n"),
            ("{{.Repo}}\n", "lab/wine\n"),
            ("{{.Repo}}: {{.Tags}}", "lab/wine: [v1 latest]\n"),
            (
                "{{range .Tags}}{{$.Repo}}:{{.}} {{end}}",
                "lab/wine:v1 lab/wine:latest \n",
            ),
            (
                "{{if .Author}}by {{.Author}}{{else}}nobody{{end}}",
                "nobody\n",
            ),
            ("a  {{- \" b \" -}}  c", "a b c\n"),
            ("x{{/* a }} comment */}}y", "xy\n"),
            ("{{ len .Tags }} {{ index .Tags 1 }}", "2 latest\n"),
            (
                "{{ printf \"%-10s|%3d|%q%%\" .Repo 7 \"a\" }}",
                "lab/wine  |  7|\"a\"%\n",
            ),
            ("{{ `a}}b` }}", "a}}b\n"),
        ] {
            assert_eq!(rendered(text).as_deref(), Ok(expected), "{text}");
        }
    }

    #[test]
    fn what_is_wrong_is_said() {
        for (text, part) in [
            ("{{", "not closed"),
            ("{{ \"a }}", "not closed"),
            ("{{}}", "empty"),
            ("{{ .Nope }}", "there are .Repo, .Tags, .Author"),
            ("{{ end }}", "`end` ends nothing"),
            ("{{ if .Repo }}", "`if` has no `end`"),
            ("{{ .Repo | upper }}", "are known"),
            ("{{ . }}", "only within range"),
            ("{{ range .Repo }}{{ end }}", "needs a list"),
            ("{{ index .Tags 9 }}", "no element 9"),
            ("{{ printf \"%x\" 1 }}", "%x"),
            ("{{ printf \"%s\" }}", "too few"),
            ("é{{ .Nope }}", "byte 2"),
        ] {
            let error = rendered(text).unwrap_err();
            assert!(error.contains(part), "{text}: {error}");
        }
        assert!(rendered(&"{{if .Repo}}".repeat(10_000)).is_err());
    }
}
