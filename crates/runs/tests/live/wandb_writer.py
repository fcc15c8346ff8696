"""Logs an offline run below the folder in argument 1."""
import sys

import wandb
from common import done, logged, value

run = wandb.init(project="live", id="live0001", dir=sys.argv[1], config={"lr": 0.1},
                 settings=wandb.Settings(console="off", x_disable_stats=True, x_disable_meta=True))
step = 0
points = {"loss": [], "val.acc": []}
for part in range(4):
    for _ in range(400):
        points["loss"].append((step, value(step)))
        points["val.acc"].append((step, step * 0.5))
        run.log({"loss": value(step), "val": {"acc": step * 0.5}})
        step += 1
    logged(step)
run.finish()
done({"live0001": points})
