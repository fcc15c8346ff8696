"""Train one classifier on data/train.csv and log it, epoch by epoch.

    python src/train.py --name mlp16 --hidden 16 --lr 0.01

A network with one hidden layer (or none: --hidden 0), trained by mini-batch gradient descent
with momentum. Every third row of train.csv is held out for validation, the same rows in each
run. The run goes to MLflow's file store in mlruns/, or with --csv FILE to a plain CSV log.
"""

import argparse
import csv
import math
import os
import tempfile
from pathlib import Path

import numpy as np

from wine import CLASSES, forward, load_csv, save_model, scores, softmax

ROOT = Path(__file__).resolve().parent.parent


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--name", required=True, help="name of the run")
    parser.add_argument("--note", default="", help="why this run was made")
    parser.add_argument("--stage", default="search", help="baseline, search or confirm")
    parser.add_argument("--hidden", type=int, default=16, help="hidden units, 0 for none")
    parser.add_argument("--lr", type=float, default=0.01, help="peak learning rate")
    parser.add_argument("--schedule", choices=("constant", "cosine"), default="cosine")
    parser.add_argument("--warmup", type=int, default=10, help="epochs of rising learning rate")
    parser.add_argument("--momentum", type=float, default=0.9)
    parser.add_argument("--l2", type=float, default=1e-4, help="weight decay")
    parser.add_argument("--batch-size", type=int, default=32)
    parser.add_argument("--epochs", type=int, default=120)
    parser.add_argument("--scaling", choices=("standard", "none"), default="standard")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--give-up", type=float, metavar="LOSS", help="stop at a third of the "
                        "epochs if val/loss is above LOSS; the run counts as killed")
    parser.add_argument("--csv", type=Path, help="log to this file instead of MLflow")
    return parser.parse_args()


def initial_net(x, hidden, scaling, rng):
    """He initialisation; the scaling of the inputs is part of the net."""
    features = x.shape[1]
    standard = scaling == "standard"
    net = {
        "input.mean": x.mean(axis=0) if standard else np.zeros(features),
        "input.scale": x.std(axis=0) if standard else np.ones(features),
    }
    if hidden:
        net["hidden.weight"] = rng.normal(0, math.sqrt(2 / features), (features, hidden))
        net["hidden.bias"] = np.zeros(hidden)
    width = hidden or features
    net["output.weight"] = rng.normal(0, math.sqrt(1 / width), (width, CLASSES))
    net["output.bias"] = np.zeros(CLASSES)
    return net


def gradients(net, x, y, l2):
    inputs, hidden, logits = forward(net, x)
    error = (softmax(logits) - np.eye(CLASSES)[y]) / len(y)
    grads = {"output.weight": hidden.T @ error, "output.bias": error.sum(axis=0)}
    if "hidden.weight" in net:
        error = (error @ net["output.weight"].T) * (hidden > 0)
        grads |= {"hidden.weight": inputs.T @ error, "hidden.bias": error.sum(axis=0)}
    for key in grads:
        if key.endswith("weight"):
            grads[key] += l2 * net[key]
    return grads


def learning_rate(epoch, args):
    """Linear warm-up, then constant or half a cosine down to zero. Epochs count from 1."""
    if epoch <= args.warmup:
        return args.lr * epoch / args.warmup
    if args.schedule == "constant":
        return args.lr
    done = (epoch - args.warmup) / (args.epochs - args.warmup)
    return args.lr * 0.5 * (1 + math.cos(math.pi * done))


def train(args, log):
    """Return the trained net and whether it was trained to the end."""
    x, y = load_csv(ROOT / "data/train.csv")
    held_out = np.arange(len(y)) % 3 == 2
    x, y, x_val, y_val = x[~held_out], y[~held_out], x[held_out], y[held_out]

    rng = np.random.default_rng(args.seed)
    net = initial_net(x, args.hidden, args.scaling, rng)
    velocity = {}
    for epoch in range(1, args.epochs + 1):
        lr = learning_rate(epoch, args)
        order = rng.permutation(len(y))
        for start in range(0, len(y), args.batch_size):
            batch = order[start:start + args.batch_size]
            for key, grad in gradients(net, x[batch], y[batch], args.l2).items():
                velocity[key] = args.momentum * velocity.get(key, 0.0) - lr * grad
                net[key] += velocity[key]

        train_loss = scores(forward(net, x)[2], y)["loss"]
        val = scores(forward(net, x_val)[2], y_val)
        # Rounded, so that another processor's last bits do not change the log.
        row = {"train/loss": train_loss, **{f"val/{key}": value for key, value in val.items()}}
        log(epoch, {key: round(v, 6) for key, v in row.items()} | {"learning_rate": round(lr, 8)})
        if not math.isfinite(train_loss):
            raise FloatingPointError(f"train/loss is {train_loss} after epoch {epoch}: "
                                     "lower --lr or scale the inputs")
        if args.give_up and epoch == args.epochs // 3 and val["loss"] > args.give_up:
            print(f"{args.name}: gave up at epoch {epoch}, val/loss {val['loss']:.3f}")
            return net, False
    print(f"{args.name}: val/loss {val['loss']:.4f}, accuracy {val['accuracy']:.3f}")
    return net, True


def csv_run(args):
    args.csv.parent.mkdir(parents=True, exist_ok=True)
    with open(args.csv, "w", newline="") as file:
        out = csv.writer(file, lineterminator="\n")

        def log(epoch, row):
            if epoch == 1:
                out.writerow(["epoch", *row])
            out.writerow([epoch, *row.values()])
            file.flush()

        train(args, log)


def mlflow_run(args):
    os.environ.setdefault("MLFLOW_ALLOW_FILE_STORE", "true")  # asked for since MLflow 3.13
    import mlflow  # noqa: PLC0415 (seconds of import that a CSV run need not wait for)

    mlflow.set_tracking_uri((ROOT / "mlruns").as_uri())
    mlflow.set_experiment("wine")
    params = {key: value for key, value in vars(args).items()
              if key not in ("name", "note", "stage", "csv", "give_up")}
    tags = {"stage": args.stage, "mlflow.note.content": args.note}
    with mlflow.start_run(run_name=args.name, tags=tags), \
            tempfile.TemporaryDirectory() as folder:
        mlflow.log_params(params)
        net, complete = train(args, lambda epoch, row: mlflow.log_metrics(row, step=epoch))
        if not complete:
            mlflow.end_run("KILLED")
            return
        file = Path(folder) / "wine.safetensors"
        save_model(file, net, {"format": "np", "run": args.name, "hidden": str(args.hidden)})
        mlflow.log_artifact(file)


if __name__ == "__main__":
    options = arguments()
    csv_run(options) if options.csv else mlflow_run(options)
