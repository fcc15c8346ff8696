"""Check a published example: python check_wine.py PROJECT

MLflow reads every run back, the model scores on eval.csv what README.md says, the Kitfile's
parameters are those of the chosen run, nothing names a machine or a person, and all is small.
"""

import getpass
import math
import os
import socket
import sys
from pathlib import Path

os.environ.setdefault("MLFLOW_ALLOW_FILE_STORE", "true")

import mlflow
import yaml

MAX_BYTES = 3_000_000
MAX_FILES = 400


def check(holds, what):
    if not holds:
        sys.exit(f"check_wine.py: {what}")


def check_runs(project):
    """Return the chosen run as MLflow reads it."""
    mlflow.set_tracking_uri((project / "mlruns").as_uri())
    frame = mlflow.search_runs(experiment_names=["wine"])
    states = frame["status"].value_counts().to_dict()
    check(states == {"FINISHED": 11, "FAILED": 1, "KILLED": 1}, f"unexpected states: {states}")
    client = mlflow.MlflowClient()
    for run_id in frame["run_id"]:
        run = client.get_run(run_id)
        for key in ("train/loss", "val/loss", "val/accuracy", "val/macro_f1", "learning_rate"):
            steps = [point.step for point in client.get_metric_history(run_id, key)]
            check(steps == list(range(1, len(steps) + 1)), f"{run.info.run_name}: gap in {key}")
            complete = run.info.status != "FINISHED" or len(steps) == int(run.data.params["epochs"])
            check(complete, f"{run.info.run_name}: {key} ends at step {len(steps)}")
    chosen = frame[frame["tags.chosen"].notna()]
    check(len(chosen) == 1, f"{len(chosen)} runs are marked as chosen")
    return client.get_run(chosen["run_id"].iloc[0])


def check_claims(project, run):
    sys.path.insert(0, str(project / "src"))
    from evaluate import evaluate  # noqa: PLC0415 (only importable once the project is known)

    _, result = evaluate(project / "model/wine.safetensors", project / "data/eval.csv")
    for key, value in result.items():
        logged = run.data.metrics[f"eval/{key}"]
        check(math.isclose(value, logged, abs_tol=1e-4), f"eval/{key}: {value}, logged {logged}")
    readme = (project / "README.md").read_text()
    for count, prefix in ((41, "val"), (54, "eval")):
        row = " | ".join(f"{run.data.metrics[f'{prefix}/{key}']:.3f}"
                         for key in ("accuracy", "macro_f1", "loss"))
        check(f"| {count} | {row} |" in readme, f"README.md lacks the row | {count} | {row} |")
    stated = yaml.safe_load((project / "Kitfile").read_text())["model"]["parameters"]
    check(stated.pop("run") == run.info.run_name, f"the Kitfile's run is not {run.info.run_name}")
    for key, value in stated.items():
        logged = run.data.params[key]
        check(str(value) == logged, f"Kitfile: {key} is {value}, the run's is {logged}")


def check_files(project):
    files = [path for path in project.rglob("*") if path.is_file()]
    size = sum(path.stat().st_size for path in files)
    check(size < MAX_BYTES and len(files) <= MAX_FILES, f"{len(files)} files, {size} bytes")
    private = {socket.gethostname(), "/tmp/", str(Path.home()), getpass.getuser()}
    private -= {"user", "/home/user", "localhost"}  # the neutral ones
    for path in (project / "mlruns").rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            for word in private:
                check(word.encode() not in content, f"{path} holds {word}")
    print(f"{project.name}: {len(files)} files, {size:,} bytes")


def main():
    project = Path(sys.argv[1]).resolve()
    run = check_runs(project)
    check_claims(project, run)
    check_files(project)


if __name__ == "__main__":
    main()
