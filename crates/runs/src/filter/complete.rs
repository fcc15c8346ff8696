//! What could come next at the cursor.

use std::collections::BTreeSet;
use std::ops::Range;

use super::lexer::{Token, tokens};
use super::parser::{PLAIN, field};
use crate::model::Run;

/// Names and values that occur in the runs at hand.
#[derive(Clone, Debug, Default)]
pub struct Vocabulary {
    params: BTreeSet<String>,
    metrics: BTreeSet<String>,
    tags: BTreeSet<String>,
    /// (field as written, value).
    values: BTreeSet<(String, String)>,
}

impl Vocabulary {
    /// Most distinct values kept; beyond that they are not worth offering.
    const MAX_VALUES: usize = 20_000;

    /// Collects from runs.
    pub fn of<'a>(runs: impl IntoIterator<Item = &'a Run>) -> Self {
        let mut all = Self::default();
        for run in runs {
            all.metrics.extend(run.metrics.keys().cloned());
            for (key, value) in run.flat_params() {
                all.value(format!("params.{key}"), value);
                all.params.insert(key);
            }
            for (key, value) in &run.tags {
                all.value(format!("tags.{key}"), value.clone());
                all.tags.insert(key.clone());
            }
            all.value("state".into(), run.state.name().into());
            for name in run.source.names() {
                all.value("source".into(), name.into());
            }
            all.value("name".into(), run.name.clone());
            if let Some(experiment) = &run.experiment {
                all.value("experiment".into(), experiment.clone());
            }
        }
        all
    }

    fn value(&mut self, field: String, value: String) {
        if self.values.len() < Self::MAX_VALUES && value.len() < 100 && !value.is_empty() {
            self.values.insert((field, value));
        }
    }
}

/// What to offer, and what it replaces.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Completion {
    /// Bytes of the text that a choice replaces.
    pub replace: Range<usize>,
    /// Choices, best first; at most 50.
    pub options: Vec<String>,
}

/// Completes `text` at byte `cursor`.
pub fn complete(text: &str, cursor: usize, vocabulary: &Vocabulary) -> Completion {
    let mut cursor = cursor.min(text.len());
    while !text.is_char_boundary(cursor) {
        cursor -= 1;
    }
    let before = &text[..cursor];
    let start = before
        .char_indices()
        .rev()
        .take_while(|(_, c)| !c.is_whitespace() && !"()[],<>=!~".contains(*c))
        .last()
        .map_or(cursor, |(i, _)| i);
    let typed = &before[start..];
    let earlier: Vec<Token> = tokens(&before[..start])
        .unwrap_or_default()
        .into_iter()
        .map(|t| t.token)
        .collect();
    let mut options = match place(&earlier) {
        Place::Value(field) => values(&field, vocabulary),
        Place::Operator => [
            "==", "!=", "<", "<=", ">", ">=", "in [", "like", "~", "and", "or",
        ]
        .map(str::to_owned)
        .to_vec(),
        Place::Joint => ["and", "or"].map(str::to_owned).to_vec(),
        Place::Field => fields(typed, vocabulary),
    };
    let bare = |text: &str| text.to_lowercase().replace(['"', '\'', '`'], "");
    let wanted = bare(typed);
    options.retain(|option| bare(option).contains(&wanted));
    options.sort_by_key(|option| !bare(option).starts_with(&wanted));
    options.truncate(50);
    Completion {
        replace: start..cursor,
        options,
    }
}

enum Place {
    Field,
    Operator,
    Value(String),
    Joint,
}

fn is_word(token: Option<&Token>, words: &[&str]) -> bool {
    matches!(token, Some(Token::Word(word)) if words.contains(&word.to_lowercase().as_str()))
}

fn place(earlier: &[Token]) -> Place {
    let last = earlier.last();
    let back = |n: usize| earlier.len().checked_sub(n).and_then(|i| earlier.get(i));
    let field_of = |token: Option<&Token>| match token {
        Some(Token::Word(word)) => word.clone(),
        _ => String::new(),
    };
    match last {
        None | Some(Token::Open) => Place::Field,
        Some(_) if is_word(last, &["and", "or", "not"]) => Place::Field,
        Some(Token::Op(_)) => Place::Value(field_of(back(2))),
        Some(_) if is_word(last, &["in", "like"]) => Place::Value(field_of(back(2))),
        Some(Token::ListOpen | Token::Comma) => {
            let list = earlier
                .iter()
                .rposition(|t| *t == Token::ListOpen)
                .unwrap_or(0);
            Place::Value(field_of(list.checked_sub(2).and_then(|i| earlier.get(i))))
        }
        Some(Token::Word(word))
            if field(word).is_some() && !matches!(back(2), Some(Token::Op(_))) =>
        {
            Place::Operator
        }
        _ => Place::Joint,
    }
}

fn quote(text: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '/' | ':');
    if !text.is_empty() && text.chars().all(plain) {
        text.to_owned()
    } else {
        format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
    }
}

fn fields(typed: &str, vocabulary: &Vocabulary) -> Vec<String> {
    let lists = [
        ("metrics", &vocabulary.metrics),
        ("params", &vocabulary.params),
        ("tags", &vocabulary.tags),
    ];
    let mut options: Vec<String> = Vec::new();
    for (head, keys) in lists {
        if typed.is_empty() {
            options.push(format!("{head}."));
        } else {
            options.extend(keys.iter().map(|key| format!("{head}.{}", quote(key))));
        }
    }
    options.extend(PLAIN.iter().map(|(written, _)| (*written).to_owned()));
    options
}

fn values(field: &str, vocabulary: &Vocabulary) -> Vec<String> {
    let field = if field == "status" { "state" } else { field };
    let from = (field.to_owned(), String::new());
    vocabulary
        .values
        .range(from..)
        .take_while(|(name, _)| name == field)
        .map(|(_, value)| quote(value))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::SourceKind;

    #[test]
    fn from_the_data() {
        let mut run = Run::new("a", SourceKind::Wandb, "/x");
        run.params.insert("lr".into(), serde_json::json!(0.1));
        run.metrics.insert("val acc".into(), Default::default());
        run.tags.insert("team".into(), "vision".into());
        let words = Vocabulary::of([&run]);
        let at_end = |text: &str| complete(text, text.len(), &words);
        assert_eq!(
            at_end("par").options,
            ["params.lr", "parent"].map(String::from)
        );
        assert_eq!(at_end("params.lr == 0").options, ["0.1"]);
        assert_eq!(at_end("tags.team in [").options, ["vision"]);
        assert_eq!(at_end("metrics.v").options, ["metrics.\"val acc\""]);
        assert_eq!(at_end("name ").options[0], "==");
        assert_eq!(at_end("name == a ").options, ["and", "or"]);
        assert_eq!(at_end("status != s").options, ["stale"]);
        let middle = complete("para == 3", 4, &words);
        assert_eq!(middle.replace, 0..4);
        assert!(middle.options.contains(&"params.lr".to_owned()));
    }
}
