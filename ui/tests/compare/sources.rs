//! Sources that a person sets up: tracking servers, and what the columns of tables mean.

use super::*;
use kitbench_protocol::{
    ErrorKind, ErrorView, ListTrackingServers, ProjectId, ServerState, SignInState, TrackingServer,
    TrackingServerId, encode,
};
use support::{SMALL, Setting};

/// One server in each state.
fn four_servers(request: &Request) -> Option<Vec<u8>> {
    let Request::ListTrackingServers(ListTrackingServers { project }) = request else {
        return None;
    };
    let error = |kind, message: &str, hint: &str| ErrorView::new(kind, message, hint);
    let server = |id, name: &str, state, runs| TrackingServer {
        id: TrackingServerId(id),
        project: *project,
        url: format!("https://{name}.example:5000"),
        name: name.to_owned(),
        sign_in: SignInState::Anonymous,
        state,
        runs,
        asked_ms: Some(0),
        asking: false,
    };
    let servers = vec![
        server(1, "team", ServerState::Reachable, 128),
        server(
            2,
            "shared",
            ServerState::NeedsLogin(error(
                ErrorKind::Unauthorized,
                "`https://shared.example:5000` wants a login.",
                "Sign in.",
            )),
            0,
        ),
        server(
            3,
            "cluster",
            ServerState::Unreachable(error(
                ErrorKind::Unreachable,
                "`https://cluster.example:5000` did not answer.",
                "Check the network; it is asked again.",
            )),
            12,
        ),
        server(
            4,
            "old",
            ServerState::Gone(error(
                ErrorKind::NotFound,
                "`https://old.example:5000` is no MLflow server.",
                "Check the address.",
            )),
            0,
        ),
    ];
    Some(encode(&Ok::<_, ErrorView>(servers)))
}

fn with_servers(size: [f32; 2], theme: ThemeChoice) -> (Bench, ProjectId) {
    let setting = Setting {
        own: Some(four_servers),
        ..Setting::default()
    };
    let mut bench = support::bench_in(size, theme, Door::Window, setting);
    let row = bench.call(kitbench_protocol::CopyExample { target: None });
    bench.refresh();
    bench.send(Command::Go(Place::Experiments(Some(row.id))));
    (bench, row.id)
}

#[test]
fn every_state_of_a_server_has_its_next_step() {
    for (size, theme, word) in [
        (WIDE, ThemeChoice::Dark, "dark"),
        (SMALL, ThemeChoice::Light, "light-small"),
    ] {
        let (mut bench, _) = with_servers(size, theme);
        bench.wait_for("shared: `https://shared.example:5000` wants a login.");
        bench.picture(&format!("compare-server-strip-{word}"));
        bench.click("Source MLflow");
        bench.wait_for("Asked every few seconds");
        for told in [
            "Reachable, 128 runs",
            "wants a login.",
            "did not answer.",
            "The 12 runs known before stay.",
            "is no MLflow server.",
        ] {
            assert!(bench.shows(told), "{told}: {}", bench.all());
        }
        for step in ["Try again cluster", "Edit… old"] {
            assert!(bench.shows(step), "{step}: {}", bench.all());
        }
        bench.picture(&format!("compare-servers-{word}"));
        // One stands in the strip below the dialog too.
        let sign_in = bench.harness.get_all_by_label("Sign in… shared").last();
        sign_in.expect("the next step").click_accesskit();
        bench.settle();
        bench.wait_for("Sign in to shared");
        bench.picture(&format!("compare-server-sign-in-{word}"));
        bench.press(egui::Key::Escape);
        bench.click("Menu of team");
        bench.choose("Remove…");
        bench.wait_for("Nothing changes on the server.");
    }
}

#[test]
fn a_server_that_does_not_answer_is_added_and_said_so() {
    let mut bench = logs(
        ThemeChoice::Light,
        &[("a.csv", "step,loss\n1,1.0\n2,0.9\n")],
    );
    bench.click("Add source…");
    bench.choose("MLflow tracking server…");
    bench.wait_for("Add tracking server");
    // Nothing listens on the discard port.
    bench.type_into("Address", "127.0.0.1:9");
    assert!(
        bench
            .harness
            .get_by_label("Add server")
            .accesskit_node()
            .is_disabled(),
        "an address says how to get there"
    );
    bench.picture("compare-server-add-light");
    bench.press(egui::Key::Escape);
    bench.click("Add source…");
    bench.choose("MLflow tracking server…");
    bench.type_into("Address", "http://127.0.0.1:9");
    bench.type_into("Name", "lab");
    bench.click("Add server");
    bench.wait_for("lab: ");
    bench.wait_for("Try again lab");
    assert_eq!(listed(&bench), ["logs/a.csv"], "the folder's runs stay");
}

#[test]
fn what_columns_mean_is_shown_changed_and_remembered() {
    let rows = (0..16).map(|at| {
        format!(
            "{},{},{}\n",
            at / 8 + 1,
            at % 8 + 1,
            1.0 / f64::from(at + 1)
        )
    });
    let log: String = std::iter::once("group,step,loss\n".to_owned())
        .chain(rows)
        .collect();
    for (theme, word) in [(ThemeChoice::Dark, "dark"), (ThemeChoice::Light, "light")] {
        let mut bench = logs(theme, &[("sweep.csv", &log)]);
        bench.click("Source CSV");
        bench.click("Columns of logs/sweep.csv");
        bench.wait_for("Guessed from names and values.");
        bench.wait_for("Meaning of step");
        bench.picture(&format!("compare-columns-guessed-{word}"));
        let meaning = |bench: &Bench, column: &str| {
            let name = format!("Meaning of {column}");
            let node = bench.harness.get_by_label(&name);
            node.value().unwrap_or_default()
        };
        assert_eq!(meaning(&bench, "step"), "Step");
        assert_eq!(meaning(&bench, "loss"), "Metric");
        bench.click("Meaning of group");
        bench.choose_option("Run");
        assert_eq!(meaning(&bench, "group"), "Run");
        bench.click("Read like this");
        bench.wait_for("read as 2 runs");
        bench.press(egui::Key::Escape);
        bench.settle();
        assert_eq!(listed(&bench).len(), 2, "{:?}", listed(&bench));
        let rows = bench.labels(Role::Row);
        let live = rows.iter().any(|row| row.contains("Live"));
        assert!(!live, "reading it in another way is no growth: {rows:?}");

        bench.click("Source CSV");
        bench.click("Columns of logs/sweep.csv");
        bench.wait_for("Chosen for this file and remembered.");
        bench.picture(&format!("compare-columns-chosen-{word}"));
        bench.click("Guess again");
        bench.wait_for("sweep.csv read as ");
    }
}

/// The file went away between the list and the question.
fn no_mapping(request: &Request) -> Option<Vec<u8>> {
    let Request::GetColumnMapping(call) = request else {
        return None;
    };
    let message = format!("`{}` is no table whose columns can be chosen.", call.source);
    let hint = "Choose a CSV, TSV or JSON lines file of the project.";
    let error = ErrorView::new(ErrorKind::NotFound, message, hint);
    Some(encode(&Err::<(), _>(error)))
}

#[test]
fn a_table_that_is_gone_says_so() {
    let setting = Setting {
        own: Some(no_mapping),
        ..Setting::default()
    };
    let mut bench = support::bench_in(WIDE, ThemeChoice::Dark, Door::Window, setting);
    write_logs(&mut bench, &[("a.csv", "step,loss\n1,1.0\n2,0.9\n")]);
    bench.click("Source CSV");
    bench.click("Columns of logs/a.csv");
    bench.wait_for("is no table whose columns can be chosen");
    bench.harness.get_by_label("Retry");
    bench.picture("compare-columns-failed-dark");
}
