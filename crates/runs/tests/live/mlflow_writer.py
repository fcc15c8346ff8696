"""Logs to an MLflow store (argument 1: its URI) in many small commits."""
import math
import sys

from common import done, logged, value
from mlflow.entities import Metric
from mlflow.tracking import MlflowClient

client = MlflowClient(sys.argv[1])
experiment = client.create_experiment("live tests")
run = client.create_run(experiment, run_name="live").info.run_id
client.log_param(run, "lr", 0.1)
step = 0
for part in range(4):
    for _ in range(15):
        batch = []
        for _ in range(5):
            batch.append(Metric("loss", value(step), 1_700_000_000_000 + step, step))
            batch.append(Metric("val/acc", step * 0.5, 1_700_000_000_000 + step, step))
            step += 1
        client.log_batch(run, metrics=batch)
    logged(step)
client.set_terminated(run)


def order(metric):
    return metric.step, metric.timestamp, math.isnan(metric.value), metric.value


found = client.get_run(run)
assert found.info.status == "FINISHED" and found.data.params == {"lr": "0.1"}
metrics = {key: [(m.step, m.value) for m in sorted(client.get_metric_history(run, key), key=order)]
           for key in found.data.metrics}
assert len(metrics["loss"]) == step, "the writer lost points"
done({run: metrics})
