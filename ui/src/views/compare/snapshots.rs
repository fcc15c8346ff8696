//! The table and the axes of a made-up project as text.

use kitbench_protocol::{
    Better, MetricColumn, MetricSummary, PackedF64, ParamColumn, RunRow, RunState, RunsTable,
};

use super::axes::{AxesState, Parallel};
use super::model::{Arrangement, Direction, Kind, Pick, RunsModel, TableLine, state_word};
use super::numbers;

fn metric(last: f64) -> Option<MetricSummary> {
    Some(MetricSummary {
        last,
        min: last,
        max: last,
        min_step: None,
        max_step: None,
        last_step: Some(10.0),
        count: 10,
        spark: PackedF64::default(),
    })
}

fn run(
    name: &str,
    state: RunState,
    params: [&str; 3],
    metrics: [Option<MetricSummary>; 3],
) -> RunRow {
    RunRow {
        id: format!("csv|logs|{name}"),
        name: name.to_owned(),
        source: "MLflow".to_owned(),
        path: format!("/p/{name}"),
        state,
        start_ms: None,
        end_ms: None,
        params: params
            .iter()
            .map(|value| (!value.is_empty()).then(|| (*value).to_owned()))
            .collect(),
        metrics: metrics.into(),
        tags: Vec::new(),
        problems: Vec::new(),
        parent: None,
        git_commit: None,
        duration_ms: None,
        experiment: None,
        datasets: Vec::new(),
        kits: Vec::new(),
    }
}

fn table() -> RunsTable {
    let param = |name: &str| ParamColumn {
        name: name.to_owned(),
        differs: true,
    };
    let column = |name: &str, better| MetricColumn {
        name: name.to_owned(),
        better,
        runs: 4,
    };
    RunsTable {
        total_runs: 6,
        params: vec![param("lr"), param("opt"), param("seed")],
        metrics: vec![
            column("learning_rate", Better::Unknown),
            column("train/loss", Better::Lower),
            column("val/f1", Better::Higher),
        ],
        runs: vec![
            run(
                "b",
                RunState::Finished,
                ["0.1", "sgd", "1"],
                [metric(0.1), metric(0.5), metric(0.8)],
            ),
            run(
                "a",
                RunState::Running,
                ["0.01", "adam", "1"],
                [metric(0.1), metric(0.2), metric(0.9)],
            ),
            run(
                "c",
                RunState::Failed,
                ["", "sgd", "1"],
                [None, metric(f64::NAN), None],
            ),
            run(
                "d",
                RunState::Killed,
                ["2e-3", "adam", "1"],
                [None, metric(0.3), metric(0.7)],
            ),
        ],
        ..RunsTable::default()
    }
}

/// The table as lines of text; a best value carries a star.
fn shown(model: &RunsModel, arrangement: &Arrangement) -> String {
    let heads: Vec<&str> = model
        .columns
        .iter()
        .map(|column| column.title.as_str())
        .collect();
    let mut out = format!("{}\n", heads.join(" | "));
    for line in &model.lines {
        match line {
            TableLine::Group {
                title, note, open, ..
            } => out.push_str(&format!(
                "{} {title}: {note}\n",
                if *open { "v" } else { ">" }
            )),
            TableLine::Run(at) => {
                let run = &model.table.runs[*at];
                let cells: Vec<String> = model
                    .columns
                    .iter()
                    .map(|column| match column.kind {
                        Kind::Name => run.name.clone(),
                        Kind::Source => run.source.clone(),
                        Kind::Status => state_word(run.state).to_owned(),
                        Kind::Param(param) => {
                            run.params[param].clone().unwrap_or_else(|| "–".into())
                        }
                        Kind::Metric(place, pick) => {
                            let best = model.is_best(*at, place, pick, arrangement);
                            let star = if best { "*" } else { "" };
                            run.metrics[place].as_ref().map_or("–".into(), |metric| {
                                let better = model.better(place, arrangement);
                                let (value, step) = pick.of(metric, better);
                                let step = step.filter(|_| pick == Pick::Best);
                                let step = step.map(|step| format!(" @{step}"));
                                let step = step.unwrap_or_default();
                                format!("{}{step}{star}", numbers::figure(value))
                            })
                        }
                        Kind::Trend(_) => "~".to_owned(),
                        Kind::Duration => run.duration_ms.map_or("–".into(), |ms| ms.to_string()),
                        Kind::Started => run.start_ms.map_or("–".into(), |ms| ms.to_string()),
                        kind => model.text(kind, run).unwrap_or_else(|| "–".into()),
                    })
                    .collect();
                out.push_str(&format!("{}\n", cells.join(" | ")));
            }
            TableLine::Mean(means) => {
                let cells = means.iter().map(|mean| match mean {
                    None => String::new(),
                    Some(mean) => {
                        let deviation =
                            mean.deviation.map(|d| format!(" ± {}", numbers::figure(d)));
                        format!(
                            "{}{}",
                            numbers::figure(mean.mean),
                            deviation.unwrap_or_default()
                        )
                    }
                });
                let cells: Vec<String> = cells.collect();
                out.push_str(&format!("  {}\n", cells.join(" | ")));
            }
        }
    }
    out
}

#[test]
fn the_table_as_it_opens() {
    let arrangement = Arrangement::default();
    let model = RunsModel::new(table(), Default::default(), &arrangement, None);
    assert_eq!(
        shown(&model, &arrangement),
        "\
Name | Source | Status | lr | opt | f1 | loss | Trend
v Runs: 4 of 6 match
b | MLflow | Done | 0.1 | sgd | 0.800 | 0.500 | ~
a | MLflow | Live | 0.01 | adam | 0.900* | 0.200* | ~
c | MLflow | Failed | – | sgd | – | NaN | ~
d | MLflow | Stopped | 2e-3 | adam | 0.700 | 0.300 | ~
"
    );
    assert_eq!(model.equal_params, 1, "the seed is equal in all");
}

#[test]
fn sorted_by_two_keys_what_is_missing_is_last() {
    let mut arrangement = Arrangement {
        sort: vec![("param:opt".into(), false), ("param:lr".into(), true)],
        differences_only: false,
        ..Arrangement::default()
    };
    arrangement.columns.insert("trend".into(), false);
    arrangement.columns.insert("source".into(), false);
    arrangement.columns.insert("metric:val/f1".into(), false);
    arrangement.order = ["status", "param:seed"].map(str::to_owned).into();
    let model = RunsModel::new(table(), Default::default(), &arrangement, None);
    assert_eq!(
        shown(&model, &arrangement),
        "\
Name | Status | seed | lr | opt | loss
v Runs: 4 of 6 match
a | Live | 1 | 0.01 | adam | 0.200*
d | Stopped | 1 | 2e-3 | adam | 0.300
b | Done | 1 | 0.1 | sgd | 0.500
c | Failed | 1 | – | sgd | NaN
"
    );
}

#[test]
fn grouped_each_group_has_its_best_and_its_mean() {
    let mut arrangement = Arrangement {
        group_by: Some("opt".into()),
        ..Arrangement::default()
    };
    arrangement
        .better
        .insert("train/loss".into(), Direction::Neither);
    arrangement.closed.insert("sgd".into());
    let model = RunsModel::new(table(), Default::default(), &arrangement, None);
    assert_eq!(
        shown(&model, &arrangement),
        "\
Name | Source | Status | lr | opt | f1 | Trend
v opt = adam: 2 runs, val/f1 0.800 ± 0.141
   |  |  | 0.006 ± 0.006 |  | 0.800 ± 0.141 | 
a | MLflow | Live | 0.01 | adam | 0.900* | ~
d | MLflow | Stopped | 2e-3 | adam | 0.700 | ~
> opt = sgd: 2 runs, val/f1 0.800
"
    );
}

#[test]
fn rows_stay_where_they_are_while_the_pointer_is_over_them() {
    let arrangement = Arrangement {
        sort: vec![("metric:val/f1".into(), true)],
        ..Arrangement::default()
    };
    let before = RunsModel::new(table(), Default::default(), &arrangement, None).order();
    let mut changed = table();
    changed.runs[3].metrics[2] = metric(0.99);
    let names = |keep: Option<&[String]>| -> String {
        let order = RunsModel::new(changed.clone(), Default::default(), &arrangement, keep).order();
        order.iter().filter_map(|id| id.chars().last()).collect()
    };
    assert_eq!(names(Some(&before)), "abdc");
    assert_eq!(names(None), "dabc");
}

#[test]
fn ranges_on_two_axes_combine() {
    let arrangement = Arrangement::default();
    let model = RunsModel::new(table(), Default::default(), &arrangement, None);
    let mut state = AxesState::default();
    let rows = [0, 1, 2, 3];
    let parallel = Parallel::new(&model, &arrangement, &state, &rows);
    let text: Vec<String> = parallel
        .axes
        .iter()
        .map(|axis| {
            let ticks: Vec<&str> = axis.ticks.iter().map(|(_, label)| label.as_str()).collect();
            format!("{}: {}", axis.title, ticks.join(" "))
        })
        .collect();
    assert_eq!(
        text,
        [
            "lr: 0.002 0.010 0.100",
            "opt: adam sgd",
            "loss: 0.200 0.300 0.500",
            "f1: 0.700 0.800 0.900"
        ]
    );
    assert_eq!(parallel.note(4, &state), "");
    state.ranges.insert("metric:val/f1".into(), (0.4, 1.0));
    assert_eq!(parallel.note(4, &state), "2 of 4 inside the f1 range");
    state.ranges.insert("param:opt".into(), (0.5, 1.0));
    assert_eq!(parallel.note(4, &state), "1 of 4 inside 2 ranges");
    assert!(parallel.inside(0, &state) && !parallel.inside(2, &state));
}

#[test]
fn columns_are_pinned_picked_and_grouped_by_anything() {
    let mut runs = table();
    for (at, run) in runs.runs.iter_mut().enumerate() {
        run.tags = vec![("team".into(), if at < 2 { "red" } else { "blue" }.into())];
        run.duration_ms = Some(at as i64 * 1000);
        if let Some(metric) = &mut run.metrics[1] {
            metric.min = 0.05 * (at + 1) as f64;
            metric.min_step = Some(7.0);
        }
    }
    let mut arrangement = Arrangement {
        group_by: Some("tag:team".into()),
        sort: vec![("duration".into(), true)],
        ..Arrangement::default()
    };
    for (id, on) in [
        ("best:train/loss", true),
        ("metric:train/loss", false),
        ("metric:val/f1", false),
        ("duration", true),
        ("tag:team", true),
        ("source", false),
        ("status", false),
        ("param:lr", false),
    ] {
        arrangement.columns.insert(id.into(), on);
    }
    arrangement.pinned.insert("best:train/loss".into());
    arrangement.widths.insert("duration".into(), 9000.0);
    let model = RunsModel::new(runs, Default::default(), &arrangement, None);
    assert_eq!(
        shown(&model, &arrangement),
        "\
Name | best loss | Duration | team | opt | Trend
v team = blue: 2 runs, val/f1 0.700
   | 0.175 ± 0.035 | 2.500 ± 0.707 |  |  | 
d | 0.200 @7 | 3000 | blue | adam | ~
c | 0.150 @7* | 2000 | blue | sgd | ~
v team = red: 2 runs, val/f1 0.850 ± 0.071
   | 0.075 ± 0.035 | 0.500 ± 0.707 |  |  | 
a | 0.100 @7 | 1000 | red | adam | ~
b | 0.050 @7* | 0 | red | sgd | ~
"
    );
    let width = |id: &str| {
        model
            .columns
            .iter()
            .find(|column| column.id == id)
            .map(|c| c.width)
    };
    assert_eq!(width("duration"), Some(640.0), "no wider than that");
}
