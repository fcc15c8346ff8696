//! The screens of the workbench, the way to each, and pictures of them.

use std::time::Duration;

use anyhow::{Context, Result};
use kitbench_protocol::{ListProjects, ListRegistries, RegistryAddress, SaveRegistry};
use kitbench_registry::testing::TestRegistry;

use crate::charts;
use crate::home::Home;
use crate::mirror::{Mirror, Query, containing, field, named};
use crate::wait;
use crate::workbench::{Options, Workbench};

/// The words on the rail, from the top.
pub const RAIL: &[&str] = &[
    "Projects",
    "Experiments",
    "ModelKits",
    "Registries",
    "Transfers",
    "Settings",
];

/// The control of the rail with this word. Its name may go on with a count.
pub fn rail(word: &str) -> Query {
    containing("button", word)
}

/// Goes to the screen with this word. A dialog that is about to close keeps presses on the rail from
/// it, so the rail is pressed until it says that the screen is there.
pub fn go_to(mirror: Mirror<'_>, word: &str) -> Result<()> {
    let item = rail(word);
    // A page below the screen, such as the Kitfile, counts as the screen, so it is pressed once anyway.
    mirror.click(&item)?;
    wait::until(&format!("the screen {word}"), wait::STEP, || {
        let node = mirror.find(&item)?;
        if !node.checked {
            mirror.click(&item)?;
        }
        Ok(node.checked.then_some(()))
    })
}

/// A screen that is worth a picture.
#[derive(Debug)]
pub struct Scene {
    /// What its picture is called.
    pub name: &'static str,
    /// Whether a project must be there.
    needs_project: bool,
    go: fn(&Workbench) -> Result<()>,
}

/// Every scene, in the order in which they are visited.
pub const SCENES: &[Scene] = &[
    Scene {
        name: "welcome",
        needs_project: false,
        go: |_| Ok(()),
    },
    Scene {
        name: "broken-kitfile",
        needs_project: true,
        go: |workbench| visit(workbench, "Projects"),
    },
    Scene {
        name: "kitfile",
        needs_project: true,
        go: |workbench| {
            visit(workbench, "Projects")?;
            press(workbench, &named("button", "Edit Kitfile"))
        },
    },
    Scene {
        name: "compare",
        needs_project: true,
        go: compare,
    },
    Scene {
        name: "scatter",
        needs_project: true,
        go: charts::scatter,
    },
    Scene {
        name: "boxes",
        needs_project: true,
        go: charts::boxes,
    },
    Scene {
        name: "violins",
        needs_project: true,
        go: charts::violins,
    },
    Scene {
        name: "bars",
        needs_project: true,
        go: charts::bars,
    },
    Scene {
        name: "correlation",
        needs_project: true,
        go: charts::correlation,
    },
    Scene {
        name: "parallel",
        needs_project: true,
        go: charts::parallel,
    },
    Scene {
        name: "bands",
        needs_project: true,
        go: charts::bands,
    },
    Scene {
        name: "two-runs",
        needs_project: true,
        go: charts::pair,
    },
    Scene {
        name: "review",
        needs_project: true,
        go: charts::review,
    },
    Scene {
        name: "pack",
        needs_project: true,
        go: open_pack_dialog,
    },
    Scene {
        name: "modelkits",
        needs_project: true,
        go: |workbench| {
            pack(workbench)?;
            visit(workbench, "ModelKits")
        },
    },
    Scene {
        name: "packed-tags",
        needs_project: true,
        go: charts::packed_tags,
    },
    Scene {
        name: "registries",
        needs_project: true,
        go: tag,
    },
    Scene {
        name: "transfers",
        needs_project: true,
        go: |workbench| visit(workbench, "Transfers"),
    },
    Scene {
        name: "projects",
        needs_project: true,
        go: change_and_look,
    },
    Scene {
        name: "settings",
        needs_project: true,
        go: |workbench| visit(workbench, "Settings"),
    },
];

/// Presses a control as soon as it is there.
fn press(workbench: &Workbench, query: &Query) -> Result<()> {
    workbench.step(&query.to_string(), |mirror| mirror.click(query))?;
    Ok(())
}

/// Compares three runs of different kinds.
fn compare(workbench: &Workbench) -> Result<()> {
    visit(workbench, "Experiments")?;
    charts::tick(workbench, &["softmax", "mlp8", "mlp16-lr0.1"])
}

/// Repairs and saves the example's Kitfile, which `kit` would refuse, unless that is done.
fn repair(workbench: &Workbench) -> Result<()> {
    workbench.step("repair", |mirror| {
        let save = named("button", "Save");
        let repair = named("button", "Rename to `authors`");
        mirror.find(&field("Version"))?;
        if !mirror.has(&repair)? {
            return Ok(());
        }
        mirror.dismiss(&repair)?;
        mirror.when(&save, "be enabled", |node| !node.disabled)?;
        mirror.click(&save)?;
        mirror.when(&save, "have saved", |node| node.disabled)?;
        Ok(())
    })
}

/// Opens the pack dialog and fills in the registry.
fn open_pack_dialog(workbench: &Workbench) -> Result<()> {
    visit(workbench, "Projects")?;
    press(workbench, &named("button", "Edit Kitfile"))?;
    repair(workbench)?;
    visit(workbench, "Projects")?;
    press(workbench, &containing("button", "Pack v"))?;
    let host = host(workbench)?;
    workbench.step("fill in", |mirror| {
        mirror.set(&field("Registry"), &host)?;
        let push = named("checkbox", &format!("Push to {host} when packed"));
        if !mirror.find(&push)?.checked {
            mirror.click(&push)?;
        }
        // The run that is suggested, so that its tag has metrics.
        let attach = containing("button", "Attach ");
        if mirror.has(&attach)? {
            mirror.click(&attach)?;
            mirror.gone(&attach)?;
        }
        mirror.when(&named("button", PACK), "be enabled", |node| !node.disabled)?;
        Ok(())
    })
}

const PACK: &str = "Pack and push v0.1.0";

/// Packs and pushes the example and waits for the end.
fn pack(workbench: &Workbench) -> Result<()> {
    let pack = named("button", PACK);
    if !workbench.mirror().has(&pack)? {
        open_pack_dialog(workbench)?;
    }
    press(workbench, &pack)?;
    workbench.step("pack", |mirror| {
        mirror.gone(&named("dialog", "Pack wine"))?;
        go_to(mirror, "Transfers")?;
        mirror.find(&containing("listitem|option", "Packed and pushed"))
    })?;
    Ok(())
}

/// Works on after the pack, and looks at what the next one would hold.
fn change_and_look(workbench: &Workbench) -> Result<()> {
    let projects = workbench.call(ListProjects)?;
    let project = projects.into_iter().next().context("there is a project")?;
    let folder = std::path::Path::new(&project.path);
    let script = folder.join("src/train.py");
    let mut text = std::fs::read_to_string(&script)?;
    text.push_str("\n# Next: 32 hidden units.\n");
    std::fs::write(&script, text)?;
    std::fs::create_dir_all(folder.join("notebooks"))?;
    std::fs::write(folder.join("notebooks/look.py"), "print('a first look')\n")?;
    visit(workbench, "Projects")?;
    workbench.step("see the change", |mirror| {
        mirror.find(&containing(
            "text|heading",
            "What the next pack will contain",
        ))?;
        mirror.find(&containing("row", "1 changed"))
    })?;
    Ok(())
}

/// Goes to a registry's tag.
fn tag(workbench: &Workbench) -> Result<()> {
    visit(workbench, "Registries")?;
    let host = host(workbench)?;
    workbench.step("tag", |mirror| {
        mirror.click(&containing("listitem|option", &host))?;
        mirror.click(&named("listitem|option", "wine"))?;
        let rows = containing("row", "v0.1.0");
        if mirror.patience(Duration::from_secs(10)).find(&rows).is_ok() {
            mirror.click(&rows)?;
        }
        Ok(())
    })
}

/// The registry of the pictures.
fn host(workbench: &Workbench) -> Result<String> {
    let rows = workbench.call(ListRegistries)?;
    let row = rows.into_iter().next().context("there is a registry")?;
    Ok(row.address.host)
}

/// The scene of this name.
pub fn scene(name: &str) -> Result<&'static Scene> {
    SCENES
        .iter()
        .find(|scene| scene.name == name)
        .with_context(|| {
            let names: Vec<&str> = SCENES.iter().map(|scene| scene.name).collect();
            format!(
                "there is no screen `{name}`; there are {}",
                names.join(", ")
            )
        })
}

fn visit(workbench: &Workbench, word: &str) -> Result<()> {
    workbench.step(word, |mirror| go_to(mirror, word))
}

/// Visits scenes in the real window and hands over the picture of each, as PNG.
pub fn photograph(
    scenes: &[&'static Scene],
    theme: &str,
    size: (u32, u32),
    mut take: impl FnMut(&Scene, Vec<u8>) -> Result<()>,
) -> Result<()> {
    for needs_project in [false, true] {
        let mut some = scenes
            .iter()
            .filter(|scene| scene.needs_project == needs_project)
            .peekable();
        if some.peek().is_none() {
            continue;
        }
        let home = Home::new()?;
        let registry = needs_project.then(TestRegistry::plain);
        let arguments = if needs_project {
            vec!["--example".to_owned()]
        } else {
            Vec::new()
        };
        let workbench = Workbench::window(&home, &Options { arguments, size })?;
        workbench.step("first frame", |mirror| mirror.find(&rail("Settings")))?;
        workbench.command(&format!(
            "{} theme",
            if theme == "dark" { "Dark" } else { "Light" }
        ))?;
        if let Some(registry) = &registry {
            let address = RegistryAddress {
                host: registry.host().to_owned(),
                plain_http: true,
                ..RegistryAddress::default()
            };
            workbench.call(SaveRegistry { id: None, address })?;
        }
        for scene in some {
            (scene.go)(&workbench)?;
            workbench.come_to_rest()?;
            take(scene, workbench.session().screenshot()?)?;
        }
    }
    Ok(())
}
