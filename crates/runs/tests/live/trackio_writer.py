"""Logs to a Trackio database below the folder in argument 1."""
import os
import sys

os.environ["TRACKIO_DIR"] = sys.argv[1] + "/trackio"
import contextlib
import io
import time

import trackio
from common import done, logged, value
from trackio.sqlite_storage import SQLiteStorage

with contextlib.redirect_stdout(io.StringIO()):
    run = trackio.init(project="live", name="live", config={"lr": 0.1})
step = 0
for part in range(4):
    for _ in range(40):
        trackio.log({"loss": value(step), "val": {"acc": step * 0.5}})
        step += 1
        time.sleep(0.002)
    logged(step)
with contextlib.redirect_stdout(io.StringIO()):
    trackio.finish()
rows = SQLiteStorage.get_logs("live", "live")
assert len(rows) == step, "the writer lost rows"
done({run.id: {"loss": [(row["step"], row["loss"]) for row in rows],
               "val/acc": [(row["step"], row["val"]["acc"]) for row in rows]}})
