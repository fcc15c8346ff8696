"""Choose the finished run with the lowest val/loss and make it the model of the kit.

Writes model/wine.safetensors, scores it once on data/eval.csv, notes those scores on the run,
and writes the table of all runs to docs/experiments.md.
"""

import json
import math
import os
from pathlib import Path

os.environ.setdefault("MLFLOW_ALLOW_FILE_STORE", "true")  # asked for since MLflow 3.13

from mlflow import MlflowClient

from evaluate import evaluate
from wine import load_model, save_model

ROOT = Path(__file__).resolve().parent.parent
MODEL = ROOT / "model/wine.safetensors"

HEAD = """# Experiments

Written by `src/export.py` from the runs in `mlruns/`. The chosen run is in bold: of the runs
that finished, it has the lowest `val/loss` after its last epoch. `data/eval.csv` has no part
in the choice.

| run | hidden | lr | schedule | l2 | batch | seed | state | epochs | train/loss | val/loss | val/macro_f1 |
|---|---|---|---|---|---|---|---|---|---|---|---|
"""


def number(value):
    return f"{value:.4f}" if not math.isfinite(value) or abs(value) < 1000 else f"{value:.1e}"


def table_row(client, run, chosen):
    params, metrics = run.data.params, run.data.metrics
    epochs = client.get_metric_history(run.info.run_id, "val/loss")[-1].step
    name = f"**{run.info.run_name}**" if chosen else run.info.run_name
    cells = [name, *(params[key] for key in ("hidden", "lr", "schedule", "l2", "batch_size",
                                             "seed")),
             run.info.status.lower(), str(epochs),
             *(number(metrics[key]) for key in ("train/loss", "val/loss", "val/macro_f1"))]
    return f"| {' | '.join(cells)} |\n"


def main():
    client = MlflowClient((ROOT / "mlruns").as_uri())
    experiment = client.get_experiment_by_name("wine")
    runs = client.search_runs([experiment.experiment_id], order_by=["attributes.start_time ASC"])
    finished = [run for run in runs if run.info.status == "FINISHED"]
    best = min(finished, key=lambda run: run.data.metrics["val/loss"])

    net, metadata = load_model(ROOT / "mlruns" / experiment.experiment_id / best.info.run_id
                               / "artifacts/wine.safetensors")
    metadata |= {"classes": json.dumps(["class_0", "class_1", "class_2"]),
                 "val_loss": f"{best.data.metrics['val/loss']:.6f}"}
    MODEL.parent.mkdir(exist_ok=True)
    save_model(MODEL, net, metadata)

    _, result = evaluate(MODEL, ROOT / "data/eval.csv")
    for key, value in result.items():
        client.log_metric(best.info.run_id, f"eval/{key}", round(value, 6),
                          step=int(best.data.params["epochs"]))
    client.set_tag(best.info.run_id, "chosen", "model/wine.safetensors")

    rows = [table_row(client, run, run is best) for run in runs]
    (ROOT / "docs/experiments.md").write_text(HEAD + "".join(rows))
    print(f"chosen: {best.info.run_name}; on data/eval.csv accuracy {result['accuracy']:.4f}, "
          f"macro F1 {result['macro_f1']:.4f}, loss {result['loss']:.4f}")


if __name__ == "__main__":
    main()
