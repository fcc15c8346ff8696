//! CPU time of a frame, natively and without a window: layout, painting commands and
//! tessellation, which is all the processor does for a frame (pixels are the graphics card's).
//!
//! `cargo run --release -p kitbench-ui --example frames`, or as part of `cargo xtask bench ui`.
//! Screens at 1440 x 900 as the speed goals name them: 100 projects, a table of 10,000 runs, and
//! 50 curves; scrolled, zoomed a little on every frame, or with nothing changed but the pointer.

use std::time::{Duration, Instant};

use egui::{
    Context, Event, MouseWheelSource, MouseWheelUnit, Pos2, RawInput, Rect, TouchPhase, Vec2, vec2,
};
use kitbench_protocol::{
    AppInfo, Better, Door, ErrorKind, ErrorView, GitState, MetricColumn, MetricSummary,
    PROTOCOL_VERSION, PackedF64, ParamColumn, ProjectId, ProjectRow, ProjectState, Request, RunRow,
    RunState, RunsTable, SeriesView, Settings, Status, ValuesAt, encode,
};
use kitbench_ui::App;
use kitbench_ui::app::Place;
use kitbench_ui::backend::{InProcess, Reply};
use kitbench_ui::commands::{Command, CommandId};

const SIZE: Vec2 = vec2(1440.0, 900.0);
const WARM_UP: usize = 30;
const FRAMES: usize = 200;
/// What a frame may take.
const GOAL: Duration = Duration::from_millis(8);

fn main() {
    let list = Pos2::new(200.0, 500.0);
    let table = Pos2::new(400.0, 500.0);
    let chart = Pos2::new(900.0, 260.0);
    let curves = |charts, noisy| Load {
        noisy,
        ..Load::new(1, 50, charts)
    };
    let rows = [
        (
            "100 projects, the list scrolls",
            Load::new(100, 0, 0),
            Place::Projects(None),
            list,
            Motion::Wheel,
        ),
        (
            "10,000 runs, the table scrolls",
            Load::new(1, 10_000, 4),
            experiments(),
            table,
            Motion::Wheel,
        ),
        (
            "50 curves in a chart, zoomed",
            curves(1, false),
            experiments(),
            chart,
            Motion::Zoom,
        ),
        (
            "50 curves in each of 4 charts, zoomed",
            curves(4, false),
            experiments(),
            chart,
            Motion::Zoom,
        ),
        (
            "50 noisy curves in each of 4 charts, zoomed",
            curves(4, true),
            experiments(),
            chart,
            Motion::Zoom,
        ),
        (
            "the same, scrolled",
            curves(4, true),
            experiments(),
            chart,
            Motion::Wheel,
        ),
        (
            "the same, only the pointer moves",
            curves(4, true),
            experiments(),
            chart,
            Motion::Pointer,
        ),
    ];
    println!("CPU of a frame at 1440 x 900, goal {} ms", GOAL.as_millis());
    for (what, load, place, pointer, motion) in rows {
        let (mut times, triangles) = measure(load, place, pointer, motion);
        times.sort_unstable();
        let at = |share: f64| times[((times.len() - 1) as f64 * share) as usize];
        println!(
            "{what:<44} median {:>6.2} ms   95 % {:>6.2} ms   worst {:>6.2} ms   {:>7} triangles   {}",
            ms(at(0.5)),
            ms(at(0.95)),
            ms(at(1.0)),
            triangles,
            if at(0.95) <= GOAL { "holds" } else { "missed" }
        );
    }
}

/// What the made-up engine holds.
#[derive(Clone, Copy)]
struct Load {
    projects: u32,
    runs: usize,
    /// Metrics of each run; each of the first four has a chart.
    metrics: usize,
    /// Curves go up and down within each pixel column: nothing of them can be left out.
    noisy: bool,
}

impl Load {
    fn new(projects: u32, runs: usize, metrics: usize) -> Load {
        Load {
            projects,
            runs,
            metrics,
            noisy: false,
        }
    }
}

/// What happens on every frame.
#[derive(Clone, Copy, PartialEq)]
enum Motion {
    /// The wheel turns, and the pointer moves a little.
    Wheel,
    /// The same with `Ctrl` held, which zooms whatever else would scroll.
    Zoom,
    /// The pointer moves.
    Pointer,
}

fn experiments() -> Place {
    Place::Experiments(Some(ProjectId(1)))
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

/// Times of frames, and the triangles of the last one.
fn measure(load: Load, place: Place, pointer: Pos2, motion: Motion) -> (Vec<Duration>, usize) {
    let ctx = Context::default();
    let door = InProcess::new(ctx.clone(), move |request, reply| {
        answer(load, &request, reply)
    });
    let mut app = App::new(&ctx, Box::new(door));
    let mut times = Vec::with_capacity(FRAMES);
    let mut triangles = 0;
    for frame in 0..WARM_UP + FRAMES {
        if frame == 5 {
            app.send(Command::Go(place.clone()));
        }
        if frame == 12 && (1..=100).contains(&load.runs) {
            app.send(Command::Run(CommandId::TickAll));
        }
        let mut input = RawInput {
            screen_rect: Some(Rect::from_min_size(Pos2::ZERO, SIZE)),
            time: Some(frame as f64 / 60.0),
            ..RawInput::default()
        };
        if frame > WARM_UP / 2 {
            input
                .events
                .push(Event::PointerMoved(pointer + vec2((frame % 7) as f32, 0.0)));
            // Closer first, or down; then back.
            let there = (frame / 40) % 2 == 0;
            let down = if there == (motion == Motion::Zoom) {
                24.0
            } else {
                -24.0
            };
            let modifiers = if motion == Motion::Zoom {
                egui::Modifiers::COMMAND
            } else {
                egui::Modifiers::NONE
            };
            if motion != Motion::Pointer {
                input.events.push(Event::MouseWheel {
                    unit: MouseWheelUnit::Point,
                    source: MouseWheelSource::Wheel,
                    delta: vec2(0.0, down),
                    phase: TouchPhase::Move,
                    modifiers,
                });
            }
        }
        let start = Instant::now();
        let output = ctx.run_ui(input, |ui| app.ui(ui));
        let meshes = ctx.tessellate(output.shapes, output.pixels_per_point);
        let took = start.elapsed();
        triangles = meshes
            .iter()
            .map(|clipped| match &clipped.primitive {
                egui::epaint::Primitive::Mesh(mesh) => mesh.indices.len() / 3,
                egui::epaint::Primitive::Callback(_) => 0,
            })
            .sum();
        std::hint::black_box(meshes);
        if frame >= WARM_UP {
            times.push(took);
        }
    }
    (times, triangles)
}

fn answer(load: Load, request: &Request, reply: Reply) {
    fn ok<T: serde::Serialize>(value: T) -> Vec<u8> {
        encode(&Ok::<T, ErrorView>(value))
    }
    reply.send(match request {
        Request::GetApp(_) => ok(info()),
        Request::GetSettings(_) => ok(Settings::default()),
        Request::GetStatus(_) => ok(Status::default()),
        Request::ListProjects(_) => ok((1..=load.projects).map(project).collect::<Vec<_>>()),
        Request::ListRuns(_) => ok(table(load)),
        Request::GetSeries(call) => ok(call
            .runs
            .iter()
            .enumerate()
            .map(|(at, run)| curve(run, at, call.width, load.noisy))
            .collect::<Vec<_>>()),
        Request::GetValuesAt(call) => ok(ValuesAt {
            values: vec![vec![Some((10.0, 0.5)); call.metrics.len()]; call.runs.len()],
        }),
        _ => encode(&Err::<(), _>(ErrorView::new(
            ErrorKind::NotFound,
            "Not part of this measurement.",
            "",
        ))),
    });
}

fn info() -> AppInfo {
    AppInfo {
        protocol_version: PROTOCOL_VERSION,
        version: "0".into(),
        commit: String::new(),
        door: Door::Window,
        platform: "linux".into(),
        home_folder: "/home/me".into(),
        kit_home: "/home/me/kitops".into(),
        example_target: "/home/me/wine".into(),
        state_folder: "/home/me/state".into(),
        open_project: None,
    }
}

fn project(at: u32) -> ProjectRow {
    ProjectRow {
        id: ProjectId(at.into()),
        name: format!("project-{at}"),
        path: format!("/home/me/ml/project-{at}"),
        group: format!("Team {}", at % 7),
        last_tag: Some(format!("v0.{at}.0")),
        states: vec![ProjectState::Changed(at), ProjectState::ToDecide(2)],
        git: Some(GitState {
            branch: "main".into(),
            commit: "a3f81c2".into(),
            uncommitted: Some(3),
        }),
        is_example: false,
        scanned_ms: Some(0),
    }
}

const METRICS: [&str; 4] = ["val/loss", "val/accuracy", "train/loss", "learning_rate"];

fn table(load: Load) -> RunsTable {
    let runs = load.runs;
    let metrics = &METRICS[..load.metrics];
    RunsTable {
        runs: (0..runs).map(|at| run(at, metrics.len())).collect(),
        total_runs: runs as u32,
        params: ["lr", "hidden", "seed"]
            .map(|name| ParamColumn {
                name: name.into(),
                differs: true,
            })
            .into(),
        metrics: metrics
            .iter()
            .map(|name| MetricColumn {
                name: (*name).into(),
                better: Better::Lower,
                runs: runs as u32,
            })
            .collect(),
        ..RunsTable::default()
    }
}

fn run(at: usize, metrics: usize) -> RunRow {
    let spark: Vec<f64> = (0..32)
        .map(|x| 1.0 / (1.0 + x as f64 + at as f64 % 5.0))
        .collect();
    let metric = MetricSummary {
        last: 0.1 + at as f64 * 1e-4,
        min: 0.1,
        max: 2.0,
        min_step: Some(1_000.0),
        max_step: Some(0.0),
        last_step: Some(1_000.0),
        count: 1_000,
        spark: PackedF64::from(spark.as_slice()),
    };
    RunRow {
        id: format!("run-{at}"),
        name: format!("run-{at}"),
        source: "MLflow".into(),
        path: format!("mlruns/1/{at}"),
        state: RunState::Finished,
        start_ms: Some(0),
        end_ms: Some(60_000),
        params: vec![
            Some(format!("{}e-4", at % 9 + 1)),
            Some("16".into()),
            Some(at.to_string()),
        ],
        metrics: vec![Some(metric); metrics],
        tags: Vec::new(),
        problems: Vec::new(),
        parent: None,
        git_commit: None,
        duration_ms: Some(60_000),
        experiment: None,
        datasets: Vec::new(),
        kits: Vec::new(),
    }
}

/// What the engine hands over for one curve: two points a pixel column, four of a noisy one.
fn curve(run: &str, at: usize, width: u32, noisy: bool) -> SeriesView {
    let each = if noisy { 4 } else { 2 };
    let points = width.max(1) as usize * each;
    let x: Vec<f64> = (0..points).map(|i| i as f64 / each as f64).collect();
    let noise = |i: usize| match i % 4 {
        _ if !noisy => 0.0,
        1 => -0.2,
        2 => 0.2,
        other => other as f64 * 0.03,
    };
    let y: Vec<f64> = x
        .iter()
        .enumerate()
        .map(|(i, x)| noise(i) + ((x / 40.0 + at as f64).sin() + 1.2) / (1.0 + x / 50.0))
        .collect();
    let none = PackedF64::default();
    SeriesView {
        run: run.into(),
        session: 0,
        sessions: 1,
        left_out: 0,
        x: PackedF64::from(x.as_slice()),
        y: PackedF64::from(y.as_slice()),
        smooth_x: none.clone(),
        smooth_y: none.clone(),
        nan_x: none.clone(),
        pos_inf_x: none.clone(),
        neg_inf_x: none,
        drawn: points as u64,
        logged: 100_000,
        non_positive: 0,
        unordered: false,
        x_min: 0.0,
        x_max: points as f64 / each as f64,
    }
}
