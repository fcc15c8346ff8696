#!/usr/bin/env python3
"""Cut Inter and JetBrains Mono down to the scripts the front end shows.

Latin, Greek and Cyrillic of living European languages, punctuation, arrows, mathematics,
box drawing and geometric shapes are kept; ligatures of the mono face are dropped,
because a reader of digests and paths must see the characters that are there.

    npm install --prefix /tmp/fonts @expo-google-fonts/inter@0.4.2 @expo-google-fonts/jetbrains-mono@0.4.1
    python3 assets/fonts/build.py /tmp/fonts/node_modules/@expo-google-fonts
"""
import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
RANGES = ("20-7e,a0-17f,192,218-21b,2c6-2dd,300-304,306-308,30a-30c,327-328,384-3ce,400-45f,490-491,"
          "2010-2027,2030-203a,2044,2070-2079,2080-2089,20ac,20b9,20bd,2113,2116,2122,2126,212e,2190-2199,21b5,"
          "2200-222b,2248,2260-2265,2318,2325,232b,2500-257f,2580-259f,25a0-25ff,2713-2718,fffd")
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
