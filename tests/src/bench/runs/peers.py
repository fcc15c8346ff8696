"""What the trackers' own Python packages take for the same jobs. Prints one JSON object."""

import json
import os
import sys
import time

os.environ["MLFLOW_ALLOW_FILE_STORE"] = "true"
os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
os.environ["WANDB_MODE"] = "offline"


def mlflow_client(uri):
    import logging

    logging.getLogger("mlflow").setLevel(logging.ERROR)
    from mlflow.tracking import MlflowClient

    return MlflowClient(tracking_uri=uri)


def search(uri, experiment):
    """Every run with its parameters and last values."""
    client = mlflow_client(uri)
    begin = time.perf_counter()
    runs, token = [], None
    while True:
        page = client.search_runs([experiment], max_results=1000, page_token=token)
        runs.extend(page)
        token = page.token
        if not token:
            break
    seconds = time.perf_counter() - begin
    values = sum(len(run.data.metrics) for run in runs)
    total = sum(value for run in runs for value in run.data.metrics.values())
    return {"seconds": seconds, "count": values, "sum": total}


def history(uri, metric, ids):
    """Every point of one metric of every run."""
    client = mlflow_client(uri)
    begin = time.perf_counter()
    curves = [client.get_metric_history(run, metric) for run in ids]
    seconds = time.perf_counter() - begin
    total = sum(point.value for curve in curves for point in curve)
    return {"seconds": seconds, "count": sum(map(len, curves)), "sum": total}


def tensorboard(folder):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    begin = time.perf_counter()
    events = EventAccumulator(folder, size_guidance={"scalars": 0})
    events.Reload()
    curves = [events.Scalars(tag) for tag in events.Tags()["scalars"]]
    seconds = time.perf_counter() - begin
    total = sum(point.value for curve in curves for point in curve)
    return {"seconds": seconds, "count": sum(map(len, curves)), "sum": total}


def wandb(path):
    from wandb.proto import wandb_internal_pb2
    from wandb.sdk.internal.datastore import DataStore

    begin = time.perf_counter()
    store = DataStore()
    store.open_for_scan(path)
    curves = {}
    while True:
        data = store.scan_data()
        if data is None:
            break
        record = wandb_internal_pb2.Record()
        record.ParseFromString(data)
        if record.WhichOneof("record_type") == "history":
            for item in record.history.item:
                key = item.key or ".".join(item.nested_key)
                curves.setdefault(key, []).append(json.loads(item.value_json))
    seconds = time.perf_counter() - begin
    curves = {key: values for key, values in curves.items() if not key.startswith("_")}
    total = sum(map(sum, curves.values()))
    return {"seconds": seconds, "count": sum(map(len, curves.values())), "sum": total}


def make_database(path, runs, metrics, steps):
    """The tables are MLflow's own; their rows are written directly, since logging ten million
    points through the client takes a quarter of an hour."""
    import random
    import sqlite3

    client = mlflow_client("sqlite:///" + path)
    experiment = int(client.create_experiment("bench"))
    db = sqlite3.connect(path, isolation_level=None)
    for pragma in ("journal_mode=OFF", "synchronous=OFF", "cache_size=-1000000"):
        db.execute("PRAGMA " + pragma)
    kept = db.execute(
        "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND tbl_name = 'metrics' AND sql IS NOT NULL"
    ).fetchall()
    for name, _ in kept:
        db.execute(f'DROP INDEX "{name}"')
    db.execute("BEGIN")
    noise = random.Random(7).random
    begin = 1_790_000_000_000
    ids = [f"{run:032x}" for run in range(runs)]
    keys = [f"metric_{index:02d}" for index in range(metrics)]
    for run, run_id in enumerate(ids):
        start = begin + 1_000_000 * run
        db.execute(
            "INSERT INTO runs (run_uuid, name, source_type, source_name, entry_point_name, user_id, status, start_time,"
            " end_time, source_version, lifecycle_stage, artifact_uri, experiment_id)"
            " VALUES (?, ?, 'LOCAL', '', '', 'bench', 'FINISHED', ?, ?, '', 'active', ?, ?)",
            (run_id, f"run-{run}", start, start + 1000 * steps, f"mlruns/{experiment}/{run_id}/artifacts", experiment),
        )
        db.executemany(
            "INSERT INTO params (key, value, run_uuid) VALUES (?, ?, ?)",
            [("lr", str(1e-4 * (1 + run % 10)), run_id), ("batch_size", str(16 << run % 4), run_id), ("seed", str(run), run_id)],
        )
        db.executemany(
            "INSERT INTO tags (key, value, run_uuid) VALUES (?, ?, ?)",
            [("mlflow.runName", f"run-{run}", run_id), ("mlflow.user", "bench", run_id)],
        )
        last = {}

        def points():
            for step in range(steps):
                moment = start + 1000 * step
                for key in keys:
                    last[key] = value = 1.0 / (1 + step) + 0.05 * noise()
                    yield key, value, moment, run_id, step, 0

        db.executemany(
            "INSERT INTO metrics (key, value, timestamp, run_uuid, step, is_nan) VALUES (?, ?, ?, ?, ?, ?)", points()
        )
        db.executemany(
            "INSERT INTO latest_metrics (key, value, timestamp, step, is_nan, run_uuid) VALUES (?, ?, ?, ?, 0, ?)",
            [(key, value, start + 1000 * (steps - 1), steps - 1, run_id) for key, value in last.items()],
        )
    db.execute("COMMIT")
    for _, sql in kept:
        db.execute(sql)
    db.close()
    return {}


def versions():
    from importlib.metadata import version

    return {name: version(name) for name in ("mlflow-skinny", "tensorboard", "wandb")}


JOBS = {f.__name__: f for f in (search, history, tensorboard, wandb, make_database, versions)}

if __name__ == "__main__":
    print(json.dumps(JOBS[sys.argv[1]](*json.loads(sys.argv[2]))))
