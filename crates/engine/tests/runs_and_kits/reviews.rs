//! Reviews: saved with their data, opened without the tracker, renamed, packed, exported.

use std::fs;
use std::path::Path;

use kitbench_protocol::*;

use crate::common::{Bench, repaired};
use crate::kits::{last, pack, runs};

fn spec(name: &str, chosen: &[&RunRow]) -> ReviewSpec {
    let chart = |metric: &str, smoothing| ReviewChart {
        metric: metric.into(),
        x_axis: XAxis::Step,
        x_range: None,
        log_y: metric == "val/loss",
        smoothing,
        options: CurveOptions::default(),
        bands: None,
    };
    ReviewSpec {
        name: name.into(),
        verdict: Verdict::Approved,
        note: "The wider one wins.\n\nBy <little> & with \"luck\".".into(),
        filter: "metrics.val/loss < 1".into(),
        view: "{\"kept\":true}".into(),
        runs: chosen
            .iter()
            .zip([0x56_B4E9, 0xE6_9F00, 0x00_9E73])
            .map(|(run, color)| ExportRun {
                id: run.id.clone(),
                color,
                label: run.name.clone(),
            })
            .collect(),
        charts: vec![
            chart("val/loss", Smoothing::Ema(0.6)),
            chart("val/accuracy", Smoothing::None),
        ],
        plots: Vec::new(),
    }
}

/// The pictures and tables of every chart of a review.
async fn pictures(bench: &Bench, project: ProjectId, file: &str) -> Vec<Vec<u8>> {
    let mut all = Vec::new();
    for chart in 0..2 {
        for format in [ChartFormat::Svg, ChartFormat::Png, ChartFormat::Csv] {
            for theme in [ThemeChoice::Light, ThemeChoice::Dark] {
                let call = ReviewChartFile {
                    project,
                    file: file.into(),
                    chart,
                    format,
                    theme,
                };
                all.push(bench.engine.call(call).await.unwrap().bytes);
            }
        }
    }
    all
}

#[tokio::test(flavor = "multi_thread")]
async fn a_review_opens_when_the_tracker_is_gone() {
    let bench = Bench::start().await;
    let project = repaired(&bench).await;
    let table = runs(&bench, project.id).await;
    let named = |name: &str| table.runs.iter().find(|run| run.name == name).unwrap();
    let chosen = [named("mlp16-lr0.1"), named("mlp16-l2-0.3"), named("mlp8")];
    let mark = RunMark {
        run: chosen[0].id.clone(),
        starred: true,
        note: "packed".into(),
    };
    let set = SetRunMark {
        project: project.id,
        mark,
    };
    bench.engine.call(set).await.unwrap();
    let save = |file: Option<&str>, spec: ReviewSpec| SaveReview {
        project: project.id,
        file: file.map(str::to_owned),
        spec,
    };
    let row = bench
        .engine
        .call(save(None, spec("July: best", &chosen)))
        .await
        .unwrap();
    assert_eq!(row.file, "reviews/july-best.review.json");
    assert_eq!((row.runs, row.charts, row.packed), (3, 2, false));
    let taken = bench
        .engine
        .call(save(None, spec("july best", &chosen)))
        .await
        .unwrap_err();
    assert_eq!(taken.kind, ErrorKind::Conflict);

    let get = GetReview {
        project: project.id,
        file: row.file.clone(),
    };
    let before = bench.engine.call(get.clone()).await.unwrap();
    assert_eq!(before.spec, spec("July: best", &chosen));
    for (run, live) in before.table.runs.iter().zip(chosen) {
        assert_eq!(last(&before.table, run), last(&table, live));
        assert_eq!(
            (run.start_ms, run.duration_ms),
            (live.start_ms, live.duration_ms)
        );
    }
    // What is kept is what the screen shows.
    let chart = &before.spec.charts[0];
    let live = GetSeries {
        project: project.id,
        runs: before.spec.runs.iter().map(|run| run.id.clone()).collect(),
        metric: chart.metric.clone(),
        x_axis: chart.x_axis,
        x_range: None,
        width: 640,
        smoothing: chart.smoothing,
        options: CurveOptions::default(),
    };
    assert_eq!(before.curves[0], bench.engine.call(live).await.unwrap());
    let drawn = pictures(&bench, project.id, &row.file).await;
    let export = |format| ExportReview {
        project: project.id,
        file: row.file.clone(),
        format,
        theme: ThemeChoice::Light,
    };
    let html = bench.engine.call(export(ReportFormat::Html)).await.unwrap();

    fs::remove_dir_all(Path::new(&project.path).join("mlruns")).unwrap();
    bench.engine.settle().await;
    let bench = bench.restart().await;
    assert_eq!(bench.engine.call(get.clone()).await.unwrap(), before);
    assert_eq!(pictures(&bench, project.id, &row.file).await, drawn);
    assert_eq!(
        bench.engine.call(export(ReportFormat::Html)).await.unwrap(),
        html
    );

    let text = String::from_utf8(html.bytes).unwrap();
    assert_eq!(html.suggested_name, "July--best.html");
    for part in [
        "<h1>wine: July: best</h1>",
        "By &lt;little&gt; &amp; with &quot;luck&quot;.",
        "Approved",
        "★ mlp16-lr0.1",
        "filter metrics.val/loss &lt; 1",
        "data:image/svg+xml;base64,",
        "id=\"kitbench-review\">{",
    ] {
        assert!(text.contains(part), "{part} is not in the report");
    }
    for outside in ["src=\"http", "href=", "url(", "@import"] {
        assert!(!text.contains(outside), "{outside} needs something else");
    }
    let markdown = bench
        .engine
        .call(export(ReportFormat::Markdown))
        .await
        .unwrap();
    let markdown = String::from_utf8(markdown.bytes).unwrap();
    assert!(
        markdown.contains("| Run | Source | State | val/loss | val/accuracy |"),
        "{markdown:.600}"
    );

    let write = WriteReview {
        project: project.id,
        file: row.file.clone(),
        theme: ThemeChoice::Light,
    };
    let written = bench.engine.call(write).await.unwrap();
    assert_eq!(written[0], "reviews/july-best.md");
    assert_eq!(
        written.len(),
        7,
        "two charts as SVG, PNG and CSV: {written:?}"
    );
    let text = fs::read_to_string(Path::new(&project.path).join(&written[0])).unwrap();
    assert!(text.contains("(july-best/val-loss.svg)"), "{text}");
    assert!(
        written
            .iter()
            .all(|path| Path::new(&project.path).join(path).is_file())
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn reviews_are_listed_renamed_packed_and_deleted() {
    let bench = Bench::start().await;
    let project = repaired(&bench).await;
    let table = runs(&bench, project.id).await;
    let chosen: Vec<&RunRow> = table.runs.iter().take(2).collect();
    let save = SaveReview {
        project: project.id,
        file: None,
        spec: spec("First", &chosen),
    };
    let row = bench.engine.call(save).await.unwrap();
    let kitfile = Path::new(&project.path).join("Kitfile");
    let usual = fs::read_to_string(&kitfile).unwrap();
    let packed = |file: &str, packed| PackReview {
        project: project.id,
        file: file.into(),
        packed,
    };
    assert!(
        bench
            .engine
            .call(packed(&row.file, true))
            .await
            .unwrap()
            .packed
    );
    let edit = EditReview {
        project: project.id,
        file: row.file.clone(),
        name: "Second".into(),
        verdict: Verdict::Rejected,
        note: "No.".into(),
    };
    let renamed = bench.engine.call(edit).await.unwrap();
    assert_eq!(renamed.file, "reviews/second.review.json");
    assert!(renamed.packed, "the Kitfile follows the name");
    assert_eq!(renamed.verdict, Verdict::Rejected);
    fs::write(
        Path::new(&project.path).join("reviews/broken.review.json"),
        "{",
    )
    .unwrap();
    let list = ListReviews {
        project: project.id,
    };
    let rows = bench.engine.call(list.clone()).await.unwrap();
    assert_eq!(rows.len(), 2);
    assert_eq!(rows[0], renamed);
    assert!(
        rows[1]
            .problem
            .as_deref()
            .is_some_and(|why| why.contains("broken"))
    );

    bench.engine.settle().await;
    pack(&bench, project.id, "wine:reviewed", None, false).await;
    let kit = GetKit {
        reference: "wine:reviewed".into(),
    };
    let kit = bench.engine.call(kit).await.unwrap();
    let files: Vec<_> = kit.layers.iter().flat_map(|layer| &layer.files).collect();
    assert!(
        files.iter().any(|file| file.path == renamed.file),
        "{files:?}"
    );

    let delete = |file: &str| DeleteReview {
        project: project.id,
        file: file.into(),
    };
    bench.engine.call(delete(&renamed.file)).await.unwrap();
    assert_eq!(fs::read_to_string(&kitfile).unwrap(), usual);
    let outside = bench
        .engine
        .call(delete("reviews/../Kitfile"))
        .await
        .unwrap_err();
    assert_eq!(outside.kind, ErrorKind::Invalid);
    assert!(kitfile.is_file());
    assert_eq!(bench.engine.call(list).await.unwrap().len(), 1);

    let none = SaveReview {
        project: project.id,
        file: None,
        spec: spec("Empty", &[]),
    };
    let refused = bench.engine.call(none).await.unwrap_err();
    assert!(refused.hint.contains("Tick"), "{refused:?}");
}

/// Bands and plots are kept with their figures: the file shows them when the runs are gone.
#[tokio::test(flavor = "multi_thread")]
async fn bands_and_plots_are_kept_with_their_figures() {
    let bench = Bench::start().await;
    let project = repaired(&bench).await;
    let table = runs(&bench, project.id).await;
    let chosen: Vec<&RunRow> = table
        .runs
        .iter()
        .filter(|run| run.name.starts_with("mlp"))
        .collect();
    let mut wanted = spec("bands", &chosen[..3]);
    let group = RunGroup {
        label: "all, of \"mlp\"".into(),
        runs: wanted.runs.iter().map(|run| run.id.clone()).collect(),
    };
    wanted.charts[1].bands = Some((BandKind::MinMax, vec![group.clone()]));
    let loss = || Quantity::Metric("val/loss".into(), Pick::Min);
    let plot = |plot| ReviewPlot {
        plot,
        log_x: false,
        log_y: true,
    };
    let axis = |quantity| PlotAxis {
        quantity,
        flipped: false,
    };
    wanted.plots = vec![
        plot(Plot::Scatter {
            x: Quantity::Duration,
            y: loss(),
        }),
        plot(Plot::Bars { value: loss() }),
        plot(Plot::Parallel {
            axes: vec![axis(loss()), axis(Quantity::Param("nothing has it".into()))],
        }),
    ];
    let save = SaveReview {
        project: project.id,
        file: None,
        spec: wanted.clone(),
    };
    let row = bench.engine.call(save).await.unwrap();
    let bands = GetBands {
        project: project.id,
        groups: vec![group],
        metric: "val/accuracy".into(),
        kind: BandKind::MinMax,
        x_axis: XAxis::Step,
        x_range: None,
        width: 640,
        smoothing: Smoothing::None,
        options: CurveOptions::default(),
    };
    let bands = bench.engine.call(bands).await.unwrap();
    assert_eq!(bands[0].runs, 3);
    let bars = GetPlot {
        project: project.id,
        runs: RunChoice::These(wanted.runs.iter().map(|run| run.id.clone()).collect()),
        plot: wanted.plots[1].plot.clone(),
    };
    let bars = bench.engine.call(bars).await.unwrap();

    // The trackers' files are gone, and so is what was read of them.
    fs::remove_dir_all(Path::new(&project.path).join("mlruns")).unwrap();
    let bench = bench.restart().await;
    let get = GetReview {
        project: project.id,
        file: row.file.clone(),
    };
    let view = bench.engine.call(get).await.unwrap();
    assert_eq!(view.spec.charts[1].bands, wanted.charts[1].bands);
    assert_eq!(view.spec.plots, wanted.plots);
    assert_eq!(view.bands, [vec![], bands]);
    assert_eq!(view.plots[1], bars);
    assert!(
        view.honesty[1].starts_with("bands: mean, smallest and largest of 1 groups"),
        "{}",
        view.honesty[1]
    );
    for format in [ReportFormat::Html, ReportFormat::Markdown] {
        let call = ExportReview {
            project: project.id,
            file: row.file.clone(),
            format,
            theme: ThemeChoice::Light,
        };
        let report = bench.engine.call(call).await.unwrap();
        let text = String::from_utf8(report.bytes).unwrap();
        assert_eq!(text.matches("image/svg+xml;base64,").count(), 5);
    }
    let file = |chart, format| ReviewChartFile {
        project: project.id,
        file: row.file.clone(),
        chart,
        format,
        theme: ThemeChoice::Light,
    };
    let csv = bench.engine.call(file(1, ChartFormat::Csv)).await.unwrap();
    let csv = String::from_utf8(csv.bytes).unwrap();
    assert!(
        csv.starts_with("group,x,middle,low,high,n\n\"all, of \"\"mlp\"\"\","),
        "{csv}"
    );
    for chart in 0..5 {
        let png = bench.engine.call(file(chart, ChartFormat::Png)).await;
        assert!(png.unwrap().bytes.starts_with(b"\x89PNG"));
        let csv = bench.engine.call(file(chart, ChartFormat::Csv)).await;
        assert!(csv.unwrap().bytes.len() > 20);
    }
    let none = bench.engine.call(file(5, ChartFormat::Svg)).await;
    assert_eq!(none.unwrap_err().kind, ErrorKind::NotFound);
}
