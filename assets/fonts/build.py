#!/usr/bin/env python3
"""Cut Inter and JetBrains Mono down to the scripts the front end shows.

Latin with its extensions, Greek, Cyrillic, punctuation, arrows, mathematics,
box drawing and geometric shapes are kept; ligatures of the mono face are dropped,
because a reader of digests and paths must see the characters that are there.

    npm install --prefix /tmp/fonts @expo-google-fonts/inter@0.4.2 @expo-google-fonts/jetbrains-mono@0.4.1
    python3 assets/fonts/build.py /tmp/fonts/node_modules/@expo-google-fonts
"""
import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
RANGES = ("20-7e,a0-24f,2b0-2ff,300-36f,370-3ff,400-4ff,1e00-1eff,2000-206f,2070-209f,20a0-20bf,"
          "2100-214f,2190-21ff,2200-22ff,2300-23ff,2500-257f,2580-25ff,2600-26ff,2713-2718,fffd")
CUTS = {
    "inter/400Regular/Inter_400Regular.ttf": ("inter-400.ttf", "kern,mark,mkmk,ccmp"),
    "inter/500Medium/Inter_500Medium.ttf": ("inter-500.ttf", "kern,mark,mkmk,ccmp"),
    "inter/600SemiBold/Inter_600SemiBold.ttf": ("inter-600.ttf", "kern,mark,mkmk,ccmp"),
    "jetbrains-mono/400Regular/JetBrainsMono_400Regular.ttf": ("jetbrains-mono-400.ttf", "mark,mkmk,ccmp"),
    "jetbrains-mono/600SemiBold/JetBrainsMono_600SemiBold.ttf": ("jetbrains-mono-600.ttf", "mark,mkmk,ccmp"),
}


def main(package: pathlib.Path) -> None:
    for source, (target, features) in CUTS.items():
        subprocess.run(
            [sys.executable, "-m", "fontTools.subset", str(package / source), f"--output-file={HERE / target}",
             f"--unicodes={RANGES}", f"--layout-features={features}", "--no-hinting", "--name-IDs=0,1,2,13,14"],
            check=True,
        )


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
