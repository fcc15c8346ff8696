//! The filter's text: its coloured pieces and what could come next. The engine decides what a
//! filter means; here it is only shown.

use std::collections::BTreeSet;
use std::ops::Range;

use kitbench_protocol::RunsTable;

/// What a piece of a filter is; decides its colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Piece {
    /// `params`, `metrics`, `status` …
    Field,
    /// The name behind the dot.
    Key,
    /// `and`, `or`, `not`, `in`, `like`.
    Word,
    /// A number or a text.
    Value,
    /// `==`, brackets, commas.
    Sign,
}

const HEADS: [&str; 3] = ["metrics", "params", "tags"];
const PLAIN: [&str; 14] = [
    "name",
    "id",
    "status",
    "state",
    "source",
    "experiment",
    "dataset",
    "commit",
    "note",
    "parent",
    "path",
    "deleted",
    "age",
    "duration",
];
const WORDS: [&str; 5] = ["and", "or", "not", "in", "like"];
/// What compares.
const OPERATORS: [&str; 9] = ["==", "!=", ">=", "<=", ">", "<", "in [", "like", "~"];

/// The pieces of a filter, in order, without the spaces between them.
#[must_use]
pub fn pieces(text: &str) -> Vec<(Range<usize>, Piece)> {
    let mut out = Vec::new();
    let mut at = 0;
    while let Some(c) = text[at..].chars().next() {
        let start = at;
        if c.is_whitespace() {
            at += c.len_utf8();
        } else if matches!(c, '"' | '\'' | '`') {
            at = end_of_quote(text, at, c);
            out.push((start..at, Piece::Value));
        } else if c == '/' && begins_condition(text, &out) {
            // A regular expression to search for; a slash elsewhere is part of a path.
            at = end_of_quote(text, at, c);
            out.push((start..at, Piece::Value));
        } else if is_word(c) {
            at = end_of_word(text, at);
            word(&text[start..at], start, &mut out);
        } else {
            while text[at..].chars().next().is_some_and(|c| {
                !c.is_whitespace() && !is_word(c) && !matches!(c, '"' | '\'' | '`')
            }) {
                at += text[at..].chars().next().map_or(1, char::len_utf8);
            }
            out.push((start..at, Piece::Sign));
        }
    }
    out
}

fn begins_condition(text: &str, before: &[(Range<usize>, Piece)]) -> bool {
    match before.last() {
        None => true,
        Some((range, Piece::Word)) => {
            matches!(
                text[range.clone()].to_lowercase().as_str(),
                "and" | "or" | "not"
            )
        }
        Some((range, Piece::Sign)) => text[range.clone()].ends_with('('),
        Some(_) => false,
    }
}

fn word(word: &str, start: usize, out: &mut Vec<(Range<usize>, Piece)>) {
    let lower = word.to_lowercase();
    let end = start + word.len();
    if let Some((head, _)) = word.split_once('.')
        && HEADS.contains(&head)
    {
        out.push((start..start + head.len(), Piece::Field));
        out.push((start + head.len()..end, Piece::Key));
    } else if WORDS.contains(&lower.as_str()) {
        out.push((start..end, Piece::Word));
    } else if PLAIN.contains(&word) || HEADS.contains(&word) {
        out.push((start..end, Piece::Field));
    } else {
        out.push((start..end, Piece::Value));
    }
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '/' | ':' | '+' | '@' | '%' | '*')
}

fn end_of_word(text: &str, mut at: usize) -> usize {
    while let Some(c) = text[at..].chars().next() {
        if is_word(c) {
            at += c.len_utf8();
        } else if matches!(c, '"' | '\'' | '`') && text[..at].ends_with('.') {
            at = end_of_quote(text, at, c);
        } else {
            break;
        }
    }
    at
}

fn end_of_quote(text: &str, start: usize, quote: char) -> usize {
    let mut escaped = false;
    for (at, c) in text[start..].char_indices().skip(1) {
        if escaped {
            escaped = false;
        } else if c == '\\' {
            escaped = true;
        } else if c == quote {
            return start + at + c.len_utf8();
        }
    }
    text.len()
}

/// What could stand at the cursor, and what a choice replaces.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    /// Bytes that a choice replaces.
    pub replace: Range<usize>,
    /// Choices, best first.
    pub choices: Vec<String>,
}

/// Most choices offered.
const MOST: usize = 12;

/// Complete `text` at byte `cursor` with names and values of the table at hand.
#[must_use]
pub fn offer(text: &str, cursor: usize, table: &RunsTable) -> Offer {
    let mut cursor = cursor.min(text.len());
    while !text.is_char_boundary(cursor) {
        cursor -= 1;
    }
    let found = pieces(&text[..cursor]);
    // A field and its key are one word.
    let mut words: Vec<(Range<usize>, Piece)> = Vec::new();
    for (range, piece) in found {
        match words.last_mut() {
            Some((last, Piece::Field)) if piece == Piece::Key && last.end == range.start => {
                last.end = range.end
            }
            _ => words.push((range, piece)),
        }
    }
    let typing = words
        .last()
        .filter(|(range, piece)| range.end == cursor && *piece != Piece::Sign)
        .cloned();
    if typing.is_some() {
        words.pop();
    }
    let start = typing.map_or(cursor, |(range, _)| range.start);
    let before = words
        .last()
        .map(|(range, piece)| (&text[range.clone()], *piece));
    let field = |back: usize| {
        words
            .iter()
            .rev()
            .nth(back)
            .filter(|(_, piece)| *piece == Piece::Field)
            .map(|(range, _)| &text[range.clone()])
    };
    let mut choices: Vec<String> = match before {
        None | Some(("(", _)) => fields(table),
        Some((word, Piece::Word))
            if matches!(word.to_lowercase().as_str(), "and" | "or" | "not") =>
        {
            fields(table)
        }
        Some((sign, Piece::Sign)) if sign.ends_with(['=', '<', '>', '~', '[', ',']) => field(1)
            .map(|field| values(field, table))
            .unwrap_or_default(),
        Some((_, Piece::Field)) => OPERATORS.map(str::to_owned).to_vec(),
        Some(_) => ["and", "or"].map(str::to_owned).to_vec(),
    };
    let typed = text[start..cursor].to_lowercase();
    let bare = |text: &str| text.to_lowercase().replace(['"', '\''], "");
    let wanted = bare(&typed);
    choices.retain(|choice| bare(choice).contains(&wanted) && bare(choice) != wanted);
    choices.sort_by_key(|choice| !bare(choice).starts_with(&wanted));
    choices.truncate(MOST);
    Offer {
        replace: start..cursor,
        choices,
    }
}

fn fields(table: &RunsTable) -> Vec<String> {
    let metrics = table
        .metrics
        .iter()
        .map(|column| format!("metrics.{}", quoted(&column.name)));
    let params = table
        .params
        .iter()
        .map(|column| format!("params.{}", quoted(&column.name)));
    let plain = ["status", "name", "source", "age", "duration"].map(str::to_owned);
    metrics.chain(params).chain(plain).collect()
}

fn values(field: &str, table: &RunsTable) -> Vec<String> {
    let mut found: BTreeSet<String> = BTreeSet::new();
    if let Some(name) = field.strip_prefix("params.") {
        let name = name.trim_matches(['"', '\'', '`']);
        if let Some(at) = table.params.iter().position(|column| column.name == name) {
            found.extend(
                table
                    .runs
                    .iter()
                    .filter_map(|run| run.params.get(at)?.clone())
                    .take(500),
            );
        }
    } else {
        match field {
            "status" | "state" => found
                .extend(["running", "finished", "failed", "killed", "stale"].map(str::to_owned)),
            // A run's id begins with the source's name in the language.
            "source" => found.extend(
                table
                    .runs
                    .iter()
                    .filter_map(|run| run.id.split_once('|'))
                    .map(|(kind, _)| kind.to_owned()),
            ),
            "name" => found.extend(table.runs.iter().map(|run| run.name.clone()).take(500)),
            _ => {}
        }
    }
    found.iter().map(|value| quoted(value)).collect()
}

/// With quotes where the language needs them.
fn quoted(text: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '/' | ':');
    if !text.is_empty() && text.chars().all(plain) {
        text.to_owned()
    } else {
        format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
    }
}

#[cfg(test)]
mod tests {
    use kitbench_protocol::{Better, MetricColumn, ParamColumn};

    use super::*;

    #[test]
    fn every_byte_that_is_no_space_is_in_a_piece() {
        for text in [
            "metrics.eval/macro_f1 > 0.75 or status == \"failed\"",
            "params.\"ä b\"==1",
            "not (age<2d)",
            "\"open",
            "ä§€ \\",
            "tags.x in [a, 'b']",
            "/a (b|c)/ and path == /home/me",
        ] {
            let found = pieces(text);
            let mut at = 0;
            for (range, _) in &found {
                assert!(
                    text[at..range.start].chars().all(char::is_whitespace),
                    "{text}"
                );
                at = range.end;
            }
            assert!(text[at..].trim().is_empty(), "{text}");
        }
        let kinds: Vec<(&str, Piece)> = {
            let text = "metrics.f1 > 0.7 or status == \"failed\"";
            pieces(text)
                .into_iter()
                .map(|(range, piece)| (&text[range], piece))
                .collect()
        };
        use Piece::{Field, Key, Sign, Value, Word};
        assert_eq!(
            kinds,
            [
                ("metrics", Field),
                (".f1", Key),
                (">", Sign),
                ("0.7", Value),
                ("or", Word),
                ("status", Field),
                ("==", Sign),
                ("\"failed\"", Value)
            ]
        );
    }

    #[test]
    fn what_comes_next_is_taken_from_the_data() {
        let table = RunsTable {
            params: vec![ParamColumn {
                name: "lr".into(),
                differs: true,
            }],
            metrics: vec![MetricColumn {
                name: "val acc".into(),
                better: Better::Higher,
                runs: 1,
            }],
            ..RunsTable::default()
        };
        let at_end = |text: &str| offer(text, text.len(), &table);
        assert_eq!(at_end("met").choices, ["metrics.\"val acc\""]);
        assert_eq!(at_end("status == f").choices, ["failed", "finished"]);
        assert_eq!(at_end("params.lr ").choices[0], "==");
        assert_eq!(at_end("params.lr == 1 ").choices, ["and", "or"]);
        assert_eq!(
            at_end("name == a and par"),
            Offer {
                replace: 14..17,
                choices: vec!["params.lr".into()]
            }
        );
        assert!(offer("ä", 1, &table).choices.len() <= MOST);
    }
}
