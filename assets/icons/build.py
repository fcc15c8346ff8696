#!/usr/bin/env python3
"""Cut the Phosphor fonts down to the icons in phosphor.txt and write their names as Rust constants.

Needs fonttools (`pip install fonttools`) and an unpacked npm package `@phosphor-icons/web`:

    npm install --prefix /tmp/phosphor @phosphor-icons/web@2.1.2
    python3 assets/icons/build.py /tmp/phosphor/node_modules/@phosphor-icons/web
"""
import pathlib
import re
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
RUST = HERE.parent.parent / "ui" / "src" / "theme" / "icons.rs"


def codepoints(css: pathlib.Path) -> dict[str, int]:
    found = re.findall(r"\.ph-([a-z0-9-]+):before \{\s*content: \"\\([0-9a-f]+)\"", css.read_text())
    return {name: int(code, 16) for name, code in found}


def subset(source: pathlib.Path, target: pathlib.Path, codes: list[int]) -> None:
    subprocess.run(
        [sys.executable, "-m", "fontTools.subset", str(source), f"--output-file={target}",
         "--unicodes=" + ",".join(f"{code:x}" for code in sorted(set(codes))),
         "--layout-features=", "--no-hinting", "--desubroutinize", "--name-IDs=0,1,2,13,14"],
        check=True,
    )


def main(package: pathlib.Path) -> None:
    regular, fill = [], []
    for line in (HERE / "phosphor.txt").read_text().splitlines():
        if not line or line.startswith("#"):
            continue
        name, _, cut = line.partition(" ")
        regular.append(name)
        if cut == "fill":
            fill.append(name)
    codes = codepoints(package / "src/regular/style.css")
    missing = [name for name in regular if name not in codes]
    if missing:
        sys.exit("not in Phosphor: " + ", ".join(missing))
    subset(package / "src/regular/Phosphor.ttf", HERE / "phosphor-regular.ttf", [codes[n] for n in regular])
    subset(package / "src/fill/Phosphor-Fill.ttf", HERE / "phosphor-fill.ttf", [codes[n] for n in fill])
    lines = [
        "//! The icons at hand, by their Phosphor name.",
        "//!",
        "//! Generated from `assets/icons/phosphor.txt` by `assets/icons/build.py`; do not edit.",
        "//! Draw one with [`super::icon`] or set it in text of any family: the icon font",
        "//! is the fallback of each.",
        "",
    ]
    for name in sorted(set(regular)):
        constant = name.replace("-", "_").upper()
        lines.append(f"/// `{name}`")
        lines.append(f'pub const {constant}: &str = "\\u{{{codes[name]:x}}}";')
    lines += ["", "/// Every icon with its name, for the gallery.", "pub const ALL: &[(&str, &str)] = &["]
    lines += [f'    ("{name}", {name.replace("-", "_").upper()}),' for name in sorted(set(regular))]
    lines += ["];", ""]
    RUST.parent.mkdir(parents=True, exist_ok=True)
    RUST.write_text("\n".join(lines))


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
