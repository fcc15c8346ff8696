//! The main job, from the example to a ModelKit on another computer, as a user walks it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::home::Home;
use crate::mirror::{Mirror, containing, field, named};
use crate::screens::go_to;
use crate::workbench::Workbench;
use crate::{programs, wait};
use anyhow::{Context, Result, bail, ensure};
use kitbench_registry::testing::TestRegistry;
use serde_json::Value;

const DESCRIPTION: &str = "Tells three cultivars apart by thirteen measurements";

/// The whole way. `save` does what happens outside of the page when a chart is exported, and returns
/// where the file went.
pub fn walk(
    workbench: &Workbench,
    home: &Home,
    registry: &TestRegistry,
    save: impl FnOnce() -> Result<PathBuf>,
) -> Result<()> {
    let host = registry.host();
    let project = home.path().join("kitbench/wine");
    let reference = format!("{host}/wine:v1");

    workbench.step("add the registry", |mirror| add_registry(mirror, host))?;
    workbench.step("repair and edit the Kitfile", |mirror| {
        edit_kitfile(mirror, &project)
    })?;
    workbench.step("pack and push", |mirror| pack_and_push(mirror, host))?;
    workbench.step("see the transfers end", |mirror| {
        see_transfers(mirror, &reference)
    })?;
    workbench.step("see the tag on the registry", |mirror| {
        see_tag(mirror, host)
    })?;
    let runs = workbench.step("compare three runs", compare_runs)?;
    let chart = workbench.step("export the chart", |_| save())?;
    check_chart(&chart, &runs)?;

    check_with_skopeo(&reference)?;
    check_on_another_computer(&reference, &project)
}

fn add_registry(mirror: Mirror<'_>, host: &str) -> Result<()> {
    go_to(mirror, "Registries")?;
    mirror.click(&named("button", "Add…"))?;
    mirror.set(&field("Address"), host)?;
    mirror.click(&named("checkbox", "Plain HTTP, without encryption"))?;
    mirror.click(&named("button", "Add"))?;
    mirror.gone(&field("Address"))?;
    mirror.find(&containing("listitem|option", host))?;
    Ok(())
}

/// Repairs what `kit` would refuse, edits a field, saves: of the file, those two lines change.
fn edit_kitfile(mirror: Mirror<'_>, project: &Path) -> Result<()> {
    let file = project.join("Kitfile");
    let before = std::fs::read_to_string(&file)?;
    go_to(mirror, "Projects")?;
    mirror.click(&named("button", "Edit Kitfile"))?;
    // The page that is left has such a button too, which repairs the file at once.
    mirror.find(&field("Description"))?;
    mirror.dismiss(&named("button", "Rename to `authors`"))?;
    // The package comes first, then the model and the layers, which have descriptions too.
    mirror.set(&field("Description"), DESCRIPTION)?;
    let save = named("button", "Save");
    mirror.when(&save, "be enabled", |node| !node.disabled)?;
    mirror.click(&save)?;
    let expected = before.replace("\n  author:\n", "\n  authors:\n").replace(
        "Recognises the cultivar of a wine from its chemical analysis",
        DESCRIPTION,
    );
    ensure!(before != expected, "the example has nothing to repair");
    wait::until("the Kitfile to be saved", wait::STEP, || {
        let now = std::fs::read_to_string(&file)?;
        if now == expected {
            return Ok(Some(()));
        }
        bail!("the Kitfile is\n{now}");
    })?;
    mirror.when(&save, "have nothing to do", |node| node.disabled)?;
    Ok(())
}

fn pack_and_push(mirror: Mirror<'_>, host: &str) -> Result<()> {
    go_to(mirror, "Projects")?;
    mirror.click(&named("button", "Pack v0.1.0…"))?;
    mirror.set(&field("Registry"), host)?;
    mirror.set(&field("Repository"), "wine")?;
    mirror.set(&field("Tag"), "v1")?;
    let push = named("checkbox", &format!("Push to {host} when packed"));
    if !mirror.find(&push)?.checked {
        mirror.click(&push)?;
    }
    let pack = named("button", "Pack and push v1");
    mirror.when(&pack, "be enabled", |node| !node.disabled)?;
    mirror.click(&pack)?;
    mirror.gone(&named("dialog", "Pack wine"))
}

fn see_transfers(mirror: Mirror<'_>, reference: &str) -> Result<()> {
    go_to(mirror, "Transfers")?;
    let done = containing("listitem|option", "Packed and pushed");
    let job = mirror.find(&done)?;
    ensure!(job.name.contains(reference), "another job: {}", job.name);
    mirror.find(&named("text", "Done"))?;
    Ok(())
}

fn see_tag(mirror: Mirror<'_>, host: &str) -> Result<()> {
    go_to(mirror, "Registries")?;
    mirror.click(&containing("listitem|option", host))?;
    let wine = named("listitem|option", "wine");
    let tag = mirror.click_for(&wine, &containing("row", "v1"))?;
    ensure!(tag.name.contains("numpy"), "no framework: {}", tag.name);
    Ok(())
}

/// Draws three runs and asks for the chart of `val/loss` as SVG. Returns the names of the runs.
fn compare_runs(mirror: Mirror<'_>) -> Result<Vec<String>> {
    go_to(mirror, "Experiments")?;
    let boxes = containing("checkbox", "Draw run ");
    mirror.find(&boxes)?;
    for node in mirror.list(&boxes)? {
        let this = named("checkbox", &node.name);
        let wanted = ["softmax", "mlp8", "mlp16-lr0.1"]
            .iter()
            .any(|run| node.name == format!("Draw run {run}"));
        if node.checked != wanted {
            mirror.click(&this)?;
            mirror.when(&this, "change", |node| node.checked == wanted)?;
        }
    }
    let drawn: Vec<String> = mirror
        .list(&boxes)?
        .into_iter()
        .filter(|node| node.checked)
        .filter_map(|node| node.name.strip_prefix("Draw run ").map(str::to_owned))
        .collect();
    ensure!(drawn.len() == 3, "drawn are {drawn:?}");
    mirror.click(&named("button", "Export SVG"))?;
    mirror.click(&named(
        "menuitem|menuitemcheckbox|menuitemradio|button",
        "val/loss",
    ))?;
    Ok(drawn)
}

/// A drawing of its own, with every run in its legend.
fn check_chart(path: &Path, runs: &[String]) -> Result<()> {
    // The dialog closes first; then the file is written beside and renamed, so it is there whole.
    let text = wait::until("the chart to be written", wait::STEP, || {
        Ok(Some(std::fs::read_to_string(path)?))
    })?;
    ensure!(text.contains("<svg") && text.trim_end().ends_with("</svg>"));
    for run in runs {
        ensure!(text.contains(run.as_str()), "the chart does not name {run}");
    }
    Ok(())
}

/// What an independent reader of registries says.
fn check_with_skopeo(reference: &str) -> Result<()> {
    let inspect = |more: &[&str]| -> Result<Value> {
        let output = run(Command::new("skopeo")
            .args(["inspect", "--tls-verify=false", "--raw"])
            .args(more)
            .arg(format!("docker://{reference}")))?;
        Ok(serde_json::from_str(&output)?)
    };
    let manifest = inspect(&[])?;
    let text = |value: &Value| value.as_str().map(str::to_owned).unwrap_or_default();
    ensure!(manifest["schemaVersion"] == 2);
    ensure!(
        text(&manifest["config"]["mediaType"]) == "application/vnd.kitops.modelkit.config.v1+json",
        "{manifest:#}"
    );
    let mut kinds: BTreeMap<String, usize> = BTreeMap::new();
    for layer in manifest["layers"].as_array().context("layers")? {
        let media = text(&layer["mediaType"]);
        let kind = media
            .strip_prefix("application/vnd.kitops.modelkit.")
            .and_then(|rest| rest.split('.').next())
            .with_context(|| format!("{media} is no layer of a ModelKit"))?;
        *kinds.entry(kind.to_owned()).or_default() += 1;
    }
    let kinds: Vec<(&str, usize)> = kinds.iter().map(|(kind, n)| (kind.as_str(), *n)).collect();
    ensure!(
        kinds == [("code", 2), ("dataset", 2), ("docs", 2), ("model", 1)],
        "the layers are {kinds:?}"
    );
    let config = inspect(&["--config"])?;
    ensure!(config["package"]["description"] == DESCRIPTION);
    ensure!(config["package"]["authors"][0] == "Kitbench contributors");
    Ok(())
}

/// Pulls and unpacks in a home that knows nothing of the first, with the shell verbs.
fn check_on_another_computer(reference: &str, project: &Path) -> Result<()> {
    let other = Home::new()?;
    let unpacked = other.path().join("unpacked");
    let kitbench = programs::built("kitbench")?;
    let verb = |arguments: &[&str]| {
        let mut command = Command::new(&kitbench);
        other.apply(&mut command);
        run(command.args(arguments))
    };
    verb(&["pull", reference, "--plain-http"])?;
    let folder = unpacked.to_str().context("a folder of this test")?;
    verb(&["unpack", reference, "--dir", folder])?;

    let here = files(project)?;
    let there = files(&unpacked)?;
    ensure!(!there.is_empty());
    for (name, bytes) in &there {
        // What was packed is the Kitfile's content, not its comments.
        if name != Path::new("Kitfile") {
            ensure!(
                here.get(name) == Some(bytes),
                "{} is not what was packed",
                name.display()
            );
        }
    }
    for name in here.keys() {
        let packed = [
            "model",
            "data",
            "src",
            "docs",
            "requirements.txt",
            "README.md",
        ]
        .iter()
        .any(|layer| name.starts_with(layer));
        ensure!(
            there.contains_key(name) == (packed || name == Path::new("Kitfile")),
            "{} was to be packed: {packed}",
            name.display()
        );
    }
    Ok(())
}

/// All files under a folder, by their path in it.
fn files(root: &Path) -> Result<BTreeMap<PathBuf, Vec<u8>>> {
    let mut found = BTreeMap::new();
    let mut open = vec![root.to_path_buf()];
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(&folder)? {
            let entry = entry?;
            let path = entry.path();
            if entry.file_type()?.is_dir() {
                open.push(path);
            } else {
                found.insert(path.strip_prefix(root)?.to_owned(), std::fs::read(&path)?);
            }
        }
    }
    Ok(found)
}

/// What a program wrote to standard output; an error with what it complained about otherwise.
fn run(command: &mut Command) -> Result<String> {
    let output = command
        .output()
        .with_context(|| format!("cannot start {command:?}"))?;
    ensure!(
        output.status.success(),
        "{command:?} ended with {}:\n{}",
        output.status,
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(String::from_utf8(output.stdout)?)
}
