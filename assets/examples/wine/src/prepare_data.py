"""Write scikit-learn's wine-recognition data as data/train.csv and data/eval.csv.

178 wines, 13 measurements, 3 cultivars. 30 % go to eval.csv, which no training run reads.
"""

import csv
from pathlib import Path

from sklearn.datasets import load_wine
from sklearn.model_selection import train_test_split

DATA = Path(__file__).resolve().parent.parent / "data"


def main():
    wine = load_wine()
    train, held_out = train_test_split(
        range(len(wine.target)), test_size=0.3, stratify=wine.target, random_state=7
    )
    DATA.mkdir(exist_ok=True)
    for name, rows in (("train.csv", train), ("eval.csv", held_out)):
        with open(DATA / name, "w", newline="") as file:
            out = csv.writer(file, lineterminator="\n")
            out.writerow([*wine.feature_names, "class"])
            for row in rows:
                out.writerow([*(f"{value:.12g}" for value in wine.data[row]), wine.target[row]])
        print(f"data/{name}: {len(rows)} wines")


if __name__ == "__main__":
    main()
