"""Writes event files below the folder in argument 1, flushing now and then."""
import sys

import numpy
from common import done, logged, value
from tensorboardX import SummaryWriter

# Its flush does not wait for what is still in its queue; after a second that is on disk too.
writer = SummaryWriter(sys.argv[1] + "/runs/live", flush_secs=1)
step = 0
points = {"loss": [], "val/acc": []}
for part in range(4):
    for _ in range(100):
        for key, number in (("loss", value(step)), ("val/acc", step * 0.5)):
            with numpy.errstate(all="ignore"):
                points[key].append((step, numpy.float32(number)))
            writer.add_scalar(key, number, step)
        step += 1
        if step % 7 == 0:
            writer.flush()
    writer.flush()
    logged(step)
writer.close()
done({"runs/live": points})
