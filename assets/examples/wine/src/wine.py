"""The data, the network, its file and the scores that training and evaluation share."""

import csv
import json

import numpy as np
from safetensors import safe_open
from safetensors.numpy import save
from sklearn.metrics import f1_score

CLASSES = 3


def load_csv(path):
    """Return the 13 measurements as an (n, 13) array and the class (0, 1, 2) as (n,)."""
    with open(path, newline="") as file:
        rows = list(csv.reader(file))[1:]
    table = np.array(rows, dtype=np.float64)
    return table[:, :-1], table[:, -1].astype(int)


def forward(net, x):
    """Return the hidden activations and the logits.

    `net` holds `input.mean`, `input.scale`, `output.weight`, `output.bias` and, unless it is
    a plain softmax regression, `hidden.weight`, `hidden.bias`.
    """
    hidden = (x - net["input.mean"]) / net["input.scale"]
    inputs = hidden
    if "hidden.weight" in net:
        hidden = np.maximum(inputs @ net["hidden.weight"] + net["hidden.bias"], 0.0)
    return inputs, hidden, hidden @ net["output.weight"] + net["output.bias"]


def softmax(logits):
    shifted = np.exp(logits - logits.max(axis=1, keepdims=True))
    return shifted / shifted.sum(axis=1, keepdims=True)


def scores(logits, y):
    """Return mean cross-entropy in nats, accuracy and macro-averaged F1."""
    shifted = logits - logits.max(axis=1, keepdims=True)
    log_likelihood = shifted[np.arange(len(y)), y] - np.log(np.exp(shifted).sum(axis=1))
    predicted = logits.argmax(axis=1)
    return {
        "loss": float(-log_likelihood.mean()),
        "accuracy": float((predicted == y).mean()),
        "macro_f1": float(f1_score(y, predicted, average="macro", zero_division=0)),
    }


def save_model(path, net, metadata):
    """Write a net and its metadata (a map of strings) as safetensors, in 32-bit floats.

    safetensors puts the metadata in a random order; sorted, equal models are equal files.
    """
    data = save({key: value.astype(np.float32) for key, value in net.items()}, metadata)
    length = int.from_bytes(data[:8], "little")
    header = json.loads(data[8:8 + length])
    header["__metadata__"] = dict(sorted(metadata.items()))
    text = json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode()
    path.write_bytes(data[:8] + text.ljust(length) + data[8 + length:])


def load_model(path):
    """Return the tensors and the metadata of a safetensors file."""
    with safe_open(path, framework="numpy") as file:
        return {key: file.get_tensor(key) for key in file.keys()}, file.metadata()
