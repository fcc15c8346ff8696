//! `cargo xtask screenshots`: pictures of the real window, every screen in both themes.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use kitbench_tests::screens::{self, Scene};

struct Options {
    scenes: Vec<&'static Scene>,
    themes: Vec<&'static str>,
    size: (u32, u32),
    out: PathBuf,
}

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let options = parse(&arguments)?;
    for theme in &options.themes {
        // One picture goes to the named file, several go into the named folder.
        let single =
            options.scenes.len() * options.themes.len() == 1 && options.out.extension().is_some();
        screens::photograph(&options.scenes, theme, options.size, |scene, picture| {
            let path = if single {
                options.out.clone()
            } else {
                options.out.join(format!("{}-{theme}.png", scene.name))
            };
            if let Some(folder) = path.parent() {
                std::fs::create_dir_all(folder)?;
            }
            std::fs::write(&path, picture)
                .with_context(|| format!("cannot write {}", path.display()))?;
            println!("{}", path.display());
            Ok(())
        })?;
    }
    Ok(())
}

fn parse(arguments: &[String]) -> Result<Options> {
    let mut options = Options {
        scenes: screens::SCENES.iter().collect(),
        themes: vec!["dark", "light"],
        size: (1440, 900),
        out: Path::new("docs/images").to_path_buf(),
    };
    let mut arguments = arguments.iter();
    while let Some(argument) = arguments.next() {
        let mut value = || {
            arguments
                .next()
                .with_context(|| format!("{argument} takes a value"))
        };
        match argument.as_str() {
            "--screen" => {
                let name = value()?;
                options.scenes = vec![screens::scene(name)?];
            }
            "--theme" => {
                options.themes = match value()?.as_str() {
                    "dark" => vec!["dark"],
                    "light" => vec!["light"],
                    other => bail!("a theme is dark or light, not `{other}`"),
                };
            }
            "--size" => {
                let text = value()?;
                options.size = text
                    .split_once('x')
                    .and_then(|(width, height)| Some((width.parse().ok()?, height.parse().ok()?)))
                    .with_context(|| format!("a size looks like 1440x900, not `{text}`"))?;
            }
            "--out" => options.out = value()?.into(),
            other => bail!("there is no option `{other}`"),
        }
    }
    Ok(options)
}
