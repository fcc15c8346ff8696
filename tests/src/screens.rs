//! The screens of the workbench, the way to each, and pictures of them.

use anyhow::{Context, Result};

use crate::home::Home;
use crate::mirror::{Query, containing};
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
    containing("button|tab|link", word)
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
        name: "onboarding",
        needs_project: false,
        go: |_| Ok(()),
    },
    Scene {
        name: "projects",
        needs_project: true,
        go: |workbench| visit(workbench, "Projects"),
    },
    Scene {
        name: "compare",
        needs_project: true,
        go: |workbench| visit(workbench, "Experiments"),
    },
    Scene {
        name: "modelkit",
        needs_project: true,
        go: |workbench| visit(workbench, "ModelKits"),
    },
    Scene {
        name: "registries",
        needs_project: true,
        go: |workbench| visit(workbench, "Registries"),
    },
    Scene {
        name: "transfers",
        needs_project: true,
        go: |workbench| visit(workbench, "Transfers"),
    },
    Scene {
        name: "settings",
        needs_project: true,
        go: |workbench| visit(workbench, "Settings"),
    },
];

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
    workbench.step(word, |mirror| mirror.click(&rail(word)))?;
    Ok(())
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
        for scene in some {
            (scene.go)(&workbench)?;
            workbench.come_to_rest()?;
            take(scene, workbench.session().screenshot()?)?;
        }
    }
    Ok(())
}
