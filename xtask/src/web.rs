//! The user interface as a web page: `ui/` compiled to WebAssembly, its JavaScript glue, and the
//! page around it, in `dist/web/`.
//!
//! Cargo decides whether the WebAssembly is out of date. What follows is redone only when its
//! bytes or the files in `ui/web/` differ from those recorded in `dist/web.stamp`, because a touched
//! `dist/web/` means building the programs that embed it again.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::{fs, io};

use anyhow::{Context, Result, bail};
use wasm_bindgen_cli_support::Bindgen;

use crate::{paths, shell, system};

/// Builds `dist/web/` where it is out of date and returns its path.
pub fn build(force: bool) -> Result<PathBuf> {
    let wasm = shell::step("Building the user interface (WebAssembly)", compile)?;
    let web = paths::web();
    let page = paths::root().join("ui/web");
    let stamp = paths::root().join("dist/web.stamp");
    let now = fingerprint(&wasm, &page)?;
    let current = fs::read_to_string(&stamp).is_ok_and(|before| before == now);
    if current && !force && web.join("index.html").is_file() {
        return Ok(web);
    }
    shell::step("Writing dist/web", || {
        // Built beside and renamed, so that a build of the window never sees half of it.
        let beside = paths::root().join("dist/web.new");
        remove(&beside)?;
        fs::create_dir_all(&beside)?;
        Bindgen::new()
            .input_path(&wasm)
            .web(true)?
            .typescript(false)
            .omit_default_module_path(true)
            .remove_name_section(true)
            .remove_producers_section(true)
            .out_name("kitbench_ui")
            .generate(&beside)
            .context("wasm-bindgen cannot write the JavaScript glue")?;
        copy(&page, &beside)?;
        if !beside.join("index.html").is_file() {
            bail!("{} has no index.html", page.display());
        }
        remove(&web)?;
        fs::rename(&beside, &web).context("cannot put dist/web in its place")?;
        fs::write(&stamp, &now)?;
        Ok(())
    })?;
    Ok(web)
}

fn compile() -> Result<PathBuf> {
    shell::run(shell::cargo().args([
        "build",
        "--package",
        "kitbench-ui",
        "--lib",
        "--profile",
        "wasm",
        "--target",
        system::WASM,
    ]))?;
    Ok(paths::target()
        .join(system::WASM)
        .join("wasm/kitbench_ui.wasm"))
}

fn fingerprint(wasm: &Path, page: &Path) -> Result<String> {
    let mut hasher = DefaultHasher::new();
    fs::read(wasm)
        .with_context(|| format!("cargo built no {}", wasm.display()))?
        .hash(&mut hasher);
    for file in files(page)? {
        file.hash(&mut hasher);
        fs::read(page.join(&file))?.hash(&mut hasher);
    }
    Ok(format!("{:016x}\n", hasher.finish()))
}

/// The files under a folder, relative to it, sorted.
fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut open = vec![PathBuf::new()];
    while let Some(relative) = open.pop() {
        let path = folder.join(&relative);
        for entry in
            fs::read_dir(&path).with_context(|| format!("cannot list {}", path.display()))?
        {
            let entry = entry?;
            let name = relative.join(entry.file_name());
            if entry.file_type()?.is_dir() {
                open.push(name);
            } else {
                found.push(name);
            }
        }
    }
    found.sort();
    Ok(found)
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    for file in files(from)? {
        let target = to.join(&file);
        if let Some(parent) = target.parent() {
            fs::create_dir_all(parent)?;
        }
        fs::copy(from.join(&file), &target)?;
    }
    Ok(())
}

fn remove(folder: &Path) -> Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("cannot remove {}", folder.display()))
        }
        _ => Ok(()),
    }
}
