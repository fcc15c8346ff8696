"""How a writer and the test that watches it keep in step.

The writer logs at its own pace. At a few places it says how much it has logged and waits until
the test has seen that; at the end it says what the tool itself reads back.
"""
import json
import math
import sys


def number(value):
    value = float(value)
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    return value


def say(what, **more):
    print(json.dumps({"say": what, **more}), flush=True)


def logged(count):
    """Says how many points of `loss` were handed to the tool, and waits to be told to go on."""
    say("logged", count=count)
    if not sys.stdin.readline():
        sys.exit("the test is gone")


def done(runs):
    """`runs`: {run id: {metric: [[step, value], ...]}}, as the tool reads it back."""
    say("done", runs={run: {key: [[step, number(value)] for step, value in points]
                            for key, points in metrics.items()} for run, metrics in runs.items()})


def value(step):
    """Something odd now and then."""
    odd = {7: math.nan, 11: math.inf, 13: -math.inf, 17: 5e-324, 19: 0.1, 23: -1e300}
    return odd.get(step, 1.0 / (1 + step))
