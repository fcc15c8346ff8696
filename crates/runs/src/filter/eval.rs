//! Asking a filter about a run.

use super::Filter;
use super::parser::{Aggregate, Expr, Field, Op, Value};
use crate::formats::tail::now_ms;
use crate::model::Run;

/// What a run has in a field.
enum Got {
    Nothing,
    Number(f64),
    Text(String),
    /// Any of several, as for data sets.
    Any(Vec<String>),
}

impl Filter {
    /// Whether the run passes, with ages counted up to now.
    pub fn matches(&self, run: &Run) -> bool {
        self.matches_at(run, now_ms())
    }

    /// The same with a given now (Unix ms).
    pub fn matches_at(&self, run: &Run, now_ms: i64) -> bool {
        ask(&self.expr, run, now_ms)
    }
}

fn ask(expr: &Expr, run: &Run, now: i64) -> bool {
    match expr {
        Expr::All => true,
        Expr::And(parts) => parts.iter().all(|part| ask(part, run, now)),
        Expr::Or(parts) => parts.iter().any(|part| ask(part, run, now)),
        Expr::Not(inner) => !ask(inner, run, now),
        Expr::Has(Field::Plain("deleted")) => run.deleted,
        Expr::Has(field) => !matches!(get(field, run, now), Got::Nothing),
        Expr::Compare(field, op, value) => {
            compare(&get(field, run, now), *op, value, caseless(field))
        }
        Expr::In(field, values) => {
            let got = get(field, run, now);
            values
                .iter()
                .any(|value| compare(&got, Op::Equal, value, caseless(field)))
        }
        Expr::Search(regex) => searched(run, regex),
        Expr::Match(field, regex) => match get(field, run, now) {
            Got::Nothing => false,
            Got::Number(number) => regex.is_match(&number.to_string()),
            Got::Text(text) => regex.is_match(&text),
            Got::Any(texts) => texts.iter().any(|text| regex.is_match(text)),
        },
    }
}

/// Whether a pattern is in the name, the id, the note, the experiment, or in a parameter or tag
/// written as `key=value`.
fn searched(run: &Run, regex: &regex::Regex) -> bool {
    let plain = [
        Some(&run.name),
        Some(&run.id),
        run.note.as_ref(),
        run.experiment.as_ref(),
    ];
    let pairs = |key: &str, value: &str| regex.is_match(&format!("{key}={value}"));
    plain.into_iter().flatten().any(|text| regex.is_match(text))
        || run
            .flat_params()
            .iter()
            .any(|(key, value)| pairs(key, value))
        || run.tags.iter().any(|(key, value)| pairs(key, value))
}

fn caseless(field: &Field) -> bool {
    matches!(field, Field::Plain("state" | "source" | "deleted"))
}

fn get(field: &Field, run: &Run, now: i64) -> Got {
    let text = |text: Option<&str>| {
        text.filter(|t| !t.is_empty())
            .map_or(Got::Nothing, |t| Got::Text(t.to_owned()))
    };
    let seconds = |ms: Option<i64>| ms.map_or(Got::Nothing, |ms| Got::Number(ms as f64 / 1000.0));
    match field {
        Field::Param(key) => run.param(key).map_or(Got::Nothing, Got::Text),
        Field::Tag(key) => run
            .tags
            .get(key)
            .map_or(Got::Nothing, |t| Got::Text(t.clone())),
        Field::Metric(key, aggregate) => {
            let number = run.metrics.get(key).and_then(|m| match aggregate {
                Aggregate::Last => m.last,
                Aggregate::Min => m.min,
                Aggregate::Max => m.max,
                Aggregate::Count => Some(m.count as f64),
            });
            let summed = || match aggregate {
                Aggregate::Last => run.summary.get(key).map(crate::model::plain).map(Got::Text),
                _ => None,
            };
            number
                .map(Got::Number)
                .or_else(summed)
                .unwrap_or(Got::Nothing)
        }
        Field::Plain(name) => match *name {
            "name" => text(Some(&run.name)),
            "id" => text(Some(&run.id)),
            "state" => text(Some(run.state.name())),
            "source" => Got::Any(run.source.names().map(str::to_owned).to_vec()),
            "experiment" => text(run.experiment.as_deref()),
            "dataset" if run.datasets.is_empty() => Got::Nothing,
            "dataset" => Got::Any(run.datasets.clone()),
            "commit" => text(run.git_commit.as_deref()),
            "note" => text(run.note.as_deref()),
            "parent" => text(run.parent.as_deref()),
            "path" => Got::Text(run.path.display().to_string()),
            "deleted" => Got::Text(run.deleted.to_string()),
            "age" => seconds(run.start_ms.map(|start| now.saturating_sub(start))),
            "duration" => seconds(run.duration_ms()),
            _ => Got::Nothing,
        },
    }
}

fn compare(got: &Got, op: Op, value: &Value, caseless: bool) -> bool {
    match (got, value) {
        (Got::Nothing, Value::None) => op == Op::Equal,
        (Got::Nothing, _) | (_, Value::None) => op == Op::NotEqual,
        (Got::Number(number), Value::Text(_, Some(wanted))) => numbers(*number, op, *wanted),
        (Got::Number(number), Value::Text(text, None)) => {
            texts(&number.to_string(), op, text, false)
        }
        (Got::Text(text), Value::Text(wanted, number)) => {
            match (text.trim().parse::<f64>(), number) {
                (Ok(number), Some(wanted)) => numbers(number, op, *wanted),
                // A number against a text is unequal and not in any order.
                (Ok(_), None) | (Err(_), Some(_)) if !matches!(op, Op::Equal | Op::NotEqual) => {
                    false
                }
                _ => texts(text, op, wanted, caseless),
            }
        }
        (Got::Any(all), Value::Text(wanted, _)) => match op {
            Op::NotEqual => all.iter().all(|text| texts(text, op, wanted, caseless)),
            _ => all.iter().any(|text| texts(text, op, wanted, caseless)),
        },
    }
}

fn numbers(a: f64, op: Op, b: f64) -> bool {
    match op {
        Op::Equal => a == b || (a.is_nan() && b.is_nan()),
        Op::NotEqual => !(a == b || (a.is_nan() && b.is_nan())),
        Op::Above => a > b,
        Op::AtLeast => a >= b,
        Op::Below => a < b,
        Op::AtMost => a <= b,
    }
}

fn texts(a: &str, op: Op, b: &str, caseless: bool) -> bool {
    let order = if caseless {
        a.to_lowercase().cmp(&b.to_lowercase())
    } else {
        a.cmp(b)
    };
    match op {
        Op::Equal => order.is_eq(),
        Op::NotEqual => order.is_ne(),
        Op::Above => order.is_gt(),
        Op::AtLeast => order.is_ge(),
        Op::Below => order.is_lt(),
        Op::AtMost => order.is_le(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{MetricSummary, RunState, SourceKind};

    fn run() -> Run {
        let mut run = Run::new("r1", SourceKind::MlflowFile, "/p/mlruns/0/r1");
        run.name = "baseline".into();
        run.state = RunState::Finished;
        run.start_ms = Some(1_000_000);
        run.end_ms = Some(1_090_000);
        run.params.insert("lr".into(), "1e-05".into());
        run.params
            .insert("opt".into(), serde_json::json!({"name": "adam"}));
        run.tags.insert("team".into(), "vision".into());
        run.datasets.push("wine (abc)".into());
        let metric = |last, min| MetricSummary {
            last: Some(last),
            min: Some(min),
            count: 9,
            ..Default::default()
        };
        run.metrics.insert("val_loss".into(), metric(0.25, 0.2));
        run.metrics.insert("val acc/α".into(), metric(0.9, 0.1));
        run.metrics.insert("broken".into(), metric(f64::NAN, 0.0));
        run
    }

    #[test]
    fn everything_the_language_has() {
        let run = run();
        let ask = |text: &str| {
            Filter::parse(text)
                .unwrap()
                .matches_at(&run, 1_000_000 + 7_200_000)
        };
        for yes in [
            "",
            "metrics.val_loss < 0.3 and params.lr ~ \"1e-.*\" and state != failed",
            "params.lr == 0.00001",
            "params.lr = 1e-5",
            "params.opt.name in [sgd, adam]",
            "params.opt.name not in (sgd)",
            "metrics.\"val acc/α\" >= 0.9",
            "metrics.`val acc/α` >= 0.9",
            "min(metrics.val_loss) == 0.2",
            "count(metrics.val_loss) > 8 or state == failed",
            "name like \"BASE%\"",
            "not (name like 'x%') and tags.team",
            "status == FINISHED and source == mlflow-file",
            "source == mlflow and source != wandb and source ~ \"^mlflow\"",
            "age == 2h and duration == 90s",
            "params.missing != 3 and params.missing == none and not params.missing",
            "metrics.broken != 1 and not metrics.broken > 0 and not metrics.broken <= 0",
            "metrics.broken == nan",
            "dataset ~ wine",
            "not deleted",
            "/BASE(line|s)$/",
            "/team=vis/ and not /opt.name=sgd/",
            "/^r1$/ or state == failed",
            "tags.team !~ '^v$'",
        ] {
            assert!(ask(yes), "{yes}");
        }
        for no in [
            "metrics.val_loss > 0.3",
            "params.missing > 0",
            "params.missing < 0",
            "params.opt.name > 3",
            "deleted",
            "name == Baseline",
            "/missing/",
            "age > 3h",
        ] {
            assert!(!ask(no), "{no}");
        }
    }

    #[test]
    fn errors_have_a_place() {
        for (text, part) in [
            ("metrics.loss <", ""),
            ("metrics.loss < 3 nonsense", "nonsense"),
            ("foo == 1", "foo"),
            ("name ~ \"(\"", "\"(\""),
            ("/(/", "/(/"),
            ("(name == a", ""),
            ("name == \"a", "\"a"),
            ("name § a", "§"),
            ("name a", "a"),
            ("min(name) > 1", "name"),
            ("state in [a b]", "b"),
            ("state in", ""),
            ("and", "and"),
        ] {
            let error = Filter::parse(text).unwrap_err();
            assert_eq!(&text[error.start..error.end], part, "{text}: {error}");
        }
        assert!(Filter::parse(&"(".repeat(100_000)).is_err());
    }
}
