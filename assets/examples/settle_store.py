"""Make an MLflow file store fit to be published: python settle_store.py MLRUNS

MLflow writes absolute paths and random ids. Here the paths become those of a neutral home
folder, and the ids become digests of the names, so that training the same runs again changes
the store as little as can be (times still differ).
"""

import hashlib
import sys
from pathlib import Path

HOME = "/home/user/wine"


def stable_id(name):
    return hashlib.sha256(name.encode()).hexdigest()


def field(meta, key):
    prefix = f"{key}: "
    line = next(line for line in meta.read_text().splitlines() if line.startswith(prefix))
    return line.removeprefix(prefix).strip("'")


def main():
    store = Path(sys.argv[1]).resolve()
    replacements = {str(store.parent): HOME}
    for meta in store.glob("*/*/meta.yaml"):
        replacements[field(meta, "run_id")] = stable_id(field(meta, "run_name"))[:32]
    for meta in store.glob("*/meta.yaml"):
        if field(meta, "experiment_id") != "0":
            # Eighteen digits, like MLflow's own.
            number = 10**17 + int(stable_id(field(meta, "name")), 16) % (9 * 10**17)
            replacements[field(meta, "experiment_id")] = str(number)

    for meta in store.glob("**/meta.yaml"):
        text = meta.read_text()
        for old, new in replacements.items():
            text = text.replace(old, new)
        meta.write_text(text)
    for folder in [*store.glob("*/*"), *store.glob("*")]:
        if folder.name in replacements:
            folder.rename(folder.with_name(replacements[folder.name]))


if __name__ == "__main__":
    main()
