"""Train every run of the comparison, one process each, as a person at a shell would.

A run that fails does not stop the others: it is part of the record.
"""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

# Name, options that differ from train.py's defaults, why.
RUNS = [
    ("softmax-raw", "--stage baseline --hidden 0 --scaling none",
     "Softmax regression on the raw measurements, to see whether scaling matters. It does."),
    ("softmax", "--stage baseline --hidden 0",
     "Softmax regression: what a linear model can do."),
    ("mlp8", "--hidden 8", "Small hidden layer."),
    ("mlp16", "--hidden 16", "Middle size, the reference for the runs below."),
    ("mlp32", "--hidden 32", "Large hidden layer."),
    ("mlp16-lr0.1", "--lr 0.1", "Ten times the learning rate."),
    ("mlp16-lr20", "--lr 20 --schedule constant --warmup 0",
     "How far can the learning rate go? Not this far: the loss overflows."),
    ("mlp16-lr0.0005", "--lr 0.0005 --give-up 0.5",
     "A twentieth of the learning rate, given up early as hopelessly slow."),
    ("mlp16-constant", "--schedule constant", "Is the cosine decay worth having?"),
    ("mlp16-batch4", "--batch-size 4", "Small batches."),
    ("mlp16-l2-0.3", "--l2 0.3", "Far too much weight decay."),
    ("mlp16-seed1", "--stage confirm --seed 1", "The reference with another seed."),
    ("mlp16-seed2", "--stage confirm --seed 2", "The reference with another seed."),
]

# Dry runs from before MLflow was set up, kept as plain CSV.
CSV_RUNS = [
    ("softmax-dry-run", "--hidden 0 --epochs 60"),
    ("mlp16-dry-run", "--hidden 16 --epochs 60"),
]


def train(name, *options):
    command = [sys.executable, "src/train.py", "--name", name, *options]
    done = subprocess.run(command, cwd=ROOT, check=False)
    if done.returncode != 0:
        print(f"{name}: ended with exit code {done.returncode}", file=sys.stderr)


def main():
    for name, options in CSV_RUNS:
        train(name, *options.split(), "--csv", f"logs/{name}.csv")
    for name, options, note in RUNS:
        train(name, *options.split(), "--note", note)


if __name__ == "__main__":
    main()
